# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveManaged
#AnsibleRequires -PowerShell ..module_utils._Session
#AnsibleRequires -PowerShell ..module_utils._Target
#AnsibleRequires -PowerShell ..module_utils._Tool

# What the detached task does: copy sessions of the tool one after the other, or reading a drive again, which is in
# _Verify. Private to the collection.
#
# The task runs long after the module has ended, so the exported functions of this file, of _Verify and of those that
# they require are written into a file beside the order as they stand, and nothing else is there. A failing state write
# or progress read never ends a run.

function Get-SeedProcessStamp {
    <#
    .SYNOPSIS
        When a process was started, as .NET ticks in UTC; null when it is gone or Windows does not say.
    .PARAMETER Id
        The process id.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][int]$Id)
    try { (Get-Process -Id $Id -ErrorAction Stop).StartTime.ToUniversalTime().Ticks }
    catch { $null }
}

function Get-SeedBootTime {
    <# .SYNOPSIS When this host was started, ISO 8601 in UTC; an empty text when it does not say. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    try { Get-SeedTime -Value (Get-CimInstance -ClassName Win32_OperatingSystem -ErrorAction Stop).LastBootUpTime }
    catch { '' }
}

function Save-SeedState {
    <#
    .SYNOPSIS
        Writes the state of a run; true when that worked. A failure is not an error, because the work goes on.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State
    )
    try {
        $State['updated'] = Get-SeedTime
        $State['marks'] = @(Add-SeedMark -Mark $State['marks'] -Time $State['updated'] -Done $State['bytes_done'])
        Write-SeedJson -Path $Order.run_file -Value $State
        $true
    }
    catch { $false }
}

function Add-SeedMark {
    <#
    .SYNOPSIS
        The marks of a run with a new one when the last is ten seconds old; the last seven are kept, for the speed.
    .PARAMETER Mark
        The marks so far, each with at and bytes.
    .PARAMETER Time
        The time now, ISO 8601 in UTC.
    .PARAMETER Done
        The bytes that are done.
    #>
    [CmdletBinding()]
    param(
        [AllowNull()][AllowEmptyCollection()][object[]]$Mark,
        [Parameter(Mandatory = $true)][string]$Time,
        [long]$Done
    )
    $kept = @($Mark | Where-Object { $_ })
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    $now = $last = [DateTime]::MinValue
    $null = [DateTime]::TryParse($Time, $invariant, $style, [ref]$now)
    if ($kept.Count -gt 0) { $null = [DateTime]::TryParse("$($kept[-1].at)", $invariant, $style, [ref]$last) }
    # A clock that was set back starts the marks anew.
    if (($now - $last).TotalSeconds -lt 0) { $kept = @() }
    if ($kept.Count -eq 0 -or ($now - $last).TotalSeconds -ge 10) {
        $kept += [pscustomobject]@{ at = $Time; bytes = $Done }
    }
    $kept | Select-Object -Last 7
}

function Test-SeedToolBeside {
    <#
    .SYNOPSIS
        Whether another process of the tool is there on this host, whoever started it.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Order)
    $name = @("$($Order.tool_path)" -split '[\\/]')[-1]
    # Windows names a process without the extension.
    @(Get-Process -Name ($name -replace '\.exe\z', ''), $name -ErrorAction SilentlyContinue).Count -gt 0
}

function Test-SeedUntouched {
    <#
    .SYNOPSIS
        Whether the tool left a drive as it was made ready: no journal, and a partition without a file system and
        without encryption, or with `encryption: managed` a volume with nothing on it. What cannot be asked is touched.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Order)
    try {
        if ((Test-Path -LiteralPath $Order.journal) -and (Get-Item -LiteralPath $Order.journal).Length -gt 0) {
            return $false
        }
        if (Test-SeedManaged -Value $Order) { return @(Get-SeedRootEntry -Letter $Order.letter -Kept).Count -eq 0 }
        $volume = @(Get-Volume -DriveLetter $Order.letter -ErrorAction Stop)
        if (@($volume | Where-Object { "$($_.FileSystem)" }).Count -gt 0) { return $false }
        $state = Get-SeedEncryption -Letter $Order.letter
        $null -eq $state -or $state.volume_status -eq 'FullyDecrypted'
    }
    catch { $false }
}

