# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the agent after the import, or after the seed was given up' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        $names = '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentFolder', '_AgentMars'
        foreach ($name in @($names) + '_Agent' + '_AgentLastMile') {
            Import-Module -Name "$utils/$name.psm1" -Force -Global
        }
        function Set-TestAgent {
            param([scriptblock]$Change)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change $Change
            Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        }
        function Get-TestAgent { Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" }
        function Add-TestJob {
            param([string]$Id, [string]$State, [string]$Start = '2026-01-02T01:00:00Z', [string[]]$Source = @('D:\'))
            $job = [pscustomobject]@{
                job_id = $Id; job_type = 'Backup'; state = $State; start = $Start; end = $null
                progress = 0; total = 0; error_code = 0; data_sources = $Source
            }
            Set-TestAgent { $_.jobs = @($_.jobs) + $job }
        }
        function New-TestOption {
            param([hashtable]$Change = @{})
            $option = @{
                agent = 'mars'; staging_path = 'E:\Staging'; import_job_name = 'seed-1'; known_jobs = @('staged')
            }
            foreach ($key in $Change.Keys) { $option[$key] = $Change[$key] }
            $option
        }
        function Get-TestOrder { @((Get-TestAgent).orders | ForEach-Object { $_.order }) }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'E:\Staging'
        Set-TestAgent {
            $_.initial_backup.method = 'OfflineBackup'
            $_.initial_backup.staging_location = 'E:\Staging'
            $_.initial_backup.import_job_name = 'seed-1'
            $_.initial_backup.subscription_id = '00000000-0000-4000-8000-0000000000ab'
            $_.initial_backup.storage_account = 'account'
            $_.initial_backup.storage_container = 'container'
        }
    }
    AfterEach {
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        Remove-TestWorld
    }

    Context 'triggered' {
        It 'starts the scheduled backup of an agent that waits for the import, once' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Mock Start-SeedMarsTask {
                Start-ScheduledTask -TaskName 'Microsoft-OnlineBackup' -TaskPath '\Microsoft\OnlineBackup\'
                Add-TestJob -Id 'new' -State 'CompletedWithWaitingForCopyBlob' -Start '2026-01-03T01:00:00Z'
            } -ModuleName _AgentLastMile
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 2
            $outcome.refused | Should -BeNullOrEmpty
            $outcome.why | Should -BeNullOrEmpty
            $outcome.changed | Should -BeTrue
            $outcome.started | Should -BeTrue
            $outcome.diff.after.started | Should -BeTrue
            $outcome.backup.jobs[0].phase | Should -Be 'waiting_for_copy'
            Get-TestOrder | Should -Be @('scheduled_run')
            $again = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 2
            $again.changed | Should -BeFalse
            $again.why | Should -Be 'A backup ran since the import (job new, CompletedWithWaitingForCopyBlob).'
            Get-TestOrder | Should -Be @('scheduled_run')
        }
        It 'says what would change, without changing it' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -CheckMode $true
            $outcome.changed | Should -BeTrue
            $outcome.started | Should -BeTrue
            @(Get-TestOrder).Count | Should -Be 0
        }
        It 'counts as started although no job is seen, so that nobody starts it once more' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 0
            $outcome.started | Should -BeTrue
            $outcome.why | Should -BeLike '*shows no job after 0 s*'
        }
        It 'does not take the problem of the first backup for one of the scheduled backup' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Mock Get-SeedMarsStartProblem { 'No policy.' } -ModuleName _Agent
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 0
            $outcome.started | Should -BeTrue
            $outcome.why | Should -BeLike '*shows no job after 0 s*'
        }
        It 'starts nothing when <why>' -ForEach @(
            @{ why = 'a backup runs'; id = 'staged'; state = 'InProgress'; words = 'A backup is running' }
            @{ why = 'a new job runs'; id = 'new'; state = 'InProgress'; words = 'A backup is running' }
            @{
                why = 'the service copies'
                id = 'staged'
                state = 'CompletedWithWaitingForCopyBlob'
                words = 'Nothing waits'
            }
            @{ why = 'it is done'; id = 'staged'; state = 'Completed'; words = 'Nothing waits for the import' }
            @{
                why = 'a run since waits again'
                id = 'new'
                state = 'CompletedWithWaitingForImportJob'
                words = 'ran since'
            }
            @{ why = 'a run since failed'; id = 'new'; state = 'Failed'; words = 'A backup ran since the import' }
        ) {
            Add-TestJob -Id $id -State $state
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 1
            $outcome.changed | Should -BeFalse
            $outcome.started | Should -BeFalse
            $outcome.refused | Should -BeNullOrEmpty
            $outcome.why | Should -BeLike "*$words*"
            @(Get-TestOrder).Count | Should -Be 0
        }
        It 'starts it after <state> when the agent seeds offline: a person has accepted that end' -ForEach @(
            @{ state = 'CompletedWithWarning' }, @{ state = 'SomethingNew' }
        ) {
            Add-TestJob -Id 'staged' -State $state
            (Invoke-SeedTrigger -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
        }
        It 'does not take a job of the system state for one of its own' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Add-TestJob -Id 'state' -State 'Completed' -Start '2026-01-05T01:00:00Z' -Source @('System State')
            (Invoke-SeedTrigger -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
        }
        It 'waits while the system state is backed up' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Add-TestJob -Id 'state' -State 'InProgress' -Start '2026-01-05T01:00:00Z' -Source @('System State')
            (Invoke-SeedTrigger -Option (New-TestOption) -CheckMode $true).why | Should -BeLike '*is running*'
        }
        It 'refuses <why>' -ForEach @(
            @{ why = 'an agent that lists no job'; words = 'no backup job of its policy'; prepare = {} }
            @{
                why = 'an agent whose newest job ended badly'
                words = 'does not wait for the import (job staged, Aborted)'
                prepare = { Add-TestJob -Id 'staged' -State 'Aborted' }
            }
            @{
                why = 'an agent that turned back to the network'
                words = 'does not seed offline, so its scheduled backup could go over the network'
                prepare = {
                    Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
                    Set-TestAgent { $_.initial_backup.method = 'Network' }
                }
            }
            @{
                why = 'a method that cannot be read after an end that does not say it'
                words = 'cannot be read (This version of the agent has no cmdlet'
                prepare = {
                    Add-TestJob -Id 'staged' -State 'CompletedWithWarning'
                    Set-TestAgent {
                        $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue @(
                            'Get-OBInitialBackupCreationMethod'
                        )
                    }
                }
            }
            @{
                why = 'a disabled task'
                words = '\Microsoft\OnlineBackup\Microsoft-OnlineBackup of the agent is disabled'
                prepare = {
                    Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
                    Set-TestAgent { $_ | Add-Member -NotePropertyName scheduled_task -NotePropertyValue 'Disabled' }
                }
            }
            @{
                why = 'an agent without a schedule'
                words = 'has no scheduled task for its backup'
                prepare = {
                    Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
                    Set-TestAgent { $_ | Add-Member -NotePropertyName scheduled_task -NotePropertyValue 'none' }
                }
            }
        ) {
            . $prepare
            $outcome = Invoke-SeedTrigger -Option (New-TestOption) -Seconds 1
            $outcome.changed | Should -BeFalse
            $outcome.refused.Contains($words) | Should -BeTrue
            @(Get-TestOrder).Count | Should -Be 0
        }
        It 'trusts the state of the job where the method cannot be read' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Set-TestAgent {
                $missing = @('Get-OBInitialBackupCreationMethod')
                $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing
            }
            (Invoke-SeedTrigger -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
        }
        It 'starts nothing while the task itself is running' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Set-TestAgent { $_ | Add-Member -NotePropertyName scheduled_task -NotePropertyValue 'Running' }
            (Invoke-SeedTrigger -Option (New-TestOption)).why | Should -BeLike 'The scheduled task *is running.'
        }
        It 'fails when the scheduler does' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            Mock Get-ScheduledTask { throw 'The service is not running' } -ModuleName _AgentMars
            { Invoke-SeedTrigger -Option (New-TestOption) } | Should -Throw '*service is not running*'
        }
        It 'refuses an agent whose schedule it does not know' {
            $decision = Get-SeedTriggerDecision -Agent 'folder' -Backup ([ordered]@{})
            $decision.start | Should -BeFalse
            $decision.refused.Contains('(`agent`: folder) cannot be started by the module, and') | Should -BeTrue
        }
    }

    Context 'online' {
        It 'sets the network as the method and reads it back; again it changes nothing' {
            Add-TestJob -Id 'staged' -State 'CompletedWithWaitingForImportJob'
            $outcome = Invoke-SeedOnline -Option (New-TestOption)
            $outcome.refused | Should -BeNullOrEmpty
            $outcome.changed | Should -BeTrue
            $outcome.configured | Should -BeTrue
            $outcome.backup.method.offline | Should -BeExactly $false
            $outcome.diff.before.method.import_job_name | Should -Be 'seed-1'
            $outcome.diff.after.method.offline | Should -BeExactly $false
            (Get-TestAgent).initial_backup.method | Should -Be 'Network'
            @(Get-TestOrder).Count | Should -Be 0
            (Invoke-SeedOnline -Option (New-TestOption)).changed | Should -BeFalse
        }
        It 'says what would change, without changing it' {
            (Invoke-SeedOnline -Option (New-TestOption) -CheckMode $true).configured | Should -BeTrue
            (Get-TestAgent).initial_backup.method | Should -Be 'OfflineBackup'
        }
        It 'changes nothing for an agent that goes over the network already, whatever it lacks' {
            Set-TestAgent {
                $_.initial_backup.method = 'Network'
                $missing = @('Set-OBInitialBackupCreationMethod')
                $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing
            }
            $outcome = Invoke-SeedOnline -Option (New-TestOption)
            $outcome.changed | Should -BeFalse
            $outcome.refused | Should -BeNullOrEmpty
        }
        It 'refuses <why>' -ForEach @(
            @{
                why = 'a cmdlet that is missing, and says what to choose in the wizard'
                words = 'no cmdlet Set-OBInitialBackupCreationMethod. Open', 'Automatically over the network'
                prepare = {
                    Set-TestAgent {
                        $missing = @('Set-OBInitialBackupCreationMethod')
                        $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing
                    }
                }
            }
            @{
                why = 'a method that cannot be read'
                words = 'cannot be read: This version', 'Automatically over the network'
                prepare = {
                    Set-TestAgent {
                        $missing = @('Get-OBInitialBackupCreationMethod')
                        $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing
                    }
                }
            }
            @{
                why = 'a running backup'
                words = , 'in the middle of a backup (job running)'
                prepare = { Add-TestJob -Id 'running' -State 'InProgress' }
            }
            @{
                why = 'an agent that seeds for another import job'
                words = , "seeds for the import job 'other', not for 'seed-1' (``import_job_name``)"
                prepare = { Set-TestAgent { $_.initial_backup.import_job_name = 'other' } }
            }
        ) {
            . $prepare
            $before = Get-TestAgent | ConvertTo-Json -Depth 6
            $outcome = Invoke-SeedOnline -Option (New-TestOption)
            $outcome.changed | Should -BeFalse
            foreach ($one in $words) { $outcome.refused.Contains($one) | Should -BeTrue }
            Get-TestAgent | ConvertTo-Json -Depth 6 | Should -Be $before
        }
        It 'refuses an agent whose method it cannot set' {
            $case = @{ Agent = 'folder'; Backup = [ordered]@{}; ImportJobName = 'seed-1' }
            $refused = Get-SeedOnlineRefusal @case
            $refused.Contains('(`agent`: folder) cannot be set by the module. Open the console') | Should -BeTrue
        }
        It 'fails when the agent does not keep the method' {
            Mock Set-SeedMarsOnline {} -ModuleName _AgentLastMile
            { Invoke-SeedOnline -Option (New-TestOption) } | Should -Throw '*did not keep the network*'
        }
    }
}
