# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The backup agent of a source host, behind one small set of functions. MARS is the one provider so far. Private to the collection.

function Import-SeedAgent {
    <#
    .SYNOPSIS
        Loads the agent's module; false when the agent is not installed. Its installer does not extend the module path of running sessions.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    if (Get-Command -Name Get-OBPolicy -ErrorAction SilentlyContinue) { return $true }
    $setup = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Setup' -ErrorAction SilentlyContinue
    if (-not $setup) { return $false }
    Import-Module -Name "$($setup.InstallPath)\bin\Modules\MSOnlineBackup" -Global -ErrorAction SilentlyContinue
    [bool](Get-Command -Name Get-OBPolicy -ErrorAction SilentlyContinue)
}

function ConvertTo-SeedTime {
    <#
    .SYNOPSIS
        A time as ISO 8601 in UTC; nothing stays nothing.
    .PARAMETER Value
        A DateTime or a text.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    if (-not $Value) { return $null }
    $time = $Value
    if ($time -isnot [DateTime]) { $time = [DateTime]::Parse("$time", [System.Globalization.CultureInfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::RoundtripKind) }
    $time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture)
}

function Get-SeedOfflineMethod {
    <#
    .SYNOPSIS
        How the agent makes the first backup, as its policy says; nothing without a policy.
    .PARAMETER Policy
        The policy.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Policy)
    if (-not $Policy) { return }
    $method = Get-OBInitialBackupCreationMethod -Policy $Policy
    $set = $method.OfflineBackupParams
    $offline = "$($method.IBMethod)" -eq 'OfflineBackup'
    $facts = [ordered]@{ offline = $offline; staging_location = ''; import_job_name = ''; subscription_id = ''; storage_account = ''; container = '' }
    if ($offline) {
        $facts.staging_location = "$($set.StagingLocation)"
        $facts.import_job_name = "$($set.AzureImportJobName)"
        $facts.subscription_id = "$($set.AzureSubscriptionID)"
        $facts.storage_account = "$($set.AzureStorageAccount)"
        $facts.container = "$($set.AzureStorageContainer)"
    }
    [pscustomobject]$facts
}

function ConvertTo-SeedPhase {
    <#
    .SYNOPSIS
        What a job state of the agent means. A name that is not known never means success.
    .PARAMETER State
        The name of the state.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string]$State)
    switch -Exact ($State) {
        'CompletedWithWaitingForImportJob' { 'waiting_for_import' }
        'CompletedWithWaitingForCopyBlob' { 'waiting_for_copy' }
        'Completed' { 'completed' }
        'CompletedWithWarning' { 'completed' }
        'Aborted' { 'failed' }
        'Failed' { 'failed' }
        '' { 'none' }
        default { 'unknown' }
    }
}

function Get-SeedBackupJob {
    <#
    .SYNOPSIS
        The running backup job, else the last one that ended; nothing when there was none.
    #>
    [CmdletBinding()]
    param()
    $running = @(Get-OBJob)
    $job = @($running + @(Get-OBJob -Previous 1) | Where-Object { $_ } | Select-Object -First 1)
    if ($job.Count -eq 0) { return }
    $status = $job[0].JobStatus
    $phase = 'running'
    if ($running.Count -eq 0) { $phase = ConvertTo-SeedPhase -State "$($status.JobState)" }
    $progress = @($status.DatasourceStatus | Where-Object { $_ } | ForEach-Object { $_.ByteProgress })
    [pscustomobject]@{
        id = "$($job[0].JobId.Guid)"; state = "$($status.JobState)"; phase = $phase; started = ConvertTo-SeedTime -Value $status.StartTime; ended = ConvertTo-SeedTime -Value $status.EndTime
        bytes_done = [long]($progress | Measure-Object -Property Progress -Sum).Sum; bytes_total = [long]($progress | Measure-Object -Property Total -Sum).Sum
        error_code = "$($status.ErrorInfo.ErrorCode)"
    }
}

