# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The MARS agent (module MSOnlineBackup) as a provider of _Agent.psm1. Private to the collection.
#
# The shape of its objects is known from public scripts and from the help of its DPM twin, not from a specification.

#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._AgentOffer
#AnsibleRequires -PowerShell ..module_utils._AgentTask
#AnsibleRequires -PowerShell ..module_utils._Folder
Set-StrictMode -Version 3.0

# A job leaves this list only when newer ones push it out; an agent runs at most three backups a day.
$script:PreviousJobs = 50

# The task that runs the scheduled backups. Source: troubleshooting pages of the agent.
$script:TaskPath = '\Microsoft\OnlineBackup\'
$script:TaskName = 'Microsoft-OnlineBackup'

function Import-SeedMarsModule {
    <#
    .SYNOPSIS
        Loads the agent's module. Returns what Import-SeedAgentModule does, and log_folder.
    #>
    [CmdletBinding()]
    param()
    # The version is that of the engine, which the documentation of the service refers to.
    $where = @{
        Kind = 'mars'
        Name = 'the agent'
        Cmdlet = 'Get-OBPolicy'
        Setup = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Setup'
        Module = 'bin\Modules\MSOnlineBackup'
        Engine = 'bin\cbengine.exe'
    }
    $agent = Import-SeedAgentModule @where
    # Source: published pages and a log collector of the agent. The names of its logs there are not published.
    $logs = $null
    if ($agent.folder) { $logs = "$($agent.folder)\Temp" }
    Add-Member -InputObject $agent -NotePropertyName log_folder -NotePropertyValue $logs
    $agent
}

function ConvertTo-SeedSourceName {
    <#
    .SYNOPSIS
        The names of data sources, in one form whichever object names them: a volume is X:\.
    .PARAMETER Source
        Objects or texts; a text may list several names.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyCollection()][object[]]$Source)
    foreach ($one in @($Source)) {
        if ($null -eq $one) { continue }
        $text = $one
        if ($one -isnot [string]) { $text = Get-SeedValue -InputObject $one -Path 'DataSourceName', 'Name' }
        if ($null -eq $text) { $text = "$one" }
        foreach ($name in "$text" -split '[,;]') {
            $name = $name.Trim()
            if ($name -match '^([A-Za-z]):\\?$') { $name = $Matches[1].ToUpperInvariant() + ':\' }
            if ($name) { $name }
        }
    }
}

function ConvertTo-SeedMarsPolicy {
    <#
    .SYNOPSIS
        Name and data sources of a policy; nothing without one.
    .PARAMETER Policy
        What Get-OBPolicy returned.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Policy)
    if (-not $Policy) { return }
    [pscustomobject]@{
        name = Get-SeedText -InputObject $Policy -Path 'PolicyName'
        data_sources = @(ConvertTo-SeedSourceName -Source @(Get-SeedValue -InputObject $Policy -Path 'DsList'))
    }
}

function ConvertTo-SeedMarsMethod {
    <#
    .SYNOPSIS
        How the first backup is made: offline (bool) and, when it is, where to and under which names. Null is what it
        does not say.
    .DESCRIPTION
        The parameters lie in OfflineBackupParams, as with DPM; they are also accepted beside IBMethod. Fails on
        another method.
    .PARAMETER Method
        What Get-OBInitialBackupCreationMethod returned.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Method)
    $kind = Get-SeedText -InputObject $Method -Path 'IBMethod'
    if ($kind -notin 'Network', 'OfflineBackup') { throw "The agent names the method '$kind', which is not known." }
    $facts = [ordered]@{
        offline = $kind -eq 'OfflineBackup'
        staging_location = $null
        import_job_name = $null
        subscription_id = $null
        storage_account = $null
        container = $null
    }
    if ($facts.offline) {
        $names = @{
            staging_location = 'StagingLocation'
            import_job_name = 'AzureImportJobName'
            subscription_id = 'AzureSubscriptionID'
            storage_account = 'AzureStorageAccount'
            container = 'AzureStorageContainer'
        }
        foreach ($name in $names.Keys) {
            $places = "OfflineBackupParams.$($names[$name])", $names[$name]
            $facts[$name] = Get-SeedText -InputObject $Method -Path $places
        }
    }
    [pscustomobject]$facts
}

