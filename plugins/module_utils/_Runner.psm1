# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Long work on the copy host: a scheduled task runs it, a state file beside the journal tells of it. Private to the collection.
#
# The functions from Write-SeedState to Invoke-SeedRun are written into the runner file as they stand, because the task
# runs long after the module that started it has ended.

function Write-SeedState {
    <#
    .SYNOPSIS
        Replaces the state file in one step.
    .PARAMETER Path
        Path of the state file.
    .PARAMETER State
        What it shall say.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][object]$State)
    $target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    [System.IO.File]::WriteAllText("$target.new", (ConvertTo-Json -InputObject $State -Depth 6 -Compress))
    Move-Item -LiteralPath "$target.new" -Destination $target -Force
}

function Get-SeedTime {
    <# .SYNOPSIS Now, ISO 8601 in UTC. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture)
}

function Get-SeedLastLine {
    <#
    .SYNOPSIS
        The last lines of an output file, with everything that looks like a key masked.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    foreach ($line in @(Get-Content -LiteralPath $Path -Tail 5 -ErrorAction SilentlyContinue)) {
        $line -replace '\d{6}(-\d{6}){7}', '********' -replace '[A-Za-z0-9+/]{43}=', '********'
    }
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
    $volume = Get-Volume -DriveLetter $Letter -ErrorAction SilentlyContinue
    if (-not $volume) { return 0 }
    [long]$volume.Size - [long]$volume.SizeRemaining
}

function Invoke-SeedToolRun {
    <#
    .SYNOPSIS
        Runs the tool to its end and keeps the state file current.
    .PARAMETER Order
        What to run.
    .PARAMETER State
        The state, which is changed.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State)
    $session = $ExecutionContext.SessionState.Path
    $output = $session.GetUnresolvedProviderPathFromPSPath($Order.output_file)
    $nothing = "$output.in"
    [System.IO.File]::WriteAllText($nothing, '')
    $start = @{
        FilePath = $session.GetUnresolvedProviderPathFromPSPath($Order.tool_path); ArgumentList = $Order.arguments; PassThru = $true; NoNewWindow = $true
        RedirectStandardInput = $nothing; RedirectStandardOutput = $output; RedirectStandardError = "$output.err"
    }
    $process = Start-Process @start
    # Windows PowerShell forgets the exit code of a process whose handle nobody asked for.
    $null = $process.Handle
    $State['tool_pid'] = $process.Id
    do {
        $ended = $process.WaitForExit(1000)
        $State['bytes_done'] = Get-SeedUsedByte -Letter $Order.letter
        $State['last_lines'] = @(Get-SeedLastLine -Path $output)
        $State['updated'] = Get-SeedTime
        Write-SeedState -Path $Order.state_file -State $State
    } until ($ended)
    $process.WaitForExit()
    $State['last_lines'] = @(Get-SeedLastLine -Path $output) + @(Get-SeedLastLine -Path "$output.err")
    $State['exit_code'] = $process.ExitCode
}

function Test-SeedBlob {
    <#
    .SYNOPSIS
        Reads one file of a drive again and compares every range with the manifest. Returns what does not match.
    .PARAMETER Blob
        The manifest's element of the file.
    .PARAMETER Letter
        The drive's letter.
    .PARAMETER Count
        Counters of files, ranges and bytes, which are raised.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Xml.XmlElement]$Blob, [Parameter(Mandatory = $true)][string]$Letter, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Count)
    $path = "${Letter}:" + $Blob.SelectSingleNode('FilePath').InnerText.Trim()
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { return "$path is missing" }
    $native = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
    $stream = New-Object -TypeName System.IO.FileStream -ArgumentList $native, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read), ([System.IO.FileShare]::Read), 4194304
    $md5 = [System.Security.Cryptography.MD5]::Create()
    try {
        if ($stream.Length -ne [long]$Blob.SelectSingleNode('Length').InnerText) { return "$path has $($stream.Length) bytes, not those of the manifest" }
        if ($stream.Length % 512 -ne 0) { return "$path is not a multiple of 512 bytes" }
        $covered = [long]0
        foreach ($range in $Blob.SelectNodes('PageRangeList/PageRange')) {
            $buffer = New-Object -TypeName byte[] -ArgumentList ([int]$range.GetAttribute('Length'))
            $stream.Position = [long]$range.GetAttribute('Offset')
            $read = 0
            while ($read -lt $buffer.Length) {
                $got = $stream.Read($buffer, $read, $buffer.Length - $read)
                if ($got -eq 0) { break }
                $read += $got
            }
            $hash = [BitConverter]::ToString($md5.ComputeHash($buffer, 0, $read)) -replace '-', ''
            if ($hash -ne $range.GetAttribute('Hash').Trim()) { return "$path differs at byte $($range.GetAttribute('Offset'))" }
            $covered += $read
            $Count['ranges']++
        }
        if ($covered -ne $stream.Length) { return "$path is not covered by page ranges: $covered of $($stream.Length) bytes" }
        $Count['bytes'] += $covered
        $Count['files']++
    }
    finally {
        $md5.Dispose()
        $stream.Dispose()
    }
}

