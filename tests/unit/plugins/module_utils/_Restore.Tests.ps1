# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'attempts put back on a host that lost them' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/attempts.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $serial = 'WD-WX31A10FE02'
        $bytes = [System.IO.File]::ReadAllBytes($sample)
        $sha256 = (Get-FileHash -LiteralPath $sample).Hash.ToLowerInvariant()
        $written = @((Read-SeedJournal -Path $sample).drives)[0]
        $place = "$work\seeds\one\$serial"
        function New-Lost {
            param([hashtable]$More = @{})
            $lost = @{
                serial = $serial; id = $second; journal = 'journals/x.jrn.vault'; sha256 = $sha256
                manifest_file = $written.manifest_file; manifest_hash = $written.manifest_hash
                partition_guid = '{run}'; size_bytes = 9
            }
            foreach ($name in $More.Keys) { $lost[$name] = $More[$name] }
            $lost
        }
        function Invoke-Restore {
            param([hashtable]$Lost = @{}, [byte[]]$Byte = $bytes, [string]$Sent, [switch]$Check)
            if (-not $Sent) { $Sent = [Convert]::ToBase64String($Byte) }
            $option = New-Option -More @{ attempts = @(New-Lost -More $Lost); _journals = "X AA==`n$serial $Sent" }
            Invoke-SeedRestore -Option $option -CheckMode ([bool]$Check)
        }
        # The disk as it is seen, for every look of both modules.
        function Set-Seen {
            param([hashtable]$Disk = @{}, [string]$Kind = 'locked', [AllowNull()][string]$Md5, [switch]$Missing)
            $seen = @{ size_bytes = 9; partition_guid = '{run}'; offline = $false; letter = 'E'; number = 2 }
            foreach ($name in 'sector_bytes', 'bus_type', 'unique_id', 'partition_style') { $seen[$name] = $null }
            $seen['guards'] = @()
            foreach ($name in $Disk.Keys) { $seen[$name] = $Disk[$name] }
            $content = [pscustomobject]@{
                kind = $Kind; text = 'it'; fingerprint = 'f'; manifest = $false; manifest_md5 = $Md5
                encryption = $null
            }
            $global:TestSeen = [pscustomobject]@{
                problems = @(); candidates = @(); disk = [pscustomobject]$seen; content = $content
            }
            if ($Missing) { $global:TestSeen.disk = $global:TestSeen.content = $null }
            foreach ($module in '_Attempt', '_Restore') {
                Mock Get-SeedDiskFact { $global:TestSeen } -ModuleName $module
            }
        }
    }
    BeforeEach {
        New-TestWorld
        Set-Seen
    }
    AfterEach { Remove-TestWorld }

    It 'counts as complete then, is bound to its drive, and is unchanged when it is put back again' {
        $change = Invoke-Restore
        "$($change.changed) $($change.restored) $($change.failure)" | Should -Be "True $serial "
        $facts = Get-Facts
        Get-SeedAttemptState -Facts $facts | Should -Be 'complete'
        "$($facts.attempt.id) $($facts.attempt.started)" | Should -Be "$second 2026-01-02T00:00:00Z"
        $facts.journal.sha256 | Should -BeExactly $sha256
        Get-SeedContentKind -Facts $facts | Should -Be 'ours'
        @(Get-SeedSession -Attempt $facts.attempt).state | Should -Be 'completed', 'completed'
        @(Get-ChildItem -LiteralPath $place -Force).Name | Should -Be $second
        $again = Invoke-Restore
        "$($again.changed) $($again.failure)" | Should -Be 'False '
    }
    It 'puts ten attempts back in one call, and leaves out the one that is another drive now' {
        $text = [System.Text.Encoding]::UTF8.GetString($bytes)
        $drives, $lost, $sent = @(), @(), @()
        foreach ($number in 0..9) {
            $name = "WD-TEN$number"
            $own = [System.Text.Encoding]::UTF8.GetBytes($text.Replace($serial, $name))
            $sha = [BitConverter]::ToString([System.Security.Cryptography.SHA256]::Create().ComputeHash($own))
            $drives += @((New-Option -Drive @{ serial = $name }).drives)
            $lost += @(New-Lost -More @{ serial = $name; sha256 = $sha.Replace('-', '').ToLowerInvariant() })
            $sent += "$name $([Convert]::ToBase64String($own))"
        }
        $lost[4].partition_guid = '{another}'
        $option = New-Option -More @{ drives = $drives; attempts = $lost; _journals = $sent -join "`n" }
        $change = Invoke-SeedRestore -Option $option -CheckMode $false
        $wanted = @($lost.serial | Where-Object { $_ -ne 'WD-TEN4' })
        $change.restored | Should -Be $wanted
        $change.failure | Should -BeLike '*WD-TEN4*'
        foreach ($one in $lost) {
            $journal = "$work\seeds\one\$($one.serial)\$second\$($one.serial).jrn"
            if ($one.serial -notin $wanted) { Test-Path -LiteralPath $journal | Should -BeFalse }
            else { (Get-SeedFileHash -Path $journal -Algorithm SHA256) | Should -Be $one.sha256 }
        }
        # The key lies in the journals and nowhere else, and no message has it.
        $key = [regex]::Match($text, '\d{6}(-\d{6}){7}').Value
        $holders = @(Get-ChildItem -LiteralPath "$work\seeds" -Recurse -File -Force | Where-Object {
                [System.IO.File]::ReadAllText((Resolve-SeedPath -Path $_.FullName)).Contains($key)
            })
        @($holders.Extension | Sort-Object -Unique) | Should -Be '.jrn'
        $holders.Count | Should -Be 9
        (ConvertTo-Json -InputObject $change -Depth 9 -WarningAction SilentlyContinue) |
            Should -Not -Match '\d{6}-\d{6}'
    }
    It 'changes nothing in check mode, and says what it would do' {
        $change = Invoke-Restore -Check
        "$($change.changed) $($change.restored)" | Should -Be "True $serial"
        "$($change.before['drives'][0]['attempt'])|$($change.after['drives'][0]['attempt'])" | Should -Be "|$second"
        Test-Path -LiteralPath $place | Should -BeFalse
    }
    It 'puts a journal alone back where the attempt is still there' {
        $folder = New-Folder -Id $second -Run @{}
        $run = Get-SeedFileHash -Path "$folder\run.json"
        (Invoke-Restore).restored | Should -Be $serial
        (Get-Facts).journal.sha256 | Should -BeExactly $sha256
        Get-SeedFileHash -Path "$folder\run.json" | Should -Be $run
        @(Get-ChildItem -LiteralPath $folder -Force | Where-Object { $_.Name -like '*.jrn*' }).Name |
            Should -Be "$serial.jrn"
    }
    It 'never replaces what is there: <what>' -ForEach @(
        @{ what = 'another journal'; why = 'is left as it is*SHA-256'; make = {
                $folder = New-Folder -Id $second -Run @{}
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "$folder\WD-WX31A10FE02.jrn"), 'other')
            }
        }
        @{ what = 'a newer attempt'; why = 'has the newer attempt'; make = { $null = New-Folder -Id $third -Run @{} } }
        @{ what = 'an attempt that was given up'; why = 'was given up'; make = {
                $null = New-Folder -Id $second -Run @{} -Discarded
            }
        }
        @{ what = 'one of other files'; why = 'other files'; make = {
                $null = New-Folder -Id $second -Run @{} -More @{ files = @(@{ name = 'z'; bytes = 1 }) }
            }
        }
        @{ what = 'one that cannot be read'; why = 'cannot be read'; make = {
                $folder = New-Folder -Id $second -Run @{}
                [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "$folder\attempt.json"), 'x')
            }
        }
        @{ what = 'work'; why = 'is being worked on'; make = {
                $null = New-Folder -Id $first -Run @{ state = 'running'; runner = $me; boot = Get-SeedBootTime }
            }
        }
    ) {
        & $make
        $state = { @(Get-ChildItem -LiteralPath $place -Recurse -File -Force | Get-FileHash).Hash -join ' ' }
        $before = & $state
        foreach ($check in $true, $false) {
            $change = Invoke-Restore -Check:$check
            $change.failure | Should -BeLike "*$why*"
            "$($change.changed) $(& $state)" | Should -Be "False $before"
        }
    }
    It 'lets an older attempt, and one that never wrote, be' {
        $null = New-Folder -Id $first -Run @{}
        $null = New-Folder -Id $third
        (Invoke-Restore).restored | Should -Be $serial
        (Get-Facts).attempt.id | Should -Be $second
    }
    It 'is refused for a drive that holds something else: <what>' -ForEach @(
        @{ what = 'another partition'; seen = @{ Disk = @{ partition_guid = '{b}' } }; why = 'another partition' }
        @{ what = 'another size'; seen = @{ Disk = @{ size_bytes = 8 } }; why = 'has 8 bytes' }
        @{ what = 'another manifest'; seen = @{ Kind = 'data'; Md5 = 'AA' }; why = 'The manifest on drive' }
        @{ what = 'no partition'; seen = @{ Disk = @{ partition_guid = '' }; Kind = 'empty' }; why = 'Nothing shows' }
    ) {
        Set-Seen @seen
        $change = Invoke-Restore
        $change.failure | Should -BeLike "*$why*"
        "$($change.changed) $(Test-Path -LiteralPath $place)" | Should -Be 'False False'
    }
    It 'is allowed without the partition only by the manifest: <what>' -ForEach @(
        @{ what = 'locked'; seen = @{}; why = 'Nothing shows that drive*unlock it' }
        @{ what = 'not attached'; seen = @{ Missing = $true }; why = 'is not attached' }
        @{ what = 'its manifest'; seen = @{ Kind = 'data'; Md5 = 'right' }; why = '' }
    ) {
        if ($seen['Md5']) { $seen['Md5'] = $written.manifest_hash }
        Set-Seen @seen
        $change = Invoke-Restore -Lost @{ partition_guid = $null }
        $change.failure | Should -BeLike "*$why*"
        $change.changed | Should -Be (-not $why)
        if (-not $why) { (Get-Facts).attempt.identity.partition_guid | Should -Be '{run}' }
    }
    It 'needs no drive where the ledger knows the partition' {
        Set-Seen -Missing
        (Invoke-Restore).restored | Should -Be $serial
    }
    It 'leaves nothing of a journal that did not arrive as the ledger has it' {
        { Invoke-Restore -Byte ([System.Text.Encoding]::UTF8.GetBytes('x')) } | Should -Throw '*did not arrive*'
        { Invoke-Restore -Lost @{ manifest_hash = 'AA' } } | Should -Throw '*did not arrive*'
        { Invoke-Restore -Sent 'no-base64' } | Should -Throw '*did not arrive whole*'
        @(Get-ChildItem -LiteralPath $place -Force).Count | Should -Be 0
        $folder = New-Folder -Id $second -Run @{}
        { Invoke-Restore -Byte ([System.Text.Encoding]::UTF8.GetBytes('x')) } | Should -Throw '*did not arrive*'
        @(Get-ChildItem -LiteralPath $folder -Filter '*.jrn*').Count | Should -Be 0
    }
    It 'goes on after a call that ended part of the way' {
        New-SeedPrivateFolder -Path "$place\$second.new" -Root $work
        [System.IO.File]::WriteAllText((Resolve-SeedPath -Path "$place\$second.new\run.json"), 'torn')
        New-SeedPrivateFolder -Path "$place\$second\logs" -Root $work
        (Get-Facts).attempt | Should -BeNullOrEmpty
        (Invoke-Restore).restored | Should -Be $serial
        @(Get-ChildItem -LiteralPath $place -Force).Name | Should -Be $second
    }
    It 'refuses <what>' -ForEach @(
        @{ what = 'a drive that is not listed'; lost = @{ serial = 'OTHER' }; why = 'not in ``drives``' }
        @{ what = 'an id that is none'; lost = @{ id = '..\x' }; why = 'not the id of an attempt' }
    ) {
        { Invoke-Restore -Lost $lost } | Should -Throw "*$why*"
    }
}
