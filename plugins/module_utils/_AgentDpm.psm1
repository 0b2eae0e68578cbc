# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Data Protection Manager and Azure Backup Server (module DataProtectionManager) as a provider of _Agent.psm1. One
# protection group is what a policy is to MARS; no other group is asked for or touched. Private to the collection.
#
# Parameters, names of job types and the shape of the method are those of the help of the cmdlets. The properties of
# jobs, data sources and recovery points are known from public scripts only.

#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._AgentMars
#AnsibleRequires -PowerShell ..module_utils._Folder
Set-StrictMode -Version 3.0

# DPM forgets jobs by itself long before; without an interval it lists only recent ones.
$script:JobDays = 400
# From the least far to the farthest. What several tasks or data sources have in common is the least far of them.
$script:Phases = @(
    'running', 'failed', 'aborted', 'unknown', 'waiting_for_import', 'waiting_for_copy', 'completed_with_warnings',
    'completed'
)
# Source: the text that a backup ends with while it waits for the import job. Only English servers say it so.
$script:WaitingText = 'waiting for (azure )?import job'

function Import-SeedDpmModule {
    <#
    .SYNOPSIS
        Loads the module of DPM. Returns what Import-SeedAgentModule does.
    #>
    [CmdletBinding()]
    param()
    # The version is that of the engine, as the scripts of Microsoft's support read it.
    $where = @{
        Kind = 'dpm'
        Name = 'DPM'
        Cmdlet = 'Get-DPMProtectionGroup'
        Setup = 'HKLM:\SOFTWARE\Microsoft\Microsoft Data Protection Manager\Setup'
        Module = 'bin\DataProtectionManager'
        Engine = 'bin\msdpm.exe'
    }
    Import-SeedAgentModule @where
}

function Get-SeedDpmCommand {
    <#
    .SYNOPSIS
        The name under which this version has a cmdlet, or null. The examples of the help leave the DPM out of some.
    .PARAMETER Name
        The name with DPM.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Name)
    foreach ($one in $Name, $Name.Replace('-DPM', '-')) {
        if (Get-Command -Name $one -ErrorAction SilentlyContinue) { return $one }
    }
}

function Invoke-SeedDpm {
    <#
    .SYNOPSIS
        Does something while this process is connected to the DPM server of this host, and ends that connection.
    .DESCRIPTION
        The connection ends after a failure too, and by its name: no cmdlet lists the connections of a session, and
        without a name others could end.
    .PARAMETER Work
        What to do.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][scriptblock]$Work)
    $server = $env:COMPUTERNAME
    $null = Connect-DPMServer -DPMServerName $server -ErrorAction Stop -WarningAction SilentlyContinue
    try { & $Work }
    finally {
        try { $null = Disconnect-DPMServer -DPMServerName $server -Confirm:$false -ErrorAction Stop }
        catch { Write-Debug -Message "The connection to $server did not end: $_" }
    }
}

function Get-SeedDpmGroup {
    <#
    .SYNOPSIS
        The protection group of a name; nothing when there is none. Fails when several have that name.
    .PARAMETER Name
        Its whole name.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name)
    $named = @(foreach ($one in @(Get-DPMProtectionGroup -DPMServerName $env:COMPUTERNAME -ErrorAction Stop)) {
            if ($null -eq $one) { continue }
            # Public scripts use either property.
            if ((Get-SeedText -InputObject $one -Path 'FriendlyName', 'Name') -eq $Name) { $one }
        })
    if ($named.Count -gt 1) { throw "$($named.Count) protection groups are named '$Name'. Rename all but one." }
    if ($named.Count -eq 1) { $named[0] }
}

function Get-SeedDpmSource {
    <#
    .SYNOPSIS
        The data sources of a group: each with its object, name, computer and, as label, what people see.
    .DESCRIPTION
        Several servers of a group may each have a volume D:\, so the label has both.
    .PARAMETER Group
        The protection group.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Group)
    foreach ($one in @(Get-DPMDatasource -ProtectionGroup $Group -ErrorAction Stop)) {
        if ($null -eq $one) { continue }
        $name = Get-SeedText -InputObject $one -Path 'Name', 'DisplayPath'
        if (-not $name) { $name = "$one" }
        $computer = "$(Get-SeedText -InputObject $one -Path 'Computer', 'ProductionServerName')"
        $label = $name
        if ($computer) { $label = "$name on $computer" }
        [pscustomobject]@{ object = $one; name = $name; computer = $computer; label = $label }
    }
}

