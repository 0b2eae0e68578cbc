# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._DriveManaged
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Session
#AnsibleRequires -PowerShell ..module_utils._Run
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Registry

# Starting a copy to a drive, and reading it again. Private to the collection.

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

function Assert-SeedKeyUnrecorded {
    <#
    .SYNOPSIS
        Refuses to put the key of a drive on the tool's command line where this host is known to record it, unless that
        is allowed.
    .PARAMETER Drive
        The drives that a new attempt is for, as Get-SeedDrive shows them.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Drive = @())
    $shown = @($Drive | Where-Object {
            (Test-SeedManaged -Value $_.option) -and -not (Get-SeedField -Value $_.listed -Name allow_recorded_key)
        })
    if ($shown.Count -eq 0) { return }
    $found = @(Get-SeedKeyRecorder)
    if ($found.Count -eq 0) { return }
    $serials = @($shown | ForEach-Object { $_.facts.serial }) -join ', '
    throw "Drive $serials in ``drives`` has ``encryption: managed``, so its key stands on the tool's command line, " +
        "and $($found -join ', and ') on this host. Stop that while drives are prepared, or allow it with " +
        '`allow_recorded_key: true`: the key is replaced before the drive travels.'
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
        prepare, resume or verify.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string]$Step
    )
    $serial = $Drive.facts.serial
    $one = @{}
    foreach ($name in @($Option.Keys)) { $one[$name] = $Option[$name] }
    $one['drives'] = @($Drive.listed)
    $now = @(Get-SeedDrive -Option $one)[0]
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
        content_md5 = [bool]$Option['tool_content_md5']
        encryption = $Drive.option.encryption
        encryption_method = "$(Get-SeedField -Value $Drive.listed -Name encryption_method -Default 'aes256')"
        # Whether this attempt made the volume of a managed drive, and which of its keys the tool got.
        made = $false
        shown_protector = ''
    }
    Write-SeedJson -Path "$folder\attempt.json" -Value $plan
    try { $null = Copy-SeedTool -Tool $tool -Folder "$folder\tool" -Sha256 $Option['tool_sha256'] }
    catch {
        Set-SeedRefused -Folder $folder -Plan $plan -Problem "$_"
        throw
    }
    $order = New-SeedCopyOrder -Plan $plan -Folder $folder -Drive $Drive -Option $Option
    Start-SeedRun -Order $order -Account $Option['copy_account']
}

function New-SeedToolOrder {
    <#
    .SYNOPSIS
        What the orders to begin an attempt and to go on with it have in common.
    .PARAMETER Plan
        The attempt as attempt.json has it.
    .PARAMETER Folder
        The folder of the attempt.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Plan,
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $total = [long]0
    foreach ($file in @($Plan.files)) { $total += [long]$file.bytes }
    $program = "$($Plan.tool.path)"
    [ordered]@{
        operation = 'copy'
        attempt = $Plan.id
        seed = $Plan.seed
        serial = $Plan.serial
        container = $Plan.container
        folder = $Folder
        protected_paths = @(Get-SeedProtectedPath -Option $Option)
        source_directory = $Option['source_directory']
        files = @($Plan.files)
        journal = Get-SeedJournalPath -Folder $Folder -Serial $Plan.serial
        tool_path = "$Folder\tool\" + $program.Substring($program.LastIndexOf('\') + 1)
        tool_sha256 = $Plan.tool.sha256
        # An attempt of before has no options.
        tool_options = @(Get-SeedField -Value $Plan.tool -Name options -Default @())
        content_md5 = [bool](Get-SeedField -Value $Plan -Name content_md5)
        encryption = "$(Get-SeedField -Value $Plan -Name encryption -Default 'tool')"
        encryption_method = Get-SeedField -Value $Plan -Name encryption_method -Default 'aes256'
        new_journal = Get-SeedJournalPath -Folder $Folder -Serial $Plan.serial -Encryption managed
        tool_directory = "$Folder\work"
        run_file = "$Folder\run.json"
        output_file = "$Folder\output.txt"
        bytes_total = $total
    }
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
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Plan,
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $lengths = @{}
    foreach ($file in $Plan['files']) { $lengths[$file['name']] = $file['bytes'] }
    $order = New-SeedToolOrder -Plan $Plan -Folder $Folder -Option $Option
    $order['letter'] = ''
    $order['identity'] = $Plan['identity']
    $order['facts'] = $Drive.facts
    $order['option'] = $Drive.option
    $order['sessions'] = @(foreach ($one in $Plan['sessions']) {
            $name = @($one['files'])[0]
            [pscustomobject][ordered]@{
                id = $one['id']
                state = 'pending'
                exit_code = $null
                bytes = $lengths[$name]
                file = $name
            }
        })
    $order
}

