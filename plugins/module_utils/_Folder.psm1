# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Paths, private folders, times and small JSON files that are replaced in one step. Private to the collection.
#
# The runner of a detached task takes the functions of this file as they stand, so they use nothing of other files.

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

function Get-SeedTime {
    <#
    .SYNOPSIS
        A time as ISO 8601 in UTC, to the second: of the value that is passed, else of now. A null value stays null.
    .PARAMETER Value
        A DateTime, or a text in a round-trip form.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $time = [DateTime]::UtcNow
    if ($PSBoundParameters.ContainsKey('Value')) {
        if ("$Value" -eq '') { return $null }
        if ($Value -is [DateTime]) { $time = $Value }
        else {
            $style = [System.Globalization.DateTimeStyles]::RoundtripKind
            if (-not [DateTime]::TryParse("$Value", $invariant, $style, [ref]$time)) {
                throw 'A time is not of the form 2026-01-31T12:00:00Z.'
            }
        }
    }
    $time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', $invariant)
}

function Read-SeedText {
    <#
    .SYNOPSIS
        The text of a file that somebody else may be writing or replacing. Encoding: UTF-8, or what its byte-order mark
        says.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $share = [System.IO.FileShare]'ReadWrite, Delete'
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        (Resolve-SeedPath -Path $Path), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share
    )
    try {
        $reader = New-Object -TypeName System.IO.StreamReader -ArgumentList $stream, ([System.Text.Encoding]::UTF8),
            $true
        $reader.ReadToEnd()
    }
    finally { $stream.Dispose() }
}

function ConvertTo-SeedPlain {
    <#
    .SYNOPSIS
        A value of JSON with times as text. PowerShell 7 turns such texts into DateTime, Windows PowerShell does not.
    .PARAMETER Value
        The value.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Value)
    if ($Value -is [DateTime]) { return Get-SeedTime -Value $Value }
    if ($Value -is [System.Collections.IList]) {
        $items = @(foreach ($one in $Value) { , (ConvertTo-SeedPlain -Value $one) })
        return , $items
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        foreach ($property in $Value.PSObject.Properties) {
            $property.Value = ConvertTo-SeedPlain -Value $property.Value
        }
    }
    $Value
}

function Read-SeedJson {
    <#
    .SYNOPSIS
        A JSON file as an object with state (ok, missing, torn) and value (null unless ok). Never an error.
    .DESCRIPTION
        A file that is being replaced can be away or locked for an instant, so both are looked at again before they
        count.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Expected
        Whether the file ought to be there, so that a missing one is looked at again.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [switch]$Expected)
    $state = 'missing'
    for ($try = 0; $try -lt 6; $try++) {
        if ($try -gt 0) { Start-Sleep -Milliseconds 50 }
        try {
            $text = Read-SeedText -Path $Path
            $value = ConvertTo-SeedPlain -Value (ConvertFrom-Json -InputObject $text -ErrorAction Stop)
            if ($value -is [System.Management.Automation.PSCustomObject]) {
                return [pscustomobject]@{ state = 'ok'; value = $value }
            }
            $state = 'torn'
        }
        catch [System.IO.FileNotFoundException], [System.IO.DirectoryNotFoundException] {
            $state = 'missing'
            if (-not $Expected) { break }
        }
        catch { $state = 'torn' }
    }
    [pscustomobject]@{ state = $state; value = $null }
}

function Write-SeedJson {
    <#
    .SYNOPSIS
        Replaces a JSON file in one step: whoever reads it sees the old or the new content, never none and never a part.
    .DESCRIPTION
        Virus scanners and readers hold a file open for moments, so a replacement that fails is tried again for two
        seconds. Fails when even then it cannot be done; the old content stays.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Value
        What it shall say.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][object]$Value)
    $target = Resolve-SeedPath -Path $Path
    $new = $target + '.' + [guid]::NewGuid().ToString('N') + '.new'
    $text = ConvertTo-Json -InputObject $Value -Depth 8 -Compress
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    try {
        [System.IO.File]::WriteAllText($new, $text, $encoding)
        for ($try = 1; $true; $try++) {
            try {
                # Move never replaces, and Replace needs a target; a null backup name has a value of its own in
                # PowerShell.
                if ([System.IO.File]::Exists($target)) {
                    [System.IO.File]::Replace($new, $target, [System.Management.Automation.Language.NullString]::Value)
                }
                else { [System.IO.File]::Move($new, $target) }
                return
            }
            catch {
                if ($try -ge 20) { throw }
                Start-Sleep -Milliseconds 100
            }
        }
    }
    finally {
        if ([System.IO.File]::Exists($new)) { [System.IO.File]::Delete($new) }
    }
}

