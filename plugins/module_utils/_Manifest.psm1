# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder

# Reader of the drive manifest, in constant memory and without a look at the files. Private to the collection. Like
# _RunScript it becomes part of the script that the task runs, and _formats/manifest.py is its twin on the controller.
#
# Source: the article "Import/Export service manifest file format" (2014-11-01) for structure and ranges; the limit of
# 8 TiB is that of page blobs. The files of a first backup become page blobs, so a manifest with anything else is odd.

function Open-SeedManifest {
    <#
    .SYNOPSIS
        A manifest that is about to be read, as Read-SeedManifestPart takes it; end it with Close-SeedManifest.
    .PARAMETER Path
        Path of the manifest.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([Parameter(Mandatory = $true)][string]$Path)
    # What each element is to the one around it: 1 holds others, 2 is a text that is wanted, 3 one that is not, 4 is a
    # blob, 5 a page range, 6 the list of ranges, 7 a list of blocks.
    $known = @(
        @{ DriveManifest = 1 }
        @{ Drive = 1 }
        @{ DriveId = 2; BlobList = 1; ClientCreator = 3; StorageAccountKey = 3; ContainerSas = 3 }
        @{ Blob = 4; MetadataPath = 3; PropertiesPath = 3 }
        @{
            BlobPath = 2; FilePath = 2; Length = 2; PageRangeList = 6; BlockList = 7; ImportDisposition = 3
            ClientData = 3; Snapshot = 3; MetadataPath = 3; PropertiesPath = 3
        }
        @{ PageRange = 5 }
        @{}
    )
    $levels = foreach ($one in $known) {
        , (New-Object -TypeName System.Collections.Hashtable -ArgumentList $one, ([StringComparer]::Ordinal))
    }
    $names = New-Object -TypeName 'System.Collections.Generic.HashSet[string]'
    foreach ($one in $known) {
        foreach ($name in $one.Keys) { if ($one[$name] -ne 3) { $null = $names.Add($name) } }
    }
    $blob = '[^\x00-\x1f\x7f-\x9f/\\]+(/(?!\.\.?(/|\z))[^\x00-\x1f\x7f-\x9f/\\]+)+'
    @{
        manifest_path = Resolve-SeedPath -Path $Path
        stream = $null
        reader = $null
        levels = $levels
        names = $names
        is_drive_path = Get-SeedDrivePattern
        is_blob_path = New-Object -TypeName regex -ArgumentList "\A$blob\z"
        is_md5 = New-Object -TypeName regex -ArgumentList '\A[0-9A-Fa-f]{32}\z'
        items = New-Object -TypeName 'System.Collections.Generic.List[object]'
        level = 0
        unknown = 0
        drives = 0
        drive_id = ''
        blobs = [long]0
        path = $null
        file = $null
        length = $null
        listed = $false
        next = [long]0
    }
}

function Close-SeedManifest {
    <#
    .SYNOPSIS
        Lets go of a manifest.
    .PARAMETER Manifest
        The manifest.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Manifest)
    foreach ($one in $Manifest['reader'], $Manifest['stream']) { if ($one) { $one.Dispose() } }
}

