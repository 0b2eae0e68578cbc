#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Agent

$spec = @{
    options = @{
        agent = @{ type = 'str'; choices = @('mars', 'dpm', 'folder'); default = 'mars' }
        protection_group = @{ type = 'str' }
        staging_path = @{ type = 'path'; required = $true }
    }
    required_if = @(, @('agent', 'dpm', @('protection_group')))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$look = @{
    Agent = $module.Params.agent
    StagingPath = $module.Params.staging_path
    Scope = Get-SeedAgentScope -Option $module.Params
}
$module.Result.backup = Get-SeedBackup @look
$module.ExitJson()
