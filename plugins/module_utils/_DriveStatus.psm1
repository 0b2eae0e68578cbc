# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._DriveEnded
#AnsibleRequires -PowerShell ..module_utils._DriveFresh
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Session

# The one place that says what a drive is and what may happen to it. Pure: facts and options in,
# words out. Private to the collection.

function Get-SeedStatusNext {
    <#
    .SYNOPSIS
        What a drive does next, as its verdict allows it: action, session and reason.
    .PARAMETER Facts
        The facts.
    .PARAMETER Verdict
        The verdict.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Verdict)
    $next = Get-SeedAttemptNext -Facts $Facts
    if ('prepare' -in $Verdict.allowed) { return New-SeedNext -Action start -Reason $Verdict.reason }
    if ($next.action -in 'wait', 'done', 'new_attempt' -or 'resume' -in $Verdict.allowed) { return $next }
    # What the attempt would do by itself waits for a person, or for the drive, where the verdict says so.
    if ('insert' -in $Verdict.allowed) { return New-SeedNext -Action wait -Reason $Verdict.reason }
    if ($next.action -eq 'ask') { return $next }
    if ('discard' -in $Verdict.allowed) { return New-SeedNext -Action new_attempt -Reason $Verdict.reason }
    New-SeedNext -Action ask -Reason $Verdict.reason
}

function Get-SeedDriveStatus {
    <#
    .SYNOPSIS
        What a drive is: status, reason, allowed, next, content, access and activity.
    .DESCRIPTION
        The only place that decides about a drive. Options of a drive: container, erase, bus, files, discard_attempts
        and erase_fingerprints. What cannot be known allows nothing that destroys.
    .PARAMETER Facts
        The facts, as _DriveState describes them.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $state = Get-SeedAttemptState -Facts $Facts
    $attempt = $Facts.attempt
    if ($state -eq 'none') { $verdict = Get-SeedFreshVerdict -Facts $Facts -Option $Option }
    elseif ($state -eq 'running') {
        $status = 'copying'
        $what = "Attempt $($attempt.id) copies to drive $($Facts.serial)."
        if ($attempt.run -and $attempt.run.operation -eq 'verify') {
            $status = 'verifying'
            $what = "Drive $($Facts.serial) is being read again."
        }
        $verdict = New-SeedVerdict -Status $status -Reason $what -Allowed wait
    }
    elseif ($state -eq 'never_started') { $verdict = Get-SeedNeverStartedVerdict -Facts $Facts -Option $Option }
    else {
        $verdict = Get-SeedAttemptVerdict -Facts $Facts -Option $Option -State $state
        if ($attempt.id -in @($Option.discard_attempts)) {
            $fresh = Get-SeedFreshVerdict -Facts $Facts -Option $Option
            if ('prepare' -in $fresh.allowed) {
                $verdict = New-SeedVerdict -Status $verdict.status -Allowed prepare -Reason (
                    "Attempt $($attempt.id) to drive $($Facts.serial) is given up by ``discard_attempts``; a new " +
                    "one may begin."
                )
            }
            else { $verdict = $fresh }
        }
    }
    [pscustomobject][ordered]@{
        status = $verdict.status
        reason = $verdict.reason
        allowed = @($verdict.allowed)
        next = Get-SeedStatusNext -Facts $Facts -Verdict $verdict
        content = Get-SeedContentKind -Facts $Facts
        access = Get-SeedAccess -Facts $Facts
        activity = Get-SeedActivity -Facts $Facts
    }
}

Export-ModuleMember -Function @(
    'Get-SeedStatusNext', 'Get-SeedDriveStatus'
)
