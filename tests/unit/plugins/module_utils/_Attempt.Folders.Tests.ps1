# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Attempts that are only folders here: no tool runs, so these tests are quick.
Describe 'the folders of attempts' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/attempts.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'options' {
        It 'are none when they are missing, null or empty' {
            Get-SeedOption -Option @{} -Name a | Should -BeNullOrEmpty
            Get-SeedOption -Option @{ a = $null } -Name a | Should -BeNullOrEmpty
            @(Get-SeedOption -Option @{ a = @('x', '', $null, 'y') } -Name a) -join '|' | Should -Be 'x|y'
        }
        It 'are refused with <what>' -ForEach @(
            @{ what = 'a seed that ends in a full stop'; more = @{ seed = 'a.' }; text = '*`seed`*' }
            @{ what = 'a seed with a path'; more = @{ seed = '..\a' }; text = '*`seed`*' }
            @{ what = 'a share for the work'; more = @{ work_directory = '\\s\a' }; text = '*`work_directory`*' }
            @{ what = 'a root for the work'; more = @{ work_directory = 'C:\' }; text = '*`work_directory`*' }
            @{ what = 'a way up for the work'; more = @{ work_directory = 'C:\a\..\b' }; text = '*`work_directory`*' }
            @{ what = 'an empty serial'; drive = @{ serial = ' . ' }; text = '*`serial` in `drives` is empty*' }
            @{ what = 'a file that leaves'; drive = @{ files = @(@{ name = '..\a' }) }; text = '*`files`*not a path*' }
            @{ what = 'a file without a name'; drive = @{ files = @(@{ name = $null }) }; text = '*`files`*' }
            @{
                what = 'a file twice'; text = '*`files`*''A'' twice*'
                drive = @{
                    files = @(@{ name = 'a'; bytes = 1 }, @{ name = 'A'; bytes = 1 })
                    sessions = @(@{ id = 's-1'; files = @('a') }, @{ id = 's-2'; files = @('A') })
                }
            }
            @{
                what = 'a short id'; text = '*3 to 30*'
                drive = @{ sessions = @(@{ id = 's'; files = @('a') }) }
            }
            @{
                what = 'an id with a line'; text = '*3 to 30*'
                drive = @{ sessions = @(@{ id = "s-1`n"; files = @('a') }) }
            }
            @{
                what = 'two files a session'; text = '*2 files*'
                drive = @{ sessions = @(@{ id = 's-1'; files = @('a', 'b') }) }
            }
            @{
                what = 'a file that is left out'; text = '*do not carry*'
                drive = @{ sessions = @(@{ id = 's-1'; files = @('a') }) }
            }
            @{
                what = 'one id twice'; text = '*one `id` twice*'
                drive = @{ sessions = @(@{ id = 's-1'; files = @('a') }, @{ id = 's-1'; files = @('b') }) }
            }
        ) {
            $pattern = $text.Replace('`', '``')
            $with = @{ More = $(if ($more) { $more } else { @{} }); Drive = $(if ($drive) { $drive } else { @{} }) }
            Assert-SeedOption -Option (New-Option)
            { Assert-SeedOption -Option (New-Option @with) } | Should -Throw $pattern
            $more = $drive = $null
        }
        It 'are refused with <bytes> for the length of a file' -ForEach @(
            @{ bytes = $null }, @{ bytes = '' }, @{ bytes = $true }, @{ bytes = -512 }, @{ bytes = 1.5 }
            @{ bytes = '1,024' }, @{ bytes = '1e3' }, @{ bytes = '512 ' }, @{ bytes = 'x' }, @{ bytes = @(1, 2) }
        ) {
            $option = New-Option
            $option['drives'][0]['files'][1]['bytes'] = $bytes
            { Assert-SeedOption -Option $option } | Should -Throw '*no whole number of bytes*'
        }
        It 'are taken with <bytes> for the length of a file' -ForEach @(
            @{ bytes = 0 }, @{ bytes = '512' }, @{ bytes = [long]8796093022208 }, @{ bytes = 512.0 }
        ) {
            $option = New-Option
            $option['drives'][0]['files'][1]['bytes'] = $bytes
            Assert-SeedOption -Option $option
        }
        It 'are refused with one serial twice, also where one has characters that nobody sees' {
            foreach ($sign in 0x200B, 0xFEFF, 0xAD, 0x7F, 0x85) {
                $option = New-Option
                $option['drives'] += @{ serial = "WD-WX31A10FE02$([char]$sign)"; bus = 'SATA'; erase = $false }
                { Assert-SeedOption -Option $option } | Should -Throw '*twice*'
            }
        }
        It 'are refused with one serial twice' {
            $option = New-Option
            $option['drives'] += @{ serial = 'wd-wx31a10fe02 '; bus = 'SATA'; erase = $false }
            { Assert-SeedOption -Option $option } | Should -Throw '*twice*'
        }
        It 'are refused with two drives that would have one folder' {
            foreach ($pair in @('A/B', 'A_B'), @('A?B', 'a*b'), @('A.B', 'A_B')) {
                $option = New-Option
                $option['drives'] = @($pair | ForEach-Object {
                    @{ serial = $_; bus = 'SATA'; erase = $false; files = @(); sessions = @() }
                })
                { Assert-SeedOption -Option $option } | Should -Throw '*would have one folder*'
            }
            $option['drives'] = @('A-B', 'A_B', 'AB' | ForEach-Object {
                @{ serial = $_; bus = 'SATA'; erase = $false; files = @(); sessions = @() }
            })
            Assert-SeedOption -Option $option
        }
        It 'are accepted without a plan, and with folders in names' {
            Assert-SeedOption -Option (New-Option -Drive @{ files = @(); sessions = @() })
            Assert-SeedOption -Option (New-Option -Drive @{
                    files = @(@{ name = 'x\a'; bytes = 1 })
                    sessions = @(@{ id = 's-1'; files = @('x\a') })
                })
        }
    }

    Context 'ids' {
        It 'are later than every known one' {
            $known = '20990101T000000Z-aaaa', '20980101T000000Z-bbbb', '20260101T000000Z-cccc'
            New-SeedAttemptId -Known $known | Should -Match '^20990101T000001Z-[0-9a-f]{4}$'
        }
        It 'are of now otherwise, also when a known one is no time' {
            $now = [DateTime]::UtcNow.ToString('yyyyMMddTHHmm', [System.Globalization.CultureInfo]::InvariantCulture)
            New-SeedAttemptId -Known '20260101T000000Z-cccc' | Should -Match "^$($now.Substring(0, 11))"
            New-SeedAttemptId -Known '20991399T000000Z-cccc' | Should -Match "^$($now.Substring(0, 11))"
        }
    }

    Context 'one folder' {
        It 'is read with its plan, its run, its order and its output' {
            $folder = New-Folder -Id $first -Run @{} -Order
            Set-Content -LiteralPath "$folder\output.txt" -Value 'x' -Encoding utf8
            $one = Read-SeedAttempt -Folder $folder -Serial 'WD-WX31A10FE02' -BootTime ''
            "$($one.id) $($one.readable) $($one.seed) $($one.files.Count) $($one.run_state) $($one.has_order)" |
                Should -Be "$first True one 2 ok True"
            "$($one.log)|$($one.alive)|$($one.discarded)" | Should -Be "$folder\output.txt||False"
        }
        It 'has an order that was taken, too' {
            $folder = New-Folder -Id $first
            (Read-SeedAttempt -Folder $folder -Serial X -BootTime '').has_order | Should -BeFalse
            Write-SeedJson -Path "$folder\order.json.taken" -Value @{ a = 1 }
            (Read-SeedAttempt -Folder $folder -Serial X -BootTime '').has_order | Should -BeTrue
        }
        It 'is not readable when a field is missing' {
            $folder = New-Folder -Id $first
            Write-SeedJson -Path "$folder\attempt.json" -Value @{ seed = 'one' }
            $one = Read-SeedAttempt -Folder $folder -Serial X -BootTime ''
            "$($one.readable)|$($one.seed)|$($one.files.Count)|$($one.log)|$($one.run_state)" |
                Should -Be 'False||0||missing'
            Write-SeedJson -Path "$folder\run.json" -Value @{ state = 'ended' }
            (Read-SeedAttempt -Folder $folder -Serial X -BootTime '').run_state | Should -Be 'torn'
        }
        It 'wrote: <wrote>, when <what>' -ForEach @(
            @{ what = 'nothing was ordered'; wrote = $false; change = { } }
            @{ what = 'attempt.json is torn'; wrote = $true; change = { $_.readable = $false } }
            @{ what = 'run.json is torn'; wrote = $true; change = { $_.run_state = 'torn' } }
            @{ what = 'it erased'; wrote = $true; change = { $_.erased = [pscustomobject]@{ at = 'x' } } }
            @{ what = 'it is alive'; wrote = $true; change = { $_.alive = 'runner' } }
            @{ what = 'there is an order without a run'; wrote = $true; change = { $_.has_order = $true } }
            @{
                what = 'its tool did not start'; wrote = $false
                change = { $_.run = [pscustomobject]@{ tool_started = $false }; $_.has_order = $true }
            }
            @{
                what = 'its tool started'; wrote = $true
                change = { $_.run = [pscustomobject]@{ tool_started = $true } }
            }
        ) {
            $one = Read-SeedAttempt -Folder (New-Folder -Id $first) -Serial X -BootTime ''
            $null = ForEach-Object -InputObject $one -Process $change
            Test-SeedWrote -Attempt $one | Should -Be $wrote
        }
    }

    Context 'several folders' {
        It 'are listed from the newest, and others are left out' {
            foreach ($id in $first, $third, $second, 'x', '20260101T000000Z-00GG') { $null = New-Folder -Id $id }
            @(Get-SeedAttempt -Folder "$work\seeds\one\WD-WX31A10FE02" -Serial X -BootTime '').id |
                Should -Be @($third, $second, $first)
            Get-SeedAttempt -Folder "$work\none" -Serial X -BootTime '' | Should -BeNullOrEmpty
        }
        It 'of other seeds count when they may have written and are not given up' {
            $null = New-Folder -Id $first -Run @{}
            $null = New-Folder -Seed two -Id $first -Run @{}
            $null = New-Folder -Seed two -Id $second -Run @{} -Discarded
            $null = New-Folder -Seed two -Id $third
            (Get-Facts).others | ForEach-Object { "$($_.seed) $($_.attempt)" } | Should -Be "two $first"
        }
        It 'have the newest as current whose tool may have started' {
            $null = New-Folder -Id $first -Run @{}
            $null = New-Folder -Id $second -Run @{ tool_started = $false }
            $null = New-Folder -Id $third -Run @{} -Discarded
            $facts = Get-Facts
            "$($facts.attempt.id) $($facts.older.id -join ',')" | Should -Be "$first $third,$second"
            "$($facts.older.wrote -join ',') $($facts.older.partition_guid -join ',')" |
                Should -Be 'True,False {run},{run}'
        }
        It 'have the newest as current when none began, and count how many in a row' {
            $null = New-Folder -Id $first -Run @{ tool_started = $false }
            $null = New-Folder -Id $second
            $facts = Get-Facts
            "$($facts.attempt.id) $($facts.never_started) $($facts.older.id)" | Should -Be "$second 2 $first"
            $null = New-Folder -Id $third -Discarded
            (Get-Facts).never_started | Should -Be 0
        }
        It 'count only those in a row whose tool did not start' {
            $null = New-Folder -Id $first -Run @{}
            $null = New-Folder -Id $second -Run @{ tool_started = $false }
            (Get-Facts).never_started | Should -Be 1
        }
        It 'have the partition of the plan where there is no run' {
            $null = New-Folder -Id $first -Discarded
            (Get-Facts).older.partition_guid | Should -Be '{plan}'
            $null = New-Folder -Id $second -Discarded -More @{ identity = $null }
            (Get-Facts).older.partition_guid -join '|' | Should -Be '|{plan}'
        }
        It 'have no current one when all are given up' {
            $null = New-Folder -Id $first -Run @{} -Discarded
            $facts = Get-Facts
            "$($facts.attempt)|$($facts.journal)|$($facts.verify)|$($facts.older.id)" | Should -Be "|||$first"
        }
    }

    Context 'the journal' {
        It 'is shown with its drive, hash and length' {
            $folder = New-Folder -Id $first -Run @{} -Journal
            $journal = (Get-Facts).journal
            "$($journal.drive_id) $($journal.completed) $($journal.key_kind) $($journal.damaged)" |
                Should -Be 'WD-WX31A10FE02 True numerical '
            $path = "$folder\WD-WX31A10FE02.jrn"
            $journal.sha256 | Should -BeExactly (Get-SeedFileHash -Path $path -Algorithm SHA256).ToLowerInvariant()
            $journal.bytes | Should -Be (Get-Item -LiteralPath $path).Length
        }
        It 'is left alone while its run is alive' {
            $null = New-Folder -Id $first -Journal -Run @{ state = 'running'; runner = $me }
            $facts = Get-Facts
            "$($facts.attempt.alive)|$($facts.journal)" | Should -Be 'runner|'
        }
        It 'shows the drive that it names when that is another one' {
            $folder = New-Folder -Id $first -Run @{} -Journal
            $native = Resolve-SeedPath -Path "$folder\WD-WX31A10FE02.jrn"
            [System.IO.File]::WriteAllText($native, (Read-SeedText -Path $native).Replace('WD-WX31A10FE02', 'OTHER'))
            (Get-Facts).journal.drive_id | Should -Be 'OTHER'
        }
        It 'is damaged without drives or with a damage, and says when it cannot be opened' {
            $folder = New-Folder -Id $first -Run @{} -Journal
            $native = Resolve-SeedPath -Path "$folder\WD-WX31A10FE02.jrn"
            [System.IO.File]::WriteAllText($native, 'x')
            "$((Get-Facts).journal.damaged)|$((Get-Facts).journal.drive_id)" | Should -Be 'journal, line 1|'
            Mock Get-SeedFileHash { throw 'locked' } -ModuleName _Attempt
            (Get-Facts).journal.damaged | Should -Be 'cannot be opened'
        }
        It 'says when its length cannot be read' {
            $null = New-Folder -Id $first -Run @{} -Journal
            Mock Get-Item { [CmdletBinding()]param($LiteralPath, [switch]$Force) Write-Error -Message 'denied' } `
                -ModuleName _Attempt
            (Get-Facts).journal.damaged | Should -Be 'cannot be opened'
        }
    }

    Context 'what was read again' {
        It 'counts: <counts>, when <what>' -ForEach @(
            @{ what = 'it is of this journal'; counts = $true; change = { } }
            @{ what = 'it is of another journal'; counts = $false; change = { $_['journal_sha256'] = 'x' } }
            @{ what = 'it did not finish'; counts = $false; change = { $_['finished'] = $false } }
            @{ what = 'a field is missing'; counts = $false; change = { $_.Remove('ranges') } }
        ) {
            $folder = New-Folder -Id $first -Run @{} -Journal
            $verify = @{
                finished = $true; ok = $true; at = 'x'; manifest_md5 = 'x'; files = @(); ranges = 0; bytes = 0
                mismatches = @(); journal_sha256 = (Get-Facts).journal.sha256
            }
            $null = ForEach-Object -InputObject $verify -Process $change
            Write-SeedJson -Path "$folder\verify.json" -Value $verify
            [bool](Get-Facts).verify | Should -Be $counts
        }
    }

    Context 'the drive' {
        BeforeEach {
            Set-TestDisk -Serial DATA -Change { $_.serial = 'WD-WX31A10FE02' }
            $global:TestLook = $null
            Mock Get-SeedDiskFact {
                [CmdletBinding()]param($Serial, $ProtectedPath, $OwnGuid, $ManifestFile, [switch]$Shallow, $Look)
                $global:TestLook = $PSBoundParameters
                $disk = [pscustomobject]@{ number = 2; letter = '' }
                [pscustomobject]@{ problems = @('p'); candidates = @('c'); disk = $disk; content = 'x' }
            } -ModuleName _Attempt
        }
        It 'is looked at with everything that is protected and every partition that is known' {
            $null = New-Folder -Id $first -Run @{ partition_guid = '{old}' } -Discarded
            $null = New-Folder -Id $second -Run @{}
            $facts = Get-Facts -Option (New-Option -More @{ protected_paths = @('F:\x') })
            $global:TestLook['OwnGuid'] -join ' ' | Should -Be '{old} {plan}'
            $global:TestLook['ProtectedPath'] -join ' ' | Should -Be 'F:\x C:\work C:\tool\t.exe C:\src C:\'
            $global:TestLook.ContainsKey('Shallow') | Should -BeFalse
            "$($facts.problems) $($facts.candidates) $($facts.disk.number) $($facts.content)" | Should -Be 'p c 2 x'
        }
        It 'is left alone while its run is alive, and has the letter of the run' {
            $null = New-Folder -Id $first -Run @{ state = 'running'; runner = $me; letter = 'K' }
            (Get-Facts).disk.letter | Should -Be 'K'
            $global:TestLook['Shallow'] | Should -BeTrue
        }
        It 'has its manifest hashed only when the attempt is complete and was not read again: <case>' -ForEach @(
            @{ case = 'complete'; run = @{}; file = '\DriveManifest.xml' }
            @{ case = 'not complete'; run = @{ sessions = @() }; file = $null }
        ) {
            $null = New-Folder -Id $first -Run $run -Journal
            $null = Get-Facts
            $global:TestLook['ManifestFile'] | Should -Be $file
        }
        It 'has the options of its drive and of the call' {
            $option = New-Option -More @{ discard_attempts = @('d'); erase_fingerprints = @('e') }
            $one = Get-SeedDriveOption -Option $option -Listed $option['drives'][0]
            "$($one.container) $($one.erase) $($one.bus) $($one.files.Count) $($one.discard_attempts) " +
                "$($one.erase_fingerprints)" | Should -Be 'c False SATA 2 d e'
        }
    }

    Context 'the host' {
        It 'names drives of every seed on which a run is alive' {
            Get-SeedBusyDrive -Option (New-Option) | Should -BeNullOrEmpty
            $null = New-Folder -Id $first -Run @{}
            $null = New-Folder -Seed two -Id $first -Run @{ state = 'running'; runner = $me }
            Get-SeedBusyDrive -Option (New-Option) | Should -Be 'WD-WX31A10FE02 (seed two)'
        }
    }
}
