# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a drive is' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive'
    }

    Context 'status, from a table of facts' {
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
        It 'has the whole record of: <name>' -ForEach @($cases | ForEach-Object { @{ name = $_.name; case = $_ } }) {
            $record = ConvertTo-SeedDriveRecord -Facts $case.facts -Option $case.options
            ConvertTo-Json -InputObject $record -Depth 12 |
                Should -BeExactly (ConvertTo-Json -InputObject $case.record -Depth 12)
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

    Context 'serials' {
        BeforeEach { New-TestWorld }
        AfterEach { Remove-TestWorld }
        It 'has one form of <raw>' -ForEach @(
            @{ raw = '  WD-1 '; normal = 'WD-1' }
            @{ raw = 'nv1.'; normal = 'NV1' }
            @{ raw = "a`tb`0"; normal = 'AB' }
            @{ raw = ''; normal = '' }
        ) { ConvertTo-SeedSerial -Serial $raw | Should -BeExactly $normal }
        It 'finds a disk by serial' { (Find-SeedDisk -Serial 'WD-1').Number | Should -Be 1 }
        It 'refuses a serial that two disks have' {
            Add-TestDisk -Serial 'wd-1x' -Number 7
            Set-TestDisk -Serial 'wd-1x' -Change { $_.serial = 'wd-1' }
            { Find-SeedDisk -Serial 'WD-1' } | Should -Throw '*belongs to 2 disks*'
        }
        It 'names serials that a person may have meant' {
            Get-SeedNearSerial -Serial 'WD-WX31A10FEO2' -Known 'WD-WX31A10FE02', 'SYS' | Should -Be 'WD-WX31A10FE02'
            Get-SeedNearSerial -Serial 'WX31A10FE02' -Known 'WD-WX31A10FE02' | Should -Be 'WD-WX31A10FE02'
            Get-SeedNearSerial -Serial 'WD-WX31A10FE02' -Known 'WD-WX31A10FE99', 'X' | Should -BeNullOrEmpty
        }
    }

    It 'compares shards by name and length, in any order' {
        $one = [pscustomobject]@{ name = 'a'; bytes = 1 }
        $two = [pscustomobject]@{ name = 'B'; bytes = 2 }
        Test-SeedSameFile -Left $one, $two -Right @{ name = 'b'; bytes = 2 }, @{ name = 'A'; bytes = 1 } |
            Should -BeTrue
        Test-SeedSameFile -Left $one, $two -Right $one | Should -BeFalse
        Test-SeedSameFile -Left $one -Right @{ name = 'a'; bytes = 2 } | Should -BeFalse
    }
}
