# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk

# The WAImportExport tool: its version, its command line and its journal. Private to the collection.

function Get-SeedToolOption {
    <#
    .SYNOPSIS
        The options that a version of the tool has, of those that matter here. None for what is no version.
    .PARAMETER Version
        The version.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Version)
    # The options that the collection gives, or whose presence says that a version cannot be used: the first version
    # that has one, and the first one that does not have it any more. Sources: the revisions of the tool's articles from
    # 2013 to 2022. They date changes and name no version between, so a change counts from the first one that is named
    # after it. Not a variable of the module, because the runner has functions only.
    $known = [ordered]@{
        '/AbortSession' = '1.0', '3.0'
        '/bk' = '1.0', '2.0'
        '/BlobType' = '1.0', '2.0'
        '/csas' = '1.0', '1.5.0.300'
        '/DataSet' = '2.0', '3.0'
        '/Disposition' = '1.0', '1.5.0.300'
        '/dstblob' = '1.0', '2.0'
        '/enablecontentmd5' = '1.5.0.300', '2.0'
        '/encrypt' = '1.0', '2.0'
        '/format' = '1.0', '2.0'
        '/id' = '1.0', '3.0'
        '/j' = '1.0', '3.0'
        '/logdir' = '1.0', '3.0'
        '/ResumeSession' = '1.0', '3.0'
        '/silentmode' = '1.0', '3.0'
        '/sk' = '1.0', '1.5.0.300'
        '/skipwrite' = '1.0', '2.0'
        '/srcfile' = '1.0', '2.0'
        '/t' = '1.0', '2.0'
    }
    $number = [version]'0.0'
    if (-not [version]::TryParse($Version, [ref]$number)) { return }
    foreach ($name in $known.Keys) {
        $since, $until = $known[$name]
        if ($number -ge [System.Version]::new($since) -and $number -lt [System.Version]::new($until)) { $name }
    }
}

