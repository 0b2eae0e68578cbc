# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._DriveManaged
#AnsibleRequires -PowerShell ..module_utils._Volume
#AnsibleRequires -PowerShell ..module_utils._Managed
#AnsibleRequires -PowerShell ..module_utils._Manifest
#AnsibleRequires -PowerShell ..module_utils._RunScript

# Reading a copied drive again, in the detached task. Private to the collection. Like _RunScript it becomes part of the
# script that the task runs.

function Assert-SeedProtected {
    <#
    .SYNOPSIS
        Fails unless the volume is fully encrypted and its protection is on: with protection off its key lies in the
        clear.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Serial
        The serial of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter, [Parameter(Mandatory = $true)][string]$Serial)
    $encryption = Get-SeedEncryption -Letter $Letter
    if (-not $encryption) { throw "The volume ${Letter}: of drive $Serial is not encrypted." }
    $lack = Get-SeedProtectionLack -Serial $Serial -Encryption $encryption
    if ($lack) { throw $lack }
}

function Add-SeedMismatch {
    <#
    .SYNOPSIS
        Notes what does not match; the first 20 are kept in words.
    .PARAMETER Found
        What was found so far.
    .PARAMETER Text
        What does not match.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found,
        [Parameter(Mandatory = $true)][string]$Text
    )
    $Found['wrong']++
    if ($Found['mismatches'].Count -lt 20) { $Found['mismatches'].Add($Text) }
}

function New-SeedFound {
    <#
    .SYNOPSIS
        What reading a drive again has found so far: nothing, and the two buffers that all of it uses.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state of the run, whose bytes_done is raised.
    .PARAMETER BlockBytes
        Size of a buffer. Both fit the second cache of a core, so that as many drives as there are cores are read at
        once without waiting for memory. A gap is compared with zero bytes in pieces of eight of them.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$BlockBytes = 1MB
    )
    $planned = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,long]'
    foreach ($file in @($Order.files)) { $planned[$file.name] = [long]$file.bytes }
    @{
        order = $Order
        state = $State
        planned = $planned
        seen = New-Object -TypeName 'System.Collections.Generic.HashSet[string]'
        mismatches = New-Object -TypeName 'System.Collections.Generic.List[string]'
        files = New-Object -TypeName 'System.Collections.Generic.List[object]'
        bad = New-Object -TypeName 'System.Collections.Generic.List[long]'
        wrong = 0
        ranges = [long]0
        bytes = [long]0
        passed = [long]0
        blobs = [long]0
        buffers = @(
            (New-Object -TypeName byte[] -ArgumentList $BlockBytes),
            (New-Object -TypeName byte[] -ArgumentList $BlockBytes)
        )
        nothing = New-Object -TypeName byte[] -ArgumentList 0
        piece_bytes = 8 * $BlockBytes
        # Without a free core it would take from the hashing of the drives beside; the system reads ahead anyway.
        ahead = [Environment]::ProcessorCount -gt $Order.together
        zero_hash = ''
        md5 = New-SeedHash -Algorithm MD5
        bound = Get-SeedBound -Order $Order -PartitionGuid $State['partition_guid']
        part = $null
        save_seconds = 5
        saved = [System.Diagnostics.Stopwatch]::StartNew()
    }
}

