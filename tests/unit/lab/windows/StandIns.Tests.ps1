# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the stand-ins of Windows' {
    BeforeAll { . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1') }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'shows disks with their padded serials' { (Get-Disk -Number 1).SerialNumber | Should -BeExactly '   WD-1' }
    It 'shows physical disks' { @(Get-PhysicalDisk -UniqueId 'U2').Count | Should -Be 1 }
    It 'shows partitions by letter' { (Get-Partition -DriveLetter E).DiskNumber | Should -Be 2 }
    It 'shows volumes' { (Get-Volume -DriveLetter E).FileSystem | Should -Be 'NTFS' }
    It 'initializes a raw disk with a reserved partition' {
        Initialize-Disk -Number 1
        (Get-Partition -DiskNumber 1).Type | Should -Be 'Reserved'
    }
    It 'does not initialize twice' {
        { Initialize-Disk -Number 2 -ErrorAction Stop } | Should -Throw '*already been initialized*'
    }
    It 'makes a partition with a free letter' {
        Initialize-Disk -Number 1
        (New-Partition -DiskNumber 1 -UseMaximumSize -AssignDriveLetter).DriveLetter | Should -Be 'D'
    }
    It 'clears a disk only when told that data may go' {
        { Clear-Disk -Number 2 -Confirm:$false -ErrorAction Stop } | Should -Throw '*RemoveData*'
    }
    It 'clears a disk' {
        Clear-Disk -Number 2 -RemoveData -Confirm:$false
        (Get-Disk -Number 2).PartitionStyle | Should -Be 'RAW'
    }
    It 'brings a disk offline' {
        Set-Disk -Number 2 -IsOffline $true
        (Get-Disk -Number 2).OperationalStatus | Should -Be 'Offline'
    }
    It 'hides the password of a locked volume' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        (Get-BitLockerVolume -MountPoint 'E:').KeyProtector[0].RecoveryPassword | Should -Be '000011'
        $null = Lock-BitLocker -MountPoint 'E:'
        (Get-BitLockerVolume -MountPoint 'E:').KeyProtector[0].RecoveryPassword | Should -BeNullOrEmpty
        (Get-Volume -DriveLetter E).FileSystem | Should -BeNullOrEmpty
    }
    It 'unlocks with the password and no other' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
        $null = Lock-BitLocker -MountPoint 'E:'
        { Unlock-BitLocker -MountPoint 'E:' -RecoveryPassword 'wrong' -ErrorAction Stop } |
            Should -Throw '*could not be obtained*'
        $null = Unlock-BitLocker -MountPoint 'E:' -RecoveryPassword '000011'
        Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
    }
    It 'gives external keys through CIM' {
        Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
        $query = @{
            Namespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'
            ClassName = 'Win32_EncryptableVolume'
            Filter = "DriveLetter = 'E:'"
        }
        $method = @{
            InputObject = Get-CimInstance @query
            MethodName = 'GetKeyProtectorExternalKey'
            Arguments = @{ VolumeKeyProtectorID = '{11111111-0000-4000-8000-000000000001}' }
        }
        (Invoke-CimMethod @method).ExternalKey | Should -Be @(0, 1, 2)
    }
    It 'registers, orders and removes tasks' {
        $task = @{
            TaskName = 't'
            Action = New-ScheduledTaskAction -Execute x
            Principal = New-ScheduledTaskPrincipal -UserId SYSTEM
            Settings = New-ScheduledTaskSettingsSet
        }
        $null = Register-ScheduledTask @task
        Start-ScheduledTask -TaskName t
        Stop-ScheduledTask -TaskName t
        @(Get-ChildItem -LiteralPath "$env:LAB_HOME/hosts/fs01/tasks/orders").Count | Should -Be 2
        (Get-ScheduledTaskInfo -TaskName t).LastTaskResult | Should -Be 267011
        Unregister-ScheduledTask -TaskName t -Confirm:$false
        { Get-ScheduledTask -TaskName t -ErrorAction Stop } | Should -Throw '*No MSFT_ScheduledTask*'
    }
    It 'keeps what a policy is set to, and takes orders' {
        $policy = Set-OBInitialBackupCreationMethod -Policy (Get-OBPolicy) -IBMethod Network
        $null = Set-OBPolicy -Policy $policy -Confirm:$false
        (Get-OBInitialBackupCreationMethod -Policy (Get-OBPolicy)).IBMethod | Should -Be 'Network'
        Start-OBBackup -Policy (Get-OBPolicy) -Async
        @((Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").orders).Count | Should -Be 1
        Get-OBJob -Previous 1 | Should -BeNullOrEmpty
        Get-OBAllRecoveryPoints | Should -BeNullOrEmpty
    }
    Context 'the registry' {
        BeforeEach {
            [System.IO.File]::WriteAllText("$env:LAB_HOME/hosts/fs01/registry.json", ('{"SOFTWARE\\Contoso\\Seed":' +
                    '{"Level": 4294967295, "Since": "2026-01-01T00:00:00Z", "Names": ["a", "b"]}}'))
        }
        It 'reads values of a key, whatever their case' {
            $found = Get-ItemProperty -LiteralPath 'HKLM:\software\contoso\SEED' -Name level, since -ErrorAction Stop
            $found.Level | Should -Be -1
            $found.Since | Should -BeExactly '2026-01-01T00:00:00Z'
            $found.PSChildName | Should -Be 'SEED'
            $found.PSObject.Properties['Names'] | Should -BeNullOrEmpty
        }
        It 'reads all values of a key' {
            $found = Get-ItemProperty 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\Seed'
            $found.Names -is [string[]] | Should -BeTrue
            $found.Names | Should -Be 'a', 'b'
        }
        It 'shows a key, also one that only has keys below' {
            (Get-Item -LiteralPath 'HKLM:\SOFTWARE\Contoso\Seed').GetValue('Since') |
                Should -BeExactly '2026-01-01T00:00:00Z'
            Test-Path -Path 'HKLM:\SOFTWARE\Contoso' | Should -BeTrue
            Test-Path -LiteralPath 'HKLM:\SOFTWARE\Contoso' -PathType Leaf | Should -BeFalse
            Test-Path -LiteralPath 'HKLM:\SOFTWARE\Cont' | Should -BeFalse
            Get-ItemPropertyValue -Path 'HKLM:\SOFTWARE\Contoso\Seed' -Name Level | Should -Be -1
        }
        It 'fails for what is missing as the provider does' {
            $kinds = foreach ($one in @('HKLM:\SOFTWARE\Other', 'Level'), @('HKLM:\SOFTWARE\Contoso\Seed', 'Other')) {
                try { Get-ItemProperty -LiteralPath $one[0] -Name $one[1] -ErrorAction Stop }
                catch [System.Management.Automation.ItemNotFoundException] { "$($_.CategoryInfo.Category): $_" }
                catch [System.Management.Automation.PSArgumentException] { "$($_.CategoryInfo.Category): $_" }
            }
            $kinds[0] | Should -Be "ObjectNotFound: Cannot find path 'HKLM:\SOFTWARE\Other' because it does not exist."
            $kinds[1] | Should -Be ('InvalidArgument: Property Other does not exist at path HKEY_LOCAL_MACHINE\' +
                'SOFTWARE\Contoso\Seed.')
            { Get-ItemPropertyValue 'HKLM:\SOFTWARE\Contoso\Seed' Other -ErrorAction SilentlyContinue } |
                Should -Throw 'Property Other does not exist*'
        }
        It 'leaves files to the cmdlets, with the preferences of their caller' {
            (Get-Item -LiteralPath 'E:\keep.txt').Name | Should -Be 'keep.txt'
            'E:\keep.txt', 'E:\none.txt' | Test-Path -PathType Leaf | Should -Be $true, $false
            $module = New-Module -ScriptBlock {
                $ErrorActionPreference = 'Stop'
                function Show-TestItem { Get-Item -LiteralPath 'E:\none.txt' }
            }
            { & $module { Show-TestItem } } | Should -Throw '*Cannot find path*'
        }
    }
    It 'fails a test that is wrong' { { 1 | Should -Be 2 } | Should -Throw "*'2'*" }
}
