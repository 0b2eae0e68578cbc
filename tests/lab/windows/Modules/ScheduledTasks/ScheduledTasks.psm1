# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the ScheduledTasks module of Windows, as far as it is used. The lab's task service runs what is ordered
# here.
Import-Module -Name LabWorld -Global

function Get-LabTaskFile {
    param([string]$Name)
    Get-LabPath 'hosts' $env:LAB_HOST 'tasks' "$Name.json"
}

function New-LabTaskOrder {
    param([string]$Order, [string]$Name)
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'tasks' 'orders' "$([DateTime]::UtcNow.Ticks).json"
    Write-LabFile -Path $file -Value @{ order = $Order; task = $Name }
}

function New-ScheduledTaskAction {
    <# .SYNOPSIS What a task starts. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Execute, [string]$Argument, [string]$WorkingDirectory)
    if (Invoke-LabFault $PSCmdlet) { return }
    [pscustomobject]@{ Execute = $Execute; Arguments = $Argument; WorkingDirectory = $WorkingDirectory }
}

function New-ScheduledTaskPrincipal {
    <# .SYNOPSIS Who a task runs as. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$UserId,
        [string]$LogonType = 'None',
        [string]$RunLevel = 'Limited'
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    [pscustomobject]@{ UserId = $UserId; LogonType = $LogonType; RunLevel = $RunLevel }
}

