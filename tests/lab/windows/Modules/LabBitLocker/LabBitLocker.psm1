# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The BitLocker of a lab host: a state machine for each volume, with the methods and the return codes of
# Win32_EncryptableVolume. Its state is `bitlocker` of a partition. Source of codes: the pages of the methods, and
# winerror.h.
#
# CHOICE bitlocker-seconds: a conversion takes three seconds, or `bitlocker_seconds` of host.json (BitLocker, 4)
Import-Module -Name LabWorld, LabDirectory -Global

$script:code = @{
    locked = 0x80310000L
    not_activated = 0x80310008L
    key_required = 0x8031001DL
    bound_already = 0x8031001FL
    os_not_protected = 0x80310020L
    failed_authentication = 0x80310027L
    auto_unlock_enabled = 0x80310029L
    other_method = 0x8031002DL
    no_key = 0x8031002EL
    exists = 0x80310031L
    password_format = 0x80310035L
    not_decrypted = 0x80310039L
    wrong_type = 0x8031003AL
    recovery_password_forbidden = 0x8031005CL
    recovery_password_required = 0x8031002CL
    external_key_forbidden = 0x8031005EL
    passphrase_forbidden = 0x8031006AL
    os_passphrase = 0x8031006DL
    passphrase_short = 0x80310080L
    passphrase_long = 0x803100AAL
    not_data_volume = 0x80310019L
    protection_disabled = 0x80310021L
    auto_unlocked = 0x80310097L
    invalid = 0x80070057L
    no_domain = 0x8007054BL
    thin = 0x803100A5L
}
$script:methods = @{ 3 = 'Aes128'; 4 = 'Aes256'; 6 = 'XtsAes128'; 7 = 'XtsAes256' }
$script:done = 'FullyEncrypted', 'FullyEncryptedWipeInProgress', 'FullyEncryptedWipeSuspended'

function Get-LabField {
    # A property that may be missing.
    param([object]$Value, [string]$Name, [object]$Default = $null)
    if ($null -eq $Value) { return $Default }
    $known = $Value.PSObject.Properties[$Name]
    if ($known) { $known.Value } else { $Default }
}

function Get-LabFvePolicy {
    # A value of the policies of BitLocker; nothing when it is not set. Source: VolumeEncryption.admx.
    param([string]$Name)
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'registry.json'
    if (-not [System.IO.File]::Exists($file)) { return $null }
    $keys = [System.IO.File]::ReadAllText($file) | ConvertFrom-Json -AsHashtable -DateKind String
    $key = $keys['SOFTWARE\Policies\Microsoft\FVE']
    if ($key) { $key[$Name] }
}

function Find-LabEncryptable {
    <# .SYNOPSIS Disk and partition of an encryptable volume as they are now, after what time has done. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Guid)
    foreach ($disk in Get-LabDisk | Where-Object { -not $_.is_offline }) {
        foreach ($partition in $disk.partitions | Where-Object { $_.guid -eq $Guid }) {
            [pscustomobject]@{ Disk = $disk; Partition = Update-LabConversion -Disk $disk -Partition $partition }
        }
    }
}

function Update-LabConversion {
    <# .SYNOPSIS A partition after what the time since its conversion began has done. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Disk, [Parameter(Mandatory)][object]$Partition)
    $state = $Partition.bitlocker
    $ready = Get-LabField -Value $state -Name 'ready_at'
    if (-not $ready -or $state.volume_status -notin 'EncryptionInProgress',
        'DecryptionInProgress') { return $Partition }
    $left = [double]$ready - ([DateTimeOffset](Get-LabTime)).ToUnixTimeMilliseconds() / 1000
    $encrypts = $state.volume_status -eq 'EncryptionInProgress'
    if ($left -gt 0) {
        $share = [int][Math]::Floor(99 * (1 - $left / [Math]::Max(1.0, (Get-LabField $state 'seconds' 3))))
        $state.encryption_percentage = [Math]::Max(0, $(if ($encrypts) { $share } else { 99 - $share }))
        return $Partition
    }
    Edit-LabVolume -Disk $Disk -Number $Partition.number -Change {
        if (-not $encrypts) { $_.bitlocker = $null; return }
        $_.bitlocker.volume_status, $_.bitlocker.encryption_percentage = 'FullyEncrypted', 100
        $_.bitlocker.protection_status = 'On'
        $_.bitlocker.ready_at = $null
    }
    (Read-LabFile -Path $Disk.file).partitions | Where-Object { $_.number -eq $Partition.number }
}

