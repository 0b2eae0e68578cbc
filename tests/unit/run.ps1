# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
<#
.SYNOPSIS
    Runs the PowerShell unit tests, which are written for Pester 5, under strict mode.
.DESCRIPTION
    The runner beside this file understands the part of Pester 5 that the tests use, so that nothing has to be
    installed; a real Pester runs the same files. Ends with 'N passed, N failed'. To find no test is a failure.
.PARAMETER Path
    Folders that are searched for *.Tests.ps1.
.PARAMETER Pester
    Run them with an installed Pester 5 instead.
#>
param([string[]]$Path = @($PSScriptRoot), [switch]$Pester)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$env:SEEDFREIGHT_TESTS = Split-Path -Path $PSScriptRoot -Parent
$env:PSModulePath = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/Modules') +
    [System.IO.Path]::PathSeparator + $env:PSModulePath
if ($Pester) {
    Import-Module -Name Pester -MinimumVersion 5.0
    $result = Invoke-Pester -Path $Path -PassThru
    "$($result.PassedCount) passed, $($result.FailedCount) failed"
    exit [int]($result.FailedCount -gt 0 -or $result.PassedCount -eq 0)
}
Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'runner/Runner.psm1') -Force
$files = Get-ChildItem -Path $Path -Recurse -Filter '*.Tests.ps1' | Sort-Object -Property FullName
# A file that runs alone may say more.
$env:SEEDFREIGHT_ALONE = $(if (@($files).Count -eq 1) { '1' } else { '' })
$total = @{ passed = 0; failed = 0 }
foreach ($file in $files) {
    foreach ($test in Invoke-TestFile -Path $file.FullName) {
        if ($test.passed) { $total.passed++; continue }
        $total.failed++
        "FAILED $($file.Name): $($test.name)`n    $($test.message)"
    }
}
"$($total.passed) passed, $($total.failed) failed"
exit [int]($total.failed -gt 0 -or $total.passed -eq 0)
