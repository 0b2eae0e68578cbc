# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the tool' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Tool', '_Seal', '_Collect'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'its version' {
        It 'says when it is missing' {
            { Assert-SeedTool -Tool (Get-SeedTool -Path 'C:\none.exe') } | Should -Throw '*tool_path*not a file*'
        }
        It 'refuses version <version>' -ForEach @(
            @{ version = '1.4.0.0'; text = '*credential*/csas*/sk*command line*Use 1.5.0.300.' }
            @{ version = '1.5.0.299'; text = '*command line*' }
            @{ version = '1.5.0.301'; text = '*1.5.0.301 is not known*``tool_sha256`` to b if you vouch*' }
            @{ version = '1.6.0.0'; text = '*is not known*' }
            @{ version = '2.2.0.300'; text = '*not version 1*' }
            @{ version = 'x'; text = '*not of the form*' }
            @{ version = ''; text = '*tool_version*' }
        ) {
            { Assert-SeedTool -Tool ([pscustomobject]@{
                path = 'C:\p'
                found = $true
                version = $version
                sha256 = 'a'
                files_sha256 = 'b'
            }) } | Should -Throw $text
        }
    }

    Context 'its options' {
        It '<name> is in <version>: <has>' -ForEach @(
            @{ name = '/sk'; version = '1.5.0.299'; has = $true }
            @{ name = '/sk'; version = '1.5.0.300'; has = $false }
            @{ name = '/csas'; version = '1.0'; has = $true }
            @{ name = '/csas'; version = '1.5.0.300'; has = $false }
            @{ name = '/Disposition'; version = '1.4.0.0'; has = $true }
            @{ name = '/Disposition'; version = '1.5.0.300'; has = $false }
            @{ name = '/enablecontentmd5'; version = '1.5.0.299'; has = $false }
            @{ name = '/enablecontentmd5'; version = '1.5.0.300'; has = $true }
            @{ name = '/enablecontentmd5'; version = '1.9.0.0'; has = $true }
            @{ name = '/bk'; version = '1.5.0.300'; has = $true }
            @{ name = '/DataSet'; version = '1.5.0.300'; has = $false }
            @{ name = '/DataSet'; version = '2.2.0.300'; has = $true }
            @{ name = '/srcfile'; version = '2.2.0.300'; has = $false }
            @{ name = '/j'; version = '2.2.0.300'; has = $true }
            @{ name = '/j'; version = 'x'; has = $false }
            @{ name = '/j'; version = ''; has = $false }
        ) {
            $name -in @(Get-SeedToolOption -Version $version) | Should -Be $has
        }
        It 'set Content-MD5 in a session of either kind, when that is chosen' {
            $session = @{ Journal = 'j'; SessionId = 's'; Source = 'S:\f'; Blob = 'c/f'; ContentMd5 = $true }
            @(Get-SeedToolArgument @session -Letter D -LogDirectory l)[-1] | Should -BeExactly '/enablecontentmd5'
            @(Get-SeedToolArgument @session)[-1] | Should -BeExactly '/enablecontentmd5'
            $session['ContentMd5'] = $false
            @(Get-SeedToolArgument @session) | Should -Not -Contain '/enablecontentmd5'
        }
        It 'give the key of a drive that is encrypted already, and neither format nor encrypt it' {
            $session = @{ Journal = 'j'; SessionId = 's'; Source = 'S:\f'; Blob = 'c/f' }
            Get-SeedToolArgument @session -Letter D -LogDirectory l -Key @{ RecoveryPassword = '1-2' } | Should -Be @(
                'PrepImport', '/j:j', '/id:s', '/t:D', '/silentmode', '/bk:1-2', '/logdir:l', '/srcfile:S:\f',
                '/dstblob:c/f', '/BlobType:PageBlob'
            )
        }
        It 'are the only ones that a command line may have' {
            $session = @{ Journal = 'j'; SessionId = 's'; Source = 'S:\f'; Blob = 'c/f'; ContentMd5 = $true }
            $session['Offered'] = @(Get-SeedToolOption -Version '1.4.0.0')
            { Get-SeedToolArgument @session } |
                Should -Throw '*does not have ``/enablecontentmd5``. Use 1.5.0.300. Nothing was written.'
            $session['ContentMd5'] = $false
            @(Get-SeedToolArgument @session) | Should -HaveCount 6
            $session['Offered'] = @(Get-SeedToolOption -Version '2.2.0.300')
            { Get-SeedToolArgument @session } | Should -Throw '*``/srcfile``, ``/dstblob``, ``/BlobType``*'
            $session['Offered'] = @(Get-SeedToolOption -Version '1.5.0.300')
            @(Get-SeedToolArgument @session -Letter D -LogDirectory l) | Should -HaveCount 11
        }
    }

    Context 'what runs with the tool' {
        It 'may have a version that is not known, when its hash is pinned' {
            $null = New-Item -ItemType Directory -Path 'C:\tool'
            Set-Content -LiteralPath 'C:\tool\t.exe' -Value 'x' -Encoding utf8
            $later = Get-SeedTool -Path 'C:\tool\t.exe' -Version '1.6.0.0'
            { Assert-SeedTool -Tool $later } | Should -Throw "*to $($later.files_sha256) if you vouch for it."
            Assert-SeedTool -Tool $later -Sha256 $later.files_sha256
            { Assert-SeedTool -Tool $later -Sha256 ('0' * 64) } | Should -Throw '*not ``tool_sha256``*'
            $later.version = '1.4.0.0'
            { Assert-SeedTool -Tool $later -Sha256 $later.files_sha256 } | Should -Throw '*command line*'
        }
    }

    Context 'the files that run with the tool' {
        BeforeEach {
            $null = New-Item -ItemType Directory -Path 'C:\tool', 'C:\a\tool'
            foreach ($one in 't.exe', 'core.dll', 't.exe.config') {
                Set-Content -LiteralPath "C:\tool\$one" -Value $one -Encoding utf8
            }
            Set-Content -LiteralPath 'C:\tool\t.exe.config' -Encoding utf8 -Value (
                '<configuration><startup><supportedRuntime version="v4.0"/></startup></configuration>')
            function Get-TestTool { Get-SeedTool -Path 'C:\tool\t.exe' -Version '1.5.0.300' }
            function Set-TestSignature([string]$Name, [string]$Status, [string]$Subject) {
                $signatures = @{ $Name = @{ status = $Status; subject = $Subject } }
                Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/signatures.json" -Value $signatures
            }
        }
        It 'is copied and nothing else, and what else lies there is named' {
            $others = 'WD-1.jrn', 'WD-1.jrn_DriveInfo_WD-1.xml', 'other.exe', 'other.exe.config', 'readme.txt'
            foreach ($one in $others) { Set-Content -LiteralPath "C:\tool\$one" -Value 'key' -Encoding utf8 }
            (Get-TestTool).left_behind | Should -Be ($others | Sort-Object)
            Copy-SeedTool -Tool (Get-TestTool) -Folder 'C:\a\tool' | Should -Be 'C:\a\tool\t.exe'
            @(Get-ChildItem -LiteralPath 'C:\a\tool' | ForEach-Object { $_.Name } | Sort-Object) |
                Should -Be 'core.dll', 't.exe', 't.exe.config'
            (Read-SeedJson -Path 'C:\a\tool.json').value.files_sha256 | Should -Be (Get-TestTool).files_sha256
            (Get-SeedTool -Path 'C:\a\tool\t.exe' -Version '1.5.0.300').left_behind | Should -HaveCount 0
        }
        It 'are the same, however the path is written: <path>' -ForEach @(
            @{ path = 'C:/tool/t.exe' }, @{ path = 'C:\tool/t.exe' }
        ) {
            $tool = Get-SeedTool -Path $path -Version '1.5.0.300'
            (ConvertTo-Json $tool) | Should -BeExactly (ConvertTo-Json (Get-TestTool))
            Get-SeedProgramHash -Path $path | Should -BeExactly $tool.files_sha256
        }
        It 'have no hash without the program, as by a short name' {
            Mock Get-SeedProgramFile { [pscustomobject]@{ Name = 'core.dll' } } -ModuleName _Folder
            { Get-SeedProgramHash -Path 'C:\tool\t.exe' } | Should -Throw '*name of the file in full*'
        }
        It 'has one hash that <what> changes' -ForEach @(
            @{ what = 'another library'; change = { Set-Content 'C:\tool\core.dll' -Value 'x' -Encoding utf8 } }
            @{ what = 'one library more'; change = { Set-Content 'C:\tool\b.dll' -Value 'x' -Encoding utf8 } }
            @{ what = 'one library less'; change = { Remove-Item 'C:\tool\core.dll' } }
            @{ what = 'another name'; change = { Rename-Item 'C:\tool\core.dll' -NewName 'd.dll' } }
            @{ what = 'another configuration'; change = { Set-Content 'C:\tool\t.exe.config' '' -Encoding utf8 } }
        ) {
            $before = Get-TestTool
            & $change
            (Get-TestTool).files_sha256 | Should -Not -Be $before.files_sha256
            { Copy-SeedTool -Tool $before -Folder 'C:\a\tool' } | Should -Throw '*changed while it was copied*'
        }
        It 'is refused where <name> is <status> by <subject>' -ForEach @(
            @{ name = 't.exe'; status = 'NotSigned'; subject = ''; text = '*t.exe (NotSigned)*' }
            @{ name = 'core.dll'; status = 'NotSigned'; subject = ''; text = '*core.dll (NotSigned)*' }
            @{
                name = 'core.dll'
                status = 'HashMismatch'
                subject = 'CN=Microsoft Corporation, O=Microsoft Corporation'
                text = '*core.dll (HashMismatch)*'
            }
            @{ name = 't.exe'; status = 'Valid'; subject = 'CN=Contoso, O=Contoso'; text = '*(signed by another)*' }
            @{
                name = 't.exe'
                status = 'Valid'
                subject = 'CN="x, O=Microsoft Corporation", O=Contoso'
                text = '*(signed by another)*'
            }
        ) {
            Set-TestSignature -Name $name -Status $status -Subject $subject
            $hash = (Get-TestTool).files_sha256
            { Assert-SeedTool -Tool (Get-TestTool) } | Should -Throw "$text*tool_sha256* to $hash*"
            { Copy-SeedTool -Tool (Get-TestTool) -Folder 'C:\a\tool' } | Should -Throw $text
            Test-Path -LiteralPath 'C:\a\tool.json' | Should -BeFalse
            # The hash that the message names vouches for all of them.
            Assert-SeedTool -Tool (Get-TestTool) -Sha256 $hash
            Copy-SeedTool -Tool (Get-TestTool) -Folder 'C:\a\tool' -Sha256 $hash | Should -Be 'C:\a\tool\t.exe'
        }
        It 'is refused where a signature cannot be read' {
            Mock Get-AuthenticodeSignature { throw 'no crypto service' } -ModuleName _Tool
            { Assert-SeedTool -Tool (Get-TestTool) } | Should -Throw '*t.exe (its signature cannot be read)*'
        }
        It 'needs no signature of an executable whose own hash is pinned, but of its libraries' {
            Set-TestSignature -Name 't.exe' -Status NotSigned
            Assert-SeedTool -Tool (Get-TestTool) -Sha256 (Get-TestTool).sha256
            Set-TestSignature -Name 'core.dll' -Status NotSigned
            { Assert-SeedTool -Tool (Get-TestTool) -Sha256 (Get-TestTool).sha256 } | Should -Throw '*core.dll*'
        }
        It 'is refused with another hash, signed or not' {
            { Assert-SeedTool -Tool (Get-TestTool) -Sha256 ('a' * 64) } | Should -Throw '*has the SHA-256*Replace*'
        }
        It 'is refused with a configuration that <what>' -ForEach @(
            @{
                what = 'loads code'
                text = '<configuration><runtime><appDomainManagerType value="x"/></runtime></configuration>'
            }
            @{
                what = 'redirects code'
                text = '<configuration><runtime><assemblyBinding><dependentAssembly><codeBase href="x"/>' +
                    '</dependentAssembly></assemblyBinding></runtime></configuration>'
            }
            @{ what = 'writes traces'; text = '<configuration><system.diagnostics/></configuration>' }
            @{ what = 'has another document type'; text = '<!DOCTYPE a><configuration/>' }
            @{ what = 'is not XML'; text = 'x' }
        ) {
            Set-Content -LiteralPath 'C:\tool\t.exe.config' -Value $text -Encoding utf8
            { Assert-SeedTool -Tool (Get-TestTool) } | Should -Throw '*t.exe.config (configuration)*'
            Assert-SeedTool -Tool (Get-TestTool) -Sha256 (Get-TestTool).files_sha256
        }
        It 'is checked on the copy, also when it is replaced after the first check' {
            $tool = Get-TestTool
            Assert-SeedTool -Tool $tool
            Mock Get-AuthenticodeSignature {
                param($LiteralPath)
                [pscustomobject]@{
                    Status = $(if ($LiteralPath -like 'C:\a\*') { 'NotSigned' } else { 'Valid' })
                    SignerCertificate = $null
                }
            } -ModuleName _Tool
            { Copy-SeedTool -Tool $tool -Folder 'C:\a\tool' } | Should -Throw '*NotSigned*'
        }
        It 'is refused from a folder with far more libraries' {
            $stream = [System.IO.File]::Create((Resolve-SeedPath -Path 'C:\tool\big.dll'))
            $stream.SetLength(300MB)
            $stream.Dispose()
            { Copy-SeedTool -Tool (Get-TestTool) -Folder 'C:\a\tool' } | Should -Throw '*folder of its own*'
        }
    }

    Context 'its command line' {
        It 'formats and encrypts in the first session only, and always asks for page blobs' {
            $session = @{ Journal = 'j'; SessionId = 's'; Source = 'S:\f'; Blob = 'c/f' }
            $first = @(Get-SeedToolArgument @session -Letter D -LogDirectory l)
            $later = @(Get-SeedToolArgument @session)
            $first -join ' ' |
                Should -BeExactly (
                    'PrepImport /j:j /id:s /t:D /format /silentmode /encrypt /logdir:l /srcfile:S:\f ' +
                    '/dstblob:c/f /BlobType:PageBlob'
                )
            $later -join ' ' | Should -BeExactly 'PrepImport /j:j /id:s /srcfile:S:\f /dstblob:c/f /BlobType:PageBlob'
        }
        It 'quotes what has blanks' {
            ConvertTo-SeedCommandLine -Word 'a', '/srcdir:C:\a b\' | Should -BeExactly 'a "/srcdir:C:\a b\\"'
        }
        It 'refuses a double quote' { { ConvertTo-SeedCommandLine -Word 'a"b' } | Should -Throw '*double quote*' }
    }

    Context 'journals, from the samples that every reader shares' {
        $folder = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals'
        $expected = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText("$folder/expected.json"))
        It '<name>' -ForEach @($expected.PSObject.Properties | ForEach-Object { @{
            name = $_.Name
            path = "$folder/$($_.Name)"
            wanted = $_.Value
        } }) {
            $read = Read-SeedJournal -Path $path
            if ($wanted.damaged) {
                $read.damaged | Should -Match $wanted.place_regex
                return
            }
            $read.damaged | Should -BeExactly ''
            ConvertTo-Json -InputObject @($read.drives) -Depth 4 |
                Should -BeExactly (ConvertTo-Json -InputObject @($wanted.drives) -Depth 4)
            ConvertTo-Json -InputObject $read.sessions |
                Should -BeExactly (ConvertTo-Json -InputObject $wanted.sessions)
        }
        It 'never shows a key of <name>' -ForEach @($expected.PSObject.Properties |
            ForEach-Object { @{ name = $_.Name; path = "$folder/$($_.Name)" } }) {
            ConvertTo-Json -InputObject (Read-SeedJournal -Path $path) -Depth 5 |
                Should -Not -Match '\d{6}-\d{6}|[A-Za-z0-9+/]{43}='
        }
        It 'goes on behind a record that was cut after any byte of it' {
            $sample = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals/numerical-key.jrn'
            $whole = [System.IO.File]::ReadAllText($sample)
            $next = "[BeginUpdateRecord][2016/11/01 21:22:26.001][Type:ActivityRecord]`nActivityId: CopySession:s-2`n" +
                "SessionState: Failed`n[EndUpdateRecord]`n"
            $path = Resolve-SeedPath -Path 'C:\cut.jrn'
            for ($at = 0; $at -lt $next.Length; $at++) {
                $done = if ($at -eq $next.Length - 1) { 's-2' } else { '' }
                [System.IO.File]::WriteAllText($path, $whole + $next.Substring(0, $at))
                $read = Read-SeedJournal -Path 'C:\cut.jrn'
                "$at $($read.damaged)$($read.drives.Count) $($read.sessions.Keys)".Trim() |
                    Should -BeExactly "$at 1 $done".Trim()
                [System.IO.File]::AppendAllText($path, $next.Replace('s-2', 's-3'))
                $read = Read-SeedJournal -Path 'C:\cut.jrn'
                "$at $($read.damaged)$($read.drives.Count) $($read.sessions.Keys)" |
                    Should -BeExactly "$at 1 $("$done s-3".Trim())"
            }
        }
        It 'reads twenty thousand begun records in one pass' {
            $text = "[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]`nActivityId: a`n" * 20000
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\long.jrn'), $text)
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            (Read-SeedJournal -Path 'C:\long.jrn').damaged | Should -BeExactly ''
            $watch.Elapsed.TotalSeconds -lt 20 | Should -BeTrue
        }
        It 'reads a journal that the tool holds open for writing' {
            $sample = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals/numerical-key.jrn'
            [System.IO.File]::Copy($sample, (Resolve-SeedPath -Path 'C:\open.jrn'))
            $share = [System.IO.FileShare]::ReadWrite
            $held = [System.IO.FileStream]::new((Resolve-SeedPath -Path 'C:\open.jrn'), [System.IO.FileMode]::Append,
                [System.IO.FileAccess]::Write, $share)
            try { @((Read-SeedJournal -Path 'C:\open.jrn').drives).Count | Should -Be 1 }
            finally { $held.Dispose() }
        }
    }

    Context 'keys in other files' {
        BeforeAll {
            $password = (@('111111') * 8) -join '-'
            $external = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
        }
        BeforeEach {
            $null = New-Item -ItemType Directory -Path 'C:\own', 'C:\place\a\b'
            $text = "BitLockerKey:$password`r`n<BitLockerKey>$external</BitLockerKey>"
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\own\x.jrn'), $text)
            $keys = Read-SeedKeyForm -Folder 'C:\own'
        }
        It 'finds <what>' -ForEach @(
            @{ what = 'a password'; bytes = { [System.Text.Encoding]::UTF8.GetBytes("key $password.") } }
            @{ what = 'one in UTF-16'; bytes = { [System.Text.Encoding]::Unicode.GetBytes("key $password.") } }
            @{ what = 'one in UTF-16 at an odd byte'; bytes = {
                    [byte[]](@(7) + [System.Text.Encoding]::Unicode.GetBytes($password)) } }
            @{ what = 'an external key'; bytes = { [System.Text.Encoding]::UTF8.GetBytes("key $external.") } }
            @{ what = 'one in UTF-16'; bytes = { [System.Text.Encoding]::BigEndianUnicode.GetBytes($external) } }
            @{ what = 'its bytes'; bytes = { [byte[]](@(255) + [Convert]::FromBase64String($external) + @(0, 1)) } }
            @{ what = 'one on the border of two pieces'; bytes = {
                    [byte[]]::new(1048570) + [System.Text.Encoding]::UTF8.GetBytes($password) } }
            @{ what = 'one at the end of many pieces'; bytes = {
                    [byte[]]::new(3500000) + [System.Text.Encoding]::Unicode.GetBytes($password) } }
        ) {
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\place\f'), (& $bytes))
            (Find-SeedKey -Folder 'C:\place' -Key $keys).found | Should -Be 'C:\place\f'
        }
        It 'finds no other key' {
            Set-Content -LiteralPath 'C:\place\f' -Value $password.Replace('1', '2') -Encoding utf8
            Set-Content -LiteralPath 'C:\place\g' -Value $external.Replace('A', 'B') -Encoding utf8
            $seen = Find-SeedKey -Folder 'C:\place' -Key $keys
            @($seen.found + $seen.unknown) | Should -HaveCount 0
        }
        It 'reads journals in UTF-16 too, and takes a longer base64 text for no key' {
            $native = Resolve-SeedPath -Path 'C:\own\x.jrn'
            $long = [Convert]::ToBase64String([byte[]]::new(64))
            [System.IO.File]::WriteAllText($native, "$password $long", [System.Text.Encoding]::Unicode)
            @((Read-SeedKeyForm -Folder 'C:\own')['forms']) | Should -HaveCount 3
        }
        It 'goes no deeper than it should, and not where it should not' {
            foreach ($path in 'C:\place\a\f', 'C:\place\a\b\f') {
                Set-Content -LiteralPath $path -Value $password -Encoding utf8
            }
            (Find-SeedKey -Folder 'C:\place' -Key $keys).found | Should -HaveCount 0
            (Find-SeedKey -Folder 'C:\place' -Key $keys -Depth 1).found | Should -Be 'C:\place\a\f'
            (Find-SeedKey -Folder 'C:\place' -Key $keys -Depth 2).found | Should -HaveCount 2
            (Find-SeedKey -Folder 'C:\place' -Key $keys -Depth 2 -Skip 'C:\place\a\b').found |
                Should -Be 'C:\place\a\f'
            (Find-SeedKey -Folder 'C:\none' -Key $keys).found | Should -HaveCount 0
            (Find-SeedKey -Folder 'C:\none' -Key $keys).unknown | Should -HaveCount 0
        }
        It 'does not take for missing what it may not look at: <what>' -ForEach @(
            @{ what = 'the folder'; denied = 'C:\place'; unknown = 'C:\place' }
            @{ what = 'a file that cannot be read'; denied = 'C:\place\f'; unknown = 'C:\place\f' }
        ) {
            $null = New-Item -Path 'C:\place' -ItemType Directory -Force
            Set-Content -LiteralPath 'C:\place\f' -Value ('x' * 64) -Encoding UTF8
            $global:TestDenied = $denied
            Mock Test-SeedKeyFile { throw 'Access is denied.' } -ModuleName _Tool
            Mock Test-Path {
                [CmdletBinding()]param($LiteralPath, $PathType)
                if ($LiteralPath -ne $global:TestDenied) { return $true }
                Write-Error -Message 'Access is denied.'
                $false
            } -ModuleName _Tool
            $seen = Find-SeedKey -Folder 'C:\place' -Key $keys
            $seen.unknown | Should -Be $unknown
        }
        It 'follows no link' {
            $target = Resolve-SeedPath -Path 'C:\own'
            $null = New-Item -Path (Resolve-SeedPath -Path 'C:\place\link') -ItemType SymbolicLink -Value $target
            (Find-SeedKey -Folder 'C:\place' -Key $keys -Depth 2).found | Should -HaveCount 0
        }
        It 'reads a file that somebody writes, and names one that cannot be read' {
            Set-Content -LiteralPath 'C:\place\f' -Value $password -Encoding utf8
            Set-Content -LiteralPath 'C:\place\g' -Value $password -Encoding utf8
            $open = [System.IO.FileStream]::new((Resolve-SeedPath -Path 'C:\place\f'), [System.IO.FileMode]::Append,
                [System.IO.FileAccess]::Write, [System.IO.FileShare]::ReadWrite)
            $closed = [System.IO.FileStream]::new((Resolve-SeedPath -Path 'C:\place\g'), [System.IO.FileMode]::Open,
                [System.IO.FileAccess]::ReadWrite, [System.IO.FileShare]::None)
            try { $seen = Find-SeedKey -Folder 'C:\place' -Key $keys }
            finally {
                $open.Dispose()
                $closed.Dispose()
            }
            $seen.found | Should -Be 'C:\place\f'
            $seen.unknown | Should -Be 'C:\place\g'
        }
        It 'gives no key to a parameter, which a policy may log' {
            $shown = @(Get-Command -Name 'Find-SeedKey', 'Test-SeedKeyFile').ForEach({ $_.Parameters['Key'] })
            @($shown.ForEach({ $_.ParameterType.Name }) | Select-Object -Unique) | Should -Be 'IDictionary'
            "$keys" | Should -BeExactly 'System.Collections.Hashtable'
        }
    }

    It 'passes nothing of a journal to a cmdlet, whose parameters a policy may log in clear' {
        $folder = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals'
        $global:TestSeen = [System.Collections.Generic.List[string]]::new()
        Mock New-Object {
            [CmdletBinding()]param($TypeName, $ArgumentList)
            $global:TestSeen.Add("$ArgumentList")
            , (Microsoft.PowerShell.Utility\New-Object @PSBoundParameters)
        } -ModuleName _Tool
        foreach ($file in Get-ChildItem -LiteralPath $folder -File) { $null = Read-SeedJournal -Path $file.FullName }
        $global:TestSeen.Count | Should -BeGreaterThan 0
        $global:TestSeen -join '' | Should -Not -Match 'BitLockerKey'
    }
    It 'seals a journal so that it cannot be read' {
        Set-Content -LiteralPath 'C:\x.jrn' -Value 'hush' -Encoding utf8
        $rsa = [System.Security.Cryptography.RSA]::Create(2048)
        $padding = [System.Security.Cryptography.RSASignaturePadding]::Pkcs1
        $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=t', $rsa, 'SHA256',
            $padding)
        $oids = [System.Security.Cryptography.OidCollection]::new()
        $null = $oids.Add([System.Security.Cryptography.Oid]::new('1.3.6.1.4.1.311.80.1'))
        $purpose = [System.Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension]::new($oids, $false)
        $request.CertificateExtensions.Add($purpose)
        $usage = [System.Security.Cryptography.X509Certificates.X509KeyUsageExtension]::new(
            'KeyEncipherment, DataEncipherment', $true)
        $request.CertificateExtensions.Add($usage)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
        $pem = "-----BEGIN CERTIFICATE-----`n" + [Convert]::ToBase64String($certificate.RawData) +
            "`n-----END CERTIFICATE-----"
        $sealed = Protect-SeedJournal -Path 'C:\x.jrn' -Certificate $pem
        $sealed | Should -Match '^-----BEGIN CMS-----\n'
        $cms = [System.Security.Cryptography.Pkcs.EnvelopedCms]::new()
        $cms.Decode([Convert]::FromBase64String(($sealed -replace '-----[A-Z ]+-----', '' -replace '\s', '')))
        $cms.ContentEncryptionAlgorithm.Oid.Value | Should -Be '2.16.840.1.101.3.4.1.42'
        $own = [System.Security.Cryptography.X509Certificates.X509Certificate2Collection]::new($certificate)
        $cms.Decrypt($own)
        $text = [System.Text.Encoding]::ASCII.GetString($cms.ContentInfo.Content)
        [Convert]::FromBase64String($text) | Should -Be (Read-SeedByte -Path 'C:\x.jrn')
    }
}