function Get-SeedStage {
    <#
    .SYNOPSIS
        Everything that a source host shows of a seed.
    .PARAMETER StagingPath
        The staging location.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$StagingPath)
    $stage = [ordered]@{ agent = [pscustomobject]@{ kind = 'mars'; installed = Import-SeedAgent }; method = $null; policy_present = $false; job = $null; files = @(); recovery_points = @() }
    if (Test-Path -LiteralPath $StagingPath -PathType Container) {
        $stage.files = @(Get-ChildItem -LiteralPath $StagingPath -File -Force | Sort-Object -Property Name | ForEach-Object {
                [pscustomobject]@{ name = $_.Name; bytes = $_.Length; modified = $_.LastWriteTimeUtc.ToString('yyyy-MM-ddTHH:mm:ss.fffZ', [System.Globalization.CultureInfo]::InvariantCulture) }
            })
    }
    if ($stage.agent.installed) {
        $policy = Get-OBPolicy -ErrorAction SilentlyContinue
        $stage.policy_present = [bool]$policy
        $stage.method = Get-SeedOfflineMethod -Policy $policy
        if ($policy) {
            $stage.job = Get-SeedBackupJob
            $stage.recovery_points = @(Get-OBAllRecoveryPoints | Where-Object { $_ } | ForEach-Object { [pscustomobject]@{ time = ConvertTo-SeedTime -Value $_.BackupTime } })
        }
    }
    [pscustomobject]$stage
}

function Get-SeedMethodDifference {
    <#
    .SYNOPSIS
        The names of what the agent is set to differently; all of them when it is not set to seed offline.
    .PARAMETER Current
        The method as it is.
    .PARAMETER Wanted
        The method as it shall be.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Current, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted)
    foreach ($name in $Wanted.Keys) {
        if ("$($Current.$name)" -ne "$($Wanted[$name])") { $name }
    }
}

function Set-SeedOfflineMethod {
    <#
    .SYNOPSIS
        Sets the agent to write its first backup to the staging location, and reads back that it is so.
    .PARAMETER Wanted
        The method as it shall be.
    .PARAMETER PublishSettings
        Content of the publish settings file. It lies on the disk only while the cmdlet reads it, in a folder that only this account can read.
    .PARAMETER PrivateFolder
        That folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Wanted, [Parameter(Mandatory = $true)][string]$PublishSettings, [Parameter(Mandatory = $true)][string]$PrivateFolder)
    $file = [System.IO.Path]::Combine($PrivateFolder, 'seed.publishsettings')
    try {
        [System.IO.File]::WriteAllText($file, $PublishSettings)
        $arguments = @{
            Policy = Get-OBPolicy; IBMethod = 'OfflineBackup'; StagingLocation = $Wanted['staging_location']; AzurePublishSettings = $file; AzureImportJobName = $Wanted['import_job_name']
            AzureSubscriptionID = $Wanted['subscription_id']; AzureStorageAccount = $Wanted['storage_account']; AzureStorageContainer = $Wanted['container']; ErrorAction = 'Stop'; Confirm = $false
        }
        $policy = Set-OBInitialBackupCreationMethod @arguments
        $null = Set-OBPolicy -Policy $policy -Confirm:$false -ErrorAction Stop
    }
    finally {
        if ([System.IO.File]::Exists($file)) { [System.IO.File]::Delete($file) }
    }
    $different = @(Get-SeedMethodDifference -Current (Get-SeedOfflineMethod -Policy (Get-OBPolicy)) -Wanted $Wanted)
    if ($different.Count -gt 0) { throw "the agent did not keep $($different -join ', ')" }
}

function Start-SeedBackup {
    <# .SYNOPSIS Starts the backup and returns at once. #>
    [CmdletBinding()]
    param()
    $null = Start-OBBackup -Policy (Get-OBPolicy) -Async -Confirm:$false -ErrorAction Stop
}

Export-ModuleMember -Function Import-SeedAgent, ConvertTo-SeedTime, Get-SeedOfflineMethod, ConvertTo-SeedPhase, Get-SeedBackupJob, Get-SeedStage, Get-SeedMethodDifference, Set-SeedOfflineMethod, Start-SeedBackup
