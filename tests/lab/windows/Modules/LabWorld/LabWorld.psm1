# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# How the stand-in modules read and write the lab's world; the counterpart of world.py, with the same two rules.

function Get-LabPath {
    <# .SYNOPSIS The path of a file of the world. #>
    [CmdletBinding()]
    param([Parameter(ValueFromRemainingArguments)][string[]]$Part)
    $path = $env:LAB_HOME
    foreach ($one in $Part) { $path = [System.IO.Path]::Combine($path, $one) }
    $path
}

function Read-LabFile {
    <# .SYNOPSIS Reads one JSON file of the world. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path)
    [System.IO.File]::ReadAllText($Path) | ConvertFrom-Json
}

function Write-LabFile {
    <# .SYNOPSIS Replaces one JSON file of the world in one step. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path, [Parameter(Mandatory)][object]$Value)
    $temporary = $Path + '.' + [System.Guid]::NewGuid().ToString('N')
    [System.IO.File]::WriteAllText($temporary, ($Value | ConvertTo-Json -Depth 12))
    [System.IO.File]::Move($temporary, $Path, $true)
}

function Edit-LabFile {
    <# .SYNOPSIS Reads a file, lets the script block change $_, and writes it back, all under the file's lock. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path, [Parameter(Mandatory)][scriptblock]$Change)
    $lock = $Path + '.lock'
    while ($true) {
        $taken = New-Item -Path $lock -ItemType Directory -ErrorAction Ignore
        if ($taken) { break }
        if ([System.IO.Directory]::Exists($lock) -and
            ([DateTime]::UtcNow - [System.IO.Directory]::GetLastWriteTimeUtc($lock)).TotalSeconds -gt 10) {
            Remove-Item -LiteralPath $lock -ErrorAction Ignore
        }
        Start-Sleep -Milliseconds 20
    }
    try {
        $value = Read-LabFile -Path $Path
        $null = ForEach-Object -InputObject $value -Process $Change
        Write-LabFile -Path $Path -Value $value
    }
    finally {
        Remove-Item -LiteralPath $lock -ErrorAction Ignore
    }
}

function Get-LabTime {
    <# .SYNOPSIS The lab's time in UTC. #>
    [CmdletBinding()]
    param()
    $file = Get-LabPath 'clock.json'
    $offset = 0
    if ([System.IO.File]::Exists($file)) { $offset = (Read-LabFile -Path $file).offset_seconds }
    [DateTime]::UtcNow.AddSeconds($offset)
}

