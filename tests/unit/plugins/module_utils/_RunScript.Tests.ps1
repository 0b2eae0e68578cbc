# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the runner' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_RunScript'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'states and output' {
        It 'goes on when a state cannot be written' {
            Mock Write-SeedJson { throw 'disk full' } -ModuleName _RunScript
            Save-SeedState -Order ([pscustomobject]@{ run_file = 'C:\x.json' }) -State ([ordered]@{ updated = '' }) |
                Should -BeFalse
        }
        It 'waits for the tool to its end, although nothing can be read or written meanwhile' {
            Mock Write-SeedJson { throw 'disk full' } -ModuleName _RunScript
            Mock Get-SeedLastLine { throw 'locked' } -ModuleName _RunScript
            $process = Start-Process -FilePath 'sh' -ArgumentList '-c "sleep 2; exit 4"' -PassThru
            $null = $process.Handle
            $progress = [pscustomobject]@{ done = [long]0; bytes = [long]1; measure = $true; output = @('C:\none') }
            $order = [pscustomobject]@{ letter = 'E'; run_file = 'C:\x.json' }
            $state = [ordered]@{ bytes_done = 0; last_lines = @() }
            Wait-SeedTool -Process $process -Order $order -State $state -Progress $progress
            $process.ExitCode | Should -Be 4
        }
        It 'masks keys in output' {
            Set-Content -LiteralPath 'C:\o.txt' -Encoding utf8 -Value @(
                'key 111111-222222-333333-444444-555555-666666-777777-888888',
                    'key AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=')
            (Get-SeedLastLine -Path 'C:\o.txt') -join ' ' | Should -BeExactly 'key ******** key ********'
        }
        It 'masks <what>' -ForEach @(
            @{ what = 'a key whose begin is cut off'; text = '11-222222-333333-444444 x'; want = '******** x' }
            @{ what = 'a key that is just written'; text = 'x 111111-222222-333333-44'; want = 'x ********' }
            @{ what = 'a tail of an external key'; text = 'DA0ODxAREhMUFRYXGBkaGxwdHh8= x'; want = '******** x' }
            @{ what = 'a head of one'; text = 'key AAECAwQFBgcICQoLDA0ODxAREhMU'; want = 'key ********' }
            @{ what = 'a key in UTF-16'; text = (@('111111') * 8 -join '-' -replace '.', "`$0`0"); want = '********' }
            @{ what = 'no time'; text = '2026-11-25 10:00:00 20 MB'; want = '2026-11-25 10:00:00 20 MB' }
            @{ what = 'no path'; text = 'copies D:\b.BaseBlob'; want = 'copies D:\b.BaseBlob' }
        ) { Hide-SeedKey -Text $text | Should -BeExactly $want }
        It 'reads output in code page <page>, which the culture of the account does not name' -ForEach @(
            @{ page = 850; bytes = [byte[]](0x81, 0x62, 0x65, 0x72); text = [string][char]0xFC + 'ber' }
            @{ page = 936; bytes = [byte[]](0xB1, 0xB8, 0xB7, 0xDD); text = -join [char[]](0x5907, 0x4EFD) }
        ) {
            $global:TestPage = $page
            Mock Get-ItemProperty { [pscustomobject]@{ OEMCP = "$global:TestPage" } } -ModuleName _RunScript
            ConvertFrom-SeedOutput -Byte $bytes | Should -BeExactly $text
        }
        It 'reads output in UTF-8 whatever the code page is' {
            Mock Get-ItemProperty { [pscustomobject]@{ OEMCP = '936' } } -ModuleName _RunScript
            ConvertFrom-SeedOutput -Byte ([byte[]](0xC3, 0xBC)) | Should -BeExactly ([string][char]0xFC)
        }
        It 'asks the registry for the code page, and the culture where it says nothing' {
            $global:TestAsked = ''
            Mock Get-ItemProperty { $global:TestAsked = "$args"; throw 'no such key' } -ModuleName _RunScript
            Get-SeedOemCodePage |
                Should -Be ([System.Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage)
            $global:TestAsked | Should -BeLike '*HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage*OEMCP*'
        }
        It 'reads output although the code page is unknown' {
            Mock Get-ItemProperty { [pscustomobject]@{ OEMCP = '65534' } } -ModuleName _RunScript
            ConvertFrom-SeedOutput -Byte ([byte[]](0x61, 0xFC)) | Should -BeExactly ('a' + [char]0xFC)
        }
        It 'counts used bytes, and none of a volume that is not there' {
            Get-SeedUsedByte -Letter E | Should -BeGreaterThan 0
            Get-SeedUsedByte -Letter Q | Should -Be 0
        }
        It 'refuses <what> right before the tool starts' -ForEach @(
            @{ what = 'another unique id'; change = { $_.unique_id = 'x' }; text = '*another one by now*' }
            @{ what = 'another size'; change = { $_.size = 1 }; text = '*another one by now*' }
            @{ what = 'another partition'; change = { $_.partitions[0].guid = '{x}' }; text = '*does not lead to*' }
            @{ what = 'a drive that was pulled'; change = { $_.attached_to = $null }; text = '*0 disks*' }
            @{ what = 'a system disk'; change = { $_.is_system = $true }; text = '*system or boot*' }
        ) {
            $order = [pscustomobject]@{
                serial = 'DATA'
                letter = 'E'
                identity = [pscustomobject]@{ unique_id = 'U2'; size_bytes = 20000000 }
            }
            Assert-SeedTarget -Order $order -PartitionGuid '{00000000-0000-4000-8000-000000000002}'
            Set-TestDisk -Serial DATA -Change $change
            { Assert-SeedTarget -Order $order -PartitionGuid '{00000000-0000-4000-8000-000000000002}' } |
                Should -Throw $text
        }
    }
}
