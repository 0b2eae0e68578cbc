# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The source host of a seed: its backup agent behind a registry of providers, its staging location, and what
# offline_stage does with both. Private to the collection.

#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._AgentDpm
#AnsibleRequires -PowerShell ..module_utils._AgentFolder
#AnsibleRequires -PowerShell ..module_utils._AgentMars
#AnsibleRequires -PowerShell ..module_utils._AgentOffer
#AnsibleRequires -PowerShell ..module_utils._AgentTask
#AnsibleRequires -PowerShell ..module_utils._Folder
Set-StrictMode -Version 3.0

# Kind of agent to the functions of its provider. Another agent is a file beside this one, a line above that requires
# it, an entry here and a choice of the option `agent`.
#   Observe    returns agent, unknown, policy, method, jobs, recovery_points and, if it has one, offer as an ordered
#              dictionary; never fails
#   Job        returns the backup jobs, newest first; fails when the agent cannot be asked
#   Configure  sets the method. It runs in a task of the system and takes Order: `method` has the arguments of the
#              agent's cmdlet, `policy` is the option of that name when a policy is to be made, and `scope` as below.
#   Known      one function of each file that Configure needs besides its own
#   Policy     takes Wanted (the option `policy`) and Exists; why it cannot be followed, or empty. Without it there is
#              no such option.
#   Start      starts a backup, which outlives this session, and returns at once
#   Problem    why the backup that was started last does not begin, or empty; a provider need not have it
#   Suffix     how the names of staged files end
#   Scope      options that say which part of the agent is meant, by the parameter that each of the functions takes
#   NoPolicy   what to say when there is no policy
#   Task       returns name and state of the scheduled task that runs the backup; nothing when there is none
#   Trigger    starts that task and returns at once
#   Online     sets the method to the network; does not read it back
#   Needs      the cmdlets that this takes, by their longer name
# One without Trigger has no scheduled backup that a module could start. One without Start is only looked at: what it
# has no agent for is neither set nor started.
$script:Agents = @{
    dpm = @{
        Observe = 'Get-SeedDpmBackup'
        Job = 'Get-SeedDpmJob'
        Configure = 'Set-SeedDpmMethod'
        Known = 'Resolve-SeedPath', 'Get-SeedValue'
        Start = 'Start-SeedDpmBackup'
        Suffix = '.AIBBlob', '.BaseBlob'
        Scope = @{ ProtectionGroup = 'protection_group' }
        NoPolicy = 'has no protection group of the name in `protection_group`. Correct the name, or create the group'
        Online = 'Set-SeedDpmOnline'
        Needs = 'Set-DPMInitialOnlineBackupCreationMethod', 'Set-DPMProtectionGroup'
    }
    mars = @{
        Observe = 'Get-SeedMarsBackup'
        Job = 'Get-SeedMarsJob'
        Configure = 'Set-SeedMarsMethod'
        Known = 'Resolve-SeedPath', 'Get-SeedValue'
        Policy = 'Get-SeedMarsPolicyRefusal'
        Start = 'Start-SeedMarsBackup'
        Problem = 'Get-SeedMarsStartProblem'
        Suffix = '.AIBBlob', '.BaseBlob'
        Scope = @{}
        NoPolicy = 'has no policy. Create one that lists what to back up, or set `policy`'
        Task = 'Get-SeedMarsTask'
        Trigger = 'Start-SeedMarsTask'
        Online = 'Set-SeedMarsOnline'
        Needs = 'Set-OBInitialBackupCreationMethod', 'Set-OBPolicy'
    }
    folder = @{ Observe = 'Get-SeedFolderBackup'; Scope = @{} }
}

function Get-SeedAgentProvider {
    <#
    .SYNOPSIS
        The entry of an agent in the registry above.
    .PARAMETER Agent
        Kind of the agent.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][string]$Agent)
    $script:Agents[$Agent]
}

function Get-SeedAgentScope {
    <#
    .SYNOPSIS
        The parameters that say to the functions of a provider which part of the agent is meant.
    .PARAMETER Option
        The options of the module, with `agent`.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $scope = @{}
    $names = $script:Agents[$Option['agent']].Scope
    foreach ($parameter in $names.Keys) { $scope[$parameter] = $Option[$names[$parameter]] }
    $scope
}

