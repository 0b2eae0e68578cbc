# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The WAImportExport tool: its version, its command line, its journal and the manifest on the drive. Private to the collection.

function Resolve-SeedPath {
    <#
    .SYNOPSIS
        The path as .NET and other programs understand it.
    .PARAMETER Path
        An absolute path.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
}

function Get-SeedTool {
    <#
    .SYNOPSIS
        Where the tool is and which version it has.
    .PARAMETER Path
        Path of WAImportExport.exe.
    .PARAMETER Version
        Its version, for an executable without a version resource.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [string]$Version)
    $found = Test-Path -LiteralPath $Path -PathType Leaf
    if ($found -and -not $Version) { $Version = [System.Diagnostics.FileVersionInfo]::GetVersionInfo((Resolve-SeedPath -Path $Path)).FileVersion }
    [pscustomobject]@{ path = $Path; found = $found; version = "$Version".Trim() }
}

function Assert-SeedTool {
    <#
    .SYNOPSIS
        Refuses a tool that cannot be used.
    .DESCRIPTION
        Version 1 before 1.5.0.300 demands the storage key on its command line, which everybody on the host can read.
        Version 2 takes its data from CSV files and cannot write page blobs of a seed as the agent expects them.
    .PARAMETER Tool
        The tool as Get-SeedTool shows it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Tool)
    if (-not $Tool.found) { throw "tool_path '$($Tool.path)' is not a file on this host. Unpack version 1 of the tool there, or correct the path." }
    if (-not $Tool.version) { throw "tool_path '$($Tool.path)' has no version resource. Say its version with tool_version." }
    if ($Tool.version -notmatch '^\d+(\.\d+){1,3}$') { throw "tool_version '$($Tool.version)' is not of the form 1.5.0.300." }
    $version = [version]$Tool.version
    if ($version.Major -ne 1) { throw "tool_version $($Tool.version) is not version 1 of the tool, which seeding needs. Unpack WAImportExportV1." }
    if ($version -lt [version]'1.5.0.300') {
        throw "tool_version $($Tool.version) demands the storage account key on its command line, where every user of the host can read it. Use 1.5.0.300 or later."
    }
}

function Get-SeedToolArgument {
    <#
    .SYNOPSIS
        The words of the first session of a drive. Page blobs are named, because the tool's default would make the seed useless.
    .PARAMETER Journal
        Path of the journal.
    .PARAMETER SessionId
        The session's id.
    .PARAMETER Letter
        The target's drive letter.
    .PARAMETER LogDirectory
        Folder of the tool's logs.
    .PARAMETER Source
        The staging location.
    .PARAMETER Container
        The blob container.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Journal, [Parameter(Mandatory = $true)][string]$SessionId, [Parameter(Mandatory = $true)][string]$Letter,
        [Parameter(Mandatory = $true)][string]$LogDirectory, [Parameter(Mandatory = $true)][string]$Source, [Parameter(Mandatory = $true)][string]$Container
    )
    'PrepImport'
    "/j:$Journal"
    "/id:$SessionId"
    '/BlobType:PageBlob'
    "/t:$Letter"
    '/format'
    '/silentmode'
    '/encrypt'
    "/logdir:$LogDirectory"
    "/srcdir:$Source"
    "/dstdir:$Container/"
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
        if ($one.Contains('"')) { throw "The value '$one' holds a double quote, which no path or name of this tool may." }
        if ($one -match '\s') { '"' + ($one -replace '(\\+)$', '$1$1') + '"' } else { $one }
    }
    $quoted -join ' '
}

function Read-SeedJournal {
    <#
    .SYNOPSIS
        What a journal says of its drive, without its key.
    .PARAMETER Path
        Path of the journal.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $info = [pscustomobject]@{ drive_id = ''; manifest_file = ''; manifest_hash = ''; has_key = $false; completed = $false }
    $text = [System.IO.File]::ReadAllText((Resolve-SeedPath -Path $Path))
    $pattern = '(?s)\[BeginUpdateRecord\]\[[^\]]*\]\[Type:[^\]]*\]\r?\n(?<body>.*?)\[EndUpdateRecord\]'
    foreach ($record in [regex]::Matches($text, $pattern)) {
        $body = $record.Groups['body'].Value
        if ($body -notmatch '(?s)DriveState: \[BeginValue\]\r?\n(?<xml>.*?)\[EndValue\]') { continue }
        $drive = ([xml]($Matches['xml'].Trim())).SelectSingleNode('/Drive')
        $value = @{}
        foreach ($name in 'DriveId', 'ManifestFile', 'ManifestHash', 'BitLockerKey') {
            $node = $drive.SelectSingleNode($name)
            $value[$name] = ''
            if ($node) { $value[$name] = $node.InnerText.Trim() }
        }
        $info.drive_id = $value['DriveId']
        $info.manifest_file = $value['ManifestFile']
        $info.manifest_hash = $value['ManifestHash'].ToUpperInvariant()
        $info.has_key = $value['BitLockerKey'].Length -gt 0
        $info.completed = $body -match '(?m)^SaveCommandOutput: Completed\s*$'
    }
    $info
}

function Get-SeedFileHash {
    <#
    .SYNOPSIS
        The hash of a file, upper-case hexadecimal, or an empty string when the file is not there.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Algorithm
        MD5 or SHA256.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [string]$Algorithm = 'MD5')
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return '' }
    (Get-FileHash -LiteralPath $Path -Algorithm $Algorithm).Hash
}

function Protect-SeedJournal {
    <#
    .SYNOPSIS
        A journal sealed to a certificate, as CMS text. Only who has the certificate's key can read it.
    .PARAMETER Path
        Path of the journal.
    .PARAMETER Certificate
        The certificate, PEM.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Certificate)
    $body = [Convert]::FromBase64String(($Certificate -replace '-----[A-Z ]+-----', '' -replace '\s', ''))
    $recipient = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(, $body)
    $content = [Convert]::ToBase64String([System.IO.File]::ReadAllBytes((Resolve-SeedPath -Path $Path)))
    (Protect-CmsMessage -To $recipient -Content $content) -join "`n"
}

function New-SeedPrivateFolder {
    <#
    .SYNOPSIS
        Makes a folder that only the system and administrators can read. Journals and the tool's logs hold keys.
    .PARAMETER Path
        Path of the folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (Test-Path -LiteralPath $Path -PathType Container) { return }
    $null = New-Item -Path $Path -ItemType Directory -Force
    $native = Resolve-SeedPath -Path $Path
    # S-1-5-18 is the system, S-1-5-32-544 the administrators; names differ with the language of Windows.
    $output = & icacls.exe $native /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F'
    if ($LASTEXITCODE -ne 0) { throw "The folder '$Path' could not be made private: $output" }
}

Export-ModuleMember -Function Resolve-SeedPath, Get-SeedTool, Assert-SeedTool, Get-SeedToolArgument, ConvertTo-SeedCommandLine, Read-SeedJournal, Get-SeedFileHash, Protect-SeedJournal, New-SeedPrivateFolder
