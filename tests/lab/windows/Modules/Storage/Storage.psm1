# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the Storage module of Windows, as far as it is used. Properties and their order follow published output.
Import-Module -Name LabWorld -Global

function Get-Disk {
    <# .SYNOPSIS The disks of the host. #>
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)][uint32[]]$Number,
        [string[]]$UniqueId,
        [string[]]$FriendlyName,
        [string[]]$SerialNumber
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($disk in Get-LabDisk) {
        if ($PSBoundParameters.ContainsKey('Number') -and $disk.number -notin $Number) { continue }
        if ($UniqueId -and $disk.unique_id -notin $UniqueId) { continue }
        if ($FriendlyName -and $disk.friendly_name -notin $FriendlyName) { continue }
        if ($SerialNumber -and $disk.serial -notin $SerialNumber) { continue }
        $stale = $disk.PSObject.Properties['stale_style']
        if ($stale -and $stale.Value) { $disk.partition_style = $stale.Value }
        $status = 'Online'
        if ($disk.is_offline) { $status = 'Offline' }
        [pscustomobject]@{
            PSTypeName = 'Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Disk'
            DiskNumber = [uint32]$disk.number
            PartitionStyle = $disk.partition_style
            ProvisioningType = 'Fixed'
            OperationalStatus = $status
            HealthStatus = 'Healthy'
            BusType = $disk.bus_type
            UniqueIdFormat = $disk.unique_id_format
            OfflineReason = $disk.offline_reason
            UniqueId = $disk.unique_id
            BootFromDisk = [bool]$disk.boot_from_disk
            FriendlyName = $disk.friendly_name
            IsBoot = [bool]$disk.is_boot
            IsClustered = [bool]$disk.is_clustered
            IsOffline = [bool]$disk.is_offline
            IsReadOnly = [bool]$disk.is_read_only
            IsSystem = [bool]$disk.is_system; LogicalSectorSize = Get-LabSectorSize -Disk $disk
            Number = [uint32]$disk.number; NumberOfPartitions = @($disk.partitions).Count
            Path = "\\?\scsi#disk&$($disk.number)"; SerialNumber = Get-LabSerial -Disk $disk; Size = [uint64]$disk.size
        }
    }
}

function Get-LabSectorSize {
    param([object]$Disk)
    $known = $Disk.PSObject.Properties['logical_sector_size']
    if ($known) { return [uint32]$known.Value }
    [uint32]512
}

function Write-LabNotFound {
    param([string]$Command, [string]$Property, [object]$Value)
    $name = $Command -replace '^Get-', 'MSFT_'
    $text = "No $name objects found with property '$Property' equal to '$Value'.  Verify the value of the property " +
        "and retry."
    Write-Error -Message $text -Category ObjectNotFound -ErrorId "CmdletizationQuery_NotFound_$Property,$Command"
}

function Select-LabDisk {
    <# .SYNOPSIS The lab's disk that a number or a disk object names. #>
    param([object]$Number, [object]$InputObject)
    foreach ($disk in Get-LabDisk) {
        if ($InputObject -and $disk.unique_id -eq $InputObject[0].UniqueId -and
            $disk.number -eq $InputObject[0].Number) {
            return $disk
        }
        if (-not $InputObject -and $disk.number -in $Number) { return $disk }
    }
}

function Get-PhysicalDisk {
    <# .SYNOPSIS The physical disks of the host. #>
    [CmdletBinding()]
    param([string]$SerialNumber, [string]$UniqueId)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($disk in Get-LabDisk) {
        if ($SerialNumber -and $disk.serial -ne $SerialNumber) { continue }
        if ($UniqueId -and $disk.unique_id -ne $UniqueId) { continue }
        [pscustomobject]@{
            DeviceId = [string]$disk.number
            FriendlyName = $disk.friendly_name
            SerialNumber = Get-LabSerial -Disk $disk
            MediaType = 'HDD'
            CanPool = -not $disk.cannot_pool_reason
            CannotPoolReason = $disk.cannot_pool_reason
            UniqueId = $disk.unique_id
            Size = [uint64]$disk.size
        }
    }
}

