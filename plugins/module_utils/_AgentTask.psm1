# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One order to a backup agent, carried out as the system by a scheduled task that outlives this session and removes
# itself. Private to the collection.
#
# A session over WinRM is a network logon, which has no key store of its own to open a certificate with.
# Whether a backup lives in the service of the agent or in the process that asked for it is not documented, and the end
# of a WinRM session ends every process in it. In a task that waits for the backup, both are right.

#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._Folder
Set-StrictMode -Version 3.0

$script:TaskName = 'Seedfreight-backup'
# Not the folder of the tasks of drives.
$script:TaskPath = '\Seedfreight\Backup\'

function Get-SeedAgentTaskFolder {
    <# .SYNOPSIS The private folder of order, script and result. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    "$env:ProgramData\Seedfreight\backup"
}

function Get-SeedAgentTaskText {
    <#
    .SYNOPSIS
        The script of the task: every exported function of the files that it needs as it stands, and one call.
    .PARAMETER Call
        The function that carries the order out. It takes Order when there is something to say.
    .PARAMETER Known
        One function of each file that it needs.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Call, [Parameter(Mandatory = $true)][string[]]$Known)
    $all = @($Known) + $Call + 'Invoke-SeedAgentOrder'
    $modules = @(Get-Command -Name $all -CommandType Function | ForEach-Object { $_.Module } | Select-Object -Unique)
    $functions = foreach ($module in $modules) {
        foreach ($one in $module.ExportedFunctions.Values) { "function $($one.Name) {$($one.Definition)}" }
    }
    "param([string]`$Folder)`nSet-StrictMode -Version 3.0`n$($functions -join "`n`n")`n`n" +
    "Invoke-SeedAgentOrder -Folder `$Folder -Call '$Call'`n"
}

function Invoke-SeedAgentOrder {
    <#
    .SYNOPSIS
        The work of the task. Takes the order, which nobody can take twice, carries it out, and removes the task.
    .DESCRIPTION
        An error is left in result.json. Fails when there is no order: then it was taken or withdrawn.
    .PARAMETER Folder
        The private folder.
    .PARAMETER Call
        The function that carries the order out.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder, [Parameter(Mandatory = $true)][string]$Call)
    $native = Resolve-SeedPath -Path $Folder
    $taken = [System.IO.Path]::Combine($native, 'order.json.taken')
    [System.IO.File]::Move([System.IO.Path]::Combine($native, 'order.json'), $taken)
    $order = (Read-SeedJson -Path "$Folder\order.json.taken" -Expected).value
    $given = @{}
    if ($null -ne $order.order) { $given['Order'] = $order.order }
    try { $null = & $Call @given }
    catch { Write-SeedJson -Path "$Folder\result.json" -Value @{ error = (ConvertTo-SeedReason -ErrorRecord $_) } }
    finally {
        # Nobody else removes it when the session that wrote it is gone.
        if ($order.secret_file) { [System.IO.File]::Delete($order.secret_file) }
        [System.IO.File]::Delete([System.IO.Path]::Combine($native, 'task.ps1'))
        [System.IO.File]::Delete($taken)
        $task = @{ TaskName = $order.task_name; TaskPath = $order.task_path }
        Unregister-ScheduledTask @task -Confirm:$false -ErrorAction SilentlyContinue
    }
}

function Get-SeedAgentTaskState {
    <#
    .SYNOPSIS
        State and result of the task: missing, idle, busy, or unknown when the Task Scheduler does not answer.
    #>
    [CmdletBinding()]
    param()
    $task = @{ TaskName = $script:TaskName; TaskPath = $script:TaskPath; ErrorAction = 'Stop' }
    $seen = [pscustomobject]@{ state = 'unknown'; result = [uint32]0; why = '' }
    try {
        $state = "$((Get-ScheduledTask @task).State)"
        $seen.result = [uint32](Get-ScheduledTaskInfo @task).LastTaskResult
        $seen.state = 'idle'
        if ($state -in 'Running', 'Queued') { $seen.state = 'busy' }
    }
    catch {
        $seen.why = ConvertTo-SeedReason -ErrorRecord $_
        if ("$($_.FullyQualifiedErrorId)" -like 'CmdletizationQuery_NotFound*') { $seen.state = 'missing' }
    }
    $seen
}