function Get-SeedTool {
    <#
    .SYNOPSIS
        Where the tool is, its version, its SHA-256 and that of all files that run with it, and what else lies there.
    .DESCRIPTION
        options: those of its version. left_behind: files in the tool's folder that are no part of it. Builds since 2018
        leave a file there that holds the key of a drive (<journal>_DriveInfo_<serial>.xml).
    .PARAMETER Path
        Path of WAImportExport.exe.
    .PARAMETER Version
        Its version, for an executable without a version resource.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [AllowEmptyString()][AllowNull()][string]$Version)
    $Path = $Path.Replace('/', '\')
    $tool = [ordered]@{
        path = $Path
        found = Test-Path -LiteralPath $Path -PathType Leaf
        version = "$Version".Trim()
        sha256 = ''
        files_sha256 = ''
        options = @()
        left_behind = @()
    }
    if ($tool['found']) {
        $tool['sha256'] = (Get-SeedFileHash -Path $Path -Algorithm SHA256).ToLowerInvariant()
        $tool['files_sha256'] = Get-SeedProgramHash -Path $Path
        $own = @(Get-SeedProgramFile -Path $Path | ForEach-Object { $_.Name })
        $around = $Path.Substring(0, $Path.LastIndexOf('\') + 1)
        $tool['left_behind'] = @(Get-ChildItem -LiteralPath $around -File -Force -ErrorAction Stop |
            ForEach-Object { $_.Name } | Where-Object { $_ -notin $own } | Sort-Object)
        if (-not $Version) {
            $resource = [System.Diagnostics.FileVersionInfo]::GetVersionInfo((Resolve-SeedPath -Path $Path))
            $tool['version'] = "$($resource.FileVersion)".Trim()
        }
        $tool['options'] = @(Get-SeedToolOption -Version $tool['version'])
    }
    [pscustomobject]$tool
}

function Test-SeedPlainConfig {
    <#
    .SYNOPSIS
        Whether the configuration of a .NET program only chooses a runtime, versions of libraries and a garbage
        collector. Others can make it load code.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $plain = 'configuration', 'startup', 'supportedRuntime', 'runtime', 'assemblyBinding', 'dependentAssembly',
        'assemblyIdentity', 'bindingRedirect', 'gcServer', 'gcConcurrent'
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $settings.XmlResolver = $null
    try {
        $text = New-Object -TypeName System.IO.StringReader -ArgumentList (Read-SeedText -Path $Path)
        $reader = [System.Xml.XmlReader]::Create($text, $settings)
        while ($reader.Read()) {
            if ($reader.NodeType -ne [System.Xml.XmlNodeType]::Element) { continue }
            if ($reader.LocalName -cnotin $plain) { return $false }
        }
        $true
    }
    catch { $false }
}

function Get-SeedUnsigned {
    <#
    .SYNOPSIS
        The files of the tool that Microsoft did not sign, with the reason; a plain configuration is not among them.
    .PARAMETER Path
        Path of the tool.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    foreach ($file in @(Get-SeedProgramFile -Path $Path)) {
        $full = $Path.Substring(0, $Path.LastIndexOf('\') + 1) + $file.Name
        if ($file.Extension -eq '.config') {
            if (-not (Test-SeedPlainConfig -Path $full)) { "$($file.Name) (configuration)" }
            continue
        }
        try {
            $signature = Get-AuthenticodeSignature -LiteralPath $full -ErrorAction Stop
            # One part of the name a line: a comma in another part cannot look like this one.
            $parts = @()
            if ($signature.SignerCertificate) {
                $parts = $signature.SignerCertificate.SubjectName.Format($true) -split '\r?\n'
            }
            $status = "$($signature.Status)"
            if ($status -ne 'Valid') { "$($file.Name) ($status)" }
            elseif ($parts -cnotcontains 'O=Microsoft Corporation') { "$($file.Name) (signed by another)" }
        }
        catch { "$($file.Name) (its signature cannot be read)" }
    }
}

function Assert-SeedTool {
    <#
    .SYNOPSIS
        Refuses a tool that cannot be used, or that nobody vouches for.
    .DESCRIPTION
        A version that has /sk or /csas demands one of them, and everybody on the host can read a command line. Of a
        version that is not in the table nobody knows what it demands, so a person pins its hash.
        Version 2 takes its data from CSV files and writes no page blobs as the backup agent expects them. What runs
        with the tool runs as the system, so each file is signed by Microsoft or covered by the pinned hash.
    .PARAMETER Tool
        The tool as Get-SeedTool shows it.
    .PARAMETER Sha256
        The hash that it must have: of the executable, or of all of its files; empty if the signatures decide.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Tool, [AllowEmptyString()][AllowNull()][string]$Sha256)
    if (-not $Tool.found) {
        throw "``tool_path`` '$($Tool.path)' is not a file on this host. Unpack version 1 of the tool there, or " +
            "correct the path."
    }
    if (-not $Tool.version) {
        throw "``tool_path`` '$($Tool.path)' has no version resource. Set its version with ``tool_version``."
    }
    $version = [version]'0.0'
    if (-not [version]::TryParse($Tool.version, [ref]$version)) {
        throw "``tool_version`` '$($Tool.version)' is not of the form 1.5.0.300."
    }
    $offered = @(Get-SeedToolOption -Version $Tool.version)
    if ('/srcfile' -notin $offered) {
        throw "``tool_version`` $($Tool.version) is not version 1 of the tool, which seeding needs. Unpack " +
            "WAImportExportV1."
    }
    $credential = @($offered | Where-Object { $_ -in '/sk', '/csas' })
    if ($credential.Count -gt 0) {
        throw "``tool_version`` $($Tool.version) demands a credential of the storage account " +
            "(``$($credential -join '`, `')``) on its command line, where every user of the host can read it. Use " +
            '1.5.0.300.'
    }
    # The last version that a document names. Source: the tool's article on setting it up, 03/2022.
    if (-not $Sha256 -and $version -ne [version]'1.5.0.300') {
        throw "``tool_version`` $($Tool.version) is not known, so its options may be others. Use 1.5.0.300, or set " +
            "``tool_sha256`` to $($Tool.files_sha256) if you vouch for it."
    }
    if ($Sha256 -and $Sha256 -eq $Tool.files_sha256) { return }
    if ($Sha256 -and $Sha256 -ne $Tool.sha256) {
        throw "``tool_path`` '$($Tool.path)' has the SHA-256 $($Tool.sha256), and with its libraries " +
            "$($Tool.files_sha256), not ``tool_sha256``. Replace the files, or correct the hash."
    }
    $name = $Tool.path.Substring($Tool.path.LastIndexOf('\') + 1)
    $unsigned = @(Get-SeedUnsigned -Path $Tool.path | Where-Object {
            -not $Sha256 -or -not $_.StartsWith("$name (", [StringComparison]::OrdinalIgnoreCase)
        })
    if ($unsigned.Count -eq 0) { return }
    throw "``tool_path`` '$($Tool.path)': the system would run $($unsigned -join ', '), not signed by Microsoft. " +
        "Compare the folder with the tool unpacked anew from Microsoft's download. If they are the same, set " +
        "``tool_sha256`` to $($Tool.files_sha256)."
}

function Copy-SeedTool {
    <#
    .SYNOPSIS
        Copies the files that run with the tool into a private folder, checks them there, and returns the path of the
        copy.
    .DESCRIPTION
        The tool runs as the system, so it must not be replaceable between the check and its start. What else lies
        beside it stays where it is, because it may hold the key of another drive. The runner compares the copy with
        tool.json before it starts it.
    .PARAMETER Tool
        The tool as Get-SeedTool shows it.
    .PARAMETER Folder
        The private folder, which exists, is empty and lies in the folder of the attempt.
    .PARAMETER Sha256
        The hash that it must have, as for Assert-SeedTool.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Tool,
        [Parameter(Mandatory = $true)][string]$Folder,
        [AllowEmptyString()][AllowNull()][string]$Sha256
    )
    $name = $Tool.path.Substring($Tool.path.LastIndexOf('\') + 1)
    $files = @(Get-SeedProgramFile -Path $Tool.path)
    $bytes = [long]($files | Measure-Object -Property Length -Sum).Sum
    # The tool and its libraries are some 10 MB; a folder with much more is not the tool's own.
    if ($bytes -gt 256MB) {
        throw "The folder of ``tool_path`` '$($Tool.path)' holds libraries of $bytes bytes, far more than the tool " +
            "has. Unpack the tool into a folder of its own."
    }
    foreach ($file in $files) {
        Copy-Item -LiteralPath $file.FullName -Destination "$Folder\$($file.Name)" -ErrorAction Stop
    }
    $copy = Get-SeedTool -Path "$Folder\$name" -Version $Tool.version
    if ($copy.files_sha256 -ne $Tool.files_sha256) {
        throw "``tool_path`` '$($Tool.path)' changed while it was copied. Run again."
    }
    Assert-SeedTool -Tool $copy -Sha256 $Sha256
    Write-SeedJson -Path ($Folder.Substring(0, $Folder.LastIndexOf('\')) + '\tool.json') -Value ([ordered]@{
            schema_version = 1
            files_sha256 = $copy.files_sha256
        })
    $copy.path
}

function Get-SeedToolArgument {
    <#
    .SYNOPSIS
        The words of one copy session, which copies one file. Page blobs are named, because the default makes a seed
        useless.
    .DESCRIPTION
        Source: the tool's article on preparing hard drives. A later session repeats neither drive, format, encryption
        nor log folder.
    .PARAMETER Journal
        Path of the journal.
    .PARAMETER SessionId
        The session's id.
    .PARAMETER Source
        The file.
    .PARAMETER Blob
        Container and name of the blob.
    .PARAMETER Letter
        The drive letter; only for the first session.
    .PARAMETER LogDirectory
        Folder of the tool's logs; only for the first session.
    .PARAMETER Key
        RecoveryPassword of a drive that is encrypted already; only for the first session. In a hashtable, so that no
        policy that logs parameters can log it.
    .PARAMETER ContentMd5
        Whether the import also sets Content-MD5 of the blob.
    .PARAMETER Offered
        The options that the version of the tool has; none where an attempt of before does not say.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Journal,
        [Parameter(Mandatory = $true)][string]$SessionId,
        [Parameter(Mandatory = $true)][string]$Source,
        [Parameter(Mandatory = $true)][string]$Blob,
        [string]$Letter,
        [string]$LogDirectory,
        [System.Collections.IDictionary]$Key = @{},
        [bool]$ContentMd5,
        [AllowEmptyCollection()][string[]]$Offered = @()
    )
    $words = @("/j:$Journal", "/id:$SessionId")
    if ($Letter -and $Key.Count -gt 0) {
        $words += "/t:$Letter", '/silentmode', "/bk:$($Key['RecoveryPassword'])", "/logdir:$LogDirectory"
    }
    elseif ($Letter) { $words += "/t:$Letter", '/format', '/silentmode', '/encrypt', "/logdir:$LogDirectory" }
    $words += "/srcfile:$Source", "/dstblob:$Blob", '/BlobType:PageBlob'
    if ($ContentMd5) { $words += '/enablecontentmd5' }
    Assert-SeedToolWord -Word $words -Offered $Offered
    'PrepImport'
    $words
}

function Assert-SeedToolWord {
    <#
    .SYNOPSIS
        Refuses a command line with an option that the version of the tool does not have.
    .PARAMETER Word
        The words, each with its option.
    .PARAMETER Offered
        The options of the version; none where they are not known.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string[]]$Word,
        [AllowEmptyCollection()][string[]]$Offered = @()
    )
    if ($Offered.Count -eq 0) { return }
    $lack = @($Word | ForEach-Object { $_.Split(':')[0] } | Where-Object { $_ -notin $Offered })
    if ($lack.Count -eq 0) { return }
    throw "This version of the tool does not have ``$($lack -join '`, `')``. Use 1.5.0.300. Nothing was written."
}

function Get-SeedToolEndArgument {
    <#
    .SYNOPSIS
        The words that resume or abort the last session; the tool takes nothing else with them.
    .PARAMETER Journal
        Path of the journal.
    .PARAMETER SessionId
        The session's id.
    .PARAMETER Call
        resume or abort.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Journal,
        [Parameter(Mandatory = $true)][string]$SessionId,
        [Parameter(Mandatory = $true)][string]$Call
    )
    'PrepImport'
    "/j:$Journal"
    "/id:$SessionId"
    @{ resume = '/ResumeSession'; abort = '/AbortSession' }[$Call]
}

function ConvertTo-SeedCommandLine {
    <#
    .SYNOPSIS
        Words as one command line that a Windows program splits into the same words.
    .PARAMETER Word
        The words. None may hold a double quote; a trailing backslash is doubled when the word is quoted.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string[]]$Word)
    $quoted = foreach ($one in $Word) {
        if ($one.Contains('"')) {
            throw "The value '$one' holds a double quote, which no path or name of this tool may."
        }
        if ($one -match '\s') { '"' + ($one -replace '(\\+)$', '$1$1') + '"' } else { $one }
    }
    $quoted -join ' '
}

function New-SeedDamage {
    <#
    .SYNOPSIS
        An error that carries the place of a damage in a journal and nothing of its content.
    .PARAMETER Place
        The place.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Place)
    $damage = New-Object -TypeName System.FormatException -ArgumentList 'damaged'
    $damage.Data['place'] = $Place
    $damage
}

