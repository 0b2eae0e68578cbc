# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The reader of drive manifests on the host: what it yields, what it refuses, and that nothing makes it hang.
Describe 'the reader of manifests' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Manifest'
        $zero = '0' * 32
        $good = "<?xml version='1.0' encoding='utf-8'?><DriveManifest Version='2014-11-01'><Drive>" +
            "<DriveId> DATA </DriveId><ClientCreator>x</ClientCreator><BlobList Id='s-0'><Blob>" +
            '<BlobPath>c/a</BlobPath><FilePath>\s\a</FilePath><Length>2048</Length>' +
            '<ImportDisposition>rename</ImportDisposition><PageRangeList>' +
            "<PageRange Offset='0' Length='512' Hash=' $zero'/><PageRange Offset='1024' Length='512' Hash='$zero'/>" +
            '</PageRangeList></Blob><Blob><BlobPath>c/b</BlobPath><FilePath>\s\b</FilePath><Length>0</Length>' +
            '<PageRangeList/></Blob></BlobList></Drive></DriveManifest>'
        $native = [System.IO.Path]::GetTempFileName()
        # The items as text: blobs by their path, ranges by their offset, ends as a full stop.
        function Read-Text {
            param([string]$Text, [int]$Count = 1024)
            [System.IO.File]::WriteAllText($native, $Text)
            Read-File -Count $Count
        }
        function Read-File {
            param([int]$Count = 1024)
            $manifest = Open-SeedManifest -Path $native
            $said = [System.Collections.Generic.List[string]]::new()
            try {
                do {
                    $more = Read-SeedManifestPart -Manifest $manifest -Count $Count
                    foreach ($item in $manifest['items']) {
                        if ($null -eq $item) { $said.Add('.') }
                        elseif ($item -is [array]) { $said.Add("$($item[0])+$($item[1])") }
                        else { $said.Add("$($item['path'])=$($item['file']):$($item['length'])") }
                    }
                } while ($more)
            }
            finally { Close-SeedManifest -Manifest $manifest }
            "$($manifest['drive_id']) $($said -join ' ')"
        }
    }
    AfterAll { [System.IO.File]::Delete($native) }

    It 'yields blobs, ranges and ends, <count> at a time' -ForEach @(
        @{ count = 1024 }, @{ count = 1 }, @{ count = 2 }
    ) {
        Read-Text -Text $good -Count $count | Should -BeExactly 'DATA c/a=\s\a:2048 0+512 1024+512 . c/b=\s\b:0 .'
    }
    It 'takes elements that it does not know, at any place, and leaves them out' {
        $more = '<New at="1"><Deep>x<Deeper/></Deep></New>'
        $text = $good.Replace('<BlobList', "$more<BlobList").Replace('<Length>', "$more<Length>").Replace(
            '</PageRangeList>', "<Other/></PageRangeList>$more").Replace('</Drive>', "$more<!-- x --></Drive>")
        Read-Text -Text $text | Should -BeExactly 'DATA c/a=\s\a:2048 0+512 1024+512 . c/b=\s\b:0 .'
    }
    It 'takes a name in other case for another element' {
        Read-Text -Text $good.Replace('PageRange ', 'pageRange ') | Should -BeExactly (
            'DATA c/a=\s\a:2048 . c/b=\s\b:0 .')
    }
    It 'takes a name with a prefix for another element' {
        Read-Text -Text $good.Replace("<PageRange Offset='1024'", "<x:PageRange xmlns:x='u' Offset='1024'") |
            Should -BeExactly 'DATA c/a=\s\a:2048 0+512 . c/b=\s\b:0 .'
        { Read-Text -Text $good.Replace('DriveManifest V', "x:DriveManifest xmlns:x='u' V").Replace(
                '</DriveManifest', '</x:DriveManifest') } | Should -Throw 'line *root element*'
    }
    It 'takes a page range that ends with a tag of its own, and leaves out what is in it' {
        foreach ($inside in '', " `n", '<!-- x -->', 'x', '<New>x<New/></New>') {
            Read-Text -Text $good.Replace("'$zero'/><", "'$zero'>$inside</PageRange><") |
                Should -BeExactly 'DATA c/a=\s\a:2048 0+512 1024+512 . c/b=\s\b:0 .'
        }
    }
    It 'keeps <code> at the end of a name, which Windows keeps too' -ForEach @(
        @{ code = 'U+00A0'; blank = "`u{a0}" }, @{ code = 'U+3000'; blank = "`u{3000}" }
    ) {
        Read-Text -Text $good.Replace('>c/a<', "> c/a$blank`n<").Replace('>\s\a<', ">`t\s\a$blank `r<") |
            Should -BeExactly "DATA c/a$blank=\s\a${blank}:2048 0+512 1024+512 . c/b=\s\b:0 ."
    }
    It 'refuses <what>' -ForEach @(
        @{ what = 'a page range in another'; old = "'/></PageRangeList>"
            new = "'><PageRange/></PageRange></PageRangeList>"; text = 'unexpected place'
        }
        @{ what = 'a control character at the end'; old = '>\s\a<'; new = ">\s\a`u{85}<"; text = 'FilePath' }
        @{ what = 'a hash behind a blank of another kind'; old = "Hash=' "; new = "Hash='`u{a0}"; text = 'no MD5' }
        @{ what = 'another root'; old = 'DriveManifest'; new = 'Manifest'; text = 'root element' }
        @{ what = 'a second drive'; old = '</Drive>'; new = '</Drive><Drive/>'; text = 'second drive' }
        @{ what = 'no drive id'; old = '<DriveId> DATA </DriveId>'; new = ''; text = 'before DriveId' }
        @{ what = 'an empty drive id'; old = ' DATA '; new = ' '; text = 'DriveId' }
        @{
            what = 'two drive ids'; old = '<ClientCreator>'; new = '<DriveId>B</DriveId><ClientCreator>'
            text = 'DriveId'
        }
        @{ what = 'an element in a text'; old = ' DATA '; new = 'D<x/>A'; text = 'not well-formed' }
        @{ what = 'a blob in a blob'; old = '<Length>'; new = '<Blob/><Length>'; text = 'unexpected place' }
        @{ what = 'a blob in other things'; old = '<BlobList'; new = '<x><Blob/></x><BlobList'; text = 'unexpected' }
        @{ what = 'an empty blob'; old = '<Blob><BlobPath>c/b'; new = '<Blob/><Blob><BlobPath>c/b'; text = 'empty' }
        @{ what = 'a blob without a list'; old = '<PageRangeList/>'; new = ''; text = 'no PageRangeList' }
        @{ what = 'two lists'; old = '<PageRangeList/>'; new = '<PageRangeList/><PageRangeList/>'; text = 'twice' }
        @{ what = 'a list of blocks'; old = '<PageRangeList/>'; new = '<BlockList/>'; text = 'block blob' }
        @{ what = 'a path behind the list'; old = '</Blob><'; new = '<FilePath>\x</FilePath></Blob><'; text = 'behind' }
        @{ what = 'two lengths'; old = '<Length>0'; new = '<Length>0</Length><Length>0'; text = 'Length comes twice' }
        @{ what = 'two paths'; old = '<Length>0'; new = '<BlobPath>c/x</BlobPath><Length>0'; text = 'BlobPath comes' }
        @{ what = 'two files'; old = '<Length>0'; new = '<FilePath>\x</FilePath><Length>0'; text = 'FilePath comes' }
        @{ what = 'no length'; old = '<Length>0</Length>'; new = ''; text = 'lacks' }
        @{ what = 'an odd length'; old = '>2048<'; new = '>2047<'; text = 'Length is not a multiple' }
        @{ what = 'a length above 8 TiB'; old = '>2048<'; new = '>8796093022720<'; text = 'Length is not a multiple' }
        @{ what = 'a length in other digits'; old = '>2048<'; new = ">`u{662}<"; text = 'not a number' }
        @{ what = 'a length with a sign'; old = '>2048<'; new = '>+2048<'; text = 'not a number' }
        @{ what = 'a length without end'; old = '>2048<'; new = ">$('9' * 30)<"; text = 'not a number' }
        @{ what = 'an offset that is none'; old = "Offset='0'"; new = "Offset='0x0'"; text = 'not a number' }
        @{ what = 'a missing offset'; old = "Offset='0'"; new = ''; text = 'not a number' }
        @{ what = 'a negative offset'; old = "Offset='0'"; new = "Offset='-512'"; text = 'not a number' }
        @{ what = 'half a page'; old = "Offset='0'"; new = "Offset='100'"; text = 'whole pages' }
        @{ what = 'an empty range'; old = "Length='512'"; new = "Length='0'"; text = 'whole pages' }
        @{ what = 'more than 4 MiB'; old = "Length='512'"; new = "Length='4194816'"; text = 'whole pages' }
        @{ what = 'an overlap'; old = "Offset='1024'"; new = "Offset='0'"; text = 'overlapping page ranges at byte 0' }
        @{ what = 'a range behind the end'; old = "Offset='1024'"; new = "Offset='2048'"; text = 'leaves its blob' }
        @{ what = 'an offset at the edge'; old = "'1024'"; new = "'9223372036854775296'"; text = 'leaves' }
        @{ what = 'no hash'; old = "Hash=' "; new = "Other=' "; text = 'no MD5' }
        @{ what = 'a short hash'; old = "Hash=' 0"; new = "Hash=' "; text = 'no MD5' }
        @{ what = 'a path that leaves the drive'; old = '>\s\a<'; new = '>\..\a<'; text = 'FilePath' }
        @{ what = 'a path of a server'; old = '>\s\a<'; new = '>\\s\a<'; text = 'FilePath' }
        @{ what = 'a device'; old = '>\s\a<'; new = '>\\?\C:\a<'; text = 'FilePath' }
        @{ what = 'a stream'; old = '>\s\a<'; new = '>\s:x<'; text = 'FilePath' }
        @{ what = 'a blank at the end'; old = '>\s\a<'; new = '>\s \a<'; text = 'FilePath' }
        @{ what = 'a blob without a container'; old = '>c/a<'; new = '>a<'; text = 'BlobPath' }
        @{ what = 'a blob of dots'; old = '>c/a<'; new = '>c/../a<'; text = 'BlobPath' }
        @{ what = 'a DTD'; old = '<DriveManifest '; new = '<!DOCTYPE x []><DriveManifest '; text = 'not well-formed' }
        @{ what = 'an early end'; old = '</DriveManifest>'; new = ''; text = 'not well-formed' }
        @{ what = 'depth'; old = '<BlobList'; new = ('<x>' * 40 + '<BlobList'); text = 'deeper than 32' }
    ) {
        $at = $good.IndexOf($old, [StringComparison]::Ordinal)
        { Read-Text -Text $good.Remove($at, $old.Length).Insert($at, $new) } | Should -Throw "line *$text*"
    }
    It 'reads the file of its path, also where a URI would be of another one' {
        $native = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath "$([guid]::NewGuid())%41#b.xml"
        try { Read-Text -Text $good | Should -Match '^DATA ' }
        finally { [System.IO.File]::Delete($native) }
    }
    It 'refuses bytes of no encoding' {
        foreach ($bytes in @(0, 0, 0xFE, 0xFF, 0, 0, 0, 0x3C), @(0xFF, 0xFE, 0, 0, 0x3C, 0, 0, 0), @(0xFF)) {
            [System.IO.File]::WriteAllBytes($native, [byte[]]$bytes)
            { Read-File } | Should -Throw 'line *not well-formed*'
        }
    }
    It 'refuses nothing at all' { { Read-Text -Text '' } | Should -Throw 'line *not well-formed*' }
    It 'gives an answer or refuses, whatever is done to a manifest, and quotes nothing' {
        $random = New-Object -TypeName Random -ArgumentList 20261128
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($good)
        $words = '<Blob>', '</Blob>', '<PageRange/>', '</PageRangeList>', '<BlockList/>', '0', '-1', '"', "'", '&',
            '&#0;', '<![CDATA[', '<!--', '\..\', '//', '<Drive>', "`0", '99999999999999999999', '<Length>512</Length>' |
            ForEach-Object { , [System.Text.Encoding]::UTF8.GetBytes($_) }
        $most = [long]0
        $refused = 0
        $number = 400
        if ($env:SEEDFREIGHT_MUTANTS) { $number = [int]$env:SEEDFREIGHT_MUTANTS }
        for ($mutant = 0; $mutant -lt $number; $mutant++) {
            $changed = [System.Collections.Generic.List[byte]]::new($bytes)
            foreach ($one in 0..$random.Next(3)) {
                $at = $random.Next($changed.Count)
                $much = [Math]::Min($random.Next(1, 60), $changed.Count - $at)
                switch ($random.Next(5)) {
                    0 { $changed[$at] = [byte]$random.Next(256) }
                    1 { $changed.RemoveRange($at, $much) }
                    2 { $changed.InsertRange($at, [byte[]]$words[$random.Next($words.Count)]) }
                    3 { $changed.InsertRange($random.Next($changed.Count), $changed.GetRange($at, $much)) }
                    4 { $changed.RemoveRange($at, [Math]::Min($changed.Count - $at, 10 * $much)) }
                }
                if ($changed.Count -eq 0) { $changed.Add(60) }
            }
            [System.IO.File]::WriteAllBytes($native, $changed.ToArray())
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            try { $null = Read-File }
            catch [System.IO.InvalidDataException] {
                $refused++
                $_.Exception.GetBaseException().Message | Should -Match '^line \d+: [A-Za-z0-9 ,./-]+$'
            }
            $most = [Math]::Max($most, $watch.ElapsedMilliseconds)
        }
        $refused -gt $number / 2 | Should -BeTrue
        $refused -lt $number | Should -BeTrue
        $most -lt 20000 | Should -BeTrue
    }
    It 'does not grow with the number of blobs' {
        function Get-Growth {
            param([int]$Blobs)
            $start, $rest = $good -split '(?=<Blob>)', 2
            $blob, $end = $rest -split '(?<=</Blob>)', 2
            $writer = [System.IO.StreamWriter]::new($native)
            $writer.Write($start)
            foreach ($at in 1..$Blobs) { $writer.Write($blob) }
            $writer.Write($end)
            $writer.Dispose()
            [GC]::Collect()
            $before = [GC]::GetTotalMemory($true)
            $manifest = Open-SeedManifest -Path $native
            try {
                while (Read-SeedManifestPart -Manifest $manifest) { $null = $manifest['items'].Count }
                $manifest['blobs'] | Should -Be ($Blobs + 1)
                [GC]::GetTotalMemory($true) - $before
            }
            finally { Close-SeedManifest -Manifest $manifest }
        }
        $null = Get-Growth -Blobs 100
        (Get-Growth -Blobs 4000) - (Get-Growth -Blobs 500) -lt 200000 | Should -BeTrue
    }
}
