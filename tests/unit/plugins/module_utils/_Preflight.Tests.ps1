# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the preflight of a copy host' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Tool', '_Registry', '_PreflightPolicy', '_Preflight'
        $option = @{
            drive_count = 1
            staging_path = 'D:\Staging'
            tool_path = 'C:\Tool\WAImportExport.exe'
            tool_sha256 = $null
            tool_version = '1.5.0.300'
            work_directory = 'C:\ProgramData\Seedfreight'
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -Path 'C:\Tool' -ItemType Directory
        Install-TestTool -Path $option.tool_path
    }
    AfterEach { Remove-TestWorld }

    Context 'rows' {
        It 'has each row once, with a status that is known and a sentence' {
            $rows = @(Get-SeedPreflight -Option $option)
            $rows.Count | Should -Be 26
            @($rows.id | Select-Object -Unique).Count | Should -Be 26
            foreach ($row in $rows) {
                $row.status | Should -Match '^(ok|warning|failed|unknown)$'
                $row.title | Should -Match '\w'
                $row.evidence | Should -Match '\w'
            }
        }
        It 'shows a question that cannot be asked as unknown with its error, and asks the next one' {
            Mock Get-SeedPendingRestart { throw "access`n  denied" } -ModuleName _Preflight
            $rows = @(Get-SeedPreflight -Option $option)
            $row = @($rows | Where-Object { $_.id -eq 'pending_restart' })[0]
            "$($row.status): $($row.evidence)" | Should -Be 'unknown: This could not be asked: access denied'
            $rows[-1].id | Should -Be 'tool_folder'
        }
        It 'has no row that is ok when nothing answers' {
            $silent = 'Get-CimInstance', 'Get-Volume', 'Get-PSDrive', 'Get-ExecutionPolicy', 'Get-Item',
                'Get-ItemProperty', 'Get-MpComputerStatus', 'Test-Path', 'Get-SeedRegistryValue',
                'Test-SeedRegistryKey', 'Get-SeedService', 'Test-SeedAdministrator'
            foreach ($module in '_Folder', '_Preflight', '_PreflightPolicy', '_Registry', '_Tool') {
                foreach ($name in $silent) { Mock $name { throw 'no answer' } -ModuleName $module }
            }
            $rows = @(Get-SeedPreflight -Option $option)
            @($rows | Where-Object { $_.status -ne 'unknown' } | ForEach-Object { $_.id }) | Should -BeNullOrEmpty
        }
        It 'changes nothing on the host' {
            $before = (Get-ChildItem -LiteralPath $env:LAB_HOME -Recurse | Sort-Object -Property FullName |
                ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" }) -join "`n"
            $null = Get-SeedPreflight -Option $option
            $after = (Get-ChildItem -LiteralPath $env:LAB_HOME -Recurse | Sort-Object -Property FullName |
                ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks)" }) -join "`n"
            $after | Should -BeExactly $before
        }
    }

    Context 'Windows' {
        It 'is <status> for build <build> of product type <type>' -ForEach @(
            @{ build = '19045'; type = 1; bits = '64-bit'; status = 'ok' }
            @{ build = '22000'; type = 1; bits = '64-bit'; status = 'warning' }
            @{ build = '14393'; type = 3; bits = '64-bit'; status = 'warning' }
            @{ build = '9600'; type = 3; bits = '64-bit'; status = 'warning' }
            @{ build = '19045'; type = 1; bits = '32-bit'; status = 'failed' }
        ) {
            Mock Get-CimInstance {
                [pscustomobject]@{
                    Caption = 'Microsoft Windows'
                    BuildNumber = $build
                    ProductType = [uint32]$type
                    OSArchitecture = $bits
                }
            }.GetNewClosure() -ModuleName _Preflight
            $found = Get-SeedWindowsSupport -Option $option
            $found.status | Should -Be $status
            $found.evidence | Should -Match "Microsoft Windows, build $build, PowerShell \d"
        }
        It 'fails without a build number' {
            Mock Get-CimInstance { [pscustomobject]@{ Caption = 'x' } } -ModuleName _Preflight
            { Get-SeedWindowsSupport -Option $option } | Should -Throw '*no build number*'
        }
        It 'fails where Windows does not say its <name>' -ForEach @(
            @{ name = 'OSArchitecture'; text = '*64-bit*' }, @{ name = 'ProductType'; text = '*client*' }
        ) {
            $system = @{ Caption = 'x'; BuildNumber = '19045'; ProductType = [uint32]1; OSArchitecture = '64-bit' }
            $system[$name] = $null
            Mock Get-CimInstance { [pscustomobject]$system }.GetNewClosure() -ModuleName _Preflight
            { Get-SeedWindowsFact } | Should -Throw $text
        }
        It 'is <status> for .NET Framework release <release>' -ForEach @(
            @{ release = 394802; status = 'ok' }
            @{ release = 394801; status = 'failed' }
            @{ release = $null; status = 'failed' }
        ) {
            Mock Get-SeedRegistryValue { $release }.GetNewClosure() -ModuleName _Preflight
            (Get-SeedDotNetSupport -Option $option).status | Should -Be $status
        }
        It 'demands an administrator' {
            Mock Test-SeedAdministrator { $true } -ModuleName _Preflight
            (Get-SeedAdministratorCheck -Option $option).status | Should -Be 'ok'
            Mock Test-SeedAdministrator { $false } -ModuleName _Preflight
            $found = Get-SeedAdministratorCheck -Option $option
            $found.status | Should -Be 'failed'
            $found.remedy | Should -Match 'LocalAccountTokenFilterPolicy'
        }
    }

    Context 'BitLocker feature' {
        BeforeEach { Mock Get-SeedService { [pscustomobject]@{ start_mode = 'Manual' } } -ModuleName _Preflight }
        It 'is ok where the cmdlets are there and the provider answers' {
            $found = Get-SeedBitLockerFeature -Option $option
            "$($found.status) $($found.evidence)" | Should -Match '^ok .*2 volumes'
        }
        It 'failed in one sentence where the feature is missing, with the restart in the remedy' {
            Mock Get-Command { } -ModuleName _Preflight
            $found = Get-SeedBitLockerFeature -Option $option
            "$($found.status) $($found.evidence)" | Should -Be 'failed This host has no BitLocker cmdlets.'
            $found.remedy | Should -Match 'Install the Windows feature BitLocker.*restart'
        }
        It 'is not ok where the provider does not answer' {
            Mock Get-CimInstance {
                [CmdletBinding()]param($Namespace, $ClassName)
                Write-Error -Message 'Invalid namespace'
            } -ModuleName _Preflight
            { Get-SeedBitLockerFeature -Option $option } | Should -Throw '*Invalid namespace*'
        }
        It 'failed where its service is disabled' {
            Mock Get-SeedService { [pscustomobject]@{ start_mode = 'Disabled' } } -ModuleName _Preflight
            (Get-SeedBitLockerFeature -Option $option).status | Should -Be 'failed'
        }
    }

    Context 'sleep' {
        BeforeAll {
            function Set-TestPower {
                # Seconds by the beginning of the setting's id; a setting that is not named is not there.
                param([hashtable]$Seconds)
                Mock Get-CimInstance {
                    [CmdletBinding()]param($Namespace, $ClassName, $Filter)
                    if ($ClassName -eq 'Win32_PowerPlan') {
                        return [pscustomobject]@{
                            InstanceID = 'Microsoft:PowerPlan\{381b4222-f694-41f0-9685-ff5bb260df2e}'
                        }
                    }
                    # As in a query, each backslash is doubled.
                    $index = 'Microsoft:PowerSettingDataIndex\\\\\{381b4222-[-0-9a-f]+\}\\\\AC\\\\'
                    if ($Filter -notmatch "^InstanceID='$index\{(\w+)-[-0-9a-f]+\}'$") {
                        throw "a filter that Windows does not understand: $Filter"
                    }
                    if ($Seconds.ContainsKey($Matches[1])) {
                        [pscustomobject]@{ SettingIndexValue = [uint32]$Seconds[$Matches[1]] }
                    }
                }.GetNewClosure() -ModuleName _Preflight
            }
        }
        It 'is <status> for <seconds>' -ForEach @(
            @{ seconds = @{ '29f6c1db' = 0; '9d7815a6' = 0 }; status = 'ok' }
            @{ seconds = @{ '29f6c1db' = 0 }; status = 'ok' }
            @{ seconds = @{ '29f6c1db' = 1800; '9d7815a6' = 0 }; status = 'warning' }
            @{ seconds = @{ '29f6c1db' = 0; '9d7815a6' = 10800 }; status = 'warning' }
            @{ seconds = @{}; status = 'unknown' }
        ) {
            Set-TestPower -Seconds $seconds
            (Get-SeedSleep -Option $option).status | Should -Be $status
        }
        It 'says after how many seconds' {
            Set-TestPower -Seconds @{ '29f6c1db' = 1800; '9d7815a6' = 10800 }
            (Get-SeedSleep -Option $option).evidence |
                Should -Match 'sleeps after 1800 seconds and hibernates after 10800 seconds'
        }
        It 'is unknown where Windows shows the settings without a value' {
            Mock Get-CimInstance {
                [CmdletBinding()]param($Namespace, $ClassName, $Filter)
                [pscustomobject]@{
                    InstanceID = 'Microsoft:PowerPlan\{381b4222-f694-41f0-9685-ff5bb260df2e}'
                    SettingIndexValue = $null
                }
            } -ModuleName _Preflight
            (Get-SeedSleep -Option $option).status | Should -Be 'unknown'
        }
        It 'is unknown without an active plan' {
            Mock Get-CimInstance { } -ModuleName _Preflight
            (Get-SeedSleep -Option $option).status | Should -Be 'unknown'
        }
    }

    Context 'restarts' {
        It 'is <status> with the keys <names>' -ForEach @(
            @{ names = @(); status = 'ok'; words = 'No restart' }
            @{ names = @('RebootPending'); status = 'warning'; words = 'features and updates' }
            @{ names = @('RebootRequired'); status = 'warning'; words = 'for Windows Update' }
        ) {
            Mock Test-SeedRegistryKey {
                param($Path)
                @($Path -split '\\')[-1] -in $names
            }.GetNewClosure() -ModuleName _Preflight
            $found = Get-SeedPendingRestart -Option $option
            "$($found.status) $($found.evidence)" | Should -Match "^$status .*$words"
        }
        It 'is <status> for Windows Update with <values>' -ForEach @(
            @{ values = @{}; status = 'warning' }
            @{ values = @{ NoAutoUpdate = 1 }; status = 'ok' }
            @{ values = @{ NoAutoUpdate = 1; AUOptions = 4 }; status = 'ok' }
            @{ values = @{ NoAutoUpdate = 0; AUOptions = 3 }; status = 'ok' }
            @{ values = @{ AUOptions = 2 }; status = 'ok' }
            @{ values = @{ AUOptions = 4 }; status = 'warning' }
            @{ values = @{ AUOptions = 5 }; status = 'warning' }
            @{ values = @{ AUOptions = 7 }; status = 'ok' }
        ) {
            Mock Get-SeedRegistryValue { param($Path, $Name) $values[$Name] }.GetNewClosure() -ModuleName _Preflight
            (Get-SeedUpdateRestart -Option $option).status | Should -Be $status
        }
    }

    Context 'antivirus' {
        BeforeAll {
            function Set-TestDefender {
                param([bool]$Active = $true, [object[]]$Excluded)
                Mock Get-Command { 'there' } -ModuleName _Preflight
                Mock Get-MpComputerStatus {
                    [pscustomobject]@{ RealTimeProtectionEnabled = $Active }
                }.GetNewClosure() -ModuleName _Preflight
                Mock Get-MpPreference {
                    [pscustomobject]@{ ExclusionPath = $Excluded }
                }.GetNewClosure() -ModuleName _Preflight
            }
        }
        It 'is a warning that names each folder which is scanned' {
            Set-TestDefender -Excluded $null
            $found = Get-SeedAntivirus -Option $option
            $found.status | Should -Be 'warning'
            $found.evidence | Should -BeLike '*scans C:\ProgramData\Seedfreight, C:\Tool, D:\Staging.*'
            Set-TestDefender -Excluded 'c:\tool\', 'D:\*'
            (Get-SeedAntivirus -Option $option).evidence | Should -BeLike '*scans C:\ProgramData\Seedfreight.*'
        }
        It 'is ok where all are left out' {
            Set-TestDefender -Excluded 'C:\ProgramData', 'C:\Tool', 'D:'
            (Get-SeedAntivirus -Option $option).status | Should -Be 'ok'
        }
        It 'takes no other folder with the same beginning for one that is left out' {
            Test-SeedExcluded -Path 'D:\Staging2' -Exclusion 'D:\Staging' | Should -BeFalse
            Test-SeedExcluded -Path 'D:\Staging' -Exclusion 'D:\Staging\sub' | Should -BeFalse
            Test-SeedExcluded -Path 'D:\[a]\x' -Exclusion 'D:\[a]' | Should -BeTrue
            Test-SeedExcluded -Path 'D:\a\x' -Exclusion 'D:\[a]' | Should -BeFalse
            Test-SeedExcluded -Path 'D:\a' -Exclusion @() | Should -BeFalse
            Test-SeedExcluded -Path 'D:\a\seed' -Exclusion 'D:\*\seed' | Should -BeTrue
            Test-SeedExcluded -Path 'D:\a\b\seed' -Exclusion 'D:\*\seed' | Should -BeFalse
            Test-SeedExcluded -Path "$env:SystemDrive\x" -Exclusion '%SystemDrive%\x' | Should -BeTrue
        }
        It 'is unknown where exclusions are hidden, and where there is no Defender' {
            Set-TestDefender -Excluded 'N/A: Must be an administrator to view exclusions'
            (Get-SeedAntivirus -Option $option).status | Should -Be 'unknown'
            Mock Get-Command { } -ModuleName _Preflight
            (Get-SeedAntivirus -Option $option).status | Should -Be 'unknown'
            Set-TestDefender -Active $false
            $found = Get-SeedAntivirus -Option $option
            "$($found.status) $($found.remedy)" | Should -BeLike 'unknown Exclude staging*'
        }
        It 'is a warning that names another product' {
            Set-TestDefender -Active $false
            Mock Get-CimInstance {
                [CmdletBinding()]param($Namespace, $ClassName)
                [pscustomobject]@{ displayName = 'Windows Defender' }
                [pscustomobject]@{ displayName = 'Contoso Shield' }
            } -ModuleName _Preflight
            $found = Get-SeedAntivirus -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'warning This host runs Contoso Shield, *'
        }
    }

    Context 'staging location' {
        It 'is <status> for <path>' -ForEach @(
            @{ path = 'E:\Staging'; status = 'ok' }
            @{ path = 'E:\keep.txt'; status = 'warning' }
            @{ path = 'E:\none'; status = 'warning' }
            @{ path = 'Q:\Staging'; status = 'failed' }
            @{ path = '\\fs02\staging'; status = 'unknown' }
            @{ path = $null; status = 'unknown' }
        ) {
            $null = New-Item -Path 'E:\Staging' -ItemType Directory
            (Get-SeedStagingReach -Option @{ staging_path = $path }).status | Should -Be $status
        }
        It 'names the account of the computer that has to read a share' {
            (Get-SeedStagingReach -Option @{ staging_path = '\\fs02\staging' }).remedy | Should -BeLike '*DOMAIN\FS01$.'
        }
    }

    Context 'room' {
        It 'counts letters of volumes and of other drives as used' {
            $found = Get-SeedFreeLetter -Option $option
            "$($found.status) $($found.evidence)" | Should -Be 'ok Free drive letters: 22 of D to Z, for 1 drives.'
            Mock Get-PSDrive { [char[]](67..89) | ForEach-Object { [pscustomobject]@{ Name = "$_" } } } `
                -ModuleName _Preflight
            (Get-SeedFreeLetter -Option $option).status | Should -Be 'ok'
            (Get-SeedFreeLetter -Option (@{ drive_count = 2 })).status | Should -Be 'warning'
            Mock Get-PSDrive { [char[]](67..90) | ForEach-Object { [pscustomobject]@{ Name = "$_" } } } `
                -ModuleName _Preflight
            (Get-SeedFreeLetter -Option $option).status | Should -Be 'failed'
        }
        It 'is <status> with <free> bytes for <drives> drives' -ForEach @(
            @{ free = 512MB; drives = 1; status = 'ok' }
            @{ free = 512MB - 1; drives = 1; status = 'warning' }
            @{ free = 512MB; drives = 2; status = 'warning' }
            @{ free = 64MB; drives = 1; status = 'warning' }
            @{ free = 64MB - 1; drives = 1; status = 'failed' }
        ) {
            Mock Get-Volume {
                [CmdletBinding()]param($DriveLetter)
                if ("$DriveLetter" -ceq 'C') { [pscustomobject]@{ Size = 1TB; SizeRemaining = [uint64]$free } }
            }.GetNewClosure() -ModuleName _Preflight
            $asked = @{ drive_count = $drives; work_directory = 'c:\ProgramData\Seedfreight' }
            (Get-SeedWorkSpace -Option $asked).status | Should -Be $status
        }
        It 'fails for a drive that does not say how much room it has' {
            Mock Get-Volume { [pscustomobject]@{ Size = 0; SizeRemaining = $null } } -ModuleName _Preflight
            $asked = @{ drive_count = 1; work_directory = 'C:\work' }
            { Get-SeedWorkSpace -Option $asked } | Should -Throw '*drive C: has is not known*'
        }
        It 'refuses a work directory that is not on a drive' {
            $asked = @{ drive_count = 1; work_directory = '\\filer\work' }
            (Get-SeedWorkSpace -Option $asked).status | Should -Be 'failed'
        }
        It 'fails for a drive that is not there' {
            $asked = @{ drive_count = 1; work_directory = 'Q:\work' }
            { Get-SeedWorkSpace -Option $asked } | Should -Throw '*MSFT_Volume*'
        }
    }

    Context 'Task Scheduler' {
        It 'is <status> for a service that is <state>' -ForEach @(
            @{ state = 'Running'; status = 'ok' }, @{ state = 'Stopped'; status = 'failed' }
        ) {
            Mock Get-SeedService {
                [pscustomobject]@{ state = $state; start_mode = 'Auto' }
            }.GetNewClosure() -ModuleName _Preflight
            (Get-SeedTaskScheduler -Option $option).status | Should -Be $status
        }
        It 'failed where there is no such service' {
            Mock Get-SeedService { } -ModuleName _Preflight
            (Get-SeedTaskScheduler -Option $option).evidence | Should -Match 'is not there'
        }
    }

    Context 'tool' {
        BeforeAll {
            function Get-TestPin { (Get-SeedTool -Path $option.tool_path -Version 1.5.0.300).sha256 }
            function Get-TestOption {
                param([hashtable]$Change = @{})
                $asked = $option.Clone()
                foreach ($name in $Change.Keys) { $asked[$name] = $Change[$name] }
                $asked
            }
        }
        It 'shows version, hash and who vouches for it' {
            $found = Get-SeedToolCheck -Option (Get-TestOption -Change @{ tool_sha256 = Get-TestPin })
            $wanted = '^ok Version 1\.5\.0\.300, SHA-256 [0-9a-f]{64}, with its libraries [0-9a-f]{64}, covered by'
            "$($found.status) $($found.evidence)" | Should -Match $wanted
            Mock Get-SeedUnsigned { } -ModuleName _Tool
            (Get-SeedToolCheck -Option $option).evidence | Should -BeLike '*, signed by Microsoft.'
        }
        It 'failed when nobody vouches for it' {
            Mock Get-SeedUnsigned { 'WAImportExport.exe (NotSigned)' } -ModuleName _Tool
            $found = Get-SeedToolCheck -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'failed *WAImportExport.exe (NotSigned)*'
        }
        It 'failed with the words of the module: <words>' -ForEach @(
            @{ name = 'tool_path'; value = 'C:\no.exe'; words = 'is not a file on this host' }
            @{ name = 'tool_version'; value = '1.4.0.0'; words = 'demands a credential of the storage account' }
            @{ name = 'tool_sha256'; value = ('0' * 64); words = 'Replace the files' }
        ) {
            $found = Get-SeedToolCheck -Option (Get-TestOption -Change @{ $name = $value })
            $found.status | Should -Be 'failed'
            $found.evidence | Should -BeLike "*$words*"
        }
        It 'warns of files beside it, which may hold keys' {
            (Get-SeedToolLeftover -Option $option).status | Should -Be 'ok'
            foreach ($number in 1..7) {
                Set-Content -LiteralPath "C:\Tool\$number.jrn_DriveInfo_X.xml" -Value 'x' -Encoding UTF8
            }
            $found = Get-SeedToolLeftover -Option $option
            "$($found.status) $($found.evidence)" | Should -BeLike 'warning *: 1.jrn_DriveInfo_X.xml, *and 2 more.'
            (Get-SeedToolLeftover -Option (Get-TestOption -Change @{ tool_path = 'C:\no.exe' })).status |
                Should -Be 'unknown'
        }
    }

    Context 'work directory' {
        It 'is ok where it can be made, and changes nothing' {
            (Get-SeedWorkDirectory -Option $option).status | Should -Be 'ok'
            Test-Path -LiteralPath $option.work_directory | Should -BeFalse
        }
        It 'is <status> for: <problem>' -ForEach @(
            @{ problem = "Whether 'C:\x' is private is not known: Access is denied."; status = 'unknown' }
            @{ problem = "The folder 'C:\x' must be private, but S-1-5-21-1 could write to it."; status = 'failed' }
        ) {
            Mock Get-SeedFolderProblem { $problem }.GetNewClosure() -ModuleName _Preflight
            $found = Get-SeedWorkDirectory -Option $option
            "$($found.status): $($found.evidence)" | Should -BeExactly "${status}: $problem"
        }
    }
}
