#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Rehearsal
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk

$spec = @{
    options = @{ state = @{ type = 'str'; choices = @('present', 'absent'); default = 'present' } }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    if ($module.Params.state -eq 'absent') {
        $module.Result.changed = Test-Path -LiteralPath (Get-SeedRehearsalFolder) -ErrorAction Stop
        $module.Result.removed = @(if ($module.Result.changed) { Remove-SeedRehearsal -CheckMode $module.CheckMode })
        $module.ExitJson()
    }
    $module.Result.changed = $true
    if ($module.CheckMode) { Assert-SeedNoRehearsal }
    else {
        $made = New-SeedRehearsal
        foreach ($name in $made.Keys) { $module.Result.$name = $made[$name] }
    }
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