function Read-SeedJournalText {
    <#
    .SYNOPSIS
        The text of a journal: UTF-8, or UTF-16 with a byte-order mark.
    .PARAMETER Path
        Path of the journal.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $bytes = Read-SeedByte -Path $Path
    if ($bytes.Length -eq 0 -or $bytes.Length -gt 64MB) { throw (New-SeedDamage -Place 'journal') }
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false, $true
    $skip = 0
    if ($bytes.Length -ge 3 -and $bytes[0] -eq 0xEF -and $bytes[1] -eq 0xBB -and $bytes[2] -eq 0xBF) { $skip = 3 }
    elseif ($bytes.Length -ge 2 -and (($bytes[0] -eq 0xFF -and $bytes[1] -eq 0xFE) -or
        ($bytes[0] -eq 0xFE -and $bytes[1] -eq 0xFF))) {
        $encoding = New-Object -TypeName System.Text.UnicodeEncoding -ArgumentList ($bytes[0] -eq 0xFE), $false, $true
        $skip = 2
    }
    try { $text = $encoding.GetString($bytes, $skip, $bytes.Length - $skip) }
    catch {
        $at = 0
        if ($_.Exception.InnerException -is [System.Text.DecoderFallbackException]) {
            $at = $_.Exception.InnerException.Index + $skip
        }
        throw (New-SeedDamage -Place "journal, byte $at")
    }
    $nul = $text.IndexOf([char]0)
    if ($nul -ge 0) {
        $lines = [regex]::Matches($text.Substring(0, $nul), '\r\n|\r|\n').Count + 1
        throw (New-SeedDamage -Place "journal, line $lines")
    }
    if (-not $text) { throw (New-SeedDamage -Place 'journal') }
    $text
}