function Get-SeedBackup {
    <#
    .SYNOPSIS
        Everything that a source host shows of a first backup. Never an error: what cannot be asked is null and in
        `unknown`.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER StagingPath
        The staging location.
    .PARAMETER Scope
        What Get-SeedAgentScope returned.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][string]$StagingPath,
        [hashtable]$Scope = @{}
    )
    $backup = & $script:Agents[$Agent].Observe @Scope
    if (-not $backup.Contains('offer')) { $backup['offer'] = $null }
    $staging = Get-SeedStagedFile -Path $StagingPath
    $free = Get-SeedFreeByte -Path $StagingPath
    $backup['staging'] = [ordered]@{ path = $StagingPath; exists = $staging.exists; free_bytes = $free }
    $backup['files'] = $staging.files
    if ($staging.why) { $backup['unknown']['staging'] = $staging.why }
    $backup
}

function Get-SeedFreeByte {
    <#
    .SYNOPSIS
        How many bytes are free on the volume of a path, or null. Of a share, and of a folder that leads to another
        volume, that is not known. Never an error.
    .PARAMETER Path
        An absolute path. It does not have to exist.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if ($Path -notmatch '^[A-Za-z]:') { return $null }
    try {
        if (Get-SeedPathLink -Path $Path) { return $null }
        $letter = $Path.Substring(0, 1).ToUpperInvariant()
        # A volume that shows no size is locked, or has no file system.
        foreach ($volume in @(Get-Volume -DriveLetter $letter -ErrorAction Stop)) {
            if ($volume.Size -gt 0) { return [long]$volume.SizeRemaining }
        }
    }
    catch { Write-Debug -Message "The free space of $Path is not known: $_" }
    $null
}

function Test-SeedShare {
    <#
    .SYNOPSIS
        Whether this session sees the share of a UNC path; true for a path of the host itself.
    .DESCRIPTION
        A session over WinRM has no second hop: a share that is there may answer as if it were not.
    .PARAMETER Path
        An absolute path.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if ($Path -notmatch '^\\\\(?![?.]\\)[^\\]+\\[^\\]+') { return $true }
    [bool](Test-Path -LiteralPath $Matches[0] -ErrorAction SilentlyContinue)
}

function Get-SeedPathRefusal {
    <#
    .SYNOPSIS
        Why a staging location cannot be looked at by its path; empty for a full path of Windows.
    .DESCRIPTION
        Another one would be read from wherever this session is, and the agent would read it from elsewhere.
    .PARAMETER Path
        The staging location.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (Test-SeedFullPath -Path $Path) { return '' }
    "``staging_path`` '$Path' is no full path of Windows. Write it with a drive letter, or as \\server\share, with " +
    'single backslashes, and without parts that end in a full stop or blank.'
}

