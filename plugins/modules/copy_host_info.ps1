#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Preflight

$spec = @{
    options = @{
        drive_count = @{ type = 'int'; default = 1 }
        key_on_command_line = @{ type = 'str'; choices = @('none', 'refused', 'allowed'); default = 'none' }
        report_unreachable = @{ type = 'bool'; default = $false }
        show = @{ type = 'bool'; default = $false }
        staging_path = @{ type = 'path' }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        tool_sha256 = @{ type = 'str' }
        tool_version = @{ type = 'str' }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$module.Result.checks = @(Get-SeedPreflight -Option $module.Params)
$module.ExitJson()