function ConvertTo-SeedMarsPhase {
    <#
    .SYNOPSIS
        What the state of an ended job means. A name that is not known never means success.
    .PARAMETER State
        The name of the state (names from Windows Admin Center; Failed from a public script).
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()][string]$State)
    switch -Exact ($State) {
        'CompletedWithWaitingForImportJob' { 'waiting_for_import' }
        'CompletedWithWaitingForCopyBlob' { 'waiting_for_copy' }
        'Completed' { 'completed' }
        'CompletedWithWarning' { 'completed_with_warnings' }
        'Aborted' { 'aborted' }
        'Failed' { 'failed' }
        default { 'unknown' }
    }
}

function ConvertTo-SeedMarsJob {
    <#
    .SYNOPSIS
        One backup job; nothing for a job of another type. Times are ISO 8601; bytes are null when the job does not
        count them.
    .PARAMETER Job
        What Get-OBJob returned.
    .PARAMETER Running
        The job was listed as running. The names of the states of running jobs are not known.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Job, [switch]$Running)
    $type = Get-SeedText -InputObject $Job -Path 'JobType'
    if (Test-SeedOtherType -Type $type -Wanted 'Backup') { return }
    $state = "$(Get-SeedText -InputObject $Job -Path 'JobStatus.JobState')"
    $phase = 'running'
    if (-not $Running) { $phase = ConvertTo-SeedMarsPhase -State $state }
    $sources = @(Get-SeedValue -InputObject $Job -Path 'JobStatus.DatasourceStatus')
    $started = ConvertTo-SeedTime -Value (Get-SeedValue -InputObject $Job -Path 'JobStatus.StartTime')
    $id = Get-SeedText -InputObject $Job -Path 'JobId.Guid', 'JobId'
    if (-not $id) { $id = Get-SeedShortHash -Text "$started" }
    [pscustomobject]@{
        id = $id
        type = $type
        state = $state
        phase = $phase
        started = $started
        ended = ConvertTo-SeedTime -Value (Get-SeedValue -InputObject $Job -Path 'JobStatus.EndTime')
        bytes_done = Get-SeedMarsByte -Source $sources -Name Progress
        bytes_total = Get-SeedMarsByte -Source $sources -Name Total
        error_code = Get-SeedText -InputObject $Job -Path 'JobStatus.ErrorInfo.ErrorCode'
        data_sources = @($sources | ForEach-Object {
                ConvertTo-SeedSourceName -Source @(Get-SeedValue -InputObject $_ -Path 'Datasource')
            })
    }
}

function Get-SeedMarsByte {
    <#
    .SYNOPSIS
        The sum of one counter over the data sources of a job, or null when none counts.
    .PARAMETER Source
        The job's DatasourceStatus.
    .PARAMETER Name
        Progress or Total.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([AllowNull()][AllowEmptyCollection()][object[]]$Source, [Parameter(Mandatory = $true)][string]$Name)
    $counts = @(@($Source) | ForEach-Object { Get-SeedValue -InputObject $_ -Path "ByteProgress.$Name" })
    if ($counts.Count -eq 0) { return $null }
    [long]($counts | Measure-Object -Sum).Sum
}

function Get-SeedMarsJob {
    <#
    .SYNOPSIS
        The backup jobs, newest first, of no other type than Backup. Fails when the agent cannot be asked.
    #>
    [CmdletBinding()]
    param()
    # Running ones first: a job that ends between the two questions is then listed twice, and its end counts. The
    # other way round it would be in neither list.
    $running = @(Get-OBJob -ErrorAction Stop)
    $ended = @(Get-OBJob -Previous $script:PreviousJobs -ErrorAction Stop)
    $seen = @{}
    $jobs = @(
        foreach ($one in $ended) { if ($null -ne $one) { ConvertTo-SeedMarsJob -Job $one } }
        foreach ($one in $running) { if ($null -ne $one) { ConvertTo-SeedMarsJob -Job $one -Running } }
    )
    $jobs = @(foreach ($job in $jobs) {
            if ($seen.ContainsKey($job.id)) { continue }
            $seen[$job.id] = $true
            $job
        })
    $jobs | Sort-Object -Property @{ Expression = { $_.phase -eq 'running' }; Descending = $true },
    @{ Expression = { "$($_.started)" }; Descending = $true }
}

