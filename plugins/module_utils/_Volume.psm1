# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# BitLocker volumes of drives: their state without secrets, unlocking, locking, and whose key fits. Private to the
# collection.

function ConvertTo-SeedMountPoint {
    <#
    .SYNOPSIS
        A drive letter with its colon, as the BitLocker cmdlets want it.
    .PARAMETER Letter
        The letter, with or without colon and backslash.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $plain = $Letter.TrimEnd(':', '\')
    if ($plain -cnotmatch '^[A-Za-z]\z') { throw "``mount_point`` '$Letter' is not a drive letter, such as E:." }
    $plain.ToUpperInvariant() + ':'
}

function Assert-SeedBitLocker {
    <# .SYNOPSIS Refuses a host without the BitLocker feature. #>
    [CmdletBinding()]
    param()
    if (-not (Get-Command -Name Get-BitLockerVolume -ErrorAction SilentlyContinue)) {
        throw 'This host has no BitLocker cmdlets. Install the Windows feature BitLocker and restart the host.'
    }
}

function ConvertTo-SeedBitLockerName {
    <#
    .SYNOPSIS
        A state of BitLocker by its name; an empty text for none.
    .DESCRIPTION
        Windows PowerShell shows names. A session of PowerShell 7 that has the module through Windows PowerShell shows
        numbers, and WMI has other names for what is suspended.
    .PARAMETER Kind
        VolumeStatus, ProtectionStatus, LockStatus, VolumeType, KeyProtectorType or EncryptionMethod.
    .PARAMETER Value
        What the cmdlet shows.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Kind, [AllowNull()][object]$Value)
    # Source: GetConversionStatus, GetProtectionStatus and GetLockStatus of Win32_EncryptableVolume. 6 and 7 are what
    # the order of the names says.
    $names = @{
        VolumeStatus = @(
            'FullyDecrypted', 'FullyEncrypted', 'EncryptionInProgress', 'DecryptionInProgress', 'EncryptionSuspended',
            'DecryptionSuspended', 'FullyEncryptedWipeInProgress', 'FullyEncryptedWipeSuspended'
        )
        ProtectionStatus = @('Off', 'On', 'Unknown')
        LockStatus = @('Unlocked', 'Locked')
        # As the enum of the module counts; Win32_EncryptableVolume has another one.
        VolumeType = @('OperatingSystem', 'Data')
        # Source: GetKeyProtectorType and GetEncryptionMethod of Win32_EncryptableVolume.
        KeyProtectorType = @(
            'Unknown', 'Tpm', 'ExternalKey', 'RecoveryPassword', 'TpmPin', 'TpmStartupKey', 'TpmPinStartupKey',
            'PublicKey', 'Password', 'TpmNetworkKey', 'AdAccountOrGroup'
        )
        EncryptionMethod = @(
            'None', 'Aes128Diffuser', 'Aes256Diffuser', 'Aes128', 'Aes256', 'Hardware', 'XtsAes128', 'XtsAes256'
        )
    }[$Kind]
    # The code of the module says Sid where its documentation and its users say AdAccountOrGroup.
    $text = "$Value" -replace 'Paused$', 'Suspended' -replace '^Sid$', 'AdAccountOrGroup'
    $number = 0
    $known = [int]::TryParse($text, [ref]$number) -and $number -ge 0 -and $number -lt $names.Count
    if ($known) { return $names[$number] }
    $text
}

function Find-SeedBitLockerVolume {
    <#
    .SYNOPSIS
        A volume as Get-BitLockerVolume shows it, or null when Windows knows no BitLocker volume there.
    .DESCRIPTION
        An unformatted volume has none (0x80070490, element not found). Any other error stays an error.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    Assert-SeedBitLocker
    try { Get-BitLockerVolume -MountPoint (ConvertTo-SeedMountPoint -Letter $Letter) -ErrorAction Stop }
    catch {
        if ($_.Exception.HResult -ne 0x80070490) { throw }
    }
}

function ConvertTo-SeedEncryption {
    <#
    .SYNOPSIS
        The encryption of a volume as a drive record shows it; null for no volume.
    .PARAMETER Volume
        The volume, as Get-BitLockerVolume shows it.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Volume)
    if (-not $Volume) { return $null }
    [pscustomobject][ordered]@{
        volume_status = ConvertTo-SeedBitLockerName -Kind VolumeStatus -Value $Volume.VolumeStatus
        protection_status = ConvertTo-SeedBitLockerName -Kind ProtectionStatus -Value $Volume.ProtectionStatus
        encryption_percentage = $Volume.EncryptionPercentage
        lock_status = ConvertTo-SeedBitLockerName -Kind LockStatus -Value $Volume.LockStatus
    }
}

