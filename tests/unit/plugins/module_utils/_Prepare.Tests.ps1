# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'attempts' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $work = 'C:\ProgramData\Seedfreight'
        function New-TestOption([string]$Serial, [hashtable]$More = @{}, [hashtable]$Drive = @{}) {
            $files = @(@{ name = 'a.AIBBlob'; bytes = 512 }, @{ name = 'b.BaseBlob'; bytes = 1024 })
            $sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') })
            $listed = @{ serial = $Serial; bus = 'SATA'; erase = $false; files = $files; sessions = $sessions }
            foreach ($name in $Drive.Keys) { $listed[$name] = $Drive[$name] }
            $option = @{
                seed = 'contoso-fs01'
                container = 'seeds'
                work_directory = $work
                tool_path = 'C:\tool\t.exe'
                tool_version = '1.5.0.300'
                tool_sha256 = $null
                source_directory = 'C:\src'
                drives = @($listed)
                discard_attempts = @()
                erase_fingerprints = @()
                protected_paths = @(); escrowed = @()
            }
            foreach ($name in $More.Keys) { $option[$name] = $More[$name] }
            $option
        }
        function Get-TestRecord([hashtable]$Option) { @(Get-SeedDrive -Option $Option)[0].record }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]]::new(512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]]::new(1024))
        Install-TestTool -Path 'C:\tool\t.exe'
        # The lab's task service is not here: the task's work is done where it is started.
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName,
            $TaskPath) Invoke-TestTask -TaskName $TaskName } -ModuleName _Run
    }
    AfterEach { Remove-TestWorld }

    It 'copies, is locked by a restart, is unlocked, read again and cleaned' {
        $option = New-TestOption -Serial 'WD-1'
        (Invoke-SeedPrepare -Option $option).changed | Should -BeTrue
        $record = Get-TestRecord -Option $option
        $record.reason | Should -Match 'is copied'
        "$($record.status) $($record.content) $($record.allowed -join ',')" | Should -Be 'copied ours collect,verify'
        $record.attempt.sessions.state | Should -Be @('completed', 'completed')
        $record.journal.key_kind | Should -Be 'external'
        Get-ScheduledTask -TaskName 'Seedfreight-WD-1' -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        (Invoke-SeedPrepare -Option $option).changed | Should -BeFalse
        Lock-SeedVolume -Letter $record.letter
        $locked = Get-TestRecord -Option (New-TestOption -Serial 'WD-1' -Drive @{ erase = $true })
        "$($locked.status) $($locked.allowed -join ',')" | Should -Be 'locked collect,unlock'
        (Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1' -Drive @{ erase = $true })).changed | Should -BeFalse
        $disk = Get-LabDisk | Where-Object { $_.number -eq 1 }
        $key = @{ ExternalKey = $disk.partitions[1].bitlocker.protectors[0].secret }
        Unlock-SeedVolume -Letter $record.letter -Key $key
        (Invoke-SeedVerify -Option $option).changed | Should -BeTrue
        $record = Get-TestRecord -Option $option
        $record.reason | Should -Match 'holds its files'
        "$($record.status) $($record.verify.bytes) $($record.allowed -join ',')" |
            Should -Be 'verified 1536 collect,lock'
        Lock-SeedVolume -Letter $record.letter
        (Get-TestRecord -Option $option).status | Should -Be 'verified'
        { Invoke-SeedClean -Option $option } | Should -Throw '*escrowed*'
        $escrowed = New-TestOption -Serial 'WD-1' -More @{ escrowed = @($record.journal.sha256) }
        (Invoke-SeedClean -Option $escrowed -CheckMode $true).changed | Should -BeTrue
        (Invoke-SeedClean -Option $escrowed).changed | Should -BeTrue
        Test-Path -LiteralPath "$work\seeds\contoso-fs01" | Should -BeFalse
    }
    Context 'keys that are left behind' {
        BeforeEach {
            $option = New-TestOption -Serial 'WD-1'
            $null = Invoke-SeedPrepare -Option $option
            $record = Get-TestRecord -Option $option
            $option.escrowed = @($record.journal.sha256)
            $drive = $record.attempt.folder.Substring(0, $record.attempt.folder.LastIndexOf('\'))
            $key = (Get-LabDisk | Where-Object { $_.number -eq 1 }).partitions[1].bitlocker.protectors[0].secret
            $env:TEMP, $env:SystemRoot = 'C:\Temp', 'C:\Windows'
            $null = New-Item -ItemType Directory -Path 'C:\Temp', 'C:\Windows\Temp', 'C:\tool\logs', "$work\other"
        }
        AfterEach { $env:TEMP, $env:SystemRoot = '', '' }

        It 'returns what it removes by name and hash' {
            $checked = Invoke-SeedClean -Option $option -CheckMode $true
            Test-Path -LiteralPath $drive | Should -BeTrue
            $change = Invoke-SeedClean -Option $option
            @($change.removed.ForEach({ $_.path })) | Should -Be @($checked.removed.ForEach({ $_.path }))
            $journal = @($change.removed | Where-Object { $_.path -eq $record.journal.path })
            "$($journal.bytes) $($journal.sha256)" | Should -Be "$($record.journal.bytes) $($record.journal.sha256)"
            @($change.removed | Where-Object { $_.path -like "$drive\*\tool\*_DriveInfo_*.xml" }) | Should -HaveCount 1
            @($change.removed | Where-Object { $_.path -like "$drive\*\logs\*" }) | Should -HaveCount 2
            $json = $change | Select-Object -ExcludeProperty drives | ConvertTo-Json -Depth 6
            $json | Should -Not -Match ([regex]::Escape($key))
            "$($change.failure)$($change.key_found_in)$($change.key_unknown_in)" | Should -Be ''
            Test-Path -LiteralPath "$work\seeds\contoso-fs01" | Should -BeFalse
        }
        It 'removes nothing while <path> holds the key, and says no more of it than the path' -ForEach @(
            @{ path = 'C:\tool\WD-1.jrn_DriveInfo_WD-1.xml'; encoding = 'utf-8' }
            @{ path = 'C:\tool\logs\old.log'; encoding = 'utf-16' }
            @{ path = 'C:\ProgramData\Seedfreight\other\a.txt'; encoding = 'utf-16BE' }
            @{ path = 'C:\Temp\x.tmp'; encoding = 'iso-8859-1' }
            @{ path = 'C:\Windows\Temp\x.tmp'; encoding = 'utf-8' }
        ) {
            $bytes = [System.Text.Encoding]::GetEncoding($encoding).GetBytes("before ${key} after")
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path $path), $bytes)
            foreach ($check in $true, $false) {
                $change = Invoke-SeedClean -Option $option -CheckMode $check
                $change.failure | Should -BeLike "*lies in '$path'. Remove these files*"
                $change.key_found_in | Should -Be $path
                "$($change.changed) $(@($change.removed).Count)" | Should -Be 'False 0'
                $json = $change | Select-Object -ExcludeProperty drives | ConvertTo-Json -Depth 6
            $json | Should -Not -Match ([regex]::Escape($key))
            }
            Test-Path -LiteralPath $record.journal.path | Should -BeTrue
            Remove-Item -LiteralPath $path
            (Invoke-SeedClean -Option $option).failure | Should -BeNullOrEmpty
            Test-Path -LiteralPath $drive | Should -BeFalse
        }
        It 'names what it could not search, which does not stop it' {
            Set-Content -LiteralPath 'C:\Temp\held.tmp' -Value ('x' * 64) -Encoding utf8
            Mock Test-SeedKeyFile {
                param($Path)
                if ($Path -like '*held*') { throw 'in use' }
                $false
            } -ModuleName _Tool
            $change = Invoke-SeedClean -Option $option
            $change.key_unknown_in | Should -Be 'C:\Temp\held.tmp'
            "$($change.changed) $($change.failure)" | Should -Be 'True '
        }
    }
    It 'does not start a private copy of the tool in which <what>' -ForEach @(
        @{ what = 'a library was added'; change = { param($f) Set-Content "$f\tool\x.dll" 'x' -Encoding utf8 } }
        @{ what = 'the executable changed'; change = { param($f) Add-Content "$f\tool\t.exe" ' ' -Encoding utf8 } }
        @{ what = 'the list is gone'; change = { param($f) Remove-Item "$f\tool.json" } }
    ) {
        $global:TestChange = $change
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            & $global:TestChange (Get-ChildItem "C:\ProgramData\Seedfreight\seeds\contoso-fs01\WD-1")[0].FullName
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        $option = New-TestOption -Serial 'WD-1'
        { Invoke-SeedPrepare -Option $option } | Should -Throw '*did not begin*'
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.attempt.tool_started)" | Should -Be 'failed False'
        $record.reason | Should -Match 'private copy of the tool was changed'
    }
    It 'refuses a tool that Microsoft did not sign before an attempt begins, and takes the hash that it names' {
        Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/signatures.json" -Value @{
            't.exe' = @{ status = 'NotSigned'; subject = '' }
        }
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1') } | Should -Throw '*not signed by Microsoft*'
        Test-Path -LiteralPath $work | Should -BeFalse
        $pinned = @{ tool_sha256 = (Get-SeedTool -Path 'C:\tool\t.exe' -Version '1.5.0.300').files_sha256 }
        (Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1' -More $pinned)).changed | Should -BeTrue
        (Get-TestRecord -Option (New-TestOption -Serial 'WD-1' -More $pinned)).status | Should -Be 'copied'
    }
    It 'neither believes nor uses what others could have put into the work folder' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        (Get-TestRecord -Option $option).status | Should -Be 'copied'
        Set-TestAcl -Path $work -Owner 'S-1-5-21-1-2-3-1001' -Mode 1700
        foreach ($step in 'Get-SeedDrive', 'Invoke-SeedPrepare', 'Invoke-SeedVerify', 'Invoke-SeedClean',
            'Invoke-SeedStop') {
            { & $step -Option $option } | Should -Throw '*work_directory*-1001 could write to it*None of it*'
        }
        @(Get-ChildItem -LiteralPath "$work\seeds\contoso-fs01\WD-1").Count | Should -Be 1
    }
    It 'is missing with its journal when it was pulled' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        Set-TestDisk -Serial 'WD-1' -Change { $_.attached_to = $null }
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',') $($record.journal.completed)" |
            Should -Be 'missing collect,insert True'
    }
    It 'changes nothing in check mode and says what would be erased' {
        $option = New-TestOption -Serial 'DATA' -Drive @{ erase = $true }
        $change = Invoke-SeedPrepare -Option $option -CheckMode $true
        $change.changed | Should -BeTrue
        $change.before['drives'][0]['fingerprint'] | Should -Match '^[0-9a-f]{12}$'
        $change.before['drives'][0]['content'] | Should -Match 'NTFS volume'
        $change.after['drives'][0]['status'] | Should -Be 'copying'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
        Test-Path -LiteralPath $work | Should -BeFalse
    }
    It 'erases once: a given up attempt needs its id, and foreign content then needs its fingerprint' {
        $option = New-TestOption -Serial 'DATA' -Drive @{ erase = $true }
        $null = Invoke-SeedPrepare -Option $option
        $first = Get-TestRecord -Option $option
        $first.status | Should -Be 'copied'
        $first.erased.attempt | Should -Be $first.attempt.id
        $discard = New-TestOption -Serial 'DATA' -More @{ discard_attempts = @($first.attempt.id) }
        $null = Invoke-SeedPrepare -Option $discard
        $second = Get-TestRecord -Option $option
        $second.status | Should -Be 'copied'
        $second.older_attempts | Should -Be $first.attempt.id
        $second.attempt.id | Should -Not -Be $first.attempt.id
        # The id fits once: it may stay in a schedule.
        (Invoke-SeedPrepare -Option $discard).changed | Should -BeFalse
    }
    It 'does not erase by `erase` what came onto a drive after its attempt' {
        $option = New-TestOption -Serial 'DATA' -Drive @{ erase = $true }
        $null = Invoke-SeedPrepare -Option $option
        $id = (Get-TestRecord -Option $option).attempt.id
        Set-TestDisk -Serial 'DATA' -Change {
            $_.partitions[1].guid = '{99999999-0000-4000-8000-000000000009}'
            $_.partitions[1].bitlocker = $null
        }
        Get-ChildItem -LiteralPath 'D:\' -Force | Remove-Item -Recurse -Force
        Set-Content -LiteralPath 'D:\new.txt' -Value 'new' -Encoding utf8
        $option['discard_attempts'] = @($id)
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'foreign erase'
        $record.reason | Should -Match 'first attempt only'
        (Invoke-SeedPrepare -Option $option).failure | Should -Match 'first attempt only'
        Test-Path -LiteralPath 'D:\new.txt' | Should -BeTrue
    }
    It 'takes what somebody formatted in a partition that the tool never wrote for foreign' {
        # The partition is made, and then the tool cannot be started.
        [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\tool\t.exe'), 'no program')
        Mock Start-SeedRun {
            param($Order, $Account)
            $Order.sessions[0].bytes = 1
            $Order['bytes_total'] = [long]1TB
            _Run\Start-SeedRun -Order $Order
        } -ModuleName _Prepare
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1') } | Should -Throw '*too few for the*'
        $option = New-TestOption -Serial 'WD-1' -Drive @{ erase = $true }
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'failed prepare'
        Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[1].file_system = 'NTFS' }
        Set-Content -LiteralPath "$($record.letter):\keep.txt" -Value 'keep' -Encoding utf8
        $record = Get-TestRecord -Option (New-TestOption -Serial 'WD-1')
        "$($record.status) $($record.content) $($record.allowed -join ',')" | Should -Be 'foreign foreign erase'
    }
    It 'leaves the drive of another seed alone, whatever is allowed' {
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1' -More @{ seed = 'contoso-fs02' })
        $option = New-TestOption -Serial 'WD-1' -Drive @{ erase = $true }
        $record = Get-TestRecord -Option $option
        $record.status | Should -Be 'unusable'
        $record.reason | Should -Match "seed 'contoso-fs02'"
        (Invoke-SeedPrepare -Option $option).failure | Should -Match "seed 'contoso-fs02'"
        (Get-TestRecord -Option (New-TestOption -Serial 'WD-1' -More @{ seed = 'contoso-fs02' })).status |
            Should -Be 'copied'
    }
    It 'does not erase another disk that has the number by now' {
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            Set-TestDisk -Serial 'WD-1' -Change { $_.number = 2 }
            Set-TestDisk -Serial 'DATA' -Change { $_.number = 1 }
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        $option = New-TestOption -Serial 'WD-1'
        { Invoke-SeedPrepare -Option $option } | Should -Throw '*did not begin*'
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'failed prepare'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'erases nothing when <what> before the task begins' -ForEach @(
        @{
            what = 'the drive gets other content'
            change = { Set-Content -LiteralPath 'E:\more.txt' -Value 'x' -Encoding utf8 }
            text = '*changed while it was looked at*'
        }
        @{
            what = 'the source loses a file'
            change = { Remove-Item -LiteralPath 'C:\src\b.BaseBlob' }
            text = '*b.BaseBlob*missing*'
        }
        @{
            what = 'a page file is put on the drive'
            change = {
                Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Change { $_.page_file_letters = @('C', 'E') }
            }
            text = '*page file*Nothing was erased*'
        }
    ) {
        $global:TestChange = $change
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            & $global:TestChange
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        $option = New-TestOption -Serial 'DATA' -Drive @{ erase = $true }
        { Invoke-SeedPrepare -Option $option } | Should -Throw $text
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
        (Get-TestRecord -Option $option).erased | Should -BeNullOrEmpty
    }
    It 'lets the copy of another seed end first, whose folder may be another one' {
        Mock Get-SeedTaskList {
            [pscustomobject]@{ TaskName = 'Seedfreight-OTHER'; State = 'Running' }
        } -ModuleName _Attempt
        $option = New-TestOption -Serial 'WD-1'
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.failure) $($change.busy -join ',')" | Should -Be 'False  task Seedfreight-OTHER'
        Test-Path -LiteralPath "$work\seeds" | Should -BeFalse
        Mock Get-SeedTaskList { } -ModuleName _Attempt
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
        Mock Start-SeedRun {
            param($Order, $Account)
            _Run\Start-SeedRun -Order $Order -ConfirmSeconds 0
        } -ModuleName _Prepare
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA' -More @{ seed = 'contoso-fs02' } -Drive @{
            erase = $true
        })
        $change = Invoke-SeedPrepare -Option $option
        "$($change.changed) $($change.busy -join ',')" | Should -Be 'False DATA (seed contoso-fs02)'
        Get-SeedBusyDrive -Option $option | Should -Be 'DATA (seed contoso-fs02)'
    }
    It 'hands the account that copies to the task' {
        Mock Start-SeedRun { param($Order, $Account) $global:TestAccount = $Account } -ModuleName _Prepare
        $account = @{ type = 'managed_service_account'; user = 'CONTOSO\svc$' }
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1' -More @{ copy_account = $account })
        $global:TestAccount.user | Should -Be 'CONTOSO\svc$'
    }
    It 'refuses a source that <what> before anything is erased' -ForEach @(
        @{
            what = 'lacks a file'
            change = { Remove-Item -LiteralPath 'C:\src\b.BaseBlob' }
            text = '*b.BaseBlob*missing*'
        }
        @{
            what = 'has another length'
            change = { Set-Content -LiteralPath 'C:\src\b.BaseBlob' -Value 'x' -Encoding utf8 }
            text = '*not the 1024*'
        }
        @{ what = 'is no folder'; change = { Remove-Item -LiteralPath 'C:\src' -Recurse }; text = '*source_directory*' }
    ) {
        & $change
        { Invoke-SeedPrepare -Option (New-TestOption -Serial 'DATA' -Drive @{ erase = $true }) } | Should -Throw $text
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'leaves files out that are not in the shard' {
        $null = New-Item -ItemType Directory -Path 'C:\src\old'
        Set-Content -LiteralPath 'C:\src\old\leftover.BaseBlob' -Value 'x' -Encoding utf8
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $record = Get-TestRecord -Option $option
        $found = Get-ChildItem -LiteralPath "$($record.letter):\" -Recurse -File | Sort-Object -Property Name |
            ForEach-Object { $_.Name }
        $found | Should -Be @('a.AIBBlob', 'b.BaseBlob', 'DriveManifest.xml')
    }
    It 'refuses a disk that shows data once it is online' {
        Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
        Set-Content -LiteralPath "$env:LAB_HOME/disks/DATA/p2/DriveManifest.xml" -Value '<x/>'
        $option = New-TestOption -Serial 'DATA' -Drive @{ erase = $true }
        { Invoke-SeedPrepare -Option $option } | Should -Throw '*drive manifest*Nothing was erased*'
        (Get-Disk -Number 2).IsOffline | Should -BeTrue
        [System.IO.File]::Exists("$env:LAB_HOME/disks/DATA/p2/keep.txt") | Should -BeTrue
    }
    It 'fails with the exit code and the last line of the tool' {
        Install-TestTool -Path 'C:\tool\t.exe' -ExitCode 3
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'failed discard'
        $record.reason | Should -Match 'session s-1 with exit code 3: the test tool says no'
        (Invoke-SeedPrepare -Option $option).failure | Should -Match 'discard_attempts'
    }
    It 'needs no word when the tool never started, but not for ever' {
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName,
            $TaskPath) Set-TestTaskResult -TaskName $TaskName -Result 5 } -ModuleName _Run
        $option = New-TestOption -Serial 'WD-1'
        foreach ($try in 1..3) { { Invoke-SeedPrepare -Option $option } | Should -Throw '*did not begin*0x5*' }
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',') $($record.attempt.tool_started)" |
            Should -Be 'failed discard False'
        $record.reason | Should -Match '3 attempts in a row'
    }
    It 'does not know how an attempt stands whose state is <what>' -ForEach @(
        @{ what = 'missing'; change = { param($folder) Remove-Item -LiteralPath "$folder\run.json" } }
        @{
            what = 'without its fields'
            change = { param($folder) Set-Content -LiteralPath "$folder\run.json" -Value '{}' -Encoding utf8 }
        }
        @{
            what = 'torn'
            change = { param($folder) Set-Content -LiteralPath "$folder\run.json" -Value '{"a' -Encoding utf8 }
        }
    ) {
        $option = New-TestOption -Serial 'WD-1' -Drive @{ erase = $true }
        $null = Invoke-SeedPrepare -Option $option
        & $change (Get-TestRecord -Option $option).attempt.folder
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',') $($record.attempt.tool_started)" |
            Should -Be 'unknown discard True'
        (Invoke-SeedPrepare -Option $option).changed | Should -BeFalse
    }
    It 'keeps what cannot be read when it cleans, because its journal may be a complete one' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $attempt = (Get-TestRecord -Option $option).attempt
        Set-Content -LiteralPath "$($attempt.folder)\run.json" -Value '{"a' -Encoding utf8
        { Invoke-SeedClean -Option $option } | Should -Throw "*discard_attempts*$($attempt.id)*"
        Test-Path -LiteralPath "$($attempt.folder)\WD-1.jrn" | Should -BeTrue
        $option['discard_attempts'] = @($attempt.id)
        (Invoke-SeedClean -Option $option).changed | Should -BeTrue
    }
    It 'takes an order back that no runner has taken when it stops' {
        Mock Start-ScheduledTask { [CmdletBinding()]param($TaskName, $TaskPath) } -ModuleName _Run
        Mock Start-SeedRun {
            param($Order, $Account)
            _Run\Start-SeedRun -Order $Order -ConfirmSeconds 0
        } -ModuleName _Prepare
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $record = Get-TestRecord -Option $option
        $record.status | Should -Be 'copying'
        (Invoke-SeedStop -Option $option).stopped | Should -Be 'WD-1'
        Test-Path -LiteralPath "$($record.attempt.folder)\order.json" | Should -BeFalse
        (Get-TestRecord -Option $option).allowed | Should -Be 'prepare'
    }
    It 'refuses the work directory or seed <text>' -ForEach @(
        @{ more = @{ work_directory = 'C:\ProgramData\..\Windows' }; text = '*not a folder of a local drive*' }
        @{ more = @{ work_directory = 'C:\a/..' }; text = '*not a folder of a local drive*' }
        @{ more = @{ seed = "a`n" }; text = '*not a name*' }
    ) { { Get-SeedDrive -Option (New-TestOption -Serial 'WD-1' -More $more) } | Should -Throw $text }
    It 'never hides a complete attempt behind one that was begun under a clock of the future' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $record = Get-TestRecord -Option $option
        $drive = $record.attempt.folder.Substring(0, $record.attempt.folder.LastIndexOf('\'))
        $ghost = "$drive\20990101T000000Z-ffff"
        $null = New-Item -ItemType Directory -Path $ghost
        $plan = (Read-SeedJson -Path "$($record.attempt.folder)\attempt.json").value
        $plan.id = '20990101T000000Z-ffff'
        Set-Content -LiteralPath "$ghost\attempt.json" -Value '{}' -Encoding utf8
        { Invoke-SeedClean -Option (New-TestOption -Serial 'WD-1' -More @{ discard_attempts = @($plan.id) }) } |
            Should -Throw '*escrowed*'
        Write-SeedJson -Path "$ghost\attempt.json" -Value $plan
        $now = Get-TestRecord -Option $option
        "$($now.status) $($now.attempt.id)" | Should -Be "copied $($record.attempt.id)"
        $option['discard_attempts'] = @($record.attempt.id)
        $null = Invoke-SeedPrepare -Option $option
        $new = Get-TestRecord -Option $option
        $new.status | Should -Be 'copied'
        $new.attempt.id | Should -Match '^20990101T000001Z-'
    }
    It 'does not begin when another run worked on the drive while this one waited' {
        $first = @(Get-SeedDrive -Option (New-TestOption -Serial 'WD-1'))[0]
        $null = Invoke-SeedPrepare -Option (New-TestOption -Serial 'WD-1' -More @{ seed = 'contoso-fs02' })
        { Confirm-SeedAllowed -Drive $first -Option (New-TestOption -Serial 'WD-1') -Step prepare } |
            Should -Throw "*meanwhile*seed 'contoso-fs02'*"
    }
    It 'is not read again at once when reading it failed while it was waited for' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        $folder = (Get-TestRecord -Option $option).attempt.folder
        $run = (Read-SeedJson -Path "$folder\run.json").value
        $run.operation, $run.state, $run.exit_code, $run.error = 'verify', 'ended', -1, 'The bay is hot.'
        Write-SeedJson -Path "$folder\run.json" -Value $run
        $option['_retry'] = $false
        $change = Invoke-SeedVerify -Option $option
        "$($change.changed)" | Should -Be 'False'
        $change.failure | Should -Match 'The bay is hot'
        $option['_retry'] = $true
        (Invoke-SeedVerify -Option $option).changed | Should -BeTrue
        (Get-TestRecord -Option $option).status | Should -Be 'verified'
    }
    It 'is not verified while protection is suspended' {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[1].bitlocker.protection_status = 'Off' }
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'copied collect'
        (Invoke-SeedVerify -Option $option).failure | Should -Match 'Resume-BitLocker'
    }
    It 'finds <what>' -ForEach @(
        @{
            what = 'a changed byte'
            change = { param($root) [System.IO.File]::WriteAllBytes("$root/s-2/b.BaseBlob", [byte[]](, 7 * 1024)) }
            text = 'differs at byte 0'
        }
        @{
            what = 'a shorter file'
            change = { param($root) [System.IO.File]::WriteAllBytes("$root/s-2/b.BaseBlob", [byte[]]::new(512)) }
            text = 'has 512 bytes'
        }
        @{
            what = 'a missing file'
            change = { param($root) [System.IO.File]::Delete("$root/s-2/b.BaseBlob") }
            text = 'is missing'
        }
    ) {
        $option = New-TestOption -Serial 'WD-1'
        $null = Invoke-SeedPrepare -Option $option
        & $change "$env:LAB_HOME/disks/WD-1/p2"
        $null = Invoke-SeedVerify -Option $option
        $record = Get-TestRecord -Option $option
        "$($record.status) $($record.allowed -join ',')" | Should -Be 'mismatch discard'
        $record.reason | Should -Match $text
    }
    It 'refuses a plan that does not fit together: <text>' -ForEach @(
        @{ drive = @{ sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }) }; text = '*each of its*' }
        @{
            drive = @{ sessions = @(@{ id = 's'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') }) }
            text = '*3 to 30*'
        }
        @{ drive = @{ files = @(@{ name = '..\x'; bytes = 1 }); sessions = @() }; text = '*not a path below*' }
        @{ drive = @{ serial = '  ' }; text = '*serial*empty*' }
    ) { { Get-SeedDrive -Option (New-TestOption -Serial 'WD-1' -Drive $drive) } | Should -Throw $text }
    It 'takes options as Ansible passes them, in generic dictionaries' {
        $option = [System.Collections.Generic.Dictionary[string, object]]::new()
        foreach ($pair in (New-TestOption -Serial 'WD-1').GetEnumerator()) { $option[$pair.Key] = $pair.Value }
        $null = $option.Remove('source_directory')
        (Get-SeedDrive -Option $option).record.status | Should -Be 'empty'
    }
    It 'lets one call at a time make a drive ready' {
        New-SeedPrivateFolder -Path $work
        $held = [System.IO.FileStream]::new((Resolve-SeedPath -Path "$work\host.lock"), 'OpenOrCreate', 'ReadWrite',
            'None')
        try {
            { Use-SeedHost -Option (New-TestOption -Serial 'WD-1') -Step { 'x' } -WaitSeconds 0 } |
                Should -Throw '*host.lock*'
        }
        finally { $held.Dispose() }
        Use-SeedHost -Option (New-TestOption -Serial 'WD-1') -Step { 'x' } | Should -Be 'x'
    }
    It 'begins <step> of what allows <allowed>, unless it ended while it was waited for' -ForEach @(
        @{ step = 'prepare'; allowed = 'prepare'; operation = 'copy'; again = $true; files = 'all' }
        @{ step = 'resume'; allowed = 'resume'; operation = 'copy'; again = $false; files = 'b' }
        @{ step = 'verify'; allowed = 'collect', 'verify'; operation = 'verify'; again = $false; files = '' }
        # What ended is the copy, and the reading has yet to begin.
        @{ step = 'verify'; allowed = 'collect', 'verify'; operation = 'copy'; again = $true; files = '' }
        @{ step = ''; allowed = 'wait', 'discard'; operation = 'copy'; again = $true; files = '' }
    ) {
        $sessions = @{ id = 's-1'; files = @('a') }, @{ id = 's-2'; files = @('b') } |
            ForEach-Object { [pscustomobject]$_ }
        $states = @{ id = 's-1'; state = 'completed'; exit_code = 0 }, @{ id = 's-2'; state = 'failed'; exit_code = 1 }
        $run = [pscustomobject]@{
            state = 'ended'; operation = $operation; sessions = @($states | ForEach-Object { [pscustomobject]$_ })
        }
        $drive = [pscustomobject]@{
            facts = [pscustomobject]@{ attempt = [pscustomobject]@{
                run = $run; alive = ''; sessions = $sessions
                files = @('a', 'b' | ForEach-Object { [pscustomobject]@{ name = $_; bytes = 1 } })
            } }
            option = [pscustomobject]@{ files = @([pscustomobject]@{ name = 'all' }) }
            record = [pscustomobject]@{ allowed = $allowed }
        }
        $look = @{ Drive = @($drive); Step = 'prepare', 'resume', 'verify' }
        $due = @(Get-SeedDue @look -Option @{ _retry = $true })
        "$($due | ForEach-Object { $_.step; $_.files.name })".Trim() | Should -BeExactly "$step $files".Trim()
        @(Get-SeedDue @look -Option @{ _retry = $false }).Count -gt 0 | Should -Be ($again -and $step -ne '')
        $run.state = 'running'
        @(Get-SeedDue @look -Option @{ _retry = $false }).Count -gt 0 | Should -Be ($step -ne '')
    }
}
