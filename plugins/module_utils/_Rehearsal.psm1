# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Clean
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk
#AnsibleRequires -PowerShell ..module_utils._Run

# Virtual disks and files for a rehearsal on a real host, and removing them. Private to the collection.

# Two drives of 160 MiB, and files that one of them has no room for.
$script:Rehearsal = @{
    serials = @('REHEARSAL-1', 'REHEARSAL-2')
    disk_mib = 160
    files = @('rehearsal-1.AIBBlob', 'rehearsal-2.AIBBlob', 'rehearsal-3.BaseBlob')
    file_bytes = 36MB
}

function Get-SeedRehearsalOption {
    <#
    .SYNOPSIS
        The options of sata_prep_import for everything that a rehearsal may have begun on this host.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    @{
        seed = 'rehearsal'
        container = 'rehearsal'
        work_directory = "$(Get-SeedRehearsalFolder)\work"
        tool_path = 'C:\WAImportExportV1\WAImportExport.exe'
        drives = @($script:Rehearsal.serials | ForEach-Object { @{ serial = $_; bus = 'VIRTUAL'; erase = $false } })
    }
}

function Invoke-SeedDiskPart {
    <#
    .SYNOPSIS
        Runs a script of diskpart.exe, which every Windows has. Fails with its last lines.
    .PARAMETER Line
        The lines of the script.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string[]]$Line)
    $file = "$(Get-SeedRehearsalFolder)\diskpart.txt"
    [System.IO.File]::WriteAllText((Resolve-SeedPath -Path $file), ($Line -join "`r`n") + "`r`n",
        [System.Text.Encoding]::ASCII)
    $said = @(& diskpart.exe /s $file)
    if ($LASTEXITCODE -ne 0) {
        $text = @($said | ForEach-Object { "$_".Trim() } | Where-Object { $_ } | Select-Object -Last 3) -join ' '
        throw "diskpart.exe ended with $LASTEXITCODE. $text"
    }
}

function New-SeedRehearsalDisk {
    <#
    .SYNOPSIS
        Makes and attaches one virtual disk, and returns what is remembered of it: serial, path, unique_id. Fails unless
        it is a disk that was not there before and that Windows says to be backed by that file.
    .PARAMETER Serial
        Its serial in the rehearsal.
    .PARAMETER Volume
        Whether it gets an empty NTFS volume with a letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial, [bool]$Volume)
    $path = "$(Get-SeedRehearsalFolder)\$Serial.vhdx"
    # Source: the commands in this order are in the article on starting Windows from a virtual disk. Of fixed size,
    # because BitLocker refuses to encrypt all of a disk that grows (0x803100A5).
    $lines = @(
        "create vdisk file=`"$path`" maximum=$($script:Rehearsal.disk_mib) type=fixed"
        "select vdisk file=`"$path`""
        'attach vdisk'
    )
    # After attaching, the new disk is the selected one.
    if ($Volume) { $lines += 'convert gpt', 'create partition primary', 'format fs=ntfs quick', 'assign' }
    Invoke-SeedDiskPart -Line $lines
    $image = Get-DiskImage -ImagePath $path -ErrorAction Stop
    if (-not $image.Attached -or $null -eq $image.Number) { throw "Windows does not say which disk '$path' is." }
    $disk = Get-Disk -Number $image.Number -ErrorAction Stop
    if ("$($disk.BusType)" -notin 'File Backed Virtual', '15' -or -not "$($disk.UniqueId)") {
        throw "Windows shows '$path' as disk $($image.Number) on the bus $($disk.BusType), which is no virtual disk."
    }
    @{ serial = $Serial; path = $path; unique_id = "$($disk.UniqueId)" }
}

