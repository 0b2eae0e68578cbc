# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveRecord
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Run

# Attempts as folders, and the facts and the record of a drive. Private to the collection.
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
    if ($Option.Keys -contains 'parallel' -and ([int]$Option['parallel'] -lt 1 -or [int]$Option['parallel'] -gt 10)) {
        throw "``parallel`` is $($Option['parallel']). Set it to a number from 1 to 10."
    }
    $seen, $names = @{}, @{}
    foreach ($listed in @(Get-SeedOption -Option $Option -Name drives)) {
        $serial = ConvertTo-SeedSerial -Serial $listed.serial
        if (-not $serial) { throw 'A `serial` in `drives` is empty. Read it off the label of the drive.' }
        if ($seen.ContainsKey($serial)) { throw "The ``serial`` $serial is in ``drives`` twice." }
        $seen[$serial] = $true
        $name = $serial -creplace '[^A-Za-z0-9_-]', '_'
        if ($names.ContainsKey($name)) {
            throw "The drives $($names[$name]) and $serial would have one folder. Give one of them to another seed."
        }
        $names[$name] = $serial
        $files = @(Get-SeedOption -Option $listed -Name files)
        Assert-SeedPlan -Serial $serial -File $files -Session @(Get-SeedOption -Option $listed -Name sessions)
    }
}

function Assert-SeedPlan {
    <#
    .SYNOPSIS
        Refuses a shard that names a file twice or without a length, and sessions that do not carry each of its files
        exactly once, one file a session.
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
    # As Windows compares the names of files.
    $seen = New-Object -TypeName 'System.Collections.Generic.HashSet[string]' -ArgumentList (
        [StringComparer]::OrdinalIgnoreCase
    )
    foreach ($one in $File) {
        if (-not $seen.Add("$($one.name)")) { throw "``files`` of drive $Serial name '$($one.name)' twice." }
        # A cast would take null for 0, true for 1 and 1,5 for 15.
        if ("$($one.bytes)" -notmatch '^[0-9]{1,18}\z') {
            throw "``bytes`` of the file '$($one.name)' of drive $Serial is '$($one.bytes)', which is no whole " +
                'number of bytes.'
        }
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
    # An attempt of an earlier version has no encryption, and its drive was encrypted by a person if at all.
    $attempt['encryption'] = "$(Get-SeedField -Value $plan.value -Name encryption -Default 'tool')"
    $attempt['made'] = [bool](Get-SeedField -Value $plan.value -Name made)
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

function Get-SeedOpenAttempt {
    <#
    .SYNOPSIS
        The attempts of all seeds on this host that wrote to a drive and are neither discarded nor cleaned.
    .PARAMETER Serial
        The serial as the user writes it.
    .PARAMETER WorkDirectory
        The folder with the attempts of the seeds.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial, [Parameter(Mandatory = $true)][string]$WorkDirectory)
    $call = @{ Option = @{ seed = ''; work_directory = $WorkDirectory }; BootTime = Get-SeedBootTime }
    Get-SeedOtherAttempt @call -Serial (ConvertTo-SeedSerial -Serial $Serial)
}

function Get-SeedJournalPath {
    <#
    .SYNOPSIS
        Where the journal of an attempt lies.
    .PARAMETER Folder
        The folder of the attempt.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Encryption
        With managed, the path of the journal that has another key than the tool got.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Serial,
        [string]$Encryption = 'tool'
    )
    $end = '.jrn'
    if ($Encryption -eq 'managed') { $end = '.new.jrn' }
    "$Folder\" + ($Serial -replace '[\\/:*?"<>|]', '_') + $end
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
    $path = Get-SeedJournalPath -Folder $Attempt.folder -Serial $Serial -Encryption $Attempt.encryption
    $new = Test-Path -LiteralPath $path -PathType Leaf
    if (-not $new) { $path = Get-SeedJournalPath -Folder $Attempt.folder -Serial $Serial }
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
        sessions = [ordered]@{}
        old_key = $Attempt.encryption -eq 'managed' -and -not $new
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
    $fact['sessions'] = $journal.sessions
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
        Every fact of one listed drive, as _DriveState describes them.
    .PARAMETER Option
        The module's options.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER BootTime
        When the host was started.
    .PARAMETER Look
        What is the same for all drives of this call, as Get-SeedDiskFact fills it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyString()][string]$BootTime,
        [System.Collections.IDictionary]$Look = @{}
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
        if (Test-SeedBeside -Run $one.run) { continue }
        $facts['never_started']++
    }
    $facts['beside'] = @($attempts | Where-Object { Test-SeedBeside -Run $_.run }).Count -gt 0
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
                made = $one.made
                sessions = @($one.sessions | ForEach-Object { $_.id })
            }
        })
    $facts['others'] = @(Get-SeedOtherAttempt -Option $Option -Serial $Serial -BootTime $BootTime)
    $ask = @{
        Serial = $Serial
        ProtectedPath = @(Get-SeedProtectedPath -Option $Option)
        Look = $Look
        OwnGuid = @($facts['older'] | ForEach-Object { $_.partition_guid })
    }
    if ($facts['attempt'] -and $facts['attempt'].identity) {
        $ask['OwnGuid'] += "$($facts['attempt'].identity.partition_guid)"
    }
    if ($facts['attempt'] -and $facts['attempt'].alive) { $ask['Shallow'] = $true }
    $finished = (Get-SeedAttemptState -Facts ([pscustomobject]$facts)) -eq 'complete'
    if ($finished -and -not $facts['verify']) { $ask['ManifestFile'] = $facts['journal'].manifest_file }
    $disk = Get-SeedDiskFact @ask
    foreach ($name in 'problems', 'candidates', 'disk', 'content') { $facts[$name] = $disk.$name }
    if ($ask.ContainsKey('Shallow') -and $facts['disk'] -and $facts['attempt'].run) {
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
        encryption = "$(Get-SeedField -Value $Listed -Name encryption -Default 'tool')"
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
    $look = @{}
    foreach ($listed in @(Get-SeedOption -Option $Option -Name drives)) {
        $serial = ConvertTo-SeedSerial -Serial $listed.serial
        $wanted = Get-SeedDriveOption -Option $Option -Listed $listed
        $facts = Get-SeedDriveFact -Option $Option -Serial $serial -BootTime $boot -Look $look
        $record = ConvertTo-SeedDriveRecord -Facts $facts -Option $wanted
        [pscustomobject]@{ listed = $listed; option = $wanted; facts = $facts; record = $record }
    }
}