function Hide-SeedKey {
    <#
    .SYNOPSIS
        A text with everything masked that looks like a BitLocker key, or like a part of one that was cut off.
    .PARAMETER Text
        The text.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()][AllowNull()][string]$Text)
    $plain = "$Text" -replace '\x00', '' -replace '\d{0,6}(-\d{6}){2,}(-\d{0,6})?', '********'
    $plain -replace '[A-Za-z0-9+/]{16,}=+', '********' -replace '(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{22,}\z', '********'
}

function Get-SeedOemCodePage {
    <#
    .SYNOPSIS
        The OEM code page of Windows itself, in which console programs write when they have no console.
    .DESCRIPTION
        The culture of the account says nothing of it: a service account can have another one than the system.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param()
    try {
        $key = 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
        [int](Get-ItemProperty -LiteralPath $key -Name OEMCP -ErrorAction Stop).OEMCP
    }
    catch { [System.Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage }
}

function ConvertFrom-SeedOutput {
    <#
    .SYNOPSIS
        Output of a console program as text: UTF-8 if it is that, otherwise the OEM code page of the host.
    .PARAMETER Byte
        The bytes.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Byte)
    $strict = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false, $true
    try { return $strict.GetString($Byte) }
    catch {
        # .NET Framework knows all code pages; later versions know them when they are asked to.
        $more = 'System.Text.CodePagesEncodingProvider' -as [type]
        if ($more) { [System.Text.Encoding]::RegisterProvider($more::Instance) }
        try { return [System.Text.Encoding]::GetEncoding((Get-SeedOemCodePage)).GetString($Byte) }
        catch { return [System.Text.Encoding]::GetEncoding(28591).GetString($Byte) }
    }
}

function Read-SeedTail {
    <#
    .SYNOPSIS
        The end of an output file, at most 64 KiB, with keys masked; an empty text when it cannot be read.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    try {
        $share = [System.IO.FileShare]'ReadWrite, Delete'
        $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
            (Resolve-SeedPath -Path $Path), [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share
        )
    }
    catch { return '' }
    try {
        $length = [int][Math]::Min(65536, $stream.Length)
        $bytes = New-Object -TypeName byte[] -ArgumentList $length
        $null = $stream.Seek(-$length, [System.IO.SeekOrigin]::End)
        $got = $stream.Read($bytes, 0, $length)
        $part = New-Object -TypeName byte[] -ArgumentList $got
        [System.Array]::Copy($bytes, $part, $got)
        Hide-SeedKey -Text (ConvertFrom-SeedOutput -Byte $part)
    }
    catch { '' }
    finally { $stream.Dispose() }
}

function Get-SeedLastLine {
    <#
    .SYNOPSIS
        The last five lines of output files that say anything, with keys masked.
    .PARAMETER Path
        Paths of the files, in order.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string[]]$Path)
    $text = @(foreach ($one in $Path) { Read-SeedTail -Path $one }) -join "`n"
    @($text -split '\r\n|\n|\r' | Where-Object { $_.Trim() }) | Select-Object -Last 5
}

function Get-SeedUsedByte {
    <#
    .SYNOPSIS
        The bytes that are in use on a volume; 0 while it cannot be read.
    .PARAMETER Letter
        Its drive letter.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([Parameter(Mandatory = $true)][string]$Letter)
    try {
        $volume = Get-Volume -DriveLetter $Letter -ErrorAction Stop
        [long]$volume.Size - [long]$volume.SizeRemaining
    }
    catch { [long]0 }
}

function Assert-SeedTarget {
    <#
    .SYNOPSIS
        Fails unless the drive letter still leads to the partition and the disk that the order names.
    .PARAMETER Order
        The order, with serial, letter and identity {unique_id, size_bytes}.
    .PARAMETER PartitionGuid
        The GUID of the partition behind the letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][string]$PartitionGuid)
    $disks = @(Get-Disk -ErrorAction Stop | Where-Object {
            (ConvertTo-SeedSerial -Serial (Get-SeedDiskSerial -Disk $_)) -eq $Order.serial
        })
    if ($disks.Count -ne 1) { throw "$($disks.Count) disks have the serial $($Order.serial) now. Nothing was written." }
    $disk = $disks[0]
    if ("$($disk.UniqueId)" -ne $Order.identity.unique_id -or [long]$disk.Size -ne [long]$Order.identity.size_bytes) {
        throw "The disk with the serial $($Order.serial) is another one by now. Nothing was written."
    }
    if ($disk.IsSystem -or $disk.IsBoot -or $disk.BootFromDisk) {
        throw "The disk $($Order.serial) is a system or boot disk. Nothing was written."
    }
    $behind = @(Get-Partition -DriveLetter $Order.letter -ErrorAction Stop)
    $fits = $behind.Count -eq 1 -and [int]$behind[0].DiskNumber -eq [int]$disk.Number -and
        "$($behind[0].Guid)" -eq $PartitionGuid
    if (-not $fits) {
        throw "The letter $($Order.letter): does not lead to drive $($Order.serial) any more. Nothing was written."
    }
}

