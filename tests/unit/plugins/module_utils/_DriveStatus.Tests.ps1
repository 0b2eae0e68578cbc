# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a drive is' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_DriveStatus'
    }

    # PowerShell 7 would turn times into DateTime; the facts of the modules have them as text.
    $golden = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/golden/drives.json'
    $cases = @(ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($golden)) -DateKind String |
        ForEach-Object { $_ })
    It '<name>' -ForEach @($cases | ForEach-Object { @{ name = $_.name; case = $_ } }) {
        $status = Get-SeedDriveStatus -Facts $case.facts -Option $case.options
        $status.status | Should -BeExactly $case.expect.status
        $status.allowed -join ',' | Should -BeExactly ($case.expect.allowed -join ',')
        $status.reason | Should -Match $case.expect.reason
    }
    It 'never prepares a complete attempt, whatever is allowed, unless its id is given up' {
        foreach ($case in $cases) {
            $case.options.erase = $true
            $case.options.erase_fingerprints = @($case.facts.content | Where-Object { $_ } |
                ForEach-Object { $_.fingerprint })
            if ((Get-SeedAttemptState -Facts $case.facts) -ne 'complete' -or $case.options.discard_attempts.Count) {
                continue
            }
            (Get-SeedDriveStatus -Facts $case.facts -Option $case.options).allowed | Should -Not -Contain 'prepare'
        }
    }
}
