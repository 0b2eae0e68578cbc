#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Collect
#AnsibleRequires -PowerShell ..module_utils._Tool

$file = @{ name = @{ type = 'str'; required = $true }; bytes = @{ type = 'raw'; required = $true } }
$session = @{ id = @{ type = 'str'; required = $true }; files = @{ type = 'list'; elements = 'str'; required = $true } }
$drive = @{
    serial = @{ type = 'str'; required = $true }
    allow_recorded_key = @{ type = 'bool'; default = $false }
    bus = @{ type = 'str'; choices = @('SATA', 'USB', 'SAS', 'RAID', 'VIRTUAL'); default = 'SATA' }
    encryption = @{ type = 'str'; choices = @('tool', 'managed'); default = 'tool' }
    encryption_method = @{
        type = 'str'; choices = @('aes128', 'aes256', 'xts_aes128', 'xts_aes256'); default = 'aes256'
    }
    erase = @{ type = 'bool'; default = $false }
    files = @{ type = 'list'; elements = 'dict'; options = $file; default = @() }
    sessions = @{ type = 'list'; elements = 'dict'; options = $session; default = @() }
}
$spec = @{
    options = @{
        container = @{ type = 'str'; required = $true }
        discard_attempts = @{ type = 'list'; elements = 'str'; default = @() }
        drives = @{ type = 'list'; elements = 'dict'; default = @(); options = $drive }
        erase_fingerprints = @{ type = 'list'; elements = 'str'; default = @() }
        journal_directory = @{ type = 'path' }
        protected_paths = @{ type = 'list'; elements = 'path'; default = @() }
        seed = @{ type = 'str'; required = $true }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        tool_sha256 = @{ type = 'str' }
        tool_version = @{ type = 'str' }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    $module.Result.tool = Get-SeedTool -Path $module.Params.tool_path -Version $module.Params.tool_version
    $module.Result.drives = @(Get-SeedDrive -Option $module.Params | ForEach-Object { $_.record })
    if ($module.Params.journal_directory) {
        $module.Result.journals = @(Find-SeedLeftJournal -Directory $module.Params.journal_directory)
    }
    $module.Result.host_busy = @(Get-SeedBusyDrive -Option $module.Params)
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
