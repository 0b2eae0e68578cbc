# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a host says about itself' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Registry'
        function Set-TestItem {
            # A command of the registry that has one value in one key, and answers for the rest as Windows does.
            param([string]$Mode)
            if ($Mode -eq 'value') { return [pscustomobject]@{ Enabled = 1 } }
            if ($Mode -eq 'no key') {
                throw [System.Management.Automation.ItemNotFoundException]::new('Cannot find path.')
            }
            if ($Mode -eq 'no value') {
                throw [System.Management.Automation.PSArgumentException]::new('Property Enabled does not exist.')
            }
            throw [System.Security.SecurityException]::new('Requested registry access is not allowed.')
        }
    }

    It 'reads a value, and null for <mode>' -ForEach @(
        @{ mode = 'value'; wanted = 1 }
        @{ mode = 'no key'; wanted = $null }
        @{ mode = 'no value'; wanted = $null }
    ) {
        $answer = ${function:Set-TestItem}
        Mock Get-ItemProperty { & $answer -Mode $mode }.GetNewClosure() -ModuleName _Registry
        Get-SeedRegistryValue -Path 'HKLM:\X' -Name Enabled | Should -Be $wanted
    }
    It 'fails for a key that it may not read, and where there is no registry' {
        $answer = ${function:Set-TestItem}
        Mock Get-ItemProperty { & $answer -Mode refused }.GetNewClosure() -ModuleName _Registry
        { Get-SeedRegistryValue -Path 'HKLM:\X' -Name Enabled } | Should -Throw '*not allowed*'
        Mock Get-Item { & $answer -Mode refused }.GetNewClosure() -ModuleName _Registry
        { Test-SeedRegistryKey -Path 'HKLM:\X' } | Should -Throw '*not allowed*'
        { Get-SeedRegistryValue -Path 'NOSUCHDRIVE:\X' -Name Enabled } | Should -Throw
    }
    It 'takes the errors of the real commands for a key or value that is not there' {
        New-TestWorld
        try {
            Get-SeedRegistryValue -Path 'E:\nosuch' -Name Length | Should -BeNullOrEmpty
            Get-SeedRegistryValue -Path 'E:\keep.txt' -Name Length | Should -BeGreaterThan 1
            Test-SeedRegistryKey -Path 'E:\keep.txt' | Should -BeTrue
            Test-SeedRegistryKey -Path 'E:\nosuch' | Should -BeFalse
            { Test-SeedRegistryKey -Path 'Q:\nosuch' } | Should -Throw
        }
        finally { Remove-TestWorld }
    }
    It 'shows a service by state and start mode, and null where there is none' {
        Mock Get-CimInstance {
            [CmdletBinding()]param($ClassName, $Filter)
            if ($Filter -eq "Name='Schedule'") { [pscustomobject]@{ State = 'Running'; StartMode = 'Auto' } }
        } -ModuleName _Registry
        $seen = Get-SeedService -Name Schedule
        "$($seen.name) $($seen.state) $($seen.start_mode)" | Should -Be 'Schedule Running Auto'
        Get-SeedService -Name NoSuch | Should -BeNullOrEmpty
    }
    It 'reads a property of any version of an object' {
        Get-SeedProperty -From ([pscustomobject]@{ A = 1 }) -Name A | Should -Be 1
        Get-SeedProperty -From ([pscustomobject]@{ A = 1 }) -Name B | Should -BeNullOrEmpty
        Get-SeedProperty -From $null -Name B | Should -BeNullOrEmpty
    }
}
