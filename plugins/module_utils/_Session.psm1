# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What a copy that ended before its last session does next. Pure. Private to the collection.
#
# Source: the tool's troubleshooting article. A session that ended abnormally is resumed, or aborted so that another may
# begin; only the last one, and never the first one of a drive. Exit codes and the journal's records of sessions are
# documented nowhere: a record is believed only where it says Completed and no exit code says otherwise, or where the
# journal did not grow, which says that a session never began.

function Get-SeedField {
    <#
    .SYNOPSIS
        A field of an object, or another value where it is missing: files of earlier versions lack some.
    .PARAMETER Value
        The object; null for none.
    .PARAMETER Name
        The field.
    .PARAMETER Default
        The other value.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Value, [Parameter(Mandatory = $true)][string]$Name, [AllowNull()][object]$Default)
    if ($null -eq $Value) { return $Default }
    if ($Value -is [System.Collections.IDictionary]) {
        # The dictionaries that Ansible makes of options have no Contains of their own.
        if (@($Value.Keys) -contains $Name) { return $Value[$Name] }
        return $Default
    }
    $field = $Value.PSObject.Properties[$Name]
    if ($field) { return $field.Value }
    $Default
}

function New-SeedNext {
    <#
    .SYNOPSIS
        What is next: action, session (its id in the plan; empty for none) and reason.
    .PARAMETER Action
        start, wait, resume, abort, new_attempt, done or ask.
    .PARAMETER Session
        The session.
    .PARAMETER Reason
        A sentence.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Action,
        [AllowEmptyString()][AllowNull()][string]$Session,
        [AllowEmptyString()][AllowNull()][string]$Reason
    )
    [pscustomobject][ordered]@{ action = $Action; session = "$Session"; reason = "$Reason" }
}

function Test-SeedSessionUnknown {
    <#
    .SYNOPSIS
        Whether a journal names sessions and not this one: then the tool never wrote down that it began.
    .PARAMETER Known
        The states of the sessions that the journal names, by id.
    .PARAMETER Id
        The id that the tool knows the session by.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Known, [Parameter(Mandatory = $true)][string]$Id)
    $Known -is [System.Collections.IDictionary] -and $Known.Count -gt 0 -and -not $Known.Contains($Id)
}

function Test-SeedSessionFinished {
    <#
    .SYNOPSIS
        Whether a session whose end nobody saw is completed: its journal says so, and that the drive is finished.
    .DESCRIPTION
        The tool is another process than the runner, so it may work on, for a day, after that one was ended.
    .PARAMETER Session
        The session as run.json has it.
    .PARAMETER Journal
        The journal of the facts; null without one.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Session, [AllowNull()][object]$Journal)
    if ($null -ne (Get-SeedField -Value $Session -Name exit_code)) { return $false }
    $finished = (Get-SeedField -Value $Journal -Name completed) -and (Get-SeedField -Value $Journal -Name manifest_hash)
    $known = Get-SeedField -Value $Journal -Name sessions
    $id = "$(Get-SeedField -Value $Session -Name tool_id -Default $Session.id)"
    [bool]$finished -and "$(Get-SeedField -Value $known -Name $id)" -eq 'Completed'
}

function Get-SeedSessionNext {
    <#
    .SYNOPSIS
        What a session other than the first one does next, when its copy has ended; or the first one if it is finished.
    .PARAMETER Session
        The session as run.json has it: tool_id, state, exit_code, stalled, refused, journal_bytes.
    .PARAMETER Journal
        The journal of the facts, with bytes and the states of the sessions that it names.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Session, [Parameter(Mandatory = $true)][object]$Journal)
    $id = $Session.id
    $code = Get-SeedField -Value $Session -Name exit_code
    $refused = "$(Get-SeedField -Value $Session -Name refused)"
    $known = Get-SeedField -Value $Journal -Name sessions
    $toolId = "$(Get-SeedField -Value $Session -Name tool_id -Default $id)"
    $says = Get-SeedField -Value $known -Name $toolId
    if ($refused -eq 'abort' -and (Test-SeedSessionUnknown -Known $known -Id $toolId)) {
        return New-SeedNext -Action start -Session $id -Reason (
            "The tool does not know session $id, so the next run starts it."
        )
    }
    if ($refused -in 'abort', 'start') {
        return New-SeedNext -Action ask -Session $id -Reason "The tool neither resumes nor aborts session $id."
    }
    $before = Get-SeedField -Value $Session -Name journal_bytes
    # The tool only appends to its journal, so one of the same length says that the session never began.
    $grew = $null -eq $before -or [long]$before -ne [long](Get-SeedField -Value $Journal -Name bytes -Default 0)
    $begun = $Session.state -ne 'pending' -or "$says" -ne ''
    if (-not $begun -or -not $grew) {
        return New-SeedNext -Action start -Session $id -Reason "The next run starts session $id."
    }
    if ("$says" -eq 'Completed' -and $null -ne $code) {
        return New-SeedNext -Action ask -Session $id -Reason (
            "The tool ended session $id with exit code $code, and its journal says that the session is completed."
        )
    }
    if ($refused -eq 'resume') {
        return New-SeedNext -Action abort -Session $id -Reason (
            "The tool does not resume session $id, so the next run aborts it and starts it anew."
        )
    }
    if ([int](Get-SeedField -Value $Session -Name stalled -Default 0) -ge 3) {
        return New-SeedNext -Action ask -Session $id -Reason (
            "Session $id was resumed three times in a row and got no further. Remove the cause first."
        )
    }
    New-SeedNext -Action resume -Session $id -Reason "The next run resumes session $id."
}

