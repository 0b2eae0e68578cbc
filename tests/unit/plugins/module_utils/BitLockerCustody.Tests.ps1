# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever ends a run, and whatever runs follow each other: an encrypted volume is always opened by a key in escrow.
Describe 'keys of volumes in escrow' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/bitlocker.ps1')
        $recovery = New-TestProtector -Type recovery_password
        # The methods that change a volume.
        $changing = '^(Protect|Change|Delete|Encrypt$|Decrypt$|PrepareVolume|Enable|Disable|Resume)'

        function Invoke-TestRun {
            # One run of the controller: a look, the keys into escrow, and a second look at what was held. Returns the
            # record of the last look. With Dies the run ends before a key is kept.
            param([hashtable]$Option, [hashtable]$Escrow, [switch]$Dies)
            $Option.escrowed = @()
            $Option.return_keys, $Option._hold = $true, $true
            $first = Invoke-SeedBitLockerTask -Option $Option
            if ($Dies) { throw 'the controller died' }
            foreach ($key in $first.keys) { $Escrow[$key.id] = $key.value }
            if ($first.problem -or @($first.held).Count -eq 0) { return $first }
            $Option.escrowed = @($first.keys | ForEach-Object { $_.id })
            Invoke-SeedBitLockerTask -Option $Option
        }

        function Test-TestOpened {
            # Whether the data can be had: the volume is plain, or a key in escrow is a protector of it.
            param([hashtable]$Escrow)
            $state = (Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions[0].bitlocker
            if (-not $state -or $state.volume_status -eq 'FullyDecrypted') { return $true }
            [bool]@($state.protectors | Where-Object { $Escrow[$_.id] -and $Escrow[$_.id] -ceq $_.secret })
        }

        function Set-TestKill {
            # The run ends at the n-th call of a method that changes something, before or after it had its effect.
            param([int]$At, [bool]$After)
            $global:TestKill = @{ at = $At; after = $After; seen = 0 }
            Mock Invoke-CimMethod {
                [CmdletBinding()]param($InputObject, $MethodName, $Arguments)
                $counts = $MethodName -match $changing
                if ($counts) { $global:TestKill.seen++ }
                $dies = $counts -and $global:TestKill.seen -eq $global:TestKill.at
                if ($dies -and -not $global:TestKill.after) { throw 'killed' }
                $call = @{ Guid = $InputObject.lab_guid; Name = $MethodName; Value = $Arguments }
                $answer = Invoke-LabEncryptableMethod @call
                if ($dies) { throw 'killed' }
                $answer
            } -ModuleName _BitLockerCall
        }
    }
    BeforeEach {
        New-TestWorld
        Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Value @{
            name = 'fs01'; page_file_letters = @('C'); bitlocker_seconds = 0
        }
    }
    AfterEach {
        Remove-TestWorld
        Remove-Variable -Name TestKill -Scope Global -ErrorAction Ignore
    }

    It 'outlives a kill at every step of encrypting and of rotating: <what>' -ForEach @(
        @{ what = 'encrypting'; rotates = $false; calls = 3 }
        @{ what = 'rotating'; rotates = $true; calls = 2 }
    ) {
        $kills = 0
        for ($at = 1; $at -le $calls; $at++) {
            foreach ($after in $false, $true) {
                Remove-TestWorld
                New-TestWorld
                $escrow = @{}
                $option = New-TestOption -State encrypted -Protector $recovery
                if ($rotates) {
                    $null = Invoke-TestRun -Option $option -Escrow $escrow
                    Step-TestClock
                    $null = Invoke-TestRun -Option $option -Escrow $escrow
                    $old = (Get-TestProtector -Type RecoveryPassword).id
                    $option.rotate = @($old)
                }
                Set-TestKill -At $at -After $after
                try { $null = Invoke-TestRun -Option $option -Escrow $escrow } catch { $null = $_ }
                $global:TestKill.seen | Should -Be $at
                Clear-TestMock
                Test-TestOpened -Escrow $escrow | Should -BeTrue
                $null = Invoke-TestRun -Option $option -Escrow $escrow
                Step-TestClock
                $end = Invoke-TestRun -Option $option -Escrow $escrow
                "$($end.problem)$($end.reached) $(@($end.volume.protectors).Count)" | Should -Be 'True 1'
                if ($rotates) { $end.volume.protectors[0].id -eq $old | Should -BeFalse }
                Test-TestOpened -Escrow $escrow | Should -BeTrue
                $kills++
            }
        }
        $kills | Should -Be (2 * $calls)
    }
    It 'outlives a controller that dies before a key is kept' {
        $escrow = @{}
        $option = New-TestOption -State encrypted -Protector $recovery
        { Invoke-TestRun -Option $option -Escrow $escrow -Dies } | Should -Throw '*died*'
        Test-TestOpened -Escrow $escrow | Should -BeTrue
        $null = Invoke-TestRun -Option $option -Escrow $escrow
        Step-TestClock
        $option.rotate = @((Get-TestProtector -Type RecoveryPassword).id)
        { Invoke-TestRun -Option $option -Escrow $escrow -Dies } | Should -Throw '*died*'
        # Two are there, and only the old one is in escrow.
        "$(@(Get-TestProtector -Type RecoveryPassword).Count) $(Test-TestOpened -Escrow $escrow)" | Should -Be '2 True'
        $null = Invoke-TestRun -Option $option -Escrow $escrow
        "$(@(Get-TestProtector -Type RecoveryPassword).Count) $(Test-TestOpened -Escrow $escrow)" | Should -Be '1 True'
    }
    It 'never ends a sequence of calls without a key in escrow' {
        $random = [System.Random]::new(20261129)
        $kinds = 'recovery_password', 'external_key', 'password', 'account'
        $encrypted = 0
        foreach ($sequence in 1..6) {
            Remove-TestWorld
            New-TestWorld
            $escrow = @{}
            $story = @()
            foreach ($call in 1..6) {
                $states = 'encrypted', 'encrypted', 'encrypted', 'suspended', 'decrypted', 'locked', 'unlocked'
                $state = $states[$random.Next(7)]
                $option = New-TestOption -State $state
                $known = @((Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions[0].bitlocker |
                    Where-Object { $_ } | ForEach-Object { $_.protectors })
                $option.recovery_password = "$(@($known | Where-Object { $_.type -eq 'RecoveryPassword' } |
                    ForEach-Object { $escrow[$_.id] } | Where-Object { $_ })[0])"
                if ($state -eq 'encrypted') {
                    $count = 1 + $random.Next(3)
                    $option.protectors = @($kinds | Sort-Object { $random.Next() } | Select-Object -First $count |
                        ForEach-Object {
                            $value = $(if ($_ -eq 'password') { "correct horse $($random.Next(3))" } else { '' })
                            $account = $(if ($_ -eq 'account') { 'S-1-5-21-1-2-3-1000' } else { '' })
                            New-TestProtector -Type $_ -Value $value -Account $account
                        })
                    $option.exclusive = $random.Next(2) -eq 1
                    $option.rotate = @($known | Where-Object { $random.Next(3) -eq 0 } | ForEach-Object { $_.id })
                }
                $types = @($option.protectors | ForEach-Object { $_.type }) -join '+'
                $story += "$state $types exclusive=$($option.exclusive) rotate=$(@($option.rotate).Count)"
                try { $null = Invoke-TestRun -Option $option -Escrow $escrow -Dies:($random.Next(5) -eq 0) }
                catch { $story += "  $_" }
                if ($random.Next(2)) { Step-TestClock }
                $now = (Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions[0].bitlocker
                if ($now -and $now.volume_status -ne 'FullyDecrypted') { $encrypted++ }
                if (-not (Test-TestOpened -Escrow $escrow)) {
                    throw "Nobody can open the volume after: $($story -join '; ')"
                }
            }
        }
        $encrypted -gt 5 | Should -BeTrue
    }
}