function Edit-LabVolume {
    <# .SYNOPSIS Lets the script block change the partition $_ under the lock of its disk. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][object]$Disk,
        [Parameter(Mandatory)][int]$Number,
        [Parameter(Mandatory)][scriptblock]$Change
    )
    Edit-LabDisk -Disk $Disk -Change {
        $one = $_.partitions | Where-Object { $_.number -eq $Number }
        $null = ForEach-Object -InputObject $one -Process $Change
    }
}

function New-LabAnswer {
    # What a method returns: ReturnValue and its out parameters.
    param([long]$Code = 0, [hashtable]$Out = @{})
    $Out['ReturnValue'] = [uint32]$Code
    [pscustomobject]$Out
}

function New-LabNumericalPassword {
    # Source: BitLocker's documentation: each group is a multiple of 11 below 720896.
    $groups = 1..8 | ForEach-Object { '{0:D6}' -f ([System.Random]::Shared.Next(65536) * 11) }
    $groups -join '-'
}

function Test-LabNumericalPassword {
    param([string]$Text)
    if ($Text -notmatch '^\d{6}(-?\d{6}){7}$') { return $false }
    $digits = $Text.Replace('-', '')
    for ($at = 0; $at -lt 48; $at += 6) {
        $group = [int]$digits.Substring($at, 6)
        if ($group % 11 -or $group -ge 720896) { return $false }
    }
    $true
}

function Test-LabSystemProtected {
    # Whether the volume that holds Windows is encrypted and protected, or on the way.
    foreach ($disk in Get-LabDisk | Where-Object { $_.is_system }) {
        foreach ($partition in $disk.partitions | Where-Object { $_.bitlocker }) {
            if ($partition.bitlocker.volume_status -in $script:done + 'EncryptionInProgress') { return $true }
        }
    }
    $false
}

function Add-LabProtector {
    # Adds a protector and returns the answer with its id.
    param([object]$Found, [string]$Type, [string]$Secret)
    $id = '{' + [guid]::NewGuid().ToString().ToUpperInvariant() + '}'
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        if (-not $_.bitlocker) {
            $_.bitlocker = [pscustomobject]@{
                encryption_method = 'None'
                volume_status = 'FullyDecrypted'
                protection_status = 'Off'
                encryption_percentage = 0
                locked = $false
                auto_unlock = $false
                protectors = @()
            }
        }
        $_.bitlocker.protectors = @($_.bitlocker.protectors) + [pscustomobject]@{ id = $id; type = $Type
            secret = $Secret }
    }
    New-LabAnswer -Out @{ VolumeKeyProtectorID = $id }
}

