# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._BitLockerCall

# Reads a BitLocker volume and takes the steps of its plan. Private to the collection.

function Get-SeedProtectorSid {
    <#
    .SYNOPSIS
        The SID of the account that a protector belongs to. Fails when Windows does not tell it.
    .PARAMETER Encryptable
        The volume.
    .PARAMETER Id
        Id of the protector.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Encryptable, [Parameter(Mandatory = $true)][string]$Id)
    $call = @{
        Encryptable = $Encryptable
        Name = 'GetKeyProtectorAdSidInformation'
        Value = @{ VolumeKeyProtectorID = $Id }
        Task = "show whose protector $Id is"
    }
    $sid = "$((Invoke-SeedBitLockerMethod @call).SidString)"
    if (-not $sid) { throw "Windows does not show whose protector $Id is." }
    $sid
}

function Get-SeedBitLockerState {
    <#
    .SYNOPSIS
        A volume as the plan needs it: Get-SeedVolume with the numbers of the wanted protectors that each one holds.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Wanted
        The options.
    .PARAMETER Device
        What Windows calls the volume, where it was seen before; fails when another one is at the letter.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Letter,
        [Parameter(Mandatory = $true)][hashtable]$Wanted,
        [string]$Device = ''
    )
    $encryptable = Open-SeedEncryptable -Letter $Letter
    if ($Device -and $Device -ne "$($encryptable.DeviceID)") {
        $mount = ConvertTo-SeedMountPoint -Letter $Letter
        throw "Another volume is at $mount now. Run again when nobody handles the drives."
    }
    $volume = Get-SeedVolume -Letter $Letter
    $volume | Add-Member -NotePropertyName encryptable -NotePropertyValue $encryptable
    $wish = @($Wanted.protectors | Where-Object { $_ })
    foreach ($one in $volume.protectors) {
        $one | Add-Member -NotePropertyName holds -NotePropertyValue @()
        $one | Add-Member -NotePropertyName unknown -NotePropertyValue ''
        for ($number = 0; $number -lt $wish.Count; $number++) {
            $want = $wish[$number]
            $same = $one.type -eq (Get-SeedProtectorType -Type $want.type)
            if ($volume.lock_status -ne 'Unlocked' -or -not $same) { continue }
            if ($want.type -eq 'account') {
                try {
                    $sid = ConvertTo-SeedSid -Account $want.account
                    if ((Get-SeedProtectorSid -Encryptable $encryptable -Id $one.id) -eq $sid) { $one.holds += $number }
                }
                # Nobody knows whose it is then, so it is neither met nor added once more.
                catch { $one.unknown = "$_" }
            }
            elseif ($want.value -and $want.type -ne 'password') {
                $held = Read-SeedProtectorValue -Encryptable $encryptable -Protector $one
                $value = "$($want.value)"
                # The same bytes can be written in several ways.
                if ($want.type -eq 'external_key') {
                    $value = [Convert]::ToBase64String((ConvertFrom-SeedKeyText -Secret $want))
                }
                if ("$($held.value)" -ceq $value) { $one.holds += $number }
            }
        }
    }
    $volume
}

function Enable-SeedAutoUnlock {
    <#
    .SYNOPSIS
        Lets Windows unlock a data volume by itself, with a protector of its own; takes that away again if it fails.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    $call = @{ Encryptable = $Volume.encryptable; Task = "unlock $($Volume.mount_point) automatically" }
    $id = (Invoke-SeedBitLockerMethod -Name ProtectKeyWithExternalKey @call).VolumeKeyProtectorID
    try { $null = Invoke-SeedBitLockerMethod -Name EnableAutoUnlock -Value @{ VolumeKeyProtectorID = $id } @call }
    catch {
        $null = Invoke-SeedBitLockerMethod -Name DeleteKeyProtector -Value @{ VolumeKeyProtectorID = $id } @call
        throw
    }
}

