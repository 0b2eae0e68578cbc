# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# BitLocker volumes of drives: their state without secrets, unlocking, locking, and whose key fits. Private to the collection.

function Get-SeedVolume {
    <#
    .SYNOPSIS
        The state of a volume. Protectors are shown by id and type, never by value.
    .PARAMETER Letter
        Its drive letter, with or without colon.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $volume = Get-BitLockerVolume -MountPoint ($Letter.TrimEnd(':', '\') + ':') -ErrorAction Stop
    $protectors = foreach ($one in @($volume.KeyProtector | Where-Object { $_ })) { [pscustomobject]@{ id = "$($one.KeyProtectorId)"; type = "$($one.KeyProtectorType)" } }
    [pscustomobject]@{
        mount_point = "$($volume.MountPoint)"; volume_status = "$($volume.VolumeStatus)"; lock_status = "$($volume.LockStatus)"; protection_status = "$($volume.ProtectionStatus)"
        encryption_method = "$($volume.EncryptionMethod)"; encryption_percentage = $volume.EncryptionPercentage; protectors = @($protectors)
    }
}

function Get-SeedEncryptableVolume {
    <#
    .SYNOPSIS
        The CIM object of a volume, for what no cmdlet offers: the external key.
    .PARAMETER Letter
        Its drive letter, with or without colon.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $query = @{ Namespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'; ClassName = 'Win32_EncryptableVolume' }
    Get-CimInstance @query -Filter "DriveLetter = '$($Letter.TrimEnd(':', '\')):'" -ErrorAction Stop
}

function Test-SeedKey {
    <#
    .SYNOPSIS
        Whether a key is a protector of an unlocked volume.
    .PARAMETER Letter
        The volume's drive letter.
    .PARAMETER RecoveryPassword
        A numerical password of 48 digits.
    .PARAMETER ExternalKey
        An external key, 32 bytes in base64, as newer builds of the tool write it into the journal.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Letter, [string]$RecoveryPassword, [string]$ExternalKey)
    $volume = Get-BitLockerVolume -MountPoint ($Letter.TrimEnd(':', '\') + ':') -ErrorAction Stop
    if ($RecoveryPassword) { return @($volume.KeyProtector | Where-Object { $_ -and "$($_.KeyProtectorType)" -eq 'RecoveryPassword' -and $_.RecoveryPassword -eq $RecoveryPassword }).Count -gt 0 }
    $encryptable = Get-SeedEncryptableVolume -Letter $Letter
    foreach ($one in @($volume.KeyProtector | Where-Object { $_ -and "$($_.KeyProtectorType)" -eq 'ExternalKey' })) {
        $answer = Invoke-CimMethod -InputObject $encryptable -MethodName GetKeyProtectorExternalKey -Arguments @{ VolumeKeyProtectorID = $one.KeyProtectorId }
        if ($answer.ReturnValue -eq 0 -and [Convert]::ToBase64String([byte[]]$answer.ExternalKey) -eq $ExternalKey) { return $true }
    }
    $false
}

function Unlock-SeedVolume {
    <#
    .SYNOPSIS
        Unlocks a volume with the key that is given.
    .PARAMETER Letter
        The volume's drive letter.
    .PARAMETER RecoveryPassword
        A numerical password of 48 digits.
    .PARAMETER ExternalKey
        An external key, 32 bytes in base64.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter, [string]$RecoveryPassword, [string]$ExternalKey)
    $mount = $Letter.TrimEnd(':', '\') + ':'
    if ($RecoveryPassword) {
        $null = Unlock-BitLocker -MountPoint $mount -RecoveryPassword $RecoveryPassword -ErrorAction Stop
        return
    }
    $bytes = [Convert]::FromBase64String($ExternalKey)
    $answer = Invoke-CimMethod -InputObject (Get-SeedEncryptableVolume -Letter $mount) -MethodName UnlockWithExternalKey -Arguments @{ ExternalKey = $bytes }
    if ($answer.ReturnValue -ne 0) { throw "the external key does not unlock $mount (error 0x$('{0:X8}' -f $answer.ReturnValue))" }
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
    $null = Lock-BitLocker -MountPoint ($Letter.TrimEnd(':', '\') + ':') -ForceDismount -ErrorAction Stop
}

Export-ModuleMember -Function Get-SeedVolume, Get-SeedEncryptableVolume, Test-SeedKey, Unlock-SeedVolume, Lock-SeedVolume
