# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads a BitLocker volume and takes the steps of its plan, through the methods of Win32_EncryptableVolume. Secrets go
# in hashtables: the cmdlets write them to the warning stream, and a policy that logs modules logs their parameters.
# Private to the collection.

function Get-SeedCimCode {
    <#
    .SYNOPSIS
        The HRESULT of an error, as 0x and 8 digits; empty when it has none that says something.
    .PARAMETER ErrorRecord
        The error.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)
    # An error of WMI has its code in the id, 'HRESULT 0x80041003,Microsoft...'; its exception has a general one.
    if ("$($ErrorRecord.FullyQualifiedErrorId)" -match 'HRESULT (0x[0-9A-Fa-f]{8})') {
        return '0x' + $Matches[1].Substring(2).ToUpperInvariant()
    }
    $code = $ErrorRecord.Exception.HResult
    # COR_E_EXCEPTION, COR_E_INVALIDOPERATION and what PowerShell itself throws say nothing about BitLocker.
    if (($code -band 0xFFFF0000) -in 0x80130000, 0) { return '' }
    '0x{0:X8}' -f $code
}

function Invoke-SeedBitLockerMethod {
    <#
    .SYNOPSIS
        Calls a method of an encryptable volume. Fails with the code and the remedy, and quotes no argument.
    .PARAMETER Encryptable
        The volume, as Get-SeedEncryptableVolume returns it.
    .PARAMETER Name
        The method.
    .PARAMETER Value
        Its arguments.
    .PARAMETER Task
        What it is for, for the message: Windows refused to ...
    .PARAMETER Allowed
        Further return codes that are no error.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Encryptable,
        [Parameter(Mandatory = $true)][string]$Name,
        [hashtable]$Value = @{},
        [Parameter(Mandatory = $true)][string]$Task,
        [string[]]$Allowed = @()
    )
    $call = @{ InputObject = $Encryptable; MethodName = $Name; ErrorAction = 'Stop'
        WarningAction = 'SilentlyContinue' }
    if ($Value.Count -gt 0) { $call.Arguments = $Value }
    try { $answer = Invoke-CimMethod @call }
    catch {
        $code = Get-SeedCimCode -ErrorRecord $_
        # The text of the error could quote an argument.
        if (-not $code) { throw "Windows could not $Task ($($_.FullyQualifiedErrorId -replace ',.*'))." }
        throw "Windows refused to $Task ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    $code = '0x{0:X8}' -f [uint32]$answer.ReturnValue
    if ($code -ne '0x00000000' -and $code -notin $Allowed) {
        throw "Windows refused to $Task ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    $answer
}

function Open-SeedEncryptable {
    <#
    .SYNOPSIS
        The encryptable volume behind a letter. Fails with one sentence where there is no BitLocker, or no right to it.
    .PARAMETER Letter
        The drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $mount = ConvertTo-SeedMountPoint -Letter $Letter
    Assert-SeedBitLocker
    try { $found = @(Get-SeedEncryptableVolume -Letter $mount) }
    catch {
        $code = Get-SeedCimCode -ErrorRecord $_
        if (-not $code) { throw }
        throw "BitLocker cannot be asked about $mount ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    if ($found.Count -ne 1) {
        throw "BitLocker knows no volume $mount (0x80070490). Check the letter, and format the volume."
    }
    $found[0]
}

function Read-SeedProtectorValue {
    <#
    .SYNOPSIS
        The value of a protector of an unlocked volume, in a hashtable; none for a type that has none to read.
    .PARAMETER Encryptable
        The volume.
    .PARAMETER Protector
        Id and type of the protector.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][object]$Encryptable, [Parameter(Mandatory = $true)][object]$Protector)
    $call = @{
        Encryptable = $Encryptable
        Value = @{ VolumeKeyProtectorID = $Protector.id }
        Task = "show the key of protector $($Protector.id)"
    }
    switch ($Protector.type) {
        'RecoveryPassword' {
            $answer = Invoke-SeedBitLockerMethod -Name GetKeyProtectorNumericalPassword @call
            return @{ value = $answer.NumericalPassword }
        }
        'ExternalKey' {
            $bytes = (Invoke-SeedBitLockerMethod -Name GetKeyProtectorExternalKey @call).ExternalKey
            return @{ value = [Convert]::ToBase64String([byte[]]$bytes) }
        }
    }
    @{}
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
        for ($number = 0; $number -lt $wish.Count; $number++) {
            $want = $wish[$number]
            $same = $one.type -eq (Get-SeedProtectorType -Type $want.type)
            if ($volume.lock_status -ne 'Unlocked' -or -not $same) { continue }
            # Which account a protector belongs to cannot be read, so any of that type will do.
            if ($want.type -eq 'account') { $one.holds += $number }
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

function ConvertTo-SeedSid {
    <#
    .SYNOPSIS
        The SID of an account.
    .PARAMETER Account
        A SID, or a name such as CONTOSO\backup.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Account)
    if ($Account -match '^S-1-[0-9-]+$') { return $Account }
    $name = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList $Account
    try { $name.Translate([System.Security.Principal.SecurityIdentifier]).Value }
    catch {
        $kind = $_.Exception.GetType().Name
        throw "``account`` '$Account' cannot be found ($kind). Check its name, or give its SID."
    }
}