function ConvertTo-SeedMarsPoint {
    <#
    .SYNOPSIS
        One recovery point: id, time and data sources. The server's points of every kind are listed, also those of its
        system state.
    .PARAMETER Point
        What Get-OBAllRecoveryPoints returned.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Point)
    $time = ConvertTo-SeedTime -Value (Get-SeedValue -InputObject $Point -Path 'BackupTime')
    $named = @(Get-SeedValue -InputObject $Point -Path 'DataSources')
    $sources = @(ConvertTo-SeedSourceName -Source $named | Sort-Object)
    $id = Get-SeedText -InputObject $Point -Path 'RecoveryPointId', 'Id'
    if (-not $id) { $id = Get-SeedShortHash -Text ((@($time) + $sources) -join '|') }
    [pscustomobject]@{ id = $id; time = $time; data_sources = $sources }
}

function Get-SeedMarsBackup {
    <#
    .SYNOPSIS
        What the agent says of its first backup: agent, unknown, policy, method, jobs, recovery_points, offer. Never an
        error.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param()
    $agent = Import-SeedMarsModule
    $backup = [ordered]@{
        agent = [ordered]@{
            kind = $agent.kind
            installed = $agent.installed
            version = $agent.version
            log_folder = $agent.log_folder
        }
        unknown = [ordered]@{}
        policy = $null
        method = $null
        jobs = $null
        recovery_points = $null
        offer = $null
    }
    if (-not $agent.installed) {
        $why = 'The agent is not installed.'
        if ($null -eq $agent.installed) { $why = $agent.why; $backup.unknown['agent'] = $why }
        foreach ($question in 'policy', 'method', 'jobs', 'recovery_points') { $backup.unknown[$question] = $why }
        $backup.offer = Get-SeedMarsOffer -Agent $agent -Backup $backup
        return $backup
    }
    $asked = @{ policy = $null }
    Add-SeedAnswer -Backup $backup -Question policy -Cmdlet 'Get-OBPolicy' -Ask {
        $asked.policy = Get-OBPolicy -ErrorAction Stop
        ConvertTo-SeedMarsPolicy -Policy $asked.policy
    }
    if ($backup.unknown.Contains('policy')) { $backup.unknown['method'] = 'The policy of the agent cannot be read.' }
    elseif ($asked.policy) {
        Add-SeedAnswer -Backup $backup -Question method -Cmdlet 'Get-OBInitialBackupCreationMethod' -Ask {
            ConvertTo-SeedMarsMethod -Method (Get-OBInitialBackupCreationMethod -Policy $asked.policy -ErrorAction Stop)
        }
    }
    Add-SeedAnswer -Backup $backup -Question jobs -Cmdlet 'Get-OBJob' -Many -Ask { Get-SeedMarsJob }
    Add-SeedAnswer -Backup $backup -Question recovery_points -Cmdlet 'Get-OBAllRecoveryPoints' -Many -Ask {
        foreach ($point in @(Get-OBAllRecoveryPoints -ErrorAction Stop)) {
            if ($null -ne $point) { ConvertTo-SeedMarsPoint -Point $point }
        }
    }
    $backup.offer = Get-SeedMarsOffer -Agent $agent -Backup $backup
    $backup
}

function Get-SeedMarsPolicyDifference {
    <#
    .SYNOPSIS
        The names of what the policy of the agent has differently: days, times, retention_days, include, exclude.
    .PARAMETER Policy
        What Get-OBPolicy returned.
    .PARAMETER Wanted
        The option `policy`.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Policy,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted
    )
    # Source of the properties: output of these cmdlets in the documentation of the service.
    $schedule = Get-OBSchedule -Policy $Policy -ErrorAction Stop
    $retention = Get-OBRetentionPolicy -Policy $Policy -ErrorAction Stop
    $files = @(Get-OBFileSpec -Policy $Policy -ErrorAction Stop)
    $is = @{
        days = @(Get-SeedValue -InputObject $schedule -Path 'ScheduleRunDays' | ForEach-Object { "$_" })
        times = @(Get-SeedValue -InputObject $schedule -Path 'ScheduleRunTimes' | ForEach-Object {
                "$_" -replace '^(\d\d:\d\d):00$', '$1'
            })
        retention_days = @("$(Get-SeedValue -InputObject $retention -Path 'RetentionDays')")
        include = @($files | Where-Object { -not $_.IsExclude } | ForEach-Object { $_.FileSpec })
        exclude = @($files | Where-Object { $_.IsExclude } | ForEach-Object { $_.FileSpec })
    }
    foreach ($name in 'days', 'times', 'retention_days', 'include', 'exclude') {
        $left = @($is[$name] | ForEach-Object { ConvertTo-SeedPolicyText -Value $_ } | Sort-Object -Unique)
        $right = @(@($Wanted[$name]) | ForEach-Object { ConvertTo-SeedPolicyText -Value $_ } | Sort-Object -Unique)
        if (($left -join '|') -ne ($right -join '|')) { $name }
    }
}

