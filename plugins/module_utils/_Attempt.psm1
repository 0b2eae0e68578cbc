# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Volume
#AnsibleRequires -PowerShell ..module_utils._Target
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Run

# Attempts as folders, the facts of a drive, and what the modules do. Private to the collection.
#
# An attempt is one try to write one shard to one drive: <work_directory>\seeds\<seed>\<serial>\<attempt>\ with
# attempt.json, <serial>.jrn, run.json, verify.json, output.txt and logs. The newest folder without discarded.json is
# the current one.

function Get-SeedOption {
    <#
    .SYNOPSIS
        An option as a list without empty entries; an empty list when the module does not have it.
    .PARAMETER Option
        The module's options.
    .PARAMETER Name
        The name of the option.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Name
    )
    if ($Option.Keys -notcontains $Name) { return }
    $Option[$Name] | Where-Object { $null -ne $_ -and "$_" -ne '' }
}

function Assert-SeedOption {
    <#
    .SYNOPSIS
        Refuses names that are no names of folders or blobs, empty serials and a plan that does not fit together.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if ($Option['seed'] -notmatch '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z' -or $Option['seed'].EndsWith('.')) {
        throw "``seed`` '$($Option['seed'])' is not a name of letters, digits, hyphens, underscores and full stops."
    }
    if ($Option['work_directory'] -notmatch '^[A-Za-z]:(\\(?!\.{1,2}(\\|\z))[^\\/:*?"<>|]+)+\\?\z') {
        throw "``work_directory`` '$($Option['work_directory'])' is not a folder of a local drive."
    }
    $seen = @{}
    foreach ($listed in @(Get-SeedOption -Option $Option -Name drives)) {
        $serial = ConvertTo-SeedSerial -Serial $listed.serial
        if (-not $serial) { throw 'A `serial` in `drives` is empty. Read it off the label of the drive.' }
        if ($seen.ContainsKey($serial)) { throw "The ``serial`` $serial is in ``drives`` twice." }
        $seen[$serial] = $true
        $files = @(Get-SeedOption -Option $listed -Name files)
        Assert-SeedPlan -Serial $serial -File $files -Session @(Get-SeedOption -Option $listed -Name sessions)
    }
}

function Assert-SeedPlan {
    <#
    .SYNOPSIS
        Refuses a shard whose sessions do not carry each of its files exactly once, one file a session.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER File
        The files of the shard.
    .PARAMETER Session
        The sessions.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyCollection()][object[]]$File = @(),
        [AllowEmptyCollection()][object[]]$Session = @()
    )
    $names = @($File | ForEach-Object { $_.name })
    foreach ($name in $names) {
        $bad = "$name" -match '[/:*?"<>|\x00-\x1f]|^\\|\\\\|(^|\\)\.{1,2}(\\|$)' -or -not "$name"
        if ($bad) { throw "``files`` of drive $Serial name '$name', which is not a path below ``source_directory``." }
    }
    foreach ($one in $Session) {
        # Source: the rule published in the tool's FAQ of version 2.
        if ($one.id -notmatch '^[A-Za-z0-9_#-]{3,30}\z') {
            throw "The session ``id`` '$($one.id)' of drive $Serial has not 3 to 30 letters, digits, _, # or -."
        }
        if (@($one.files).Count -ne 1) {
            throw "The session $($one.id) of drive $Serial carries $(@($one.files).Count) files; each session " +
                "carries one."
        }
    }
    $carried = @($Session | ForEach-Object { @($_.files)[0] })
    if ($Session.Count -gt 0 -and (@($names | Sort-Object) -join "`n") -ne (@($carried | Sort-Object) -join "`n")) {
        throw "The ``sessions`` of drive $Serial do not carry each of its ``files`` once."
    }
    if (@($Session | ForEach-Object { $_.id } | Sort-Object -Unique).Count -ne $Session.Count) {
        throw "``sessions`` of drive $Serial have one ``id`` twice."
    }
}

function Get-SeedRoot {
    <#
    .SYNOPSIS
        The folder that holds the folders of all seeds on this host, without a closing backslash.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $Option['work_directory'].TrimEnd('\') + '\seeds'
}

function Get-SeedFolderName {
    <#
    .SYNOPSIS
        The names of the folders in a folder, hidden ones too; none where the folder is missing.
    .PARAMETER Path
        The folder.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not (Test-Path -LiteralPath $Path -PathType Container)) { return }
    Get-ChildItem -LiteralPath $Path -Directory -Force -ErrorAction Stop | ForEach-Object { $_.Name }
}

function Get-SeedFolder {
    <#
    .SYNOPSIS
        The folder of one drive of one seed, without a closing backslash.
    .PARAMETER Option
        The module's options.
    .PARAMETER Serial
        The serial in its normal form; empty for the folder of the seed.
    .PARAMETER Seed
        Another seed than the module's.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [string]$Serial, [string]$Seed)
    if (-not $Seed) { $Seed = $Option['seed'] }
    $folder = "$(Get-SeedRoot -Option $Option)\$Seed"
    if ($Serial) { $folder += '\' + ($Serial -replace '[\\/:*?"<>|]', '_') }
    $folder
}

function New-SeedAttemptId {
    <#
    .SYNOPSIS
        An id of a new attempt: its time in UTC and four random hexadecimal digits.
    .DESCRIPTION
        Ids are in the order of the attempts. Where the clock was set back, the time is a second after the latest one.
    .PARAMETER Known
        The ids that are there already.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyCollection()][string[]]$Known = @())
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $form = 'yyyyMMddTHHmmssZ'
    $now = [DateTime]::UtcNow.ToString($form, $invariant)
    foreach ($one in @($Known | Sort-Object)) {
        $then = [DateTime]::MinValue
        $text = $one.Substring(0, $form.Length)
        if ([string]::CompareOrdinal($now, $text) -gt 0) { continue }
        if (-not [DateTime]::TryParseExact($text, $form, $invariant, 'None', [ref]$then)) { continue }
        $now = $then.AddSeconds(1).ToString($form, $invariant)
    }
    "$now-$([guid]::NewGuid().ToString('N').Substring(0, 4))"
}

