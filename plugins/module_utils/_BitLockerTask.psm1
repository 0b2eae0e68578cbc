# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One task of the module bitlocker_volume: several volumes, judged together and changed one after the other. Private to
# the collection.
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._BitLocker
#AnsibleRequires -PowerShell ..module_utils._BitLockerDirectory
#AnsibleRequires -PowerShell ..module_utils._BitLockerStep
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Registry
#AnsibleRequires -PowerShell ..module_utils._Seal
#AnsibleRequires -PowerShell ..module_utils._Volume

function ConvertTo-SeedProtectorId {
    <#
    .SYNOPSIS
        Ids of protectors as Windows shows them: in braces and in capitals.
    .PARAMETER Id
        The ids as the user writes them.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string[]]$Id = @())
    foreach ($one in $Id) { if ($one) { '{' + $one.Trim('{', '}', ' ').ToUpperInvariant() + '}' } }
}

function ConvertTo-SeedBitLockerWish {
    <#
    .SYNOPSIS
        The options of a task as the plan takes them.
    .PARAMETER Option
        The options of the module.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $methods = @{ aes128 = 'Aes128'; aes256 = 'Aes256'; xts_aes128 = 'XtsAes128'; xts_aes256 = 'XtsAes256' }
    @{
        state = $Option.state
        protectors = @($Option.protectors | Where-Object { $_ })
        rotate = @(ConvertTo-SeedProtectorId -Id @($Option.rotate | Where-Object { $_ }))
        exclusive = [bool]$Option.exclusive
        method = $(if ($Option.method) { $methods[$Option.method] })
        used_space_only = $Option.used_space_only
        auto_unlock = $Option.auto_unlock
        reboot_count = $Option.reboot_count
        escrow = [bool]$Option._hold
        escrowed = @(ConvertTo-SeedProtectorId -Id @($Option.escrowed | Where-Object { $_ }))
        leaves = [bool]($Option.return_keys -or $Option._hold -or $Option._directory)
        has_key = $false
    }
}

function Get-SeedBitLockerTarget {
    <#
    .SYNOPSIS
        The volumes of a task: a name, a script block that finds the letter, and the key.
    .PARAMETER Option
        The options of the module.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $given = $(if ($null -ne $Option.volumes) { @($Option.volumes) } else { , $Option })
    foreach ($one in $given) {
        $key = @{}
        if ($one.recovery_password) { $key.RecoveryPassword = $one.recovery_password }
        if ($one.external_key) { $key.ExternalKey = $one.external_key }
        if ($one.password) { $key.Password = $one.password }
        [pscustomobject]@{ serial = "$($one.serial)"; mount_point = "$($one.mount_point)"; key = $key }
    }
}

function Find-SeedBitLockerTarget {
    <#
    .SYNOPSIS
        The letter of a target now.
    .PARAMETER Target
        The target.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Target)
    if ($Target.serial) { return Get-SeedDriveLetter -Serial $Target.serial }
    if (-not $Target.mount_point) { throw '`serial` and `mount_point` are empty. Give one of them.' }
    $Target.mount_point
}

function Get-SeedAttemptProblem {
    <#
    .SYNOPSIS
        Why the volume of a drive must stay as it is: an open attempt of a seed wrote it. Empty for nothing.
    .DESCRIPTION
        The data center opens the drive with the key that the import job has, and a copy needs the drive unlocked.
    .PARAMETER Target
        The target.
    .PARAMETER Option
        The options of the module.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Target,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $serial = $Target.serial
    if (-not $serial) { $serial = Get-SeedLetterSerial -Letter $Target.mount_point }
    if (-not $serial) { return '' }
    $open = @(Get-SeedOpenAttempt -Serial $serial -WorkDirectory $Option.work_directory |
        Where-Object { $_.attempt -notin @($Option.attempts) })
    if ($open.Count -eq 0) { return '' }
    "The drive $(ConvertTo-SeedSerial -Serial $serial) belongs to the attempt $($open[0].attempt) of the seed " +
        "$($open[0].seed), which needs its volume and keys as they are: finish and clean the seed, give the attempt " +
        "up, or allow the change with ``attempts: [$($open[0].attempt)]``."
}