function Disable-SeedAutoUnlock {
    <#
    .SYNOPSIS
        Ends automatic unlocking, and removes the protector that was for it.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    $call = @{ Encryptable = $Volume.encryptable; Task = "end the automatic unlocking of $($Volume.mount_point)" }
    $null = Invoke-SeedBitLockerMethod -Name DisableAutoUnlock @call
    $others = @($Volume.protectors | Where-Object { -not $_.auto_unlock })
    if ($others.Count -eq 0) { return }
    # Whether Windows removes it itself is not documented; 0x80070057: it is gone.
    foreach ($one in @($Volume.protectors | Where-Object { $_.auto_unlock })) {
        $given = @{ VolumeKeyProtectorID = $one.id }
        $null = Invoke-SeedBitLockerMethod -Name DeleteKeyProtector -Value $given -Allowed '0x80070057' @call
    }
}

function Invoke-SeedBitLockerStep {
    <#
    .SYNOPSIS
        Takes one step of a plan.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    .PARAMETER Step
        The step.
    .PARAMETER Wanted
        The options.
    .PARAMETER Key
        RecoveryPassword, ExternalKey or Password, which unlocks the volume.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Volume,
        [Parameter(Mandatory = $true)][object]$Step,
        [Parameter(Mandatory = $true)][hashtable]$Wanted,
        [hashtable]$Key = @{}
    )
    $mount = $Volume.mount_point
    $call = @{ Encryptable = $Volume.encryptable }
    switch ($Step.step) {
        'unlock' { Unlock-SeedVolume -Letter $mount -Key $Key }
        'lock' { Lock-SeedVolume -Letter $mount }
        'encrypt' { Start-SeedEncryption -Volume $Volume -Wanted $Wanted }
        'decrypt' { $null = Invoke-SeedBitLockerMethod -Name Decrypt -Task "decrypt $mount" @call }
        'resume_conversion' {
            $null = Invoke-SeedBitLockerMethod -Name ResumeConversion -Task "go on with $mount" @call
        }
        'enable_protectors' {
            $null = Invoke-SeedBitLockerMethod -Name EnableKeyProtectors -Task "turn on the protection of $mount" @call
        }
        'disable_protectors' {
            $count = @{}
            if ($null -ne $Wanted.reboot_count) { $count.DisableCount = [uint32]$Wanted.reboot_count }
            $call.Task = "suspend the protection of $mount"
            $null = Invoke-SeedBitLockerMethod -Name DisableKeyProtectors -Value $count @call
        }
        'delete_protectors' {
            $null = Invoke-SeedBitLockerMethod -Name DeleteKeyProtectors -Task "remove the protectors of $mount" @call
        }
        'add_protector' {
            Initialize-SeedEncryption -Volume $Volume
            Add-SeedProtector -Volume $Volume -Protector @($Wanted.protectors)[$Step.number]
        }
        'change_password' {
            $given = @{ VolumeKeyProtectorID = $Step.id; NewPassphrase = @($Wanted.protectors)[$Step.number].value }
            $call.Task = "change the password of $mount"
            $null = Invoke-SeedBitLockerMethod -Name ChangePassphrase -Value $given @call
        }
        'remove_protector' { Remove-SeedProtector -Volume $Volume -Id $Step.id }
        'enable_auto_unlock' { Enable-SeedAutoUnlock -Volume $Volume }
        'disable_auto_unlock' { Disable-SeedAutoUnlock -Volume $Volume }
    }
}