function Get-SeedStagedFile {
    <#
    .SYNOPSIS
        All files at and below the staging location, hidden ones too: exists (true, false, null), files and why.
    .DESCRIPTION
        Each file has name (relative, with backslashes), bytes and modified (ISO 8601 with milliseconds). `files` is
        null when not all of them can be seen; `why` then says why. What lies behind a folder that is a link is not of
        the staging location, and whether a listing goes through it depends on the version of PowerShell.
    .PARAMETER Path
        The staging location.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $seen = [ordered]@{ exists = $null; files = $null; why = Get-SeedPathRefusal -Path $Path }
    if ($seen.why) { return [pscustomobject]$seen }
    try { $root = Get-Item -LiteralPath $Path -Force -ErrorAction Stop }
    catch {
        $gone = $_.CategoryInfo.Category -eq [System.Management.Automation.ErrorCategory]::ObjectNotFound
        if ($gone -and (Test-SeedShare -Path $Path)) { $seen.exists = $false; $seen.files = @() }
        else {
            $seen.why = "The account of this session cannot see '$Path' ($(ConvertTo-SeedReason -ErrorRecord $_))."
        }
        return [pscustomobject]$seen
    }
    if (-not $root.PSIsContainer) {
        $seen.why = "'$Path' is a file, not a folder."
        return [pscustomobject]$seen
    }
    $seen.exists = $true
    $prefix = $root.FullName.TrimEnd('\', '/').Length + 1
    $failures = @()
    $list = @{
        LiteralPath = $root.FullName
        Recurse = $true
        Force = $true
        ErrorAction = 'SilentlyContinue'
        ErrorVariable = 'failures'
    }
    $found = @(Get-ChildItem @list)
    foreach ($failure in @($failures)) {
        # At the root of a volume Windows keeps a folder that only itself may read. No agent writes there.
        if ("$($failure.TargetObject)".EndsWith('System Volume Information')) { continue }
        $seen.why = "Not everything below '$Path' can be read ($(ConvertTo-SeedReason -ErrorRecord $failure))."
        return [pscustomobject]$seen
    }
    foreach ($folder in @($found | Where-Object { $_.PSIsContainer })) {
        if (-not ($folder.Attributes -band [System.IO.FileAttributes]::ReparsePoint)) { continue }
        $name = $folder.FullName.Substring($prefix).Replace('/', '\')
        $seen.why = "The folder '$name' below '$Path' is a link, junction or mount point. Remove it, or put a real " +
        'folder in its place.'
        return [pscustomobject]$seen
    }
    $seen.files = @($found | Where-Object { -not $_.PSIsContainer } | ForEach-Object {
            # A folder of NTFS keeps the size and the time that a file had when it was last closed.
            $_.Refresh()
            if (-not $_.Exists) { return }
            [pscustomobject]@{
                name = $_.FullName.Substring($prefix).Replace('/', '\')
                bytes = [long]$_.Length
                modified = ConvertTo-SeedTime -Value $_.LastWriteTimeUtc -Millisecond
            }
        } | Sort-Object -Property name)
    [pscustomobject]$seen
}

function ConvertTo-SeedComparable {
    <#
    .SYNOPSIS
        A value of the method in the one form in which two spellings of the same thing are equal.
    .PARAMETER Value
        A path, a GUID or a name. Null is another thing than an empty text.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    if ($null -eq $Value) { return '(not known)' }
    $guid = [guid]::Empty
    if ([guid]::TryParse("$Value", [ref]$guid)) { return $guid.ToString('D') }
    "$Value".Trim().Replace('/', '\').TrimEnd('\').ToUpperInvariant()
}

function Get-SeedMethodDifference {
    <#
    .SYNOPSIS
        The names of what the agent is set to differently.
    .PARAMETER Current
        The method as it is, or null.
    .PARAMETER Wanted
        The method as it shall be.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Current, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted)
    foreach ($name in $Wanted.Keys) {
        $is = Get-SeedValue -InputObject $Current -Path $name
        if ((ConvertTo-SeedComparable -Value $is) -ne (ConvertTo-SeedComparable -Value $Wanted[$name])) { $name }
    }
}

function Get-SeedStageRefusal {
    <#
    .SYNOPSIS
        Why nothing may be set or started, whatever the method is; empty when nothing speaks against it.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER NewPolicy
        A policy is to be made, so none has to be there.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [bool]$NewPolicy
    )
    $unknown = $Backup['unknown']
    if ($Backup['agent'].installed -eq $false) {
        return "The backup agent (``agent``: $Agent) is not installed on this host. Install it, then retry."
    }
    # What closes the wizard too closes everything.
    $closed = Get-SeedOfferRefusal -Backup $Backup -Way attended
    if ($closed) { return $closed }
    foreach ($question in 'agent', 'policy', 'jobs') {
        if (-not $unknown.Contains($question)) { continue }
        return "Nothing is started, because the backup agent (``agent``: $Agent) cannot be asked ($question): " +
        "$($unknown[$question]) Open its console on the host, then retry."
    }
    if (-not $Backup['policy'] -and -not $NewPolicy) {
        return "The backup agent (``agent``: $Agent) $($script:Agents[$Agent].NoPolicy), then retry."
    }
    ''
}

function Test-SeedOtherPolicy {
    <#
    .SYNOPSIS
        Whether a backup job is surely of another policy of the agent, as that of the system state is.
    .DESCRIPTION
        It names what it backs up, all of that is missing in the policy, and none of it is a volume. To take a job of
        the seed for another one could start a second backup.
    .PARAMETER Job
        The job.
    .PARAMETER Source
        The data sources of the policy.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][object]$Job,
        [AllowNull()][AllowEmptyCollection()][string[]]$Source = @()
    )
    $theirs = @(Get-SeedValue -InputObject $Job -Path 'data_sources' | Where-Object { $_ })
    if ($theirs.Count -eq 0 -or @($Source | Where-Object { $_ }).Count -eq 0) { return $false }
    @($theirs | Where-Object { $_ -in $Source -or $_ -match '^[A-Za-z]:' }).Count -eq 0
}

