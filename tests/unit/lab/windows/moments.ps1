# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Moments of a copy and of reading it again: what lies on the disks after each lasting step of the module and of the
# runner. A process that ends without a word leaves exactly that, so a moment is kept as a copy of the lab's folder and
# can be put back to be interrupted in another way.
#
# world.ps1 is loaded before this file. $global:TestMoments holds the moments while they are kept, otherwise null.

$global:TestMoments = $null

function New-TestTwoFileOption {
    <# .SYNOPSIS The options of a copy of two files, each a session, to the drive DATA, which may be erased. #>
    param([Parameter(Mandatory)][string]$ToolPath)
    @{
        seed = 'contoso-fs01'
        container = 'seeds'
        work_directory = 'C:\ProgramData\Seedfreight'
        tool_path = $ToolPath
        tool_version = '1.5.0.300'
        tool_sha256 = $null
        source_directory = 'C:\src'
        drives = @(@{
                serial = 'DATA'
                bus = 'SATA'
                erase = $true
                files = @(@{ name = 'a.AIBBlob'; bytes = 512 }, @{ name = 'b.BaseBlob'; bytes = 1024 })
                sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') })
            })
        discard_attempts = @()
        erase_fingerprints = @()
        protected_paths = @()
        escrowed = @()
    }
}

function Get-TestRecord {
    <# .SYNOPSIS The record of the first drive. #>
    param([Parameter(Mandatory)][hashtable]$Option)
    @(Get-SeedDrive -Option $Option)[0].record
}

function Save-TestMoment {
    <# .SYNOPSIS Keeps the lab's folder as it is under a name; a name that is kept already stays as it is. #>
    param([Parameter(Mandatory)][string]$Name)
    if ($null -eq $global:TestMoments -or $global:TestMoments.Contains($Name)) { return }
    $kept = "$env:LAB_HOME.moments/$($global:TestMoments.Count)"
    # The bytes outside the volumes are made anew from the descriptions of the disks.
    Get-Item -Path "$env:LAB_HOME/disks/*/raw" | Remove-Item
    $null = [System.IO.Directory]::CreateDirectory("$env:LAB_HOME.moments")
    & cp -a $env:LAB_HOME $kept
    $global:TestMoments[$Name] = $kept
}

function Restore-TestMoment {
    <# .SYNOPSIS Puts the lab's folder back as it was at a moment. #>
    param([Parameter(Mandatory)][string]$Folder)
    Remove-Item -LiteralPath $env:LAB_HOME -Recurse -Force
    & cp -a $Folder $env:LAB_HOME
    Reset-TestDrive
}

function Reset-TestDrive {
    <# .SYNOPSIS Mounts every drive anew, because letters can lead to other volumes by now. #>
    Get-PSDrive -PSProvider FileSystem | Where-Object { $_.Name -match '^[A-Z]$' } | Remove-PSDrive -Scope Global -Force
    Mount-LabDrive
}

function Install-TestMomentTool {
    <#
    .SYNOPSIS
        Puts the lab's tool where a test wants it, and lets it halt amidst a file, as files in LAB_HOME.gate say.
    .DESCRIPTION
        Each session is written into LAB_HOME.calls when it begins and ends, and whether another one ran meanwhile.
    #>
    param([Parameter(Mandatory)][string]$Path)
    $native = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    $text = @'
#!/usr/bin/env python3
import os, pathlib, sys, time
sys.path.insert(0, '@TESTS@')
import lab.tool.main as tool

home, real = os.environ["LAB_HOME"], tool.Run._copy_file
gate, calls = pathlib.Path(home + ".gate"), pathlib.Path(home + ".calls")
folder = pathlib.Path(__file__).resolve().parent


def say(text):
    with calls.open("a") as stream:
        stream.write(text + "\n")


def copy(run, source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes()[:256])
    session = run.options.get("id")
    if (gate / "hold").exists():
        (gate / ("began-" + session)).touch()
        while not (gate / ("open-" + session)).exists():
            time.sleep(0.01)
    real(run, source, target)


tool.Run._copy_file = copy
if "/j:" in " ".join(sys.argv):
    began = [one.split() for one in calls.read_text().splitlines()] if calls.exists() else []
    ended = [one[1] for one in began if one[0] == "end"]
    if any(one[0] == "begin" and one[1] not in ended and pathlib.Path("/proc", one[1]).exists() for one in began):
        say("overlap")
    session = "".join(one for one in sys.argv if one.startswith("/id:") or one.endswith("Session"))
    say(f"begin {os.getpid()} {folder.parent.name} {session}")
code = tool.main(folder, sys.argv[1:])
if "/j:" in " ".join(sys.argv):
    say(f"end {os.getpid()}")
sys.exit(code)
'@
    [System.IO.File]::WriteAllText($native, $text.Replace('@TESTS@', $env:SEEDFREIGHT_TESTS))
    & chmod +x $native
}