function Read-SeedByte {
    <#
    .SYNOPSIS
        The bytes of a file that somebody else may hold open. Fails when there are more than an array can hold.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([byte[]])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $share = [System.IO.FileShare]'ReadWrite, Delete'
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        (Resolve-SeedPath -Path $Path), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share
    )
    try {
        $memory = New-Object -TypeName System.IO.MemoryStream
        $stream.CopyTo($memory)
        , $memory.ToArray()
    }
    finally { $stream.Dispose() }
}

function Read-SeedJournalRecord {
    <#
    .SYNOPSIS
        The names and values of each activity, merged over the finished records in one pass: the last value of a name
        wins.
    .DESCRIPTION
        Source: the two published fragments of a journal. A record that was begun and not finished is passed over,
        wherever the next one begins, also one of whose begin line only a part was written.
    .PARAMETER Text
        The text of the journal.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Text)
    $begin = New-Object -TypeName regex -ArgumentList '\[BeginUpdateRecord\]\[[^\]]*\]\[Type:[^\]]*\][ \t]*$'
    $start = '[BeginUpdateRecord]'
    $part = New-Object -TypeName regex -ArgumentList (
        '^\[BeginUpdateRecord\](\[[^\]]*(\](\[(T(y(p(e(:[^\]]*\]?)?)?)?)?)?)?)?)?\z'
    )
    $blank = [char[]]@(' ', "`t")
    $activities = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    $lines = [regex]::Split($Text, '\r\n|\r|\n')
    $record = $null
    $first = 0
    $seen = $false
    for ($at = 0; $at -lt $lines.Length; $at++) {
        $line = $lines[$at]
        $begun = $false
        if ($line.Contains($start)) {
            $match = $begin.Match($line)
            $begun = $match.Success
            if ($begun) { $line = $line.Substring(0, $match.Index) }
        }
        $plain = $line.Trim($blank)
        if ($plain.Equals('[EndUpdateRecord]') -and $null -ne $record) {
            $pairs = ConvertFrom-SeedRecord -Line $record.ToArray() -First $first
            $activity = ''
            if ($pairs.ContainsKey('ActivityId')) { $activity = $pairs['ActivityId'].text }
            if (-not $activities.Contains($activity)) {
                $activities[$activity] = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,object]'
            }
            # Not Keys: a journal may hold a name that PowerShell takes for that property.
            foreach ($one in $pairs.GetEnumerator()) { $activities[$activity][$one.Key] = $one.Value }
            $record = $null
        }
        elseif ($null -ne $record) { $record.Add($line) }
        elseif ($plain -and -not $start.StartsWith($line, [StringComparison]::Ordinal) -and
            -not $part.IsMatch($line)) {
            throw (New-SeedDamage -Place "journal, line $($at + 1)")
        }
        if ($begun) {
            $record = New-Object -TypeName 'System.Collections.Generic.List[string]'
            $first = $at + 2
            $seen = $true
        }
    }
    if (-not $seen) { throw (New-SeedDamage -Place 'journal') }
    $activities
}