function Get-SeedEncryption {
    <#
    .SYNOPSIS
        The encryption of a volume as a drive record shows it, or null when Windows knows no BitLocker volume there.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    ConvertTo-SeedEncryption -Volume (Find-SeedBitLockerVolume -Letter $Letter)
}

function Get-SeedProtector {
    <#
    .SYNOPSIS
        The protectors of a volume by id and type, never by value.
    .PARAMETER Volume
        The volume, as Get-BitLockerVolume shows it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    foreach ($one in @($Volume.KeyProtector | Where-Object { $_ })) {
        [pscustomobject][ordered]@{
            id = "$($one.KeyProtectorId)"
            type = ConvertTo-SeedBitLockerName -Kind KeyProtectorType -Value $one.KeyProtectorType
            auto_unlock = [bool]$one.AutoUnlockProtector
        }
    }
}

function Get-SeedVolume {
    <#
    .SYNOPSIS
        The state of a volume. Protectors are shown by id and type, never by value.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    Assert-SeedBitLocker
    $volume = Get-BitLockerVolume -MountPoint (ConvertTo-SeedMountPoint -Letter $Letter) -ErrorAction Stop
    $lock = ConvertTo-SeedBitLockerName -Kind LockStatus -Value $volume.LockStatus
    [pscustomobject][ordered]@{
        mount_point = "$($volume.MountPoint)"
        volume_type = ConvertTo-SeedBitLockerName -Kind VolumeType -Value $volume.VolumeType
        volume_status = ConvertTo-SeedBitLockerName -Kind VolumeStatus -Value $volume.VolumeStatus
        lock_status = $lock
        protection_status = ConvertTo-SeedBitLockerName -Kind ProtectionStatus -Value $volume.ProtectionStatus
        encryption_method = ConvertTo-SeedBitLockerName -Kind EncryptionMethod -Value $volume.EncryptionMethod
        encryption_percentage = $volume.EncryptionPercentage
        used_space_only = $(if ($lock -eq 'Unlocked') { Test-SeedUsedSpaceOnly -Letter $Letter })
        auto_unlock = $volume.AutoUnlockEnabled
        protectors = @(Get-SeedProtector -Volume $volume)
    }
}

function Get-SeedProtectionLack {
    <#
    .SYNOPSIS
        What a volume lacks to be encrypted and protected, as a sentence; nothing when it lacks nothing.
    .PARAMETER Serial
        The serial of the drive.
    .PARAMETER Encryption
        The encryption of the facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Serial, [Parameter(Mandatory = $true)][object]$Encryption)
    $state = "$($Encryption.volume_status)"
    $part = $Encryption.encryption_percentage
    # The wipe of free space goes on behind an encryption that is complete.
    if ($state -notin 'FullyEncrypted', 'FullyEncryptedWipeInProgress', 'FullyEncryptedWipeSuspended') {
        $remedy = @{
            EncryptionInProgress = ' Wait until it is.'
            EncryptionSuspended = ' Go on with Resume-BitLocker.'
        }[$state]
        $how = ''
        if ($null -ne $part) { $how = " at $part %" }
        return "The volume of drive $Serial is $state$how, not fully encrypted.$remedy"
    }
    if ($null -ne $part -and [double]$part -lt 100) {
        return "The volume of drive $Serial is $state, but encrypted to $part % only. Wait until all of it is."
    }
    # A fully encrypted volume with protection Off holds its key in the clear: whoever finds the parcel reads the data.
    if ("$($Encryption.protection_status)" -ne 'On') {
        return "BitLocker protection of drive $Serial is $($Encryption.protection_status). Turn it on with " +
            "Resume-BitLocker before it travels."
    }
}

function Test-SeedUsedSpaceOnly {
    <#
    .SYNOPSIS
        Whether only the used space of an unlocked volume was encrypted; null when Windows does not say it.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $call = @{ InputObject = Get-SeedEncryptableVolume -Letter $Letter; MethodName = 'GetConversionStatus' }
    $answer = Invoke-CimMethod @call -ErrorAction Stop
    # Source: GetConversionStatus of Win32_EncryptableVolume; Windows 7 has no such flags.
    $flags = $answer.PSObject.Properties['EncryptionFlags']
    if ($answer.ReturnValue -ne 0 -or -not $flags -or $null -eq $flags.Value) { return $null }
    ([int]$flags.Value -band 1) -eq 1
}

function Get-SeedEncryptableVolume {
    <#
    .SYNOPSIS
        The CIM object of a volume, for what no cmdlet offers: the external key.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $query = @{
        Namespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'
        ClassName = 'Win32_EncryptableVolume'
        Filter = "DriveLetter = '$(ConvertTo-SeedMountPoint -Letter $Letter)'"
    }
    Get-CimInstance @query -ErrorAction Stop
}