function ConvertTo-SeedPolicyText {
    <#
    .SYNOPSIS
        A day, a time or a path in the one form in which two spellings of it are equal.
    .PARAMETER Value
        The value.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    "$Value".Trim().Replace('/', '\').TrimEnd('\').ToUpperInvariant()
}

function Get-SeedMarsPolicyRefusal {
    <#
    .SYNOPSIS
        Why the option `policy` cannot be followed; empty when it can. A policy that is there is never changed.
    .PARAMETER Wanted
        The option `policy`.
    .PARAMETER Exists
        The agent has a policy.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted, [bool]$Exists)
    $needed = @('Get-OBSchedule', 'Get-OBRetentionPolicy', 'Get-OBFileSpec')
    if (-not $Exists) {
        $needed = @(
            'New-OBPolicy', 'New-OBSchedule', 'Set-OBSchedule', 'New-OBRetentionPolicy', 'Set-OBRetentionPolicy',
            'New-OBFileSpec', 'Add-OBFileSpec'
        )
    }
    $missing = @($needed | Where-Object { -not (Get-Command -Name $_ -ErrorAction SilentlyContinue) })
    if ($missing.Count -gt 0) {
        return "This version of the agent has no cmdlet $($missing -join ', '). Create the policy in its console, " +
        'and leave `policy` out.'
    }
    if (-not $Exists) { return '' }
    $different = @(Get-SeedMarsPolicyDifference -Policy (Get-OBPolicy -ErrorAction Stop) -Wanted $Wanted)
    if ($different.Count -eq 0) { return '' }
    "The policy of the agent differs from ``policy`` in $($different -join ', '), and a policy that is there is not " +
    'changed. Correct it in the console of the agent, or leave `policy` out to back up as it says.'
}

function Get-SeedMarsReturned {
    <#
    .SYNOPSIS
        The policy after a cmdlet changed it: what the cmdlet returned, or the very object, changed in place.
    .PARAMETER Policy
        The policy that the cmdlet was given.
    .PARAMETER Returned
        What it returned. Which of the two it does is not documented.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Policy, [AllowNull()][object[]]$Returned)
    foreach ($one in @($Returned)) {
        if ($null -ne $one -and $one.GetType() -eq $Policy.GetType()) { $Policy = $one }
    }
    $Policy
}

function New-SeedMarsPolicy {
    <#
    .SYNOPSIS
        A policy with schedule, retention and files, which nothing has committed yet.
    .PARAMETER Wanted
        The option `policy`, as an order has it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Wanted)
    $stop = @{ ErrorAction = 'Stop'; Confirm = $false }
    $policy = New-OBPolicy -ErrorAction Stop
    $files = @(
        New-OBFileSpec -FileSpec ([string[]]@($Wanted.include)) -ErrorAction Stop
        if (@($Wanted.exclude).Count -gt 0) {
            New-OBFileSpec -FileSpec ([string[]]@($Wanted.exclude)) -Exclude -ErrorAction Stop
        }
    )
    $returned = @(Add-OBFileSpec -Policy $policy -FileSpec $files @stop)
    $policy = Get-SeedMarsReturned -Policy $policy -Returned $returned
    $days = [System.DayOfWeek[]]@($Wanted.days)
    $schedule = New-OBSchedule -DaysOfWeek $days -TimesOfDay ([string[]]@($Wanted.times)) -ErrorAction Stop
    $policy = Get-SeedMarsReturned -Policy $policy -Returned @(Set-OBSchedule -Policy $policy -Schedule $schedule @stop)
    $retention = New-OBRetentionPolicy -RetentionDays $Wanted.retention_days -ErrorAction Stop
    $returned = @(Set-OBRetentionPolicy -Policy $policy -RetentionPolicy $retention @stop)
    Get-SeedMarsReturned -Policy $policy -Returned $returned
}

