# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveFresh
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk
#AnsibleRequires -PowerShell ..module_utils._Session
#AnsibleRequires -PowerShell ..module_utils._Volume

# What a drive is whose current attempt ended, and what that attempt does next. Pure. Private to the collection.

function Get-SeedAttemptNext {
    <#
    .SYNOPSIS
        What the current attempt does next, by itself or with a word: action, session and reason.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $known = @{ State = Get-SeedAttemptState -Facts $Facts; Journal = $Facts.journal; Serial = $Facts.serial }
    $known['Content'] = Get-SeedContentKind -Facts $Facts
    $known['Access'] = Get-SeedAccess -Facts $Facts
    if ($Facts.attempt) {
        $known['Session'] = @(Get-SeedSession -Attempt $Facts.attempt)
        $known['OldKey'] = Test-SeedOldKey -Facts $Facts
    }
    if ($Facts.journal) {
        $named = "$(Get-SeedField -Value $Facts.journal -Name drive_id)"
        $known['DriveId'] = ConvertTo-SeedSerial -Serial $named
        if (Test-SeedDriveId -DriveId $named -Serial $Facts.serial) { $known['DriveId'] = $Facts.serial }
    }
    $next = Get-SeedNext @known
    $guards = @()
    if ($Facts.disk) { $guards = @($Facts.disk.guards) }
    if ($next.action -in 'resume', 'abort', 'start' -and $known['State'] -in 'failed', 'interrupted' -and $guards) {
        return New-SeedNext -Action ask -Session $next.session -Reason "Drive $($Facts.serial) $($guards -join ' ')"
    }
    $next
}

function Get-SeedEndedVerdict {
    <#
    .SYNOPSIS
        What a drive is whose attempt ended without being complete: interrupted, failed or unknown.
    .PARAMETER Facts
        The facts.
    .PARAMETER State
        The state of the attempt.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][string]$State)
    $attempt = $Facts.attempt
    $discard = "To give it up and begin anew, allow it with ``discard_attempts: [$($attempt.id)]``."
    $next = Get-SeedAttemptNext -Facts $Facts
    if ($State -eq 'torn') {
        $what = 'its state file cannot be read'
        if ($attempt.run_state -eq 'missing') { $what = 'its state file is missing' }
        if (-not $attempt.readable) { $what = 'its attempt.json cannot be read' }
        elseif ($attempt.run_state -eq 'ok') { $what = 'its journal cannot be opened' }
        return New-SeedVerdict -Status unknown -Allowed discard -Reason (
            "How attempt $($attempt.id) to drive $($Facts.serial) stands is not known: $what in " +
            "'$($attempt.folder)'. $discard"
        )
    }
    $sessions = @(Get-SeedSession -Attempt $attempt)
    $open = @($sessions | Where-Object { $_.state -ne 'completed' })
    $allowed = 'discard'
    $remedy = "$($next.reason) $discard"
    if ($next.action -in 'start', 'resume', 'abort') {
        $allowed = 'resume'
        $remedy = $next.reason
    }
    if ($open.Count -eq 0 -and (Test-SeedOldKey -Facts $Facts)) {
        $why = 'the task ended'
        if ($attempt.run.error) { $why = "$($attempt.run.error)".TrimEnd('.') }
        return New-SeedVerdict -Status $State -Allowed $allowed -Reason (
            "All sessions of attempt $($attempt.id) to drive $($Facts.serial) ended well, but the key that was on " +
            "the tool's command line is not replaced yet: $why. $remedy"
        )
    }
    if ($State -eq 'interrupted') {
        return New-SeedVerdict -Status interrupted -Allowed $allowed -Reason (
            "The copy to drive $($Facts.serial) in attempt $($attempt.id) ended with its process, after " +
            "$($sessions.Count - $open.Count) of $($sessions.Count) sessions. $remedy"
        )
    }
    if ($open.Count -eq 0) {
        return New-SeedVerdict -Status failed -Allowed discard -Reason (
            "All sessions of attempt $($attempt.id) to drive $($Facts.serial) ended well, but " +
            "$(Get-SeedJournalLack -Facts $Facts). $discard"
        )
    }
    $words = "The copy to drive $($Facts.serial) in attempt $($attempt.id) failed in session $($open[0].id)"
    if ($null -ne $open[0].exit_code) { $words += " with exit code $($open[0].exit_code)" }
    $said = "$($attempt.run.error)"
    if (-not $said) { $said = "$(@($attempt.run.last_lines) | Select-Object -Last 1)" }
    if ($said) { $words += ": $($said.TrimEnd('.'))" }
    New-SeedVerdict -Status failed -Allowed $allowed -Reason "$words. $remedy"
}

