# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._Volume

# What a disk holds and what protects it. Every question that fails is an error that names its command: only "not found"
# means none. Numbers and letters can pass to another disk between two questions, so partitions are asked by their disk
# and volumes by their partition, and everything that goes by number or letter lies between two equal views of the disk.
# Private to the collection.

function Invoke-SeedQuery {
    <#
    .SYNOPSIS
        The answers of a storage or CIM command; none only when the command says that nothing was found.
    .PARAMETER Name
        The command.
    .PARAMETER Parameter
        Its parameters.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name, [hashtable]$Parameter = @{})
    try { & $Name @Parameter -ErrorAction Stop }
    catch {
        if ("$($_.FullyQualifiedErrorId)" -like 'CmdletizationQuery_NotFound*') { return }
        throw "$Name failed: $($_.Exception.Message)"
    }
}

function Get-SeedDataPartition {
    <#
    .SYNOPSIS
        The partitions of a disk that can hold data: all but the reserved one that Windows makes itself.
    .DESCRIPTION
        Fails when Windows shows another number of partitions than the disk has: then some are hidden and nothing is
        known.
    .PARAMETER Disk
        The disk.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    Assert-SeedDiskKnown -Disk $Disk
    $found = @(Invoke-SeedQuery -Name Get-Partition -Parameter @{ Disk = $Disk })
    if ($found.Count -ne [int]$Disk.NumberOfPartitions) {
        throw "The disk $($Disk.Number) has $($Disk.NumberOfPartitions) partitions, and Get-Partition shows " +
            "$($found.Count)."
    }
    @($found | Where-Object { "$($_.Type)" -ne 'Reserved' })
}

function Assert-SeedDiskKnown {
    <#
    .SYNOPSIS
        Refuses a disk that lacks a number, as those of another node of a cluster do: null would mean disk 0.
    .PARAMETER Disk
        The disk.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    foreach ($name in 'Number', 'Size', 'LogicalSectorSize', 'NumberOfPartitions') {
        if ($null -eq $Disk.$name) {
            throw "Windows shows no $name of the disk with the serial $("$($Disk.SerialNumber)".Trim())."
        }
    }
}

function Get-SeedDiskView {
    <#
    .SYNOPSIS
        A disk as Windows shows it now, as one text: what it is, its partitions and their letters.
    .PARAMETER Disk
        The disk, read just now.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Disk)
    $marks = @(foreach ($name in @(
                'UniqueId', 'Number', 'Size', 'PartitionStyle', 'NumberOfPartitions', 'IsOffline', 'IsReadOnly',
                'IsSystem', 'IsBoot', 'BootFromDisk', 'IsClustered'
            )) { "$name $($Disk.$name)" })
    foreach ($one in @(Invoke-SeedQuery -Name Get-Partition -Parameter @{ Disk = $Disk })) {
        $marks += "$($one.Guid) $($one.Offset) $($one.Size) $($one.Type) $(@(Get-SeedRoot -Partition $one) -join ' ')"
    }
    $marks -join "`n"
}

