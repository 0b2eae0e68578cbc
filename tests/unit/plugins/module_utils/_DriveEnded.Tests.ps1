# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a drive is whose attempt ended' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/drives.ps1')
    }

    It '<base>, <what>: <status>' -ForEach @(
        @{
            base = 'never started, refused by the runner'; what = 'and somebody formatted its partition'
            status = 'foreign'; allowed = 'erase'; reason = '9 entries'
            change = {
                $_.facts.content = $data
                $_.facts.disk.partition_guid = $_.facts.attempt.identity.partition_guid =
                    $_.facts.attempt.run.partition_guid = $other
            }
        }
        @{
            base = 'never started'; what = 'nothing was ever ordered'; status = 'interrupted'; allowed = 'prepare'
            reason = 'its task never began'
            change = {
                $_.facts.attempt.run_state = 'missing'
                $_.facts.attempt.run = $null
                $_.facts.attempt.has_order = $false
            }
        }
        @{
            base = 'never started'; what = 'on a disk that a guard protects'; status = 'unusable'; allowed = ''
            reason = 'page file'; change = { $_.facts.disk.guards = @('holds a page file.') }
        }
        @{
            base = 'never started, three times'; what = 'given up'; status = 'failed'; allowed = 'prepare'
            reason = 'begun anew'
            change = { $_.options.discard_attempts = @($_.facts.attempt.id) }
        }
        @{
            base = 'copied'; what = 'its encryption is not known'; status = 'unknown'; allowed = 'collect'
            reason = 'encryption of drive'; change = { $_.facts.content.encryption = $null }
        }
        @{
            base = 'copied'; what = 'its manifest cannot be hashed'; status = 'unknown'; allowed = 'collect'
            reason = 'is not known, because it cannot be hashed: The device is not ready\.$'
            change = {
                $_.facts.content.manifest_md5 = $null
                $_.facts.content.text = 'The device is not ready.'
            }
        }
        @{
            base = 'verifying was interrupted'; what = 'as it is'; status = 'copied'; reason = 'was interrupted'
            change = { }
        }
        @{
            base = 'verifying was interrupted'; what = 'ended with an error'; status = 'copied'
            reason = 'again failed: it was pulled'
            change = {
                $_.facts.attempt.run.state = 'ended'
                $_.facts.attempt.run.error = 'it was pulled'
            }
        }
        @{
            base = 'copied'; what = 'the last state of its runner is missing'; status = 'copied'
            reason = 'Read it again before'; change = { $_.facts.attempt.run.state = 'running' }
        }
        @{
            base = 'copied'; what = 'one question could not be asked'; status = 'unknown'; allowed = 'collect'
            reason = '^WMI is down$'; change = { $_.facts.problems = @('WMI is down') }
        }
        @{
            base = 'verified and locked'; what = 'but it did not match'; status = 'locked'
            allowed = 'collect,unlock'; reason = 'Unlock it'; change = { $_.facts.verify.ok = $false }
        }
        @{
            base = 'copied, locked by a restart'; what = 'as it is'; status = 'locked'; allowed = 'collect,unlock'
            reason = 'Unlock it'; change = { $_.facts.verify = $null }
        }
        @{
            base = 'copied'; what = 'its volume cannot be read'; status = 'unknown'; allowed = 'collect'
            reason = 'copied, but cannot be looked into'; change = { $_.facts.content.kind = 'unknown' }
        }
        @{
            base = 'copied'; what = 'no plan is given'; status = 'copied'; reason = 'Read it again'
            change = { $_.options.files = @() }
        }
        @{
            base = 'interrupted and pulled'; what = 'or it cannot be asked'; status = 'interrupted'
            allowed = 'discard'; reason = 'ended with its process'
            change = { $_.facts.problems = @('WMI is down') }
        }
    ) { Assert-TestCase -Base $base -Change $change -Status $status -Reason $reason -Allowed $allowed }
}
