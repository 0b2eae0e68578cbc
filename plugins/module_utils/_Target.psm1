# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveFresh
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Volume

# The last look at a drive, and what is done to it right before the tool starts. The detached task does both, so that
# nothing lies between them. Private to the collection.

function Test-SeedSameDisk {
    <#
    .SYNOPSIS
        Whether a disk is the one that was looked at.
    .PARAMETER Disk
        The disk as Windows shows it now; null when it shows none.
    .PARAMETER Seen
        The disk of the facts.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][AllowNull()][object]$Disk, [Parameter(Mandatory = $true)][object]$Seen)
    # A null number would equal 0.
    if (-not $Disk -or $null -eq $Disk.Number) { return $false }
    "$($Disk.UniqueId)" -eq $Seen.unique_id -and [long]$Disk.Size -eq $Seen.size_bytes -and
    [int]$Disk.Number -eq $Seen.number -and
    -not ($Disk.IsSystem -or $Disk.IsBoot -or $Disk.BootFromDisk -or $Disk.IsClustered)
}

function Get-SeedSameDisk {
    <#
    .SYNOPSIS
        The disk that was looked at, read once more; an error when it is another one by now.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Seen
        The disk of the facts.
    .PARAMETER Outcome
        What was done to it until now, as a sentence.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [Parameter(Mandatory = $true)][object]$Seen,
        [string]$Outcome = 'Nothing was erased.'
    )
    $disk = Find-SeedDisk -Serial $Serial
    if (-not (Test-SeedSameDisk -Disk $disk -Seen $Seen)) {
        throw "Drive $Serial in ``drives`` changed while it was looked at. $Outcome Run again when nobody handles " +
            "the drives."
    }
    $disk
}

function Open-SeedDrive {
    <#
    .SYNOPSIS
        Brings an offline disk online, read-only, so that what it holds can be judged. Returns whether it was read-only.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Seen
        The disk of the facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial, [Parameter(Mandatory = $true)][object]$Seen)
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen
    # Somebody who brought it online may use it by now, and what it holds was never judged.
    if (-not $disk.IsOffline) {
        throw "Drive $Serial in ``drives`` changed while it was looked at: its disk was offline. Nothing was erased. " +
            'Run again when nobody handles the drives.'
    }
    $before = [bool]$disk.IsReadOnly
    Set-Disk -InputObject $disk -IsReadOnly $true -ErrorAction Stop
    Set-Disk -InputObject $disk -IsOffline $false -ErrorAction Stop
    $before
}

function Close-SeedDrive {
    <#
    .SYNOPSIS
        Takes a disk offline again that was only brought online to be judged, and leaves it as it was.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Seen
        The disk of the facts.
    .PARAMETER ReadOnly
        Whether it was read-only.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [Parameter(Mandatory = $true)][object]$Seen,
        [bool]$ReadOnly
    )
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen
    Set-Disk -InputObject $disk -IsOffline $true -ErrorAction Stop
    Set-Disk -InputObject $disk -IsReadOnly $ReadOnly -ErrorAction Stop
}

function Confirm-SeedDrive {
    <#
    .SYNOPSIS
        Judges a drive once more right before it is erased, after bringing an offline disk online read-only. Returns the
        content, whose it is, the disk as it is now, and the facts with them.
    .PARAMETER Facts
        The facts of the drive as it was judged before.
    .PARAMETER Option
        The options of the drive, as Get-SeedDriveStatus takes them.
    .PARAMETER ProtectedPath
        Paths whose disks are never used.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Facts,
        [Parameter(Mandatory = $true)][object]$Option,
        [AllowEmptyCollection()][string[]]$ProtectedPath = @()
    )
    $seen = $Facts.disk
    $wanted = $Option.PSObject.Copy()
    $before = "$($Facts.content.fingerprint)"
    if ($seen.offline) {
        $readOnly = Open-SeedDrive -Serial $Facts.serial -Seen $seen
        # The word that let the offline disk be erased holds for what it turns out to hold, unless that is a seed's.
        $wanted.erase = $wanted.erase -or $before -in @($wanted.erase_fingerprints)
    }
    $guids = @($Facts.older | ForEach-Object { $_.partition_guid })
    if ($Facts.attempt -and $Facts.attempt.identity) { $guids += "$($Facts.attempt.identity.partition_guid)" }
    $now = Get-SeedDiskFact -Serial $Facts.serial -ProtectedPath $ProtectedPath -OwnGuid $guids
    $changedFacts = $Facts.PSObject.Copy()
    foreach ($name in 'problems', 'disk', 'content') { $changedFacts.$name = $now.$name }
    $status = Get-SeedFreshVerdict -Facts $changedFacts -Option $wanted
    $changed = $false
    if ($now.disk -and $now.content) {
        $changed = $now.disk.unique_id -ne $seen.unique_id -or $now.disk.number -ne $seen.number -or
        (-not $seen.offline -and "$($now.content.fingerprint)" -ne $before)
    }
    if ('prepare' -in $status.allowed -and -not $changed) {
        $whose = Get-SeedContentKind -Facts $changedFacts
        return [pscustomobject]@{ content = $now.content; whose = $whose; disk = $now.disk; facts = $changedFacts }
    }
    if ($seen.offline) { Close-SeedDrive -Serial $Facts.serial -Seen $seen -ReadOnly $readOnly }
    if ($changed) {
        throw "What drive $($Facts.serial) holds changed while it was looked at. Nothing was erased; run again."
    }
    throw "$($status.reason) Nothing was erased."
}

