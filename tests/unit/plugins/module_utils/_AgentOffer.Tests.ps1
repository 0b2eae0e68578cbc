# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what the host of an agent offers' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        foreach ($name in '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentMars', '_Agent') {
            Import-Module -Name "$utils/$name.psm1" -Force -Global
        }
        $config = 'SOFTWARE\Microsoft\Windows Azure Backup\Config'
        $dpm = 'SOFTWARE\Microsoft\Microsoft Data Protection Manager'
        function Set-TestRegistry {
            param([hashtable]$Keys)
            $Keys | ConvertTo-Json -Depth 5 | Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/registry.json"
        }
        function Set-TestAgent {
            param([scriptblock]$Change)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change $Change
            Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        }
        function Set-TestMissing {
            param([string[]]$Name)
            Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $Name }
        }
        function Set-TestVersion {
            param([string]$Version)
            $env:SEEDFREIGHT_TEST_VERSION = $Version
            Mock Get-ItemProperty { [pscustomobject]@{ InstallPath = 'C:\Agent\' } } -ModuleName _AgentAnswer
            Mock Get-Item {
                [pscustomobject]@{ VersionInfo = [pscustomobject]@{ FileVersion = $env:SEEDFREIGHT_TEST_VERSION } }
            } -ModuleName _AgentAnswer
        }
        function Get-TestDecision {
            param([object]$Backup)
            $wanted = [ordered]@{ offline = $true; staging_location = 'E:\Staging' }
            Get-SeedStageDecision -Agent mars -Backup $Backup -Wanted $wanted
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'E:\Staging'
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        Set-TestRegistry @{ $config = @{ ServiceResourceName = 'v'; ResourceGroupName = 'g'; ResourceId = '528' } }
    }
    AfterEach {
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        Remove-TestWorld
    }

    It 'shows an agent of the publish settings era, with every way open' {
        $offer = (Get-SeedMarsBackup).offer
        $offer.era | Should -Be 'publish_settings'
        foreach ($way in 'automatic', 'attended', 'folder') {
            $offer.ways.$way.open | Should -BeExactly $true
            $offer.ways.$way.why | Should -Be ''
        }
        @($offer.cmdlets.PSObject.Properties | Where-Object { -not $_.Value }).Count | Should -Be 0
        $offer.registration | Should -Be 'registered'
        $offer.vault.name | Should -Be 'v'
        $offer.vault.resource_group | Should -Be 'g'
        $offer.vault.resource_id | Should -Be '528'
        $null -eq $offer.vault.subscription_id | Should -BeTrue
        $offer.dpm | Should -BeExactly $false
    }
    It 'calls version <version> with the cmdlet <has> the era <era>' -ForEach @(
        @{ version = '2.0.9250.0'; has = $true; era = 'data_box' }
        @{ version = '2.0.9257.0'; has = $false; era = 'data_box' }
        @{ version = '2.0.10000.1'; has = $false; era = 'data_box' }
        @{ version = '2.0.9249.9'; has = $false; era = 'sign_in' }
        @{ version = '2.0.8719.0'; has = $true; era = 'publish_settings' }
        @{ version = ''; has = $true; era = 'publish_settings' }
        @{ version = ''; has = $false; era = 'unknown' }
        @{ version = 'none'; has = $false; era = 'unknown' }
    ) {
        $cmdlets = [pscustomobject]@{ 'Set-OBInitialBackupCreationMethod' = $has }
        Get-SeedMarsEra -Version $version -Cmdlet $cmdlets | Should -Be $era
    }
    It 'has no automatic way without <cmdlet>, and says what will work' -ForEach @(
        @{ cmdlet = 'Set-OBInitialBackupCreationMethod' }
        @{ cmdlet = 'Get-OBInitialBackupCreationMethod' }
        @{ cmdlet = 'Set-OBPolicy' }
        @{ cmdlet = 'Start-OBBackup' }
        @{ cmdlet = 'Get-OBJob' }
    ) {
        Set-TestMissing $cmdlet
        $offer = (Get-SeedMarsBackup).offer
        $offer.cmdlets.$cmdlet | Should -BeExactly $false
        $offer.ways.automatic.open | Should -BeExactly $false
        $offer.ways.automatic.why | Should -BeLike "*no cmdlet $cmdlet. *setup*attended*"
        $offer.ways.attended.open | Should -BeExactly $true
    }
    It 'needs no cmdlet for recovery points to begin' {
        Set-TestMissing 'Get-OBAllRecoveryPoints'
        (Get-SeedMarsBackup).offer.ways.automatic.open | Should -BeExactly $true
    }
    It 'does not know whether a present agent still takes the cmdlet, and lets it be tried' {
        Set-TestVersion '2.0.9257.0'
        $backup = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging'
        $null -eq $backup.offer.ways.automatic.open | Should -BeTrue
        $backup.offer.ways.automatic.why | Should -BeLike 'Version 2.0.9257.0 *attended*'
        Get-SeedOfferRefusal -Backup $backup -Way automatic | Should -Be ''
        (Get-TestDecision $backup).refused | Should -Be ''
        Get-SeedOfferWarning -Backup $backup | Should -Be ''
    }
    It 'sets nothing by an agent without the cmdlet, also in a check' {
        Set-TestMissing 'Set-OBInitialBackupCreationMethod'
        $decision = Get-TestDecision (Get-SeedBackup -Agent mars -StagingPath 'E:\Staging')
        $decision.refused | Should -BeLike '*Set-OBInitialBackupCreationMethod*attended*'
    }
    It 'is registered with a policy, whatever the registry names' {
        Set-TestRegistry @{ $config = @{ MachineId = '1' } }
        (Get-SeedMarsBackup).offer.registration | Should -Be 'registered'
    }
    It 'is not registered without a vault and a policy, and starts nothing' {
        Set-TestRegistry @{}
        Set-TestAgent { $_.policy = $null }
        $backup = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging'
        $backup.offer.registration | Should -Be 'not_registered'
        $backup.offer.ways.automatic.open | Should -BeExactly $false
        $backup.offer.ways.folder.open | Should -BeExactly $true
        (Get-TestDecision $backup).refused | Should -BeLike '*not registered with a vault*'
    }
    It 'may be registered while its policy cannot be read' {
        Set-TestRegistry @{}
        Mock Get-OBPolicy { throw 'busy' } -ModuleName _AgentMars
        $backup = Get-SeedMarsBackup
        $backup.unknown['policy'] | Should -Be 'busy'
        $null -eq $backup.offer.registration | Should -BeTrue
        $backup.offer.ways.attended.open | Should -BeExactly $true
    }
    It 'leaves the backups of a <what> to it' -ForEach @(
        @{ what = 'server of DPM'; key = 'DB'; is = $true }
        @{ what = 'server that DPM protects'; key = 'Setup'; is = $false }
    ) {
        Set-TestRegistry @{ $config = @{ ServiceResourceName = 'v' }; "$dpm\$key" = @{ InstallPath = 'C:\DPM\' } }
        $backup = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging'
        $backup.offer.dpm | Should -BeExactly $is
        $refused = (Get-TestDecision $backup).refused
        if ($is) { $refused | Should -BeLike '*set*agent*to*dpm*' } else { $refused | Should -Be '' }
    }
    It 'is unknown where the registry cannot be read' {
        Mock Get-SeedRegistryValue { throw 'denied' } -ModuleName _AgentOffer
        Set-TestAgent { $_.policy = $null }
        $backup = Get-SeedMarsBackup
        $null -eq $backup.offer.registration | Should -BeTrue
        $backup.unknown['offer'] | Should -Be 'denied'
        $backup.offer.ways.automatic.open | Should -BeExactly $true
    }
    It 'shows what is there beside an agent that is not' {
        Set-TestAgent { $_.installed = $false }
        $offer = (Get-SeedMarsBackup).offer
        $offer.era | Should -Be 'unknown'
        $offer.ways.attended.why | Should -Be 'The agent is not installed.'
        $offer.ways.folder.open | Should -BeExactly $true
        $null -eq $offer.registration | Should -BeTrue
        $null -eq $offer.vault | Should -BeTrue
    }
    It 'warns of version <version>: <warns>' -ForEach @(
        @{ version = '2.0.9249.0'; warns = $true }
        @{ version = '2.0.9250.0'; warns = $false }
        @{ version = $null; warns = $false }
    ) {
        $warning = Get-SeedOfferWarning -Backup @{ agent = @{ version = $version } }
        [bool]$warning | Should -Be $warns
        if ($warns) { $warning | Should -BeLike 'Version 2.0.9249.0 *2.0.9250.0*Update*' }
    }
    It 'closes no way of a provider without an offer' {
        foreach ($backup in @{ offer = $null }, @{}) {
            Get-SeedOfferRefusal -Backup $backup -Way automatic | Should -Be ''
        }
    }
}
