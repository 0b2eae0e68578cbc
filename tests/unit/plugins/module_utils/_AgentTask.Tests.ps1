# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'an order to the agent in a task' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
        [System.IO.Path]::PathSeparator + $env:PATH
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        foreach ($name in '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentMars', '_Agent') {
            Import-Module -Name "$utils/$name.psm1" -Force -Global
        }
        function global:Invoke-TestCall { $global:TestCalls++; if ($global:TestError) { throw $global:TestError } }
        function Start-TestTask {
            Start-SeedAgentTask -Call 'Start-SeedMarsBackup' -Known 'Get-SeedValue' -SettleSeconds 0
        }
        function Invoke-TestOrder { Invoke-SeedAgentOrder -Folder $folder -Call 'Invoke-TestCall' }
        function Set-TestTask {
            param([string]$State, [int]$Result = 0)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json" -Change {
                $_.state = $State
                $_.last_task_result = $Result
            }
        }
        $folder = 'E:\Seedfreight\backup'
    }
    BeforeEach {
        New-TestWorld
        $env:ProgramData = 'E:'
        Mock New-SeedPrivateFolder {
            $null = New-Item -ItemType Directory -Path 'E:\Seedfreight\backup' -Force
        } -ModuleName _AgentTask
        $global:TestCalls = 0
        $global:TestError = ''
    }
    AfterEach { Remove-TestWorld }

    It 'is a task of the system without an end, which is started once' {
        Start-TestTask
        $task = Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json"
        $task.user | Should -Be 'S-1-5-18'
        $task.path | Should -Be '\Seedfreight\Backup\'
        $task.execution_time_limit | Should -Be 'PT0S'
        @(Get-ChildItem -LiteralPath "$env:LAB_HOME/hosts/fs01/tasks/orders").Count | Should -Be 1
        Get-SeedAgentTaskProblem | Should -Be ''
    }
    It 'gets a script that PowerShell can read, with what it needs and one call' {
        $text = Get-SeedAgentTaskText -Call 'Start-SeedMarsBackup' -Known 'Resolve-SeedPath', 'Get-SeedValue'
        $problems = $null
        $null = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref]$null, [ref]$problems)
        $problems.Count | Should -Be 0
        foreach ($name in 'Resolve-SeedPath', 'Get-SeedText', 'Import-SeedMarsModule', 'Invoke-SeedMarsStart') {
            $text | Should -BeLike "*function $name {*"
        }
        $text.TrimEnd() | Should -BeLike "*Invoke-SeedAgentOrder -Folder ?Folder -Call 'Start-SeedMarsBackup'"
    }
    It 'is carried out once, and leaves nothing' {
        Start-TestTask
        Invoke-TestOrder
        { Invoke-TestOrder } | Should -Throw
        $global:TestCalls | Should -Be 1
        @(Get-ChildItem -LiteralPath $folder).Count | Should -Be 0
        (Get-SeedAgentTaskState).state | Should -Be 'missing'
        Get-SeedAgentTaskProblem | Should -Be ''
    }
    It 'is taken before it is carried out' {
        Start-TestTask
        $global:TestError = 'The agent is busy.'
        Invoke-TestOrder
        Test-Path -LiteralPath "$folder\order.json" | Should -BeFalse
        Get-SeedAgentTaskProblem | Should -Be 'The agent is busy.'
        (Get-SeedAgentTaskState).state | Should -Be 'missing'
        Start-TestTask
        Get-SeedAgentTaskProblem | Should -Be ''
    }
    It 'is not given while the task of an earlier one runs, and that one begins no more' {
        Start-TestTask
        Set-TestTask -State 'Running'
        { Start-TestTask } | Should -Throw '*still runs*no second one*'
        @(Get-ChildItem -LiteralPath "$env:LAB_HOME/hosts/fs01/tasks/orders").Count | Should -Be 1
        { Invoke-TestOrder } | Should -Throw
        $global:TestCalls | Should -Be 0
    }
    It 'is not given when the Task Scheduler does not answer' {
        Mock Get-ScheduledTask { throw 'RPC server unavailable.' } -ModuleName _AgentTask
        { Start-TestTask } | Should -Throw '*does not answer*RPC server unavailable*'
        @(Get-ChildItem -LiteralPath "$env:LAB_HOME/hosts/fs01/tasks/orders").Count | Should -Be 0
    }
    It 'replaces what a restart left behind' {
        Start-TestTask
        [System.IO.File]::Move((Resolve-SeedPath "$folder\order.json"), (Resolve-SeedPath "$folder\order.json.taken"))
        Start-TestTask
        Test-Path -LiteralPath "$folder\order.json.taken" | Should -BeFalse
        Invoke-TestOrder
        $global:TestCalls | Should -Be 1
    }
    It 'tells of a task that ended with <code> before it took the order: <problem>' -ForEach @(
        @{ code = 2; problem = 'its scheduled task ended with 0x2 before it began.' }
        @{ code = 267014; problem = 'its scheduled task ended with 0x41306 before it began.' }
        @{ code = 267009; problem = '' }
        @{ code = 267011; problem = '' }
        @{ code = 267045; problem = '' }
    ) {
        Start-TestTask
        Set-TestTask -State 'Ready' -Result $code
        Get-SeedAgentTaskProblem | Should -Be $problem
        Set-TestTask -State 'Running' -Result $code
        Get-SeedAgentTaskProblem | Should -Be ''
    }
    It 'fails the start of a backup with the words of the agent' {
        Mock Get-SeedMarsStartProblem { 'No policy.' } -ModuleName _Agent
        { Wait-SeedBackupJob -Agent mars -Before @() -Seconds 5 } | Should -Throw '*does not start: No policy. Look*'
    }
}
