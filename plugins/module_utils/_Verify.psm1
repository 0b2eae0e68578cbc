# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._Volume
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

function Read-SeedBlock {
    <#
    .SYNOPSIS
        The MD5 of some bytes of an open file, upper case, and how many there were.
    .PARAMETER Blob
        The blob, with its stream.
    .PARAMETER Offset
        Where to begin.
    .PARAMETER Count
        How many bytes.
    .PARAMETER Found
        What was found so far, with buffer and md5.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [long]$Offset,
        [int]$Count,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $buffer = $Found['buffer']
    $Blob['stream'].Position = $Offset
    $read = 0
    while ($read -lt $Count) {
        $got = $Blob['stream'].Read($buffer, $read, $Count - $read)
        if ($got -eq 0) { throw "'$($Blob['file'])' ends at byte $($Offset + $read) while it is read." }
        $read += $got
    }
    [BitConverter]::ToString($Found['md5'].ComputeHash($buffer, 0, $Count)) -replace '-', ''
}

function Test-SeedGap {
    <#
    .SYNOPSIS
        Whether the bytes between two page ranges are zero, as they will be in the blob.
    .PARAMETER Blob
        The blob, with its stream.
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
    $at = [long]$Blob['next']
    while ($at -lt $End) {
        $count = [int][Math]::Min([long]$Found['buffer'].Length, $End - $at)
        if (-not $Found['zero'].ContainsKey($count)) {
            if ($Found['zero'].Count -gt 64) { $Found['zero'].Clear() }
            $none = New-Object -TypeName byte[] -ArgumentList $count
            $Found['zero'][$count] = [BitConverter]::ToString($Found['md5'].ComputeHash($none)) -replace '-', ''
        }
        if ((Read-SeedBlock -Blob $Blob -Offset $at -Count $count -Found $Found) -ne $Found['zero'][$count]) {
            return $false
        }
        $at += $count
    }
    $true
}

function Open-SeedBlob {
    <#
    .SYNOPSIS
        Opens the file of a blob, after its names and lengths fit. Returns what does not fit, or nothing.
    .PARAMETER Blob
        The blob with path, file and length; gets its stream.
    .PARAMETER Order
        The order.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $Blob['opened'] = $true
    $path = "$($Blob['path'])"
    $start = "$($Order.container)/"
    if (-not $path.StartsWith($start, [StringComparison]::Ordinal)) {
        return "the manifest names the blob '$path' outside the container"
    }
    $name = $path.Substring($start.Length) -replace '/', '\'
    if (-not $Found['planned'].ContainsKey($name)) {
        return "the manifest names the blob '$path', which is not among the drive's files"
    }
    if (-not $Found['seen'].Add($name)) { return "the manifest names the blob '$path' twice" }
    $Blob['name'] = $name
    if (-not (Test-SeedDrivePath -Path "$($Blob['file'])")) {
        return "the manifest's path of '$path' does not lie on the drive"
    }
    if (-not $Found['seen'].Add("\" + $Blob['file'].ToUpperInvariant())) {
        return "the manifest uses '$($Blob['file'])' for two blobs"
    }
    if ("$($Blob['length'])" -notmatch '^[0-9]{1,15}$' -or [long]$Blob['length'] -ne $Found['planned'][$name]) {
        return "the manifest's length of '$path' is not the $($Found['planned'][$name]) bytes that were planned"
    }
    $full = "$($Order.letter):$($Blob['file'])"
    if (-not (Test-Path -LiteralPath $full -PathType Leaf)) { return "'$full' is missing" }
    $Blob['stream'] = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        (Resolve-SeedPath -Path $full), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read,
            [System.IO.FileShare]::Read, 4096
    )
    if ($Blob['stream'].Length -ne [long]$Blob['length']) {
        return "'$full' has $($Blob['stream'].Length) bytes, not those of the manifest"
    }
    if ($Blob['stream'].Length % 512 -ne 0) { return "'$full' has no multiple of 512 bytes" }
}

