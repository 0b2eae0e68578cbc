# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Every interruption at every moment of a drive, from before its first attempt until it is verified. `erase` is true,
# which is what allows most. Run alone, this file prints one line a cell.

# Who works at a moment: the module, the Task Scheduler, the runner, the tool under the runner, or nobody.
$moments = @(
    @{ who = 'nobody'; names = 'before the task' }
    @{
        who = 'module'
        names = 'attempt folder', 'attempt written', 'tool copied', 'copy starting', 'copy ordered', 'copy registered'
    }
    @{ who = 'module', 'scheduler'; names = 'copy started' }
    @{
        who = 'runner'
        names = 'order of copy taken', 'runner began', 'erasing noted', 'cleared', 'initialized', 'partition made',
            'partition noted', 'partition in the state', 's-1 announced'
    }
    @{ who = 'tool'; names = 's-1 started, its process not written', 's-1 running' }
    @{ who = 'runner'; names = 's-1 done, state not written', 'between sessions', 's-2 announced' }
    @{ who = 'tool'; names = 's-2 started, its process not written', 's-2 running' }
    @{ who = 'runner'; names = 's-2 done, state not written', 'all sessions written' }
    # A runner that has written its end only takes its task away.
    @{ who = 'nobody'; names = 'copy ended', 'copied', 'copied and locked' }
    @{ who = 'module'; names = 'verify starting', 'verify ordered', 'verify registered' }
    @{ who = 'module', 'scheduler'; names = 'verify started' }
    @{ who = 'runner'; names = 'order of verify taken', 'verifying', 'read again, state not written' }
    @{ who = 'nobody'; names = 'verify ended', 'verified', 'verified and locked' }
    @{ who = 'module'; names = 'second attempt folder', 'second given up', 'second attempt written' }
)
$interruptions = @{
    'reboot' = 'nobody', 'module', 'runner', 'tool'
    'runner killed, tool too' = 'runner', 'tool'
    'runner killed, tool lives' = @('tool')
    'connection lost' = 'module', 'runner', 'tool'
    'connection lost, task late' = @('scheduler')
    'reboot, then other data' = 'nobody', 'module', 'runner', 'tool'
}
# From here on what `erase` allows is used up: what came onto the drive later needs its fingerprint.
$erased = $false
$cells = @(foreach ($moment in $moments) {
        foreach ($name in $moment.names) {
            $erased = $erased -or $name -eq 'erasing noted'
            foreach ($interruption in $interruptions.Keys | Sort-Object) {
                if (-not @($moment.who | Where-Object { $_ -in $interruptions[$interruption] })) { continue }
                @{ moment = $name; who = $moment.who; interruption = $interruption; erased = $erased }
            }
        }
    })
# What keeping a moment cannot show: processes that are really ended.
$processes = @(foreach ($session in 's-1', 's-2') {
        foreach ($interruption in 'runner killed', 'tool killed', 'reboot') {
            @{ session = $session; interruption = $interruption }
        }
    })
$count = $cells.Count + $processes.Count