function Get-SeedBusyDrive {
    <#
    .SYNOPSIS
        Drives of any seed that are being copied to on this host. As many as `parallel` says may be at once.
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

function Set-SeedFailure {
    <#
    .SYNOPSIS
        Says in a change that the state cannot be reached for what the records of drives say.
    .PARAMETER Change
        What the step changes.
    .PARAMETER Drive
        The drives.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Change, [AllowEmptyCollection()][object[]]$Drive = @())
    $Change.failure = @($Drive | ForEach-Object { $_.record.reason }) -join ' '
    $Change.failed_drives = @($Drive | ForEach-Object { $_.record.serial })
}

function New-SeedChange {
    <#
    .SYNOPSIS
        What a step changes: changed, failure (why the state cannot be reached), failed_drives (those whose reasons are
        the failure), busy (what the host copies, so that this seed waits), the drives as they were, and the diff before
        and after.
    .PARAMETER Drive
        The drives as they were.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Drive = @())
    [pscustomobject]@{
        changed = $false
        failure = ''
        failed_drives = @()
        busy = @()
        drives = $Drive
        before = Get-SeedDiff -Drive $Drive
        after = Get-SeedDiff -Drive $Drive
    }
}

Export-ModuleMember -Function @(
    'Get-SeedOption', 'Assert-SeedOption', 'Assert-SeedPlan', 'Get-SeedFolder', 'New-SeedAttemptId', 'Read-SeedRecord',
    'Read-SeedAttempt', 'Get-SeedAttempt', 'Test-SeedToolBegan', 'Test-SeedWrote', 'Get-SeedOtherAttempt',
    'Get-SeedOpenAttempt', 'Get-SeedJournalPath', 'Get-SeedJournalFact', 'Get-SeedCurrentAttempt', 'Get-SeedVerifyFact',
    'Get-SeedProtectedPath', 'Get-SeedDriveFact', 'Get-SeedDriveOption', 'Get-SeedDrive', 'Get-SeedBusyDrive',
    'Get-SeedDiff', 'Set-SeedFailure', 'New-SeedChange'
)