function Invoke-SeedBitLockerPlan {
    <#
    .SYNOPSIS
        Brings one volume into the wanted state, or only says how: its record, the steps, and what is left.
    .PARAMETER Find
        A script block that returns the letter of the volume; asked before each step, because letters move.
    .PARAMETER Wanted
        The options.
    .PARAMETER Key
        RecoveryPassword, ExternalKey or Password, which unlocks the volume.
    .PARAMETER Device
        What Windows calls the volume, where it was seen before; another one is not touched.
    .PARAMETER Guard
        A script block that says why the volume must stay as it is; asked before each step but a mere unlocking.
    .PARAMETER CheckOnly
        Whether nothing is changed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][scriptblock]$Find,
        [Parameter(Mandatory = $true)][hashtable]$Wanted,
        [hashtable]$Key = @{},
        [string]$Device = '',
        [scriptblock]$Guard = {},
        [switch]$CheckOnly
    )
    $taken = @()
    $before = $null
    $problem = ''
    while ($true) {
        try { $seen = Get-SeedBitLockerState -Letter (& $Find) -Wanted $Wanted -Device $Device }
        catch {
            if ($taken.Count -eq 0) { throw }
            # What was done before is said; what became of it the next run sees.
            if (-not $problem) { $problem = "$_" }
            break
        }
        $volume = $seen
        $Device = "$($volume.encryptable.DeviceID)"
        if ($null -eq $before) { $before = Get-SeedBitLockerExpected -Volume $volume }
        $plan = Get-SeedBitLockerPlan -Volume $volume -Wanted $Wanted
        $next = @($plan.steps | Where-Object { -not $_.held }) | Select-Object -First 1
        if (-not $problem) { $problem = $plan.refused }
        if (-not $problem -and @($plan.steps).Count -gt 0 -and $Wanted.state -ne 'unlocked') {
            try { $problem = & $Guard }
            catch {
                if ($taken.Count -eq 0) { throw }
                $problem = "$_"
            }
        }
        if ($problem -or $CheckOnly -or -not $next) { break }
        $same = @($taken | Where-Object {
            $_.step -eq $next.step -and $_.id -eq $next.id -and $_.number -eq $next.number
        })
        if ($same.Count -gt 0) {
            $problem = "Windows took the step $($next.step) on $($volume.mount_point) and shows no effect. Run again."
            break
        }
        # After an error the volume is read once more: what was done before has to be seen, and its keys too.
        try {
            Invoke-SeedBitLockerStep -Volume $volume -Step $next -Wanted $Wanted -Key $Key
            $taken += $next
        }
        catch { $problem = "$_" }
    }
    $after = Get-SeedBitLockerExpected -Volume $volume -Step $(if ($CheckOnly) { $plan.steps } else { @() })
    [pscustomobject]@{
        volume = $volume
        before = $before
        after = $after
        steps = @(if ($CheckOnly) { $plan.steps } else { $taken })
        held = @($plan.steps | Where-Object { $_.held })
        working = $plan.working
        foreign = @($plan.foreign)
        problem = $problem
    }
}

function Get-SeedVolumeKey {
    <#
    .SYNOPSIS
        The keys of the wanted protectors of an unlocked volume that can be read: id, type, value.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    if ($Volume.lock_status -ne 'Unlocked') { return }
    foreach ($one in (Join-SeedProtector -Volume $Volume -Wanted $Wanted).Values) {
        $secret = Read-SeedProtectorValue -Encryptable $Volume.encryptable -Protector $one
        if ($secret.ContainsKey('value')) { @{ id = $one.id; type = $one.type; value = $secret.value } }
    }
}

function Backup-SeedProtector {
    <#
    .SYNOPSIS
        Stores a recovery password in the directory of the host's domain.
    .PARAMETER Volume
        The volume.
    .PARAMETER Id
        Id of the protector.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][string]$Id)
    $call = @{
        Encryptable = $Volume.encryptable
        Name = 'BackupRecoveryInformationToActiveDirectory'
        Value = @{ VolumeKeyProtectorID = $Id }
        Task = "store the recovery password $Id of $($Volume.mount_point) in the directory"
        Allowed = '0x00000001'
    }
    $answer = Invoke-SeedBitLockerMethod @call
    # Source: S_FALSE of this method: the policy does not allow it.
    if ([uint32]$answer.ReturnValue -eq 1) {
        throw "The recovery password $Id of $($Volume.mount_point) was not stored in the directory: the policy that " +
            'stores recovery information in Active Directory Domain Services is off for this kind of drive.'
    }
}

Export-ModuleMember -Function @(
    'Get-SeedBitLockerState', 'Invoke-SeedBitLockerStep', 'Invoke-SeedBitLockerPlan', 'Get-SeedVolumeKey',
    'Backup-SeedProtector'
)
