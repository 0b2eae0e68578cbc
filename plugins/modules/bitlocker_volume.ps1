#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Disk
#AnsibleRequires -PowerShell ..module_utils._BitLocker

$spec = @{
    options = @{
        external_key = @{ type = 'str'; no_log = $true }
        journal = @{ type = 'str' }
        mount_point = @{ type = 'str' }
        recovery_password = @{ type = 'str'; no_log = $true }
        serial = @{ type = 'str' }
        state = @{ type = 'str'; choices = @('unlocked', 'locked', 'adopted'); default = 'unlocked' }
    }
    required_one_of = @(, @('serial', 'mount_point'))
    mutually_exclusive = @(@('serial', 'mount_point'), @('recovery_password', 'external_key', 'journal'))
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$letter = "$($module.Params.mount_point)".TrimEnd(':', '\')
$key = @{}
if ($module.Params.recovery_password) { $key.RecoveryPassword = $module.Params.recovery_password }
if ($module.Params.external_key) { $key.ExternalKey = $module.Params.external_key }

try {
    if ($module.Params.serial) {
        $drive = Get-SeedDrive -Serial $module.Params.serial -Erase $false -Ours $true
        if (-not $drive.letter) { throw "The drive with serial $($drive.serial) is not attached to this host, or has no letter. Insert it." }
        $letter = $drive.letter
    }
    $volume = Get-SeedVolume -Letter $letter
    $locked = $volume.lock_status -eq 'Locked'
    $wanted = $module.Params.state
    $module.Diff.before = @{ lock_status = $volume.lock_status }
    $module.Result.changed = ($wanted -eq 'locked' -and -not $locked) -or ($wanted -ne 'locked' -and $locked)
    if ($wanted -ne 'locked' -and $key.Count -eq 0 -and ($locked -or $wanted -eq 'adopted')) { throw "A key is needed for state: $wanted. Give journal, recovery_password or external_key." }
    if ($wanted -eq 'locked' -and $volume.protectors.Count -eq 0) { throw "The volume ${letter}: is not encrypted and cannot be locked." }
    if ($module.Result.changed -and -not $module.CheckMode) {
        if ($wanted -eq 'locked') { Lock-SeedVolume -Letter $letter }
        else { Unlock-SeedVolume -Letter $letter @key }
        $volume = Get-SeedVolume -Letter $letter
    }
    $module.Result.adopted = $false
    if ($wanted -eq 'adopted' -and -not ($locked -and $module.CheckMode)) {
        if ($volume.volume_status -notlike 'FullyEncrypted*') { throw "The volume ${letter}: is $($volume.volume_status), not fully encrypted. Wait for the encryption to end." }
        if (-not (Test-SeedKey -Letter $letter @key)) { throw "The key does not belong to the volume ${letter}:. Do not ship this drive; prepare it again." }
        $module.Result.adopted = $true
    }
}
catch { $module.FailJson("$_", $_) }

$after = 'Unlocked'
if ($wanted -eq 'locked') { $after = 'Locked' }
$module.Diff.after = @{ lock_status = $after }
$module.Result.volume = $volume
$module.ExitJson()
