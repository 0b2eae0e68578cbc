# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'making and removing a rehearsal' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Registry', '_Prepare', '_Clean',
            '_Rehearsal'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $env:ProgramData = 'C:\ProgramData'
        & (Get-Module -Name _Rehearsal) { $script:Rehearsal.file_bytes = 1MB }
        $folder = 'C:\ProgramData\Seedfreight\rehearsal'
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\ProgramData'
        $before = @(Get-Disk).Count
    }
    AfterEach { Remove-TestWorld }

    It 'makes two disks, the last with an empty volume, and files' {
        $made = New-SeedRehearsal
        @(Get-Disk).Count | Should -Be ($before + 2)
        @(Get-Partition -DiskNumber (Get-DiskImage -ImagePath $made.disks[1].path).Number).Count | Should -Be 2
        Find-SeedDisk -Serial 'REHEARSAL-1' | ForEach-Object { $_.PartitionStyle } | Should -Be 'RAW'
        @(Get-ChildItem -LiteralPath $made.source_directory | ForEach-Object { $_.Length }) | Should -Be 1MB, 1MB, 1MB
        @(Get-SeedFolderAccess -Path $folder).private | Should -BeTrue
    }
    It 'makes none beside another one' {
        $null = New-SeedRehearsal
        { New-SeedRehearsal } | Should -Throw '*is there: another rehearsal runs, or one was killed*'
        @(Get-Disk).Count | Should -Be ($before + 2)
    }
    It 'removes everything, and nothing else' {
        $made = New-SeedRehearsal
        Remove-SeedRehearsal -CheckMode $true | Should -Be $made.disks.path
        @(Get-Disk).Count | Should -Be ($before + 2)
        Remove-SeedRehearsal -CheckMode $false | Should -Be $made.disks.path
        @(Get-Disk).Count | Should -Be $before
        Test-Path -LiteralPath $folder | Should -BeFalse
        Get-Content -LiteralPath 'E:\keep.txt' | Should -Be 'keep'
    }
    It 'removes what a run left that was killed <when>' -ForEach @(
        @{
            when = 'before the first disk was written down'
            change = {
                Remove-Item -LiteralPath "$folder\disks.json"
                Remove-Item -LiteralPath "$folder\source" -Recurse
            }
        }
        @{
            when = 'between its two disks'
            change = {
                Dismount-DiskImage -ImagePath "$folder\REHEARSAL-2.vhdx"
                Remove-Item -LiteralPath "$folder\REHEARSAL-2.vhdx"
            }
        }
        @{
            when = 'while it removed everything'
            change = { Dismount-DiskImage -ImagePath "$folder\REHEARSAL-1.vhdx" }
        }
    ) {
        $null = New-SeedRehearsal
        & $change
        $null = Remove-SeedRehearsal -CheckMode $false
        @(Get-Disk).Count | Should -Be $before
        Test-Path -LiteralPath $folder | Should -BeFalse
    }
    It 'removes a disk that was not written to its end, which Windows cannot read' {
        $null = New-SeedRehearsal
        Dismount-DiskImage -ImagePath "$folder\REHEARSAL-2.vhdx"
        Mock Get-DiskImage {
            [CmdletBinding()]param($ImagePath)
            if ($ImagePath -like '*REHEARSAL-2*') { Write-Error -Message 'The file or directory is corrupted.' }
            else { Storage\Get-DiskImage -ImagePath $ImagePath }
        } -ModuleName _Rehearsal
        $null = Remove-SeedRehearsal -CheckMode $false
        Test-Path -LiteralPath $folder | Should -BeFalse
        @(Get-Disk).Count | Should -Be $before
    }
    It 'stays when a disk cannot be detached' {
        $null = New-SeedRehearsal
        Mock Dismount-DiskImage { throw 'in use' } -ModuleName _Rehearsal
        { Remove-SeedRehearsal -CheckMode $false } | Should -Throw 'in use'
        Test-Path -LiteralPath "$folder\disks.json" | Should -BeTrue
    }
    It 'says what diskpart said' {
        $null = New-Item -ItemType Directory -Path $folder
        { New-SeedRehearsalDisk -Serial 'NO\SUCH' -Volume $false } |
            Should -Throw 'diskpart.exe ended with 3.*The system cannot find the path specified.*'
    }
    It 'takes no disk that Windows does not show as a virtual one' {
        $null = New-Item -ItemType Directory -Path $folder
        Mock Get-Disk { [pscustomobject]@{ BusType = 'SATA'; UniqueId = 'X' } } -ModuleName _Rehearsal
        { New-SeedRehearsalDisk -Serial 'REHEARSAL-1' -Volume $false } | Should -Throw '*which is no virtual disk.'
    }
}
