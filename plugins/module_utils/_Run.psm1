# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Resume
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Verify

# Starting long work as a scheduled task of the system, and telling whether it is alive. Private to the collection.

function Get-SeedRunnerText {
    <#
    .SYNOPSIS
        The runner's script: every exported function of the files that it needs as it stands, and one call.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    # One function of each file: _Folder, _RehearsalDisk, _Drive, _DriveState, _DriveManaged, _DriveFresh, _Volume,
    # _BitLockerCall, _DriveGuard, _Target, _Managed, _Tool, _Session, _Resume, _RunScript, _Manifest, _Verify.
    $known = 'Resolve-SeedPath', 'Get-SeedDiskSerial', 'ConvertTo-SeedSerial', 'Get-SeedAttemptState',
        'Get-SeedManagedWay', 'Get-SeedFreshVerdict', 'Get-SeedEncryption', 'Open-SeedEncryptable', 'Get-SeedDiskFact',
        'Confirm-SeedDrive', 'Set-SeedNewKey', 'Get-SeedToolArgument', 'Get-SeedNext', 'Resume-SeedSession',
        'Invoke-SeedRun', 'Open-SeedManifest', 'Invoke-SeedVerifyRun'
    $functions = foreach ($module in @((Get-Command -Name $known -CommandType Function).Module)) {
        foreach ($one in $module.ExportedFunctions.Values) { "function $($one.Name) {$($one.Definition)}" }
    }
    "param([string]`$OrderFile)`nSet-StrictMode -Version 3.0`n$($functions -join "`n`n")`n`nInvoke-SeedRun " +
    "-OrderFile `$OrderFile`n"
}

function Test-SeedProcess {
    <#
    .SYNOPSIS
        Whether a process is alive and is the very one that was started. An id alone may belong to another by now.
    .PARAMETER Process
        Its pid and started_ticks; null for none.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Process)
    if (-not $Process) { return $false }
    $stamp = Get-SeedProcessStamp -Id $Process.pid
    $known = [long]0
    if ($null -eq $stamp -or -not [long]::TryParse("$($Process.started_ticks)", [ref]$known)) { return $false }
    [Math]::Abs($stamp - $known) -lt [TimeSpan]::TicksPerSecond
}

function Get-SeedToolProcess {
    <#
    .SYNOPSIS
        The processes of an attempt's own copy of the tool, also one that no state names.
    .DESCRIPTION
        A runner that is ended right after it started the tool has not written down its process. A process with the
        tool's name whose program cannot be read counts, too.
    .PARAMETER Folder
        The folder of the attempt.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $place = "$Folder\tool"
    if (-not (Test-Path -LiteralPath $place -PathType Container)) { return }
    foreach ($file in @(Get-ChildItem -LiteralPath $place -Filter '*.exe' -File -ErrorAction Stop)) {
        # Windows names a process without the extension.
        foreach ($one in @(Get-Process -Name $file.BaseName, $file.Name -ErrorAction SilentlyContinue)) {
            $process = $one
            if (-not $process.Path) {
                # A process that is just ending has no program any more, and is gone a moment later.
                Start-Sleep -Milliseconds 200
                $process = Get-Process -Id $one.Id -ErrorAction SilentlyContinue
            }
            if ($process -and (-not $process.Path -or $process.Path -eq $file.FullName)) { $process }
        }
    }
}

function Test-SeedRestarted {
    <#
    .SYNOPSIS
        Whether the host was restarted since; false when either time is not known.
    .PARAMETER Then
        The boot time in a state.
    .PARAMETER Now
        The boot time now.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowEmptyString()][AllowNull()][string]$Then, [AllowEmptyString()][AllowNull()][string]$Now)
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $before = $after = [DateTime]::MinValue
    if (-not [DateTime]::TryParse($Then, $invariant, $style, [ref]$before)) { return $false }
    if (-not [DateTime]::TryParse($Now, $invariant, $style, [ref]$after)) { return $false }
    # Windows computes the boot time from the clock, so a corrected clock moves it a little.
    [Math]::Abs(($after - $before).TotalSeconds) -gt 120
}

