#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Agent

$spec = @{
    options = @{
        agent = @{ type = 'str'; choices = @('mars', 'folder'); default = 'mars' }
        staging_path = @{ type = 'path'; required = $true }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$module.Result.backup = Get-SeedBackup -Agent $module.Params.agent -StagingPath $module.Params.staging_path
$module.ExitJson()
