# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'paths, folders, times and small files' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder'
        $bin = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin'
        $env:PATH = $bin + [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'resolves paths for .NET' { [System.IO.File]::Exists((Resolve-SeedPath -Path 'E:\keep.txt')) | Should -BeTrue }
    It 'knows paths that lie on a drive' {
        Test-SeedDrivePath -Path '\s-1\a.AIBBlob' | Should -BeTrue
        foreach ($path in '', 'a', '\\server\share', '\..\x', '\a:b', '\a/b', '\a\', '\a \b') {
            Test-SeedDrivePath -Path $path | Should -BeFalse
        }
    }
    It 'writes times in UTC' {
        Get-SeedTime | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$'
        Get-SeedTime -Value '2026-01-01T01:00:00+01:00' | Should -Be '2026-01-01T00:00:00Z'
        Get-SeedTime -Value $null | Should -BeNullOrEmpty
    }
    It 'hashes files, and nothing for a file that is not there' {
        Get-SeedFileHash -Path 'E:\keep.txt' | Should -Match '^[0-9A-F]{32}$'
        Get-SeedFileHash -Path 'E:\no' | Should -BeNullOrEmpty
    }

    Context 'hashes' {
        It 'gives the published <algorithm> of abc, of a whole array, a part of one and a stream' -ForEach @(
            @{ algorithm = 'MD5'; want = '900150983CD24FB0D6963F7D28E17F72' }
            @{
                algorithm = 'SHA256'
                want = 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'
            }
        ) {
            $hash = New-SeedHash -Algorithm $algorithm
            $bytes = [System.Text.Encoding]::ASCII.GetBytes('xabcx')
            $stream = [System.IO.MemoryStream]::new($bytes, 1, 3)
            foreach ($made in $hash.ComputeHash($bytes, 1, 3), $hash.ComputeHash($stream),
                $hash.ComputeHash([byte[]]$bytes[1..3])) {
                [BitConverter]::ToString($made) -replace '-', '' | Should -BeExactly $want
            }
            $hash.Dispose()
        }
        It 'takes MD5 from Windows where the policy refuses the class of .NET, and only there' {
            (New-SeedHash -Algorithm MD5) -is [System.Security.Cryptography.MD5] | Should -BeTrue
            Mock Test-SeedFipsOnly { $true } -ModuleName _Folder
            Mock New-Object { [CmdletBinding()]param($TypeName) $TypeName } -ModuleName _Folder
            New-SeedHash -Algorithm MD5 | Should -BeExactly 'Seedfreight.WindowsMD5'
            # The class compiles everywhere; the library that it asks is only on Windows.
            $made = [Seedfreight.WindowsMD5]
            $made.IsSubclassOf([System.Security.Cryptography.HashAlgorithm]) | Should -BeTrue
        }
        It 'takes SHA-256 from a class that the policy allows' {
            Mock Test-SeedFipsOnly { $true } -ModuleName _Folder
            (New-SeedHash -Algorithm SHA256).GetType().Name | Should -BeExactly 'SHA256CryptoServiceProvider'
        }
        It 'is the only place that makes a hash' {
            $utilities = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
            $files = Get-ChildItem -LiteralPath $utilities -Filter '*.psm1' | Where-Object { $_.Name -ne '_Folder.psm1' }
            $made = $files | Select-String -Pattern '(MD5|SHA\d+|HashAlgorithm)\]::Create|Get-FileHash|SHA\d+Managed'
            $made | Should -HaveCount 0
        }
    }

    Context 'JSON files' {
        It 'keeps what was written, times as text and other alphabets too' {
            $name = -join [char[]]@(0xDC, 0x5907, 0x4EFD)
            Write-SeedJson -Path 'C:\s.json' -Value @{
                name = "D:\$name"
                at = '2026-01-01T00:00:00Z'
                list = @(@{ at = '2026-01-02T00:00:00Z' })
            }
            $read = Read-SeedJson -Path 'C:\s.json'
            $read.state | Should -Be 'ok'
            $read.value.name | Should -BeExactly "D:\$name"
            $read.value.at | Should -BeExactly '2026-01-01T00:00:00Z'
            $read.value.list[0].at | Should -BeExactly '2026-01-02T00:00:00Z'
        }
        It 'tells a missing file from a torn one' {
            (Read-SeedJson -Path 'C:\none\s.json' -Expected).state | Should -Be 'missing'
            foreach ($text in '', '{"a": ', 'null', '[1]') {
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\s.json'), $text)
                (Read-SeedJson -Path 'C:\s.json').state | Should -Be 'torn'
            }
        }
        It 'is never missing or torn for a reader while it is replaced' {
            Write-SeedJson -Path 'C:\s.json' -Value @{ n = 0 }
            $native = Resolve-SeedPath -Path 'C:\s.json'
            $reader = [powershell]::Create().AddScript({
                    param($path, $stop)
                    $bad = 0
                    while (-not [System.IO.File]::Exists($stop)) {
                        try {
                            $share = [System.IO.FileShare]'ReadWrite, Delete'
                            $stream = [System.IO.FileStream]::new($path, 'Open', 'Read', $share)
                            $text = [System.IO.StreamReader]::new($stream).ReadToEnd()
                            $stream.Dispose()
                            if (-not $text.EndsWith('}')) { $bad++ }
                        }
                        catch { $bad++ }
                    }
                    $bad
                }).AddArgument($native).AddArgument("$native.stop")
            $work = $reader.BeginInvoke()
            foreach ($n in 1..150) { Write-SeedJson -Path 'C:\s.json' -Value @{ n = $n } }
            [System.IO.File]::WriteAllText("$native.stop", '')
            $reader.EndInvoke($work)[0] | Should -Be 0
            @(Get-ChildItem -LiteralPath 'C:\' -Filter '*.new').Count | Should -Be 0
        }
        It 'keeps the old content when a file cannot be replaced' {
            Write-SeedJson -Path 'C:\s.json' -Value @{ n = 1 }
            Mock ConvertTo-Json { throw 'disk full' } -ModuleName _Folder
            { Write-SeedJson -Path 'C:\s.json' -Value @{ n = 2 } } | Should -Throw '*disk full*'
            (Read-SeedJson -Path 'C:\s.json').value.n | Should -Be 1
        }
    }

    Context 'private folders' {
        It 'makes every folder on the way private' {
            New-SeedPrivateFolder -Path 'C:\work\seeds\a' -Root 'C:\work'
            foreach ($path in 'C:\work', 'C:\work\seeds', 'C:\work\seeds\a') {
                (Get-Item -LiteralPath $path).UnixMode | Should -Be 'drwx------'
            }
        }
        It 'takes a folder over that somebody made before for all to write' {
            $null = New-Item -Path 'C:\work' -ItemType Directory
            & chmod 777 (Resolve-SeedPath -Path 'C:\work')
            New-SeedPrivateFolder -Path 'C:\work'
            (Get-Item -LiteralPath 'C:\work').UnixMode | Should -Be 'drwx------'
        }
        It 'refuses a link on the way' {
            $null = New-Item -Path 'C:\real' -ItemType Directory
            $real = Resolve-SeedPath -Path 'C:\real'
            $null = New-Item -Path (Resolve-SeedPath -Path 'C:\work') -ItemType SymbolicLink -Value $real
            { New-SeedPrivateFolder -Path 'C:\work\a' -Root 'C:\work' } | Should -Throw '*link or junction*'
        }
        It 'fails when Windows refuses' {
            Mock icacls.exe { $global:LASTEXITCODE = 5; 'Access is denied.' } -ModuleName _Folder
            { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*could not be made private*Access is denied*'
        }
        It 'refuses a path that is not below its root' {
            { New-SeedPrivateFolder -Path 'C:\b\a' -Root 'C:\a' } | Should -Throw '*not below*'
        }
    }
}