function Get-Partition {
    <# .SYNOPSIS The partitions of the host. #>
    [CmdletBinding()]
    param(
        [uint32[]]$DiskNumber, [Parameter(Position = 0)][uint32[]]$PartitionNumber, [char[]]$DriveLetter, [object]$Disk
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $wanted = $Disk
    $found = foreach ($disk in Get-LabDisk) {
        # A disk object names the disk that it was read from, whatever number that has by now.
        if ($null -ne $wanted -and $disk.unique_id -ne $wanted.UniqueId) { continue }
        if ($PSBoundParameters.ContainsKey('DiskNumber') -and $disk.number -notin $DiskNumber) { continue }
        # CHOICE offline-disk-partitions: an offline disk shows no partitions (bitlocker-and-storage, 11: no source).
        if ($disk.is_offline -and -not (Test-LabOpposite offline-disk-partitions)) { continue }
        foreach ($partition in $disk.partitions) {
            if ($disk.is_offline) { $partition.letter = $null }
            if ($PartitionNumber -and $partition.number -notin $PartitionNumber) { continue }
            if ($DriveLetter -and [string]$partition.letter -notin @($DriveLetter | ForEach-Object { [string]$_ })) {
                continue
            }
            ConvertTo-LabPartition -Disk $disk -Partition $partition
        }
    }
    if ($found) { return $found }
    if ($DriveLetter) { Write-LabNotFound -Command Get-Partition -Property DriveLetter -Value $DriveLetter }
    elseif ($PSBoundParameters.ContainsKey('DiskNumber')) {
        Write-LabNotFound -Command Get-Partition -Property DiskNumber -Value $DiskNumber
    }
}

function ConvertTo-LabPartition {
    param([object]$Disk, [object]$Partition)
    $letter = [char]0
    if ($Partition.letter) { $letter = [char]$Partition.letter }
    [pscustomobject]@{
        PSTypeName = 'Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Partition'
        DiskNumber = [uint32]$Disk.number
        DriveLetter = $letter
        PartitionNumber = [uint32]$Partition.number
        Guid = $Partition.guid
        IsBoot = [bool]$Disk.is_boot
        IsSystem = [bool]$Disk.is_system
        Offset = [uint64]$Partition.offset
        Size = [uint64]$Partition.size
        GptType = Get-LabGptType -Partition $Partition
        Type = $Partition.type; AccessPaths = @($(if ($Partition.letter) { "$($Partition.letter):\" }),
            "\\?\Volume$($Partition.guid)\")
    }
}

function Get-LabGptType {
    param([object]$Partition)
    $known = $Partition.PSObject.Properties['gpt_type']
    if ($known) { return $known.Value }
    if ($Partition.type -eq 'Reserved') { return '{e3c9e316-0b5c-4db8-817d-f92df00215ae}' }
    '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'
}

function Get-Volume {
    <# .SYNOPSIS The volumes of the host. A locked BitLocker volume has no file system and no size,
        like an unformatted one. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][char[]]$DriveLetter, [object]$Partition)
    if (Invoke-LabFault $PSCmdlet) { return }
    $wanted = $Partition
    $all = foreach ($disk in Get-LabDisk | Where-Object { -not $_.is_offline }) {
        foreach ($partition in $disk.partitions | Where-Object { $_.type -eq 'Basic' }) {
            if ($null -ne $wanted -and $partition.guid -ne $wanted.Guid) { continue }
            if ($DriveLetter -and [string]$partition.letter -notin @($DriveLetter | ForEach-Object { [string]$_ })) {
                continue
            }
            $readable = Test-LabReadable -Partition $partition
            $letter = [char]0
            if ($partition.letter) { $letter = [char]$partition.letter }
            $used = 0
            if ($readable) {
                $folder = Get-LabFolder -Disk $disk -Partition $partition
                $used = (Get-ChildItem -LiteralPath $folder -Recurse -File -ErrorAction Ignore |
                    Measure-Object -Property Length -Sum).Sum
            }
            [pscustomobject]@{
                PSTypeName = 'Microsoft.Management.Infrastructure.CimInstance' +
                    '#ROOT/Microsoft/Windows/Storage/MSFT_Volume'
                UniqueId = "\\?\Volume$($partition.guid)\"; DriveLetter = $letter; DriveType = 'Fixed'
                FileSystem = $(if ($readable) { $partition.file_system } else { '' })
                FileSystemLabel = $(if ($readable) { $partition.label } else { '' })
                FileSystemType = $(if ($readable) { $partition.file_system } else { 'Unknown' })
                HealthStatus = 'Healthy'
                Size = $(if ($readable) { [uint64]$partition.size } else { [uint64]0 })
                SizeRemaining = $(if ($readable) { [uint64]($partition.size - $used) } else { [uint64]0 })
            }
        }
    }
    if ($all) { return $all }
    if ($DriveLetter) { Write-LabNotFound -Command Get-Volume -Property DriveLetter -Value $DriveLetter }
}

function Set-LabStaleStyle {
    # CHOICE stale-partition-style: a disk shows its new partition style at once (StorageDsc: some do not).
    param([object]$Disk)
    if (-not (Test-LabOpposite stale-partition-style)) { return }
    $Disk | Add-Member -NotePropertyName stale_style -NotePropertyValue $Disk.partition_style -Force
}

function Update-Disk {
    <# .SYNOPSIS Lets Windows look at a disk again. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][uint32[]]$Number, [string[]]$UniqueId, [object[]]$InputObject, [switch]$PassThru)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($disk in Get-LabDisk) {
        $wanted = $disk.number -in $Number -or $disk.unique_id -in $UniqueId -or
            ($InputObject -and $disk.unique_id -in @($InputObject.UniqueId))
        if (-not $wanted) { continue }
        Edit-LabDisk -Disk $disk -Change {
            $_ | Add-Member -NotePropertyName stale_style -NotePropertyValue $null -Force
        }
        if ($PassThru) { Get-Disk -Number $disk.number }
    }
}

function Update-HostStorageCache {
    <# .SYNOPSIS Lets Windows look at all disks again. #>
    [CmdletBinding()]
    param()
    if (Invoke-LabFault $PSCmdlet) { return }
    Update-Disk -Number @(Get-LabDisk | ForEach-Object { $_.number })
}

function Get-LabImage {
    <# .SYNOPSIS The disk of a virtual disk's file, or the error of a file that is not there. #>
    param([string]$Path, [System.Management.Automation.PSCmdlet]$Cmdlet)
    $file = $Cmdlet.GetUnresolvedProviderPathFromPSPath($Path)
    if (-not [System.IO.File]::Exists($file)) {
        # ERROR_FILE_NOT_FOUND
        Write-Error -Message 'The system cannot find the file specified.' -ErrorId 'HRESULT 0x80070002,Get-DiskImage'
        return
    }
    $disk = Read-LabFile -Path (Get-LabPath 'disks' (Read-LabFile -Path $file).disk 'disk.json')
    $disk | Add-Member -NotePropertyName file -NotePropertyValue (Get-LabPath 'disks' $disk.serial 'disk.json')
    $disk
}

function Get-DiskImage {
    <# .SYNOPSIS What Windows says of the file of a virtual disk. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string[]]$ImagePath)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($path in $ImagePath) {
        $disk = Get-LabImage -Path $path -Cmdlet $PSCmdlet
        if (-not $disk) { continue }
        $here = $disk.attached_to -eq $env:LAB_HOST
        [pscustomobject]@{
            PSTypeName = 'Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_DiskImage'
            Attached = $here
            BlockSize = [uint32]0
            DevicePath = $(if ($here) { "\\.\PhysicalDrive$($disk.number)" })
            FileSize = [uint64]$disk.size
            ImagePath = $path
            LogicalSectorSize = [uint32]512
            Number = $(if ($here) { [uint32]$disk.number })
            Size = [uint64]$disk.size
            StorageType = 'VHDX'
        }
    }
}