function Get-SeedTaskProblem {
    <#
    .SYNOPSIS
        Why a task cannot begin any more, as the Task Scheduler says; an empty text while it still may, or when the
        Task Scheduler does not answer.
    .PARAMETER Name
        Name of the task.
    .PARAMETER Path
        Its folder.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Name, [Parameter(Mandatory = $true)][string]$Path)
    try {
        $task = Get-ScheduledTask -TaskName $Name -TaskPath $Path -ErrorAction Stop
        if ("$($task.State)" -in 'Running', 'Queued') { return '' }
        $result = [uint32](Get-ScheduledTaskInfo -TaskName $Name -TaskPath $Path -ErrorAction Stop).LastTaskResult
    }
    catch {
        # Only "not found" says so; what could not be asked may be running.
        if ("$($_.FullyQualifiedErrorId)" -notlike 'CmdletizationQuery_NotFound*') { return '' }
        return "its scheduled task is not there: $($_.Exception.Message)"
    }
    # 0x41301 is running, 0x41303 has not run yet, 0x41325 is queued.
    if ($result -in 267009, 267011, 267045) { return '' }
    "its scheduled task ended with 0x$('{0:X}' -f $result) before it wrote anything"
}

function Test-SeedTaskRunning {
    <#
    .SYNOPSIS
        Whether the Task Scheduler says that a task runs or is about to; false when it does not say.
    .PARAMETER Name
        Name of the task.
    .PARAMETER Path
        Its folder.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Name, [Parameter(Mandatory = $true)][string]$Path)
    try { $task = @(Get-ScheduledTask -TaskName $Name -TaskPath $Path -ErrorAction Stop) }
    catch { return $false }
    @($task | Where-Object { "$($_.State)" -in 'Running', 'Queued' }).Count -gt 0
}

function Get-SeedAlive {
    <#
    .SYNOPSIS
        What of a run is alive: tool, runner, starting, or an empty text.
    .PARAMETER Run
        The state of the run.
    .PARAMETER Folder
        The folder of its attempt.
    .PARAMETER Task
        Name and path of its task.
    .PARAMETER BootTime
        When the host was started.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [AllowNull()][object]$Run,
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][object]$Task,
        [AllowEmptyString()][string]$BootTime
    )
    # A state that cannot be read names no process, and neither does one that was not written after the tool's start.
    $unnamed = -not $Run -or ($Run.state -eq 'running' -and $Run.operation -eq 'copy' -and -not $Run.tool)
    if ($unnamed -and @(Get-SeedToolProcess -Folder $Folder).Count -gt 0) { return 'tool' }
    if (-not $Run) { return '' }
    # The start time of a process is kept by the kernel. The boot time is computed from the clock, so a corrected clock
    # looks like a restart and says nothing of a process that is there.
    # A runner may have written its end while the tool it started still works.
    if (Test-SeedProcess -Process $Run.tool) { return 'tool' }
    if ($Run.state -eq 'ended') { return '' }
    if (Test-SeedProcess -Process $Run.runner) { return 'runner' }
    if ($Run.state -ne 'starting' -or (Test-SeedRestarted -Then $Run.boot -Now $BootTime)) { return '' }
    if (Get-SeedTaskProblem -Name $Task.name -Path $Task.path) { return '' }
    # A virus scanner or a loaded host can hold up a process for minutes before it writes anything.
    if (Test-SeedTaskRunning -Name $Task.name -Path $Task.path) { return 'starting' }
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $began = [DateTime]::MinValue
    if (-not [DateTime]::TryParse($Run.updated, $invariant, $style, [ref]$began)) { return '' }
    if ([Math]::Abs(([DateTime]::UtcNow - $began.ToUniversalTime()).TotalSeconds) -lt 120) { return 'starting' }
    ''
}

function Get-SeedTaskName {
    <#
    .SYNOPSIS
        Name and path of the scheduled task of one drive.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial)
    # A name of a task holds none of these characters.
    [pscustomobject]@{ name = 'Seedfreight-' + ($Serial -replace '[\\/:*?"<>|]', '_'); path = '\Seedfreight\' }
}

function Get-SeedTaskList {
    <# .SYNOPSIS The scheduled tasks of the collection on this host; none only when Windows says so. #>
    [CmdletBinding()]
    param()
    try { Get-ScheduledTask -TaskPath '\Seedfreight\' -ErrorAction Stop }
    catch {
        if ("$($_.FullyQualifiedErrorId)" -like 'CmdletizationQuery_NotFound*') { return }
        throw "Get-ScheduledTask failed: $($_.Exception.Message)"
    }
}

function Remove-SeedTask {
    <#
    .SYNOPSIS
        Removes the scheduled task of one drive, if it is still there.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial)
    $task = Get-SeedTaskName -Serial $Serial
    if (-not (Get-ScheduledTask -TaskName $task.name -TaskPath $task.path -ErrorAction SilentlyContinue)) { return }
    Unregister-ScheduledTask -TaskName $task.name -TaskPath $task.path -Confirm:$false -ErrorAction Stop
}

