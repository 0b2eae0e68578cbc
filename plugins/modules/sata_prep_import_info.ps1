#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Copy

$spec = @{
    options = @{
        drives = @{ type = 'list'; elements = 'dict'; default = @(); options = @{ serial = @{ type = 'str'; required = $true }; erase = @{ type = 'bool'; default = $false } } }
        journal_directory = @{ type = 'path'; default = 'C:\Seedfreight\journals' }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        tool_version = @{ type = 'str' }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try { $copy = Get-SeedCopy -Drive @($module.Params.drives) -Folder $module.Params.journal_directory }
catch { $module.FailJson("$_", $_) }
$module.Result.tool = Get-SeedTool -Path $module.Params.tool_path -Version $module.Params.tool_version
$module.Result.drives = @($copy.drives)
$module.Result.journals = @($copy.journals)
$module.ExitJson()