function Read-SeedPiece {
    <#
    .SYNOPSIS
        The MD5 of the next bytes of a blob's file, upper case.
    .DESCRIPTION
        A file is read once, from its begin to its end, whatever its ranges are. Where a core is free, the next block is
        read while this one is hashed. One loop, because a call of a function for each block would cost a tenth of the
        hashing.
    .PARAMETER Blob
        The blob, open.
    .PARAMETER Count
        How many bytes.
    .PARAMETER Found
        What was found so far, with buffers and md5.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [int]$Count,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $md5 = $Found['md5']
    $buffers = $Found['buffers']
    $size = $buffers[0].Length
    $ahead = $Found['ahead']
    $stream = $Blob['stream']
    $now = $Blob['block']
    $used = $Blob['used']
    $have = $Blob['have']
    $left = $Count
    while ($left -gt 0) {
        if ($ahead -and -not $Blob['task'] -and $Blob['read'] -lt $Blob['length']) {
            # .NET Framework moves on by what was asked for, however little the system gives.
            $stream.Position = $Blob['read']
            $Blob['task'] = $stream.ReadAsync($buffers[1 - $now], 0, $size)
        }
        if ($used -eq $have) {
            $now = 1 - $now
            $used = 0
            if (-not $ahead) { $have = $stream.Read($buffers[$now], 0, $size) }
            elseif ($Blob['task']) { $have = $Blob['task'].GetAwaiter().GetResult() }
            else { $have = 0 }
            $Blob['task'] = $null
            if ($have -eq 0) { throw "'$($Blob['file'])' ends at byte $($Blob['read']) while it is read." }
            $Blob['read'] += $have
            continue
        }
        $part = [Math]::Min($left, $have - $used)
        $null = $md5.TransformBlock($buffers[$now], $used, $part, $null, 0)
        $used += $part
        $left -= $part
    }
    $null = $md5.TransformFinalBlock($Found['nothing'], 0, 0)
    $hash = $md5.Hash
    # .NET Framework does not do so by itself.
    $md5.Initialize()
    $Blob['block'] = $now
    $Blob['used'] = $used
    $Blob['have'] = $have
    $Blob['next'] += $Count
    [BitConverter]::ToString($hash).Replace('-', '')
}

function Get-SeedZeroHash {
    <#
    .SYNOPSIS
        The MD5 of so many zero bytes, upper case; that of a whole piece is kept.
    .PARAMETER Count
        How many, a piece at most.
    .PARAMETER Found
        What was found so far, with md5.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([int]$Count, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found)
    $whole = $Count -eq $Found['piece_bytes']
    if ($whole -and $Found['zero_hash']) { return $Found['zero_hash'] }
    $zero = New-Object -TypeName byte[] -ArgumentList $Count
    $hash = [BitConverter]::ToString($Found['md5'].ComputeHash($zero)).Replace('-', '')
    if ($whole) { $Found['zero_hash'] = $hash }
    $hash
}

function Test-SeedGap {
    <#
    .SYNOPSIS
        Whether the next bytes of a blob's file, which no page range covers, are zero, as they will be in the blob.
    .PARAMETER Blob
        The blob, open.
    .PARAMETER End
        Where the gap ends; it begins where the last range ended.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [long]$End,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    while ($Blob['next'] -lt $End) {
        $count = [int][Math]::Min([long]$Found['piece_bytes'], $End - $Blob['next'])
        $hash = Read-SeedPiece -Blob $Blob -Count $count -Found $Found
        if ($hash -cne (Get-SeedZeroHash -Count $count -Found $Found)) { return $false }
        $Blob['good'] = $Blob['next']
        Save-SeedProgress -Blob $Blob -Found $Found
    }
    $true
}

function Test-SeedBlobName {
    <#
    .SYNOPSIS
        Gives a blob the name of its file in the shard. Returns what does not fit the plan, or nothing.
    .PARAMETER Blob
        The blob with path, file and length as the manifest names them.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $path = $Blob['path']
    $start = "$($Found['order'].container)/"
    if (-not $path.StartsWith($start, [StringComparison]::Ordinal)) {
        return "the manifest names the blob '$path' outside the container"
    }
    $name = $path.Substring($start.Length) -replace '/', '\'
    if (-not $Found['planned'].ContainsKey($name)) {
        return "the manifest names the blob '$path', which is not among the drive's files"
    }
    if (-not $Found['seen'].Add($name)) { return "the manifest names the blob '$path' twice" }
    $Blob['name'] = $name
    if (-not $Found['seen'].Add("\" + $Blob['file'].ToUpperInvariant())) {
        return "the manifest uses '$($Blob['file'])' for two blobs"
    }
    if ($Blob['length'] -ne $Found['planned'][$name]) {
        return "the manifest's length of '$path' is not the $($Found['planned'][$name]) bytes that were planned"
    }
}

function Open-SeedBlob {
    <#
    .SYNOPSIS
        Opens the file of a blob and begins to read it. Returns what does not fit, or nothing.
    .PARAMETER Blob
        The blob with path, file and length; gets its stream.
    .PARAMETER Found
        What was found so far.
    .PARAMETER Offset
        Where to begin; an earlier reading has read what is before.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found,
        [long]$Offset
    )
    $full = "$($Found['order'].letter):$($Blob['file'])"
    if (-not (Test-Path -LiteralPath $full -PathType Leaf)) { return "'$full' is missing" }
    $native = Resolve-SeedPath -Path $full
    $options = [System.IO.FileOptions]::SequentialScan
    if ($Found['ahead']) { $options = [System.IO.FileOptions]'Asynchronous, SequentialScan' }
    # A buffer of one byte is none: whole blocks are read.
    $Blob['stream'] = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        $native, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, [System.IO.FileShare]::Read, 1, $options
    )
    if ($Blob['stream'].Length -ne $Blob['length']) {
        return "'$full' has $($Blob['stream'].Length) bytes, not those of the manifest"
    }
    $Blob['written'] = "$([System.IO.File]::GetLastWriteTimeUtc($native).Ticks)"
    $Blob['block'] = 1
    $Blob['have'] = 0
    $Blob['used'] = 0
    $Blob['task'] = $null
    $Blob['next'] = $Offset
    $Blob['read'] = $Offset
    $Blob['stream'].Position = $Offset
}

