# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the preflight of a source host' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $modules = '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentFolder', '_AgentMars',
            '_AgentDpm', '_Agent', '_PreflightPolicy', '_PreflightNetwork', '_Preflight',
            '_PreflightStaging', '_PreflightSource'
        Import-TestUtility -Name $modules

        function Get-TestOption {
            # Options of the module, and what the agent says, with some of it replaced.
            param([string]$Agent = 'mars', [hashtable]$Backup = @{}, [hashtable]$More = @{})
            $option = @{
                agent = $Agent
                staging_path = 'E:\Staging'
                is_copy_host = $true
                _controller_time = [DateTimeOffset]::UtcNow.ToString('o')
            }
            foreach ($name in $More.Keys) { $option[$name] = $More[$name] }
            $answer = @{
                agent = @{ installed = $true; version = '2.0.9260.0' }
                unknown = @{}
                policy = [pscustomobject]@{ name = 'p'; data_sources = @('E:\') }
                method = $null
                staging = @{ exists = $true; free_bytes = [long]1GB }
                files = @()
            }
            foreach ($name in $Backup.Keys) { $answer[$name] = $Backup[$name] }
            $option['backup'] = [pscustomobject]$answer
            $option
        }

        function Set-TestValue {
            # What the registry says, by the name of the value.
            param([hashtable]$Values)
            foreach ($module in '_PreflightSource', '_PreflightStaging', '_Preflight') {
                Mock Get-SeedRegistryValue {
                    param($Path, $Name)
                    $Values[$Name]
                }.GetNewClosure() -ModuleName $module
            }
        }

        function Set-TestService {
            # The services that there are, by name, with their state.
            param([hashtable]$States, [string]$Mode = 'Auto')
            Mock Get-SeedService {
                param($Name)
                if ($States.ContainsKey($Name)) {
                    [pscustomobject]@{ name = $Name; state = $States[$Name]; start_mode = $Mode }
                }
            }.GetNewClosure() -ModuleName _PreflightSource
        }
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    Context 'rows' {
        It 'has <count> rows for the agent <agent>, each once, with a status that is known and a sentence' -ForEach @(
            @{ agent = 'mars'; count = 26 }
            @{ agent = 'dpm'; count = 22 }
            @{ agent = 'folder'; count = 8 }
        ) {
            $found = Get-SeedSourcePreflight -Option @{ agent = $agent; staging_path = 'E:\'; is_copy_host = $false }
            $rows = @($found['checks'])
            $rows.Count | Should -Be $count
            @($rows.id | Select-Object -Unique).Count | Should -Be $count
            foreach ($row in $rows) {
                $row.status | Should -Match '^(ok|warning|failed|unknown)$'
                $row.title | Should -Match '\w'
                $row.evidence | Should -Match '\w'
            }
        }
        It 'asks nothing of an agent where a folder stands for it' {
            $found = Get-SeedSourcePreflight -Option @{ agent = 'folder'; staging_path = 'E:\'; is_copy_host = $false }
            @($found['checks'].id | Where-Object { $_ -match 'agent|policy|cache|task|registration' }) |
                Should -BeNullOrEmpty
        }
        It 'asks a server of DPM only for the protection group of the seed' {
            Mock Get-SeedBackup {
                param($Agent, $StagingPath, $Scope)
                [ordered]@{ policy = "$Agent $StagingPath " + (@($Scope.Values) -join ' ') }
            } -ModuleName _PreflightSource
            $option = @{ agent = 'dpm'; staging_path = 'E:\Staging'; protection_group = 'Files of Contoso' }
            (Get-SeedAskedBackup -Option $option).policy | Should -Be 'dpm E:\Staging Files of Contoso'
        }
        It 'looks into the staging location also where no agent answers' {
            $null = New-Item -Path 'E:\Staging' -ItemType Directory
            Set-Content -LiteralPath 'E:\Staging\a.AIBBlob' -Value 'x'
            Mock Get-SeedBackup { throw 'no such agent' } -ModuleName _PreflightSource
            $backup = Get-SeedAskedBackup -Option @{ agent = 'folder'; staging_path = 'E:\Staging' }
            "$($backup.staging.exists) $(@($backup.files).name) $($backup.unknown['policy'])" |
                Should -Be 'True a.AIBBlob no such agent'
            $backup.staging.free_bytes | Should -BeGreaterThan 0
            $backup.unknown.Contains('staging') | Should -BeFalse
        }
        It 'shows a question that cannot be asked as unknown with its error, and asks the next one' {
            Mock Get-SeedTlsCheck { throw "access`n  denied" } -ModuleName _PreflightSource
            $rows = @((Get-SeedSourcePreflight -Option (Get-TestOption))['checks'])
            $row = @($rows | Where-Object { $_.id -eq 'tls' })[0]
            "$($row.status): $($row.evidence)" | Should -Be 'unknown: This could not be asked: access denied'
            $rows[-1].id | Should -Be 'antivirus'
        }
        It 'has no row that is ok when nothing answers' {
            $silent = 'Get-CimInstance', 'Get-Volume', 'Get-ExecutionPolicy', 'Get-Item', 'Get-ItemProperty',
                'Get-MpComputerStatus', 'Test-Path', 'Get-SeedRegistryValue', 'Get-SeedService', 'Get-Acl',
                'Test-SeedAdministrator', 'Get-ScheduledTask', 'Get-SeedEngine', 'Get-SeedTimeZone', 'Get-OBPolicy',
                'Get-OBJob', 'Get-ChildItem', 'Get-SeedBackup', 'Get-SeedStagedFile'
            foreach ($module in $modules) {
                foreach ($name in $silent) { Mock $name { throw 'no answer' } -ModuleName $module }
                Mock Get-Command { } -ModuleName $module
            }
            $option = @{ agent = 'mars'; staging_path = 'E:\Staging'; is_copy_host = $true; _controller_time = '' }
            $found = Get-SeedSourcePreflight -Option $option
            @($found['checks'] | Where-Object { $_.status -ne 'unknown' } | ForEach-Object { $_.id }) |
                Should -BeNullOrEmpty
            "$($found['facts']['vault'])$($found['facts']['method'])" | Should -Be ''
        }
        It 'changes nothing on the host' {
            $before = (Get-ChildItem -LiteralPath $env:LAB_HOME -Recurse | Sort-Object -Property FullName |
                ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" }) -join "`n"
            $null = Get-SeedSourcePreflight -Option (Get-TestOption)
            $after = (Get-ChildItem -LiteralPath $env:LAB_HOME -Recurse | Sort-Object -Property FullName |
                ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" }) -join "`n"
            $after | Should -BeExactly $before
        }
        It 'returns the method of the agent for the comparison of names' {
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change {
                $_.initial_backup.method = 'OfflineBackup'
                $_.initial_backup.import_job_name = 'contoso-fs01'
            }
            $facts = (Get-SeedSourcePreflight -Option @{ agent = 'mars'; staging_path = 'E:\' })['facts']
            "$($facts['method'].offline) $($facts['method'].import_job_name)" | Should -Be 'True contoso-fs01'
        }
    }

    Context 'Windows' {
        BeforeAll {
            function Set-TestWindows {
                param([int]$Build = 20348, [bool]$Bits64 = $true, [bool]$Client = $false)
                Mock Get-SeedWindowsFact {
                    [pscustomobject]@{ build = $Build; client = $Client; bits64 = $Bits64; seen = 'Windows.' }
                }.GetNewClosure() -ModuleName _PreflightSource
            }
        }
        It 'is <status> for build <build>, <kind>, 64 bits <bits>, agent <agent>' -ForEach @(
            @{ build = 20348; kind = 'Server'; bits = $true; agent = 'mars'; status = 'ok' }
            @{ build = 19045; kind = 'Client'; bits = $true; agent = 'mars'; status = 'ok' }
            @{ build = 20348; kind = 'Server Core'; bits = $true; agent = 'mars'; status = 'failed' }
            @{ build = 20348; kind = 'Server Core'; bits = $true; agent = 'folder'; status = 'ok' }
            @{ build = 20348; kind = $null; bits = $true; agent = 'dpm'; status = 'unknown' }
            @{ build = 9600; kind = 'Server'; bits = $true; agent = 'mars'; status = 'warning' }
            @{ build = 19045; kind = 'Client'; bits = $false; agent = 'mars'; status = 'failed' }
        ) {
            Set-TestWindows -Build $build -Bits64 $bits
            Set-TestValue @{ InstallationType = $kind }
            (Get-SeedSourceWindows -Option (Get-TestOption -Agent $agent)).status | Should -Be $status
        }
        It 'is <status> for PowerShell <version> with 64 bits <bits>' -ForEach @(
            @{ version = '5.1'; bits = $true; status = 'ok' }
            @{ version = '7.4'; bits = $true; status = 'ok' }
            @{ version = '4.0'; bits = $true; status = 'failed' }
            @{ version = '5.1'; bits = $false; status = 'failed' }
        ) {
            Mock Get-SeedEngine {
                [pscustomobject]@{ version = [version]$version; edition = 'Desktop'; bits64 = $bits }
            }.GetNewClosure() -ModuleName _PreflightSource
            (Get-SeedPowerShellCheck -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for TLS 1.2 with <values>' -ForEach @(
            @{ values = @{}; status = 'ok' }
            @{ values = @{ Enabled = 1; DisabledByDefault = 0 }; status = 'ok' }
            @{ values = @{ Enabled = -1; DisabledByDefault = 0; SchUseStrongCrypto = 1 }; status = 'ok' }
            @{ values = @{ Enabled = 0 }; status = 'failed' }
            @{ values = @{ Enabled = 1; DisabledByDefault = 1 }; status = 'failed' }
            @{ values = @{ SchUseStrongCrypto = 0 }; status = 'warning' }
            @{ values = @{ SystemDefaultTlsVersions = 0 }; status = 'warning' }
        ) {
            Set-TestValue $values
            (Get-SeedTlsCheck -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for clocks that are <seconds> seconds apart' -ForEach @(
            @{ seconds = 0; status = 'ok' }
            @{ seconds = -290; status = 'ok' }
            @{ seconds = 310; status = 'warning' }
            @{ seconds = -310; status = 'warning' }
            @{ seconds = 910; status = 'failed' }
        ) {
            $time = [DateTimeOffset]::UtcNow.AddSeconds($seconds).ToString('yyyy-MM-ddTHH:mm:ssZ')
            $found = Get-SeedClockCheck -Option (Get-TestOption -More @{ _controller_time = $time })
            $found.status | Should -Be $status
        }
        It 'reads the time of the controller as a DateTime of the kind <kind> in another culture and zone' -ForEach @(
            @{ kind = 'Utc' }, @{ kind = 'Local' }
        ) {
            $before = $env:TZ, [cultureinfo]::CurrentCulture
            try {
                $env:TZ = 'Etc/GMT+8'
                [System.TimeZoneInfo]::ClearCachedData()
                [cultureinfo]::CurrentCulture = 'de-DE'
                $time = [DateTime]::UtcNow
                if ($kind -eq 'Local') { $time = $time.ToLocalTime() }
                $found = Get-SeedClockCheck -Option (Get-TestOption -More @{ _controller_time = $time })
                "$($found.status) $($found.evidence)" | Should -Match '^ok The clocks .* are \d seconds apart'
            }
            finally {
                $env:TZ, [cultureinfo]::CurrentCulture = $before
                [System.TimeZoneInfo]::ClearCachedData()
            }
        }
        It 'reads the time of the controller in its own zone, in each zone of the host' -ForEach @(
            @{ zone = 'Etc/GMT+8' }
            @{ zone = 'Pacific/Kiritimati' }
            @{ zone = 'Europe/Berlin' }
        ) {
            $before = $env:TZ
            try {
                $env:TZ = $zone
                $found = Get-SeedClockCheck -Option (Get-TestOption)
                "$($found.status) $($found.evidence)" | Should -Match '^ok The clocks .* are \d seconds apart'
            }
            finally {
                $env:TZ = $before
                [System.TimeZoneInfo]::ClearCachedData()
            }
        }
        It 'says that backups do not follow daylight saving time' {
            Mock Get-SeedTimeZone {
                [pscustomobject]@{ Id = 'W. Europe Standard Time'; SupportsDaylightSavingTime = $true }
            } -ModuleName _PreflightSource
            (Get-SeedClockCheck -Option (Get-TestOption)).evidence | Should -Match 'do not follow its daylight saving'
        }
        It 'is unknown without the time of the controller' {
            (Get-SeedClockCheck -Option (Get-TestOption -More @{ _controller_time = '' })).status | Should -Be 'unknown'
        }
        It 'is <status> for the execution policies <machine> and <local>, client <client>' -ForEach @(
            @{ machine = ''; local = 'RemoteSigned'; client = $false; status = 'ok' }
            @{ machine = 'Restricted'; local = 'RemoteSigned'; client = $false; status = 'failed' }
            @{ machine = 'RemoteSigned'; local = 'Restricted'; client = $false; status = 'ok' }
            @{ machine = ''; local = 'Restricted'; client = $false; status = 'failed' }
            @{ machine = 'AllSigned'; local = ''; client = $false; status = 'warning' }
            @{ machine = ''; local = ''; client = $false; status = 'ok' }
            @{ machine = ''; local = ''; client = $true; status = 'failed' }
        ) {
            Set-TestWindows -Client $client
            $policies = @{ MachinePolicy = $machine; LocalMachine = $local }
            Mock Get-SeedMachineScriptPolicy {
                param($Scope)
                $policies[$Scope]
            }.GetNewClosure() -ModuleName _PreflightSource
            # What a PowerShell 7 says of its own policies.
            Mock Get-ExecutionPolicy { throw 'not of the PowerShell of the task' } -ModuleName _PreflightSource
            (Get-SeedTaskScriptPolicy -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for <maker> <model>, copy host <own>' -ForEach @(
            @{ maker = 'Dell Inc.'; model = 'PowerEdge R740'; own = $true; status = 'ok' }
            @{ maker = 'Microsoft Corporation'; model = 'Virtual Machine'; own = $true; status = 'failed' }
            @{ maker = 'VMware, Inc.'; model = 'VMware7,1'; own = $true; status = 'failed' }
            @{ maker = 'QEMU'; model = 'Standard PC (Q35 + ICH9, 2009)'; own = $true; status = 'failed' }
            @{ maker = 'VMware, Inc.'; model = 'VMware7,1'; own = $false; status = 'ok' }
            @{ maker = 'x'; model = ''; own = $true; status = 'unknown' }
        ) {
            Mock Get-CimInstance {
                [CmdletBinding()]param($ClassName)
                [pscustomobject]@{ Manufacturer = $maker; Model = $model }
            }.GetNewClosure() -ModuleName _PreflightSource
            $option = Get-TestOption -More @{ is_copy_host = $own }
            (Get-SeedMachineCheck -Option $option).status | Should -Be $status
        }
    }

    Context 'agent' {
        It 'is <status> when installed is <installed> and the version <version>' -ForEach @(
            @{ installed = $true; version = '2.0.9250.0'; status = 'ok' }
            @{ installed = $true; version = '2.0.9249.0'; status = 'warning' }
            @{ installed = $true; version = '2.0.8703.0'; status = 'warning' }
            @{ installed = $true; version = $null; status = 'unknown' }
            @{ installed = $false; version = $null; status = 'failed' }
            @{ installed = $null; version = $null; status = 'unknown' }
        ) {
            $option = Get-TestOption -Backup @{
                agent = @{ installed = $installed; version = $version }
                unknown = @{ agent = 'no answer' }
            }
            (Get-SeedAgentCheck -Option $option).status | Should -Be $status
        }
        It 'does not take version <version> of DPM for one of the agent below it' -ForEach @(
            @{ version = '10.22.148.0' }, @{ version = '1.0.0.0' }
        ) {
            $option = Get-TestOption -Agent dpm -Backup @{ agent = @{ installed = $true; version = $version } }
            $found = Get-SeedAgentCheck -Option $option
            "$($found.status) $($found.evidence)" | Should -Be (
                "unknown DPM or MABS is version $version. The version of the backup agent below it is not known."
            )
            $found.remedy | Should -BeLike '*Programs and Features*'
        }
        It 'is <status> when the agent <agent> has the cmdlets <there>, installed <installed>' -ForEach @(
            @{ agent = 'mars'; there = 'Set-OBInitialBackupCreationMethod'; installed = $true; status = 'ok' }
            @{ agent = 'dpm'; there = 'Set-DPMInitialOnlineBackupCreationMethod'; installed = $true; status = 'ok' }
            @{ agent = 'dpm'; there = 'Set-InitialOnlineBackupCreationMethod'; installed = $true; status = 'ok' }
            @{ agent = 'dpm'; there = 'Set-OBInitialBackupCreationMethod'; installed = $true; status = 'warning' }
            @{ agent = 'mars'; there = ''; installed = $true; status = 'warning' }
            @{ agent = 'mars'; there = ''; installed = $false; status = 'unknown' }
            @{ agent = 'mars'; there = ''; installed = $null; status = 'unknown' }
        ) {
            foreach ($module in '_PreflightSource', '_AgentDpm') {
                Mock Get-Command {
                    [CmdletBinding()]param($Name)
                    if ($Name -eq $there) { 'there' }
                }.GetNewClosure() -ModuleName $module
            }
            $option = Get-TestOption -Agent $agent -Backup @{ agent = @{ installed = $installed; version = $null } }
            (Get-SeedOfflineCmdlet -Option $option).status | Should -Be $status
        }
        It 'accepts each version and set of cmdlets as the table of the guide says' {
            $guide = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../docs/ways.md'
            $table = (Get-Content -LiteralPath $guide -Raw -Encoding UTF8) -replace
            '(?s)^.*<!-- eras: begin -->\s*(.*?)\s*<!-- eras: end -->.*$', '$1'
            $lines = @($table -split '\r?\n' | Select-Object -Skip 2)
            $lines.Count | Should -Be 6
            $versions = @{
                'before 2.0.9250.0' = '2.0.8703.0', '2.0.9249.0'
                'from 2.0.9250.0' = '2.0.9250.0', '2.0.9260.0'
                'not known' = '', $null
            }
            $open = @{ 'open' = $true; 'closed' = $false; 'not known' = $null }
            foreach ($line in $lines) {
                $said, $has, $era, $automatic, $attended, $row, $lack = $line.Trim('|').Split('|').Trim().Trim('`')
                $cmdlets = @{}
                foreach ($name in (Get-SeedMarsCmdlet).PSObject.Properties.Name) { $cmdlets[$name] = $has -eq 'yes' }
                Mock Get-Command {
                    [CmdletBinding()]param($Name)
                    if ($cmdlets[$Name]) { 'there' }
                }.GetNewClosure() -ModuleName _PreflightSource
                foreach ($version in $versions[$said]) {
                    $agent = [pscustomobject]@{ installed = $true; version = $version; why = '' }
                    $found = Get-SeedMarsEra -Version $version -Cmdlet ([pscustomobject]$cmdlets)
                    $offer = @{ dpm = $false; registration = 'registered'; cmdlets = $cmdlets; era = $found }
                    $ways = Get-SeedMarsWay -Offer $offer -Agent $agent
                    $option = Get-TestOption -Backup @{ agent = $agent }
                    $shown = @($found, $ways.automatic.open, $ways.attended.open,
                        (Get-SeedAgentCheck -Option $option).status, (Get-SeedOfflineCmdlet -Option $option).status)
                    $wanted = @($era, $open[$automatic], $open[$attended], $row, $lack) -join ' '
                    "$line $($shown -join ' ')" | Should -Be "$line $wanted"
                }
            }
        }
        It 'is <status> for a service in the states <states>, start mode <mode>' -ForEach @(
            @{ states = @{ obengine = 'Running' }; mode = 'Auto'; status = 'ok' }
            @{ states = @{ obengine = 'Stopped' }; mode = 'Auto'; status = 'failed' }
            @{ states = @{ obengine = 'Running' }; mode = 'Disabled'; status = 'failed' }
            @{ states = @{}; mode = 'Auto'; status = 'failed' }
        ) {
            Set-TestService -States $states -Mode $mode
            (Get-SeedAgentService -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for a registration with <values>' -ForEach @(
            @{ values = @{ ServiceResourceName = 'contoso-vault' }; status = 'ok' }
            @{ values = @{ ResourceId = '42' }; status = 'unknown' }
            @{ values = @{}; status = 'failed' }
        ) {
            Set-TestValue $values
            (Get-SeedRegistration -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for the services <states> and the agent <agent>' -ForEach @(
            @{ states = @{}; agent = 'mars'; status = 'ok' }
            @{ states = @{ DPMRA = 'Running' }; agent = 'mars'; status = 'warning' }
            @{ states = @{ MSDPM = 'Running'; DPMRA = 'Running' }; agent = 'mars'; status = 'failed' }
            @{ states = @{ MSDPM = 'Running' }; agent = 'dpm'; status = 'ok' }
            @{ states = @{ MSDPM = 'Stopped' }; agent = 'dpm'; status = 'failed' }
            @{ states = @{ DPMRA = 'Running' }; agent = 'dpm'; status = 'failed' }
        ) {
            Set-TestService -States $states
            (Get-SeedDpmCheck -Option (Get-TestOption -Agent $agent)).status | Should -Be $status
        }
        It 'is <status> for the policy <policy>, with the unknown questions <unknown>' -ForEach @(
            @{ policy = @{ data_sources = @('E:\') }; unknown = @{}; status = 'ok' }
            @{ policy = @{ data_sources = @() }; unknown = @{}; status = 'unknown' }
            @{ policy = $null; unknown = @{}; status = 'warning' }
            @{ policy = $null; unknown = @{ policy = 'denied' }; status = 'unknown' }
        ) {
            $option = Get-TestOption -Backup @{ policy = $policy; unknown = $unknown }
            (Get-SeedPolicyCheck -Option $option).status | Should -Be $status
        }
        It 'is <status> for the system state policies <found>, cmdlet there <there>' -ForEach @(
            @{ found = @(); there = $true; status = 'ok' }
            @{ found = @('p'); there = $true; status = 'warning' }
            @{ found = @(); there = $false; status = 'unknown' }
        ) {
            function global:Get-OBSystemStatePolicy { [CmdletBinding()]param() }
            Mock Get-Command { if ($there) { 'there' } }.GetNewClosure() -ModuleName _PreflightSource
            Mock Get-OBSystemStatePolicy { $found }.GetNewClosure() -ModuleName _PreflightSource
            (Get-SeedOtherPolicy -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'is <status> for a scheduled task that is <state>' -ForEach @(
            @{ state = 'Ready'; status = 'ok' }
            @{ state = 'Running'; status = 'ok' }
            @{ state = 'Disabled'; status = 'failed' }
            @{ state = 'Unknown'; status = 'unknown' }
            @{ state = ''; status = 'warning' }
        ) {
            Mock Get-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                if ($state) { return [pscustomobject]@{ State = $state } }
                throw [System.Management.Automation.ErrorRecord]::new(
                    [System.InvalidOperationException]::new('none'),
                    'CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask', 'ObjectNotFound', $null)
            }.GetNewClosure() -ModuleName _PreflightSource
            (Get-SeedBackupTask -Option (Get-TestOption)).status | Should -Be $status
        }
        It 'fails to say the task where the Task Scheduler does not answer' {
            Mock Get-ScheduledTask { throw 'access denied' } -ModuleName _PreflightSource
            { Get-SeedBackupTask -Option (Get-TestOption) } | Should -Throw '*access denied*'
        }
        It 'is <status> for the module path <values>' -ForEach @(
            @{ values = @{ InstallPath = 'C:\MARS\'; PSModulePath = 'C:\x;c:\mars\bin\modules\' }; status = 'ok' }
            @{ values = @{ InstallPath = 'C:\MARS\'; PSModulePath = 'C:\MARS\bin' }; status = 'warning' }
            @{ values = @{ InstallPath = 'C:\MARS\' }; status = 'unknown' }
            @{ values = @{ PSModulePath = 'C:\MARS\bin\Modules' }; status = 'unknown' }
        ) {
            Set-TestValue $values
            (Get-SeedModulePath -Option (Get-TestOption)).status | Should -Be $status
        }
    }

    Context 'antivirus' {
        BeforeAll {
            function Set-TestDefender {
                param([string[]]$Folder, [string[]]$Process)
                Set-TestValue @{ InstallPath = 'C:\MARS'; ScratchLocation = 'C:\MARS\Scratch' }
                Mock Get-Command { 'there' } -ModuleName _Preflight
                Mock Get-MpComputerStatus {
                    [pscustomobject]@{ RealTimeProtectionEnabled = $true }
                } -ModuleName _Preflight
                Mock Get-MpPreference {
                    [pscustomobject]@{ ExclusionPath = $Folder; ExclusionProcess = $Process }
                }.GetNewClosure() -ModuleName _Preflight
            }
        }
        It 'is ok where processes and folders are left out' {
            Set-TestDefender -Folder 'C:\MARS', 'E:\Staging' -Process 'C:\MARS\bin\CBEngine.exe', 'csc.exe'
            (Get-SeedAgentScan -Option (Get-TestOption)).status | Should -Be 'ok'
        }
        It 'is a warning that names what is scanned, and both commands' {
            Set-TestDefender -Folder 'C:\MARS\bin' -Process @()
            $found = Get-SeedAgentScan -Option (Get-TestOption)
            $found.status | Should -Be 'warning'
            $found.evidence | Should -BeLike '*scans C:\MARS\Scratch, E:\Staging, cbengine.exe, csc.exe.*'
            $found.remedy | Should -BeLike "*-ExclusionPath 'C:\MARS\Scratch', 'E:\Staging'; *-ExclusionProcess 'cbe*"
        }
        It 'does not ask for a share to be left out' {
            Set-TestDefender -Folder 'C:\MARS' -Process 'cbengine.exe', 'csc.exe'
            $option = Get-TestOption -More @{ staging_path = '\\files\seed' }
            (Get-SeedAgentScan -Option $option).status | Should -Be 'ok'
        }
        It 'is unknown without Defender' {
            Mock Get-Command { } -ModuleName _Preflight
            (Get-SeedAgentScan -Option (Get-TestOption)).status | Should -Be 'unknown'
        }
    }
}