function Add-SeedProtector {
    <#
    .SYNOPSIS
        Adds a protector.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    .PARAMETER Protector
        The wanted one.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Volume,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Protector
    )
    $given = @{}
    switch ($Protector.type) {
        'recovery_password' {
            $name = 'ProtectKeyWithNumericalPassword'
            if ($Protector.value) { $given.NumericalPassword = $Protector.value }
        }
        'external_key' {
            $name = 'ProtectKeyWithExternalKey'
            if ($Protector.value) { $given.ExternalKey = ConvertFrom-SeedKeyText -Secret $Protector }
        }
        'password' {
            $name = 'ProtectKeyWithPassphrase'
            $given.Passphrase = $Protector.value
        }
        'account' {
            $name = 'ProtectKeyWithAdSid'
            $given.SidString = ConvertTo-SeedSid -Account $Protector.account
            $given.Flags = [uint32]0
        }
        'tpm' { $name = 'ProtectKeyWithTPM' }
    }
    $call = @{
        Encryptable = $Volume.encryptable
        Name = $name
        Value = $given
        Task = "add a protector of the type $($Protector.type) to $($Volume.mount_point)"
    }
    $null = Invoke-SeedBitLockerMethod @call
}

function Start-SeedEncryption {
    <#
    .SYNOPSIS
        Lets Windows encrypt a volume in software, or turn a decryption round.
    .PARAMETER Volume
        The volume.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    # Source: the methods GetEncryptionMethod and Encrypt of Win32_EncryptableVolume.
    $numbers = @{ Aes128 = 3; Aes256 = 4; XtsAes128 = 6; XtsAes256 = 7 }
    $method = $(if ($Wanted.method) { $Wanted.method } else { 'Aes256' })
    if ($Volume.volume_status -ne 'FullyDecrypted') { $method = $Volume.encryption_method }
    $call = @{ Encryptable = $Volume.encryptable; Task = "encrypt $($Volume.mount_point)" }
    $flags = [uint32][int][bool]$Wanted.used_space_only
    $given = @{ EncryptionFlags = $flags }
    # A method that Windows has no number for stays what it is.
    if ($numbers.ContainsKey("$method")) { $given.EncryptionMethod = [uint32]$numbers["$method"] }
    $null = Invoke-SeedBitLockerMethod -Name Encrypt -Value $given @call
}

function Initialize-SeedEncryption {
    <#
    .SYNOPSIS
        Prepares a plain volume for BitLocker, in software.
    .DESCRIPTION
        Before its first protector. A volume with one, that an encryption which failed left behind, is prepared.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    if ($Volume.volume_status -ne 'FullyDecrypted' -or @($Volume.protectors).Count -gt 0) { return }
    # Source: PrepareVolume of Win32_EncryptableVolume; 1 is encryption by software. Microsoft advises against the
    # encryption of drives by themselves: ADV180028. 0x80310039: it was prepared before.
    $call = @{
        Encryptable = $Volume.encryptable
        Name = 'PrepareVolume'
        Value = @{ DiscoveryVolumeType = '<default>'; ForceEncryptionType = [uint32]1 }
        Task = "prepare $($Volume.mount_point)"
        Allowed = '0x80310039'
    }
    $null = Invoke-SeedBitLockerMethod @call
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

function Remove-SeedProtector {
    <#
    .SYNOPSIS
        Removes one protector, never the last.
    .PARAMETER Volume
        The volume.
    .PARAMETER Id
        Id of the protector.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][string]$Id)
    $call = @{ Encryptable = $Volume.encryptable; Task = "remove the protector $Id of $($Volume.mount_point)" }
    # Asked right before: the cmdlet would turn protection off to remove the last one, this method refuses it.
    $ids = @((Invoke-SeedBitLockerMethod -Name GetKeyProtectors -Value @{ KeyProtectorType = [uint32]0 } @call
        ).VolumeKeyProtectorID)
    if (@($ids | Where-Object { $_ -ne $Id }).Count -eq 0) {
        throw "The protector $Id is the last one of $($Volume.mount_point) and was not removed."
    }
    $null = Invoke-SeedBitLockerMethod -Name DeleteKeyProtector -Value @{ VolumeKeyProtectorID = $Id } @call
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
        if (-not $problem -and @($plan.steps).Count -gt 0 -and $Wanted.state -ne 'unlocked') { $problem = & $Guard }
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
    'Get-SeedCimCode', 'Invoke-SeedBitLockerMethod', 'Open-SeedEncryptable', 'Read-SeedProtectorValue',
    'Get-SeedBitLockerState', 'ConvertTo-SeedSid', 'Invoke-SeedBitLockerStep', 'Invoke-SeedBitLockerPlan',
    'Get-SeedVolumeKey', 'Backup-SeedProtector', 'Remove-SeedProtector'
)