function Close-SeedBlob {
    <#
    .SYNOPSIS
        Lets go of the file of a blob, whose buffer may still be read into.
    .PARAMETER Blob
        The blob; null for none.
    #>
    [CmdletBinding()]
    param([AllowNull()][System.Collections.IDictionary]$Blob)
    if (-not $Blob -or -not $Blob['stream']) { return }
    try { if ($Blob['task']) { $null = $Blob['task'].GetAwaiter().GetResult() } }
    catch { $Blob['task'] = $null }
    finally { $Blob['stream'].Dispose() }
}

function Enter-SeedBlob {
    <#
    .SYNOPSIS
        Begins a blob: checks its names, and opens its file unless an earlier reading has ended it. Returns what does
        not fit, or nothing.
    .PARAMETER Blob
        The blob with path, file and length.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $Blob['name'] = ''
    $Blob['stream'] = $null
    $Blob['bad'] = $false
    # What is before this offset was read, counted, and found right or wrong by an earlier reading.
    $Blob['skip'] = [long]0
    $part = $Found['part']
    $before = $part -and $Found['blobs'] -lt $part.blobs
    $wrong = Test-SeedBlobName -Blob $Blob -Found $Found
    if ($before) {
        $Blob['bad'] = @($part.bad) -contains $Found['blobs']
        $Blob['skip'] = $Blob['length']
        return
    }
    if ($part -and $Found['blobs'] -eq $part.blobs) { $Blob['skip'] = [long]$part.offset }
    if ($wrong) { return $wrong }
    Open-SeedBlob -Blob $Blob -Found $Found -Offset $Blob['skip']
}

function Exit-SeedBlob {
    <#
    .SYNOPSIS
        Ends a blob: what no range covers at its end must be zero. Returns what does not match, or nothing.
    .PARAMETER Blob
        The blob.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $wrong = ''
    if (-not $Blob['bad'] -and $Blob['stream'] -and
        -not (Test-SeedGap -Blob $Blob -End $Blob['length'] -Found $Found)) {
        $wrong = "'$($Blob['file'])' holds bytes that no page range covers at its end"
        $Blob['bad'] = $true
    }
    Close-SeedBlob -Blob $Blob
    # Those that an earlier reading ended are among the files already.
    if ($Blob['stream'] -or $Blob['bad']) {
        if (-not $Blob['bad']) {
            $Found['files'].Add([ordered]@{
                    name = $Blob['name']
                    bytes = $Blob['length']
                    file = $Blob['file']
                    written = $Blob['written']
                })
            $Found['bytes'] += $Blob['length']
        }
        elseif (-not $Found['bad'].Contains($Found['blobs'])) { $Found['bad'].Add($Found['blobs']) }
    }
    $Found['passed'] += $Blob['length']
    $Found['blobs']++
    $wrong
}

