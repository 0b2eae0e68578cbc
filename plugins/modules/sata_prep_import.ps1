#!powershell

# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ..module_utils._Copy

$spec = @{
    options = @{
        collect_journals = @{ type = 'dict'; options = @{ directory = @{ type = 'str'; required = $true }; escrow = @{ type = 'list'; elements = 'dict'; required = $true } } }
        container = @{ type = 'str' }
        drives = @{
            type = 'list'; elements = 'dict'; required = $true
            options = @{ serial = @{ type = 'str'; required = $true }; erase = @{ type = 'bool'; default = $false }; session_id = @{ type = 'str' } }
        }
        journal_directory = @{ type = 'path'; default = 'C:\Seedfreight\journals' }
        log_directory = @{ type = 'path'; default = 'C:\Seedfreight\logs' }
        poll_interval = @{ type = 'int'; default = 60 }
        sealed = @{ type = 'list'; elements = 'dict' }
        source_directory = @{ type = 'path' }
        state = @{ type = 'str'; choices = @('prepared', 'verified', 'cleaned'); default = 'prepared' }
        tool_path = @{ type = 'path'; default = 'C:\WAImportExportV1\WAImportExport.exe' }
        tool_version = @{ type = 'str' }
        transport_certificate = @{ type = 'str' }
        wait = @{ type = 'bool'; default = $false }
        wait_timeout = @{ type = 'int'; default = 604800 }
    }
    required_if = @(
        , @('state', 'prepared', @('source_directory', 'container'))
        , @('state', 'cleaned', @('sealed'))
    )
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$listed = @($module.Params.drives)
$folder = $module.Params.journal_directory
$changed = $false

try {
    $copy = Get-SeedCopy -Drive $listed -Folder $folder
    $module.Diff.before = @{ journals = @($copy.journals | ForEach-Object { @{ serial = $_.serial; prepared = $_.prepared; verified = [bool]($_.verify -and $_.verify.ok) } }) }
    if ($module.Params.state -eq 'prepared') {
        if (@($listed | Where-Object { -not $_.session_id }).Count -gt 0) { throw 'session_id is missing in drives. Each drive needs one, 3 to 30 letters, digits, underscores, hyphens or number signs.' }
        $step = Get-SeedPrepareStep -Copy $copy -Drive $listed
        if ($step.action -eq 'copy') {
            Assert-SeedTool -Tool (Get-SeedTool -Path $module.Params.tool_path -Version $module.Params.tool_version)
            if (-not (Test-Path -LiteralPath $module.Params.source_directory -PathType Container)) { throw "source_directory '$($module.Params.source_directory)' is not a folder that this host can reach. Correct the path." }
            $changed = $true
            if (-not $module.CheckMode) { Start-SeedCopy -Seen $copy.drives[$step.index] -Listed $listed[$step.index] -Restart $step.restart -Option $module.Params }
        }
    }
    elseif ($module.Params.state -eq 'verified' -and @($copy.journals | Where-Object { $_.run.state -eq 'running' }).Count -eq 0) {
        for ($at = 0; $at -lt $listed.Count -and -not $changed; $at++) {
            if ($copy.journals[$at].verify -and $copy.journals[$at].verify.finished) { continue }
            $changed = $true
            if (-not $module.CheckMode) { Start-SeedVerify -Seen $copy.drives[$at] -Journal $copy.journals[$at] -Folder $folder }
        }
    }
    elseif ($module.Params.state -eq 'cleaned') {
        foreach ($journal in @($copy.journals | Where-Object { $_.exists -or $_.run.operation })) {
            $escrowed = @($module.Params.sealed | Where-Object { $_.kind -eq 'escrow' -and $_.sha256 -eq $journal.sha256 })
            if ($journal.exists -and $escrowed.Count -eq 0) { throw "The journal of drive $($journal.serial) stays: sealed names no escrow copy of it. Collect it first." }
            $changed = $true
            if (-not $module.CheckMode) { Remove-SeedJournal -Journal $journal -Option $module.Params }
        }
    }
    if ($changed -and -not $module.CheckMode) { $copy = Get-SeedCopy -Drive $listed -Folder $folder }
    if ($module.Params.transport_certificate) {
        $ready = @($copy.journals | Where-Object { $_.prepared })
        $module.Result.sealed_journals = @($ready | ForEach-Object { @{ serial = $_.serial; sha256 = $_.sha256; cms = Protect-SeedJournal -Path $_.path -Certificate $module.Params.transport_certificate } })
    }
}
catch { $module.FailJson("$_", $_) }

$module.Diff.after = @{ journals = @($copy.journals | ForEach-Object { @{ serial = $_.serial; prepared = $_.prepared; verified = [bool]($_.verify -and $_.verify.ok) } }) }
$module.Result.changed = $changed
$module.Result.tool = Get-SeedTool -Path $module.Params.tool_path -Version $module.Params.tool_version
$module.Result.drives = @($copy.drives)
$module.Result.journals = @($copy.journals)
$module.ExitJson()