function ConvertFrom-SeedRecord {
    <#
    .SYNOPSIS
        The names of one record with text and line of their values.
    .PARAMETER Line
        The lines of the record.
    .PARAMETER First
        The number of its first line.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][AllowEmptyString()][string[]]$Line = @(), [int]$First)
    $blank = [char[]]@(' ', "`t")
    $pairs = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,object]'
    for ($at = 0; $at -lt $Line.Length; $at++) {
        if (-not $Line[$at].Trim($blank)) { continue }
        $colon = $Line[$at].IndexOf(':')
        if ($colon -lt 0) { throw (New-SeedDamage -Place "journal, line $($First + $at)") }
        $name = $Line[$at].Substring(0, $colon).Trim($blank)
        $value = $Line[$at].Substring($colon + 1).Trim($blank)
        $start = $First + $at
        if ($value.Equals('[BeginValue]')) {
            $many = New-Object -TypeName 'System.Collections.Generic.List[string]'
            for ($at++; $at -lt $Line.Length -and -not $Line[$at].Trim($blank).Equals('[EndValue]'); $at++) {
                $many.Add($Line[$at])
            }
            if ($at -ge $Line.Length) { throw (New-SeedDamage -Place "journal, line $start") }
            $value = $many -join "`n"
        }
        $pairs[$name] = [pscustomobject]@{ text = $value; line = $start }
    }
    # A plain return would take the dictionary apart.
    , $pairs
}

