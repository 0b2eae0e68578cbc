# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a drive is for a new attempt' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/drives.ps1')
    }

    It '<base>, <what>: <status>' -ForEach @(
        @{
            base = 'empty without a partition table'; what = 'not looked into'; status = 'unknown'
            reason = 'cannot be looked into'; change = { $_.facts.content = $null }
        }
        @{
            base = 'content that cannot be judged'; what = 'without a word'; status = 'unknown'
            reason = 'cannot be looked into'; change = { $_.facts.content.text = '' }
        }
        @{
            base = 'content that cannot be judged'; what = 'as it is'; status = 'unknown'
            reason = 'cannot be judged'; change = { }
        }
        @{
            base = 'foreign'; what = 'an older attempt wrote it'; status = 'interrupted'; allowed = 'prepare'
            reason = 'earlier attempt'
            change = { $_.facts.older = & $older $_.facts.disk.partition_guid $true }
        }
        @{
            base = 'foreign'; what = 'an older attempt only made the partition'; status = 'foreign'; allowed = 'erase'
            reason = 'holds'
            change = { $_.facts.older = & $older $_.facts.disk.partition_guid $false }
        }
        @{
            base = 'empty without a partition table'; what = 'in a partition of an older attempt'
            status = 'interrupted'; allowed = 'prepare'; reason = 'earlier attempt'
            change = {
                $_.facts.disk.partition_guid = $other
                $_.facts.older = & $older $other $false
            }
        }
        @{
            base = 'foreign'; what = 'without a GUID, like the older attempt'; status = 'foreign'; allowed = 'erase'
            reason = 'holds'
            change = {
                $_.facts.disk.partition_guid = ''
                $_.facts.older = & $older '' $true
            }
        }
        @{
            base = 'empty without a partition table'; what = 'SATA, where another bus is allowed too'
            status = 'empty'; reason = 'is empty'; change = { $_.options.bus = 'USB' }
        }
        @{
            base = 'empty without a partition table'; what = 'ATA'; status = 'empty'; reason = 'is empty'
            change = { $_.facts.disk.bus_type = 'ATA' }
        }
        @{
            base = 'empty without a partition table'; what = 'tiny, and nothing planned'; status = 'empty'
            reason = 'is empty'
            change = {
                $_.options.files = @()
                $_.facts.disk.size_bytes = 10
            }
        }
        @{
            base = 'empty without a partition table'; what = 'tiny, and one byte planned'; status = 'unusable'
            reason = 'too few'
            change = {
                $_.options.files = @([pscustomobject]@{ name = 'a'; bytes = 1 })
                $_.facts.disk.size_bytes = 10
            }
        }
        @{
            base = 'foreign'; what = 'without a fingerprint, and an empty one is allowed'; status = 'foreign'
            allowed = 'erase'; reason = 'holds'
            change = {
                $_.facts.content.fingerprint = ''
                $_.options.erase_fingerprints = @('')
            }
        }
        @{
            base = 'interrupted, given up'; what = 'partitioned anew, and erase is set'; status = 'foreign'
            allowed = 'erase'; reason = 'first attempt only'
            change = {
                $_.options.erase = $true
                $_.facts.content = $data
                $_.facts.disk.partition_guid = $other
            }
        }
        @{
            base = 'foreign'; what = 'an older attempt wrote elsewhere, and erase is not set'; status = 'foreign'
            allowed = 'erase'; reason = "entries\. If all of it may go"
            change = {
                $_.facts.content = $data
                $_.facts.older = & $older $other $true
            }
        }
    ) { Assert-TestCase -Base $base -Change $change -Status $status -Reason $reason -Allowed $allowed }
    It 'lets erase cover what an attempt that never started was to erase: <what>' -ForEach @(
        @{ what = 'the same still lies there'; erased = 'aaaabbbbcccc'; allowed = 'prepare' }
        @{ what = 'something else lies there'; erased = '111122223333'; allowed = 'erase' }
        @{ what = 'it had nothing to erase'; erased = ''; allowed = 'prepare' }
    ) {
        $case = Get-Case -Name 'never started' -Change {
            $_.options.erase = $true
            $_.facts.content = $data
            $_.facts.disk.partition_guid = $other
            $_.facts.attempt.erased = $null
            if ($erased) { $_.facts.attempt.erased = [pscustomobject]@{ fingerprint = $erased } }
        }
        (Get-SeedDriveStatus -Facts $case.facts -Option $case.options).allowed | Should -Be $allowed
    }
}
