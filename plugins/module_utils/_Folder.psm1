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
        seconds. Fails when even then it cannot be done; the old content stays. The new content is on the disk before it
        takes the name: after a power cut the name alone would be a file of zeros.
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
        $bytes = $encoding.GetBytes($text)
        $stream = [System.IO.File]::Create($new)
        try {
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.Flush($true)
        }
        finally { $stream.Dispose() }
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

function Test-SeedFipsOnly {
    <# .SYNOPSIS Whether the classes of .NET refuse what FIPS does not validate: the very value that they ask. #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    # .NET Framework reads the policy of Windows; later versions of .NET never refuse and say false.
    [System.Security.Cryptography.CryptoConfig]::AllowOnlyFipsAlgorithms
}

function New-SeedHash {
    <#
    .SYNOPSIS
        A hash algorithm that also works under the FIPS policy of Windows, as a HashAlgorithm of .NET.
    .DESCRIPTION
        The service's manifests are made of MD5. Under the policy the MD5 classes of .NET Framework throw, while Windows
        itself goes on to offer MD5: .NET 5 and later take it from the same BCrypt functions. The policy decides which
        one is used, so a host without it runs the class that everybody runs.
    .PARAMETER Algorithm
        MD5 or SHA256.
    #>
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.HashAlgorithm])]
    param([Parameter(Mandatory = $true)][ValidateSet('MD5', 'SHA256')][string]$Algorithm)
    # Not SHA256.Create: on .NET Framework that is SHA256Managed, which the policy refuses.
    if ($Algorithm -eq 'SHA256') {
        return New-Object -TypeName System.Security.Cryptography.SHA256CryptoServiceProvider
    }
    if (-not (Test-SeedFipsOnly)) { return [System.Security.Cryptography.MD5]::Create() }
    if (-not ('Seedfreight.WindowsMD5' -as [type])) {
        Add-Type -TypeDefinition @'
using System;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Seedfreight
{
    public sealed class WindowsMD5 : HashAlgorithm
    {
        [DllImport("bcrypt.dll", CharSet = CharSet.Unicode)]
        static extern int BCryptOpenAlgorithmProvider(out IntPtr provider, string name, string maker, int flags);
        [DllImport("bcrypt.dll")]
        static extern int BCryptCloseAlgorithmProvider(IntPtr provider, int flags);
        [DllImport("bcrypt.dll")]
        static extern int BCryptCreateHash(
            IntPtr provider, out IntPtr hash, IntPtr memory, int size, IntPtr secret, int secretSize, int flags);
        [DllImport("bcrypt.dll")]
        static extern int BCryptHashData(IntPtr hash, ref byte first, int count, int flags);
        [DllImport("bcrypt.dll")]
        static extern int BCryptFinishHash(IntPtr hash, byte[] result, int count, int flags);
        [DllImport("bcrypt.dll")]
        static extern int BCryptDestroyHash(IntPtr hash);

        IntPtr provider, hash;

        public WindowsMD5()
        {
            HashSizeValue = 128;
            Check(BCryptOpenAlgorithmProvider(out provider, "MD5", null, 0));
            Initialize();
        }

        static void Check(int status)
        {
            if (status != 0) throw new CryptographicException(status);
        }

        void End()
        {
            if (hash != IntPtr.Zero) BCryptDestroyHash(hash);
            hash = IntPtr.Zero;
        }

        public override void Initialize()
        {
            End();
            Check(BCryptCreateHash(provider, out hash, IntPtr.Zero, 0, IntPtr.Zero, 0, 0));
        }

        protected override void HashCore(byte[] array, int start, int count)
        {
            if (count > 0) Check(BCryptHashData(hash, ref array[start], count, 0));
        }

        protected override byte[] HashFinal()
        {
            byte[] result = new byte[16];
            Check(BCryptFinishHash(hash, result, result.Length, 0));
            return result;
        }

        protected override void Dispose(bool disposing)
        {
            End();
            if (provider != IntPtr.Zero) BCryptCloseAlgorithmProvider(provider, 0);
            provider = IntPtr.Zero;
            base.Dispose(disposing);
        }
    }
}
'@
    }
    New-Object -TypeName Seedfreight.WindowsMD5
}

