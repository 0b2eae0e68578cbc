# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk
#AnsibleRequires -PowerShell ..module_utils._Session

# Drives by their serial, and the one place that says what a drive is and what may happen to it. Private to the
# collection.
#
# Get-SeedDriveStatus and ConvertTo-SeedDriveRecord are pure: facts and options in, words out. Facts are an object with
#   serial; problems (questions that could not be asked, a sentence each); candidates (serials that nearly match)
#   disk: null or {number, letter, size_bytes, sector_bytes, bus_type, unique_id, partition_style, offline,
#   partition_guid, guards, rehearsal (bool: whether a rehearsal made it; missing in old facts)}
#   content: null or {kind: empty data locked unknown, text, fingerprint, manifest (bool), manifest_md5, encryption,
#            bare (an NTFS volume without an entry), names (its root, where the partition is an attempt's own),
#            passwords (how many recovery passwords it has)}
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

function ConvertTo-SeedSerial {
    <#
    .SYNOPSIS
        The one form of a hardware serial: no spaces or control characters, no trailing full stop, upper case.
    .DESCRIPTION
        Windows pads serials with spaces, NVMe ones end in a full stop, and the service wants them without spaces.
    .PARAMETER Serial
        The serial as Windows or a person writes it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][AllowNull()][string]$Serial)
    ("$Serial" -replace '[\s\x00-\x1f]', '').TrimEnd('.').ToUpperInvariant()
}

function Find-SeedDisk {
    <#
    .SYNOPSIS
        The disk with this serial; nothing when it is not attached, an error when more than one has it.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial)
    $found = @(Get-Disk -ErrorAction Stop |
        Where-Object { (ConvertTo-SeedSerial -Serial (Get-SeedDiskSerial -Disk $_)) -eq $Serial })
    if ($found.Count -gt 1) {
        throw "The serial $Serial in ``drives`` belongs to $($found.Count) disks of this host. " +
        'Remove all but the one that is meant; two paths to one disk look like two disks.'
    }
    $found
}

function Get-SeedNearSerial {
    <#
    .SYNOPSIS
        Serials of attached disks that a person may have meant: one is part of the other, or they differ in O and 0, I
        and 1.
    .PARAMETER Serial
        The serial that no disk has, in its normal form.
    .PARAMETER Known
        The serials of the attached disks.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Serial, [AllowEmptyCollection()][string[]]$Known = @())
    $plain = {
        param($text)
        (ConvertTo-SeedSerial -Serial $text) -replace '[-_]', '' -replace 'O', '0' -replace '[IL]', '1'
    }
    $wanted = & $plain $Serial
    foreach ($one in $Known) {
        $other = & $plain $one
        if ($other.Length -lt 4 -or $wanted.Length -lt 4) { continue }
        if ($other.Contains($wanted) -or $wanted.Contains($other)) { ConvertTo-SeedSerial -Serial $one }
    }
}

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
        foreach ($name in 'stalled', 'refused', 'journal_bytes', 'used_bytes') {
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

function New-SeedVerdict {
    <#
    .SYNOPSIS
        A status with its reason and what it allows.
    .PARAMETER Status
        The status.
    .PARAMETER Reason
        One sentence or two: what is so, and the remedy.
    .PARAMETER Allowed
        What may happen next.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Status,
        [Parameter(Mandatory = $true)][string]$Reason,
        [AllowEmptyCollection()][string[]]$Allowed = @()
    )
    [pscustomobject]@{ status = $Status; reason = $Reason; allowed = @($Allowed) }
}

function Get-SeedMissingReason {
    <#
    .SYNOPSIS
        Why a drive is missing, with the serials that a person may have meant.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $reason = "Drive $($Facts.serial) in ``drives`` is not attached to this host. Insert it, or correct the serial."
    $near = @($Facts.candidates)
    if ($near.Count -gt 0) { $reason += " Attached are drives with similar serials: $($near -join ', ')." }
    $reason
}

