# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'recovery passwords in the directory' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/bitlocker.ps1')
        $id = '{11111111-0000-4000-8000-000000000001}'
        function Save-TestKey {
            $volume = Get-SeedBitLockerState -Letter E -Wanted @{ protectors = @() }
            Save-SeedDirectoryKey -Volume $volume -Key @{ id = $id; value = $Password[0] }
        }
        function Get-TestEntry {
            (Read-LabFile -Path "$env:LAB_HOME/directory.json").$id
        }
    }
    BeforeEach {
        New-TestWorld
        $null = Set-TestSituation -Name encrypted
        Set-TestPolicy -Name FDVActiveDirectoryBackup -Value 1
    }
    AfterEach { Remove-TestWorld }

    It 'reads back what it wrote, and writes it once' {
        Set-TestDomain
        $found = Save-TestKey
        "$($found.id) $($found.proof)$($found.text)" | Should -Be "$id read"
        (Get-TestEntry).secret | Should -Be $Password[0]
        # What is there already needs no policy and no writing.
        Set-TestPolicy -Name FDVActiveDirectoryBackup -Value 0
        "$((Save-TestKey).proof)" | Should -Be 'read'
    }
    It 'says that it is written only where <shows>, opposite <opposite>' -ForEach @(
        @{ shows = 'logon'; opposite = $false; text = '*could not be asked (COMException 0x80072020)*become*' }
        @{ shows = 'nothing'; opposite = $false; text = '*shows this account no entry*right*' }
        @{ shows = 'nothing'; opposite = $true; text = '*shows this account the entry without its password*right*' }
    ) {
        Set-TestChoice -Choice 'directory-without-right' -Opposite $opposite
        Set-TestDomain -Shows $shows
        $found = Save-TestKey
        $found.proof | Should -Be 'written'
        $found.text | Should -BeLike $text
        (Get-TestEntry).secret | Should -Be $Password[0]
        $found.text.Contains($Password[0]) | Should -BeFalse
    }
    It 'does not count what it did not write: <what>' -ForEach @(
        @{ what = 'no domain'; domain = $false; policy = 1; text = '*(0x8007054B)*domain*' }
        @{ what = 'the policy is off'; domain = $true; policy = 0; text = '*policy*is off*' }
    ) {
        if ($domain) { Set-TestDomain }
        Set-TestPolicy -Name FDVActiveDirectoryBackup -Value $policy
        $found = Save-TestKey
        $found.proof | Should -BeExactly ''
        $found.text | Should -BeLike $text
    }
    It 'does not count another password under the id' {
        Set-TestDomain
        $null = Save-TestKey
        Edit-LabFile -Path "$env:LAB_HOME/directory.json" -Change { $_.$id.secret = $Password[1] }
        $found = Save-TestKey
        $found.proof | Should -BeExactly ''
        $found.text | Should -BeLike "*another recovery password for the protector $id*"
        "$($found.text)".Contains($Password[1]) | Should -BeFalse
    }
    It 'hands keys on only in what Windows logs without its values' {
        $bare = foreach ($name in 'Save-SeedDirectoryKey', 'Find-SeedDirectoryKey', 'Compare-SeedDirectoryKey') {
            $all = & (Get-Module -Name _BitLockerDirectory) { (Get-Command -Name $args[0]).Parameters } $name
            $all.Keys | Where-Object { $_ -in 'Value', 'Secret', 'Password' }
        }
        @($bare).Count | Should -Be 0
        (Get-Command -Name Save-SeedDirectoryKey).Parameters['Key'].ParameterType | Should -Be ([hashtable])
    }
}
