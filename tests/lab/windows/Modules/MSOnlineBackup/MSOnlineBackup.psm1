# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the module of the backup agent (MARS), as far as it is used. The lab's agent carries out its orders.
#
# agent.json of the host says what the agent is: `installed`, `missing_cmdlets` (which this version does not have),
# `policy`, `initial_backup`, `jobs`, `recovery_points` (backup_time, data_sources, and an id or none).
Import-Module -Name LabWorld -Global

function Get-LabAgentFile {
    Get-LabPath 'hosts' $env:LAB_HOST 'agent.json'
}

function Get-LabAgentValue {
    # A value of agent.json, or the default where the file does not say.
    param([object]$From, [string]$Name, [object]$Default)
    $property = $From.PSObject.Properties[$Name]
    if ($property -and $null -ne $property.Value) { return $property.Value }
    $Default
}

function ConvertTo-LabAgentTime {
    # CHOICE agent-time-kind: times of the agent are UTC, of Kind Unspecified (public scripts: EndTime is UTC).
    param([object]$Value)
    if (-not $Value) { return $null }
    $time = $Value
    if ($time -isnot [DateTime]) {
        $time = [DateTime]::Parse("$time", [cultureinfo]::InvariantCulture, 'RoundtripKind')
    }
    [DateTime]::SpecifyKind($time.ToUniversalTime(), 'Unspecified')
}

function Get-OBPolicy {
    <# .SYNOPSIS The backup policy of the host. #>
    [CmdletBinding()]
    param()
    $agent = Read-LabFile -Path (Get-LabAgentFile)
    if (-not $agent.policy) { return }
    # A data source is the volume of what is backed up, as the lab chose; DataSourceName as in public scripts.
    $sources = foreach ($one in $agent.policy.file_specs) {
        [pscustomobject]@{
            DataSourceId = [math]::Abs($one.GetHashCode())
            DataSourceName = "$("$one".Substring(0, 2))\"
            FileSpec = $one
        }
    }
    [pscustomobject]@{
        PSTypeName = 'Microsoft.Internal.CloudBackup.ObjectModel.OMCommon.CBPolicy'
        BackupSchedule = $agent.policy.schedule_times
        DsList = @($sources)
        PolicyName = $agent.policy.name
        RetentionPolicy = "Retention Days : $($agent.policy.retention_days)"
        State = $agent.policy.state
        PolicyState = 'Valid'
        InitialBackup = $agent.initial_backup
    }
}

function New-OBPolicy {
    <# .SYNOPSIS An empty policy that Set-OBPolicy has not committed. #>
    [CmdletBinding()]
    param()
    $none = [pscustomobject]@{
        method = 'Network'; staging_location = $null; publish_settings_file = $null; import_job_name = $null
        subscription_id = $null; storage_account = $null; storage_container = $null
    }
    $name = "$([guid]::NewGuid())"
    [pscustomobject]@{
        PSTypeName = 'Microsoft.Internal.CloudBackup.ObjectModel.OMCommon.CBPolicy'
        BackupSchedule = $null
        DsList = @()
        PolicyName = $name
        RetentionPolicy = ''
        State = 'New'
        PolicyState = 'Invalid'
        InitialBackup = $none
        LabNew = [pscustomobject]@{
            name = $name; file_specs = @(); excludes = @(); schedule_days = @(); schedule_times = @()
            retention_days = 0; state = 'New'
        }
    }
}

function New-OBSchedule {
    <# .SYNOPSIS Days and times of backups. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][System.DayOfWeek[]]$DaysOfWeek,
        [Parameter(Mandatory)][timespan[]]$TimesOfDay,
        [int]$WeeklyFrequency = 1
    )
    if ($TimesOfDay.Count -gt 3) { Write-Error -Message 'A schedule has at most three times a day.'; return }
    [pscustomobject]@{
        SchedulePolicyName = "$([guid]::NewGuid())"
        ScheduleRunDays = $DaysOfWeek
        ScheduleRunTimes = $TimesOfDay
        State = 'New'
    }
}

function New-OBRetentionPolicy {
    <# .SYNOPSIS How long recovery points are kept. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][int]$RetentionDays)
    [pscustomobject]@{
        RetentionDays = $RetentionDays
        RetentionPolicyName = "$([guid]::NewGuid())"
        State = 'New'
    }
}

function New-OBFileSpec {
    <# .SYNOPSIS Files and folders to back up, or to leave out. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][string[]]$FileSpec, [switch]$Exclude, [switch]$NonRecursive)
    foreach ($one in $FileSpec) {
        [pscustomobject]@{
            FileName = '*'; FilePath = $one; FileSpec = $one
            IsExclude = [bool]$Exclude; IsRecursive = -not $NonRecursive
        }
    }
}