function Test-SeedRange {
    <#
    .SYNOPSIS
        Reads one page range again. Returns what does not match, or nothing.
    .PARAMETER Blob
        The blob, open.
    .PARAMETER Offset
        The range's offset, as the manifest writes it.
    .PARAMETER Length
        Its length, as the manifest writes it.
    .PARAMETER Hash
        Its MD5, as the manifest writes it.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [AllowEmptyString()][AllowNull()][string]$Offset,
        [AllowEmptyString()][AllowNull()][string]$Length,
        [AllowEmptyString()][AllowNull()][string]$Hash,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $file = $Blob['file']
    $digits = [System.Globalization.NumberStyles]::None
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $from = [long]0
    $count = 0
    if (-not [long]::TryParse($Offset, $digits, $invariant, [ref]$from) -or
        -not [int]::TryParse($Length, $digits, $invariant, [ref]$count)) {
        return "'$file' has a page range that is not one in the manifest"
    }
    # Source: the manifest's article; ranges are multiples of 512 bytes and at most 4 MiB.
    if ($from % 512 -ne 0 -or $count % 512 -ne 0 -or $count -eq 0 -or $count -gt 4MB) {
        return "'$file' has an odd page range at byte $from in the manifest"
    }
    if ($from -lt $Blob['next']) { return "'$file' has overlapping page ranges at byte $from in the manifest" }
    if ($from + $count -gt $Blob['stream'].Length) { return "'$file' has a page range beyond its end in the manifest" }
    if (-not (Test-SeedGap -Blob $Blob -End $from -Found $Found)) {
        return "'$file' holds bytes before byte $from that no page range covers"
    }
    if ((Read-SeedBlock -Blob $Blob -Offset $from -Count $count -Found $Found) -ne "$Hash".Trim()) {
        return "'$file' differs at byte $from"
    }
    $Blob['next'] = $from + $count
    $Found['ranges']++
}

function Close-SeedBlob {
    <#
    .SYNOPSIS
        Ends a blob: what no range covers at its end must be zero. Returns what does not match, or nothing.
    .PARAMETER Blob
        The blob.
    .PARAMETER Order
        The order.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Blob,
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    try {
        if ($Blob['bad']) { return }
        if (-not $Blob['opened']) {
            $wrong = Open-SeedBlob -Blob $Blob -Order $Order -Found $Found
            if ($wrong) { return $wrong }
        }
        if (-not (Test-SeedGap -Blob $Blob -End $Blob['stream'].Length -Found $Found)) {
            return "'$($Blob['file'])' holds bytes after byte $($Blob['next']) that no page range covers"
        }
        $Found['files'].Add([ordered]@{ name = $Blob['name']; bytes = $Blob['stream'].Length })
        $Found['bytes'] += $Blob['stream'].Length
    }
    finally {
        if ($Blob['stream']) { $Blob['stream'].Dispose() }
    }
}

function Read-SeedManifest {
    <#
    .SYNOPSIS
        Reads every file of a drive again, as its manifest lists them, one page range at a time and in constant memory.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, whose bytes_done is raised.
    .PARAMETER Found
        What was found so far.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Found
    )
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $settings.XmlResolver = $null
    $settings.IgnoreWhitespace = $true
    $reader = [System.Xml.XmlReader]::Create((Resolve-SeedPath -Path "$($Order.letter):$($Order.manifest_file)"),
        $settings)
    $blob = $null
    $saved = [DateTime]::UtcNow
    try {
        $more = $reader.Read()
        while ($more) {
            $name = $reader.Name
            if ($reader.NodeType -eq [System.Xml.XmlNodeType]::EndElement -and $name -ceq 'Blob' -and $blob) {
                $wrong = Close-SeedBlob -Blob $blob -Order $Order -Found $Found
                if ($wrong) { Add-SeedMismatch -Found $Found -Text $wrong }
                $blob = $null
            }
            if ($reader.NodeType -ne [System.Xml.XmlNodeType]::Element) {
                $more = $reader.Read()
                continue
            }
            if ($name -ceq 'Drive') { $Found['drives']++ }
            if ($name -ceq 'Blob') {
                if ($blob -and $blob['stream']) { $blob['stream'].Dispose() }
                $blob = @{
                    path = ''
                    file = ''
                    length = ''
                    name = ''
                    stream = $null
                    next = [long]0
                    opened = $false
                    bad = $false
                }
            }
            if ($name -ceq 'DriveId' -and -not $blob) {
                $Found['drive_id'] = $reader.ReadElementContentAsString().Trim()
                continue
            }
            $field = @{ BlobPath = 'path'; FilePath = 'file'; Length = 'length' }[$name]
            if ($blob -and $field) {
                if ($blob['opened'] -and -not $blob['bad']) {
                    Add-SeedMismatch -Found $Found -Text "the manifest names $name of a blob behind its page ranges"
                    $blob['bad'] = $true
                }
                $blob[$field] = $reader.ReadElementContentAsString().Trim()
                continue
            }
            if ($blob -and -not $blob['bad'] -and $name -cin 'PageRange', 'Block', 'BlockList') {
                $wrong = ''
                if ($name -cne 'PageRange') {
                    $wrong = "the manifest has '$($blob['path'])' as a block blob, which the backup agent cannot use"
                }
                elseif (-not $blob['opened']) { $wrong = Open-SeedBlob -Blob $blob -Order $Order -Found $Found }
                if (-not $wrong) {
                    $range = @{
                        Offset = $reader.GetAttribute('Offset')
                        Length = $reader.GetAttribute('Length')
                        Hash = $reader.GetAttribute('Hash')
                    }
                    $wrong = Test-SeedRange -Blob $blob -Found $Found @range
                }
                if ($wrong) {
                    $blob['bad'] = $true
                    Add-SeedMismatch -Found $Found -Text $wrong
                }
                $State['bytes_done'] = $Found['bytes'] + $blob['next']
                if (([DateTime]::UtcNow - $saved).TotalSeconds -ge 5) {
                    $saved = [DateTime]::UtcNow
                    $null = Save-SeedState -Order $Order -State $State
                }
            }
            $more = $reader.Read()
        }
    }
    finally {
        if ($blob -and $blob['stream']) { $blob['stream'].Dispose() }
        $reader.Dispose()
    }
}

