# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Every accident in every phase of a call of the tool. Afterwards the drive carries the very bytes of a run that nothing
# disturbed, after exactly the words that have to be asked for, and with no session begun that was not due. Run alone,
# this file prints one line a cell. Interruptions.Tests.ps1 has the moments between the calls.

$table = @(
    # Only the first session can be neither resumed nor aborted, so its attempt is given up, with a word.
    @{
        kind = 'first'; phases = 'initialize', 'format', 'encrypt', 'copy', 'manifest', 'journal'
        way = 'discard prepare'; calls = 'first s-1, again: first s-1, later s-2'
    }
    # The tool ended it, and only its exit code was not read: nothing of it has to be done again.
    @{ kind = 'first'; phases = @('over'); way = 'resume'; calls = 'first s-1, later s-2' }
    # Sessions that ended before are left alone, and an unfinished record at the end of a journal is none.
    @{
        kind = 'later'; phases = 'copy', 'manifest', 'journal'
        way = 'resume'; calls = 'first s-1, later s-2, resume s-2'
    }
    @{ kind = 'later'; phases = @('over'); way = 'resume'; calls = 'first s-1, later s-2' }
    # The tool knows of no session before its first record is whole: it neither resumes nor aborts it, so it starts.
    @{
        kind = 'later'; phases = @('initialize')
        way = 'resume'; calls = 'first s-1, later s-2, resume s-2, abort s-2, later s-2'
    }
)
$accidents = @(
    @{ accident = 'tool killed'; fault = 'kill_at_byte'; status = 'failed' }
    @{ accident = 'disk full'; fault = 'full_at_byte'; status = 'failed' }
    # The tool says that all went well, and its journal says otherwise.
    @{ accident = 'exit code 0'; fault = 'full_at_byte'; code = 0; on = 'copy', 'journal'; status = 'failed' }
    @{ accident = 'runner killed'; fault = ''; status = 'interrupted' }
    @{ accident = 'host rebooted'; fault = ''; status = 'interrupted' }
)
$cells = @(foreach ($row in $table) {
        foreach ($phase in $row.phases) {
            foreach ($one in $accidents) {
                # Nothing goes wrong by itself when all is written. The runner may still not have read the exit code.
                if ($phase -eq 'over' -and $one.fault) { continue }
                if ($one['on'] -and $phase -notin $one.on) { continue }
                $row + $one + @{ phase = $phase }
            }
        }
    })
$count = $cells.Count