function Get-SeedRoot {
    <#
    .SYNOPSIS
        Where a partition is reached: its letter, folders that it is mounted in, and the name of its volume.
    .PARAMETER Partition
        The partition.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Partition)
    $roots = @()
    $letter = Get-SeedLetter -Partition $Partition
    if ($letter) { $roots += "${letter}:\" }
    $access = $Partition.PSObject.Properties['AccessPaths']
    if ($access) { $roots += @($access.Value | Where-Object { $_ } | ForEach-Object { "$_".TrimEnd('\') + '\' }) }
    $roots | Sort-Object -Unique
}

function Get-SeedLetter {
    <#
    .SYNOPSIS
        The drive letter of a partition, or an empty text. A missing letter is a NUL character, not null.
    .PARAMETER Partition
        The partition.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Partition)
    if (-not $Partition -or -not $Partition.DriveLetter -or [int][char]$Partition.DriveLetter -eq 0) { return '' }
    [string]$Partition.DriveLetter
}

function Read-SeedDevice {
    <#
    .SYNOPSIS
        Bytes of a device or a file.
    .PARAMETER Path
        Its path, for a disk as Win32_DiskDrive names it.
    .PARAMETER Offset
        Where to begin; a multiple of the sector.
    .PARAMETER Count
        How many bytes; a multiple of the sector.
    #>
    [CmdletBinding()]
    [OutputType([byte[]])]
    param([Parameter(Mandatory = $true)][string]$Path, [long]$Offset, [Parameter(Mandatory = $true)][int]$Count)
    if ($Path.StartsWith('\\.\', [StringComparison]::Ordinal)) {
        # .NET Framework opens no device by its name, so Windows itself is asked.
        if (-not ('Seedfreight.Device' -as [type])) {
            Add-Type -TypeDefinition @'
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Seedfreight
{
    public static class Device
    {
        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        static extern SafeFileHandle CreateFileW(
            string name, uint access, uint share, IntPtr security, uint how, uint flags, IntPtr template);
        [DllImport("kernel32.dll", SetLastError = true)]
        static extern bool SetFilePointerEx(SafeFileHandle handle, long distance, IntPtr newPosition, uint method);
        [DllImport("kernel32.dll", SetLastError = true)]
        static extern bool ReadFile(SafeFileHandle handle, byte[] buffer, int count, out int read, IntPtr overlapped);

        public static byte[] Read(string path, long offset, int count)
        {
            // GENERIC_READ, FILE_SHARE_READ and FILE_SHARE_WRITE, OPEN_EXISTING
            using (SafeFileHandle handle = CreateFileW(path, 0x80000000, 3, IntPtr.Zero, 3, 0, IntPtr.Zero))
            {
                int read;
                byte[] buffer = new byte[count];
                if (handle.IsInvalid) throw new Win32Exception(Marshal.GetLastWin32Error());
                if (!SetFilePointerEx(handle, offset, IntPtr.Zero, 0))
                    throw new Win32Exception(Marshal.GetLastWin32Error());
                if (!ReadFile(handle, buffer, count, out read, IntPtr.Zero))
                    throw new Win32Exception(Marshal.GetLastWin32Error());
                if (read != count) throw new EndOfStreamException();
                return buffer;
            }
        }
    }
}
'@
        }
        return , [Seedfreight.Device]::Read($Path, $Offset, $Count)
    }
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        (Resolve-SeedPath -Path $Path), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read,
            ([System.IO.FileShare]'ReadWrite, Delete')
    )
    try {
        $buffer = New-Object -TypeName byte[] -ArgumentList $Count
        $stream.Position = $Offset
        $done = 0
        while ($done -lt $Count) {
            $got = $stream.Read($buffer, $done, $Count - $done)
            if ($got -eq 0) { throw (New-Object -TypeName System.IO.EndOfStreamException) }
            $done += $got
        }
        , $buffer
    }
    finally { $stream.Dispose() }
}

function Get-SeedHashText {
    <#
    .SYNOPSIS
        The first 12 hexadecimal digits of a SHA-256, lower case.
    .PARAMETER Byte
        The bytes.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Byte)
    $hash = New-SeedHash -Algorithm SHA256
    try { ([BitConverter]::ToString($hash.ComputeHash($Byte)) -replace '-', '').Substring(0, 12).ToLowerInvariant() }
    finally { $hash.Dispose() }
}

function Get-SeedDevice {
    <#
    .SYNOPSIS
        The Win32_DiskDrive of a disk. It is known by number alone, so whoever asks compares the disk again afterwards.
    .PARAMETER Disk
        The disk.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    Assert-SeedDiskKnown -Disk $Disk
    $device = @(Invoke-SeedQuery -Name Get-CimInstance -Parameter @{
            ClassName = 'Win32_DiskDrive'
            Filter = "Index = $([uint32]$Disk.Number)"
        })
    if ($device.Count -ne 1) {
        throw "Win32_DiskDrive shows $($device.Count) disks with the number $($Disk.Number)"
    }
    $device[0]
}

function Get-SeedRawContent {
    <#
    .SYNOPSIS
        Whether the first and the last MiB of a disk are zero: kind (empty, data, unknown), text and hash.
    .DESCRIPTION
        What Windows calls RAW may hold a file system or a volume manager that it does not know; those begin or end with
        a mark. They may also leave an old partition table without partitions as it was.
    .PARAMETER Disk
        The disk.
    .PARAMETER Table
        Whether to leave out what its partition table takes up. Only for a disk that is seen to have no partition.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk, [switch]$Table)
    $part = 1MB
    $content = [pscustomobject]@{ kind = 'unknown'; text = ''; hash = '' }
    try {
        $device = Get-SeedDevice -Disk $Disk
        # Up to the very last sector, where the second copy of a GPT lies.
        $last = [long]$Disk.Size - $part
        $last -= $last % [int]$Disk.LogicalSectorSize
        $both = New-Object -TypeName byte[] -ArgumentList (2 * $part)
        [System.Buffer]::BlockCopy((Read-SeedDevice -Path $device.DeviceID -Offset 0 -Count $part), 0, $both, 0,
            $part)
        [System.Buffer]::BlockCopy((Read-SeedDevice -Path $device.DeviceID -Offset $last -Count $part), 0, $both,
            $part, $part)
    }
    catch {
        $content.text = "its first and last MiB cannot be read: $($_.Exception.Message)"
        return $content
    }
    $content.text = 'no partition table that Windows knows, but bytes that are not zero'
    if ($Table) {
        $content.text = 'no partition, but bytes outside of its partition table that are not zero'
        # An MBR is one sector. Source: the GUID partition table of the UEFI specification, with its 128 entries: two
        # sectors and 16 KiB at the begin of the disk, 16 KiB and one sector at its end.
        $sector = [int]$Disk.LogicalSectorSize
        $begin = $sector
        $end = 0
        if ("$($Disk.PartitionStyle)" -eq 'GPT') {
            $begin = 2 * $sector + 16KB
            $end = 16KB + $sector
        }
        [System.Array]::Clear($both, 0, $begin)
        [System.Array]::Clear($both, $both.Length - $end, $end)
    }
    $content.hash = Get-SeedHashText -Byte $both
    $content.kind = 'data'
    # The SHA-256 of 2 MiB of zeros begins so.
    if ($content.hash -eq '5647f05ec189') {
        $content.kind = 'empty'
        $content.text = 'nothing'
    }
    $content
}

function Get-SeedRootEntry {
    <#
    .SYNOPSIS
        The names at the root of a volume that mean content; also what hides in the folders that Windows makes itself.
    .DESCRIPTION
        A folder that cannot be listed counts as content.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Kept
        Whether the volume stays as it is: then a folder of the system that only the system may list is left out.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Letter, [switch]$Kept)
    # What Windows writes on every volume by itself, and BitLocker on those that it encrypts (FVE: its metadata, by the
    # format's description in libbde); shadow copies and stores of deduplication have other names.
    $own = @{
        'System Volume Information' =
            '^(WPSettings\.dat|IndexerVolumeGuid|tracking\.log|FVE2?\.\{[0-9A-Fa-f-]{36}\}(\.[1-3])?)\z'
        '$RECYCLE.BIN' = '^desktop\.ini\z'
    }
    foreach ($item in @(Get-ChildItem -LiteralPath "${Letter}:\" -Force -ErrorAction Stop)) {
        if (-not $own.ContainsKey($item.Name)) {
            $item.Name
            continue
        }
        try { $inside = @(Get-ChildItem -LiteralPath $item.FullName -Recurse -File -Force -ErrorAction Stop) }
        catch {
            if (-not $Kept -or $item.Name -ne 'System Volume Information') { "$($item.Name) (cannot be listed)" }
            continue
        }
        if (@($inside | Where-Object { $_.Name -notmatch $own[$item.Name] }).Count -gt 0) { $item.Name }
    }
}

function New-SeedContent {
    <#
    .SYNOPSIS
        The content of the facts, with nothing known but its kind and text.
    .PARAMETER Kind
        empty, data, locked or unknown.
    .PARAMETER Text
        What it is, as words that follow "holds".
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Kind, [Parameter(Mandatory = $true)][string]$Text)
    [pscustomobject][ordered]@{
        kind = $Kind
        text = $Text
        fingerprint = ''
        manifest = $false
        manifest_md5 = $null
        encryption = $null
        bare = $false
        names = @()
        passwords = 0
        closed = $false
    }
}

