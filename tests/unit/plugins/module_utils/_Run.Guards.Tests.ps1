# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'detached work that does not begin as it should' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run'
        function New-TestOrder {
            $null = New-Item -ItemType Directory -Path 'C:\a' -Force
            [ordered]@{
                operation = 'copy'; attempt = 'a'; seed = 's'; serial = 'DATA'; folder = 'C:\a'; letter = 'E'
                identity = [ordered]@{ unique_id = 'U2'; size_bytes = 20000000; partition_guid = '{0}' }
                sessions = @([pscustomobject]@{ id = 's-1'; state = 'pending'; exit_code = $null })
                run_file = 'C:\a\run.json'; output_file = 'C:\a\output.txt'; bytes_total = 1
            }
        }
        $task = [pscustomobject]@{ name = 'Seedfreight-DATA'; path = '\Seedfreight\' }
        $where = @{ Name = $task.name; Path = $task.path }
        $broken = {
            [CmdletBinding()]param($TaskName, $TaskPath, $Action, $Principal, $Settings, [switch]$Force, $Confirm)
            Write-Error -Message 'the service is down'
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'times' {
        It 'says <restarted> for <then> and <now>' -ForEach @(
            @{ then = '2026-01-01T00:00:00Z'; now = '2026-01-01T00:01:59Z'; restarted = $false }
            @{ then = '2026-01-01T00:00:00Z'; now = '2026-01-01T00:02:01Z'; restarted = $true }
            @{ then = '2026-01-01T00:02:01Z'; now = '2026-01-01T00:00:00Z'; restarted = $true }
            @{ then = '2026-01-01T01:00:00+01:00'; now = '2026-01-01T00:00:00Z'; restarted = $false }
            @{ then = ''; now = '2026-01-01T00:00:00Z'; restarted = $false }
            @{ then = '2026-01-01T00:00:00Z'; now = ''; restarted = $false }
            @{ then = 'x'; now = '2026-01-01T00:00:00Z'; restarted = $false }
            @{ then = '2026-01-01T00:00:00Z'; now = 'x'; restarted = $false }
        ) { Test-SeedRestarted -Then $then -Now $now | Should -Be $restarted }
    }

    Context 'what the Task Scheduler says' {
        BeforeEach { Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0 }
        It 'has no problem with a task that did not run yet' { Get-SeedTaskProblem @where | Should -BeExactly '' }
        It 'has a problem with a result' {
            Set-TestTaskResult -TaskName $task.name -Result 5
            Get-SeedTaskProblem @where | Should -BeExactly (
                'its scheduled task ended with 0x5 before it wrote anything')
        }
        It 'has no problem with an old result of a task that is <state>' -ForEach @(
            @{ state = 'Running' }
            @{ state = 'Queued' }
        ) {
            Set-TestTaskResult -TaskName $task.name -Result 5
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$($task.name).json" -Change { $_.state = $state }
            Get-SeedTaskProblem @where | Should -BeExactly ''
        }
        It 'says when the task is gone' {
            Remove-SeedTask -Serial DATA
            Get-SeedTaskProblem @where | Should -BeLike 'its scheduled task is not there: No MSFT_ScheduledTask*'
        }
        It 'has no problem with a task that the Task Scheduler does not tell of' {
            Mock Get-ScheduledTaskInfo $broken -ModuleName _Run
            Get-SeedTaskProblem @where | Should -BeExactly ''
        }
    }

    Context 'alive' {
        BeforeEach {
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            $boot = Get-SeedBootTime
        }
        It 'is not without a state' {
            Get-SeedAlive -Run $null -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
        It 'is while it starts' {
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly 'starting'
        }
        It 'is <alive> while a program <place> runs that no state names' -ForEach @(
            @{ place = 'C:\a\tool\t.exe'; alive = 'tool' }
            @{ place = 'C:\b\tool\t.exe'; alive = '' }
        ) {
            $null = New-Item -ItemType Directory -Path 'C:\a\tool', 'C:\b\tool'
            foreach ($one in 'C:\a\tool\t.exe', 'C:\b\tool\t.exe') {
                Copy-Item -LiteralPath (Get-Command -Name sleep).Source -Destination $one
            }
            $run.state, $run.tool_started = 'running', $true
            $process = Start-Process -FilePath (Resolve-SeedPath -Path $place) -ArgumentList 600 -PassThru
            try {
                foreach ($known in $run, $null) {
                    Get-SeedAlive -Run $known -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly $alive
                }
            }
            finally {
                $process.Kill()
                $process.WaitForExit()
            }
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
        It 'is the tool when the program of a process with its name cannot be read' {
            $null = New-Item -ItemType Directory -Path 'C:\a\tool'
            Set-Content -LiteralPath 'C:\a\tool\t.exe' -Value 'x' -Encoding utf8
            Mock Get-Process {
                [CmdletBinding()]param($Name, $Id)
                if ($Id -eq 7 -or 't' -in $Name) { [pscustomobject]@{ Id = 7; Path = $null } }
            } -ModuleName _Run
            Get-SeedAlive -Run $null -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly 'tool'
        }
        It 'is not when it ran and its processes are gone, although the task has no problem' {
            $run.state = 'running'
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
        It 'is not when the host was restarted before it began' {
            $run.boot = '2001-01-01T00:00:00Z'
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
        It 'is not when the task ended before it began' {
            Set-TestTaskResult -TaskName $task.name -Result 5
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
        It 'is not when the time of its state cannot be read' {
            $run.updated = 'x'
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime $boot | Should -BeExactly ''
        }
    }

    Context 'starting' {
        It 'writes order, state and runner so that the task can read them' {
            $order = New-TestOrder
            Start-SeedRun -Order $order -ConfirmSeconds 0
            $read = (Read-SeedJson -Path 'C:\a\order.json').value
            "$($read.schema_version) $($read.task_name) $($read.task_path)" |
                Should -BeExactly '1 Seedfreight-DATA \Seedfreight\'
            # Without the mark Windows PowerShell would read it in the code page of the host.
            @([System.IO.File]::ReadAllBytes((Resolve-SeedPath -Path 'C:\a\runner.ps1')))[0..2] -join ' ' |
                Should -Be '239 187 191'
        }
        It 'replaces a task that was left behind' {
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Set-TestTaskResult -TaskName $task.name -Result 5
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Get-SeedTaskProblem @where | Should -BeExactly ''
        }
        It 'begins nothing while a task of the drive still runs' {
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Remove-Item -LiteralPath 'C:\a\order.json'
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$($task.name).json" -Change { $_.state = 'Running' }
            { Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0 -SettleSeconds 0 } | Should -Throw '*still runs*'
            Test-Path -LiteralPath 'C:\a\order.json' | Should -BeFalse
            Mock Test-SeedTaskRunning {
                $global:TestLooks++
                $global:TestLooks -lt 3
            } -ModuleName _Run
            $global:TestLooks = 0
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Test-Path -LiteralPath 'C:\a\order.json' | Should -BeTrue
            $global:TestLooks | Should -Be 3
        }
        It 'asks for a task without a time limit that also runs on batteries' {
            Mock New-ScheduledTaskSettingsSet {
                [CmdletBinding()]param([timespan]$ExecutionTimeLimit, [int]$Priority, $MultipleInstances,
                    [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries)
                if ($ExecutionTimeLimit -ne [timespan]::Zero -or $Priority -ne 5) { throw 'limits' }
                if (-not $AllowStartIfOnBatteries -or -not $DontStopIfGoingOnBatteries) { throw 'batteries' }
                ScheduledTasks\New-ScheduledTaskSettingsSet @PSBoundParameters
            } -ModuleName _Run
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
        }
        It 'fails when <cmdlet> fails' -ForEach @(
            @{ cmdlet = 'Register-ScheduledTask' }
            @{ cmdlet = 'Start-ScheduledTask' }
        ) {
            Mock $cmdlet $broken -ModuleName _Run
            { Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0 } | Should -Throw '*the service is down*'
        }
        It 'is content when the runner wrote its state, whatever the task says by then' {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Set-TestTaskResult -TaskName $TaskName -Result 5
                Write-SeedJson -Path 'C:\a\run.json' -Value @{ state = 'ended'; tool_started = $true }
            } -ModuleName _Run
            Start-SeedRun -Order (New-TestOrder)
            Test-Path -LiteralPath 'C:\a\order.json' | Should -BeTrue
            (Read-SeedJson -Path 'C:\a\run.json').value.state | Should -Be 'ended'
        }
        It 'leaves what the runner took to the runner' {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Set-TestTaskResult -TaskName $TaskName -Result 5
                Remove-Item -LiteralPath 'C:\a\order.json'
            } -ModuleName _Run
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            (Read-SeedJson -Path 'C:\a\run.json').value.state | Should -Be 'starting'
        }
        It 'goes on waiting while the state cannot be read' {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Remove-Item -LiteralPath 'C:\a\run.json'
            } -ModuleName _Run
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Test-Path -LiteralPath 'C:\a\order.json' | Should -BeTrue
        }
    }

    Context 'removing the task' {
        It 'does nothing when there is none' {
            Mock Unregister-ScheduledTask { throw 'called' } -ModuleName _Run
            Remove-SeedTask -Serial DATA
        }
        It 'fails when Windows refuses' {
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            Mock Unregister-ScheduledTask $broken -ModuleName _Run
            { Remove-SeedTask -Serial DATA } | Should -Throw '*the service is down*'
        }
    }

    Context 'the account of a task' {
        BeforeEach {
            Mock Get-ItemProperty {
                [CmdletBinding()]param($LiteralPath, $Name)
                throw [System.Management.Automation.ItemNotFoundException]::new('no such key')
            } -ModuleName _Run
        }
        It 'is the system unless another is named' {
            foreach ($account in $null, @{ type = 'system' }) {
                $found = Get-SeedTaskAccount -Account $account
                "$($found.Principal.UserId) $($found.Principal.LogonType) $($found.Principal.RunLevel)" |
                    Should -Be 'S-1-5-18 ServiceAccount Highest'
            }
        }
        It 'is a group managed service account without a password' {
            $found = Get-SeedTaskAccount -Account @{ type = 'managed_service_account'; user = 'CONTOSO\svc$' }
            "$($found.Principal.UserId) $($found.Principal.LogonType)" | Should -Be 'CONTOSO\svc$ Password'
            $found.Contains('Password') | Should -BeFalse
        }
        It 'is a user with a password, which is in no file' {
            $global:TestRegistered = $null
            Mock Register-ScheduledTask {
                [CmdletBinding()]
                param($TaskName, $TaskPath, $Action, $Settings, $User, $Password, $RunLevel, [switch]$Force)
                $global:TestRegistered = "$User $Password $RunLevel"
            } -ModuleName _Run
            Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
            Mock Get-SeedTaskProblem { '' } -ModuleName _Run
            $account = @{ type = 'user'; user = 'CONTOSO\seed'; password = 'pa55-of-seed' }
            Start-SeedRun -Order (New-TestOrder) -Account $account -ConfirmSeconds 0
            $global:TestRegistered | Should -Be 'CONTOSO\seed pa55-of-seed Highest'
            foreach ($file in Get-ChildItem -LiteralPath 'C:\a' -File -Recurse) {
                Read-SeedText -Path $file.FullName | Should -Not -Match 'pa55-of-seed'
            }
        }
        It 'that is refused ends the start, with the account and without the password' {
            Mock Register-ScheduledTask {
                [CmdletBinding()]
                param($TaskName, $TaskPath, $Action, $Settings, $User, $Password, $RunLevel, [switch]$Force)
                Write-Error -Message 'The user name or password is incorrect.'
            } -ModuleName _Run
            $account = @{ type = 'user'; user = 'CONTOSO\seed'; password = 'pa55-of-seed' }
            { Start-SeedRun -Order (New-TestOrder) -Account $account -ConfirmSeconds 0 } |
                Should -Throw '*copy_account*CONTOSO\seed*incorrect*batch job*'
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            "$($run.state) $($run.tool_started)" | Should -Be 'ended False'
            $run.error | Should -Not -Match 'pa55'
            Test-Path -LiteralPath 'C:\a\order.json' | Should -BeFalse
        }
        It 'with a password is refused where Windows <what>' -ForEach @(
            @{
                what = 'logs parameters'
                answer = { [pscustomobject]@{ EnableModuleLogging = 1 } }
                text = '*event log*'
            }
            @{ what = 'does not answer'; answer = { throw 'the registry is down' }; text = '*the registry is down*' }
        ) {
            $global:TestAnswer = $answer
            Mock Get-ItemProperty { [CmdletBinding()]param($LiteralPath, $Name) & $global:TestAnswer } -ModuleName _Run
            { Get-SeedTaskAccount -Account @{ type = 'user'; user = 'u'; password = 'p' } } | Should -Throw $text
        }
        It 'with a password is accepted where the policy is off' {
            Mock Get-ItemProperty { [CmdletBinding()]param($LiteralPath, $Name) [pscustomobject]@{
                EnableModuleLogging = 0 } } -ModuleName _Run
            (Get-SeedTaskAccount -Account @{ type = 'user'; user = 'u'; password = 'p' }).User | Should -Be 'u'
        }
    }

    Context 'the tasks of the collection' {
        It 'are none only when Windows says so' {
            Get-SeedTaskList | Should -BeNullOrEmpty
            Mock Get-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Write-Error -Message 'the service is down'
            } -ModuleName _Run
            { Get-SeedTaskList } | Should -Throw '*Get-ScheduledTask failed*down*'
        }
    }
}