function Wait-TestFile {
    <# .SYNOPSIS Waits for a file that another process makes. #>
    param([Parameter(Mandatory)][string]$Path)
    for ($try = 0; -not [System.IO.File]::Exists($Path); $try++) {
        if ($try -gt 1200) { throw "'$Path' did not come." }
        Start-Sleep -Milliseconds 25
    }
}

function Get-TestRunMoment {
    <# .SYNOPSIS The name of the moment after a JSON file was written. #>
    param([Parameter(Mandatory)][string]$Path, [Parameter(Mandatory)][object]$Value)
    $json = ConvertFrom-Json -InputObject (ConvertTo-Json -InputObject $Value -Depth 8)
    switch (@($Path -split '[\\/]')[-1]) {
        'discarded.json' { return 'given up' }
        'verify.json' { return 'read again, state not written' }
        'order.json' { return "$($json.operation) ordered" }
        'attempt.json' {
            if ($json.identity.partition_guid) { return 'partition noted' }
            if ($json.erased) { return 'erasing noted' }
            return 'attempt written'
        }
    }
    if ($json.state -eq 'starting') { return "$($json.operation) starting" }
    if ($json.state -eq 'ended') { return "$($json.operation) ended" }
    if ($json.operation -eq 'verify') { return 'verifying' }
    if (-not $json.tool_started) {
        if ($json.partition_guid) { return 'partition in the state' }
        return 'runner began'
    }
    $done = @($json.sessions | Where-Object { $_.state -eq 'completed' }).Count
    $now = @($json.sessions | Where-Object { $_.state -eq 'running' })
    if ($now.Count -eq 0) {
        if ($done -eq @($json.sessions).Count) { return 'all sessions written' }
        return 'between sessions'
    }
    if ($json.tool) { return "$($now[0].id) running" }
    "$($now[0].id) announced"
}

function Save-TestRunMoment {
    <# .SYNOPSIS Keeps the moment after a JSON file was written; a tool that halts then goes on. #>
    param([Parameter(Mandatory)][string]$Path, [Parameter(Mandatory)][object]$Value)
    if ($null -eq $global:TestMoments) { return }
    $name = Get-TestRunMoment -Path $Path -Value $Value
    Save-TestMoment -Name $name
    if ($name -match '^(s-\d) running$') { $null = New-Item -Path "$env:LAB_HOME.gate/open-$($Matches[1])" -Force }
}

function Get-TestRunnerHook {
    <# .SYNOPSIS What is put before the last line of the runner's script, so that its moments are kept. #>
    @'
function Read-SeedJson {
    param($Path, [switch]$Expected)
    if ("$Path" -like '*.taken') { Save-TestMoment -Name "order of $($global:TestOperation) taken" }
    _Folder\Read-SeedJson @PSBoundParameters
}
function Write-SeedJson {
    param($Path, $Value)
    _Folder\Write-SeedJson @PSBoundParameters
    Save-TestRunMoment @PSBoundParameters
}
function Clear-Disk {
    [CmdletBinding()]param($InputObject, [switch]$RemoveData, [switch]$RemoveOEM, [switch]$Confirm)
    Storage\Clear-Disk @PSBoundParameters
    Save-TestMoment -Name 'cleared'
}
function Initialize-Disk {
    [CmdletBinding()]param($InputObject, $PartitionStyle)
    Storage\Initialize-Disk @PSBoundParameters
    Save-TestMoment -Name 'initialized'
}
function New-Partition {
    [CmdletBinding()]param($InputObject, [switch]$UseMaximumSize, [switch]$AssignDriveLetter)
    Storage\New-Partition @PSBoundParameters
    Save-TestMoment -Name 'partition made'
}
function Start-Process {
    [CmdletBinding()]param(
        $FilePath, $ArgumentList, $WorkingDirectory, [switch]$PassThru, [switch]$NoNewWindow, $RedirectStandardInput,
        $RedirectStandardOutput, $RedirectStandardError
    )
    $process = Microsoft.PowerShell.Management\Start-Process @PSBoundParameters
    if ($null -ne $global:TestMoments) {
        $id = [regex]::Match("$ArgumentList", '/id:(s-\d)').Groups[1].Value
        Wait-TestFile -Path "$env:LAB_HOME.gate/began-$id"
        Save-TestMoment -Name "$id started, its process not written"
    }
    $process
}
$waits = ${function:Wait-SeedTool}
function Wait-SeedTool {
    param($Process, $Order, $State, $Progress)
    & $waits @PSBoundParameters
    $id = @($State['sessions'] | Where-Object { $_['state'] -eq 'running' })[0]['id']
    Save-TestMoment -Name "$id done, state not written"
}
'@
}