function Read-SeedRecord {
    <#
    .SYNOPSIS
        A JSON file as Read-SeedJson reads it; torn as well when it lacks a field.
    .PARAMETER Path
        Path of the file.
    .PARAMETER Field
        The fields.
    .PARAMETER Expected
        Whether the file ought to be there.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][string[]]$Field,
        [switch]$Expected
    )
    $read = Read-SeedJson -Path $Path -Expected:$Expected
    if ($read.state -ne 'ok') { return $read }
    $names = @($read.value.PSObject.Properties | ForEach-Object { $_.Name })
    if (@($Field | Where-Object { $_ -notin $names }).Count -eq 0) { return $read }
    [pscustomobject]@{ state = 'torn'; value = $null }
}

function Read-SeedAttempt {
    <#
    .SYNOPSIS
        One attempt as the facts have it, with discarded added. What cannot be read is said, never an error.
    .PARAMETER Folder
        The folder of the attempt.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER BootTime
        When the host was started.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyString()][string]$BootTime
    )
    $planned = 'seed', 'container', 'started', 'files', 'sessions', 'identity', 'erased'
    $plan = Read-SeedRecord -Path "$Folder\attempt.json" -Field $planned -Expected
    $has = (Test-Path -LiteralPath "$Folder\order.json") -or (Test-Path -LiteralPath "$Folder\order.json.taken")
    $run = Read-SeedRecord -Path "$Folder\run.json" -Expected:$has -Field @(
        'operation', 'state', 'letter', 'runner', 'tool', 'boot', 'started', 'updated', 'exit_code', 'error',
        'tool_started', 'partition_guid', 'sessions', 'bytes_done', 'bytes_total', 'last_lines'
    )
    $attempt = [ordered]@{ id = $Folder.Substring($Folder.LastIndexOf('\') + 1); readable = $plan.state -eq 'ok' }
    foreach ($name in $planned) {
        $attempt[$name] = $null
        if ($attempt['readable']) { $attempt[$name] = $plan.value.$name }
    }
    foreach ($name in 'files', 'sessions') { $attempt[$name] = @($attempt[$name] | Where-Object { $null -ne $_ }) }
    $attempt['folder'] = $Folder
    $attempt['log'] = ''
    if (Test-Path -LiteralPath "$Folder\output.txt") { $attempt['log'] = "$Folder\output.txt" }
    $attempt['has_order'] = $has
    $attempt['run_state'] = $run.state
    $attempt['run'] = $run.value
    $task = Get-SeedTaskName -Serial $Serial
    $attempt['alive'] = Get-SeedAlive -Run $run.value -Folder $Folder -Task $task -BootTime $BootTime
    $attempt['discarded'] = Test-Path -LiteralPath "$Folder\discarded.json"
    [pscustomobject]$attempt
}

function Get-SeedAttempt {
    <#
    .SYNOPSIS
        The attempts to write to one drive for one seed, the newest first.
    .PARAMETER Folder
        The folder of the drive.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER BootTime
        When the host was started.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyString()][string]$BootTime
    )
    $names = @(Get-SeedFolderName -Path $Folder)
    foreach ($name in @($names | Where-Object { $_ -match '^\d{8}T\d{6}Z-[0-9a-f]{4}$' } | Sort-Object -Descending)) {
        # attempt.json is the first file in a folder. A call that ended before it was whole began nothing.
        $files = @(Get-ChildItem -LiteralPath "$Folder\$name" -File -Force -ErrorAction Stop |
            Where-Object { $_.Extension -ne '.new' })
        if ($files.Count -eq 0) { continue }
        Read-SeedAttempt -Folder "$Folder\$name" -Serial $Serial -BootTime $BootTime
    }
}

function Test-SeedToolBegan {
    <#
    .SYNOPSIS
        Whether the tool of an attempt may have started.
    .PARAMETER Attempt
        The attempt.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Attempt)
    if (-not $Attempt.readable -or $Attempt.run_state -eq 'torn' -or $Attempt.alive) { return $true }
    if ($Attempt.run) { return [bool]$Attempt.run.tool_started }
    [bool]$Attempt.has_order
}

function Test-SeedWrote {
    <#
    .SYNOPSIS
        Whether an attempt may have written to its drive or erased it.
    .PARAMETER Attempt
        The attempt.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Attempt)
    [bool]$Attempt.erased -or (Test-SeedToolBegan -Attempt $Attempt)
}

function Get-SeedOtherAttempt {
    <#
    .SYNOPSIS
        Attempts of other seeds on this host that wrote to a drive and are neither discarded nor cleaned.
    .PARAMETER Option
        The module's options.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER BootTime
        When the host was started.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyString()][string]$BootTime
    )
    foreach ($seed in @(Get-SeedFolderName -Path (Get-SeedRoot -Option $Option))) {
        if ($seed -eq $Option['seed']) { continue }
        $folder = Get-SeedFolder -Option $Option -Serial $Serial -Seed $seed
        foreach ($one in @(Get-SeedAttempt -Folder $folder -Serial $Serial -BootTime $BootTime)) {
            if ($one.discarded -or -not (Test-SeedWrote -Attempt $one)) { continue }
            [pscustomobject]@{ seed = $seed; attempt = $one.id }
        }
    }
}

function Get-SeedJournalFact {
    <#
    .SYNOPSIS
        The journal of an attempt as the facts have it; null without one. It is never touched while the attempt's tool
        may run.
    .PARAMETER Attempt
        The attempt.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Attempt, [Parameter(Mandatory = $true)][string]$Serial)
    $path = "$($Attempt.folder)\" + ($Serial -replace '[\\/:*?"<>|]', '_') + '.jrn'
    if ($Attempt.alive -or -not (Test-Path -LiteralPath $path -PathType Leaf)) { return $null }
    $fact = [ordered]@{
        path = $path
        sha256 = ''
        bytes = 0
        completed = $false
        drive_id = ''
        manifest_file = ''
        manifest_hash = ''
        key_kind = ''
        damaged = ''
    }
    try {
        $fact['bytes'] = [long](Get-Item -LiteralPath $path -ErrorAction Stop).Length
        $fact['sha256'] = (Get-SeedFileHash -Path $path -Algorithm SHA256).ToLowerInvariant()
        $journal = Read-SeedJournal -Path $path
    }
    catch {
        $fact['damaged'] = 'cannot be opened'
        return [pscustomobject]$fact
    }
    $fact['damaged'] = $journal.damaged
    $drive = @($journal.drives | Where-Object { (ConvertTo-SeedSerial -Serial $_.drive_id) -eq $Serial })
    if ($drive.Count -eq 0) { $drive = @($journal.drives | Select-Object -Last 1) }
    if ($drive.Count -gt 0) {
        foreach ($name in 'completed', 'drive_id', 'manifest_file', 'manifest_hash', 'key_kind') {
            $fact[$name] = $drive[0].$name
        }
    }
    [pscustomobject]$fact
}

