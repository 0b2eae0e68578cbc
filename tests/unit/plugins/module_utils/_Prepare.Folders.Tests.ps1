# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Attempts that are only folders here: no tool runs, so these tests are quick.
Describe 'what starts work' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/attempts.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'the drive once more' {
        BeforeAll {
            function New-Seen {
                param([string]$Id = $first, [string]$Fingerprint = 'f', [string]$Allowed = 'prepare')
                $attempt = $null
                if ($Id) { $attempt = [pscustomobject]@{ id = $Id } }
                [pscustomobject]@{
                    listed = @{ serial = 'X' }
                    facts = [pscustomobject]@{ serial = 'X'; attempt = $attempt }
                    record = [pscustomobject]@{ fingerprint = $Fingerprint; allowed = @($Allowed); reason = 'why' }
                }
            }
        }
        It 'is as it was' {
            $global:TestNow = New-Seen
            Mock Get-SeedDrive {
                param($Option)
                # Only the one drive is looked at once more.
                @($Option['drives'] | ForEach-Object { $_.serial }) | Should -Be 'X'
                $global:TestNow
            } -ModuleName _Prepare
            $all = @{ drives = @(@{ serial = 'X' }, @{ serial = 'Y' }) }
            (Confirm-SeedAllowed -Drive (New-Seen) -Option $all -Step prepare).facts.serial | Should -Be 'X'
            $global:TestNow = New-Seen -Id ''
            (Confirm-SeedAllowed -Drive (New-Seen -Id '') -Option @{} -Step prepare).facts.serial | Should -Be 'X'
        }
        It 'is another one with <what>' -ForEach @(
            @{ what = 'another attempt'; now = @{ Id = '20260102T000000Z-0002' } }
            @{ what = 'no attempt'; now = @{ Id = '' } }
            @{ what = 'other content'; now = @{ Fingerprint = 'g' } }
            @{ what = 'another step'; now = @{ Allowed = 'wait' } }
        ) {
            $global:TestNow = New-Seen @now
            Mock Get-SeedDrive { $global:TestNow } -ModuleName _Prepare
            { Confirm-SeedAllowed -Drive (New-Seen) -Option @{} -Step prepare } |
                Should -Throw 'Another run worked on drive X*Now: why'
        }
    }

    Context 'reading again' {
        BeforeEach {
            Set-TestDisk -Serial DATA -Change { $_.serial = 'WD-WX31A10FE02' }
            $global:TestLook = $null
            Mock Get-SeedDiskFact {
                [CmdletBinding()]param($Serial, $ProtectedPath, $OwnGuid, $ManifestFile, [switch]$Shallow, $Look)
                $global:TestLook = $PSBoundParameters
                $disk = [pscustomobject]@{ number = 2; letter = '' }
                [pscustomobject]@{ problems = @('p'); candidates = @('c'); disk = $disk; content = 'x' }
            } -ModuleName _Attempt
        }
        It 'is read again in all its bytes, bound to its partition and its journal' {
            $null = New-Folder -Id $first -Run @{} -Journal
            $facts = Get-Facts
            $facts.disk = [pscustomobject]@{
                unique_id = 'U'; size_bytes = 9; partition_guid = '{now}'; letter = 'E'
            }
            $order = New-SeedVerifyOrder -Facts $facts
            "$($order['bytes_total']) $($order['identity']['partition_guid']) $($order['sessions'].Count)" |
                Should -Be '3 {now} 2'
            $order['journal_sha256'] | Should -BeExactly $facts.journal.sha256
        }
        It 'is read again beside the others, whatever they do: <what>' -ForEach @(
            @{ what = 'two'; allowed = 'verify', 'verify'; after = 'verifying,verifying'; changed = $true }
            @{ what = 'the second'; allowed = 'collect', 'verify'; after = 'copied,verifying'; changed = $true }
            @{ what = 'beside a copy'; allowed = 'wait', 'verify'; after = 'copied,verifying'; changed = $true }
            @{ what = 'none, for now'; allowed = 'wait', 'collect'; after = 'copied,copied'; changed = $false }
        ) {
            $global:TestDrives = @(foreach ($at in 0, 1) {
                    [pscustomobject]@{
                        facts = [pscustomobject]@{
                            serial = "S$at"; content = $null
                            attempt = [pscustomobject]@{
                                id = "a$at"; run = [pscustomobject]@{ operation = 'copy'; state = 'ended' }
                            }
                        }
                        record = [pscustomobject]@{
                            status = 'copied'; fingerprint = ''; allowed = @($allowed[$at]); reason = 'why'
                        }
                    }
                })
            Mock Get-SeedDrive { $global:TestDrives } -ModuleName _Prepare
            $change = Invoke-SeedVerify -Option @{} -CheckMode $true
            ($change.after['drives'] | ForEach-Object { $_['status'] }) -join ',' | Should -Be $after
            "$($change.changed) $($change.failure)" | Should -Be "$changed "
        }
    }

    Context 'before the task' {
        It 'leaves a share to the task, and refuses a folder that is not there' {
            $file = [pscustomobject]@{ name = 'a'; bytes = 1 }
            Assert-SeedStagedFile -Directory '\\filer\none' -File $file
            { Assert-SeedStagedFile -Directory 'C:\none' -File $file } | Should -Throw '*`source_directory`*'.Replace(
                '`', '``')
            { Assert-SeedStagedFile -Directory 'C:\' -File $file } | Should -Throw '*is missing*'
        }
        It 'shows why an attempt was refused before its tool started' {
            $folder = New-Folder -Id $first
            $plan = @{
                id = $first; started = 'x'; identity = [pscustomobject]@{ partition_guid = '' }
                sessions = @([pscustomobject]@{ id = 's-1' })
            }
            Set-SeedRefused -Folder $folder -Plan $plan -Problem 'because'
            $run = (Read-SeedJson -Path "$folder\run.json").value
            "$($run.state) $($run.exit_code) $($run.error) $($run.tool_started) $($run.sessions[0].state)" |
                Should -Be 'ended -1 because False pending'
            $run.ended | Should -Not -BeNullOrEmpty
        }
    }
}
