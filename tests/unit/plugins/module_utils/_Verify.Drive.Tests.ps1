# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'reading a drive again' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_RunScript', '_Manifest', '_Verify'
        function Get-TestHash([byte[]]$Byte) {
            [BitConverter]::ToString([System.Security.Cryptography.MD5]::Create().ComputeHash($Byte)) -replace '-', ''
        }
        function New-TestRange([byte[]]$Byte, [int]$Offset, [int]$Length) {
            $part = [byte[]]::new($Length)
            [Array]::Copy($Byte, $Offset, $part, 0, $Length)
            "<PageRange Offset='$Offset' Length='$Length' Hash='$(Get-TestHash -Byte $part)'/>"
        }
        function New-TestBlob([string]$Path, [string]$File, [long]$Length, [string]$Body) {
            "<Blob><BlobPath>$Path</BlobPath><FilePath>$File</FilePath><Length>$Length</Length>$Body</Blob>"
        }
        function New-TestPageBlob([string]$Range, [string]$Path = 'c/f', [string]$File = '\f', [long]$Length = 2048) {
            New-TestBlob -Path $Path -File $File -Length $Length -Body "<PageRangeList>$Range</PageRangeList>"
        }
        # Writes a manifest, starts a verify order in this process, and returns what verify.json says.
        function Invoke-TestVerify([string]$Blobs, [object[]]$File, [string]$DriveId = 'DATA', [int]$ExitCode) {
            $null = New-Item -ItemType Directory -Path 'C:\a' -Force
            Set-Content -LiteralPath 'C:\a\DATA.jrn' -Value 'journal' -Encoding utf8
            Set-Content -LiteralPath 'E:\DriveManifest.xml' -Encoding utf8 -Value (
                "<DriveManifest><Drive><DriveId>$DriveId</DriveId><BlobList>$Blobs</BlobList></Drive></DriveManifest>")
            Write-SeedJson -Path 'C:\a\order.json' -Value ([ordered]@{
                    operation = 'verify'
                    attempt = 'a'
                    serial = 'DATA'
                    letter = 'E'
                    container = 'c'
                    files = $File
                    started = Get-SeedTime
                    identity = @{
                        unique_id = 'U2'
                        size_bytes = 20000000
                        partition_guid = '{00000000-0000-4000-8000-000000000002}'
                    }
                    sessions = @(@{ id = 's-1'; state = 'completed'; exit_code = $ExitCode })
                    journal = 'C:\a\DATA.jrn'
                    journal_sha256 = (Get-SeedFileHash -Path 'C:\a\DATA.jrn' -Algorithm SHA256).ToLowerInvariant()
                    manifest_file = '\DriveManifest.xml'; manifest_hash = Get-SeedFileHash -Path 'E:\DriveManifest.xml'
                    run_file = 'C:\a\run.json'
                    verify_file = 'C:\a\verify.json'
                    part_file = 'C:\a\verify.part.json'
                    together = 1
                    bytes_total = 1024
                    task_name = 't'
                    task_path = '\'
                })
            Invoke-SeedRun -OrderFile 'C:\a\order.json'
            (Read-SeedJson -Path 'C:\a\verify.json').value
        }
    }
    BeforeEach {
        New-TestWorld
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        $bytes = [byte[]]::new(2048)
        foreach ($at in 0..511) { $bytes[$at] = 7 }
        foreach ($at in 1536..2047) { $bytes[$at] = 9 }
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $bytes)
        $files = @(@{ name = 'f'; bytes = 2048 })
        $first = New-TestRange -Byte $bytes -Offset 0 -Length 512
        $middle = New-TestRange -Byte $bytes -Offset 512 -Length 1024
        $last = New-TestRange -Byte $bytes -Offset 1536 -Length 512
    }
    AfterEach { Remove-TestWorld }

    It 'finds a good drive good, and binds that to the journal' {
        $verify = Invoke-TestVerify -File $files -Blobs (New-TestPageBlob -Range "$first$middle$last")
        "$($verify.ok) $($verify.bytes) $($verify.ranges) $($verify.files[0].name)" | Should -Be 'True 2048 3 f'
        $verify.journal_sha256 |
            Should -Be (Get-SeedFileHash -Path 'C:\a\DATA.jrn' -Algorithm SHA256).ToLowerInvariant()
    }
    It 'accepts a gap whose bytes are zero' {
        (Invoke-TestVerify -File $files -Blobs (New-TestPageBlob -Range "$first$last")).ok | Should -BeTrue
    }
    It 'does not take a blob for read that another one interrupts' {
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\g'), [byte[]]::new(512))
        $range = New-TestRange -Byte ([byte[]]::new(512)) -Offset 0 -Length 512
        $inner = New-TestPageBlob -Range $range -Path 'c/g' -File '\g' -Length 512
        $blob = New-TestBlob -Path 'c/f' -File '\f' -Length 2048 -Body "<PageRangeList>$first</PageRangeList>$inner"
        $verify = Invoke-TestVerify -File @($files[0], @{ name = 'g'; bytes = 512 }) -Blobs $blob
        $verify.ok | Should -BeFalse
        $verify.mismatches[0] | Should -Match 'element Blob is in an unexpected place'
    }
    It 'finds <what>' -ForEach @(
        @{ what = 'a gap with bytes'; body = '{1}{2}'; text = 'holds bytes before byte 512' }
        @{ what = 'an end that is not covered'; body = '{0}{1}'; text = 'no page range covers at its end' }
        @{ what = 'overlapping ranges'; body = '{0}{0}{1}{2}'; text = 'overlapping page ranges at byte 0' }
        @{
            what = 'an odd range'
            body = "<PageRange Offset='0' Length='100' Hash='{3}'/>"
            text = 'not made of whole pages'
        }
        @{
            what = 'a range beyond the end'
            body = "<PageRange Offset='2048' Length='512' Hash='{3}'/>"
            text = 'leaves its blob'
        }
        @{
            what = 'a negative range'
            body = "<PageRange Offset='-512' Length='512' Hash='{3}'/>"
            text = 'is not a number'
        }
        @{
            what = 'another hash'
            body = "<PageRange Offset='0' Length='512' Hash='{3}'/>"
            text = 'differs at byte 0'
        }
    ) {
        $ranges = $body -replace '\{0\}', $first -replace '\{1\}', $middle -replace '\{2\}', $last
        $ranges = $ranges -replace '\{3\}', ('0' * 32)
        $blob = New-TestPageBlob -Range $ranges
        $verify = Invoke-TestVerify -File @(@{ name = 'f'; bytes = 2048 }) -Blobs $blob
        $verify.ok | Should -BeFalse
        $verify.mismatches[0] | Should -Match $text
    }
    It 'finds <what> in the manifest' -ForEach @(
        @{
            what = 'a blob of another container'
            path = 'd/f'
            file = '\f'
            length = 2048
            text = 'outside the container'
        }
        @{ what = 'a blob that is not in the shard'; path = 'c/g'; file = '\f'; length = 2048; text = 'not among' }
        @{ what = 'another length'; path = 'c/f'; file = '\f'; length = 512; text = 'not the 2048 bytes' }
        @{
            what = 'a path that leaves the drive'
            path = 'c/f'
            file = '\..\f'
            length = 2048
            text = 'FilePath does not lie on the drive'
        }
        @{
            what = 'a path of a server'
            path = 'c/f'
            file = '\\s\f'
            length = 2048
            text = 'FilePath does not lie on the drive'
        }
    ) {
        $blob = New-TestPageBlob -Range $first -Path $path -File $file -Length $length
        $verify = Invoke-TestVerify -File @(@{ name = 'f'; bytes = 2048 }) -Blobs $blob
        $verify.mismatches[0] | Should -Match $text
    }
    It 'reads a file <name>, named like a property' -ForEach @(@{ name = 'Count' }, @{ name = 'Keys' }) {
        $verify = Invoke-TestVerify -File @(@{ name = $name; bytes = 2048 }) -Blobs (
            New-TestPageBlob -Range "$first$middle$last" -Path "c/$name")
        "$($verify.ok) $($verify.mismatches)" | Should -BeExactly 'True '
    }
    It 'finds a file of the shard that the manifest does not name, another drive, and a block blob' {
        $good = New-TestPageBlob -Range "$first$middle$last"
        (Invoke-TestVerify -File ($files + @{ name = 'g'; bytes = 512 }) -Blobs $good).mismatches |
            Should -Match "does not name the file 'g'"
        (Invoke-TestVerify -File $files -Blobs $good -DriveId 'OTHER').mismatches |
            Should -Match "of the drive 'OTHER'"
        (Invoke-TestVerify -File $files -Blobs ($good + $good)).mismatches | Should -Match 'twice'
        $block = New-TestBlob -Path 'c/f' -File '\f' -Length 2048 -Body (
            "<BlockList><Block Offset='0' " +
            "Length='2048' Hash='x'/></BlockList>"
        )
        (Invoke-TestVerify -File $files -Blobs $block).mismatches[0] | Should -Match 'block blob'
    }
    It 'ends as failed, without an answer, while protection is off' {
        Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.protection_status = 'Off' }
        Invoke-TestVerify -File $files -Blobs '' | Should -BeNullOrEmpty
        (Read-SeedJson -Path 'C:\a\run.json').value.error | Should -Match 'Resume-BitLocker'
    }
    It 'takes its order once' {
        $null = Invoke-TestVerify -File $files -Blobs ''
        Test-Path -LiteralPath 'C:\a\order.json' | Should -BeFalse
        { Invoke-SeedRun -OrderFile 'C:\a\order.json' } | Should -Throw '*'
    }

    Context 'after a reading that was interrupted' {
        BeforeEach {
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\g'), [byte[]]::new(512))
            $two = @($files[0], @{ name = 'g'; bytes = 512 })
            $blobs = (New-TestPageBlob -Range "$first$middle$last") +
                (New-TestPageBlob -Range '' -Path 'c/g' -File '\g' -Length 512)
            $open = [System.IO.File]::Open((Resolve-SeedPath -Path 'E:\g'), 'Open', 'ReadWrite', 'None')
            try { Invoke-TestVerify -File $two -Blobs $blobs | Should -BeNullOrEmpty }
            finally { $open.Dispose() }
            $run = (Read-SeedJson -Path 'C:\a\run.json').value
            $native = Resolve-SeedPath -Path 'E:\f'
            # What is read again now is found to differ.
            function Set-TestByte {
                $time = [System.IO.File]::GetLastWriteTimeUtc($native)
                [System.IO.File]::WriteAllBytes($native, [byte[]]::new(2048))
                [System.IO.File]::SetLastWriteTimeUtc($native, $time)
            }
        }
        It 'goes on where that one was, and says so' {
            "$($run.state) $($run.exit_code)" | Should -Be 'ended -1'
            Set-TestByte
            $verify = Invoke-TestVerify -File $two -Blobs $blobs
            "$($verify.ok) $($verify.ranges) $($verify.bytes) $($verify.resumed_at)" | Should -Be 'True 3 2560 2048'
            ($verify.files | ForEach-Object { $_.name }) -join ',' | Should -Be 'f,g'
            @($verify.files[0].PSObject.Properties.Name) -join ',' | Should -Be 'name,bytes'
            Test-Path -LiteralPath 'C:\a\verify.part.json' | Should -BeFalse
            # And when it has ended, the next one begins anew.
            $verify = Invoke-TestVerify -File $two -Blobs $blobs
            "$($verify.ok) $($verify.resumed_at)" | Should -Be 'False '
        }
        It 'begins anew when <what>' -ForEach @(
            @{
                what = 'a file has another time'
                change = { [System.IO.File]::SetLastWriteTimeUtc($native, [DateTime]'2020-01-01') }
            }
            @{
                what = 'the record is torn'
                change = { Set-Content -LiteralPath 'C:\a\verify.part.json' -Value '{"schema_' -Encoding utf8 }
            }
            @{
                what = 'the record lacks something'
                change = { Set-Content -LiteralPath 'C:\a\verify.part.json' -Value '{"schema_version":1}' }
            }
            @{
                what = 'the record is of another thing'
                change = { Set-TestPart -Name bound -Value 'other' }
            }
            @{ what = 'the record counts otherwise'; change = { Set-TestPart -Name blobs -Value 2 } }
            @{ what = 'the record is inside no file'; change = { Set-TestPart -Name offset -Value 512 } }
            @{ what = 'the record is of another kind'; change = { Set-TestPart -Name schema_version -Value 2 } }
            @{ what = 'there is none'; change = { Remove-Item -LiteralPath 'C:\a\verify.part.json' } }
        ) {
            function Set-TestPart([string]$Name, [object]$Value) {
                $part = (Read-SeedJson -Path 'C:\a\verify.part.json').value
                $part.$Name = $Value
                Write-SeedJson -Path 'C:\a\verify.part.json' -Value $part
            }
            Set-TestByte
            & $change
            $verify = Invoke-TestVerify -File $two -Blobs $blobs
            "$($verify.ok) $($verify.resumed_at)" | Should -Be 'False '
            $verify.mismatches[0] | Should -Match 'differs at byte 0'
        }
        It 'begins anew when the tool ran again' {
            Set-TestByte
            $verify = Invoke-TestVerify -File $two -Blobs $blobs -ExitCode 3
            "$($verify.ok) $($verify.resumed_at)" | Should -Be 'False '
        }
    }
}
