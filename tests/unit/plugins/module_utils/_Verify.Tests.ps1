# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The functions that read a drive again, one at a time: blobs and what was found are built here.
Describe 'reading a drive again, step by step' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_RunScript', '_Manifest', '_Verify'
        $md5 = [System.Security.Cryptography.MD5]::Create()
        function New-Found {
            param([hashtable]$Planned = @{ f = 2048 }, [int]$Block = 1024, [int]$Together = 1)
            $order = [pscustomobject]@{
                container = 'c'; letter = 'E'; manifest_file = '\DriveManifest.xml'; attempt = 'a'; serial = 'DATA'
                journal_sha256 = 'j'; manifest_hash = 'm'; sessions = @(); part_file = 'C:\part.json'
                run_file = 'C:\run.json'; together = $Together
                files = @(foreach ($name in $Planned.Keys) {
                        [pscustomobject]@{ name = $name; bytes = $Planned[$name] }
                    })
            }
            New-SeedFound -Order $order -State ([ordered]@{ partition_guid = '{0}'; bytes_done = 0 }) -BlockBytes $Block
        }
        function New-Blob {
            param([string]$Path = 'c/f', [string]$File = '\f', [long]$Length = 2048)
            @{ path = $Path; file = $File; length = $Length }
        }
        function Open-TestBlob {
            param([System.Collections.IDictionary]$Found)
            $blob = New-Blob
            Enter-SeedBlob -Blob $blob -Found $Found | Should -BeNullOrEmpty
            $blob
        }
        function New-ShortStream {
            # A file of which the system gives at most 300 bytes at once. As in the FileStream of .NET Framework,
            # reading ahead moves the position by what was asked for.
            param([byte[]]$Byte)
            if (-not ('Seedfreight.Test.ShortStream' -as [type])) {
                Add-Type -TypeDefinition @'
using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Seedfreight.Test
{
    public class ShortStream : MemoryStream
    {
        public ShortStream(byte[] all) : base(all) { }

        public override int Read(byte[] buffer, int offset, int count)
        {
            return base.Read(buffer, offset, Math.Min(count, 300));
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken token)
        {
            long end = Math.Min(Position + count, Length);
            int got = Read(buffer, offset, count);
            Position = end;
            return Task.FromResult(got);
        }
    }
}
'@
            }
            New-Object -TypeName Seedfreight.Test.ShortStream -ArgumentList (, $Byte)
        }
        function Get-Hash {
            param([int]$Offset, [int]$Length)
            [BitConverter]::ToString($md5.ComputeHash($bytes, $Offset, $Length)) -replace '-', ''
        }
    }
    BeforeEach {
        New-TestWorld
        $bytes = [byte[]]::new(2048)
        $bytes[0] = 7
        $bytes[2047] = 9
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $bytes)
        $found = New-Found
    }
    AfterEach {
        if ($blob) { Close-SeedBlob -Blob $blob }
        Remove-TestWorld
    }

    It 'opens a blob that is planned' {
        $blob = Open-TestBlob -Found $found
        "$($blob['name']) $($blob['stream'].Length) $($blob['next'])" | Should -Be 'f 2048 0'
    }
    It 'takes folders of a blob for folders of the plan' {
        $found = New-Found -Planned @{ 'a\f' = 2048 }
        $blob = New-Blob -Path 'c/a/f'
        Enter-SeedBlob -Blob $blob -Found $found | Should -BeNullOrEmpty
        $blob['name'] | Should -BeExactly 'a\f'
    }
    It 'does not open <what>' -ForEach @(
        @{ what = 'a blob of a longer container'; blob = @{ Path = 'cc/f' }; text = 'outside the container' }
        @{ what = 'a blob of a container in other case'; blob = @{ Path = 'C/f' }; text = 'outside the container' }
        @{ what = 'a blob that is not planned'; blob = @{ Path = 'c/g' }; text = 'not among' }
        @{ what = 'another length'; blob = @{ Length = 2560 }; text = 'not the 2048 bytes' }
        @{ what = 'a file that is not there'; blob = @{ File = '\g' }; text = "'E:\\g' is missing" }
        @{ what = 'a folder'; blob = @{ File = '\folder' }; text = 'is missing' }
        @{ what = 'a file of another length'; blob = @{ File = '\short' }; text = 'has 512 bytes' }
    ) {
        $null = New-Item -ItemType Directory -Path 'E:\folder'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\short'), [byte[]]::new(512))
        $blob = New-Blob @blob
        Enter-SeedBlob -Blob $blob -Found $found | Should -Match $text
    }
    It 'does not open one file for two blobs' {
        $found = New-Found -Planned @{ f = 2048; g = 2048 }
        $blob = Open-TestBlob -Found $found
        Enter-SeedBlob -Blob (New-Blob -Path 'c/g' -File '\F') -Found $found | Should -Match 'for two blobs'
        Enter-SeedBlob -Blob (New-Blob) -Found $found | Should -Match 'twice'
    }

    It 'accepts a range with its hash in any case, and counts it' {
        $blob = Open-TestBlob -Found $found
        $hash = (Get-Hash -Offset 0 -Length 1024).ToLowerInvariant()
        Test-SeedRange -Blob $blob -Found $found -Offset 0 -Length 1024 -Hash $hash | Should -BeNullOrEmpty
        "$($blob['next']) $($found['ranges'])" | Should -Be '1024 1'
        $range = @{ Offset = 1024; Length = 1024; Hash = Get-Hash -Offset 1024 -Length 1024 }
        Test-SeedRange -Blob $blob -Found $found @range | Should -BeNullOrEmpty
        "$($blob['next']) $($found['ranges'])" | Should -Be '2048 2'
    }
    It 'hashes a range of <length> bytes in blocks of <block>, <together> drives at the same time' -ForEach @(
        # With more drives than cores nothing is read ahead.
        foreach ($together in 0, 1000) {
            @{ length = 2048; block = 1024; together = $together }
            @{ length = 2048; block = 4096; together = $together }
            @{ length = 1536; block = 512; together = $together }
            @{ length = 2048; block = 1000; together = $together }
            @{ length = 512; block = 4096; together = $together }
        }
    ) {
        (New-Object -TypeName Random -ArgumentList 1).NextBytes($bytes)
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $bytes)
        $found = New-Found -Block $block -Together $together
        $blob = Open-TestBlob -Found $found
        $blob['stream'].IsAsync | Should -Be ($together -eq 0)
        foreach ($at in 0..(2048 / $length - 1)) {
            Read-SeedPiece -Blob $blob -Count $length -Found $found |
                Should -BeExactly (Get-Hash -Offset ($at * $length) -Length $length)
        }
    }
    It 'goes on where the bytes ended that the system gave, <together> drives at the same time' -ForEach @(
        @{ together = 0 }, @{ together = 1000 }
    ) {
        (New-Object -TypeName Random -ArgumentList 1).NextBytes($bytes)
        $found = New-Found -Together $together
        $blob = Open-TestBlob -Found $found
        $blob['stream'].Dispose()
        $blob['stream'] = New-ShortStream -Byte $bytes
        foreach ($at in 0..3) {
            Read-SeedPiece -Blob $blob -Count 512 -Found $found |
                Should -BeExactly (Get-Hash -Offset (512 * $at) -Length 512)
        }
    }
    It 'finds another byte in a range' {
        $blob = Open-TestBlob -Found $found
        Test-SeedRange -Blob $blob -Found $found -Offset 0 -Length 512 -Hash ('0' * 32) |
            Should -Match 'differs at byte 0'
        "$($found['ranges'])" | Should -Be '0'
    }
    It 'refuses a range behind bytes that none covers' {
        $blob = Open-TestBlob -Found $found
        Test-SeedRange -Blob $blob -Found $found -Offset 512 -Length 512 -Hash ('0' * 32) |
            Should -Match 'holds bytes before byte 512'
    }

    It 'finds a gap of zero bytes in pieces of eight blocks, and one byte in the last of them' {
        $found = New-Found -Block 64
        $blob = Open-TestBlob -Found $found
        Test-SeedGap -Blob $blob -End 512 -Found $found | Should -BeFalse
        Test-SeedGap -Blob $blob -End 2000 -Found $found | Should -BeTrue
        $blob['next'] | Should -Be 2000
        Test-SeedGap -Blob $blob -End 2048 -Found $found | Should -BeFalse
    }
    It 'fails when a file ends while it is read, <together> drives at the same time' -ForEach @(
        @{ together = 0 }, @{ together = 1000 }
    ) {
        $found = New-Found -Together $together
        $blob = Open-TestBlob -Found $found
        { Read-SeedPiece -Blob $blob -Count 4096 -Found $found } | Should -Throw '*ends at byte 2048*'
    }

    Context 'the end of a blob' {
        It 'accepts one without ranges whose file is zero, and counts it' {
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), [byte[]]::new(2048))
            $blob = Open-TestBlob -Found $found
            Exit-SeedBlob -Blob $blob -Found $found | Should -BeNullOrEmpty
            "$($found['files'][0].name) $($found['files'][0].bytes) $($found['bytes'])" | Should -Be 'f 2048 2048'
        }
        It 'refuses one without ranges whose file is not' {
            $blob = Open-TestBlob -Found $found
            Exit-SeedBlob -Blob $blob -Found $found | Should -Match 'no page range covers at its end'
            "$($found['files'].Count) $($found['bad'].Count) $($found['blobs'])" | Should -Be '0 1 1'
        }
        It 'says nothing more of one that is bad already, and lets go of its file' {
            $blob = Open-TestBlob -Found $found
            $blob['bad'] = $true
            Exit-SeedBlob -Blob $blob -Found $found | Should -BeNullOrEmpty
            $blob['stream'].CanRead | Should -BeFalse
            $found['files'].Count | Should -Be 0
        }
    }

    Context 'the manifest' {
        BeforeEach {
            $parts = foreach ($at in 0..3) {
                "<PageRange Offset='$(512 * $at)' Length='512' Hash='$(Get-Hash -Offset (512 * $at) -Length 512)'/>"
            }
            $good = '<DriveManifest><Drive><DriveId> DATA </DriveId><BlobList><Blob><BlobPath>c/f</BlobPath>' +
                "<FilePath>\f</FilePath><Length>2048</Length><PageRangeList>$($parts -join '')" +
                '</PageRangeList></Blob></BlobList></Drive></DriveManifest>'
            $found = New-Found -Block 4096
            function Read-Test {
                param([string]$Text)
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'E:\DriveManifest.xml'), $Text)
                Read-SeedManifest -Found $found
            }
            function New-Part {
                param([long]$Offset)
                $time = [System.IO.File]::GetLastWriteTimeUtc((Resolve-SeedPath -Path 'E:\f')).Ticks
                [pscustomobject]@{
                    blobs = 0; bad = @(); files = @(); offset = $Offset; ranges = $Offset / 512; bytes = 0; passed = 0
                    wrong = 0; mismatches = @(); schema_version = 1; bound = $found['bound']
                    current = [pscustomobject]@{ file = '\f'; bytes = 2048; written = "$time" }
                }
            }
        }
        It 'is read to its end' {
            $manifest = Read-Test -Text $good
            "$($manifest['drives']) $($manifest['drive_id'])" | Should -Be '1 DATA'
            "$($found['wrong']) $($found['ranges']) $($found['bytes'])" | Should -Be '0 4 2048'
        }
        It 'says how far it is, for people and for a next reading' {
            $found['save_seconds'] = 0
            $null = Read-Test -Text $good
            (Read-SeedJson -Path 'C:\run.json').value.bytes_done | Should -Be 2048
            $part = (Read-SeedJson -Path 'C:\part.json').value
            "$($part.offset) $($part.ranges) $($part.blobs) $($part.current.bytes)" | Should -Be '2048 4 0 2048'
            Read-SeedPart -Order $found['order'] -Bound $found['bound'] | Should -Not -BeNullOrEmpty
            Read-SeedPart -Order $found['order'] -Bound 'x' | Should -BeNullOrEmpty
        }
        It 'goes on in a file behind the last range that was read, <together> drives at the same time' -ForEach @(
            @{ together = 0 }, @{ together = 1000 }
        ) {
            $found = New-Found -Block 4096 -Together $together
            $changed = [byte[]]$bytes.Clone()
            $changed[0] = 1
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $changed)
            Restore-SeedPart -Part (New-Part -Offset 1024) -Found $found
            $null = Read-Test -Text $good
            "$($found['wrong']) $($found['ranges']) $($found['bytes'])" | Should -Be '0 4 2048'
        }
        It 'finds what differs behind it' {
            $changed = [byte[]]$bytes.Clone()
            $changed[1030] = 1
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $changed)
            Restore-SeedPart -Part (New-Part -Offset 1024) -Found $found
            $null = Read-Test -Text $good
            "$($found['wrong']) $($found['mismatches'][0])" | Should -Match '^1 .*differs at byte 1024'
        }
        It 'does not believe a record that ends inside of a range, and nobody takes it up again' {
            $found['save_seconds'] = 0
            $part = New-Part -Offset 1024
            $part.offset = 1000
            Restore-SeedPart -Part $part -Found $found
            { Read-Test -Text $good } | Should -Throw '*ends inside of a page range at byte 512*'
            (Read-SeedJson -Path 'C:\part.json').value.bound | Should -Be ''
        }
        It 'keeps what was found wrong before, and does not find it twice' {
            $found = New-Found -Planned @{ f = 2048; g = 512 } -Block 4096
            $part = New-Part -Offset 0
            $part.blobs = 1; $part.bad = @(0); $part.wrong = 1; $part.mismatches = @('f was bad'); $part.current = $null
            Restore-SeedPart -Part $part -Found $found
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), [byte[]]::new(2048))
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\g'), [byte[]]::new(512))
            $null = Read-Test -Text $good.Replace('</Blob>', '</Blob><Blob><BlobPath>c/g</BlobPath>' +
                '<FilePath>\g</FilePath><Length>512</Length><PageRangeList/></Blob>')
            "$($found['wrong']) $($found['mismatches'] -join ' ') $($found['files'].Count) $($found['blobs'])" |
                Should -Be '1 f was bad 1 2'
        }
        It 'lets go of a file when it is not well-formed' {
            { Read-Test -Text $good.Replace('</Blob>', '') } | Should -Throw
            [System.IO.File]::Open((Resolve-SeedPath -Path 'E:\f'), 'Open', 'ReadWrite', 'None').Dispose()
        }
    }

    It 'keeps twenty mismatches in words and counts all' {
        foreach ($at in 1..25) { Add-SeedMismatch -Found $found -Text "m$at" }
        "$($found['wrong']) $($found['mismatches'].Count) $($found['mismatches'][19])" | Should -Be '25 20 m20'
    }
    It 'takes a volume that is <status> and whose protection is <protection>: <text>' -ForEach @(
        @{ status = 'FullyEncrypted'; protection = 'On'; text = '' }
        @{ status = 'FullyEncryptedWipeInProgress'; protection = 'On'; text = '' }
        @{ status = 'EncryptionInProgress'; protection = 'On'; text = 'not fully encrypted' }
        @{ status = 'FullyDecrypted'; protection = 'Off'; text = 'not fully encrypted' }
        @{ status = 'FullyEncrypted'; protection = 'Off'; text = 'Resume-BitLocker' }
        @{ status = 'FullyEncrypted'; protection = 'Unknown'; text = 'Resume-BitLocker' }
    ) {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Set-TestDisk -Serial DATA -Change {
            $_.partitions[0].bitlocker.volume_status = $status
            $_.partitions[0].bitlocker.protection_status = $protection
        }
        if ($text) { { Assert-SeedProtected -Letter E -Serial DATA } | Should -Throw "*$text*" }
        else { Assert-SeedProtected -Letter E -Serial DATA }
    }
    Context 'the answer' {
        BeforeEach {
            Mock Assert-SeedTarget { } -ModuleName _Verify
            Mock Assert-SeedProtected { } -ModuleName _Verify
            Set-Content -LiteralPath 'C:\x.jrn' -Value 'x' -Encoding utf8
            $whole = [pscustomobject]@{
                container = 'c'; letter = 'E'; manifest_file = '\DriveManifest.xml'; serial = 'DATA'
                files = @([pscustomobject]@{ name = 'f'; bytes = 2048 }); manifest_hash = ''; together = 1
                journal = 'C:\x.jrn'; verify_file = 'C:\verify.json'; run_file = 'C:\run.json'
                attempt = 'a'; sessions = @(); part_file = 'C:\part.json'
                journal_sha256 = (Get-SeedFileHash -Path 'C:\x.jrn' -Algorithm SHA256).ToLowerInvariant()
            }
            $state = [ordered]@{ partition_guid = '{0}'; bytes_done = 0 }
            $text = '<DriveManifest><Drive><DriveId>data</DriveId><BlobList><Blob><BlobPath>c/f</BlobPath>' +
                '<FilePath>\f</FilePath><Length>2048</Length><PageRangeList>' +
                "<PageRange Offset='0' Length='2048' Hash='$(Get-Hash -Offset 0 -Length 2048)'/></PageRangeList>" +
                '</Blob></BlobList></Drive></DriveManifest>'
            function Get-Answer {
                param([string]$Manifest)
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'E:\DriveManifest.xml'), $Manifest)
                $hash = Get-SeedFileHash -Path 'E:\DriveManifest.xml'
                if (-not $whole.manifest_hash) { $whole.manifest_hash = $hash }
                Invoke-SeedVerifyRun -Order $whole -State $state
                (Read-SeedJson -Path 'C:\verify.json').value
            }
        }
        It 'is good for a good drive' {
            $answer = Get-Answer -Manifest $text
            "$($answer.ok) $($answer.finished) $($answer.schema_version) $($answer.bytes) $($answer.partition_guid)" |
                Should -Be 'True True 1 2048 {0}'
            "$($state['exit_code']) $($state['bytes_done'])" | Should -Be '0 2048'
        }
        It 'is bad for a manifest with another hash than the journal names, which is not read' {
            $whole.manifest_hash = 'other'
            $answer = Get-Answer -Manifest $text
            "$($answer.ok) $($answer.ranges) $($state['exit_code'])" | Should -Be 'False 0 1'
            $answer.mismatches | Should -Match 'does not have the hash that the journal names'
        }
        It 'is bad for a manifest that <what>' -ForEach @(
            @{ what = 'ends early'; old = '</DriveManifest>'; new = ''; says = 'line 1: it is not well-formed' }
            @{ what = 'is of another drive'; old = '>data<'; new = '>other<'; says = "of the drive 'other'" }
            @{ what = 'has a drive more'; old = '</Drive>'; new = '</Drive><Drive/>'; says = 'a second drive' }
            @{ what = 'names another'; old = '<BlobPath>'; new = '<Other>x</Other><BlobPath>x'; says = 'outside' }
            @{ what = 'names none'; old = '(?s)<Blob>.*</Blob>'; new = ''; says = "does not name the file 'f'" }
        ) {
            $answer = Get-Answer -Manifest ($text -creplace $old, $new)
            "$($answer.ok) $($state['exit_code'])" | Should -Be 'False 1'
            $answer.mismatches -join ' ' | Should -Match $says
        }
        It 'counts what an earlier reading did as done and not as the speed of this one' {
            Mock Read-SeedPart {
                $file = [pscustomobject]@{ name = 'f'; bytes = 2048; file = '\f'; written = '0' }
                [pscustomobject]@{
                    blobs = 1; bad = @(); files = @($file); offset = 0; ranges = 1; bytes = 2048; passed = 2048
                    wrong = 0; mismatches = @(); current = $null
                }
            } -ModuleName _Verify
            $state['marks'] = @([pscustomobject]@{ at = '2026-11-25T12:00:00Z'; bytes = 0 })
            $answer = Get-Answer -Manifest $text
            "$($answer.ok) $($answer.resumed_at) $($state['bytes_done'])" | Should -Be 'True 2048 2048'
            $state['marks'].Count | Should -Be 0
        }
        It 'is none when the journal is not the one that the order names' {
            $whole.journal_sha256 = 'other'
            { Invoke-SeedVerifyRun -Order $whole -State $state } | Should -Throw 'The journal of drive DATA changed*'
            Test-Path -LiteralPath 'C:\verify.json' | Should -BeFalse
        }
    }
    It 'takes no volume for protected that cannot be asked' {
        Mock Get-BitLockerVolume {
            [CmdletBinding()]param($MountPoint)
            Write-Error -Message 'down'
        } -ModuleName _Volume
        { Assert-SeedProtected -Letter E -Serial DATA } | Should -Throw '*down*'
    }
}