function Test-SeedClosed {
    <#
    .SYNOPSIS
        Whether a partition may hold what nobody has looked at: a locked BitLocker volume, the drive of an import, or a
        volume without a letter.
    .PARAMETER Partition
        The partition.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Partition)
    $letter = Get-SeedLetter -Partition $Partition
    # Those of firmware and repair, a frame, and types that Windows has no volumes of: the tool writes to none of them.
    if (-not $letter) { return "$($Partition.Type)" -notin 'System', 'Recovery', 'Extended', 'Unknown' }
    $encryption = Get-SeedEncryption -Letter $letter
    if ($encryption -and $encryption.lock_status -eq 'Locked') { return $true }
    $volume = @(Invoke-SeedQuery -Name Get-Volume -Parameter @{ Partition = $Partition })
    $known = $volume.Count -eq 1 -and "$($volume[0].FileSystem)"
    $known -and 'DriveManifest.xml' -in @(Get-SeedRootEntry -Letter $letter)
}

function Get-SeedVolumeContent {
    <#
    .SYNOPSIS
        What the one lettered volume of a disk holds.
    .PARAMETER Partition
        Its partition.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Own
        Whether the partition was made by an attempt of this seed, so that an unformatted one is empty.
    .PARAMETER ManifestFile
        The manifest whose MD5 is wanted; empty for none.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Partition,
        [Parameter(Mandatory = $true)][string]$Letter,
        [bool]$Own,
        [string]$ManifestFile
    )
    # One call for both, because a second one could reach another volume.
    try { $protected = Find-SeedBitLockerVolume -Letter $Letter }
    catch { throw "Get-BitLockerVolume failed for ${Letter}: $($_.Exception.Message)" }
    $encryption = ConvertTo-SeedEncryption -Volume $protected
    if ($encryption -and $encryption.lock_status -eq 'Locked') {
        $content = New-SeedContent -Kind locked -Text 'a locked BitLocker volume, which nobody can look into'
        $content.encryption = $encryption
        return $content
    }
    $volume = @(Invoke-SeedQuery -Name Get-Volume -Parameter @{ Partition = $Partition })
    if ($volume.Count -ne 1 -or -not "$($volume[0].FileSystem)") {
        $plain = $null -eq $encryption -or $encryption.volume_status -eq 'FullyDecrypted'
        if ($Own -and $plain) { return New-SeedContent -Kind empty -Text 'a partition that is not formatted yet' }
        return New-SeedContent -Kind data -Text 'a partition without a file system that Windows knows'
    }
    # By code point: the accounts of the module and of the task can have languages that sort differently.
    $names = [string[]]@(Get-SeedRootEntry -Letter $Letter)
    [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
    $content = New-SeedContent -Kind data -Text (
        "the $($volume[0].FileSystem) volume ${Letter}: with $($names.Count) entries"
    )
    $content.encryption = $encryption
    if ($names.Count -eq 0 -and ($null -eq $encryption -or $encryption.volume_status -eq 'FullyDecrypted')) {
        $content.kind = 'empty'
    }
    # Nobody formats a bare volume, so that what only the system may list costs no data there.
    $others = @($names | Where-Object { $_ -ne 'System Volume Information (cannot be listed)' })
    $content.bare = $others.Count -eq 0 -and "$($volume[0].FileSystem)" -eq 'NTFS'
    # What lies at the root of somebody else's volume does not matter one by one.
    if ($Own) { $content.names = $others }
    if ($encryption) {
        $content.passwords = @(Get-SeedProtector -Volume $protected |
            Where-Object { $_.type -eq 'RecoveryPassword' }).Count
    }
    $content.manifest = 'DriveManifest.xml' -in $names
    if ($content.manifest) { $content.text += ', among them a drive manifest of an import' }
    # Administrators have no rights to these folders by default, so the module and the task, which runs as the system,
    # may see them differently; the mark of the same content is the same for both.
    $marked = @($names | Where-Object { $_ -notmatch '^(System Volume Information|\$RECYCLE\.BIN)( \(|$)' })
    $content.fingerprint = (@($volume[0].FileSystem, $volume[0].FileSystemLabel) + $marked) -join '|'
    if ($ManifestFile) {
        try { $content.manifest_md5 = Get-SeedFileHash -Path "${Letter}:$ManifestFile" -Algorithm MD5 }
        catch { $content.text = $_.Exception.Message }
    }
    $content
}