function New-ScheduledTaskSettingsSet {
    <# .SYNOPSIS How a task runs. #>
    [CmdletBinding()]
    param(
        [timespan]$ExecutionTimeLimit = '3.00:00:00',
        [int]$Priority = 7,
        [string]$MultipleInstances = 'IgnoreNew',
        [switch]$AllowStartIfOnBatteries,
        [switch]$DontStopIfGoingOnBatteries
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    [pscustomobject]@{
        ExecutionTimeLimit = [System.Xml.XmlConvert]::ToString($ExecutionTimeLimit)
        Priority = $Priority
        MultipleInstances = $MultipleInstances
    }
}

function Get-LabTaskAccountProblem {
    # The error code of Windows for an account that a task cannot be registered for, or nothing.
    param([string]$User, [string]$LogonType, [string]$Password)
    if ($User -in 'S-1-5-18', 'SYSTEM', 'NT AUTHORITY\SYSTEM', 'LOCALSYSTEM') { return }
    $file, $known = (Get-LabPath 'accounts.json'), $null
    if ([System.IO.File]::Exists($file)) {
        $known = (Read-LabFile -Path $file).PSObject.Properties[$User.ToLowerInvariant()]
    }
    # ERROR_NONE_MAPPED: no account has this name.
    if (-not $known) { return '0x80070534' }
    if ($LogonType -in 'S4U', 'Interactive') { return }
    # ERROR_LOGON_FAILURE. A group managed service account has no password that anybody types; a host fetches it, if it
    # may.
    if ($User.EndsWith('$')) {
        if ($Password -or $env:LAB_HOST -notin $known.Value.hosts) { return '0x8007052E' }
        return
    }
    $bytes = [System.Security.Cryptography.SHA256]::HashData([System.Text.Encoding]::UTF8.GetBytes($Password))
    if ([Convert]::ToHexString($bytes) -ne $known.Value.password) { return '0x8007052E' }
}

function Register-ScheduledTask {
    <# .SYNOPSIS Makes a task known, for a principal or for a user with a password. #>
    [CmdletBinding(DefaultParameterSetName = 'User')]
    param(
        [Parameter(Mandatory, Position = 0)][string]$TaskName,
        [Parameter(Position = 1)][string]$TaskPath = '\',
        [Parameter(Mandatory, Position = 2)][object[]]$Action,
        [Parameter(ParameterSetName = 'Principal')][object]$Principal,
        [object]$Settings,
        [Parameter(ParameterSetName = 'User')][string]$User,
        [Parameter(ParameterSetName = 'User')][string]$Password,
        [Parameter(ParameterSetName = 'User')][ValidateSet('Limited', 'Highest')][string]$RunLevel,
        [string]$Description,
        [switch]$Force
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $file = Get-LabTaskFile -Name $TaskName
    if ([System.IO.File]::Exists($file) -and -not $Force) {
        Write-Error -Message (
            'Cannot create a file when that file already ' +
            'exists.'
        ) -ErrorId 'HRESULT 0x800700b7,Register-ScheduledTask'
        return
    }
    if (-not $Principal) {
        $logon = $(if ($Password) { 'Password' } else { 'Interactive' })
        if (-not $User) { $User = $env:LAB_USER }
        $Principal = [pscustomobject]@{ UserId = $User; LogonType = $logon }
    }
    $problem = Get-LabTaskAccountProblem -User $Principal.UserId -LogonType $Principal.LogonType -Password $Password
    if ($problem) {
        $text = @{
            '0x80070534' = 'No mapping between account names and security IDs was done.'
            '0x8007052E' = 'The user name or password is incorrect.'
        }[$problem]
        $cause = [System.InvalidOperationException]::new($text)
        $cause.HResult = [int]$problem
        $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new(
                $cause, "HRESULT $($problem.ToLowerInvariant())", 'NotSpecified', $Principal.UserId))
        return
    }
    Write-LabFile -Path $file -Value ([ordered]@{
            name = $TaskName
            path = $TaskPath
            execute = $Action[0].Execute
            arguments = $Action[0].Arguments
            working_directory = $Action[0].WorkingDirectory
            execution_time_limit = $Settings.ExecutionTimeLimit
            priority = $Settings.Priority
            user = $Principal.UserId
            logon_type = $Principal.LogonType
            state = 'Ready'; last_run_time = $null; last_task_result = 267011; pid = $null
        })
    Get-ScheduledTask -TaskName $TaskName -TaskPath $TaskPath
}

function Get-LabAgentTask {
    # The task of the backup agent, as long as the agent has a policy. `scheduled_task` of agent.json is its state, or
    # 'none' where it is missing.
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'agent.json'
    if (-not [System.IO.File]::Exists($file)) { return }
    $agent = Read-LabFile -Path $file
    $state = 'Ready'
    if ($agent.PSObject.Properties['scheduled_task']) { $state = $agent.scheduled_task }
    if (-not $agent.policy -or $state -eq 'none') { return }
    [pscustomobject]@{
        name = 'Microsoft-OnlineBackup'
        path = '\Microsoft\OnlineBackup\'
        state = $state
        user = 'SYSTEM'
        file = $file
    }
}

function Get-ScheduledTask {
    <# .SYNOPSIS The tasks of the host. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][string[]]$TaskName, [Parameter(Position = 1)][string[]]$TaskPath)
    if (Invoke-LabFault $PSCmdlet) { return }
    $files = [System.IO.Directory]::GetFiles((Get-LabPath 'hosts' $env:LAB_HOST 'tasks'), '*.json')
    $found = foreach ($task in @($files | ForEach-Object { Read-LabFile -Path $_ }) + @(Get-LabAgentTask)) {
        if ($TaskName -and $task.name -notin $TaskName) { continue }
        if ($TaskPath -and $task.path -notin $TaskPath) { continue }
        [pscustomobject]@{
            TaskName = $task.name
            TaskPath = $task.path
            State = $task.state
            Principal = [pscustomobject]@{ UserId = $task.user }
        }
    }
    if ($found) { return $found }
    $property, $value = 'TaskPath', $TaskPath
    if ($TaskName) { $property, $value = 'TaskName', $TaskName }
    if (-not $value) { return }
    Write-Error -Message (
        "No MSFT_ScheduledTask objects found with property '$property' equal to '$($value[0])'."
    ) -ErrorId "CmdletizationQuery_NotFound_$property,Get-ScheduledTask"
}

function Get-ScheduledTaskInfo {
    <# .SYNOPSIS The last run of a task. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath)
    if (Invoke-LabFault $PSCmdlet) { return }
    $task = Read-LabFile -Path (Get-LabTaskFile -Name $TaskName)
    [pscustomobject]@{
        TaskName = $task.name
        TaskPath = $task.path
        LastRunTime = $task.last_run_time
        LastTaskResult = [uint32]$task.last_task_result
    }
}

function Start-ScheduledTask {
    <# .SYNOPSIS Starts a task and returns at once. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath)
    if (Invoke-LabFault $PSCmdlet) { return }
    $agents = Get-LabAgentTask
    if ($agents -and $TaskName -eq $agents.name) {
        if ($agents.state -eq 'Disabled') {
            # SCHED_E_TASK_DISABLED.
            $text = 'The task is disabled.'
            Write-Error -Message $text -ErrorId 'HRESULT 0x80041326,Start-ScheduledTask'
            return
        }
        $at = (Get-LabTime).ToString('o')
        Edit-LabFile -Path $agents.file -Change {
            $_.orders = @($_.orders) + [pscustomobject]@{ order = 'scheduled_run'; at = $at }
        }
        return
    }
    New-LabTaskOrder -Order 'start' -Name $TaskName
}

function Stop-ScheduledTask {
    <# .SYNOPSIS Stops a task. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath)
    if (Invoke-LabFault $PSCmdlet) { return }
    New-LabTaskOrder -Order 'stop' -Name $TaskName
}

function Unregister-ScheduledTask {
    <# .SYNOPSIS Removes a task. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory, Position = 0)][string[]]$TaskName, [Parameter(Position = 1)][string[]]$TaskPath)
    if (Invoke-LabFault $PSCmdlet) { return }
    if ($PSCmdlet.ShouldProcess($TaskName[0], 'Unregister-ScheduledTask')) {
        Remove-Item -LiteralPath (Get-LabTaskFile -Name $TaskName[0])
    }
}

Export-ModuleMember -Function *-ScheduledTask*