function Read-SeedManifestPart {
    <#
    .SYNOPSIS
        Reads on in a manifest. Whether there is more; the manifest's items are what was read.
    .DESCRIPTION
        An item is a hashtable with path, file and length where a blob begins, an array of offset, length and
        MD5 for each page range, and null where the blob ends. Ranges come in order, are made of whole pages, and lie in
        the blob. Fails with System.IO.InvalidDataException, which gives the line, where the manifest is no such thing.

        One call for many items, and one loop, because each call of a function costs as much as ten elements.
    .PARAMETER Manifest
        The manifest.
    .PARAMETER Count
        About how many items to read.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Manifest, [int]$Count = 1024)
    $reader = $Manifest['reader']
    $levels = $Manifest['levels']
    $isBlobPath = $Manifest['is_blob_path']
    $isDrivePath = $Manifest['is_drive_path']
    $isMd5 = $Manifest['is_md5']
    $items = $Manifest['items']
    $level = $Manifest['level']
    $unknown = $Manifest['unknown']
    $known = $levels[$level]
    $path = $Manifest['path']
    $file = $Manifest['file']
    $size = $Manifest['length']
    $listed = $Manifest['listed']
    $next = $Manifest['next']
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $digits = [System.Globalization.NumberStyles]::None
    $element = [System.Xml.XmlNodeType]::Element
    $close = [System.Xml.XmlNodeType]::EndElement
    # The blanks of XML and no other ones: a name may end with a blank that Windows keeps.
    $blank = [char[]](32, 9, 10, 13)
    $from = [long]0
    $length = [long]0
    $odd = ''
    $items.Clear()
    try {
        if (-not $reader) {
            $settings = New-Object -TypeName System.Xml.XmlReaderSettings
            $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
            $settings.XmlResolver = $null
            $settings.IgnoreWhitespace = $true
            $settings.IgnoreComments = $true
            $settings.IgnoreProcessingInstructions = $true
            # Not by its path, which would be taken for a URI, where %41 is another way to write A.
            $Manifest['stream'] = New-Object -TypeName System.IO.FileStream -ArgumentList @(
                $Manifest['manifest_path'], [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read,
                    [System.IO.FileShare]::Read
            )
            $reader = [System.Xml.XmlReader]::Create($Manifest['stream'], $settings)
            $Manifest['reader'] = $reader
            $null = $reader.Read()
        }
        while (-not $reader.EOF -and $items.Count -lt $Count) {
            $type = $reader.NodeType
            if ($type -eq $close) {
                if ($unknown -gt 0) { $unknown-- }
                else {
                    $level--
                    $known = $levels[$level]
                    if ($level -eq 3) {
                        if (-not $listed) {
                            $odd = 'a blob has no PageRangeList'
                            break
                        }
                        $items.Add($null)
                        $Manifest['blobs']++
                    }
                }
                $null = $reader.Read()
                continue
            }
            if ($type -ne $element) {
                $null = $reader.Read()
                continue
            }
            $name = $reader.Name
            if ($reader.Depth -gt 32) {
                $odd = 'elements are nested deeper than 32'
                break
            }
            $kind = $known[$name]
            if ($unknown -gt 0) { $kind = 0 }
            if ($kind -eq 5) {
                if (-not [long]::TryParse($reader.GetAttribute('Offset'), $digits, $invariant, [ref]$from) -or
                    -not [long]::TryParse($reader.GetAttribute('Length'), $digits, $invariant, [ref]$length)) {
                    $odd = 'Offset or Length of a page range is not a number'
                    break
                }
                # One published sample has a blank in front of the hash.
                $md5 = $reader.GetAttribute('Hash')
                if ($md5) { $md5 = $md5.Trim($blank) }
                if ($from % 512 -ne 0 -or $length % 512 -ne 0 -or $length -eq 0 -or $length -gt 4MB) {
                    $odd = "the page range at byte $from is not made of whole pages up to 4 MiB"
                }
                elseif ($from -lt $next) { $odd = "overlapping page ranges at byte $from" }
                elseif ($from -gt $size - $length) { $odd = "the page range at byte $from leaves its blob" }
                elseif (-not $md5 -or -not $isMd5.IsMatch($md5)) { $odd = "the page range at byte $from has no MD5" }
                if ($odd) { break }
                $next = $from + $length
                $items.Add(($from, $length, $md5))
                if (-not $reader.IsEmptyElement) { $unknown++ }
                $null = $reader.Read()
            }
            elseif ($kind -eq 2) {
                # Reads past the end of the element, and fails when it holds another one.
                $text = $reader.ReadElementContentAsString().Trim($blank)
                if ($level -eq 2) {
                    if ($Manifest['drive_id'] -or -not $text) { $odd = 'DriveId is empty or comes twice' }
                    $Manifest['drive_id'] = $text
                }
                elseif ($listed) { $odd = "$name of a blob comes behind its page ranges" }
                elseif ($name -ceq 'BlobPath') {
                    if ($null -ne $path) { $odd = 'BlobPath comes twice in one blob' }
                    elseif ($text.Length -gt 2048 -or -not $isBlobPath.IsMatch($text)) {
                        $odd = 'BlobPath is not container/name'
                    }
                    $path = $text
                }
                elseif ($name -ceq 'FilePath') {
                    if ($null -ne $file) { $odd = 'FilePath comes twice in one blob' }
                    elseif ($text.Length -gt 2048 -or -not $isDrivePath.IsMatch($text)) {
                        $odd = 'FilePath does not lie on the drive'
                    }
                    $file = $text
                }
                else {
                    if ($null -ne $size) { $odd = 'Length comes twice in one blob' }
                    $size = [long]0
                    if (-not [long]::TryParse($text, $digits, $invariant, [ref]$size)) {
                        $odd = 'Length is not a number'
                    }
                    elseif ($size % 512 -ne 0 -or $size -gt 8TB) {
                        $odd = 'Length is not a multiple of 512 up to 8 TiB'
                    }
                }
                if ($odd) { break }
            }
            elseif ($kind -eq 3) { $null = $reader.ReadElementContentAsString() }
            elseif ($kind -eq 4) {
                if (-not $Manifest['drive_id']) { $odd = 'a blob comes before DriveId' }
                elseif ($reader.IsEmptyElement) { $odd = 'a blob is empty' }
                if ($odd) { break }
                $path = $null
                $file = $null
                $size = $null
                $listed = $false
                $next = [long]0
                $level++
                $known = $levels[$level]
                $null = $reader.Read()
            }
            elseif ($kind -eq 6) {
                if ($listed) { $odd = 'PageRangeList comes twice in one blob' }
                elseif ($null -eq $path -or $null -eq $file -or $null -eq $size) {
                    $odd = 'a blob lacks BlobPath, FilePath or Length before its page ranges'
                }
                if ($odd) { break }
                $listed = $true
                $items.Add(@{ path = $path; file = $file; length = $size })
                if (-not $reader.IsEmptyElement) {
                    $level++
                    $known = $levels[$level]
                }
                $null = $reader.Read()
            }
            elseif ($kind -eq 1) {
                if ($level -eq 1) {
                    $Manifest['drives']++
                    if ($Manifest['drives'] -gt 1) {
                        $odd = 'it describes a second drive'
                        break
                    }
                }
                if (-not $reader.IsEmptyElement) {
                    $level++
                    $known = $levels[$level]
                }
                $null = $reader.Read()
            }
            elseif ($kind -eq 7) {
                $odd = 'a block blob, which the backup agent cannot use'
                break
            }
            elseif ($level -eq 0) {
                $odd = 'its root element is not DriveManifest'
                break
            }
            elseif ($Manifest['names'].Contains($name)) {
                $odd = "element $name is in an unexpected place"
                break
            }
            else {
                if (-not $reader.IsEmptyElement) { $unknown++ }
                $null = $reader.Read()
            }
        }
    }
    catch [System.Xml.XmlException] { $odd = 'it is not well-formed or not of its structure' }
    if ($odd) {
        $line = ([System.Xml.IXmlLineInfo]$reader).LineNumber
        throw (New-Object -TypeName System.IO.InvalidDataException -ArgumentList "line ${line}: $odd")
    }
    $Manifest['level'] = $level
    $Manifest['unknown'] = $unknown
    $Manifest['path'] = $path
    $Manifest['file'] = $file
    $Manifest['length'] = $size
    $Manifest['listed'] = $listed
    $Manifest['next'] = $next
    -not $reader.EOF
}

Export-ModuleMember -Function 'Open-SeedManifest', 'Close-SeedManifest', 'Read-SeedManifestPart'