function Invoke-LabProtect {
    # The methods ProtectKeyWith..., and ChangePassphrase.
    param([object]$Found, [string]$Name, [System.Collections.IDictionary]$Value)
    $system = "$($Found.Partition.letter):" -eq $env:SystemDrive
    $types = @($Found.Partition.bitlocker | Where-Object { $_ } | ForEach-Object { $_.protectors } |
        ForEach-Object { $_.type })
    switch ($Name) {
        'ProtectKeyWithNumericalPassword' {
            if ((Get-LabFvePolicy 'FDVRecoveryPassword') -eq 0) {
                return New-LabAnswer $script:code.recovery_password_forbidden
            }
            $text = $Value['NumericalPassword']
            if (-not $text) { $text = New-LabNumericalPassword }
            if (-not (Test-LabNumericalPassword $text)) { return New-LabAnswer $script:code.password_format }
            return Add-LabProtector $Found 'RecoveryPassword' $text
        }
        'ProtectKeyWithExternalKey' {
            if ((Get-LabFvePolicy 'FDVRecoveryKey') -eq 0) { return New-LabAnswer $script:code.external_key_forbidden }
            $bytes = [byte[]]$Value['ExternalKey']
            if ($null -eq $bytes) {
                $bytes = [byte[]]::new(32)
                [System.Random]::Shared.NextBytes($bytes)
            }
            if ($bytes.Length -ne 32) { return New-LabAnswer $script:code.invalid }
            return Add-LabProtector $Found 'ExternalKey' ([Convert]::ToBase64String($bytes))
        }
        'ProtectKeyWithAdSid' { return Add-LabProtector $Found 'AdAccountOrGroup' $Value['SidString'] }
        'ProtectKeyWithTPM' {
            if (-not $system) { return New-LabAnswer $script:code.invalid }
            return Add-LabProtector $Found 'Tpm' ''
        }
    }
    # Passphrases.
    $text = $(if ($Name -eq 'ChangePassphrase') { $Value['NewPassphrase'] } else { $Value['Passphrase'] })
    if ($system) { return New-LabAnswer $script:code.os_passphrase }
    if ((Get-LabFvePolicy 'FDVPassphrase') -eq 0) { return New-LabAnswer $script:code.passphrase_forbidden }
    if ("$text".Length -lt 8) { return New-LabAnswer $script:code.passphrase_short }
    if ("$text".Length -gt 256) { return New-LabAnswer $script:code.passphrase_long }
    if ($Name -eq 'ProtectKeyWithPassphrase') {
        if ('Password' -in $types) { return New-LabAnswer $script:code.exists }
        return Add-LabProtector $Found 'Password' $text
    }
    $old = $Value['VolumeKeyProtectorID']
    if (-not ($Found.Partition.bitlocker.protectors | Where-Object { $_.id -eq $old -and $_.type -eq 'Password' })) {
        return New-LabAnswer $script:code.invalid
    }
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        $_.bitlocker.protectors = @($_.bitlocker.protectors | Where-Object { $_.id -ne $old })
    }
    Add-LabProtector $Found 'Password' $text
}

function Remove-LabProtector {
    # DeleteKeyProtector and DeleteKeyProtectors.
    param([object]$Found, [string]$Id)
    $state = $Found.Partition.bitlocker
    $left = @(if ($Id) { $state.protectors | Where-Object { $_.id -ne $Id } })
    if ($Id -and $left.Count -eq @($state.protectors).Count) { return New-LabAnswer $script:code.invalid }
    if ($Id -and $state.auto_unlock -and (Get-LabField $state 'auto_unlock_id') -eq $Id) {
        return New-LabAnswer $script:code.bound_already
    }
    $plain = $state.volume_status -eq 'FullyDecrypted'
    if ($left.Count -eq 0 -and -not $plain -and $state.protection_status -eq 'On') {
        return New-LabAnswer $script:code.key_required
    }
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        $_.bitlocker.protectors = $left
        # Source: DeleteKeyProtector: without protectors an unencrypted volume is a plain one again.
        if ($left.Count -eq 0 -and $plain) { $_.bitlocker = $null }
    }
    New-LabAnswer
}

function Start-LabConversion {
    # Lets a conversion begin or go on in a direction.
    param([object]$Found, [bool]$Encrypts, [hashtable]$More = @{})
    $known = Get-LabField (Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')) 'bitlocker_seconds' 3
    $ready = ([DateTimeOffset](Get-LabTime)).ToUnixTimeMilliseconds() / 1000 + $known
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        $state = $_.bitlocker
        $state.volume_status = $(if ($Encrypts) { 'EncryptionInProgress' } else { 'DecryptionInProgress' })
        $state.protection_status = 'Off'
        $state | Add-Member -NotePropertyName ready_at -NotePropertyValue $ready -Force
        $state | Add-Member -NotePropertyName seconds -NotePropertyValue $known -Force
        foreach ($name in $More.Keys) { $state |
            Add-Member -NotePropertyName $name -NotePropertyValue $More[$name] -Force }
    }
    New-LabAnswer
}