function Get-SeedStageDecision {
    <#
    .SYNOPSIS
        What offline_stage has to do: configure (bool), start (bool), refused (why it may not, or empty).
    .DESCRIPTION
        A backup is started once. A job that is not in KnownJob belongs to the seed, in whatever state, and nothing is
        started after it; only RestartFailed allows that, and only after jobs that failed or were aborted. One of the
        system state never belongs to it.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER Wanted
        The method as it shall be.
    .PARAMETER KnownJob
        Ids of the jobs that were there before the seed.
    .PARAMETER RestartFailed
        A person allows to begin again.
    .PARAMETER NewPolicy
        A policy is to be made.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted,
        [AllowEmptyCollection()][string[]]$KnownJob = @(),
        [bool]$RestartFailed = $false,
        [bool]$NewPolicy
    )
    $decision = [pscustomobject]@{ configure = $false; start = $false; refused = '' }
    $decision.refused = Get-SeedStageRefusal -Agent $Agent -Backup $Backup -NewPolicy $NewPolicy
    if ($decision.refused) { return $decision }
    $sources = @(Get-SeedValue -InputObject $Backup['policy'] -Path 'data_sources')
    $own = @($Backup['jobs'] | Where-Object {
            $_.id -notin $KnownJob -and -not (Test-SeedOtherPolicy -Job $_ -Source $sources)
        })
    $failed = @($own | Where-Object { $_.phase -in 'failed', 'aborted' })
    $again = $RestartFailed -and $own.Count -gt 0 -and $failed.Count -eq $own.Count
    $unknown = $Backup['unknown']
    if ($unknown.Contains('method')) {
        # Nothing says that the method is right, so nothing is started; a person sets it and starts the backup.
        if ($own.Count -eq 0) {
            $decision.refused = "How the agent makes its first backup cannot be read: $($unknown['method']) Choose " +
            'offline seeding in its wizard with the same `staging_path`, `import_job_name`, `subscription_id`, ' +
            '`storage_account` and `container`, and start the backup there.'
        }
        return $decision
    }
    $different = @(Get-SeedMethodDifference -Current $Backup['method'] -Wanted $Wanted)
    $decision.configure = $different.Count -gt 0
    if ($decision.configure) { $decision.refused = Get-SeedOfferRefusal -Backup $Backup -Way automatic }
    if ($decision.refused) { return $decision }
    $decision.start = $own.Count -eq 0 -or $again -or $decision.configure
    if ($decision.start) {
        $case = @{ Agent = $Agent; Backup = $Backup; Own = $own; Different = $different; Again = $again }
        $decision.refused = Get-SeedStartRefusal @case
    }
    $decision
}

function Get-SeedStartRefusal {
    <#
    .SYNOPSIS
        Why a backup may not be started now; empty when it may.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned; its jobs are known.
    .PARAMETER Own
        The jobs that belong to the seed.
    .PARAMETER Different
        What the method has to be changed in.
    .PARAMETER Again
        A person allows to begin again after jobs that failed.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Own,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][string[]]$Different,
        [bool]$Again
    )
    $differs = ''
    if ($Different.Count -gt 0) {
        $options = $Different | ForEach-Object { "``$($_ -replace '^staging_location$', 'staging_path')``" }
        $differs = "Its method differs in $($options -join ', '). Correct what is wrong: the options, or the method. "
    }
    $busy = @($Backup['jobs'] | Where-Object { $_.phase -eq 'running' })
    $busy += @($Own | Where-Object { $_.phase -in 'waiting_for_import', 'waiting_for_copy' })
    if ($busy.Count -gt 0) {
        $then = 'A new backup would void the one that waits.'
        if ($busy[0].phase -eq 'running') { $then = 'Retry when the job has ended.' }
        return "The agent is in the middle of a backup ($($busy[0].state), job $($busy[0].id)). $differs$then"
    }
    if ($Again) { return '' }
    if ($Own.Count -gt 0 -and $null -eq $Backup['files']) {
        return "A backup of this seed ran already (job $($Own[0].id), $($Own[0].state)), and what it left in " +
        "``staging_path`` cannot be seen: $($Backup['unknown']['staging']) $($differs)Let the account read the " +
        'folder, or allow it with `restart_failed` after a job that failed.'
    }
    $suffix = $script:Agents[$Agent].Suffix
    $staged = @(foreach ($file in $Backup['files']) {
            if ([System.IO.Path]::GetExtension($file.name) -in $suffix) { $file.name }
        })
    if ($staged.Count -eq 0) { return '' }
    if ($Own.Count -gt 0) {
        $job = "job $($Own[0].id), $($Own[0].state)"
        return "A backup of this seed is in ``staging_path`` already ($job), and no second one is started over it. " +
        "$($differs)To begin again, empty ``staging_path`` and add the job to ``known_jobs``."
    }
    "``staging_path`` holds files of a backup ('$($staged[0])'), but the agent shows no job that wrote them. Look at " +
    'its console. Move the files away, then retry.'
}