function Get-SeedCurrentAttempt {
    <#
    .SYNOPSIS
        The attempt that counts for a drive: the newest one that is not given up and whose tool may have started, else
        the newest that is not given up.
    .DESCRIPTION
        What a tool wrote is never hidden by a later attempt that got no further than its folder.
    .PARAMETER Attempt
        The attempts, the newest first.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Attempt = @(), [Parameter(Mandatory = $true)][string]$Serial)
    $open = @($Attempt | Where-Object { -not $_.discarded })
    foreach ($one in $open) {
        $journal = Get-SeedJournalFact -Attempt $one -Serial $Serial
        $facts = [pscustomobject]@{ serial = $Serial; attempt = $one; journal = $journal }
        if ((Get-SeedAttemptState -Facts $facts) -ne 'never_started') { return $one }
    }
    $open | Select-Object -First 1
}

function Get-SeedVerifyFact {
    <#
    .SYNOPSIS
        What reading the drive again has shown, if it was this very journal's drive; otherwise null.
    .PARAMETER Attempt
        The attempt.
    .PARAMETER Journal
        The journal of the facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Attempt, [AllowNull()][object]$Journal)
    if (-not $Journal) { return $null }
    $verify = (Read-SeedRecord -Path "$($Attempt.folder)\verify.json" -Field @(
        'finished', 'ok', 'at', 'journal_sha256', 'manifest_md5', 'files', 'ranges', 'bytes', 'mismatches'
    )).value
    if (-not $verify -or -not $verify.finished -or $verify.journal_sha256 -ne $Journal.sha256) { return $null }
    $verify
}

function Get-SeedProtectedPath {
    <#
    .SYNOPSIS
        The paths whose disks are never used: what the seed reads and works in, what the user names, and the system
        drive.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    foreach ($name in 'protected_paths', 'work_directory', 'tool_path', 'source_directory') {
        Get-SeedOption -Option $Option -Name $name
    }
    "$env:SystemDrive\"
}

function Get-SeedDriveFact {
    <#
    .SYNOPSIS
        Every fact of one listed drive, as _Drive describes them.
    .PARAMETER Option
        The module's options.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER BootTime
        When the host was started.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyString()][string]$BootTime
    )
    $folder = Get-SeedFolder -Option $Option -Serial $Serial
    $attempts = @(Get-SeedAttempt -Folder $folder -Serial $Serial -BootTime $BootTime)
    $current = @(Get-SeedCurrentAttempt -Attempt $attempts -Serial $Serial)
    $facts = [ordered]@{ serial = $Serial; attempt = $null; journal = $null; verify = $null; never_started = 0 }
    if ($current.Count -gt 0) {
        $facts['attempt'] = $current[0]
        $facts['journal'] = Get-SeedJournalFact -Attempt $current[0] -Serial $Serial
        $facts['verify'] = Get-SeedVerifyFact -Attempt $current[0] -Journal $facts['journal']
    }
    foreach ($one in $attempts) {
        if ($one.discarded -or (Test-SeedToolBegan -Attempt $one)) { break }
        $facts['never_started']++
    }
    $older = @($attempts | Where-Object { -not $facts['attempt'] -or $_.id -ne $facts['attempt'].id })
    $facts['older'] = @(foreach ($one in $older) {
            $guid = ''
            if ($one.run) { $guid = "$($one.run.partition_guid)" }
            if (-not $guid -and $one.identity) { $guid = "$($one.identity.partition_guid)" }
            [pscustomobject]@{
                id = $one.id
                partition_guid = $guid
                wrote = Test-SeedWrote -Attempt $one
                tool = Test-SeedToolBegan -Attempt $one
            }
        })
    $facts['others'] = @(Get-SeedOtherAttempt -Option $Option -Serial $Serial -BootTime $BootTime)
    $look = @{
        Serial = $Serial
        ProtectedPath = @(Get-SeedProtectedPath -Option $Option)
        OwnGuid = @($facts['older'] | ForEach-Object { $_.partition_guid })
    }
    if ($facts['attempt'] -and $facts['attempt'].identity) {
        $look['OwnGuid'] += "$($facts['attempt'].identity.partition_guid)"
    }
    if ($facts['attempt'] -and $facts['attempt'].alive) { $look['Shallow'] = $true }
    $finished = (Get-SeedAttemptState -Facts ([pscustomobject]$facts)) -eq 'complete'
    if ($finished -and -not $facts['verify']) { $look['ManifestFile'] = $facts['journal'].manifest_file }
    $disk = Get-SeedDiskFact @look
    foreach ($name in 'problems', 'candidates', 'disk', 'content') { $facts[$name] = $disk.$name }
    if ($look.ContainsKey('Shallow') -and $facts['disk'] -and $facts['attempt'].run) {
        $facts['disk'].letter = "$($facts['attempt'].run.letter)"
    }
    [pscustomobject]$facts
}

function Get-SeedDriveOption {
    <#
    .SYNOPSIS
        The options that the status of one drive depends on.
    .PARAMETER Option
        The module's options.
    .PARAMETER Listed
        The drive as the user lists it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][object]$Listed
    )
    [pscustomobject]@{
        container = $Option['container']
        erase = [bool]$Listed.erase
        bus = "$($Listed.bus)"
        files = @(Get-SeedOption -Option $Listed -Name files)
        discard_attempts = @(Get-SeedOption -Option $Option -Name discard_attempts)
        erase_fingerprints = @(Get-SeedOption -Option $Option -Name erase_fingerprints)
    }
}