function New-SeedResumeOrder {
    <#
    .SYNOPSIS
        The order to go on with an attempt: the same folder, journal and tool; nothing is erased or formatted.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it; its record allows to resume it.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $attempt = $Drive.facts.attempt
    $folder = $attempt.folder
    $plan = Read-SeedPlan -Folder $folder
    $action = $Drive.record.next.action
    # The tool remembers where a session reads from, so a corrected path is taken by a session that begins anew.
    $from, $now = @($plan.source_directory, $Option['source_directory'] | ForEach-Object {
            "$_".Replace('/', '\').TrimEnd('\')
        })
    $moved = $from -ne $now
    if ($action -eq 'resume' -and $moved) { $action = 'abort' }
    $order = New-SeedToolOrder -Plan $plan -Folder $folder -Option $Option
    $order['resume'] = [ordered]@{ action = $action; session = $Drive.record.next.session }
    $order['letter'] = "$($attempt.run.letter)"
    $order['identity'] = [ordered]@{
        serial = $Drive.facts.serial
        unique_id = $Drive.facts.disk.unique_id
        size_bytes = [long]$plan.identity.size_bytes
        partition_guid = $Drive.facts.disk.partition_guid
    }
    $order['sessions'] = @(Get-SeedSession -Attempt $attempt | ForEach-Object {
            Add-Member -InputObject $_ -NotePropertyName file -NotePropertyValue @($_.files)[0] -PassThru
        })
    $order
}

function Get-SeedOpenFile {
    <#
    .SYNOPSIS
        The files of an attempt whose sessions are not completed.
    .PARAMETER Attempt
        The attempt of the facts.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Attempt)
    $open = @(Get-SeedSession -Attempt $Attempt | Where-Object { $_.state -ne 'completed' })
    $names = @($open | ForEach-Object { $_.files })
    $Attempt.files | Where-Object { $_.name -in $names }
}

function Get-SeedDue {
    <#
    .SYNOPSIS
        What is to be begun, in the order of the drives: drive, step, files (those that the step reads from the source)
        and failed (how many attempts in a row ended before the tool started).
    .DESCRIPTION
        A drive on which no copy could begin comes behind the others, so that it takes the turn of none of them.
        What ended while it was waited for is not gone on with by itself: it would be so for days.
    .PARAMETER Drive
        The drives as Get-SeedDrive shows them.
    .PARAMETER Step
        Those of prepare, resume and verify that are meant.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [AllowEmptyCollection()][object[]]$Drive = @(),
        [Parameter(Mandatory = $true)][string[]]$Step,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $found = foreach ($one in $Drive) {
        $due = @($Step | Where-Object { $_ -in $one.record.allowed }) | Select-Object -First 1
        if (-not $due) { continue }
        $follows = @{ prepare = ''; resume = 'copy'; verify = 'verify' }[$due]
        $run = $null
        if ($one.facts.attempt) { $run = $one.facts.attempt.run }
        $ended = $run -and $run.state -eq 'ended' -and $run.operation -eq $follows
        if ($ended -and $Option['_retry'] -eq $false) { continue }
        $files = @()
        if ($due -eq 'prepare') { $files = $one.option.files }
        if ($due -eq 'resume') { $files = @(Get-SeedOpenFile -Attempt $one.facts.attempt) }
        [pscustomobject]@{
            drive = $one
            step = $due
            files = $files
            failed = [int](Get-SeedField -Value $one.facts -Name never_started -Default 0)
        }
    }
    # Not Sort-Object, which Windows PowerShell may let change the order of equals.
    foreach ($count in @($found | ForEach-Object { $_.failed } | Sort-Object -Unique)) {
        $found | Where-Object { $_.failed -eq $count }
    }
}