function Wait-SeedAgentTask {
    <#
    .SYNOPSIS
        Waits until no task of an earlier order runs. Fails when it still does, or when that cannot be said.
    .PARAMETER Seconds
        The longest wait. A task that has reported its end needs a moment to be gone.
    #>
    [CmdletBinding()]
    param([int]$Seconds = 30)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $seen = Get-SeedAgentTaskState
        if ($seen.state -in 'missing', 'idle') { return }
        if ($clock.Elapsed.TotalSeconds -ge $Seconds) { break }
        Start-Sleep -Milliseconds 500
    }
    if ($seen.state -eq 'unknown') {
        throw "The Task Scheduler does not answer, so nothing is started: $($seen.why) Retry."
    }
    throw "The task $($script:TaskPath)$($script:TaskName) of an earlier backup still runs, so no second one is " +
    'started. Look at the console of the agent, then retry.'
}

function Start-SeedAgentTask {
    <#
    .SYNOPSIS
        Orders something of the agent and returns at once. What came of it shows the agent, or Get-SeedAgentTaskProblem.
    .DESCRIPTION
        An order that no task has taken yet is withdrawn first, so that of two orders one is carried out.
    .PARAMETER Call
        As of Get-SeedAgentTaskText.
    .PARAMETER Known
        As of Get-SeedAgentTaskText.
    .PARAMETER Order
        What the function is to know, as JSON can say it; nothing secret. Null for a function without parameters.
    .PARAMETER SecretFile
        A file that the task removes when the order was carried out, as .NET understands its path.
    .PARAMETER SettleSeconds
        How long to wait for the task of an earlier order.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Call,
        [Parameter(Mandatory = $true)][string[]]$Known,
        [AllowNull()][System.Collections.IDictionary]$Order,
        [string]$SecretFile,
        [int]$SettleSeconds = 30
    )
    $folder = Get-SeedAgentTaskFolder
    New-SeedPrivateFolder -Path $folder -Root "$env:ProgramData\Seedfreight"
    $native = Resolve-SeedPath -Path $folder
    [System.IO.File]::Delete([System.IO.Path]::Combine($native, 'order.json'))
    Wait-SeedAgentTask -Seconds $SettleSeconds
    foreach ($name in 'order.json.taken', 'result.json', 'task.ps1') {
        [System.IO.File]::Delete([System.IO.Path]::Combine($native, $name))
    }
    $file = [System.IO.Path]::Combine($native, 'task.ps1')
    New-SeedPrivateFile -Path $file -Text (Get-SeedAgentTaskText -Call $Call -Known $Known)
    Write-SeedJson -Path "$folder\order.json" -Value @{
        task_name = $script:TaskName
        task_path = $script:TaskPath
        order = $Order
        secret_file = $SecretFile
    }
    # The script is read as text, because a group policy for script files wins over -ExecutionPolicy and would stop it.
    # The module of the agent is files, which the policy of the machine alone must not stop.
    $command = "& ([scriptblock]::Create([System.IO.File]::ReadAllText('{0}', [System.Text.Encoding]::UTF8))) " +
    "-Folder '{1}'"
    # Typographic quotes end a text of PowerShell, too.
    $words = @($file, $folder | ForEach-Object {
            [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($_)
        })
    $bytes = [System.Text.Encoding]::Unicode.GetBytes(($command -f $words))
    $action = @{
        Execute = 'powershell.exe'
        Argument = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ' +
        [Convert]::ToBase64String($bytes)
    }
    # A backup takes days, and by default a task ends after three and gives way to everything else.
    $settings = @{
        ExecutionTimeLimit = [TimeSpan]::Zero
        Priority = 5
        MultipleInstances = 'IgnoreNew'
        AllowStartIfOnBatteries = $true
        DontStopIfGoingOnBatteries = $true
    }
    $register = @{
        TaskName = $script:TaskName
        TaskPath = $script:TaskPath
        Action = New-ScheduledTaskAction @action
        Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        Settings = New-ScheduledTaskSettingsSet @settings
        Force = $true
        ErrorAction = 'Stop'
    }
    $null = Register-ScheduledTask @register
    Start-ScheduledTask -TaskName $script:TaskName -TaskPath $script:TaskPath -ErrorAction Stop
}

