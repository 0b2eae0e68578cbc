# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk
#AnsibleRequires -PowerShell ..module_utils._Session

# How an attempt stands, and what its drive shows. Pure: facts in, words out. Private to the collection.
#
# Facts are an object with
#   serial; problems (questions that could not be asked, a sentence each); candidates (serials that nearly match)
#   disk: null or {number, letter, size_bytes, sector_bytes, bus_type, unique_id, partition_style, offline,
#   partition_guid, guards, rehearsal (bool: whether a rehearsal made it; missing in old facts)}
#   content: null or {kind: empty data locked unknown, text, fingerprint, manifest (bool), manifest_md5, encryption,
#            bare (an NTFS volume without an entry), names (its root, where the partition is an attempt's own),
#            passwords (how many recovery passwords it has), closed (bool: a part of it that nobody looked at may be a
#            seed's)}
#   attempt: null or {id, readable, encryption, made (whether it made its partition before the tool started), seed,
#            container, folder, started, files, sessions, identity, erased, log, has_order,
#            run_state: ok missing torn, run, alive: '' starting runner tool}
#   journal: null or {path, sha256, bytes, completed, drive_id, manifest_file, manifest_hash, key_kind, damaged,
#            sessions, old_key (whether its key was on a command line and is yet to be replaced)}; verify
#   older [{id, partition_guid, wrote, tool, made, sessions}] (attempts of this seed before the current one; tool: it
#   may have started; sessions: their ids)
#   others [{seed, attempt}] (open attempts of other seeds)
#   never_started (how many attempts in a row, the newest first, ended before the tool started)
#   beside (whether the tool once ended beside another copy)

function Test-SeedSameFile {
    <#
    .SYNOPSIS
        Whether two shards are the same: names (case does not matter) and lengths, in any order.
    .PARAMETER Left
        Files with name and bytes.
    .PARAMETER Right
        Files with name and bytes.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowEmptyCollection()][object[]]$Left = @(), [AllowEmptyCollection()][object[]]$Right = @())
    $text = {
        param($files)
        @($files | ForEach-Object { "$($_.name)|$([long]$_.bytes)".ToUpperInvariant() } | Sort-Object) -join "`n"
    }
    (& $text $Left) -eq (& $text $Right)
}

function Get-SeedSession {
    <#
    .SYNOPSIS
        The copy sessions of an attempt with how each stands: pending, running, completed or failed.
    .PARAMETER Attempt
        The attempt of the facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Attempt)
    $known = @{}
    if ($Attempt.run) {
        foreach ($one in @($Attempt.run.sessions)) { $known[$one.id] = $one }
    }
    $lengths = @{}
    foreach ($file in @($Attempt.files)) { $lengths["$($file.name)"] = [long]$file.bytes }
    foreach ($session in @($Attempt.sessions)) {
        $now = $known[$session.id]
        $record = [ordered]@{ id = $session.id; state = 'pending'; exit_code = $null; files = @($session.files) }
        $record['bytes'] = $lengths["$(@($session.files)[0])"]
        $record['started'] = Get-SeedField -Value $now -Name started
        $record['ended'] = Get-SeedField -Value $now -Name ended
        $record['resumed'] = [int](Get-SeedField -Value $now -Name resumed -Default 0)
        $record['tool_id'] = "$(Get-SeedField -Value $now -Name tool_id -Default $session.id)"
        foreach ($name in 'stalled', 'refused', 'journal_bytes', 'used_bytes', 'begin_bytes') {
            $record[$name] = Get-SeedField -Value $now -Name $name
        }
        if ($now) {
            $record.state = $now.state
            $record.exit_code = $now.exit_code
        }
        if ($record.state -eq 'running' -and -not $Attempt.alive) { $record.state = 'failed' }
        [pscustomobject]$record
    }
}

function Get-SeedJournalLack {
    <#
    .SYNOPSIS
        What a journal lacks to be complete and of this drive, as the end of a sentence; nothing when it lacks nothing.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $journal = $Facts.journal
    if (-not $journal) { return 'its journal is not there' }
    if ($journal.damaged) { return "its journal is damaged ($($journal.damaged))" }
    if (-not $journal.completed) { return 'its journal does not say that the tool finished the drive' }
    if (-not $journal.key_kind) { return 'its journal holds no BitLocker key' }
    if (-not $journal.manifest_hash) { return 'its journal holds no hash of the manifest' }
    if (-not (Test-SeedDriveId -DriveId $journal.drive_id -Serial $Facts.serial)) {
        return "the tool names the drive '$($journal.drive_id)' in the journal, and an import job would look for " +
            "that serial"
    }
}

