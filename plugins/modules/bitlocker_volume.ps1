#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Volume

$spec = @{
    options = @{
        external_key = @{ type = 'str'; no_log = $true }
        journal = @{ type = 'str' }
        mount_point = @{ type = 'str' }
        recovery_password = @{ type = 'str'; no_log = $true }
        seed = @{ type = 'str' }
        serial = @{ type = 'str' }
        state = @{ type = 'str'; choices = @('unlocked', 'locked'); default = 'unlocked' }
        store = @{ type = 'dict' }
    }
    required_one_of = @(, @('serial', 'mount_point'))
    mutually_exclusive = @(@('serial', 'mount_point'), @('recovery_password', 'external_key', 'journal'))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$key = @{}
if ($module.Params.recovery_password) { $key.RecoveryPassword = $module.Params.recovery_password }
if ($module.Params.external_key) { $key.ExternalKey = $module.Params.external_key }
$wanted = $module.Params.state

try {
    $letter = $module.Params.mount_point
    if ($module.Params.serial) { $letter = Get-SeedDriveLetter -Serial $module.Params.serial }
    $volume = Get-SeedVolume -Letter $letter
    $locked = $volume.lock_status -eq 'Locked'
    $module.Diff.before = @{ lock_status = $volume.lock_status }
    $module.Diff.after = @{ lock_status = $volume.lock_status }
    if (($wanted -eq 'locked') -ne $locked) {
        Assert-SeedVolumeChange -Volume $volume -State $wanted -HasKey ($key.Count -gt 0)
        $module.Result.changed = $true
        $module.Diff.after = @{ lock_status = @{ locked = 'Locked'; unlocked = 'Unlocked' }[$wanted] }
        if (-not $module.CheckMode) {
            if ($wanted -eq 'locked') { Lock-SeedVolume -Letter $letter }
            else { Unlock-SeedVolume -Letter $letter @key }
            $volume = Get-SeedVolume -Letter $letter
        }
    }
    $module.Result.volume = $volume
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
