#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Volume

$spec = @{
    options = @{
        external_key = @{ type = 'str'; no_log = $true }
        journal = @{ type = 'str' }
        kept = @{
            type = 'dict'
            options = @{
                certificate = @{ type = 'path' }
                escrow = @{ type = 'list'; elements = 'dict' }
                file = @{ type = 'path' }
                passphrase = @{ type = 'str'; no_log = $true }
                private_key = @{ type = 'path' }
                receipt = @{ type = 'dict' }
            }
        }
        recovery_password = @{ type = 'str'; no_log = $true }
        seed = @{ type = 'str' }
        serials = @{ type = 'list'; elements = 'str'; required = $true }
        store = @{ type = 'dict' }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
    }
    mutually_exclusive = @(, @('recovery_password', 'external_key', 'journal', 'kept'))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$key = @{}
if ($module.Params.recovery_password) { $key.RecoveryPassword = $module.Params.recovery_password }
if ($module.Params.external_key) { $key.ExternalKey = $module.Params.external_key }
try {
    if ($key.Count -gt 0 -and @($module.Params.serials).Count -ne 1) {
        throw 'A key belongs to one drive: give one serial in `serials` with it.'
    }
    $module.Result.volumes = @(foreach ($serial in $module.Params.serials) {
        $record = Get-SeedVolumeRecord -Serial $serial -Key $key
        $open = @(Get-SeedOpenAttempt -Serial $serial -WorkDirectory $module.Params.work_directory)
        $record | Add-Member -NotePropertyName attempts -NotePropertyValue $open -PassThru
    })
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