function Get-SeedPolicyRefusal {
    <#
    .SYNOPSIS
        Why the option `policy` cannot be followed; empty when it can.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Wanted
        The option `policy`.
    .PARAMETER Exists
        The agent has a policy.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted,
        [bool]$Exists
    )
    if (-not $script:Agents[$Agent].ContainsKey('Policy')) {
        return "``policy`` is not for ``agent``: $Agent. Create what to back up in its console, and leave the option " +
        'out.'
    }
    $times = @($Wanted['times'])
    if ($times.Count -lt 1 -or $times.Count -gt 3 -or @($times -notmatch '\A([01]\d|2[0-3]):[0-5]\d\z').Count -gt 0) {
        return '`policy.times` must be one to three times of the form "22:30", in quotes.'
    }
    if (@($Wanted['days']).Count -eq 0 -or @($Wanted['include']).Count -eq 0 -or $Wanted['retention_days'] -lt 1) {
        return '`policy` must have at least one of `days`, at least one of `include`, and `retention_days` of 1 or ' +
        'more.'
    }
    & $script:Agents[$Agent].Policy -Wanted $Wanted -Exists $Exists
}

function Wait-SeedBackupJob {
    <#
    .SYNOPSIS
        Waits until the agent lists the job that was just ordered. Before that, another run would start a second one.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Before
        Ids of the jobs before the order.
    .PARAMETER Seconds
        The longest wait. A task on a loaded host may take minutes before the agent hears of it.
    .PARAMETER Scope
        What Get-SeedAgentScope returned.
    .PARAMETER Ordered
        The order was the provider's Start. Of a backup that began otherwise its Problem does not speak, but maybe still
        of an earlier one.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][string[]]$Before,
        [int]$Seconds = 180,
        [hashtable]$Scope = @{},
        [bool]$Ordered = $true
    )
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $why = ''
    while ($true) {
        try {
            $jobs = @(& $script:Agents[$Agent].Job @Scope)
            if (@($jobs | Where-Object { $_.id -notin $Before }).Count -gt 0) { return }
        }
        catch { $why = " ($(ConvertTo-SeedReason -ErrorRecord $_))" }
        if ($Ordered -and $script:Agents[$Agent].ContainsKey('Problem')) {
            $problem = & $script:Agents[$Agent].Problem
            if ($problem) { throw "The backup does not start: $problem Look at the console of the agent, then retry." }
        }
        if ($clock.Elapsed.TotalSeconds -ge $Seconds) { break }
        Start-Sleep -Seconds 1
    }
    throw "The backup was ordered, but the agent shows no job after $Seconds s$why. Look at its console, then retry."
}

function Get-SeedAttendedRefusal {
    <#
    .SYNOPSIS
        What a person in the wizard did otherwise than the options say; empty when the agent shows no difference.
    .DESCRIPTION
        An agent without an offline method was not set yet, and one that cannot say its method has nothing to compare.
        What the method does not say is no difference: the person who set it has answered for it.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    .PARAMETER Wanted
        The method as it shall be.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted
    )
    if ($Backup['agent'].installed -eq $false) {
        return "The backup agent (``agent``: $Agent) is not installed on this host. Install it, then retry."
    }
    if (-not (Get-SeedValue -InputObject $Backup['method'] -Path 'offline')) { return '' }
    $different = @(Get-SeedMethodDifference -Current $Backup['method'] -Wanted $Wanted |
        Where-Object { $null -ne (Get-SeedValue -InputObject $Backup['method'] -Path $_) })
    if ($different.Count -eq 0) { return '' }
    $options = $different | ForEach-Object { "``$($_ -replace '^staging_location$', 'staging_path')``" }
    "The offline method of the agent differs in $($options -join ', '). Correct what is wrong: the options, or the " +
    'method in the wizard of the agent.'
}

function Get-SeedMissingOption {
    <#
    .SYNOPSIS
        Why the options do not say what an agent has to be set to; empty when they do.
    .PARAMETER Option
        The options of offline_stage.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $names = 'import_job_name', 'subscription_id', 'storage_account', 'container'
    $missing = @($names | Where-Object { -not $Option[$_] } | ForEach-Object { "``$_``" })
    if ($missing.Count -eq 0) { return '' }
    "$($missing -join ', ') must be set for ``state: staged`` with ``agent: $($Option['agent'])``. Set how the " +
    'import job, its storage account and its container are named.'
}

