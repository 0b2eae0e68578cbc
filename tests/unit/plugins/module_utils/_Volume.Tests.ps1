# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'BitLocker volumes' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Volume'
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'writes mount points in one form, and refuses what is no letter' {
        ConvertTo-SeedMountPoint -Letter 'e:\' | Should -BeExactly 'E:'
        foreach ($bad in "E' OR 1", "E`n", ' E', '1:', 'E:/', 'C:\mnt', [string][char]0x212A, [string][char]0x131) {
            { ConvertTo-SeedMountPoint -Letter $bad } | Should -Throw '*mount_point*is not a drive letter*'
        }
    }
    It 'shows protectors without values' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        (Get-SeedVolume -Letter E | ConvertTo-Json -Depth 5) | Should -Not -Match '000011'
    }
    It 'shows the encryption, and none of a partition that is not formatted' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        $seen = Get-SeedEncryption -Letter E
        "$($seen.volume_status) $($seen.protection_status) $($seen.lock_status)" |
            Should -Be 'FullyEncrypted On Unlocked'
        Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker = $null; $_.partitions[0].file_system = $null }
        Get-SeedEncryption -Letter E | Should -BeNullOrEmpty
    }
    It 'reads the <kind> <value> as <name>' -ForEach @(
        @{ kind = 'VolumeStatus'; value = 0; name = 'FullyDecrypted' }
        @{ kind = 'VolumeStatus'; value = 1; name = 'FullyEncrypted' }
        @{ kind = 'VolumeStatus'; value = '2'; name = 'EncryptionInProgress' }
        @{ kind = 'VolumeStatus'; value = 6; name = 'FullyEncryptedWipeInProgress' }
        @{ kind = 'VolumeStatus'; value = 'EncryptionPaused'; name = 'EncryptionSuspended' }
        @{ kind = 'VolumeStatus'; value = 'DecryptionSuspended'; name = 'DecryptionSuspended' }
        @{ kind = 'VolumeStatus'; value = 99; name = '99' }
        @{ kind = 'VolumeStatus'; value = $null; name = '' }
        @{ kind = 'ProtectionStatus'; value = 1; name = 'On' }
        @{ kind = 'ProtectionStatus'; value = 0; name = 'Off' }
        @{ kind = 'ProtectionStatus'; value = 'Unknown'; name = 'Unknown' }
        @{ kind = 'KeyProtectorType'; value = 3; name = 'RecoveryPassword' }
        @{ kind = 'KeyProtectorType'; value = 'Sid'; name = 'AdAccountOrGroup' }
        @{ kind = 'EncryptionMethod'; value = 7; name = 'XtsAes256' }
        @{ kind = 'VolumeType'; value = 0; name = 'OperatingSystem' }
        @{ kind = 'LockStatus'; value = 1; name = 'Locked' }
        @{ kind = 'LockStatus'; value = 'Unlocked'; name = 'Unlocked' }
    ) { ConvertTo-SeedBitLockerName -Kind $kind -Value $value | Should -BeExactly $name }
    It 'knows a locked volume by its number too' {
        Mock Get-BitLockerVolume {
            [CmdletBinding()]param($MountPoint)
            [pscustomobject]@{
                MountPoint = 'E:'; VolumeStatus = 1; ProtectionStatus = 1; LockStatus = 1; EncryptionPercentage = 100
                EncryptionMethod = 4; VolumeType = 1; AutoUnlockEnabled = $false; KeyProtector = @()
            }
        } -ModuleName _Volume
        (Get-SeedEncryption -Letter E).lock_status | Should -Be 'Locked'
        $seen = Get-SeedVolume -Letter E
        "$($seen.volume_status) $($seen.protection_status) $($seen.lock_status)" | Should -Be 'FullyEncrypted On Locked'
        "$($seen.volume_type) $($seen.encryption_method) $($seen.used_space_only)" | Should -Be 'Data Aes256 '
    }
    It 'fails when the encryption cannot be read' {
        Mock Get-BitLockerVolume {
            [CmdletBinding()]param($MountPoint)
            Write-Error -Message 'WMI is down'
        } -ModuleName _Volume
        { Get-SeedEncryption -Letter E } | Should -Throw '*WMI is down*'
    }
    It 'says in one sentence that the feature is missing' {
        Mock Get-Command { } -ModuleName _Volume
        { Get-SeedEncryption -Letter E } | Should -Throw '*no BitLocker cmdlets*Install*'
    }
    It 'tells whose key fits' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        Test-SeedKey -Letter E -Key @{ RecoveryPassword = '000011' } | Should -BeTrue
        Test-SeedKey -Letter E -Key @{ RecoveryPassword = '000022' } | Should -BeFalse
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Test-SeedKey -Letter E -Key @{ ExternalKey = 'AAEC' } | Should -BeTrue
        Test-SeedKey -Letter E -Key @{ ExternalKey = 'AAED' } | Should -BeFalse
        Test-SeedKey -Letter E -Key @{ ExternalKey = 'aaec' } | Should -BeFalse
    }
    It 'tells whose key fits where Windows shows types as numbers, and passwords in another form' {
        $global:TestPassword = '238810-662376-448998-450120-652806-203390-606320-483076'
        Mock Get-BitLockerVolume {
            [CmdletBinding()]param($MountPoint)
            $one = [pscustomobject]@{ KeyProtectorType = 8; KeyProtectorId = '{0}'; RecoveryPassword = $null }
            $two = [pscustomobject]@{ KeyProtectorType = 3; KeyProtectorId = '{1}'; RecoveryPassword = '' }
            $two.RecoveryPassword = $global:TestPassword
            [pscustomobject]@{ KeyProtector = @($one, $two) }
        } -ModuleName _Volume
        foreach ($form in $global:TestPassword, $global:TestPassword.Replace('-', ' '),
            $global:TestPassword.Replace('-', '')) {
            Test-SeedKey -Letter E -Key @{ RecoveryPassword = $form } | Should -BeTrue
        }
        Test-SeedKey -Letter E -Key @{ RecoveryPassword = '-' } | Should -BeFalse
        Remove-Variable -Name TestPassword -Scope Global
    }
    It 'quotes no key when Windows fails to unlock' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        Mock Invoke-CimMethod {
            [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
            throw "Type mismatch for $($Arguments.Values)"
        } -ModuleName _Volume
        $said = try { Unlock-SeedVolume -Letter E -Key @{ RecoveryPassword = '000011-000022' } } catch { "$_" }
        $said | Should -BeLike 'Windows could not unlock E:*'
        $said | Should -Not -Match '000011'
    }
    It 'locks and unlocks with a key of type <type>, and with no other' -ForEach @(
        @{ type = 'ExternalKey'; good = @{ ExternalKey = 'AAEC' }; bad = @{ ExternalKey = 'AAED' }; secret = 'AAEC' }
        @{
            type = 'RecoveryPassword'
            good = @{ RecoveryPassword = '238810-662376-448998-450120-652806-203390-606320-483076' }
            bad = @{ RecoveryPassword = '463881-116138-212971-219626-306295-227139-146784-038038' }
            secret = '238810-662376-448998-450120-652806-203390-606320-483076'
        }
    ) {
        Protect-TestDisk -Serial DATA -Type $type -Secret $secret
        Lock-SeedVolume -Letter 'E:'
        { Unlock-SeedVolume -Letter E -Key $bad } | Should -Throw '*does not unlock*0x*'
        Unlock-SeedVolume -Letter E -Key $good
        (Get-SeedVolume -Letter E).lock_status | Should -Be 'Unlocked'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'never quotes a key that is not base64' {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        try { Unlock-SeedVolume -Letter E -Key @{ ExternalKey = 'se*cret' } } catch {
            "$_" | Should -Be '`external_key` is not base64.'
        }
    }
    It 'does not lock a volume whose protection is off' {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        Set-TestDisk -Serial DATA -Change { $_.partitions[0].bitlocker.protection_status = 'Off' }
        { Lock-SeedVolume -Letter E } | Should -Throw '*protection*'
    }
    It 'finds the CIM object' { (Get-SeedEncryptableVolume -Letter E).DriveLetter | Should -Be 'E:' }
}