function Get-LabDisk {
    <# .SYNOPSIS The disks that are plugged into this host or another one, by number. #>
    [CmdletBinding()]
    param([string]$Computer = $env:LAB_HOST)
    $found = foreach ($folder in [System.IO.Directory]::GetDirectories((Get-LabPath 'disks'))) {
        $file = [System.IO.Path]::Combine($folder, 'disk.json')
        # A lab may have more disks of other hosts than can be parsed at each look.
        if (-not [System.IO.File]::Exists($file) -or
            -not [System.IO.File]::ReadAllText($file).Contains("`"$Computer`"")) { continue }
        $disk = Read-LabFile -Path $file
        if ($disk.attached_to -eq $Computer) {
            foreach ($one in $disk.partitions) {
                $late = $one.PSObject.Properties['late_letter']
                if ($late -and $late.Value -and [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() -ge $one.late_until) {
                    $one.letter = $late.Value
                }
            }
            $disk | Add-Member -NotePropertyName file -NotePropertyValue $file
            $disk
        }
    }
    @($found) | Sort-Object -Property number
}

function Get-LabSerial {
    <# .SYNOPSIS The serial that Windows shows of a disk; a virtual disk has none. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Disk)
    if ($Disk.bus_type -eq 'File Backed Virtual') { return '' }
    $Disk.serial
}

function Edit-LabDisk {
    <# .SYNOPSIS Changes the description of one disk. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Disk, [Parameter(Mandatory)][scriptblock]$Change)
    Edit-LabFile -Path $Disk.file -Change $Change
}

function Test-LabReadable {
    <# .SYNOPSIS Whether the files of a partition can be read: formatted, and not locked. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Partition)
    [bool]($Partition.letter -and $Partition.file_system -and
        -not ($Partition.bitlocker -and $Partition.bitlocker.locked))
}

function Get-LabFolder {
    <# .SYNOPSIS The folder that holds the files of a partition. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Disk, [Parameter(Mandatory)][object]$Partition)
    [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Disk.file), "p$($Partition.number)")
}

function Get-LabDevice {
    <# .SYNOPSIS The file that stands for the bytes of a disk outside its volumes
    a partition table leaves its mark there. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][object]$Disk)
    $path = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Disk.file), 'raw')
    # Several processes of a host look at its disks at once.
    $stream = [System.IO.FileStream]::new($path, 'OpenOrCreate', 'ReadWrite', 'ReadWrite, Delete')
    try {
        $stream.SetLength([long]$Disk.size)
        # The end of the first sector has the signature of an MBR, also of that beside a GUID partition table, whose
        # header begins the second sector.
        $table = [byte[]](0x55, 0xAA) + [System.Text.Encoding]::ASCII.GetBytes('EFI PART')
        $length = @{ RAW = 0; MBR = 2 }["$($Disk.partition_style)"]
        if ($null -eq $length) { $length = $table.Length }
        $now = [byte[]]::new($table.Length)
        $stream.Position = 510
        $null = $stream.Read($now, 0, $now.Length)
        foreach ($part in @{ from = 0; count = 2 }, @{ from = 2; count = 8 }) {
            $range = $part.from..($part.from + $part.count - 1)
            $stream.Position = 510 + $part.from
            if ($part.from -lt $length) { $stream.Write($table, $part.from, $part.count) }
            elseif ("$($table[$range])" -eq "$($now[$range])") {
                $stream.Write([byte[]]::new($part.count), 0, $part.count)
            }
        }
    }
    finally { $stream.Dispose() }
    $path
}

function Invoke-LabFault {
    <#
    .SYNOPSIS
        Whether this call of a cmdlet ends here by order; then its error is written. 'lab fault cmdlet' orders it.
    .DESCRIPTION
        A call by another stand-in does not count.
    .PARAMETER Cmdlet
        $PSCmdlet of the stand-in.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][System.Management.Automation.PSCmdlet]$Cmdlet)
    $name = $Cmdlet.MyInvocation.MyCommand.Name
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'faults.json'
    if (-not [System.IO.File]::Exists($file) -or [System.IO.File]::ReadAllText($file) -notmatch "`"$name`"") {
        return $false
    }
    $caller = $Cmdlet.MyInvocation.PSCommandPath
    if ($caller -and $caller.StartsWith([System.IO.Path]::GetDirectoryName($PSScriptRoot))) { return $false }
    $spent = [System.Collections.Generic.List[object]]::new()
    Edit-LabFile -Path $file -Change {
        $fault = @($_.cmdlets | Where-Object { $_.name -eq $name })[0]
        if ($fault.skip -gt 0) { $fault.skip--; return }
        $fault.times--
        $spent.Add($fault)
        $_.cmdlets = @($_.cmdlets | Where-Object { $_.times -gt 0 })
    }
    if ($spent.Count -eq 0) { return $false }
    $id, $text, $category = $spent[0].error_id, $spent[0].message, 'NotSpecified'
    switch ($spent[0].effect) {
        'empty' { return $true }
        'not-found' {
            # Source: the errors of cmdlets that are made from CIM classes.
            $text = "No $($name -replace '^Get-', 'MSFT_') objects found."
            $id, $category = 'CmdletizationQuery_NotFound', 'ObjectNotFound'
        }
    }
    $cause = [System.InvalidOperationException]::new($text)
    $Cmdlet.WriteError([System.Management.Automation.ErrorRecord]::new($cause, $id, $category, $null))
    $true
}

function Test-LabOpposite {
    <# .SYNOPSIS Whether a choice of the lab is turned to its opposite on this host. 'lab choice' turns it. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$Choice)
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'choices.json'
    if (-not [System.IO.File]::Exists($file)) { return $false }
    $known = (Read-LabFile -Path $file).PSObject.Properties[$Choice]
    [bool]($known -and $known.Value)
}

function New-LabItemNotFound {
    <# .SYNOPSIS The exception of a path that does not exist. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path)
    # The constructor that PowerShell itself uses; only such an exception has the category in a catch block.
    $flags = [System.Reflection.BindingFlags]'NonPublic, Instance'
    $missing = [System.Management.Automation.ItemNotFoundException]
    $make = $missing.GetConstructor($flags, @([string], [string], [string]))
    $make.Invoke(@($Path, 'PathNotFound', "Cannot find path '{0}' because it does not exist."))
}

function Resolve-LabShare {
    <# .SYNOPSIS The folder behind a UNC path for the account of this process, or the error that Windows gives. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path)
    $parts = @($Path.Replace('/', '\').Split('\') | Where-Object { $_ })
    $file, $share = (Get-LabPath 'shares.json'), $null
    if ($parts.Count -gt 1 -and [System.IO.File]::Exists($file)) {
        $share = (Read-LabFile -Path $file).PSObject.Properties["\\$($parts[0])\$($parts[1])".ToLowerInvariant()]
    }
    if (-not $share) {
        # ERROR_BAD_NETPATH for a host that is not there; a share that a host does not have is a path that is missing.
        if ([System.IO.File]::Exists((Get-LabPath 'hosts' "$($parts[0])".ToLowerInvariant() 'host.json'))) {
            return New-LabItemNotFound -Path $Path
        }
        return [System.IO.IOException]::new('The network path was not found.')
    }
    $reader = $env:LAB_USER
    # The system is the account of its computer on the network; a network logon passes no credentials on.
    if ($reader -eq 'NT AUTHORITY\SYSTEM') { $reader = "*\$($env:LAB_HOST)`$" }
    $allowed = @($share.Value.read | Where-Object { $_ -like $reader })
    if ($env:LAB_LOGON -eq 'network' -or -not $allowed) {
        return [System.UnauthorizedAccessException]::new('Access is denied')
    }
    foreach ($disk in Get-LabDisk -Computer $share.Value.host | Where-Object { -not $_.is_offline }) {
        foreach ($partition in $disk.partitions) {
            if ($share.Value.path -like "$($partition.letter):*" -and (Test-LabReadable -Partition $partition)) {
                $below = @($share.Value.path.Substring(2).Split('\')) + $parts[2..($parts.Count)]
                return [System.IO.Path]::Combine([string[]](@(Get-LabFolder -Disk $disk -Partition $partition) +
                        @($below | Where-Object { $_ })))
            }
        }
    }
    [System.IO.IOException]::new('The network path was not found.')
}

function Mount-LabDrive {
    <# .SYNOPSIS Makes the drives of this PowerShell process those of the host. #>
    [CmdletBinding()]
    param()
    $wanted = @{}
    foreach ($disk in Get-LabDisk | Where-Object { -not $_.is_offline }) {
        foreach ($partition in $disk.partitions) {
            if (Test-LabReadable -Partition $partition) {
                $wanted[[string]$partition.letter] = Get-LabFolder -Disk $disk -Partition $partition
            }
        }
    }
    foreach ($drive in Get-PSDrive -PSProvider FileSystem |
        Where-Object { $_.Name -match '^[A-Z]$' -and -not $wanted.ContainsKey($_.Name) }) {
        Remove-PSDrive -Name $drive.Name -Scope Global -Force -ErrorAction Ignore
    }
    foreach ($letter in $wanted.Keys) {
        if (Get-PSDrive -Name $letter -ErrorAction Ignore) { continue }
        $null = [System.IO.Directory]::CreateDirectory($wanted[$letter])
        $null = New-PSDrive -Name $letter -PSProvider FileSystem -Root $wanted[$letter] -Scope Global
    }
}

Export-ModuleMember -Function *-Lab*
Import-Module -Name LabCmdlets -Global