function Read-SeedDriveState {
    <#
    .SYNOPSIS
        The four values of a Drive element. Fails without quoting when it is not one: a message of the parser could hold
        the key.
    .PARAMETER Text
        The XML.
    .PARAMETER Place
        Its place in the journal.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text, [Parameter(Mandatory = $true)][string]$Place)
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $settings.XmlResolver = $null
    $blank = [char[]](32, 9, 10, 13)
    # The encoding that the declaration names means nothing, because the journal is text already.
    $body = $Text.TrimStart([char[]]($blank + [char]0xFEFF)) -creplace '^<\?xml\s[^>]*\?>', ''
    $names = 'DriveId', 'BitLockerKey', 'ManifestFile', 'ManifestHash'
    $found = @{}
    try {
        # Not New-Object: where a policy logs modules, the values of a cmdlet's parameters are logged in clear.
        $source = [System.IO.StringReader]::new($body)
        $reader = [System.Xml.XmlReader]::Create($source, $settings)
        $null = $reader.MoveToContent()
        if (-not $reader.Name.Equals('Drive')) { throw 'another root' }
        $more = $reader.Read()
        while ($more) {
            $wanted = $reader.NodeType -eq [System.Xml.XmlNodeType]::Element -and $reader.Depth -eq 1 -and
            $names.Contains($reader.Name)
            if ($wanted) {
                $name = $reader.Name
                if ($found.ContainsKey($name)) { throw 'twice' }
                # Fails when the element holds another element, and goes on to the node behind it.
                $found[$name] = $reader.ReadElementContentAsString().Trim($blank)
                $more = -not $reader.EOF
            }
            else { $more = $reader.Read() }
        }
    }
    catch { throw (New-SeedDamage -Place $Place) }
    foreach ($name in $names) {
        if (-not $found.ContainsKey($name)) { $found[$name] = '' }
    }
    # Blanks are padding; no serial holds another character that cannot be seen.
    $id = $found['DriveId']
    if (-not $id.Trim(' ', '.') -or $id -match '[\p{C}\p{Z}-[ ]]') { throw (New-SeedDamage -Place $Place) }
    $found
}

function Get-SeedKeyKind {
    <#
    .SYNOPSIS
        Of which kind a BitLocker key is: numerical (48 digits), external (32 bytes in base64), or an empty text for no
        usable key.
    .PARAMETER Key
        The key.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Key)
    if ($Key -cmatch '^[A-Za-z0-9+/]{43}=$') { return 'external' }
    if ($Key -notmatch '^[0-9]{6}(-[0-9]{6}){7}$') { return '' }
    # Source: Microsoft's documentation of the recovery password: each group is 11 times a 16 bit number.
    foreach ($group in $Key.Split('-')) {
        $number = 0
        $null = [int]::TryParse($group, [ref]$number)
        if ($number % 11 -ne 0 -or $number -ge 720896) { return '' }
    }
    'numerical'
}

function Read-SeedJournal {
    <#
    .SYNOPSIS
        What a journal says, without its keys: damaged (a place, empty if it is not), drives, and sessions by id.
    .DESCRIPTION
        A damaged journal is a value, never an error; only a file that cannot be opened is one. Each drive has drive_id,
        manifest_file, manifest_hash (upper case), key_kind and completed; a value that cannot be used is an empty text.
    .PARAMETER Path
        Path of the journal.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $journal = [pscustomobject]@{ damaged = ''; drives = @(); sessions = [ordered]@{} }
    try {
        $activities = Read-SeedJournalRecord -Text (Read-SeedJournalText -Path $Path)
        $journal.drives = @(Get-SeedJournalDrive -Activity $activities)
        $journal.sessions = Get-SeedJournalSession -Activity $activities
    }
    catch [System.FormatException] {
        if (-not $_.Exception.Data.Contains('place')) { throw }
        return [pscustomobject]@{ damaged = $_.Exception.Data['place']; drives = @(); sessions = [ordered]@{} }
    }
    $journal
}

function Get-SeedJournalSession {
    <#
    .SYNOPSIS
        The state of each session, in the order of the file. Of ids that differ in their case only the first one stands
        for all; two states of these are no state, because it is not known which one is meant.
    .PARAMETER Activity
        The merged activities.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Activity)
    $compare = [StringComparer]::OrdinalIgnoreCase
    $found = New-Object -TypeName System.Collections.Specialized.OrderedDictionary -ArgumentList $compare
    $names = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,string]' -ArgumentList $compare
    foreach ($one in $Activity.GetEnumerator()) {
        if (-not $one.Key.StartsWith('CopySession:', [StringComparison]::Ordinal)) { continue }
        $id, $state = $one.Key.Substring(12), ''
        if ($one.Value.ContainsKey('SessionState')) { $state = $one.Value['SessionState'].text }
        if (-not $names.ContainsKey($id)) { $names[$id] = $id }
        elseif ($found[$id] -cne $state) { $state = '' }
        $found[$names[$id]] = $state
    }
    $found
}