function Invoke-LabEncrypt {
    param([object]$Found, [System.Collections.IDictionary]$Value)
    $state = $Found.Partition.bitlocker
    if (-not $state -or @($state.protectors).Count -eq 0) { return New-LabAnswer $script:code.no_key }
    # The policy that stores recovery information in the directory first. It needs the domain.
    if ((Get-LabFvePolicy 'FDVRequireActiveDirectoryBackup') -eq 1) {
        if ('RecoveryPassword' -notin @($state.protectors | ForEach-Object { $_.type })) {
            return New-LabAnswer $script:code.recovery_password_required
        }
        if (-not (Test-LabDomain)) { return New-LabAnswer $script:code.no_domain }
    }
    $number = [int]$Value['EncryptionMethod']
    $wanted = $(if ($number) { $script:methods[$number] } else { 'XtsAes128' })
    if ($number -and -not $wanted) { return New-LabAnswer $script:code.invalid }
    if ($state.volume_status -in $script:done + 'EncryptionInProgress') {
        if ($number -and $wanted -ne $state.encryption_method) { return New-LabAnswer $script:code.other_method }
        return New-LabAnswer
    }
    if ($state.volume_status -ne 'FullyDecrypted') {
        if ($number -and $wanted -ne $state.encryption_method) { return New-LabAnswer $script:code.other_method }
        # CHOICE bitlocker-paused-decryption: encrypting turns a paused decryption round (BitLocker, 4)
        if ($state.volume_status -eq 'DecryptionSuspended' -and (Test-LabOpposite bitlocker-paused-decryption)) {
            Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
                $_.bitlocker.volume_status = 'EncryptionSuspended'
            }
            return New-LabAnswer
        }
        return Start-LabConversion $Found $true
    }
    $used = [bool]([int]$Value['EncryptionFlags'] -band 1)
    if (-not $used -and (Get-LabField $Found.Disk 'thin' $false)) { return New-LabAnswer $script:code.thin }
    Start-LabConversion $Found $true @{ encryption_method = $wanted; used_space_only = $used }
}

function Backup-LabRecovery {
    # BackupRecoveryInformationToActiveDirectory. The directory is directory.json of the lab.
    param([object]$Found, [string]$Id)
    $one = @($Found.Partition.bitlocker.protectors | Where-Object { $_.id -eq $Id })
    if (-not $one) { return New-LabAnswer $script:code.invalid }
    if ($one[0].type -ne 'RecoveryPassword') { return New-LabAnswer $script:code.wrong_type }
    if (-not (Test-LabDomain)) { return New-LabAnswer $script:code.no_domain }
    # Source: S_FALSE of this method: a policy does not allow it.
    if ((Get-LabFvePolicy 'FDVActiveDirectoryBackup') -ne 1) { return New-LabAnswer 1 }
    $file = Get-LabPath 'directory.json'
    if (-not [System.IO.File]::Exists($file)) { [System.IO.File]::WriteAllText($file, '{}') }
    Edit-LabFile -Path $file -Change {
        $_ | Add-Member -NotePropertyName $Id -NotePropertyValue @{ computer = $env:COMPUTERNAME
            secret = $one[0].secret } -Force
    }
    New-LabAnswer
}

function Invoke-LabUnlock {
    param([object]$Found, [string]$Name, [System.Collections.IDictionary]$Value)
    $state = $Found.Partition.bitlocker
    switch ($Name) {
        'UnlockWithNumericalPassword' { $kind, $key = 'RecoveryPassword', "$($Value['NumericalPassword'])" }
        'UnlockWithExternalKey' { $kind, $key = 'ExternalKey',
            [Convert]::ToBase64String([byte[]]$Value['ExternalKey']) }
        default { $kind, $key = 'Password', "$($Value['Passphrase'])" }
    }
    if (-not $state) { return New-LabAnswer $script:code.not_activated }
    if ($kind -eq 'RecoveryPassword' -and -not (Test-LabNumericalPassword $key)) {
        return New-LabAnswer $script:code.password_format
    }
    $fits = @($state.protectors | Where-Object { $_.type -eq $kind -and $_.secret -ceq $key })
    if (-not $fits) { return New-LabAnswer $script:code.failed_authentication }
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change { $_.bitlocker.locked = $false }
    Mount-LabDrive
    New-LabAnswer
}