function Start-SeedCopy {
    <#
    .SYNOPSIS
        Starts the copy to one drive, or goes on with it, if there is still room for it on this host. Returns whether
        it did.
    .PARAMETER Due
        What is to be begun, as Get-SeedDue shows it.
    .PARAMETER Option
        The module's options.
    .PARAMETER Limit
        How many copies may be at once.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][object]$Due,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][int]$Limit
    )
    Use-SeedHost -Option $Option -Step {
        if (@(Get-SeedBusyDrive -Option $Option).Count -ge $Limit) { return $false }
        $now = Confirm-SeedAllowed -Drive $Due.drive -Option $Option -Step $Due.step
        if ($Due.step -eq 'resume') {
            $order = New-SeedResumeOrder -Drive $now -Option $Option
            $null = Start-SeedRun -Order $order -Account $Option['copy_account']
            return $true
        }
        try { $null = New-SeedAttempt -Drive $now -Option $Option }
        catch {
            # A tool that does not begin beside another copy is no failure: the drive waits for its turn.
            $look = @{ Serial = $now.facts.serial; BootTime = Get-SeedBootTime }
            $look['Folder'] = Get-SeedFolder -Option $Option -Serial $now.facts.serial
            $latest = @(Get-SeedAttempt @look)[0]
            if (-not $latest -or -not (Test-SeedBeside -Run $latest.run)) { throw }
        }
        $true
    }
}

function Get-SeedLimit {
    <#
    .SYNOPSIS
        How many copies may be at once on this host: what `parallel` says, and one where the tool once ended beside
        another copy of this seed.
    .PARAMETER Option
        The module's options.
    .PARAMETER Drive
        The drives as Get-SeedDrive shows them.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [AllowEmptyCollection()][object[]]$Drive = @()
    )
    $alone = @($Drive | Where-Object { $_.facts.beside }).Count -gt 0
    if ($alone -or -not $Option['parallel']) { return 1 }
    [int]$Option['parallel']
}

function Invoke-SeedPrepare {
    <#
    .SYNOPSIS
        Starts as many copies as `parallel` still has room for on this host, or goes on with them, in the order of the
        drives that allow it.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $working = @($drives | Where-Object { 'wait' -in $_.record.allowed })
    $open = @($drives | Where-Object { 'collect' -notin $_.record.allowed })
    $next = @(Get-SeedDue -Drive $open -Step prepare, resume -Option $Option)
    if ($next.Count -eq 0) {
        # A drive that is not there yet is waited for; everything else needs a decision.
        if ($working.Count -eq 0) {
            Set-SeedFailure -Change $change -Drive @($open | Where-Object { $_.record.status -ne 'missing' })
        }
        return $change
    }
    $limit = Get-SeedLimit -Option $Option -Drive $drives
    $busy = @(Get-SeedBusyDrive -Option $Option)
    $own = @($working | ForEach-Object { "$($_.facts.serial) (seed $($Option['seed']))" })
    if ($busy.Count -ge $limit -and $own.Count -gt 0) { return $change }
    $next = @($next | Select-Object -First ([Math]::Max(1, $limit - $busy.Count)))
    foreach ($one in $next) {
        $sessions = @(Get-SeedOption -Option $one.drive.listed -Name sessions)
        if ($one.drive.option.files.Count -gt 0 -and $sessions.Count -gt 0) { continue }
        throw "``files`` and ``sessions`` of drive $($one.drive.facts.serial) are empty. Plan the seed first."
    }
    $new = @($next | Where-Object { $_.step -eq 'prepare' } | ForEach-Object { $_.drive })
    if ($new.Count -gt 0) {
        $tool = Get-SeedTool -Path $Option['tool_path'] -Version $Option['tool_version']
        Assert-SeedTool -Tool $tool -Sha256 $Option['tool_sha256']
    }
    Assert-SeedKeyUnrecorded -Drive $new
    # Where only the key is left to be replaced nothing is read.
    foreach ($one in @($next | Where-Object { $_.files })) {
        Assert-SeedStagedFile -Directory $Option['source_directory'] -File $one.files
    }
    if ($busy.Count -ge $limit) {
        $change.busy = $busy
        return $change
    }
    $problems = @()
    foreach ($one in $next) {
        try {
            if (-not $CheckMode -and -not (Start-SeedCopy -Due $one -Option $Option -Limit $limit)) { continue }
            $change.changed = $true
            Set-SeedShown -Change $change -Due $one
        }
        catch {
            if ($next.Count -eq 1) { throw }
            $problems += "$_"
        }
    }
    if (-not $change.changed -and $problems.Count -eq 0) { $change.busy = @(Get-SeedBusyDrive -Option $Option) }
    $change.failure = $problems -join ' '
    $change
}