function Invoke-SeedVerifyRun {
    <#
    .SYNOPSIS
        Reads a whole drive again and writes what was found into the verify file.
    .PARAMETER Order
        What to verify.
    .PARAMETER State
        The state, which is changed.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State)
    $count = @{ files = 0; ranges = 0; bytes = [long]0 }
    $mismatches = @()
    $manifest = "$($Order.letter):" + $Order.manifest_file
    $md5 = (Get-FileHash -LiteralPath $manifest -Algorithm MD5 -ErrorAction Stop).Hash
    if ($md5 -ne $Order.manifest_hash) { $mismatches += "$manifest does not have the hash that the journal names" }
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $reader = [System.Xml.XmlReader]::Create($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($manifest), $settings)
    try {
        # One blob at a time, so that a manifest of any size can be read.
        while ($reader.ReadToFollowing('Blob')) {
            $document = New-Object -TypeName System.Xml.XmlDocument
            $inner = $reader.ReadSubtree()
            $document.Load($inner)
            $inner.Dispose()
            $mismatches += @(Test-SeedBlob -Blob $document.DocumentElement -Letter $Order.letter -Count $count)
            $State['bytes_done'] = $count['bytes']
            $State['updated'] = Get-SeedTime
            Write-SeedState -Path $Order.state_file -State $State
        }
    }
    finally {
        $reader.Dispose()
    }
    if ($count['files'] -eq 0) { $mismatches += "$manifest names no file that matches" }
    Write-SeedState -Path $Order.verify_file -State ([ordered]@{
            finished = $true; ok = ($mismatches.Count -eq 0); at = Get-SeedTime; manifest_md5 = $md5; files = $count['files']; ranges = $count['ranges']
            bytes = $count['bytes']; mismatches = @($mismatches | Select-Object -First 20)
        })
    $State['exit_code'] = [int]($mismatches.Count -gt 0)
}

function Invoke-SeedRun {
    <#
    .SYNOPSIS
        What the scheduled task does: the order's operation, from the first to the last line of the state file.
    .PARAMETER OrderFile
        Path of the order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$OrderFile)
    $ErrorActionPreference = 'Stop'
    $order = Get-Content -LiteralPath $OrderFile -Raw | ConvertFrom-Json
    $state = [ordered]@{
        operation = $order.operation; state = 'running'; session_id = $order.session_id; pid = $PID; tool_pid = $null; started = Get-SeedTime; updated = Get-SeedTime
        process_started = (Get-Process -Id $PID).StartTime.ToUniversalTime().ToString('o'); ended = $null; exit_code = $null; bytes_done = 0; bytes_total = $order.bytes_total; last_lines = @()
    }
    Write-SeedState -Path $order.state_file -State $state
    try {
        if ($order.operation -eq 'verify') { Invoke-SeedVerifyRun -Order $order -State $state }
        else { Invoke-SeedToolRun -Order $order -State $state }
    }
    catch {
        $state['exit_code'] = -1
        $state['last_lines'] = @("$_")
    }
    $state['state'] = 'ended'
    $state['ended'] = Get-SeedTime
    Write-SeedState -Path $order.state_file -State $state
}

function Get-SeedRunnerText {
    <# .SYNOPSIS The runner file: the functions above and one call. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $names = 'Write-SeedState', 'Get-SeedTime', 'Get-SeedLastLine', 'Get-SeedUsedByte', 'Invoke-SeedToolRun', 'Test-SeedBlob', 'Invoke-SeedVerifyRun', 'Invoke-SeedRun'
    $functions = foreach ($name in $names) { "function $name {$((Get-Command -Name $name -CommandType Function).Definition)}" }
    "param([string]`$OrderFile)`n$($functions -join "`n`n")`n`nInvoke-SeedRun -OrderFile `$OrderFile`n"
}