function Get-SeedContent {
    <#
    .SYNOPSIS
        What a disk holds, with a fingerprint of it, its letter and the GUID of its partition.
    .DESCRIPTION
        What cannot be judged is data or unknown, never empty. An offline disk shows no volumes: only zero bytes make it
        empty.
    .PARAMETER Disk
        The disk.
    .PARAMETER OwnGuid
        GUIDs of partitions that attempts of this seed made.
    .PARAMETER ManifestFile
        The manifest whose MD5 is wanted; empty for none.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Disk,
        [AllowEmptyCollection()][string[]]$OwnGuid = @(),
        [string]$ManifestFile
    )
    $answer = [pscustomobject]@{ letter = ''; partition_guid = ''; content = $null }
    $style = "$($Disk.PartitionStyle)"
    $marks = @("$($Disk.SerialNumber)".Trim(), $Disk.Size, $style)
    if ($Disk.IsOffline -or $style -notin 'GPT', 'MBR') {
        $raw = Get-SeedRawContent -Disk $Disk
        $answer.content = New-SeedContent -Kind $raw.kind -Text $raw.text
        if ($Disk.IsOffline -and $raw.kind -eq 'data') {
            $answer.content.text = 'something that is not seen while its disk is offline'
        }
        $marks += $raw.hash
    }
    else {
        $partitions = @(Get-SeedDataPartition -Disk $Disk)
        foreach ($one in $partitions) { $marks += "$($one.Guid) $($one.Offset) $($one.Size) $($one.Type)" }
        if ($partitions.Count -eq 0) {
            $raw = Get-SeedRawContent -Disk $Disk -Table
            $answer.content = New-SeedContent -Kind $raw.kind -Text $raw.text
            if ($raw.kind -eq 'empty') { $answer.content.text = 'no partition' }
            $marks += $raw.hash
        }
        elseif ($partitions.Count -gt 1) {
            $answer.content = New-SeedContent -Kind data -Text "$($partitions.Count) partitions"
            $closed = @($partitions | Where-Object { Test-SeedClosed -Partition $_ })
            if ($closed.Count -gt 0) {
                $answer.content.closed = $true
                $answer.content.text += ', among them one that is locked, has no letter or is of an import'
            }
        }
        else {
            $answer.letter = Get-SeedLetter -Partition $partitions[0]
            $answer.partition_guid = "$($partitions[0].Guid)"
            if (-not $answer.letter) {
                $answer.content = New-SeedContent -Kind data -Text 'a partition without a drive letter'
                $answer.content.closed = Test-SeedClosed -Partition $partitions[0]
            }
            else {
                $own = [bool]($answer.partition_guid -and $answer.partition_guid -in $OwnGuid)
                $look = @{
                    Partition = $partitions[0]
                    Letter = $answer.letter
                    Own = $own
                    ManifestFile = $ManifestFile
                }
                $answer.content = Get-SeedVolumeContent @look
                $marks += $answer.content.fingerprint
            }
        }
    }
    $answer.content.fingerprint = Get-SeedHashText -Byte ([System.Text.Encoding]::UTF8.GetBytes($marks -join "`n"))
    $answer
}

