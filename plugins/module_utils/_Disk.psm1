# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Finding drives by their serial, guarding every other disk, and making a drive ready for the tool. Private to the collection.

function ConvertTo-SeedSerial {
    <#
    .SYNOPSIS
        The one form of a hardware serial: no spaces, no trailing full stop, upper case.
    .DESCRIPTION
        Windows pads serials with spaces, NVMe ones end in a full stop, and the service wants them without spaces.
    .PARAMETER Serial
        The serial as Windows or a person writes it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][AllowNull()][string]$Serial)
    ("$Serial" -replace ' ', '').TrimEnd('.').ToUpperInvariant()
}

function Find-SeedDisk {
    <#
    .SYNOPSIS
        The disk with this serial; nothing when it is not there, an error when more than one has it.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial)
    $found = @(Get-Disk | Where-Object { (ConvertTo-SeedSerial -Serial $_.SerialNumber) -eq $Serial })
    if ($found.Count -gt 1) {
        throw "The serial $Serial in drives belongs to $($found.Count) disks of this host. Remove all but the one that is meant; a disk that two paths show cannot be told apart."
    }
    $found
}

function Get-SeedDataPartition {
    <#
    .SYNOPSIS
        The partitions of a disk that can hold data: all but the reserved one that Windows makes itself.
    .PARAMETER Number
        The number that the disk has now.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][uint32]$Number)
    @(Get-Partition -DiskNumber $Number -ErrorAction SilentlyContinue | Where-Object { "$($_.Type)" -ne 'Reserved' })
}

function Get-SeedLetter {
    <#
    .SYNOPSIS
        The drive letter of a disk's first data partition, or an empty string. A missing letter is a NUL character, not null.
    .PARAMETER Partition
        The data partitions of the disk.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyCollection()][object[]]$Partition)
    $lettered = @($Partition | Where-Object { $_ -and [int][char]$_.DriveLetter -ne 0 })
    if ($lettered.Count -eq 0) { return '' }
    [string]$lettered[0].DriveLetter
}

function Get-SeedHolding {
    <#
    .SYNOPSIS
        What a disk holds: nothing, data, or locked. A locked BitLocker volume looks unformatted and is never taken for empty.
    .PARAMETER Partition
        The data partitions of the disk.
    .PARAMETER Letter
        The letter of the first one.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyCollection()][object[]]$Partition, [string]$Letter)
    $parts = @($Partition | Where-Object { $_ })
    if ($parts.Count -eq 0) { return 'nothing' }
    if ($parts.Count -gt 1 -or -not $Letter) { return 'data' }
    $encrypted = Get-BitLockerVolume -MountPoint "${Letter}:" -ErrorAction SilentlyContinue
    if ($encrypted -and "$($encrypted.LockStatus)" -eq 'Locked') { return 'locked' }
    $volume = Get-Volume -DriveLetter $Letter -ErrorAction SilentlyContinue
    if (-not $volume -or -not $volume.FileSystem) {
        # Unformatted and not encrypted: a partition that was just made. Anything else that cannot be read counts as data.
        if ($encrypted -and "$($encrypted.VolumeStatus)" -eq 'FullyDecrypted') { return 'nothing' }
        return 'data'
    }
    $system = 'System Volume Information', '$RECYCLE.BIN'
    $items = @(Get-ChildItem -LiteralPath "${Letter}:\" -Force | Where-Object { $_.Name -notin $system })
    if ($items.Count -gt 0) { return 'data' }
    'nothing'
}

function Get-SeedDiskRefusal {
    <#
    .SYNOPSIS
        Why a disk may not be used, whatever it holds: one sentence for each reason.
    .PARAMETER Disk
        The disk.
    .PARAMETER Serial
        Its serial in the normal form.
    .PARAMETER Letter
        Letters of its partitions.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Disk, [Parameter(Mandatory = $true)][string]$Serial, [AllowEmptyCollection()][string[]]$Letter)
    $remedy = 'List another drive.'
    if ($Disk.IsSystem -or $Disk.IsBoot -or $Disk.BootFromDisk) { "Drive $Serial in drives is a system or boot disk of this host. $remedy" }
    if ($Disk.IsClustered) { "Drive $Serial in drives belongs to a failover cluster. $remedy" }
    # Source: the tool's requirements; only internal SATA drives are taken by the service.
    if ("$($Disk.BusType)" -notin 'SATA', 'ATA', 'RAID') { "Drive $Serial in drives is attached by $($Disk.BusType), and the service takes SATA drives only. $remedy" }
    if ("$($Disk.OfflineReason)" -in 'Collision', 'Redundant Path', 'Snapshot') { "Drive $Serial in drives is offline because of a $("$($Disk.OfflineReason)".ToLowerInvariant()). Resolve it first." }
    $physical = Get-PhysicalDisk -UniqueId $Disk.UniqueId -ErrorAction SilentlyContinue
    if ($physical -and "$($physical.CannotPoolReason)" -match 'In a Pool') { "Drive $Serial in drives is a member of a storage pool. $remedy" }
    $paged = @(Get-CimInstance -ClassName Win32_PageFileUsage -ErrorAction SilentlyContinue | ForEach-Object { "$($_.Name)".Substring(0, 1) })
    if (@($Letter | Where-Object { $_ -in $paged }).Count -gt 0) { "Drive $Serial in drives holds a page file. $remedy" }
}