function Start-TestRunner {
    <# .SYNOPSIS Starts the registered task as the lab's task service does, in a process of its own. #>
    param([Parameter(Mandatory)][string]$TaskName)
    $task = Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$TaskName.json"
    $command = [System.Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(($task.arguments -split ' ')[-1]))
    $init = ". '$(Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/init.ps1')'"
    $encoded = [Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes("$init`n$command"))
    Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$TaskName.json" -Change {
        $_.state, $_.last_task_result = 'Running', 267009
    }
    $start = @{
        FilePath = (Get-Process -Id $PID).Path
        ArgumentList = '-NoProfile', '-NonInteractive', '-EncodedCommand', $encoded
        RedirectStandardOutput = "$env:LAB_HOME.gate/out"
        RedirectStandardError = "$env:LAB_HOME.gate/err"
    }
    Start-Process @start -PassThru
}

function Edit-TestState {
    <# .SYNOPSIS Changes the state of the latest attempt on a drive, as if another process had written it. #>
    param([Parameter(Mandatory)][scriptblock]$Change)
    $place = "$env:LAB_HOME/disks/SYS/p2/ProgramData/Seedfreight/seeds/*/DATA/*/run.json"
    $folders = Get-Item -Path $place -ErrorAction Ignore | Sort-Object -Property FullName
    if (-not $folders) { return }
    Edit-LabFile -Path @($folders)[-1].FullName -Change $Change
}

function Stop-TestTask {
    <# .SYNOPSIS Lets the tasks of the host have ended with a result, those that had begun. #>
    foreach ($file in Get-Item -Path "$env:LAB_HOME/hosts/fs01/tasks/*.json") {
        Edit-LabFile -Path $file.FullName -Change {
            if ($_.state -eq 'Running') { $_.state, $_.last_task_result = 'Ready', 1 }
        }
    }
}

function Set-TestProcessGone {
    <# .SYNOPSIS The runner and the tool of the latest attempt are gone; on demand their ids belong to others by now. #>
    param([switch]$Reused)
    # No process has the largest id; this one began at another time than the state says.
    $id = 4194303
    if ($Reused) { $id = $PID }
    Edit-TestState -Change {
        foreach ($name in 'runner', 'tool') {
            if ($_.$name) { $_.$name.pid, $_.$name.started_ticks = $id, '630822816000000000' }
        }
    }
    Stop-TestTask
}

function Restart-TestHost {
    <# .SYNOPSIS
        What a reboot leaves: processes gone and their ids used again, volumes locked, letters and numbers moved.
    #>
    Set-TestProcessGone -Reused
    Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Change {
        $_ | Add-Member -NotePropertyName boot_time -Force -NotePropertyValue (
            [DateTime]::UtcNow.AddMinutes(-1).ToString('yyyy-MM-ddTHH:mm:ssZ')
        )
    }
    $numbers = @{ 'WD-1' = 2; DATA = 1 }
    foreach ($serial in $numbers.Keys) {
        Edit-LabFile -Path "$env:LAB_HOME/disks/$serial/disk.json" -Change {
            $_.number = $numbers[$serial]
            foreach ($one in $_.partitions) {
                if ($one.letter) { $one.letter = 'K' }
                $state = $one.bitlocker
                if ($state -and $state.volume_status -ne 'FullyDecrypted') { $state.locked = $true }
            }
        }
    }
    Reset-TestDrive
}

function Set-TestForeign {
    <# .SYNOPSIS Somebody puts a file on the drive later: in a partition of their own, or in one that is there. #>
    param([switch]$Anew)
    Edit-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json" -Change {
        if ($Anew -or @($_.partitions).Count -eq 0) {
            $_.partition_style = 'GPT'
            $_.partitions = @([pscustomobject]@{
                    number = 2; letter = 'K'; offset = 1; size = 1000000; type = 'Basic'; label = ''
                    guid = '{99999999-0000-4000-8000-000000000009}'; file_system = ''; bitlocker = $null
                })
        }
        $_.partitions[-1].file_system, $_.partitions[-1].bitlocker = 'NTFS', $null
    }
    Remove-Item -LiteralPath "$env:LAB_HOME/disks/DATA/p2" -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Path "$env:LAB_HOME/disks/DATA/p2"
    Set-Content -LiteralPath "$env:LAB_HOME/disks/DATA/p2/later.txt" -Value 'later' -Encoding utf8
    Reset-TestDrive
}

function Get-TestPrint {
    <# .SYNOPSIS Everything on the drive and every file of its attempts, as names and hashes. #>
    param([string]$Filter = '*')
    $roots = "$env:LAB_HOME/disks/DATA", "$env:LAB_HOME/disks/SYS/p2/ProgramData"
    $lines = foreach ($root in $roots | Where-Object { [System.IO.Directory]::Exists($_) }) {
        foreach ($file in [System.IO.Directory]::GetFiles($root, $Filter, 'AllDirectories')) {
            if ($file -match '/raw$|host\.lock$') { continue }
            $bytes = [System.Security.Cryptography.SHA256]::HashData([System.IO.File]::ReadAllBytes($file))
            $file.Substring($env:LAB_HOME.Length) + ' ' + [Convert]::ToHexString($bytes)
        }
    }
    @($lines | Sort-Object)
}