function Set-SeedMarsMethod {
    <#
    .SYNOPSIS
        Sets the agent to write its first backup to the staging location. Does not read it back. For the scheduled
        task, whose session has loaded nothing yet.
    .PARAMETER Order
        `method` has the arguments of the cmdlet. `policy` is the option of that name for an agent that has no policy,
        or null: the first commit of a policy has the method already, so that no schedule runs over the network in
        between.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $agent = Import-SeedMarsModule
    if (-not $agent.installed) { throw "The agent does not answer as the system. $($agent.why)".Trim() }
    if (-not (Get-Command -Name Set-OBInitialBackupCreationMethod -ErrorAction SilentlyContinue)) {
        throw 'This version of the agent has no cmdlet Set-OBInitialBackupCreationMethod. Use the wizard of the agent.'
    }
    if ($Order.policy) { $policy = New-SeedMarsPolicy -Wanted $Order.policy }
    else { $policy = Get-OBPolicy -ErrorAction Stop }
    $arguments = Get-SeedOrderArgument -Order $Order
    $returned = @(Set-OBInitialBackupCreationMethod @arguments -Policy $policy -Confirm:$false)
    $policy = Get-SeedMarsReturned -Policy $policy -Returned $returned
    $null = Set-OBPolicy -Policy $policy -Confirm:$false -ErrorAction Stop
}

function Invoke-SeedMarsStart {
    <#
    .SYNOPSIS
        Backs up, and returns when the agent has ended. For the scheduled task, whose session has loaded nothing yet.
    #>
    [CmdletBinding()]
    param()
    $agent = Import-SeedMarsModule
    if (-not $agent.installed) { throw "The agent does not answer as the system. $($agent.why)".Trim() }
    $null = Start-OBBackup -Policy (Get-OBPolicy -ErrorAction Stop) -Confirm:$false -ErrorAction Stop
}

function Start-SeedMarsBackup {
    <# .SYNOPSIS Orders a backup that outlives this session, and returns at once. #>
    [CmdletBinding()]
    param()
    Start-SeedAgentTask -Call 'Invoke-SeedMarsStart' -Known 'Resolve-SeedPath', 'Get-SeedValue', 'Import-SeedMarsModule'
}

function Get-SeedMarsStartProblem {
    <# .SYNOPSIS Why the backup that was ordered last does not start; empty when nothing says so. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    Get-SeedAgentTaskProblem
}

function Get-SeedMarsTask {
    <#
    .SYNOPSIS
        Name and state of the scheduled task that runs the agent's backups; nothing when there is none.
    #>
    [CmdletBinding()]
    param()
    try {
        $task = Get-ScheduledTask -TaskName $script:TaskName -TaskPath $script:TaskPath -ErrorAction Stop |
            Select-Object -First 1
    }
    catch {
        # The cmdlet has one id for a missing name and one for a missing path.
        if ($_.FullyQualifiedErrorId -like 'CmdletizationQuery_NotFound*') { return }
        throw
    }
    [pscustomobject]@{ name = "$($script:TaskPath)$($script:TaskName)"; state = "$($task.State)" }
}

function Start-SeedMarsTask {
    <# .SYNOPSIS Starts the scheduled backup and returns at once. #>
    [CmdletBinding()]
    param()
    Start-ScheduledTask -TaskName $script:TaskName -TaskPath $script:TaskPath -ErrorAction Stop
}

function Set-SeedMarsOnline {
    <# .SYNOPSIS Sets the agent to make its first backup over the network. Does not read it back. #>
    [CmdletBinding()]
    param()
    $policy = Get-OBPolicy -ErrorAction Stop
    $arguments = @{ Policy = $policy; IBMethod = 'Network'; Confirm = $false; ErrorAction = 'Stop' }
    $policy = Get-SeedMarsReturned -Policy $policy -Returned @(Set-OBInitialBackupCreationMethod @arguments)
    $null = Set-OBPolicy -Policy $policy -Confirm:$false -ErrorAction Stop
}

# The task of _AgentTask.psm1 gets exported functions only.
Export-ModuleMember -Function @(
    'Import-SeedMarsModule', 'ConvertTo-SeedSourceName', 'ConvertTo-SeedMarsPolicy',
    'ConvertTo-SeedMarsMethod', 'ConvertTo-SeedMarsPhase', 'ConvertTo-SeedMarsJob', 'Get-SeedMarsByte',
    'Get-SeedMarsJob', 'ConvertTo-SeedMarsPoint',
    'Get-SeedMarsBackup', 'Get-SeedMarsPolicyDifference', 'ConvertTo-SeedPolicyText', 'Get-SeedMarsPolicyRefusal',
    'Get-SeedMarsReturned', 'New-SeedMarsPolicy', 'Set-SeedMarsMethod', 'Invoke-SeedMarsStart', 'Start-SeedMarsBackup',
    'Get-SeedMarsStartProblem', 'Get-SeedMarsTask', 'Start-SeedMarsTask', 'Set-SeedMarsOnline'
)
