# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Hundreds of situations of disks through the functions that judge and erase, as the product calls them: no disk is ever
# touched that must not be, and what may be used still is.
Describe 'situations of disks' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_DriveStatus', '_Target'
        $situations = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/Situations.psm1'
        Import-Module -Name $situations -Force
        Install-Situation
        $env:LAB_HOST, $env:COMPUTERNAME, $env:SystemDrive = 'fs01', 'FS01', 'C:'
        $played = @{}

        # What the drive holds: change makes it; empty: usable as it is; erase: usable when `erase` says so.
        $encrypted = [pscustomobject]@{
            encryption_method = 'Aes128'; volume_status = 'FullyEncrypted'; protection_status = 'On'
            encryption_percentage = 100; locked = $true; auto_unlock = $false; protectors = @()
        }
        $volume = {
            param($world, $more)
            $drive = $world.disks[1]
            $drive.partition_style = 'GPT'
            $drive.partitions = @(New-SituationPartition -Id 00000001 -Letter E @more)
            $drive
        }
        $contents = @(
            @{ name = 'raw, all zero'; empty = $true; erase = $true; change = { } }
            @{ name = 'raw, with bytes'; empty = $false; erase = $true; change = { param($w) $w.disks[1].raw = $true } }
            @{ name = 'a table without partitions'; empty = $true; erase = $true
                change = { param($w) $w.disks[1].partition_style = 'GPT' } }
            @{ name = 'an MBR without partitions'; empty = $true; erase = $true
                change = { param($w) $w.disks[1].partition_style = 'MBR' } }
            @{ name = 'a table without partitions, over bytes'; empty = $false; erase = $true
                change = { param($w) $w.disks[1].partition_style, $w.disks[1].raw = 'GPT', $true } }
            @{ name = 'an MBR without partitions, over bytes'; empty = $false; erase = $true
                change = { param($w) $w.disks[1].partition_style, $w.disks[1].raw = 'MBR', $true } }
            @{ name = 'an unknown table'; empty = $false; erase = $true
                change = { param($w) $w.disks[1].partition_style = 'Unknown' } }
            @{ name = 'an empty volume'; empty = $true; erase = $true; change = { param($w) & $volume $w @{} } }
            @{ name = 'what Windows writes'; empty = $true; erase = $true
                change = { param($w) & $volume $w @{ Files = 'own' } } }
            @{ name = 'a file'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ Files = 'file' } } }
            @{ name = 'a hidden file'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ Files = 'hidden' } } }
            @{ name = 'shadow storage'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ Files = 'shadow' } } }
            @{ name = 'a deleted file'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ Files = 'deleted' } } }
            @{ name = 'a manifest'; empty = $false; erase = $false
                change = { param($w) & $volume $w @{ Files = 'manifest' } } }
            @{ name = 'an unknown file system'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ FileSystem = '' } } }
            @{ name = 'a locked volume'; empty = $false; erase = $false
                change = { param($w) & $volume $w @{ BitLocker = $encrypted } } }
            @{ name = 'a file on ReFS'; empty = $false; erase = $true
                change = { param($w) & $volume $w @{ Files = 'file'; FileSystem = 'ReFS' } } }
            @{ name = 'no letter'; empty = $false; erase = $false
                change = { param($w) (& $volume $w @{ Files = 'file' }).partitions[0].letter = $null } }
            @{ name = 'no letter, of a system that Windows does not know'; empty = $false; erase = $true; change = {
                    param($w)
                    (& $volume $w @{ Type = 'Unknown'; FileSystem = '' }).partitions[0].letter = $null
                } }
            @{ name = 'a recovery partition'; empty = $false; erase = $true
                change = { param($w) $null = & $volume $w @{ Type = 'Recovery'; FileSystem = '' } } }
            @{ name = 'two volumes'; empty = $false; erase = $true; change = {
                    param($w)
                    $drive = & $volume $w @{}
                    $drive.partitions += New-SituationPartition -Id 00000009 -Letter H -Files file
                } }
            @{ name = 'a volume, and a partition for repair'; empty = $false; erase = $true; change = {
                    param($w)
                    $drive = & $volume $w @{}
                    $drive.partitions += New-SituationPartition -Id 00000009 -Letter H -Type Recovery -FileSystem ''
                    $drive.partitions[1].letter = $null
                } }
            @{ name = 'a volume, and one without a letter'; empty = $false; erase = $false; change = {
                    param($w)
                    $drive = & $volume $w @{}
                    $drive.partitions += New-SituationPartition -Id 00000009 -Letter H -Files file
                    $drive.partitions[1].letter = $null
                } }
            @{ name = 'a volume, and a locked one'; empty = $false; erase = $false; change = {
                    param($w)
                    $drive = & $volume $w @{}
                    $drive.partitions += New-SituationPartition -Id 00000009 -Letter H -BitLocker $encrypted
                } }
            @{ name = 'a volume, and one with a manifest'; empty = $false; erase = $false; change = {
                    param($w)
                    $drive = & $volume $w @{}
                    $drive.partitions += New-SituationPartition -Id 00000009 -Letter H -Files manifest
                } }
            @{ name = 'LDM metadata'; empty = $false; erase = $false; change = {
                    param($w) $null = & $volume $w @{ GptType = '{5808C8AA-7E8F-42E0-85D2-E1E90434CFB3}' }
                } }
            @{ name = 'Storage Spaces'; empty = $false; erase = $false; change = {
                    param($w) $null = & $volume $w @{ GptType = '{E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D}' }
                } }
            @{ name = 'nothing, offline'; empty = $true; erase = $true
                change = { param($w) $w.disks[1].is_offline = $true } }
            @{ name = 'a file, offline'; empty = $false; erase = $true
                change = { param($w) (& $volume $w @{ Files = 'file' }).is_offline = $true } }
            @{ name = 'an empty volume, offline'; empty = $false; erase = $true
                change = { param($w) (& $volume $w @{}).is_offline = $true } }
            @{ name = 'a manifest, offline'; empty = $false; erase = $false
                change = { param($w) (& $volume $w @{ Files = 'manifest' }).is_offline = $true } }
            @{ name = 'a locked volume, offline'; empty = $false; erase = $false
                change = { param($w) (& $volume $w @{ BitLocker = $encrypted }).is_offline = $true } }
            @{ name = 'nothing, read-only'; empty = $true; erase = $true
                change = { param($w) $w.disks[1].is_read_only = $true } }
        )
        $few = @($contents | Where-Object {
                $_.name -in 'raw, all zero', 'an empty volume', 'a file', 'a file, offline'
            })

        function Invoke-Group([string]$Name, [hashtable[]]$Case) {
            # Plays the cases, and returns what went wrong in any, a line each.
            $lines = foreach ($one in $Case) {
                $seen = Invoke-Situation -Case $one
                foreach ($what in $seen.wrong) { "$($one.name): $what" }
                $must = $one.ContainsKey('must') -and $one.must
                if ($must -and -not $seen.made) { "$($one.name): must be usable, but $($seen.said)" }
                if (-not $one.ContainsKey('may') -and ($seen.made -or $seen.said -match '^empty')) {
                    "$($one.name): must not be usable, but $($seen.said)"
                }
            }
            $played[$Name] = $Case.Count
            $lines
        }
        function New-Case([string]$Name, [hashtable]$Content, [bool]$Erase, [bool]$Fit, [scriptblock]$Change) {
            # A case of one content and one more change; Fit says whether the change leaves the drive usable.
            $make = $Content.change
            $case = @{
                name = "$Name, $($Content.name), erase $Erase"
                option = @{ erase = $Erase }
                set = { param($w) $null = & $make $w; if ($Change) { $null = & $Change $w } }.GetNewClosure()
            }
            if ($Fit -and ($Content.empty -or ($Erase -and $Content.erase))) { $case.may = 'DRIVE'; $case.must = $true }
            $case
        }
        # Letters that swap with an empty disk in the midst of each look, and swap back when the look has ended.
        function Get-TwoLooks {
            $content = @($few | Where-Object { $_.name -eq 'a file' })[0]
            $look = @((Invoke-Situation -Case (New-Case 'one look' $content $false $true)).calls).Count
            for ($at = 1; $at -lt $look; $at++) {
                $case = New-Case "letters swap before call $at of each look" $content $false $false
                $case.before = {
                    param($w, $now)
                    if ($now -notin $at, $look, ($look + $at), (2 * $look)) { return }
                    $mine, $other = $w.disks[1].partitions[0], $w.disks[3].partitions[0]
                    $mine.letter, $other.letter = $other.letter, $mine.letter
                }.GetNewClosure()
                $case
            }
        }
    }
    AfterAll { Uninstall-Situation }

    It 'judges what a drive holds' {
        $cases = foreach ($content in $contents) {
            foreach ($erase in $false, $true) { New-Case 'content' $content $erase $true }
        }
        Invoke-Group -Name 'contents' -Case $cases | Should -BeNullOrEmpty
    }

    It 'keeps every guard, whatever the drive holds' {
        $guards = @(
            @{ name = 'system'; fit = $false; change = { param($w) $w.disks[1].is_system = $true } }
            @{ name = 'boot'; fit = $false; change = { param($w) $w.disks[1].is_boot = $true } }
            @{ name = 'boot from'; fit = $false; change = { param($w) $w.disks[1].boot_from_disk = $true } }
            @{ name = 'cluster'; fit = $false; change = { param($w) $w.disks[1].is_clustered = $true } }
            @{ name = 'pool'; fit = $false; change = { param($w) $w.disks[1].cannot_pool_reason = 'In a Pool' } }
            @{ name = 'pool, number'; fit = $false; change = { param($w) $w.disks[1].cannot_pool_reason = 2 } }
            @{ name = 'pool, two reasons'; fit = $false
                change = { param($w) $w.disks[1].cannot_pool_reason = @('Not Healthy', 'In a Pool') } }
            @{ name = 'cluster by its pool reason'; fit = $false
                change = { param($w) $w.disks[1].cannot_pool_reason = 'In Use by Cluster' } }
            @{ name = 'too small for a pool'; fit = $true
                change = { param($w) $w.disks[1].cannot_pool_reason = 'Insufficient Capacity' } }
            @{ name = 'large sectors'; fit = $false; change = { param($w) $w.disks[1].logical_sector_size = 4096 } }
            @{ name = 'no medium'; fit = $false; change = { param($w) $w.disks[1].size = 0 } }
            @{ name = 'serial twice'; fit = $false; change = { param($w) $w.disks[3].serial = 'wd-1' } }
            @{ name = 'other serial by CIM'; fit = $false; change = {
                    param($w) $w.disks[1] | Add-Member -NotePropertyName device_serial -NotePropertyValue 'DOCK-7'
                } }
            @{ name = 'swapped serial by CIM'; fit = $false; change = {
                    param($w) $w.disks[1] | Add-Member -NotePropertyName device_serial -NotePropertyValue 'DW1-'
                } }
            @{ name = 'page file'; fit = $true; change = { param($w) $w.pages = @('F:\pagefile.sys') } }
            @{ name = 'no physical id'; fit = $true; change = { param($w) $w.disks[1].unique_id = '' } }
        )
        foreach ($bus in 'USB', 'SAS', 'RAID', 'NVMe', 'iSCSI', 'Fibre Channel', 'SD', 'MMC', 'SCSI', '1394',
            'File Backed Virtual', 'Virtual', 'Storage Spaces', 'Unknown', '17') {
            $guards += @{ name = "bus $bus"; fit = $false
                change = { param($w) $w.disks[1].bus_type = $bus }.GetNewClosure() }
        }
        foreach ($reason in 'Collision', 'Redundant Path', 'Snapshot') {
            $guards += @{ name = "offline by $reason"; fit = $false; change = {
                    param($w) $w.disks[1].is_offline = $true; $w.disks[1].offline_reason = $reason
                }.GetNewClosure() }
        }
        $cases = foreach ($guard in $guards) {
            foreach ($content in $few) {
                foreach ($erase in $false, $true) { New-Case $guard.name $content $erase $guard.fit $guard.change }
            }
        }
        Invoke-Group -Name 'guards' -Case $cases | Should -BeNullOrEmpty
        $named = foreach ($bus in 'USB', 'SAS', 'RAID') {
            foreach ($content in $few) {
                $case = New-Case "bus $bus, as said" $content $true $true (
                    { param($w) $w.disks[1].bus_type = $bus }.GetNewClosure())
                $case.option.bus = $bus
                $case
            }
        }
        Invoke-Group -Name 'a bus that is named' -Case $named | Should -BeNullOrEmpty
    }

    It 'keeps the disks that the host and the seed need' {
        $paths = @(
            'E:\x', 'E:\', 'e:', 'E:/x', '\\?\E:\x', '\\.\E:\x', '\??\E:\x', '\\fs01\E$\x', '//localhost/e$',
            '\\fs01.contoso.example\seed', '\\?\UNC\fs01\seed\y', 'C:\link\x', 'C:\far', 'C:\a\..\link', 'H:\x',
            'E:\mount\x', '\\?\Volume{00000000-0000-4000-8000-000000000001}\x', 'C:\mounted\x'
        )
        $cases = foreach ($content in @($contents | Where-Object { $_.name -in 'an empty volume', 'a file' })) {
            foreach ($path in $paths) {
                $case = New-Case $path $content $true $false {
                    param($w)
                    $w.links = @{
                        'C:\link' = 'E:\Data'; 'C:\far' = 'C:\link'; 'C:\mounted' = (
                            'Volume{00000000-0000-4000-8000-000000000001}\')
                    }
                    $w.disks[1].partitions += New-SituationPartition -Id 00000008 -Letter H
                }
                $case.protected = @($path)
                $case
            }
            $case = New-Case 'a page file' $content $true $false { param($w) $w.pages = @('E:\pagefile.sys') }
            $case
            # A letter of the world that no partition has.
            $case = New-Case 'a letter of no partition' $content $true $false { param($w) $w.substituted = 'S' }
            $case.protected = @('S:\x')
            $case
            foreach ($path in 'F:\x', 'C:\nolink', '\\filer\E$', '\\fs011\e$') {
                $case = New-Case $path $content $true $true
                $case.protected = @($path)
                $case
            }
        }
        Invoke-Group -Name 'roles' -Case $cases | Should -BeNullOrEmpty
    }

    It 'knows a drive by its serial and nothing that looks like it' {
        $cases = foreach ($serial in 'WD', 'WD-', 'WD-11', 'D-1', '1', 'W*', 'WD-?', '.*', 'WD-1|DATA', 'WD_1', 'WD-I',
            'WD-L', 'DW1-', '-1WD', '\\.\PHYSICALDRIVE1', 'U-DRIVE', 'disk') {
            @{ name = "the serial $serial"; serial = $serial; option = @{ erase = $true } }
        }
        $cases += foreach ($raw in 'WD-1', ' WD-1', 'wd-1 ', 'W D - 1', "WD-1$([char]0)", "`tWD-1`r`n", 'WD-1.') {
            @{
                name = "written as '$raw'"; may = 'DRIVE'; must = $true
                set = { param($w) $w.disks[1].serial = $raw }.GetNewClosure()
            }
        }
        $cases += foreach ($raw in '000000000000', '0123456789ABCDEF', 'DEADBEEF', 'XXXXXXXX') {
            @{
                name = "made up, $raw"; serial = $raw; option = @{ erase = $true }
                set = { param($w) $w.disks[1].serial = $raw }.GetNewClosure()
            }
        }
        Invoke-Group -Name 'serials' -Case $cases | Should -BeNullOrEmpty
    }

    It 'does not act on a question that failed' {
        $cases = foreach ($content in $few) {
            # What may be used as it is, what may be erased, and what may not be touched.
            foreach ($erase in @(@($false, $true) | Where-Object { $_ -eq ($content.name -eq 'a file, offline') })) {
                $plain = New-Case 'no fault' $content $erase $true
                $calls = @((Invoke-Situation -Case $plain).calls)
                foreach ($one in @($calls | Group-Object)) {
                    foreach ($effect in 'error', 'throw', 'none') {
                        # The first call only, the second only, and every call.
                        foreach ($at in @(1, 1), @(2, 2), @(1, 99)) {
                            if ($at[0] -gt $one.Count -or ($effect -eq 'throw' -and $at[1] -lt 99)) { continue }
                            # A volume without a file answers the same.
                            if ($one.Name -eq 'Get-ChildItem' -and $effect -eq 'none') { continue }
                            $case = New-Case "$($one.Name) $effect $at" $content $erase $true
                            $case.must = $false
                            $case.fault = @{ name = $one.Name; effect = $effect; from = $at[0]; to = $at[1] }
                            $case
                        }
                    }
                }
            }
        }
        Invoke-Group -Name 'faults' -Case $cases | Should -BeNullOrEmpty
    }

    It 'touches nothing else when disks change between any two calls' {
        $swap = {
            param($left, $right, $name)
            $before = $left.$name
            $left.$name = $right.$name
            $right.$name = $before
        }
        $races = @(
            @{ name = 'numbers swap'; race = { param($w) & $swap $w.disks[1] $w.disks[2] 'number' } }
            @{ name = 'numbers rotate'; race = {
                    param($w) foreach ($one in $w.disks[1..3]) { $one.number = 1 + $one.number % 3 }
                } }
            @{ name = 'letters swap'; race = {
                    param($w)
                    if (@($w.disks[1].partitions | Where-Object { $_.letter }).Count -eq 1) {
                        & $swap $w.disks[1].partitions[-1] $w.disks[2].partitions[0] 'letter'
                    }
                    else { $w.disks[2].partitions[0].letter = 'D' }
                } }
            @{ name = 'letters swap with an empty disk'; race = {
                    param($w)
                    if (@($w.disks[1].partitions | Where-Object { $_.letter }).Count -eq 1) {
                        & $swap $w.disks[1].partitions[-1] $w.disks[3].partitions[0] 'letter'
                    }
                    else { $w.disks[3].partitions[0].letter = 'E' }
                } }
            @{ name = 'serials swap'; race = { param($w) & $swap $w.disks[1] $w.disks[2] 'serial' } }
            @{ name = 'the serial moves'; race = {
                    param($w) $w.disks[2].serial = $w.disks[1].serial; $w.disks[1].serial = 'GONE'
                } }
            @{ name = 'pulled'; race = { param($w) $w.disks[1].attached_to = $null } }
            @{ name = 'another in its place'; race = {
                    param($w)
                    $w.disks[1].attached_to = $null
                    $w.disks[2].number = $w.disks[1].number
                } }
            @{ name = 'another of its serial in its place'; race = {
                    param($w)
                    $w.disks[1].attached_to = $null
                    $w.disks[2].number = $w.disks[1].number
                    $w.disks[2].serial = $w.disks[1].serial
                } }
            @{ name = 'an empty one of its serial in its place'; race = {
                    param($w)
                    $w.disks[1].attached_to = $null
                    $w.disks[3].number = $w.disks[1].number
                    $w.disks[3].serial = $w.disks[1].serial
                } }
        )
        $cases = foreach ($content in $few) {
            # What may be used as it is, what may be erased, and what may not be touched.
            foreach ($erase in @(@($false, $true) | Where-Object { $_ -eq ($content.name -eq 'a file, offline') })) {
                $plain = New-Case 'no race' $content $erase $true
                $count = @((Invoke-Situation -Case $plain).calls).Count
                foreach ($race in $races) {
                    for ($at = 1; $at -lt $count; $at++) {
                        $case = New-Case "$($race.name) before call $at" $content $erase $true
                        $case.must = $false
                        $what = $race.race
                        $case.before = { param($w, $now) if ($now -eq $at) { $null = & $what $w } }.GetNewClosure()
                        $case
                    }
                }
            }
        }
        Invoke-Group -Name 'races' -Case $cases | Should -BeNullOrEmpty
        Invoke-Group -Name 'races in both looks' -Case @(Get-TwoLooks) | Should -BeNullOrEmpty
    }

    It 'would see that a disk is not looked at again' {
        Mock Get-SeedDiskView { 'the same' } -ModuleName _DriveGuard
        $lines = @(Invoke-Group -Name 'without a second look' -Case @(Get-TwoLooks))
        $lines -join ' ' | Should -Match 'partitions of the disk DRIVE changed'
        $played.Remove('without a second look')
    }
    It 'would see a guard that is missing' {
        $whole = @($few | Where-Object { $_.name -eq 'raw, all zero' })[0]
        $case = New-Case 'boot' $whole $true $false { param($w) $w.disks[1].is_boot = $true }
        Mock Get-SeedGuard { } -ModuleName _DriveGuard
        Mock Test-SeedSameDisk { $true } -ModuleName _Target
        $lines = @(Invoke-Group -Name 'without guards' -Case $case)
        $lines -join ' ' | Should -Match 'partitions of the disk DRIVE changed'
        $lines -join ' ' | Should -Match 'must not be usable'
        $count = @((Invoke-Situation -Case $case).calls).Count
        $moved = for ($at = 1; $at -lt $count; $at++) {
            $one = New-Case "moved before call $at" $whole $false $true
            $one.must = $false
            $one.before = {
                param($w, $now)
                if ($now -ne $at) { return }
                $w.disks[1].attached_to = $null
                $w.disks[2].number, $w.disks[2].serial = 1, 'WD-1'
            }.GetNewClosure()
            $one
        }
        Invoke-Group -Name 'without guards' -Case $moved | Out-String | Should -Match 'done to the disk DATA'
        $played.Remove('without guards')
    }

    It 'played at least 400 of them' {
        $played.GetEnumerator() | Sort-Object -Property Name | ForEach-Object { Write-Host "$($_.Name): $($_.Value)" }
        ($played.Values | Measure-Object -Sum).Sum | Should -BeGreaterThan 399
    }
}