function Get-SeedSourceAnswer {
    <#
    .SYNOPSIS
        Whether the files of the shard lie in the source, as this account sees it: answer (there, missing, unknown),
        account and text, which is empty for there.
    .DESCRIPTION
        missing is what the source surely lacks, or has with another length. Whatever cannot be asked is unknown, such
        as a share that this account may not read. Other files in the source are left out by construction.
    .PARAMETER Directory
        The source.
    .PARAMETER File
        The files with name and bytes.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Directory, [Parameter(Mandatory = $true)][object[]]$File)
    $answer = [pscustomobject][ordered]@{ answer = 'unknown'; account = [Environment]::UserName; text = '' }
    $path = $Directory
    try {
        # A share that cannot be reached and a folder that is not there have the same error; only a folder tells apart.
        $null = Get-Item -LiteralPath $Directory -Force -ErrorAction Stop
        $answer.answer = 'missing'
        foreach ($one in $File) {
            $path = $Directory.TrimEnd('\') + '\' + $one.name
            $item = Get-Item -LiteralPath $path -Force -ErrorAction Stop
            if ($item.PSIsContainer) {
                $answer.text = "The source file '$path' is a folder. Correct ``source_directory``, or plan again."
                return $answer
            }
            if ([long]$item.Length -ne [long]$one.bytes) {
                $answer.text = "The source file '$path' has $($item.Length) bytes, not the $($one.bytes) that were " +
                    'planned. Plan again when it does not change any more.'
                return $answer
            }
        }
    }
    catch [System.Management.Automation.ItemNotFoundException] {
        $answer.text = "The source file '$path' is missing. Correct ``source_directory``, or plan again."
        if ($answer.answer -eq 'unknown') {
            $answer.text = "``source_directory`` '$path' is not a folder that the account $($answer.account) can " +
                'reach. Correct the path, or let the account read the share.'
            if ($path -notlike '\\*') { $answer.answer = 'missing' }
        }
        return $answer
    }
    catch {
        $answer.answer = 'unknown'
        $answer.text = "The account $($answer.account) cannot read '$path' of ``source_directory``: " +
            "$($_.Exception.Message.TrimEnd('.')). Let it read the files, or set ``copy_account``."
        return $answer
    }
    $answer.answer = 'there'
    $answer
}

function Wait-SeedTool {
    <#
    .SYNOPSIS
        Waits for the tool's process and keeps the state current meanwhile. Whatever fails here, the wait goes on.
    .DESCRIPTION
        A tool that asks a question without end would fill the system drive, so one that writes more than 64 MiB is
        ended.
    .PARAMETER Process
        The process.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    .PARAMETER Progress
        done, the bytes of the sessions before; bytes, those of this session; measure, whether the volume can be asked;
        from, the bytes that were in use on it when a session that is resumed began; output, paths of the output files.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Process,
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [Parameter(Mandatory = $true)][object]$Progress
    )
    $used = [long]0
    $from = Get-SeedField -Value $Progress -Name from
    if ($Progress.measure) {
        $used = Get-SeedUsedByte -Letter $Order.letter
        if ($null -ne $from) {
            $State['bytes_done'] = $Progress.done + [Math]::Max([long]0, [Math]::Min($used - $from, $Progress.bytes))
            # What was there before is not the speed of this run.
            $State['marks'] = @()
            $used = [long]$from
        }
    }
    $looks = 0
    do {
        # Often in the first half minute, then seldom: a volume that is asked every second is in the tool's way.
        $wait = 1000
        if ($looks -gt 30) { $wait = 10000 }
        $ended = $Process.WaitForExit($wait)
        $looks++
        try {
            if ($Progress.measure) {
                $now = (Get-SeedUsedByte -Letter $Order.letter) - $used
                $State['bytes_done'] = $Progress.done + [Math]::Max([long]0, [Math]::Min($now, $Progress.bytes))
            }
            $State['last_lines'] = @(Get-SeedLastLine -Path $Progress.output)
            $size = (Get-Item -LiteralPath $Progress.output[0] -ErrorAction Stop).Length
            if (-not $ended -and $size -gt 64MB) {
                $State['error'] = 'The tool wrote more than 64 MiB of output, as if it waits for an answer; it was ' +
                    'ended.'
                $Process.Kill()
            }
        }
        catch { $State['last_lines'] = @() }
        $null = Save-SeedState -Order $Order -State $State
    } until ($ended)
    $Process.WaitForExit()
}

