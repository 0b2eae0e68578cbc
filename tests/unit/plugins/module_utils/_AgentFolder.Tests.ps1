# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the provider without an agent' {
    BeforeAll {
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        Import-Module -Name "$utils/_AgentFolder.psm1" -Force -Global
    }
    It 'says that there is nothing, and that nothing of it is unknown' {
        $backup = Get-SeedFolderBackup
        $backup.agent.kind | Should -Be 'folder'
        $backup.agent.installed | Should -BeNullOrEmpty
        $backup.unknown.Count | Should -Be 0
        $backup.policy | Should -BeNullOrEmpty
        $backup.method | Should -BeNullOrEmpty
        ($null -eq $backup.jobs) | Should -BeFalse
        @($backup.jobs).Count | Should -Be 0
        ($null -eq $backup.recovery_points) | Should -BeFalse
    }
}