function Resolve-SeedOwnPath {
    <#
    .SYNOPSIS
        The local paths that a path means on this host: itself with backslashes, what a share or a mapped letter of this
        host stands for, and where links on the way lead. Nothing for a path of another host.
    .DESCRIPTION
        Fails when a part of the path can be neither read nor said to be absent: a link there may lead to any disk.
    .PARAMETER Path
        The path.
    .PARAMETER Depth
        How many links led here.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [int]$Depth = 0)
    if ($Depth -gt 8) { throw "More than 8 links lead to '$Path'." }
    $plain = $Path.Replace('/', '\') -replace '^\\\?\?\\', '\\?\'
    $plain = $plain -replace '^\\\\[?.]\\UNC\\', '\\' -replace '^\\\\[?.]\\(?=[A-Za-z]:)', ''
    $plain = $plain -replace '^([A-Za-z]):(?!\\)', '$1:\'
    # Windows PowerShell shows the target of a volume that is mounted in a folder without its prefix.
    $plain = $plain -replace '^(\\\\[?.]\\)?(?=Volume\{)', '\\?\'
    if ($plain -match '^\\\\([^\\?.]+)(\.[^\\]*)?\\([^\\]+)(.*)$') {
        $server = "$($Matches[1])$($Matches[2])"
        $share = $Matches[3]
        $rest = $Matches[4]
        $mine = $Matches[1] -eq "$env:COMPUTERNAME" -or $server -eq 'localhost'
        if (-not $mine -and -not (Test-SeedOwnAddress -Server $server)) { return }
        if ($share -match '^[A-Za-z]\$$') { $plain = $share.Substring(0, 1) + ":$rest" }
        else {
            $found = @(Invoke-SeedQuery -Name Get-CimInstance -Parameter @{ ClassName = 'Win32_Share' } |
                Where-Object { "$($_.Name)" -eq $share })
            if ($found.Count -ne 1 -or -not "$($found[0].Path)") { return }
            $plain = "$($found[0].Path)".TrimEnd('\') + $rest
        }
        $plain = $plain -replace '^([A-Za-z]):$', '$1:\'
    }
    if ($plain -notmatch '^[A-Za-z]:\\') { return $plain }
    $parts = @()
    foreach ($one in @($plain.Substring(3).Split([char[]]'\') | Where-Object { $_ -and $_ -ne '.' })) {
        if ($one -ne '..') { $parts += $one }
        elseif ($parts.Count -gt 0) { $parts = @($parts | Select-Object -First ($parts.Count - 1)) }
    }
    $root = $plain.Substring(0, 2)
    ($root + '\' + ($parts -join '\'))
    $mapped = Get-PSDrive -Name $root.Substring(0, 1) -ErrorAction SilentlyContinue
    if ($mapped -and "$($mapped.DisplayRoot)".StartsWith('\\', [StringComparison]::Ordinal)) {
        Resolve-SeedOwnPath -Path ("$($mapped.DisplayRoot)".TrimEnd('\') + '\' + ($parts -join '\')) -Depth ($Depth + 1)
        return
    }
    $now = $root
    for ($at = 0; $at -lt $parts.Count; $at++) {
        $above = $now
        $now += "\$($parts[$at])"
        try { $item = Get-Item -LiteralPath $now -Force -ErrorAction Stop }
        catch {
            if ("$($_.CategoryInfo.Category)" -eq 'ObjectNotFound') { return }
            throw "Get-Item failed for '$now': $($_.Exception.Message)"
        }
        if ("$($item.LinkType)" -notin 'Junction', 'SymbolicLink') { continue }
        $target = "$($item.Target | Select-Object -First 1)"
        if (-not $target) { throw "Where the link '$now' leads cannot be read." }
        # Windows PowerShell shows the target of a symbolic link as it was written, so it may begin anywhere.
        if ($target -match '^\\(?![\\?])') { $target = $root + $target }
        elseif ($target -notmatch '^([A-Za-z]:|\\|Volume\{)') { $target = "$above\$target" }
        $rest = @($parts | Select-Object -Skip ($at + 1)) -join '\'
        Resolve-SeedOwnPath -Path "$($target.TrimEnd('\'))\$rest" -Depth ($Depth + 1)
        return
    }
}

function Test-SeedOwnAddress {
    <#
    .SYNOPSIS
        Whether the name or address of a server leads to this host, as an alias in the DNS does.
    .DESCRIPTION
        A name that nothing resolves leads nowhere, and no share is reached by it.
    .PARAMETER Server
        The server of a share.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Server)
    # An IPv6 address in a share's name, as [MS-DTYP] 2.2.57 writes it.
    $name = $Server
    if ($name -match '^(.+)\.ipv6-literal\.net$') { $name = $Matches[1].Replace('-', ':').Replace('s', '%') }
    try { $found = @([System.Net.Dns]::GetHostAddresses($name)) }
    catch { return $false }
    $own = @([System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() |
        ForEach-Object { $_.GetIPProperties().UnicastAddresses } | ForEach-Object { "$($_.Address)" })
    @($found | Where-Object { [System.Net.IPAddress]::IsLoopback($_) -or "$_" -in $own }).Count -gt 0
}

function Test-SeedBelow {
    <#
    .SYNOPSIS
        Whether one of some local paths lies below one of the roots.
    .DESCRIPTION
        A path through a folder that another disk is mounted in needs both disks.
    .PARAMETER Path
        The paths, as Resolve-SeedOwnPath shows them.
    .PARAMETER Root
        Where a disk is reached, each with a backslash at its end.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowEmptyCollection()][string[]]$Path = @(), [AllowEmptyCollection()][string[]]$Root = @())
    foreach ($one in $Path) {
        $full = $one.TrimEnd('\') + '\'
        if (@($Root | Where-Object { $full.StartsWith($_, [StringComparison]::OrdinalIgnoreCase) }).Count -gt 0) {
            return $true
        }
    }
    $false
}

function Assert-SeedPathKnown {
    <#
    .SYNOPSIS
        Refuses local paths below a letter that exists and that no partition of this host has: the letter of a folder or
        of an encrypted container may stand for any disk. So may a path that begins with neither a letter nor a volume.
    .PARAMETER Path
        The paths, as Resolve-SeedOwnPath shows them.
    .PARAMETER Partition
        All partitions of this host.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][string[]]$Path = @(), [AllowEmptyCollection()][object[]]$Partition = @())
    foreach ($one in $Path) {
        if ($one -match '^([A-Za-z]:\\|\\\\\?\\Volume\{)') { continue }
        throw "On which disk '$one' lies is not known, because it is no full path. Write it with its drive letter, " +
            'such as E:\Data.'
    }
    # Volumes of dynamic disks have letters that no partition shows; each of those disks is refused by itself.
    if (Get-SeedManagerGuard -Partition $Partition) { return }
    $letters = @($Partition | ForEach-Object { Get-SeedLetter -Partition $_ } | Where-Object { $_ })
    foreach ($one in $Path) {
        if ($one -notmatch '^([A-Za-z]):\\' -or $Matches[1] -in $letters) { continue }
        $drive = Get-PSDrive -Name $Matches[1] -ErrorAction SilentlyContinue
        if (-not $drive -or "$($drive.DisplayRoot)".StartsWith('\\', [StringComparison]::Ordinal)) { continue }
        throw "On which disk '$one' lies is not known, because no partition of this host has its letter."
    }
}

function Get-SeedSerialGuard {
    <#
    .SYNOPSIS
        Why a serial is not the drive's own, as the end of a sentence that begins with the drive; nothing when it is.
    .DESCRIPTION
        The tool reads the serial by a way of its own, and the data center looks for what the tool wrote. Where two
        questions of Windows differ an adapter or a controller stands in between, and the tool may see either.
    .PARAMETER Disk
        The disk.
    .PARAMETER Physical
        Its physical disk.
    .PARAMETER Device
        Its Win32_DiskDrive.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Disk,
        [Parameter(Mandatory = $true)][object]$Physical,
        [Parameter(Mandatory = $true)][object]$Device
    )
    $serial = ConvertTo-SeedSerial -Serial "$($Disk.SerialNumber)"
    # Adapters without a serial of their own show the same text for every drive.
    if ($serial -match '^(.)\1{3,}$' -or $serial -match '^(0+|0?123456789[0-9A-F]*|(DEADBEEF)+)$') {
        "shows the serial $serial, which an adapter makes up and the data center would not find on its label. Attach " +
        'it directly or by another adapter.'
        return
    }
    foreach ($other in @{ name = 'Get-PhysicalDisk'; raw = $Physical.SerialNumber }, @{
            name = 'Win32_DiskDrive'; raw = $Device.SerialNumber
        }) {
        $seen = ConvertTo-SeedSerial -Serial "$($other.raw)"
        if ($seen -eq $serial) { continue }
        if (-not $seen) {
            if ("$($Disk.BusType)" -in 'SATA', 'ATA') { continue }
            "shows its serial to Get-Disk, but none to $($other.name), so what the tool will write is not known. " +
            'Attach it directly or by another adapter.'
            continue
        }
        $how = ''
        # ATA drives send text as words of two bytes; some adapters do not put them in order.
        if ($seen -in (ConvertTo-SeedSwapped -Serial $serial)) { $how = ', with each two letters swapped' }
        "shows the serial $serial to Get-Disk and $seen to $($other.name)$how, so what the tool will write is not " +
        'known. Attach it directly or by another adapter.'
    }
}

function ConvertTo-SeedSwapped {
    <#
    .SYNOPSIS
        A serial with each two letters swapped, counted from its start and from its end.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Serial)
    foreach ($text in $Serial, " $Serial") {
        $even = $text.PadRight($text.Length + $text.Length % 2)
        ConvertTo-SeedSerial -Serial ($even -replace '(.)(.)', '$2$1')
    }
}

function Get-SeedPhysicalDisk {
    <#
    .SYNOPSIS
        The physical disks that may be this disk, the likeliest first; an error when Windows shows none.
    .PARAMETER Disk
        The disk.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Disk)
    $all = @(Invoke-SeedQuery -Name Get-PhysicalDisk)
    $serial = ConvertTo-SeedSerial -Serial "$($Disk.SerialNumber)"
    # Adapters can show one unique id to Get-Disk and another here; then the number is the next best.
    $found = @($all | Where-Object { "$($Disk.UniqueId)" -and "$($_.UniqueId)" -eq "$($Disk.UniqueId)" })
    if ($found.Count -eq 0) { $found = @($all | Where-Object { "$($_.DeviceId)" -eq "$($Disk.Number)" }) }
    $found += @($all | Where-Object { $serial -and (ConvertTo-SeedSerial -Serial "$($_.SerialNumber)") -eq $serial })
    if ($found.Count -eq 0) {
        throw "Get-PhysicalDisk does not show the disk $($Disk.Number), so whether a storage pool has it is not known."
    }
    $found
}