function Get-SeedDpmEngineJob {
    <#
    .SYNOPSIS
        The jobs as the agent below DPM lists them, by id. Empty where it cannot be asked.
    .DESCRIPTION
        Only they have the state of the seeding; the id of such a job is that of a task of DPM. On a server with DPM
        the setup leaves the module of the agent out; an administrator may have copied it there.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    $found = @{}
    try {
        $null = Import-SeedMarsModule
        if (Get-Command -Name Get-OBJob -ErrorAction SilentlyContinue) {
            foreach ($job in @(Get-SeedMarsJob)) { if ($null -ne $job) { $found[$job.id] = $job } }
        }
    }
    catch { $found = @{} }
    $found
}

function Get-SeedDpmText {
    <#
    .SYNOPSIS
        What a job of DPM and its tasks say of problems, in one line; empty when they say nothing.
    .PARAMETER Job
        What Get-DPMJob returned.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Job)
    $said = foreach ($one in @($Job) + @(Get-SeedValue -InputObject $Job -Path 'Tasks')) {
        if ($null -eq $one) { continue }
        $text = "$(Get-SeedText -InputObject $one -Path 'ErrorInfo.Problem')" -replace '\s+', ' '
        if ($text.Trim()) { $text.Trim() }
    }
    $text = @($said | Select-Object -Unique) -join ' '
    if ($text.Length -gt 200) { $text = $text.Substring(0, 197) + '...' }
    $text
}

function Get-SeedDpmPhase {
    <#
    .SYNOPSIS
        What the state of a job of DPM means. What is not known never means success.
    .DESCRIPTION
        DPM shows a backup that waits for its import as completed, so completed alone says nothing of an offline backup.
    .PARAMETER Status
        The status as DPM names it.
    .PARAMETER Known
        The phases of its tasks as the agent below has them; null when one of them is not known.
    .PARAMETER Text
        What the job says of problems.
    .PARAMETER Offline
        Whether the group seeds offline, or null when that is not known.
    .PARAMETER Telling
        Jobs of this group were seen to say that they wait, so that one which does not say it does not wait.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [AllowEmptyString()][string]$Status,
        [AllowNull()][AllowEmptyCollection()][string[]]$Known,
        [AllowEmptyString()][string]$Text,
        [AllowNull()][object]$Offline,
        [bool]$Telling
    )
    # Names: help of Get-DPMJob, parameter Status.
    if ($Status -in 'InProgress', 'Scheduled') { return 'running' }
    if ($Status -eq 'Failed') { return 'failed' }
    if ($Status -ne 'Completed') { return 'unknown' }
    if ($Known) { return @($script:Phases | Where-Object { $_ -in $Known })[0] }
    if ($Text -match $script:WaitingText) { return 'waiting_for_import' }
    if ($Offline -is [bool] -and -not $Offline) {
        if ($Text) { return 'completed_with_warnings' }
        return 'completed'
    }
    if (-not $Text -and $Telling) { return 'completed' }
    'unknown'
}