function Get-LabConversion {
    # GetConversionStatus. Source: its page; LOCKED_VOLUME while the volume is locked.
    param([object]$Found)
    $state = $Found.Partition.bitlocker
    $names = 'FullyDecrypted', 'FullyEncrypted', 'EncryptionInProgress', 'DecryptionInProgress', 'EncryptionSuspended',
        'DecryptionSuspended'
    $used = [bool](Get-LabField $state 'used_space_only' $false)
    New-LabAnswer -Out @{
        ConversionStatus = [uint32][Math]::Max(0, [Array]::IndexOf($names, "$(Get-LabField $state 'volume_status')"))
        EncryptionPercentage = [uint32](Get-LabField $state 'encryption_percentage' 0)
        EncryptionFlags = [uint32][int]$used
    }
}

function Set-LabAutoUnlock {
    param([object]$Found, [string]$Name, [string]$Id)
    $state = $Found.Partition.bitlocker
    if ("$($Found.Partition.letter):" -eq $env:SystemDrive) { return New-LabAnswer $script:code.not_data_volume }
    if ($Name -eq 'DisableAutoUnlock') {
        $bound = Get-LabField $state 'auto_unlock_id'
        # CHOICE bitlocker-auto-unlock-off: ending automatic unlocking leaves its protector (BitLocker, 4)
        $gone = Test-LabOpposite bitlocker-auto-unlock-off
        Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
            $_.bitlocker.auto_unlock = $false
            if ($gone) { $_.bitlocker.protectors = @($_.bitlocker.protectors | Where-Object { $_.id -ne $bound }) }
        }
        return New-LabAnswer
    }
    if (-not (Test-LabSystemProtected)) { return New-LabAnswer $script:code.os_not_protected }
    if (-not ($state.protectors | Where-Object { $_.id -eq $Id -and $_.type -eq 'ExternalKey' })) {
        return New-LabAnswer $script:code.invalid
    }
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        $_.bitlocker.auto_unlock = $true
        $_.bitlocker | Add-Member -NotePropertyName auto_unlock_id -NotePropertyValue $Id -Force
    }
    New-LabAnswer
}

function Set-LabProtection {
    # DisableKeyProtectors and EnableKeyProtectors.
    param([object]$Found, [bool]$On, [System.Collections.IDictionary]$Value)
    $state = $Found.Partition.bitlocker
    if (-not $state -or $state.volume_status -eq 'FullyDecrypted') { return New-LabAnswer $script:code.not_activated }
    if ($On -and @($state.protectors).Count -eq 0) { return New-LabAnswer $script:code.no_key }
    $system = "$($Found.Partition.letter):" -eq $env:SystemDrive
    # Source: Suspend-BitLocker: a count of restarts is for the volume that holds Windows.
    if (-not $On -and $Value.Contains('DisableCount') -and -not $system) { return New-LabAnswer $script:code.invalid }
    $restarts = $(if (-not $On -and
        $system) { $(if ($Value.Contains('DisableCount')) { [int]$Value['DisableCount'] } else { 1 }) })
    Edit-LabVolume -Disk $Found.Disk -Number $Found.Partition.number -Change {
        $_.bitlocker.protection_status = $(if ($On) { 'On' } else { 'Off' })
        $_.bitlocker | Add-Member -NotePropertyName restarts_left -NotePropertyValue $restarts -Force
    }
    New-LabAnswer
}