function Test-SeedKey {
    <#
    .SYNOPSIS
        Whether a key is a protector of an unlocked volume.
    .PARAMETER Letter
        The volume's drive letter.
    .PARAMETER Key
        RecoveryPassword, a numerical password of 48 digits, or ExternalKey, 32 bytes in base64, as newer builds of the
        tool write it into the journal. In a hashtable, so that no policy that logs parameters can log it.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Letter, [Parameter(Mandatory = $true)][hashtable]$Key)
    $volume = Get-BitLockerVolume -MountPoint (ConvertTo-SeedMountPoint -Letter $Letter) -ErrorAction Stop
    $type = $(if ($Key['RecoveryPassword']) { 'RecoveryPassword' } else { 'ExternalKey' })
    $protectors = @($volume.KeyProtector | Where-Object {
            $_ -and (ConvertTo-SeedBitLockerName -Kind KeyProtectorType -Value $_.KeyProtectorType) -eq $type
        })
    if ($Key['RecoveryPassword']) {
        # Windows takes the groups with hyphens, with spaces, or with nothing between them.
        $given = "$($Key['RecoveryPassword'])" -replace '[\s-]', ''
        return $given -in @($protectors | ForEach-Object { "$($_.RecoveryPassword)" -replace '[\s-]', '' })
    }
    $encryptable = Get-SeedEncryptableVolume -Letter $Letter
    foreach ($one in $protectors) {
        $call = @{
            InputObject = $encryptable
            MethodName = 'GetKeyProtectorExternalKey'
            Arguments = @{ VolumeKeyProtectorID = $one.KeyProtectorId }
        }
        $answer = Invoke-CimMethod @call -ErrorAction Stop
        if ($answer.ReturnValue -eq 0 -and
            [Convert]::ToBase64String([byte[]]$answer.ExternalKey) -ceq $Key['ExternalKey']) {
            return $true
        }
    }
    $false
}

function Unlock-SeedVolume {
    <#
    .SYNOPSIS
        Unlocks a volume. Fails without quoting the key.
    .PARAMETER Letter
        The volume's drive letter.
    .PARAMETER Key
        RecoveryPassword, ExternalKey (32 bytes in base64) or Password. In a hashtable, so that no policy that logs
        parameters can log it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter, [Parameter(Mandatory = $true)][hashtable]$Key)
    $mount = ConvertTo-SeedMountPoint -Letter $Letter
    # The cmdlet would do the same, and module logging records a cmdlet's parameters in clear.
    if ($Key['RecoveryPassword']) {
        $method = 'UnlockWithNumericalPassword'
        $values = @{ NumericalPassword = $Key['RecoveryPassword'] }
    }
    elseif ($Key['Password']) {
        $method = 'UnlockWithPassphrase'
        $values = @{ Passphrase = $Key['Password'] }
    }
    else {
        $bytes = $null
        try { $bytes = [Convert]::FromBase64String("$($Key['ExternalKey'])") } catch [System.FormatException] {
            $bytes = $null
        }
        if ($null -eq $bytes) { throw '`external_key` is not base64.' }
        $method = 'UnlockWithExternalKey'
        $values = @{ ExternalKey = $bytes }
    }
    $volume = Get-SeedEncryptableVolume -Letter $mount
    # The text of an error could quote an argument.
    try { $answer = Invoke-CimMethod -InputObject $volume -MethodName $method -Arguments $values -ErrorAction Stop }
    catch { throw "Windows could not unlock $mount ($($_.Exception.GetType().Name))." }
    if ($answer.ReturnValue -ne 0) {
        $code = '0x{0:X8}' -f [uint32]$answer.ReturnValue
        throw "The key does not unlock $mount ($code). Pass the key of this very drive's latest journal."
    }
}

function Lock-SeedVolume {
    <#
    .SYNOPSIS
        Locks a data volume and dismounts it.
    .PARAMETER Letter
        The volume's drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $null = Lock-BitLocker -MountPoint (ConvertTo-SeedMountPoint -Letter $Letter) -ForceDismount -ErrorAction Stop
}

Export-ModuleMember -Function @(
    'ConvertTo-SeedMountPoint', 'Assert-SeedBitLocker', 'ConvertTo-SeedBitLockerName', 'Find-SeedBitLockerVolume',
    'ConvertTo-SeedEncryption', 'Get-SeedEncryption', 'Get-SeedProtector', 'Get-SeedVolume', 'Get-SeedProtectionLack',
    'Test-SeedUsedSpaceOnly', 'Get-SeedEncryptableVolume', 'Test-SeedKey', 'Unlock-SeedVolume', 'Lock-SeedVolume'
)