function Get-SeedDrive {
    <#
    .SYNOPSIS
        What this host shows of one listed drive, with every reason not to use it.
    .PARAMETER Serial
        The serial as the user lists it.
    .PARAMETER Erase
        Whether the user allows to erase what the drive holds.
    .PARAMETER Ours
        Whether a journal of this seed says that the data on the drive is its own.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial, [bool]$Erase, [bool]$Ours)
    $normal = ConvertTo-SeedSerial -Serial $Serial
    $drive = [ordered]@{
        serial = $normal; present = $false; number = $null; letter = ''; size_bytes = 0; bus_type = ''; unique_id = ''; partition_style = ''; holds = 'nothing'; refusals = @()
    }
    $disk = Find-SeedDisk -Serial $normal
    if (-not $disk) {
        if (-not $Ours) { $drive.refusals = @("Drive $normal in drives is not attached to this host. Insert it, or correct the serial.") }
        return [pscustomobject]$drive
    }
    $partitions = @(Get-SeedDataPartition -Number $disk.Number)
    $letters = @($partitions | ForEach-Object { [string]$_.DriveLetter })
    $drive.present = $true
    $drive.number = [int]$disk.Number
    $drive.letter = Get-SeedLetter -Partition $partitions
    $drive.size_bytes = [long]$disk.Size
    $drive.bus_type = "$($disk.BusType)"
    $drive.unique_id = "$($disk.UniqueId)"
    $drive.partition_style = "$($disk.PartitionStyle)"
    $drive.holds = Get-SeedHolding -Partition $partitions -Letter $drive.letter
    $refusals = @(Get-SeedDiskRefusal -Disk $disk -Serial $normal -Letter $letters)
    if ($drive.holds -ne 'nothing' -and -not $Ours -and -not $Erase) {
        $what = 'data'
        if ($drive.holds -eq 'locked') { $what = 'a locked BitLocker volume' }
        $refusals += "Drive $normal in drives holds $what. Set erase: true for this serial if all of it may go, or list an empty drive."
    }
    $drive.refusals = $refusals
    [pscustomobject]$drive
}

function Initialize-SeedDrive {
    <#
    .SYNOPSIS
        Gives a drive one partition with a letter, ready for the tool to format. Returns the letter.
    .DESCRIPTION
        Reads the identity of the drive once more, right before anything is destroyed, and refuses when it is not the drive that was looked at.
    .PARAMETER Drive
        The drive as Get-SeedDrive showed it.
    .PARAMETER Erase
        Whether what it holds may be erased.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Drive, [bool]$Erase)
    $now = Get-SeedDrive -Serial $Drive.serial -Erase $Erase -Ours $false
    if (@($now.refusals).Count -gt 0) { throw $now.refusals[0] }
    if ($now.unique_id -ne $Drive.unique_id -or $now.size_bytes -ne $Drive.size_bytes -or $now.number -ne $Drive.number) {
        throw "Drive $($Drive.serial) in drives changed while it was looked at. Nothing was done; run again when nobody handles the drives."
    }
    $disk = Find-SeedDisk -Serial $Drive.serial
    if ($disk.IsOffline) { Set-Disk -Number $disk.Number -IsOffline $false }
    if ($disk.IsReadOnly) { Set-Disk -Number $disk.Number -IsReadOnly $false }
    if ($now.holds -ne 'nothing') { Clear-Disk -Number $disk.Number -RemoveData -RemoveOEM -Confirm:$false -ErrorAction Stop }
    if ("$((Find-SeedDisk -Serial $Drive.serial).PartitionStyle)" -eq 'RAW') { Initialize-Disk -Number $disk.Number -PartitionStyle GPT -ErrorAction Stop }
    $partitions = @(Get-SeedDataPartition -Number $disk.Number)
    if ($partitions.Count -eq 0) { $partitions = @(New-Partition -DiskNumber $disk.Number -UseMaximumSize -AssignDriveLetter -ErrorAction Stop) }
    $letter = Get-SeedLetter -Partition $partitions
    if (-not $letter) { throw "Drive $($Drive.serial) in drives got no drive letter. Free a letter on this host; the tool cannot use mount points." }
    $letter
}

Export-ModuleMember -Function ConvertTo-SeedSerial, Find-SeedDisk, Get-SeedDataPartition, Get-SeedLetter, Get-SeedHolding, Get-SeedDiskRefusal, Get-SeedDrive, Initialize-SeedDrive
