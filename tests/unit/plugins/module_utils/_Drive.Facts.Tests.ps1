# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One fact or option changed in a case of the golden file, and what follows.
Describe 'what one fact changes' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive'
        $golden = [System.IO.File]::ReadAllText(
            (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/golden/drives.json'))
        function Get-Case {
            param([string]$Name, [scriptblock]$Change)
            $case = ConvertFrom-Json -InputObject $golden -DateKind String | ForEach-Object { $_ } |
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
        @{
            base = 'copied'; what = 'its encryption is not known'; status = 'unknown'; allowed = 'collect'
            reason = 'encryption of drive'; change = { $_.facts.content.encryption = $null }
        }
        @{
            base = 'copied'; what = 'its manifest cannot be hashed'; status = 'unknown'; allowed = 'collect'
            reason = 'FIPS'; change = { $_.facts.content.manifest_md5 = $null }
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
    ) {
        $case = Get-Case -Name $base -Change $change
        $found = Get-SeedDriveStatus -Facts $case.facts -Option $case.options
        $found.status | Should -BeExactly $status
        $found.reason | Should -Match $reason
        if ($null -ne $allowed) { $found.allowed -join ',' | Should -BeExactly $allowed }
    }

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

    Context 'finding disks' {
        It 'fails when the disks cannot be asked' {
            Mock Get-Disk { [CmdletBinding()]param() Write-Error -Message 'WMI is down' } -ModuleName _Drive
            { Find-SeedDisk -Serial 'WD-1' } | Should -Throw '*WMI is down*'
        }
        It 'takes <known> for <near> of <serial>' -ForEach @(
            @{ serial = 'WD1'; known = 'WD-1234'; near = '' }
            @{ serial = 'WD-1234'; known = 'WD1'; near = '' }
            @{ serial = 'WD-WX31A10FE02'; known = 'WX31A10FE02'; near = 'WX31A10FE02' }
            @{ serial = 'S4L0'; known = 's4i0'; near = 'S4I0' }
        ) { "$(Get-SeedNearSerial -Serial $serial -Known $known)" | Should -BeExactly $near }
    }
}
