#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Probe

$spec = @{
    options = @{
        journal_path = @{ type = 'path' }
        run_tool = @{ type = 'bool'; default = $false }
        show = @{ type = 'bool'; default = $false }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
if ($module.CheckMode) { $module.Params.run_tool = $false }
$module.Result.probe = Get-SeedProbe -Option $module.Params
$module.ExitJson()