function Invoke-SeedStage {
    <#
    .SYNOPSIS
        Brings the first backup to the staging location: sets the method, reads it back, starts the backup, as needed.
    .DESCRIPTION
        Returns changed, configured, started, backup, refused and diff (before, after). Fails when the agent does.
    .PARAMETER Option
        The options of offline_stage.
    .PARAMETER CheckMode
        Say what would change, without changing it.
    .PARAMETER Seconds
        How long to wait for the job that was ordered.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode, [int]$Seconds = 180)
    $wanted = [ordered]@{
        offline = $true
        staging_location = $Option['staging_path']
        import_job_name = $Option['import_job_name']
        subscription_id = $Option['subscription_id']
        storage_account = $Option['storage_account']
        container = $Option['container']
    }
    $scope = Get-SeedAgentScope -Option $Option
    $look = @{ Agent = $Option['agent']; StagingPath = $Option['staging_path']; Scope = $scope }
    $backup = Get-SeedBackup @look
    $case = @{
        Agent = $Option['agent']
        Backup = $backup
        Wanted = $wanted
        KnownJob = @($Option['known_jobs'])
        RestartFailed = $Option['restart_failed']
        NewPolicy = [bool]$Option['policy'] -and -not $backup['policy'] -and -not $backup['unknown'].Contains('policy')
    }
    $decision = [pscustomobject]@{ configure = $false; start = $false; refused = '' }
    $decision.refused = Get-SeedPathRefusal -Path $Option['staging_path']
    if (-not $decision.refused -and $script:Agents[$Option['agent']].ContainsKey('Start')) {
        $decision.refused = Get-SeedMissingOption -Option $Option
        if (-not $decision.refused -and $Option['setup'] -eq 'attended') {
            $decision.refused = Get-SeedAttendedRefusal -Agent $Option['agent'] -Backup $backup -Wanted $wanted
        }
        elseif (-not $decision.refused) { $decision = Get-SeedStageDecision @case }
    }
    elseif (-not $decision.refused -and $Option['policy']) {
        $decision.refused = "``policy`` is not for ``agent``: $($Option['agent']). Leave the option out."
    }
    if ($Option['policy'] -and $Option['setup'] -eq 'attended' -and -not $decision.refused) {
        $decision.refused = '`policy` is not for `setup: attended`, where the wizard makes the policy. Leave the ' +
        'option out.'
    }
    if ($Option['policy'] -and $decision.start -and -not $decision.refused) {
        $asked = @{ Agent = $Option['agent']; Wanted = $Option['policy']; Exists = [bool]$backup['policy'] }
        $decision.refused = Get-SeedPolicyRefusal @asked
    }
    if (-not $decision.refused -and $decision.start -and $backup['staging'].exists -eq $false) {
        $decision.refused = Get-SeedMakeRefusal -Path $Option['staging_path']
    }
    $settings = $Option['_publish_settings_content']
    if (-not $decision.refused -and $decision.configure -and -not $settings) {
        $decision.refused = 'The agent is not set to seed offline as the options say. To let the module set it, set ' +
        '`publish_settings` to the path of the publish settings file on the controller.'
    }
    $outcome = [ordered]@{
        changed = $false
        configured = $false
        started = $false
        backup = $backup
        refused = $decision.refused
        diff = @{
            before = @{ method = $backup['method']; started = $false }
            after = @{ method = $backup['method']; started = $false }
        }
    }
    if ($decision.refused) { return $outcome }
    $outcome.configured = $decision.configure
    $outcome.started = $decision.start
    $outcome.changed = $decision.configure -or $decision.start
    $outcome.diff.after.started = $decision.start
    if ($decision.configure) { $outcome.diff.after.method = $wanted }
    if ($CheckMode) { return $outcome }
    if (-not $outcome.changed) {
        Remove-SeedLeftAgentTask
        return $outcome
    }
    if ($backup['staging'].exists -eq $false) { New-SeedStagingFolder -Path $Option['staging_path'] }
    $new = $null
    if ($case.NewPolicy) { $new = $Option['policy'] }
    if ($decision.configure) { Set-SeedMethod @look -Wanted $wanted -PublishSettings $settings -NewPolicy $new }
    & $script:Agents[$Option['agent']].Start @scope
    $before = @($backup['jobs'] | ForEach-Object { $_.id })
    Wait-SeedBackupJob -Agent $Option['agent'] -Before $before -Seconds $Seconds -Scope $scope
    $outcome.backup = Get-SeedBackup @look
    $outcome
}