function Invoke-SeedBitLockerTask {
    <#
    .SYNOPSIS
        Brings the volumes of a task into the wanted state, or only says how. Nothing is changed when one is refused.
    .PARAMETER Option
        The options of the module.
    .PARAMETER CheckOnly
        Whether nothing is changed.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [switch]$CheckOnly)
    $wanted = ConvertTo-SeedBitLockerWish -Option $Option
    $problem = Get-SeedWantedProblem -Wanted $wanted
    if ($problem) { throw $problem }
    $targets = @(Get-SeedBitLockerTarget -Option $Option)
    $seen = @{}
    foreach ($target in $targets) {
        $wanted.has_key = $target.key.Count -gt 0
        $look = @{
            Find = { Find-SeedBitLockerTarget -Target $target }
            Guard = { Get-SeedAttemptProblem -Target $target -Option $Option }
        }
        $found = Invoke-SeedBitLockerPlan @look -Wanted $wanted -CheckOnly
        if ($found.problem) { throw $found.problem }
        $mount = $found.volume.mount_point
        if ($Option._devices -and "$($found.volume.encryptable.DeviceID)" -notin @($Option._devices)) {
            throw "Another volume is at $mount now. Run again when nobody handles the drives."
        }
        if ($mount -in @($seen.Values | ForEach-Object { $_.volume.mount_point })) {
            throw "Two entries of ``volumes`` name $mount. Remove one."
        }
        $seen[$target] = $found
    }
    foreach ($target in $targets) {
        $wanted.has_key = $target.key.Count -gt 0
        $call = @{
            Find = { Find-SeedBitLockerTarget -Target $target }
            Guard = { Get-SeedAttemptProblem -Target $target -Option $Option }
            Wanted = $wanted
            Device = "$($seen[$target].volume.encryptable.DeviceID)"
            CheckOnly = $CheckOnly
        }
        try { $done = Invoke-SeedBitLockerPlan -Key $target.key @call }
        # The next volume is another matter.
        catch {
            $done = $seen[$target].PSObject.Copy()
            $done.problem = "$_"
            $done.steps = @()
        }
        New-SeedBitLockerRecord -Target $target -Done $done -Wanted $wanted -Option $Option -CheckOnly:$CheckOnly
    }
}

function New-SeedBitLockerRecord {
    <#
    .SYNOPSIS
        The record of a volume: what was done, what is held, and its keys where they were asked for.
    .PARAMETER Target
        The target.
    .PARAMETER Done
        What Invoke-SeedBitLockerPlan returned.
    .PARAMETER Wanted
        The options.
    .PARAMETER Option
        The options of the module.
    .PARAMETER CheckOnly
        Whether nothing is changed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Target,
        [Parameter(Mandatory = $true)][object]$Done,
        [Parameter(Mandatory = $true)][hashtable]$Wanted,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [switch]$CheckOnly
    )
    $volume = $Done.volume
    $problem = $Done.problem
    $keys = @()
    $stored = @()
    $sealed = $null
    # With a problem too: a key that Windows generated must not be lost with it.
    if (-not $CheckOnly -and $Wanted.state -eq 'encrypted' -and $Wanted.leaves) {
        try {
            $keys = @(Get-SeedVolumeKey -Volume $volume -Wanted $Wanted)
            if ($Option._transport_certificate -and $keys.Count -gt 0) {
                $sealed = Protect-SeedVolumeKey -Key $keys -Target $Target -Volume $volume -Option $Option
            }
            if ($Option._directory) {
                $new = @($keys | Where-Object { $_.type -eq 'RecoveryPassword' -and $_.id -notin $Wanted.escrowed })
                $stored = @($new | ForEach-Object { Save-SeedDirectoryKey -Volume $volume -Key $_ })
            }
        }
        catch { $problem = "$problem $_".Trim() }
    }
    $warnings = @(foreach ($one in @($Done.held |
        Where-Object { $_.step -eq 'remove_protector' -and -not $Wanted.escrow })) {
        "The protector $($one.id) of $($volume.mount_point) stays, because nobody is known to have the key of what " +
        'takes its place. Give `escrow`, or keep that key and name its id in `escrowed`.'
    })
    if ($Wanted.state -in 'encrypted', 'decrypted', 'suspended') {
        $text = Get-SeedWritePolicyText -Volume $volume
        if ($text) { $warnings += $text }
    }
    [pscustomobject]@{
        serial = $Target.serial
        mount_point = $volume.mount_point
        device = "$($volume.encryptable.DeviceID)"
        volume = ConvertTo-SeedVolumeView -Volume $volume
        before = $Done.before
        after = $Done.after
        steps = @($Done.steps)
        held = @($Done.held)
        working = $Done.working
        foreign = @($Done.foreign | ForEach-Object { [pscustomobject][ordered]@{ id = $_.id; type = $_.type } })
        reached = -not $CheckOnly -and -not $problem -and @($Done.held).Count -eq 0 -and -not $Done.working
        keys = @($keys | Where-Object { $Option.return_keys })
        sealed = $sealed
        directory = $stored
        warnings = $warnings
        problem = $problem
    }
}