function Get-SeedJournalDrive {
    <#
    .SYNOPSIS
        The drives of a journal in the order of their states; the later state of one serial replaces the earlier one.
    .PARAMETER Activity
        The merged activities.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Activity)
    $states = @($Activity.GetEnumerator() | ForEach-Object { $_.Value } |
        Where-Object { $_.ContainsKey('DriveState') } | Sort-Object -Property { $_['DriveState'].line })
    $keys = @{}
    $found = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    foreach ($pairs in $states) {
        $place = "journal, line $($pairs['DriveState'].line)"
        $state = Read-SeedDriveState -Text $pairs['DriveState'].text -Place $place
        $serial = ConvertTo-SeedSerial -Serial $state['DriveId']
        if ($keys.ContainsKey($serial) -and -not $keys[$serial].Equals($state['BitLockerKey'])) {
            throw (New-SeedDamage -Place $place)
        }
        $keys[$serial] = $state['BitLockerKey']
        $hash = $state['ManifestHash'].ToUpperInvariant()
        if ($hash -cnotmatch '^[0-9A-F]{32}$') { $hash = '' }
        $file = $state['ManifestFile']
        if (-not (Test-SeedDrivePath -Path $file)) { $file = '' }
        if ($found.Contains($serial)) { $found.Remove($serial) }
        $found[$serial] = [pscustomobject][ordered]@{
            drive_id = $state['DriveId']
            manifest_file = $file
            manifest_hash = $hash
            key_kind = Get-SeedKeyKind -Key $state['BitLockerKey']
            completed = $pairs.ContainsKey('SaveCommandOutput') -and
                $pairs['SaveCommandOutput'].text.Equals('Completed')
        }
    }
    $found.Values
}

function Read-SeedJournalKey {
    <#
    .SYNOPSIS
        The key of a drive in its journal, as Unlock-SeedVolume takes it. Fails without quoting it.
    .PARAMETER Path
        Path of the journal.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Serial)
    $activities = Read-SeedJournalRecord -Text (Read-SeedJournalText -Path $Path)
    $key = ''
    foreach ($one in $activities.GetEnumerator()) {
        if (-not $one.Value.ContainsKey('DriveState')) { continue }
        $state = Read-SeedDriveState -Text $one.Value['DriveState'].text -Place 'journal'
        if (Test-SeedDriveId -DriveId $state['DriveId'] -Serial $Serial) { $key = $state['BitLockerKey'] }
    }
    switch (Get-SeedKeyKind -Key $key) {
        'numerical' { return @{ RecoveryPassword = $key } }
        'external' { return @{ ExternalKey = $key } }
    }
    throw "The journal of drive $Serial holds no key, so its volume cannot be unlocked."
}

function Read-SeedKeyForm {
    <#
    .SYNOPSIS
        The forms in which the keys of journals can lie in another file, in a hashtable, so that no policy that logs
        parameters can log them.
    .DESCRIPTION
        Everything in a journal or in a file with the state of a drive that looks like a key: as text in one byte a
        character and in UTF-16, and an external key also as its 32 bytes. Each form is a text of one character a byte.
    .PARAMETER Folder
        A folder with attempts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $latin = [System.Text.Encoding]::GetEncoding(28591)
    $forms = New-Object -TypeName 'System.Collections.Generic.HashSet[string]'
    $files = Get-ChildItem -LiteralPath $Folder -File -Recurse -Force -ErrorAction Stop |
        Where-Object { $_.Extension -in '.jrn', '.xml' -and $_.Length -le 64MB }
    foreach ($file in @($files)) {
        # Without its zero bytes a text in UTF-16 is the same as one in UTF-8, as far as keys go.
        $text = $latin.GetString((Read-SeedByte -Path $file.FullName)).Replace("$([char]0)", '')
        foreach ($match in [regex]::Matches($text, '(?<!\d)\d{6}(-\d{6}){7}(?!\d)')) {
            $null = $forms.Add($match.Value)
        }
        foreach ($match in [regex]::Matches($text, '(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)')) {
            $null = $forms.Add($match.Value)
            try { $raw = [Convert]::FromBase64String($match.Value) }
            catch { continue }
            $null = $forms.Add($latin.GetString($raw))
        }
    }
    foreach ($form in @($forms)) {
        if ($form.Length -eq 32) { continue }
        $null = $forms.Add($latin.GetString([System.Text.Encoding]::Unicode.GetBytes($form)))
        $null = $forms.Add($latin.GetString([System.Text.Encoding]::BigEndianUnicode.GetBytes($form)))
    }
    @{ forms = $forms }
}