function Get-SeedMakeRefusal {
    <#
    .SYNOPSIS
        Why a staging location that is not there cannot be made; empty when nothing says so.
    .DESCRIPTION
        A share is for a person to make: a session over WinRM has no second hop.
    .PARAMETER Path
        The staging location.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if ($Path -notmatch '^[A-Za-z]:') { return "The share '$Path' (``staging_path``) is not there. Create it." }
    $drive = $Path.Substring(0, 2)
    if (Test-Path -LiteralPath "$drive\" -ErrorAction SilentlyContinue) { return '' }
    "``staging_path`` '$Path' cannot be made, because this host has no drive $drive that can be read. Correct the " +
    'path, or attach and unlock the drive.'
}

function New-SeedStagingFolder {
    <#
    .SYNOPSIS
        Makes the staging location, and lets the system write to it: the service of the agent runs as the system.
    .DESCRIPTION
        Everything else it inherits, because somebody may share it. Without that right the folder does not stay: the
        next call would take it for one that a person has made.
    .PARAMETER Path
        The staging location, which is not there.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    try { $null = New-Item -Path $Path -ItemType Directory -Force -ErrorAction Stop }
    catch { throw "``staging_path`` '$Path' cannot be made: $(ConvertTo-SeedReason -ErrorRecord $_)" }
    # S-1-5-18 is the system; names differ with the language of Windows.
    $native = Resolve-SeedPath -Path $Path
    $output = & icacls.exe $native '/grant' '*S-1-5-18:(OI)(CI)M'
    if ($LASTEXITCODE -eq 0) { return }
    # Only an empty one.
    try { [System.IO.Directory]::Delete($native, $false) }
    catch { Write-Debug -Message "'$Path' stays: $_" }
    throw "The system may not write to ``staging_path`` '$Path', says icacls: $output"
}

function Set-SeedMethod {
    <#
    .SYNOPSIS
        Sets the method of the first backup as the system, and reads it back. Fails when the agent does not keep it.
    .PARAMETER Agent
        Kind of the agent.
    .PARAMETER StagingPath
        The staging location.
    .PARAMETER Wanted
        The method as it shall be.
    .PARAMETER PublishSettings
        Content of the publish settings file. It lies on the disk only while the cmdlet reads it.
    .PARAMETER Scope
        What Get-SeedAgentScope returned.
    .PARAMETER NewPolicy
        The option `policy` when it has to be made, or null.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Agent,
        [Parameter(Mandatory = $true)][string]$StagingPath,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted,
        [Parameter(Mandatory = $true)][string]$PublishSettings,
        [hashtable]$Scope = @{},
        [AllowNull()][System.Collections.IDictionary]$NewPolicy
    )
    $private = "$env:ProgramData\Seedfreight"
    New-SeedPrivateFolder -Path $private
    Remove-SeedLeftSetting
    $name = "$([guid]::NewGuid().ToString('N')).publishsettings"
    $file = [System.IO.Path]::Combine((Resolve-SeedPath -Path $private), $name)
    $order = @{
        # The parameters are those of the cmdlets of both agents.
        method = @{
            IBMethod = 'OfflineBackup'
            StagingLocation = $Wanted['staging_location']
            AzurePublishSettings = $file
            AzureImportJobName = $Wanted['import_job_name']
            AzureSubscriptionID = $Wanted['subscription_id']
            AzureStorageAccount = $Wanted['storage_account']
            AzureStorageContainer = $Wanted['container']
        }
        policy = $NewPolicy
        scope = $Scope
    }
    $provider = $script:Agents[$Agent]
    try {
        New-SeedPrivateFile -Path $file -Text $PublishSettings
        Start-SeedAgentTask -Call $provider.Configure -Known $provider.Known -Order $order -SecretFile $file
        Wait-SeedAgentOrder
    }
    finally {
        # A task that still reads it removes it itself.
        if (-not (Test-SeedAgentOrder)) { [System.IO.File]::Delete($file) }
    }
    $after = Get-SeedBackup -Agent $Agent -StagingPath $StagingPath -Scope $Scope
    $why = $after['unknown']['method']
    if ($why) { throw "The method was set, but cannot be read back: $why" }
    $different = @(Get-SeedMethodDifference -Current $after['method'] -Wanted $Wanted)
    if ($different.Count -gt 0) { throw "The agent did not keep $($different -join ', ')." }
}