function Get-SeedAttemptState {
    <#
    .SYNOPSIS
        How the current attempt stands: none, torn, running, never_started, complete, failed or interrupted.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $attempt = $Facts.attempt
    if (-not $attempt) { return 'none' }
    if ($attempt.alive) { return 'running' }
    if (-not $attempt.readable -or $attempt.run_state -eq 'torn') { return 'torn' }
    if ($Facts.journal -and $Facts.journal.damaged -eq 'cannot be opened') { return 'torn' }
    if ($attempt.run_state -eq 'missing') {
        # Without an order nothing was ever started; with one, whatever the order led to cannot be known any more.
        if ($attempt.has_order -or $Facts.journal) { return 'torn' }
        return 'never_started'
    }
    if (-not $attempt.run.tool_started) { return 'never_started' }
    $open = @(Get-SeedSession -Attempt $attempt | Where-Object { $_.state -ne 'completed' })
    if ($open.Count -eq 0) {
        if (Get-SeedJournalLack -Facts $Facts) { return 'failed' }
        if (-not (Test-SeedOldKey -Facts $Facts)) { return 'complete' }
    }
    if ($attempt.run.state -eq 'ended') { return 'failed' }
    'interrupted'
}

function Test-SeedOldKey {
    <#
    .SYNOPSIS
        Whether all that a copy lacks is another key in place of the one that was on the tool's command line.
    .PARAMETER Facts
        The facts, with sessions that are all completed.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    [bool](Get-SeedField -Value $Facts.journal -Name old_key) -and -not (Get-SeedJournalLack -Facts $Facts)
}

function Test-SeedBeside {
    <#
    .SYNOPSIS
        Whether a run's last session failed beside another process of the tool.
    .PARAMETER Run
        The run; null for none.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Run)
    # A state of an earlier version does not say.
    [bool]($Run -and $Run.PSObject.Properties['beside'] -and $Run.beside)
}

function Get-SeedAccess {
    <#
    .SYNOPSIS
        How far a drive can be reached: missing, offline, locked, readable or unknown.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    if (-not $Facts.disk) {
        if (@($Facts.problems).Count -gt 0) { return 'unknown' }
        return 'missing'
    }
    if ($Facts.disk.offline) { return 'offline' }
    if (-not $Facts.content) { return 'unknown' }
    if ($Facts.content.kind -eq 'locked') { return 'locked' }
    if ($Facts.content.kind -eq 'unknown') { return 'unknown' }
    'readable'
}

function Get-SeedContentKind {
    <#
    .SYNOPSIS
        Whose a drive's content is: empty, foreign, ours or unknown.
    .DESCRIPTION
        Ours is what lies in a partition that an attempt of this seed made, known by the partition's GUID. Where the
        tool never started, the partition was left unformatted, so that a file system in it is somebody else's; or, for
        a managed drive, encrypted and empty.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    if (-not $Facts.disk -or -not $Facts.content) { return 'unknown' }
    $guid = "$($Facts.disk.partition_guid)"
    $bare = $Facts.content.kind -eq 'empty'
    $sealed = $Facts.content.kind -eq 'locked' -or (Get-SeedField -Value $Facts.content -Name bare)
    $mine = @($Facts.older | Where-Object {
            $_.tool -or $bare -or ($sealed -and (Get-SeedField -Value $_ -Name made))
        } | ForEach-Object { "$($_.partition_guid)" })
    $wrote = $bare -or ($sealed -and (Get-SeedField -Value $Facts.attempt -Name made)) -or
        (Get-SeedAttemptState -Facts $Facts) -ne 'never_started'
    if ($wrote -and $Facts.attempt -and $Facts.attempt.readable -and $Facts.attempt.identity) {
        $mine += "$($Facts.attempt.identity.partition_guid)"
    }
    # The runner reads the partition again after the first session, in case the tool made it anew when it formatted.
    if ($wrote -and $Facts.attempt -and $Facts.attempt.run) { $mine += "$($Facts.attempt.run.partition_guid)" }
    $found = @($mine | Where-Object { $_ -and $_ -eq $guid })
    if ($found.Count -gt 0) { return 'ours' }
    switch ($Facts.content.kind) {
        'empty' { 'empty' }
        'unknown' { 'unknown' }
        default { 'foreign' }
    }
}

function Get-SeedActivity {
    <#
    .SYNOPSIS
        What happens on a drive now: none, initialising, encrypting, copying, between_sessions, verifying or unknown.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $converting = $Facts.content -and $Facts.content.encryption -and
    "$($Facts.content.encryption.volume_status)" -eq 'EncryptionInProgress'
    $state = Get-SeedAttemptState -Facts $Facts
    if ($state -eq 'torn') { return 'unknown' }
    if ($state -ne 'running') {
        if ($converting) { return 'encrypting' }
        return 'none'
    }
    $run = $Facts.attempt.run
    if (-not $run) { return 'unknown' }
    if ($run.operation -eq 'verify') { return 'verifying' }
    if (-not $run.tool_started) { return 'initialising' }
    if (@($run.sessions | Where-Object { $_.state -eq 'running' }).Count -eq 0) { return 'between_sessions' }
    if ($converting) { return 'encrypting' }
    'copying'
}

Export-ModuleMember -Function @(
    'Test-SeedSameFile', 'Get-SeedSession', 'Get-SeedJournalLack', 'Get-SeedAttemptState', 'Test-SeedOldKey',
    'Test-SeedBeside', 'Get-SeedAccess', 'Get-SeedContentKind', 'Get-SeedActivity'
)
