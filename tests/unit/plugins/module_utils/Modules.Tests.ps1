# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the shared PowerShell of the Windows modules' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        foreach ($name in '_Folder', '_Agent') { Import-Module -Name "$utils/$name.psm1" -Force -Global }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'the agent' {
        It 'is found' { Import-SeedAgent | Should -BeTrue }
        It 'writes times in UTC' { ConvertTo-SeedTime -Value '2026-01-01T01:00:00+01:00' | Should -Be '2026-01-01T00:00:00Z'; ConvertTo-SeedTime -Value $null | Should -BeNullOrEmpty }
        It 'reads <state> as <phase>' -ForEach @(
            @{ state = 'CompletedWithWaitingForImportJob'; phase = 'waiting_for_import' }, @{ state = 'CompletedWithWaitingForCopyBlob'; phase = 'waiting_for_copy' }, @{ state = 'Completed'; phase = 'completed' }
            @{ state = 'Aborted'; phase = 'failed' }, @{ state = 'SomethingNew'; phase = 'unknown' }, @{ state = ''; phase = 'none' }
        ) { ConvertTo-SeedPhase -State $state | Should -Be $phase }
        It 'shows a host without a backup' { $stage = Get-SeedStage -StagingPath 'C:\none'; $stage.job | Should -BeNullOrEmpty; $stage.method.offline | Should -BeFalse; Get-SeedBackupJob | Should -BeNullOrEmpty }
        It 'sets, reads back and names differences' {
            $wanted = [ordered]@{ offline = $true; staging_location = 'E:\'; import_job_name = 'n'; subscription_id = 's'; storage_account = 'a'; container = 'c' }
            $settings = '<PublishData><PublishProfile><Subscription Id="s"/></PublishProfile></PublishData>'
            Set-SeedOfflineMethod -Wanted $wanted -PublishSettings $settings -PrivateFolder $env:LAB_HOME
            $now = Get-SeedOfflineMethod -Policy (Get-OBPolicy)
            Get-SeedMethodDifference -Current $now -Wanted $wanted | Should -BeNullOrEmpty
            $wanted.container = 'other'
            Get-SeedMethodDifference -Current $now -Wanted $wanted | Should -Be 'container'
            [System.IO.File]::Exists("$env:LAB_HOME/seed.publishsettings") | Should -BeFalse
        }
        It 'leaves no publish settings behind when they are refused' {
            { Set-SeedOfflineMethod -Wanted ([ordered]@{ offline = $true; staging_location = 'E:\'; import_job_name = 'n'; subscription_id = 's'; storage_account = 'a'; container = 'c' }) -PublishSettings '<PublishData/>' -PrivateFolder $env:LAB_HOME } | Should -Throw '*'
            [System.IO.File]::Exists("$env:LAB_HOME/seed.publishsettings") | Should -BeFalse
        }
        It 'starts a backup' { Start-SeedBackup; @((Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").orders).Count | Should -Be 1 }
    }
}