function Remove-SeedLeftSetting {
    <#
    .SYNOPSIS
        Deletes publish settings that a session which died left in the private folder. Never an error.
    .DESCRIPTION
        Only those older than a day: younger ones may be read right now.
    #>
    [CmdletBinding()]
    param()
    $native = Resolve-SeedPath -Path "$env:ProgramData\Seedfreight"
    try {
        if (-not [System.IO.Directory]::Exists($native)) { return }
        $limit = [DateTime]::UtcNow.AddDays(-1)
        foreach ($file in [System.IO.Directory]::GetFiles($native, '*.publishsettings')) {
            if ([System.IO.File]::GetLastWriteTimeUtc($file) -lt $limit) { [System.IO.File]::Delete($file) }
        }
    }
    catch { Write-Debug -Message "Publish settings stay in ${native}: $_" }
}

function Get-SeedLeftReason {
    <#
    .SYNOPSIS
        Why a staged file has to stay; empty when it is still the file that the seed was made of.
    .PARAMETER File
        The file: name, bytes, modified.
    .PARAMETER Frozen
        Its entry in the frozen list, or null.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$File, [AllowNull()][object]$Frozen)
    if ($null -eq $Frozen) { return 'It does not belong to the seed.' }
    if ("$($File.bytes)" -ne "$($Frozen['bytes'])") {
        return "It has $($File.bytes) bytes; the seed was made of $($Frozen['bytes'])."
    }
    $then = ConvertTo-SeedTime -Value $Frozen['modified'] -Millisecond
    if ($File.modified -ne $then) { return "It was modified at $($File.modified); the seed was made of that of $then." }
    ''
}

function Invoke-SeedStageClean {
    <#
    .SYNOPSIS
        Removes the staged files that still equal their entry in the frozen list, and no other file.
    .DESCRIPTION
        Returns changed, removed (names), left (name, why), backup, refused and diff (before, after). A file that is
        gone already is in neither list; one that cannot be removed is left.
    .PARAMETER Option
        The options of offline_stage.
    .PARAMETER CheckMode
        Say what would change, without changing it.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    if (-not $CheckMode) { Remove-SeedLeftSetting }
    $staging = $Option['staging_path']
    $look = @{ Agent = $Option['agent']; StagingPath = $staging; Scope = Get-SeedAgentScope -Option $Option }
    $backup = Get-SeedBackup @look
    $outcome = [ordered]@{ changed = $false; removed = @(); left = @(); backup = $backup; refused = ''; diff = @{} }
    $outcome.refused = Get-SeedPathRefusal -Path $staging
    if ($outcome.refused) { return $outcome }
    if ($null -eq $backup['files']) {
        $outcome.refused = "Nothing is removed from ``staging_path``: $($backup['unknown']['staging']) Let the " +
        'account read the folder, or remove the files by hand.'
        return $outcome
    }
    $frozen = @{}
    foreach ($entry in $Option['frozen_files']) { $frozen[$entry['name'].Replace('/', '\')] = $entry }
    foreach ($file in $backup['files']) {
        $why = Get-SeedLeftReason -File $file -Frozen $frozen[$file.name]
        if (-not $why -and -not $CheckMode) {
            try { Remove-Item -LiteralPath "$($staging.TrimEnd('\'))\$($file.name)" -Force -ErrorAction Stop }
            catch { $why = "It cannot be removed: $(ConvertTo-SeedReason -ErrorRecord $_)" }
        }
        if ($why) { $outcome.left += [pscustomobject]@{ name = $file.name; why = $why } }
        else { $outcome.removed += $file.name }
    }
    $outcome.changed = $outcome.removed.Count -gt 0
    $outcome.diff = @{
        before = @{ files = @($backup['files'] | ForEach-Object { $_.name }) }
        after = @{ files = @($outcome.left | ForEach-Object { $_.name }) }
    }
    if ($outcome.changed -and -not $CheckMode) {
        $outcome.backup = Get-SeedBackup @look
    }
    $outcome
}

Export-ModuleMember -Function @(
    'Get-SeedAgentProvider', 'Get-SeedAgentScope', 'Get-SeedBackup', 'Get-SeedFreeByte', 'Test-SeedShare',
    'Get-SeedPathRefusal', 'Get-SeedStagedFile',
    'ConvertTo-SeedComparable',
    'Get-SeedMethodDifference', 'Get-SeedStageRefusal', 'Test-SeedOtherPolicy', 'Get-SeedStageDecision',
    'Get-SeedStartRefusal',
    'Get-SeedPolicyRefusal', 'Wait-SeedBackupJob', 'Get-SeedAttendedRefusal', 'Get-SeedMissingOption',
    'Invoke-SeedStage', 'Get-SeedMakeRefusal', 'New-SeedStagingFolder', 'Set-SeedMethod',
    'Remove-SeedLeftSetting', 'Get-SeedLeftReason', 'Invoke-SeedStageClean'
)
