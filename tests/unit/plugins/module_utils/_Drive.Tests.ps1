# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'one disk by its serial' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Drive'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'has one form of <raw>' -ForEach @(
        @{ raw = '  WD-1 '; normal = 'WD-1' }
        @{ raw = 'nv1.'; normal = 'NV1' }
        @{ raw = "a`tb`0"; normal = 'AB' }
        @{ raw = ''; normal = '' }
    ) { ConvertTo-SeedSerial -Serial $raw | Should -BeExactly $normal }
    It 'finds a disk by serial' { (Find-SeedDisk -Serial 'WD-1').Number | Should -Be 1 }
    It 'refuses a serial that two disks have' {
        Add-TestDisk -Serial 'wd-1x' -Number 7
        Set-TestDisk -Serial 'wd-1x' -Change { $_.serial = 'wd-1' }
        { Find-SeedDisk -Serial 'WD-1' } | Should -Throw '*belongs to 2 disks*'
    }
    It 'names serials that a person may have meant' {
        Get-SeedNearSerial -Serial 'WD-WX31A10FEO2' -Known 'WD-WX31A10FE02', 'SYS' | Should -Be 'WD-WX31A10FE02'
        Get-SeedNearSerial -Serial 'WX31A10FE02' -Known 'WD-WX31A10FE02' | Should -Be 'WD-WX31A10FE02'
        Get-SeedNearSerial -Serial 'WD-WX31A10FE02' -Known 'WD-WX31A10FE99', 'X' | Should -BeNullOrEmpty
    }
    It 'fails when the disks cannot be asked' {
        Mock Get-Disk { [CmdletBinding()]param() Write-Error -Message 'WMI is down' } -ModuleName _Drive
        { Find-SeedDisk -Serial 'WD-1' } | Should -Throw '*WMI is down*'
    }
    It 'takes <known> for <near> of <serial>' -ForEach @(
        @{ serial = 'WD1'; known = 'WD-1234'; near = '' }
        @{ serial = 'WD-1234'; known = 'WD1'; near = '' }
        @{ serial = 'WD-WX31A10FE02'; known = 'WX31A10FE02'; near = 'WX31A10FE02' }
        @{ serial = 'S4L0'; known = 's4i0'; near = 'S4I0' }
    ) { "$(Get-SeedNearSerial -Serial $serial -Known $known)" | Should -BeExactly $near }
}