function Get-SeedFileHash {
    <#
    .SYNOPSIS
        The hash of a file, upper-case hexadecimal, or an empty string when there is no such file. Fails when the file
        cannot be read.
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
    $hash = New-SeedHash -Algorithm $Algorithm
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

function Get-SeedProgramFile {
    <#
    .SYNOPSIS
        The files that run with a program: itself, the libraries beside it, and its configuration.
    .PARAMETER Path
        Path of the program.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $plain = $Path.Replace('/', '\')
    $at = $plain.LastIndexOf('\') + 1
    $name = $plain.Substring($at)
    Get-ChildItem -LiteralPath $plain.Substring(0, $at) -File -Force -ErrorAction Stop | Where-Object {
        $_.Name -eq $name -or $_.Name -eq "$name.config" -or $_.Extension -eq '.dll'
    }
}

function Get-SeedProgramHash {
    <#
    .SYNOPSIS
        One SHA-256 over names and SHA-256 of the files that run with a program, lower case; empty without the program.
    .PARAMETER Path
        Path of the program.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return '' }
    $files = @(Get-SeedProgramFile -Path $Path)
    # A hash without the program would vouch for any program. A short name, such as WAIMPO~1.EXE, is not in its folder.
    $name = $Path.Replace('/', '\').Split([char[]]'\')[-1]
    if ($name -notin @($files | ForEach-Object { $_.Name })) {
        throw "Its folder does not show '$Path' by this name. Write the name of the file in full."
    }
    $lines = [string[]]@(foreach ($file in $files) {
            $file.Name.ToLowerInvariant() + ' ' + (Get-SeedFileHash -Path $file.FullName -Algorithm SHA256)
        })
    [System.Array]::Sort($lines, [System.StringComparer]::Ordinal)
    $hash = New-SeedHash -Algorithm SHA256
    try { $bytes = $hash.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($lines -join "`n")) }
    finally { $hash.Dispose() }
    ([BitConverter]::ToString($bytes) -replace '-', '').ToLowerInvariant()
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

function New-SeedPrivateFile {
    <#
    .SYNOPSIS
        Writes a new file that only the system and the administrators can read, whatever its folder allows. Its rights
        are set while it is empty.
    .PARAMETER Path
        Path of the file, as .NET understands it. It must not be there.
    .PARAMETER Text
        What it holds, as UTF-8.
    .PARAMETER Byte
        What it holds, in place of a text.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true, ParameterSetName = 'Text')][string]$Text,
        [Parameter(Mandatory = $true, ParameterSetName = 'Byte')][byte[]]$Byte
    )
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
        $Path, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None
    )
    try {
        # Nobody else can open it meanwhile; rights need no share of the content.
        $output = & icacls.exe $Path '/inheritance:r' '/grant:r' '*S-1-5-18:F' '*S-1-5-32-544:F'
        if ($LASTEXITCODE -ne 0) { throw "A file could not be made private with icacls: $output" }
        if ($PSCmdlet.ParameterSetName -eq 'Text') {
            $utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
            $Byte = $utf8.GetBytes($Text)
        }
        $stream.Write($Byte, 0, $Byte.Length)
        $stream.Flush($true)
    }
    finally { $stream.Dispose() }
}

function Test-SeedTrusted {
    <#
    .SYNOPSIS
        Whether a security identifier is the system's, the administrators' or Windows' own, or stands for nobody yet.
    .PARAMETER Sid
        The identifier as text.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Sid)
    # The system, the administrators, and TrustedInstaller, who owns the root of the system drive.
    if ($Sid -in 'S-1-5-18', 'S-1-5-32-544') { return $true }
    if ($Sid -eq 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464') { return $true }
    # Creator owner, creator group and owner rights are placeholders: they say what whoever makes or owns it will get.
    $Sid -in 'S-1-3-0', 'S-1-3-1', 'S-1-3-4'
}