function Assert-SeedPasswordUnlogged {
    <#
    .SYNOPSIS
        Fails where Windows would log the password of an account, or does not say whether it would.
    .DESCRIPTION
        Module logging writes the parameters of cmdlets into the event log, among them the password that a task is
        registered with.
    #>
    [CmdletBinding()]
    param()
    foreach ($root in 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ModuleLogging',
        'HKLM:\SOFTWARE\Policies\Microsoft\PowerShellCore\ModuleLogging') {
        try { $policy = Get-ItemProperty -LiteralPath $root -Name EnableModuleLogging -ErrorAction Stop }
        catch [System.Management.Automation.ItemNotFoundException], [System.Management.Automation.PSArgumentException] {
            continue
        }
        if ($policy.EnableModuleLogging) {
            throw 'A policy of this host logs the parameters of cmdlets, so the password of `copy_account` would ' +
                'stand in the event log. Use a group managed service account, which needs no password.'
        }
    }
}

function Get-SeedTaskAccount {
    <#
    .SYNOPSIS
        The parameters that register a task for an account: the system, a group managed service account, or a user with
        a password.
    .PARAMETER Account
        Null or type system for the system, otherwise type, user and password.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Account)
    $type = 'system'
    if ($Account -and $Account.type) { $type = "$($Account.type)" }
    $principal = @{ UserId = 'S-1-5-18'; LogonType = 'ServiceAccount'; RunLevel = 'Highest' }
    if ($type -eq 'system') { return @{ Principal = New-ScheduledTaskPrincipal @principal } }
    if ($type -eq 'managed_service_account') {
        # The Task Scheduler asks the domain for the password of such an account itself.
        $principal['UserId'] = "$($Account.user)"
        $principal['LogonType'] = 'Password'
        return @{ Principal = New-ScheduledTaskPrincipal @principal }
    }
    Assert-SeedPasswordUnlogged
    @{ User = "$($Account.user)"; Password = "$($Account.password)"; RunLevel = 'Highest' }
}

function Register-SeedTask {
    <#
    .SYNOPSIS
        Registers and starts the task of an order, which outlives this session.
    .PARAMETER Task
        Name and path of the task.
    .PARAMETER Runner
        Path of the runner's script.
    .PARAMETER OrderFile
        Path of the order.
    .PARAMETER Account
        The account, as Get-SeedTaskAccount takes it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Task,
        [Parameter(Mandatory = $true)][string]$Runner,
        [Parameter(Mandatory = $true)][string]$OrderFile,
        [AllowNull()][object]$Account
    )
    # The script is read as text, because a policy for script files wins over -ExecutionPolicy and would stop it.
    $call = "& ([scriptblock]::Create([System.IO.File]::ReadAllText('{0}', [System.Text.Encoding]::UTF8))) " +
        "-OrderFile '{1}'"
    # Typographic quotes end a text of PowerShell, too.
    $words = @($Runner, $OrderFile | ForEach-Object {
            [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($_)
        })
    $command = $call -f $words
    $encoded = [Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($command))
    $register = Get-SeedTaskAccount -Account $Account
    $register['TaskName'] = $Task.name
    $register['TaskPath'] = $Task.path
    $register['Force'] = $true
    $register['Action'] = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument (
        "-NoProfile -NonInteractive -EncodedCommand $encoded"
    )
    # Without these a task ends after three days and copies with low priority.
    $always = @{
        ExecutionTimeLimit = [TimeSpan]::Zero
        Priority = 5
        MultipleInstances = 'IgnoreNew'
        AllowStartIfOnBatteries = $true
        DontStopIfGoingOnBatteries = $true
    }
    $register['Settings'] = New-ScheduledTaskSettingsSet @always
    try { $null = Register-ScheduledTask @register -ErrorAction Stop }
    catch {
        if (-not $Account -or -not $Account.user) { throw }
        throw "The task of ``copy_account`` $($Account.user) cannot be registered: " +
            "$($_.Exception.Message.TrimEnd('.')). Check user and password, and that the account is an " +
            'administrator of this host with the right to log on as a batch job.'
    }
    Start-ScheduledTask -TaskName $Task.name -TaskPath $Task.path -ErrorAction Stop
}

