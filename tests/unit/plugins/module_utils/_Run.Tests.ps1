# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'detached work' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run'
        function New-TestOrder {
            $null = New-Item -ItemType Directory -Path 'C:\a' -Force
            [ordered]@{
                operation = 'copy'; attempt = 'a'; seed = 's'; serial = 'DATA'; folder = 'C:\a'; letter = 'E'
                identity = [ordered]@{
                    unique_id = 'U2'
                    size_bytes = 20000000
                    partition_guid = '{00000000-0000-4000-8000-000000000002}'
                }
                sessions = @([pscustomobject]@{ id = 's-1'; state = 'pending'; exit_code = $null })
                run_file = 'C:\a\run.json'; output_file = 'C:\a\output.txt'; bytes_total = 1
            }
        }
        $task = [pscustomobject]@{ name = 'Seedfreight-DATA'; path = '\Seedfreight\' }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'writes a runner that parses and holds every function that the runner calls' {
        $errors = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseInput((Get-SeedRunnerText), [ref]$null,
            [ref]$errors)
        @($errors).Count | Should -Be 0
        $made = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] },
            $true) | ForEach-Object { $_.Name })
        $called = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) |
            ForEach-Object { $_.GetCommandName() })
        @($called | Where-Object { $_ -like '*-Seed*' -and $_ -notin $made }) | Should -BeNullOrEmpty
        $called | Should -Contain 'Write-SeedJson'
        # A variable of a module would not be there either.
        @($tree.FindAll({
                    $args[0] -is [System.Management.Automation.Language.VariableExpressionAst] -and
                    $args[0].VariablePath.IsScript
                }, $true)) | Should -BeNullOrEmpty
    }
    It 'exports every function that it has, so that the runner has them too' -ForEach @(
        '_Folder', '_Session', '_Drive', '_DriveState', '_DriveManaged', '_DriveFresh', '_RunScript', '_Resume',
        '_Manifest', '_Verify' | ForEach-Object { @{ name = $_ } }
    ) {
        $text = [System.IO.File]::ReadAllText((Get-Module -Name $name).Path)
        $all = [regex]::Matches($text, '(?m)^function (\S+) \{') | ForEach-Object { $_.Groups[1].Value } | Sort-Object
        (Get-Module -Name $name).ExportedFunctions.Keys | Sort-Object | Should -Be $all
    }
    It 'registers a task of the system whose command line is no script file' {
        Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
        (Get-ScheduledTask -TaskName 'Seedfreight-DATA').Principal.UserId | Should -Be 'S-1-5-18'
        (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-DATA.json").arguments |
            Should -Not -Match '-File'
        $run = (Read-SeedJson -Path 'C:\a\run.json').value
        $run.state | Should -Be 'starting'
        Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime (Get-SeedBootTime) | Should -Be 'starting'
    }
    It 'registers a task that finds its files in a folder with <what> in its name' -ForEach @(
        @{ what = 'an apostrophe'; sign = [char]0x27 }
        @{ what = 'a typographic apostrophe'; sign = [char]0x2019 }
        @{ what = 'a low quote'; sign = [char]0x201A }
    ) {
        $folder = "C:\O${sign}B"
        $null = New-Item -ItemType Directory -Path $folder
        $order = New-TestOrder
        $order['folder'], $order['run_file'] = $folder, "$folder\run.json"
        Start-SeedRun -Order $order -ConfirmSeconds 0
        $arguments = (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-DATA.json").arguments
        $code = [System.Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(($arguments -split ' ')[-1]))
        $errors = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseInput($code, [ref]$null, [ref]$errors)
        $errors | Should -BeNullOrEmpty
        $isText = { $args[0] -is [System.Management.Automation.Language.StringConstantExpressionAst] }
        @($tree.FindAll($isText, $true) | ForEach-Object { $_.Value }) |
            Should -Contain (Resolve-SeedPath -Path "$folder\order.json")
    }
    It 'says why a start failed, takes the order back and says so in the state' {
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName,
            $TaskPath) Set-TestTaskResult -TaskName $TaskName -Result 5 } -ModuleName _Run
        { Start-SeedRun -Order (New-TestOrder) } | Should -Throw '*did not begin*0x5*'
        Test-Path -LiteralPath 'C:\a\order.json' | Should -BeFalse
        $run = (Read-SeedJson -Path 'C:\a\run.json').value
        "$($run.state) $($run.exit_code) $($run.tool_started)" | Should -Be 'ended -1 False'
        Get-ScheduledTask -TaskName 'Seedfreight-DATA' -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    Context 'alive' {
        It 'knows its own process, and that another start time is another process' {
            $stamp = Get-SeedProcessStamp -Id $PID
            Test-SeedProcess -Process ([pscustomobject]@{ pid = $PID; started_ticks = "$stamp" }) | Should -BeTrue
            Test-SeedProcess -Process ([pscustomobject]@{
                pid = $PID
                started_ticks = "$($stamp - 90000000)"
            }) | Should -BeFalse
            Test-SeedProcess -Process ([pscustomobject]@{ pid = $PID; started_ticks = '' }) | Should -BeFalse
            Test-SeedProcess -Process $null | Should -BeFalse
        }
        It 'takes a protected process that shows no start time for another one' {
            Mock Get-Process {
                [CmdletBinding()]param($Id)
                [pscustomobject]@{ StartTime = $null }
            } -ModuleName _RunScript
            Test-SeedProcess -Process ([pscustomobject]@{ pid = 4; started_ticks = '1' }) | Should -BeFalse
        }
        It 'says <alive> when <what>' -ForEach @(
            @{
                what = 'the runner works'
                state = 'running'
                runner = $true
                tool = $false
                boot = '2026-01-01T00:00:00Z'
                alive = 'runner'
            }
            @{
                what = 'the tool works and the runner is gone'
                state = 'running'
                runner = $false
                tool = $true
                boot = '2026-01-01T00:00:00Z'
                alive = 'tool'
            }
            @{
                what = 'the runner wrote its end and the tool still works'
                state = 'ended'
                runner = $false
                tool = $true
                boot = '2026-01-01T00:00:00Z'
                alive = 'tool'
            }
            @{
                what = 'both are gone'
                state = 'running'
                runner = $false
                tool = $false
                boot = '2026-01-01T00:00:00Z'
                alive = ''
            }
            @{
                what = 'the host was restarted and the ids belong to others'
                state = 'running'
                runner = $false
                tool = $false
                boot = '2025-12-01T00:00:00Z'
                alive = ''
            }
            @{
                what = 'the clock was corrected, which moves the boot time, and the tool works'
                state = 'running'
                runner = $true
                tool = $true
                boot = '2025-12-01T00:00:00Z'
                alive = 'tool'
            }
            @{
                what = 'it has ended'
                state = 'ended'
                runner = $true
                tool = $false
                boot = '2026-01-01T00:00:00Z'
                alive = ''
            }
        ) {
            $me = [pscustomobject]@{ pid = $PID; started_ticks = "$(Get-SeedProcessStamp -Id $PID)" }
            $gone = [pscustomobject]@{ pid = $PID; started_ticks = '1' }
            $run = [pscustomobject]@{
                operation = 'copy'
                tool_started = $true
                state = $state
                runner = $gone
                tool = $gone
                boot = $boot
                updated = '2026-01-01T00:00:00Z'
            }
            if ($runner) { $run.runner = $me }
            if ($tool) { $run.tool = $me }
            Get-SeedAlive -Run $run -Folder 'C:\a' -Task ([pscustomobject]@{
                name = 'Seedfreight-DATA'
                path = '\Seedfreight\'
            }) -BootTime '2026-01-01T00:00:30Z' | Should -Be $alive
        }
        It 'does not believe in a start for ever, whatever the clock says' {
            Start-SeedRun -Order (New-TestOrder) -ConfirmSeconds 0
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            foreach ($then in '2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z') {
                $run.updated = $then
                Get-SeedAlive -Run $run -Folder 'C:\a' -Task $task -BootTime (Get-SeedBootTime) | Should -Be ''
            }
        }
    }
}
