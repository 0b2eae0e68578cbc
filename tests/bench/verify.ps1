# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
<#
.SYNOPSIS
    What verify.py measures in PowerShell, one thing a process.
.PARAMETER What
    verify (a folder with a manifest and its file), bare (XmlReader alone) or manifest (the reader).
.PARAMETER Path
    The folder or the manifest.
.PARAMETER Count
    How many blobs the manifest has, or how many drives are read at the same time.
#>
param([ValidateSet('verify', 'bare', 'manifest')][string]$What, [string]$Path, [long]$Count)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
foreach ($name in '_Folder', '_Manifest', '_RunScript', '_Verify') {
    Import-Module -Name "$PSScriptRoot/../../plugins/module_utils/$name.psm1" -Global
}
if ($What -eq 'bare') {
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.IgnoreWhitespace = $true
    $reader = [System.Xml.XmlReader]::Create($Path, $settings)
    while ($reader.Read()) { }
    $reader.Dispose()
}
if ($What -eq 'manifest') {
    $manifest = Open-SeedManifest -Path $Path
    while (Read-SeedManifestPart -Manifest $manifest) { }
    Close-SeedManifest -Manifest $manifest
    if ($manifest['blobs'] -ne $Count) { throw "$($manifest['blobs']) blobs were read, not $Count." }
}
if ($What -eq 'verify') {
    # A drive letter that leads to the folder, so that paths are those of the product.
    $null = New-PSDrive -Name V -PSProvider FileSystem -Root $Path -Scope Global
    $order = [pscustomobject]@{
        attempt = 'bench'
        serial = 'DATA'
        letter = 'V'
        container = 'c'
        manifest_file = '\DriveManifest.xml'
        manifest_hash = ''
        journal_sha256 = ''
        sessions = @()
        together = $Count
        files = @([pscustomobject]@{ name = 'data'; bytes = (Get-Item -LiteralPath 'V:\data').Length })
        part_file = 'V:\part.json'
        run_file = 'V:\run.json'
    }
    $found = New-SeedFound -Order $order -State ([ordered]@{ partition_guid = ''; bytes_done = [long]0 })
    $null = Read-SeedManifest -Found $found
    if ($found['wrong'] -or $found['bytes'] -ne $order.files[0].bytes) { throw "$($found['mismatches'])" }
}