function Get-SeedFolderAccess {
    <#
    .SYNOPSIS
        What others than the system and the administrators may do with a folder. Fails when Windows does not say.
    .DESCRIPTION
        private: nobody else has any right, by inheritance neither, and both have all. writers: who may change what is
        in it, with the owner. takers: who may rename or remove it, or change its rights, with the owner. makers: who
        may remove or rename what is in it. owner: its owner.
    .PARAMETER Path
        Path of the folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $kind = [System.Security.Principal.SecurityIdentifier]
    $acl = Get-Acl -LiteralPath $Path -ErrorAction Stop
    $writers = @()
    $takers = @()
    $makers = @()
    $readers = 0
    $full = @{}
    $owner = "$($acl.GetOwner($kind))"
    if (-not (Test-SeedTrusted -Sid $owner)) {
        $writers += $owner
        $takers += $owner
        $makers += $owner
    }
    foreach ($rule in $acl.GetAccessRules($true, $true, $kind)) {
        if ("$($rule.AccessControlType)" -ne 'Allow') { continue }
        $sid = "$($rule.IdentityReference)"
        $rights = [int]$rule.FileSystemRights
        # Rights to a file system object, winnt.h: 0x1F01FF is all of them; 0x10000000 and 0x40000000 are generic ones.
        if (($rights -band 0x1F01FF) -eq 0x1F01FF) { $full[$sid] = $true }
        if (Test-SeedTrusted -Sid $sid) { continue }
        $readers++
        # Add files and folders, extended attributes, remove children, attributes; remove, change rights, take.
        if ($rights -band 0x500D0156) { $writers += $sid }
        if (([int]$rule.PropagationFlags -band 2) -ne 0) { continue }
        if ($rights -band 0x100D0000) { $takers += $sid }
        if ($rights -band 0x100C0040) { $makers += $sid }
    }
    $both = $full.ContainsKey('S-1-5-18') -and $full.ContainsKey('S-1-5-32-544')
    [pscustomobject]@{
        owner = $owner
        private = $acl.AreAccessRulesProtected -and $both -and $readers -eq 0 -and $writers.Count -eq 0
        writers = @($writers | Select-Object -Unique)
        takers = @($takers | Select-Object -Unique)
        makers = @($makers | Select-Object -Unique)
    }
}

