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
        Test-SeedDrivePath -Path "\$('a' * 2047)" | Should -BeTrue
        $odd = '', 'a', '\\server\share', '\..\x', '\a:b', '\a/b', '\a\', '\a \b', '\a.', '\a*', '\a?', '\a"b', '\<a',
            '\a>', '\a|b', "\a`n", "\a`u{7f}", "\a`u{85}b", "\$('a' * 2048)"
        foreach ($path in $odd) {
            Test-SeedDrivePath -Path $path | Should -BeFalse
        }
        $devices = 'NUL', 'nul.txt', 'Con.tar.gz', 'PRN  .x', 'aux ', 'com1', 'Lpt9', "COM`u{b2}", 'ConIn$', 'CONOUT$.x'
        foreach ($name in $devices) {
            Test-SeedDrivePath -Path "\$name" | Should -BeFalse
            Test-SeedDrivePath -Path "\a\$name\b" | Should -BeFalse
        }
        $almost = 'console', 'nul1', 'a.nul', 'COM0', 'com10', 'lpt', "`u{130}con", "con`u{131}n$", 'con-1'
        foreach ($name in $almost) {
            Test-SeedDrivePath -Path "\$name" | Should -BeTrue
            Test-SeedDrivePath -Path "\$name\$name.x" | Should -BeTrue
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
        It 'makes the published <algorithm> of abc, of a whole array, a part of one and a stream' -ForEach @(
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
            $others = Get-ChildItem -LiteralPath $utilities -Filter '*.psm1' -Exclude '_Folder.psm1'
            $others | Select-String -Pattern '(MD5|SHA\d+|HashAlgorithm)\]::Create|Get-FileHash|SHA\d+Managed' |
                Should -HaveCount 0
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
        It 'is on the disk before it has its name, so that a power cut leaves no file of zeros: <writer>' -ForEach @(
            @{ writer = 'Write-SeedJson'; name = '::Replace(' }
            @{ writer = 'Write-SeedJson'; name = '::Move(' }
            @{ writer = 'New-SeedPrivateFile'; name = '$stream.Dispose()' }
        ) {
            # A power cut cannot be played: the order of the calls is what can be seen.
            $text = (Get-Command -Name $writer).Definition
            $flushed = $text.IndexOf('$stream.Flush($true)', [StringComparison]::Ordinal)
            $flushed | Should -BeGreaterThan ($text.IndexOf('$stream.Write(', [StringComparison]::Ordinal))
            $text.IndexOf($name, [StringComparison]::Ordinal) | Should -BeGreaterThan $flushed
        }
        It 'keeps the old content when a file cannot be replaced' {
            Write-SeedJson -Path 'C:\s.json' -Value @{ n = 1 }
            Mock ConvertTo-Json { throw 'disk full' } -ModuleName _Folder
            { Write-SeedJson -Path 'C:\s.json' -Value @{ n = 2 } } | Should -Throw '*disk full*'
            (Read-SeedJson -Path 'C:\s.json').value.n | Should -Be 1
        }
    }

    Context 'folders that are removed' {
        BeforeEach {
            $null = New-Item -ItemType Directory -Path 'C:\victim', 'C:\t\a\b'
            Set-Content -LiteralPath 'C:\victim\keep' -Value 'keep' -Encoding utf8
            foreach ($name in 'a\b\x', 'a\first', 'a\last', 'a\other', 'z') {
                Set-Content -LiteralPath "C:\t\$name" -Value 'x' -Encoding utf8
            }
            $victim = Resolve-SeedPath -Path 'C:\victim'
            $native = Resolve-SeedPath -Path 'C:\t'
        }
        It 'take no other folder with them, that a link in them leads to' {
            $null = [System.IO.Directory]::CreateSymbolicLink("$native/a/folder", $victim)
            $null = [System.IO.File]::CreateSymbolicLink("$native/a/file", "$victim/keep")
            $null = [System.IO.File]::CreateSymbolicLink("$native/a/nowhere", "$native/none")
            @(Get-SeedTreeItem -Path 'C:\t' | Where-Object { $_.Name -eq 'keep' }) | Should -HaveCount 0
            Remove-SeedTree -Path 'C:\t'
            Test-Path -LiteralPath 'C:\t' | Should -BeFalse
            Test-Path -LiteralPath 'C:\victim\keep' | Should -BeTrue
        }
        It 'are only a link where they are one' {
            $null = [System.IO.Directory]::CreateSymbolicLink("$native/link", $victim)
            Remove-SeedTree -Path 'C:\t\link'
            Test-Path -LiteralPath 'C:\t\link' | Should -BeFalse
            Test-Path -LiteralPath 'C:\victim\keep' | Should -BeTrue
        }
        It 'go with files that are read-only or hidden' {
            (Get-Item -LiteralPath 'C:\t\z').Attributes = 'ReadOnly'
            Set-Content -LiteralPath 'C:\t\a\.hidden' -Value 'x' -Encoding utf8
            Remove-SeedTree -Path 'C:\t'
            Test-Path -LiteralPath 'C:\t' | Should -BeFalse
        }
        It 'keep some files until everything else in their folder is gone' {
            $names = @(Get-SeedTreeItem -Path 'C:\t\a' -Last 'last', 'first' | ForEach-Object { $_.Name })
            ($names | Select-Object -Last 3) -join ' ' | Should -Be 'last first a'
            $names.IndexOf('b') | Should -BeGreaterThan $names.IndexOf('x')
        }
        It 'go by nothing that follows links' {
            $utilities = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
            Get-ChildItem -LiteralPath $utilities -Filter '*.psm1' |
                Select-String -Pattern 'Remove-Item .*-Recurse' | Should -HaveCount 0
        }
    }

    Context 'private folders' {
        BeforeAll {
            $user = 'S-1-5-21-1-2-3-1001'
            $all = 0x1F01FF
            function Get-TestAccess([string]$Path) { Get-SeedFolderAccess -Path $Path }
        }
        It 'makes every folder on the way private, and leaves them alone the next time' {
            New-SeedPrivateFolder -Path 'C:\work\seeds\a' -Root 'C:\work'
            foreach ($path in 'C:\work', 'C:\work\seeds', 'C:\work\seeds\a') {
                (Get-Item -LiteralPath $path).UnixMode | Should -Be 'drwx------'
                (Get-TestAccess -Path $path).private | Should -BeTrue
            }
            Mock icacls.exe { throw 'not again' } -ModuleName _Folder
            New-SeedPrivateFolder -Path 'C:\work\seeds\a' -Root 'C:\work'
        }
        It 'makes folders above it too, which stay as Windows makes them' {
            New-SeedPrivateFolder -Path 'C:\one\two\work' -Root 'C:\one\two\work'
            (Get-TestAccess -Path 'C:\one\two\work').private | Should -BeTrue
            (Get-TestAccess -Path 'C:\one\two').private | Should -BeFalse
        }
        It 'replaces an empty folder <what>, which its maker may have open' -ForEach @(
            @{ what = 'of a user'; acl = @{ Owner = 'S-1-5-21-1-2-3-1001' } }
            @{ what = 'for all to change'; acl = @{ Rule = @(@{ sid = 'S-1-1-0'; rights = 0x1F01FF }) } }
            @{ what = 'that a user made private'; acl = @{ Owner = 'S-1-5-21-1-2-3-1001'; Mode = '1700' } }
            @{ what = 'that inherited rights to add files'; acl = @{ } }
        ) {
            $null = New-Item -Path 'C:\work' -ItemType Directory
            Set-TestAcl -Path 'C:\work' @acl
            Get-SeedFolderProblem -Path 'C:\work' | Should -BeNullOrEmpty
            New-SeedPrivateFolder -Path 'C:\work'
            # The mark of the old folder would still be there.
            (Get-Item -LiteralPath 'C:\work').UnixMode | Should -Be 'drwx------'
        }
        It 'trusts nothing in a folder <what>' -ForEach @(
            @{
                what = 'of a user'
                path = 'C:\work'
                acl = @{ Owner = 'S-1-5-21-1-2-3-1001' }
                who = '*-1001*could write*'
            }
            @{
                what = 'that a user made private'
                path = 'C:\work'
                acl = @{ Owner = 'S-1-5-21-1-2-3-1001'; Mode = '1700' }
                who = '*-1001*could write*'
            }
            @{ what = 'that inherited'; path = 'C:\work'; acl = @{ }; who = '*S-1-5-32-545 could*' }
            @{
                what = 'whose new files others may change'
                path = 'C:\work'
                acl = @{ Mode = '1700'; Rule = @(@{ sid = 'S-1-1-0'; rights = 2; inherit_only = $true }) }
                who = '*S-1-1-0 could*'
            }
            @{
                what = 'further down'
                path = 'C:\work\seeds'
                acl = @{ Rule = @(@{ sid = 'S-1-1-0'; rights = 0x10000000 }) }
                who = '*work\seeds*S-1-1-0 could*'
            }
        ) {
            New-SeedPrivateFolder -Path 'C:\work\seeds' -Root 'C:\work'
            foreach ($name in 'runner.ps1', 'order.json') {
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "$path\$name"), '{}')
            }
            Set-TestAcl -Path $path @acl
            Get-SeedFolderProblem -Path 'C:\work\seeds' -Root 'C:\work' | Should -BeLike $who
            { New-SeedPrivateFolder -Path 'C:\work\seeds\a' -Root 'C:\work' } | Should -Throw '*None of it is trusted*'
            Test-Path -LiteralPath "$path\runner.ps1" | Should -BeTrue
            Test-Path -LiteralPath 'C:\work\seeds\a' | Should -BeFalse
        }
        It 'takes away foreign rights to read, and keeps what is there' {
            New-SeedPrivateFolder -Path 'C:\work'
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\work\kept'), '')
            # The Explorer gives such a right to an administrator who looks into the folder.
            Set-TestAcl -Path 'C:\work' -Mode 1700 -Rule @{ sid = $user; rights = 0x1200A9 }
            (Get-TestAccess -Path 'C:\work').private | Should -BeFalse
            Get-SeedFolderProblem -Path 'C:\work' | Should -BeNullOrEmpty
            New-SeedPrivateFolder -Path 'C:\work'
            (Get-TestAccess -Path 'C:\work').private | Should -BeTrue
            Test-Path -LiteralPath 'C:\work\kept' | Should -BeTrue
        }
        It 'does not mind rights that are denied, and placeholders' {
            New-SeedPrivateFolder -Path 'C:\work'
            Set-TestAcl -Path 'C:\work' -Mode 1700 -Rule @(
                @{ sid = $user; rights = $all; type = 'Deny' }
                @{ sid = 'S-1-3-0'; rights = 0x10000000; inherit_only = $true }
            )
            (Get-TestAccess -Path 'C:\work').private | Should -BeTrue
        }
        It 'refuses a folder above that <what>' -ForEach @(
            @{ what = 'others may rename'; path = 'C:\in'; rule = @{ sid = 'S-1-5-11'; rights = 0x1301BF } }
            @{ what = 'others may empty'; path = 'C:\in'; rule = @{ sid = 'S-1-5-11'; rights = 0x40 } }
            @{ what = 'others may take'; path = 'C:\in'; rule = @{ sid = 'S-1-5-11'; rights = 0x80000 } }
            @{ what = 'others control as a root'; path = 'E:\'; rule = @{ sid = 'S-1-1-0'; rights = 0x1F01FF } }
        ) {
            $null = New-Item -Path $path -ItemType Directory -Force
            Set-TestAcl -Path $path -Rule $rule
            $below = $path.TrimEnd('\') + '\work'
            $problem = Get-SeedFolderProblem -Path $below
            $problem | Should -BeLike "*$($rule.sid) may rename or remove '$path'*"
            { New-SeedPrivateFolder -Path $below } | Should -Throw '*cannot be kept private*'
            Test-Path -LiteralPath $below | Should -BeFalse
        }
        It 'refuses a folder above that belongs to a user' {
            $null = New-Item -Path 'C:\in' -ItemType Directory
            Set-TestAcl -Path 'C:\in' -Owner $user
            Get-SeedFolderProblem -Path 'C:\in\work' | Should -BeLike "*$user may rename or remove 'C:\in'*"
        }
        It 'does not mind that others may remove the root of a volume, which they cannot' {
            Set-TestAcl -Path 'E:\' -Rule @{ sid = 'S-1-5-11'; rights = 0x1301BF }
            Get-SeedFolderProblem -Path 'E:\work' | Should -BeNullOrEmpty
        }
        It 'refuses a place where others may rename what is new' {
            $global:TestTakers = @('S-1-5-11')
            Mock Get-SeedFolderAccess {
                param($Path)
                [pscustomobject]@{ owner = 'S-1-5-21-1-2-3-1001'; takers = $global:TestTakers }
            } -ModuleName _Folder
            { Add-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*S-1-5-11 may rename or remove new folders*'
            Test-Path -LiteralPath 'C:\work' | Should -BeFalse
        }
        It 'makes a folder with an account that owns what it makes' {
            Mock Get-Acl {
                param($LiteralPath)
                $acl = LabSecurity\Get-Acl -LiteralPath $LiteralPath
                if ($LiteralPath -eq 'C:\work' -and -not $acl.AreAccessRulesProtected) {
                    $acl.Owner = 'S-1-5-21-1-2-3-1001'
                }
                $acl
            } -ModuleName _Folder
            New-SeedPrivateFolder -Path 'C:\work'
            (Get-TestAccess -Path 'C:\work').private | Should -BeTrue
        }
        It 'refuses what was put into a new folder before it was private' {
            Mock Set-SeedPrivateAcl {
                param($Path)
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "$Path\runner.ps1"), '')
            } -ModuleName _Folder
            { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw "*Somebody put files into the new folder*"
        }
        It 'takes the folder that another call made at the same time, with what lies in it' {
            $global:TestBusy = $false
            $global:TestReal = (Get-Command -Name Set-SeedPrivateAcl).ScriptBlock
            Mock Set-SeedPrivateAcl {
                param($Path)
                if (-not $global:TestBusy) {
                    $global:TestBusy = $true
                    New-SeedPrivateFolder -Path 'C:\work'
                    [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\work\host.lock'), '')
                }
                & $global:TestReal -Path $Path
            } -ModuleName _Folder
            New-SeedPrivateFolder -Path 'C:\work'
            (Get-TestAccess -Path 'C:\work').private | Should -BeTrue
            @(Get-ChildItem -LiteralPath 'C:\work' -Force).Name | Should -Be 'host.lock'
            @(Get-ChildItem -LiteralPath 'C:\' -Force | Where-Object { $_.Name -like '*.new' }).Count | Should -Be 0
        }
        It 'refuses a link on the way, its own or one above' {
            $null = New-Item -Path 'C:\real' -ItemType Directory
            $real = Resolve-SeedPath -Path 'C:\real'
            $null = New-Item -Path (Resolve-SeedPath -Path 'C:\work') -ItemType SymbolicLink -Value $real
            { New-SeedPrivateFolder -Path 'C:\work\a' -Root 'C:\work' } | Should -Throw '*link, junction*'
            { New-SeedPrivateFolder -Path 'C:\work\a' } | Should -Throw '*link, junction*'
            Test-Path -LiteralPath 'C:\real\a' | Should -BeFalse
        }
        It 'refuses a file in its place' {
            Set-Content -LiteralPath 'C:\work' -Value 'x' -Encoding utf8
            { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*not a folder*'
        }
        It 'fails when icacls fails at <step>, and takes the folder as the open one it is the next time' -ForEach @(
            @{ step = '/setowner' }, @{ step = '/reset' }, @{ step = '/inheritance:r' }
        ) {
            $global:TestStep = $step
            Mock icacls.exe {
                if ("$($args[1])" -eq $global:TestStep) {
                    $global:LASTEXITCODE = 5
                    return 'Access is denied.'
                }
                & (Get-Command -Name icacls.exe -CommandType Application) @args
            } -ModuleName _Folder
            foreach ($try in 1..2) {
                { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*could not be made private*Access is denied*'
            }
            $global:TestStep = ''
            New-SeedPrivateFolder -Path 'C:\work'
            (Get-TestAccess -Path 'C:\work').private | Should -BeTrue
        }
        It 'fails when icacls says that it worked and it did not' {
            Mock icacls.exe { $global:LASTEXITCODE = 0 } -ModuleName _Folder
            { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*is not private although*'
        }
        It 'fails when the rights cannot be read' {
            New-SeedPrivateFolder -Path 'C:\work'
            Mock Get-Acl { throw 'Attempted to perform an unauthorized operation.' } -ModuleName _Folder
            Get-SeedFolderProblem -Path 'C:\work' | Should -BeLike "Whether 'C:\' is private is not known*unauthorized*"
            { New-SeedPrivateFolder -Path 'C:\work' } | Should -Throw '*is not known*'
        }
        It 'refuses a path that is not below its root' {
            { New-SeedPrivateFolder -Path 'C:\b\a' -Root 'C:\a' } | Should -Throw '*not below*'
            { New-SeedPrivateFolder -Path 'C:\abc' -Root 'C:\a' } | Should -Throw '*not below*'
        }
    }
}