function Get-SeedReadableVerdict {
    <#
    .SYNOPSIS
        What a readable drive with a complete attempt is: verified, mismatch, copied or unknown.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $attempt = $Facts.attempt
    $serial = $Facts.serial
    $discard = "To give it up and begin anew, allow it with ``discard_attempts: [$($attempt.id)]``."
    if (-not $Facts.content.encryption) {
        return New-SeedVerdict -Status unknown -Allowed collect -Reason (
            "The encryption of drive $serial cannot be read."
        )
    }
    $verify = $Facts.verify
    if ($verify -and -not $verify.ok) {
        return New-SeedVerdict -Status mismatch -Allowed discard -Reason (
            "Drive $serial does not hold what its manifest says: $(@($verify.mismatches)[0]). Do not ship it. $discard"
        )
    }
    $lack = Get-SeedProtectionLack -Serial $serial -Encryption $Facts.content.encryption
    if ($lack) {
        $next = @('collect')
        if ("$($Facts.content.encryption.volume_status)" -eq 'EncryptionInProgress') { $next += 'wait' }
        return New-SeedVerdict -Status copied -Allowed $next -Reason "$lack It is copied, and not verified."
    }
    if ($verify) {
        return New-SeedVerdict -Status verified -Allowed collect, lock -Reason (
            "Drive $serial was read again and holds its files."
        )
    }
    $md5 = $Facts.content.manifest_md5
    if ($null -eq $md5) {
        return New-SeedVerdict -Status unknown -Allowed collect -Reason (
            "Whether the manifest on drive $serial is the one that its journal names is not known, because it cannot " +
            "be hashed: $("$($Facts.content.text)".TrimEnd('.'))."
        )
    }
    if ($md5 -ne $Facts.journal.manifest_hash) {
        return New-SeedVerdict -Status mismatch -Allowed discard -Reason (
            "The manifest on drive $serial is not the one that its journal names. Do not ship it. $discard"
        )
    }
    $reason = "Drive $serial is copied. Read it again before it travels."
    if ($attempt.run.operation -eq 'verify' -and $attempt.run.state -ne 'ended') {
        $reason = "Reading drive $serial again was interrupted. Start it once more."
    }
    elseif ($attempt.run.operation -eq 'verify') {
        $reason = "Reading drive $serial again failed: $($attempt.run.error)"
    }
    New-SeedVerdict -Status copied -Reason $reason -Allowed collect, verify
}

function Get-SeedCompleteVerdict {
    <#
    .SYNOPSIS
        What a drive with a complete attempt is. It is never prepared or erased, whatever it shows.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $serial = $Facts.serial
    $access = Get-SeedAccess -Facts $Facts
    if ($access -eq 'missing') {
        return New-SeedVerdict -Status missing -Allowed collect, insert -Reason (
            "Drive $serial is copied and not attached to this host. Insert it to go on."
        )
    }
    if (@($Facts.problems).Count -gt 0) {
        return New-SeedVerdict -Status unknown -Allowed collect -Reason (@($Facts.problems) -join ' ')
    }
    # An offline disk shows no partition, so nobody can say whose it is.
    if ($access -eq 'offline') {
        return New-SeedVerdict -Status locked -Allowed collect -Reason (
            "Drive $serial is copied and its disk is offline. Bring it online."
        )
    }
    if ((Get-SeedContentKind -Facts $Facts) -ne 'ours') {
        return New-SeedVerdict -Status mismatch -Allowed discard -Reason (
            "Drive $serial does not hold any more what attempt $($Facts.attempt.id) wrote: somebody partitioned it " +
            "anew. To give that attempt up, allow it with ``discard_attempts: [$($Facts.attempt.id)]``."
        )
    }
    $sure = $Facts.verify -and $Facts.verify.ok
    if ($access -eq 'locked' -and $sure) {
        return New-SeedVerdict -Status verified -Allowed collect -Reason (
            "Drive $serial was read again, holds its files and is locked."
        )
    }
    if ($access -eq 'locked') {
        return New-SeedVerdict -Status locked -Allowed collect, unlock -Reason (
            "Drive $serial is copied and its BitLocker volume is locked, as after every restart. Unlock it with " +
            "the key of its journal."
        )
    }
    if ($access -eq 'unknown') {
        return New-SeedVerdict -Status unknown -Allowed collect -Reason (
            "Drive $serial is copied, but cannot be looked into."
        )
    }
    Get-SeedReadableVerdict -Facts $Facts
}