function Test-SeedKeyFile {
    <#
    .SYNOPSIS
        Whether a file holds one of the keys. Reads it piece by piece, also while somebody has it open; fails when it
        cannot.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Key
        The forms of the keys, as Read-SeedKeyForm returns them.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Key
    )
    $latin = [System.Text.Encoding]::GetEncoding(28591)
    $buffer = New-Object -TypeName byte[] -ArgumentList 1048576
    # Longer than the longest form, so that none is cut by the border of two pieces.
    $overlap = 256
    $kept = 0
    $share = [System.IO.FileShare]'ReadWrite, Delete'
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        (Resolve-SeedPath -Path $Path), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share
    )
    try {
        while (($got = $stream.Read($buffer, $kept, $buffer.Length - $kept)) -gt 0) {
            $there = $kept + $got
            $text = $latin.GetString($buffer, 0, $there)
            foreach ($form in $Key['forms']) {
                if ($text.IndexOf($form, [StringComparison]::Ordinal) -ge 0) { return $true }
            }
            $kept = [Math]::Min($overlap, $there)
            [System.Array]::Copy($buffer, $there - $kept, $buffer, 0, $kept)
        }
        $false
    }
    finally { $stream.Dispose() }
}

function Find-SeedKey {
    <#
    .SYNOPSIS
        The files below a folder that hold one of the keys (found), and what could not be searched (unknown).
    .DESCRIPTION
        Links are not followed. A file of more than 64 MiB is no journal and no log of one; it is not searched.
    .PARAMETER Folder
        The folder, which need not be there.
    .PARAMETER Key
        The forms of the keys, as Read-SeedKeyForm returns them.
    .PARAMETER Depth
        How many levels of folders below it are searched too.
    .PARAMETER Skip
        Paths of folders that are left out.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Key,
        [int]$Depth = 0,
        [AllowEmptyCollection()][string[]]$Skip = @()
    )
    $result = [pscustomobject]@{ found = @(); unknown = @() }
    # What this account may not see is not known to be missing.
    try {
        if (-not (Test-Path -LiteralPath $Folder -PathType Container -ErrorAction Stop)) { return $result }
        $items = @(Get-ChildItem -LiteralPath $Folder -Force -ErrorAction Stop)
    }
    catch {
        $result.unknown += $Folder
        return $result
    }
    foreach ($item in $items) {
        $path = $Folder.TrimEnd('\') + '\' + $item.Name
        if (($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0 -or $path -in $Skip) { continue }
        if ($item.PSIsContainer) {
            if ($Depth -eq 0) { continue }
            $below = Find-SeedKey -Folder $path -Key $Key -Depth ($Depth - 1) -Skip $Skip
            $result.found += $below.found
            $result.unknown += $below.unknown
            continue
        }
        if ($item.Length -lt 32 -or $item.Length -gt 64MB) { continue }
        try { if (Test-SeedKeyFile -Path $path -Key $Key) { $result.found += $path } }
        catch {
            try { $there = Test-Path -LiteralPath $path -ErrorAction Stop }
            catch { $there = $true }
            if ($there) { $result.unknown += $path }
        }
    }
    $result
}

Export-ModuleMember -Function @(
    'Get-SeedToolOption', 'Assert-SeedToolWord',
    'Get-SeedTool', 'Test-SeedPlainConfig', 'Get-SeedUnsigned', 'Assert-SeedTool', 'Copy-SeedTool',
    'Get-SeedToolArgument', 'Get-SeedToolEndArgument', 'ConvertTo-SeedCommandLine', 'New-SeedDamage',
    'Read-SeedJournalText', 'Read-SeedByte', 'Read-SeedJournalKey',
    'Read-SeedJournalRecord', 'ConvertFrom-SeedRecord', 'Read-SeedDriveState', 'Get-SeedKeyKind', 'Read-SeedJournal',
    'Get-SeedJournalDrive', 'Get-SeedJournalSession', 'Read-SeedKeyForm', 'Test-SeedKeyFile', 'Find-SeedKey'
)
