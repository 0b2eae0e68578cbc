# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the tool' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Tool'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'version and command line' {
        It 'says when it is missing' {
            { Assert-SeedTool -Tool (Get-SeedTool -Path 'C:\none.exe') } | Should -Throw '*tool_path*not a file*'
        }
        It 'refuses version <version>' -ForEach @(
            @{ version = '1.4.0.0'; text = '*command line*' }
            @{ version = '2.2.0.300'; text = '*not version 1*' }
            @{ version = 'x'; text = '*not of the form*' }
            @{ version = ''; text = '*tool_version*' }
        ) {
            { Assert-SeedTool -Tool ([pscustomobject]@{
                path = 'p'
                found = $true
                version = $version
                sha256 = 'a'
            }) } | Should -Throw $text
        }
        It 'refuses a tool with another hash' {
            Set-Content -LiteralPath 'C:\t.exe' -Value 'x' -Encoding utf8
            { Assert-SeedTool -Tool (Get-SeedTool -Path 'C:\t.exe' -Version '1.5.0.300') -Sha256 'abc' } |
                Should -Throw '*tool_sha256*'
        }
        It 'copies the tool with the files beside it, and refuses a folder that holds much more' {
            $null = New-Item -ItemType Directory -Path 'C:\tool', 'C:\private'
            Set-Content -LiteralPath 'C:\tool\t.exe', 'C:\tool\core.dll' -Value 'x' -Encoding utf8
            Copy-SeedTool -Tool (Get-SeedTool -Path 'C:\tool\t.exe' -Version '1.5.0.300') -Folder 'C:\private' |
                Should -Be 'C:\private\t.exe'
            Test-Path -LiteralPath 'C:\private\core.dll' | Should -BeTrue
            $stream = [System.IO.File]::Create((Resolve-SeedPath -Path 'C:\tool\big'))
            $stream.SetLength(300MB)
            $stream.Dispose()
            { Copy-SeedTool -Tool (Get-SeedTool -Path 'C:\tool\t.exe' -Version '1.5.0.300') -Folder 'C:\private' } |
                Should -Throw '*folder of its own*'
        }
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