function Set-SeedShown {
    <#
    .SYNOPSIS
        Puts what a step makes of a drive into the diff.
    .PARAMETER Change
        What the step changes.
    .PARAMETER Due
        What is begun, as Get-SeedDue shows it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Change, [Parameter(Mandatory = $true)][object]$Due)
    foreach ($entry in $Change.after['drives']) {
        if ($entry['serial'] -ne $Due.drive.facts.serial) { continue }
        $entry['status'] = 'copying'
        if ($Due.step -eq 'verify') { $entry['status'] = 'verifying' }
        if ($Due.step -ne 'prepare') { continue }
        $entry['attempt'] = 'new'
        $volume = 'a new encrypted volume'
        if ((Test-SeedManaged -Value $Due.drive.option) -and
            (Get-SeedManagedWay -Facts $Due.drive.facts).way -eq 'take') {
            $volume = 'its encrypted volume'
        }
        $entry['content'] = "$($Due.files.Count) files in $volume"
        $entry['fingerprint'] = ''
    }
}

function Invoke-SeedVerify {
    <#
    .SYNOPSIS
        Starts to read every copied drive again that is not read yet, all of them at once.
    .DESCRIPTION
        Each drive has a task of its own and is read at its own speed; reading needs no tool.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $next = @(Get-SeedDue -Drive $drives -Step verify -Option $Option)
    if ($next.Count -eq 0) {
        if (@($drives | Where-Object { 'wait' -in $_.record.allowed }).Count -gt 0) { return $change }
        Set-SeedFailure -Change $change -Drive @($drives |
            Where-Object { $_.record.status -notin 'verified', 'missing' })
        return $change
    }
    $change.changed = $true
    foreach ($one in $next) { Set-SeedShown -Change $change -Due $one }
    if ($CheckMode) {
        $problems = foreach ($one in $next) {
            try { Assert-SeedNewKeyKept -Facts $one.drive.facts -Option $Option }
            catch { "$_" }
        }
        $change.failure = @($problems) -join ' '
        return $change
    }
    $together = $next.Count + @($drives | Where-Object { $_.record.status -eq 'verifying' }).Count
    Use-SeedHost -Option $Option -Step {
        $problems = foreach ($one in $next) {
            # A drive that cannot be read does not keep the others from it.
            try {
                $now = Confirm-SeedAllowed -Drive $one.drive -Option $Option -Step $one.step
                Assert-SeedNewKeyKept -Facts $now.facts -Option $Option
                Start-SeedRun -Order (New-SeedVerifyOrder -Facts $now.facts -Together $together)
            }
            catch { "$_" }
        }
        $change.failure = @($problems) -join ' '
    }
    $change
}

function Assert-SeedNewKeyKept {
    <#
    .SYNOPSIS
        Refuses to read a managed drive again before the journal with its new key is in escrow, because the old key is
        removed then.
    .PARAMETER Facts
        The facts of the drive.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Facts,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    if (-not (Test-SeedManaged -Value $Facts.attempt)) { return }
    if ($Facts.journal.sha256 -in @(Get-SeedOption -Option $Option -Name escrowed)) { return }
    throw "Drive $($Facts.serial) has a new key, and ``escrowed`` does not name the SHA-256 $($Facts.journal.sha256) " +
        'of the journal that holds it. Collect that journal with `state: prepared` first.'
}

function New-SeedVerifyOrder {
    <#
    .SYNOPSIS
        The order to read a drive again.
    .PARAMETER Facts
        The facts of the drive.
    .PARAMETER Together
        How many drives of the seed are read at the same time.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [int]$Together = 1)
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
        sessions = @(Get-SeedSession -Attempt $attempt)
        journal = $Facts.journal.path
        journal_sha256 = $Facts.journal.sha256
        encryption = "$(Get-SeedField -Value $attempt -Name encryption -Default 'tool')"
        manifest_file = $Facts.journal.manifest_file
        manifest_hash = $Facts.journal.manifest_hash
        run_file = "$($attempt.folder)\run.json"
        verify_file = "$($attempt.folder)\verify.json"
        part_file = "$($attempt.folder)\verify.part.json"
        together = $Together
        output_file = "$($attempt.folder)\output.txt"
        bytes_total = $total
    }
}

Export-ModuleMember -Function @(
    'Use-SeedHost', 'Assert-SeedStagedFile', 'Assert-SeedKeyUnrecorded', 'Set-SeedRefused', 'Confirm-SeedAllowed',
    'New-SeedAttempt', 'New-SeedToolOrder', 'New-SeedCopyOrder', 'New-SeedResumeOrder', 'Get-SeedOpenFile',
    'Get-SeedDue', 'Start-SeedCopy', 'Get-SeedLimit', 'Invoke-SeedPrepare', 'Set-SeedShown', 'Invoke-SeedVerify',
    'Assert-SeedNewKeyKept', 'New-SeedVerifyOrder'
)
