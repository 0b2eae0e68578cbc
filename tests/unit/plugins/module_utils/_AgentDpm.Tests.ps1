# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the agent DPM' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
        [System.IO.Path]::PathSeparator + $env:PATH
        Import-TestUtility -Name @(
            '_Folder', '_Registry', '_AgentAnswer', '_AgentOffer', '_AgentTask', '_AgentFolder', '_AgentMars',
            '_AgentDpm', '_Agent', '_AgentLastMile'
        )
        function Clear-TestModule {
            Remove-Module -Name DataProtectionManager, MSOnlineBackup -Force -ErrorAction Ignore
        }
        function Get-TestDpm { Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" }
        function Set-TestDpm {
            param([scriptblock]$Change)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change $Change
            Clear-TestModule
        }
        function Add-TestFact {
            param([string]$Name, [object]$Value)
            $fact = @{ NotePropertyName = $Name; NotePropertyValue = $Value; Force = $true }
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change { $_ | Add-Member @fact }
            Clear-TestModule
        }
        function Set-TestOpposite {
            param([string]$Choice)
            Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/choices.json" -Value "{`"$Choice`": true}"
            Clear-TestModule
        }
        function New-TestJob {
            param([string]$Number, [string]$State, [string]$Start = '2026-01-02T01:00:00Z', [string[]]$Source = 'D:\')
            [pscustomobject]@{
                job_id = "10000000-0000-4000-8000-00000000000$Number"; job_type = 'Backup'; state = $State
                start = $Start; end = $null; progress = 5; total = 10; error_code = 7; data_sources = $Source
            }
        }
        function Get-TestId { param([string]$Number) "dd000000-0000-4000-8000-00000000000$Number" }
        function Get-TestBackup { Get-SeedDpmBackup -ProtectionGroup 'p' }
        $wanted = [ordered]@{
            offline = $true
            staging_location = 'E:\Staging'
            import_job_name = 'n'
            subscription_id = '00000000-0000-4000-8000-000000000001'
            storage_account = 'a'
            container = 'c'
        }
        $settings = '<PublishData><PublishProfile><Subscription Id="00000000-0000-4000-8000-000000000001"/>' +
        '</PublishProfile></PublishData>'
        $network = [pscustomobject]@{ method = 'Network' }
        $file = 'E:\s.publishsettings'
        function Set-TestMethod {
            # As the task reads the order.
            $method = @{
                IBMethod = 'OfflineBackup'
                StagingLocation = $wanted['staging_location']
                AzurePublishSettings = Resolve-SeedPath -Path $file
                AzureImportJobName = $wanted['import_job_name']
                AzureSubscriptionID = $wanted['subscription_id']
                AzureStorageAccount = $wanted['storage_account']
                AzureStorageContainer = $wanted['container']
            }
            $order = @{ method = $method; policy = $null; scope = @{ ProtectionGroup = 'p' } }
            Set-SeedDpmMethod -Order (ConvertFrom-Json -InputObject (ConvertTo-Json -InputObject $order -Depth 8))
        }
    }
    BeforeEach {
        New-TestWorld
        $settings | Set-Content -LiteralPath $file
        Add-TestFact -Name product -Value 'dpm'
        Add-TestFact -Name other_groups -Value @([pscustomobject]@{ name = 'other'; method = $network })
        Add-TestFact -Name other_jobs -Value @(New-TestJob -Number 9 -State 'InProgress')
    }
    AfterEach {
        Clear-TestModule
        Remove-TestWorld
    }

    Context 'what is installed' {
        It 'is found' { (Import-SeedDpmModule).installed | Should -BeTrue }
        It 'is not there' {
            Add-TestFact -Name product -Value 'mars'
            $agent = Import-SeedDpmModule
            $agent.installed | Should -BeExactly $false
            $agent.why | Should -BeNullOrEmpty
        }
        It 'is installed, but its module does not load' {
            Add-TestFact -Name product -Value 'mars'
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\DPM\' } } -ModuleName _AgentAnswer
            Mock Import-Module { throw 'blocked by policy' } -ModuleName _AgentAnswer
            $backup = Get-TestBackup
            $null -eq $backup.agent.installed | Should -BeTrue
            $backup.unknown['agent'] | Should -BeLike '*does not load: blocked by policy'
        }
        It 'cannot be said where the registry cannot be read' {
            Add-TestFact -Name product -Value 'mars'
            Mock Get-ItemProperty { throw [System.UnauthorizedAccessException]'denied' } -ModuleName _AgentAnswer
            $agent = Import-SeedDpmModule
            $null -eq $agent.installed | Should -BeTrue
            $agent.why | Should -Be 'denied'
        }
        It 'has the version of its engine' {
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\DPM\' } } -ModuleName _AgentAnswer
            Mock Get-Item { [pscustomobject]@{ VersionInfo = [pscustomobject]@{ FileVersion = '4.2.1473.0' } } } `
                -ModuleName _AgentAnswer
            (Import-SeedDpmModule).version | Should -Be '4.2.1473.0'
        }
    }

    Context 'what it says' {
        It 'shows a protection group before its first online backup' {
            $backup = Get-TestBackup
            $backup.agent.kind | Should -Be 'dpm'
            $backup.unknown.Count | Should -Be 0
            $backup.policy.name | Should -Be 'p'
            $backup.policy.data_sources | Should -Be @('D:\ on fs01')
            $backup.method.offline | Should -BeExactly $false
            $backup.jobs.Count | Should -Be 0
            $backup.recovery_points.Count | Should -Be 0
            @(Get-LabDpmConnection).Count | Should -Be 0
        }
        It 'shows nothing of a DPM that is not there, and says why' {
            Add-TestFact -Name product -Value 'mars'
            $backup = Get-TestBackup
            @($backup.unknown.Keys) | Should -Be @('policy', 'method', 'jobs', 'recovery_points')
            $backup.unknown['jobs'] | Should -Be 'The agent is not installed.'
            $null -eq $backup.jobs | Should -BeTrue
        }
        It 'takes no part of a name and no other group for the group' {
            foreach ($name in 'p*', 'othe', '') {
                Set-TestDpm { $_.policy.name = 'pp' }
                $backup = Get-SeedDpmBackup -ProtectionGroup "$name "
                $null -eq $backup.policy | Should -BeTrue
                $backup.unknown.Count | Should -Be 0
                $backup.jobs.Count | Should -Be 0
            }
        }
        It 'does not choose between two groups of one name' {
            Add-TestFact -Name other_groups -Value @([pscustomobject]@{ name = 'P'; method = $network })
            $backup = Get-TestBackup
            $null -eq $backup.policy | Should -BeTrue
            $backup.unknown['policy'] | Should -BeLike "2 protection groups are named 'p'*"
            foreach ($question in 'method', 'jobs', 'recovery_points') {
                $backup.unknown[$question] | Should -BeLike '*protection group*'
                $null -eq $backup[$question] | Should -BeTrue
            }
            @(Get-LabDpmConnection).Count | Should -Be 0
        }
        It 'shows everything else when its version has no <cmdlet>' -ForEach @(
            @{ cmdlet = 'Get-DPMInitialOnlineBackupCreationMethod'; question = 'method' }
            @{ cmdlet = 'Get-DPMJob'; question = 'jobs' }
            @{ cmdlet = 'Get-DPMRecoveryPoint'; question = 'recovery_points' }
        ) {
            Add-TestFact -Name missing_cmdlets -Value @($cmdlet)
            $backup = Get-TestBackup
            $null -eq $backup[$question] | Should -BeTrue
            @($backup.unknown.Keys) | Should -Be $question
            $backup.unknown[$question] | Should -BeLike "*no cmdlet $cmdlet."
            $backup.policy.name | Should -Be 'p'
        }
        It 'shows that it cannot be asked at all when it does not let the account in' {
            Mock Connect-DPMServer { throw 'Access is denied.' } -ModuleName _AgentDpm
            Mock Disconnect-DPMServer { throw 'This must not be called.' } -ModuleName _AgentDpm
            $backup = Get-TestBackup
            @($backup.unknown.Keys) | Should -Be @('agent', 'policy', 'method', 'jobs', 'recovery_points')
            $backup.unknown['jobs'] | Should -Be 'Access is denied.'
        }
        It 'shows everything else when the vault does not answer' {
            Mock Get-DPMRecoveryPoint { throw 'The vault cannot be reached.' } -ModuleName _AgentDpm
            $backup = Get-TestBackup
            $backup.unknown['recovery_points'] | Should -Be 'The vault cannot be reached.'
            $backup.jobs.Count | Should -Be 0
            @(Get-LabDpmConnection).Count | Should -Be 0
        }
        It 'does not take a method that it does not know for an answer' {
            Set-TestDpm { $_.initial_backup.method = 'DataBox' }
            (Get-TestBackup).unknown['method'] | Should -BeLike "*'DataBox'*"
        }
        It 'reads the method by the name without DPM where that is the only one' {
            Add-TestFact -Name missing_cmdlets -Value @('Get-DPMInitialOnlineBackupCreationMethod')
            function global:Get-InitialOnlineBackupCreationMethod { [pscustomobject]@{ IBMethod = 'Network' } }
            try { (Get-TestBackup).method.offline | Should -BeExactly $false }
            finally { Remove-Item -Path function:global:Get-InitialOnlineBackupCreationMethod }
        }
    }

    Context 'the connection' {
        It 'ends after a failure' {
            Mock New-DPMRecoveryPoint { throw 'no' } -ModuleName _AgentDpm
            { Start-SeedDpmBackup -ProtectionGroup 'p' } | Should -Throw '*no*'
            @(Get-LabDpmConnection).Count | Should -Be 0
        }
        It 'ends alone: another one stays' {
            $null = Connect-DPMServer -DPMServerName 'localhost'
            $null = Get-TestBackup
            Get-LabDpmConnection | Should -Be 'localhost'
        }
        It 'does not turn a success into a failure when it does not end' {
            Mock Disconnect-DPMServer { throw 'gone' } -ModuleName _AgentDpm
            (Get-TestBackup).unknown.Count | Should -Be 0
        }
    }

    Context 'what a job means' {
        It 'reads <status>, <known>, "<text>", offline <offline>, telling <telling> as <phase>' -ForEach @(
            @{ status = 'InProgress'; known = $null; text = ''; offline = $true; telling = $true; phase = 'running' }
            @{ status = 'Scheduled'; known = $null; text = ''; offline = $true; telling = $true; phase = 'running' }
            @{ status = 'Failed'; known = 'completed'; text = ''; offline = $true; telling = $true; phase = 'failed' }
            @{ status = 'New'; known = 'completed'; text = ''; offline = $true; telling = $true; phase = 'unknown' }
            @{ status = ''; known = $null; text = ''; offline = $false; telling = $true; phase = 'unknown' }
            @{
                status = 'Completed'; known = 'completed', 'waiting_for_import'; text = ''; offline = $true
                telling = $true; phase = 'waiting_for_import'
            }
            @{
                status = 'Completed'; known = 'waiting_for_copy', 'aborted'; text = ''; offline = $true
                telling = $true; phase = 'aborted'
            }
            @{
                status = 'Completed'; known = $null; text = 'Waiting for Azure Import Job to complete.'; offline = $true
                telling = $true; phase = 'waiting_for_import'
            }
            @{
                status = 'Completed'; known = $null; text = 'Some files were skipped.'; offline = $true
                telling = $true; phase = 'unknown'
            }
            @{ status = 'Completed'; known = $null; text = ''; offline = $true; telling = $false; phase = 'unknown' }
            @{ status = 'Completed'; known = $null; text = ''; offline = $null; telling = $false; phase = 'unknown' }
            @{ status = 'Completed'; known = $null; text = ''; offline = $true; telling = $true; phase = 'completed' }
            @{ status = 'Completed'; known = $null; text = ''; offline = $false; telling = $false; phase = 'completed' }
            @{
                status = 'Completed'; known = $null; text = 'Some files were skipped.'; offline = $false
                telling = $false; phase = 'completed_with_warnings'
            }
        ) {
            $case = @{ Status = $status; Known = $known; Text = $text; Offline = $offline; Telling = $telling }
            Get-SeedDpmPhase @case | Should -Be $phase
        }
    }

    Context 'jobs' {
        It 'shows a job that waits, with its text, times in UTC and the data sources of the group' {
            $job = New-TestJob -Number 1 -State 'CompletedWithWaitingForImportJob'
            $job.end = '2026-01-02T05:30:00Z'
            Set-TestDpm { $_.jobs = @($job); $_.initial_backup.method = 'OfflineBackup' }
            $shown = @((Get-TestBackup).jobs)
            $shown.Count | Should -Be 1
            $shown[0].id | Should -Be (Get-TestId 1)
            $shown[0].type | Should -Be 'Backup'
            $shown[0].phase | Should -Be 'waiting_for_import'
            $shown[0].state | Should -BeLike 'Completed, Waiting for Azure Import Job*'
            $shown[0].started | Should -BeExactly '2026-01-02T01:00:00Z'
            $shown[0].ended | Should -BeExactly '2026-01-02T05:30:00Z'
            $shown[0].data_sources | Should -Be @('D:\ on fs01')
            $null -eq $shown[0].bytes_done | Should -BeTrue
        }
        It 'does not know what a completed job means where nothing says that it waits' {
            Set-TestOpposite -Choice 'dpm-waiting-text'
            Set-TestDpm {
                $_.jobs = @(New-TestJob -Number 1 -State 'CompletedWithWaitingForImportJob')
                $_.initial_backup.method = 'OfflineBackup'
            }
            $job = (Get-TestBackup).jobs[0]
            $job.phase | Should -Be 'unknown'
            $job.state | Should -Be 'Completed'
        }
        It 'reads the state of the seeding from the agent below where its module is there' {
            foreach ($name in 'dpm-waiting-text', 'dpm-agent-module') { $turned = "$turned,`"$name`": true" }
            $json = "{$($turned.Trim(','))}"
            Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/choices.json" -Value $json
            Set-TestDpm {
                $_.jobs = @(
                    (New-TestJob -Number 1 -State 'CompletedWithWaitingForImportJob')
                    (New-TestJob -Number 2 -State 'CompletedWithWaitingForCopyBlob' -Start '2026-01-03T01:00:00Z')
                    (New-TestJob -Number 3 -State 'Completed' -Start '2026-01-04T01:00:00Z')
                    (New-TestJob -Number 4 -State 'SomethingNew' -Start '2026-01-05T01:00:00Z')
                )
                $_.initial_backup.method = 'OfflineBackup'
            }
            $jobs = (Get-TestBackup).jobs
            @($jobs | ForEach-Object { $_.phase }) |
                Should -Be @('unknown', 'completed', 'waiting_for_copy', 'waiting_for_import')
            $jobs[3].state | Should -Be 'CompletedWithWaitingForImportJob'
            $jobs[3].bytes_total | Should -Be 10
        }
        It 'lists no job of another group and of no other type' {
            Set-TestDpm {
                $_.jobs = @(
                    (New-TestJob -Number 1 -State 'Completed')
                    (New-TestJob -Number 2 -State 'InProgress' |
                            Add-Member -NotePropertyName dpm_type -NotePropertyValue 'ShadowCopy' -PassThru)
                )
            }
            @((Get-TestBackup).jobs | ForEach-Object { $_.id }) | Should -Be (Get-TestId 1)
        }
        It 'counts what was ordered and has not begun, and not what the schedule will begin' {
            Set-TestDpm {
                $_.jobs = @(
                    (New-TestJob -Number 1 -State 'Scheduled')
                    (New-TestJob -Number 2 -State 'Scheduled' |
                            Add-Member -NotePropertyName by_schedule -NotePropertyValue $true -PassThru)
                )
            }
            $jobs = @((Get-TestBackup).jobs)
            $jobs.Count | Should -Be 1
            $jobs[0].phase | Should -Be 'running'
        }
        It 'lists jobs of months ago' {
            $old = [DateTime]::UtcNow.AddDays(-120).ToString('o')
            Set-TestDpm { $_.jobs = @(New-TestJob -Number 1 -State 'Completed' -Start $old) }
            @((Get-TestBackup).jobs).Count | Should -Be 1
        }
        It 'lets the data source that is least far stand for the group' {
            Set-TestDpm {
                $_.policy.file_specs = @('D:\Data', 'E:\Data', 'F:\Data')
                $_.jobs = @(
                    (New-TestJob -Number 1 -State 'Failed' -Source 'D:\')
                    (New-TestJob -Number 2 -State 'Failed' -Source 'E:\' -Start '2026-01-02T02:00:00Z')
                    (New-TestJob -Number 3 -State 'CompletedWithWaitingForImportJob' -Source 'F:\' `
                        -Start '2026-01-02T03:00:00Z')
                    (New-TestJob -Number 4 -State 'CompletedWithWaitingForImportJob' -Source 'D:\' `
                        -Start '2026-01-02T04:00:00Z')
                )
                $_.initial_backup.method = 'OfflineBackup'
            }
            $jobs = (Get-TestBackup).jobs
            @($jobs | ForEach-Object { $_.id }) | Should -Be @('2', '4', '3', '1' | ForEach-Object { Get-TestId $_ })
            $jobs[0].phase | Should -Be 'failed'
        }
        It 'holds the group back by a failed job that names no data source: <held> at <hour>:00' -ForEach @(
            # Older than the job of each data source, newer than that of one of them, newer than both, and before a
            # newer one that names none either.
            @{ hour = '01'; held = $false; later = $false }
            @{ hour = '03'; held = $true; later = $false }
            @{ hour = '05'; held = $true; later = $false }
            @{ hour = '05'; held = $false; later = $true }
        ) {
            $waits = 'CompletedWithWaitingForImportJob'
            Set-TestDpm {
                $_.policy.file_specs = @('D:\Data', 'E:\Data')
                $_.jobs = @(
                    (New-TestJob -Number 1 -State $waits -Source 'D:\' -Start '2026-01-02T02:00:00Z')
                    (New-TestJob -Number 2 -State $waits -Source 'E:\' -Start '2026-01-02T04:00:00Z')
                    (New-TestJob -Number 3 -State 'Failed' -Source 'X:\' -Start "2026-01-02T${hour}:00:00Z")
                    if ($later) { New-TestJob -Number 4 -State $waits -Source 'X:\' -Start '2026-01-02T06:00:00Z' }
                )
                $_.initial_backup.method = 'OfflineBackup'
            }
            $jobs = (Get-TestBackup).jobs
            $jobs.Count | Should -Be (3 + [int]$later)
            ($jobs[0].phase -eq 'failed') | Should -Be $held
        }
        It 'puts a running job first' {
            Set-TestDpm {
                $_.jobs = @(
                    (New-TestJob -Number 1 -State 'InProgress')
                    (New-TestJob -Number 2 -State 'Completed' -Start '2026-01-03T01:00:00Z')
                )
            }
            (Get-TestBackup).jobs[0].id | Should -Be (Get-TestId 1)
        }
        It 'names no data sources for a job of something that the group does not have' {
            Set-TestDpm { $_.jobs = @(New-TestJob -Number 1 -State 'Completed' -Source 'X:\') }
            (Get-TestBackup).jobs[0].data_sources.Count | Should -Be 0
        }
        It 'tells volumes of one letter apart by their servers' {
            $sources = foreach ($computer in 'fs02', 'fs03') {
                [pscustomobject]@{ object = $null; name = 'D:\'; computer = $computer; label = "D:\ on $computer" }
            }
            $job = [pscustomobject]@{
                Status = 'Completed'
                DataSources = @('D:\')
                Tasks = @([pscustomobject]@{ ProductionServerName = 'fs03' })
            }
            $shown = ConvertTo-SeedDpmJob -Job $job -Source $sources -Engine @{}
            $shown.data_sources | Should -Be @('D:\ on fs03')
            $shown.id | Should -Match '^[0-9a-f]{12}$'
        }
        It 'takes the label of no other server: tasks of <computers> cover <count>' -ForEach @(
            @{ computers = @(); count = 0 }
            @{ computers = @('fs09'); count = 0 }
            @{ computers = @('FS03.contoso.example'); count = 1 }
            @{ computers = @('fs02', 'fs03'); count = 2 }
        ) {
            $sources = foreach ($computer in 'fs02.contoso.example', 'fs03') {
                [pscustomobject]@{ object = $null; name = 'D:\'; computer = $computer; label = "D:\ on $computer" }
            }
            $tasks = @($computers | ForEach-Object { [pscustomobject]@{ ProductionServerName = $_ } })
            $job = [pscustomobject]@{ Status = 'Completed'; DataSources = @('D:\'); Tasks = $tasks }
            (ConvertTo-SeedDpmJob -Job $job -Source $sources -Engine @{}).data_sources.Count | Should -Be $count
            $alone = @([pscustomobject]@{ object = $null; name = 'D:\'; computer = 'fs02'; label = 'D:\ on fs02' })
            (ConvertTo-SeedDpmJob -Job $job -Source $alone -Engine @{}).data_sources | Should -Be @('D:\ on fs02')
        }
        It 'is not known when only some tasks of a job are known to the agent below' {
            $tasks = @([pscustomobject]@{ TaskId = 'a' }, [pscustomobject]@{ TaskId = 'b' })
            $job = [pscustomobject]@{ Status = 'Completed'; Tasks = $tasks }
            $done = @{ phase = 'completed'; state = 'Completed'; bytes_done = 1; bytes_total = 1; error_code = '0' }
            $engine = @{ a = [pscustomobject]$done }
            $shown = ConvertTo-SeedDpmJob -Job $job -Source @() -Engine $engine -Offline $true
            $shown.phase | Should -Be 'unknown'
        }
        It 'cannot be asked for when the group is gone' {
            { Get-SeedDpmJob -ProtectionGroup 'gone' } | Should -Throw "*no protection group 'gone'*"
        }
    }

    Context 'times of a DPM that says its zone' {
        It 'are converted' {
            $start = [DateTime]::SpecifyKind([DateTime]'2026-01-02T01:00:00', 'Utc').ToLocalTime()
            $job = [pscustomobject]@{ JobId = 'x'; Status = 'InProgress'; StartTime = $start; EndTime = $null }
            $shown = ConvertTo-SeedDpmJob -Job $job -Source @() -Engine @{}
            $shown.started | Should -BeExactly '2026-01-02T01:00:00Z'
            $null -eq $shown.ended | Should -BeTrue
        }
    }

    Context 'recovery points' {
        It 'have an id that stays, although the objects have another one each time' {
            Set-TestDpm {
                $_.recovery_points = @(
                    [pscustomobject]@{ backup_time = '2026-01-02T01:00:00Z'; data_sources = @('D:\') }
                )
            }
            $first, $second = (Get-TestBackup).recovery_points, (Get-TestBackup).recovery_points
            $first[0].time | Should -BeExactly '2026-01-02T01:00:00Z'
            $first[0].data_sources | Should -Be @('D:\ on fs01')
            $first[0].id | Should -Be $second[0].id
            $first[0].id | Should -Match '^[0-9a-f]{12}$'
        }
        It 'are of this group, and none is on disk' {
            Set-TestDpm {
                $_.recovery_points = @(
                    [pscustomobject]@{ backup_time = '2026-01-02T01:00:00Z'; data_sources = @('Z:\') }
                    [pscustomobject]@{
                        backup_time = '2026-01-03T01:00:00Z'; data_sources = @('D:\'); location = 'Disk'
                    }
                )
            }
            (Get-TestBackup).recovery_points.Count | Should -Be 0
        }
    }

    Context 'the method' {
        It 'is set for this group only' {
            Set-TestMethod
            $method = (Get-TestBackup).method
            foreach ($name in $wanted.Keys) { $method.$name | Should -Be $wanted[$name] }
            (Get-TestDpm).other_groups[0].method.method | Should -Be 'Network'
            @(Get-LabDpmConnection).Count | Should -Be 0
        }
        It 'leaves no connection behind when the publish settings are refused' {
            '<PublishData/>' | Set-Content -LiteralPath $file
            { Set-TestMethod } | Should -Throw '*subscription*'
            @(Get-LabDpmConnection).Count | Should -Be 0
            (Get-TestDpm).initial_backup.method | Should -Be 'Network'
        }
        It 'is set for none of two groups of one name' {
            Add-TestFact -Name other_groups -Value @([pscustomobject]@{ name = 'p'; method = $network })
            { Set-TestMethod } | Should -Throw '*2 protection groups*'
            (Get-TestDpm).initial_backup.method | Should -Be 'Network'
            (Get-TestDpm).other_groups[0].method.method | Should -Be 'Network'
        }
        It 'cannot be set by a version without the cmdlet' {
            Add-TestFact -Name missing_cmdlets -Value @('Set-DPMInitialOnlineBackupCreationMethod')
            { Set-TestMethod } | Should -Throw '*Set-DPMInitialOnlineBackupCreationMethod*setup: attended*'
        }
        It 'cannot be set where the system does not see DPM' {
            Add-TestFact -Name product -Value 'mars'
            { Set-TestMethod } | Should -Throw 'DPM does not answer as the system.'
        }
        It 'is set by a script that has everything that it reaches' {
            $text = Get-SeedAgentTaskText -Call 'Set-SeedDpmMethod' -Known 'Resolve-SeedPath', 'Get-SeedValue'
            Get-TestTaskLack -Text $text -Call 'Set-SeedDpmMethod' | Should -BeNullOrEmpty
        }
    }

    Context 'what offline_stage makes of it' {
        BeforeAll {
            function New-TestOption {
                param([string]$Group = 'p')
                @{
                    agent = 'dpm'; protection_group = $Group; staging_path = 'E:\Staging'; import_job_name = 'n'
                    subscription_id = $wanted['subscription_id']; storage_account = 'a'; container = 'c'
                    known_jobs = @(); restart_failed = $false; _publish_settings_content = $settings
                }
            }
        }
        BeforeEach {
            $null = New-Item -ItemType Directory -Path 'E:\Staging'
            Enable-TestAgentTask
            Mock New-DPMRecoveryPoint { Set-TestDpm { $_.jobs = @(New-TestJob -Number 1 -State 'InProgress') } } `
                -ModuleName _AgentDpm
        }
        It 'sets and starts once' {
            $checked = Invoke-SeedStage -Option (New-TestOption) -CheckMode $true
            $checked.changed | Should -BeTrue
            (Get-TestDpm).initial_backup.method | Should -Be 'Network'
            $done = Invoke-SeedStage -Option (New-TestOption) -Seconds 5
            $done.configured -and $done.started | Should -BeTrue
            $done.backup.jobs[0].phase | Should -Be 'running'
            (Get-TestDpm).other_groups[0].method.method | Should -Be 'Network'
            (Invoke-SeedStage -Option (New-TestOption)).changed | Should -BeFalse
        }
        It 'counts a job of the type <type>: <counts>' -ForEach @(
            @{ type = 'CloudBackup'; counts = $true }, @{ type = 7; counts = $true }, @{ type = ''; counts = $true }
            @{ type = 'ShadowCopy'; counts = $false }
        ) {
            Mock Get-DPMJob {
                if ("$args" -like '*-AdhocJobs*') { return }
                [pscustomobject]@{
                    JobId = 'x'
                    JobType = $type
                    ProtectionGroupName = 'p'
                    Status = 'InProgress'
                    DataSources = @('D:\')
                }
            }.GetNewClosure() -ModuleName _AgentDpm
            @((Get-TestBackup).jobs).Count | Should -Be ([int]$counts)
        }
        It 'starts no second backup after one of which it is not known whether it waits' {
            Set-TestOpposite -Choice 'dpm-waiting-text'
            $null = Invoke-SeedStage -Option (New-TestOption) -Seconds 5
            Set-TestDpm { $_.jobs[0].state = 'CompletedWithWaitingForImportJob' }
            $again = Invoke-SeedStage -Option (New-TestOption)
            $again.changed | Should -BeFalse
            $again.backup.jobs[0].phase | Should -Be 'unknown'
        }
        It 'decides the same and shows the same times in <zone>, whatever kind the times of DPM have' -ForEach @(
            @{ zone = 'Etc/GMT+8' }, @{ zone = 'Etc/GMT-8' }, @{ zone = 'Etc/GMT-14' }
        ) {
            $null = Invoke-SeedStage -Option (New-TestOption) -Seconds 5
            Set-TestDpm { $_.jobs = @() }
            Mock Get-DPMJob {
                if ("$args" -like '*-AdhocJobs*') { return }
                foreach ($status in 'Completed', 'Failed') {
                    [pscustomobject]@{
                        JobId = $status
                        JobType = 'CloudBackup'
                        ProtectionGroupName = 'p'
                        Status = $status
                        StartTime = $global:LabTime.AddHours(-(@('Completed', 'Failed').IndexOf($status)))
                        EndTime = $global:LabTime
                        DataSources = @('D:\')
                    }
                }
            } -ModuleName _AgentDpm
            Mock Get-DPMRecoveryPoint { [pscustomobject]@{ BackupTime = $global:LabTime } } -ModuleName _AgentDpm
            $before = $env:TZ
            $moment = [DateTime]::SpecifyKind([DateTime]'2026-01-02T23:30:00', 'Utc')
            $seen = foreach ($place in 'UTC', $zone) {
                try {
                    $env:TZ = $place
                    [System.TimeZoneInfo]::ClearCachedData()
                    foreach ($kind in 'Utc', 'Unspecified', 'Local') {
                        $global:LabTime = $moment
                        if ($kind -eq 'Unspecified') { $global:LabTime = [DateTime]::SpecifyKind($moment, $kind) }
                        if ($kind -eq 'Local') { $global:LabTime = $moment.ToLocalTime() }
                        $outcome = Invoke-SeedStage -Option (New-TestOption)
                        $shown = @($outcome.backup.jobs) + @($outcome.backup.recovery_points | Select-Object -First 1)
                        "$($outcome.changed) $($outcome.refused) " + (ConvertTo-Json -InputObject $shown -Compress)
                    }
                }
                finally {
                    $env:TZ = $before
                    [System.TimeZoneInfo]::ClearCachedData()
                }
            }
            @($seen).Count | Should -Be 6
            @($seen | Select-Object -Unique).Count | Should -Be 1
            $seen[0] | Should -BeLike 'False*"started":"2026-01-02T23:30:00Z"*"time":"2026-01-02T23:30:00Z"*'
        }
        It 'names the option when there is no group of that name' {
            (Invoke-SeedStage -Option (New-TestOption -Group 'q')).refused |
                Should -Match '`agent`: dpm.*no protection group.*`protection_group`'
        }
    }

    Context 'after the import, or after the seed was given up' {
        BeforeAll {
            $online = @{ agent = 'dpm'; protection_group = 'p'; staging_path = 'E:\Staging'; import_job_name = 'n' }
            $cmdlet = 'Set-DPMInitialOnlineBackupCreationMethod'
        }
        BeforeEach {
            Set-TestMethod
            Clear-TestModule
        }
        It 'sets the network as the method of this group alone; again it changes nothing' {
            (Invoke-SeedOnline -Option $online -CheckMode $true).configured | Should -BeTrue
            (Get-TestDpm).initial_backup.method | Should -Be 'OfflineBackup'
            $done = Invoke-SeedOnline -Option $online
            "$($done.refused)$($done.changed) $($done.backup.method.offline)" | Should -Be 'True False'
            (Get-TestDpm).initial_backup.method | Should -Be 'Network'
            @((Get-TestDpm).orders).Count | Should -Be 0
            (Invoke-SeedOnline -Option $online).changed | Should -BeFalse
        }
        It 'leaves a group alone that seeds for another import job' {
            $other = $online.Clone()
            $other['import_job_name'] = 'other'
            (Invoke-SeedOnline -Option $other).refused | Should -BeLike "*import job 'n', not for 'other'*"
            (Get-TestDpm).initial_backup.method | Should -Be 'OfflineBackup'
        }
        It 'names the wizard of the protection group, and none of MARS, where the cmdlet is missing' {
            Add-TestFact -Name missing_cmdlets -Value @($cmdlet)
            $refused = (Invoke-SeedOnline -Option $online).refused
            $refused | Should -BeLike "*no cmdlet $cmdlet. Open the wizard of the protection group*"
            $refused | Should -Not -Match 'Schedule Backup'
            (Get-TestDpm).initial_backup.method | Should -Be 'OfflineBackup'
        }
        It 'starts no scheduled backup, because no cmdlet does' {
            Set-TestDpm { $_.jobs = @(New-TestJob -Number 1 -State 'CompletedWithWaitingForImportJob') }
            $done = Invoke-SeedTrigger -Option ($online + @{ known_jobs = @() })
            "$($done.changed) $($done.started)" | Should -Be 'False False'
            $done.refused | Should -BeLike '*cannot be started by the module*Wait for the schedule.'
            @((Get-TestDpm).orders).Count | Should -Be 0
        }
    }

    Context 'the start' {
        It 'orders an online recovery point of the group' {
            Start-SeedDpmBackup -ProtectionGroup 'p'
            @((Get-TestDpm).orders).Count | Should -Be 1
        }
        It 'says what the group needs when DPM refuses it' {
            Add-TestFact -Name no_replica -Value $true
            { Start-SeedDpmBackup -ProtectionGroup 'p' } | Should -Throw "*'p'*not consistent*replica on disk*"
        }
        It 'is refused for a group without data sources' {
            { Start-SeedDpmBackup -ProtectionGroup 'other' } | Should -Throw "*'other' has no data sources*"
        }
    }
}