function Get-SeedDrive {
    <#
    .SYNOPSIS
        The listed drives, each with listed, option, facts and record.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    Assert-SeedOption -Option $Option
    # What others could have put there is no attempt.
    $problem = Get-SeedFolderProblem -Path $Option['work_directory']
    if ($problem) { throw "``work_directory``: $problem" }
    $boot = Get-SeedBootTime
    foreach ($listed in @(Get-SeedOption -Option $Option -Name drives)) {
        $serial = ConvertTo-SeedSerial -Serial $listed.serial
        $wanted = Get-SeedDriveOption -Option $Option -Listed $listed
        $facts = Get-SeedDriveFact -Option $Option -Serial $serial -BootTime $boot
        $record = ConvertTo-SeedDriveRecord -Facts $facts -Option $wanted
        [pscustomobject]@{ listed = $listed; option = $wanted; facts = $facts; record = $record }
    }
}

function Use-SeedHost {
    <#
    .SYNOPSIS
        Runs a step while no other module call on this host prepares a drive: letters are given one after the other.
    .PARAMETER Option
        The module's options.
    .PARAMETER Step
        The step.
    .PARAMETER WaitSeconds
        How long to wait for the others.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][scriptblock]$Step,
        [int]$WaitSeconds = 120
    )
    $work = $Option['work_directory'].TrimEnd('\')
    New-SeedPrivateFolder -Path $work
    $path = Resolve-SeedPath -Path "$work\host.lock"
    $until = [DateTime]::UtcNow.AddSeconds($WaitSeconds)
    $lock = $null
    while (-not $lock) {
        # The file is open without sharing as long as the step takes, so it is free again when the process dies.
        try {
            $lock = New-Object -TypeName System.IO.FileStream -ArgumentList $path, 'OpenOrCreate', 'ReadWrite', 'None'
        }
        catch {
            if ([DateTime]::UtcNow -gt $until) {
                throw "Another run works on the drives of this host and holds '$work\host.lock'. Run again later."
            }
            Start-Sleep -Milliseconds 250
        }
    }
    try { & $Step }
    finally { $lock.Dispose() }
}

function Assert-SeedStagedFile {
    <#
    .SYNOPSIS
        Refuses a source that surely lacks a file of the shard or has another length, before a task is started.
    .DESCRIPTION
        What this session cannot see is left to the task, which looks at it with the account that copies before anything
        is erased: a network logon reaches no share.
    .PARAMETER Directory
        The source.
    .PARAMETER File
        The files with name and bytes.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Directory, [Parameter(Mandatory = $true)][object[]]$File)
    $source = Get-SeedSourceAnswer -Directory $Directory -File $File
    if ($source.answer -eq 'missing') { throw $source.text }
}

function Get-SeedBusyDrive {
    <#
    .SYNOPSIS
        Drives of any seed that are being copied to on this host. The tool runs once on a host, so the next one waits.
    .DESCRIPTION
        Reading a drive again does not count. Tasks are asked for too, because another seed may work in another folder,
        and an attempt whose state cannot be read does not show that it is alive.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $all = Get-SeedRoot -Option $Option
    $boot = Get-SeedBootTime
    $known = @()
    foreach ($seed in @(Get-SeedFolderName -Path $all)) {
        foreach ($serial in @(Get-SeedFolderName -Path "$all\$seed")) {
            $attempts = @(Get-SeedAttempt -Folder "$all\$seed\$serial" -Serial $serial -BootTime $boot)
            $alive = @($attempts | Where-Object { $_.alive })
            if ($alive.Count -gt 0) { $known += (Get-SeedTaskName -Serial $serial).name }
            $copies = @($alive | Where-Object { -not $_.run -or $_.run.operation -ne 'verify' })
            if ($copies.Count -gt 0) { "$serial (seed $seed)" }
        }
    }
    foreach ($task in @(Get-SeedTaskList | Where-Object { "$($_.State)" -in 'Running', 'Queued' })) {
        if ("$($task.TaskName)" -notin $known) { "task $($task.TaskName)" }
    }
}

function Set-SeedRefused {
    <#
    .SYNOPSIS
        Writes into an attempt why it ended before its tool started.
    .PARAMETER Folder
        The folder of the attempt.
    .PARAMETER Plan
        The attempt as attempt.json has it.
    .PARAMETER Problem
        Why.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][object]$Plan,
        [Parameter(Mandatory = $true)][string]$Problem
    )
    $order = [pscustomobject]@{
        operation = 'copy'
        attempt = $Plan['id']
        letter = ''
        started = $Plan['started']
        identity = $Plan['identity']
        sessions = @($Plan['sessions'] | ForEach-Object { [pscustomobject]@{
            id = $_.id
            state = 'pending'
            exit_code = $null
        } })
        bytes_total = 0
    }
    $state = New-SeedState -Order $order -State ended
    $state['exit_code'] = -1
    $state['error'] = $Problem
    $state['ended'] = Get-SeedTime
    Write-SeedJson -Path "$Folder\run.json" -Value $state
}

function Confirm-SeedAllowed {
    <#
    .SYNOPSIS
        The drive once more, now that no other call works on the drives of this host. Fails when it does not allow the
        step any more, or when its attempt or content is another one.
    .PARAMETER Drive
        The drive as Get-SeedDrive showed it.
    .PARAMETER Option
        The module's options.
    .PARAMETER Step
        prepare or verify.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Step
    )
    $serial = $Drive.facts.serial
    $now = @(Get-SeedDrive -Option $Option | Where-Object { $_.facts.serial -eq $serial })[0]
    $ids = @(foreach ($one in $Drive, $now) { if ($one.facts.attempt) { $one.facts.attempt.id } else { '' } })
    $same = $ids[0] -eq $ids[1] -and $now.record.fingerprint -eq $Drive.record.fingerprint
    if ($same -and $Step -in $now.record.allowed) { return $now }
    throw "Another run worked on drive $serial meanwhile, so nothing was done. Now: $($now.record.reason)"
}