function Start-SeedRun {
    <#
    .SYNOPSIS
        Starts long work as a scheduled task of the system, which outlives this session.
    .PARAMETER Order
        What to do; it names serial, operation and state_file.
    .PARAMETER Folder
        The private folder of the journals.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Order, [Parameter(Mandatory = $true)][string]$Folder)
    $runner = "$Folder\seedfreight-runner.ps1"
    $orderFile = "$Folder\$($Order['serial']).order.json"
    $session = $ExecutionContext.SessionState.Path
    [System.IO.File]::WriteAllText($session.GetUnresolvedProviderPathFromPSPath($runner), (Get-SeedRunnerText))
    Write-SeedState -Path $orderFile -State $Order
    Write-SeedState -Path $Order['state_file'] -State ([ordered]@{
            operation = $Order['operation']; state = 'starting'; session_id = $Order['session_id']; pid = $null; tool_pid = $null; started = Get-SeedTime; updated = Get-SeedTime
            process_started = $null; ended = $null; exit_code = $null; bytes_done = 0; bytes_total = $Order['bytes_total']; last_lines = @()
        })
    $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$runner`" -OrderFile `"$orderFile`""
    $principal = New-ScheduledTaskPrincipal -UserId 'SYSTEM' -LogonType ServiceAccount -RunLevel Highest
    # Without these a task ends after three days and copies with low priority.
    $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 5 -MultipleInstances IgnoreNew -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
    $task = @{ TaskName = "Seedfreight-$($Order['serial'])"; TaskPath = '\Seedfreight\' }
    $null = Register-ScheduledTask @task -Action $action -Principal $principal -Settings $settings -Force -ErrorAction Stop
    Start-ScheduledTask @task -ErrorAction Stop
}

function Test-SeedProcess {
    <#
    .SYNOPSIS
        Whether a process is alive and is the one that was started then. An id alone may have been given to another.
    .PARAMETER Id
        The process id.
    .PARAMETER Started
        When it was started; empty when that is not known.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([object]$Id, [object]$Started)
    if (-not $Id) { return $false }
    $process = Get-Process -Id $Id -ErrorAction SilentlyContinue
    if (-not $process) { return $false }
    if (-not $Started) { return $true }
    $then = $Started
    if ($then -isnot [DateTime]) { $then = [DateTime]::Parse("$then", [System.Globalization.CultureInfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::RoundtripKind) }
    [Math]::Abs(($process.StartTime.ToUniversalTime() - $then.ToUniversalTime()).TotalSeconds) -lt 2
}

function Read-SeedJson {
    <#
    .SYNOPSIS
        Reads a state or verify file with times as text; nothing when it is not there.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return }
    $value = Get-Content -LiteralPath $Path -Raw | ConvertFrom-Json
    foreach ($property in $value.PSObject.Properties) {
        if ($property.Value -is [DateTime]) { $property.Value = $property.Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffffffZ', [System.Globalization.CultureInfo]::InvariantCulture) -replace '\.0+Z$', 'Z' }
    }
    $value
}

function Get-SeedRun {
    <#
    .SYNOPSIS
        How a run stands: none, running, finished, failed, or lost with its process.
    .PARAMETER StateFile
        Path of the state file.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$StateFile)
    $state = Read-SeedJson -Path $StateFile
    if (-not $state) { return [pscustomobject]@{ operation = $null; state = 'none'; session_id = $null; started = $null; updated = $null; ended = $null; exit_code = $null; bytes_done = 0; bytes_total = 0; last_lines = @() } }
    $now = 'lost'
    if ($state.state -eq 'ended') {
        $now = 'failed'
        if ($state.exit_code -eq 0) { $now = 'finished' }
    }
    elseif ((Test-SeedProcess -Id $state.pid -Started $state.process_started) -or (Test-SeedProcess -Id $state.tool_pid)) { $now = 'running' }
    elseif ($state.state -eq 'starting') {
        # The task needs a moment to write its first line.
        $started = [DateTime]::Parse($state.started, [System.Globalization.CultureInfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::RoundtripKind)
        if (([DateTime]::UtcNow - $started.ToUniversalTime()).TotalSeconds -lt 120) { $now = 'running' }
    }
    $run = [ordered]@{ operation = $state.operation; state = $now }
    foreach ($name in 'session_id', 'started', 'updated', 'ended', 'exit_code', 'bytes_done', 'bytes_total', 'last_lines') { $run[$name] = $state.$name }
    [pscustomobject]$run
}

Export-ModuleMember -Function Write-SeedState, Get-SeedTime, Get-SeedLastLine, Get-SeedUsedByte, Invoke-SeedToolRun, Test-SeedBlob, Invoke-SeedVerifyRun, Invoke-SeedRun, Get-SeedRunnerText, Start-SeedRun, Test-SeedProcess, Read-SeedJson, Get-SeedRun
