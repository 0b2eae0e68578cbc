# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the record of a drive' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/drives.ps1')
    }

    # PowerShell 7 would turn times into DateTime; the facts of the modules have them as text.
    $golden = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/golden/drives.json'
    $cases = @(ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($golden)) -DateKind String |
        ForEach-Object { $_ })
    It 'has the whole record of: <name>' -ForEach @($cases | ForEach-Object { @{ name = $_.name; case = $_ } }) {
        $record = ConvertTo-SeedDriveRecord -Facts $case.facts -Option $case.options
        ConvertTo-Json -InputObject $record -Depth 12 |
            Should -BeExactly (ConvertTo-Json -InputObject $case.record -Depth 12)
    }
    It 'takes the tool for <started> when <what>' -ForEach @(
        @{ started = $false; what = 'nothing was ever ordered'; change = { } }
        @{ started = $true; what = 'there is an order'; change = { $_.has_order = $true } }
        @{ started = $true; what = 'the state is torn'; change = { $_.run_state = 'torn' } }
        @{ started = $true; what = 'attempt.json is torn'; change = { $_.readable = $false } }
    ) {
        $attempt = (Get-Case -Name 'copied' -Change { }).facts.attempt
        $attempt.run, $attempt.run_state, $attempt.has_order = $null, 'missing', $false
        $null = ForEach-Object -InputObject $attempt -Process $change
        (Get-SeedAttemptRecord -Attempt $attempt).tool_started | Should -Be $started
    }
    It 'shows no progress before there is a state' {
        $case = Get-Case -Name 'copies' -Change { $_.facts.attempt.run = $null }
        $record = ConvertTo-SeedDriveRecord -Facts $case.facts -Option $case.options
        $record.progress | Should -BeNullOrEmpty
        $record.status | Should -Be 'copying'
    }
}
