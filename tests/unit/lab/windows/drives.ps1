# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The cases of the golden file of drives, with one fact or option changed. No disk is there.
Import-TestUtility -Name '_DriveRecord'
$known = [System.IO.File]::ReadAllText(
    (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/golden/drives.json'))
function Get-Case {
    param([string]$Name, [scriptblock]$Change)
    $case = ConvertFrom-Json -InputObject $known -DateKind String | ForEach-Object { $_ } |
        Where-Object { $_.name -eq $Name }
    if (@($case).Count -ne 1) { throw "no case '$Name'" }
    $null = ForEach-Object -InputObject $case -Process $Change
    $case
}
$other = '{ffffffff-0000-4000-8000-000000000001}'
$data = [pscustomobject]@{
    kind = 'data'
    text = 'the NTFS volume E: with 9 entries'
    fingerprint = 'aaaabbbbcccc'
    manifest = $false
    manifest_md5 = $null
    encryption = $null
}
$older = {
    param($guid, $wrote)
    , @([pscustomobject]@{ id = 'o'; partition_guid = $guid; wrote = $wrote; tool = $wrote })
}
# A parameter of type string is never null, and null asks nothing about what is allowed.
function Assert-TestCase {
    param([string]$Base, [scriptblock]$Change, [string]$Status, [string]$Reason, [object]$Allowed)
    $case = Get-Case -Name $Base -Change $Change
    $found = Get-SeedDriveStatus -Facts $case.facts -Option $case.options
    $found.status | Should -BeExactly $Status
    $found.reason | Should -Match $Reason
    if ($null -ne $Allowed) { $found.allowed -join ',' | Should -BeExactly $Allowed }
}
