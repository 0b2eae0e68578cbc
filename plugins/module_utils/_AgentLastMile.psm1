# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What offline_stage does with the agent after the staged backup was imported, or given up: start its scheduled backup,
# and let it back up over the network. Private to the collection.

#AnsibleRequires -PowerShell ..module_utils._Agent
#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._AgentMars
Set-StrictMode -Version 3.0

function Get-SeedOwnJob {
    <#
    .SYNOPSIS
        The backup jobs that can be of the policy, the running one first, then the newest.
    .PARAMETER Backup
        What Get-SeedBackup returned; its jobs and its policy are known.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup)
    $wanted = @($Backup['policy'].data_sources)
    foreach ($job in @($Backup['jobs'])) {
        $theirs = @($job.data_sources)
        # A job that does not say of what may be of this policy; to leave it out could start a second one.
        $shared = @($theirs | Where-Object { $_ -in $wanted })
        if ($theirs.Count -eq 0 -or $wanted.Count -eq 0 -or $shared.Count -gt 0) { $job }
    }
}

function Get-SeedTriggerDecision {
    <#
    .SYNOPSIS
        Whether the scheduled backup is started: start (bool), why (why it is not needed, or empty), refused (why it
        may not be started, or empty).
    .DESCRIPTION
        Only a backup that waits for the import needs it. A job that is not in KnownJob has begun since, so the
        scheduled backup ran already.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER KnownJob
        Ids of the jobs that were there when the import was proven.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [AllowEmptyCollection()][string[]]$KnownJob = @()
    )
    $decision = [pscustomobject]@{ start = $false; why = ''; refused = '' }
    if (-not (Get-SeedAgentProvider -Agent $Agent).ContainsKey('Trigger')) {
        # DPM keeps its schedule in the jobs of its own database. Of its cmdlets only New-DPMRecoveryPoint makes an
        # online backup, and that one is not a scheduled one. Source: index of the module.
        $decision.refused = "The scheduled backup of this agent (``agent``: $Agent) cannot be started by the module, " +
        'and all documents name a scheduled one as what uses the import. Wait for the schedule.'
        return $decision
    }
    $decision.refused = Get-SeedStageRefusal -Agent $Agent -Backup $Backup
    if ($decision.refused) { return $decision }
    $jobs = @(Get-SeedOwnJob -Backup $Backup)
    if ($jobs.Count -eq 0) {
        $decision.refused = 'The agent lists no backup job of its policy, so nothing is known to wait for the ' +
        'import. Look at its console.'
        return $decision
    }
    # Another job of the agent that runs is a reason too: the agent runs one backup at a time.
    $newest = $jobs[0]
    if ($Backup['jobs'][0].phase -eq 'running') { $newest = $Backup['jobs'][0] }
    $job = "job $($newest.id), $($newest.state)"
    if ($newest.phase -eq 'running') { $decision.why = "A backup is running ($job)." }
    elseif ($newest.id -notin $KnownJob) { $decision.why = "A backup ran since the import ($job)." }
    elseif ($newest.phase -in 'waiting_for_copy', 'completed') {
        $decision.why = "Nothing waits for the import ($job)."
    }
    elseif ($newest.phase -in 'failed', 'aborted') {
        $decision.refused = "The newest backup of the agent does not wait for the import ($job). A scheduled backup " +
        'could go over the network, so it is not started. Look at the console of the agent.'
    }
    else { $decision.refused = Get-SeedTriggerRefusal -Backup $Backup -Job $newest }
    $decision.start = -not $decision.why -and -not $decision.refused
    $decision
}

function Get-SeedTriggerRefusal {
    <#
    .SYNOPSIS
        Why a scheduled backup might go over the network instead of using the import; empty when it will not.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER Job
        The newest backup job.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][object]$Job
    )
    $then = 'so its scheduled backup could go over the network and is not started. Correct it in the wizard of the ' +
    'agent.'
    $why = $Backup['unknown']['method']
    if ($why) {
        # The state of the job says it too: only an offline backup waits for an import.
        if ($Job.phase -eq 'waiting_for_import') { return '' }
        return "How the agent makes its first backup cannot be read ($why), $then"
    }
    if (-not (Get-SeedValue -InputObject $Backup['method'] -Path 'offline')) {
        return "The agent does not seed offline, $then"
    }
    ''
}

function Invoke-SeedTrigger {
    <#
    .SYNOPSIS
        Starts the scheduled backup of an agent that waits for its import, unless a backup runs or ran since.
    .DESCRIPTION
        Only a scheduled backup makes the service copy the blobs into the vault; of other backups no document says so.
        Returns changed, started, why, backup, refused and diff (before, after).
    .PARAMETER Option
        The options of offline_stage.
    .PARAMETER CheckMode
        Say what would change, without changing it.
    .PARAMETER Seconds
        How long to wait for the job of the scheduled backup.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode, [int]$Seconds = 60)
    $scope = Get-SeedAgentScope -Option $Option
    $look = @{ Agent = $Option['agent']; StagingPath = $Option['staging_path']; Scope = $scope }
    $backup = Get-SeedBackup @look
    $decision = Get-SeedTriggerDecision -Agent $Option['agent'] -Backup $backup -KnownJob @($Option['known_jobs'])
    $outcome = [ordered]@{
        changed = $false
        started = $false
        why = $decision.why
        backup = $backup
        refused = $decision.refused
        diff = @{ before = @{ started = $false }; after = @{ started = $false } }
    }
    if (-not $decision.start) { return $outcome }
    $provider = Get-SeedAgentProvider -Agent $Option['agent']
    $task = & $provider.Task @scope
    if (-not $task) {
        $outcome.refused = 'The agent has no scheduled task for its backup. Set a schedule in its console, then retry.'
        return $outcome
    }
    if ($task.state -eq 'Disabled') {
        $outcome.refused = "The scheduled task $($task.name) of the agent is disabled, so no scheduled backup runs. " +
        'Enable it (Enable-ScheduledTask), then retry.'
        return $outcome
    }
    if ($task.state -in 'Running', 'Queued') {
        $outcome.why = "The scheduled task $($task.name) of the agent is running."
        return $outcome
    }
    $outcome.changed = $true
    $outcome.started = $true
    $outcome.diff.after = @{ started = $true }
    if ($CheckMode) { return $outcome }
    $before = @($backup['jobs'] | ForEach-Object { $_.id })
    & $provider.Trigger @scope
    # That it was started is what counts: without a job the caller must not start it once more.
    $wait = @{ Agent = $Option['agent']; Before = $before; Seconds = $Seconds; Scope = $scope; Ordered = $false }
    try { Wait-SeedBackupJob @wait }
    catch { $outcome.why = ConvertTo-SeedReason -ErrorRecord $_ }
    $outcome.backup = Get-SeedBackup @look
    $outcome
}

