# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the module of Data Protection Manager, as far as it is used. The lab's agent carries out its orders.
#
# agent.json of the host says that it is DPM: `product` is dpm. Its `policy` is then the protection group of that name,
# whose data sources are those of the policy on `computer`. Besides, DPM knows `other_groups` (name, method), whose jobs
# are `other_jobs`, and `missing_cmdlets`. With `no_replica` an online recovery point is refused. Parameters are those
# of the help of the cmdlets.
Import-Module -Name LabWorld -Global

# The servers that this process is connected to. A cmdlet without a connection fails.
$script:Connected = [System.Collections.Generic.List[string]]::new()

function Get-LabDpmFile {
    Get-LabPath 'hosts' $env:LAB_HOST 'agent.json'
}

function Get-LabDpmValue {
    # A value of agent.json, or the default where the file does not say.
    param([object]$From, [string]$Name, [object]$Default)
    $property = $From.PSObject.Properties[$Name]
    if ($property -and $null -ne $property.Value) { return $property.Value }
    $Default
}

function Read-LabDpm {
    # What the connected DPM knows.
    if ($script:Connected.Count -eq 0) { throw 'There is no connection to a DPM server.' }
    Read-LabFile -Path (Get-LabDpmFile)
}

function ConvertTo-LabDpmTime {
    # CHOICE dpm-time-kind: times of DPM are UTC, of Kind Unspecified (not documented)
    param([object]$Value)
    if (-not $Value) { return $null }
    $time = $Value
    if ($time -isnot [DateTime]) {
        $time = [DateTime]::Parse("$time", [cultureinfo]::InvariantCulture, 'RoundtripKind')
    }
    [DateTime]::SpecifyKind($time.ToUniversalTime(), 'Unspecified')
}

function Get-LabDpmConnection {
    <# .SYNOPSIS The servers that this process is connected to. #>
    [CmdletBinding()]
    param()
    $script:Connected.ToArray()
}

function Connect-DPMServer {
    <# .SYNOPSIS Opens a connection to a DPM server. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)][Alias('ComputerName', 'CN')][string]$DPMServerName)
    if ($DPMServerName -notin $env:LAB_HOST, $env:COMPUTERNAME, 'localhost') {
        Write-Error -Message "The DPM server $DPMServerName cannot be reached."
        return
    }
    $script:Connected.Add($DPMServerName)
    [pscustomobject]@{ Name = $DPMServerName }
}

function Disconnect-DPMServer {
    <# .SYNOPSIS Closes the connection to a DPM server; without a name, every one. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Position = 0)][Alias('ComputerName', 'CN')][string]$DPMServerName)
    if (-not $PSCmdlet.ShouldProcess('DPM')) { return }
    if ($DPMServerName) { $null = $script:Connected.Remove($DPMServerName) }
    else { $script:Connected.Clear() }
}

function Get-DPMProtectionGroup {
    <# .SYNOPSIS The protection groups of a DPM server. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][Alias('ComputerName', 'CN')][string]$DPMServerName, [switch]$Async)
    $dpm = Read-LabDpm
    foreach ($other in @(Get-LabDpmValue -From $dpm -Name other_groups -Default @())) {
        New-LabDpmGroup -Name $other.name -Method $other.method
    }
    if ($dpm.policy) { New-LabDpmGroup -Name $dpm.policy.name -Method $dpm.initial_backup -Own }
}

function New-LabDpmGroup {
    param([string]$Name, [object]$Method, [switch]$Own)
    [pscustomobject]@{
        PSTypeName = 'Microsoft.Internal.EnterpriseStorage.Dls.UI.ObjectModel.OMCommon.ProtectionGroup'
        FriendlyName = $Name
        Name = $Name
        Method = $Method
        Own = [bool]$Own
        Modifiable = $false
    }
}

function Get-DPMModifiableProtectionGroup {
    <# .SYNOPSIS A protection group that can be changed. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$ProtectionGroup)
    process {
        $null = Read-LabDpm
        $copy = $ProtectionGroup.PSObject.Copy()
        $copy.Modifiable = $true
        $copy
    }
}

function Set-DPMProtectionGroup {
    <# .SYNOPSIS Saves a protection group that was changed. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$ProtectionGroup, [switch]$Async)
    process {
        $null = Read-LabDpm
        if (-not $ProtectionGroup.Modifiable) {
            Write-Error -Message 'The protection group is not modifiable.'
            return
        }
        if (-not $PSCmdlet.ShouldProcess($ProtectionGroup.FriendlyName)) { return }
        Edit-LabFile -Path (Get-LabDpmFile) -Change {
            if ($ProtectionGroup.Own) { $_.initial_backup = $ProtectionGroup.Method; return }
            foreach ($other in $_.other_groups) {
                if ($other.name -eq $ProtectionGroup.FriendlyName) { $other.method = $ProtectionGroup.Method }
            }
        }
    }
}

