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
    It 'keeps how a protection group of DPM is seeded only when it is saved, and takes orders of a connected process' {
        Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change {
            $_ | Add-Member -NotePropertyName product -NotePropertyValue 'dpm'
        }
        Remove-Module -Name DataProtectionManager, MSOnlineBackup -Force -ErrorAction Ignore
        Get-Command -Name Get-OBPolicy -ErrorAction Ignore | Should -BeNullOrEmpty
        { Get-DPMProtectionGroup } | Should -Throw '*no connection*'
        $null = Connect-DPMServer -DPMServerName fs01
        { Set-DPMProtectionGroup -ProtectionGroup (Get-DPMProtectionGroup) -ErrorAction Stop } |
            Should -Throw '*not modifiable*'
        Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change { $_.initial_backup.method = 'OfflineBackup' }
        $group = Get-DPMModifiableProtectionGroup -ProtectionGroup (Get-DPMProtectionGroup)
        Set-DPMInitialOnlineBackupCreationMethod -ProtectionGroup $group -IBMethod Network
        $now = { (Get-DPMInitialOnlineBackupCreationMethod -ProtectionGroup (Get-DPMProtectionGroup)).IBMethod }
        & $now | Should -Be 'OfflineBackup'
        Set-DPMProtectionGroup -ProtectionGroup $group
        & $now | Should -Be 'Network'
        $null = New-DPMRecoveryPoint -Datasource (Get-DPMDatasource -ProtectionGroup $group) -Online
        @((Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json").orders).Count | Should -Be 1
        Disconnect-DPMServer
        { Get-DPMProtectionGroup } | Should -Throw '*no connection*'
        Remove-Module -Name DataProtectionManager, MSOnlineBackup -Force -ErrorAction Ignore
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
    Context 'the cmdlets of PowerShell' {
        AfterEach { $env:LAB_ANSI, $env:LAB_FIPS, $env:LAB_USER, $env:LAB_LOGON = $null, $null, $null, $null }

        It 'takes switches and values from a hashtable' {
            $list = @{ LiteralPath = 'E:\'; File = $true; Recurse = $true }
            (Get-ChildItem @list).Name | Should -Be 'keep.txt'
            $list['Directory'] = $list['File']
            $list.Remove('File')
            Get-ChildItem @list | Should -BeNullOrEmpty
            Get-Content -LiteralPath 'E:\keep.txt' -Raw:$false | Should -Be 'keep'
        }
        It 'hands on what a cmdlet says of its errors, and what comes through a pipe' {
            $list = @{ LiteralPath = 'E:\none'; ErrorAction = 'SilentlyContinue'; ErrorVariable = 'said' }
            Get-ChildItem @list | Should -BeNullOrEmpty
            $said.Count | Should -Be 1
            $said[0].CategoryInfo.Category | Should -Be ObjectNotFound
            'a', 'b' | Set-Content -LiteralPath 'E:\two.txt'
            Get-Item -Path 'E:\*.txt' | Get-Content | Should -Be 'keep', 'a', 'b'
        }
        It 'reads and writes in the ANSI code page <Page> where no encoding is named' -ForEach @(
            @{ Page = '936'; Text = ([string][char]0x5907); Bytes = @(0xB1, 0xB8) }
            @{ Page = '1252'; Text = ([string][char]0xDC); Bytes = @(0xDC) }
        ) {
            $env:LAB_ANSI = $Page
            Set-Content -LiteralPath 'E:\a.txt' -Value $Text -NoNewline
            $native = (Get-Item -LiteralPath 'E:\a.txt').FullName
            [System.IO.File]::ReadAllBytes($native) | Should -Be $Bytes
            Get-Content -LiteralPath 'E:\a.txt' | Should -BeExactly $Text
            Add-Content -LiteralPath 'E:\a.txt' -Value $Text -NoNewline
            [System.IO.File]::ReadAllBytes($native) | Should -Be ($Bytes + $Bytes)
            Set-Content -LiteralPath 'E:\a.txt' -Value $Text -NoNewline -Encoding UTF8
            [System.IO.File]::ReadAllBytes($native)[0..2] | Should -Be 0xEF, 0xBB, 0xBF
            Get-Content -LiteralPath 'E:\a.txt' -Encoding UTF8 | Should -BeExactly $Text
            $Text | Out-File -FilePath 'E:\a.txt'
            [System.IO.File]::ReadAllBytes($native)[0..1] | Should -Be 0xFF, 0xFE
            [System.IO.File]::WriteAllText($native, $Text)
            Get-Content -LiteralPath 'E:\a.txt' | Should -Not -BeExactly $Text
        }
        It 'hashes no MD5 under the FIPS policy' {
            (Get-FileHash -LiteralPath 'E:\keep.txt' -Algorithm MD5).Hash.Length | Should -Be 32
            $env:LAB_FIPS = '1'
            { Get-FileHash -LiteralPath 'E:\keep.txt' -Algorithm MD5 } | Should -Throw '*FIPS validated*'
            (Get-FileHash -LiteralPath 'E:\keep.txt' -Algorithm SHA256).Hash.Length | Should -Be 64
        }
        It 'shows another process where an id is used again' {
            $file = "$env:LAB_HOME/hosts/fs01/reused.json"
            [System.IO.File]::WriteAllText($file, ('{"ids": [' + $PID + '], "protected": false, ' +
                    '"started": "2026-11-01T00:00:00Z"}'))
            $found = Get-Process -Id $PID -ErrorAction Stop
            $found.StartTime.ToUniversalTime() | Should -Be ([DateTime]'2026-11-01T00:00:00')
            [System.IO.File]::WriteAllText($file, ('{"ids": [' + $PID + '], "protected": true, "started": null}'))
            (Get-Process -Id $PID).StartTime | Should -BeNullOrEmpty
            [System.IO.File]::WriteAllText($file, '{"ids": []}')
            (Get-Process -Id $PID).ProcessName | Should -Be 'pwsh'
        }
    }
    Context 'shares' {
        BeforeEach {
            [System.IO.File]::WriteAllText("$env:LAB_HOME/shares.json", ('{"\\\\filer\\seed": {"host": "fs01", ' +
                    '"path": "E:\\", "read": ["CONTOSO\\seedcopy", "CONTOSO\\FS01$"]}}'))
            $env:LAB_LOGON = 'batch'
        }
        AfterEach { $env:LAB_USER, $env:LAB_LOGON = $null, $null }
        It 'are read by <User>' -ForEach @(@{ User = 'contoso\SEEDCOPY' }, @{ User = 'NT AUTHORITY\SYSTEM' }) {
            $env:LAB_USER = $User
            Test-Path -LiteralPath '\\filer\seed\keep.txt' -PathType Leaf | Should -BeTrue
            Test-Path -LiteralPath '\\filer\seed\none.txt' | Should -BeFalse
            (Get-Item -LiteralPath '\\FILER\Seed\keep.txt' -Force).Length | Should -Be 5
            (Get-ChildItem -LiteralPath '\\filer\seed' -File).Name | Should -Be 'keep.txt'
            Get-Content -LiteralPath '\\filer\seed\keep.txt' | Should -Be 'keep'
        }
        It 'are denied to <User> with a <Logon> logon' -ForEach @(
            @{ User = 'CONTOSO\other'; Logon = 'batch' }, @{ User = 'CONTOSO\seedcopy'; Logon = 'network' }
        ) {
            $env:LAB_USER, $env:LAB_LOGON = $User, $Logon
            { Get-ChildItem -LiteralPath '\\filer\seed' -ErrorAction Stop } | Should -Throw 'Access is denied'
            $null = Get-ChildItem -LiteralPath '\\filer\seed' -ErrorAction SilentlyContinue -ErrorVariable said
            @($said | ForEach-Object { $_.CategoryInfo.Category }) | Should -Be PermissionDenied, ObjectNotFound
            $kind = try { Get-Item -LiteralPath '\\filer\seed\keep.txt' -ErrorAction Stop }
            catch [System.UnauthorizedAccessException] { 'denied' }
            $kind | Should -Be 'denied'
            Test-Path -LiteralPath '\\filer\seed' -ErrorAction SilentlyContinue | Should -BeFalse
            { Test-Path -LiteralPath '\\filer\seed' -PathType Container -ErrorAction Stop } | Should -Throw '*denied*'
        }
        It 'say where there is none' {
            $env:LAB_USER = 'CONTOSO\seedcopy'
            Test-Path -LiteralPath '\\filer\other\a' -ErrorAction Stop | Should -BeFalse
            $kind = try { Get-Item -LiteralPath '\\fs01\other' -Force -ErrorAction Stop }
            catch [System.Management.Automation.ItemNotFoundException] { $_.CategoryInfo.Category }
            $kind | Should -Be ObjectNotFound
            { Get-Item -LiteralPath '\\nobody\seed' -ErrorAction Stop } | Should -Throw '*network path was not found*'
            Set-Disk -Number 2 -IsOffline $true
            { Get-Item -LiteralPath '\\filer\seed' -ErrorAction Stop } | Should -Throw '*network path was not found*'
        }
    }
    Context 'accounts of tasks' {
        BeforeEach {
            # The SHA-256 of 'right'.
            $right = [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData([byte[]][char[]]'right'))
            $accounts = @{
                'contoso\seedcopy' = @{ name = 'CONTOSO\seedcopy'; password = $right.ToLowerInvariant(); hosts = @() }
                'contoso\mine$' = @{ name = 'CONTOSO\mine$'; password = $null; hosts = @('fs01') }
                'contoso\other$' = @{ name = 'CONTOSO\other$'; password = $null; hosts = @('copy01') }
            }
            Write-LabFile -Path "$env:LAB_HOME/accounts.json" -Value $accounts
            $action = New-ScheduledTaskAction -Execute x
        }
        It 'takes a user with the right password' {
            $user = @{ TaskName = 't'; Action = $action; User = 'CONTOSO\seedcopy'; RunLevel = 'Highest' }
            (Register-ScheduledTask @user -Password right).Principal.UserId | Should -Be 'CONTOSO\seedcopy'
            $code = try { Register-ScheduledTask @user -Password wrong -Force -ErrorAction Stop }
            catch { '{0:X8} {1}' -f $_.Exception.HResult, $_.FullyQualifiedErrorId }
            $code | Should -Be '8007052E HRESULT 0x8007052e,Register-ScheduledTask'
            $user['User'] = 'CONTOSO\nobody'
            $code = try { Register-ScheduledTask @user -Password right -Force -ErrorAction Stop }
            catch { '{0:X8}' -f $_.Exception.HResult }
            $code | Should -Be '80070534'
        }
        It 'takes a group managed service account that the host may use, without a password' {
            $group = @{ LogonType = 'Password'; RunLevel = 'Highest' }
            $mine = New-ScheduledTaskPrincipal -UserId 'CONTOSO\mine$' @group
            (Register-ScheduledTask -TaskName t -Action $action -Principal $mine).State | Should -Be 'Ready'
            foreach ($one in 'CONTOSO\other$', 'CONTOSO\seedcopy') {
                $other = New-ScheduledTaskPrincipal -UserId $one @group
                { Register-ScheduledTask -TaskName o -Action $action -Principal $other -ErrorAction Stop } |
                    Should -Throw '*password is incorrect*'
            }
        }
        It 'takes either a principal or a user' {
            $both = @{ TaskName = 't'; Action = $action; User = 'x'; Principal = [pscustomobject]@{ UserId = 'x' } }
            { Register-ScheduledTask @both -ErrorAction Stop } | Should -Throw '*parameter set*'
        }
    }
    Context 'faults and choices' {
        BeforeEach {
            function Set-TestFault([object[]]$Fault) {
                Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/faults.json" -Value @{ cmdlets = @($Fault) }
            }
            function Set-TestChoice([string]$Id) {
                Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/choices.json" -Value @{ $Id = $true }
            }
            $fault = @{
                name = 'Get-Partition'; effect = 'error'; skip = 1; times = 2
                error_id = 'HRESULT 0x80041013'; message = 'Provider load failure'
            }
        }
        It 'lets the calls of a cmdlet fail that are ordered, and no other' {
            Set-TestFault $fault
            @(1..4 | ForEach-Object {
                    try { (Get-Partition -DriveLetter E -ErrorAction Stop).DiskNumber }
                    catch { "$($_.FullyQualifiedErrorId): $_" }
                }) | Should -Be @(2, 'HRESULT 0x80041013,Get-Partition: Provider load failure',
                'HRESULT 0x80041013,Get-Partition: Provider load failure', 2)
        }
        It 'lets a cmdlet find nothing, or answer nothing' {
            $fault.skip, $fault.times, $fault.effect = 0, 1, 'not-found'
            Set-TestFault $fault
            $id = try { Get-Partition -DriveLetter E -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
            $id | Should -Be 'CmdletizationQuery_NotFound,Get-Partition'
            $fault.effect = 'empty'
            Set-TestFault $fault
            Get-Partition -DriveLetter E -ErrorAction Stop | Should -BeNullOrEmpty
            (Get-Partition -DriveLetter E).DiskNumber | Should -Be 2
        }
        It 'does not count what one stand-in asks another' {
            $fault.skip, $fault.times = 0, 1
            Set-TestFault $fault
            Initialize-Disk -Number 1
            (New-Partition -DiskNumber 1 -UseMaximumSize).PartitionNumber | Should -Be 2
            { Get-Partition -DiskNumber 1 -ErrorAction Stop } | Should -Throw 'Provider load failure'
        }
        It 'hides the partitions, letters and volumes of an offline disk, or shows the partitions' {
            Set-Disk -Number 2 -IsOffline $true
            Get-Partition -DiskNumber 2 -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            Set-TestChoice offline-disk-partitions
            (Get-Partition -DiskNumber 2).DriveLetter | Should -Be ([char]0)
            Get-Volume -DriveLetter E -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            Test-Path -LiteralPath 'E:\keep.txt' | Should -BeFalse
        }
        It 'gives a letter at once, or late' {
            Initialize-Disk -Number 1
            Set-TestChoice late-letter
            (New-Partition -DiskNumber 1 -UseMaximumSize -AssignDriveLetter).DriveLetter | Should -Be ([char]0)
            Set-TestDisk -Serial WD-1 -Change { $_.partitions[1].late_until = 0 }
            (Get-Partition -DiskNumber 1 -PartitionNumber 2).DriveLetter | Should -Be 'D'
        }
        It 'shows a partition style at once, or when the disk was looked at again' {
            Set-TestChoice stale-partition-style
            Initialize-Disk -Number 1
            (Get-Disk -Number 1).PartitionStyle | Should -Be 'RAW'
            Update-Disk -Number 1
            (Get-Disk -Number 1).PartitionStyle | Should -Be 'GPT'
            Clear-Disk -Number 1 -RemoveData -Confirm:$false
            (Get-Disk -Number 1).PartitionStyle | Should -Be 'GPT'
            Update-HostStorageCache
            (Get-Disk -Number 1).PartitionStyle | Should -Be 'RAW'
        }
        It 'has no BitLocker volume where there is no file system' {
            Initialize-Disk -Number 1
            $null = New-Partition -DiskNumber 1 -UseMaximumSize -DriveLetter G
            { Get-BitLockerVolume -MountPoint 'G:' -ErrorAction Stop } | Should -Throw '*0x80070490*'
        }
    }
    It 'fails a test that is wrong' { { 1 | Should -Be 2 } | Should -Throw "*'2'*" }
}