Describe 'interruptions' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/moments.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $global:TestRows = [System.Collections.Generic.List[string]]::new()
        # A name of this file's own, because a process is looked for by its name.
        function New-TestOption { New-TestTwoFileOption -ToolPath 'C:\tool\interrupted.exe' }
        function Open-TestDrive([string]$Letter) {
            $key = (Get-LabDisk | Where-Object { $_.serial -eq 'DATA' }).partitions[1].bitlocker.protectors[0].secret
            Unlock-SeedVolume -Letter $Letter -Key @{ ExternalKey = $key }
        }
        # The lab's task service is not here: the task's work is done where it is started, unless it is to come later.
        function Set-TestSchedule {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Save-TestMoment -Name "$global:TestOperation started"
                if ($global:TestLate) { return }
                Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$TaskName.json" -Change {
                    $_.state, $_.last_task_result = 'Running', 267009
                }
                Invoke-TestTask -TaskName $TaskName
            } -ModuleName _Run
        }
        # What each lasting step of the module leaves. Those of the runner are kept by what is put into its script.
        function Set-TestTrace {
            Mock Get-SeedRunnerText {
                $at = $global:TestRunner.LastIndexOf('Invoke-SeedRun -OrderFile')
                $global:TestRunner.Insert($at, (Get-TestRunnerHook) + "`n")
            } -ModuleName _Run
            Mock Write-SeedJson {
                param($Path, $Value)
                _Folder\Write-SeedJson -Path $Path -Value $Value
                $name = Get-TestRunMoment -Path $Path -Value $Value
                Save-TestMoment -Name "$global:TestPrefix$name"
            } -ModuleName _Prepare
            Mock Write-SeedJson {
                param($Path, $Value)
                _Folder\Write-SeedJson -Path $Path -Value $Value
                Save-TestMoment -Name (Get-TestRunMoment -Path $Path -Value $Value)
            } -ModuleName _Run
            Mock New-SeedPrivateFolder {
                param($Path, $Root)
                _Folder\New-SeedPrivateFolder @PSBoundParameters
                if ($Root) { Save-TestMoment -Name "${global:TestPrefix}attempt folder" }
            } -ModuleName _Prepare
            Mock Copy-SeedTool {
                param($Tool, $Folder, $Sha256)
                if ($global:TestPrefix) {
                    # The second attempt is followed no further; why it ended is not kept.
                    $global:TestKept, $global:TestMoments = $global:TestMoments, $null
                    throw 'enough'
                }
                _Tool\Copy-SeedTool @PSBoundParameters
                Save-TestMoment -Name 'tool copied'
            } -ModuleName _Prepare
            Mock Register-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath, $Action, $Principal, $Settings, [switch]$Force)
                ScheduledTasks\Register-ScheduledTask @PSBoundParameters
                Save-TestMoment -Name "$global:TestOperation registered"
            } -ModuleName _Run
        }
        function Save-TestWay {
            $global:TestMoments = [ordered]@{}
            $global:TestPrefix, $global:TestLate, $global:TestOperation = '', $false, 'copy'
            $null = New-Item -ItemType Directory -Path "$env:LAB_HOME.gate"
            $null = New-Item -Path "$env:LAB_HOME.gate/hold"
            Set-TestSchedule
            Set-TestTrace
            $option = New-TestOption
            Save-TestMoment -Name 'before the task'
            $null = Invoke-SeedPrepare -Option $option
            $letter = (Get-TestRecord -Option $option).letter
            Save-TestMoment -Name 'copied'
            Lock-SeedVolume -Letter $letter
            Save-TestMoment -Name 'copied and locked'
            Open-TestDrive -Letter $letter
            $global:TestOperation = 'verify'
            $null = Invoke-SeedVerify -Option $option
            Save-TestMoment -Name 'verified'
            Lock-SeedVolume -Letter $letter
            Save-TestMoment -Name 'verified and locked'
            Restore-TestMoment -Folder $global:TestMoments['s-2 running']
            Restart-TestHost
            $global:TestPrefix, $global:TestLate = 'second ', $true
            $option.discard_attempts = @((Get-TestRecord -Option $option).attempt.id)
            try { $null = Invoke-SeedPrepare -Option $option } catch { if ("$_" -ne 'enough') { throw } }
            Remove-Item -LiteralPath "$env:LAB_HOME.gate" -Recurse
            $global:TestPrefix = ''
        }
        # No call may change anything by itself here. A runner that is alive writes its state every second.
        function Assert-TestUntouched([hashtable]$Option, [switch]$Alive) {
            $print = { Get-TestPrint | Where-Object { -not $Alive -or $_ -notlike '*/run.json*' } }
            $before = & $print
            foreach ($step in 'Invoke-SeedPrepare', 'Invoke-SeedVerify') { $null = & $step -Option $Option }
            & $print | Should -Be $before
        }
        # Goes on as plays and their user do, with the word that is asked for, until the drive is verified.
        function Complete-TestDrive([hashtable]$Option, [string]$Until = 'verified') {
            $journals = Get-TestPrint -Filter '*.jrn'
            $steps = @()
            for ($step = 0; $step -lt 10; $step++) {
                $record = Get-TestRecord -Option $Option
                Assert-TestRecord -Record $record
                $next = @(foreach ($one in 'wait', 'unlock', 'verify', 'prepare', 'resume', 'discard', 'erase') {
                        if ($one -in $record.allowed) { $one }
                    })
                if ($record.status -eq 'verified') { break }
                $steps += "$($record.status):$($next[0])"
                if ($next.Count -eq 0) { break }
                switch ($next[0]) {
                    # A task that has not begun within two minutes does not count any more.
                    'wait' {
                        Assert-TestUntouched -Option $Option
                        Edit-TestState -Change { $_.updated = '2026-01-01T00:00:00Z' }
                    }
                    'unlock' { Open-TestDrive -Letter $record.letter }
                    'verify' { $null = Invoke-SeedVerify -Option $Option }
                    'prepare' {
                        if ($record.attempt -and $record.attempt.tool_started) {
                            $record.attempt.id | Should -Be $Option.discard_attempts[-1]
                        }
                        if ($Until -eq 'prepare') { return ($steps -join ' ') }
                        $null = Invoke-SeedPrepare -Option $Option
                    }
                    'resume' {
                        $journal = Resolve-SeedPath -Path $record.journal.path
                        $text = [System.IO.File]::ReadAllText($journal)
                        $null = Invoke-SeedPrepare -Option $Option
                        [System.IO.File]::ReadAllText($journal).StartsWith($text) | Should -BeTrue
                        $journals = Get-TestPrint -Filter '*.jrn'
                    }
                    'discard' {
                        Assert-TestUntouched -Option $Option
                        $Option.discard_attempts += @($record.attempt.id)
                    }
                    'erase' {
                        Assert-TestUntouched -Option $Option
                        $Option.erase_fingerprints += @($record.fingerprint)
                    }
                }
            }
            $after = Get-TestPrint -Filter '*.jrn'
            foreach ($one in $journals) { $after | Should -Contain $one }
            if ($record.status -ne 'verified') { throw "A dead end after $($steps -join ' '): $($record.reason)" }
            @($steps + 'verified') -join ' '
        }
        function Assert-TestRecord([object]$Record) {
            $known = 'prepare', 'wait', 'collect', 'verify', 'unlock', 'lock', 'insert', 'resume', 'discard', 'erase'
            $Record.allowed.Count | Should -BeGreaterThan 0
            foreach ($one in $Record.allowed) { $known | Should -Contain $one }
            if ('discard' -in $Record.allowed) {
                $Record.reason | Should -Match ([regex]::Escape("``discard_attempts: [$($Record.attempt.id)]``"))
            }
            if ('erase' -in $Record.allowed) {
                $Record.fingerprint | Should -Match '^[0-9a-f]{12}$'
                $Record.reason | Should -Match ([regex]::Escape("``erase_fingerprints: [$($Record.fingerprint)]``"))
            }
        }
        function Assert-TestCalls {
            $file = "$env:LAB_HOME.calls"
            if (-not [System.IO.File]::Exists($file)) { return }
            $calls = @([System.IO.File]::ReadAllLines($file))
            $calls | Should -Not -Contain 'overlap'
            $begun = @($calls | Where-Object { $_ -like 'begin *' } | ForEach-Object { ($_ -split ' ', 3)[2] })
            @($begun | Sort-Object -Unique).Count | Should -Be $begun.Count
        }
        function Add-TestRow([string]$Moment, [string]$Interruption, [string]$Outcome) {
            $global:TestRows.Add(('{0,-38} {1,-26} {2}' -f $Moment, $Interruption, $Outcome))
        }
        $global:TestRunner = Get-SeedRunnerText
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]]::new(512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]]::new(1024))
        Install-TestMomentTool -Path 'C:\tool\interrupted.exe'
        Save-TestWay
    }
    BeforeEach {
        Remove-Item -LiteralPath "$env:LAB_HOME.calls" -ErrorAction Ignore
        Remove-Item -LiteralPath "$env:LAB_HOME.gate" -Recurse -ErrorAction Ignore
        $global:TestLate = $false
        Set-TestSchedule
    }
    AfterAll {
        if ($env:SEEDFREIGHT_ALONE) {
            Write-Information ($global:TestRows -join "`n") -InformationAction Continue
            Write-Information "$($global:TestRows.Count) of $count cells" -InformationAction Continue
        }
        Remove-TestWorld
        Remove-Item -Path "$env:LAB_HOME.*" -Recurse -Force
    }

    It '<moment>: <interruption>' -ForEach $cells {
        Restore-TestMoment -Folder $global:TestKept[$moment]
        Edit-TestState -Change { $_.updated = Get-SeedTime }
        $option = New-TestOption
        $outcome = switch ($interruption) {
            'reboot' {
                Restart-TestHost
                Complete-TestDrive -Option $option
            }
            'runner killed, tool too' {
                Set-TestProcessGone
                Complete-TestDrive -Option $option
            }
            'runner killed, tool lives' {
                Set-TestProcessGone
                # The very program of the attempt, as far as Windows can tell.
                $folder = (Get-TestRecord -Option $option).attempt.folder
                $native = Resolve-SeedPath -Path "$folder\tool\interrupted.exe"
                $text = [System.IO.File]::ReadAllText($native)
                Copy-Item -LiteralPath (Get-Command -Name sleep).Source -Destination $native
                $tool = Start-Process -FilePath $native -ArgumentList 600 -PassThru
                try {
                    $ticks = "$(Get-SeedProcessStamp -Id $tool.Id)"
                    Edit-TestState -Change { if ($_.tool) { $_.tool.pid, $_.tool.started_ticks = $tool.Id, $ticks } }
                    (Get-TestRecord -Option $option).allowed | Should -Be 'wait'
                    Assert-TestUntouched -Option $option
                }
                finally {
                    # One that no state names has to be found by a stop, too.
                    if ($moment -like '*not written') { (Invoke-SeedStop -Option $option).stopped | Should -Be 'DATA' }
                    else { $tool.Kill() }
                    $tool.WaitForExit()
                    [System.IO.File]::WriteAllText($native, $text)
                }
                'wait, then ' + (Complete-TestDrive -Option $option)
            }
            'connection lost, task late' {
                (Get-TestRecord -Option $option).allowed | Should -Be 'wait'
                Assert-TestUntouched -Option $option
                Invoke-TestTask -TaskName 'Seedfreight-DATA'
                'wait, then ' + (Complete-TestDrive -Option $option)
            }
            'connection lost' {
                if ('module' -in $who) { Complete-TestDrive -Option $option }
                else {
                    (Get-TestRecord -Option $option).allowed | Should -Be 'wait'
                    Assert-TestUntouched -Option $option
                    'wait'
                }
            }
            'reboot, then other data' {
                Restart-TestHost
                Set-TestForeign -Anew
                $words = Complete-TestDrive -Option $option -Until prepare
                $words
                [bool]($words -match 'foreign:erase') | Should -Be $erased
                Test-Path -LiteralPath 'K:\later.txt' | Should -BeTrue
            }
        }
        Assert-TestCalls
        Add-TestRow -Moment $moment -Interruption $interruption -Outcome "$outcome"
    }
    It 'a process of its own, session <session>: <interruption>' -ForEach $processes {
        Restore-TestMoment -Folder $global:TestKept['copy started']
        $option = New-TestOption
        $attempt = (Get-TestRecord -Option $option).attempt
        # The script as the product writes it, without what keeps the moments.
        $encoding = [System.Text.UTF8Encoding]::new($true)
        $script = Resolve-SeedPath -Path "$($attempt.folder)\runner.ps1"
        [System.IO.File]::WriteAllText($script, $global:TestRunner, $encoding)
        $null = New-Item -ItemType Directory -Path "$env:LAB_HOME.gate"
        $null = New-Item -Path "$env:LAB_HOME.gate/hold"
        if ($session -eq 's-2') { $null = New-Item -Path "$env:LAB_HOME.gate/open-s-1" }
        $runner = Start-TestRunner -TaskName 'Seedfreight-DATA'
        $tool = $null
        try {
            Wait-TestFile -Path "$env:LAB_HOME.gate/began-$session"
            while (-not $tool) { $tool = (Read-SeedJson -Path "$($attempt.folder)\run.json").value.tool }
            Reset-TestDrive
            (Get-TestRecord -Option $option).allowed | Should -Be 'wait'
            Assert-TestUntouched -Option $option -Alive
            if ($interruption -ne 'tool killed') { $runner.Kill() }
            if ($interruption -eq 'runner killed') {
                Stop-TestTask
                (Get-TestRecord -Option $option).allowed | Should -Be 'wait'
                Assert-TestUntouched -Option $option
            }
            else { Stop-Process -Id $tool.pid -Force }
        }
        finally {
            $null = New-Item -Path "$env:LAB_HOME.gate/open-$session"
            $runner.WaitForExit()
            if ($tool) { Wait-Process -Id $tool.pid -ErrorAction Ignore }
        }
        if ($interruption -eq 'reboot') { Restart-TestHost }
        else { Reset-TestDrive }
        Remove-Item -LiteralPath "$env:LAB_HOME.gate" -Recurse
        $outcome = Complete-TestDrive -Option $option
        $outcome | Should -Match ('^' + $(if ($interruption -eq 'tool killed') { 'failed' } else { 'interrupted' }))
        Assert-TestCalls
        $place = "$session in a process of its own"
        Add-TestRow -Moment $place -Interruption $interruption -Outcome "wait, then $outcome"
    }
    It 'has a cell for every moment of the way, and has tried them all' {
        @($global:TestKept.Keys | Where-Object { $_ -notin $moments.names }) | Should -BeNullOrEmpty
        $count | Should -Be 152
        "$($global:TestRows.Count) of $count" | Should -Be "$count of $count"
    }
}