function Invoke-SeedVerifyRun {
    <#
    .SYNOPSIS
        Reads a whole drive again and compares it with its manifest, its journal and its shard; writes verify.json.
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
    $planned = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,long]'
    foreach ($file in @($Order.files)) { $planned[$file.name] = [long]$file.bytes }
    $found = @{
        planned = $planned
        seen = New-Object -TypeName 'System.Collections.Generic.HashSet[string]'
        mismatches = New-Object -TypeName 'System.Collections.Generic.List[string]'
        files = New-Object -TypeName 'System.Collections.Generic.List[object]'
        wrong = 0
        ranges = 0
        bytes = [long]0
        drives = 0
        drive_id = ''
        zero = @{}
        buffer = New-Object -TypeName byte[] -ArgumentList 4MB
        md5 = New-SeedHash -Algorithm MD5
    }
    $md5 = Get-SeedFileHash -Path "$($Order.letter):$($Order.manifest_file)" -Algorithm MD5
    if ($md5 -ne $Order.manifest_hash) {
        Add-SeedMismatch -Found $found -Text 'the manifest does not have the hash that the journal names'
    }
    else {
        try { Read-SeedManifest -Order $Order -State $State -Found $found }
        catch [System.Xml.XmlException] {
            # PowerShell wraps what a method throws.
            $line = $_.Exception.GetBaseException().LineNumber
            Add-SeedMismatch -Found $found -Text "the manifest is not well-formed at line $line"
        }
        if ($found['drives'] -ne 1 -or (ConvertTo-SeedSerial -Serial $found['drive_id']) -ne $Order.serial) {
            Add-SeedMismatch -Found $found -Text "the manifest is of the drive '$($found['drive_id'])'"
        }
        foreach ($name in $planned.Keys) {
            if (-not $found['seen'].Contains($name)) {
                Add-SeedMismatch -Found $found -Text "the manifest does not name the file '$name'"
            }
        }
        if ($found['wrong'] -eq 0 -and $found['files'].Count -ne $planned.Count) {
            Add-SeedMismatch -Found $found -Text 'the manifest has a blob inside another one, which was not read'
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
            files = $found['files'].ToArray()
            ranges = $found['ranges']
            bytes = $found['bytes']
            mismatches = $found['mismatches'].ToArray()
        })
    $State['bytes_done'] = $found['bytes']
    $State['exit_code'] = [int]($found['wrong'] -gt 0)
}

Export-ModuleMember -Function @(
    'Assert-SeedProtected', 'Add-SeedMismatch', 'Read-SeedBlock', 'Test-SeedGap', 'Open-SeedBlob', 'Test-SeedRange',
    'Close-SeedBlob', 'Read-SeedManifest', 'Invoke-SeedVerifyRun'
)