function ConvertTo-SeedDpmJob {
    <#
    .SYNOPSIS
        One online backup job of a group, in the shape that the provider of MARS gives too.
    .PARAMETER Job
        What Get-DPMJob returned.
    .PARAMETER Source
        The data sources of the group, as Get-SeedDpmSource returned them.
    .PARAMETER Engine
        What Get-SeedDpmEngineJob returned.
    .PARAMETER Offline
        Whether the group seeds offline, or null.
    .PARAMETER Telling
        As of Get-SeedDpmPhase.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Job,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Source,
        [Parameter(Mandatory = $true)][hashtable]$Engine,
        [AllowNull()][object]$Offline,
        [bool]$Telling
    )
    $status = "$(Get-SeedText -InputObject $Job -Path 'Status')"
    $text = Get-SeedDpmText -Job $Job
    $tasks = @(Get-SeedValue -InputObject $Job -Path 'Tasks' | Where-Object { $null -ne $_ })
    $below = @(foreach ($task in $tasks) {
            $one = $Engine["$(Get-SeedText -InputObject $task -Path 'TaskId.Guid', 'TaskId')"]
            if ($null -ne $one) { $one }
        })
    $known = $null
    if ($below.Count -gt 0 -and $below.Count -eq $tasks.Count) { $known = @($below | ForEach-Object { $_.phase }) }
    $case = @{ Status = $status; Known = $known; Text = $text; Offline = $Offline; Telling = $Telling }
    $phase = Get-SeedDpmPhase @case
    $state = $status
    $counting = @($below | Where-Object { $_.phase -eq $phase })
    if ($known -and $status -eq 'Completed') { $state = $counting[0].state }
    elseif ($text) { $state = "$status, $text" }
    $started = ConvertTo-SeedTime -Value (Get-SeedValue -InputObject $Job -Path 'StartTime')
    $labels = @(Get-SeedDpmJobSource -Job $Job -Task $tasks -Source $Source)
    $id = Get-SeedText -InputObject $Job -Path 'JobId.Guid', 'JobId'
    if (-not $id) { $id = Get-SeedShortHash -Text ((@($started) + $labels) -join '|') }
    $code = Get-SeedText -InputObject $Job -Path 'ErrorInfo.ErrorCode', 'ErrorInfo.DetailedErrorCode'
    if ($null -eq $code -and $counting.Count -gt 0) { $code = $counting[0].error_code }
    [pscustomobject]@{
        id = $id
        type = 'Backup'
        state = $state
        phase = $phase
        started = $started
        ended = ConvertTo-SeedTime -Value (Get-SeedValue -InputObject $Job -Path 'EndTime')
        bytes_done = Get-SeedDpmByte -Job $below -Name bytes_done
        bytes_total = Get-SeedDpmByte -Job $below -Name bytes_total
        error_code = $code
        data_sources = $labels
    }
}

function Get-SeedDpmByte {
    <#
    .SYNOPSIS
        The sum of one counter over the jobs of the agent below, or null when one of them does not count.
    .PARAMETER Job
        Those jobs.
    .PARAMETER Name
        The counter.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([AllowNull()][AllowEmptyCollection()][object[]]$Job, [Parameter(Mandatory = $true)][string]$Name)
    $counts = @(@($Job) | Where-Object { $null -ne $_ } | ForEach-Object { $_.$Name } | Where-Object { $null -ne $_ })
    if ($counts.Count -eq 0 -or $counts.Count -ne @($Job).Count) { return $null }
    [long]($counts | Measure-Object -Sum).Sum
}

function Get-SeedDpmJobSource {
    <#
    .SYNOPSIS
        The labels of the data sources of a job. None when the job does not say, names one that the group lacks, or one
        that several servers have and does not say of which it is.
    .PARAMETER Job
        What Get-DPMJob returned.
    .PARAMETER Task
        Its tasks.
    .PARAMETER Source
        The data sources of the group.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Job,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Task,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Source
    )
    # One place has the short name of a server, another the whole one.
    $computers = @($Task | ForEach-Object { "$(Get-SeedText -InputObject $_ -Path 'ProductionServerName')" } |
        Where-Object { $_ } | ForEach-Object { $_.Split('.')[0] })
    $found = @()
    foreach ($one in @(Get-SeedValue -InputObject $Job -Path 'DataSources')) {
        if ($null -eq $one) { continue }
        $name = "$one"
        if ($one -isnot [string]) { $name = "$(Get-SeedText -InputObject $one -Path 'Name', 'DisplayPath')" }
        $same = @($Source | Where-Object { $_.name -eq $name -or $_.label -eq $name })
        $there = @($same | Where-Object { $_.computer -and $_.computer.Split('.')[0] -in $computers })
        if ($there.Count -gt 0) { $same = $there }
        # To take all of them would hide a server whose volume failed behind one whose volume did not.
        if ($same.Count -ne 1 -and $there.Count -eq 0) { return }
        $found += @($same | ForEach-Object { $_.label })
    }
    $found | Select-Object -Unique
}