function Get-SeedOnlineRefusal {
    <#
    .SYNOPSIS
        Why the agent may not be set to back up over the network; empty when it may.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER ImportJobName
        Name of the import job of the seed that is given up.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][string]$ImportJobName
    )
    $wizard = 'Open the console of the agent, choose "Schedule Backup" and "Make changes to the backup items or ' +
    'times", and choose "Automatically over the network" as the type of the initial backup.'
    if ($Agent -eq 'dpm') {
        $wizard = 'Open the wizard of the protection group in the console of DPM, and choose "Automatically over the ' +
        'network" at the page of the online replication.'
    }
    $provider = Get-SeedAgentProvider -Agent $Agent
    if (-not $provider.ContainsKey('Online')) {
        return "The method of this agent (``agent``: $Agent) cannot be set by the module. $wizard"
    }
    $refused = Get-SeedStageRefusal -Agent $Agent -Backup $Backup
    if ($refused) { return $refused -replace '^Nothing is started', 'The method of the first backup stays as it is' }
    $why = $Backup['unknown']['method']
    if ($why) { return "How the agent makes its first backup cannot be read: $why $wizard" }
    $running = @($Backup['jobs'] | Where-Object { $_.phase -eq 'running' })
    if ($running.Count -gt 0) {
        return "The agent is in the middle of a backup (job $($running[0].id)). Cancel it in the console of the " +
        'agent, or retry when it has ended.'
    }
    $name = Get-SeedText -InputObject $Backup['method'] -Path 'import_job_name'
    if ((ConvertTo-SeedComparable -Value $name) -ne (ConvertTo-SeedComparable -Value $ImportJobName)) {
        return "The agent seeds for the import job '$name', not for '$ImportJobName' (``import_job_name``). Another " +
        'seed may need that. Correct the option, or set the method in the wizard of the agent.'
    }
    # The examples of the help of DPM leave the DPM out of some names.
    $lack = @($provider.Needs | Where-Object {
            -not (Get-Command -Name $_, ($_ -replace '-DPM', '-') -ErrorAction SilentlyContinue)
        })
    if ($lack.Count -gt 0) { return "This version of the agent has no cmdlet $($lack -join ', '). $wizard" }
    ''
}

function Invoke-SeedOnline {
    <#
    .SYNOPSIS
        Sets the agent to make its first backup over the network, and reads that back. Starts no backup.
    .DESCRIPTION
        Returns changed, configured, backup, refused and diff (before, after). Fails when the agent does.
    .PARAMETER Option
        The options of offline_stage.
    .PARAMETER CheckMode
        Say what would change, without changing it.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $scope = Get-SeedAgentScope -Option $Option
    $look = @{ Agent = $Option['agent']; StagingPath = $Option['staging_path']; Scope = $scope }
    $backup = Get-SeedBackup @look
    $outcome = [ordered]@{
        changed = $false
        configured = $false
        backup = $backup
        refused = ''
        diff = @{ before = @{ method = $backup['method'] }; after = @{ method = $backup['method'] } }
    }
    # What goes over the network already has no import job to compare.
    if ((Get-SeedValue -InputObject $backup['method'] -Path 'offline') -eq $false) { return $outcome }
    $case = @{ Agent = $Option['agent']; Backup = $backup; ImportJobName = $Option['import_job_name'] }
    $outcome.refused = Get-SeedOnlineRefusal @case
    if ($outcome.refused) { return $outcome }
    $outcome.changed = $true
    $outcome.configured = $true
    $outcome.diff.after = @{ method = @{ offline = $false } }
    if ($CheckMode) { return $outcome }
    & (Get-SeedAgentProvider -Agent $Option['agent']).Online @scope
    $outcome.backup = Get-SeedBackup @look
    $why = $outcome.backup['unknown']['method']
    if ($why) { throw "The method was set, but cannot be read back: $why" }
    if ((Get-SeedValue -InputObject $outcome.backup['method'] -Path 'offline') -ne $false) {
        throw 'The agent did not keep the network as the method of its first backup.'
    }
    $outcome
}

Export-ModuleMember -Function @(
    'Get-SeedOwnJob', 'Get-SeedTriggerDecision', 'Get-SeedTriggerRefusal', 'Invoke-SeedTrigger',
    'Get-SeedOnlineRefusal', 'Invoke-SeedOnline'
)