function Dismount-DiskImage {
    <# .SYNOPSIS Takes a virtual disk away; its file stays. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0)][string[]]$ImagePath)
    if (Invoke-LabFault $PSCmdlet) { return }
    foreach ($path in $ImagePath) {
        $disk = Get-LabImage -Path $path -Cmdlet $PSCmdlet
        if ($disk -and $PSCmdlet.ShouldProcess($path, 'Dismount-DiskImage')) {
            Edit-LabDisk -Disk $disk -Change { $_.attached_to = $null }
        }
    }
    Mount-LabDrive
}

function Initialize-Disk {
    <# .SYNOPSIS Gives a raw disk a partition table; on GPT Windows adds a reserved partition by itself. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Position = 0)][uint32[]]$Number,
        [ValidateSet('MBR', 'GPT')][string]$PartitionStyle = 'GPT',
        [switch]$PassThru,
        [object[]]$InputObject
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $disk = Select-LabDisk -Number $Number -InputObject $InputObject
    if ($disk.partition_style -ne 'RAW') {
        Write-Error -Message 'The disk has already been initialized.' -ErrorId 'StorageWMI 41002,Initialize-Disk'
        return
    }
    if ($disk.is_offline -or $disk.is_read_only) {
        Write-Error -Message 'The disk is offline or read only.' -ErrorId 'StorageWMI 41012,Initialize-Disk'
        return
    }
    Edit-LabDisk -Disk $disk -Change {
        Set-LabStaleStyle -Disk $_
        $_.partition_style = $PartitionStyle
        if ($PartitionStyle -eq 'GPT') {
            $_.partitions = @([pscustomobject]@{
                    number = 1; letter = $null; offset = 17408; size = 16759808; type = 'Reserved'; guid = '{' +
                        [guid]::NewGuid() + '}'; file_system = $null; label = ''; bitlocker = $null
                })
        }
    }
    if ($PassThru) { Get-Disk -Number $disk.number }
}