function Get-SeedDpmJobList {
    <#
    .SYNOPSIS
        The online backup jobs of a group. First the newest of each data source, the least far of them before the
        others, then the older ones, newest first.
    .DESCRIPTION
        Whether DPM makes one job for all data sources or one for each is not documented. In this order the first one
        stands for the whole group. Of the jobs that do not say of what they are the newest one counts among the first
        too, unless each data source has a newer one of its own: then it is old, whatever became of it.
    .PARAMETER Group
        The protection group.
    .PARAMETER Source
        Its data sources.
    .PARAMETER Offline
        Whether it seeds offline, or null.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Group,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Source,
        [AllowNull()][object]$Offline
    )
    $now = Get-Date
    $ask = @{
        ProtectionGroup = $Group
        Type = 'CloudBackup'
        From = $now.AddDays(-$script:JobDays)
        To = $now.AddDays(1)
        AllJobsInInterval = $true
        NoLimitOnJobCount = $true
        ErrorAction = 'Stop'
    }
    # A job that was ordered and has not begun counts: without it another run would order a second one. What the
    # schedule will begin one day does not. Asked first, because a job only moves from this list to the other.
    $ordered = @(Get-DPMJob @ask -Status Scheduled -AdhocJobs)
    $all = @(Get-DPMJob @ask)
    $begun = @($all | Where-Object { "$(Get-SeedText -InputObject $_ -Path 'Status')" -ne 'Scheduled' })
    $name = Get-SeedText -InputObject $Group -Path 'FriendlyName', 'Name'
    $own = @(foreach ($one in $begun + $ordered) {
            if ($null -eq $one) { continue }
            $theirs = Get-SeedText -InputObject $one -Path 'ProtectionGroupName'
            $type = Get-SeedText -InputObject $one -Path 'JobType', 'JobCategory'
            if (Test-SeedOtherType -Type $type -Wanted 'CloudBackup') { continue }
            if ($null -eq $theirs -or $theirs -eq $name) { $one }
        })
    $telling = @($own | Where-Object { (Get-SeedDpmText -Job $_) -match $script:WaitingText }).Count -gt 0
    $case = @{ Source = $Source; Engine = Get-SeedDpmEngineJob; Offline = $Offline; Telling = $telling }
    $seen = @{}
    $jobs = @(foreach ($one in $own) {
            $job = ConvertTo-SeedDpmJob -Job $one @case
            if ($seen.ContainsKey($job.id)) { continue }
            $seen[$job.id] = $true
            $job
        })
    $jobs = @($jobs | Sort-Object -Property @{ Expression = { $_.phase -eq 'running' }; Descending = $true },
        @{ Expression = { "$($_.started)" }; Descending = $true })
    $covered, $first, $rest, $nameless = @{}, @(), @(), $false
    foreach ($job in $jobs) {
        $new = @($job.data_sources | Where-Object { -not $covered.ContainsKey($_) })
        foreach ($label in $new) { $covered[$label] = $true }
        $open = @($Source | Where-Object { -not $covered.ContainsKey($_.label) }).Count -gt 0
        $counts = $new.Count -gt 0
        if (@($job.data_sources).Count -eq 0 -and -not $nameless) {
            $nameless = $true
            $counts = $open -or $first.Count -eq 0
        }
        if ($counts) { $first += $job }
        else { $rest += $job }
    }
    # Grouped by hand: Sort-Object of Windows PowerShell 5.1 does not keep the order of equals.
    foreach ($phase in $script:Phases) { $first | Where-Object { $_.phase -eq $phase } }
    $rest
}

function Get-SeedDpmPoint {
    <#
    .SYNOPSIS
        The online recovery points of data sources: id, time and data source.
    .DESCRIPTION
        The id is made of time and data source. The objects have one, but whether it stays is not documented, and with
        another one an old point would look new.
    .PARAMETER Source
        The data sources.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Source)
    foreach ($one in $Source) {
        foreach ($point in @(Get-DPMRecoveryPoint -Datasource $one.object -Online -ErrorAction Stop)) {
            if ($null -eq $point -or (Get-SeedText -InputObject $point -Path 'Location') -eq 'Disk') { continue }
            $shown = Get-SeedValue -InputObject $point -Path 'BackupTime', 'RepresentedPointInTime'
            $time = ConvertTo-SeedTime -Value $shown
            [pscustomobject]@{
                id = Get-SeedShortHash -Text "$time|$($one.label)"
                time = $time
                data_sources = @($one.label)
            }
        }
    }
}

