# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the BitLocker module of Windows, as far as it is used. A locked volume shows ids and types, never values.
Import-Module -Name LabWorld, LabBitLocker -Global

function Find-LabBitLocker {
    param([string]$MountPoint)
    foreach ($disk in Get-LabDisk | Where-Object { -not $_.is_offline }) {
        foreach ($partition in $disk.partitions | Where-Object { $_.letter }) {
            if (-not $MountPoint -or $MountPoint.TrimEnd('\', ':') -eq $partition.letter) {
                [pscustomobject]@{ Disk = $disk; Partition = Update-LabConversion -Disk $disk -Partition $partition }
            }
        }
    }
}

function Write-LabBitLockerError {
    param([int]$Code, [string]$Text)
    $failure = [System.Runtime.InteropServices.COMException]::new("$Text (Exception from HRESULT: " +
        "0x$('{0:X8}' -f $Code))", $Code)
    Write-Error -Exception $failure -ErrorId 'System.Runtime.InteropServices.COMException,Get-BitLockerVolumeInternal'
}

function ConvertTo-LabVolume {
    param([object]$Found)
    $partition = $Found.Partition
    $state = $partition.bitlocker
    $locked = [bool]($state -and $state.locked)
    $protectors = foreach ($one in @($state.protectors | Where-Object { $_ })) {
        $password = ''
        if (-not $locked -and $one.type -eq 'RecoveryPassword') { $password = $one.secret }
        [pscustomobject]@{
            KeyProtectorId = $one.id
            # Source: bitlocker-and-storage 2: only for external keys, and only while automatic unlocking is on.
            AutoUnlockProtector = $(if ($one.type -eq 'ExternalKey' -and $state.auto_unlock) {
                $one.id -eq (Get-LabField $state 'auto_unlock_id')
            })
            KeyProtectorType = $one.type
            KeyFileName = $(if ($one.type -eq 'ExternalKey' -and -not $locked) { $one.id.Trim('{', '}') +
                '.BEK' } else { '' })
            RecoveryPassword = $password; KeyCertificateType = $null; Thumbprint = ''
        }
    }
    [pscustomobject]@{
        PSTypeName = 'Microsoft.BitLocker.Structures.BitLockerVolume'
        ComputerName = $env:COMPUTERNAME; MountPoint = "$($partition.letter):"
        EncryptionMethod = $(if ($state) { $state.encryption_method } else { 'None' })
        AutoUnlockEnabled = $(if ($state -and $state.volume_status -ne 'FullyDecrypted' -and
            "$($partition.letter):" -ne $env:SystemDrive) { [bool]$state.auto_unlock })
        AutoUnlockKeyStored = $null
        MetadataVersion = $(if ($state) { 2 } else { 0 })
        VolumeStatus = $(if ($locked) { $null } elseif ($state) { $state.volume_status } else { 'FullyDecrypted' })
        ProtectionStatus = $(if ($locked) { 'Unknown' } elseif ($state) { $state.protection_status } else { 'Off' })
        LockStatus = $(if ($locked) { 'Locked' } else { 'Unlocked' })
        EncryptionPercentage = $(if ($locked) { $null } elseif ($state) { $state.encryption_percentage } else { 0 })
        WipePercentage = $(if ($locked) { $null } else { 0 })
        VolumeType = $(if ("$($partition.letter):" -eq $env:SystemDrive) { 'OperatingSystem' } else { 'Data' })
        CapacityGB = [single]($partition.size / 1GB); KeyProtector = @($protectors)
    }
}

function Get-BitLockerVolume {
    <# .SYNOPSIS The encryptable volumes of the host. #>
    [CmdletBinding()]
    param([Parameter(Position = 0, ValueFromPipeline)][string[]]$MountPoint)
    process {
        if (Invoke-LabFault $PSCmdlet) { return }
        foreach ($one in $(if ($MountPoint) { $MountPoint } else { '' })) {
            $found = @(Find-LabBitLocker -MountPoint $one)
            if ($one -and -not $found) {
                Write-LabBitLockerError -Code (-2147023728) -Text (
                    "No corresponding volume for '$one'. Element not " +
                    "found."
                )
                continue
            }
            foreach ($volume in $found) {
                # Source: bitlocker-and-storage 5: an unformatted volume has no BitLocker volume, 0x80070490.
                if (-not $volume.Partition.file_system -and -not $volume.Partition.bitlocker) {
                    if ($one) {
                        Write-LabBitLockerError -Code (-2147023728) -Text (
                            "No corresponding volume for '$one'. " +
                            "Element not found."
                        )
                    }
                    continue
                }
                ConvertTo-LabVolume -Found $volume
            }
        }
    }
}

function Unlock-BitLocker {
    <# .SYNOPSIS Unlocks a volume with its recovery password. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0)][string[]]$MountPoint, [string]$RecoveryPassword)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($found in Find-LabBitLocker -MountPoint $MountPoint[0]) {
        $fits = @($found.Partition.bitlocker.protectors |
            Where-Object { $_.type -eq 'RecoveryPassword' -and $_.secret -eq $RecoveryPassword })
        if (-not $fits) {
            Write-LabBitLockerError -Code (-2144272377) -Text (
                'The BitLocker encryption key could not be obtained ' +
                'from the recovery password.'
            )
            return
        }
        Set-LabLock -Found $found -Locked $false
        Get-BitLockerVolume -MountPoint $MountPoint
    }
}

function Lock-BitLocker {
    <# .SYNOPSIS Locks a data volume. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0)][string[]]$MountPoint, [switch]$ForceDismount)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($found in Find-LabBitLocker -MountPoint $MountPoint[0]) {
        if (-not $found.Partition.bitlocker) {
            Write-LabBitLockerError -Code (-2144272376) -Text 'The drive is not protected by BitLocker.'
            return
        }
        # Source: FVE_E_PROTECTION_DISABLED; a volume whose key lies in the clear cannot be locked.
        if ($found.Partition.bitlocker.protection_status -ne 'On') {
            Write-LabBitLockerError -Code (-2144272351) -Text 'BitLocker protection is disabled.'
            return
        }
        # Source: 0x80310097 and 0x80310022 of Lock.
        if ($found.Partition.bitlocker.auto_unlock) {
            Write-LabBitLockerError -Code (-2144272233) -Text 'The drive unlocks automatically.'
            return
        }
        if (-not ($found.Partition.bitlocker.protectors |
            Where-Object { $_.type -in 'RecoveryPassword', 'ExternalKey' })) {
            Write-LabBitLockerError -Code (-2144272350) -Text 'The drive has no recovery key.'
            return
        }
        Set-LabLock -Found $found -Locked $true
        Get-BitLockerVolume -MountPoint $MountPoint
    }
}

function Set-LabLock {
    param([object]$Found, [bool]$Locked)
    $number = $Found.Partition.number
    Edit-LabDisk -Disk $Found.Disk -Change { ($_.partitions |
        Where-Object { $_.number -eq $number }).bitlocker.locked = $Locked }
    Mount-LabDrive
}

Export-ModuleMember -Function Get-BitLockerVolume, Unlock-BitLocker, Lock-BitLocker