function Clear-Disk {
    <# .SYNOPSIS Removes all partitions of a disk. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param(
        [Parameter(Position = 0)][uint32[]]$Number,
        [switch]$RemoveData,
        [switch]$RemoveOEM,
        [switch]$PassThru,
        [object[]]$InputObject
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $disk = Select-LabDisk -Number $Number -InputObject $InputObject
    if ($disk.is_offline -or $disk.is_read_only) {
        Write-Error -Message 'The disk is offline or read only.' -ErrorId 'StorageWMI 41012,Clear-Disk'
        return
    }
    if (@($disk.partitions).Count -gt 0 -and -not $RemoveData) {
        Write-Error -Message 'The disk has partitions; use RemoveData.' -ErrorId 'StorageWMI 41001,Clear-Disk'
        return
    }
    if (-not $PSCmdlet.ShouldProcess("disk $($disk.number)", 'Clear-Disk')) { return }
    foreach ($partition in $disk.partitions) {
        Remove-Item -LiteralPath (Get-LabFolder -Disk $disk -Partition $partition) -Recurse -Force -ErrorAction Ignore
    }
    Edit-LabDisk -Disk $disk -Change {
        Set-LabStaleStyle -Disk $_
        $_.partitions = @()
        $_.partition_style = 'RAW'
    }
    Mount-LabDrive
    if ($PassThru) { Get-Disk -Number $disk.number }
}

function Set-Disk {
    <# .SYNOPSIS Brings a disk online or makes it writable. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][uint32]$Number, [bool]$IsOffline, [bool]$IsReadOnly, [object[]]$InputObject)
    if (Invoke-LabFault $PSCmdlet) { return }
    $bound = $PSBoundParameters
    Edit-LabDisk -Disk (Select-LabDisk -Number $Number -InputObject $InputObject) -Change {
        if ($bound.ContainsKey('IsOffline')) { $_.is_offline = $IsOffline; $_.offline_reason = $null }
        if ($bound.ContainsKey('IsReadOnly')) { $_.is_read_only = $IsReadOnly }
    }
    Mount-LabDrive
}

