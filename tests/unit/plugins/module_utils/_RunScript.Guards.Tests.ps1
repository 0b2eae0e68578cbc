# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the runner when something is not as it should be' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Tool', '_RunScript', '_Resume'
        $guid = '{00000000-0000-4000-8000-000000000002}'
        function New-Order {
            $null = New-Item -ItemType Directory -Path 'C:\a' -Force
            [pscustomobject]@{
                operation = 'copy'; attempt = 'a'; serial = 'DATA'; letter = 'E'; folder = 'C:\a'
                identity = [pscustomobject]@{ unique_id = 'U2'; size_bytes = 20000000; partition_guid = $guid }
                sessions = @(
                    [pscustomobject]@{
                        id = 's-1'; state = 'pending'; exit_code = $null; file = 'a b.AIBBlob'; bytes = 10
                    }
                    [pscustomobject]@{
                        id = 's-2'; state = 'pending'; exit_code = $null; file = 'b.BaseBlob'; bytes = 20
                    }
                )
                started = '2026-01-01T00:00:00Z'; bytes_total = 30; run_file = 'C:\a\run.json'
                output_file = 'C:\a\output.txt'; tool_path = 'C:\a\tool'; tool_directory = 'C:\a'
                task_name = 't'; task_path = '\'; journal = 'C:\a\DATA.jrn'; container = 'seeds'
                source_directory = 'C:\src\'
            }
        }
        function Write-Tool {
            param([string]$Script)
            $native = Resolve-SeedPath -Path 'C:\a\tool'
            [System.IO.File]::WriteAllText($native, "#!/bin/sh`n$Script`n")
            & chmod +x $native
        }
        $broken = {
            [CmdletBinding()]param([Parameter(ValueFromRemainingArguments)]$Rest)
            Write-Error -Message 'WMI is down'
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'the target' {
        It 'is accepted as it is' { Assert-SeedTarget -Order (New-Order) -PartitionGuid $guid }
        It 'is refused when it is <what>' -ForEach @(
            @{ what = 'a system disk'; change = { $_.is_system = $true }; text = '*system or boot disk*' }
            @{ what = 'a boot disk'; change = { $_.is_boot = $true }; text = '*system or boot disk*' }
            @{ what = 'where it booted from'; change = { $_.boot_from_disk = $true }; text = '*system or boot disk*' }
        ) {
            Set-TestDisk -Serial DATA -Change $change
            { Assert-SeedTarget -Order (New-Order) -PartitionGuid $guid } | Should -Throw $text
        }
        It 'is refused when two disks have its serial' {
            Add-TestDisk -Serial 'DATAX' -Number 7
            Set-TestDisk -Serial 'DATAX' -Change { $_.serial = 'data' }
            { Assert-SeedTarget -Order (New-Order) -PartitionGuid $guid } | Should -Throw '2 disks have the serial*'
        }
        It 'is refused when <command> cannot be asked' -ForEach @(
            @{ command = 'Get-Disk' }
            @{ command = 'Get-Partition' }
        ) {
            Mock $command $broken -ModuleName _RunScript
            { Assert-SeedTarget -Order (New-Order) -PartitionGuid $guid } | Should -Throw '*WMI is down*'
        }
        It 'is refused when the letter leads to <what>' -ForEach @(
            @{
                what = 'another disk'
                found = @(@{ DiskNumber = 1; Guid = '{00000000-0000-4000-8000-000000000002}' })
            }
            @{ what = 'another partition'; found = @(@{ DiskNumber = 2; Guid = '{x}' }) }
            @{ what = 'nothing'; found = @() }
            @{
                what = 'two partitions'
                found = @(
                    @{ DiskNumber = 2; Guid = '{00000000-0000-4000-8000-000000000002}' }
                    @{ DiskNumber = 2; Guid = '{00000000-0000-4000-8000-000000000002}' }
                )
            }
        ) {
            $global:TestFound = @($found | ForEach-Object { [pscustomobject]$_ })
            Mock Get-Partition { [CmdletBinding()]param($DriveLetter) $global:TestFound } -ModuleName _RunScript
            { Assert-SeedTarget -Order (New-Order) -PartitionGuid $guid } | Should -Throw '*does not lead to drive*'
        }
        It 'has its partition read again, unless another disk answers' {
            $order = New-Order
            Get-SeedPartitionGuid -Order $order -Known '{old}' | Should -Be $guid
            $order.identity.unique_id = 'other'
            Get-SeedPartitionGuid -Order $order -Known '{old}' | Should -Be '{old}'
        }
    }

    Context 'the source' {
        BeforeEach { [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\f'), [byte[]]::new(10)) }
        It 'is there with every file in its length' {
            $answer = Get-SeedSourceAnswer -Directory 'C:\' -File ([pscustomobject]@{ name = 'f'; bytes = 10 })
            "$($answer.answer) $($answer.text)" | Should -Be 'there '
            $answer.account | Should -Be ([Environment]::UserName)
        }
        It 'is <answer> <what>' -ForEach @(
            @{ what = 'without a file'; name = 'g'; bytes = 10; answer = 'missing'; text = "'C:\\g' is missing" }
            @{ what = 'with a folder in its place'; name = 'a'; bytes = 10; answer = 'missing'; text = 'is a folder' }
            @{
                what = 'with a file of another length'
                name = 'f'
                bytes = 11
                answer = 'missing'
                text = 'has 10 bytes, not the 11'
            }
        ) {
            $null = New-Item -ItemType Directory -Path 'C:\a'
            $found = Get-SeedSourceAnswer -Directory 'C:\' -File ([pscustomobject]@{ name = $name; bytes = $bytes })
            $found.answer | Should -Be $answer
            $found.text | Should -Match $text
        }
        It 'is <answer> when its folder <path> is not seen' -ForEach @(
            @{ path = 'C:\none'; answer = 'missing' }
            @{ path = '\\filer\none'; answer = 'unknown' }
        ) {
            $found = Get-SeedSourceAnswer -Directory $path -File ([pscustomobject]@{ name = 'f'; bytes = 10 })
            $found.answer | Should -Be $answer
            $found.text | Should -Match 'source_directory'
        }
        It 'is unknown when a file cannot be looked at' {
            Mock Get-Item $broken -ModuleName _RunScript
            $found = Get-SeedSourceAnswer -Directory 'C:\' -File ([pscustomobject]@{ name = 'f'; bytes = 10 })
            $found.answer | Should -Be 'unknown'
            $found.text | Should -Match 'cannot read .*WMI is down.*copy_account'
        }
    }

    Context 'output' {
        It 'is read from its end, at most 64 KiB of it' {
            $text = 'a' + ('b.' * 50000) + 'c'
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\o'), $text)
            $tail = Read-SeedTail -Path 'C:\o'
            "$($tail.Length) $($tail.EndsWith('c'))" | Should -Be '65536 True'
            Read-SeedTail -Path 'C:\none' | Should -BeExactly ''
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\o'), '')
            Read-SeedTail -Path 'C:\o' | Should -BeExactly ''
        }
        It 'is shown by its last five lines that say anything' {
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\o'), "1`r`n2`n `n3`r4`n")
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\e'), "5`n6")
            (Get-SeedLastLine -Path 'C:\o', 'C:\e') -join '|' | Should -BeExactly '2|3|4|5|6'
        }
        It 'is read in a code page when it is not UTF-8, and never with question marks for what is' {
            ConvertFrom-SeedOutput -Byte ([System.Text.Encoding]::UTF8.GetBytes([string][char]0xFC)) |
                Should -BeExactly ([string][char]0xFC)
            ConvertFrom-SeedOutput -Byte ([byte[]](0x61, 0xFC)) | Should -Not -Match ([string][char]0xFFFD)
        }
        It 'of a session is kept under its title, and the raw files go away' {
            foreach ($one in '1', '2') {
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "C:\$one"), "out $one 111111-222222-333333")
            }
            Add-SeedOutput -Path 'C:\1', 'C:\2' -Target 'C:\all' -Title 'first'
            Add-SeedOutput -Path 'C:\none' -Target 'C:\all' -Title 'second'
            Read-SeedText -Path 'C:\all' |
                Should -BeExactly "first`nout 1 ********`nout 2 ********`nsecond`n`n"
            Test-Path -Path 'C:\1', 'C:\2' | Should -Be @($false, $false)
        }
    }

    Context 'a session' {
        BeforeEach {
            $order = New-Order
            $state = New-SeedState -Order $order -State running
            Mock Get-SeedSessionDoubt { } -ModuleName _RunScript
        }
        It 'is failed when it ended with 0 and its journal does not agree' {
            Mock Get-SeedSessionDoubt { 'its journal says nothing of it' } -ModuleName _RunScript
            Write-Tool -Script 'exit 0'
            Invoke-SeedSession -Order $order -State $state -Index 0 | Should -Be -1
            $state['sessions'][0]['state'], $state['sessions'][0]['exit_code'], $state['bytes_done'] -join ' ' |
                Should -Be 'failed 0 0'
            $state['error'] |
                Should -BeExactly 'the tool ended session s-1 with exit code 0, but its journal says nothing of it'
        }
        It 'begins pending, with nothing started' {
            $state['operation'], $state['state'], $state['tool_started'], $state['bytes_total'] -join ' ' |
                Should -Be 'copy running False 30'
            $state['schema_version'] | Should -Be 1
            $state['sessions'].Count | Should -Be 2
            $order.operation = 'verify'
            (New-SeedState -Order $order -State starting)['tool_started'] | Should -BeTrue
        }
        It 'runs the tool with its words and takes its end' {
            Write-Tool -Script 'echo "said $1"; test ! -t 0 && read x; exit 0'
            Invoke-SeedSession -Order $order -State $state -Index 0 | Should -Be 0
            $state['sessions'][0]['state'], $state['sessions'][0]['exit_code'], $state['bytes_done'] -join ' ' |
                Should -Be 'completed 0 10'
            $state['sessions'][1]['state'] | Should -Be 'pending'
            $state['tool_started'] | Should -BeTrue
            $state['tool'] | Should -BeNullOrEmpty
            $state['last_lines'] | Should -Be 'said PrepImport'
            Read-SeedText -Path 'C:\a\output.txt' | Should -Match '--- session s-1, exit code 0, [\s\S]*said PrepImport'
        }
        It 'formats and encrypts with the first session alone' {
            Get-SeedSessionLine -Order $order -Index 0 -Letter E | Should -BeExactly (
                'PrepImport /j:C:\a\DATA.jrn /id:s-1 /t:E /format /silentmode /encrypt /logdir:C:\a\logs ' +
                '"/srcfile:C:\src\a b.AIBBlob" "/dstblob:seeds/a b.AIBBlob" /BlobType:PageBlob'
            )
            Get-SeedSessionLine -Order $order -Index 1 -Letter E | Should -BeExactly (
                'PrepImport /j:C:\a\DATA.jrn /id:s-2 /srcfile:C:\src\b.BaseBlob /dstblob:seeds/b.BaseBlob ' +
                '/BlobType:PageBlob'
            )
        }
        It 'names the source with backslashes, as the tool knows paths' {
            $order.source_directory = 'C:/src/'
            Get-SeedSessionLine -Order $order -Index 1 -Letter E | Should -BeLike '* /srcfile:C:\src\b.BaseBlob *'
        }
        It 'never formats a drive that was encrypted before, and gives it no key but its own' {
            $order | Add-Member -NotePropertyName encryption -NotePropertyValue managed
            { Get-SeedSessionLine -Order $order -Index 0 -Letter E } | Should -Throw '*key of drive DATA*Nothing was*'
            $line = Get-SeedSessionLine -Order $order -Index 0 -Letter E -Key @{ RecoveryPassword = '1-2' }
            $line | Should -BeLike 'PrepImport * /t:E /silentmode /bk:1-2 *'
            $line -match '/format|/encrypt' | Should -BeFalse
            (Get-SeedSessionLine -Order $order -Index 1 -Letter E) -match '/bk|/t:' | Should -BeFalse
        }
        It 'leaves no error of the one before it' {
            Mock Get-SeedSessionDoubt { 'its journal says nothing of it' } -ModuleName _RunScript
            Write-Tool -Script 'exit 0'
            $null = Invoke-SeedSession -Order $order -State $state -Index 1 -Call resume
            $state['error'] | Should -BeLike '*exit code 0*'
            Write-Tool -Script 'exit 5'
            Invoke-SeedSession -Order $order -State $state -Index 1 -Call abort | Should -Be 5
            $state['error'] | Should -BeExactly ''
        }
        It 'that fails is failed, and counts no bytes' {
            Write-Tool -Script 'exit 3'
            $state['bytes_done'] = [long]10
            Invoke-SeedSession -Order $order -State $state -Index 1 | Should -Be 3
            $state['sessions'][1]['state'], $state['sessions'][1]['exit_code'] -join ' ' | Should -Be 'failed 3'
            $state['bytes_done'] -le 30 | Should -BeTrue
        }
        It 'is in the state before the tool begins' {
            Write-Tool -Script 'cp "$(dirname "$0")/run.json" "$(dirname "$0")/seen.json"'
            $null = Invoke-SeedSession -Order $order -State $state -Index 0
            $seen = (Read-SeedJson -Path 'C:\a\seen.json').value
            "$($seen.tool_started) $($seen.sessions[0].state)" | Should -Be 'True running'
        }
        It 'does not begin the first time when its state cannot be written' {
            Write-Tool -Script 'touch "$(dirname "$0")/ran"'
            Mock Write-SeedJson { throw 'disk full' } -ModuleName _RunScript
            { Invoke-SeedSession -Order $order -State $state -Index 0 } | Should -Throw '*was not started*'
            $state['tool_started'] | Should -BeFalse
            Test-Path -LiteralPath 'C:\a\ran' | Should -BeFalse
            Invoke-SeedSession -Order $order -State $state -Index 1 | Should -Be 0
            Test-Path -LiteralPath 'C:\a\ran' | Should -BeTrue
        }
        It 'fails when the tool cannot be started' {
            { Invoke-SeedSession -Order $order -State $state -Index 0 } | Should -Throw '*'
            $state['tool_started'] | Should -BeTrue
        }
        It 'is left alone as long as it takes while it writes little' {
            Write-Tool -Script 'echo begun; sleep 2; exit 4'
            Invoke-SeedSession -Order $order -State $state -Index 0 | Should -Be 4
            $state['error'] | Should -BeExactly ''
        }
        It 'is ended when the tool writes without end' {
            Write-Tool -Script 'yes $(printf %010000d 0) | head -c 70000000; exec sleep 100'
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            Invoke-SeedSession -Order $order -State $state -Index 0 | Should -Not -Be 0
            $state['error'] | Should -Match 'more than 64 MiB'
            $watch.Elapsed.TotalSeconds -lt 90 | Should -BeTrue
        }
        It 'shows how many bytes of a later session are written, between none and all of it' {
            $global:TestUsed = [System.Collections.Generic.Queue[long]]::new()
            Mock Get-SeedUsedByte { $global:TestUsed.Dequeue() } -ModuleName _RunScript
            foreach ($case in @(@{ used = 1007; done = 17 }, @{ used = 900; done = 10 }, @{ used = 9000; done = 30 })) {
                $global:TestUsed.Clear()
                $global:TestUsed.Enqueue(1000)
                $global:TestUsed.Enqueue($case.used)
                $progress = [pscustomobject]@{
                    done = [long]10; bytes = [long]20; measure = $true; output = @('C:\none')
                }
                $process = [pscustomobject]@{}
                $process | Add-Member -MemberType ScriptMethod -Name WaitForExit -Value { $true }
                $null = Wait-SeedTool -Process $process -Order $order -State $state -Progress $progress
                $state['bytes_done'] | Should -Be $case.done
            }
        }
        It 'shows of a session that is resumed what was written before it, and not as the speed of this run' {
            $global:TestUsed = [System.Collections.Generic.Queue[long]]::new()
            Mock Get-SeedUsedByte { $global:TestUsed.Dequeue() } -ModuleName _RunScript
            foreach ($case in @(@{ used = 1812, 1813; done = 23 }, @{ used = 0, 1801; done = 11 })) {
                $case.used.ForEach({ $global:TestUsed.Enqueue($_) })
                $progress = [pscustomobject]@{
                    done = [long]10; bytes = [long]20; measure = $true; from = [long]1800; output = @('C:\none')
                }
                $process = [pscustomobject]@{}
                $process | Add-Member -MemberType ScriptMethod -Name WaitForExit -Value { $true }
                $state['bytes_done'] = [long]10
                $state['marks'] = @([pscustomobject]@{ at = '2026-11-25T12:00:00Z'; bytes = 10 })
                $null = Wait-SeedTool -Process $process -Order $order -State $state -Progress $progress
                "$($state['bytes_done']) $(@($state['marks'] | Where-Object { $_.bytes -eq 10 }).Count)" |
                    Should -Be "$($case.done) 0"
            }
        }
        It 'leaves the volume alone while the first session formats it' {
            Mock Get-SeedUsedByte { throw 'asked' } -ModuleName _RunScript
            Write-Tool -Script 'exit 0'
            Invoke-SeedSession -Order $order -State $state -Index 0 | Should -Be 0
            $state['last_lines'] = @('kept')
            { Invoke-SeedSession -Order $order -State $state -Index 1 } | Should -Throw '*asked*'
        }
        It 'asks often in the first half minute, then seldom' {
            $global:TestWaits = [System.Collections.Generic.List[int]]::new()
            $process = [pscustomobject]@{}
            $process | Add-Member -MemberType ScriptMethod -Name WaitForExit -Value {
                if ($args.Count) { $global:TestWaits.Add($args[0]) }
                $global:TestWaits.Count -ge 33
            }
            $progress = [pscustomobject]@{ done = [long]0; bytes = [long]1; measure = $false; output = @('C:\none') }
            $null = Wait-SeedTool -Process $process -Order $order -State $state -Progress $progress
            "$($global:TestWaits[0]) $($global:TestWaits[30]) $($global:TestWaits[31]) $($global:TestWaits[32])" |
                Should -Be '1000 1000 10000 10000'
        }
    }

    Context 'what the journal says of a session that ended with 0' {
        BeforeAll {
            function Write-Journal([hashtable]$State, [string]$Completed = 'Completed', [string]$Hash = 'A' * 32) {
                $begin = '[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]'
                $lines = @($begin, 'ActivityId: DriveInfo', 'DriveState: [BeginValue]', '<Drive>',
                    '<DriveId>DATA</DriveId><BitLockerKey>x</BitLockerKey>', "<ManifestHash>$Hash</ManifestHash>",
                    '</Drive>', '[EndValue]', "SaveCommandOutput: $Completed", '[EndUpdateRecord]')
                foreach ($id in $State.Keys) {
                    $lines += $begin, "ActivityId: CopySession:$id", "SessionState: $($State[$id])", '[EndUpdateRecord]'
                }
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\a\DATA.jrn'), ($lines -join "`n") + "`n")
            }
        }
        It 'is enough: <what>' -ForEach @(
            @{ what = 'the drive is finished, and no session is named'; state = @{}; index = 0 }
            @{ what = 'the same for a later one'; state = @{}; index = 1 }
            @{ what = 'both stand alike'; state = @{ 's-1' = 'Completed'; 's-2' = 'Completed' }; index = 1 }
            @{ what = 'both stand alike in numbers'; state = @{ 's-1' = '2'; 's-2' = '2' }; index = 1 }
        ) {
            $order = New-Order
            Write-Journal -State $state
            $run = New-SeedState -Order $order -State running
            $run['sessions'][$index]['journal_bytes'] = 7
            Get-SeedSessionDoubt -Order $order -State $run -Index $index | Should -BeNullOrEmpty
        }
        It 'is not enough: <text>' -ForEach @(
            @{ text = 'its journal cannot be opened'; change = { Remove-Item -LiteralPath 'C:\a\DATA.jrn' } }
            @{
                text = 'its journal is damaged (journal)'
                change = { [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\a\DATA.jrn'), '') }
            }
            @{
                text = 'its journal does not say that the tool finished the drive'
                change = { Write-Journal -State @{} -Completed 'InProgress' }
            }
            @{
                text = 'its journal does not say that the tool finished the drive'
                change = { Write-Journal -State @{} -Hash '' }
            }
            @{
                text = 'its journal says nothing of it'
                change = { $run['sessions'][1]['journal_bytes'] = Get-SeedJournalByte -Order $order }
            }
            @{
                text = "its journal says 'Failed' of it, and 'Completed' of the first session"
                change = { Write-Journal -State @{ 's-1' = 'Completed'; 's-2' = 'Failed' } }
            }
            @{
                text = "its journal says '1' of it, and '2' of the first session"
                change = { Write-Journal -State @{ 's-1' = '2'; 's-2' = '1' } }
            }
            @{
                text = "its journal says '' of it, and 'Completed' of the first session"
                change = { Write-Journal -State @{ 's-1' = 'Completed' } }
            }
        ) {
            Mock Start-Sleep { } -ModuleName _RunScript
            $order = New-Order
            Write-Journal -State @{ 's-1' = 'Completed'; 's-2' = 'Completed' }
            $run = New-SeedState -Order $order -State running
            . $change
            Get-SeedSessionDoubt -Order $order -State $run -Index 1 | Should -BeExactly $text
        }
    }

    Context 'a copy' {
        BeforeEach {
            $order = New-Order
            $order | Add-Member -NotePropertyName files -NotePropertyValue @(
                [pscustomobject]@{ name = 'a b.AIBBlob'; bytes = 10 }
                [pscustomobject]@{ name = 'b.BaseBlob'; bytes = 20 }
            )
            $null = New-Item -ItemType Directory -Path 'C:\src'
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a b.AIBBlob'), [byte[]]::new(10))
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]]::new(20))
            Write-Tool -Script 'touch "$(dirname "$0")/ran"'
            $state = New-SeedState -Order $order -State running
            Mock Assert-SeedToolCopy { } -ModuleName _RunScript
            Mock Initialize-SeedTarget {
                $State['partition_guid'] = $Order.identity.partition_guid
            } -ModuleName _RunScript
            Mock Assert-SeedDriveId { } -ModuleName _RunScript
            Mock Get-SeedSessionDoubt { } -ModuleName _RunScript
        }
        It 'runs its sessions' {
            Invoke-SeedCopyRun -Order $order -State $state
            "$($state['source'].answer) $($state['exit_code'])" | Should -Be 'there 0'
            @($state['sessions'] | ForEach-Object { $_['state'] }) | Should -Be @('completed', 'completed')
        }
        It 'erases nothing when <what>' -ForEach @(
            @{
                what = 'a file of the source is missing'
                change = { Remove-Item -LiteralPath 'C:\src\b.BaseBlob' }
                text = '*is missing*'
            }
            @{
                what = 'the tool was changed'
                change = { Mock Assert-SeedToolCopy { throw 'copy was changed' } -ModuleName _RunScript }
                text = '*copy was changed*'
            }
            @{
                what = 'a name cannot be said on a command line'
                change = { $order.sessions[1].id = 'a"b' }
                text = '*double quote*'
            }
        ) {
            & $change
            Mock Initialize-SeedTarget { throw 'erased' } -ModuleName _RunScript
            { Invoke-SeedCopyRun -Order $order -State $state } | Should -Throw $text
            $state['tool_started'] | Should -BeFalse
        }
        It 'does not start the tool when the letter leads elsewhere once the drive is ready' {
            Mock Initialize-SeedTarget {
                $State['partition_guid'] = $Order.identity.partition_guid
                Set-TestDisk -Serial DATA -Change { $_.partitions[0].letter = 'X' }
                Set-TestDisk -Serial 'WD-1' -Change {
                    $_.partition_style = 'GPT'
                    $_.partitions = @([pscustomobject]@{
                        number = 2; letter = 'E'; offset = 1; size = 1000; type = 'Basic'; guid = '{other}'
                        file_system = 'NTFS'; label = ''; bitlocker = $null
                    })
                }
            } -ModuleName _RunScript
            { Invoke-SeedCopyRun -Order $order -State $state } | Should -Throw '*E: does not lead to drive DATA*'
            $state['tool_started'] | Should -BeFalse
            Test-Path -LiteralPath 'C:\a\ran' | Should -BeFalse
        }
        It 'stops after the first session when the tool names another drive' {
            Mock Assert-SeedDriveId { throw 'another name' } -ModuleName _RunScript
            { Invoke-SeedCopyRun -Order $order -State $state } | Should -Throw '*another name*'
            @($state['sessions'] | ForEach-Object { $_['state'] }) | Should -Be @('completed', 'pending')
        }
        It 'ends with the exit code of a session that fails' {
            Write-Tool -Script 'exit 7'
            Invoke-SeedCopyRun -Order $order -State $state
            "$($state['exit_code']) $($state['sessions'][0]['state']) $($state['sessions'][1]['state'])" |
                Should -Be '7 failed pending'
        }
    }

    Context 'attempt.json' {
        It 'is what goes on being written' {
            $order = New-Order
            Write-SeedJson -Path 'C:\a\attempt.json' -Value @{ id = 'a' }
            (Read-SeedPlan -Folder $order.folder).id | Should -Be 'a'
        }
        It 'that is <what> is never written anew, and nothing is erased' -ForEach @(
            @{ what = 'missing'; text = $null }
            @{ what = 'torn'; text = '{"id": ' }
        ) {
            $order = New-Order
            if ($text) { Set-Content -LiteralPath 'C:\a\attempt.json' -Value $text -Encoding utf8 }
            { Initialize-SeedTarget -Order $order -State @{} } | Should -Throw "'C:\a\attempt.json' cannot be read*"
            { Save-SeedPlan -Order $order -Name made -Value $true } | Should -Throw '*cannot be read*'
            { Set-SeedNewKey -Order ([pscustomobject]@{ folder = 'C:\a'; new_journal = 'C:\a\DATA.new.jrn' }) } |
                Should -Throw '*cannot be read*'
            { Use-SeedManagedTarget -Order $order -State @{} } | Should -Throw '*cannot be read*'
            Test-Path -LiteralPath 'C:\a\attempt.json' | Should -Be ($null -ne $text)
        }
    }

    Context "the tool's name of the drive" {
        It 'is accepted in another spelling, and when the journal names none yet' {
            $order = New-Order
            Mock Read-SeedJournal { [pscustomobject]@{ drives = @([pscustomobject]@{ drive_id = ' data.' }) } } `
                -ModuleName _RunScript
            Assert-SeedDriveId -Order $order
            Mock Read-SeedJournal { [pscustomobject]@{ drives = @() } } -ModuleName _RunScript
            Assert-SeedDriveId -Order $order
        }
        It 'is refused when it is another, with both names' {
            Mock Read-SeedJournal { [pscustomobject]@{ drives = @([pscustomobject]@{ drive_id = 'LOGICAL1' }) } } `
                -ModuleName _RunScript
            { Assert-SeedDriveId -Order (New-Order) } | Should -Throw "*'LOGICAL1'*Windows DATA*"
        }
    }

    Context 'a run' {
        BeforeEach {
            $order = New-Order
            Write-SeedJson -Path 'C:\a\order.json' -Value $order
        }
        It 'takes its order, writes its end and removes its task' {
            $global:TestTask = ''
            Mock Invoke-SeedCopyRun { param($Order, $State) $State['exit_code'] = 0 } -ModuleName _RunScript
            Mock Unregister-ScheduledTask {
                [CmdletBinding(SupportsShouldProcess)]param($TaskName, $TaskPath)
                $global:TestTask = "$TaskPath$TaskName"
            } -ModuleName _RunScript
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            "$($run.state) $($run.exit_code) $($run.error)$($run.runner.pid)" | Should -Be "ended 0 $PID"
            $run.ended | Should -Not -BeNullOrEmpty
            $global:TestTask | Should -Be '\t'
            Test-Path -Path 'C:\a\order.json', 'C:\a\order.json.taken' | Should -Be @($false, $true)
        }
        It 'writes an error without keys, as an end' {
            Mock Invoke-SeedCopyRun { throw 'no 111111-222222-333333-444444' } -ModuleName _RunScript
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            "$($run.state) $($run.exit_code) $($run.error)" | Should -Be 'ended -1 no ********'
        }
        It 'takes a second order of the same folder' {
            Set-Content -LiteralPath 'C:\a\order.json.taken' -Value 'old' -Encoding utf8
            Mock Invoke-SeedCopyRun { } -ModuleName _RunScript
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            (Read-SeedJson -Path 'C:\a\order.json.taken').value.attempt | Should -Be 'a'
        }
        It 'tries to write its end until that works' {
            $global:TestCount = 0
            Mock Invoke-SeedCopyRun { } -ModuleName _RunScript
            Mock Start-Sleep { } -ModuleName _RunScript
            Mock Save-SeedState {
                param($Order, $State)
                $global:TestCount++
                $global:TestCount -ge 5
            } -ModuleName _RunScript
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            $global:TestCount | Should -Be 5
        }
        It 'does not try for ever' {
            $global:TestCount = 0
            Mock Invoke-SeedCopyRun { } -ModuleName _RunScript
            Mock Start-Sleep { } -ModuleName _RunScript
            Mock Save-SeedState {
                param($Order, $State)
                $global:TestCount++
                $false
            } -ModuleName _RunScript
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            $global:TestCount | Should -Be 61
        }
        It 'saves a state and says so, with the time' {
            $state = [ordered]@{ updated = '' }
            Save-SeedState -Order $order -State $state | Should -BeTrue
            (Read-SeedJson -Path 'C:\a\run.json').value.updated | Should -Match '^\d{4}-'
        }
    }

    It 'has no time of a boot that Windows does not say' {
        Get-SeedBootTime | Should -Match '^2026-01-01T'
        Mock Get-CimInstance $broken -ModuleName _RunScript
        Get-SeedBootTime | Should -BeExactly ''
    }
    It 'counts what is used on a volume' {
        Mock Get-Volume {
            [CmdletBinding()]param($DriveLetter)
            [pscustomobject]@{ Size = 100; SizeRemaining = 30 }
        } -ModuleName _RunScript
        Get-SeedUsedByte -Letter E | Should -Be 70
    }
}
