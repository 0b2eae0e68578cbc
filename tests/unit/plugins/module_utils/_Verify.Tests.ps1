# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The functions that read a drive again, one at a time: blobs and what was found are built here.
Describe 'reading a drive again, step by step' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Drive', '_Volume', '_RunScript', '_Verify'
        $order = [pscustomobject]@{ container = 'c'; letter = 'E'; manifest_file = '\DriveManifest.xml' }
        $md5 = [System.Security.Cryptography.MD5]::Create()
        function New-Found {
            param([hashtable]$Planned = @{ f = 2048 }, [int]$Buffer = 1024)
            $files = [System.Collections.Generic.Dictionary[string, long]]::new()
            foreach ($name in $Planned.Keys) { $files[$name] = $Planned[$name] }
            @{
                planned = $files
                seen = [System.Collections.Generic.HashSet[string]]::new()
                mismatches = [System.Collections.Generic.List[string]]::new()
                files = [System.Collections.Generic.List[object]]::new()
                wrong = 0; ranges = 0; bytes = [long]0; drives = 0; drive_id = ''; zero = @{}
                buffer = [byte[]]::new($Buffer); md5 = $md5
            }
        }
        function New-Blob {
            param([string]$Path = 'c/f', [string]$File = '\f', [string]$Length = '2048')
            @{
                path = $Path; file = $File; length = $Length; name = ''; stream = $null; next = [long]0
                opened = $false; bad = $false
            }
        }
        function Open-TestBlob {
            param([hashtable]$Found)
            $blob = New-Blob
            Open-SeedBlob -Blob $blob -Order $order -Found $Found | Should -BeNullOrEmpty
            $blob
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
        if ($blob -and $blob['stream']) { $blob['stream'].Dispose() }
        Remove-TestWorld
    }

    It 'opens a blob that is planned' {
        $blob = Open-TestBlob -Found $found
        "$($blob['opened']) $($blob['name']) $($blob['stream'].Length)" | Should -Be 'True f 2048'
    }
    It 'takes folders of a blob for folders of the plan' {
        $found = New-Found -Planned @{ 'a\f' = 2048 }
        $blob = New-Blob -Path 'c/a/f'
        Open-SeedBlob -Blob $blob -Order $order -Found $found | Should -BeNullOrEmpty
        $blob['name'] | Should -BeExactly 'a\f'
    }
    It 'does not open <what>' -ForEach @(
        @{ what = 'a blob of a longer container'; blob = @{ Path = 'cc/f' }; text = 'outside the container' }
        @{ what = 'a blob of a container in other case'; blob = @{ Path = 'C/f' }; text = 'outside the container' }
        @{ what = 'a blob that is not planned'; blob = @{ Path = 'c/g' }; text = 'not among' }
        @{ what = 'a path without a backslash'; blob = @{ File = 'f' }; text = 'does not lie on the drive' }
        @{ what = 'no path'; blob = @{ File = '' }; text = 'does not lie on the drive' }
        @{ what = 'another length'; blob = @{ Length = '2047' }; text = 'not the 2048 bytes' }
        @{ what = 'a length in words'; blob = @{ Length = 'many' }; text = 'not the 2048 bytes' }
        @{ what = 'a length with a sign'; blob = @{ Length = '+2048' }; text = 'not the 2048 bytes' }
        @{ what = 'a file that is not there'; blob = @{ File = '\g' }; text = "'E:\\g' is missing" }
        @{ what = 'a folder'; blob = @{ File = '\folder' }; text = 'is missing' }
        @{ what = 'a file of another length'; blob = @{ File = '\short' }; text = 'has 512 bytes' }
    ) {
        $null = New-Item -ItemType Directory -Path 'E:\folder'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\short'), [byte[]]::new(512))
        $blob = New-Blob @blob
        Open-SeedBlob -Blob $blob -Order $order -Found $found | Should -Match $text
    }
    It 'does not open one file for two blobs' {
        $found = New-Found -Planned @{ f = 2048; g = 2048 }
        $blob = Open-TestBlob -Found $found
        Open-SeedBlob -Blob (New-Blob -Path 'c/g' -File '\F') -Order $order -Found $found |
            Should -Match 'for two blobs'
        Open-SeedBlob -Blob (New-Blob) -Order $order -Found $found | Should -Match 'twice'
    }
    It 'does not open a file of no whole pages' {
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), [byte[]]::new(2000))
        $found = New-Found -Planned @{ f = 2000 }
        $blob = New-Blob -Length '2000'
        Open-SeedBlob -Blob $blob -Order $order -Found $found | Should -Match 'no multiple of 512'
    }

    It 'accepts a range with its hash, and counts it' {
        $blob = Open-TestBlob -Found $found
        $range = @{ Offset = '0'; Length = '1024'; Hash = " $((Get-Hash -Offset 0 -Length 1024).ToLowerInvariant()) " }
        Test-SeedRange -Blob $blob -Found $found @range | Should -BeNullOrEmpty
        "$($blob['next']) $($found['ranges'])" | Should -Be '1024 1'
        $range = @{ Offset = '1024'; Length = '1024'; Hash = Get-Hash -Offset 1024 -Length 1024 }
        Test-SeedRange -Blob $blob -Found $found @range | Should -BeNullOrEmpty
        "$($blob['next']) $($found['ranges'])" | Should -Be '2048 2'
    }
    It 'refuses a range of offset <offset> and length <length>' -ForEach @(
        @{ offset = $null; length = '512'; text = 'is not one' }
        @{ offset = '0'; length = $null; text = 'is not one' }
        @{ offset = '-512'; length = '512'; text = 'is not one' }
        @{ offset = '0'; length = '+512'; text = 'is not one' }
        @{ offset = '0'; length = '0x200'; text = 'is not one' }
        @{ offset = '99999999999999999999'; length = '512'; text = 'is not one' }
        @{ offset = '0'; length = '99999999999'; text = 'is not one' }
        @{ offset = '100'; length = '512'; text = 'odd page range at byte 100' }
        @{ offset = '0'; length = '100'; text = 'odd page range' }
        @{ offset = '0'; length = '0'; text = 'odd page range' }
        @{ offset = '0'; length = '4194816'; text = 'odd page range' }
        @{ offset = '512'; length = '512'; text = 'overlapping' }
        @{ offset = '1536'; length = '1024'; text = 'beyond its end' }
        @{ offset = '9223372036854775296'; length = '512'; text = 'beyond its end' }
        @{ offset = '1024'; length = '512'; text = 'differs at byte 1024' }
    ) {
        $blob = Open-TestBlob -Found $found
        $blob['next'] = [long]1024
        Test-SeedRange -Blob $blob -Found $found -Offset $offset -Length $length -Hash ('0' * 32) | Should -Match $text
        "$($blob['next']) $($found['ranges'])" | Should -Be '1024 0'
    }
    It 'refuses a range behind bytes that none covers' {
        $blob = Open-TestBlob -Found $found
        Test-SeedRange -Blob $blob -Found $found -Offset 512 -Length 512 -Hash ('0' * 32) |
            Should -Match 'holds bytes before byte 512'
    }

    It 'finds a gap of zero bytes in pieces of its buffer, and one byte in the last of them' {
        $blob = Open-TestBlob -Found $found
        $blob['next'] = [long]512
        Test-SeedGap -Blob $blob -End 2047 -Found $found | Should -BeTrue
        Test-SeedGap -Blob $blob -End 2048 -Found $found | Should -BeFalse
        $blob['next'] = [long]0
        Test-SeedGap -Blob $blob -End 512 -Found $found | Should -BeFalse
        Test-SeedGap -Blob $blob -End 0 -Found $found | Should -BeTrue
    }
    It 'does not keep hashes of zero bytes without end' {
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), [byte[]]::new(2048))
        $blob = Open-TestBlob -Found $found
        foreach ($end in 1..200) { Test-SeedGap -Blob $blob -End $end -Found $found | Should -BeTrue }
        $found['zero'].Count -le 65 | Should -BeTrue
    }
    It 'fails when a file ends while it is read' {
        $blob = Open-TestBlob -Found $found
        { Read-SeedBlock -Blob $blob -Offset 1536 -Count 1024 -Found $found } | Should -Throw '*ends at byte 2048*'
    }

    Context 'the end of a blob' {
        It 'accepts one without ranges whose file is zero, and counts it' {
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), [byte[]]::new(2048))
            Close-SeedBlob -Blob (New-Blob) -Order $order -Found $found | Should -BeNullOrEmpty
            "$($found['files'][0].name) $($found['files'][0].bytes) $($found['bytes'])" | Should -Be 'f 2048 2048'
        }
        It 'refuses one without ranges whose file is not' {
            Close-SeedBlob -Blob (New-Blob) -Order $order -Found $found | Should -Match 'holds bytes after byte 0'
            $found['files'].Count | Should -Be 0
        }
        It 'refuses one without ranges that is not planned' {
            Close-SeedBlob -Blob (New-Blob -Path 'c/g') -Order $order -Found $found | Should -Match 'not among'
        }
        It 'says nothing more of one that is bad already, and lets go of its file' {
            $blob = Open-TestBlob -Found $found
            $blob['bad'] = $true
            Close-SeedBlob -Blob $blob -Order $order -Found $found | Should -BeNullOrEmpty
            $blob['stream'].CanRead | Should -BeFalse
            $found['files'].Count | Should -Be 0
        }
    }

    Context 'the manifest' {
        BeforeEach {
            $all = Get-Hash -Offset 0 -Length 2048
            $state = [ordered]@{ bytes_done = 0 }
            $good = '<DriveManifest><Drive><DriveId> DATA </DriveId><BlobList><Blob><BlobPath>c/f</BlobPath>' +
                '<FilePath>\f</FilePath><Length>2048</Length><PageRangeList>' +
                "<PageRange Offset='0' Length='2048' Hash='$all'/></PageRangeList></Blob></BlobList></Drive>" +
                '</DriveManifest>'
            $found = New-Found -Buffer 4096
            function Read-Test {
                param([string]$Text)
                $native = Resolve-SeedPath -Path 'E:\DriveManifest.xml'
                [System.IO.File]::WriteAllText($native, $Text)
                Read-SeedManifest -Order $order -State $state -Found $found
            }
        }
        It 'is read to its end' {
            Read-Test -Text $good
            "$($found['wrong']) $($found['drives']) $($found['drive_id']) $($found['ranges']) $($found['bytes'])" |
                Should -Be '0 1 DATA 1 2048'
            $state['bytes_done'] | Should -Be 2048
        }
        It 'finds <what>' -ForEach @(
            @{
                what = 'a path behind the ranges'; old = '</PageRangeList>'
                new = '</PageRangeList><FilePath>\g</FilePath>'; text = 'names FilePath of a blob behind'; files = 0
            }
            @{
                what = 'a length behind the ranges'; old = '</PageRangeList>'
                new = '</PageRangeList><Length>1</Length>'; text = 'names Length of a blob behind'; files = 0
            }
            @{
                what = 'a block'; old = '<PageRangeList>'; new = "<Block Length='1'/><PageRangeList>"
                text = 'block blob'; files = 0
            }
            @{
                what = 'an empty list of blocks'; old = '<PageRangeList>'; new = '<BlockList/><PageRangeList>'
                text = 'block blob'; files = 0
            }
            @{ what = 'another hash'; old = "Hash='"; new = "Hash='0"; text = 'differs at byte 0'; files = 0 }
        ) {
            Read-Test -Text $good.Replace($old, $new)
            $found['wrong'] | Should -Be 1
            $found['mismatches'][0] | Should -Match $text
            $found['files'].Count | Should -Be $files
        }
        It 'takes a name in other case for another element' {
            Read-Test -Text $good.Replace('PageRange ', 'pageRange ')
            $found['mismatches'][0] | Should -Match 'holds bytes after byte 0'
        }
        It 'does not take the id of a blob for the id of the drive, and counts drives' {
            Read-Test -Text $good.Replace('<FilePath>', '<DriveId>OTHER</DriveId><FilePath>').Replace(
                '</Drive>', '</Drive><Drive></Drive>')
            "$($found['drive_id']) $($found['drives'])" | Should -Be 'DATA 2'
        }
        It 'reads a range outside of a blob for nothing' {
            Read-Test -Text $good.Replace('<BlobList>', "<PageRange Offset='0' Length='512' Hash='x'/><BlobList>")
            "$($found['wrong']) $($found['ranges'])" | Should -Be '0 1'
        }
        It 'lets go of a file when it is not well-formed, and refuses a DTD' {
            { Read-Test -Text $good.Replace('</Blob>', '') } | Should -Throw
            [System.IO.File]::Open((Resolve-SeedPath -Path 'E:\f'), 'Open', 'ReadWrite', 'None').Dispose()
            { Read-Test -Text "<!DOCTYPE x []>$good" } | Should -Throw '*DTD*'
        }
        It 'lets go of the file of a blob inside another one' {
            Read-Test -Text $good.Replace('</PageRangeList>', '</PageRangeList><Blob></Blob>')
            [System.IO.File]::Open((Resolve-SeedPath -Path 'E:\f'), 'Open', 'ReadWrite', 'None').Dispose()
            $found['files'].Count | Should -Be 0
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
                files = @([pscustomobject]@{ name = 'f'; bytes = 2048 }); manifest_hash = ''
                journal = 'C:\x.jrn'; verify_file = 'C:\verify.json'; run_file = 'C:\run.json'
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
            @{ what = 'ends early'; old = '</DriveManifest>'; new = ''; says = 'not well-formed at line 1' }
            @{ what = 'is of another drive'; old = '>data<'; new = '>other<'; says = "of the drive 'other'" }
            @{ what = 'has a drive more'; old = '</Drive>'; new = '</Drive><Drive/>'; says = "of the drive 'data'" }
            @{ what = 'names no file'; old = '<BlobPath>'; new = '<Other>x</Other><BlobPath>x'; says = 'outside' }
        ) {
            $answer = Get-Answer -Manifest ($text.Replace($old, $new))
            "$($answer.ok) $($state['exit_code'])" | Should -Be 'False 1'
            $answer.mismatches -join ' ' | Should -Match $says
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
