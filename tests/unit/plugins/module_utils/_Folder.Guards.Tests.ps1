# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'files and folders that are not as they should be' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder'
        $bin = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin'
        $env:PATH = $bin + [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach {
        New-TestWorld
        $global:TestCount = 0
    }
    AfterEach { Remove-TestWorld }

    It 'never quotes what is no time' {
        Get-SeedTime -Value '' | Should -BeNullOrEmpty
        { Get-SeedTime -Value 'hush' } | Should -Throw 'A time is not of the form 2026-01-31T12:00:00Z.'
    }
    It 'reads a text as its byte-order mark says, and as UTF-8 without one' {
        $text = -join [char[]]@(0xDC, 0x5907, 0x4EFD)
        foreach ($encoding in 'utf-8', 'utf-16', 'utf-16BE') {
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\t'), $text,
                [System.Text.Encoding]::GetEncoding($encoding))
            Read-SeedText -Path 'C:\t' | Should -BeExactly $text
        }
        [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\t'), $text)
        Read-SeedText -Path 'C:\t' | Should -BeExactly $text
    }
    It 'looks <reads> times for a missing file, and waits in between, when expected is <expected>' -ForEach @(
        @{ expected = $true; reads = 6 }
        @{ expected = $false; reads = 1 }
    ) {
        Mock Read-SeedText {
            $global:TestCount++
            throw [System.IO.FileNotFoundException]::new('gone')
        } -ModuleName _Folder
        Mock Start-Sleep { $global:TestCount += 100 } -ModuleName _Folder
        (Read-SeedJson -Path 'C:\s.json' -Expected:$expected).state | Should -Be 'missing'
        $global:TestCount | Should -Be ($reads + 100 * ($reads - 1))
    }
    It 'writes no byte-order mark into JSON' {
        Write-SeedJson -Path 'C:\s.json' -Value @{ n = 1 }
        [System.IO.File]::ReadAllBytes((Resolve-SeedPath -Path 'C:\s.json'))[0] | Should -Be 123
    }
    It 'tries twenty times to replace a file, then fails and leaves nothing behind' {
        Mock Start-Sleep { $global:TestCount++ } -ModuleName _Folder
        $null = New-Item -ItemType Directory -Path 'C:\s.json'
        { Write-SeedJson -Path 'C:\s.json' -Value @{ n = 1 } } | Should -Throw
        $global:TestCount | Should -Be 19
        @(Get-ChildItem -LiteralPath 'C:\' -Filter '*.new').Count | Should -Be 0
    }
    It 'fails when a folder cannot be <what>' -ForEach @(
        @{ what = 'made'; cmdlet = 'New-Item' }
        @{ what = 'looked at'; cmdlet = 'Get-Item' }
    ) {
        Mock $cmdlet {
            [CmdletBinding()]param($Path, $LiteralPath, $ItemType, [switch]$Force)
            Write-Error -Message 'access is denied'
        } -ModuleName _Folder
        { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*access is denied*'
    }
    It 'refuses a file where a folder ought to be' {
        Set-Content -LiteralPath 'C:\work' -Value 'x' -Encoding utf8
        { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw "'C:\work' is not a folder*"
    }
    It 'names the step of icacls that failed' {
        Mock icacls.exe { $global:LASTEXITCODE = 5; 'Access is denied.' } -ModuleName _Folder
        { Set-SeedPrivateAcl -Path 'C:\' } | Should -Throw "*with icacls /setowner: Access is denied*"
    }
}