function Add-OBFileSpec {
    <# .SYNOPSIS Puts files into a policy. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy,
        [Parameter(Mandatory, Position = 1)][object[]]$FileSpec
    )
    process {
        $Policy.LabNew.file_specs = @($FileSpec | Where-Object { -not $_.IsExclude } | ForEach-Object { $_.FileSpec })
        $Policy.LabNew.excludes = @($FileSpec | Where-Object { $_.IsExclude } | ForEach-Object { $_.FileSpec })
        $Policy
    }
}

function Set-OBSchedule {
    <# .SYNOPSIS Puts a schedule into a policy. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy,
        [Parameter(Mandatory, Position = 1)][object]$Schedule
    )
    process {
        $Policy.LabNew.schedule_days = @($Schedule.ScheduleRunDays | ForEach-Object { "$_" })
        $Policy.LabNew.schedule_times = @($Schedule.ScheduleRunTimes | ForEach-Object { $_.ToString('hh\:mm') })
        $Policy
    }
}

function Set-OBRetentionPolicy {
    <# .SYNOPSIS Puts the retention into a policy. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy,
        [Parameter(Mandatory, Position = 1)][object]$RetentionPolicy
    )
    process {
        $Policy.LabNew.retention_days = $RetentionPolicy.RetentionDays
        $Policy
    }
}

function Get-OBSchedule {
    <# .SYNOPSIS The schedule of the policy that is committed. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        $kept = (Read-LabFile -Path (Get-LabAgentFile)).policy
        [pscustomobject]@{
            SchedulePolicyName = "schedule of $($Policy.PolicyName)"
            ScheduleRunDays = [System.DayOfWeek[]]@(Get-LabAgentValue -From $kept -Name schedule_days -Default @())
            ScheduleRunTimes = [timespan[]]@($kept.schedule_times)
            State = 'Existing'
        }
    }
}

function Get-OBRetentionPolicy {
    <# .SYNOPSIS The retention of the policy that is committed. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        [pscustomobject]@{
            RetentionDays = (Read-LabFile -Path (Get-LabAgentFile)).policy.retention_days
            RetentionPolicyName = "retention of $($Policy.PolicyName)"
            State = 'Existing'
        }
    }
}

function Get-OBFileSpec {
    <# .SYNOPSIS The files of the policy that is committed. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        $null = $Policy
        $kept = (Read-LabFile -Path (Get-LabAgentFile)).policy
        New-OBFileSpec -FileSpec $kept.file_specs
        $left = @(Get-LabAgentValue -From $kept -Name excludes -Default @())
        if ($left.Count -gt 0) { New-OBFileSpec -FileSpec $left -Exclude }
    }
}

function Get-OBInitialBackupCreationMethod {
    <# .SYNOPSIS How the first backup of a policy is made. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        $method = $Policy.InitialBackup
        [pscustomobject]@{
            IBMethod = $method.method
            OfflineBackupParams = [pscustomobject]@{
                StagingLocation = $method.staging_location
                AzurePublishSettingsFile = $method.publish_settings_file
                AzureImportJobName = $method.import_job_name
                AzureSubscriptionID = $method.subscription_id
                AzureStorageAccount = $method.storage_account
                AzureStorageContainer = $method.storage_container
            }
        }
    }
}

function Set-OBInitialBackupCreationMethod {
    <# .SYNOPSIS Chooses how the first backup of a policy is made; Set-OBPolicy commits it. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0)][object]$Policy,
        [string]$IBMethod,
        [string]$StagingLocation,
        [string]$AzurePublishSettings,
        [string]$AzureImportJobName,
        [string]$AzureSubscriptionID,
        [string]$AzureStorageAccount,
        [string]$AzureStorageContainer
    )
    if ($IBMethod -eq 'OfflineBackup') {
        # CHOICE agent-publish-settings: the file is read at once, for its subscription (no source).
        $settings = [xml](Get-Content -LiteralPath $AzurePublishSettings -Raw -Encoding UTF8 -ErrorAction Stop)
        $ids = @($settings.SelectNodes('/PublishData/PublishProfile/Subscription/@Id') | ForEach-Object { $_.Value })
        if ($AzureSubscriptionID -notin $ids) {
            Write-Error -Message 'The subscription is not in the publish settings file.'
            return
        }
    }
    $Policy.InitialBackup = [pscustomobject]@{
        method = $IBMethod
        staging_location = $StagingLocation
        publish_settings_file = $AzurePublishSettings
        import_job_name = $AzureImportJobName
        subscription_id = $AzureSubscriptionID
        storage_account = $AzureStorageAccount
        storage_container = $AzureStorageContainer
    }
    # CHOICE agent-method-returns: Set-OBInitialBackupCreationMethod returns the policy (not documented).
    $Policy
}

function Set-OBPolicy {
    <# .SYNOPSIS Commits a policy. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        $question = 'Do you want to save this backup policy ?'
        if (-not $PSCmdlet.ShouldProcess('Microsoft Azure Backup', $question)) { return }
        $method = $Policy.InitialBackup
        $new = $Policy.PSObject.Properties['LabNew']
        Edit-LabFile -Path (Get-LabAgentFile) -Change {
            if ($new) { $_.policy = $new.Value }
            $_.initial_backup = $method
            $_.policy.state = 'Existing'
        }
        $Policy
    }
}