function Test-SeedRange {
    <#
    .SYNOPSIS
        Reads one page range again, and what lies before it. Returns what does not match, or nothing.
    .PARAMETER Blob
        The blob, open.
    .PARAMETER Offset
        The range's offset.
    .PARAMETER Length
        Its length.
    .PARAMETER Hash
        Its MD5.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [long]$Offset,
        [int]$Length,
        [Parameter(Mandatory = $true)][string]$Hash,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    if ($Blob['next'] -lt $Offset -and -not (Test-SeedGap -Blob $Blob -End $Offset -Found $Found)) {
        return "'$($Blob['file'])' holds bytes before byte $Offset that no page range covers"
    }
    if ((Read-SeedPiece -Blob $Blob -Count $Length -Found $Found) -ne $Hash) {
        return "'$($Blob['file'])' differs at byte $Offset"
    }
    $Found['ranges']++
}

function Get-SeedBound {
    <#
    .SYNOPSIS
        What a reading is of, as one hash: attempt, drive, partition, journal, manifest, files and what the tool made of
        its sessions.
    .PARAMETER Order
        The order.
    .PARAMETER PartitionGuid
        The GUID of the partition.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Order, [AllowEmptyString()][string]$PartitionGuid)
    $parts = @(
        $Order.attempt, $Order.serial, $PartitionGuid, $Order.container, $Order.journal_sha256, $Order.manifest_file,
            $Order.manifest_hash
    )
    $parts += @($Order.sessions | ForEach-Object { "$($_.id) $($_.state) $($_.exit_code)" })
    $parts += @($Order.files | ForEach-Object { "$($_.name) $($_.bytes)" })
    $sha256 = New-SeedHash -Algorithm SHA256
    try {
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($parts -join "`n")
        [BitConverter]::ToString($sha256.ComputeHash($bytes)).Replace('-', '')
    }
    finally { $sha256.Dispose() }
}

function Read-SeedPart {
    <#
    .SYNOPSIS
        How far an earlier reading of this very thing came; null when there is none, or any doubt.
    .PARAMETER Order
        The order.
    .PARAMETER Bound
        What this reading is of, as Get-SeedBound says.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][string]$Bound)
    $part = (Read-SeedJson -Path $Order.part_file).value
    if (-not $part) { return $null }
    try {
        if ($part.schema_version -ne 1 -or $part.bound -cne $Bound) { return $null }
        if ([long]$part.blobs -ne @($part.files).Count + @($part.bad).Count) { return $null }
        $files = @($part.files)
        if ($part.current) { $files += $part.current }
        foreach ($one in $files) {
            # A file that was written meanwhile has another time; whatever else it may mean, it is a doubt.
            $native = Resolve-SeedPath -Path "$($Order.letter):$($one.file)"
            $item = New-Object -TypeName System.IO.FileInfo -ArgumentList $native
            if (-not $item.Exists -or $item.Length -ne [long]$one.bytes) { return $null }
            if ("$($item.LastWriteTimeUtc.Ticks)" -cne "$($one.written)") { return $null }
        }
        $offset = [long]$part.offset
        if ($offset -lt 0 -or $offset % 512 -ne 0) { return $null }
        if (-not $part.current -and $offset -ne 0) { return $null }
        if ($part.current -and $offset -gt [long]$part.current.bytes) { return $null }
        $null = [long]$part.ranges + [long]$part.passed + [int]$part.wrong + @($part.mismatches).Count
    }
    catch { return $null }
    $part
}

