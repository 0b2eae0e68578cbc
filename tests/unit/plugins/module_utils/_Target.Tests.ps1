# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the last look at a drive and what is done to it' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'gives an empty drive one partition with a letter' {
        $made = Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk
        $made.letter | Should -Be 'D'
        (Get-SeedDiskFact -Serial 'WD-1').disk.partition_guid | Should -Be $made.partition_guid
    }
    It 'makes a new table where an old one was' {
        $made = Initialize-SeedDrive -Serial DATA -Seen (Get-SeedDiskFact -Serial DATA).disk
        $made.partition_guid | Should -Not -Be '{00000000-0000-4000-8000-000000000002}'
        $made.size_bytes | Should -BeGreaterThan 1000000
    }
    It 'stops when the drive is another one by now' {
        $seen = (Get-SeedDiskFact -Serial DATA).disk
        Set-TestDisk -Serial DATA -Change { $_.unique_id = 'other' }
        { Initialize-SeedDrive -Serial DATA -Seen $seen } | Should -Throw '*changed while*'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'stops when the number belongs to another disk by now' {
        $seen = (Get-SeedDiskFact -Serial 'WD-1').disk
        Set-TestDisk -Serial 'WD-1' -Change { $_.number = 2 }
        Set-TestDisk -Serial DATA -Change { $_.number = 1 }
        { Initialize-SeedDrive -Serial 'WD-1' -Seen $seen } | Should -Throw '*changed while*'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'brings an offline disk online only to read it, and takes it back' {
        Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
        $seen = (Get-SeedDiskFact -Serial DATA).disk
        $readOnly = Open-SeedDrive -Serial DATA -Seen $seen
        $readOnly | Should -BeFalse
        $disk = Get-Disk -Number 2
        "$($disk.IsOffline) $($disk.IsReadOnly)" | Should -Be 'False True'
        (Get-SeedDiskFact -Serial DATA).content.kind | Should -Be 'data'
        Close-SeedDrive -Serial DATA -Seen $seen -ReadOnly $readOnly
        $disk = Get-Disk -Number 2
        "$($disk.IsOffline) $($disk.IsReadOnly)" | Should -Be 'True False'
    }
    It 'leaves a disk alone that stays read-only' {
        Set-TestDisk -Serial DATA -Change { $_.is_read_only = $true }
        Mock Set-Disk { [CmdletBinding()]param($InputObject, $IsReadOnly) } -ModuleName _Target
        { Initialize-SeedDrive -Serial DATA -Seen (Get-SeedDiskFact -Serial DATA).disk } |
            Should -Throw '*stays read-only*Nothing was erased*'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'leaves a disk alone when no letter is free' {
        Mock Get-PSDrive {
            [CmdletBinding()]param($PSProvider)
            [char[]]'DFGHIJKLMNOPQRSTUVWXYZ' | ForEach-Object { [pscustomobject]@{ Name = "$_" } }
        } -ModuleName _Target
        { Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk } |
            Should -Throw '*No drive letter*Nothing was erased*'
        (Get-Disk -Number 1).PartitionStyle | Should -Be 'RAW'
        # The letter of the disk itself becomes free.
        $made = Initialize-SeedDrive -Serial DATA -Seen (Get-SeedDiskFact -Serial DATA).disk
        $made.letter | Should -Not -BeNullOrEmpty
    }
    It 'makes a GUID partition table where an MBR was' {
        Set-TestDisk -Serial DATA -Change { $_.partition_style = 'MBR' }
        $null = Initialize-SeedDrive -Serial DATA -Seen (Get-SeedDiskFact -Serial DATA).disk
        (Get-Disk -Number 2).PartitionStyle | Should -Be 'GPT'
    }
    It 'says that a disk may be partitioned in part once it was cleared' {
        $seen = (Get-SeedDiskFact -Serial DATA).disk
        Mock Update-Disk {
            [CmdletBinding()]param($InputObject)
            Set-TestDisk -Serial DATA -Change { $_.unique_id = 'other' }
        } -ModuleName _Target
        { Initialize-SeedDrive -Serial DATA -Seen $seen } | Should -Throw '*partitioned only in part*'
    }
    It 'takes a disk for another one: <what>' -ForEach @(
        @{ what = 'unique id'; change = { $_.UniqueId = 'x' } }
        @{ what = 'size'; change = { $_.Size++ } }
        @{ what = 'number'; change = { $_.Number = 9 } }
        @{ what = 'no number'; change = { $_.Number = $null } }
        @{ what = 'a cluster'; change = { $_.IsClustered = $true } }
        @{ what = 'a boot disk'; change = { $_.IsBoot = $true } }
    ) {
        $disk = Get-Disk -Number 2
        $seen = (Get-SeedDiskFact -Serial DATA).disk
        Test-SeedSameDisk -Disk $disk -Seen $seen | Should -BeTrue
        $null = ForEach-Object -InputObject $disk -Process $change
        Test-SeedSameDisk -Disk $disk -Seen $seen | Should -BeFalse
        Test-SeedSameDisk -Disk $null -Seen $seen | Should -BeFalse
    }
    It 'says when there is no letter' {
        Mock New-Partition { [CmdletBinding()]param($InputObject, [switch]$UseMaximumSize,
            [switch]$AssignDriveLetter) [pscustomobject]@{ Guid = '{none}' } } -ModuleName _Target
        { Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk -WaitSeconds 0 } |
            Should -Throw '*no drive letter*'
    }
}