function Get-SeedUnfitReason {
    <#
    .SYNOPSIS
        Every reason why a drive may not be written, whatever it holds, a sentence each.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $disk = $Facts.disk
    $name = "Drive $($Facts.serial) in ``drives``"
    foreach ($other in @($Facts.others)) {
        "$name belongs to attempt $($other.attempt) of the seed '$($other.seed)', which is not cleaned yet. " +
        'Clean that seed or discard that attempt first, or list another drive.'
    }
    foreach ($guard in @($disk.guards)) { "$name $guard" }
    $bus = "$($disk.bus_type)"
    # Source: the service takes SATA drives; Windows shows a SATA drive in an adapter or behind a controller by that
    # one's bus.
    if ("$($Option.bus)" -eq 'VIRTUAL') {
        if (-not (Get-SeedField -Value $disk -Name rehearsal)) {
            "$name is no disk that a rehearsal made on this host, and ``bus: VIRTUAL`` is for these alone."
        }
    }
    elseif ($bus -notin 'SATA', 'ATA' -and $bus -ne "$($Option.bus)") {
        "$name is attached by $bus. If it is a SATA drive in an adapter or behind a controller, set ``bus: $bus`` " +
        "for it; " +
        'otherwise list another drive.'
    }
    # Source: the service's troubleshooting article of 03/2022; such drives come back unprocessed as UnsupportedDrive.
    if ([int]$disk.sector_bytes -ne 512) {
        "$name shows sectors of $($disk.sector_bytes) bytes, and the service takes drives with 512 only. " +
        'Attach it by another adapter that shows 512, or list another drive.'
    }
    $bytes = [long]0
    foreach ($file in @($Option.files)) { $bytes += [long]$file.bytes }
    # The manifest takes 3 GB of 7 TB (the tool's article); the rest is the file system's own.
    $needed = $bytes + [long]($bytes / 500) + 1MB
    if ($bytes -gt 0 -and $needed -gt [long]$disk.size_bytes) {
        "$name has $($disk.size_bytes) bytes, too few for the $bytes bytes of its files. List a larger drive."
    }
}

function Get-SeedSizeNote {
    <#
    .SYNOPSIS
        What is to be asked before a drive travels that is larger than any size that the service ever named, as a
        sentence after a blank; an empty text for another.
    .DESCRIPTION
        No drive is refused for its size, because the service names none today.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    # Source: the service's requirements: 6 TB from 04/2015, 8 TB from 02/2016, 10 TB from 06/2016, "any size" since
    # 07/2018. A drive that is sold as 10 TB has a little more.
    if ([long]$Facts.disk.size_bytes -le 10100000000000) { return '' }
    " It has $($Facts.disk.size_bytes) bytes; 10 TB is the largest size that the service named (until 07/2018, " +
    'none since). Ask its support before it travels.'
}

function Test-SeedEraseUsed {
    <#
    .SYNOPSIS
        Whether an attempt of this seed used up what `erase` allows, which is what the drive held before the first one.
    .PARAMETER Facts
        The facts, with content.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    if (@($Facts.older | Where-Object { $_.wrote }).Count -gt 0) { return $true }
    if ((Get-SeedAttemptState -Facts $Facts) -notin 'none', 'never_started') { return $true }
    # An attempt that ended before it erased anything leaves what it was allowed to erase.
    $erased = $Facts.attempt -and $Facts.attempt.erased
    [bool]($erased -and "$($Facts.attempt.erased.fingerprint)" -ne "$($Facts.content.fingerprint)")
}

