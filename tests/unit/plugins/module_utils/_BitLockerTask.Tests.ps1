# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'a task on BitLocker volumes' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/bitlocker.ps1')
        $recovery = New-TestProtector -Type recovery_password
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'encrypts with a generated password, goes on while Windows works, and is done' {
        # Longer than a busy machine takes for two looks, and shorter than what Step-TestClock lets pass.
        Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Change {
            $_ | Add-Member -NotePropertyName bitlocker_seconds -NotePropertyValue 50
        }
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $first = Invoke-SeedBitLockerTask -Option $option
        Get-TestStep $first | Should -Be 'add_protector,encrypt'
        "$($first.problem) $($first.working) $($first.reached)" | Should -Be ' encrypting False'
        $first.volume.encryption_method | Should -Be 'Aes256'
        $key = $first.keys[0].value
        Test-SeedRecoveryPassword -Secret @{ value = $key } | Should -BeTrue
        $second = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $second) $($second.working) $($second.keys[0].value -eq $key)" | Should -Be ' encrypting True'
        Step-TestClock
        $third = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $third) $($third.working) $($third.reached) $($third.volume.protection_status)" |
            Should -Be '  True On'
        @($third.volume.protectors).Count | Should -Be 1
    }
    It 'changes nothing in check mode, and says the steps' {
        $before = Get-TestVolumeText
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $found = Invoke-SeedBitLockerTask -Option $option -CheckOnly
        Get-TestStep $found | Should -Be 'add_protector,encrypt'
        "$(@($found.keys).Count) $($found.reached)" | Should -Be '0 False'
        "$($found.after.volume_status) $($found.after.protectors)" | Should -Be 'EncryptionInProgress RecoveryPassword'
        Get-TestVolumeText | Should -Be $before
    }
    It 'takes method and used space' {
        $more = @{ return_keys = $true; method = 'xts_aes128'; used_space_only = $true }
        $option = New-TestOption -State encrypted -Protector $recovery -More $more
        $found = Invoke-SeedBitLockerTask -Option $option
        "$($found.volume.encryption_method) $($found.volume.used_space_only)" | Should -Be 'XtsAes128 True'
    }
    It 'keeps the key of a first try that failed, and the next one goes on with it' {
        Set-TestDisk -Serial DATA -Change { $_ | Add-Member -NotePropertyName thin -NotePropertyValue $true }
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $first = Invoke-SeedBitLockerTask -Option $option
        $first.problem | Should -BeLike '*(0x803100A5)*used_space_only: true*'
        "$(Get-TestStep $first) $(@($first.keys).Count) $($first.reached)" | Should -Be 'add_protector 1 False'
        $option.used_space_only = $true
        $second = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $second) $($second.problem)" | Should -Be 'encrypt '
        $second.keys[0].value | Should -Be $first.keys[0].value
    }
    It 'leaves a drive of an open seed as it is in <wanted>, named by <by>, unless its attempt is named' -ForEach @(
        foreach ($wanted in 'encrypted', 'locked', 'decrypted', 'suspended') {
            foreach ($by in 'serial', 'letter') { @{ wanted = $wanted; by = $by } }
        }
    ) {
        $null = Set-TestSituation -Name encrypted
        $attempt = New-TestAttempt
        $id = (Get-TestProtector -Type RecoveryPassword).id
        $more = $(if ($wanted -eq 'encrypted') { @{ protectors = @($recovery); return_keys = $true; rotate = @($id) } }
            else { @{} })
        if ($by -eq 'letter') { $more += @{ serial = $null; mount_point = 'e:' } }
        $before = Get-TestVolumeText
        foreach ($check in $true, $false) {
            { Invoke-SeedBitLockerTask -Option (New-TestOption -State $wanted -More $more) -CheckOnly:$check } |
                Should -Throw "*DATA belongs to the attempt $attempt of the seed one*clean*attempts: ``[$attempt``]*"
        }
        Get-TestVolumeText | Should -Be $before
        $more.attempts = @('20250101T000000Z-0009', $attempt)
        $done = Invoke-SeedBitLockerTask -Option (New-TestOption -State $wanted -More $more)
        "$($done.problem) $(@($done.steps).Count -gt 0)" | Should -Be ' True'
    }
    It 'refuses each volume when one of them is of an open seed' {
        $null = Set-TestSituation -Name encrypted
        $null = New-TestAttempt
        Add-TestDisk -Serial 'MORE' -Number 3 -Letter 'F'
        $volumes = @((New-TestVolume -Mount 'F:'), (New-TestVolume -Mount 'E:'))
        $more = @{ protectors = @($recovery, (New-TestProtector -Type external_key)); return_keys = $true }
        $before = Get-TestVolumeText
        { Invoke-SeedBitLockerTask -Option (New-TestOption -State encrypted -Volume $volumes -More $more) } |
            Should -Throw '*belongs to the attempt*'
        Get-TestVolumeText | Should -Be $before
    }
    It 'unlocks a drive of an open seed, and goes no further' {
        $key = Set-TestSituation -Name locked
        $null = New-TestAttempt
        $more = @{ recovery_password = $key }
        { Invoke-SeedBitLockerTask -Option (New-TestOption -State decrypted -More $more) } |
            Should -Throw '*belongs to the attempt*'
        Get-TestStep (Invoke-SeedBitLockerTask -Option (New-TestOption -State unlocked -More $more)) |
            Should -Be 'unlock'
    }
    It 'minds no attempt that was given up, is of another drive, or lies in another folder' {
        $null = Set-TestSituation -Name encrypted
        $null = New-TestAttempt -Discarded
        $null = New-TestAttempt -Work 'C:\elsewhere'
        Rename-Item -LiteralPath (Resolve-SeedPath -Path 'C:\elsewhere\seeds\one') -NewName 'two'
        Get-TestStep (Invoke-SeedBitLockerTask -Option (New-TestOption -State locked)) | Should -Be 'lock'
        $open = Get-SeedOpenAttempt -Serial ' data' -WorkDirectory 'C:\elsewhere'
        "$($open.seed) $($open.attempt)" | Should -Be 'two 20260101T000000Z-0001'
        Get-SeedOpenAttempt -Serial 'OTHER' -WorkDirectory 'C:\elsewhere' | Should -BeNullOrEmpty
        "$(Get-SeedLetterSerial -Letter 'e:\') $(Get-SeedLetterSerial -Letter 'Q')" | Should -Be 'DATA '
    }
    It 'stops between two steps when an attempt begins meanwhile' {
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $script:asked = 0
        $call = @{ Find = { 'E' }; Wanted = ConvertTo-SeedBitLockerWish -Option $option }
        $done = Invoke-SeedBitLockerPlan @call -Guard { if ($script:asked++ -gt 0) { 'an attempt began' } else { '' } }
        "$(Get-TestStep $done) $($done.problem)" | Should -Be 'add_protector an attempt began'
    }
    It 'says what is done when the attempts cannot be asked any more' {
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $script:asked = 0
        $call = @{ Find = { 'E' }; Wanted = ConvertTo-SeedBitLockerWish -Option $option }
        $done = Invoke-SeedBitLockerPlan @call -Guard { if ($script:asked++ -gt 0) { throw 'gone' } else { '' } }
        "$(Get-TestStep $done) $($done.problem)" | Should -Be 'add_protector gone'
        { Invoke-SeedBitLockerPlan @call -Guard { throw 'gone' } } | Should -Throw 'gone'
    }
    It 'comes to <wanted> from <name>: says it, does it, and has nothing left to do' -ForEach @(
        foreach ($wanted in 'encrypted', 'unlocked', 'locked', 'decrypted', 'suspended') {
            foreach ($name in 'plain', 'encrypting', 'encrypted', 'suspended', 'locked', 'decrypting', 'left over') {
                @{ wanted = $wanted; name = $name }
            }
        }
    ) {
        $key = Set-TestSituation -Name $name
        $refused = @{
            locked = 'plain', 'encrypting', 'suspended', 'decrypting', 'left over'
            suspended = 'plain', 'encrypting', 'decrypting', 'left over'
        }
        $option = New-TestOption -State $wanted -More @{ recovery_password = $key }
        if ($wanted -eq 'encrypted') {
            $option.protectors = @($recovery)
            $option.return_keys = $true
        }
        $before = Get-TestVolumeText
        if ($name -in @($refused[$wanted])) {
            { Invoke-SeedBitLockerTask -Option $option } | Should -Throw '*E:*'
            Get-TestVolumeText | Should -Be $before
            return
        }
        $checked = Invoke-SeedBitLockerTask -Option $option -CheckOnly
        Get-TestVolumeText | Should -Be $before
        $done = Invoke-SeedBitLockerTask -Option $option
        $done.problem | Should -Be ''
        # A locked volume shows only that it has to be unlocked first.
        (Get-TestStep $done) -like "$(Get-TestStep $checked)*" | Should -BeTrue
        Step-TestClock
        $again = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $again) $($again.reached)" | Should -Be ' True'
        $seen = "$($again.volume.volume_status) $($again.volume.protection_status) $($again.volume.lock_status)"
        $expected = @{
            encrypted = 'FullyEncrypted On Unlocked'
            decrypted = 'FullyDecrypted Off Unlocked'
            suspended = 'FullyEncrypted Off Unlocked'
            locked = ' Unknown Locked'
        }
        if ($wanted -eq 'unlocked') { $again.volume.lock_status | Should -Be 'Unlocked' }
        else { $seen | Should -Be $expected[$wanted] }
    }
    It 'adds each kind once, takes it back only on order, and never the last' {
        $kinds = @(
            $recovery
            New-TestProtector -Type external_key
            New-TestProtector -Type password -Value 'correct horse'
            New-TestProtector -Type account -Account 'S-1-5-21-1-2-3-1000'
        )
        $option = New-TestOption -State encrypted -Protector $kinds -More @{ return_keys = $true }
        $first = Invoke-SeedBitLockerTask -Option $option
        Get-TestStep $first | Should -Be 'add_protector,add_protector,add_protector,add_protector,encrypt'
        "$($first.keys.Count) $($first.volume.protectors.type -join ',')" |
            Should -Be '2 RecoveryPassword,ExternalKey,Password,AdAccountOrGroup'
        Step-TestClock
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be ''
        $option.protectors = @($recovery)
        $option.exclusive = $true
        $held = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $held) $(@($held.held).Count) $(@($held.foreign).Count) $(@($held.warnings).Count)" |
            Should -Be ' 3 3 3'
        $option.escrowed = @($held.keys[0].id)
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) |
            Should -Be 'remove_protector,remove_protector,remove_protector'
        $option.rotate = $option.escrowed
        $option.protectors = @(New-TestProtector -Type password -Value 'correct horse')
        # The password is added, and the last key that escrow has stays.
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be 'add_protector'
    }
    It 'meets an account by its own protector, never by that of another one' {
        $first, $second = 'S-1-5-21-1-2-3-1000', 'S-1-5-21-1-2-3-2000'
        $option = New-TestOption -State encrypted -More @{ return_keys = $true }
        $option.protectors = @($recovery, (New-TestProtector -Type account -Account $first))
        $null = Invoke-SeedBitLockerTask -Option $option
        Step-TestClock
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be ''
        $option.protectors[1].account = $second
        $done = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $done) $($done.foreign.type)" | Should -Be 'add_protector AdAccountOrGroup'
        (Get-TestProtector -Type AdAccountOrGroup).secret -join ' ' | Should -Be "$first $second"
        $option.protectors += New-TestProtector -Type account -Account $first
        "$(Get-TestStep (Invoke-SeedBitLockerTask -Option $option))" | Should -Be ''
    }
    It 'changes nothing when Windows does not tell whose protector it is: <what>' -ForEach @(
        @{ what = 'an old Windows'; answer = [pscustomobject]@{ ReturnValue = [uint32]0x80070032L } }
        @{ what = 'no SID'; answer = [pscustomobject]@{ ReturnValue = [uint32]0; SidString = $null } }
    ) {
        $account = New-TestProtector -Type account -Account 'S-1-5-21-1-2-3-1000'
        $option = New-TestOption -State encrypted -Protector $recovery, $account -More @{ return_keys = $true }
        $null = Invoke-SeedBitLockerTask -Option $option
        Step-TestClock
        Mock Invoke-CimMethod {
            [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
            if ($MethodName -eq 'GetKeyProtectorAdSidInformation') { return $answer }
            Invoke-LabEncryptableMethod -Guid $InputObject.lab_guid -Name $MethodName -Value $Arguments
        } -ModuleName _BitLockerCall
        $id = (Get-TestProtector -Type AdAccountOrGroup).id
        { Invoke-SeedBitLockerTask -Option $option } | Should -Throw "*$id of E: belongs to the*is not known*"
        # Without an account in the task nobody needs to know.
        $option.protectors = @($recovery)
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be ''
    }
    It 'never removes the last protector, whoever asks' {
        $null = Set-TestSituation -Name encrypted
        $volume = Get-SeedBitLockerState -Letter E -Wanted @{ protectors = @() }
        { Remove-SeedProtector -Volume $volume -Id $volume.protectors[0].id } | Should -Throw '*is the last one*'
    }
    It 'knows a given external key again in any form of base64' {
        $text = [Convert]::ToBase64String([byte[]](1..32))
        # The last digit has two bits that say nothing.
        $other = "`n$($text.Substring(0, 20))`n" + $text.Substring(20, 22) + 'B=' + "`n"
        $option = New-TestOption -State encrypted -Protector (New-TestProtector -Type external_key -Value $other)
        $first = Invoke-SeedBitLockerTask -Option $option
        "$($first.problem)$(Get-TestStep $first)" | Should -Be 'add_protector,encrypt'
        Step-TestClock
        $again = Invoke-SeedBitLockerTask -Option $option
        "$($again.problem)$(Get-TestStep $again) $(@($again.volume.protectors).Count)" | Should -Be ' 1'
    }
    It 'says what was done, too, when the volume cannot be read after a step' {
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $global:TestLooks = 0
        Mock Get-SeedVolume {
            param($Letter)
            $global:TestLooks++
            if ($global:TestLooks -gt 2) { throw 'WMI is down' }
            [pscustomobject]@{
                mount_point = 'E:'; volume_type = 'Data'; volume_status = 'FullyDecrypted'; lock_status = 'Unlocked'
                protection_status = 'Off'; encryption_method = 'None'; encryption_percentage = 0
                used_space_only = $false; auto_unlock = $null; protectors = @()
            }
        } -ModuleName _BitLockerStep
        $done = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $done) $($done.problem) $($done.reached)" | Should -Be 'add_protector WMI is down False'
        Remove-Variable -Name TestLooks -Scope Global
    }
    It 'changes a password in place' {
        $option = New-TestOption -State encrypted -More @{ return_keys = $true }
        $option.protectors = @($recovery, (New-TestProtector -Type password -Value 'correct horse'))
        $null = Invoke-SeedBitLockerTask -Option $option
        Step-TestClock
        $old = Get-TestProtector -Type Password
        $option.protectors[1].value = 'battery staple'
        $option.rotate = @($old.id)
        $done = Invoke-SeedBitLockerTask -Option $option
        "$(Get-TestStep $done) $((Get-TestProtector -Type Password).secret)" |
            Should -Be 'change_password battery staple'
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be ''
    }
    It 'says of a wrong key only its code' {
        $null = Set-TestSituation -Name locked
        $option = New-TestOption -State unlocked -More @{ recovery_password = $Password[1] }
        $done = Invoke-SeedBitLockerTask -Option $option
        $done.problem | Should -BeLike '*does not unlock E: (0x80310027)*'
        $done.problem.Contains($Password[1]) | Should -BeFalse
        $option.recovery_password = '111111-222222-333333-444444-555555-666666-777777-888888'
        (Invoke-SeedBitLockerTask -Option $option).problem | Should -BeLike '*(0x80310035)*'
    }
    It 'says it when neither serial nor letter names a volume' {
        foreach ($volume in (New-TestVolume), (New-TestVolume -Serial ' . ')) {
            $option = New-TestOption -State unlocked -Volume $volume
            { Invoke-SeedBitLockerTask -Option $option } | Should -Throw '*`serial`*'.Replace('`', '``')
        }
    }
    It 'changes no volume when one is refused, and names none twice' {
        Add-TestDisk -Serial 'MORE' -Number 3 -Letter 'F'
        Mount-LabDrive
        $both = @(New-TestVolume -Serial DATA), (New-TestVolume -Mount 'F:')
        $option = New-TestOption -State encrypted -Protector $recovery -Volume $both -More @{ return_keys = $true
            method = 'aes128' }
        Protect-TestDisk -Serial MORE -Type RecoveryPassword -Secret $Password[0]
        Set-TestDisk -Serial MORE -Change { $_.partitions[0].bitlocker.encryption_method = 'XtsAes256' }
        $before = Get-TestVolumeText
        { Invoke-SeedBitLockerTask -Option $option } | Should -Throw '*F: is encrypted with XtsAes256*'
        Get-TestVolumeText | Should -Be $before
        $option.method = $null
        $done = @(Invoke-SeedBitLockerTask -Option $option)
        ($done | ForEach-Object { "$($_.mount_point)$(Get-TestStep $_)" }) -join ' ' |
            Should -Be 'E:add_protector,encrypt F:'
        $option.volumes[1] = New-TestVolume -Mount 'e:\'
        { Invoke-SeedBitLockerTask -Option $option } | Should -Throw '*name E:*'
    }
    It 'stops when another volume is at the letter' {
        Add-TestDisk -Serial 'MORE' -Number 3 -Letter 'F'
        $letters = [System.Collections.Generic.Queue[string]]::new([string[]]@('E', 'F'))
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        $wanted = ConvertTo-SeedBitLockerWish -Option $option
        $done = Invoke-SeedBitLockerPlan -Find { $letters.Dequeue() } -Wanted $wanted
        "$(Get-TestStep $done) $($done.problem)" | Should -BeLike 'add_protector Another volume is at F:*'
    }
    It 'touches no volume but those that an earlier look of the task saw' {
        $null = Set-TestSituation -Name encrypted
        $option = New-TestOption -State decrypted -More @{ _devices = @('\\?\Volume{another}\') }
        $before = Get-TestVolumeText
        { Invoke-SeedBitLockerTask -Option $option } | Should -Throw '*Another volume is at E:*'
        Get-TestVolumeText | Should -Be $before
        $option._devices = @((Get-SeedBitLockerState -Letter E -Wanted @{ protectors = @() }).encryptable.DeviceID)
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be 'decrypt'
    }
    It 'hands keys on only in what Windows logs without its values' {
        $bare = foreach ($name in 'Protect-SeedContent', 'Read-SeedProtectorValue', 'Invoke-SeedBitLockerMethod',
            'Add-SeedProtector', 'Unlock-SeedVolume', 'ConvertFrom-SeedKeyText', 'Test-SeedRecoveryPassword') {
            $all = & (Get-Module -Name _BitLockerStep) { (Get-Command -Name $args[0]).Parameters.Values } $name
            foreach ($one in $all) { if ($one.ParameterType -in [byte[]], [securestring]) { "$name $($one.Name)" } }
        }
        @($bare) -join ' ' | Should -BeExactly ''
    }
    It 'seals keys for the controller, and says them nowhere else' {
        $pem, $certificate = New-TestCertificate
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ _hold = $true
            _transport_certificate = $pem }
        $all = Invoke-SeedBitLockerTask -Option $option *>&1
        $secret = (Get-TestProtector -Type RecoveryPassword).secret
        Get-TestStep $all | Should -Be 'add_protector'
        "$($all.held[0].step) $($all.volume.volume_status)" | Should -Be 'encrypt FullyDecrypted'
        $shown = ConvertTo-SeedBitLockerResult -Record $all | ConvertTo-Json -Depth 8
        $shown.Contains($secret) | Should -BeFalse
        $opened = Open-TestSealed -Cms $all.sealed.cms -Certificate $certificate
        "$($opened.keys[0].value -eq $secret) $($opened.mount_point) $($opened.keys[0].type)" |
            Should -Be 'True E: RecoveryPassword'
        $option.escrowed = @($opened.keys[0].id)
        Get-TestStep (Invoke-SeedBitLockerTask -Option $option) | Should -Be 'encrypt'
    }

    Context 'automatic unlocking' {
        It 'needs Windows itself to be encrypted, and leaves no protector behind' {
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true
                auto_unlock = $true }
            $done = Invoke-SeedBitLockerTask -Option $option
            $done.problem | Should -BeLike '*(0x80310020)*'
            "$(Get-TestStep $done) $(@($done.keys).Count) $($done.volume.protectors.type)" |
                Should -Be 'add_protector,encrypt 1 RecoveryPassword'
        }
        It 'comes and goes, whether Windows removes its protector or not (<opposite>)' -ForEach @(
            @{ opposite = $false }, @{ opposite = $true }
        ) {
            Set-TestChoice -Choice 'bitlocker-auto-unlock-off' -Opposite $opposite
            $system = New-TestOption -State encrypted -Protector $recovery, (New-TestProtector -Type tpm) -More @{
                return_keys = $true; serial = 'SYS'
            }
            Get-TestStep (Invoke-SeedBitLockerTask -Option $system) | Should -Be 'add_protector,add_protector,encrypt'
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true
                auto_unlock = $true }
            $null = Invoke-SeedBitLockerTask -Option $option
            Step-TestClock
            $done = Invoke-SeedBitLockerTask -Option $option
            "$($done.problem)$(Get-TestStep $done) $($done.volume.auto_unlock) $(@($done.foreign).Count)" |
                Should -Be ' True 0'
            $option.auto_unlock = $false
            $done = Invoke-SeedBitLockerTask -Option $option
            "$(Get-TestStep $done) $($done.volume.auto_unlock) $($done.volume.protectors.type)" |
                Should -Be 'disable_auto_unlock False RecoveryPassword'
        }
        It 'suspends Windows for some restarts, and decrypts it only without keys of other volumes' {
            $system = New-TestOption -State encrypted -Protector $recovery, (New-TestProtector -Type tpm) -More @{
                return_keys = $true; serial = 'SYS'
            }
            $null = Invoke-SeedBitLockerTask -Option $system
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true
                auto_unlock = $true }
            $null = Invoke-SeedBitLockerTask -Option $option
            Step-TestClock
            $decrypt = New-TestOption -State decrypted -More @{ serial = 'SYS' }
            (Invoke-SeedBitLockerTask -Option $decrypt).problem |
                Should -BeLike '*(0x80310029)*Clear-BitLockerAutoUnlock*'
            $suspend = New-TestOption -State suspended -More @{ serial = 'SYS'; reboot_count = 2 }
            Get-TestStep (Invoke-SeedBitLockerTask -Option $suspend) | Should -Be 'disable_protectors'
            (Read-LabFile -Path "$env:LAB_HOME/disks/SYS/disk.json").partitions[0].bitlocker.restarts_left |
                Should -Be 2
        }
    }

    It 'turns a decryption that is paused round, whatever Windows does first (<opposite>)' -ForEach @(
        @{ opposite = $false }, @{ opposite = $true }
    ) {
        Set-TestChoice -Choice 'bitlocker-paused-decryption' -Opposite $opposite
        $null = Set-TestSituation -Name encrypted
        Set-TestDisk -Serial DATA -Change {
            $_.partitions[0].bitlocker.volume_status,
                $_.partitions[0].bitlocker.protection_status = 'DecryptionSuspended', 'Off'
        }
        $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
        (Invoke-SeedBitLockerTask -Option $option).problem | Should -Be ''
        Step-TestClock
        (Invoke-SeedBitLockerTask -Option $option).reached | Should -BeTrue
    }

    Context 'policies and rights' {
        It 'names the policy that forbids <type> (<code>)' -ForEach @(
            @{ type = 'recovery_password'; value = ''; policy = 'FDVRecoveryPassword'; code = '0x8031005C' }
            @{ type = 'external_key'; value = ''; policy = 'FDVRecoveryKey'; code = '0x8031005E' }
            @{ type = 'password'; value = 'correct horse'; policy = 'FDVPassphrase'; code = '0x8031006A' }
        ) {
            Set-TestPolicy -Name $policy -Value 0
            $option = New-TestOption -State encrypted -More @{ return_keys = $true }
            $option.protectors = @(New-TestProtector -Type $type -Value $value)
            $done = Invoke-SeedBitLockerTask -Option $option
            $done.problem | Should -BeLike "*($code)*policy*"
            "$($done.volume.volume_status) $(@($done.volume.protectors).Count)" | Should -Be 'FullyDecrypted 0'
        }
        It 'says what to do about <code>, which <method> returns under a policy' -ForEach @(
            @{ code = '0x80310037'; method = 'ProtectKeyWithNumericalPassword'; text = '*FIPS*external_key*' }
            @{ code = '0x8031005D'; method = 'Encrypt'; text = '*policy*wants a recovery password*' }
            @{ code = '0x8031005F'; method = 'Encrypt'; text = '*policy*wants an external key*' }
            @{ code = '0x8031006B'; method = 'Encrypt'; text = '*policy*wants a password*' }
            @{ code = '0x80310077'; method = 'PrepareVolume'; text = '*policy*forbids BitLocker on removable*' }
            @{ code = '0x80310078'; method = 'Encrypt'; text = '*policy*to turn on BitLocker on removable*' }
            @{ code = '0x80310083'; method = 'Encrypt'; text = '*policy*automatic unlocking of fixed*' }
            @{ code = '0x80310084'; method = 'Encrypt'; text = '*policy*automatic unlocking of removable*' }
            @{ code = '0x80310087'; method = 'Encrypt'; text = '*policy*denies write access*startup keys*' }
            @{ code = '0x80310090'; method = 'Encrypt'; text = '*policy*in the directory and forbids them*' }
            @{ code = '0x80310091'; method = 'Encrypt'; text = '*policy*in the directory and forbids them*' }
            @{ code = '0x80310092'; method = 'Encrypt'; text = '*policy*in the directory and forbids them*' }
            @{ code = '0x80070013'; method = 'PrepareVolume'; text = '*read-only*policy*another organization*' }
            @{ code = '0x80070057'; method = 'Encrypt'; text = '*policy wants another*' }
        ) {
            Mock Invoke-CimMethod {
                [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
                if ($MethodName -eq $method) { return [pscustomobject]@{ ReturnValue = [uint32]$code } }
                Invoke-LabEncryptableMethod -Guid $InputObject.lab_guid -Name $MethodName -Value $Arguments
            } -ModuleName _BitLockerCall
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
            $done = Invoke-SeedBitLockerTask -Option $option
            $done.problem | Should -BeLike "*($code)$text"
            $done.volume.volume_status | Should -Be 'FullyDecrypted'
        }
        It 'names the policy that makes drives read-only until they are protected: <name>' -ForEach @(
            @{ name = 'FDVDenyWriteAccess'; kind = 'fixed' }, @{ name = 'RDVDenyWriteAccess'; kind = 'removable' }
        ) {
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
            $key = 'SYSTEM\CurrentControlSet\Policies\Microsoft\FVE'
            Set-TestPolicy -Key $key -Name $name -Value 0
            @((Invoke-SeedBitLockerTask -Option $option -CheckOnly).warnings).Count | Should -Be 0
            Set-TestPolicy -Key $key -Name $name -Value 1
            # BitLocker can write what it needs, so encrypting goes on.
            $done = Invoke-SeedBitLockerTask -Option $option
            "$(Get-TestStep $done) $($done.problem)" | Should -Be 'add_protector,encrypt '
            @($done.warnings).Count | Should -Be 1
            $done.warnings[0] | Should -BeLike "*denies write access to $kind drives*nobody can write to it until*"
            Step-TestClock
            @((Invoke-SeedBitLockerTask -Option $option).warnings).Count | Should -Be 0
            $decrypt = Invoke-SeedBitLockerTask -Option (New-TestOption -State decrypted)
            @($decrypt.warnings).Count | Should -Be 1
            @((Invoke-SeedBitLockerTask -Option (New-TestOption -State unlocked)).warnings).Count | Should -Be 0
        }
        It 'goes on under a policy that wants the directory once the host reaches it' {
            Set-TestPolicy -Name FDVRequireActiveDirectoryBackup -Value 1
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ return_keys = $true }
            (Invoke-SeedBitLockerTask -Option $option).problem | Should -BeLike '*(0x8007054B)*domain*'
            Set-TestDomain
            (Invoke-SeedBitLockerTask -Option $option).problem | Should -Be ''
        }
        It 'wants a recovery password first under that policy' {
            Set-TestPolicy -Name FDVRequireActiveDirectoryBackup -Value 1
            $option = New-TestOption -State encrypted -More @{ return_keys = $true }
            $option.protectors = @(New-TestProtector -Type external_key)
            (Invoke-SeedBitLockerTask -Option $option).problem | Should -BeLike '*(0x8031002C)*recovery password first*'
        }
        It 'stores recovery passwords in the directory, or says why not' {
            $option = New-TestOption -State encrypted -Protector $recovery -More @{ _hold = $true; _directory = $true }
            $none = Invoke-SeedBitLockerTask -Option $option
            # Whether that matters is for the controller, which knows the other places.
            "$($none.problem)$($none.directory.proof)" | Should -Be ''
            $none.directory.text | Should -BeLike '*(0x8007054B)*'
            Set-TestDomain
            (Invoke-SeedBitLockerTask -Option $option).directory.text | Should -BeLike '*policy*is off*'
            Set-TestPolicy -Name FDVActiveDirectoryBackup -Value 1
            $done = Invoke-SeedBitLockerTask -Option $option
            $id = $done.volume.protectors[0].id
            "$($done.problem)$($done.directory.id) $($done.directory.proof)$($done.directory.text)" |
                Should -Be "$id read"
            $kept = Read-LabFile -Path "$env:LAB_HOME/directory.json"
            $kept.$id.secret | Should -Be (Get-TestProtector -Type RecoveryPassword).secret
        }
        It 'says in one sentence that <what>' -ForEach @(
            @{ what = 'the account has no full rights'; code = '0x80041003'
                text = '*(0x80041003)*LocalAccountTokenFilterPolicy*' }
            @{ what = 'the feature is missing'; code = '0x8004100e'
                text = '*(0x8004100E)*Install the Windows feature*' }
        ) {
            Mock Get-CimInstance {
                [CmdletBinding()]param($Namespace, $ClassName, $Filter)
                Write-Error -Message 'Zugriff verweigert' -ErrorId "HRESULT $code"
            } -ModuleName _Volume
            { Invoke-SeedBitLockerTask -Option (New-TestOption -State unlocked) } | Should -Throw $text
        }
        It 'says it without the cmdlets, as on Server Core without the feature' {
            Mock Get-Command { } -ModuleName _Volume
            { Invoke-SeedBitLockerTask -Option (New-TestOption -State unlocked) } |
                Should -Throw '*no BitLocker cmdlets*Install*'
        }
        It 'says it of a volume without a file system' {
            Set-TestDisk -Serial DATA -Change { $_.partitions[0].file_system = $null }
            { Invoke-SeedBitLockerTask -Option (New-TestOption -State unlocked) } | Should -Throw '*0x80070490*'
        }
        It 'quotes nothing when a call fails without a code' {
            $phrase = New-TestProtector -Type password -Value 'correct horse'
            $option = New-TestOption -State encrypted -Protector $phrase
            Mock Invoke-CimMethod {
                [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
                if ($MethodName -eq 'ProtectKeyWithPassphrase') {
                    throw "Passphrase '$($Arguments['Passphrase'])' is bad"
                }
                Invoke-LabEncryptableMethod -Guid $InputObject.lab_guid -Name $MethodName -Value $Arguments
            } -ModuleName _BitLockerCall
            $done = Invoke-SeedBitLockerTask -Option $option
            $done.problem | Should -BeLike 'Windows could not*'
            $done.problem.Contains('correct horse') | Should -BeFalse
        }
        It 'stops when Windows takes a step and shows no effect' {
            Mock Invoke-SeedBitLockerStep { } -ModuleName _BitLockerStep
            $phrase = New-TestProtector -Type password -Value 'correct horse'
            $option = New-TestOption -State encrypted -Protector $phrase
            (Invoke-SeedBitLockerTask -Option $option).problem | Should -BeLike '*shows no effect*'
        }
    }
}