function Add-SeedOutput {
    <#
    .SYNOPSIS
        Adds what a session printed to the attempt's output file, keys masked, and removes the raw files.
    .PARAMETER Path
        The raw files.
    .PARAMETER Target
        The attempt's output file.
    .PARAMETER Title
        A line before it.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string[]]$Path, [Parameter(Mandatory = $true)][string]$Target, [string]$Title)
    try {
        $text = "$Title`n" + (@(foreach ($one in $Path) { Read-SeedTail -Path $one }) -join "`n") + "`n"
        $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
        [System.IO.File]::AppendAllText((Resolve-SeedPath -Path $Target), $text, $encoding)
        foreach ($one in $Path) { [System.IO.File]::Delete((Resolve-SeedPath -Path $one)) }
    }
    catch { return }
}

function Get-SeedSessionLine {
    <#
    .SYNOPSIS
        The arguments of one copy session as a command line.
    .PARAMETER Order
        The order.
    .PARAMETER Index
        The number of the session, from 0.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Call
        start, resume or abort.
    .PARAMETER ToolId
        The id that the tool knows the session by, when it is another one than the plan's.
    .PARAMETER Key
        The key of a managed drive; for its first session.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [int]$Index,
        [Parameter(Mandatory = $true)][string]$Letter,
        [string]$Call = 'start',
        [string]$ToolId,
        [System.Collections.IDictionary]$Key = @{}
    )
    $session = @($Order.sessions)[$Index]
    if (-not $ToolId) { $ToolId = $session.id }
    if ($Call -ne 'start') {
        return ConvertTo-SeedCommandLine -Word (
            Get-SeedToolEndArgument -Journal $Order.journal -SessionId $ToolId -Call $Call
        )
    }
    $words = @{
        Journal = $Order.journal
        SessionId = $ToolId
        Source = $Order.source_directory.Replace('/', '\').TrimEnd('\') + "\$($session.file)"
        Blob = "$($Order.container)/" + ($session.file -replace '\\', '/')
        ContentMd5 = [bool](Get-SeedField -Value $Order -Name content_md5)
        Offered = @(Get-SeedField -Value $Order -Name tool_options -Default @())
    }
    if ($Index -eq 0) {
        # Without a key the command line would have the tool format the volume.
        if ((Test-SeedManaged -Value $Order) -and $Key.Count -eq 0) {
            throw "The key of drive $($Order.serial), which is encrypted already, is not known. Nothing was written."
        }
        $words['Letter'] = $Letter
        $words['LogDirectory'] = "$($Order.folder)\logs"
        $words['Key'] = $Key
    }
    ConvertTo-SeedCommandLine -Word (Get-SeedToolArgument @words)
}