function Get-SeedFreshVerdict {
    <#
    .SYNOPSIS
        What a drive is for a new attempt: missing, unknown, unusable, foreign or empty, and whether it may be written.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $name = "Drive $($Facts.serial) in ``drives``"
    if (@($Facts.problems).Count -gt 0) {
        return New-SeedVerdict -Status unknown -Reason (@($Facts.problems) -join ' ')
    }
    if (-not $Facts.disk) {
        return New-SeedVerdict -Status missing -Reason (Get-SeedMissingReason -Facts $Facts) -Allowed insert
    }
    $unfit = @(Get-SeedUnfitReason -Facts $Facts -Option $Option)
    if ($unfit.Count -gt 0) { return New-SeedVerdict -Status unusable -Reason ($unfit -join ' ') }
    if (Test-SeedManaged -Value $Option) { return Get-SeedManagedVerdict -Facts $Facts }
    $whose = Get-SeedContentKind -Facts $Facts
    $content = $Facts.content
    if ($whose -eq 'unknown') {
        $text = "$name cannot be looked into"
        if ($content -and $content.text) { $text = "$name holds what cannot be judged: $($content.text)" }
        return New-SeedVerdict -Status unknown -Reason "$text. It is not used."
    }
    $size = Get-SeedSizeNote -Facts $Facts
    if ($whose -eq 'empty') { return New-SeedVerdict -Status empty -Reason "$name is empty.$size" -Allowed prepare }
    if ($whose -eq 'ours') {
        return New-SeedVerdict -Status interrupted -Reason (
            "$name holds what an earlier attempt of this seed left; it may go.$size"
        ) -Allowed prepare
    }
    $fingerprint = "$($content.fingerprint)"
    $reason = "$name holds $($content.text).$size"
    if ($fingerprint -and $fingerprint -in @($Option.erase_fingerprints)) {
        return New-SeedVerdict -Status foreign -Reason (
            "$reason It may be erased by its fingerprint $fingerprint."
        ) -Allowed prepare
    }
    $wrote = Test-SeedEraseUsed -Facts $Facts
    $seen = $content.kind -ne 'locked' -and -not $content.manifest
    if ($Option.erase -and $seen -and -not $wrote) {
        return New-SeedVerdict -Status foreign -Reason "$reason It may be erased, as ``erase`` says." -Allowed prepare
    }
    $remedy = "If all of it may go, allow it with ``erase_fingerprints: [$fingerprint]``; otherwise list another drive."
    if ($Option.erase -and $wrote) { $remedy = "``erase`` holds for the first attempt only. $remedy" }
    elseif ($Option.erase) { $remedy = "``erase`` does not cover that. $remedy" }
    New-SeedVerdict -Status foreign -Reason "$reason $remedy" -Allowed erase
}

function Test-SeedManaged {
    <#
    .SYNOPSIS
        Whether a drive is encrypted before the tool gets it, so that the tool gets its key (/bk).
    .PARAMETER Value
        The options of the drive, an attempt or an order.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Value)
    "$(Get-SeedField -Value $Value -Name encryption)" -eq 'managed'
}

function Test-SeedMade {
    <#
    .SYNOPSIS
        Whether the partition of a managed drive was made by an attempt of this seed, and not by a person.
    .PARAMETER Facts
        The facts, with a disk.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $guids = @($Facts.older | Where-Object { Get-SeedField -Value $_ -Name made } |
        ForEach-Object { "$($_.partition_guid)" })
    if ((Get-SeedField -Value $Facts.attempt -Name made) -and $Facts.attempt.identity) {
        $guids += "$($Facts.attempt.identity.partition_guid)"
    }
    "$($Facts.disk.partition_guid)" -in @($guids | Where-Object { $_ })
}

function Get-SeedLeftover {
    <#
    .SYNOPSIS
        The names at the root of a drive that attempts of this seed leave: the folders of sessions, and the manifest.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    'DriveManifest.xml'
    foreach ($one in @($Facts.older)) { Get-SeedField -Value $one -Name sessions -Default @() }
    if (-not $Facts.attempt) { return }
    foreach ($one in @(Get-SeedSession -Attempt $Facts.attempt)) {
        $one.id
        $one.tool_id
    }
}

