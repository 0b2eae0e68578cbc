# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What lies between the module that orders and the task that does.
Describe 'attempts and their tasks' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $work = 'C:\ProgramData\Seedfreight'
        function New-TestOption([string]$Serial, [hashtable]$More = @{}, [bool]$Erase = $false) {
            $option = @{
                seed = 'contoso-fs01'
                container = 'seeds'
                work_directory = $work
                tool_path = 'C:\tool\t.exe'
                tool_version = '1.5.0.300'
                tool_sha256 = $null
                source_directory = 'C:\src'
                drives = @(@{
                        serial = $Serial
                        bus = 'SATA'
                        erase = $Erase
                        files = @(@{ name = 'a.AIBBlob'; bytes = 512 })
                        sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') })
                    })
                discard_attempts = @()
                erase_fingerprints = @()
                protected_paths = @()
                escrowed = @()
            }
            foreach ($name in $More.Keys) { $option[$name] = $More[$name] }
            $option
        }
        function Get-TestRecord([hashtable]$Option) { @(Get-SeedDrive -Option $Option)[0].record }
        function Set-TestTaskState([string]$Name, [string]$State) {
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$Name.json" -Change { $_.state = $State }
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]]::new(512))
        Install-TestTool -Path 'C:\tool\t.exe'
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName,
            $TaskPath) Invoke-TestTask -TaskName $TaskName } -ModuleName _Run
    }
    AfterEach { Remove-TestWorld }

    It 'erases a drive whose <name> only the account of the task may list' -ForEach @(
        @{ name = 'System Volume Information' }
        @{ name = '$RECYCLE.BIN' }
    ) {
        $null = New-Item -Path "E:\$name" -ItemType Directory
        # Only the system has rights to these folders, so an administrator's session may see less than the task.
        Mock Get-ChildItem {
            [CmdletBinding()]param($LiteralPath, [switch]$Recurse, [switch]$File, [switch]$Force)
            if ($Recurse) { throw (New-Object -TypeName System.UnauthorizedAccessException) }
            Microsoft.PowerShell.Management\Get-ChildItem -LiteralPath $LiteralPath -Force
        } -ModuleName _DriveGuard
        $option = New-TestOption -Serial 'DATA' -Erase $true
        $fingerprint = (Get-TestRecord -Option $option).fingerprint
        (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.erased.fingerprint)" | Should -Be "copied $fingerprint"
    }
    It 'erases a drive whose names another language of the account of the task sorts otherwise' {
        # Names as Swedish and German sort them.
        $global:TestNames = @('a.txt', "$([char]0xE4).txt", 'z.txt')
        Mock Get-SeedRootEntry { $global:TestNames } -ModuleName _DriveGuard
        Mock Sort-Object {
            $all = @($input)
            [array]::Reverse($all)
            $all
        } -ModuleName _DriveGuard
        $partition = [pscustomobject]@{ DriveLetter = 'E' }
        Mock Get-Volume {
            [CmdletBinding()]param($Partition)
            [pscustomobject]@{ FileSystem = 'NTFS'; FileSystemLabel = '' }
        } -ModuleName _DriveGuard
        $first = (Get-SeedVolumeContent -Partition $partition -Letter 'E').fingerprint
        $global:TestNames = @($global:TestNames[2], $global:TestNames[0], $global:TestNames[1])
        $second = (Get-SeedVolumeContent -Partition $partition -Letter 'E').fingerprint
        "$first $second" | Should -BeExactly "NTFS||a.txt|z.txt|$([char]0xE4).txt NTFS||a.txt|z.txt|$([char]0xE4).txt"
    }
    It 'takes what somebody formatted for foreign, although an attempt had erased the drive before' {
        # The first attempt erases and partitions, the second ends before that.
        Mock Start-SeedRun {
            param($Order, $Account)
            $Order['bytes_total'] = [long]1TB
            _Run\Start-SeedRun -Order $Order
        } -ModuleName _Prepare
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA' -Erase $true) } | Should -Throw '*too few for*'
        $letter = (Get-TestRecord -Option (New-TestOption -Serial 'DATA')).letter
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName,
            $TaskPath) Set-TestTaskResult -TaskName $TaskName -Result 5 } -ModuleName _Run
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA') } | Should -Throw '*did not begin*'
        Set-TestDisk -Serial 'DATA' -Change { $_.partitions[1].file_system = 'NTFS' }
        Set-Content -LiteralPath "${letter}:\keep.txt" -Value 'keep' -Encoding utf8
        $record = Get-TestRecord -Option (New-TestOption -Serial 'DATA' -Erase $true)
        "$($record.status) $($record.content) $($record.allowed -join ',')" | Should -Be 'foreign foreign erase'
    }
    It 'begins nothing while the task of the drive runs, whatever its state file says' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $attempt = (Get-TestRecord -Option $option).attempt
        Set-Content -LiteralPath "$($attempt.folder)\run.json" -Value '{"a' -Encoding utf8
        Mock Get-SeedTaskList {
            [pscustomobject]@{ TaskName = 'Seedfreight-WD-1'; State = 'Running' }
        } -ModuleName _Attempt
        $option['discard_attempts'] = @($attempt.id)
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.busy -join ',')" | Should -Be 'False task Seedfreight-WD-1'
        Test-Path -LiteralPath "$($attempt.folder)\discarded.json" | Should -BeFalse
    }
    It 'counts a task that runs and has written nothing yet as begun, however long it takes' {
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
        Mock Start-SeedRun {
            param($Order, $Account)
            _Run\Start-SeedRun -Order $Order -ConfirmSeconds 0
        } -ModuleName _Prepare
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $folder = (Get-TestRecord -Option $option).attempt.folder
        $state = (Read-SeedJson -Path "$folder\run.json").value
        $state.updated = Get-SeedTime -Value ([DateTime]::UtcNow.AddMinutes(-10))
        Write-SeedJson -Path "$folder\run.json" -Value $state
        (Get-TestRecord -Option $option).status | Should -Be 'interrupted'
        Set-TestTaskState -Name 'Seedfreight-WD-1' -State 'Running'
        (Get-TestRecord -Option $option).status | Should -Be 'copying'
        (Invoke-SeedStop -Option $option).stopped | Should -Be 'WD-1'
        Test-Path -LiteralPath "$folder\order.json" | Should -BeFalse
    }
    It 'keeps the order that was taken when the task is started once more' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $folder = (Get-TestRecord -Option $option).attempt.folder
        { Invoke-SeedRun -OrderFile "$folder\order.json" } | Should -Throw
        Test-Path -LiteralPath "$folder\order.json.taken" | Should -BeTrue
    }
    It 'does not touch a disk that was offline and that somebody brought online' {
        Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Set-TestDisk -Serial 'DATA' -Change { $_.is_offline = $false }
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA' -Erase $true) } | Should -Throw '*changed while*'
        "$((Get-Disk -Number 2).IsOffline) $((Get-Disk -Number 2).IsReadOnly)" | Should -Be 'False False'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'names the process of the tool in the state as soon as it is there' {
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            $order = @(Get-ChildItem -LiteralPath 'C:\ProgramData\Seedfreight\seeds' -Recurse -Filter 'order.json')[0]
            Invoke-SeedRun -OrderFile $order.FullName
        } -ModuleName _Run
        Mock Wait-SeedTool {
            param($Process, $Order, $State, $Progress)
            $global:TestSaved = "$((Read-SeedJson -Path $Order.run_file).value.tool.pid) $($Process.Id)"
            $Process.WaitForExit()
        } -ModuleName _RunScript
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1')
        $global:TestSaved | Should -Match '^(\d+) \1$'
    }
    It 'stops a runner that began after the look' {
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
        Mock Start-SeedRun {
            param($Order, $Account)
            _Run\Start-SeedRun -Order $Order -ConfirmSeconds 0
        } -ModuleName _Prepare
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $global:TestProcess = Start-Process -FilePath 'sleep' -ArgumentList '600' -PassThru
        $global:TestFolder = (Get-TestRecord -Option $option).attempt.folder
        Mock Get-SeedAttemptState {
            param($Facts)
            $state = (Read-SeedJson -Path "$global:TestFolder\run.json").value
            $state.runner = @{
                pid = $global:TestProcess.Id
                started_ticks = "$(Get-SeedProcessStamp -Id $global:TestProcess.Id)"
            }
            Write-SeedJson -Path "$global:TestFolder\run.json" -Value $state
            _DriveState\Get-SeedAttemptState -Facts $Facts
        } -ModuleName _Clean
        try {
            (Invoke-SeedStop -Option $option).stopped | Should -Be 'WD-1'
            $global:TestProcess.WaitForExit(5000) | Should -BeTrue
        }
        finally { if (-not $global:TestProcess.HasExited) { $global:TestProcess.Kill() } }
    }
    It 'returns when the process that it ends is gone, not before' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $folder = (Get-TestRecord -Option $option).attempt.folder
        $state = (Read-SeedJson -Path "$folder\run.json").value
        $state.runner = @{ pid = 4242; started_ticks = '1' }
        Write-SeedJson -Path "$folder\run.json" -Value $state
        $global:TestLooks = 0
        Mock Get-SeedAttemptState { 'running' } -ModuleName _Clean
        $global:TestStopped = 0
        Mock Stop-Process { param($Id) if ($Id) { $global:TestStopped++ } } -ModuleName _Clean
        Mock Test-SeedProcess {
            param($Process)
            if (-not $Process) { return $false }
            $global:TestLooks++
            $global:TestLooks -lt 4
        } -ModuleName _Clean
        (Invoke-SeedStop -Option $option).stopped | Should -Be 'WD-1'
        "$global:TestLooks $global:TestStopped" | Should -Be '4 1'
    }
    It 'removes no journal while the task of the drive runs, whatever its state file says' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $attempt = (Get-TestRecord -Option $option).attempt
        Set-Content -LiteralPath "$($attempt.folder)\run.json" -Value '{"a' -Encoding utf8
        $option['discard_attempts'] = @($attempt.id)
        Mock Get-SeedTaskList {
            [pscustomobject]@{ TaskName = 'Seedfreight-WD-1'; State = 'Running' }
        } -ModuleName _Clean
        { Invoke-SeedClean -Option $option } | Should -Throw '*runs, so nothing is removed*'
        Test-Path -LiteralPath "$($attempt.folder)\WD-1.jrn" | Should -BeTrue
    }
    It 'does not erase the disk of a source that an alias of this host names' {
        Set-Content -LiteralPath 'E:\a.AIBBlob' -Value ('x' * 511) -Encoding ascii
        Mock Get-SeedSourceAnswer { [pscustomobject]@{ answer = 'there'; account = 'x'; text = '' } } `
            -ModuleName _Prepare
        $option = New-TestOption -Serial 'DATA' -Erase $true -More @{ source_directory = '\\127.0.0.5\E$' }
        (Invoke-SeedPrepare -Option $option).failure | Should -Match 'reads or works in'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'stops after three attempts that ended before the tool, although the first one erased' {
        Mock Start-SeedRun {
            param($Order, $Account)
            $Order['bytes_total'] = [long]1TB
            _Run\Start-SeedRun -Order $Order
        } -ModuleName _Prepare
        $option = New-TestOption -Serial 'DATA' -Erase $true
        foreach ($try in 1..3) { { Invoke-SeedPrepare -Option $option } | Should -Throw '*too few for*' }
        (Get-TestRecord -Option $option).reason | Should -Match '3 attempts in a row'
    }
}
