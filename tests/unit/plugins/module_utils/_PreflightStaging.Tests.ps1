# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a source host reads and writes' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_AgentAnswer', '_Registry', '_PreflightPolicy', '_PreflightStaging'

        function Get-TestOption {
            # What the agent says, with some of it replaced.
            param([hashtable]$Backup = @{}, [string]$Path = 'E:\Staging')
            $answer = @{
                unknown = @{}
                policy = @{ name = 'p'; data_sources = @('E:\') }
                staging = @{ exists = $true; free_bytes = [long]100GB }
                files = @()
            }
            foreach ($name in $Backup.Keys) { $answer[$name] = $Backup[$name] }
            @{ staging_path = $Path; backup = [pscustomobject]$answer }
        }

        function Set-TestVolume {
            # Volumes by letter: used and free bytes, file system and kind.
            param([hashtable]$Volumes)
            Mock Get-Volume {
                foreach ($letter in $Volumes.Keys) {
                    $one = $Volumes[$letter]
                    [pscustomobject]@{
                        DriveLetter = [char]$letter
                        DriveType = $(if ($one['kind']) { $one['kind'] } else { 'Fixed' })
                        FileSystem = $(if ($null -ne $one['system']) { $one['system'] } else { 'NTFS' })
                        Size = [uint64]($one['used'] + $one['free'])
                        SizeRemaining = [uint64]$one['free']
                    }
                }
            }.GetNewClosure() -ModuleName _PreflightStaging
        }

        function Set-TestScratch {
            param([string]$Folder)
            Mock Get-SeedRegistryValue {
                param($Path, $Name)
                if ($Name -eq 'ScratchLocation') { $Folder }
            }.GetNewClosure() -ModuleName _PreflightStaging
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'sources' {
        It 'is <status> for a source that is <kind> with <system> and <used> bytes' -ForEach @(
            @{ kind = 'Fixed'; system = 'NTFS'; used = 100GB; status = 'ok' }
            @{ kind = 'Fixed'; system = 'ReFS'; used = 100GB; status = 'failed' }
            @{ kind = 'Removable'; system = 'NTFS'; used = 100GB; status = 'failed' }
            @{ kind = 'Fixed'; system = ''; used = 0; status = 'failed' }
            @{ kind = 'Fixed'; system = 'NTFS'; used = 54401GB; status = 'failed' }
        ) {
            Set-TestVolume @{ E = @{ kind = $kind; system = $system; used = $used; free = 10GB } }
            $found = Get-SeedSourceCheck -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -Match "^$status .*E:\\"
        }
        It 'is unknown for a source without a letter, and for a policy without sources' {
            Set-TestVolume @{ E = @{ used = 1; free = 1 } }
            $option = Get-TestOption -Backup @{ policy = @{ data_sources = @('System State', 'E:\') } }
            $found = Get-SeedSourceCheck -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'unknown System State is no volume*'
            $option = Get-TestOption -Backup @{ policy = @{ data_sources = @() } }
            (Get-SeedSourceCheck -Option $option).status | Should -Be 'unknown'
        }
        It 'fails to say anything without a policy that can be read' {
            $option = Get-TestOption -Backup @{ policy = $null }
            { Get-SeedSourceCheck -Option $option } | Should -Throw '*no policy yet*'
            $option = Get-TestOption -Backup @{ policy = $null; unknown = @{ policy = 'denied' } }
            { Get-SeedSourceCheck -Option $option } | Should -Throw '*cannot be read: denied*'
        }
        It 'asks the volumes of the host' {
            $found = Get-SeedSourceCheck -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -BeLike 'ok The policy covers E:\ NTFS, *'
        }
    }

    Context 'cache' {
        It 'is <status> with <free> bytes free' -ForEach @(
            @{ free = 10GB; status = 'ok' }
            @{ free = 6GB; status = 'ok' }
            @{ free = 4GB; status = 'warning' }
        ) {
            Set-TestScratch 'C:\Scratch'
            Set-TestVolume @{ C = @{ used = 1GB; free = $free }; E = @{ used = 100GB; free = 0 } }
            (Get-SeedCacheCheck -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for the cache <path>' -ForEach @(
            @{ path = '\\files\cache'; status = 'failed' }
            @{ path = 'X:\Scratch'; status = 'failed' }
            @{ path = ''; status = 'unknown' }
        ) {
            Set-TestScratch $path
            Set-TestVolume @{ C = @{ used = 1GB; free = 50GB }; E = @{ used = 1GB; free = 0 } }
            (Get-SeedCacheCheck -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'failed where the volume is removable' {
            Set-TestScratch 'C:\Scratch'
            Set-TestVolume @{ C = @{ used = 1; free = 50GB; kind = 'Removable' }; E = @{ used = 1; free = 0 } }
            (Get-SeedCacheCheck -Option (Get-TestOption)).status | Should -Be 'failed'
        }
        It 'failed where the folder is compressed, or its volume deduplicated' {
            Set-TestScratch 'C:\Scratch'
            Set-TestVolume @{ C = @{ used = 1; free = 50GB }; E = @{ used = 1; free = 0 } }
            Mock Get-SeedFolderFlag { 'compressed' } -ModuleName _PreflightStaging
            $found = Get-SeedCacheCheck -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -Be 'failed The cache folder C:\Scratch is compressed.'
            Mock Get-SeedFolderFlag { } -ModuleName _PreflightStaging
            Mock Test-SeedDedup { $true } -ModuleName _PreflightStaging
            (Get-SeedCacheCheck -Option (Get-TestOption)).status | Should -Be 'failed'
        }
        It 'is unknown where the size of the source is' {
            Set-TestScratch 'C:\Scratch'
            Set-TestVolume @{ C = @{ used = 1; free = 50GB } }
            (Get-SeedCacheCheck -Option (Get-TestOption)).status | Should -Be 'unknown'
        }
        It 'is unknown where the size of the source reads <size>, as of a volume that is locked' -ForEach @(
            @{ size = 0 }, @{ size = $null }
        ) {
            Set-TestScratch 'C:\Scratch'
            Mock Get-Volume {
                [pscustomobject]@{
                    DriveLetter = [char]'C'; DriveType = 'Fixed'; FileSystem = 'NTFS'; Size = 99GB; SizeRemaining = 50GB
                }
                [pscustomobject]@{
                    DriveLetter = [char]'E'; DriveType = 'Fixed'; FileSystem = ''; Size = $size; SizeRemaining = $size
                }
            }.GetNewClosure() -ModuleName _PreflightStaging
            $found = Get-SeedCacheCheck -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -BeLike 'unknown *how much E:\ holds is not known*'
            $found = Get-SeedStagingSpace -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -BeLike 'unknown *how much E:\ holds is not known*'
        }
        It 'writes numbers in one way, whatever the language of the host' {
            Set-TestScratch 'C:\Scratch'
            Set-TestVolume @{ C = @{ used = 1GB; free = 1234.5GB }; E = @{ used = 1500.5GB; free = 0 } }
            $before = [cultureinfo]::CurrentCulture
            try {
                [cultureinfo]::CurrentCulture = [cultureinfo]::GetCultureInfo('de-DE')
                $seen = (Get-SeedCacheCheck -Option (Get-TestOption)).evidence
                $sources = (Get-SeedSourceCheck -Option (Get-TestOption)).evidence
                $space = (Get-SeedStagingSpace -Option (Get-TestOption)).evidence
            }
            finally { [cultureinfo]::CurrentCulture = $before }
            $seen | Should -BeLike '*has 1,234.5 GB free*hold 1,500.5 GB.*'
            $sources | Should -BeLike '*1,500.5 GB used*'
            $space | Should -BeLike '*has 100.0 GB free*hold 1,500.5 GB.*'
        }
        It 'is <status> where <link> is a link' -ForEach @(
            @{ link = 'Mount\Scratch'; status = 'failed'; text = '*reparse*' }
            @{ link = 'Mount'; status = 'unknown'; text = '*C:\Mount is a link, junction or mount point*' }
        ) {
            $real = Resolve-SeedPath -Path 'C:\Real'
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($real, 'Scratch'))
            $path = Resolve-SeedPath -Path "C:\$link"
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($path))
            $null = New-Item -ItemType SymbolicLink -Path $path -Target $real
            Set-TestScratch 'C:\Mount\Scratch'
            Set-TestVolume @{ C = @{ used = 1GB; free = 50GB }; E = @{ used = 1GB; free = 0 } }
            $found = Get-SeedCacheCheck -Option (Get-TestOption)
            $found.status | Should -Be $status
            $found.evidence | Should -BeLike $text
        }
        It 'reads the attributes of a folder' {
            $null = New-Item -Path 'E:\Plain' -ItemType Directory
            @(Get-SeedFolderFlag -Path 'E:\Plain') | Should -BeNullOrEmpty
            @(Get-SeedFolderFlag -Path 'E:\none') | Should -BeNullOrEmpty
            Mock Get-Item {
                [pscustomobject]@{ Attributes = [System.IO.FileAttributes]'Directory, Compressed, SparseFile' }
            } -ModuleName _PreflightStaging
            @(Get-SeedFolderFlag -Path 'E:\Plain') -join ' ' | Should -Be 'compressed sparse'
        }
        It 'asks the volume of the letter whether it is deduplicated' {
            function global:Get-DedupVolume { [CmdletBinding()]param() }
            try {
                Mock Get-DedupVolume {
                    [pscustomobject]@{ Volume = 'E:'; Enabled = $true }
                    [pscustomobject]@{ Volume = 'F:'; Enabled = $false }
                } -ModuleName _PreflightStaging
                "$(Test-SeedDedup -Path 'E:\a') $(Test-SeedDedup -Path 'F:\a') $(Test-SeedDedup -Path 'C:\')" |
                    Should -Be 'True False False'
            }
            finally { Remove-Item -LiteralPath 'function:global:Get-DedupVolume' }
        }
    }

    Context 'staging location' {
        It 'is <status> when it is there <exists> and its files are <files>' -ForEach @(
            @{ exists = $true; files = @(); path = 'E:\Staging'; status = 'ok' }
            @{ exists = $true; files = $null; path = 'E:\Staging'; status = 'unknown' }
            @{ exists = $null; files = $null; path = '\\files\seed'; status = 'unknown' }
            @{ exists = $false; files = @(); path = 'E:\Staging'; status = 'warning' }
            @{ exists = $false; files = @(); path = 'X:\Staging'; status = 'failed' }
            @{ exists = $false; files = @(); path = '\\files\seed'; status = 'warning' }
        ) {
            $option = Get-TestOption -Path $path -Backup @{
                staging = @{ exists = $exists; free_bytes = $null }
                files = $files
                unknown = @{ staging = 'Access is denied.' }
            }
            $found = Get-SeedStagingFolder -Option $option
            $found.status | Should -Be $status
            if ($status -ne 'ok') { $found.remedy | Should -Match '\w' }
        }
        It 'is <status> on a volume that is <kind> with <system>' -ForEach @(
            @{ kind = 'Fixed'; system = 'NTFS'; status = 'ok' }
            @{ kind = 'Fixed'; system = 'ReFS'; status = 'ok' }
            @{ kind = 'Fixed'; system = 'FAT32'; status = 'failed' }
            @{ kind = 'Fixed'; system = ''; status = 'failed' }
            @{ kind = 'Fixed'; system = 'exFAT'; status = 'warning' }
            @{ kind = 'Removable'; system = 'NTFS'; status = 'warning' }
        ) {
            Set-TestVolume @{ E = @{ kind = $kind; system = $system; used = 1; free = 1 } }
            (Get-SeedStagingVolume -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is a warning for a compressed folder and a deduplicated volume' {
            Set-TestVolume @{ E = @{ used = 1; free = 1 } }
            Mock Get-SeedFolderFlag { 'compressed' } -ModuleName _PreflightStaging
            Mock Test-SeedDedup { $true } -ModuleName _PreflightStaging
            $found = Get-SeedStagingVolume -Option (Get-TestOption)
            "$($found.status) $($found.evidence)" | Should -Be (
                'warning E: has NTFS and is fixed. The staging location is compressed. The volume is deduplicated.'
            )
        }
        It 'is unknown on a share, with how to look' {
            $found = Get-SeedStagingVolume -Option (Get-TestOption -Path '\\files\seed')
            "$($found.status) $($found.remedy)" | Should -BeLike 'unknown Look on the file server*'
        }
        It 'is <status> with <free> bytes free and <staged> staged for 100 GB' -ForEach @(
            @{ free = [long]101GB; staged = 0; status = 'ok' }
            @{ free = [long]99GB; staged = 0; status = 'warning' }
            @{ free = [long]40GB; staged = [long]61GB; status = 'ok' }
            @{ free = [long]0; staged = 0; status = 'failed' }
            @{ free = $null; staged = 0; status = 'unknown' }
        ) {
            Set-TestVolume @{ E = @{ used = 100GB; free = 0 } }
            $option = Get-TestOption -Backup @{
                staging = @{ exists = $true; free_bytes = $free }
                files = @([pscustomobject]@{ name = 'a.AIBBlob'; bytes = $staged })
            }
            (Get-SeedStagingSpace -Option $option).status | Should -Be $status
        }
        It 'is unknown where the size of the source is' {
            $option = Get-TestOption -Backup @{ policy = @{ data_sources = @('Z:\') } }
            (Get-SeedStagingSpace -Option $option).status | Should -Be 'unknown'
        }
        It 'is unknown on a volume that a folder on the way leads away from' {
            $null = New-Item -ItemType SymbolicLink -Path (Resolve-SeedPath -Path 'E:\Mount') -Target (
                Resolve-SeedPath -Path 'C:\'
            )
            Set-TestVolume @{ E = @{ used = 1; free = 1 } }
            $found = Get-SeedStagingVolume -Option (Get-TestOption -Path 'E:\Mount\Staging')
            "$($found.status) $($found.evidence)" | Should -BeLike 'unknown *E:\Mount is a link, junction*'
        }
        It 'does not count as staged what no backup wrote' {
            Set-TestVolume @{ E = @{ used = 100GB; free = 0 } }
            $option = Get-TestOption -Backup @{
                staging = @{ exists = $true; free_bytes = [long]40GB }
                files = @(
                    [pscustomobject]@{ name = 'disk.vhdx'; bytes = [long]61GB }
                    [pscustomobject]@{ name = 'old\a.BaseBlob'; bytes = [long]61GB }
                )
            }
            (Get-SeedStagingSpace -Option $option).status | Should -Be 'warning'
        }
        It 'is a warning for files of a backup in a subfolder, which stop the seed, and leaves those of Windows out' {
            $names = 'a.AIBBlob', 'old\b.AIBBlob', '$RECYCLE.BIN\S-1-5-21-1\desktop.ini'
            $option = Get-TestOption -Backup @{
                files = @($names | ForEach-Object { [pscustomobject]@{ name = $_; bytes = 1 } })
            }
            $found = Get-SeedStagingFile -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'warning *subfolder: old\b.AIBBlob.'
            $option.backup.files = @($option.backup.files[0, 2])
            (Get-SeedStagingFile -Option $option).evidence | Should -BeLike '*has 1 file, *'
        }
        It 'is a warning that names foreign files' {
            $names = 'a.AIBBlob', 'a.BaseBlob', 'readme.txt', 'b.aibblob.bak'
            $option = Get-TestOption -Backup @{
                files = @($names | ForEach-Object { [pscustomobject]@{ name = $_; bytes = 1 } })
            }
            $found = Get-SeedStagingFile -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'warning *: readme.txt, b.aibblob.bak.'
            $option = Get-TestOption -Backup @{ files = @([pscustomobject]@{ name = 'a.AIBBlob'; bytes = 1 }) }
            (Get-SeedStagingFile -Option $option).status | Should -Be 'ok'
            $option = Get-TestOption -Backup @{ files = $null; unknown = @{ staging = 'denied' } }
            (Get-SeedStagingFile -Option $option).status | Should -Be 'unknown'
        }
    }

    Context 'rights' {
        BeforeEach { $null = New-Item -Path 'E:\Staging' -ItemType Directory }
        It 'is ok for a folder as Windows makes it' {
            (Get-SeedStagingRight -Option (Get-TestOption)).status | Should -Be 'ok'
        }
        It 'is <status> with rules for <rules>' -ForEach @(
            @{ rules = @('S-1-5-18|Allow|0x301BF'); status = 'ok' }
            @{ rules = @('S-1-5-32-544|Allow|0x1F01FF'); status = 'ok' }
            @{ rules = @('S-1-5-18|Allow|0x1200A9', 'S-1-5-11|Allow|0x301BF'); status = 'ok' }
            @{ rules = @('S-1-5-18|Allow|0x1200A9'); status = 'failed' }
            @{ rules = @('S-1-5-32-545|Allow|0x1F01FF'); status = 'failed' }
            @{ rules = @('S-1-5-18|Allow|0x1F01FF', 'S-1-1-0|Deny|0x2'); status = 'failed' }
        ) {
            Mock Get-Acl {
                $acl = [pscustomobject]@{ rules = $rules }
                $acl | Add-Member -MemberType ScriptMethod -Name GetAccessRules -PassThru -Value {
                    foreach ($rule in $this.rules) {
                        $sid, $type, $rights = $rule.Split('|')
                        [pscustomobject]@{
                            IdentityReference = $sid
                            AccessControlType = $type
                            FileSystemRights = [int]$rights
                            PropagationFlags = 0
                        }
                    }
                }
            }.GetNewClosure() -ModuleName _PreflightStaging
            (Get-SeedStagingRight -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is unknown for a folder that is not there' {
            (Get-SeedStagingRight -Option (Get-TestOption -Path 'E:\none')).status | Should -Be 'unknown'
        }
        It 'names the account that a share has to let in, and is not ok' {
            $found = Get-SeedStagingRight -Option (Get-TestOption -Path '\\files\seed')
            "$($found.status) $($found.remedy)" | Should -BeLike 'unknown Give CONTOSO\FS01$ the rights*'
        }
        It 'failed for a share when the host is in a workgroup' {
            Mock Get-CimInstance {
                [CmdletBinding()]param($ClassName)
                [pscustomobject]@{ PartOfDomain = $false; Domain = 'WORKGROUP' }
            } -ModuleName _PreflightStaging
            (Get-SeedStagingRight -Option (Get-TestOption -Path '\\files\seed')).status | Should -Be 'failed'
        }
    }
}
