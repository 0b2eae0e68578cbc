# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'policies of a copy host' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Registry', '_PreflightPolicy'
        function Set-TestRegistry {
            # The registry has these values, by the end of the key and the name; every other one is not configured.
            param([hashtable]$Value)
            Mock Get-SeedRegistryValue {
                param($Path, $Name)
                $Value["$(@($Path -split '\\')[-1])\$Name"]
            }.GetNewClosure() -ModuleName _PreflightPolicy
        }
        $option = @{}
    }

    It '<function> is <status> with <values>' -ForEach @(
        @{ function = 'Get-SeedFixedWritePolicy'; values = @{}; status = 'ok' }
        @{ function = 'Get-SeedFixedWritePolicy'; values = @{ 'FVE\FDVDenyWriteAccess' = 0 }; status = 'ok' }
        @{ function = 'Get-SeedFixedWritePolicy'; values = @{ 'FVE\FDVDenyWriteAccess' = 1 }; status = 'failed' }
        @{ function = 'Get-SeedRemovablePolicy'; values = @{}; status = 'ok' }
        @{ function = 'Get-SeedRemovablePolicy'; values = @{ 'FVE\RDVDenyWriteAccess' = 1 }; status = 'warning' }
        @{
            function = 'Get-SeedRemovablePolicy'
            values = @{ 'FVE\RDVDenyWriteAccess' = 1; 'FVE\RDVDenyCrossOrg' = 1 }
            status = 'warning'
        }
        # The option of a policy that is off.
        @{ function = 'Get-SeedRemovablePolicy'; values = @{ 'FVE\RDVDenyCrossOrg' = 1 }; status = 'ok' }
        @{ function = 'Get-SeedRemovablePolicy'; values = @{ 'FVE\RDVConfigureBDE' = 0 }; status = 'warning' }
        @{
            function = 'Get-SeedRemovablePolicy'
            values = @{ 'FVE\RDVConfigureBDE' = 1; 'FVE\RDVAllowBDE' = 0 }
            status = 'warning'
        }
        @{
            function = 'Get-SeedRemovablePolicy'
            values = @{ 'FVE\RDVConfigureBDE' = 1; 'FVE\RDVAllowBDE' = 1 }
            status = 'ok'
        }
        @{ function = 'Get-SeedRecoveryPolicy'; values = @{}; status = 'ok' }
        @{
            function = 'Get-SeedRecoveryPolicy'
            values = @{ 'FVE\FDVRecovery' = 0; 'FVE\FDVRecoveryKey' = 0 }
            status = 'ok'
        }
        @{
            function = 'Get-SeedRecoveryPolicy'
            values = @{
                'FVE\FDVRecovery' = 1
                'FVE\FDVRecoveryKey' = 2
                'FVE\FDVRecoveryPassword' = 2
                'FVE\FDVRequireActiveDirectoryBackup' = 0
            }
            status = 'ok'
        }
        @{
            function = 'Get-SeedRecoveryPolicy'
            values = @{ 'FVE\FDVRecovery' = 1; 'FVE\FDVRecoveryKey' = 0 }
            status = 'failed'
        }
        @{
            function = 'Get-SeedRecoveryPolicy'
            values = @{ 'FVE\FDVRecovery' = 1; 'FVE\FDVRecoveryPassword' = 1 }
            status = 'warning'
        }
        @{
            function = 'Get-SeedRecoveryPolicy'
            values = @{ 'FVE\FDVRecovery' = 1; 'FVE\FDVRequireActiveDirectoryBackup' = 1 }
            status = 'warning'
        }
        @{ function = 'Get-SeedMethodPolicy'; values = @{}; status = 'ok' }
        @{ function = 'Get-SeedMethodPolicy'; values = @{ 'FVE\EncryptionMethodWithXtsFdv' = 7 }; status = 'warning' }
        @{ function = 'Get-SeedMethodPolicy'; values = @{ 'FVE\FDVEncryptionType' = 0 }; status = 'warning' }
        @{ function = 'Get-SeedMethodPolicy'; values = @{ 'FVE\FDVEnforcePassphrase' = 1 }; status = 'warning' }
        @{
            function = 'Get-SeedMethodPolicy'
            values = @{ 'FVE\FDVHardwareEncryption' = 0; 'FVE\FDVEnforceUserCert' = 0 }
            status = 'ok'
        }
        @{ function = 'Get-SeedFipsPolicy'; values = @{}; status = 'ok' }
        @{ function = 'Get-SeedFipsPolicy'; values = @{ 'FipsAlgorithmPolicy\Enabled' = 0 }; status = 'ok' }
        @{ function = 'Get-SeedFipsPolicy'; values = @{ 'FipsAlgorithmPolicy\Enabled' = 1 }; status = 'warning' }
        @{ function = 'Get-SeedPowerShellLogging'; values = @{}; status = 'ok' }
        @{
            function = 'Get-SeedPowerShellLogging'
            values = @{ 'ModuleLogging\EnableModuleLogging' = 1 }
            status = 'warning'
        }
        @{
            function = 'Get-SeedPowerShellLogging'
            values = @{ 'ScriptBlockLogging\EnableScriptBlockLogging' = 1 }
            status = 'warning'
        }
        @{
            function = 'Get-SeedPowerShellLogging'
            values = @{ 'Transcription\EnableTranscripting' = 1 }
            status = 'warning'
        }
        @{ function = 'Get-SeedStoredCredentialPolicy'; values = @{}; status = 'ok' }
        @{ function = 'Get-SeedStoredCredentialPolicy'; values = @{ 'Lsa\DisableDomainCreds' = 1 }; status = 'warning' }
    ) {
        Set-TestRegistry -Value $values
        $found = & $function -Option $option
        $found.status | Should -Be $status
        $found.evidence | Should -Match '\.$'
        ($found.remedy -ne '') | Should -Be ($status -ne 'ok')
    }
    It 'names every policy that is in the way' {
        Set-TestRegistry -Value @{
            'FVE\FDVRecovery' = 1
            'FVE\FDVRecoveryKey' = 0
            'FVE\FDVRecoveryPassword' = 1
            'FVE\FDVRequireActiveDirectoryBackup' = 1
        }
        $found = Get-SeedRecoveryPolicy -Option $option
        $found.evidence | Should -Match '256-bit key.*recovery password.*Active Directory'
        Set-TestRegistry -Value @{
            'ModuleLogging\EnableModuleLogging' = 1
            'ScriptBlockLogging\EnableScriptBlockLogging' = 1
            'Transcription\EnableTranscripting' = 1
        }
        (Get-SeedPowerShellLogging -Option $option).evidence | Should -Match '4103.*4104.*transcription'
    }
    It 'is <status> where command lines are recorded by <what>, and a key on one is <key>' -ForEach @(
        @{ what = ''; key = 'refused'; status = 'ok'; text = '^Neither.*endpoint protection' }
        @{ what = 'ProcessCreationIncludeCmdLine_Enabled'; key = 'none'; status = 'ok'; text = '4688.*no drive here' }
        @{ what = 'ProcessCreationIncludeCmdLine_Enabled'; key = 'refused'; status = 'failed'; text = '4688.*refused' }
        @{ what = 'ProcessCreationIncludeCmdLine_Enabled'; key = 'allowed'; status = 'warning'; text = 'is replaced' }
        @{ what = 'EnableModuleLogging'; key = 'refused'; status = 'failed'; text = '4103' }
        @{ what = 'Sysmon'; key = 'refused'; status = 'failed'; text = 'Sysmon records command lines \(event 1\)' }
    ) {
        $global:TestRecorder = $what
        Mock Get-SeedRegistryValue {
            param($Path, $Name)
            if ($Name -eq $global:TestRecorder) { 1 }
        } -ModuleName _Registry
        Mock Get-SeedService {
            param($Name)
            # One that is installed and stopped records nothing.
            $state = @('Stopped', 'Running')[[int]($Name -eq $global:TestRecorder)]
            [pscustomobject]@{ state = $state }
        } -ModuleName _Registry
        $found = Get-SeedCommandLineRecord -Option @{ key_on_command_line = $key }
        "$($found.status) $($found.evidence -match $text) $($found.remedy -ne '')" |
            Should -Be "$status True $($status -ne 'ok')"
        Remove-Variable -Name TestRecorder -Scope Global
    }
    It 'says that module logging records the command line of the tool' {
        Set-TestRegistry -Value @{ 'ModuleLogging\EnableModuleLogging' = 1 }
        (Get-SeedPowerShellLogging -Option $option).evidence | Should -Match 'command line of the tool'
    }
    It 'fails when the registry does not answer: <function>' -ForEach @(
        @{ function = 'Get-SeedFixedWritePolicy' }, @{ function = 'Get-SeedRemovablePolicy' },
        @{ function = 'Get-SeedRecoveryPolicy' }, @{ function = 'Get-SeedMethodPolicy' },
        @{ function = 'Get-SeedFipsPolicy' }, @{ function = 'Get-SeedPowerShellLogging' },
        @{ function = 'Get-SeedStoredCredentialPolicy' }
    ) {
        Mock Get-SeedRegistryValue { throw 'Requested registry access is not allowed.' } -ModuleName _PreflightPolicy
        { & $function -Option $option } | Should -Throw '*not allowed*'
    }

    Context 'code integrity' {
        It 'is <status> for policy status <code>' -ForEach @(
            @{ code = 0; status = 'ok' }, @{ code = 1; status = 'ok' }, @{ code = 2; status = 'warning' }
        ) {
            Mock Get-CimInstance {
                [pscustomobject]@{ UsermodeCodeIntegrityPolicyEnforcementStatus = [uint32]$code }
            }.GetNewClosure() -ModuleName _PreflightPolicy
            (Get-SeedCodeIntegrity -Option $option).status | Should -Be $status
        }
        It 'is unknown where Windows shows no status' {
            Mock Get-CimInstance { [pscustomobject]@{ Version = '1.0' } } -ModuleName _PreflightPolicy
            (Get-SeedCodeIntegrity -Option $option).status | Should -Be 'unknown'
            Mock Get-CimInstance { } -ModuleName _PreflightPolicy
            (Get-SeedCodeIntegrity -Option $option).status | Should -Be 'unknown'
            Mock Get-CimInstance {
                [CmdletBinding()]param($Namespace, $ClassName)
                Write-Error -Message 'Invalid namespace'
            } -ModuleName _PreflightPolicy
            { Get-SeedCodeIntegrity -Option $option } | Should -Throw '*Invalid namespace*'
        }
    }

    Context 'AppLocker' {
        BeforeEach {
            Mock Get-SeedService { [pscustomobject]@{ state = 'Running' } } -ModuleName _PreflightPolicy
            Mock Get-Command { 'there' } -ModuleName _PreflightPolicy
        }
        It 'enforces nothing while its service does not run' {
            Mock Get-SeedService { [pscustomobject]@{ state = 'Stopped' } } -ModuleName _PreflightPolicy
            (Get-SeedAppLocker -Option $option).status | Should -Be 'ok'
            Mock Get-SeedService { } -ModuleName _PreflightPolicy
            (Get-SeedAppLocker -Option $option).status | Should -Be 'ok'
        }
        It 'is a warning with the kinds of rules that are enforced' {
            Mock Get-AppLockerPolicy {
                [pscustomobject]@{
                    RuleCollections = @(
                        [pscustomobject]@{ RuleCollectionType = 'Exe'; EnforcementMode = 'Enabled' }
                        [pscustomobject]@{ RuleCollectionType = 'Msi'; EnforcementMode = 'AuditOnly' }
                    )
                }
            } -ModuleName _PreflightPolicy
            $found = Get-SeedAppLocker -Option $option
            $found.status | Should -Be 'warning'
            $found.evidence | Should -Match 'enforced for: Exe\.'
        }
        It 'is ok with rules that only audit' {
            Mock Get-AppLockerPolicy {
                [pscustomobject]@{
                    RuleCollections = @([pscustomobject]@{ RuleCollectionType = 'Exe'; EnforcementMode = 'AuditOnly' })
                }
            } -ModuleName _PreflightPolicy
            (Get-SeedAppLocker -Option $option).status | Should -Be 'ok'
        }
        It 'is unknown where the service runs and nothing can read the rules' {
            Mock Get-Command { } -ModuleName _PreflightPolicy
            (Get-SeedAppLocker -Option $option).status | Should -Be 'unknown'
        }
        It 'fails when the service or the rules cannot be asked' {
            Mock Get-AppLockerPolicy { throw 'RPC server is unavailable' } -ModuleName _PreflightPolicy
            { Get-SeedAppLocker -Option $option } | Should -Throw '*RPC*'
            Mock Get-SeedService { throw 'WMI is down' } -ModuleName _PreflightPolicy
            { Get-SeedAppLocker -Option $option } | Should -Throw '*WMI is down*'
        }
    }

    Context 'execution policy' {
        BeforeAll {
            function Set-TestPolicy {
                # What the registry says of Windows PowerShell: by group policy, and by Set-ExecutionPolicy.
                param([string]$Machine, [string]$Local = '')
                $group = @{}
                if ($Machine -eq 'Restricted') { $group['EnableScripts'] = 0 }
                elseif ($Machine -ne 'Undefined') { $group = @{ EnableScripts = 1; ExecutionPolicy = $Machine } }
                Mock Get-SeedRegistryValue {
                    param($Path, $Name)
                    if ($Path -like '*\Policies\Microsoft\Windows\PowerShell') { return $group[$Name] }
                    if ($Path -like '*\ShellIds\Microsoft.PowerShell') { return $Local }
                    throw "no test of $Path"
                }.GetNewClosure() -ModuleName _PreflightPolicy
            }
        }
        It 'reads <wanted> of the scope <scope> where the registry says <machine> and <local>' -ForEach @(
            @{ scope = 'MachinePolicy'; machine = 'Undefined'; local = 'AllSigned'; wanted = '' }
            @{ scope = 'MachinePolicy'; machine = 'Restricted'; local = 'AllSigned'; wanted = 'Restricted' }
            @{ scope = 'MachinePolicy'; machine = 'AllSigned'; local = ''; wanted = 'AllSigned' }
            @{ scope = 'LocalMachine'; machine = 'AllSigned'; local = 'RemoteSigned'; wanted = 'RemoteSigned' }
            @{ scope = 'LocalMachine'; machine = 'AllSigned'; local = 'Undefined'; wanted = '' }
            @{ scope = 'LocalMachine'; machine = 'AllSigned'; local = ''; wanted = '' }
        ) {
            Set-TestPolicy -Machine $machine -Local $local
            Get-SeedMachineScriptPolicy -Scope $scope | Should -BeExactly $wanted
        }
        It 'is <status> for <machine> of the machine and <user> of the user' -ForEach @(
            @{ machine = 'Undefined'; user = 'Undefined'; status = 'ok' }
            @{ machine = 'RemoteSigned'; user = 'Undefined'; status = 'ok' }
            @{ machine = 'AllSigned'; user = 'Undefined'; status = 'warning' }
            @{ machine = 'Undefined'; user = 'AllSigned'; status = 'warning' }
            @{ machine = 'Restricted'; user = 'Undefined'; status = 'failed' }
            @{ machine = 'RemoteSigned'; user = 'Restricted'; status = 'ok' }
        ) {
            Set-TestPolicy -Machine $machine
            Mock Get-ExecutionPolicy {
                # What a PowerShell 7 says of its own policies.
                [pscustomobject]@{ Scope = 'MachinePolicy'; ExecutionPolicy = 'Restricted' }
                [pscustomobject]@{ Scope = 'UserPolicy'; ExecutionPolicy = $user }
                [pscustomobject]@{ Scope = 'LocalMachine'; ExecutionPolicy = 'Restricted' }
            }.GetNewClosure() -ModuleName _PreflightPolicy
            (Get-SeedScriptPolicy -Option $option).status | Should -Be $status
        }
    }
}
