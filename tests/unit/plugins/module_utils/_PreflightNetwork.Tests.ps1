# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the addresses that a backup agent needs' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Registry', '_PreflightPolicy', '_PreflightNetwork'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'asks each name of <cloud> at its port, and says what it cannot ask' -ForEach @(
        @{ cloud = 'AzureCloud'; name = 'login.microsoftonline.com'; pattern = '*.windowsazure.com' }
        @{ cloud = 'AzureChinaCloud'; name = 'login.partner.microsoftonline.cn'; pattern = '*.windowsazure.cn' }
        @{ cloud = 'AzureUSGovernment'; name = 'login.microsoftonline.us'; pattern = '*.windowsazure.us' }
    ) {
        $found = Get-SeedNetworkCheck -Option @{ cloud_environment = $cloud }
        "$($found.status) $($found.remedy)" | Should -Be 'ok '
        $found.evidence.Contains("${name}:443") | Should -BeTrue
        $found.evidence.Contains('www.msftncsi.com:80') | Should -BeTrue
        $found.evidence.Contains("needs $pattern too, of which no name can be asked") | Should -BeTrue
        Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Change {
            $_ | Add-Member -NotePropertyName unreachable -NotePropertyValue @($name)
        }
        $found = Get-SeedNetworkCheck -Option @{ cloud_environment = $cloud }
        $found.status | Should -Be 'warning'
        $found.evidence | Should -BeLike "This host itself does not connect to ${name}:443. *"
        $found.remedy | Should -BeLike '*firewall*proxy*'
    }
    It 'is unknown in a cloud whose addresses nobody published' {
        $found = Get-SeedNetworkCheck -Option @{ cloud_environment = 'https://stack.example/metadata' }
        "$($found.status) $($found.evidence)" | Should -BeLike 'unknown *https://stack.example/metadata*'
    }
    It 'is unknown where Windows has no cmdlet for it' {
        Mock Get-Command { } -ModuleName _PreflightNetwork
        (Get-SeedNetworkCheck -Option @{ cloud_environment = 'AzureCloud' }).status | Should -Be 'unknown'
    }
    It 'does not hide an error of the cmdlet' {
        Mock Test-NetConnection { throw 'access denied' } -ModuleName _PreflightNetwork
        { Get-SeedNetworkCheck -Option @{ cloud_environment = 'AzureCloud' } } | Should -Throw '*access denied*'
    }
}
