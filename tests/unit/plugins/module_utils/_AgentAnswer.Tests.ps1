# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'answers of a backup agent' {
    BeforeAll {
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        Import-Module -Name "$utils/_AgentAnswer.psm1" -Force -Global
        function New-TestAnswer { [ordered]@{ unknown = [ordered]@{}; jobs = $null; policy = $null } }
    }

    It 'reads <path> of an object' -ForEach @(
        @{ path = 'a.b'; value = '1' }
        @{ path = 'a.none'; value = $null }
        @{ path = 'none.b.c'; value = $null }
        @{ path = 'a'; value = '@{b=1}' }
    ) {
        Get-SeedText -InputObject ([pscustomobject]@{ a = [pscustomobject]@{ b = 1 } }) -Path $path | Should -Be $value
    }
    It 'takes the first path that leads to a value' {
        Get-SeedValue -InputObject ([pscustomobject]@{ b = 2 }) -Path 'a.b', 'b' | Should -Be 2
    }
    It 'reads nothing of nothing' {
        Get-SeedValue -InputObject $null -Path 'a' | Should -BeNullOrEmpty
        Get-SeedText -InputObject $null -Path 'a' | Should -BeNullOrEmpty
    }

    It 'takes a time without a zone as UTC: <text>' -ForEach @(
        @{ text = '2015-09-05T16:00:00'; utc = '2015-09-05T16:00:00Z' }
        @{ text = '2015-09-05T16:00:00Z'; utc = '2015-09-05T16:00:00Z' }
        @{ text = '2015-09-05T18:00:00+02:00'; utc = '2015-09-05T16:00:00Z' }
        @{ text = 'yesterday'; utc = $null }
        @{ text = ''; utc = $null }
    ) {
        ConvertTo-SeedTime -Value $text | Should -Be $utc
    }
    It 'takes a DateTime of kind <kind> as it means itself' -ForEach @(
        @{ kind = 'Unspecified' }, @{ kind = 'Utc' }, @{ kind = 'Local' }
    ) {
        $utc = [DateTime]::SpecifyKind([DateTime]'2026-01-02T12:00:00', 'Utc')
        $value = $utc
        if ($kind -eq 'Unspecified') { $value = [DateTime]::SpecifyKind($utc, 'Unspecified') }
        if ($kind -eq 'Local') { $value = $utc.ToLocalTime() }
        ConvertTo-SeedTime -Value $value | Should -BeExactly '2026-01-02T12:00:00Z'
    }
    It 'has no time for the zero of .NET and of Windows' {
        ConvertTo-SeedTime -Value ([DateTime]::MinValue) | Should -BeNullOrEmpty
        ConvertTo-SeedTime -Value ([DateTime]'1601-01-01') | Should -BeNullOrEmpty
        ConvertTo-SeedTime -Value $null | Should -BeNullOrEmpty
    }
    It 'keeps milliseconds where they are asked for' {
        $value = '2026-01-02T12:00:00.1234567Z'
        ConvertTo-SeedTime -Value $value -Millisecond | Should -BeExactly '2026-01-02T12:00:00.123Z'
    }

    It 'gives a reason in one line' {
        try { throw "a`r`n  b" } catch { ConvertTo-SeedReason -ErrorRecord $_ | Should -BeExactly 'a b' }
        try { throw ('x' * 999) } catch { (ConvertTo-SeedReason -ErrorRecord $_).Length | Should -Be 300 }
    }
    It 'has a stable id for a text' {
        Get-SeedShortHash -Text 'abc' | Should -BeExactly 'ba7816bf8f01'
        Get-SeedShortHash -Text '' | Should -BeExactly 'e3b0c44298fc'
    }

    Context 'one question' {
        It 'is answered' {
            $backup = New-TestAnswer
            Add-SeedAnswer -Backup $backup -Question policy -Cmdlet 'Get-Item' -Ask { 'p' }
            $backup.policy | Should -Be 'p'
            $backup.unknown.Count | Should -Be 0
        }
        It 'is answered with nothing' {
            $backup = New-TestAnswer
            Add-SeedAnswer -Backup $backup -Question policy -Cmdlet 'Get-Item' -Ask { }
            Add-SeedAnswer -Backup $backup -Question jobs -Cmdlet 'Get-Item' -Many -Ask { $null }
            $null -eq $backup.policy | Should -BeTrue
            $backup.jobs.Count | Should -Be 0
            $backup.unknown.Count | Should -Be 0
        }
        It 'has an answer of one thing as a list' {
            $backup = New-TestAnswer
            Add-SeedAnswer -Backup $backup -Question jobs -Cmdlet 'Get-Item' -Many -Ask { 'one' }
            $backup.jobs -is [array] | Should -BeTrue
        }
        It 'is not known when the cmdlet is missing' {
            $backup = New-TestAnswer
            $cmdlets = 'Get-Item', 'Get-OBNothing'
            Add-SeedAnswer -Backup $backup -Question jobs -Cmdlet $cmdlets -Many -Ask { throw 'asked' }
            $null -eq $backup.jobs | Should -BeTrue
            $backup.unknown['jobs'] | Should -BeLike '*no cmdlet Get-OBNothing.'
        }
        It 'is not known when the cmdlet fails, and the list is not a part of it' {
            $backup = New-TestAnswer
            Add-SeedAnswer -Backup $backup -Question jobs -Cmdlet 'Get-Item' -Many -Ask { 'one'; throw "no`nanswer" }
            $null -eq $backup.jobs | Should -BeTrue
            $backup.unknown['jobs'] | Should -BeExactly 'no answer'
        }
    }
}
