# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a disk holds and what protects it' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_DriveStatus'
        $option = [pscustomobject]@{
            container = 'c'
            erase = $false
            bus = 'SATA'
            files = @()
            discard_attempts = @()
            erase_fingerprints = @()
        }
        function Get-TestStatus([string]$Serial, [object]$Option, [string[]]$ProtectedPath = @()) {
            $fact = Get-SeedDiskFact -Serial $Serial -ProtectedPath $ProtectedPath
            $facts = @{
                serial = $Serial
                attempt = $null
                journal = $null
                verify = $null
                older = @()
                others = @()
                never_started = 0
            }
            foreach ($one in 'problems', 'candidates', 'disk', 'content') { $facts[$one] = $fact.$one }
            Get-SeedDriveStatus -Facts ([pscustomobject]$facts) -Option $Option
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'content' {
        It 'finds a disk without a table and with zero bytes empty' {
            (Get-TestStatus -Serial 'WD-1' -Option $option).status | Should -Be 'empty'
        }
        It 'finds a raw disk with a byte in its last MiB foreign, and erases it only by its fingerprint or erase' {
            $device = Get-LabDevice -Disk (Get-LabDisk | Where-Object { $_.number -eq 1 })
            $stream = [System.IO.File]::OpenWrite($device)
            $stream.Position = 19500000
            $stream.WriteByte(7)
            $stream.Dispose()
            $status = Get-TestStatus -Serial 'WD-1' -Option $option
            $status.status | Should -Be 'foreign'
            $status.reason | Should -Match 'bytes that are not zero'
        }
        It 'does not take a raw disk that cannot be read for empty' {
            Mock Read-SeedDevice { throw 'Access is denied.' } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'WD-1' -Option $option
            $status.status | Should -Be 'unknown'
            $status.reason | Should -Match 'Access is denied'
        }
        It 'finds a volume with a file foreign' {
            $status = Get-TestStatus -Serial 'DATA' -Option $option
            $status.status | Should -Be 'foreign'
            $status.allowed | Should -Be 'erase'
        }
        It 'keeps the fingerprint while the content stays, and changes it with the content' {
            $before = (Get-SeedDiskFact -Serial DATA).content.fingerprint
            $before | Should -Match '^[0-9a-f]{12}$'
            (Get-SeedDiskFact -Serial DATA).content.fingerprint | Should -Be $before
            Set-Content -LiteralPath 'E:\more.txt' -Value 'x' -Encoding utf8
            (Get-SeedDiskFact -Serial DATA).content.fingerprint | Should -Not -Be $before
        }
        It 'takes an encrypted volume with nothing but the metadata of BitLocker for bare' {
            Remove-Item -LiteralPath 'E:\keep.txt'
            $null = New-Item -Path 'E:\System Volume Information' -ItemType Directory
            $names = 'FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}', 'FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.1'
            foreach ($name in $names) { Set-Content -LiteralPath "E:\System Volume Information\$name" -Value 'x' }
            Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret (
                '000011-000022-000033-000044-000055-000066-000077-000088')
            (Get-SeedDiskFact -Serial DATA).content.bare | Should -BeTrue
            Set-Content -LiteralPath 'E:\System Volume Information\{3808876b-c176-4e48-b7ae-04046e6cc752}' -Value 'x'
            (Get-SeedDiskFact -Serial DATA).content.bare | Should -BeFalse
        }
        It 'finds a locked volume locked' {
            Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret x
            Lock-SeedVolume -Letter E
            (Get-SeedDiskFact -Serial DATA).content.kind | Should -Be 'locked'
        }
        It (
            'takes a file system that Windows does not know for data, unless an attempt of this seed made the ' +
            'partition'
        ) {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = $null }
            (Get-SeedDiskFact -Serial DATA).content.kind | Should -Be 'data'
            (Get-SeedDiskFact -Serial DATA -OwnGuid '{00000000-0000-4000-8000-000000000002}').content.kind |
                Should -Be 'empty'
        }
        It 'takes <what> for content' -ForEach @(
            @{
                what = 'a shadow store'
                path = 'E:\System Volume Information\{3808876b-c176-4e48-b7ae-04046e6cc752}'
                kind = 'data'
            }
            @{ what = 'a deleted file'; path = 'E:\$RECYCLE.BIN\S-1-5-21-1\$R1.docx'; kind = 'data' }
        ) {
            Remove-Item -LiteralPath 'E:\keep.txt'
            $null = New-Item -Path ($path.Substring(0, $path.LastIndexOf('\'))) -ItemType Directory -Force
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path $path), 'x')
            (Get-SeedDiskFact -Serial DATA).content.kind | Should -Be $kind
        }
        It 'takes a volume with nothing but what Windows writes by itself for empty' {
            Remove-Item -LiteralPath 'E:\keep.txt'
            $null = New-Item -Path 'E:\System Volume Information' -ItemType Directory
            Set-Content -LiteralPath 'E:\System Volume Information\WPSettings.dat' -Value 'x' -Encoding utf8
            (Get-SeedDiskFact -Serial DATA).content.kind | Should -Be 'empty'
        }
        It 'tells an offline disk with a partition table from an empty one' {
            Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
            $status = Get-TestStatus -Serial 'DATA' -Option $option
            "$($status.status) $($status.access)" | Should -Be 'foreign offline'
            Set-TestDisk -Serial 'WD-1' -Change { $_.is_offline = $true }
            (Get-TestStatus -Serial 'WD-1' -Option $option).status | Should -Be 'empty'
        }
        It 'names a manifest that is not of this seed' {
            Set-Content -LiteralPath 'E:\DriveManifest.xml' -Value '<x/>' -Encoding utf8
            $erase = [pscustomobject]@{
                container = 'c'
                erase = $true
                bus = 'SATA'
                files = @()
                discard_attempts = @()
                erase_fingerprints = @()
            }
            (Get-TestStatus -Serial 'DATA' -Option $erase).allowed | Should -Be 'erase'
        }
    }

    Context 'guards' {
        It 'refuses <why>' -ForEach @(
            @{ why = 'a system disk'; serial = 'SYS'; change = { }; text = 'system or boot disk' }
            @{
                why = 'a page file'
                serial = 'SYS'
                change = { $_.is_system = $false; $_.is_boot = $false; $_.boot_from_disk = $false }
                text = 'page file'
            }
            @{
                why = 'a cluster disk'
                serial = 'DATA'
                change = { $_.is_clustered = $true }
                text = 'failover cluster'
            }
            @{ why = 'another bus'; serial = 'DATA'; change = { $_.bus_type = 'USB' }; text = 'bus: USB' }
            @{
                why = 'a collision'
                serial = 'DATA'
                change = { $_.is_offline = $true; $_.offline_reason = 'Collision' }
                text = 'collision'
            }
            @{
                why = 'a pool member'
                serial = 'DATA'
                change = { $_.cannot_pool_reason = 'In a Pool' }
                text = 'storage pool'
            }
            @{
                why = 'large sectors'
                serial = 'DATA'
                change = { $_ | Add-Member -NotePropertyName logical_sector_size -NotePropertyValue 4096 }
                text = '4096 bytes'
            }
        ) {
            Set-TestDisk -Serial $serial -Change $change
            $erase = [pscustomobject]@{
                container = 'c'
                erase = $true
                bus = 'SATA'
                files = @()
                discard_attempts = @()
                erase_fingerprints = @()
            }
            $status = Get-TestStatus -Serial $serial -Option $erase
            $status.status | Should -Be 'unusable'
            $status.reason | Should -Match $text
        }
        It 'refuses the disk behind a path that the seed works in' {
            $status = Get-TestStatus -Serial 'DATA' -Option $option -ProtectedPath 'E:\Staging', '\\filer\seed'
            $status.reason | Should -Match "holds 'E:\\Staging'"
        }
        It 'refuses the disk behind a path that is written as <path>' -ForEach @(
            @{ path = 'E:/Staging' }
            @{ path = 'e:Staging' }
            @{ path = '\\?\E:\Staging' }
            @{ path = '\\FS01\E$\Staging' }
            @{ path = '//localhost/e$' }
            @{ path = '\\fs01.contoso.example\Seed\x' }
            @{ path = '\\?\UNC\fs01\Seed' }
            @{ path = 'C:\link\x' }
            @{ path = 'C:\relative\x' }
            @{ path = 'C:\rooted\x' }
            @{ path = 'C:\mounted\x' }
            @{ path = 'C:\a\..\link' }
            @{ path = 'C:\a\..\.\link\b\..' }
            @{ path = '\\?\Volume{00000000-0000-4000-8000-000000000002}\x' }
        ) {
            Mock Get-CimInstance {
                [CmdletBinding()]param($ClassName, $Filter)
                if ($ClassName -eq 'Win32_Share') { [pscustomobject]@{ Name = 'seed'; Path = 'E:\' } }
                else { CimCmdlets\Get-CimInstance @PSBoundParameters }
            } -ModuleName _DriveGuard
            Mock Get-Item {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                $item = [pscustomobject]@{ LinkType = ''; Target = @() }
                $links = @{
                    'C:\link' = 'E:\Data'
                    'C:\relative' = 'a\..\link'
                    'C:\rooted' = '\link'
                    'C:\mounted' = 'Volume{00000000-0000-4000-8000-000000000002}\'
                }
                if ($links.ContainsKey($LiteralPath)) {
                    $item.LinkType = 'Junction'
                    $item.Target = @($links[$LiteralPath])
                }
                $item
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'DATA' -Option $option -ProtectedPath $path
            $status.status | Should -Be 'unusable'
            $status.reason | Should -Match 'reads or works in'
        }
        It 'protects nothing for the path <path> of another host' -ForEach @(
            @{ path = '\\filer\E$\x' }, @{ path = '\\fs011\E$' }, @{ path = '//filer.contoso.example/seed' }
        ) { Resolve-SeedOwnPath -Path $path | Should -BeNullOrEmpty }
        It 'refuses when a part of the path <how>' -ForEach @(
            @{ how = 'cannot be read'; text = "Get-Item failed for 'C:\\gone': Access"; item = {
                    [CmdletBinding()]param($LiteralPath, [switch]$Force)
                    Write-Error -Message "Access to '$LiteralPath' is denied." -Category PermissionDenied
                } }
            @{ how = 'is a link to nowhere that is shown'; text = "the link 'C:\\gone' leads"; item = {
                    [CmdletBinding()]param($LiteralPath, [switch]$Force)
                    [pscustomobject]@{ LinkType = 'SymbolicLink'; Target = @() }
                } }
            @{ how = 'is a link to itself'; text = 'More than 8 links'; item = {
                    [CmdletBinding()]param($LiteralPath, [switch]$Force)
                    [pscustomobject]@{ LinkType = 'SymbolicLink'; Target = @('C:\gone') }
                } }
        ) {
            Mock Get-Item $item -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'WD-1' -Option $option -ProtectedPath 'C:\gone\x'
            "$($status.status) $($status.allowed -join ',')" | Should -Be 'unknown '
            $status.reason | Should -Match $text
        }
        It 'takes a path that is not there for one that leads nowhere' {
            (Get-TestStatus -Serial 'WD-1' -Option $option -ProtectedPath 'C:\gone\x').status | Should -Be 'empty'
        }
        It 'follows a mapped letter to the share of this host' {
            Mock Get-PSDrive {
                [CmdletBinding()]param($Name)
                if ($Name -eq 'S') { [pscustomobject]@{ Name = 'S'; DisplayRoot = '\\fs01\E$' } }
            } -ModuleName _DriveGuard
            (Get-TestStatus -Serial 'DATA' -Option $option -ProtectedPath 'S:\x').reason |
                Should -Match 'reads or works in'
        }
        It 'does not know which disk a path below a letter without a partition is on' {
            Mock Get-PSDrive {
                [CmdletBinding()]param($Name)
                if ($Name -eq 'S') { [pscustomobject]@{ Name = 'S'; DisplayRoot = '' } }
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'WD-1' -Option $option -ProtectedPath 'S:\x'
            "$($status.status) $($status.allowed -join ',')" | Should -Be 'unknown '
            $status.reason | Should -Match "On which disk 'S:\\x' lies"
            # A dynamic disk of the host may have that letter, and is refused by itself.
            Set-TestDisk -Serial DATA -Change {
                $_.partitions[0] | Add-Member -NotePropertyName gpt_type -NotePropertyValue (
                    '{af9b60a0-1431-4f62-bc68-3311714a69ad}')
            }
            (Get-TestStatus -Serial 'WD-1' -Option $option -ProtectedPath 'S:\x').status | Should -Be 'empty'
        }
        It 'refuses a disk on the way to a folder that another one is mounted in' {
            (Get-TestStatus -Serial 'DATA' -Option $option -ProtectedPath 'E:\mount\x').status |
                Should -Be 'unusable'
        }
        It 'asks for the pool of a disk without a unique id too' {
            Set-TestDisk -Serial 'DATA' -Change { $_.unique_id = ''; $_.cannot_pool_reason = 'In a Pool' }
            (Get-TestStatus -Serial 'DATA' -Option $option).reason | Should -Match 'storage pool'
        }
        It 'refuses when <command> fails, and names it' -ForEach @(
            @{ command = 'Get-Partition' }, @{ command = 'Get-PhysicalDisk' }, @{ command = 'Get-CimInstance' },
                @{ command = 'Get-Volume' }, @{ command = 'Get-BitLockerVolume' }
        ) {
            $failing = "[CmdletBinding()]param([Parameter(ValueFromRemainingArguments)]`$Rest) " +
                "Write-Error -Message 'Provider load failure 0x80041013'"
            Mock $command ([scriptblock]::Create($failing)) -ModuleName _DriveGuard
            Mock $command ([scriptblock]::Create($failing)) -ModuleName _Volume
            $erase = [pscustomobject]@{
                container = 'c'
                erase = $true
                bus = 'SATA'
                files = @()
                discard_attempts = @()
                erase_fingerprints = @()
            }
            $status = Get-TestStatus -Serial 'DATA' -Option $erase
            "$($status.status) $($status.allowed -join ',')" | Should -Be 'unknown '
            $status.reason | Should -Match "$command failed"
        }
        It 'refuses when the disk list fails' {
            Mock Get-Disk { [CmdletBinding()]param() Write-Error -Message 'WMI is down' } -ModuleName _Drive
            (Get-TestStatus -Serial 'DATA' -Option $option).status | Should -Be 'unknown'
        }
        It 'refuses when Windows shows fewer partitions than the disk has' {
            Mock Get-Partition {
                [CmdletBinding()]param($Disk)
                Write-Error -Message 'none' -ErrorId 'CmdletizationQuery_NotFound_Disk'
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'DATA' -Option $option
            $status.status | Should -Be 'unknown'
            $status.reason | Should -Match 'has 1 partitions, and Get-Partition shows 0'
        }
        It 'asks nothing of a disk without <name>' -ForEach @(
            @{ name = 'Number' }, @{ name = 'Size' }, @{ name = 'LogicalSectorSize' }, @{ name = 'NumberOfPartitions' }
        ) {
            Mock Get-Disk {
                [CmdletBinding()]param()
                $found = @(Storage\Get-Disk @PSBoundParameters)
                ($found | Where-Object { $_.SerialNumber -eq 'DATA' }).$name = $null
                $found
            } -ModuleName _Drive
            Mock Get-CimInstance { throw 'never asked' } -ModuleName _DriveGuard
            $fact = Get-SeedDiskFact -Serial DATA
            $fact.disk | Should -BeNullOrEmpty
            $fact.problems -join '' | Should -BeLike "*shows no $name of the disk*"
        }
        It 'does not know a disk that Get-PhysicalDisk does not show' {
            Mock Get-PhysicalDisk { [CmdletBinding()]param() } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'WD-1' -Option $option
            "$($status.status) $($status.allowed -join ',')" | Should -Be 'unknown '
            $status.reason | Should -Match 'Get-PhysicalDisk does not show the disk 1'
        }
        It 'refuses <why>' -ForEach @(
            @{ why = 'a pool member by number'; change = { $_.cannot_pool_reason = @(7, 2) }; text = 'storage pool' }
            @{
                why = 'a disk that a cluster uses'
                change = { $_.cannot_pool_reason = 'In Use by Cluster' }
                text = 'failover cluster'
            }
            @{ why = 'a slot without a medium'; change = { $_.size = 0 }; text = 'size of 0 bytes' }
            @{
                why = 'a dynamic disk'
                change = {
                    $_.partitions[0] | Add-Member -NotePropertyMembers @{
                        gpt_type = '{af9b60a0-1431-4f62-bc68-3311714a69ad}'
                    }
                }
                text = 'dynamic disk'
            }
            @{
                why = 'a member of a pool of another host'
                change = {
                    $_.partitions[0] | Add-Member -NotePropertyMembers @{
                        gpt_type = '{e75caf8f-f680-4cee-afa3-b001e56efc2d}'
                    }
                }
                text = 'storage pool'
            }
        ) {
            Set-TestDisk -Serial DATA -Change $change
            $erase = $option.PSObject.Copy()
            $erase.erase = $true
            $status = Get-TestStatus -Serial 'DATA' -Option $erase
            $status.status | Should -Be 'unusable'
            $status.reason | Should -Match $text
        }
    }

    Context 'serials' {
        It 'does not take the made-up serial <serial>' -ForEach @(
            @{ serial = '0123456789ABCDEF' }, @{ serial = '000000000000' }, @{ serial = 'DEADBEEFDEADBEEF' },
            @{ serial = '123456789012' }, @{ serial = 'FFFFFFFF' }, @{ serial = '0' }
        ) {
            $new = $serial
            Set-TestDisk -Serial 'WD-1' -Change { $_.serial = $new }
            $status = Get-TestStatus -Serial $serial -Option $option
            $status.status | Should -Be 'unusable'
            $status.reason | Should -Match "serial $serial, which an adapter makes up"
        }
        It 'takes the serial <serial> of a drive' -ForEach @(
            @{ serial = '123456789' + 'WD' }, @{ serial = 'S0000001' }, @{ serial = 'WD-WCC4N0123456' }
        ) {
            $new = $serial
            Set-TestDisk -Serial 'WD-1' -Change { $_.serial = $new }
            (Get-TestStatus -Serial $serial -Option $option).status | Should -Be 'empty'
        }
        It 'compares what <command> shows as <shown> on <bus>: <status>' -ForEach @(
            @{ command = 'physical'; shown = ' wd-1. '; bus = 'SATA'; status = 'empty'; text = '' }
            @{ command = 'device'; shown = '5000C500A1B2'; bus = 'SATA'; status = 'unusable'; text = 'Win32_DiskDrive' }
            @{ command = 'physical'; shown = '00A0B1'; bus = 'USB'; status = 'unusable'; text = '00A0B1 to Get-Phys' }
            @{ command = 'physical'; shown = 'DW1-'; bus = 'SATA'; status = 'unusable'; text = 'each two letters' }
            @{ command = 'device'; shown = ''; bus = 'SATA'; status = 'empty'; text = '' }
            @{ command = 'device'; shown = ''; bus = 'USB'; status = 'unusable'; text = 'none to Win32_DiskDrive' }
            @{ command = 'physical'; shown = $null; bus = 'RAID'; status = 'unusable'; text = 'none to Get-Physical' }
        ) {
            Set-TestDisk -Serial 'WD-1' -Change { $_.bus_type = $bus }
            $raw = $shown
            if ($command -eq 'physical') {
                Mock Get-PhysicalDisk {
                    [CmdletBinding()]param()
                    foreach ($one in Storage\Get-PhysicalDisk) {
                        if ($one.DeviceId -eq '1') { $one.SerialNumber = $raw }
                        $one
                    }
                } -ModuleName _DriveGuard
            }
            else {
                Mock Get-CimInstance {
                    [CmdletBinding()]param($ClassName, $Filter)
                    foreach ($one in CimCmdlets\Get-CimInstance @PSBoundParameters) {
                        if ($ClassName -eq 'Win32_DiskDrive' -and $one.Index -eq 1) { $one.SerialNumber = $raw }
                        $one
                    }
                } -ModuleName _DriveGuard
            }
            $named = $option.PSObject.Copy()
            $named.bus = $bus
            $seen = Get-TestStatus -Serial 'WD-1' -Option $named
            $seen.status | Should -Be $status
            $seen.reason | Should -Match $text
        }
        It 'knows the partition type <gpt><mbr> of a volume manager: <said>' -ForEach @(
            @{ gpt = $null; mbr = 66; said = 'dynamic' }
            @{ gpt = $null; mbr = 7; said = '' }
            @{ gpt = $null; mbr = 166; said = '' }
            @{ gpt = '{5808C8AA-7E8F-42E0-85D2-E1E90434CFB3}'; mbr = $null; said = 'dynamic' }
            @{ gpt = '{AF9B60A0-1431-4F62-BC68-3311714A69AD}'; mbr = $null; said = 'dynamic' }
            @{ gpt = '{E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D}'; mbr = $null; said = 'storage pool' }
            @{ gpt = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'; mbr = $null; said = '' }
        ) {
            $other = [pscustomobject]@{ GptType = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'; MbrType = $null }
            $reason = Get-SeedManagerGuard -Partition $other, ([pscustomobject]@{ GptType = $gpt; MbrType = $mbr })
            "$reason" | Should -Match $said
            [bool]$reason | Should -Be ([bool]$said)
        }
        It 'reads letters in pairs from either end' {
            ConvertTo-SeedSwapped -Serial 'ABCDE' | Should -Be 'BADCE', 'ACBED'
        }
    }

    Context 'a disk that changes while it is looked at' {
        It 'is not known: <what>' -ForEach @(
            @{ what = 'its number'; change = { $_.number = 7 } }
            @{ what = 'its unique id'; change = { $_.unique_id = 'other' } }
            @{ what = 'its letter'; change = { $_.partitions[0].letter = 'X' } }
            @{ what = 'its partition'; change = { $_.partitions[0].guid = '{00000000-0000-4000-8000-0000000000ff}' } }
            @{ what = 'its serial'; change = { $_.serial = 'ELSE' } }
            @{ what = 'its state'; change = { $_.is_offline = $true } }
        ) {
            $edit = $change
            Mock Get-ChildItem {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                Set-TestDisk -Serial DATA -Change $edit
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'DATA' -Option $option
            "$($status.status) $($status.allowed -join ',')" | Should -Be 'unknown '
        }
        It 'has no record of a volume whose disk changed' {
            Mock Get-SeedVolume {
                [CmdletBinding()]param($Letter)
                Set-TestDisk -Serial DATA -Change { $_.partitions[0].letter = 'X' }
            } -ModuleName _DriveGuard
            { Get-SeedVolumeRecord -Serial DATA } | Should -Throw '*changed while it was looked at*'
        }
        It 'leaves no content of half a look' {
            Mock Get-PhysicalDisk { throw 'WMI is down' } -ModuleName _DriveGuard
            $fact = Get-SeedDiskFact -Serial DATA
            $fact.content | Should -BeNullOrEmpty
            $fact.disk.letter | Should -BeNullOrEmpty
        }
    }
}