function Get-SeedManagerGuard {
    <#
    .SYNOPSIS
        Which volume manager a disk belongs to, by the types of its partitions; the end of a sentence.
    .PARAMETER Partition
        The partitions of the disk.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyCollection()][object[]]$Partition = @())
    # Source: PARTITION_INFORMATION_GPT for the types of dynamic disks and Storage Spaces; 0x42 is the one of MBR.
    foreach ($one in $Partition) {
        $type = ''
        foreach ($name in 'GptType', 'MbrType') {
            $property = $one.PSObject.Properties[$name]
            if ($property) { $type += " $($property.Value)" }
        }
        if ($type -match '5808c8aa-7e8f-42e0-85d2-e1e90434cfb3|af9b60a0-1431-4f62-bc68-3311714a69ad| 66$') {
            return 'is a dynamic disk, whose volumes may lie on several disks. List another drive.'
        }
        if ($type -match 'e75caf8f-f680-4cee-afa3-b001e56efc2d') {
            return 'is a member of a storage pool. List another drive.'
        }
    }
}

function Set-SeedHostLook {
    <#
    .SYNOPSIS
        Fills in what is the same for all disks of this host, if it is not there yet: the local paths of page files and
        of what is protected. Fails while that is not known.
    .PARAMETER Look
        A hashtable, which gets pages and protected; one for all drives of a call.
    .PARAMETER ProtectedPath
        Paths whose disks are never used.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Look,
        [AllowEmptyCollection()][string[]]$ProtectedPath = @()
    )
    if ($Look.Contains('protected')) { return }
    # The file itself is not looked at, because Windows holds it open; it is never a link.
    $pages = @(Invoke-SeedQuery -Name Get-CimInstance -Parameter @{ ClassName = 'Win32_PageFileUsage' } |
        ForEach-Object { "$($_.Name)" -replace '[^\\]+$', '' } | Where-Object { $_ })
    $all = @(Invoke-SeedQuery -Name Get-Partition)
    $local = @($pages | ForEach-Object { Resolve-SeedOwnPath -Path $_ })
    Assert-SeedPathKnown -Path $local -Partition $all
    $protected = [ordered]@{}
    foreach ($path in @($ProtectedPath | Where-Object { $_ } | Sort-Object -Unique)) {
        $protected[$path] = @(Resolve-SeedOwnPath -Path $path)
        Assert-SeedPathKnown -Path $protected[$path] -Partition $all
    }
    $Look['pages'] = $local
    $Look['protected'] = $protected
}

