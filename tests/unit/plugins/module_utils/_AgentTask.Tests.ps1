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
    It 'gets a script that has everything that its call reaches' {
        $global:TestOrder = @{}
        Mock Start-SeedAgentTask {
            param([string]$Call, [string[]]$Known)
            $global:TestOrder = @{ Call = $Call; Known = $Known }
        } -ModuleName _AgentMars
        Start-SeedMarsBackup
        $order = $global:TestOrder
        $order.Call | Should -Be 'Invoke-SeedMarsStart'
        @(Get-TestTaskLack -Text (Get-SeedAgentTaskText @order) -Call $order.Call) | Should -BeNullOrEmpty
    }
    It 'gets a script that has everything that setting the method of an agent reaches' {
        $text = Get-SeedAgentTaskText -Call 'Set-SeedMarsMethod' -Known 'Resolve-SeedPath', 'Get-SeedValue'
        Get-TestTaskLack -Text $text -Call 'Set-SeedMarsMethod' | Should -BeNullOrEmpty
    }
    It 'gets a script that starts the backup of an installed agent without any module of this collection' {
        $case = @{ Call = 'Invoke-SeedMarsStart'; Known = 'Resolve-SeedPath', 'Get-SeedValue' }
        Start-SeedAgentTask @case -SettleSeconds 0
        $native = Resolve-SeedPath -Path $folder
        $around = 'function Get-ItemProperty { [pscustomobject]@{ InstallPath = ''C:\Agent\'' } }
            function Get-OBPolicy { ''the policy'' }
            function Start-OBBackup { param($Policy, $Confirm) $global:Started = $Policy }
            function Unregister-ScheduledTask { }'
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript($around).AddStatement().AddScript(
                [System.IO.File]::ReadAllText("$native/task.ps1")
            ).AddParameter('Folder', $native).AddStatement().AddScript('$global:Started')
            $started = @($shell.Invoke())
            @($shell.Streams.Error).Count | Should -Be 0
        }
        finally { $shell.Dispose() }
        Get-SeedAgentTaskProblem | Should -Be ''
        $started | Should -Be @('the policy')
    }
    It 'loads the module of the agent whatever script files the host allows by default' {
        Start-TestTask
        $task = Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json"
        $task.arguments | Should -BeLike '-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand *'
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
    It 'hands over what the order says, and removes the file that it names' {
        $secret = Resolve-SeedPath 'E:\secret'
        [System.IO.File]::WriteAllText($secret, 'x')
        function global:Invoke-TestOrderCall { param($Order) $global:TestSaid = $Order; throw 'The agent is busy.' }
        $case = @{ Call = 'Invoke-TestOrderCall'; Known = 'Get-SeedValue'; Order = @{ list = @('22:30') } }
        Start-SeedAgentTask @case -SecretFile $secret -SettleSeconds 0
        Invoke-SeedAgentOrder -Folder $folder -Call 'Invoke-TestOrderCall'
        @($global:TestSaid.list) | Should -Be @('22:30')
        Test-Path -LiteralPath 'E:\secret' | Should -BeFalse
        { Wait-SeedAgentOrder -Seconds 0 } | Should -Throw 'The agent is busy.'
    }
    It 'is waited for until it was carried out' {
        Start-TestTask
        { Wait-SeedAgentOrder -Seconds 0 } | Should -Throw '*not done after 0 s*'
        Test-Path -LiteralPath "$folder\order.json" | Should -BeFalse
        Start-TestTask
        Invoke-TestOrder
        Wait-SeedAgentOrder -Seconds 0
        $global:TestCalls | Should -Be 1
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
