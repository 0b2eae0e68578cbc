# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'several drives at once' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $global:TestTool = 'C:\tool\parallel.exe'
        function New-TestOption([string[]]$Serial, [int]$Parallel, [string]$Seed = 'contoso-fs01') {
            $files = @(@{ name = 'a.AIBBlob'; bytes = 512 }, @{ name = 'b.BaseBlob'; bytes = 1024 })
            $sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') })
            @{
                seed = $Seed; container = "$Seed-seed"; work_directory = 'C:\ProgramData\Seedfreight'
                tool_path = $global:TestTool; tool_version = '1.5.0.300'; tool_sha256 = $null
                source_directory = 'C:\src'; parallel = $Parallel; discard_attempts = @(); erase_fingerprints = @()
                protected_paths = @(); escrowed = @()
                drives = @($Serial | ForEach-Object { @{
                    serial = $_; bus = 'SATA'; erase = $true; files = $files; sessions = $sessions
                } })
            }
        }
        function Get-TestRecords([hashtable]$Option) { @(Get-SeedDrive -Option $Option | ForEach-Object { $_.record }) }
        # Tasks begin and do nothing, so that their copies run.
        function Set-TestEndless {
            Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
            Mock Start-SeedRun {
                param($Order, $Account)
                _Run\Start-SeedRun -Order $Order -ConfirmSeconds 0
            } -ModuleName _Prepare
        }
    }
    BeforeEach {
        New-TestWorld
        Add-TestDisk -Serial 'WD-3' -Number 3
        Mount-LabDrive
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]]::new(512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]]::new(1024))
        Install-TestTool -Path $global:TestTool
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
    }
    AfterEach { Remove-TestWorld }

    It 'starts as many as fit, and returns at once while they run' {
        Set-TestEndless
        $option = New-TestOption -Serial 'WD-1', 'DATA', 'WD-3' -Parallel 2
        $checked = Invoke-SeedPrepare -Option $option -CheckMode $true
        @($checked.after['drives'].ForEach({ $_['status'] })) | Should -Be 'copying', 'copying', 'empty'
        Test-Path -LiteralPath 'C:\ProgramData\Seedfreight\seeds' | Should -BeFalse
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.failure)$($change.busy)" | Should -Be 'True '
        (Get-TestRecords -Option $option).status | Should -Be 'copying', 'copying', 'empty'
        $again = Invoke-SeedPrepare -Option $option
        "$($again.changed) $($again.failure)$($again.busy)" | Should -Be 'False '
        @($again.drives.ForEach({ $_.record.status })) | Should -Be 'copying', 'copying', 'empty'
        $option['parallel'] = 3
        (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        (Get-TestRecords -Option $option).status | Should -Be 'copying', 'copying', 'copying'
    }
    It 'counts the copies of all seeds of the host' {
        Set-TestEndless
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA' -Parallel 1 -Seed 'contoso-fs02')
        $change = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1', 'WD-3' -Parallel 1)
        "$($change.changed) $($change.busy)" | Should -Be 'False DATA (seed contoso-fs02)'
        $option = New-TestOption -Serial 'WD-1', 'WD-3' -Parallel 2
        (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        (Get-TestRecords -Option $option).status | Should -Be 'copying', 'empty'
    }
    It 'writes one drive when nothing is said' {
        Set-TestEndless
        $option = New-TestOption -Serial 'WD-1', 'WD-3' -Parallel 1
        $option.Remove('parallel')
        $null = Invoke-SeedPrepare -Option $option
        (Invoke-SeedPrepare -Option $option).changed | Should -BeFalse
        (Get-TestRecords -Option $option).status | Should -Be 'copying', 'empty'
    }
    It 'refuses <parallel>' -ForEach @(@{ parallel = 0 }, @{ parallel = 11 }) {
        { Get-SeedDrive -Option (New-TestOption -Serial 'WD-1' -Parallel $parallel) } |
            Should -Throw "*parallel* is $parallel. Set it to a number from 1 to 10."
    }
    It 'goes on with the others where one cannot be begun' {
        Mock Copy-SeedTool {
            param($Tool, $Folder, $Sha256)
            if ($Folder -match 'WD-1') { throw 'no room for it' }
            _Tool\Copy-SeedTool @PSBoundParameters
        } -ModuleName _Prepare
        $option = New-TestOption -Serial 'WD-1', 'WD-3' -Parallel 2
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.failure)" | Should -Be 'True no room for it'
        # It could begin now, so that is an error and no question to a person.
        $change.failed_drives | Should -BeNullOrEmpty
        (Get-TestRecords -Option $option).status | Should -Be 'failed', 'copied'
    }
    It 'begins the others first after a call in which one could not be begun, <parallel> at the same time' -ForEach @(
        @{ parallel = 1; after = 'failed', 'copied', 'empty' }, @{ parallel = 2; after = 'failed', 'copied', 'copied' }
    ) {
        Mock Copy-SeedTool {
            param($Tool, $Folder, $Sha256)
            if ($Folder -match 'WD-1') { throw 'no room for it' }
            _Tool\Copy-SeedTool @PSBoundParameters
        } -ModuleName _Prepare
        $serials = 'WD-1', 'DATA', 'WD-3'
        { Invoke-SeedPrepare -Option (New-TestOption -Serial $serials -Parallel 1) } | Should -Throw 'no room for it'
        $option = New-TestOption -Serial $serials -Parallel $parallel
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.failure)" | Should -Be 'True '
        (Get-TestRecords -Option $option).status | Should -Be $after
    }
    It 'looks at one drive only before it starts it' {
        Set-TestEndless
        $global:TestLooks = [System.Collections.Generic.List[int]]::new()
        Mock Get-SeedDrive {
            param($Option)
            $global:TestLooks.Add(@($Option['drives']).Count)
            _Attempt\Get-SeedDrive -Option $Option
        } -ModuleName _Prepare
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1', 'DATA', 'WD-3' -Parallel 3)
        $global:TestLooks -join ' ' | Should -Be '3 1 1 1'
    }

    Context 'a tool that does not work beside another one' {
        BeforeEach {
            # Somebody runs the tool on this host: the lab's tool has a lock, and Windows shows a process of its name.
            $other = New-Item -ItemType Directory -Path "$env:LAB_HOME.other"
            Copy-Item -LiteralPath (Get-Command -Name sleep).Source -Destination "$other/parallel.exe"
            $process = Start-Process -FilePath "$other/parallel.exe" -ArgumentList 600 -PassThru
            $lock = [System.IO.FileStream]::new("$env:LAB_HOME/hosts/fs01/tool.lock", 'OpenOrCreate', 'Write', 'None')
        }
        AfterEach {
            $lock.Dispose()
            if (-not $process.HasExited) { $process.Kill() }
            $process.WaitForExit()
            Remove-Item -LiteralPath $other -Recurse
        }

        It 'loses no attempt: the drive waits for its turn, without a word' {
            $option = New-TestOption -Serial 'WD-1', 'WD-3' -Parallel 4
            $change = Invoke-SeedPrepare -Option $option
            "$($change.changed) $($change.failure)" | Should -Be 'True '
            foreach ($record in Get-TestRecords -Option $option) {
                "$($record.allowed) $($record.content) $($record.attempt.tool_started)" |
                    Should -Be 'prepare ours False'
                $record.reason | Should -BeLike '*does not begin beside another copy on this host: Error: Another*'
                $record.reason | Should -Match 'It begins when no other copy runs there. Set `parallel: 1`\.$'
            }
            # However often that happens it does not count as a start in vain; and one after the other from now on.
            foreach ($time in 1..3) { $null = Invoke-SeedPrepare -Option $option }
            (Get-TestRecords -Option $option)[0].allowed | Should -Be 'prepare'
            Get-SeedLimit -Option $option -Drive @(Get-SeedDrive -Option $option) | Should -Be 1
            $lock.Dispose()
            $process.Kill()
            $process.WaitForExit()
            $null = Invoke-SeedPrepare -Option $option
            $null = Invoke-SeedPrepare -Option $option
            (Get-TestRecords -Option $option).status | Should -Be 'copied', 'copied'
        }
        It 'loses no attempt of a managed drive either' {
            $option = New-TestOption -Serial 'WD-1' -Parallel 4
            $option.drives[0] += @{ encryption = 'managed'; allow_recorded_key = $true }
            $null = Invoke-SeedPrepare -Option $option
            $record = (Get-TestRecords -Option $option)[0]
            "$($record.allowed) $($record.attempt.tool_started)" | Should -Be 'prepare False'
        }
        It 'is a failure where nothing else ran' {
            $process.Kill()
            $process.WaitForExit()
            $option = New-TestOption -Serial 'WD-1' -Parallel 2
            $null = Invoke-SeedPrepare -Option $option
            $record = (Get-TestRecords -Option $option)[0]
            "$($record.status) $($record.allowed)" | Should -Be 'failed discard'
            $change = Invoke-SeedPrepare -Option $option
            "$($change.failed_drives): $($change.failure)" | Should -Be "WD-1: $($record.reason)"
        }
        It 'names it when a later session ends so' {
            $lock.Dispose()
            $option = New-TestOption -Serial 'WD-1' -Parallel 2
            '{"tool_calls": [{"calls": "later", "full_at_byte": 0}]}' |
                Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/faults.json"
            $null = Invoke-SeedPrepare -Option $option
            $record = (Get-TestRecords -Option $option)[0]
            $record.status | Should -Be 'failed'
            $record.reason | Should -BeLike '*s-2*beside another copy on this host: Error: There is not enough space*'
            $record.attempt.tool_started | Should -BeTrue
        }
    }

    Context 'the speed' {
        It 'is that of the last minute' {
            $marks = @()
            foreach ($second in 0, 1, 9, 10, 19, 25, 35, 47, 58, 69, 80) {
                $time = [DateTime]::new(2026, 8, 1, 22, 0, 0, [System.DateTimeKind]::Utc).AddSeconds($second)
                $marks = @(Add-SeedMark -Mark $marks -Time (Get-SeedTime -Value $time) -Done (1000 * $second))
            }
            @($marks.ForEach({ $_.bytes })) | Should -Be 10000, 25000, 35000, 47000, 58000, 69000, 80000
            $run = [pscustomobject]@{
                operation = 'copy'; bytes_done = 90000; bytes_total = 100000; started = '2026-08-01T21:00:00Z'
                updated = '2026-08-01T22:01:30Z'; marks = $marks
            }
            $seen = Get-SeedProgress -Run $run
            "$($seen.operation) $($seen.bytes_per_second) $($seen.seconds_left)" | Should -Be 'copy 1000 10'
        }
        It 'is known again ten seconds after the clock was set back' {
            $marks = @(@{ at = '2026-08-01T22:00:00Z'; bytes = 5000 }, @{ at = '2026-08-01T22:00:10Z'; bytes = 6000 })
            foreach ($time in '2026-08-01T20:00:01Z', '2026-08-01T20:00:11Z') {
                $marks = @(Add-SeedMark -Mark $marks -Time $time -Done 9000)
            }
            @($marks.ForEach({ $_.at })) | Should -Be '2026-08-01T20:00:01Z', '2026-08-01T20:00:11Z'
        }
        It 'is not known: <what>' -ForEach @(
            @{ what = 'no marks'; marks = $null; done = 5; speed = $null; left = $null }
            @{ what = 'too short'; marks = @{ at = '2026-08-01T22:00:57Z'; bytes = 0 }; done = 5; speed = $null }
            @{ what = 'not counted'; marks = @{ at = '2026-08-01T22:00:00Z'; bytes = 0 }; done = 0; speed = $null }
            @{ what = 'torn'; marks = @{ at = 'x'; bytes = 0 }; done = 9; speed = $null }
            @{ what = 'counted anew'; marks = @{ at = '2026-08-01T22:00:00Z'; bytes = 9 }; done = 5; speed = $null }
            @{ what = 'stands still'; marks = @{ at = '2026-08-01T22:00:00Z'; bytes = 9 }; done = 9; speed = 0 }
        ) {
            $run = [pscustomobject]@{
                operation = 'copy'; bytes_done = $done; bytes_total = 100; started = ''
                updated = '2026-08-01T22:01:00Z'
            }
            if ($marks) {
                $run | Add-Member -NotePropertyName marks -NotePropertyValue @([pscustomobject]$marks)
            }
            $seen = Get-SeedProgress -Run $run
            $seen.bytes_per_second | Should -Be $speed
            $seen.seconds_left | Should -BeNullOrEmpty
        }
    }
}
