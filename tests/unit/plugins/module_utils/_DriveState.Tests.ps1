# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'how an attempt and its drive stand' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/drives.ps1')
    }

    It '<base>, <what>: <status>' -ForEach @(
        @{
            base = 'copied'; what = 'without its journal'; status = 'failed'; reason = 'its journal is not there'
            change = { $_.facts.journal = $null }
        }
        @{
            base = 'copied'; what = 'the journal is not complete'; status = 'failed'; reason = 'does not say'
            change = { $_.facts.journal.completed = $false }
        }
        @{
            base = 'copied'; what = 'no key in the journal'; status = 'failed'; reason = 'no BitLocker key'
            change = { $_.facts.journal.key_kind = '' }
        }
        @{
            base = 'copied'; what = 'no hash in the journal'; status = 'failed'; reason = 'no hash of the manifest'
            change = { $_.facts.journal.manifest_hash = '' }
        }
        @{
            base = 'copied'; what = 'attempt.json cannot be read'; status = 'unknown'; reason = 'its attempt.json'
            change = { $_.facts.attempt.readable = $false }
        }
        @{
            base = 'copied'; what = 'the journal cannot be opened'; status = 'unknown'; reason = 'its journal cannot'
            change = { $_.facts.journal.damaged = 'cannot be opened' }
        }
        @{
            base = 'never started'; what = 'and there is a journal'; status = 'unknown'; reason = 'file is missing'
            change = {
                $_.facts.attempt.run_state = 'missing'
                $_.facts.attempt.run = $null
                $_.facts.attempt.has_order = $false
                $_.facts.journal = [pscustomobject]@{ damaged = '' }
            }
        }
        @{
            base = 'never started'; what = 'and there is an order'; status = 'unknown'; reason = 'file is missing'
            change = {
                $_.facts.attempt.run_state = 'missing'
                $_.facts.attempt.run = $null
                $_.facts.attempt.has_order = $true
                $_.facts.journal = $null
            }
        }
        @{
            base = 'copied'; what = 'the tool made the partition anew'; status = 'copied'
            reason = 'Read it again before it travels'
            change = { $_.facts.disk.partition_guid = $_.facts.attempt.run.partition_guid = $other }
        }
        @{
            base = 'copied'; what = 'the identity names another partition than the run'; status = 'copied'
            reason = 'Read it again before it travels'
            change = { $_.facts.attempt.run.partition_guid = $other }
        }
        @{
            base = 'copied'; what = 'the attempt has no identity'; status = 'copied'; reason = 'Read it again'
            change = { $_.facts.attempt.identity = $null }
        }
    ) { Assert-TestCase -Base $base -Change $change -Status $status -Reason $reason -Allowed $allowed }
    It 'does not know whose the content is without a disk, or unseen' {
        $case = Get-Case -Name 'copied' -Change { $_.facts.disk = $null }
        Get-SeedContentKind -Facts $case.facts | Should -Be 'unknown'
        $case = Get-Case -Name 'copied' -Change { $_.facts.content = $null }
        Get-SeedContentKind -Facts $case.facts | Should -Be 'unknown'
        Get-SeedAccess -Facts $case.facts | Should -Be 'unknown'
    }
    It 'does not know whose a partition is when attempt.json cannot be read' {
        $case = Get-Case -Name 'copied' -Change {
            $_.facts.attempt.readable = $false
            $_.facts.attempt.run = $null
        }
        Get-SeedContentKind -Facts $case.facts | Should -Be 'foreign'
    }

    It 'says <activity> when <what>' -ForEach @(
        @{
            base = 'copied, still encrypting'; what = 'nobody works and Windows encrypts'; activity = 'encrypting'
            change = { }
        }
        @{
            base = 'copies'; what = 'the state is not there yet'; activity = 'unknown'
            change = { $_.facts.attempt.run = $null }
        }
        @{
            base = 'copies'; what = 'no session runs'; activity = 'between_sessions'
            change = { $_.facts.attempt.run.sessions | ForEach-Object { $_.state = 'completed' } }
        }
        @{ base = 'copies'; what = 'a session runs'; activity = 'copying'; change = { } }
        @{
            base = 'copies'; what = 'a session runs while Windows encrypts'; activity = 'encrypting'
            change = {
                $_.facts.content = $data
                $_.facts.content.encryption = [pscustomobject]@{ volume_status = 'EncryptionInProgress' }
            }
        }
        @{ base = 'copied'; what = 'all is done'; activity = 'none'; change = { } }
        @{
            base = 'copied'; what = 'the encryption is not known'; activity = 'none'
            change = { $_.facts.content.encryption = $null }
        }
    ) {
        $case = Get-Case -Name $base -Change $change
        Get-SeedActivity -Facts $case.facts | Should -BeExactly $activity
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
