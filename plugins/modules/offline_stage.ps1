#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Agent
#AnsibleRequires -PowerShell ..module_utils._Tool

$spec = @{
    options = @{
        agent = @{ type = 'str'; choices = @('mars'); default = 'mars' }
        container = @{ type = 'str' }
        frozen_files = @{ type = 'list'; elements = 'dict'; options = @{ name = @{ type = 'str'; required = $true }; bytes = @{ type = 'float'; required = $true }; modified = @{ type = 'str' } } }
        import_job_name = @{ type = 'str' }
        poll_interval = @{ type = 'int'; default = 60 }
        publish_settings = @{ type = 'str' }
        publish_settings_content = @{ type = 'str'; no_log = $true }
        staging_path = @{ type = 'path'; required = $true }
        state = @{ type = 'str'; choices = @('staged', 'cleaned'); default = 'staged' }
        storage_account = @{ type = 'str' }
        subscription_id = @{ type = 'str' }
        wait = @{ type = 'bool'; default = $false }
        wait_timeout = @{ type = 'int'; default = 604800 }
    }
    required_if = @(
        , @('state', 'staged', @('import_job_name', 'subscription_id', 'storage_account', 'container'))
        , @('state', 'cleaned', @('frozen_files'))
    )
    mutually_exclusive = @(, @('publish_settings', 'publish_settings_content'))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$staging = $module.Params.staging_path
$stage = Get-SeedStage -StagingPath $staging
$module.Result.stage = $stage
if (-not $stage.agent.installed) { $module.FailJson('The backup agent (agent: mars) is not installed on this host. Install and register it first.') }
if (-not $stage.policy_present) { $module.FailJson('The backup agent has no policy. Make one that lists what to back up first.') }

if ($module.Params.state -eq 'cleaned') {
    if (@($stage.recovery_points).Count -eq 0) { $module.FailJson("Nothing is removed from staging_path '$staging': there is no recovery point yet, and a repair needs the originals.") }
    $wanted = @($module.Params.frozen_files | ForEach-Object { $_.name })
    $there = @($stage.files | Where-Object { $_.name -in $wanted })
    $module.Result.changed = $there.Count -gt 0
    $module.Diff.before = @{ files = @($there | ForEach-Object { $_.name }) }
    $module.Diff.after = @{ files = @() }
    if (-not $module.CheckMode) {
        foreach ($file in $there) { Remove-Item -LiteralPath ($staging.TrimEnd('\') + "\$($file.name)") -Force }
        $module.Result.stage = Get-SeedStage -StagingPath $staging
    }
    $module.ExitJson()
}

$target = [ordered]@{
    offline = $true; staging_location = $staging; import_job_name = $module.Params.import_job_name; subscription_id = $module.Params.subscription_id
    storage_account = $module.Params.storage_account; container = $module.Params.container
}
$different = @(Get-SeedMethodDifference -Current $stage.method -Wanted $target)
$busy = $stage.job -and $stage.job.phase -in 'running', 'waiting_for_import', 'waiting_for_copy'
if ($different.Count -gt 0 -and $busy) { $module.FailJson("The agent is in the middle of a backup ($($stage.job.state)) with another $($different -join ', '). Let it end, or correct the options.") }
if ($different.Count -gt 0 -and -not $module.Params.publish_settings_content) { $module.FailJson('publish_settings is needed to set the offline method. Give the path of the publish settings file on the controller.') }
$start = $different.Count -gt 0 -or -not $busy
$module.Result.changed = $start
$module.Diff.before = $stage.method
$module.Diff.after = $target
if (-not $module.CheckMode -and $start) {
    try {
        if ($different.Count -gt 0) {
            $private = "$env:ProgramData\Seedfreight"
            New-SeedPrivateFolder -Path $private
            Set-SeedOfflineMethod -Wanted $target -PublishSettings $module.Params.publish_settings_content -PrivateFolder (Resolve-SeedPath -Path $private)
        }
        Start-SeedBackup
    }
    catch { $module.FailJson("The agent could not be set to seed '$($target.import_job_name)' offline: $_", $_) }
    $module.Result.stage = Get-SeedStage -StagingPath $staging
}
$module.ExitJson()