function Get-DPMDatasource {
    <# .SYNOPSIS The data sources of a protection group. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$ProtectionGroup)
    process {
        $dpm = Read-LabDpm
        if (-not $ProtectionGroup.Own) { return }
        # CHOICE dpm-data-sources: every data source of a protection group has online protection (not documented)
        foreach ($one in $dpm.policy.file_specs) {
            [pscustomobject]@{
                Name = "$("$one".Substring(0, 2))\"
                Computer = Get-LabDpmValue -From $dpm -Name computer -Default $env:LAB_HOST
                ObjectType = 'Volume'
                ProtectionGroupName = $ProtectionGroup.FriendlyName
            }
        }
    }
}

function Get-DPMInitialOnlineBackupCreationMethod {
    <# .SYNOPSIS How the first online backup of a protection group is made. #>
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$ProtectionGroup)
    process {
        $null = Read-LabDpm
        $method = $ProtectionGroup.Method
        if ($method.method -ne 'OfflineBackup') {
            return [pscustomobject]@{ IBMethod = $method.method; OfflineBackupParams = $null }
        }
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

function Set-DPMInitialOnlineBackupCreationMethod {
    <# .SYNOPSIS Chooses how the first online backup is made; Set-DPMProtectionGroup saves it. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$ProtectionGroup,
        [Parameter(Mandatory, Position = 1)][ValidateSet('Network', 'OfflineBackup')][string]$IBMethod,
        [Parameter(Position = 2)][string]$StagingLocation,
        [Parameter(Position = 3)][string]$AzurePublishSettings,
        [Parameter(Position = 4)][string]$AzureImportJobName,
        [Parameter(Position = 5)][string]$AzureSubscriptionID,
        [Parameter(Position = 6)][string]$AzureStorageAccount,
        [Parameter(Position = 7)][string]$AzureStorageContainer,
        [switch]$PassThru
    )
    process {
        $null = Read-LabDpm
        if ($IBMethod -eq 'OfflineBackup') {
            # CHOICE dpm-publish-settings: the file is read at once, for its subscription (no source)
            $settings = [xml](Get-Content -LiteralPath $AzurePublishSettings -Raw -Encoding UTF8 -ErrorAction Stop)
            $ids = $settings.SelectNodes('/PublishData/PublishProfile/Subscription/@Id')
            if ($AzureSubscriptionID -notin @($ids | ForEach-Object { $_.Value })) {
                Write-Error -Message 'The subscription is not in the publish settings file.'
                return
            }
        }
        $ProtectionGroup.Method = [pscustomobject]@{
            method = $IBMethod
            staging_location = $StagingLocation
            publish_settings_file = $AzurePublishSettings
            import_job_name = $AzureImportJobName
            subscription_id = $AzureSubscriptionID
            storage_account = $AzureStorageAccount
            storage_container = $AzureStorageContainer
        }
        if ($PassThru) { $ProtectionGroup }
    }
}

function New-DPMRecoveryPoint {
    <# .SYNOPSIS Makes a recovery point; here, an online one. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object[]]$Datasource, [switch]$Online)
    $dpm = Read-LabDpm
    if (-not $PSCmdlet.ShouldProcess($Datasource.Count)) { return }
    if (-not $Online -or (Get-LabDpmValue -From $dpm -Name no_replica -Default $false)) {
        Write-Error -Message "The replica of $($Datasource[0].Name) on $($Datasource[0].Computer) is not consistent."
        return
    }
    $at = (Get-LabTime).ToString('o')
    # CHOICE dpm-one-job: an online recovery point of several data sources is one job with a task (not documented)
    Edit-LabFile -Path (Get-LabDpmFile) -Change {
        $_.orders = @($_.orders) + [pscustomobject]@{ order = 'start_backup'; at = $at }
    }
    [pscustomobject]@{ JobType = 'CloudBackup'; Status = 'Scheduled' }
}

