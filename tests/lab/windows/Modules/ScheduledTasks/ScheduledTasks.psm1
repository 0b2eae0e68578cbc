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
    [pscustomobject]@{
        ExecutionTimeLimit = [System.Xml.XmlConvert]::ToString($ExecutionTimeLimit)
        Priority = $Priority
        MultipleInstances = $MultipleInstances
    }
}

function Register-ScheduledTask {
    <# .SYNOPSIS Makes a task known. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][string]$TaskName,
        [string]$TaskPath = '\',
        [Parameter(Mandatory)][object[]]$Action,
        [object]$Principal,
        [object]$Settings,
        [string]$Description,
        [switch]$Force
    )
    $file = Get-LabTaskFile -Name $TaskName
    if ([System.IO.File]::Exists($file) -and -not $Force) {
        Write-Error -Message (
            'Cannot create a file when that file already ' +
            'exists.'
        ) -ErrorId 'HRESULT 0x800700b7,Register-ScheduledTask'
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

function Get-ScheduledTask {
    <# .SYNOPSIS The tasks of the host. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][string[]]$TaskName, [Parameter(Position = 1)][string[]]$TaskPath)
    $file = Get-LabTaskFile -Name $TaskName[0]
    if (-not [System.IO.File]::Exists($file)) {
        Write-Error -Message (
            "No MSFT_ScheduledTask objects found with property 'TaskName' equal to " +
            "'$($TaskName[0])'."
        ) -ErrorId 'CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask'
        return
    }
    $task = Read-LabFile -Path $file
    [pscustomobject]@{
        TaskName = $task.name
        TaskPath = $task.path
        State = $task.state
        Principal = [pscustomobject]@{ UserId = $task.user }
    }
}

function Get-ScheduledTaskInfo {
    <# .SYNOPSIS The last run of a task. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath)
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
    New-LabTaskOrder -Order 'start' -Name $TaskName
}

function Stop-ScheduledTask {
    <# .SYNOPSIS Stops a task. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string]$TaskName, [Parameter(Position = 1)][string]$TaskPath)
    New-LabTaskOrder -Order 'stop' -Name $TaskName
}

function Unregister-ScheduledTask {
    <# .SYNOPSIS Removes a task. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory, Position = 0)][string[]]$TaskName, [Parameter(Position = 1)][string[]]$TaskPath)
    if ($PSCmdlet.ShouldProcess($TaskName[0], 'Unregister-ScheduledTask')) {
        Remove-Item -LiteralPath (Get-LabTaskFile -Name $TaskName[0])
    }
}

Export-ModuleMember -Function *-ScheduledTask*
