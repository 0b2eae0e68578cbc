# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the MARS agent' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
        [System.IO.Path]::PathSeparator + $env:PATH
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        foreach ($name in '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentMars') {
            Import-Module -Name "$utils/$name.psm1" -Force -Global
        }
        function Set-TestAgent {
            param([scriptblock]$Change)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change $Change
            Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        }
        function New-TestJob {
            param([string]$Id, [string]$State, [string]$Type = 'Backup', [string]$Start = '2026-01-02T01:00:00Z')
            [pscustomobject]@{
                job_id = $Id; job_type = $Type; state = $State; start = $Start; end = $null
                progress = 5; total = 10; error_code = 0; data_sources = @('D:\')
            }
        }
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
        $file = 'E:\s.publishsettings'
        function Set-TestMethod {
            # As the task reads the order.
            param([hashtable]$Policy)
            $method = @{
                IBMethod = 'OfflineBackup'
                StagingLocation = $wanted['staging_location']
                AzurePublishSettings = Resolve-SeedPath -Path $file
                AzureImportJobName = $wanted['import_job_name']
                AzureSubscriptionID = $wanted['subscription_id']
                AzureStorageAccount = $wanted['storage_account']
                AzureStorageContainer = $wanted['container']
            }
            $order = @{ method = $method; policy = $Policy; scope = @{} }
            Set-SeedMarsMethod -Order (ConvertFrom-Json -InputObject (ConvertTo-Json -InputObject $order -Depth 8))
        }
    }
    BeforeEach {
        New-TestWorld
        $settings | Set-Content -LiteralPath $file
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
    }
    AfterEach {
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        Remove-TestWorld
    }

    Context 'what is installed' {
        It 'is found' { (Import-SeedMarsModule).installed | Should -BeTrue }
        It 'is not there' {
            Set-TestAgent { $_.installed = $false }
            $agent = Import-SeedMarsModule
            $agent.installed | Should -BeExactly $false
            $agent.why | Should -BeNullOrEmpty
        }
        It 'is installed, but its module does not load' {
            Set-TestAgent { $_.installed = $false }
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\Agent\' } } -ModuleName _AgentAnswer
            Mock Import-Module { throw 'blocked by policy' } -ModuleName _AgentAnswer
            $agent = Import-SeedMarsModule
            $null -eq $agent.installed | Should -BeTrue
            $agent.why | Should -BeLike '*does not load: blocked by policy'
        }
        It 'cannot be said where the registry cannot be read' {
            Set-TestAgent { $_.installed = $false }
            Mock Get-ItemProperty { throw [System.UnauthorizedAccessException]'denied' } -ModuleName _AgentAnswer
            $agent = Import-SeedMarsModule
            $null -eq $agent.installed | Should -BeTrue
            $agent.why | Should -Be 'denied'
        }
        It 'reads the version <text> of its engine as a version' -ForEach @(
            @{ text = '2.0.9250.0 (main.240101-0000)'; version = '2.0.9250.0'; era = 'data_box' }
            @{ text = '2, 0, 9250, 0'; version = '2.0.9250.0'; era = 'data_box' }
            @{ text = ' 2.0.8719.0 '; version = '2.0.8719.0'; era = 'publish_settings' }
            @{ text = 'beta'; version = 'beta'; era = 'publish_settings' }
        ) {
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\Agent\' } } -ModuleName _AgentAnswer
            Mock Get-Item {
                [pscustomobject]@{ VersionInfo = [pscustomobject]@{ FileVersion = $text } }
            }.GetNewClosure() -ModuleName _AgentAnswer
            $backup = Get-SeedMarsBackup
            $backup.agent.version | Should -BeExactly $version
            $backup.offer.era | Should -BeExactly $era
        }
        It 'has the version of its engine' {
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\Agent\' } } -ModuleName _AgentAnswer
            Mock Get-Item { [pscustomobject]@{ VersionInfo = [pscustomobject]@{ FileVersion = '2.0.9250.0' } } } `
                -ModuleName _AgentAnswer
            (Import-SeedMarsModule).version | Should -Be '2.0.9250.0'
        }
        It 'has its logs where it is installed' {
            $null -eq (Get-SeedMarsBackup).agent.log_folder | Should -BeTrue
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\Agent\' } } -ModuleName _AgentAnswer
            (Get-SeedMarsBackup).agent.log_folder | Should -Be 'C:\Agent\Temp'
        }
    }

    Context 'what it says' {
        It 'shows a host before its first backup' {
            $backup = Get-SeedMarsBackup
            $backup.agent.kind | Should -Be 'mars'
            $backup.unknown.Count | Should -Be 0
            $backup.policy.name | Should -Be 'p'
            $backup.policy.data_sources | Should -Be @('D:\')
            $backup.method.offline | Should -BeExactly $false
            $backup.jobs.Count | Should -Be 0
            $backup.recovery_points.Count | Should -Be 0
        }
        It 'shows that there is no policy, and no method then' {
            Set-TestAgent { $_.policy = $null }
            $backup = Get-SeedMarsBackup
            $null -eq $backup.policy | Should -BeTrue
            $null -eq $backup.method | Should -BeTrue
            $backup.unknown.Count | Should -Be 0
        }
        It 'shows nothing of an agent that is not there, and says why' {
            Set-TestAgent { $_.installed = $false }
            $backup = Get-SeedMarsBackup
            @($backup.unknown.Keys) | Should -Be @('policy', 'method', 'jobs', 'recovery_points')
            foreach ($question in 'policy', 'method', 'jobs', 'recovery_points') {
                $null -eq $backup[$question] | Should -BeTrue
                $backup.unknown[$question] | Should -Be 'The agent is not installed.'
            }
        }
        It 'shows everything else when its version has no <cmdlet>' -ForEach @(
            @{ cmdlet = 'Get-OBInitialBackupCreationMethod'; question = 'method' }
            @{ cmdlet = 'Get-OBJob'; question = 'jobs' }
            @{ cmdlet = 'Get-OBAllRecoveryPoints'; question = 'recovery_points' }
        ) {
            Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue @($cmdlet) }
            $backup = Get-SeedMarsBackup
            $null -eq $backup[$question] | Should -BeTrue
            @($backup.unknown.Keys) | Should -Be $question
            $backup.unknown[$question] | Should -BeLike "*no cmdlet $cmdlet."
            $backup.policy.name | Should -Be 'p'
        }
        It 'shows everything else when the vault does not answer' {
            Mock Get-OBAllRecoveryPoints { throw 'The vault cannot be reached.' } -ModuleName _AgentMars
            $backup = Get-SeedMarsBackup
            $null -eq $backup.recovery_points | Should -BeTrue
            $backup.unknown['recovery_points'] | Should -Be 'The vault cannot be reached.'
            $backup.jobs.Count | Should -Be 0
            $backup.method.offline | Should -BeExactly $false
        }
        It 'does not know the method when it does not know the policy' {
            Mock Get-OBPolicy { throw 'not registered' } -ModuleName _AgentMars
            $backup = Get-SeedMarsBackup
            $backup.unknown['policy'] | Should -Be 'not registered'
            $backup.unknown['method'] | Should -BeLike '*policy*'
            $backup.unknown.Contains('jobs') | Should -BeFalse
        }
        It 'does not take a method that it does not know for an answer' {
            Set-TestAgent { $_.initial_backup.method = 'DataBox' }
            (Get-SeedMarsBackup).unknown['method'] | Should -BeLike "*'DataBox'*"
        }
        It 'reads a method whose parameters lie beside its name' {
            $given = [pscustomobject]@{ IBMethod = 'OfflineBackup'; StagingLocation = 'E:\' }
            $method = ConvertTo-SeedMarsMethod -Method $given
            $method.staging_location | Should -Be 'E:\'
            $null -eq $method.container | Should -BeTrue
        }
    }

    Context 'jobs' {
        It 'reads <state> as <phase>' -ForEach @(
            @{ state = 'CompletedWithWaitingForImportJob'; phase = 'waiting_for_import' }
            @{ state = 'CompletedWithWaitingForCopyBlob'; phase = 'waiting_for_copy' }
            @{ state = 'Completed'; phase = 'completed' }
            @{ state = 'CompletedWithWarning'; phase = 'completed_with_warnings' }
            @{ state = 'Aborted'; phase = 'aborted' }
            @{ state = 'Failed'; phase = 'failed' }
            @{ state = 'SomethingNew'; phase = 'unknown' }
            @{ state = ''; phase = 'unknown' }
        ) { ConvertTo-SeedMarsPhase -State $state | Should -Be $phase }
        It 'shows a job with times in UTC, bytes and data sources' {
            $job = New-TestJob -Id 'j1' -State 'CompletedWithWaitingForImportJob'
            $job.end = '2026-01-02T05:30:00Z'
            Set-TestAgent { $_.jobs = @($job) }
            $shown = @(Get-SeedMarsJob)
            $shown.Count | Should -Be 1
            $shown[0].id | Should -Be 'j1'
            $shown[0].type | Should -Be 'Backup'
            $shown[0].started | Should -BeExactly '2026-01-02T01:00:00Z'
            $shown[0].ended | Should -BeExactly '2026-01-02T05:30:00Z'
            $shown[0].bytes_done | Should -Be 5
            $shown[0].bytes_total | Should -Be 10
            $shown[0].error_code | Should -Be '0'
            $shown[0].data_sources | Should -Be @('D:\')
        }
        It 'converts the times of an agent that says its zone' {
            $start = [DateTime]::SpecifyKind([DateTime]'2026-01-02T01:00:00', 'Utc').ToLocalTime()
            $status = [pscustomobject]@{ StartTime = $start; EndTime = [DateTime]::MinValue }
            $shown = ConvertTo-SeedMarsJob -Job ([pscustomobject]@{ JobId = 'x'; JobStatus = $status }) -Running
            $shown.started | Should -BeExactly '2026-01-02T01:00:00Z'
            $null -eq $shown.ended | Should -BeTrue
        }
        It 'leaves out a restore, even the newest job' {
            Set-TestAgent {
                $_.jobs = @(
                    (New-TestJob -Id 'b' -State 'CompletedWithWaitingForImportJob')
                    (New-TestJob -Id 'r' -State 'Completed' -Type 'Recovery' -Start '2026-01-03T01:00:00Z')
                    (New-TestJob -Id 's' -State 'InProgress' -Type 'Recovery' -Start '2026-01-04T01:00:00Z')
                )
            }
            @(Get-SeedMarsJob | ForEach-Object { $_.id }) | Should -Be @('b')
        }
        It 'keeps a job of the type <type>, which may be a backup' -ForEach @(
            @{ type = '' }, @{ type = $null }, @{ type = 0 }, @{ type = 3 }
        ) {
            # Objects that came from another PowerShell have numbers where Windows PowerShell has names.
            $job = [pscustomobject]@{ JobId = 'x'; JobType = $type; JobStatus = [pscustomobject]@{ JobState = 5 } }
            $shown = ConvertTo-SeedMarsJob -Job $job
            "$($shown.id) $($shown.phase)" | Should -Be 'x unknown'
        }
        It 'lists several, the running one first, then the newest' {
            Set-TestAgent {
                $_.jobs = @(
                    (New-TestJob -Id 'old' -State 'Completed')
                    (New-TestJob -Id 'new' -State 'Aborted' -Start '2026-01-03T01:00:00Z')
                    (New-TestJob -Id 'now' -State 'InProgress' -Start '2026-01-01T01:00:00Z')
                )
            }
            @(Get-SeedMarsJob | ForEach-Object { $_.id }) | Should -Be @('now', 'new', 'old')
            @(Get-SeedMarsJob)[0].phase | Should -Be 'running'
        }
        It 'answers what the guide tells people to type' {
            Set-TestAgent { $_.jobs = @((New-TestJob -Id 'new' -State 'Completed')) }
            $guide = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../docs/ways.md'
            $blocks = [regex]::Matches((Get-Content -LiteralPath $guide -Raw -Encoding UTF8),
                '(?s)```powershell\r?\n(.*?)```')
            $blocks.Count | Should -Be 2
            $shown = foreach ($block in $blocks) {
                # The lab has its module where PowerShell looks for modules.
                $text = $block.Groups[1].Value -replace "'C:\\Program Files\\.*\\MSOnlineBackup'", 'MSOnlineBackup'
                & ([scriptblock]::Create($text)) | Out-String -Width 200
            }
            $words = 'Set-OBInitialBackupCreationMethod', 'JobState', 'Completed', 'StartTime', 'Changed', 'Total'
            foreach ($word in $words) {
                $shown -join '' | Should -Match $word
            }
        }
        It 'counts the end of a job that ends while it is asked for' {
            $status = [pscustomobject]@{ JobState = 'Completed' }
            $job = [pscustomobject]@{ JobId = 'x'; JobType = 'Backup'; JobStatus = $status }
            Mock Get-OBJob { $job } -ModuleName _AgentMars
            $shown = @(Get-SeedMarsJob)
            $shown.Count | Should -Be 1
            $shown[0].phase | Should -Be 'completed'
        }
        It 'knows no bytes and no type where the agent gives none, and keeps such a job' {
            $job = [pscustomobject]@{ JobStatus = [pscustomobject]@{ JobState = 'Completed'; DatasourceStatus = @() } }
            $shown = ConvertTo-SeedMarsJob -Job $job
            foreach ($name in 'type', 'started', 'bytes_done', 'bytes_total', 'error_code') {
                $null -eq $shown.$name | Should -BeTrue
            }
            $shown.data_sources.Count | Should -Be 0
            $shown.id | Should -Match '^[0-9a-f]{12}$'
        }
        It 'sums the bytes of several data sources beyond 32 bits' {
            $count = [pscustomobject]@{ Progress = 118111600640; Total = 536870912000 }
            $source = [pscustomobject]@{ ByteProgress = $count }
            $status = [pscustomobject]@{ JobState = 'x'; DatasourceStatus = @($source, $source) }
            $job = [pscustomobject]@{ JobStatus = $status }
            (ConvertTo-SeedMarsJob -Job $job).bytes_total | Should -Be 1073741824000
        }
    }

    Context 'recovery points' {
        It 'shows time, data sources and an id that stays' {
            Set-TestAgent {
                $_.recovery_points = @(
                    [pscustomobject]@{ backup_time = '2026-01-02T01:00:00Z'; data_sources = @('E:\', 'D:\') }
                    [pscustomobject]@{ backup_time = '2026-01-03T01:00:00Z'; data_sources = 'System State'; id = 'own' }
                )
            }
            $points = (Get-SeedMarsBackup).recovery_points
            $points[0].time | Should -BeExactly '2026-01-02T01:00:00Z'
            $points[0].data_sources | Should -Be @('D:\', 'E:\')
            $points[0].id | Should -BeExactly 'a8e05b79a06b'
            $points[1].id | Should -Be 'own'
            $points[1].data_sources | Should -Be @('System State')
        }
        It 'has the same id whatever the order of the data sources' {
            $at = '2026-01-02T01:00:00Z'
            $one = ConvertTo-SeedMarsPoint -Point ([pscustomobject]@{ BackupTime = $at; DataSources = 'D:\, E:\' })
            $two = ConvertTo-SeedMarsPoint -Point ([pscustomobject]@{ BackupTime = $at; DataSources = @('E:\', 'd:') })
            $one.id | Should -Be $two.id
        }
        It 'names <named> as <shown>' -ForEach @(
            @{ named = 'd:'; shown = 'D:\' }
            @{ named = 'System State'; shown = 'System State' }
            @{ named = 'C:\; D:\'; shown = @('C:\', 'D:\') }
        ) { ConvertTo-SeedSourceName -Source @($named) | Should -Be $shown }
        It 'names data sources that are objects' {
            ConvertTo-SeedSourceName -Source @([pscustomobject]@{ DataSourceName = 'D:\' }) | Should -Be 'D:\'
            ConvertTo-SeedSourceName -Source @([pscustomobject]@{ Name = 'C:\' }) | Should -Be 'C:\'
            ConvertTo-SeedSourceName -Source @(42) | Should -Be '42'
        }
    }

    Context 'the method' {
        It 'is set' {
            Set-TestMethod
            $method = (Get-SeedMarsBackup).method
            foreach ($name in $wanted.Keys) { $method.$name | Should -Be $wanted[$name] }
        }
        It 'is set by a cmdlet that returns nothing' {
            Mock Set-OBInitialBackupCreationMethod {
                $given = @{}
                for ($i = 0; $i -lt $args.Count; $i += 2) { $given["$($args[$i])".Trim('-', ':')] = $args[$i + 1] }
                $given['Policy'].InitialBackup = [pscustomobject]@{
                    method = 'OfflineBackup'
                    staging_location = 'E:\Staging'
                }
            } -ModuleName _AgentMars
            Set-TestMethod
            $kept = (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").initial_backup
            $kept.staging_location | Should -Be 'E:\Staging'
        }
        It 'is not set where the subscription is not in the publish settings' {
            '<PublishData/>' | Set-Content -LiteralPath $file
            { Set-TestMethod } | Should -Throw '*subscription*'
            (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").initial_backup.method | Should -Be 'Network'
        }
        It 'cannot be set by an agent without the cmdlet' {
            $missing = @('Set-OBInitialBackupCreationMethod')
            Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing }
            { Set-TestMethod } | Should -Throw '*Set-OBInitialBackupCreationMethod*wizard*'
        }
        It 'cannot be set where the system does not see the agent' {
            Set-TestAgent { $_.installed = $false }
            { Set-TestMethod } | Should -Throw '*does not answer as the system.'
        }
    }

    Context 'a policy when asked' {
        BeforeAll {
            $policy = @{
                days = @('Saturday', 'Wednesday'); times = @('22:30', '06:00'); retention_days = 30
                include = @('D:\Data', 'E:\'); exclude = @('D:\Data\Scratch')
            }
            function Set-TestPolicy {
                Set-TestAgent { $_.policy = $null }
                Set-TestMethod -Policy $policy
            }
        }
        It 'is made with everything that was asked for, and reads as such' {
            Set-TestPolicy
            $kept = (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json")
            $kept.policy.file_specs | Should -Be @('D:\Data', 'E:\')
            $kept.policy.excludes | Should -Be @('D:\Data\Scratch')
            $kept.policy.schedule_days | Should -Be @('Saturday', 'Wednesday')
            $kept.policy.schedule_times | Should -Be @('22:30', '06:00')
            $kept.policy.retention_days | Should -Be 30
            Get-SeedMarsPolicyRefusal -Wanted $policy -Exists $true | Should -Be ''
        }
        It 'has the offline method in its first and only commit' {
            $global:LabCommits = @()
            Mock Set-OBPolicy {
                $given = @{}
                for ($i = 0; $i -lt $args.Count; $i += 2) { $given["$($args[$i])".Trim('-', ':')] = $args[$i + 1] }
                $global:LabCommits += $given['Policy'].InitialBackup.method
            } -ModuleName _AgentMars
            Set-TestPolicy
            $global:LabCommits | Should -Be @('OfflineBackup')
        }
        It 'is not there after a method that was refused' {
            '<PublishData/>' | Set-Content -LiteralPath $file
            { Set-TestPolicy } | Should -Throw '*subscription*'
            $null -eq (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").policy | Should -BeTrue
        }
        It 'is not made by an agent without <cmdlet>, and says so before' -ForEach @(
            @{ cmdlet = 'New-OBPolicy' }, @{ cmdlet = 'Add-OBFileSpec' }, @{ cmdlet = 'Set-OBRetentionPolicy' }
        ) {
            Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue @($cmdlet) }
            $null = Import-SeedMarsModule
            Get-SeedMarsPolicyRefusal -Wanted $policy -Exists $false | Should -BeLike "*no cmdlet $cmdlet. *console*"
        }
        It 'that is there and differs in <name> is refused' -ForEach @(
            @{ name = 'days'; value = @('Saturday') }
            @{ name = 'times'; value = @('22:30') }
            @{ name = 'retention_days'; value = 31 }
            @{ name = 'include'; value = @('D:\Data') }
            @{ name = 'exclude'; value = @() }
        ) {
            Set-TestPolicy
            $other = $policy.Clone()
            $other[$name] = $value
            $refused = Get-SeedMarsPolicyRefusal -Wanted $other -Exists $true
            $refused | Should -BeLike "The policy of the agent differs from ?policy? in $name, *"
        }
        It 'that is there in another order and spelling is the same' {
            Set-TestPolicy
            $other = $policy.Clone()
            $other['days'] = @('Wednesday', 'Saturday')
            $other['include'] = @('e:', 'd:/data/')
            Get-SeedMarsPolicyRefusal -Wanted $other -Exists $true | Should -Be ''
        }
    }

    It 'backs up in the task, and waits for the end' {
        Mock Start-OBBackup {
            $global:LabStarted = @($args)
            'The backup operation completed successfully.'
        } -ModuleName _AgentMars
        Invoke-SeedMarsStart | Should -BeNullOrEmpty
        $global:LabStarted -contains '-Async' | Should -BeFalse
        $global:LabStarted -contains '-Confirm:' | Should -BeTrue
    }
    It 'does not back up where the system does not see the agent' {
        Set-TestAgent { $_.installed = $false }
        { Invoke-SeedMarsStart } | Should -Throw '*does not answer as the system.'
    }

    Context 'its scheduled backup' {
        It 'is a task of the agent, in the state that it has' {
            $task = Get-SeedMarsTask
            $task.name | Should -Be '\Microsoft\OnlineBackup\Microsoft-OnlineBackup'
            $task.state | Should -Be 'Ready'
        }
        It 'is not there without a schedule' {
            Set-TestAgent { $_ | Add-Member -NotePropertyName scheduled_task -NotePropertyValue 'none' }
            $null -eq (Get-SeedMarsTask) | Should -BeTrue
        }
        It 'is ordered from the task scheduler' {
            Start-SeedMarsTask
            (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").orders[0].order | Should -Be 'scheduled_run'
        }
        It 'cannot be started while it is disabled' {
            Set-TestAgent { $_ | Add-Member -NotePropertyName scheduled_task -NotePropertyValue 'Disabled' }
            { Start-SeedMarsTask } | Should -Throw '*disabled*'
        }
    }

    Context 'the network as its method' {
        It 'is set whether or not the cmdlet returns the policy' {
            foreach ($returns in $true, $false) {
                Set-TestAgent { $_.initial_backup.method = 'OfflineBackup' }
                Mock Set-OBInitialBackupCreationMethod {
                    [CmdletBinding(SupportsShouldProcess)]
                    param($Policy, $IBMethod)
                    $Policy.InitialBackup = [pscustomobject]@{ method = $IBMethod }
                    if ($returns) { 'a text that is no policy'; $Policy }
                } -ModuleName _AgentMars
                Set-SeedMarsOnline
                (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").initial_backup.method | Should -Be 'Network'
            }
        }
    }
}
