#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Agent
#AnsibleRequires -PowerShell ..module_utils._AgentOffer
#AnsibleRequires -PowerShell ..module_utils._AgentLastMile

$file = @{
    # The type int of Ansible.Basic ends at 2 GiB, and float has no more than 24 bits.
    bytes = @{ type = 'str'; required = $true }
    # ansible-core 2.18 hands such a text over as a DateTime under PowerShell 7.
    modified = @{ type = 'raw'; required = $true }
    name = @{ type = 'str'; required = $true }
}
$policy = @{
    days = @{
        type = 'list'
        elements = 'str'
        required = $true
        choices = @('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
    }
    exclude = @{ type = 'list'; elements = 'str'; default = @() }
    include = @{ type = 'list'; elements = 'str'; required = $true }
    retention_days = @{ type = 'int'; required = $true }
    times = @{ type = 'list'; elements = 'str'; required = $true }
}
$spec = @{
    options = @{
        _publish_settings_content = @{ type = 'str'; no_log = $true }
        agent = @{ type = 'str'; choices = @('mars', 'dpm', 'folder'); default = 'mars' }
        cloud_environment = @{ type = 'str' }
        container = @{ type = 'str' }
        follow = @{ type = 'bool'; default = $false }
        frozen_files = @{ type = 'list'; elements = 'dict'; options = $file }
        import_job_name = @{ type = 'str' }
        known_jobs = @{ type = 'list'; elements = 'str'; default = @() }
        lock = @{ type = 'dict' }
        policy = @{ type = 'dict'; options = $policy }
        poll_interval = @{ type = 'int'; default = 60 }
        protection_group = @{ type = 'str' }
        publish_settings = @{ type = 'str' }
        restart_failed = @{ type = 'bool'; default = $false }
        seed = @{ type = 'str' }
        setup = @{ type = 'str'; choices = @('automatic', 'attended'); default = 'automatic' }
        staging_path = @{ type = 'path'; required = $true }
        state = @{ type = 'str'; choices = @('staged', 'triggered', 'online', 'cleaned'); default = 'staged' }
        storage_account = @{ type = 'str' }
        store = @{ type = 'dict' }
        subscription_id = @{ type = 'str' }
        wait = @{ type = 'bool'; default = $false }
        wait_timeout = @{ type = 'int'; default = 604800 }
    }
    required_if = @(
        , @('agent', 'dpm', @('protection_group'))
        , @('state', 'online', @('import_job_name'))
        , @('state', 'cleaned', @('frozen_files'))
    )
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    $work = @{
        staged = 'Invoke-SeedStage'
        triggered = 'Invoke-SeedTrigger'
        online = 'Invoke-SeedOnline'
        cleaned = 'Invoke-SeedStageClean'
    }[$module.Params.state]
    $outcome = & $work -Option $module.Params -CheckMode $module.CheckMode
}
catch { $module.FailJson("The backup agent (``agent``: $($module.Params.agent)) failed: $_", $_) }
foreach ($key in $outcome.Keys) {
    if ($key -notin 'refused', 'diff') { $module.Result[$key] = $outcome[$key] }
}
foreach ($side in $outcome.diff.Keys) { $module.Diff[$side] = $outcome.diff[$side] }
$warning = Get-SeedOfferWarning -Backup $outcome.backup
if ($warning -and $module.Params.state -eq 'staged') { $module.Warn($warning) }
if ($outcome.refused) { $module.FailJson($outcome.refused) }
$module.ExitJson()