function Get-SeedManagedWay {
    <#
    .SYNOPSIS
        How a managed drive gets its encrypted volume: way (take: it has one; make: it is proven empty, or holds what an
        attempt made; or an empty text), and lack, a sentence that says why neither can be.
    .PARAMETER Facts
        The facts, with a disk that is fit and content that is known.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $content = $Facts.content
    $name = "Drive $($Facts.serial) in ``drives``"
    $ours = (Get-SeedContentKind -Facts $Facts) -eq 'ours'
    $answer = [pscustomobject]@{ way = ''; lack = '' }
    if ($Facts.disk.offline) { $answer.lack = "$name is offline. Bring its disk online." }
    elseif ($content.kind -eq 'empty' -or ($ours -and (Test-SeedMade -Facts $Facts))) { $answer.way = 'make' }
    elseif ($content.kind -eq 'locked') { $answer.lack = "$name holds $($content.text). Unlock it." }
    if ($answer.way -or $answer.lack) { return $answer }
    $known = @(Get-SeedLeftover -Facts $Facts)
    $others = @(Get-SeedField -Value $content -Name names -Default @() | Where-Object { $_ -notin $known })
    if ($ours -and -not $content.bare -and $others.Count -gt 0) {
        $answer.lack = "$name holds '$($others -join "', '")' beside what an earlier attempt of this seed left. " +
            'Remove it, or list another drive.'
    }
    elseif (-not $ours -and -not $content.bare) {
        $answer.lack = "$name holds $($content.text). With ``encryption: managed`` no data is erased, so it has to " +
            'be empty. Empty it, or list another drive.'
    }
    elseif (-not $content.encryption) { $answer.lack = "$name is not encrypted. Format it to have it encrypted." }
    else { $answer.lack = "$(Get-SeedProtectionLack -Serial $Facts.serial -Encryption $content.encryption)" }
    if (-not $answer.lack -and [int]$content.passwords -ne 1) {
        $answer.lack = "$name has $([int]$content.passwords) recovery passwords, and the tool takes one. Leave " +
            'exactly one.'
    }
    if (-not $answer.lack) { $answer.way = 'take' }
    $answer
}

function Get-SeedManagedVerdict {
    <#
    .SYNOPSIS
        What a managed drive is: empty or interrupted, when it has, or may get, an encrypted volume for the tool;
        otherwise unusable or unknown, because no data on it is erased.
    .PARAMETER Facts
        The facts, with a disk that is fit.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $name = "Drive $($Facts.serial) in ``drives``"
    if (-not $Facts.content -or $Facts.content.kind -eq 'unknown') {
        return New-SeedVerdict -Status unknown -Reason "$name cannot be looked into. It is not used."
    }
    $how = Get-SeedManagedWay -Facts $Facts
    if ($how.lack) { return New-SeedVerdict -Status unusable -Reason $how.lack }
    $size = Get-SeedSizeNote -Facts $Facts
    if (-not $Facts.content.bare -and (Get-SeedContentKind -Facts $Facts) -eq 'ours') {
        return New-SeedVerdict -Status interrupted -Reason (
            "$name holds what an earlier attempt of this seed left; it may go.$size"
        ) -Allowed prepare
    }
    $state = @{ make = 'empty'; take = 'empty and encrypted' }[$how.way]
    New-SeedVerdict -Status empty -Reason "$name is $state.$size" -Allowed prepare
}

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

function Get-SeedProtectionLack {
    <#
    .SYNOPSIS
        What a volume lacks to be encrypted and protected, as a sentence; nothing when it lacks nothing.
    .PARAMETER Serial
        The serial of the drive.
    .PARAMETER Encryption
        The encryption of the facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Serial, [Parameter(Mandatory = $true)][object]$Encryption)
    $state = "$($Encryption.volume_status)"
    $part = $Encryption.encryption_percentage
    # The wipe of free space goes on behind an encryption that is complete.
    if ($state -notin 'FullyEncrypted', 'FullyEncryptedWipeInProgress', 'FullyEncryptedWipeSuspended') {
        $remedy = @{
            EncryptionInProgress = ' Wait until it is.'
            EncryptionSuspended = ' Go on with Resume-BitLocker.'
        }[$state]
        $how = ''
        if ($null -ne $part) { $how = " at $part %" }
        return "The volume of drive $Serial is $state$how, not fully encrypted.$remedy"
    }
    if ($null -ne $part -and [double]$part -lt 100) {
        return "The volume of drive $Serial is $state, but encrypted to $part % only. Wait until all of it is."
    }
    # A fully encrypted volume with protection Off holds its key in the clear: whoever finds the parcel reads the data.
    if ("$($Encryption.protection_status)" -ne 'On') {
        return "BitLocker protection of drive $Serial is $($Encryption.protection_status). Turn it on with " +
            "Resume-BitLocker before it travels."
    }
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
            "The manifest of drive $serial cannot be hashed: $($Facts.content.text). A FIPS policy that forbids " +
            "MD5 does that."
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