function New-SeedAttempt {
    <#
    .SYNOPSIS
        Begins an attempt: its folder, its tool copied, its order started. The task makes the drive ready.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it; its record allows to prepare it.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $serial = $Drive.facts.serial
    $tool = Get-SeedTool -Path $Option['tool_path'] -Version $Option['tool_version']
    $known = @($Drive.facts.older | ForEach-Object { $_.id })
    if ($Drive.facts.attempt) { $known += $Drive.facts.attempt.id }
    $id = New-SeedAttemptId -Known $known
    $folder = (Get-SeedFolder -Option $Option -Serial $serial) + "\$id"
    New-SeedPrivateFolder -Path $folder -Root $Option['work_directory']
    foreach ($name in 'logs', 'tool', 'work') {
        $null = New-Item -Path "$folder\$name" -ItemType Directory -ErrorAction Stop
    }
    $previous = $Drive.facts.attempt
    if ($previous -and $previous.id -in $Drive.option.discard_attempts) {
        Write-SeedJson -Path "$($previous.folder)\discarded.json" -Value @{
            schema_version = 1
            at = Get-SeedTime
            replaced_by = $id
        }
    }
    $disk = $Drive.facts.disk
    $plan = [ordered]@{
        schema_version = 1
        id = $id
        seed = $Option['seed']
        serial = $serial
        container = $Option['container']
        started = Get-SeedTime
        source_directory = $Option['source_directory']
        files = @($Drive.option.files | ForEach-Object { [ordered]@{ name = $_.name; bytes = [long]$_.bytes } })
        sessions = @($Drive.listed.sessions | ForEach-Object { [ordered]@{ id = $_.id; files = @($_.files) } })
        identity = [ordered]@{
            serial = $serial
            unique_id = $disk.unique_id
            size_bytes = $disk.size_bytes
            partition_guid = ''
        }
        erased = $null
        tool = $tool
    }
    Write-SeedJson -Path "$folder\attempt.json" -Value $plan
    try { $private = Copy-SeedTool -Tool $tool -Folder "$folder\tool" -Sha256 $Option['tool_sha256'] }
    catch {
        Set-SeedRefused -Folder $folder -Plan $plan -Problem "$_"
        throw
    }
    $order = New-SeedCopyOrder -Plan $plan -Folder $folder -Tool $private -Drive $Drive
    $order['protected_paths'] = @(Get-SeedProtectedPath -Option $Option)
    Start-SeedRun -Order $order -Account $Option['copy_account']
}

function New-SeedCopyOrder {
    <#
    .SYNOPSIS
        The order of an attempt: the drive as it was judged, which the runner compares before it erases it, and the
        sessions.
    .PARAMETER Plan
        The attempt as attempt.json has it.
    .PARAMETER Folder
        The folder of the attempt.
    .PARAMETER Tool
        Path of the private copy of the tool.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Plan,
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Tool,
        [Parameter(Mandatory = $true)][object]$Drive
    )
    $lengths = @{}
    $total = [long]0
    foreach ($file in $Plan['files']) {
        $lengths[$file['name']] = $file['bytes']
        $total += $file['bytes']
    }
    $sessions = @(foreach ($one in $Plan['sessions']) {
            $name = @($one['files'])[0]
            [pscustomobject][ordered]@{
                id = $one['id']
                state = 'pending'
                exit_code = $null
                bytes = $lengths[$name]
                file = $name
            }
        })
    [ordered]@{
        operation = 'copy'
        attempt = $Plan['id']
        seed = $Plan['seed']
        serial = $Plan['serial']
        container = $Plan['container']
        folder = $Folder
        letter = ''
        identity = $Plan['identity']
        facts = $Drive.facts
        option = $Drive.option
        protected_paths = @()
        source_directory = $Plan['source_directory']
        files = $Plan['files']
        sessions = $sessions
        journal = "$Folder\" + ($Plan['serial'] -replace '[\\/:*?"<>|]', '_') + '.jrn'
        tool_path = $Tool
        tool_sha256 = $Plan['tool'].sha256
        tool_directory = "$Folder\work"
        run_file = "$Folder\run.json"
        output_file = "$Folder\output.txt"
        bytes_total = $total
    }
}

function Get-SeedDiff {
    <#
    .SYNOPSIS
        What a diff shows of the drives before a step.
    .PARAMETER Drive
        The drives as Get-SeedDrive shows them.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Drive = @())
    $drives = @(foreach ($one in $Drive) {
            $held = ''
            if ($one.facts.content) { $held = $one.facts.content.text }
            $id = ''
            if ($one.facts.attempt) { $id = $one.facts.attempt.id }
            [ordered]@{
                serial = $one.facts.serial
                status = $one.record.status
                attempt = $id
                content = $held
                fingerprint = $one.record.fingerprint
            }
        })
    @{ drives = $drives }
}

function New-SeedChange {
    <#
    .SYNOPSIS
        What a step changes: changed, failure (why the state cannot be reached), busy (what the host copies for other
        seeds, so that this one waits), and the diff before and after.
    .PARAMETER Drive
        The drives as they were.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Drive = @())
    [pscustomobject]@{
        changed = $false
        failure = ''
        busy = @()
        before = Get-SeedDiff -Drive $Drive
        after = Get-SeedDiff -Drive $Drive
    }
}

