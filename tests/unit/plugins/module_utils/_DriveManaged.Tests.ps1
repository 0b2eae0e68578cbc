# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'a managed drive' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Registry', '_Prepare', '_Clean',
            '_Collect', '_Restore'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $password = '000011-000022-000033-000044-000055-000066-000077-000088'
        function New-TestOption([hashtable]$Drive = @{}) {
            $listed = @{
                serial = 'DATA'
                bus = 'SATA'
                erase = $false
                encryption = 'managed'
                allow_recorded_key = $false
                files = @(@{ name = 'a.AIBBlob'; bytes = 512 }, @{ name = 'b.BaseBlob'; bytes = 1024 })
                sessions = @(@{ id = 's-1'; files = @('a.AIBBlob') }, @{ id = 's-2'; files = @('b.BaseBlob') })
            }
            foreach ($name in $Drive.Keys) { $listed[$name] = $Drive[$name] }
            @{
                seed = 'contoso-fs01'
                container = 'seeds'
                work_directory = 'C:\ProgramData\Seedfreight'
                tool_path = 'C:\tool\managed.exe'
                tool_version = '1.5.0.300'
                tool_sha256 = $null
                source_directory = 'C:\src'
                drives = @($listed)
                discard_attempts = @()
                erase_fingerprints = @()
                protected_paths = @()
                copy_account = $null
                escrowed = @()
            }
        }
        # What the controller keeps and names.
        function Get-TestEscrowed([hashtable]$Option = (New-TestOption)) {
            $Option.escrowed = @((Get-TestRecord -Option $Option).journal.sha256)
            $Option
        }
        function Set-TestSchedule {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Invoke-TestTask -TaskName $TaskName
            } -ModuleName _Run
        }
        function Get-TestBitLocker {
            @((Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions)[-1].bitlocker
        }
        function Get-TestPassword {
            @((Get-TestBitLocker).protectors | Where-Object { $_.type -eq 'RecoveryPassword' } |
                ForEach-Object { $_.secret })
        }
        function Get-TestRecord([hashtable]$Option = (New-TestOption)) { @(Get-SeedDrive -Option $Option)[0].record }
        function Set-TestRecorder([string]$Value) {
            $global:TestRecorder = $Value
            Mock Get-SeedRegistryValue {
                param($Path, $Name)
                if ($Name -eq $global:TestRecorder) { 1 }
            } -ModuleName _Registry
            Mock Get-SeedService {
                param($Name)
                if ($Name -eq $global:TestRecorder) { [pscustomobject]@{ state = 'Running' } }
            } -ModuleName _Registry
        }
        # The files of the attempt that hold the key.
        function Get-TestKeyFile([object]$Record) {
            $folder = Resolve-SeedPath -Path $Record.attempt.folder
            & grep -rlF $password $folder | ForEach-Object { $_.Substring($folder.Length + 1) } | Sort-Object
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]](, 3 * 512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]](, 7 * 1024))
        Install-TestTool -Path 'C:\tool\managed.exe'
        Get-ChildItem -LiteralPath 'E:\' -Force | Remove-Item -Recurse -Force
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $password
        Set-TestRecorder -Value ''
        $global:TestRunner = Get-SeedRunnerText
        Set-TestSchedule
    }
    AfterEach { Remove-TestWorld }

    It 'keeps its volume and its key, and is verified like any other' {
        $before = (Get-SeedDataPartition -Disk (Find-SeedDisk -Serial DATA)).Guid
        $record = Get-TestRecord
        "$($record.status): $($record.reason)" | Should -Be 'empty: Drive DATA in `drives` is empty and encrypted.'
        $change = Invoke-SeedPrepare -Option (New-TestOption)
        $change.after['drives'][0]['content'] | Should -BeExactly '2 files in its encrypted volume'
        $record = Get-TestRecord
        $record.status | Should -Be 'copied'
        (Get-SeedDataPartition -Disk (Find-SeedDisk -Serial DATA)).Guid | Should -Be $before
        $record.attempt.partition_guid | Should -Be $before
        $record.erased | Should -BeNullOrEmpty
        $record.journal.key_kind | Should -Be 'numerical'
        # The tool itself writes it into its journal, its log and the file beside it.
        Get-TestKeyFile -Record $record |
            Should -Be 'DATA.jrn', 'logs/s-1.log', 'logs/s-2.log', 'tool/DATA.jrn_DriveInfo_DATA.xml'
        (Invoke-SeedVerify -Option (Get-TestEscrowed)).failure | Should -BeNullOrEmpty
        (Get-TestRecord).status | Should -Be 'verified'
    }
    It 'is not taken with an MBR, whose partitions have no GUID to be known by' {
        Set-TestDisk -Serial DATA -Change { $_.partition_style, $_.partitions[0].guid = 'MBR', $null }
        $record = Get-TestRecord
        "$($record.status) $(@($record.allowed).Count)" | Should -Be 'unusable 0'
        $record.reason | Should -BeLike '*MBR*convert*GPT*'
        (Invoke-SeedPrepare -Option (New-TestOption)).failure | Should -Be $record.reason
        (Get-TestRecord).attempt | Should -BeNullOrEmpty
    }
    It 'gets another key in its journal, and loses the one that the tool got once that journal is in escrow' {
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        $record = Get-TestRecord
        $record.journal.path | Should -BeLike '*\DATA.new.jrn'
        $key = (Read-SeedJournalKey -Path $record.journal.path -Serial DATA).RecoveryPassword
        $key | Should -Not -Be $password
        Get-TestPassword | Should -Be $password, $key
        $own = Read-SeedJournal -Path ($record.journal.path -replace '\.new\.jrn$', '.jrn')
        ConvertTo-Json (Read-SeedJournal -Path $record.journal.path) -Depth 5 |
            Should -BeExactly (ConvertTo-Json $own -Depth 5)
        $change = Invoke-SeedVerify -Option (New-TestOption)
        $change.failure | Should -BeLike "*DATA has a new key*escrowed*$($record.journal.sha256)*state: prepared*"
        (Invoke-SeedVerify -Option (New-TestOption) -CheckMode $true).failure | Should -Be $change.failure
        "$((Get-TestRecord).status) $(@(Get-TestPassword).Count)" | Should -Be 'copied 2'
        (Invoke-SeedVerify -Option (Get-TestEscrowed)).failure | Should -BeNullOrEmpty
        (Get-TestRecord).status | Should -Be 'verified'
        Get-TestPassword | Should -Be $key
    }
    It 'keeps every key when the one of its journal is not one of its volume' {
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.protectors[1].secret = $password }
        { Invoke-SeedVerify -Option (Get-TestEscrowed) } | Should -Not -Throw
        $record = Get-TestRecord
        "$($record.status): $($record.reason)" | Should -BeLike 'copied:*is no key of its volume. No key was removed*'
        Get-TestPassword | Should -Be $password, $password
    }
    It 'gets its other key with the next run when that failed, also after a restart' {
        Mock Get-SeedRunnerText {
            $at = $global:TestRunner.LastIndexOf('Invoke-SeedRun -OrderFile')
            $global:TestRunner.Insert($at, "function Add-SeedProtector { throw 'BitLocker says no' }`n")
        } -ModuleName _Run
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        Clear-TestMock
        Set-TestSchedule
        $record = Get-TestRecord
        "$($record.status) $($record.allowed) $($record.next.action)" | Should -Be 'failed resume resume'
        $record.reason | Should -BeLike '*key that was on the tool*is not replaced yet: BitLocker says no*next run*'
        $record.journal.sha256 | Should -Not -BeNullOrEmpty
        @(Get-SeedSealedJournal -Drive @(Get-SeedDrive -Option (New-TestOption)) -Certificate 'x').Count | Should -Be 0
        Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.locked = $true }
        # The source may be gone by then.
        Remove-Item -LiteralPath 'C:\src' -Recurse
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        (Get-TestRecord).status | Should -Be 'copied'
        @(Get-TestPassword).Count | Should -Be 2
    }
    It 'loses its old key, too, on a host that lost its <what> before' -ForEach @(
        @{ what = 'journal' }
        @{ what = 'attempt' }
    ) {
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        $record = Get-TestRecord
        $bytes = [System.IO.File]::ReadAllBytes((Resolve-SeedPath -Path $record.journal.path))
        $option = Get-TestEscrowed
        $option['_journals'] = "DATA $([Convert]::ToBase64String($bytes))"
        $option['attempts'] = @(@{
                serial = 'DATA'; id = $record.attempt.id; sha256 = $record.journal.sha256; journal = 'x'
                manifest_file = $record.journal.manifest_file; manifest_hash = $record.journal.manifest_hash
                partition_guid = $record.attempt.partition_guid; size_bytes = $record.size_bytes
            })
        Remove-Item -LiteralPath @{
            journal = $record.journal.path; attempt = $record.attempt.folder
        }[$what] -Recurse -Force
        (Invoke-SeedRestore -Option $option -CheckMode $false).failure | Should -BeNullOrEmpty
        $again = Get-TestRecord
        "$($again.status) $($again.journal.sha256)" | Should -Be "copied $($record.journal.sha256)"
        (Invoke-SeedVerify -Option $option).failure | Should -BeNullOrEmpty
        "$((Get-TestRecord).status) $(@(Get-TestPassword).Count)" | Should -Be 'verified 1'
        (Get-TestPassword) -contains $password | Should -BeFalse
    }
    It 'is partitioned, formatted and encrypted when it is proven empty: <what>' -ForEach @(
        @{ what = 'a raw disk'; change = { $_.partitions, $_.partition_style = @(), 'RAW' }; method = 'aes256' }
        @{ what = 'a plain volume'; change = { $_.partitions[0].bitlocker = $null }; method = 'xts_aes128' }
    ) {
        Set-TestDisk -Serial DATA -Change $change
        $option = New-TestOption -Drive @{ encryption_method = $method }
        (Get-TestRecord -Option $option).status | Should -Be 'empty'
        $change = Invoke-SeedPrepare -Option $option
        $change.after['drives'][0]['content'] | Should -BeExactly '2 files in a new encrypted volume'
        (Get-TestRecord -Option $option).status | Should -Be 'copied'
        $state = Get-TestBitLocker
        $state.encryption_method | Should -Be @{ aes256 = 'Aes256'; xts_aes128 = 'XtsAes128' }[$method]
        @($state.protectors).Count | Should -Be 2
        (Invoke-SeedVerify -Option (Get-TestEscrowed -Option $option)).failure | Should -BeNullOrEmpty
        "$((Get-TestRecord -Option $option).status) $(@(Get-TestPassword).Count)" | Should -Be 'verified 1'
    }
    It 'goes on as one that the tool encrypts after its first session was cut off: <what>' -ForEach @(
        @{ what = 'a volume of a person'; made = $false }
        @{ what = 'a volume of the collection'; made = $true }
    ) {
        if ($made) { Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker = $null } }
        ConvertTo-Json -InputObject @{ tool_calls = @(@{ calls = 'first'; times = 1; kill_at_byte = 9 }) } -Depth 5 |
            Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/faults.json"
        try { $null = Invoke-SeedPrepare -Option (New-TestOption) } catch { $null = $_ }
        $record = Get-TestRecord
        "$($record.status) $($record.allowed)" | Should -Be 'failed discard'
        $option = New-TestOption
        $option.discard_attempts = @($record.attempt.id)
        $before = Get-TestPassword
        $other = "$($record.letter):\x.txt"
        'x' | Set-Content -LiteralPath $other
        if (-not $made) {
            (Get-TestRecord -Option $option).reason | Should -BeLike "*holds 'x.txt' beside what an earlier attempt*"
            Remove-Item -LiteralPath $other
        }
        (Get-TestRecord -Option $option).allowed | Should -Be 'prepare'
        $null = Invoke-SeedPrepare -Option $option
        (Get-TestRecord -Option $option).status | Should -Be 'copied'
        ($before -in (Get-TestPassword)) | Should -Be (-not $made)
        Test-Path -LiteralPath $other | Should -BeFalse
        (Invoke-SeedVerify -Option (Get-TestEscrowed -Option $option)).failure | Should -BeNullOrEmpty
        (Get-TestRecord -Option $option).status | Should -Be 'verified'
    }
    It 'goes on with a later session without its key' {
        ConvertTo-Json -InputObject @{ tool_calls = @(@{ calls = 'later'; times = 1; kill_at_byte = 9 }) } -Depth 5 |
            Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/faults.json"
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        (Get-TestRecord).allowed | Should -Be 'resume'
        $null = Invoke-SeedPrepare -Option (New-TestOption)
        (Get-TestRecord).status | Should -Be 'copied'
    }
    It 'is not used: <text>' -ForEach @(
        @{ change = { 'x' | Set-Content -LiteralPath 'E:\x.txt' }; text = '*1 entries*no data is erased*Empty it*' }
        @{ change = { $_.partitions[0].bitlocker.locked = $true }; text = '*locked BitLocker volume*Unlock it.' }
        @{ change = { $_.partitions[0].bitlocker.protection_status = 'Off' }; text = '*protection*' }
        @{
            change = {
                $_.partitions[0].bitlocker.volume_status = 'EncryptionInProgress'
                $_.partitions[0].bitlocker.encryption_percentage = 50
            }
            text = '*50*'
        }
        @{ change = { $_.partitions[0].file_system = 'ReFS' }; text = '*ReFS volume*has to be empty*' }
        @{ change = { $_.partitions[0].bitlocker.protectors = @() }; text = '*has 0 recovery passwords*exactly one.' }
        @{
            change = {
                $two = $_.partitions[0].bitlocker.protectors[0].PSObject.Copy()
                $two.id = '{22222222-0000-4000-8000-000000000002}'
                $_.partitions[0].bitlocker.protectors += $two
            }
            text = '*has 2 recovery passwords*'
        }
        @{ change = { $_.is_offline = $true }; text = '*is offline. Bring its disk online.' }
    ) {
        if ("$change" -match 'x.txt') { . $change } else { Set-TestDisk -Serial DATA -Change $change }
        # What allows to erase a drive allows nothing here.
        $option = New-TestOption -Drive @{ erase = $true }
        $record = Get-TestRecord -Option $option
        $option.erase_fingerprints = @($record.fingerprint | Where-Object { $_ })
        $record = Get-TestRecord -Option $option
        $record.reason | Should -BeLike $text
        $record.status | Should -Be 'unusable'
        $record.allowed | Should -HaveCount 0
        $before = Get-Content -Raw -LiteralPath "$env:LAB_HOME/disks/DATA/disk.json"
        (Invoke-SeedPrepare -Option $option).changed | Should -BeFalse
        Get-Content -Raw -LiteralPath "$env:LAB_HOME/disks/DATA/disk.json" | Should -BeExactly $before
    }
    It 'is left alone when somebody wrote to it after it was judged' {
        Mock Start-ScheduledTask {
            [CmdletBinding()]param($TaskName, $TaskPath)
            'x' | Set-Content -LiteralPath 'E:\x.txt'
            Invoke-TestTask -TaskName $TaskName
        } -ModuleName _Run
        { Invoke-SeedPrepare -Option (New-TestOption) } | Should -Throw '*What drive DATA holds changed*'
        Get-ChildItem -LiteralPath 'E:\' -Force | ForEach-Object { $_.Name } | Should -Be 'x.txt'
        $record = Get-TestRecord
        "$($record.status) $($record.attempt.tool_started)" | Should -Be 'unusable False'
    }
    It 'is refused where <value> records its key, unless that is allowed' -ForEach @(
        @{ value = 'ProcessCreationIncludeCmdLine_Enabled'; event = '4688' }
        @{ value = 'EnableModuleLogging'; event = '4103' }
        @{ value = 'Sysmon64'; event = '1' }
    ) {
        Set-TestRecorder -Value $value
        { Invoke-SeedPrepare -Option (New-TestOption) } |
            Should -Throw "*Drive DATA in*command line*(event $event)*allow it with*allow_recorded_key: true*"
        (Get-TestRecord).status | Should -Be 'empty'
        $null = Invoke-SeedPrepare -Option (New-TestOption -Drive @{ allow_recorded_key = $true })
        (Get-TestRecord).status | Should -Be 'copied'
    }
    It 'does not keep a drive with `encryption: tool` from such a host' {
        Set-TestRecorder -Value 'ProcessCreationIncludeCmdLine_Enabled'
        $option = New-TestOption -Drive @{ encryption = 'tool'; erase = $true }
        $null = Invoke-SeedPrepare -Option $option
        (Get-TestRecord -Option $option).status | Should -Be 'copied'
    }
}