function Invoke-SeedSession {
    <#
    .SYNOPSIS
        Runs one copy session to its end. Returns its exit code.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    .PARAMETER Index
        The number of the session, from 0.
    .PARAMETER Call
        start, resume or abort.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$Index,
        [string]$Call = 'start'
    )
    $session = @($Order.sessions)[$Index]
    $kept = $State['sessions'][$Index]
    $output = Resolve-SeedPath -Path "$($Order.output_file).$Index.out"
    $failed = Resolve-SeedPath -Path "$($Order.output_file).$Index.err"
    $nothing = Resolve-SeedPath -Path "$($Order.output_file).in"
    $key = @{}
    if ($Index -eq 0 -and $Call -eq 'start' -and (Test-SeedManaged -Value $Order)) {
        $key = Get-SeedManagedKey -Letter $Order.letter -Serial $Order.serial
        Save-SeedPlan -Order $Order -Name shown_protector -Value $key['id']
    }
    [System.IO.File]::WriteAllBytes($nothing, (New-Object -TypeName byte[] -ArgumentList 0))
    $start = @{
        FilePath = Resolve-SeedPath -Path $Order.tool_path
        ArgumentList = Get-SeedSessionLine -Order $Order -Index $Index -Letter $Order.letter -Call $Call -ToolId (
            "$($kept['tool_id'])"
        ) -Key $key
        WorkingDirectory = Resolve-SeedPath -Path $Order.tool_directory
        PassThru = $true
        NoNewWindow = $true
        RedirectStandardInput = $nothing
        RedirectStandardOutput = $output
        RedirectStandardError = $failed
    }
    # The state says so before the process exists: an attempt whose tool may have begun is never taken for one that did
    # not.
    $State['tool_started'] = $true
    $State['error'] = ''
    $State['beside'] = $false
    $beside = Test-SeedToolBeside -Order $Order
    $kept['state'] = 'running'
    $kept['exit_code'] = $null
    $kept['ended'] = $null
    if (-not $kept['started']) { $kept['started'] = Get-SeedTime }
    $saved = Save-SeedState -Order $Order -State $State
    if (-not $saved -and $Index -eq 0) {
        $State['tool_started'] = $false
        throw 'The state of the attempt cannot be written, so the tool was not started.'
    }
    $process = Start-Process @start -ErrorAction Stop
    # Windows PowerShell forgets the exit code of a process whose handle nobody asked for.
    $null = $process.Handle
    $State['tool'] = [ordered]@{ pid = $process.Id; started_ticks = "$(Get-SeedProcessStamp -Id $process.Id)" }
    # At once: if this runner is ended now, only this says that the tool still works.
    $null = Save-SeedState -Order $Order -State $State
    $progress = [pscustomobject]@{
        done = [long]$State['bytes_done']
        bytes = [long]$session.bytes
        measure = $Index -gt 0
        from = $null
        output = @($output, $failed)
    }
    # An earlier version did not keep it.
    $begin = [long](Get-SeedField -Value $kept -Name begin_bytes -Default 0)
    if ($Call -eq 'resume' -and $begin -gt 0) { $progress.from = $begin }
    Wait-SeedTool -Process $process -Order $Order -State $State -Progress $progress
    $code = $process.ExitCode
    if ($null -eq $code) { $code = -1 }
    $State['last_lines'] = @(Get-SeedLastLine -Path $output, $failed)
    $State['tool'] = $null
    $kept['exit_code'] = $code
    $kept['state'] = 'failed'
    $kept['ended'] = Get-SeedTime
    $doubt = ''
    if ($code -eq 0 -and $Call -ne 'abort') { $doubt = Get-SeedSessionDoubt -Order $Order -State $State -Index $Index }
    if ($doubt) {
        $State['error'] = "the tool ended session $($kept['id']) with exit code 0, but $doubt"
    }
    elseif ($code -eq 0 -and $Call -ne 'abort') {
        $kept['state'] = 'completed'
        $State['bytes_done'] = $progress.done + $progress.bytes
    }
    elseif ($code -ne 0) { $State['beside'] = $beside -or (Test-SeedToolBeside -Order $Order) }
    $how = @{ start = ''; resume = ' resumed'; abort = ' aborted' }[$Call]
    Add-SeedOutput -Path $output, $failed -Target $Order.output_file -Title (
        "--- session $($kept['tool_id'])$how, exit code $code, $(Get-SeedTime)"
    )
    # Whoever called goes on after a 0.
    if ($doubt) { return -1 }
    [int]$code
}

function Get-SeedSessionDoubt {
    <#
    .SYNOPSIS
        Why a session that ended with exit code 0 is not taken as completed, as the end of a sentence; nothing when the
        journal agrees.
    .DESCRIPTION
        No document says that a failure has another exit code. Of the journal the record of the drive is published, and
        no word for the state of a session: so a later session must stand in it as the first one does, in any words.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state.
    .PARAMETER Index
        The number of the session, from 0.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$Index
    )
    $session = $State['sessions'][$Index]
    for ($try = 0; ; $try++) {
        # A scanner may have the journal for a moment.
        try {
            $journal = Read-SeedJournal -Path $Order.journal
            break
        }
        catch {
            if ($try -ge 10) { return 'its journal cannot be opened' }
            Start-Sleep -Milliseconds 500
        }
    }
    if ($journal.damaged) { return "its journal is damaged ($($journal.damaged))" }
    $drive = @($journal.drives | Select-Object -Last 1)
    if ($drive.Count -eq 0 -or -not $drive[0].completed -or -not $drive[0].manifest_hash) {
        return 'its journal does not say that the tool finished the drive'
    }
    if ($null -ne $session['journal_bytes'] -and (Get-SeedJournalByte -Order $Order) -eq $session['journal_bytes']) {
        return 'its journal says nothing of it'
    }
    $first = "$(Get-SeedField -Value $journal.sessions -Name $State['sessions'][0]['tool_id'])"
    $says = "$(Get-SeedField -Value $journal.sessions -Name $session['tool_id'])"
    if ($says -ne $first) { "its journal says '$says' of it, and '$first' of the first session" }
}

