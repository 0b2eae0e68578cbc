# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Which disks a rehearsal may use: those that it made on this host, and no other one.
Describe 'the disks of a rehearsal' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Registry', '_Prepare', '_Clean',
            '_Rehearsal'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $env:ProgramData = 'C:\ProgramData'
        & (Get-Module -Name _Rehearsal) { $script:Rehearsal.file_bytes = 1MB }
        function Get-TestVerdict([string]$Serial = 'REHEARSAL-1', [string]$Bus = 'VIRTUAL') {
            $listed = @{ serial = $Serial; bus = $Bus; erase = $true; files = @(); sessions = @() }
            $option = @{
                seed = 'rehearsal'
                container = 'rehearsal'
                work_directory = 'C:\ProgramData\Seedfreight\rehearsal\work'
                tool_path = 'C:\tool\tool.exe'
                drives = @($listed)
            }
            @(Get-SeedDrive -Option $option)[0].record
        }
        function Edit-TestRemembered([scriptblock]$Change) {
            $file = 'C:\ProgramData\Seedfreight\rehearsal\disks.json'
            $value = (Read-SeedJson -Path $file).value
            $null = ForEach-Object -InputObject $value.disks[0] -Process $Change
            Write-SeedJson -Path $file -Value $value
        }
        function Edit-TestDisk([string]$Serial, [scriptblock]$Change) {
            $disk = Get-LabDisk | Where-Object { $_.serial.Trim() -eq $Serial }
            Edit-LabDisk -Disk $disk -Change $Change
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\ProgramData'
        $made = New-SeedRehearsal
        # A process that began before has no letters of later disks.
        Mount-LabDrive
    }
    AfterEach { Remove-TestWorld }

    It 'are empty drives under the serials of the rehearsal' {
        $made.disks.serial | Should -Be 'REHEARSAL-1', 'REHEARSAL-2'
        $found = Get-TestVerdict
        $found.reason | Should -BeLike '*is empty.'
        $found.status, $found.bus_type, "$($found.allowed)" | Should -Be 'empty', 'File Backed Virtual', 'prepare'
        (Get-TestVerdict -Serial 'REHEARSAL-2').reason | Should -BeLike '*is empty.'
        (Find-SeedDisk -Serial 'REHEARSAL-1').UniqueId | Should -Be $made.disks[0].unique_id
    }
    It 'are refused as drives of a seed, on the bus <bus>' -ForEach @(
        'SATA', 'USB', 'SAS', 'RAID' | ForEach-Object { @{ bus = $_ } }
    ) {
        $found = Get-TestVerdict -Bus $bus
        $found.status, "$($found.allowed)" | Should -Be 'unusable', ''
        $found.reason | Should -BeLike '*attached by File Backed Virtual*'
    }
    It 'are no real disk: <real>' -ForEach @(@{ real = 'WD-1' }, @{ real = 'DATA' }) {
        $found = Get-TestVerdict -Serial $real
        $found.status, "$($found.allowed)" | Should -Be 'unusable', ''
        $found.reason | Should -BeLike '*is no disk that a rehearsal made on this host*'
    }
    It 'are no real disk that has their serial' {
        Edit-TestDisk -Serial 'WD-1' -Change { $_.serial = 'REHEARSAL-1' }
        (Get-TestVerdict).status | Should -Be 'unknown'
        Edit-TestRemembered -Change { $_.serial = 'REHEARSAL-9' }
        (Get-TestVerdict).reason | Should -BeLike '*is no disk that a rehearsal made on this host*'
    }
    It 'are no real disk that has their unique id' {
        Edit-TestDisk -Serial 'WD-1' -Change { $_.unique_id = $made.disks[0].unique_id }
        Get-SeedRehearsed -Disk (Get-Disk -Number 1) | Should -BeNullOrEmpty
    }
    It 'are no other virtual disk: <what>' -ForEach @(
        @{ what = 'one with another unique id'; change = { $_.unique_id = '6002248000000000000000000000FFFF' } }
        @{ what = 'one that lies elsewhere'; change = { $_.path = 'C:\ProgramData\other.vhdx' } }
        @{ what = 'a copy of the file, which has the same unique id'; change = { $_.path = $made.disks[1].path } }
    ) {
        Edit-TestRemembered -Change $change
        $found = Get-TestVerdict
        $found.status, $found.present | Should -Be 'missing', $false
    }
    It 'are none once they are detached' {
        Dismount-DiskImage -ImagePath $made.disks[0].path
        (Get-TestVerdict).status | Should -Be 'missing'
    }
    It 'are none when others could have written down which ones they are' {
        Mock Get-SeedFolderProblem { 'others could write to it' } -ModuleName _RehearsalDisk
        Get-SeedRehearsed -Disk (Get-Disk -Number 3) | Should -BeNullOrEmpty
        Test-SeedDriveId -DriveId 'X' -Serial 'REHEARSAL-1' | Should -BeFalse
    }
    It 'may be called anything by the tool, and a real drive only what it is' {
        Test-SeedDriveId -DriveId '6002248000' -Serial 'REHEARSAL-1' | Should -BeTrue
        Test-SeedDriveId -DriveId 'wd-1.' -Serial 'WD-1' | Should -BeTrue
        Test-SeedDriveId -DriveId '6002248000' -Serial 'WD-1' | Should -BeFalse
        Test-SeedDriveId -DriveId 'X' -Serial 'REHEARSAL-9' | Should -BeFalse
    }
}