function ConvertTo-LabDpmJob {
    param([object]$Job, [string]$Group, [string]$Computer)
    $status = switch ($Job.state) {
        'InProgress' { 'InProgress' }
        'Scheduled' { 'Scheduled' }
        { $_ -in 'Aborted', 'Failed' } { 'Failed' }
        default { 'Completed' }
    }
    # CHOICE dpm-waiting-text: a job that waits says so as a problem (offline seeding, 2: as a warning)
    $problem = switch ($Job.state) {
        'CompletedWithWaitingForImportJob' {
            'Waiting for Azure Import Job to complete. Please check on Azure Management portal for more information ' +
            'on job status'
        }
        'CompletedWithWaitingForCopyBlob' { 'The copy from the storage account has not ended.' }
        default { $null }
    }
    if (Test-LabOpposite dpm-waiting-text) { $problem = $null }
    [pscustomobject]@{
        JobId = [guid]('dd' + "$($Job.job_id)".Substring(2))
        JobType = Get-LabDpmValue -From $Job -Name dpm_type -Default 'CloudBackup'
        Status = $status
        StartTime = ConvertTo-LabDpmTime -Value $Job.start
        EndTime = ConvertTo-LabDpmTime -Value $Job.end
        ProtectionGroupName = $Group
        DataSources = @($Job.data_sources)
        # The id of a task is that of a job of the agent below, as a public script has it.
        Tasks = @([pscustomobject]@{
                TaskId = [pscustomobject]@{ Guid = $Job.job_id }
                ProductionServerName = $Computer
                ErrorInfo = [pscustomobject]@{ Problem = $problem; ErrorCode = $Job.error_code }
            })
    }
}

function Get-DPMJob {
    <# .SYNOPSIS The jobs of a protection group. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][object[]]$ProtectionGroup,
        [Parameter(Position = 1)][Alias('JobCategory', 'JobType')][string[]]$Type,
        [Parameter(Position = 2)][ValidateSet('Completed', 'Failed', 'InProgress', 'Scheduled')][string[]]$Status,
        [Parameter(Position = 3)][DateTime]$From,
        [Parameter(Position = 4)][DateTime]$To,
        [switch]$Newest,
        [switch]$AdhocJobs,
        [switch]$AllJobsInInterval,
        [switch]$NoLimitOnJobCount
    )
    $dpm = Read-LabDpm
    $computer = Get-LabDpmValue -From $dpm -Name computer -Default $env:LAB_HOST
    foreach ($group in $ProtectionGroup) {
        $jobs = @(Get-LabDpmValue -From $dpm -Name other_jobs -Default @())
        if ($group.Own) { $jobs = @($dpm.jobs) }
        foreach ($job in $jobs) {
            if ($AdhocJobs -and (Get-LabDpmValue -From $job -Name by_schedule -Default $false)) { continue }
            $shown = ConvertTo-LabDpmJob -Job $job -Group $group.FriendlyName -Computer $computer
            # Without an interval only recent jobs are listed.
            if (-not $AllJobsInInterval -and $shown.StartTime -lt (Get-LabTime).AddDays(-1)) { continue }
            if (($Type -and $shown.JobType -notin $Type) -or ($Status -and $shown.Status -notin $Status)) { continue }
            $shown
        }
    }
}

function Get-DPMRecoveryPoint {
    <# .SYNOPSIS The recovery points of a data source; here, the online ones. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Datasource,
        [switch]$Online,
        [switch]$OnlyActive,
        [switch]$Async
    )
    process {
        foreach ($point in (Read-LabDpm).recovery_points) {
            if ($Datasource.Name -notin @($point.data_sources)) { continue }
            [pscustomobject]@{
                BackupTime = ConvertTo-LabDpmTime -Value $point.backup_time
                Location = Get-LabDpmValue -From $point -Name location -Default 'Online'
                # CHOICE dpm-recovery-point-id: a recovery point has another id in each session (not documented)
                RecoverySourceId = [guid]::NewGuid()
            }
        }
    }
}

function Get-LabDpmCmdlet {
    # What this version of DPM has. Without a host, everything, so that it can be compared with the real module.
    $all = @(
        'Connect-DPMServer', 'Disconnect-DPMServer', 'Get-DPMProtectionGroup', 'Get-DPMModifiableProtectionGroup',
        'Set-DPMProtectionGroup', 'Get-DPMDatasource', 'Get-DPMInitialOnlineBackupCreationMethod',
        'Set-DPMInitialOnlineBackupCreationMethod', 'New-DPMRecoveryPoint', 'Get-DPMJob', 'Get-DPMRecoveryPoint'
    )
    if (-not $env:LAB_HOST) { return $all }
    if (-not [System.IO.File]::Exists((Get-LabDpmFile))) { return }
    $dpm = Read-LabFile -Path (Get-LabDpmFile)
    $there = (Get-LabDpmValue -From $dpm -Name product -Default 'mars') -eq 'dpm' -and
    (Get-LabDpmValue -From $dpm -Name installed -Default $true)
    if (-not $there) { return }
    'Get-LabDpmConnection'
    $all | Where-Object { $_ -notin @(Get-LabDpmValue -From $dpm -Name missing_cmdlets -Default @()) }
}

Export-ModuleMember -Function @(Get-LabDpmCmdlet)