function Set-SeedBeside {
    <#
    .SYNOPSIS
        Says of a session that failed beside another copy what may be the reason. Where the tool left the drive as it
        was, it never began, and neither did the attempt.
    .DESCRIPTION
        The documents describe one instance of the tool on a host. What a second one does is not published.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    .PARAMETER Index
        The number of the session, from 0.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$Index
    )
    $said = "$(@($State['last_lines']) | Select-Object -Last 1)".TrimEnd('.')
    if ($said) { $said = ": $said" }
    $State['error'] = "the tool ended beside another copy on this host$said"
    if ($Index -gt 0 -or -not (Test-SeedUntouched -Order $Order)) { return }
    $State['tool_started'] = $false
    $State['sessions'][0]['state'] = 'pending'
    $State['error'] = "the tool does not begin beside another copy on this host$said"
}

function Get-SeedPartitionGuid {
    <#
    .SYNOPSIS
        The GUID of the partition behind the order's letter, if it lies on the order's disk; otherwise the one that was
        known.
    .PARAMETER Order
        The order.
    .PARAMETER Known
        The GUID that was known.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][string]$Known)
    try {
        $behind = @(Get-Partition -DriveLetter $Order.letter -ErrorAction Stop)
        Assert-SeedTarget -Order $Order -PartitionGuid "$($behind[0].Guid)"
        "$($behind[0].Guid)"
    }
    catch { $Known }
}

function Assert-SeedToolCopy {
    <#
    .SYNOPSIS
        Fails unless the private copy of the tool is what was checked.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $tool = (Get-SeedFileHash -Path $Order.tool_path -Algorithm SHA256).ToLowerInvariant()
    $kept = (Read-SeedJson -Path "$($Order.folder)\tool.json" -Expected).value
    $same = $kept -and (Get-SeedProgramHash -Path $Order.tool_path) -eq $kept.files_sha256
    if (-not $same -or $tool -ne $Order.tool_sha256) {
        throw 'The private copy of the tool was changed. Nothing was written.'
    }
}

function Read-SeedPlan {
    <#
    .SYNOPSIS
        What attempt.json has, of an attempt that is worked on. Fails when it cannot be read.
    .PARAMETER Folder
        The folder of the attempt.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $plan = (Read-SeedJson -Path "$Folder\attempt.json" -Expected).value
    if (-not $plan) { throw "'$Folder\attempt.json' cannot be read. Nothing more was written." }
    $plan
}

function Save-SeedTarget {
    <#
    .SYNOPSIS
        Keeps where the tool writes: the partition in attempt.json, then letter and partition in the state.
    .PARAMETER Order
        The order, which gets the letter.
    .PARAMETER State
        The state, which gets letter and partition.
    .PARAMETER Plan
        What attempt.json has, whose identity gets the partition.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Guid
        The GUID of the partition.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [Parameter(Mandatory = $true)][object]$Plan,
        [AllowNull()][object]$Letter,
        [AllowNull()][object]$Guid
    )
    $Plan.identity.partition_guid = $Guid
    Write-SeedJson -Path "$($Order.folder)\attempt.json" -Value $Plan
    $Order.letter = $Letter
    $State['letter'] = $Letter
    $State['partition_guid'] = $Guid
    $null = Save-SeedState -Order $Order -State $State
}

function Initialize-SeedTarget {
    <#
    .SYNOPSIS
        Judges the drive of an order once more, erases it, and gives it the partition that the tool will format.
    .DESCRIPTION
        What was erased is kept in attempt.json before it goes, and the partition as soon as it is there.
    .PARAMETER Order
        The order, which gets the letter.
    .PARAMETER State
        The state, which gets letter and partition.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State
    )
    $plan = Read-SeedPlan -Folder $Order.folder
    $before = Confirm-SeedDrive -Facts $Order.facts -Option $Order.option -ProtectedPath @($Order.protected_paths)
    if ($before.whose -eq 'foreign') {
        $plan.erased = [ordered]@{
            fingerprint = $before.content.fingerprint
            attempt = $Order.attempt
            at = Get-SeedTime
        }
        Write-SeedJson -Path "$($Order.folder)\attempt.json" -Value $plan
    }
    $made = Initialize-SeedDrive -Serial $Order.serial -Seen $Order.facts.disk
    Save-SeedTarget -Order $Order -State $State -Plan $plan -Letter $made.letter -Guid $made.partition_guid
    if ($made.size_bytes -lt [long]$Order.bytes_total) {
        throw "The partition of drive $($Order.serial) has $($made.size_bytes) bytes, too few for the " +
            "$($Order.bytes_total) bytes of its files."
    }
}