function Invoke-SeedPrepare {
    <#
    .SYNOPSIS
        Starts the next copy, if none runs: to the first drive that allows it. One drive a call.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    if (@($drives | Where-Object { 'wait' -in $_.record.allowed }).Count -gt 0) { return $change }
    $open = @($drives | Where-Object { 'collect' -notin $_.record.allowed })
    $next = @($open | Where-Object { 'prepare' -in $_.record.allowed } | Select-Object -First 1)
    if ($next.Count -eq 0) {
        # A drive that is not there yet is waited for; everything else needs a decision.
        $change.failure = @($open | Where-Object { $_.record.status -ne 'missing' } |
            ForEach-Object { $_.record.reason }) -join ' '
        return $change
    }
    $drive = $next[0]
    $serial = $drive.facts.serial
    if ($drive.option.files.Count -eq 0 -or @(Get-SeedOption -Option $drive.listed -Name sessions).Count -eq 0) {
        throw "``files`` and ``sessions`` of drive $serial are empty. Plan the seed first."
    }
    $tool = Get-SeedTool -Path $Option['tool_path'] -Version $Option['tool_version']
    Assert-SeedTool -Tool $tool -Sha256 $Option['tool_sha256']
    Assert-SeedStagedFile -Directory $Option['source_directory'] -File $drive.option.files
    $change.busy = @(Get-SeedBusyDrive -Option $Option)
    if ($change.busy.Count -gt 0) { return $change }
    $change.changed = $true
    foreach ($entry in $change.after['drives']) {
        if ($entry['serial'] -ne $serial) { continue }
        $entry['status'] = 'copying'
        $entry['attempt'] = 'new'
        $entry['content'] = "$($drive.option.files.Count) files in a new encrypted volume"
        $entry['fingerprint'] = ''
    }
    if ($CheckMode) { return $change }
    Use-SeedHost -Option $Option -Step {
        $change.busy = @(Get-SeedBusyDrive -Option $Option)
        if ($change.busy.Count -gt 0) {
            $change.changed = $false
            $change.after = $change.before
            return
        }
        New-SeedAttempt -Drive (Confirm-SeedAllowed -Drive $drive -Option $Option -Step prepare) -Option $Option
    }
    $change
}

function Invoke-SeedVerify {
    <#
    .SYNOPSIS
        Starts to read the next copied drive again, if nothing runs. One drive a call.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    if (@($drives | Where-Object { 'wait' -in $_.record.allowed }).Count -gt 0) { return $change }
    $next = @($drives | Where-Object { 'verify' -in $_.record.allowed } | Select-Object -First 1)
    if ($next.Count -eq 0) {
        $change.failure = @($drives | Where-Object { $_.record.status -notin 'verified', 'missing' } |
            ForEach-Object { $_.record.reason }) -join ' '
        return $change
    }
    # A reading that failed while it was waited for is not begun again by itself: it would be so for days.
    $run = $next[0].facts.attempt.run
    if ($run.operation -eq 'verify' -and $run.state -eq 'ended' -and $Option['_retry'] -eq $false) {
        $change.failure = $next[0].record.reason
        return $change
    }
    $change.changed = $true
    foreach ($entry in $change.after['drives']) {
        if ($entry['serial'] -eq $next[0].facts.serial) { $entry['status'] = 'verifying' }
    }
    if ($CheckMode) { return $change }
    Use-SeedHost -Option $Option -Step {
        $now = Confirm-SeedAllowed -Drive $next[0] -Option $Option -Step verify
        Start-SeedRun -Order (New-SeedVerifyOrder -Facts $now.facts)
    }
    $change
}

function New-SeedVerifyOrder {
    <#
    .SYNOPSIS
        The order to read a drive again.
    .PARAMETER Facts
        The facts of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $attempt = $Facts.attempt
    $total = [long]0
    foreach ($file in @($attempt.files)) { $total += [long]$file.bytes }
    # The unique id can be another one in another bay; the partition is what the attempt wrote.
    $identity = [ordered]@{
        serial = $Facts.serial
        unique_id = $Facts.disk.unique_id
        size_bytes = $Facts.disk.size_bytes
        partition_guid = $Facts.disk.partition_guid
    }
    [ordered]@{
        operation = 'verify'
        attempt = $attempt.id
        seed = $attempt.seed
        serial = $Facts.serial
        folder = $attempt.folder
        letter = $Facts.disk.letter
        identity = $identity
        container = $attempt.container
        files = @($attempt.files)
        sessions = @(Get-SeedSession -Attempt $attempt | ForEach-Object { [pscustomobject]@{
            id = $_.id
            state = $_.state
            exit_code = $_.exit_code
        } })
        journal = $Facts.journal.path
        journal_sha256 = $Facts.journal.sha256
        manifest_file = $Facts.journal.manifest_file
        manifest_hash = $Facts.journal.manifest_hash
        run_file = "$($attempt.folder)\run.json"
        verify_file = "$($attempt.folder)\verify.json"
        output_file = "$($attempt.folder)\output.txt"
        bytes_total = $total
    }
}

function Assert-SeedRemovable {
    <#
    .SYNOPSIS
        Refuses to remove the attempts of a drive while one runs, or holds the only copy of a journal that may count.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    .PARAMETER Option
        The module's options.
    .PARAMETER Escrowed
        SHA-256 of the journals that are in escrow.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [AllowEmptyCollection()][string[]]$Escrowed = @()
    )
    $serial = $Drive.facts.serial
    $folder = Get-SeedFolder -Option $Option -Serial $serial
    # An attempt whose state cannot be read does not show that it is alive.
    $name = (Get-SeedTaskName -Serial $serial).name
    $tasks = @(Get-SeedTaskList | Where-Object { "$($_.TaskName)" -eq $name })
    if (@($tasks | Where-Object { "$($_.State)" -in 'Running', 'Queued' }).Count -gt 0) {
        throw "The task $name of drive $serial runs, so nothing is removed. Wait until it has ended."
    }
    foreach ($attempt in @(Get-SeedAttempt -Folder $folder -Serial $serial -BootTime (Get-SeedBootTime))) {
        $journal = Get-SeedJournalFact -Attempt $attempt -Serial $serial
        $facts = [pscustomobject]@{ serial = $serial; attempt = $attempt; journal = $journal }
        $state = Get-SeedAttemptState -Facts $facts
        if ($state -eq 'running') {
            throw "Drive $serial is being worked on, so nothing is removed. Wait until it has ended."
        }
        if ($attempt.discarded) { continue }
        if ($state -eq 'torn' -and $attempt.id -notin $Drive.option.discard_attempts) {
            throw "How attempt $($attempt.id) to drive $serial stands is not known, and its journal in " +
                "'$($attempt.folder)' may be a complete one, so nothing is removed. If it may go, allow it with " +
                "``discard_attempts: [$($attempt.id)]``."
        }
        if ($state -eq 'complete' -and $journal.sha256 -notin $Escrowed) {
            throw "The journal of drive $serial stays: ``escrowed`` does not name its SHA-256 $($journal.sha256). " +
                'Collect it first.'
        }
    }
}