function Get-SeedGuard {
    <#
    .SYNOPSIS
        Why a disk may not be used, whatever it holds: the ends of sentences that begin with the drive.
    .PARAMETER Disk
        The disk.
    .PARAMETER Look
        What Set-SeedHostLook knows.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Disk,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Look
    )
    $remedy = 'List another drive.'
    if ($Disk.IsSystem -or $Disk.IsBoot -or $Disk.BootFromDisk) { "is a system or boot disk of this host. $remedy" }
    if ([long]$Disk.Size -le 0) { 'has no medium: Windows shows a size of 0 bytes. Insert the medium.' }
    $reason = "$($Disk.OfflineReason)"
    if ($reason -in 'Collision', 'Redundant Path', 'Snapshot') {
        "is offline because of a $($reason.ToLowerInvariant()). Resolve it first."
    }
    $physical = @(Get-SeedPhysicalDisk -Disk $Disk)
    # Text by the Storage module, numbers where its types are not loaded.
    $pool = @($physical | ForEach-Object { @($_.CannotPoolReason) } | Where-Object { $null -ne $_ } |
        ForEach-Object { "$_" })
    $clustered = @($pool | Where-Object { $_ -eq '5' -or $_ -match 'In Use by Cluster' }).Count -gt 0
    if ($Disk.IsClustered -or $clustered) { "belongs to a failover cluster. $remedy" }
    if (@($pool | Where-Object { $_ -eq '2' -or $_ -match 'In a Pool' }).Count -gt 0) {
        "is a member of a storage pool. $remedy"
    }
    # The serial of a rehearsal's disk is nobody's but the rehearsal's.
    if (-not (Get-SeedRehearsed -Disk $Disk)) {
        Get-SeedSerialGuard -Disk $Disk -Physical $physical[0] -Device (Get-SeedDevice -Disk $Disk)
    }
    $partitions = @()
    if (-not $Disk.IsOffline) { $partitions = @(Invoke-SeedQuery -Name Get-Partition -Parameter @{ Disk = $Disk }) }
    Get-SeedManagerGuard -Partition $partitions
    $roots = @($partitions | ForEach-Object { Get-SeedRoot -Partition $_ })
    if (Test-SeedBelow -Path $Look['pages'] -Root $roots) { "holds a page file. $remedy" }
    foreach ($path in $Look['protected'].Keys) {
        if (Test-SeedBelow -Path $Look['protected'][$path] -Root $roots) {
            "holds '$path', which this seed reads or works in. $remedy"
        }
    }
}

function Get-SeedDiskFact {
    <#
    .SYNOPSIS
        The disk part of a drive's facts: problems, candidates, disk and content. Never an error.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER ProtectedPath
        Paths whose disks are never used.
    .PARAMETER OwnGuid
        GUIDs of partitions that attempts of this seed made.
    .PARAMETER ManifestFile
        The manifest whose MD5 is wanted; empty for none.
    .PARAMETER Shallow
        Whether to leave the volume alone, because the tool works on it.
    .PARAMETER Look
        A hashtable for what is the same for all drives of one call, as Set-SeedHostLook fills it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyCollection()][string[]]$ProtectedPath = @(),
        [AllowEmptyCollection()][string[]]$OwnGuid = @(),
        [string]$ManifestFile,
        [switch]$Shallow,
        [System.Collections.IDictionary]$Look = @{}
    )
    $fact = [pscustomobject]@{ problems = @(); candidates = @(); disk = $null; content = $null }
    try {
        $disk = Find-SeedDisk -Serial $Serial
        if (-not $disk) {
            $known = @(Get-Disk -ErrorAction Stop | ForEach-Object { Get-SeedDiskSerial -Disk $_ } |
                Where-Object { $_.Trim() })
            $fact.candidates = @(Get-SeedNearSerial -Serial $Serial -Known $known)
            return $fact
        }
    }
    catch {
        $fact.problems = @("Which disk has the serial $Serial is not known: $($_.Exception.Message)")
        return $fact
    }
    try { Assert-SeedDiskKnown -Disk $disk }
    catch {
        $fact.problems = @("Drive $Serial is not judged: $($_.Exception.Message)")
        return $fact
    }
    $fact.disk = [pscustomobject][ordered]@{
        number = [int]$disk.Number
        letter = ''
        size_bytes = [long]$disk.Size
        sector_bytes = [int]$disk.LogicalSectorSize
        bus_type = "$($disk.BusType)"
        unique_id = "$($disk.UniqueId)"
        partition_style = "$($disk.PartitionStyle)"
        offline = [bool]$disk.IsOffline
        partition_guid = ''
        guards = @()
        rehearsal = [bool](Get-SeedRehearsed -Disk $disk)
    }
    if ($Shallow) { return $fact }
    # What fails part of the way leaves nothing behind: half a look could join two disks.
    try {
        $view = Get-SeedDiskView -Disk $disk
        $seen = Get-SeedContent -Disk $disk -OwnGuid $OwnGuid -ManifestFile $ManifestFile
        Set-SeedHostLook -Look $Look -ProtectedPath $ProtectedPath
        $guards = @(Get-SeedGuard -Disk $disk -Look $Look)
        $again = Find-SeedDisk -Serial $Serial
        if (-not $again -or (Get-SeedDiskView -Disk $again) -ne $view) {
            throw 'It changed while it was looked at. Run again when nobody handles the drives.'
        }
        $fact.content = $seen.content
        $fact.disk.letter = $seen.letter
        $fact.disk.partition_guid = $seen.partition_guid
        $fact.disk.guards = $guards
    }
    catch { $fact.problems = @("Drive $Serial is not judged: $($_.Exception.Message)") }
    $fact
}