function Start-OBBackup {
    <# .SYNOPSIS Starts a backup. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy, [string]$Name, [switch]$Async)
    process {
        $at = (Get-LabTime).ToString('o')
        Edit-LabFile -Path (Get-LabAgentFile) -Change {
            $_.orders = @($_.orders) + [pscustomobject]@{ order = 'start_backup'; at = $at; caller = $PID }
        }
        if ($Async) { return }
        do {
            Start-Sleep -Milliseconds 200
            $agent = Read-LabFile -Path (Get-LabAgentFile)
            $open = @($agent.orders).Count + @($agent.jobs | Where-Object { $_.state -eq 'InProgress' }).Count
        } while ($open -gt 0)
        'The backup operation completed successfully.'
    }
}

function ConvertTo-LabJob {
    param([object]$Job)
    $sources = foreach ($name in @(Get-LabAgentValue -From $Job -Name data_sources -Default @())) {
        [pscustomobject]@{
            JobState = $Job.state
            Datasource = [pscustomobject]@{ DataSourceId = [math]::Abs($name.GetHashCode()); DataSourceName = $name }
            ByteProgress = [pscustomobject]@{ Progress = $Job.progress; Changed = 0; Total = $Job.total }
        }
    }
    [pscustomobject]@{
        JobId = [pscustomobject]@{ Guid = $Job.job_id }
        JobType = Get-LabAgentValue -From $Job -Name job_type -Default 'Backup'
        JobStatus = [pscustomobject]@{
            JobState = $Job.state
            StartTime = ConvertTo-LabAgentTime -Value $Job.start
            EndTime = ConvertTo-LabAgentTime -Value $Job.end
            ErrorInfo = [pscustomobject]@{ ErrorCode = $Job.error_code; DetailedErrorCode = 0 }
            DatasourceStatus = @($sources)
        }
    }
}

function Get-OBJob {
    <# .SYNOPSIS The running job, or with Previous the last jobs that ended, newest first. #>
    [CmdletBinding()]
    param([uint32]$Previous, [string]$Status)
    $jobs = @((Read-LabFile -Path (Get-LabAgentFile)).jobs)
    if (-not $PSBoundParameters.ContainsKey('Previous')) {
        foreach ($job in $jobs | Where-Object { $_.state -eq 'InProgress' }) { ConvertTo-LabJob -Job $job }
        return
    }
    $ended = @($jobs | Where-Object { $_.state -ne 'InProgress' })
    [array]::Reverse($ended)
    foreach ($job in $ended | Select-Object -First $Previous) { ConvertTo-LabJob -Job $job }
}

function Get-OBAllRecoveryPoints {
    <# .SYNOPSIS The recovery points of the server, of every kind. #>
    [CmdletBinding()]
    param()
    foreach ($point in (Read-LabFile -Path (Get-LabAgentFile)).recovery_points) {
        $facts = [ordered]@{
            BackupTime = ConvertTo-LabAgentTime -Value $point.backup_time
            DataSources = @($point.data_sources)
        }
        # CHOICE recovery-point-id: a recovery point has no id of its own, unless the file names one (not documented).
        $id = Get-LabAgentValue -From $point -Name id -Default ''
        if ($id) { $facts.RecoveryPointId = $id }
        [pscustomobject]$facts
    }
}

function Get-LabAgentCmdlet {
    # What this version of the agent has. Without a host, everything, so that it can be compared with the real module.
    $all = @(
        'Get-OBPolicy', 'Get-OBInitialBackupCreationMethod', 'Set-OBInitialBackupCreationMethod', 'Set-OBPolicy',
        'Start-OBBackup', 'Get-OBJob', 'Get-OBAllRecoveryPoints', 'New-OBPolicy', 'New-OBSchedule', 'Set-OBSchedule',
        'New-OBRetentionPolicy', 'Set-OBRetentionPolicy', 'New-OBFileSpec', 'Add-OBFileSpec', 'Get-OBSchedule',
        'Get-OBRetentionPolicy', 'Get-OBFileSpec'
    )
    if (-not $env:LAB_HOST) { return $all }
    if (-not [System.IO.File]::Exists((Get-LabAgentFile))) { return }
    $agent = Read-LabFile -Path (Get-LabAgentFile)
    if (-not (Get-LabAgentValue -From $agent -Name installed -Default $true)) { return }
    # CHOICE dpm-agent-module: the setup of a server with DPM leaves this module out (a script of Microsoft's support)
    $dpm = (Get-LabAgentValue -From $agent -Name product -Default 'mars') -eq 'dpm'
    if ($dpm -and -not (Test-LabOpposite dpm-agent-module)) { return }
    $all | Where-Object { $_ -notin @(Get-LabAgentValue -From $agent -Name missing_cmdlets -Default @()) }
}

Export-ModuleMember -Function @(Get-LabAgentCmdlet)