function Get-SeedDpmMethod {
    <#
    .SYNOPSIS
        How the first online backup of a group is made. Fails when this version has no cmdlet for it.
    .PARAMETER Group
        The protection group.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Group)
    $name = 'Get-DPMInitialOnlineBackupCreationMethod'
    $cmdlet = Get-SeedDpmCommand -Name $name
    if (-not $cmdlet) { throw "This version of the agent has no cmdlet $name." }
    ConvertTo-SeedMarsMethod -Method (& $cmdlet -ProtectionGroup $Group -ErrorAction Stop)
}

function Get-SeedDpmBackup {
    <#
    .SYNOPSIS
        What DPM says of the first online backup of a group: agent, unknown, policy, method, jobs, recovery_points.
        Never an error.
    .PARAMETER ProtectionGroup
        Name of the group.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][string]$ProtectionGroup)
    $agent = Import-SeedDpmModule
    $backup = [ordered]@{
        agent = [ordered]@{
            kind = $agent.kind
            installed = $agent.installed
            version = $agent.version
            log_folder = $null
        }
        unknown = [ordered]@{}
        policy = $null
        method = $null
        jobs = $null
        recovery_points = $null
    }
    $questions = 'policy', 'method', 'jobs', 'recovery_points'
    if (-not $agent.installed) {
        $why = 'The agent is not installed.'
        if ($null -eq $agent.installed) { $why = $agent.why; $backup.unknown['agent'] = $why }
        foreach ($question in $questions) { $backup.unknown[$question] = $why }
        return $backup
    }
    try { Invoke-SeedDpm -Work { Add-SeedDpmAnswer -Backup $backup -ProtectionGroup $ProtectionGroup } }
    catch {
        $why = ConvertTo-SeedReason -ErrorRecord $_
        $backup.unknown['agent'] = $why
        foreach ($question in $questions) { if ($null -eq $backup[$question]) { $backup.unknown[$question] = $why } }
    }
    $backup
}

function Add-SeedDpmAnswer {
    <#
    .SYNOPSIS
        Asks the connected DPM server one question after the other. What cannot be asked stays null.
    .PARAMETER Backup
        The answers so far.
    .PARAMETER ProtectionGroup
        Name of the group.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][string]$ProtectionGroup
    )
    $asked = @{ group = $null; sources = @() }
    Add-SeedAnswer -Backup $Backup -Question policy -Cmdlet 'Get-DPMProtectionGroup', 'Get-DPMDatasource' -Ask {
        $asked.group = Get-SeedDpmGroup -Name $ProtectionGroup
        if (-not $asked.group) { return }
        $asked.sources = @(Get-SeedDpmSource -Group $asked.group)
        [pscustomobject]@{
            name = Get-SeedText -InputObject $asked.group -Path 'FriendlyName', 'Name'
            data_sources = @($asked.sources | ForEach-Object { $_.label })
        }
    }
    if ($Backup['unknown'].Contains('policy')) {
        foreach ($question in 'method', 'jobs', 'recovery_points') {
            $Backup['unknown'][$question] = 'The protection group cannot be read.'
        }
        return
    }
    if (-not $asked.group) {
        $Backup['jobs'], $Backup['recovery_points'] = @(), @()
        return
    }
    Add-SeedAnswer -Backup $Backup -Question method -Cmdlet 'Get-DPMProtectionGroup' -Ask {
        Get-SeedDpmMethod -Group $asked.group
    }
    Add-SeedAnswer -Backup $Backup -Question jobs -Cmdlet 'Get-DPMJob' -Many -Ask {
        $offline = Get-SeedValue -InputObject $Backup['method'] -Path 'offline'
        Get-SeedDpmJobList -Group $asked.group -Source $asked.sources -Offline $offline
    }
    Add-SeedAnswer -Backup $Backup -Question recovery_points -Cmdlet 'Get-DPMRecoveryPoint' -Many -Ask {
        Get-SeedDpmPoint -Source $asked.sources
    }
}

function Get-SeedDpmJob {
    <#
    .SYNOPSIS
        The online backup jobs of a group, in the order of Get-SeedDpmJobList. Fails when DPM cannot be asked.
    .PARAMETER ProtectionGroup
        Name of the group.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$ProtectionGroup)
    Invoke-SeedDpm -Work {
        $group = Get-SeedDpmOwnGroup -Name $ProtectionGroup
        Get-SeedDpmJobList -Group $group -Source @(Get-SeedDpmSource -Group $group)
    }
}