function Get-SeedNext {
    <#
    .SYNOPSIS
        What an attempt does next: action, session and reason.
    .PARAMETER State
        How the attempt stands, as Get-SeedAttemptState says it.
    .PARAMETER Session
        The sessions in their order, as Get-SeedSession shows them.
    .PARAMETER Journal
        The journal of the facts; null without one.
    .PARAMETER Content
        Whose the drive's content is: ours, foreign, empty or unknown.
    .PARAMETER Access
        How far the drive can be reached: missing, offline, locked, readable or unknown.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER DriveId
        The serial that the tool names in the journal, in its normal form.
    .PARAMETER OldKey
        Whether all that the attempt lacks is another key in place of the one that was on the tool's command line.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$State,
        [AllowEmptyCollection()][object[]]$Session = @(),
        [AllowNull()][object]$Journal,
        [string]$Content,
        [string]$Access,
        [string]$Serial,
        [AllowEmptyString()][string]$DriveId,
        [bool]$OldKey
    )
    $first = ''
    if ($Session.Count -gt 0) { $first = $Session[0].id }
    $open = @($Session | Where-Object { $_.state -ne 'completed' })
    if ($State -in 'none', 'never_started') {
        return New-SeedNext -Action start -Session $first -Reason 'The tool has not started yet.'
    }
    if ($State -eq 'running') {
        $now = @($Session | Where-Object { $_.state -eq 'running' }) + $open + @([pscustomobject]@{ id = '' })
        return New-SeedNext -Action wait -Session $now[0].id -Reason 'The work goes on by itself.'
    }
    if ($State -eq 'complete') { return New-SeedNext -Action done -Reason 'All sessions are completed.' }
    if ($State -eq 'torn') { return New-SeedNext -Action ask -Reason 'How the attempt stands is not known.' }
    if ($open.Count -eq 0 -and -not $OldKey) {
        return New-SeedNext -Action ask -Reason 'All sessions ended well, and the journal does not fit.'
    }
    $id = ''
    if ($open.Count -gt 0) { $id = $open[0].id }
    if ($id -and $id -eq $first -and -not (Test-SeedSessionFinished -Session $open[0] -Journal $Journal)) {
        return New-SeedNext -Action new_attempt -Session $id -Reason (
            'The first session of a drive can be neither resumed nor aborted.'
        )
    }
    $lack = ''
    if (-not $Journal) { $lack = 'The journal is not there' }
    elseif ("$($Journal.damaged)") { $lack = "The journal is damaged ($($Journal.damaged))" }
    elseif ($DriveId -ne $Serial) { $lack = 'The journal names another drive' }
    # An offline disk shows no partition, so whose its content is cannot be known.
    elseif ($Access -ne 'offline' -and $Content -in 'foreign', 'empty') {
        $lack = 'The drive does not hold any more what was copied to it'
    }
    if ($lack) {
        $what = "session $id cannot be resumed"
        if (-not $id) { $what = 'its key cannot be replaced' }
        return New-SeedNext -Action new_attempt -Session $id -Reason "$lack, so $what."
    }
    switch ($Access) {
        'missing' { return New-SeedNext -Action wait -Session $id -Reason 'Insert the drive to go on.' }
        'offline' {
            return New-SeedNext -Action ask -Session $id -Reason 'Its disk is offline. Bring it online to go on.'
        }
        'unknown' {
            return New-SeedNext -Action ask -Session $id -Reason 'The drive cannot be looked into.'
        }
    }
    if (-not $id) { return New-SeedNext -Action resume -Reason 'The next run replaces the key.' }
    Get-SeedSessionNext -Session $open[0] -Journal $Journal
}

function New-SeedSessionId {
    <#
    .SYNOPSIS
        The id of a session that is started anew after it was aborted, because the tool takes an id once.
    .PARAMETER Id
        The session's id in the plan.
    .PARAMETER Known
        The ids that are used up.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Id, [AllowEmptyCollection()][string[]]$Known = @())
    $number = 1
    do {
        $end = "r$number"
        # Source: the rule of 3 to 30 characters, published in the tool's FAQ of version 2.
        $made = $Id.Substring(0, [Math]::Min($Id.Length, 30 - $end.Length)) + $end
        $number++
    } while ($made -in $Known)
    $made
}

Export-ModuleMember -Function @(
    'Get-SeedField', 'New-SeedNext', 'Test-SeedSessionUnknown', 'Test-SeedSessionFinished', 'Get-SeedSessionNext',
    'Get-SeedNext', 'New-SeedSessionId'
)