function New-SeedRehearsalFile {
    <#
    .SYNOPSIS
        Writes one file of random bytes.
    .PARAMETER Path
        Its path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $random = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    $part = New-Object -TypeName byte[] -ArgumentList 1MB
    $stream = [System.IO.File]::Create((Resolve-SeedPath -Path $Path))
    try {
        for ($done = 0; $done -lt $script:Rehearsal.file_bytes; $done += $part.Length) {
            $random.GetBytes($part)
            $stream.Write($part, 0, $part.Length)
        }
    }
    finally {
        $stream.Dispose()
        $random.Dispose()
    }
}

function Assert-SeedNoRehearsal {
    <#
    .SYNOPSIS
        Fails when this host has a rehearsal, or what a killed one left.
    #>
    [CmdletBinding()]
    param()
    $folder = Get-SeedRehearsalFolder
    if (Test-Path -LiteralPath $folder) {
        throw "'$folder' is there: another rehearsal runs, or one was killed. Remove it with ``state: absent``."
    }
}

function New-SeedRehearsal {
    <#
    .SYNOPSIS
        Makes the disks and files of a rehearsal, in a private folder that is not there: disks, files, source_directory
        and work_directory.
    #>
    [CmdletBinding()]
    param()
    Assert-SeedNoRehearsal
    $folder = Get-SeedRehearsalFolder
    New-SeedPrivateFolder -Path $folder -Root ($folder -replace '\\[^\\]+\z', '')
    $source = "$folder\source"
    $null = New-Item -Path $source -ItemType Directory -ErrorAction Stop
    $made = @()
    foreach ($serial in $script:Rehearsal.serials) {
        # The last one gets a volume, for BitLocker before the tool.
        $made += New-SeedRehearsalDisk -Serial $serial -Volume ($serial -eq $script:Rehearsal.serials[-1])
        Write-SeedJson -Path "$folder\disks.json" -Value @{ disks = $made }
    }
    foreach ($name in $script:Rehearsal.files) { New-SeedRehearsalFile -Path "$source\$name" }
    @{
        disks = @(foreach ($one in $made) { $one + @{ bytes = [long]$script:Rehearsal.disk_mib * 1MB } })
        files = @($script:Rehearsal.files | ForEach-Object { @{ name = $_; bytes = $script:Rehearsal.file_bytes } })
        source_directory = $source
        work_directory = (Get-SeedRehearsalOption).work_directory
    }
}

function Remove-SeedRehearsal {
    <#
    .SYNOPSIS
        Ends what runs of a rehearsal, takes its disks away and removes its folder; returns the paths of the disks. Only
        virtual disks in that folder are detached, and nothing outside of it is removed.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([bool]$CheckMode)
    $folder = Get-SeedRehearsalFolder
    $problem = Get-SeedFolderProblem -Path $folder -Root ($folder -replace '\\[^\\]+\z', '')
    if ($problem) { throw $problem }
    $option = Get-SeedRehearsalOption
    if ((Test-Path -LiteralPath $option['work_directory']) -and -not $CheckMode) {
        $null = Invoke-SeedStop -Option $option -CheckMode $false
        foreach ($serial in $script:Rehearsal.serials) { Remove-SeedTask -Serial $serial }
    }
    foreach ($file in @(Get-ChildItem -LiteralPath $folder -Filter '*.vhdx' -File -Force -ErrorAction Stop)) {
        $path = "$folder\$($file.Name)"
        $path
        if ($CheckMode) { continue }
        # A file that was not written to its end is no disk that could be asked. Windows removes none that is attached.
        $image = Get-DiskImage -ImagePath $path -ErrorAction SilentlyContinue
        if ($image -and $image.Attached) { $null = Dismount-DiskImage -ImagePath $path -ErrorAction Stop }
    }
    if (-not $CheckMode) { Remove-SeedTree -Path $folder }
}

Export-ModuleMember -Function @(
    'Get-SeedRehearsalOption', 'Invoke-SeedDiskPart', 'New-SeedRehearsalDisk', 'New-SeedRehearsalFile',
    'Assert-SeedNoRehearsal', 'New-SeedRehearsal', 'Remove-SeedRehearsal'
)
