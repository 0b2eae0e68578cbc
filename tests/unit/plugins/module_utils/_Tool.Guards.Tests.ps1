# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'tools and journals that are not as they should be' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Tool', '_Seal', '_Collect'
        function Write-TestByte {
            param([byte[]]$Byte)
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\x.jrn'), $Byte)
        }
        function Write-TestText {
            param([string]$Text)
            Write-TestByte -Byte ([System.Text.Encoding]::ASCII.GetBytes($Text))
        }
        $begin = '[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]'
        $good = "$begin`nActivityId: CopySession:s-1`nSessionState: Completed`n[EndUpdateRecord]`n"
        $broken = {
            [CmdletBinding()]param($LiteralPath, $Destination, [switch]$File, [switch]$Force)
            Write-Error -Message 'access is denied'
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'the tool' {
        BeforeEach {
            $null = New-Item -ItemType Directory -Path 'C:\tool', 'C:\private'
            Set-Content -LiteralPath 'C:\tool\t.exe' -Value 'x' -Encoding utf8
            $tool = Get-SeedTool -Path 'C:\tool\t.exe' -Version ' 1.5.0.300 '
        }
        It 'has the version that is given, and none without one' {
            $tool.version | Should -BeExactly '1.5.0.300'
            $tool.sha256 | Should -BeExactly $tool.sha256.ToLowerInvariant()
            (Get-SeedTool -Path 'C:\tool\t.exe').version | Should -BeExactly ''
        }
        It 'is accepted with its own hash, or when none is asked for' {
            Assert-SeedTool -Tool $tool -Sha256 $tool.sha256
            Assert-SeedTool -Tool $tool
        }
        It 'needs a version' {
            $tool.version = ''
            { Assert-SeedTool -Tool $tool } | Should -Throw '*no version resource*'
        }
        It 'refuses <version>, which is no version' -ForEach @(
            @{ version = '1' }
            @{ version = '1.x' }
            @{ version = '1.5.0.300.1' }
            @{ version = '1.99999999999' }
        ) {
            $tool.version = $version
            { Assert-SeedTool -Tool $tool } | Should -Throw "*'$version' is not of the form*"
        }
        It 'is not used when its files cannot be <what>' -ForEach @(
            @{ what = 'listed'; cmdlet = 'Get-ChildItem' }
            @{ what = 'copied'; cmdlet = 'Copy-Item' }
        ) {
            Mock $cmdlet $broken -ModuleName _Tool
            { Copy-SeedTool -Tool $tool -Folder 'C:\private' } | Should -Throw '*access is denied*'
        }
        It 'is not used when it changed while it was copied' {
            Set-Content -LiteralPath 'C:\tool\t.exe' -Value 'y' -Encoding utf8
            { Copy-SeedTool -Tool $tool -Folder 'C:\private' } | Should -Throw '*changed while it was copied*'
        }
    }

    Context 'bytes' {
        It 'refuses a journal of more than 64 MiB before it takes it for text' {
            $stream = [System.IO.File]::Create((Resolve-SeedPath -Path 'C:\x.jrn'))
            $stream.SetLength(64MB + 1)
            $stream.Dispose()
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -BeExactly 'journal'
        }
        It 'finds <place> after the bytes <bytes>' -ForEach @(
            @{ bytes = 0xEF, 0xBB, 0xAF; place = 'journal, line 1' }
            @{ bytes = 0xEF, 0xAA, 0xBF; place = 'journal, line 1' }
            @{ bytes = 0xE5, 0xBB, 0xBF; place = 'journal, line 1' }
            @{ bytes = 0xEF, 0xBB, 0xBF; place = '' }
            @{ bytes = 0xFF, 0x41; place = 'journal, byte 0' }
            @{ bytes = 0x41, 0xFE; place = 'journal, byte 1' }
            @{ bytes = 0xFE, 0x41; place = 'journal, byte 0' }
            @{ bytes = 0x41, 0xFF; place = 'journal, byte 1' }
            @{ bytes = 0x0A, 0x00; place = 'journal, line 2' }
        ) {
            Write-TestByte -Byte ($bytes + [System.Text.Encoding]::ASCII.GetBytes($good))
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -BeExactly $place
        }
        It 'finds <place> in a journal of the bytes <bytes>' -ForEach @(
            @{ bytes = , 0xEF; place = 'journal, byte 0' }
            @{ bytes = , 0xFF; place = 'journal, byte 0' }
            @{ bytes = , 0xFE; place = 'journal, byte 0' }
            @{ bytes = 0xEF, 0xBB; place = 'journal, byte 0' }
            @{ bytes = 0xFF, 0xFE, 0x00, 0xD8, 0x41, 0x00; place = 'journal, byte [24]' }
            @{ bytes = 0xFE, 0xFF, 0xD8, 0x00, 0x00, 0x41; place = 'journal, byte [24]' }
            @{ bytes = 0x0A, 0x0A; place = 'journal' }
        ) {
            Write-TestByte -Byte $bytes
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -Match "^$place`$"
        }
    }

    Context 'records' {
        It 'ends a record and begins the next one on the same line' {
            Write-TestText -Text ($good.TrimEnd() + $good.Replace('s-1', 's-2'))
            $read = Read-SeedJournal -Path 'C:\x.jrn'
            $read.damaged | Should -BeExactly ''
            "$($read.sessions.Keys)" | Should -BeExactly 's-1 s-2'
        }
        It 'does not end a record that was not begun' {
            Write-TestText -Text "[EndUpdateRecord]`n$good"
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -BeExactly 'journal, line 1'
        }
        It 'passes over a blank line of a record' {
            Write-TestText -Text $good.Replace('SessionState', "`nSessionState")
            $read = Read-SeedJournal -Path 'C:\x.jrn'
            $read.damaged | Should -BeExactly ''
            $read.sessions['s-1'] | Should -BeExactly 'Completed'
        }
        It 'takes a line that begins with a colon for a value without a name, as the reader in Python does' {
            Write-TestText -Text $good.Replace('SessionState', ":x`nSessionState")
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -BeExactly ''
        }
        It 'names the line where a value without an end begins' {
            Write-TestText -Text $good.Replace('Completed', '[BeginValue]')
            (Read-SeedJournal -Path 'C:\x.jrn').damaged | Should -BeExactly 'journal, line 3'
        }
        It 'lets an error that is no damage be one' {
            Write-TestText -Text $good
            Mock Read-SeedJournalText { throw [System.FormatException]::new('another') } -ModuleName _Tool
            { Read-SeedJournal -Path 'C:\x.jrn' } | Should -Throw '*another*'
        }
    }

    Context 'drives' {
        BeforeAll {
            function New-TestDrive {
                param([string]$Serial, [string]$More, [string]$Activity = 'DriveInfo')
                "$begin`nActivityId: $Activity`nDriveState: [BeginValue]`n<Drive>$More<DriveId>$Serial</DriveId>" +
                    "<BitLockerKey>k</BitLockerKey></Drive>`n[EndValue]`n[EndUpdateRecord]`n"
            }
        }
        It 'passes over <what>' -ForEach @(
            @{ what = 'an element of another name'; more = '<Other>x</Other><Other>y</Other>' }
            @{ what = 'an element that holds others'; more = '<List><One>x</One></List>' }
            @{ what = 'the same name further down'; more = '<List><DriveId>NO</DriveId></List>' }
            @{ what = 'a comment'; more = '<!-- x -->' }
        ) {
            Write-TestText -Text (New-TestDrive -Serial 'WD-1' -More $more)
            $read = Read-SeedJournal -Path 'C:\x.jrn'
            $read.damaged | Should -BeExactly ''
            @($read.drives).drive_id | Should -BeExactly 'WD-1'
            @($read.drives).completed | Should -BeFalse
        }
        It 'lists drives in the order of their last states' {
            Write-TestText -Text ((New-TestDrive -Serial A -Activity a) + (New-TestDrive -Serial B -Activity b) +
                (New-TestDrive -Serial A -Activity c))
            (Read-SeedJournal -Path 'C:\x.jrn').drives.drive_id -join ' ' | Should -BeExactly 'B A'
        }
    }

    It 'refuses a certificate that is not PEM and does not show it' {
        Write-TestText -Text $good
        { Protect-SeedJournal -Path 'C:\x.jrn' -Certificate 'hu*sh' } |
            Should -Throw 'The certificate to seal to is not PEM.'
    }
}
