# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'going on with a copy' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $option = @{
            seed = 'contoso-fs01'
            container = 'seeds'
            work_directory = 'C:\ProgramData\Seedfreight'
            tool_path = 'C:\tool\resumed.exe'
            tool_version = '1.5.0.300'
            tool_sha256 = $null
            source_directory = 'C:\src'
            drives = @(@{
                    serial = 'WD-1'
                    bus = 'SATA'
                    erase = $false
                    files = @(@{ name = 'a.AIBBlob'; bytes = 512 }, @{ name = 'b.BaseBlob'; bytes = 1024 })
                    sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') })
                })
            discard_attempts = @()
            erase_fingerprints = @()
            protected_paths = @()
            copy_account = $null
        }
        function Get-TestRecord { @(Get-SeedDrive -Option $option)[0].record }
        function Set-TestFault([hashtable]$Fault) {
            ConvertTo-Json -InputObject $Fault -Depth 5 |
                Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/faults.json"
        }
        # A copy whose second session ends as ordered.
        function Start-TestCopy([hashtable]$Fault = @{ calls = 'later'; times = 1; kill_at_byte = 512 }) {
            Set-TestFault -Fault @{ tool_calls = @($Fault) }
            (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
            Get-TestRecord
        }
        # As if the runner had ended while the tool worked on this session.
        function Set-TestEndUnseen([int]$Index) {
            $folder = (Get-TestRecord).attempt.folder
            $run = (Read-SeedJson -Path "$folder\run.json").value
            $run.state, $run.sessions[$Index].state, $run.sessions[$Index].exit_code = 'running', 'running', $null
            # The task ran in the process of this test, which is still there.
            $run.runner.started_ticks = '630822816000000000'
            Write-SeedJson -Path "$folder\run.json" -Value $run
        }
        function Get-TestLog([object]$Record) {
            @(Get-Content -LiteralPath $Record.log | Where-Object { $_ -like '--- session*' } |
                ForEach-Object { ($_ -split ', exit')[0] -replace '--- session ' }) -join ', '
        }
    }
    BeforeEach {
        New-TestWorld
        $option['source_directory'] = 'C:\src'
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]]::new(512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]](, 7 * 1024))
        Install-TestTool -Path 'C:\tool\resumed.exe'
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
    }
    AfterEach { Remove-TestWorld }

    It 'ends as an undisturbed run does, with <calls>, when <what>' -ForEach @(
        @{
            what = 'the tool was killed while it copied'
            fault = @{ calls = 'later'; times = 1; kill_at_byte = 512 }; calls = 's-1, s-2, s-2 resumed'
        }
        @{
            what = 'its source went away'
            fault = @{ calls = 'later'; times = 1; gone_at_byte = 512 }; calls = 's-1, s-2, s-2 resumed'
        }
        @{
            what = 'the tool was killed while it wrote the manifest'
            fault = @{ calls = 'later'; times = 1; phase = 'manifest'; kill_at_byte = 9 }
            calls = 's-1, s-2, s-2 resumed'
        }
        @{
            what = 'the tool was killed while it wrote its last records'
            fault = @{ calls = 'later'; times = 1; phase = 'journal'; kill_at_byte = 90 }
            calls = 's-1, s-2, s-2 resumed'
        }
        @{
            what = 'the tool was killed before its journal said anything'
            fault = @{ calls = 'later'; times = 1; journal_late = $true; kill_at_byte = 512 }
            calls = 's-1, s-2, s-2'
        }
        @{
            what = 'the tool does not resume, because it remembers another source'
            fault = @{ calls = 'later'; times = 1; kill_at_byte = 512 }
            change = {
                $path = Resolve-SeedPath -Path $before.journal.path
                [System.IO.File]::WriteAllText($path, [System.IO.File]::ReadAllText($path).Replace('1024]', '1025]'))
            }
            calls = 's-1, s-2, s-2 resumed, s-2 aborted, s-2r1'
        }
        @{
            what = 'the staging location has another path by now'
            fault = @{ calls = 'later'; times = 1; kill_at_byte = 512 }
            change = {
                Rename-Item -LiteralPath 'C:\src' -NewName 'moved'
                $option['source_directory'] = 'C:\moved'
            }
            calls = 's-1, s-2, s-2 aborted, s-2r1'
        }
    ) {
        $before = Start-TestCopy -Fault $fault
        "$($before.status) $($before.allowed -join ',') $($before.next.session)" | Should -Be 'failed resume s-2'
        if ($calls -like '*aborted*') { . $change }
        (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        $after = Get-TestRecord
        "$($after.status) $($after.attempt.id) $($after.next.action)" | Should -Be "copied $($before.attempt.id) done"
        Get-TestLog -Record $after | Should -Be $calls
        (Invoke-SeedVerify -Option $option).changed | Should -BeTrue
        $verified = Get-TestRecord
        "$($verified.status) $($verified.verify.bytes)" | Should -Be 'verified 1536'
        $two = $verified.attempt.sessions[1]
        "$($two.bytes) $($two.resumed) $($two.tool_id)" |
            Should -Be "1024 $([int]($calls -like '*resumed*')) $(($calls -split ', ')[-1] -replace ' .*')"
        $two.started -le $two.ended | Should -BeTrue
    }
    It 'measures a session that is resumed from where it began' {
        $global:TestFrom = @()
        Mock Wait-SeedTool {
            param($Process, $Order, $State, $Progress)
            $global:TestFrom += "$($Progress.from)"
            $Process.WaitForExit()
        } -ModuleName _RunScript
        $null = Start-TestCopy
        $began = (Read-SeedJson -Path "$((Get-TestRecord).attempt.folder)\run.json").value.sessions[1].begin_bytes
        $began | Should -BeGreaterThan 0
        $null = Invoke-SeedPrepare -Option $option
        (Get-TestRecord).status | Should -Be 'copied'
        $global:TestFrom -join ',' | Should -Be ",,$began"
    }
    It 'takes a session that the tool finished while nobody looked as it is' {
        Set-TestFault -Fault @{}
        $null = Invoke-SeedPrepare -Option $option
        Set-TestEndUnseen -Index 1
        $before = Get-TestRecord
        "$($before.status) $($before.next.action)" | Should -Be 'interrupted resume'
        $null = Invoke-SeedPrepare -Option $option
        $after = Get-TestRecord
        "$($after.status) $(Get-TestLog -Record $after)" | Should -Be 'copied s-1, s-2'
    }
    It 'takes the only session of a drive as it is when the tool finished it while nobody looked' {
        $all = $option['drives']
        $option['drives'] = @($all[0].Clone())
        $option['drives'][0].files, $option['drives'][0].sessions = @($all[0].files[0]), @($all[0].sessions[0])
        try {
            Set-TestFault -Fault @{}
            $null = Invoke-SeedPrepare -Option $option
            Set-TestEndUnseen -Index 0
            $before = Get-TestRecord
            "$($before.status) $($before.allowed) $($before.next.action)" | Should -Be 'interrupted resume resume'
            $null = Invoke-SeedPrepare -Option $option
            $after = Get-TestRecord
            "$($after.status) $($after.attempt.id) $(Get-TestLog -Record $after)" |
                Should -Be "copied $($before.attempt.id) s-1"
            $null = Invoke-SeedVerify -Option $option
            (Get-TestRecord).status | Should -Be 'verified'
        }
        finally { $option['drives'] = $all }
    }
    It 'does not count what the tool finished while nobody looked as the speed of this run' {
        $order = [pscustomobject]@{ serial = 'WD-1'; journal = 'C:\x.jrn'; letter = 'E' }
        $one = [ordered]@{ id = 's-1'; tool_id = 's-1'; exit_code = $null; refused = ''; bytes = 512 }
        Mock Read-SeedJournal { [pscustomobject]@{ sessions = @{ 's-1' = 'Completed' } } } -ModuleName _Resume
        $state = [ordered]@{
            sessions = @($one); bytes_done = 0; marks = @([pscustomobject]@{ at = '2026-11-25T12:00:00Z'; bytes = 0 })
        }
        Resume-SeedSession -Order $order -State $state -Index 0 -Action resume | Should -Be 0
        "$($state['bytes_done']) $(@($state['marks']).Count)" | Should -Be '512 0'
    }
    It 'does not begin the first session anew when its journal is another one at the moment of going on' {
        $order = [pscustomobject]@{ serial = 'WD-1'; journal = 'C:\x.jrn'; letter = 'E' }
        $first = [ordered]@{ id = 's-1'; tool_id = 's-1'; exit_code = $null; refused = '' }
        Mock Read-SeedJournal { [pscustomobject]@{ sessions = @{ 's-1' = 'InProgress' } } } -ModuleName _Resume
        Mock Invoke-SeedSession { throw 'the tool was called' } -ModuleName _Resume
        foreach ($action in 'resume', 'abort') {
            {
                Resume-SeedSession -Order $order -State ([ordered]@{ sessions = @($first) }) -Index 0 -Action $action
            } | Should -Throw '*first session is completed. Nothing was written.*'
        }
    }
    It 'unlocks the volume after a restart with the key of its journal, and gives it its letter back' {
        $before = Start-TestCopy
        Lock-SeedVolume -Letter $before.letter
        Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[1].letter = 'Q' }
        $locked = Get-TestRecord
        "$($locked.letter) $($locked.access) $($locked.allowed)" | Should -Be 'Q locked resume'
        $null = Invoke-SeedPrepare -Option $option
        $after = Get-TestRecord
        "$($after.letter) $($after.status)" | Should -Be "$($before.letter) copied"
        $secret = (Get-LabDisk | Where-Object { $_.serial -like '*WD-1' }).partitions[1].bitlocker.protectors[0].secret
        foreach ($file in @(Get-ChildItem -LiteralPath $after.attempt.folder -File -Recurse)) {
            if ($file.Extension -eq '.jrn' -or $file.DirectoryName -match 'logs|tool$') { continue }
            [System.IO.File]::ReadAllText($file.FullName).Contains($secret) | Should -BeFalse
        }
    }
    It 'names the letter that another volume has by now, and writes nothing' {
        $before = Start-TestCopy
        Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[1].letter = 'Q' }
        Set-TestDisk -Serial 'DATA' -Change { $_.partitions[0].letter = $before.letter }
        $null = Invoke-SeedPrepare -Option $option
        $after = Get-TestRecord
        "$($after.status) $($after.allowed)" | Should -Be 'failed resume'
        $after.reason | Should -Match "letter $($before.letter): .*in use by another volume.*The next run resumes"
        Get-TestLog -Record $after | Should -Be 's-1, s-2'
    }
    It 'asks after three times without progress, and discards then' {
        $null = Start-TestCopy -Fault @{ kill_at_byte = 512; calls = 'later'; times = 1 }
        Set-TestFault -Fault @{ tool_calls = @(@{ calls = 'resume'; kill_at_byte = 512 }) }
        foreach ($try in 1..4) {
            $record = Get-TestRecord
            $record.allowed | Should -Be 'resume'
            $null = Invoke-SeedPrepare -Option $option
        }
        $record = Get-TestRecord
        "$($record.allowed) $($record.next.action) $($record.attempt.sessions[1].resumed)" | Should -Be 'discard ask 4'
        $record.reason | Should -Match 'three times in a row'
        (Invoke-SeedPrepare -Option $option).failure | Should -Match 'discard_attempts'
        Set-TestFault -Fault @{}
        $given = $option.Clone()
        $given['discard_attempts'] = @($record.attempt.id)
        $null = Invoke-SeedPrepare -Option $given
        (Get-TestRecord).status | Should -Be 'copied'
    }
    It 'does not resume by itself what failed while it was waited for' {
        $null = Start-TestCopy
        $waited = $option.Clone()
        $waited['_retry'] = $false
        $change = Invoke-SeedPrepare -Option $waited
        "$($change.changed) $($change.failure)" | Should -Match '^False The copy to drive WD-1 .*The next run resumes'
    }
    It 'refuses a source that lacks the file of an open session, and needs no file of a completed one' {
        $null = Start-TestCopy
        Remove-Item -LiteralPath 'C:\src\a.AIBBlob'
        Rename-Item -LiteralPath 'C:\src\b.BaseBlob' -NewName 'c'
        { Invoke-SeedPrepare -Option $option } | Should -Throw '*b.BaseBlob*is missing*'
        Rename-Item -LiteralPath 'C:\src\c' -NewName 'b.BaseBlob'
        $null = Invoke-SeedPrepare -Option $option
        (Get-TestRecord).status | Should -Be 'copied'
    }
    It 'begins nothing on a drive that somebody partitioned anew' {
        $null = Start-TestCopy
        Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[1].guid = '{ffffffff-0000-4000-8000-000000000001}' }
        $record = Get-TestRecord
        "$($record.allowed) $($record.next.action)" | Should -Be 'discard new_attempt'
    }
}