function Get-SeedProgress {
    <#
    .SYNOPSIS
        How far a run is, with its speed and the time that is left; both are null while they are not known.
    .PARAMETER Run
        The run.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Run)
    $progress = [ordered]@{}
    foreach ($name in 'operation', 'bytes_done', 'bytes_total', 'started', 'updated') { $progress[$name] = $Run.$name }
    $progress['bytes_per_second'] = $null
    $progress['seconds_left'] = $null
    $marks = @()
    if ($Run.PSObject.Properties['marks']) { $marks = @($Run.marks | Where-Object { $_ }) }
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $from = $until = [DateTime]::MinValue
    $known = $marks.Count -gt 0 -and [DateTime]::TryParse("$($marks[0].at)", $invariant, $style, [ref]$from) -and
        [DateTime]::TryParse("$($Run.updated)", $invariant, $style, [ref]$until)
    # A shorter time says nothing, and neither do bytes that were counted anew.
    $done = [long]$Run.bytes_done
    if (-not $known -or ($until - $from).TotalSeconds -lt 5 -or $done -lt [long]$marks[0].bytes) {
        return [pscustomobject]$progress
    }
    $speed = [long][Math]::Floor(($done - [long]$marks[0].bytes) / ($until - $from).TotalSeconds)
    if ($done -gt 0) { $progress['bytes_per_second'] = $speed }
    if ($done -gt 0 -and $speed -gt 0 -and [long]$Run.bytes_total -ge $done) {
        $progress['seconds_left'] = [long][Math]::Ceiling(([long]$Run.bytes_total - $done) / $speed)
    }
    [pscustomobject]$progress
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
        The facts, as this file's head describes them.
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

function Select-SeedField {
    <#
    .SYNOPSIS
        An ordered copy of some fields of an object; null stays null.
    .PARAMETER Value
        The object.
    .PARAMETER Name
        The fields.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Value, [Parameter(Mandatory = $true)][string[]]$Name)
    if ($null -eq $Value) { return $null }
    $copy = [ordered]@{}
    foreach ($one in $Name) { $copy[$one] = $Value.$one }
    [pscustomobject]$copy
}

function Get-SeedAttemptRecord {
    <#
    .SYNOPSIS
        The attempt as the drive record shows it; null without one.
    .PARAMETER Attempt
        The attempt of the facts.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Attempt)
    if (-not $Attempt) { return $null }
    # Where the state cannot be read the tool may have started.
    $started = $true
    $guid = ''
    if ($Attempt.identity) { $guid = "$($Attempt.identity.partition_guid)" }
    if ($Attempt.run -and $Attempt.run.partition_guid) { $guid = "$($Attempt.run.partition_guid)" }
    if ($Attempt.run) { $started = [bool]$Attempt.run.tool_started }
    elseif ($Attempt.readable -and $Attempt.run_state -eq 'missing' -and -not $Attempt.has_order) { $started = $false }
    [pscustomobject][ordered]@{
        id = $Attempt.id
        seed = $Attempt.seed
        container = $Attempt.container
        folder = $Attempt.folder
        started = $Attempt.started
        tool_started = $started
        encryption = "$(Get-SeedField -Value $Attempt -Name encryption -Default 'tool')"
        partition_guid = $guid
        files = @($Attempt.files)
        sessions = @(Get-SeedSession -Attempt $Attempt | ForEach-Object {
                Select-SeedField -Value $_ -Name 'id', 'state', 'exit_code', 'files', 'bytes', 'started', 'ended',
                    'resumed', 'tool_id'
            })
    }
}