function Search-SeedKey {
    <#
    .SYNOPSIS
        Files outside the attempts that hold the key of one of them (found), and what could not be searched (unknown).
    .DESCRIPTION
        Searched are the rest of the work folder, the folder of the tool, where newer builds and one article of
        Microsoft's put files with the key, and the top of both folders for temporary files.
    .PARAMETER Option
        The module's options.
    .PARAMETER Folder
        The folders of the attempts.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string[]]$Folder
    )
    $found = @()
    $unknown = @()
    $tool = "$($Option['tool_path'])"
    $places = @(
        @{ Folder = $Option['work_directory'].TrimEnd('\'); Depth = 16; Skip = $Folder }
        @{ Folder = $tool.Substring(0, $tool.LastIndexOf('\') + 1).TrimEnd('\') + '\'; Depth = 1; Skip = @() }
        foreach ($temporary in @("$env:TEMP", "$env:SystemRoot\Temp") | Where-Object { $_ -and $_ -ne '\Temp' }) {
            @{ Folder = $temporary.TrimEnd('\'); Depth = 0; Skip = @() }
        }
    )
    foreach ($one in $Folder) {
        $key = Read-SeedKeyForm -Folder $one
        if ($key['forms'].Count -eq 0) { continue }
        foreach ($place in $places) {
            $seen = Find-SeedKey -Key $key @place
            $found += $seen.found
            $unknown += $seen.unknown
        }
    }
    [pscustomobject]@{
        found = @($found | Sort-Object -Unique)
        unknown = @($unknown | Sort-Object -Unique)
    }
}

function Get-SeedRemoved {
    <#
    .SYNOPSIS
        The files of a folder with path, bytes and sha256, which is empty where a file cannot be read.
    .PARAMETER Folder
        The folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $root = (Resolve-SeedPath -Path $Folder).Length
    foreach ($file in @(Get-ChildItem -LiteralPath $Folder -File -Recurse -Force -ErrorAction Stop)) {
        $hash = ''
        try { $hash = (Get-SeedFileHash -Path $file.FullName -Algorithm SHA256).ToLowerInvariant() }
        catch { $hash = '' }
        [ordered]@{
            path = $Folder + $file.FullName.Substring($root).Replace('/', '\')
            bytes = [long]$file.Length
            sha256 = $hash
        }
    }
}

function Invoke-SeedClean {
    <#
    .SYNOPSIS
        Removes the folders of this seed's attempts on the listed drives: journals, logs, copies of the tool, and tasks.
    .DESCRIPTION
        Refuses when a run is alive, when the journal of a complete attempt is in no escrow, and when it is not known
        how an attempt stands, unless its id is in discard_attempts. Then the host is searched for the keys of the
        journals. A file elsewhere that holds one is a failure, and nothing is removed: without the journals nobody
        could say later whether it is gone. What cannot be read is returned and stops nothing, because folders for
        temporary files always have such files.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $escrowed = @(Get-SeedOption -Option $Option -Name escrowed)
    foreach ($drive in $drives) { Assert-SeedRemovable -Drive $drive -Option $Option -Escrowed $escrowed }
    $left = [pscustomobject]@{ found = @(); unknown = @() }
    $folders = @($drives | ForEach-Object { Get-SeedFolder -Option $Option -Serial $_.facts.serial } |
        Where-Object { Test-Path -LiteralPath $_ })
    if ($folders.Count -gt 0) { $left = Search-SeedKey -Option $Option -Folder $folders }
    $change | Add-Member -NotePropertyName key_found_in -NotePropertyValue $left.found
    $change | Add-Member -NotePropertyName key_unknown_in -NotePropertyValue $left.unknown
    $change | Add-Member -NotePropertyName removed -NotePropertyValue @($folders |
        ForEach-Object { Get-SeedRemoved -Folder $_ })
    if ($left.found.Count -gt 0) {
        $change.removed = @()
        $change.failure = "The key of a drive of this seed lies in '$($left.found -join "', '")'. Remove these " +
            'files and run again; nothing was removed yet.'
        return $change
    }
    foreach ($drive in $drives) {
        $folder = Get-SeedFolder -Option $Option -Serial $drive.facts.serial
        if ($folder -notin $folders) { continue }
        $change.changed = $true
        foreach ($entry in $change.after['drives']) {
            if ($entry['serial'] -eq $drive.facts.serial) { $entry['attempt'] = '' }
        }
        if ($CheckMode) { continue }
        Remove-SeedTask -Serial $drive.facts.serial
        Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Stop
    }
    $all = Get-SeedFolder -Option $Option
    $empty = (Test-Path -LiteralPath $all) -and @(Get-ChildItem -LiteralPath $all -Force -ErrorAction Stop).Count -eq 0
    if ($empty -and -not $CheckMode) { Remove-Item -LiteralPath $all -Force -ErrorAction Stop }
    $change
}

function Invoke-SeedStop {
    <#
    .SYNOPSIS
        Ends what runs for this seed on the listed drives: the runner, the tool, and the task. Nothing on a drive
        changes.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $stopped = @()
    foreach ($drive in $drives) {
        if ((Get-SeedAttemptState -Facts $drive.facts) -ne 'running') { continue }
        $change.changed = $true
        $stopped += $drive.facts.serial
        foreach ($entry in $change.after['drives']) {
            if ($entry['serial'] -eq $drive.facts.serial) { $entry['status'] = 'interrupted' }
        }
        if ($CheckMode) { continue }
        # An order that no runner has taken yet is taken back first.
        $folder = $drive.facts.attempt.folder
        [System.IO.File]::Delete((Resolve-SeedPath -Path "$folder\order.json"))
        # The runner first: it would write the end of a tool that was killed as a failure of the tool. Both are read
        # when it is their turn, because a runner or the next session may have begun since the look.
        foreach ($name in 'runner', 'tool') {
            $run = (Read-SeedJson -Path "$folder\run.json" -Expected).value
            if (-not $run) { $run = $drive.facts.attempt.run }
            if (-not $run) { continue }
            if (-not (Test-SeedProcess -Process $run.$name)) { continue }
            Stop-Process -Id $run.$name.pid -Force -ErrorAction Stop
            # Windows ends a process a moment later, and whoever looks before that sees it at work.
            for ($try = 0; $try -lt 100 -and (Test-SeedProcess -Process $run.$name); $try++) {
                Start-Sleep -Milliseconds 100
            }
        }
        Get-SeedToolProcess -Folder $folder | Stop-Process -Force -ErrorAction Stop
        Remove-SeedTask -Serial $drive.facts.serial
    }
    $change | Add-Member -NotePropertyName stopped -NotePropertyValue $stopped -PassThru
}

function Get-SeedSealedJournal {
    <#
    .SYNOPSIS
        The complete journals of current attempts, sealed to a certificate, whatever their drives show now.
    .PARAMETER Drive
        The drives as Get-SeedDrive shows them.
    .PARAMETER Certificate
        The certificate, PEM.
    .PARAMETER Collected
        SHA-256 of journals that are kept already.
    #>
    [CmdletBinding()]
    param(
        [AllowEmptyCollection()][object[]]$Drive = @(),
        [Parameter(Mandatory = $true)][string]$Certificate,
        [AllowEmptyCollection()][string[]]$Collected = @()
    )
    foreach ($one in $Drive) {
        if ((Get-SeedAttemptState -Facts $one.facts) -ne 'complete' -or $one.facts.journal.sha256 -in $Collected) {
            continue
        }
        [ordered]@{
            serial = $one.facts.serial
            attempt = $one.facts.attempt.id
            sha256 = $one.facts.journal.sha256
            cms = Protect-SeedJournal -Path $one.facts.journal.path -Certificate $Certificate
        }
    }
}

function Find-SeedLeftJournal {
    <#
    .SYNOPSIS
        The journals that the agent's disk preparation utility left in a folder, a record for each drive of each.
    .DESCRIPTION
        Nothing is changed, and no disk is looked at. A folder that is not there has no journal. A journal that is
        damaged is of no drive, so it has no record. Fails when one cannot be read: it may be of any drive.
    .PARAMETER Directory
        The folder; its subfolders are left out.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Directory)
    if (-not (Test-Path -LiteralPath $Directory -PathType Container)) { return }
    $files = @(Get-ChildItem -LiteralPath $Directory -File -Force -ErrorAction Stop |
        Where-Object { $_.Extension -eq '.jrn' } | Sort-Object -Property Name)
    foreach ($file in $files) {
        try {
            $hash = (Get-SeedFileHash -Path $file.FullName -Algorithm SHA256).ToLowerInvariant()
            $journal = Read-SeedJournal -Path $file.FullName
        }
        catch {
            $why = $_.Exception.GetBaseException()
            $gone = $why -is [System.IO.FileNotFoundException] -or $why -is [System.IO.DirectoryNotFoundException]
            $locked = $why -is [System.IO.IOException] -or $why -is [System.UnauthorizedAccessException]
            if ($gone -or -not $locked) { continue }
            throw "The journal '$($Directory.TrimEnd('\'))\$($file.Name)' cannot be read: $($why.Message) Close what " +
            'has it open, or let the account of Ansible read it, then retry.'
        }
        foreach ($drive in $journal.drives) {
            [ordered]@{
                serial = ConvertTo-SeedSerial -Serial $drive.drive_id
                path = "$($Directory.TrimEnd('\'))\$($file.Name)"
                sha256 = $hash
                bytes = [long]$file.Length
                completed = [bool]$drive.completed
                drive_id = $drive.drive_id
                manifest_file = $drive.manifest_file
                manifest_hash = $drive.manifest_hash
                key_kind = $drive.key_kind
            }
        }
    }
}

function Protect-SeedLeftJournal {
    <#
    .SYNOPSIS
        Some of the journals that the utility left, sealed to a certificate.
    .PARAMETER Journal
        The journals as Find-SeedLeftJournal shows them.
    .PARAMETER Certificate
        The certificate, PEM.
    .PARAMETER Wanted
        SHA-256 of the journals that were judged and are to be collected.
    #>
    [CmdletBinding()]
    param(
        [AllowEmptyCollection()][object[]]$Journal = @(),
        [Parameter(Mandatory = $true)][string]$Certificate,
        [AllowEmptyCollection()][string[]]$Wanted = @()
    )
    foreach ($one in $Journal) {
        if ($one.sha256 -notin $Wanted -or -not $one.completed) { continue }
        [ordered]@{
            serial = $one.serial
            attempt = ''
            sha256 = $one.sha256
            cms = Protect-SeedJournal -Path $one.path -Certificate $Certificate
        }
    }
}

Export-ModuleMember -Function @(
    'Get-SeedOption', 'Assert-SeedOption', 'Assert-SeedPlan', 'Get-SeedFolder', 'New-SeedAttemptId', 'Read-SeedRecord',
    'Read-SeedAttempt', 'Get-SeedAttempt', 'Get-SeedCurrentAttempt', 'Test-SeedToolBegan', 'Test-SeedWrote',
    'Get-SeedOtherAttempt',
    'Get-SeedJournalFact', 'Get-SeedVerifyFact', 'Get-SeedProtectedPath', 'Get-SeedDriveFact', 'Get-SeedDriveOption',
    'Get-SeedDrive', 'Use-SeedHost', 'Assert-SeedStagedFile', 'Get-SeedBusyDrive', 'Set-SeedRefused',
    'Confirm-SeedAllowed', 'New-SeedAttempt', 'New-SeedCopyOrder', 'Get-SeedDiff',
    'New-SeedChange', 'Invoke-SeedPrepare', 'Invoke-SeedVerify', 'New-SeedVerifyOrder', 'Assert-SeedRemovable',
    'Search-SeedKey', 'Get-SeedRemoved', 'Invoke-SeedClean',
    'Invoke-SeedStop', 'Get-SeedSealedJournal', 'Find-SeedLeftJournal', 'Protect-SeedLeftJournal'
)
