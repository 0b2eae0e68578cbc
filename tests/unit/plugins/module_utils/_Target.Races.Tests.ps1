# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'a drive that changes, or a command that fails, between two looks' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target'
        function New-Option {
            param([bool]$Erase = $false, [string[]]$Fingerprint = @())
            [pscustomobject]@{
                container = 'c'; erase = $Erase; bus = 'SATA'; files = @(); discard_attempts = @()
                erase_fingerprints = $Fingerprint
            }
        }
        function Get-Facts {
            param([string]$Serial)
            $fact = Get-SeedDiskFact -Serial $Serial
            [pscustomobject]@{
                serial = $Serial; problems = $fact.problems; candidates = @(); disk = $fact.disk
                content = $fact.content; attempt = $null; journal = $null; verify = $null; older = @(); others = @()
                never_started = 0
            }
        }
        $broken = {
            [CmdletBinding(SupportsShouldProcess)]param([Parameter(ValueFromRemainingArguments)]$Rest)
            Write-Error -Message 'WMI is down'
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'is another one when <what> changed' -ForEach @(
        @{ what = 'its unique id'; change = { $_.unique_id = 'x' } }
        @{ what = 'its size'; change = { $_.size = 19999999 } }
        @{ what = 'its number'; change = { $_.number = 9 } }
        @{ what = 'that it is no system disk'; change = { $_.is_system = $true } }
        @{ what = 'that it is no boot disk'; change = { $_.is_boot = $true } }
        @{ what = 'that it did not boot from it'; change = { $_.boot_from_disk = $true } }
        @{ what = 'whether it is there'; change = { $_.attached_to = $null } }
    ) {
        $seen = (Get-SeedDiskFact -Serial DATA).disk
        (Get-SeedSameDisk -Serial DATA -Seen $seen).Number | Should -Be 2
        Set-TestDisk -Serial DATA -Change $change
        { Get-SeedSameDisk -Serial DATA -Seen $seen } | Should -Throw '*changed while it was looked at*'
    }

    Context 'the last look' {
        It 'lets an empty drive be written, and says whose it is' {
            $answer = Confirm-SeedDrive -Facts (Get-Facts -Serial 'WD-1') -Option (New-Option)
            "$($answer.whose) $($answer.content.kind) $($answer.disk.number)" | Should -Be 'empty empty 1'
        }
        It 'refuses a drive that was empty and holds something now' {
            Remove-Item -LiteralPath 'E:\keep.txt'
            $facts = Get-Facts -Serial DATA
            Set-Content -LiteralPath 'E:\new.txt' -Value 'x' -Encoding utf8
            { Confirm-SeedDrive -Facts $facts -Option (New-Option -Erase $true) } | Should -Throw '*changed while*'
        }
        It 'refuses what nobody allowed to erase' {
            { Confirm-SeedDrive -Facts (Get-Facts -Serial DATA) -Option (New-Option) } |
                Should -Throw '*erase_fingerprints*Nothing was erased.'
        }
        It 'refuses a disk that a path of the seed lies on by now' {
            $facts = Get-Facts -Serial DATA
            { Confirm-SeedDrive -Facts $facts -Option (New-Option -Erase $true) -ProtectedPath 'E:\x' } |
                Should -Throw '*reads or works in*'
        }
        It 'knows a partition of an attempt, <which>' -ForEach @(
            @{ which = 'the current one'; older = $false }
            @{ which = 'or an older one'; older = $true }
        ) {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = $null }
            $guid = '{00000000-0000-4000-8000-000000000002}'
            $facts = Get-Facts -Serial DATA
            if ($older) {
                $facts.older = @([pscustomobject]@{ id = 'o'; partition_guid = $guid; wrote = $false; tool = $false })
            }
            else {
                $facts.attempt = [pscustomobject]@{
                    id = 'a'; readable = $true; alive = ''; run_state = 'missing'; run = $null; has_order = $false
                    identity = [pscustomobject]@{ partition_guid = $guid }; erased = $null
                }
            }
            $seen = (Get-SeedDiskFact -Serial DATA -OwnGuid $guid).content
            $facts.content = $seen
            (Confirm-SeedDrive -Facts $facts -Option (New-Option)).whose | Should -Be 'ours'
        }
        It 'asks nothing of an attempt that wrote no identity' {
            $facts = Get-Facts -Serial 'WD-1'
            $facts.attempt = [pscustomobject]@{
                id = 'a'; readable = $true; alive = ''; run_state = 'missing'; run = $null; has_order = $false
                identity = $null; erased = $null
            }
            (Confirm-SeedDrive -Facts $facts -Option (New-Option)).whose | Should -Be 'empty'
        }
    }

    Context 'an offline disk' {
        BeforeEach {
            Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
            $facts = Get-Facts -Serial DATA
        }
        It 'is online, read-only and judged again when it may be erased: <how>' -ForEach @(
            @{ how = 'by erase'; erase = $true; by = $false }
            @{ how = 'by its fingerprint'; erase = $false; by = $true }
        ) {
            $option = New-Option -Erase $erase -Fingerprint @($facts.content.fingerprint | Where-Object { $by })
            $answer = Confirm-SeedDrive -Facts $facts -Option $option
            "$($answer.content.text) $($answer.disk.offline)" | Should -Be 'the NTFS volume E: with 1 entries False'
            $disk = Get-Disk -Number 2
            "$($disk.IsOffline) $($disk.IsReadOnly)" | Should -Be 'False True'
            $option.erase | Should -Be $erase
        }
        It 'goes offline again when it may not be: <what>' -ForEach @(
            @{ what = 'without a word'; erase = $false; manifest = $false; fingerprint = 'aaaabbbbcccc' }
            @{ what = 'it holds a manifest'; erase = $true; manifest = $true; fingerprint = '' }
        ) {
            if ($manifest) {
                Set-TestDisk -Serial DATA -Change { $_.is_offline = $false }
                Set-Content -LiteralPath 'E:\DriveManifest.xml' -Value '<x/>' -Encoding utf8
                Set-TestDisk -Serial DATA -Change { $_.is_offline = $true }
            }
            { Confirm-SeedDrive -Facts $facts -Option (New-Option -Erase $erase -Fingerprint $fingerprint) } |
                Should -Throw '*Nothing was erased.'
            (Get-Disk -Number 2).IsOffline | Should -BeTrue
        }
        It 'fails when <command> fails' -ForEach @(
            @{ command = 'Open-SeedDrive' }
            @{ command = 'Close-SeedDrive' }
        ) {
            Mock Set-Disk $broken -ModuleName _Target
            { & $command -Serial DATA -Seen $facts.disk } | Should -Throw '*WMI is down*'
        }
        It 'is not brought online when it cannot be made read-only' {
            Mock Set-Disk {
                [CmdletBinding()]param($InputObject, $IsReadOnly, $IsOffline)
                if ($PSBoundParameters.ContainsKey('IsOffline')) { throw 'brought online' }
                Write-Error -Message 'WMI is down'
            } -ModuleName _Target
            { Open-SeedDrive -Serial DATA -Seen $facts.disk } | Should -Throw '*WMI is down*'
        }
        It 'is not called online when Windows refuses' {
            Mock Set-Disk {
                [CmdletBinding()]param($InputObject, $IsReadOnly, $IsOffline)
                if ($PSBoundParameters.ContainsKey('IsOffline')) { Write-Error -Message 'WMI is down' }
            } -ModuleName _Target
            { Open-SeedDrive -Serial DATA -Seen $facts.disk } | Should -Throw '*WMI is down*'
        }
    }

    Context 'making ready' {
        It 'writes a read-only disk' {
            Set-TestDisk -Serial DATA -Change { $_.is_read_only = $true }
            $null = Initialize-SeedDrive -Serial DATA -Seen (Get-SeedDiskFact -Serial DATA).disk
            (Get-Disk -Number 2).IsReadOnly | Should -BeFalse
        }
        It 'changes nothing that needs no change' {
            Mock Set-Disk { throw 'called' } -ModuleName _Target
            Mock Clear-Disk { throw 'called' } -ModuleName _Target
            (Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk).letter | Should -Be 'D'
        }
        It 'ends when <command> fails' -ForEach @(
            @{ command = 'Set-Disk' }
            @{ command = 'Clear-Disk' }
            @{ command = 'Initialize-Disk' }
            @{ command = 'New-Partition' }
        ) {
            Set-TestDisk -Serial DATA -Change { $_.is_read_only = $true }
            $seen = (Get-SeedDiskFact -Serial DATA).disk
            Mock $command $broken -ModuleName _Target
            { Initialize-SeedDrive -Serial DATA -Seen $seen -WaitSeconds 0 } | Should -Throw '*WMI is down*'
        }
        It 'compares the disk again before each step: <step>' -ForEach @(
            @{ step = 'after it was cleared'; command = 'Clear-Disk' }
            @{ step = 'after it was initialised'; command = 'Initialize-Disk' }
            @{ step = 'after it was partitioned'; command = 'New-Partition' }
        ) {
            $seen = (Get-SeedDiskFact -Serial DATA).disk
            $text = "Storage\$command @PSBoundParameters`nEdit-LabFile -Path `$env:LAB_HOME/disks/DATA/disk.json " +
                "-Change { `$_.unique_id = 'x' }"
            Mock $command ([scriptblock]::Create(
                    '[CmdletBinding(SupportsShouldProcess)]param($InputObject, [switch]$RemoveData, ' +
                    '[switch]$RemoveOEM, $PartitionStyle, [switch]$UseMaximumSize, [switch]$AssignDriveLetter)' +
                    "`n$text")) -ModuleName _Target
            { Initialize-SeedDrive -Serial DATA -Seen $seen -WaitSeconds 0 } | Should -Throw '*changed while*'
        }
        It 'waits for a letter that comes late' {
            $global:TestSleeps = 0
            Mock Start-Sleep {
                $global:TestSleeps++
                Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[-1].letter = 'K' }
            } -ModuleName _Target
            Mock New-Partition {
                [CmdletBinding()]param($InputObject, [switch]$UseMaximumSize, [switch]$AssignDriveLetter)
                Storage\New-Partition @PSBoundParameters
                Set-TestDisk -Serial 'WD-1' -Change { $_.partitions[-1].letter = $null }
            } -ModuleName _Target
            (Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk).letter | Should -Be 'K'
            $global:TestSleeps | Should -Be 1
        }
        It 'takes no letter of another partition' {
            Mock New-Partition {
                [CmdletBinding()]param($InputObject, [switch]$UseMaximumSize, [switch]$AssignDriveLetter)
                $null = Storage\New-Partition @PSBoundParameters
                [pscustomobject]@{ Guid = '{another}' }
            } -ModuleName _Target
            { Initialize-SeedDrive -Serial 'WD-1' -Seen (Get-SeedDiskFact -Serial 'WD-1').disk -WaitSeconds 0 } |
                Should -Throw '*no drive letter*'
        }
    }
}
