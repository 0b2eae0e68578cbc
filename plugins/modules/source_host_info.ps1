#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._PreflightSource

$spec = @{
    options = @{
        # ansible-core 2.18 hands such a text over as a DateTime under PowerShell 7.
        _controller_time = @{ type = 'raw' }
        agent = @{ type = 'str'; choices = @('mars', 'dpm', 'folder'); default = 'mars' }
        cloud_environment = @{ type = 'str'; default = 'AzureCloud' }
        is_copy_host = @{ type = 'bool'; default = $false }
        protection_group = @{ type = 'str' }
        report_unreachable = @{ type = 'bool'; default = $false }
        show = @{ type = 'bool'; default = $false }
        staging_path = @{ type = 'path'; required = $true }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$found = Get-SeedSourcePreflight -Option $module.Params
$module.Result.checks = $found['checks']
$module.Result.facts = $found['facts']
$module.ExitJson()
