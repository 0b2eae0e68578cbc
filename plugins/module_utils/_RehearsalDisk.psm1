# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder

# Which disks a rehearsal made on this host. Windows shows no serial of a virtual disk, so these have one by the file
# that the rehearsal keeps; every other disk has the serial of its hardware. Private to the collection.

function Get-SeedRehearsalFolder {
    <#
    .SYNOPSIS
        The folder with everything of a rehearsal: disks.json, virtual disks, files and attempts. One a host.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    "$env:ProgramData\Seedfreight\rehearsal"
}

function Get-SeedRemembered {
    <#
    .SYNOPSIS
        What the rehearsal of this host remembers of its disks: serial, path, unique_id of each. Nothing without one.
    #>
    [CmdletBinding()]
    param()
    $folder = Get-SeedRehearsalFolder
    $file = Read-SeedJson -Path "$folder\disks.json"
    if ($file.state -ne 'ok') { return }
    # Others could have put their own disks into a folder that is not private.
    if (Get-SeedFolderProblem -Path $folder -Root ($folder -replace '\\[^\\]+\z', '')) { return }
    $file.value.disks
}

function Test-SeedDriveId {
    <#
    .SYNOPSIS
        Whether the tool's name of a drive is the serial of this drive. A virtual disk has no serial that the tool could
        read, and how it names one is documented nowhere, so that any name is right for a disk of a rehearsal.
    .PARAMETER DriveId
        The tool's name, from a journal or a manifest.
    .PARAMETER Serial
        The serial of the drive in its normal form.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][AllowEmptyString()][string]$DriveId, [Parameter(Mandatory = $true)][string]$Serial)
    if ((ConvertTo-SeedSerial -Serial $DriveId) -eq $Serial) { return $true }
    @(Get-SeedRemembered | Where-Object { "$($_.serial)" -eq $Serial }).Count -gt 0
}

function Get-SeedRehearsed {
    <#
    .SYNOPSIS
        What a rehearsal of this host remembers of a disk that it made: serial, path, unique_id. Nothing for every other
        disk, and when that cannot be asked.
    .DESCRIPTION
        The unique id of a virtual disk lies in its file, so a copy of the file has it, too; the path is asked as well.
    .PARAMETER Disk
        The disk, as Get-Disk shows it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    # By name or, where the types of the Storage module are not loaded, by number. Source: MSFT_Disk.
    if ("$($Disk.BusType)" -notin 'File Backed Virtual', '15' -or -not "$($Disk.UniqueId)") { return }
    foreach ($one in @(Get-SeedRemembered)) {
        if ("$($one.unique_id)" -ne "$($Disk.UniqueId)") { continue }
        try { $image = Get-DiskImage -ImagePath $one.path -ErrorAction Stop }
        catch { return }
        if ($image.Attached -and "$($image.Number)" -eq "$($Disk.Number)") { return $one }
    }
}

function Get-SeedDiskSerial {
    <#
    .SYNOPSIS
        The serial of a disk: of its hardware, or of a rehearsal. Not in its normal form, and empty when it has none.
    .PARAMETER Disk
        The disk, as Get-Disk shows it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Disk)
    $made = Get-SeedRehearsed -Disk $Disk
    if ($made) { return "$($made.serial)" }
    "$($Disk.SerialNumber)"
}

Export-ModuleMember -Function @(
    'Get-SeedRehearsalFolder', 'Get-SeedRemembered', 'Test-SeedDriveId', 'Get-SeedRehearsed', 'Get-SeedDiskSerial'
)