function Get-SeedAgentTaskProblem {
    <#
    .SYNOPSIS
        Why the last order was not carried out; empty as long as it may be, or when it was.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $folder = Get-SeedAgentTaskFolder
    $result = Read-SeedJson -Path "$folder\result.json"
    if ($result.state -eq 'ok') { return "$($result.value.error)" }
    if (-not (Test-Path -LiteralPath "$folder\order.json")) { return '' }
    $seen = Get-SeedAgentTaskState
    # 0x41301 is running, 0x41303 has not run yet, 0x41325 is queued; 0 ran, and takes the order first of all.
    if ($seen.state -ne 'idle' -or $seen.result -in 0, 267009, 267011, 267045) { return '' }
    "its scheduled task ended with 0x$('{0:X}' -f $seen.result) before it began."
}

function Wait-SeedAgentOrder {
    <#
    .SYNOPSIS
        Waits until the last order was carried out. Fails with the words of the agent, and when it was not.
    .PARAMETER Seconds
        The longest wait. An order that no task has taken by then is withdrawn.
    #>
    [CmdletBinding()]
    param([int]$Seconds = 180)
    $folder = Get-SeedAgentTaskFolder
    $native = Resolve-SeedPath -Path $folder
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $ended = 0
    while ($true) {
        $problem = Get-SeedAgentTaskProblem
        if ($problem) { throw $problem }
        $taken = Test-Path -LiteralPath "$folder\order.json.taken"
        if (-not $taken -and -not (Test-Path -LiteralPath "$folder\order.json")) {
            # The result may have come between the two looks.
            $problem = Get-SeedAgentTaskProblem
            if ($problem) { throw $problem }
            return
        }
        # The last look can be older than the end of the task, so it counts the second time.
        if ($taken -and (Get-SeedAgentTaskState).state -in 'idle', 'missing') { $ended++ }
        if ($ended -gt 1) { throw 'its scheduled task ended in the middle of the order.' }
        if ($clock.Elapsed.TotalSeconds -ge $Seconds) { break }
        Start-Sleep -Milliseconds 500
    }
    [System.IO.File]::Delete([System.IO.Path]::Combine($native, 'order.json'))
    throw "its scheduled task was not done after $Seconds s."
}

function Test-SeedAgentOrder {
    <# .SYNOPSIS Whether a task is carrying the last order out, as far as can be said. #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    (Test-Path -LiteralPath "$(Get-SeedAgentTaskFolder)\order.json.taken") -and
    (Get-SeedAgentTaskState).state -in 'busy', 'unknown'
}

function Remove-SeedLeftAgentTask {
    <#
    .SYNOPSIS
        Removes what a task left that was ended from outside, as by a restart of the host. Never an error.
    #>
    [CmdletBinding()]
    param()
    $folder = Get-SeedAgentTaskFolder
    try {
        if (-not (Test-Path -LiteralPath "$folder\order.json.taken") -or (Test-SeedAgentOrder)) { return }
        $left = (Read-SeedJson -Path "$folder\order.json.taken").value
        $native = Resolve-SeedPath -Path $folder
        if ($left.secret_file) { [System.IO.File]::Delete($left.secret_file) }
        $task = @{ TaskName = $script:TaskName; TaskPath = $script:TaskPath; ErrorAction = 'SilentlyContinue' }
        Unregister-ScheduledTask @task -Confirm:$false
        foreach ($name in 'task.ps1', 'order.json.taken') {
            [System.IO.File]::Delete([System.IO.Path]::Combine($native, $name))
        }
    }
    catch { Write-Debug -Message "What a task left stays in ${folder}: $_" }
}

Export-ModuleMember -Function @(
    'Get-SeedAgentTaskFolder', 'Get-SeedAgentTaskText', 'Invoke-SeedAgentOrder', 'Get-SeedAgentTaskState',
    'Wait-SeedAgentTask', 'Start-SeedAgentTask', 'Get-SeedAgentTaskProblem', 'Wait-SeedAgentOrder',
    'Test-SeedAgentOrder', 'Remove-SeedLeftAgentTask'
)