function Invoke-LabEncryptableMethod {
    <# .SYNOPSIS A method of Win32_EncryptableVolume on the volume with a GUID. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][string]$Guid,
        [Parameter(Mandatory)][string]$Name,
        [System.Collections.IDictionary]$Value
    )
    if ($null -eq $Value) { $Value = @{} }
    $found = Find-LabEncryptable -Guid $Guid
    if (-not $found) { return New-LabAnswer 0x80070490L }
    $state = $found.Partition.bitlocker
    $locked = [bool](Get-LabField $state 'locked' $false)
    if ($Name -like 'UnlockWith*') { return Invoke-LabUnlock $found $Name $Value }
    if ($Name -eq 'GetKeyProtectors') {
        return New-LabAnswer -Out @{ VolumeKeyProtectorID = [string[]]@((Get-LabField $state 'protectors') |
            ForEach-Object { $_.id }) }
    }
    # Everything else reads or changes what only an unlocked volume shows.
    if ($locked) { return New-LabAnswer $script:code.locked @{ ExternalKey = $null; NumericalPassword = $null } }
    $id = "$($Value['VolumeKeyProtectorID'])"
    switch ($Name) {
        'GetConversionStatus' { return Get-LabConversion $found }
        { $_ -like 'ProtectKeyWith*' -or $_ -eq 'ChangePassphrase' } { return Invoke-LabProtect $found $Name $Value }
        'PrepareVolume' {
            if ($state) { return New-LabAnswer $script:code.not_decrypted }
            return New-LabAnswer
        }
        'Encrypt' { return Invoke-LabEncrypt $found $Value }
        'BackupRecoveryInformationToActiveDirectory' { return Backup-LabRecovery $found $id }
        { $_ -in 'EnableKeyProtectors', 'DisableKeyProtectors' } {
            return Set-LabProtection $found ($Name -eq 'EnableKeyProtectors') $Value
        }
    }
    if (-not $state) { return New-LabAnswer $script:code.not_activated }
    $one = @($state.protectors | Where-Object { $_.id -eq $id })
    switch ($Name) {
        'GetKeyProtectorExternalKey' {
            if (-not $one -or $one[0].type -ne 'ExternalKey') {
                return New-LabAnswer $script:code.invalid @{ ExternalKey = $null }
            }
            return New-LabAnswer -Out @{ ExternalKey = [Convert]::FromBase64String($one[0].secret) }
        }
        'GetKeyProtectorNumericalPassword' {
            if (-not $one -or $one[0].type -ne 'RecoveryPassword') {
                return New-LabAnswer $script:code.invalid @{ NumericalPassword = $null }
            }
            return New-LabAnswer -Out @{ NumericalPassword = $one[0].secret }
        }
        'GetKeyProtectorAdSidInformation' {
            if (-not $one -or $one[0].type -ne 'AdAccountOrGroup') {
                return New-LabAnswer $script:code.invalid @{ SidString = $null }
            }
            return New-LabAnswer -Out @{ SidString = $one[0].secret; Flags = [uint32]0 }
        }
        'DeleteKeyProtector' { return Remove-LabProtector $found $id }
        'DeleteKeyProtectors' { return Remove-LabProtector $found '' }
        'Decrypt' {
            $keeps = "$($found.Partition.letter):" -eq $env:SystemDrive -and (Test-LabStoredKey)
            if ($keeps) { return New-LabAnswer $script:code.auto_unlock_enabled }
            if ($state.volume_status -in 'FullyDecrypted', 'DecryptionInProgress') { return New-LabAnswer }
            return Start-LabConversion $found $false
        }
        'ResumeConversion' {
            if ($state.volume_status -notlike '*Suspended') { return New-LabAnswer }
            return Start-LabConversion $found ($state.volume_status -eq 'EncryptionSuspended')
        }
        { $_ -in 'EnableAutoUnlock', 'DisableAutoUnlock' } { return Set-LabAutoUnlock $found $Name $id }
    }
    Write-Error -Message "Invalid method $Name"
}

function Test-LabStoredKey {
    # Whether keys of data volumes are stored on the volume that holds Windows.
    foreach ($disk in Get-LabDisk) {
        foreach ($partition in $disk.partitions | Where-Object { $_.bitlocker }) {
            if ($partition.bitlocker.auto_unlock) { return $true }
        }
    }
    $false
}

Export-ModuleMember -Function Find-LabEncryptable, Update-LabConversion, Get-LabField, Invoke-LabEncryptableMethod
