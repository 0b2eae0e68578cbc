# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the module of the backup agent (MARS), as far as it is used. The lab's agent worker does what is ordered here.
Import-Module -Name LabWorld -Global

function Get-LabAgentFile {
    Get-LabPath 'hosts' $env:LAB_HOST 'agent.json'
}

function Get-OBPolicy {
    <# .SYNOPSIS The backup policy of the host. #>
    [CmdletBinding()]
    param()
    $file = Get-LabAgentFile
    if (-not [System.IO.File]::Exists($file)) { Write-Error -Message 'The agent is not registered.'; return }
    $agent = Read-LabFile -Path $file
    if (-not $agent.policy) { return }
    [pscustomobject]@{
        PSTypeName = 'Microsoft.Internal.CloudBackup.ObjectModel.OMCommon.CBPolicy'
        BackupSchedule = $agent.policy.schedule_times; DsList = $agent.policy.file_specs; PolicyName = $agent.policy.name
        RetentionPolicy = "Retention Days : $($agent.policy.retention_days)"; State = $agent.policy.state; PolicyState = 'Valid'; InitialBackup = $agent.initial_backup
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
                StagingLocation = $method.staging_location; AzurePublishSettingsFile = $method.publish_settings_file; AzureImportJobName = $method.import_job_name
                AzureSubscriptionID = $method.subscription_id; AzureStorageAccount = $method.storage_account; AzureStorageContainer = $method.storage_container
            }
        }
    }
}

function Set-OBInitialBackupCreationMethod {
    <# .SYNOPSIS Chooses how the first backup of a policy is made; Set-OBPolicy commits it. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0)][object]$Policy, [string]$IBMethod, [string]$StagingLocation, [string]$AzurePublishSettings, [string]$AzureImportJobName,
        [string]$AzureSubscriptionID, [string]$AzureStorageAccount, [string]$AzureStorageContainer
    )
    if ($IBMethod -eq 'OfflineBackup') {
        # CHOICE: the cmdlet reads the publish settings file at once and refuses one without the subscription (offline seeding, cmdlets).
        $settings = [xml](Get-Content -LiteralPath $AzurePublishSettings -Raw -ErrorAction Stop)
        if (-not ($settings.PublishData.PublishProfile.Subscription | Where-Object { $_.Id -eq $AzureSubscriptionID })) { Write-Error -Message 'The subscription is not in the publish settings file.'; return }
    }
    $Policy.InitialBackup = [pscustomobject]@{
        method = $IBMethod; staging_location = $StagingLocation; publish_settings_file = $AzurePublishSettings; import_job_name = $AzureImportJobName
        subscription_id = $AzureSubscriptionID; storage_account = $AzureStorageAccount; storage_container = $AzureStorageContainer
    }
    $Policy
}

function Set-OBPolicy {
    <# .SYNOPSIS Commits a policy. #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy)
    process {
        if (-not $PSCmdlet.ShouldProcess('Microsoft Azure Backup', 'Do you want to save this backup policy ?')) { return }
        $method = $Policy.InitialBackup
        Edit-LabFile -Path (Get-LabAgentFile) -Change { $_.initial_backup = $method; $_.policy.state = 'Existing' }
        $Policy
    }
}

function Start-OBBackup {
    <# .SYNOPSIS Starts a backup. #>
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$Policy, [string]$Name, [switch]$Async)
    process {
        $at = (Get-LabTime).ToString('o')
        Edit-LabFile -Path (Get-LabAgentFile) -Change { $_.orders = @($_.orders) + [pscustomobject]@{ order = 'start_backup'; at = $at } }
        if ($Async) { return }
        do {
            Start-Sleep -Milliseconds 200
            $agent = Read-LabFile -Path (Get-LabAgentFile)
        } while (@($agent.orders).Count -gt 0 -or @($agent.jobs | Where-Object { $_.state -eq 'InProgress' }).Count -gt 0)
        'The backup operation completed successfully.'
    }
}

function ConvertTo-LabJob {
    param([object]$Job)
    [pscustomobject]@{
        JobId = [pscustomobject]@{ Guid = $Job.job_id }; JobType = $Job.job_type
        JobStatus = [pscustomobject]@{
            JobState = $Job.state; StartTime = $Job.start; EndTime = $Job.end; ErrorInfo = [pscustomobject]@{ ErrorCode = $Job.error_code; DetailedErrorCode = 0 }
            DatasourceStatus = @([pscustomobject]@{ JobState = $Job.state; ByteProgress = [pscustomobject]@{ Progress = $Job.progress; Changed = 0; Total = $Job.total } })
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
    <# .SYNOPSIS The recovery points of the host. #>
    [CmdletBinding()]
    param()
    foreach ($point in (Read-LabFile -Path (Get-LabAgentFile)).recovery_points) {
        [pscustomobject]@{ BackupTime = $point.backup_time; DataSources = $point.data_sources }
    }
}

Export-ModuleMember -Function *-OB*
