# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'BitLocker volumes that answer otherwise' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Volume'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'shows no encryption where Windows answers nothing' {
        Mock Get-BitLockerVolume { } -ModuleName _Volume
        Get-SeedEncryption -Letter E | Should -BeNullOrEmpty
    }
    It 'says that the feature is missing before it looks at protectors' {
        Mock Get-Command { } -ModuleName _Volume
        { Get-SeedVolume -Letter E } | Should -Throw '*no BitLocker cmdlets*'
    }
    It 'fails when <cmdlet> fails in <name>' -ForEach @(
        @{ cmdlet = 'Get-BitLockerVolume'; name = 'Get-SeedVolume'; words = @{ Letter = 'E' } }
        @{ cmdlet = 'Get-BitLockerVolume'; name = 'Test-SeedKey'; words = @{ Letter = 'E'
            Key = @{ RecoveryPassword = '1' } } }
        @{ cmdlet = 'Get-CimInstance'; name = 'Get-SeedEncryptableVolume'; words = @{ Letter = 'E' } }
        @{ cmdlet = 'Invoke-CimMethod'; name = 'Test-SeedKey'; words = @{ Letter = 'E'
            Key = @{ ExternalKey = 'AAEC' } } }
        @{ cmdlet = 'Lock-BitLocker'; name = 'Lock-SeedVolume'; words = @{ Letter = 'E' } }
    ) {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Mock $cmdlet {
            [CmdletBinding()]param($MountPoint, $Namespace, $ClassName, $Filter, $InputObject, $MethodName, $Arguments,
                [switch]$ForceDismount)
            Write-Error -Message 'WMI is down'
        } -ModuleName _Volume
        { & $name @words } | Should -Throw '*WMI is down*'
    }
    It 'fails when Windows cannot be asked to unlock, without its words, which could quote the key' {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Mock Invoke-CimMethod {
            [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
            Write-Error -Message 'AAEC does not do'
        } -ModuleName _Volume
        { Unlock-SeedVolume -Letter E -Key @{ ExternalKey = 'AAEC' } } |
            Should -Throw 'Windows could not unlock E: (*Exception).'
    }
    It 'does not take the external key of a protector that does not show it' {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Mock Invoke-CimMethod {
            [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
            [pscustomobject]@{ ReturnValue = [uint32]5; ExternalKey = [byte[]](0, 1, 2) }
        } -ModuleName _Volume
        Test-SeedKey -Letter E -Key @{ ExternalKey = 'AAEC' } | Should -BeFalse
    }
    It 'asks only protectors of the kind external key for one' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        Mock Invoke-CimMethod { throw 'asked' } -ModuleName _Volume
        Test-SeedKey -Letter E -Key @{ ExternalKey = 'AAEC' } | Should -BeFalse
    }
}