function Get-SeedFolderChain {
    <#
    .SYNOPSIS
        The folders of a path from the root of its volume, each with path and own: whether it is Root or lies below it.
    .PARAMETER Path
        Path of a folder on a drive with a letter.
    .PARAMETER Root
        The first of the folders that are the collection's own.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Root)
    $leaf = $Path.TrimEnd('\')
    $top = $Root.TrimEnd('\')
    if ($leaf -ne $top -and -not $leaf.StartsWith("$top\", [StringComparison]::OrdinalIgnoreCase)) {
        throw "'$leaf' is not below '$top'."
    }
    $parts = $leaf.Split([char[]]'\')
    $now = $parts[0]
    [pscustomobject]@{ path = "$now\"; own = $false }
    foreach ($part in $parts | Select-Object -Skip 1) {
        $now += "\$part"
        [pscustomobject]@{ path = $now; own = $now.Length -ge $top.Length }
    }
}

function Get-SeedFolderProblem {
    <#
    .SYNOPSIS
        Why a folder cannot be used for what must be private, or nothing. Changes nothing; what can be made private is
        no problem.
    .DESCRIPTION
        Others must not be able to put their own folder in its place, so the folders above it count too. What lies in a
        folder that others could write to is not trusted, because they may have put or changed it: files there would be
        run by the system, or taken for the state of an attempt.
    .PARAMETER Path
        Path of the folder, which need not be there.
    .PARAMETER Root
        The first folder on the way that is the collection's own; Path itself when it is not set.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [string]$Root)
    if (-not $Root) { $Root = $Path }
    foreach ($folder in @(Get-SeedFolderChain -Path $Path -Root $Root)) {
        $now = $folder.path
        try {
            if (-not (Test-Path -LiteralPath $now -ErrorAction Stop)) { return }
            $item = Get-Item -LiteralPath $now -Force -ErrorAction Stop
            if (-not $item.PSIsContainer) {
                return "'$now' is not a folder. Remove the file, or choose another folder."
            }
            if (($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0) {
                return "The folder '$now' is a link, junction or mount point and is not used for what must be " +
                    'private. Choose a real folder.'
            }
            $access = Get-SeedFolderAccess -Path $now
            if ($folder.own) {
                if ($access.writers.Count -eq 0) { continue }
                $held = @(Get-ChildItem -LiteralPath $now -Force -ErrorAction Stop | ForEach-Object { $_.Name })
                if ($held.Count -eq 0) { continue }
                return "The folder '$now' must be private, but $($access.writers -join ', ') could write to it, and " +
                    "it holds $(@($held | Select-Object -First 5) -join ', '). None of it is trusted. Find out who " +
                    'made it, and remove the folder.'
            }
            $others = $access.makers
            # Nobody can rename or remove the root of a volume.
            if ($now.Length -gt 3) { $others = @($others + $access.takers | Select-Object -Unique) }
            if ($others.Count -gt 0) {
                return "The folder '$Root' cannot be kept private, because $($others -join ', ') may rename or " +
                    "remove '$now' or what is in it. Choose a folder below C:\ProgramData, or take these rights away."
            }
        }
        catch { return "Whether '$now' is private is not known: $($_.Exception.Message)" }
    }
}

function Add-SeedPrivateFolder {
    <#
    .SYNOPSIS
        Makes one folder whose parent is safe, private from its first content on.
    .DESCRIPTION
        It is made under another name and gets its own when it is private, so that of two calls at the same time one
        makes it and the other finds it as it is.
    .PARAMETER Path
        Path of the folder, which is not there.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $new = "$Path.$([guid]::NewGuid().ToString('N')).new"
    $null = New-Item -Path $new -ItemType Directory -ErrorAction Stop
    try {
        $access = Get-SeedFolderAccess -Path $new
        # Its owner is this account: nobody else can have made a folder that was not there.
        $takers = @($access.takers | Where-Object { $_ -ne $access.owner })
        if ($takers.Count -gt 0) {
            # Who opened it in this moment could rename it later, or give itself rights again.
            throw "The folder '$Path' cannot be made private, because $($takers -join ', ') may rename or remove new " +
                'folders in the folder above it. Choose a folder below C:\ProgramData.'
        }
        Set-SeedPrivateAcl -Path $new
        if (@(Get-ChildItem -LiteralPath $new -Force -ErrorAction Stop).Count -gt 0) {
            throw "Somebody put files into the new folder '$new' before it was private. Find out who did, and " +
                'remove it.'
        }
        try { [System.IO.Directory]::Move((Resolve-SeedPath -Path $new), (Resolve-SeedPath -Path $Path)) }
        catch {
            # Another call made it meanwhile; whoever made it, it is judged as one that was there.
            if (-not (Test-Path -LiteralPath $Path -ErrorAction Stop)) { throw }
        }
    }
    finally {
        # Only while it is empty: what somebody put into it may be a link, and is left for a person to look at.
        $native = Resolve-SeedPath -Path $new
        try { if ([System.IO.Directory]::Exists($native)) { [System.IO.Directory]::Delete($native, $false) } }
        catch { Write-Verbose -Message "'$new' stays." }
    }
}

function New-SeedPrivateFolder {
    <#
    .SYNOPSIS
        Makes a folder that only the system and the administrators can reach, or makes sure that the one there is so.
    .DESCRIPTION
        What lies in it may hold keys or is run as the system. Every folder from Root to Path is looked at each time.
        Foreign rights to read are taken away. An empty folder that others can change is replaced and not taken over,
        because whoever made it may still have it open with the rights of then. Everything else fails, also when Windows
        does not say how a folder stands.
    .PARAMETER Path
        Path of the folder.
    .PARAMETER Root
        The first folder on the way that is made private; Path itself when it is not set.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [string]$Root)
    if (-not $Root) { $Root = $Path }
    $problem = Get-SeedFolderProblem -Path $Path -Root $Root
    if ($problem) { throw $problem }
    foreach ($folder in @(Get-SeedFolderChain -Path $Path -Root $Root)) {
        $now = $folder.path
        $there = Test-Path -LiteralPath $now -ErrorAction Stop
        if (-not $folder.own) {
            if (-not $there) { $null = New-Item -Path $now -ItemType Directory -ErrorAction Stop }
            continue
        }
        if ($there -and @((Get-SeedFolderAccess -Path $now).writers).Count -gt 0) {
            Remove-Item -LiteralPath $now -Force -ErrorAction Stop
            $there = $false
        }
        if (-not $there) { Add-SeedPrivateFolder -Path $now }
        elseif (-not (Get-SeedFolderAccess -Path $now).private) { Set-SeedPrivateAcl -Path $now }
    }
    # The folders above may have been made just now, so they are looked at again.
    $problem = Get-SeedFolderProblem -Path $Path -Root $Root
    if ($problem) { throw $problem }
    $open = @(Get-SeedFolderChain -Path $Path -Root $Root |
        Where-Object { $_.own -and -not (Get-SeedFolderAccess -Path $_.path).private })
    if ($open.Count -gt 0) {
        throw "The folder '$($open[0].path)' is not private although its rights were set. Look at it with icacls."
    }
}

function Test-SeedFullPath {
    <#
    .SYNOPSIS
        Whether a path is a full one of Windows, with a drive letter or as a share, of which no part is read otherwise
        than it is written. The same rule as check_windows_path of the definition.
    .PARAMETER Path
        The path.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Path)
    $part = '[^\\/:*?"<>|\x00-\x1f]*[^\\/:*?"<>|\x00-\x1f. ]'
    $Path -match "\A([A-Za-z]:\\|([A-Za-z]:|\\\\$part\\$part)(\\$part)+\\?|\\\\$part\\$part\\?)\z"
}

function Get-SeedPathLink {
    <#
    .SYNOPSIS
        The first folder on the way to a path, or the path itself, that is a link, junction or mount point: what lies
        behind it may lie on another volume. Nothing when there is none. Fails when Windows does not say.
    .PARAMETER Path
        An absolute path with a drive letter. It does not have to exist.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $parts = @($Path.Replace('/', '\').Split([char[]]'\') | Where-Object { $_ })
    for ($at = 1; $at -lt $parts.Count; $at++) {
        $folder = $parts[0..$at] -join '\'
        if (-not (Test-Path -LiteralPath $folder -ErrorAction Stop)) { return }
        $attributes = (Get-Item -LiteralPath $folder -Force -ErrorAction Stop).Attributes
        if (($attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0) { return $folder }
    }
}

function Get-SeedTreeItem {
    <#
    .SYNOPSIS
        A folder or file and everything below it, in the order in which it can be removed. A link is not followed.
    .PARAMETER Path
        Path of the folder or file.
    .PARAMETER Last
        Names of files that come behind everything else in their folder, in this order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [AllowEmptyCollection()][string[]]$Last = @())
    $item = Get-Item -LiteralPath $Path -Force -ErrorAction Stop
    $link = ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0
    if ($item.PSIsContainer -and -not $link) {
        $names = @($item.GetFileSystemInfos() | ForEach-Object { $_.Name })
        foreach ($name in @($names | Where-Object { $_ -notin $Last }) + @($Last | Where-Object { $_ -in $names })) {
            Get-SeedTreeItem -Path "$($Path.TrimEnd('\'))\$name" -Last $Last
        }
    }
    $item
}

function Remove-SeedTree {
    <#
    .SYNOPSIS
        Removes a folder or file with everything below it; of a link, only the link.
    .DESCRIPTION
        Remove-Item of Windows PowerShell goes through a junction and removes what it leads to, and whoever may write to
        a folder can put one there. Source: issue 621 of PowerShell, which version 6 closed.
    .PARAMETER Path
        Path of the folder or file.
    .PARAMETER Last
        Names of files that are removed behind everything else in their folder, in this order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [AllowEmptyCollection()][string[]]$Last = @())
    foreach ($item in @(Get-SeedTreeItem -Path $Path -Last $Last)) {
        $link = ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -ne 0
        if (-not $link -and ($item.Attributes -band [System.IO.FileAttributes]::ReadOnly) -ne 0) {
            $item.Attributes = $item.Attributes -bxor [System.IO.FileAttributes]::ReadOnly
        }
        $item.Delete()
    }
}

function Get-SeedDrivePattern {
    <#
    .SYNOPSIS
        What a path on a drive looks like: parts behind backslashes, of any characters but control characters and those
        that Windows refuses or reads as its own. Windows drops a full stop or blank at the end of a part, and opens a
        device for its name, also with an extension. Source: the article on naming files, paths and namespaces.
    #>
    [CmdletBinding()]
    [OutputType([regex])]
    param()
    $device = '(?:[Cc][Oo][Nn](?:[Ii][Nn]\$|[Oo][Uu][Tt]\$)?|[Pp][Rr][Nn]|[Aa][Uu][Xx]|[Nn][Uu][Ll]' +
        '|(?:[Cc][Oo][Mm]|[Ll][Pp][Tt])[1-9\xb9\xb2\xb3])'
    New-Object -TypeName regex -ArgumentList (
        '\A(\\(?!' + $device + ' *(?:[.\\]|\z))[^\x00-\x1f\x7f-\x9f/:*?"<>|\\]*[^\x00-\x1f\x7f-\x9f/:*?"<>|\\. ])+\z'
    )
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
    $Path.Length -le 2048 -and (Get-SeedDrivePattern).IsMatch($Path)
}

Export-ModuleMember -Function @(
    'Resolve-SeedPath', 'Get-SeedTime', 'Read-SeedText', 'ConvertTo-SeedPlain', 'Read-SeedJson', 'Write-SeedJson',
    'Test-SeedFipsOnly', 'New-SeedHash', 'Get-SeedFileHash', 'Get-SeedProgramFile', 'Get-SeedProgramHash',
    'Set-SeedPrivateAcl', 'New-SeedPrivateFile', 'Test-SeedTrusted', 'Get-SeedFolderAccess', 'Get-SeedFolderChain',
    'Get-SeedFolderProblem', 'Add-SeedPrivateFolder', 'New-SeedPrivateFolder', 'Test-SeedFullPath', 'Get-SeedPathLink',
    'Get-SeedTreeItem', 'Remove-SeedTree',
    'Get-SeedDrivePattern', 'Test-SeedDrivePath'
)
