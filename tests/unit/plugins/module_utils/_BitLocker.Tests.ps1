# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the plan for a BitLocker volume' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Volume', '_BitLockerCall', '_BitLocker'
        $password = '238810-662376-448998-450120-652806-203390-606320-483076'
        $external = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

        function New-Seen {
            # A volume as Get-SeedBitLockerState shows it; protectors as 'id:Type', with ! for automatic unlocking and
            # = and a number for the wanted one whose value it holds.
            param([string]$Status, [string]$Protection = 'Off', [string[]]$Protector = @(), [hashtable]$More = @{})
            $seen = @{
                mount_point = 'E:'
                volume_type = 'Data'
                volume_status = $Status
                lock_status = 'Unlocked'
                protection_status = $Protection
                encryption_method = $(if ($Status -eq 'FullyDecrypted') { 'None' } else { 'Aes256' })
                used_space_only = $false
                auto_unlock = $(if ($Status -eq 'FullyDecrypted') { $null } else { $false })
                protectors = @(foreach ($one in $Protector) {
                    $null = $one -match '^(?<id>\w+):(?<type>\w+)(?<auto>!?)(?:=(?<holds>\d))?$'
                    $holds = @(if ($Matches.ContainsKey('holds')) { [int]$Matches['holds'] })
                    [pscustomobject]@{
                        id = $Matches['id']
                        type = $Matches['type']
                        auto_unlock = $Matches['auto'] -eq '!'
                        holds = $holds
                    }
                })
            }
            foreach ($name in $More.Keys) { $seen[$name] = $More[$name] }
            [pscustomobject]$seen
        }

        function New-Protector {
            param([string]$Type, [string]$Value = '', [string]$Account = '')
            @{ type = $Type; value = $Value; account = $Account }
        }

        function New-Wish {
            param([string]$State = 'encrypted', [object[]]$Protectors = @(), [hashtable]$More = @{})
            $wish = @{
                state = $State; protectors = @($Protectors); rotate = @(); exclusive = $false; method = $null
                used_space_only = $null; auto_unlock = $null; reboot_count = $null; has_key = $false; escrow = $false
                escrowed = @(); leaves = $true
            }
            foreach ($name in $More.Keys) { $wish[$name] = $More[$name] }
            $wish
        }

        function Get-Said {
            # A plan in one line: its steps, those that are held in brackets, and what Windows works at.
            param([object]$Plan)
            if ($Plan.refused) { return "refused: $($Plan.refused)" }
            $words = foreach ($one in $Plan.steps) {
                $text = "$($one.step)$(if ($one.id) { " $($one.id)" } elseif ($one.type) { " $($one.type)" })"
                if ($one.held) { "($text)" } else { $text }
            }
            "$($words -join ', ')$(if ($Plan.working) { " | $($Plan.working)" })"
        }
        $recovery = New-Protector -Type recovery_password
    }

    # Each combined state of the observed table, from each wanted state.
    It '<wanted> from <name>' -ForEach @(
        foreach ($row in @(
            @{ name = 'never encrypted'; status = 'FullyDecrypted'; protection = 'Off'; protector = ''; plans = @{
                encrypted = 'add_protector recovery_password, encrypt'; unlocked = ''; decrypted = ''
                locked = 'refused: *not encrypted*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'a failed first try'; status = 'FullyDecrypted'; protection = 'Off'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = 'encrypt'; unlocked = ''; decrypted = 'delete_protectors'
                locked = 'refused: *is Off*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'encrypting'; status = 'EncryptionInProgress'; protection = 'Off'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = ' | encrypting'; unlocked = ''; decrypted = 'decrypt'
                locked = 'refused: *is Off*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'encryption paused'; status = 'EncryptionSuspended'; protection = 'Off'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = 'resume_conversion'; unlocked = ''; decrypted = 'decrypt'
                locked = 'refused: *is Off*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'encrypted'; status = 'FullyEncrypted'; protection = 'On'; protector = 'a:RecoveryPassword'
                plans = @{
                encrypted = ''; unlocked = ''; decrypted = 'decrypt'; locked = 'lock'
                    suspended = 'disable_protectors' } }
            @{ name = 'wiping free space'; status = 'FullyEncryptedWipeInProgress'; protection = 'On'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = ''; unlocked = ''; decrypted = 'decrypt'; locked = 'lock'
                    suspended = 'disable_protectors' } }
            @{ name = 'suspended'; status = 'FullyEncrypted'; protection = 'Off'; protector = 'a:RecoveryPassword'
                plans = @{
                encrypted = 'enable_protectors'; unlocked = ''; decrypted = 'decrypt'
                locked = 'refused: *is Off*'; suspended = '' } }
            @{ name = 'waiting for activation'; status = 'FullyEncrypted'; protection = 'Off'; protector = ''
                plans = @{
                encrypted = 'add_protector recovery_password, enable_protectors'; unlocked = ''; decrypted = 'decrypt'
                locked = 'refused: *not encrypted*'; suspended = '' } }
            @{ name = 'decrypting'; status = 'DecryptionInProgress'; protection = 'Off'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = 'encrypt'; unlocked = ''; decrypted = ' | decrypting'
                locked = 'refused: *is Off*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'decryption paused'; status = 'DecryptionSuspended'; protection = 'Off'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = 'encrypt'; unlocked = ''; decrypted = 'resume_conversion'
                locked = 'refused: *is Off*'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'a status of a later Windows'; status = 'Thawing'; protection = 'On'
                protector = 'a:RecoveryPassword'; plans = @{
                encrypted = 'refused: *not known*'; unlocked = ''; decrypted = 'refused: *not known*'
                locked = 'lock'; suspended = 'refused: *Only an encrypted*' } }
            @{ name = 'a status that is not shown'; status = ''; protection = 'Unknown'; protector = ''; plans = @{
                encrypted = 'refused: *not known*'; unlocked = ''; decrypted = 'refused: *not known*'
                locked = 'refused: *not encrypted*'; suspended = 'refused: *Only an encrypted*' } }
        )) {
            foreach ($state in $row.plans.Keys) { $row + @{ wanted = $state; said = $row.plans[$state] } }
        }
    ) {
        $seen = New-Seen -Status $status -Protection $protection -Protector @($protector | Where-Object { $_ })
        $more = @($(if ($wanted -eq 'encrypted') { $recovery }) | Where-Object { $_ })
        $plan = Get-SeedBitLockerPlan -Volume $seen -Wanted (New-Wish -State $wanted -Protectors $more)
        if ($said -match '\*') { Get-Said $plan | Should -BeLike $said } else { Get-Said $plan |
            Should -BeExactly $said }
    }

    It 'asks for the key of a locked volume, whatever else is wanted: <wanted>' -ForEach @(
        @{ wanted = 'encrypted' }, @{ wanted = 'unlocked' }, @{ wanted = 'decrypted' }, @{ wanted = 'suspended' }
    ) {
        $more = @{ lock_status = 'Locked' }
        $seen = New-Seen -Status '' -Protection Unknown -Protector 'a:RecoveryPassword' -More $more
        $protectors = @($(if ($wanted -eq 'encrypted') { $recovery }) | Where-Object { $_ })
        $wish = New-Wish -State $wanted -Protectors $protectors
        Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
            Should -BeLike 'refused: *is locked*Give ``journal``*'
        $wish.has_key = $true
        Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'unlock'
    }
    It 'leaves a locked volume locked' {
        $more = @{ lock_status = 'Locked' }
        $seen = New-Seen -Status '' -Protection Unknown -Protector 'a:RecoveryPassword' -More $more
        Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted (New-Wish -State locked)) | Should -BeExactly ''
    }
    It 'changes nothing while it cannot be told whether a volume is locked' {
        $seen = New-Seen -Status FullyDecrypted -More @{ lock_status = '' }
        foreach ($state in 'encrypted', 'unlocked', 'locked', 'decrypted', 'suspended') {
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted (New-Wish -State $state)) |
                Should -BeLike 'refused: *not known*'
        }
    }

    Context 'protectors' {
        It 'adds no second of a kind, and takes no automatic unlocking for one' {
            $wish = New-Wish -Protectors $recovery, (New-Protector -Type external_key)
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'b:ExternalKey!'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
                Should -BeExactly 'add_protector external_key'
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'b:ExternalKey'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly ''
        }
        It 'adds a given value beside another one, and knows it again' {
            $wish = New-Wish -Protectors (New-Protector -Type recovery_password -Value $password)
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword'
            $plan = Get-SeedBitLockerPlan -Volume $seen -Wanted $wish
            Get-Said $plan | Should -BeExactly 'add_protector recovery_password'
            $plan.foreign[0].id | Should -BeExactly 'a'
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword',
                'b:RecoveryPassword=0'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly ''
        }
        It 'keeps foreign ones, and removes them only when they are not wanted and a key that stays is known' {
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'x:Password',
                'p:PublicKey'
            $wish = New-Wish -Protectors $recovery
            $plan = Get-SeedBitLockerPlan -Volume $seen -Wanted $wish
            Get-Said $plan | Should -BeExactly ''
            ($plan.foreign | ForEach-Object { $_.id }) -join ',' | Should -BeExactly 'x,p'
            $wish.exclusive = $true
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly '(remove_protector x)'
            $wish.escrowed = @('a')
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'remove_protector x'
        }
        It 'rotates: adds, waits for the escrow, removes, and is done' {
            $wish = New-Wish -Protectors $recovery -More @{ rotate = @('a'); escrow = $true }
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
                Should -BeExactly 'add_protector recovery_password, (remove_protector a)'
            # Killed here: the next run sees the new one and adds no third.
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'b:RecoveryPassword'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly '(remove_protector a)'
            $wish.escrowed = @('a')
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly '(remove_protector a)'
            $wish.escrowed = @('b')
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'remove_protector a'
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'b:RecoveryPassword'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly ''
        }
        It 'rotates to a given value, which the caller knows' {
            $given = New-Protector -Type recovery_password -Value $password
            $wish = New-Wish -Protectors $given -More @{ rotate = @('a') }
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword',
                'b:RecoveryPassword=0'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'remove_protector a'
        }
        It 'changes the one password of a volume in one step' {
            $wish = New-Wish -Protectors $recovery,
                (New-Protector -Type password -Value 'correct horse') -More @{ rotate = @('w') }
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'w:Password'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'change_password w'
        }
        It 'does not encrypt before every key is in escrow' {
            $wish = New-Wish -Protectors $recovery, (New-Protector -Type external_key) -More @{ escrow = $true
                escrowed = @('a') }
            $seen = New-Seen -Status FullyDecrypted -Protector 'a:RecoveryPassword', 'b:ExternalKey'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly '(encrypt)'
            $wish.escrowed = @('a', 'b')
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'encrypt'
        }
        It 'rotates no protector that unlocks the volume automatically' {
            $wish = New-Wish -Protectors $recovery -More @{ rotate = @('k') }
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', 'k:ExternalKey!'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
                Should -BeLike 'refused: *auto_unlock: false*'
        }
    }

    Context 'what is refused' {
        It 'refuses <text>' -ForEach @(
            @{ text = '*A TPM protects only*'; status = 'FullyDecrypted'; types = @('tpm'); more = @{} }
            @{ text = '*has no protector*'; status = 'FullyDecrypted'; types = @(); more = @{} }
            @{
                text = '*encrypted with Aes256, not with the ``method`` XtsAes256*state: decrypted*'
                status = 'FullyEncrypted'; types = @('recovery_password'); more = @{ method = 'XtsAes256' }
            }
            @{ text = '*holds Windows. Name tpm*'; status = 'FullyDecrypted'; types = @('recovery_password')
                more = @{ system = $true } }
            @{
                text = '*auto_unlock`` is for data*'; status = 'FullyEncrypted'; types = @('recovery_password')
                more = @{ system = $true; auto_unlock = $true }
            }
        ) {
            $wish = New-Wish -Protectors @($types | ForEach-Object { New-Protector -Type $_ }) -More $more
            $seen = New-Seen -Status $status
            if ($more['system']) { $seen.volume_type = 'OperatingSystem' }
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeLike "refused: $text"
        }
        It 'does not take the TPM from Windows, which would ask for a key at every start (<name>)' -ForEach @(
            @{ name = 'exclusive'; more = @{ exclusive = $true }; tpm = 'TpmPin' }
            @{ name = 'rotate'; more = @{ rotate = @('t') }; tpm = 'Tpm' }
        ) {
            $wish = New-Wish -Protectors $recovery -More ($more + @{ escrowed = @('a') })
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword', "t:$tpm"
            $seen.volume_type = 'OperatingSystem'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
                Should -BeLike 'refused: *E: holds Windows*tpm*'
            $wish.protectors = @($recovery, (New-Protector -Type tpm))
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeLike '*remove_protector t*'
            $wish.protectors = @($recovery)
            $wish.exclusive, $wish.rotate = $false, @()
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly ''
        }
        It 'refuses full encryption where only the used space was encrypted, and takes more than was asked for' {
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword'
            $seen.used_space_only = $true
            $wish = New-Wish -Protectors $recovery -More @{ used_space_only = $false }
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) |
                Should -BeLike 'refused: Only the used space*'
            $seen.used_space_only, $wish.used_space_only = $false, $true
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly ''
        }
        It 'does not lock <name>' -ForEach @(
            @{ name = 'Windows'; more = @{ volume_type = 'OperatingSystem' }; protector = 'a:Tpm'
                text = '*holds Windows*' }
            @{ name = 'what unlocks itself'; more = @{ auto_unlock = $true }; protector = 'a:ExternalKey'
                text = '*by itself*' }
            @{ name = 'what only a password opens'; more = @{}; protector = 'a:Password'
                text = '*neither a recovery*' }
        ) {
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector $protector -More $more
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted (New-Wish -State locked)) |
                Should -BeLike "refused: $text"
        }
        It 'counts restarts only for Windows' {
            $wish = New-Wish -State suspended -More @{ reboot_count = 2 }
            $seen = New-Seen -Status FullyEncrypted -Protection On -Protector 'a:RecoveryPassword'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeLike 'refused: ``reboot_count``*'
            $seen.volume_type = 'OperatingSystem'
            Get-Said (Get-SeedBitLockerPlan -Volume $seen -Wanted $wish) | Should -BeExactly 'disable_protectors'
        }
    }

    Context 'options' {
        It 'says what is wrong: <text>' -ForEach @(
            @{ one = @{ type = 'recovery_password'; value = '111111' }; text = '*is no recovery password*' }
            @{ one = @{ type = 'recovery_password'; value = '111111-222222-333333-444444-555555-666666-777777-888888' }
                text = '*is no recovery password*' }
            @{ one = @{ type = 'recovery_password'
                value = "238810-662376-448998-450120-652806-203390-606320-483076`n" }
                text = '*is no recovery password*' }
            @{ one = @{ type = 'external_key'; value = 'AAEC' }; text = '*is no external key*' }
            @{ one = @{ type = 'password' }; text = '*needs a ``value``*' }
            @{ one = @{ type = 'account' }; text = '*needs ``account``*' }
            @{ one = @{ type = 'tpm'; value = 'x' }; text = '*takes no ``value``*' }
            @{ one = @{ type = 'password'; value = 'x'; account = 'y' }; text = '*only the type account*' }
        ) {
            $whole = New-Protector -Type $one.type -Value "$($one['value'])" -Account "$($one['account'])"
            $said = Get-SeedWantedProblem -Wanted (New-Wish -Protectors $whole)
            $said | Should -BeLike $text
            if ($one['value'] -and $one.value.Length -gt 1) { $said.Contains($one.value) | Should -BeFalse }
        }
        It 'takes good ones' {
            $all = @(
                New-Protector -Type recovery_password -Value $password
                New-Protector -Type recovery_password
                New-Protector -Type external_key -Value $external
                New-Protector -Type password -Value 'correct horse'
                New-Protector -Type account -Account 'CONTOSO\backup'
            )
            Get-SeedWantedProblem -Wanted (New-Wish -Protectors $all) | Should -BeExactly ''
        }
        It 'generates no key that nobody would know' {
            Get-SeedWantedProblem -Wanted (New-Wish -Protectors $recovery -More @{ leaves = $false }) |
                Should -BeLike 'Nobody would know*escrow*return_keys*'
        }
        It 'keeps nothing in escrow that escrow cannot hold' {
            $wish = New-Wish -Protectors (New-Protector -Type password -Value 'correct horse') -More @{ escrow = $true }
            Get-SeedWantedProblem -Wanted $wish | Should -BeLike '``escrow`` keeps*'
            $wish.escrow = $false
            Get-SeedWantedProblem -Wanted $wish | Should -BeExactly ''
        }
        It 'takes no generated one twice' {
            Get-SeedWantedProblem -Wanted (New-Wish -Protectors $recovery, $recovery) | Should -BeLike '*twice*'
        }
        It 'takes <name> only with what it belongs to' -ForEach @(
            @{ name = 'exclusive'; wish = @{ exclusive = $true }; text = '*needs ``protectors``*' }
            @{ name = 'rotate'; wish = @{ rotate = @('a') }; text = '*needs ``protectors``*' }
            @{ name = 'auto_unlock'; wish = @{ state = 'locked'; auto_unlock = $false }; text = '' }
            @{ name = 'auto_unlock on'; wish = @{ state = 'locked'; auto_unlock = $true }; text = '*belongs to*' }
        ) { Get-SeedWantedProblem -Wanted (New-Wish -More $wish) | Should -BeLike $text }
    }

    It 'takes a code in any case, and says that one is not known' {
        Get-SeedBitLockerAnswer -Code '0x8031005c' | Should -BeExactly (Get-SeedBitLockerAnswer -Code '0x8031005C')
        Get-SeedBitLockerAnswer -Code '0x8031FFFF' | Should -BeLike '*not known*certutil*'
    }

    # By the names of winerror.h. Each row is what it means, then what to do; an empty remedy says that there is none.
    It 'says of each code what it means, and what to do' {
        $gpo = 'Change it below Computer Configuration'
        $rows = @(
            , @('0x80310000', 'is locked', 'Give its key')
            , @('0x80310008', 'not turned on', '')
            , @('0x80310012', 'start Windows', '')
            , @('0x80310013', 'no file system', 'Format it with NTFS')
            , @('0x80310020', 'on its own volume', 'Encrypt that first*leave `auto_unlock` out')
            , @('0x80310024', 'at the same moment', 'Run again')
            , @('0x80310027', 'not one of this volume', '')
            , @('0x80310029', 'keys of other volumes', 'Run Clear-BitLockerAutoUnlock')
            , @('0x8031002C', 'wants a recovery password first', "Add one to ``protectors``*$gpo")
            , @('0x8031002D', 'another method', 'Decrypt it first')
            , @('0x8031002E', 'no protector', 'Name one in `protectors`')
            , @('0x80310031', 'can have only one', 'Name its id in `rotate`')
            , @('0x80310033', 'no protector of that kind', '')
            , @('0x80310035', 'malformed', '')
            , @('0x80310037', 'FIPS mode forbids recovery passwords', 'Use `type: external_key`')
            , @('0x80310038', 'FIPS mode forbids to save external keys', 'Use `type: account`*turn FIPS mode off')
            , @('0x80310049', 'this edition of Windows', '')
            , @('0x8031004B', 'in use', 'Close what uses it')
            , @('0x8031004E', 'waits for a restart', 'Restart it')
            , @('0x80310053', 'this edition of Windows', '')
            , @('0x80310059', 'another operation', 'Run again')
            , @('0x8031005A', 'this edition of Windows', '')
            , @('0x8031005C', 'forbids recovery passwords', $gpo)
            , @('0x8031005D', 'wants a recovery password', "Add one to ``protectors``*$gpo")
            , @('0x8031005E', 'forbids external keys', $gpo)
            , @('0x8031005F', 'wants an external key', "Add one to ``protectors``*$gpo")
            , @('0x8031006A', 'forbids passwords', $gpo)
            , @('0x8031006B', 'wants a password', "Put one first in ``protectors``*$gpo")
            , @('0x8031006C', 'FIPS mode forbids passwords', 'Use `type: external_key`')
            , @('0x8031006D', 'the volume that holds Windows', '')
            , @('0x80310075', 'forbids automatic unlocking of fixed drives', $gpo)
            , @('0x80310076', 'forbids automatic unlocking of removable drives', $gpo)
            , @('0x80310077', 'forbids BitLocker on removable drives', $gpo)
            , @('0x80310078', 'forbids to turn on BitLocker on removable drives', $gpo)
            , @('0x80310079', 'forbids to turn off BitLocker on removable drives', $gpo)
            , @('0x80310080', 'too short', '8 characters')
            , @('0x80310081', 'wants a password of more kinds of characters', $gpo)
            , @('0x80310083', 'unlocking of fixed drives and forbids the keys', $gpo)
            , @('0x80310084', 'unlocking of removable drives and forbids the keys', $gpo)
            , @('0x80310087', 'denies write access*requires startup keys', $gpo)
            , @('0x80310090', 'wants recovery passwords in the directory and forbids them', $gpo)
            , @('0x80310091', 'wants recovery passwords in the directory and forbids them', $gpo)
            , @('0x80310092', 'wants recovery passwords in the directory and forbids them', $gpo)
            , @('0x80310097', 'unlocks it by itself', 'Turn that off with `auto_unlock: false`')
            , @('0x803100A5', 'its storage is thin', 'Set `used_space_only: true`')
            , @('0x803100AA', 'longer than 256 characters', '')
            , @('0x803100AD', 'cluster shared volume', '')
            , @('0x803100AE', 'belongs to a cluster', '')
            , @('0x803100BD', 'shadow copies', 'Remove them')
            , @('0x80041003', 'no full rights', 'LocalAccountTokenFilterPolicy*`become`')
            , @('0x80041010', 'no BitLocker', 'Install the Windows feature BitLocker')
            , @('0x8004100E', 'no BitLocker', 'Install the Windows feature BitLocker')
            , @('0x80070005', 'access is denied', '')
            , @('0x80070013', 'read-only', '')
            , @('0x80070032', 'does not support it', '')
            , @('0x80070057', 'no such method or value', '')
            , @('0x80070490', 'no volume that BitLocker knows', 'Format it first')
            , @('0x8007054B', 'domain cannot be reached', 'Try again where it can')
            , @('0x80280001', 'TPM cannot be used', '')
            , @('0x80280006', 'TPM is turned off', 'Turn it on in the firmware')
            , @('0x80090034', 'key could not be made', 'belongs to its domain')
        )
        $wrong = foreach ($row in $rows) {
            $code, $meaning, $remedy = $row
            $answer = Get-SeedBitLockerAnswer -Code $code
            # A backtick is an escape in a pattern.
            if ($answer -cnotlike ("*$meaning*$remedy*" -replace '`', '?')) { "$code $answer" }
        }
        @($wrong) -join "`n" | Should -BeExactly ''
        $text = (Get-Command -Name Get-SeedBitLockerAnswer).ScriptBlock.ToString()
        $codes = [regex]::Matches($text, "'(0x[0-9A-F]{8})' =") | ForEach-Object { $_.Groups[1].Value }
        $held = $rows | ForEach-Object { $_[0] }
        ($codes | Sort-Object) -join ' ' | Should -BeExactly (($held | Sort-Object) -join ' ')
    }
}
