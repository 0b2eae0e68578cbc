#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Clean
#AnsibleRequires -PowerShell ..module_utils._Collect
#AnsibleRequires -PowerShell ..module_utils._Prepare
#AnsibleRequires -PowerShell ..module_utils._Restore
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
$lost = @{
    serial = @{ type = 'str'; required = $true }
    id = @{ type = 'str'; required = $true }
    journal = @{ type = 'str'; required = $true }
    sha256 = @{ type = 'str'; required = $true }
    manifest_file = @{ type = 'str'; required = $true }
    manifest_hash = @{ type = 'str'; required = $true }
    partition_guid = @{ type = 'str' }
    size_bytes = @{ type = 'raw' }
}
$spec = @{
    options = @{
        _journals = @{ type = 'str'; no_log = $true }
        _retry = @{ type = 'bool'; default = $true }
        _transport_certificate = @{ type = 'str' }
        attempts = @{ type = 'list'; elements = 'dict'; options = $lost; default = @() }
        collected = @{ type = 'list'; elements = 'str'; default = @() }
        container = @{ type = 'str'; required = $true }
        copy_account = @{
            type = 'dict'
            options = @{
                password = @{ type = 'str'; no_log = $true }
                type = @{ type = 'str'; choices = @('system', 'managed_service_account', 'user'); default = 'system' }
                user = @{ type = 'str' }
            }
            required_if = @(
                @('type', 'managed_service_account', @('user')), @('type', 'user', @('user', 'password'))
            )
        }
        discard_attempts = @{ type = 'list'; elements = 'str'; default = @() }
        drives = @{ type = 'list'; elements = 'dict'; required = $true; options = $drive }
        erase_fingerprints = @{ type = 'list'; elements = 'str'; default = @() }
        escrow = @{ type = 'list'; elements = 'dict' }
        escrow_require = @{ type = 'str'; choices = @('all', 'any'); default = 'all' }
        escrowed = @{ type = 'list'; elements = 'str'; default = @() }
        journal_directory = @{ type = 'path' }
        journals = @{ type = 'list'; elements = 'str'; default = @() }
        lock = @{ type = 'dict' }
        parallel = @{ type = 'int'; default = 1 }
        poll_interval = @{ type = 'int'; default = 60 }
        protected_paths = @{ type = 'list'; elements = 'path'; default = @() }
        seed = @{ type = 'str'; required = $true }
        source_directory = @{ type = 'path' }
        state = @{
            type = 'str'
            choices = @('prepared', 'verified', 'stopped', 'cleaned', 'adopted', 'restored')
            default = 'prepared'
        }
        store = @{ type = 'dict' }
        tool_content_md5 = @{ type = 'bool'; default = $false }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        tool_sha256 = @{ type = 'str' }
        tool_version = @{ type = 'str' }
        wait = @{ type = 'bool'; default = $false }
        wait_for = @{ type = 'str'; choices = @('all', 'next'); default = 'all' }
        wait_timeout = @{ type = 'int'; default = 604800 }
        work_directory = @{ type = 'path'; default = 'C:\ProgramData\Seedfreight' }
    }
    required_if = @(
        @('state', 'prepared', @('source_directory')), @('state', 'adopted', @('journal_directory', 'journals')),
        @('state', 'restored', @('attempts'))
    )
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$option = $module.Params

if ($option.state -eq 'adopted') {
    # The drives are the utility's: nobody looks at them, and the host is only read.
    try {
        $found = @(Find-SeedLeftJournal -Directory $option.journal_directory)
        $wanted = @($option.journals | Where-Object { $_ -notin $option.collected })
        $module.Result.journals = $found
        $module.Result.drives = @()
        $module.Result.changed = @($found | Where-Object { $_.completed -and $_.sha256 -in $wanted }).Count -gt 0
        if ($option._transport_certificate) {
            $sealed = @{ Certificate = $option._transport_certificate; Wanted = $wanted }
            $module.Result.sealed_journals = @(Protect-SeedLeftJournal -Journal $found @sealed)
        }
    }
    catch { $module.FailJson("$_", $_) }
    $module.ExitJson()
}

try {
    $work = @{ Option = $option; CheckMode = $module.CheckMode }
    $change = switch ($option.state) {
        'prepared' { Invoke-SeedPrepare @work }
        'verified' { Invoke-SeedVerify @work }
        'stopped' { Invoke-SeedStop @work }
        'cleaned' { Invoke-SeedClean @work }
        'restored' { Invoke-SeedRestore @work }
    }
    $module.Result.changed = $change.changed
    $module.Diff.before = $change.before
    $module.Diff.after = $change.after
    if ($option.state -in 'prepared', 'verified') { $module.Result.failed_drives = @($change.failed_drives) }
    if ($option.state -eq 'prepared') { $module.Result.host_busy = @($change.busy) }
    if ($option.state -eq 'restored') { $module.Result.restored = @($change.restored) }
    if ($option.state -eq 'stopped') { $module.Result.stopped = @($change.stopped) }
    if ($option.state -eq 'cleaned') {
        foreach ($name in 'removed', 'key_found_in', 'key_unknown_in') { $module.Result.$name = @($change.$name) }
        foreach ($one in @($change.key_unknown_in)) {
            $module.Warn("Whether '$one' holds the key of a drive is not known, because it cannot be read.")
        }
    }
    # Where nothing was done, the look that said so is the answer.
    $drives = @($change.drives)
    if (($change.changed -and -not $module.CheckMode) -or $change.failure) {
        $drives = @(Get-SeedDrive -Option $option)
    }
    $module.Result.tool = Get-SeedTool -Path $option.tool_path -Version $option.tool_version
    $module.Result.drives = @($drives | ForEach-Object { $_.record })
    if ($option._transport_certificate) {
        $sealed = @{ Drive = $drives; Certificate = $option._transport_certificate; Collected = @($option.collected) }
        $module.Result.sealed_journals = @(Get-SeedSealedJournal @sealed)
    }
}
catch { $module.FailJson("$_", $_) }

if ($change.failure) { $module.FailJson($change.failure) }
$module.ExitJson()