function New-Partition {
    <# .SYNOPSIS Makes a partition; it is not formatted. #>
    [CmdletBinding()]
    param(
        [Parameter(Position = 0)][uint32[]]$DiskNumber, [uint64]$Size, [switch]$UseMaximumSize, [char]$DriveLetter,
            [switch]$AssignDriveLetter,
        [object[]]$InputObject
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    if ($AssignDriveLetter -and $PSBoundParameters.ContainsKey('DriveLetter')) {
        Write-Error -Message 'Use either DriveLetter or AssignDriveLetter.' -ErrorId 'StorageWMI 5,New-Partition'
        return
    }
    $all = @(Get-LabDisk)
    $disk = Select-LabDisk -Number $DiskNumber -InputObject $InputObject
    if ($disk.partition_style -eq 'RAW') {
        Write-Error -Message 'The disk has not been initialized.' -ErrorId 'StorageWMI 41000,New-Partition'
        return
    }
    $used = @($all.partitions | Where-Object { $_ } | ForEach-Object {
            [string]$_.letter
            if ($_.PSObject.Properties['late_letter']) { [string]$_.late_letter }
        } | Where-Object { $_ })
    $letter = $null
    if ($AssignDriveLetter) {
        $letter = [string]('DEFGHIJKLMNOPQRSTUVWXYZ'.ToCharArray() | Where-Object { [string]$_ -notin $used } |
            Select-Object -First 1)
    }
    elseif ($PSBoundParameters.ContainsKey('DriveLetter')) { $letter = [string]$DriveLetter }
    $number = @($disk.partitions).Count + 1
    if ($UseMaximumSize) { $Size = $disk.size - 17825792 }
    $partition = [pscustomobject]@{
        number = $number; letter = $letter; offset = 17825792; size = $Size; type = 'Basic'; guid = '{' +
            [guid]::NewGuid() + '}'; file_system = $null; label = ''; bitlocker = $null
    }
    # CHOICE late-letter: a new partition has its letter at once (Windows gives letters in a service of its own).
    if ($letter -and (Test-LabOpposite late-letter)) {
        $partition.letter = $null
        $partition | Add-Member -NotePropertyMembers @{
            late_letter = $letter
            late_until = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() + 2
        }
    }
    Edit-LabDisk -Disk $disk -Change { $_.partitions = @($_.partitions) + $partition }
    Get-Partition -DiskNumber $disk.number -PartitionNumber $number
}

function Set-Partition {
    <# .SYNOPSIS Gives a partition another drive letter. #>
    [CmdletBinding()]
    param(
        [uint32]$DiskNumber, [uint32]$PartitionNumber, [char]$NewDriveLetter, [object[]]$InputObject
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $all = @(Get-LabDisk)
    if ($InputObject) { $DiskNumber, $PartitionNumber = $InputObject[0].DiskNumber, $InputObject[0].PartitionNumber }
    $disk = Select-LabDisk -Number $DiskNumber
    $used = @($all.partitions | Where-Object { $_ } | ForEach-Object { [string]$_.letter } | Where-Object { $_ })
    if ([string]$NewDriveLetter -in $used) {
        Write-Error -Message 'The requested access path is already in use.' -ErrorId 'StorageWMI 42002,Set-Partition'
        return
    }
    $letter = [string]$NewDriveLetter
    Edit-LabDisk -Disk $disk -Change {
        foreach ($one in $_.partitions) { if ($one.number -eq $PartitionNumber) { $one.letter = $letter } }
    }
}

function Format-Volume {
    <# .SYNOPSIS Empties a volume and gives it a file system; it is not encrypted any more. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory)][object]$Partition, [string]$FileSystem = 'NTFS', [string]$NewFileSystemLabel = '',
        [switch]$Force
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $disk = Select-LabDisk -Number $Partition.DiskNumber
    $found = @($disk.partitions | Where-Object { $_.number -eq $Partition.PartitionNumber })
    if ($found.Count -ne 1) {
        Write-LabNotFound -Command 'Format-Volume' -Property Partition -Value $Partition.PartitionNumber
        return
    }
    if (-not $Force -and -not $PSCmdlet.ShouldProcess("partition $($found[0].number)", 'Format-Volume')) { return }
    $folder = Get-LabFolder -Disk $disk -Partition $found[0]
    Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore
    $null = [System.IO.Directory]::CreateDirectory($folder)
    Edit-LabDisk -Disk $disk -Change {
        foreach ($one in $_.partitions) {
            if ($one.number -ne $found[0].number) { continue }
            $one.file_system, $one.label, $one.bitlocker = $FileSystem, $NewFileSystemLabel, $null
        }
    }
    Mount-LabDrive
    Get-Volume -Partition $Partition
}

Export-ModuleMember -Function Get-Disk, Get-PhysicalDisk, Get-Partition, Get-Volume, Initialize-Disk, Clear-Disk,
    Set-Disk, New-Partition, Set-Partition, Update-Disk, Update-HostStorageCache, Format-Volume, Get-DiskImage,
    Dismount-DiskImage
