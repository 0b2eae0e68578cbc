#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Disk
#AnsibleRequires -PowerShell ..module_utils._BitLocker

$spec = @{
    options = @{ serials = @{ type = 'list'; elements = 'str'; required = $true } }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    $module.Result.volumes = @(foreach ($serial in $module.Params.serials) {
            $drive = Get-SeedDrive -Serial $serial -Erase $false -Ours $true
            $volume = $null
            if ($drive.letter) { $volume = Get-SeedVolume -Letter $drive.letter }
            @{ serial = $drive.serial; present = $drive.present; volume = $volume }
        })
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