function ConvertTo-SeedDriveRecord {
    <#
    .SYNOPSIS
        The record of a drive that the modules return: its status and what it was derived from. It holds no key.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $record = [ordered]@{ serial = $Facts.serial }
    $status = Get-SeedDriveStatus -Facts $Facts -Option $Option
    foreach ($property in $status.PSObject.Properties) { $record[$property.Name] = $property.Value }
    $record['present'] = [bool]$Facts.disk
    foreach ($name in 'number', 'letter', 'size_bytes', 'sector_bytes', 'bus_type', 'unique_id', 'partition_style') {
        $record[$name] = $null
        if ($Facts.disk) { $record[$name] = $Facts.disk.$name }
    }
    $record['fingerprint'] = ''
    if ($status.content -eq 'foreign') { $record['fingerprint'] = "$($Facts.content.fingerprint)" }
    $record['candidates'] = @($Facts.candidates)
    $record['attempt'] = Get-SeedAttemptRecord -Attempt $Facts.attempt
    $record['older_attempts'] = @($Facts.older | ForEach-Object { $_.id })
    $record['journal'] = Select-SeedField -Value $Facts.journal -Name @(
        'path', 'sha256', 'bytes', 'completed', 'drive_id', 'manifest_file', 'manifest_hash', 'key_kind'
    )
    $record['verify'] = Select-SeedField -Value $Facts.verify -Name @(
        'finished', 'ok', 'at', 'manifest_md5', 'files', 'ranges', 'bytes', 'mismatches'
    )
    if ($record['verify']) {
        # Earlier versions did not write it.
        $resumed = Get-SeedField -Value $Facts.verify -Name resumed_at
        Add-Member -InputObject $record['verify'] -NotePropertyMembers ([ordered]@{
                resumed_at = $resumed
                key_replaced = [bool](Get-SeedField -Value $Facts.verify -Name key_replaced)
            })
    }
    $record['encryption'] = $null
    if ($Facts.content) { $record['encryption'] = $Facts.content.encryption }
    $run = $null
    if ($Facts.attempt) { $run = $Facts.attempt.run }
    $record['progress'] = $null
    if ($run -and $Facts.attempt.alive) { $record['progress'] = Get-SeedProgress -Run $run }
    $record['last_lines'] = @()
    if ($run) { $record['last_lines'] = @($run.last_lines) }
    $record['log'] = ''
    $record['erased'] = $null
    if ($Facts.attempt) {
        $record['log'] = "$($Facts.attempt.log)"
        $record['erased'] = $Facts.attempt.erased
    }
    [pscustomobject]$record
}

Export-ModuleMember -Function @(
    'ConvertTo-SeedSerial', 'Find-SeedDisk', 'Get-SeedNearSerial', 'Test-SeedSameFile', 'Get-SeedSession',
    'Get-SeedJournalLack', 'Get-SeedAttemptState', 'Get-SeedAccess', 'Get-SeedContentKind', 'Get-SeedActivity',
    'Test-SeedOldKey', 'Test-SeedMade', 'Get-SeedLeftover', 'Get-SeedManagedWay',
    'New-SeedVerdict', 'Get-SeedMissingReason', 'Get-SeedUnfitReason', 'Get-SeedSizeNote', 'Test-SeedEraseUsed',
    'Get-SeedFreshVerdict', 'Test-SeedManaged', 'Get-SeedManagedVerdict', 'Get-SeedAttemptNext',
    'Get-SeedStatusNext',
    'Get-SeedEndedVerdict', 'Get-SeedProtectionLack', 'Get-SeedReadableVerdict', 'Get-SeedCompleteVerdict',
    'Get-SeedAttemptVerdict', 'Test-SeedBeside', 'Get-SeedProgress', 'Get-SeedNeverStartedVerdict',
    'Get-SeedDriveStatus', 'Select-SeedField',
    'Get-SeedAttemptRecord', 'ConvertTo-SeedDriveRecord'
)