function Get-SeedDriveLetter {
    <#
    .SYNOPSIS
        The letter of the one volume of a drive; an error when it is not attached, offline or has none.
    .PARAMETER Serial
        The serial as the user writes it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Serial)
    $normal = ConvertTo-SeedSerial -Serial $Serial
    if (-not $normal) { throw '`serial` is empty. Read it off the label of the drive.' }
    $disk = Find-SeedDisk -Serial $normal
    if (-not $disk) { throw "The drive with the ``serial`` $normal is not attached to this host. Insert it." }
    if ($disk.IsOffline) { throw "The disk of the drive $normal is offline. Bring it online." }
    $letters = @(Get-SeedDataPartition -Disk $disk | ForEach-Object { Get-SeedLetter -Partition $_ } |
        Where-Object { $_ })
    if ($letters.Count -ne 1) {
        throw "The drive $normal has $($letters.Count) drive letters, and one is needed. Use ``mount_point``."
    }
    $letters[0]
}

function Get-SeedLetterSerial {
    <#
    .SYNOPSIS
        The serial of the drive that has a letter; empty for a letter that no disk has, as that of a spanned volume.
    .PARAMETER Letter
        The letter, with or without colon and backslash.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $plain = [char](ConvertTo-SeedMountPoint -Letter $Letter)[0]
    $partition = @(Invoke-SeedQuery -Name Get-Partition -Parameter @{ DriveLetter = $plain })
    if ($partition.Count -eq 0) { return '' }
    $disk = @(Invoke-SeedQuery -Name Get-Disk -Parameter @{ Number = $partition[0].DiskNumber })
    ConvertTo-SeedSerial -Serial "$($disk[0].SerialNumber)"
}

function Get-SeedVolumeRecord {
    <#
    .SYNOPSIS
        Presence, letter and volume of a drive, and whether a key is one of its protectors (null when that cannot be
        told).
    .PARAMETER Serial
        The serial as the user writes it.
    .PARAMETER Key
        RecoveryPassword or ExternalKey; empty for none.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Serial, [hashtable]$Key = @{})
    $record = [ordered]@{
        serial = ConvertTo-SeedSerial -Serial $Serial
        present = $false
        letter = ''
        volume = $null
        key_matches = $null
    }
    if (-not $record['serial']) { throw 'A `serial` is empty. Read it off the label of the drive.' }
    $disk = Find-SeedDisk -Serial $record['serial']
    if (-not $disk) { return [pscustomobject]$record }
    $record['present'] = $true
    if ($disk.IsOffline) { return [pscustomobject]$record }
    $view = Get-SeedDiskView -Disk $disk
    $letters = @(Get-SeedDataPartition -Disk $disk | ForEach-Object { Get-SeedLetter -Partition $_ } |
        Where-Object { $_ })
    if ($letters.Count -ne 1) { return [pscustomobject]$record }
    $record['letter'] = $letters[0]
    if (Get-SeedEncryption -Letter $letters[0]) { $record['volume'] = Get-SeedVolume -Letter $letters[0] }
    $open = $record['volume'] -and $record['volume'].lock_status -eq 'Unlocked'
    if ($open -and $Key.Count -gt 0) { $record['key_matches'] = Test-SeedKey -Letter $letters[0] -Key $Key }
    $again = Find-SeedDisk -Serial $record['serial']
    if (-not $again -or (Get-SeedDiskView -Disk $again) -ne $view) {
        throw "Drive $($record['serial']) changed while it was looked at. Run again when nobody handles the drives."
    }
    [pscustomobject]$record
}

Export-ModuleMember -Function @(
    'Invoke-SeedQuery', 'Get-SeedDataPartition', 'Assert-SeedDiskKnown', 'Get-SeedDiskView', 'Get-SeedRoot',
    'Get-SeedLetter', 'Read-SeedDevice', 'Get-SeedHashText', 'Get-SeedDevice', 'Get-SeedRawContent',
    'Get-SeedRootEntry', 'New-SeedContent', 'Test-SeedClosed', 'Get-SeedVolumeContent', 'Get-SeedContent',
    'Resolve-SeedOwnPath',
    'Test-SeedOwnAddress', 'Test-SeedBelow', 'Assert-SeedPathKnown',
    'Get-SeedSerialGuard', 'ConvertTo-SeedSwapped', 'Get-SeedPhysicalDisk',
    'Get-SeedManagerGuard', 'Set-SeedHostLook', 'Get-SeedGuard', 'Get-SeedDiskFact', 'Get-SeedDriveLetter',
    'Get-SeedLetterSerial', 'Get-SeedVolumeRecord'
)