function Assert-SeedFreeLetter {
    <#
    .SYNOPSIS
        Refuses when no drive letter is free for a new partition.
    .PARAMETER Disk
        The disk; its own letters become free.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    $used = @(Get-PSDrive -PSProvider FileSystem -ErrorAction Stop | ForEach-Object { $_.Name })
    $used += @(Invoke-SeedQuery -Name Get-Partition | ForEach-Object { Get-SeedLetter -Partition $_ })
    $own = @(Invoke-SeedQuery -Name Get-Partition -Parameter @{ Disk = $Disk } |
        ForEach-Object { Get-SeedLetter -Partition $_ })
    # Windows gives no letter before C by itself.
    $free = @([char[]]'CDEFGHIJKLMNOPQRSTUVWXYZ' | ForEach-Object { "$_" } |
        Where-Object { $_ -in $own -or $_ -notin $used })
    if ($free.Count -eq 0) {
        throw 'No drive letter from C to Z is free on this host. Nothing was erased. Free a letter; the tool cannot ' +
            'use mount points.'
    }
}

function Initialize-SeedDrive {
    <#
    .SYNOPSIS
        Gives a drive a new partition table and one partition with a letter. Returns letter, partition_guid and size.
    .DESCRIPTION
        Whatever is on the disk is erased: whoever calls has judged it. Each step acts on the disk object that was
        compared right before, never on a number. The partition that the tool will format is always one that this call
        made.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Seen
        The disk of the facts.
    .PARAMETER WaitSeconds
        How long to wait for the drive letter.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [Parameter(Mandatory = $true)][object]$Seen,
        [int]$WaitSeconds = 30
    )
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen
    Assert-SeedFreeLetter -Disk $disk
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen
    if ($disk.IsReadOnly) {
        Set-Disk -InputObject $disk -IsReadOnly $false -ErrorAction Stop
        $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen
        if ($disk.IsReadOnly) {
            throw "Drive $Serial in ``drives`` stays read-only. Nothing was erased. Remove its write protection, or " +
                "list another drive."
        }
    }
    $outcome = 'It may be partitioned only in part.'
    if ("$($disk.PartitionStyle)" -ne 'RAW') {
        Clear-Disk -InputObject $disk -RemoveData -RemoveOEM -Confirm:$false -ErrorAction Stop
    }
    # Windows may show the table of before until it looks again (DSC_Disk of StorageDsc does the same).
    Update-Disk -InputObject $disk -ErrorAction Stop
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen -Outcome $outcome
    # Always a GUID partition table, whatever was there: an MBR ends at 2 TiB.
    Initialize-Disk -InputObject $disk -PartitionStyle GPT -ErrorAction Stop
    Update-Disk -InputObject $disk -ErrorAction Stop
    $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen -Outcome $outcome
    $made = New-Partition -InputObject $disk -UseMaximumSize -AssignDriveLetter -ErrorAction Stop
    $until = [DateTime]::UtcNow.AddSeconds($WaitSeconds)
    while ($true) {
        # The letter can come a few seconds after the partition.
        $disk = Get-SeedSameDisk -Serial $Serial -Seen $Seen -Outcome $outcome
        $now = @(Get-SeedDataPartition -Disk $disk | Where-Object { "$($_.Guid)" -eq "$($made.Guid)" })
        $letter = ''
        if ($now.Count -eq 1) { $letter = Get-SeedLetter -Partition $now[0] }
        if ($letter) { break }
        if ([DateTime]::UtcNow -gt $until) {
            throw "Drive $Serial in ``drives`` got no drive letter. Free a letter on this host; the tool cannot " +
                "use mount points."
        }
        Start-Sleep -Milliseconds 500
    }
    [pscustomobject][ordered]@{ letter = $letter; partition_guid = "$($made.Guid)"; size_bytes = [long]$now[0].Size }
}

Export-ModuleMember -Function @(
    'Test-SeedSameDisk', 'Get-SeedSameDisk', 'Open-SeedDrive', 'Close-SeedDrive', 'Confirm-SeedDrive',
    'Assert-SeedFreeLetter', 'Initialize-SeedDrive'
)