function Assert-SeedDriveId {
    <#
    .SYNOPSIS
        Fails when the tool, after its first session, names another drive in the journal than the one with the serial.
    .DESCRIPTION
        An import job looks for the tool's name of a drive. An adapter or a controller can show Windows another serial
        than the tool reads from the drive, and the first session shows that before the large files are copied.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $names = @((Read-SeedJournal -Path $Order.journal).drives | ForEach-Object { $_.drive_id })
    $mine = @($names | Where-Object { Test-SeedDriveId -DriveId $_ -Serial $Order.serial })
    if ($names.Count -eq 0 -or $mine.Count -gt 0) { return }
    throw "the tool names the drive '$($names -join "', '")' in the journal, and Windows $($Order.serial). An import " +
        'job would look for the tool''s name. Attach the drive directly, or list it by the serial on its label'
}

function Invoke-SeedCopyRun {
    <#
    .SYNOPSIS
        Runs the copy sessions in order, as long as they end well, and replaces the key that the tool got.
    .DESCRIPTION
        Nothing is erased before the account that copies has seen every file of the shard, and nothing lies between the
        last look at the drive and the tool: both are done here, in the process that starts it.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State
    )
    $goesOn = Get-SeedField -Value $Order -Name resume
    $files = @($Order.files)
    if ($goesOn) {
        $open = @($State['sessions'] | Where-Object { $_['state'] -ne 'completed' } | ForEach-Object { $_['id'] })
        $names = @($Order.sessions | Where-Object { $_.id -in $open } | ForEach-Object { $_.file })
        $files = @($files | Where-Object { $_.name -in $names })
    }
    # Where only the key is left to be replaced nothing is read.
    if ($files.Count -gt 0) {
        $State['source'] = Get-SeedSourceAnswer -Directory $Order.source_directory -File $files
        if ($State['source'].answer -ne 'there') { throw $State['source'].text }
    }
    Assert-SeedToolCopy -Order $Order
    # What cannot be said on a command line is found before anything is erased.
    $key = @{}
    if (Test-SeedManaged -Value $Order) { $key['RecoveryPassword'] = '(not read yet)' }
    for ($at = 0; $at -lt @($Order.sessions).Count; $at++) {
        $null = Get-SeedSessionLine -Order $Order -Index $at -Letter 'Z' -Key $key
    }
    if ($goesOn) {
        Assert-SeedDriveId -Order $Order
        Restore-SeedTarget -Order $Order
    }
    elseif (Test-SeedManaged -Value $Order) { Use-SeedManagedTarget -Order $Order -State $State }
    else { Initialize-SeedTarget -Order $Order -State $State }
    for ($at = 0; $at -lt @($Order.sessions).Count; $at++) {
        if ($State['sessions'][$at]['state'] -eq 'completed') { continue }
        Assert-SeedTarget -Order $Order -PartitionGuid $State['partition_guid']
        $action = 'start'
        if ($goesOn -and $goesOn.session -eq $State['sessions'][$at]['id']) { $action = $goesOn.action }
        $code = Resume-SeedSession -Order $Order -State $State -Index $at -Action $action
        $State['exit_code'] = $code
        if ($at -eq 0) {
            $State['partition_guid'] = Get-SeedPartitionGuid -Order $Order -Known $State['partition_guid']
        }
        if ($code -ne 0 -and $State['beside']) { Set-SeedBeside -Order $Order -State $State -Index $at }
        if ($code -ne 0) { return }
        if ($at -eq 0) { Assert-SeedDriveId -Order $Order }
        $null = Save-SeedState -Order $Order -State $State
    }
    if (Test-SeedManaged -Value $Order) { Set-SeedNewKey -Order $Order }
    $State['exit_code'] = 0
}

function New-SeedSessionState {
    <#
    .SYNOPSIS
        A session as run.json has it, as far as it is known.
    .PARAMETER Session
        The session of an order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Session)
    $kept = [ordered]@{ id = $Session.id; state = $Session.state; exit_code = $Session.exit_code }
    $kept['tool_id'] = "$(Get-SeedField -Value $Session -Name tool_id -Default $Session.id)"
    foreach ($name in 'bytes', 'started', 'ended', 'refused', 'journal_bytes', 'used_bytes', 'begin_bytes') {
        $kept[$name] = Get-SeedField -Value $Session -Name $name
    }
    foreach ($name in 'resumed', 'stalled') {
        $kept[$name] = [int](Get-SeedField -Value $Session -Name $name -Default 0)
    }
    $kept
}

