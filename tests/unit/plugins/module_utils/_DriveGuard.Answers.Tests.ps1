# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'disks that answer otherwise' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard'
        $guid = '{00000000-0000-4000-8000-000000000002}'
        function Write-DeviceByte {
            param([int]$Number, [long]$At)
            $device = Get-LabDevice -Disk (Get-LabDisk | Where-Object { $_.number -eq $Number })
            $stream = [System.IO.File]::OpenWrite($device)
            $stream.Position = $At
            $stream.WriteByte(7)
            $stream.Dispose()
        }
        function Get-Kind {
            param([string]$Serial = 'DATA', [string[]]$OwnGuid = @())
            (Get-SeedDiskFact -Serial $Serial -OwnGuid $OwnGuid).content.kind
        }
        $broken = {
            [CmdletBinding()]param([Parameter(ValueFromRemainingArguments)]$Rest)
            Write-Error -Message 'WMI is down'
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'partitions and letters' {
        It 'has no letter for <what>' -ForEach @(
            @{ what = 'no partition'; partition = $null }
            @{ what = 'an empty text'; partition = [pscustomobject]@{ DriveLetter = '' } }
            @{ what = 'a NUL character'; partition = [pscustomobject]@{ DriveLetter = [char]0 } }
            @{ what = 'a text of a NUL character'; partition = [pscustomobject]@{ DriveLetter = "`0" } }
        ) { Get-SeedLetter -Partition $partition | Should -BeExactly '' }
        It 'has the letter of a partition' {
            Get-SeedLetter -Partition ([pscustomobject]@{ DriveLetter = [char]'E' }) | Should -BeExactly 'E'
        }
        It 'passes over the partition that Windows reserves' {
            Set-TestDisk -Serial DATA -Change {
                $copy = $_.partitions[0].PSObject.Copy()
                $copy.type, $copy.letter, $copy.guid, $copy.number = 'Reserved', $null, '{r}', 1
                $_.partitions = @($copy, $_.partitions[0])
            }
            (Get-SeedDataPartition -Disk (Get-Disk -Number 2)).Guid | Should -Be $guid
            (Get-SeedDiskFact -Serial DATA).disk.letter | Should -Be 'E'
        }
    }

    Context 'bytes of a device' {
        BeforeEach { [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\d'), [byte[]](1..10)) }
        It 'are read where they lie' {
            (Read-SeedDevice -Path 'C:\d' -Offset 2 -Count 3) -join ' ' | Should -Be '3 4 5'
        }
        It 'are not made up behind the end' { { Read-SeedDevice -Path 'C:\d' -Offset 8 -Count 3 } | Should -Throw }
    }

    It 'shortens a hash to its first twelve digits' {
        Get-SeedHashText -Byte ([byte[]]@()) | Should -BeExactly 'e3b0c44298fc'
    }

    Context 'a disk without a table' {
        It 'is empty with nothing but zero bytes' { Get-Kind -Serial 'WD-1' | Should -Be 'empty' }
        It 'is data with a byte at <at>' -ForEach @(
            @{ at = 0 }
            @{ at = 1048575 }
            @{ at = 18951424 }
            @{ at = 19999743 }
        ) {
            Write-DeviceByte -Number 1 -At $at
            Get-Kind -Serial 'WD-1' | Should -Be 'data'
        }
        It 'is not judged when Windows shows <count> devices for it' -ForEach @(@{ count = 0 }, @{ count = 2 }) {
            $global:TestDevices = @([pscustomobject]@{ DeviceID = 'C:\none' }) * $count
            Mock Get-CimInstance { [CmdletBinding()]param($ClassName, $Filter) $global:TestDevices } `
                -ModuleName _DriveGuard
            $fact = Get-SeedDiskFact -Serial 'WD-1'
            $fact.content | Should -BeNullOrEmpty
            $fact.problems.Count | Should -Be 1
        }
        It 'says that what it holds is not seen while it is offline, and nothing more of an empty one' {
            Write-DeviceByte -Number 1 -At 0
            (Get-SeedDiskFact -Serial 'WD-1').content.text | Should -Match 'no partition table'
            Set-TestDisk -Serial 'WD-1' -Change { $_.is_offline = $true }
            (Get-SeedDiskFact -Serial 'WD-1').content.text | Should -Match 'while its disk is offline'
            (Get-SeedDiskFact -Serial 'WD-1').disk.offline | Should -BeTrue
        }
    }

    Context 'a disk with a table' {
        It 'is empty without a partition, <style>' -ForEach @(@{ style = 'GPT' }, @{ style = 'MBR' }) {
            Set-TestDisk -Serial DATA -Change {
                $_.partition_style = $style
                $_.partitions = @()
            }
            $content = (Get-SeedDiskFact -Serial DATA).content
            "$($content.kind) $($content.text)" | Should -Be 'empty no partition'
        }
        It 'is data without a partition, <style>, with a byte at <at>' -ForEach @(
            # The disk has 20,000,000 bytes, and its last whole sector ends at 19,999,744.
            @{ style = 'MBR'; at = 512 }
            @{ style = 'MBR'; at = 1048575 }
            @{ style = 'MBR'; at = 19999743 }
            @{ style = 'GPT'; at = 17408 }
            @{ style = 'GPT'; at = 1048575 }
            @{ style = 'GPT'; at = 18951424 }
            @{ style = 'GPT'; at = 19982847 }
        ) {
            Set-TestDisk -Serial DATA -Change {
                $_.partition_style = $style
                $_.partitions = @()
            }
            $before = (Get-SeedDiskFact -Serial DATA).content.fingerprint
            Write-DeviceByte -Number 2 -At $at
            $content = (Get-SeedDiskFact -Serial DATA).content
            "$($content.kind) $($content.text)" | Should -BeLike 'data no partition, but bytes outside of its*'
            $content.fingerprint | Should -Not -Be $before
        }
        It 'is empty without a partition, <style>, whatever its partition table has at <at>' -ForEach @(
            @{ style = 'MBR'; at = 0 }
            @{ style = 'MBR'; at = 511 }
            @{ style = 'GPT'; at = 0 }
            @{ style = 'GPT'; at = 17407 }
            @{ style = 'GPT'; at = 19982848 }
            @{ style = 'GPT'; at = 19999743 }
        ) {
            Set-TestDisk -Serial DATA -Change {
                $_.partition_style = $style
                $_.partitions = @()
            }
            Write-DeviceByte -Number 2 -At $at
            Get-Kind | Should -Be 'empty'
        }
        It 'is not judged without a partition, <style>, when it cannot be read' -ForEach @(
            @{ style = 'MBR' }, @{ style = 'GPT' }
        ) {
            Set-TestDisk -Serial DATA -Change {
                $_.partition_style = $style
                $_.partitions = @()
            }
            Mock Read-SeedDevice { throw 'Access is denied.' } -ModuleName _DriveGuard
            Get-Kind | Should -Be 'unknown'
        }
        It 'is data while it is offline, whatever its table takes up' {
            Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
            Get-Kind | Should -Be 'data'
        }
        It 'is data with two partitions, and has no letter then' {
            Set-TestDisk -Serial DATA -Change {
                $copy = $_.partitions[0].PSObject.Copy()
                $copy.letter, $copy.guid, $copy.number = $null, '{s}', 3
                $_.partitions = @($_.partitions[0], $copy)
            }
            $fact = Get-SeedDiskFact -Serial DATA
            "$($fact.content.kind) $($fact.content.text) $($fact.disk.letter)" | Should -Be (
                'data 2 partitions, among them one that is locked, has no letter or is of an import ')
        }
        It 'is data with a partition without a letter' {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].letter = $null }
            $fact = Get-SeedDiskFact -Serial DATA
            "$($fact.content.kind) $($fact.content.text)" | Should -Match '^data a partition without a drive letter'
            $fact.disk.partition_guid | Should -Be $guid
        }
        It 'is data with a partition that has no GUID, although an attempt knew none either' {
            Set-TestDisk -Serial DATA -Change {
                $_.partitions[0].guid = ''
                $_.partitions[0].file_system = $null
            }
            Get-Kind -OwnGuid '' | Should -Be 'data'
        }
    }

    Context 'a volume' {
        It 'that holds nothing is <kind> when it is <status>' -ForEach @(
            @{ status = 'FullyDecrypted'; kind = 'empty' }
            @{ status = 'FullyEncrypted'; kind = 'data' }
        ) {
            Remove-Item -LiteralPath 'E:\keep.txt'
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.volume_status = $status }
            Get-Kind | Should -Be $kind
        }
        It 'that holds nothing and has no encryption is empty' {
            Remove-Item -LiteralPath 'E:\keep.txt'
            Mock ConvertTo-SeedEncryption { } -ModuleName _DriveGuard
            Get-Kind | Should -Be 'empty'
        }
        It 'of an attempt without a file system is <kind> when it is <status>' -ForEach @(
            @{ status = $null; kind = 'empty' }
            @{ status = 'FullyDecrypted'; kind = 'empty' }
            @{ status = 'EncryptionInProgress'; kind = 'data' }
        ) {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = $null }
            $global:TestStatus = $status
            Mock ConvertTo-SeedEncryption {
                [CmdletBinding()]param($Volume)
                if ($global:TestStatus) {
                    [pscustomobject]@{ lock_status = 'Unlocked'; volume_status = $global:TestStatus }
                }
            } -ModuleName _DriveGuard
            Get-Kind -OwnGuid $guid | Should -Be $kind
            Get-Kind | Should -Be 'data'
        }
        It 'that Windows does not show is data' {
            Mock Get-Volume {
                [CmdletBinding()]param($Partition, $DriveLetter)
                Write-Error -Message 'none' -ErrorId 'CmdletizationQuery_NotFound_DriveLetter'
            } -ModuleName _DriveGuard
            Get-Kind | Should -Be 'data'
        }
        It 'names a manifest only when there is one' {
            $content = (Get-SeedDiskFact -Serial DATA).content
            "$($content.manifest) $($content.text)" | Should -Be 'False the NTFS volume E: with 1 entries'
            Set-Content -LiteralPath 'E:\DriveManifest.xml' -Value '<x/>' -Encoding utf8
            $content = (Get-SeedDiskFact -Serial DATA).content
            $content.manifest | Should -BeTrue
            $content.text | Should -Match 'with 2 entries, among them a drive manifest'
        }
        It 'shows the hash of the manifest that is asked for, and why there is none' {
            Set-Content -LiteralPath 'E:\DriveManifest.xml' -Value '<x/>' -Encoding utf8
            (Get-SeedDiskFact -Serial DATA).content.manifest_md5 | Should -BeNullOrEmpty
            (Get-SeedDiskFact -Serial DATA -ManifestFile '\DriveManifest.xml').content.manifest_md5 |
                Should -BeExactly (Get-SeedFileHash -Path 'E:\DriveManifest.xml')
            Mock Get-SeedFileHash { throw 'FIPS' } -ModuleName _DriveGuard
            $content = (Get-SeedDiskFact -Serial DATA -ManifestFile '\DriveManifest.xml').content
            "$($content.manifest_md5)|$($content.text)" | Should -BeExactly '|FIPS'
        }
        It 'that is locked shows its encryption and no manifest' {
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            Lock-SeedVolume -Letter E
            $content = (Get-SeedDiskFact -Serial DATA).content
            "$($content.kind) $($content.encryption.lock_status) $($content.manifest)" |
                Should -Be 'locked Locked False'
        }
        It 'holds something when a folder of Windows cannot be listed' {
            Remove-Item -LiteralPath 'E:\keep.txt'
            $null = New-Item -ItemType Directory -Path 'E:\$RECYCLE.BIN'
            Get-Kind | Should -Be 'empty'
            Mock Get-ChildItem {
                [CmdletBinding()]param($LiteralPath, [switch]$Recurse, [switch]$File, [switch]$Force)
                if ($Recurse) { Write-Error -Message 'access is denied' }
                else { [pscustomobject]@{ Name = '$RECYCLE.BIN'; FullName = 'E:\$RECYCLE.BIN' } }
            } -ModuleName _DriveGuard
            Get-SeedRootEntry -Letter E | Should -BeExactly '$RECYCLE.BIN (cannot be listed)'
            Get-Kind | Should -Be 'data'
        }
        It 'is not judged when its root cannot be listed' {
            Mock Get-ChildItem $broken -ModuleName _DriveGuard
            { Get-SeedRootEntry -Letter E } | Should -Throw '*WMI is down*'
        }
    }

    Context 'paths' {
        BeforeEach {
            $global:TestShares = @([pscustomobject]@{ Name = 'seed'; Path = 'E:\x' })
            Mock Get-CimInstance { [CmdletBinding()]param($ClassName, $Filter) $global:TestShares } `
                -ModuleName _DriveGuard
        }
        It 'takes <path> for <local>' -ForEach @(
            @{ path = '\\fs01\seed\a'; local = 'E:\x\a' }
            @{ path = '\\.\C:\a'; local = 'C:\a' }
            @{ path = '\\127.0.0.1\c$'; local = 'c:\' }
            @{ path = '\\127.0.0.5\seed\a'; local = 'E:\x\a' }
            @{ path = '\\--1.ipv6-literal.net\seed\a'; local = 'E:\x\a' }
            @{ path = '\\no-such-host.invalid\seed\a'; local = '' }
            @{ path = '\\fs01\none'; local = '' }
        ) { "$(Resolve-SeedOwnPath -Path $path)" | Should -Be $local }
        It 'takes a share that is named by an address of this host for its own' {
            $own = @([System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces() |
                ForEach-Object { $_.GetIPProperties().UnicastAddresses } | ForEach-Object { "$($_.Address)" } |
                Where-Object { $_ -notlike '*:*' })
            $own.Count | Should -BeGreaterThan 0
            foreach ($one in $own) { Resolve-SeedOwnPath -Path "\\$one\seed\a" | Should -Be 'E:\x\a' }
        }
        It 'takes no share for a path that Windows shows <what>' -ForEach @(
            @{ what = 'without one'; shares = @(@{ Name = 'seed'; Path = '' }) }
            @{ what = 'twice'; shares = @(@{ Name = 'seed'; Path = 'E:\' }, @{ Name = 'seed'; Path = 'C:\' }) }
        ) {
            $global:TestShares = @($shares | ForEach-Object { [pscustomobject]$_ })
            Resolve-SeedOwnPath -Path '\\fs01\seed\a' | Should -BeNullOrEmpty
        }
        It 'refuses to judge a disk while the path <path> says nothing of its disk' -ForEach @(
            @{ path = 'E' }, @{ path = 'staging' }, @{ path = '\staging' }, @{ path = '..\x' }, @{ path = '~\x' }
            @{ path = '\\.\PhysicalDrive2' }, @{ path = '\\?\GLOBALROOT\Device\Harddisk2\Partition1\x' }
        ) {
            $fact = Get-SeedDiskFact -Serial DATA -ProtectedPath 'C:\a', $path
            "$($fact.problems)" | Should -BeLike "*On which disk '*' lies is not known*full path*"
            $fact.content | Should -BeNullOrEmpty
        }
        It 'refuses a path of more than eight links' {
            Mock Get-Item {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                [pscustomobject]@{ LinkType = 'SymbolicLink'; Target = @('C:\loop') }
            } -ModuleName _DriveGuard
            { Resolve-SeedOwnPath -Path 'C:\loop' } | Should -Throw '*8 links*'
        }
        It 'keeps what lies behind a link, and stops at what is not there' {
            Mock Get-Item {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                if ($LiteralPath -in 'C:\a', 'E:\t') { return [pscustomobject]@{ LinkType = ''; Target = $null } }
                if ($LiteralPath -ne 'C:\a\link') {
                    Write-Error -Message 'none' -Category ObjectNotFound
                    return
                }
                [pscustomobject]@{ LinkType = 'Junction'; Target = @('E:\t\') }
            } -ModuleName _DriveGuard
            Resolve-SeedOwnPath -Path 'C:\a\link\b\c' | Should -Be @('C:\a\link\b\c', 'E:\t\b\c')
            Resolve-SeedOwnPath -Path 'C:\none\b' | Should -Be 'C:\none\b'
        }
        It 'refuses a link whose target cannot be read' {
            Mock Get-Item {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                [pscustomobject]@{ LinkType = 'Junction'; Target = @() }
            } -ModuleName _DriveGuard
            { Resolve-SeedOwnPath -Path 'C:\a' } | Should -Throw '*link*C:\a*cannot be read*'
        }
    }

    Context 'guards' {
        It 'protects the <name>' -ForEach @(
            @{ name = 'system disk'; change = { $_.is_system = $true }; text = 'system or boot' }
            @{ name = 'boot disk'; change = { $_.is_boot = $true }; text = 'system or boot' }
            @{ name = 'disk that it booted from'; change = { $_.boot_from_disk = $true }; text = 'system or boot' }
            @{ name = 'disk of a cluster'; change = { $_.is_clustered = $true }; text = 'failover cluster' }
            @{ name = 'second path'; change = { $_.offline_reason = 'Redundant Path' }; text = 'a redundant path' }
            @{ name = 'snapshot'; change = { $_.offline_reason = 'Snapshot' }; text = 'a snapshot' }
        ) {
            Set-TestDisk -Serial DATA -Change $change
            $guards = @((Get-SeedDiskFact -Serial DATA).disk.guards)
            $guards.Count | Should -Be 1
            $guards[0] | Should -Match $text
        }
        It 'protects nothing without a reason' {
            @((Get-SeedDiskFact -Serial DATA).disk.guards).Count | Should -Be 0
            Set-TestDisk -Serial DATA -Change { $_.offline_reason = 'Policy' }
            @((Get-SeedDiskFact -Serial DATA).disk.guards).Count | Should -Be 0
        }
        It 'leaves the volume alone when asked to, and judges nothing then' {
            $fact = Get-SeedDiskFact -Serial DATA -Shallow
            "$($fact.content)|$($fact.disk.letter)|$($fact.disk.number)" | Should -Be '||2'
        }
        It 'names near serials of a drive that is not there, and knows no disk then' {
            Set-TestDisk -Serial DATA -Change { $_.serial = 'WD-DATA' }
            Add-TestDisk -Serial ' ' -Number 8
            $fact = Get-SeedDiskFact -Serial 'DATA'
            "$($fact.candidates)|$($fact.disk)|$($fact.problems)" | Should -Be 'WD-DATA||'
        }
    }

    Context 'the letter and the record of a drive' {
        It 'has the letter of its one volume' { Get-SeedDriveLetter -Serial ' data ' | Should -BeExactly 'E' }
        It 'has none of a drive that <what>' -ForEach @(
            @{ what = 'is not there'; serial = 'NONE'; change = { }; text = '*is not attached*' }
            @{ what = 'has no name'; serial = ' . '; change = { }; text = '`serial` is empty*' }
            @{ what = 'is offline'; serial = 'DATA'; change = { $_.is_offline = $true }; text = '*is offline*' }
            @{ what = 'has none'; serial = 'DATA'; change = { $_.partitions[0].letter = $null }; text = '*has 0*' }
        ) {
            Set-TestDisk -Serial DATA -Change $change
            { Get-SeedDriveLetter -Serial $serial } | Should -Throw $text.Replace('`', '``')
        }
        It 'shows a drive that <what>' -ForEach @(
            @{ what = 'is not there'; serial = 'NONE'; change = { }; shown = 'False||' }
            @{ what = 'is offline'; serial = 'DATA'; change = { $_.is_offline = $true }; shown = 'True||' }
            @{ what = 'has none'; serial = 'DATA'; change = { $_.partitions[0].letter = $null }; shown = 'True||' }
            @{ what = 'is open'; serial = 'DATA'; change = { }; shown = 'True|E|Unlocked' }
        ) {
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            Set-TestDisk -Serial DATA -Change $change
            $record = Get-SeedVolumeRecord -Serial $serial
            $lock = $(if ($record.volume) { $record.volume.lock_status })
            "$($record.present)|$($record.letter)|$lock" | Should -BeExactly $shown
            $record.key_matches | Should -BeNullOrEmpty
        }
        It 'tells whose key fits an open volume, and nothing of a locked one or without a key' {
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            (Get-SeedVolumeRecord -Serial DATA -Key @{ ExternalKey = 'AAEC' }).key_matches | Should -BeTrue
            (Get-SeedVolumeRecord -Serial DATA -Key @{ ExternalKey = 'AAED' }).key_matches | Should -Be $false
            $null -eq (Get-SeedVolumeRecord -Serial DATA).key_matches | Should -BeTrue
            foreach ($none in '', ' . ') { { Get-SeedVolumeRecord -Serial $none } | Should -Throw '*serial*is empty*' }
            Lock-SeedVolume -Letter E
            $record = Get-SeedVolumeRecord -Serial DATA -Key @{ ExternalKey = 'AAEC' }
            $null -eq $record.key_matches | Should -BeTrue
            $record.volume.lock_status | Should -Be 'Locked'
        }
        It 'shows no volume where Windows knows none' {
            Mock Get-SeedEncryption { } -ModuleName _DriveGuard
            $record = Get-SeedVolumeRecord -Serial DATA -Key @{ ExternalKey = 'AAEC' }
            "$($record.letter)|$($record.volume)|$($record.key_matches)" | Should -Be 'E||'
        }
    }
}