function Get-SeedAttemptVerdict {
    <#
    .SYNOPSIS
        What a drive with a current attempt of this seed is.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    .PARAMETER State
        The state of the attempt.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Facts,
        [Parameter(Mandatory = $true)][object]$Option,
        [Parameter(Mandatory = $true)][string]$State
    )
    $attempt = $Facts.attempt
    if ($State -eq 'torn') { return Get-SeedEndedVerdict -Facts $Facts -State $State }
    $planned = @($Option.files)
    $other = ''
    if ($attempt.container -ne $Option.container) {
        $other = "copies to the container '$($attempt.container)', not '$($Option.container)'"
    }
    elseif ($planned.Count -gt 0 -and -not (Test-SeedSameFile -Left $planned -Right @($attempt.files))) {
        $other = 'copied other files than the plan names now'
    }
    if ($other) {
        return New-SeedVerdict -Status failed -Allowed discard -Reason (
            "Attempt $($attempt.id) to drive $($Facts.serial) $other. To give it up, allow it with " +
            "``discard_attempts: [$($attempt.id)]``."
        )
    }
    if ($State -eq 'complete') { return Get-SeedCompleteVerdict -Facts $Facts }
    if (-not $Facts.disk -and @($Facts.problems).Count -eq 0) {
        return New-SeedVerdict -Status missing -Allowed insert -Reason (
            "Drive $($Facts.serial) is not attached to this host, and attempt $($attempt.id) to it is not " +
            "complete. Insert it."
        )
    }
    Get-SeedEndedVerdict -Facts $Facts -State $State
}

function Get-SeedNeverStartedVerdict {
    <#
    .SYNOPSIS
        What a drive is whose attempt ended before the tool started. It may be prepared without a word, but not for
        ever.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $fresh = Get-SeedFreshVerdict -Facts $Facts -Option $Option
    if ('prepare' -notin $fresh.allowed) { return $fresh }
    $attempt = $Facts.attempt
    $why = 'its task never began'
    if ($attempt.run -and $attempt.run.error) { $why = "$($attempt.run.error)".TrimEnd('.') }
    $status = 'interrupted'
    if ($attempt.run -and $attempt.run.state -eq 'ended') { $status = 'failed' }
    $reason = "Attempt $($attempt.id) to drive $($Facts.serial) ended before the tool started: $why."
    if (Test-SeedBeside -Run $attempt.run) {
        return New-SeedVerdict -Status $status -Reason (
            "$reason It begins when no other copy runs there. Set ``parallel: 1``."
        ) -Allowed prepare
    }
    if ([int]$Facts.never_started -ge 3 -and $attempt.id -notin @($Option.discard_attempts)) {
        return New-SeedVerdict -Status $status -Allowed discard -Reason (
            "$reason $($Facts.never_started) attempts in a row ended so. Remove the cause, then allow it with " +
            "``discard_attempts: [$($attempt.id)]``."
        )
    }
    New-SeedVerdict -Status $status -Reason "$reason It can simply be begun anew." -Allowed prepare
}

Export-ModuleMember -Function @(
    'Get-SeedAttemptNext', 'Get-SeedEndedVerdict', 'Get-SeedReadableVerdict', 'Get-SeedCompleteVerdict',
    'Get-SeedAttemptVerdict', 'Get-SeedNeverStartedVerdict'
)