function New-SeedState {
    <#
    .SYNOPSIS
        The state of a run as an order begins it.
    .PARAMETER Order
        The order.
    .PARAMETER State
        starting or running.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][string]$State)
    $sessions = @(foreach ($one in @($Order.sessions)) { New-SeedSessionState -Session $one })
    $goesOn = Get-SeedField -Value $Order -Name resume
    $done = [long]0
    if ($goesOn) {
        $sessions | Where-Object { $_['state'] -eq 'completed' } | ForEach-Object { $done += [long]$_['bytes'] }
    }
    [ordered]@{
        schema_version = 1
        operation = $Order.operation
        state = $State
        attempt = $Order.attempt
        letter = $Order.letter
        runner = $null
        tool = $null
        boot = Get-SeedBootTime
        started = $Order.started
        updated = Get-SeedTime
        ended = $null
        exit_code = $null
        error = ''
        # Reading a drive again and going on with a copy follow a copy, whose tool had started.
        tool_started = $Order.operation -eq 'verify' -or [bool]$goesOn
        partition_guid = $Order.identity.partition_guid
        sessions = $sessions
        bytes_done = $done
        bytes_total = [long]$Order.bytes_total
        last_lines = @()
        source = $null
        # Where it was some seconds ago, and whether its last session failed beside another process of the tool.
        marks = @()
        beside = $false
    }
}

function Invoke-SeedRun {
    <#
    .SYNOPSIS
        What the scheduled task does: takes the order, carries it out, writes the last state, and removes the task.
    .DESCRIPTION
        The order is renamed first, so that no second start of the task carries it out again.
    .PARAMETER OrderFile
        Path of the order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$OrderFile)
    $ErrorActionPreference = 'Stop'
    $taken = (Resolve-SeedPath -Path $OrderFile) + '.taken'
    $given = Resolve-SeedPath -Path $OrderFile
    # A second start finds no order, and what the first one took stays: it says that something was begun.
    if (-not [System.IO.File]::Exists($given)) { throw "'$OrderFile' was taken already, or taken back." }
    if ([System.IO.File]::Exists($taken)) { [System.IO.File]::Delete($taken) }
    [System.IO.File]::Move($given, $taken)
    $order = (Read-SeedJson -Path $taken -Expected).value
    $state = New-SeedState -Order $order -State running
    $state['runner'] = [ordered]@{ pid = $PID; started_ticks = "$(Get-SeedProcessStamp -Id $PID)" }
    $null = Save-SeedState -Order $order -State $state
    try {
        if ($order.operation -eq 'verify') { Invoke-SeedVerifyRun -Order $order -State $state }
        else { Invoke-SeedCopyRun -Order $order -State $state }
    }
    catch {
        $state['exit_code'] = -1
        $state['error'] = Hide-SeedKey -Text "$_"
    }
    $state['state'] = 'ended'
    $state['ended'] = Get-SeedTime
    for ($try = 0; $try -lt 60 -and -not (Save-SeedState -Order $order -State $state); $try++) {
        Start-Sleep -Seconds 5
    }
    try {
        Unregister-ScheduledTask -TaskName $order.task_name -TaskPath $order.task_path -Confirm:$false -ErrorAction Stop
    }
    catch { return }
}

Export-ModuleMember -Function @(
    'Get-SeedProcessStamp', 'Get-SeedBootTime', 'Save-SeedState', 'Add-SeedMark', 'Test-SeedToolBeside',
    'Test-SeedUntouched', 'Set-SeedBeside', 'Hide-SeedKey', 'Get-SeedOemCodePage',
    'ConvertFrom-SeedOutput', 'Read-SeedTail', 'Get-SeedLastLine', 'Get-SeedUsedByte', 'Assert-SeedTarget',
    'Get-SeedSourceAnswer', 'Wait-SeedTool', 'Add-SeedOutput', 'Get-SeedSessionLine', 'Invoke-SeedSession',
    'Get-SeedSessionDoubt', 'Get-SeedPartitionGuid', 'Assert-SeedToolCopy', 'Read-SeedPlan', 'Save-SeedTarget',
    'Initialize-SeedTarget', 'Assert-SeedDriveId', 'Invoke-SeedCopyRun', 'New-SeedState', 'New-SeedSessionState',
    'Invoke-SeedRun'
)