function Get-SeedDpmOwnGroup {
    <#
    .SYNOPSIS
        The protection group of a name. Fails when there is not exactly one.
    .PARAMETER Name
        Its whole name.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name)
    $group = Get-SeedDpmGroup -Name $Name
    if (-not $group) { throw "There is no protection group '$Name' any more." }
    $group
}

function Set-SeedDpmMethod {
    <#
    .SYNOPSIS
        Sets a group to write its first online backup to the staging location. Does not read it back. For the scheduled
        task, whose session has loaded nothing yet.
    .PARAMETER Order
        `method` has the arguments of the cmdlet, and `scope` the name of the group as `ProtectionGroup`.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $agent = Import-SeedDpmModule
    if (-not $agent.installed) { throw "DPM does not answer as the system. $($agent.why)".Trim() }
    $name = 'Set-DPMInitialOnlineBackupCreationMethod'
    $cmdlet = Get-SeedDpmCommand -Name $name
    if (-not $cmdlet) {
        throw "This version of DPM has no cmdlet $name. Use ``setup: attended``, and choose offline seeding in the " +
        'wizard of the protection group.'
    }
    $arguments = Get-SeedOrderArgument -Order $Order
    Invoke-SeedDpm -Work {
        $group = Get-SeedDpmOwnGroup -Name $Order.scope.ProtectionGroup
        $changed = Get-DPMModifiableProtectionGroup -ProtectionGroup $group -ErrorAction Stop
        $null = & $cmdlet @arguments -ProtectionGroup $changed
        $null = Set-DPMProtectionGroup -ProtectionGroup $changed -Confirm:$false -ErrorAction Stop
    }
}

function Set-SeedDpmOnline {
    <#
    .SYNOPSIS
        Sets a group to make its first online backup over the network. Does not read it back.
    .PARAMETER ProtectionGroup
        Name of the group.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$ProtectionGroup)
    $cmdlet = Get-SeedDpmCommand -Name 'Set-DPMInitialOnlineBackupCreationMethod'
    Invoke-SeedDpm -Work {
        $group = Get-SeedDpmOwnGroup -Name $ProtectionGroup
        $changed = Get-DPMModifiableProtectionGroup -ProtectionGroup $group -ErrorAction Stop
        $null = & $cmdlet -ProtectionGroup $changed -IBMethod Network -ErrorAction Stop
        $null = Set-DPMProtectionGroup -ProtectionGroup $changed -Confirm:$false -ErrorAction Stop
    }
}

function Start-SeedDpmBackup {
    <#
    .SYNOPSIS
        Orders an online recovery point of all data sources of a group, and returns at once: the service of DPM makes
        it.
    .PARAMETER ProtectionGroup
        Name of the group.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$ProtectionGroup)
    Invoke-SeedDpm -Work {
        $sources = @(Get-SeedDpmSource -Group (Get-SeedDpmOwnGroup -Name $ProtectionGroup))
        if ($sources.Count -eq 0) { throw "The protection group '$ProtectionGroup' has no data sources." }
        $point = @{
            Datasource = @($sources | ForEach-Object { $_.object })
            Online = $true
            Confirm = $false
            ErrorAction = 'Stop'
        }
        try { $null = New-DPMRecoveryPoint @point }
        catch {
            throw "An online recovery point of the protection group '$ProtectionGroup' cannot be made: " +
            "$(ConvertTo-SeedReason -ErrorRecord $_) Its data sources need online protection, and a replica on disk " +
            'first.'
        }
    }
}

# The task of _AgentTask.psm1 gets exported functions only.
Export-ModuleMember -Function @(
    'Import-SeedDpmModule', 'Get-SeedDpmCommand', 'Get-SeedDpmGroup', 'Get-SeedDpmSource', 'Get-SeedDpmEngineJob',
    'Get-SeedDpmPhase', 'ConvertTo-SeedDpmJob', 'Get-SeedDpmJobList', 'Get-SeedDpmPoint', 'Get-SeedDpmMethod',
    'Get-SeedDpmBackup', 'Get-SeedDpmJob', 'Get-SeedDpmOwnGroup', 'Invoke-SeedDpm', 'Set-SeedDpmMethod',
    'Set-SeedDpmOnline', 'Start-SeedDpmBackup'
)
