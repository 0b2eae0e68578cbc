# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the probe of a host' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $utilities = '_Folder', '_Registry', '_AgentAnswer', '_AgentMars', '_ProbeShape', '_Probe'
        Import-TestUtility -Name $utilities
        $option = @{
            journal_path = $null
            run_tool = $false
            tool_path = 'C:\Tool\WAImportExport.exe'
            work_directory = 'C:\ProgramData\Seedfreight'
        }
        function Get-TestTree {
            # The lab makes a file `raw` for the bytes of a disk when somebody asks for its device.
            (Get-ChildItem -LiteralPath $env:LAB_HOME -Recurse -Force | Where-Object { $_.Name -ne 'raw' } |
                Sort-Object -Property FullName | ForEach-Object {
                    $time = ''
                    if (-not $_.PSIsContainer) { $time = $_.LastWriteTimeUtc.Ticks }
                    "$($_.FullName) $time"
                }) -join "`n"
        }
        function New-TestJournal {
            param([string]$State)
            $folder = 'C:\ProgramData\Seedfreight\seeds\contoso-fs01\WD-1\20260101T000000Z-1234'
            $null = New-Item -Path $folder -ItemType Directory -Force
            Set-Content -LiteralPath "$folder\WD-1.jrn" -Value 'BitLockerKey: 111111' -Encoding UTF8
            if ($State) { Write-SeedJson -Path "$folder\run.json" -Value @{ state = $State } }
            "$folder\WD-1.jrn"
        }
        $key = '238810-662376-448998-450120-652806-203390-606320-483076'
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -Path 'C:\Tool' -ItemType Directory
        Install-TestTool -Path $option.tool_path
    }
    AfterEach { Remove-TestWorld }

    It 'has every section, as data that JSON can carry' {
        $facts = Get-SeedProbe -Option $option
        $facts.schema_version | Should -Be 1
        @($facts.Keys) | Should -Be @(
            'schema_version', 'collected', 'system', 'policies', 'services', 'winrm', 'commands', 'disks', 'volumes',
            'agent', 'tool', 'journal'
        )
        $again = $facts | ConvertTo-Json -Depth 12 | ConvertFrom-Json
        $again.commands.'Get-Disk'.count | Should -Be 3
    }
    It 'turns a section that fails into its error, and asks the next one' {
        Mock Get-SeedProbeDisk { throw 'the serial is WD-1' } -ModuleName _Probe
        $facts = Get-SeedProbe -Option $option
        $facts.disks.error.type | Should -Match 'RuntimeException$'
        $facts.volumes.volumes.Count | Should -Be 2
        ($facts.disks | ConvertTo-Json -Depth 5) | Should -Not -Match 'serial'
    }
    It 'changes nothing on the host' {
        $null = New-TestJournal -State ended
        $before = Get-TestTree
        $null = Get-SeedProbe -Option $option
        Get-TestTree | Should -BeExactly $before
    }
    It 'lets no key, serial, name or path out' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $key
        Set-TestDisk -Serial DATA -Change {
            $_.serial = 'SECRETSERIAL9'
            $_.unique_id = 'SECRETUNIQUE9'
            $_.friendly_name = 'SECRETMODEL9'
            $_.partitions[0].label = 'SECRETLABEL9'
        }
        Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change {
            $_.policy.name = 'SECRETPOLICY9'
            $_.policy.file_specs = @('D:\SECRETFOLDER9')
            $_.initial_backup.storage_account = 'secretaccount9'
            $_.initial_backup.staging_location = '\\secretfiler9\seed'
            $_.jobs = @([pscustomobject]@{
                    job_id = 'SECRETJOB9'; state = 'Completed'; start = '2026-01-01T00:00:00Z'
                    end = '2026-01-01T01:00:00Z'; progress = 1; total = 1; error_code = 0
                    data_sources = @('SECRETSOURCE9')
                })
            $_.recovery_points = @([pscustomobject]@{
                    backup_time = '2026-01-01T01:00:00Z'; data_sources = @('SECRETSOURCE9'); id = 'SECRETPOINT9'
                })
        }
        $env:USERNAME, $env:USERDOMAIN, $env:COMPUTERNAME = 'secretuser9', 'SECRETDOMAIN9', 'SECRETHOST9'
        try {
            Set-Content -LiteralPath 'C:\Tool\SECRETSERIAL9.jrn_DriveInfo_SECRETSERIAL9.xml' -Value $key -Encoding UTF8
            $native = Resolve-SeedPath -Path $option.tool_path
            $text = "#!/bin/sh`necho secretuser9 SECRETHOST9 SECRETSERIAL9 C:\\Users\\x9`necho $key >&2`nexit 3`n"
            [System.IO.File]::WriteAllText($native, $text)
            $asked = $option.Clone()
            $asked.run_tool = $true
            $null = New-TestJournal -State ended
            $json = Get-SeedProbe -Option $asked | ConvertTo-Json -Depth 14
        }
        finally { $env:USERNAME, $env:USERDOMAIN, $env:COMPUTERNAME = $null, $null, 'FS01' }
        $json | Should -Match 'DriveInfo'
        $json | Should -Match '"exit_code": 3'
        $json | Should -Match 'JobStatus.JobState'
        foreach ($word in 'secret', '238810', '\d{6}-\d{6}', 'contoso', 'keep\.txt', 'fs01', 'x9') {
            $json | Should -Not -Match $word
        }
    }

    It 'shows limits of WinRM as numbers, and anything else as its kind' {
        Mock Get-Item {
            [CmdletBinding()]param($LiteralPath)
            if ($LiteralPath -like '*MaxShellsPerUser') { return [pscustomobject]@{ Value = '30' } }
            if ($LiteralPath -like '*IdleTimeout') { return [pscustomobject]@{ Value = 'WD-1' } }
            throw 'not there'
        } -ModuleName _Probe
        $found = Get-SeedProbeWinRM -Option $option
        "$($found.MaxShellsPerUser.value) $($found.IdleTimeout.value)" | Should -Be '30 System.String'
        $found.MaxShellRunTime.error.type | Should -Match 'RuntimeException$'
    }

    Context 'commands' {
        It 'says which command is missing' {
            $missing = Get-SeedCollected -Name Get-SeedNoSuchCommand
            "$($missing.found) $($missing.objects.Count)" | Should -Be 'False 0'
            (Get-SeedProbe -Option $option).commands.'Get-Tpm'.found | Should -BeFalse
        }
        It 'keeps what a command returns beside its errors' {
            Mock Get-Volume {
                [CmdletBinding()]param()
                [pscustomobject]@{ DriveLetter = [char]'C' }
                Write-Error -Message 'one odd volume' -ErrorId 'HRESULT 0x80070490'
            } -ModuleName _Probe
            $collected = Get-SeedCollected -Name Get-Volume
            $collected.objects.Count | Should -Be 1
            $collected.errors[0].id | Should -Match '^HRESULT 0x80070490'
        }
        It 'takes an error that ends the command as an error' {
            Mock Get-Volume { throw [System.UnauthorizedAccessException]::new('no') } -ModuleName _Probe
            $collected = Get-SeedCollected -Name Get-Volume
            "$($collected.objects.Count) $($collected.errors[0].type)" | Should -Be (
                '0 System.UnauthorizedAccessException'
            )
        }
    }

    Context 'disks and volumes' {
        It 'counts the partitions of an offline disk' {
            Set-TestDisk -Serial DATA -Change { $_.is_offline = $true; $_.offline_reason = 'Policy' }
            $seen = @((Get-SeedProbeDisk -Option $option).disks | Where-Object { $_.offline })
            $seen.Count | Should -Be 1
            "$($seen[0].offline_reason) $($seen[0].partitions.value) of $($seen[0].number_of_partitions)" |
                Should -Be 'Policy 0 of 1'
        }
        It 'does not take an error of Get-Partition for none' {
            Mock Get-Partition {
                [CmdletBinding()]param($DiskNumber)
                Write-Error -Message 'Provider load failure' -ErrorId 'HRESULT 0x80041013'
            } -ModuleName _Probe
            $counted = Get-SeedPartitionCount -Number 0
            $counted.Contains('value') | Should -BeFalse
            $counted.error.id | Should -Match '0x80041013'
        }
        It 'says how a serial is written, and not the serial' {
            $seen = @((Get-SeedProbeDisk -Option $option).disks)[1].serial
            "$($seen.length) $($seen.padded) $($seen.physical_disk) $($seen.disk_drive)" | Should -Be '7 True same same'
        }
        It 'compares serials as <wanted>' -ForEach @(
            @{ serial = 'WD-1'; others = @('WD-1'); wanted = 'same' }
            @{ serial = ' WD-1'; others = @('wd-1.'); wanted = 'trimmed' }
            @{ serial = 'WD-1'; others = @('DW1-'); wanted = 'other' }
            @{ serial = 'WD-1'; others = @(); wanted = 'none' }
            @{ serial = 'WD-1'; others = @('WD-1', 'WD-1'); wanted = 'none' }
        ) {
            $objects = @($others | ForEach-Object { [pscustomobject]@{ SerialNumber = $_ } })
            Compare-SeedSerial -Serial $serial -Other $objects | Should -Be $wanted
        }
        It 'shows what BitLocker answers for an unformatted and a locked volume' {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = $null }
            $seen = @((Get-SeedProbeVolume -Option $option).volumes | Where-Object { -not $_.file_system })
            "$($seen.Count) $($seen[0].bitlocker.found) $($seen[0].bitlocker.error.hresult)" |
                Should -Be '1 False 0x80070490'
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = 'NTFS' }
            Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $key
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.locked = $true }
            $seen = @((Get-SeedProbeVolume -Option $option).volumes | Where-Object { -not $_.file_system })
            "$($seen[0].bitlocker.lock_status) $($seen[0].bitlocker.volume_status) $($seen[0].size_is_zero)" |
                Should -Be 'Locked null True'
        }
    }

    Context 'agent' {
        It 'shows the kinds of times' {
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change {
                $_.recovery_points = @([pscustomobject]@{ backup_time = '2026-01-01T01:00:00Z'; data_sources = @('D') })
            }
            $agent = Get-SeedProbeAgent -Option $option
            $agent.recovery_points.properties.BackupTime | Should -Be 'System.DateTime (Unspecified)'
            $agent.data_sources | Should -Be 'volume'
        }
        It 'asks nothing where no agent is installed' {
            Mock Import-SeedMarsModule { [pscustomobject]@{ installed = $false; version = $null } } -ModuleName _Probe
            @((Get-SeedProbeAgent -Option $option).Keys) | Should -Be 'installed', 'version', 'commands'
        }
    }

    Context 'tool' {
        It 'is not run unless that is asked for' {
            Mock Invoke-SeedToolBanner { throw 'run' } -ModuleName _Probe
            $tool = Get-SeedProbeTool -Option $option
            $tool.Contains('run') | Should -BeFalse
            $tool.files[0].name | Should -Be 'WAImportExport.exe'
        }
        It 'is not looked for where it is not' {
            @((Get-SeedProbeTool -Option @{ tool_path = 'C:\no.exe'; run_tool = $true }).Keys) | Should -Be 'found'
            @((Get-SeedProbeTool -Option @{ tool_path = ''; run_tool = $true }).Keys) | Should -Be 'found'
        }
        It 'shows banner, exit code and what a run leaves behind' {
            $native = Resolve-SeedPath -Path $option.tool_path
            [System.IO.File]::WriteAllText($native, "#!/bin/sh`necho banner`ntouch error.log`nread x`nexit 7`n")
            $tool = Get-SeedProbeTool -Option (@{ tool_path = $option.tool_path; run_tool = $true })
            "$($tool.run.value.exit_code) $($tool.run.value.output)" | Should -Be '7 banner'
            $null = New-Item -Path 'C:\Tool\logs' -ItemType Directory
            Set-Content -LiteralPath 'C:\Tool\logs\WD-1.log' -Value 'x' -Encoding UTF8
            $native = Resolve-SeedPath -Path 'C:\Tool'
            @(Get-SeedFolderFact -Folder $native -Recurse | ForEach-Object { $_.name }) | Should -Contain (
                'logs\<a:2>-<n:1>.log'
            )
            @(Get-SeedFolderFact -Folder $native | Where-Object { $_.name -like 'logs*' }) | Should -BeNullOrEmpty
            $tool.files_made_by_run[0].name | Should -Be 'error.log'
        }
    }

    Context 'journal' {
        It 'is opened in every mode while nobody uses it' {
            # Another lab of this machine may run a tool.
            Mock Get-Process { } -ModuleName _Probe
            $null = New-TestJournal -State ended
            $seen = Get-SeedProbeJournal -Option $option
            $seen.name | Should -Be '<a:2>-<n:1>.jrn'
            @($seen.files | ForEach-Object { $_.name } | Sort-Object) | Should -Be '<a:2>-<n:1>.jrn', 'run.json'
            @($seen.opened.Values | Select-Object -Unique) | Should -Be 'ok'
            $seen.opened.Count | Should -Be 4
        }
        It 'is left alone while its run is <state>' -ForEach @(@{ state = 'running' }, @{ state = 'starting' }) {
            $null = New-TestJournal -State $state
            Mock Test-SeedOpen { throw 'opened' } -ModuleName _Probe
            (Get-SeedProbeJournal -Option $option).left_alone | Should -BeTrue
        }
        It 'is left alone while the state is torn, or any tool runs' {
            $journal = Resolve-SeedPath -Path (New-TestJournal)
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine(
                    [System.IO.Path]::GetDirectoryName($journal), 'run.json'), '{"state"')
            Test-SeedToolRunning -Journal $journal | Should -BeTrue
            $other = Resolve-SeedPath -Path 'C:\other.jrn'
            Mock Get-Process { } -ModuleName _Probe
            Test-SeedToolRunning -Journal $other | Should -BeFalse
            Mock Get-Process { [pscustomobject]@{ ProcessName = 'WAImportExport' } } -ModuleName _Probe
            Test-SeedToolRunning -Journal $other | Should -BeTrue
        }
        It 'is not opened when the processes cannot be listed' {
            $null = New-TestJournal -State ended
            Mock Get-Process { throw 'denied' } -ModuleName _Probe
            Mock Test-SeedOpen { 'opened' } -ModuleName _Probe
            { Get-SeedProbeJournal -Option $option } | Should -Throw '*denied*'
        }
        It 'may be named' {
            $journal = New-TestJournal -State ended
            $null = New-Item -Path 'C:\other' -ItemType Directory
            Copy-Item -LiteralPath $journal -Destination 'C:\other\copy.jrn'
            (Get-SeedProbeJournal -Option @{ journal_path = 'C:\other\copy.jrn' }).name | Should -Be 'copy.jrn'
            (Get-SeedProbeJournal -Option @{ journal_path = 'C:\other\no.jrn' }).found | Should -BeFalse
        }
        It 'shows the code with which somebody else refuses' {
            $native = Resolve-SeedPath -Path (New-TestJournal -State ended)
            $stream = [System.IO.FileStream]::new($native, 'Open', 'Read', 'None')
            try { Test-SeedOpen -Path $native -Share 'ReadWrite, Delete' | Should -Match '^0x[0-9A-F]{8}$' }
            finally { $stream.Dispose() }
        }
    }
}