function Get-SeedFileHash {
    <#
    .SYNOPSIS
        The hash of a file, upper-case hexadecimal, or an empty string when there is no such file.
    .DESCRIPTION
        Fails when the file cannot be read, and for MD5 where the FIPS policy of Windows forbids it.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Algorithm
        MD5 or SHA256.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [ValidateSet('MD5', 'SHA256')][string]$Algorithm = 'MD5')
    $native = Resolve-SeedPath -Path $Path
    if (-not [System.IO.File]::Exists($native)) { return '' }
    $hash = [System.Security.Cryptography.HashAlgorithm]::Create($Algorithm)
    $share = [System.IO.FileShare]'ReadWrite, Delete'
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        $native, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share, 1048576
    )
    try { [BitConverter]::ToString($hash.ComputeHash($stream)) -replace '-', '' }
    finally {
        $stream.Dispose()
        $hash.Dispose()
    }
}

function Set-SeedPrivateAcl {
    <#
    .SYNOPSIS
        Leaves a folder to the system and the administrators alone, whoever made it. Fails when Windows refuses.
    .PARAMETER Path
        Path of the folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $native = Resolve-SeedPath -Path $Path
    # S-1-5-18 is the system, S-1-5-32-544 the administrators; names differ with the language of Windows.
    $steps = @(
        @('/setowner', '*S-1-5-32-544'),
        @('/reset'),
        @('/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
    )
    foreach ($step in $steps) {
        $output = & icacls.exe $native @step
        if ($LASTEXITCODE -ne 0) {
            throw "The folder '$Path' could not be made private with icacls $($step[0]): $output"
        }
    }
}

function New-SeedPrivateFolder {
    <#
    .SYNOPSIS
        Makes a folder that only the system and the administrators can read, or makes the one that is there so.
    .DESCRIPTION
        What lies in it may hold keys or is run as the system. A folder that somebody made before is taken over: owner
        and access list are set each time, on every folder from Root to Path. A link or junction on the way is refused.
    .PARAMETER Path
        Path of the folder.
    .PARAMETER Root
        The first folder on the way that is made private; Path itself when it is not set.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [string]$Root)
    $leaf = $Path.TrimEnd('\')
    if (-not $Root) { $Root = $leaf }
    $top = $Root.TrimEnd('\')
    $below = @()
    if ($leaf -ne $top) {
        if (-not $leaf.StartsWith("$top\", [StringComparison]::OrdinalIgnoreCase)) {
            throw "'$leaf' is not below '$top'."
        }
        $below = $leaf.Substring($top.Length + 1).Split([char[]]'\')
    }
    $now = $top
    foreach ($part in @('') + $below) {
        if ($part) { $now = "$now\$part" }
        if (-not (Test-Path -LiteralPath $now)) {
            $null = New-Item -Path $now -ItemType Directory -Force -ErrorAction Stop
        }
        $item = Get-Item -LiteralPath $now -Force -ErrorAction Stop
        if (-not $item.PSIsContainer) { throw "'$now' is not a folder. Remove the file, or choose another folder." }
        if (($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0) {
            throw "The folder '$now' is a link or junction and is not used for what must be private. Choose a real " +
                "folder."
        }
        Set-SeedPrivateAcl -Path $now
    }
}

function Test-SeedDrivePath {
    <#
    .SYNOPSIS
        Whether a path lies on a drive: one leading backslash, and no part that Windows reads otherwise than it is
        written.
    .PARAMETER Path
        The path, as a journal or a manifest names it.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Path)
    if (-not $Path.StartsWith('\', [StringComparison]::Ordinal)) { return $false }
    if ($Path -match '[/:\x00-\x1f]') { return $false }
    foreach ($part in $Path.Substring(1).Split([char[]]'\')) {
        if (-not $part -or $part.EndsWith('.') -or $part.EndsWith(' ')) { return $false }
    }
    $true
}

Export-ModuleMember -Function @(
    'Resolve-SeedPath', 'Get-SeedTime', 'Read-SeedText', 'ConvertTo-SeedPlain', 'Read-SeedJson', 'Write-SeedJson',
    'Get-SeedFileHash', 'Set-SeedPrivateAcl', 'New-SeedPrivateFolder', 'Test-SeedDrivePath'
)