function Save-SeedPart {
    <#
    .SYNOPSIS
        Writes down how far this reading came. A failure is not an error: the next reading then begins earlier.
    .PARAMETER Blob
        The blob that is being read; null between blobs.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    param(
        [AllowNull()][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    # What an earlier reading has done is not done anew, so until then its own words stay.
    if ($Found['part'] -and $Found['blobs'] -lt $Found['part'].blobs) { return }
    $current = $null
    $offset = [long]0
    if ($Blob -and $Blob['bad']) { return }
    if ($Blob -and -not $Blob['stream'] -and $Blob['skip'] -gt 0) { return }
    if ($Blob -and $Blob['stream']) {
        $offset = $Blob['good']
        $current = [ordered]@{ file = $Blob['file']; bytes = $Blob['length']; written = $Blob['written'] }
    }
    try {
        Write-SeedJson -Path $Found['order'].part_file -Value ([ordered]@{
                schema_version = 1
                bound = $Found['bound']
                at = Get-SeedTime
                blobs = $Found['blobs']
                bad = $Found['bad'].ToArray()
                files = $Found['files'].ToArray()
                current = $current
                offset = $offset
                ranges = $Found['ranges']
                bytes = $Found['bytes']
                passed = $Found['passed']
                wrong = $Found['wrong']
                mismatches = $Found['mismatches'].ToArray()
            })
    }
    catch { return }
}

function Save-SeedProgress {
    <#
    .SYNOPSIS
        Every few seconds: writes down how far this reading came, for people and for a next reading.
    .PARAMETER Blob
        The blob that is being read.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    if ($Found['saved'].ElapsedMilliseconds -lt 1000 * $Found['save_seconds']) { return }
    $Found['state']['bytes_done'] = $Found['passed'] + $Blob['good']
    $null = Save-SeedState -Order $Found['order'] -State $Found['state']
    Save-SeedPart -Blob $Blob -Found $Found
    $Found['saved'].Restart()
}

function Restore-SeedPart {
    <#
    .SYNOPSIS
        Takes over what an earlier reading has found.
    .PARAMETER Part
        How far it came, as Read-SeedPart returns it.
    .PARAMETER Found
        What was found so far: nothing.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Part,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $Found['part'] = $Part
    $Found['ranges'] = [long]$Part.ranges
    $Found['bytes'] = [long]$Part.bytes
    $Found['wrong'] = [int]$Part.wrong
    foreach ($one in @($Part.mismatches)) { $Found['mismatches'].Add("$one") }
    foreach ($one in @($Part.bad)) { $Found['bad'].Add([long]$one) }
    foreach ($one in @($Part.files)) {
        $Found['files'].Add([ordered]@{
                name = "$($one.name)"
                bytes = [long]$one.bytes
                file = "$($one.file)"
                written = "$($one.written)"
            })
    }
}

function Read-SeedManifest {
    <#
    .SYNOPSIS
        Reads every file of a drive again, as its manifest lists them, in constant memory. Returns the manifest with
        drives and drive_id, which was read to its end.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found)
    $order = $Found['order']
    $manifest = Open-SeedManifest -Path "$($order.letter):$($order.manifest_file)"
    $blob = $null
    try {
        do {
            $more = Read-SeedManifestPart -Manifest $manifest
            foreach ($item in $manifest['items']) {
                $wrong = ''
                if ($null -eq $item) {
                    $wrong = Exit-SeedBlob -Blob $blob -Found $Found
                    if ($wrong) { Add-SeedMismatch -Found $Found -Text $wrong }
                    $blob = $null
                    continue
                }
                if ($item -is [System.Collections.IDictionary]) {
                    $blob = $item
                    $wrong = Enter-SeedBlob -Blob $blob -Found $Found
                    $blob['good'] = $blob['skip']
                }
                elseif ($item[0] -lt $blob['skip']) {
                    if ($item[0] + $item[1] -gt $blob['skip']) {
                        # Nothing takes such a record up again.
                        $Found['bound'] = ''
                        throw "The record of an earlier reading ends inside of a page range at byte $($item[0])."
                    }
                }
                elseif (-not $blob['bad']) {
                    $wrong = Test-SeedRange -Blob $blob -Found $Found -Offset $item[0] -Length $item[1] -Hash $item[2]
                    if (-not $wrong) { $blob['good'] = $blob['next'] }
                }
                if ($wrong) {
                    $blob['bad'] = $true
                    Add-SeedMismatch -Found $Found -Text $wrong
                }
                Save-SeedProgress -Blob $blob -Found $Found
            }
        } while ($more)
    }
    catch {
        Save-SeedPart -Blob $blob -Found $Found
        throw
    }
    finally {
        Close-SeedBlob -Blob $blob
        Close-SeedManifest -Manifest $manifest
    }
    $manifest
}

function Invoke-SeedVerifyRun {
    <#
    .SYNOPSIS
        Reads a whole drive again and compares it with its manifest, its journal and its shard; writes verify.json.
    .DESCRIPTION
        A reading that was interrupted goes on at the last page range that it had read, if nothing has changed since.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State
    )
    Assert-SeedTarget -Order $Order -PartitionGuid $State['partition_guid']
    Assert-SeedProtected -Letter $Order.letter -Serial $Order.serial
    $journal = (Get-SeedFileHash -Path $Order.journal -Algorithm SHA256).ToLowerInvariant()
    if ($journal -ne $Order.journal_sha256) {
        throw "The journal of drive $($Order.serial) changed. Look at it before anything else."
    }
    if (Test-SeedManaged -Value $Order) { Remove-SeedOldKey -Order $Order }
    $found = New-SeedFound -Order $Order -State $State
    $resumed = $null
    $md5 = Get-SeedFileHash -Path "$($Order.letter):$($Order.manifest_file)" -Algorithm MD5
    if ($md5 -ne $Order.manifest_hash) {
        Add-SeedMismatch -Found $found -Text 'the manifest does not have the hash that the journal names'
    }
    else {
        $part = Read-SeedPart -Order $Order -Bound $found['bound']
        if ($part) {
            Restore-SeedPart -Part $part -Found $found
            $resumed = [long]$part.passed + [long]$part.offset
            $State['bytes_done'] = $resumed
            # What an earlier reading did is not the speed of this one.
            $State['marks'] = @()
        }
        try {
            $manifest = Read-SeedManifest -Found $found
            if ($manifest['drives'] -ne 1 -or
                -not (Test-SeedDriveId -DriveId $manifest['drive_id'] -Serial $Order.serial)) {
                Add-SeedMismatch -Found $found -Text "the manifest is of the drive '$($manifest['drive_id'])'"
            }
        }
        catch [System.IO.InvalidDataException] {
            $said = $_.Exception.GetBaseException().Message
            Add-SeedMismatch -Found $found -Text "the manifest cannot be read at $said"
        }
        $planned = @($Order.files)
        foreach ($one in $planned) {
            if (-not $found['seen'].Contains($one.name)) {
                Add-SeedMismatch -Found $found -Text "the manifest does not name the file '$($one.name)'"
            }
        }
        if ($found['wrong'] -eq 0 -and $found['files'].Count -ne $planned.Count) {
            Add-SeedMismatch -Found $found -Text 'not every file of the drive was read'
        }
    }
    Assert-SeedProtected -Letter $Order.letter -Serial $Order.serial
    Write-SeedJson -Path $Order.verify_file -Value ([ordered]@{
            schema_version = 1
            finished = $true
            ok = $found['wrong'] -eq 0
            at = Get-SeedTime
            journal_sha256 = $journal
            partition_guid = $State['partition_guid']
            manifest_md5 = $md5
            files = @(foreach ($one in $found['files']) { , [ordered]@{ name = $one['name']; bytes = $one['bytes'] } })
            ranges = $found['ranges']
            bytes = $found['bytes']
            mismatches = $found['mismatches'].ToArray()
            resumed_at = $resumed
            key_replaced = Test-SeedManaged -Value $Order
        })
    $State['bytes_done'] = $found['bytes']
    $State['exit_code'] = [int]($found['wrong'] -gt 0)
    # Only a reading of the same would take it up, and would find the same.
    try { [System.IO.File]::Delete((Resolve-SeedPath -Path $Order.part_file)) }
    catch { return }
}

Export-ModuleMember -Function @(
    'Assert-SeedProtected', 'Add-SeedMismatch', 'New-SeedFound', 'Read-SeedPiece',
    'Get-SeedZeroHash', 'Test-SeedGap', 'Test-SeedBlobName', 'Open-SeedBlob', 'Close-SeedBlob', 'Enter-SeedBlob',
    'Exit-SeedBlob', 'Test-SeedRange', 'Get-SeedBound', 'Read-SeedPart', 'Save-SeedPart', 'Save-SeedProgress',
    'Restore-SeedPart', 'Read-SeedManifest', 'Invoke-SeedVerifyRun'
)
