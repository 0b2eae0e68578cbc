#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._BitLocker
#AnsibleRequires -PowerShell ..module_utils._BitLockerDirectory
#AnsibleRequires -PowerShell ..module_utils._BitLockerStep
#AnsibleRequires -PowerShell ..module_utils._BitLockerTask
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Registry
#AnsibleRequires -PowerShell ..module_utils._Volume

$states = 'encrypted', 'unlocked', 'locked', 'decrypted', 'suspended'
$types = 'recovery_password', 'password', 'external_key', 'account', 'tpm'
$one = @('serial', 'mount_point')
$keys = @('recovery_password', 'external_key', 'password')
$spec = @{
    options = @{
        attempts = @{ type = 'list'; elements = 'str' }
        auto_unlock = @{ type = 'bool' }
        escrow = @{ type = 'list'; elements = 'dict' }
        escrowed = @{ type = 'list'; elements = 'str' }
        exclusive = @{ type = 'bool'; default = $false }
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
        method = @{ type = 'str'; choices = @('aes128', 'aes256', 'xts_aes128', 'xts_aes256') }
        mount_point = @{ type = 'str' }
        password = @{ type = 'str'; no_log = $true }
        poll_interval = @{ type = 'int'; default = 60 }
        protectors = @{
            type = 'list'
            elements = 'dict'
            options = @{
                account = @{ type = 'str' }
                type = @{ type = 'str'; required = $true; choices = $types }
                value = @{ type = 'str'; no_log = $true }
            }
        }
        reboot_count = @{ type = 'int' }
        recovery_password = @{ type = 'str'; no_log = $true }
        require = @{ type = 'str'; choices = @('all', 'any'); default = 'all' }
        return_keys = @{ type = 'bool'; default = $false }
        rotate = @{ type = 'list'; elements = 'str' }
        seed = @{ type = 'str' }
        serial = @{ type = 'str' }
        state = @{ type = 'str'; choices = $states; default = 'unlocked' }
        store = @{ type = 'dict' }
        used_space_only = @{ type = 'bool' }
        volumes = @{
            type = 'list'
            elements = 'dict'
            options = @{
                external_key = @{ type = 'str'; no_log = $true }
                mount_point = @{ type = 'str' }
                password = @{ type = 'str'; no_log = $true }
                recovery_password = @{ type = 'str'; no_log = $true }
                serial = @{ type = 'str' }
            }
            required_one_of = @(, $one)
            mutually_exclusive = @($one, $keys)
        }
        wait = @{ type = 'bool'; default = $false }
        wait_timeout = @{ type = 'int'; default = 604800 }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
        _devices = @{ type = 'list'; elements = 'str' }
        _directory = @{ type = 'bool'; default = $false }
        _hold = @{ type = 'bool'; default = $false }
        _transport_certificate = @{ type = 'str' }
    }
    required_one_of = @(, @('serial', 'mount_point', 'volumes'))
    mutually_exclusive = @(
        @('serial', 'mount_point', 'volumes'),
        @('recovery_password', 'external_key', 'password', 'journal', 'kept', 'volumes')
    )
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
try {
    $records = @(Invoke-SeedBitLockerTask -Option $module.Params -CheckOnly:$module.CheckMode)
    $module.Diff.before, $module.Diff.after = @{}, @{}
    foreach ($record in $records) {
        $module.Diff.before[$record.mount_point] = $record.before
        $module.Diff.after[$record.mount_point] = $record.after
        foreach ($text in $record.warnings) { $module.Warn($text) }
    }
    $module.Result.changed = @($records | Where-Object { @($_.steps).Count -gt 0 }).Count -gt 0
    $module.Result.volumes = @($records | ForEach-Object { ConvertTo-SeedBitLockerResult -Record $_ })
    $module.Result.volume = $(if ($records.Count -eq 1 -and $null -eq $module.Params.volumes) { $records[0].volume })
    if ($module.Params.wait -or $module.Params._hold) {
        $module.Result.devices = @($records | ForEach-Object { $_.device })
    }
    $sealed = @($records | Where-Object { $_.sealed } | ForEach-Object { $_.sealed })
    if ($module.Params._transport_certificate) { $module.Result.sealed_keys = $sealed }
    $problems = @($records | Where-Object { $_.problem } | ForEach-Object { $_.problem })
    if ($problems.Count -gt 0) { throw ($problems -join ' ') }
}
catch { $module.FailJson("$_", $_) }
$module.ExitJson()