Describe 'accidents' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/moments.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $global:TestRows = [System.Collections.Generic.List[string]]::new()
        # A name of this file's own, because a process is looked for by its name.
        function New-TestOption { New-TestTwoFileOption -ToolPath 'C:\tool\accident.exe' }
        # The lab's tool. It writes down each call, and keeps the lab's folder in the middle of each phase, if asked to.
        function Install-TestAccidentTool {
            $text = @'
#!/usr/bin/env python3
import json, os, pathlib, subprocess, sys, time
sys.path.insert(0, '@TESTS@')
import lab.tool.main as tool

home, folder = os.environ["LAB_HOME"], pathlib.Path(__file__).resolve().parent
words = " ".join(sys.argv).lower()
kind = "resume" if "/resumesession" in words else "abort" if "/abortsession" in words else ""
kind = kind or ("first" if "/t:" in words else "later")


class Keeper(tool.Trouble):
    def write(self, phase, stream, data):
        if (kept := self.kept(phase)).parent.exists() and not kept.exists():
            super().write(phase, stream, data[: len(data) // 2])
            stream.flush()
            self.reach(phase)
            data = data[len(data) // 2 :]
        super().write(phase, stream, data)

    def reach(self, phase):
        if (kept := self.kept(phase)).parent.exists() and not kept.exists():
            # The runner has written whom it waits for.
            while not json.loads((folder.parent / "run.json").read_text(encoding="utf-8-sig"))["tool"]:
                time.sleep(0.01)
            subprocess.run(["cp", "-a", home, str(kept)], check=True)
        super().reach(phase)

    def kept(self, phase):
        return pathlib.Path(home + ".moments") / f"{kind} {phase}"


tool.Trouble = Keeper
if "/j:" in words:
    with pathlib.Path(home, "calls").open("a") as stream:
        stream.write(f"{folder.parent.name} {kind} {next(one[4:] for one in sys.argv if one.startswith('/id:'))}\n")
code = tool.main(folder, sys.argv[1:])
if "/j:" in words:
    Keeper({}).reach("over")
sys.exit(code)
'@
            $native = Resolve-SeedPath -Path 'C:\tool\accident.exe'
            [System.IO.File]::WriteAllText($native, $text.Replace('@TESTS@', $env:SEEDFREIGHT_TESTS))
            & chmod +x $native
        }
        # The files of the drive's volume: names and hashes.
        function Get-TestVolume {
            (Get-TestPrint) -match '^/disks/DATA/p2/' -join "`n"
        }
        # The calls of the tool in their order; a further attempt begins with "again".
        function Get-TestCall {
            $last = ''
            $calls = foreach ($line in [System.IO.File]::ReadAllLines("$env:LAB_HOME/calls")) {
                $attempt, $call = $line -split ' ', 2
                if ($last -and $attempt -ne $last) { "again: $call" } else { $call }
                $last = $attempt
            }
            @($calls) -join ', '
        }
        # Goes on as plays and their user do until the drive is copied; what was done, in words.
        function Complete-TestDrive([hashtable]$Option) {
            $way = @()
            foreach ($step in 1..6) {
                $record = Get-TestRecord -Option $Option
                if ($record.status -eq 'copied') { break }
                $next = @('resume', 'prepare', 'discard' | Where-Object { $_ -in $record.allowed }) + 'nothing'
                $way += $next[0]
                switch ($next[0]) {
                    'discard' {
                        # Without the word nothing happens.
                        $before = Get-TestPrint
                        $null = Invoke-SeedPrepare -Option $Option
                        Get-TestPrint | Should -Be $before
                        $Option.discard_attempts += @($record.attempt.id)
                    }
                    'nothing' { throw "A dead end after $($way -join ' '): $($record.reason)" }
                    default { $null = Invoke-SeedPrepare -Option $Option }
                }
            }
            $way -join ' '
        }
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool', "$env:LAB_HOME.moments"
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]](, 3 * 512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]](, 7 * 1024))
        Install-TestAccidentTool
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        & cp -a $env:LAB_HOME "$env:LAB_HOME.moments/before"
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        (Get-TestRecord -Option (New-TestOption)).status | Should -Be 'copied'
        Get-TestCall | Should -Be 'first s-1, later s-2'
        $global:TestUndisturbed = Get-TestVolume
        @($global:TestUndisturbed -split "`n").Count | Should -Be 3 # two files and the manifest
    }
    AfterAll {
        if ($env:SEEDFREIGHT_ALONE) {
            Write-Information ($global:TestRows -join "`n") -InformationAction Continue
            Write-Information "$($global:TestRows.Count) of $count cells" -InformationAction Continue
        }
        Remove-TestWorld
        Remove-Item -Path "$env:LAB_HOME.*" -Recurse -Force
    }
    BeforeEach {
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
    }

    It '<kind> session, <phase>: <accident>' -ForEach $cells {
        $option = New-TestOption
        if ($fault) {
            Restore-TestMoment -Folder "$env:LAB_HOME.moments/before"
            $order = @{ calls = $kind; times = 1; phase = $phase; $fault = 9 }
            if ($accident -eq 'exit code 0') { $order['exit_code'] = $code }
            ConvertTo-Json -InputObject @{ tool_calls = @($order) } -Depth 5 |
                Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/faults.json"
            (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        }
        else {
            Restore-TestMoment -Folder "$env:LAB_HOME.moments/$kind $phase"
            if ($accident -eq 'host rebooted') { Restart-TestHost } else { Set-TestProcessGone }
        }
        $record = Get-TestRecord -Option $option
        $record.status | Should -Be $status
        Complete-TestDrive -Option $option | Should -Be $way
        Get-TestCall | Should -Be $calls
        Get-TestVolume | Should -Be $global:TestUndisturbed
        $row = '{0,-6} {1,-10} {2,-13} {3,-11} {4,-22} {5}'
        $global:TestRows.Add(($row -f $kind, $phase, $accident, $status, $way, $calls))
    }
    It 'has tried every phase of the tool, and every cell' {
        $known = & python3 -c "import sys; sys.path.insert(0, '$env:SEEDFREIGHT_TESTS')
from lab.tool.trouble import PHASES
print(*PHASES)"
        "$($table[0].phases)" | Should -Be "$known"
        $count | Should -Be 48
        "$($global:TestRows.Count) of $count" | Should -Be "$count of $count"
    }
}
