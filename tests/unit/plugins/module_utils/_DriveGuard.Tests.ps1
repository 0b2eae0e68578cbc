# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a disk holds and what protects it' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Drive', '_Volume', '_DriveGuard'
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
        ) {
            Mock Get-CimInstance {
                [CmdletBinding()]param($ClassName, $Filter)
                if ($ClassName -eq 'Win32_Share') { [pscustomobject]@{ Name = 'seed'; Path = 'E:\' } }
            } -ModuleName _DriveGuard
            Mock Get-Item {
                [CmdletBinding()]param($LiteralPath, [switch]$Force)
                $item = [pscustomobject]@{ LinkType = ''; Target = @() }
                if ($LiteralPath -eq 'C:\link') { $item.LinkType = 'Junction'; $item.Target = @('E:\Data') }
                $item
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'DATA' -Option $option -ProtectedPath $path
            $status.status | Should -Be 'unusable'
            $status.reason | Should -Match 'reads or works in'
        }
        It 'protects nothing for the path <path> of another host' -ForEach @(
            @{ path = '\\filer\E$\x' }, @{ path = '\\fs011\E$' }, @{ path = '//filer.contoso.example/seed' }
        ) { Get-SeedPathDisk -Path $path | Should -BeNullOrEmpty }
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
                [CmdletBinding()]param([uint32[]]$DiskNumber)
                Write-Error -Message 'none' -ErrorId 'CmdletizationQuery_NotFound_DiskNumber'
            } -ModuleName _DriveGuard
            $status = Get-TestStatus -Serial 'DATA' -Option $option
            $status.status | Should -Be 'unknown'
            $status.reason | Should -Match 'has 1 partitions, and Get-Partition shows 0'
        }
        It 'asks nothing of a disk without a number' {
            { Get-SeedDataPartition -Disk ([pscustomobject]@{
                Number = $null
                SerialNumber = 'x'
                NumberOfPartitions = 0
            }) } | Should -Throw '*has no number*'
        }
    }
}