function Get-SeedWritePolicyText {
    <#
    .SYNOPSIS
        What policies that deny write access mean for a volume that is not protected; empty when there are none.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Volume)
    if ($Volume.volume_type -eq 'OperatingSystem' -or $Volume.lock_status -ne 'Unlocked' -or
        $Volume.protection_status -eq 'On') { return '' }
    # Source: VolumeEncryption.admx. Which of the two counts for a hard disk behind USB is not published.
    $values = [ordered]@{ FDVDenyWriteAccess = 'fixed'; RDVDenyWriteAccess = 'removable' }
    $path = 'HKLM:\SYSTEM\CurrentControlSet\Policies\Microsoft\FVE'
    $kinds = @($values.Keys | Where-Object { (Get-SeedRegistryValue -Path $path -Name $_) -eq 1 } |
        ForEach-Object { $values[$_] })
    if ($kinds.Count -eq 0) { return '' }
    "A policy denies write access to $($kinds -join ' and to ') drives that BitLocker does not protect. Where it " +
    "holds for $($Volume.mount_point), nobody can write to it until everything is encrypted and its protection is on."
}

function ConvertTo-SeedVolumeView {
    <#
    .SYNOPSIS
        A volume as a result shows it.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    $view = $Volume | Select-Object -Property * -ExcludeProperty encryptable
    $view.protectors = @($Volume.protectors | Select-Object -Property id, type, auto_unlock)
    $view
}

function Protect-SeedVolumeKey {
    <#
    .SYNOPSIS
        The keys of a volume sealed for the controller, with what belongs to them.
    .PARAMETER Key
        The keys, as Get-SeedVolumeKey returns them.
    .PARAMETER Target
        The target.
    .PARAMETER Volume
        The volume.
    .PARAMETER Option
        The options of the module.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object[]]$Key,
        [Parameter(Mandatory = $true)][object]$Target,
        [Parameter(Mandatory = $true)][object]$Volume,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $content = @{
        computer = "$env:COMPUTERNAME"
        serial = $Target.serial
        mount_point = $Volume.mount_point
        device_id = "$($Volume.encryptable.DeviceID)"
        keys = @($Key)
    }
    $json = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $content -Depth 4 -Compress))
    $text = [System.Text.Encoding]::ASCII.GetBytes([Convert]::ToBase64String($json))
    [pscustomobject]@{
        mount_point = $Volume.mount_point
        cms = Protect-SeedContent -Secret @{ content = $text } -Certificate $Option._transport_certificate
    }
}

function ConvertTo-SeedBitLockerResult {
    <#
    .SYNOPSIS
        What the result of the module shows of a record.
    .PARAMETER Record
        The record.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Record)
    $shown = { param($step) [pscustomobject][ordered]@{ step = $step.step; type = $step.type; id = $step.id } }
    [pscustomobject][ordered]@{
        serial = $Record.serial
        mount_point = $Record.mount_point
        volume = $Record.volume
        steps = @($Record.steps | ForEach-Object { & $shown $_ })
        held = @($Record.held | ForEach-Object { & $shown $_ })
        working = $Record.working
        reached = [bool]$Record.reached
        foreign = @($Record.foreign)
        directory = @($Record.directory)
        key_values = @($Record.keys)
        problem = $Record.problem
    }
}

Export-ModuleMember -Function @(
    'ConvertTo-SeedProtectorId', 'ConvertTo-SeedBitLockerWish', 'Get-SeedBitLockerTarget', 'Find-SeedBitLockerTarget',
    'Get-SeedAttemptProblem', 'Invoke-SeedBitLockerTask', 'ConvertTo-SeedBitLockerResult'
)