function Start-SeedRun {
    <#
    .SYNOPSIS
        Starts an order as a scheduled task, which outlives this session, and sees that it began: the tool runs, or
        reading a drive again does.
    .PARAMETER Order
        The order, with everything but task, started and schema_version.
    .PARAMETER Account
        The account of the task, as Get-SeedTaskAccount takes it. Its password is in no file.
    .PARAMETER ConfirmSeconds
        How long to wait for that. A task that has not begun by then may still begin.
    .PARAMETER SettleSeconds
        How long to wait for a task of this drive that still runs. A runner that has written its end removes its task,
        and this one has the same name.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Order,
        [AllowNull()][object]$Account,
        [int]$ConfirmSeconds = 60,
        [int]$SettleSeconds = 30
    )
    $task = Get-SeedTaskName -Serial $Order['serial']
    $until = [DateTime]::UtcNow.AddSeconds($SettleSeconds)
    while (Test-SeedTaskRunning -Name $task.name -Path $task.path) {
        if ([DateTime]::UtcNow -ge $until) {
            throw "The task $($task.name) of drive $($Order['serial']) still runs, so nothing was begun. Run again " +
                'when it has ended.'
        }
        Start-Sleep -Milliseconds 200
    }
    $Order['schema_version'] = 1
    $Order['task_name'] = $task.name
    $Order['task_path'] = $task.path
    $Order['started'] = Get-SeedTime
    $folder = $Order['folder']
    $runner = Resolve-SeedPath -Path "$folder\runner.ps1"
    $orderFile = Resolve-SeedPath -Path "$folder\order.json"
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $true
    [System.IO.File]::WriteAllText($runner, (Get-SeedRunnerText), $encoding)
    # The state is there before the order is: an order without a state is always one whose outcome is not known.
    Write-SeedJson -Path $Order['run_file'] -Value (New-SeedState -Order ([pscustomobject]$Order) -State starting)
    Write-SeedJson -Path $orderFile -Value $Order
    try { Register-SeedTask -Task $task -Runner $runner -OrderFile $orderFile -Account $Account }
    catch {
        $null = Stop-SeedStart -Order $Order -Problem $_.Exception.Message
        throw
    }
    $until = [DateTime]::UtcNow.AddSeconds($ConfirmSeconds)
    do {
        $run = (Read-SeedJson -Path $Order['run_file'] -Expected).value
        if ($run -and $run.tool_started -and $run.state -ne 'starting') { return }
        if ($run -and $run.state -eq 'ended') {
            throw "The work on drive $($Order['serial']) did not begin: $("$($run.error)".TrimEnd('.')). Nothing " +
                'was written to the drive by the tool.'
        }
        $problem = Get-SeedTaskProblem -Name $task.name -Path $task.path
        if ($problem -and (Stop-SeedStart -Order $Order -Problem $problem)) {
            throw "The work on drive $($Order['serial']) did not begin: $problem. Nothing was written to the drive " +
                "by the tool."
        }
        Start-Sleep -Milliseconds 200
    } while ([DateTime]::UtcNow -lt $until)
}

function Stop-SeedStart {
    <#
    .SYNOPSIS
        Ends a start that cannot begin any more: the order goes away, and the state says why. False when a runner has
        the order, whose state is then its own.
    .PARAMETER Order
        The order.
    .PARAMETER Problem
        Why it did not begin.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Order,
        [Parameter(Mandatory = $true)][string]$Problem
    )
    $file = Resolve-SeedPath -Path "$($Order['folder'])\order.json"
    # The runner renames the order too, and only one of both can.
    try { [System.IO.File]::Move($file, "$file.back") }
    catch { return $false }
    [System.IO.File]::Delete("$file.back")
    $state = New-SeedState -Order ([pscustomobject]$Order) -State ended
    $state['exit_code'] = -1
    $state['error'] = $Problem
    $state['ended'] = Get-SeedTime
    Write-SeedJson -Path $Order['run_file'] -Value $state
    Remove-SeedTask -Serial $Order['serial']
    $true
}

Export-ModuleMember -Function @(
    'Get-SeedRunnerText', 'Test-SeedProcess', 'Get-SeedToolProcess', 'Test-SeedRestarted', 'Get-SeedTaskProblem',
    'Test-SeedTaskRunning', 'Get-SeedAlive', 'Get-SeedTaskName', 'Get-SeedTaskList', 'Remove-SeedTask',
    'Assert-SeedPasswordUnlogged', 'Get-SeedTaskAccount', 'Register-SeedTask', 'Start-SeedRun', 'Stop-SeedStart'
)
