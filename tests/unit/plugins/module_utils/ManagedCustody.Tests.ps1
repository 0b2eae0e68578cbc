# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A managed drive is cut off after each lasting step of its tasks, by the end of the task or by a restart of the host.
# The runs that follow always end with a verified drive, which is opened by one recovery password: that of a journal in
# escrow, which was on no command line.
Describe 'keys of managed drives in escrow' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/moments.ps1')
        Import-TestUtility -Name '_Prepare', '_Clean', '_Collect', '_Attempt', '_Run', '_Managed'
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
        $password = '000011-000022-000033-000044-000055-000066-000077-000088'
        # After a call of these the tasks may be gone.
        $traced = @{
            copy = 'Save-SeedTarget', 'Format-Volume', 'Initialize-SeedEncryption', 'Add-SeedProtector',
                'Start-SeedEncryption', 'Use-SeedManagedTarget', 'Save-SeedPlan', 'Start-SeedSession',
                'Write-SeedNewJournal'
            verify = 'Read-SeedJournalKey', 'Remove-SeedProtector', 'Read-SeedManifest'
        }
        $steps = @{
            'a person' = 'copy Save-SeedTarget 1', 'copy Use-SeedManagedTarget 1', 'copy Save-SeedPlan 1',
                'copy Start-SeedSession 1', 'copy Start-SeedSession 2', 'copy Add-SeedProtector 1',
                'copy Write-SeedNewJournal 1', 'verify Read-SeedJournalKey 1', 'verify Remove-SeedProtector 1',
                'verify Read-SeedManifest 1'
            'the collection' = 'copy Save-SeedTarget 1', 'copy Format-Volume 1', 'copy Initialize-SeedEncryption 1',
                'copy Add-SeedProtector 1', 'copy Start-SeedEncryption 1', 'copy Use-SeedManagedTarget 1',
                'copy Save-SeedPlan 1', 'copy Start-SeedSession 1', 'copy Start-SeedSession 2',
                'copy Add-SeedProtector 2', 'copy Write-SeedNewJournal 1', 'verify Read-SeedJournalKey 1',
                'verify Remove-SeedProtector 1', 'verify Read-SeedManifest 1'
        }
        function New-TestOption {
            $option = New-TestTwoFileOption -ToolPath 'C:\tool\custody.exe'
            $option.drives[0] += @{ encryption = 'managed'; allow_recorded_key = $true }
            $option
        }
        function Get-TestBitLocker {
            @((Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions)[-1].bitlocker
        }
        # Keeps the lab as it is after each call of a function in the task, which is all that a killed task leaves.
        function Set-TestTrace([string]$Operation) {
            $global:TestCalls = @{}
            $global:TestTraced = @{ operation = $Operation; names = $traced[$Operation] }
            Mock Get-SeedRunnerText {
                $hook = foreach ($name in $global:TestTraced.names) {
                    $moment = "$($global:TestTraced.operation) $name"
                    "`$real$($name -replace '-') = (Get-Command -Name $name).ScriptBlock`n" +
                    "function $name {`n`$answer = & `$real$($name -replace '-') @args`n" +
                    "`$global:TestCalls['$moment'] = 1 + `$global:TestCalls['$moment']`n" +
                    "Save-TestMoment -Name `"$moment `$(`$global:TestCalls['$moment'])`"`n" +
                    "if (`$null -ne `$answer) { `$answer }`n}"
                }
                $at = $global:TestRunner.LastIndexOf('Invoke-SeedRun -OrderFile')
                $global:TestRunner.Insert($at, "$($hook -join "`n")`n")
            } -ModuleName _Run
        }
        function Set-TestSchedule {
            Mock Start-ScheduledTask {
                [CmdletBinding()]param($TaskName, $TaskPath)
                Invoke-TestTask -TaskName $TaskName
            } -ModuleName _Run
        }
        # The runs that follow do what is allowed, as the roles do it. Returns what a person has to say meanwhile.
        function Invoke-TestRun([hashtable]$Option, [hashtable]$Escrow) {
            for ($run = 1; $run -le 9; $run++) {
                $drive = @(Get-SeedDrive -Option $Option)[0]
                $record = $drive.record
                if ((Get-SeedAttemptState -Facts $drive.facts) -eq 'complete') {
                    $Escrow[$record.journal.sha256] = Read-SeedJournalKey -Path $record.journal.path -Serial DATA
                    $Option.escrowed = @($Escrow.Keys)
                }
                if ($record.status -eq 'verified') { return }
                if ('prepare' -in $record.allowed -or 'resume' -in $record.allowed) {
                    $null = Invoke-SeedPrepare -Option $Option
                }
                elseif ('verify' -in $record.allowed) { $null = Invoke-SeedVerify -Option $Option }
                elseif ('unlock' -in $record.allowed) {
                    Unlock-SeedVolume -Letter $record.letter -Key $Escrow[$record.journal.sha256]
                    Reset-TestDrive
                }
                elseif ('discard' -in $record.allowed) {
                    'discard'
                    $Option.discard_attempts += $record.attempt.id
                }
                elseif ($record.reason -like '*Unlock it.') {
                    'unlock'
                    Unlock-SeedVolume -Letter $record.letter -Key @{ RecoveryPassword = $password }
                    Reset-TestDrive
                }
                else { throw "$($record.status): $($record.reason)" }
            }
            throw "it does not end: $($record.status): $($record.reason)"
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'C:\src', 'C:\tool'
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\a.AIBBlob'), [byte[]](, 3 * 512))
        [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'C:\src\b.BaseBlob'), [byte[]](, 7 * 1024))
        Install-TestTool -Path 'C:\tool\custody.exe'
        Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Value @{
            name = 'fs01'; page_file_letters = @('C'); bitlocker_seconds = 0
        }
        Get-ChildItem -LiteralPath 'E:\' -Force | Remove-Item -Recurse -Force
        $global:TestRunner = Get-SeedRunnerText
        Set-TestSchedule
    }
    AfterEach {
        $global:TestMoments = $null
        Remove-Item -LiteralPath "$env:LAB_HOME.moments" -Recurse -Force -ErrorAction Ignore
        Remove-TestWorld
    }

    It 'outlive the end of the task after each step, on a volume of <whose>' -ForEach @(
        @{ whose = 'a person' }
        @{ whose = 'the collection' }
    ) {
        if ($whose -eq 'a person') { Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $password }
        $global:TestMoments = [System.Collections.Specialized.OrderedDictionary]::new()
        $option = New-TestOption
        Set-TestTrace -Operation copy
        $null = Invoke-SeedPrepare -Option $option
        $option.escrowed = @((Get-TestRecord -Option $option).journal.sha256)
        Set-TestTrace -Operation verify
        $null = Invoke-SeedVerify -Option $option
        $moments, $global:TestMoments = $global:TestMoments, $null
        Clear-TestMock
        Set-TestSchedule
        @($moments.Keys) -join "`n" | Should -BeExactly ($steps[$whose] -join "`n")
        $ended = foreach ($moment in $moments.Keys) {
            # A restart is the harder one, and also what a person has to unlock; both where keys change.
            $accidents = @{ 'a person' = @('Restart-TestHost'); 'the collection' = @('Set-TestProcessGone') }[$whose]
            if ($moment -match 'NewJournal|Remove-SeedProtector') {
                $accidents = 'Set-TestProcessGone', 'Restart-TestHost'
            }
            foreach ($accident in $accidents) {
                Restore-TestMoment -Folder $moments[$moment]
                & $accident
                $option, $escrow = (New-TestOption), @{}
                try {
                    $words = @(Invoke-TestRun -Option $option -Escrow $escrow)
                    $record = Get-TestRecord -Option $option
                    $held = @((Get-TestBitLocker).protectors)
                    $key = $escrow[$record.journal.sha256].RecoveryPassword
                    $own = Read-SeedJournalText -Path ($record.journal.path -replace '\.new\.jrn$', '.jrn')
                    $right = $held.Count -eq 1 -and $held[0].secret -ceq $key -and -not $own.Contains($key) -and
                        $key -ne $password -and $record.verify.key_replaced
                    if (-not $right) { "$moment, $accident`: $($held.Count) keys" }
                    # Only a first session that was cut off asks for a word.
                    $asks = $moment -match '^copy (Save-SeedPlan|Start-SeedSession) 1$'
                    if (('discard' -in $words) -and -not $asks) { "$moment, $accident`: asks" }
                    if (('unlock' -in $words) -and $whose -ne 'a person') { "$moment, $accident`: needs a key" }
                }
                catch { "$moment, $accident`: $_" }
            }
        }
        $ended -join "`n" | Should -BeExactly ''
    }

    It 'stay as they are while the attempt does not say which of them the tool got' {
        Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $password
        $null = New-Item -ItemType Directory -Path 'C:\attempt'
        $order = [pscustomobject]@{ serial = 'DATA'; letter = 'E'; folder = 'C:\attempt'; new_journal = 'C:\new.jrn' }
        foreach ($text in '{"shown_protector": ""}', '{}') {
            [System.IO.File]::WriteAllText((Resolve-SeedPath -Path 'C:\attempt\attempt.json'), $text)
            { Set-SeedNewKey -Order $order } | Should -Throw '*is not known*does not say it*'
        }
        @((Get-TestBitLocker).protectors).Count | Should -Be 1
    }
}
