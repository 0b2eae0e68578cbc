# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the source host of a seed' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
        [System.IO.Path]::PathSeparator + $env:PATH
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        $names = '_Folder', '_AgentAnswer', '_Registry', '_AgentOffer', '_AgentTask', '_AgentFolder', '_AgentMars',
        '_Agent'
        foreach ($name in $names) {
            Import-Module -Name "$utils/$name.psm1" -Force -Global
        }
        $subscription = '00000000-0000-4000-8000-0000000000ab'
        $settings = "<PublishData><PublishProfile><Subscription Id=`"$subscription`"/></PublishProfile></PublishData>"
        function Set-TestAgent {
            param([scriptblock]$Change)
            Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" -Change $Change
            Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        }
        function Set-TestVault {
            '{"SOFTWARE\\Microsoft\\Windows Azure Backup\\Config":{"ServiceResourceName":"v"}}' |
                Set-Content -LiteralPath "$env:LAB_HOME/hosts/fs01/registry.json"
        }
        function Get-TestAgent { Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/agent.json" }
        function Add-TestJob {
            param([string]$Id, [string]$State, [string]$Type = 'Backup', [string]$Start = '2026-01-02T01:00:00Z')
            $job = [pscustomobject]@{
                job_id = $Id; job_type = $Type; state = $State; start = $Start; end = $null
                progress = 0; total = 0; error_code = 0; data_sources = @('D:\')
            }
            Set-TestAgent { $_.jobs = @($_.jobs) + $job }
        }
        function Set-TestMethod {
            Set-TestAgent {
                $_.initial_backup.method = 'OfflineBackup'
                $_.initial_backup.staging_location = 'E:\Staging'
                $_.initial_backup.import_job_name = 'seed-1'
                $_.initial_backup.subscription_id = $subscription
                $_.initial_backup.storage_account = 'account'
                $_.initial_backup.storage_container = 'container'
            }
        }
        function Write-TestFile {
            param([string]$Name, [int]$Bytes = 512)
            $path = Resolve-SeedPath -Path "E:\Staging\$Name"
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($path))
            [System.IO.File]::WriteAllBytes($path, (New-Object -TypeName byte[] -ArgumentList $Bytes))
            [System.IO.File]::SetLastWriteTimeUtc($path, [DateTime]'2026-01-02T03:04:05.678')
        }
        function New-TestOption {
            param([hashtable]$Change = @{})
            $option = @{
                agent = 'mars'; staging_path = 'E:\Staging'; import_job_name = 'seed-1'; subscription_id = $subscription
                storage_account = 'account'; container = 'container'; known_jobs = @(); restart_failed = $false
                _publish_settings_content = $settings; frozen_files = @()
            }
            foreach ($key in $Change.Keys) { $option[$key] = $Change[$key] }
            $option
        }
        function Initialize-TestStart {
            Enable-TestAgentTask
            # The agent lists the job as soon as it is ordered.
            Mock Start-OBBackup { Add-TestJob -Id "$([guid]::NewGuid())" -State 'InProgress' } -ModuleName _AgentMars
        }
        function Get-TestFrozen {
            param([string]$Name, [object]$Bytes = 512, [object]$Modified = '2026-01-02T03:04:05.678Z')
            @{ name = $Name; bytes = "$Bytes"; modified = $Modified }
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path 'E:\Staging'
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
    }
    AfterEach {
        Remove-Module -Name MSOnlineBackup -Force -ErrorAction Ignore
        Remove-TestWorld
    }

    It 'starts no second backup over a staging location that cannot be seen' {
        $backup = [ordered]@{
            agent = @{ installed = $true }
            unknown = [ordered]@{ staging = 'The account cannot see it.' }
            policy = @{ name = 'p' }
            method = [pscustomobject]@{ offline = $false }
            jobs = @([pscustomobject]@{ id = 'j'; state = 'Failed'; phase = 'failed' })
            files = $null
        }
        $case = @{ Agent = 'mars'; Backup = $backup; Wanted = [ordered]@{ offline = $true } }
        (Get-SeedStageDecision @case).refused | Should -Match 'cannot be seen: The account'
        (Get-SeedStageDecision @case -RestartFailed $true).refused | Should -BeNullOrEmpty
        (Get-SeedStageDecision @case -KnownJob 'j').refused | Should -BeNullOrEmpty
    }
    Context 'the staging location' {
        It 'shows every file below it, hidden ones too, by its relative name' {
            Write-TestFile -Name 'a.AIBBlob' -Bytes 1024
            Write-TestFile -Name '$RECYCLE.BIN\S-1-5-21-1\desktop.ini' -Bytes 129
            Write-TestFile -Name 'old attempt\leftover.BaseBlob'
            Write-TestFile -Name '.hidden'
            $seen = Get-SeedStagedFile -Path 'E:\Staging\'
            $seen.exists | Should -BeTrue
            @($seen.files | ForEach-Object { $_.name } | Sort-Object) | Should -Be @(
                '.hidden', '$RECYCLE.BIN\S-1-5-21-1\desktop.ini', 'a.AIBBlob', 'old attempt\leftover.BaseBlob' |
                    Sort-Object
            )
            $file = $seen.files | Where-Object { $_.name -eq 'a.AIBBlob' }
            $file.bytes | Should -Be 1024
            $file.modified | Should -BeExactly '2026-01-02T03:04:05.678Z'
        }
        It 'has no files when it is not there' {
            $seen = Get-SeedStagedFile -Path 'E:\none'
            $seen.exists | Should -BeExactly $false
            $seen.files.Count | Should -Be 0
            $seen.why | Should -BeNullOrEmpty
        }
        It 'has no files when its drive is not there' {
            (Get-SeedStagedFile -Path 'Q:\none').exists | Should -BeExactly $false
        }
        It 'has no files when it is empty' { (Get-SeedStagedFile -Path 'E:\Staging').files.Count | Should -Be 0 }
        It 'cannot be said to be there when the session sees nothing of the share' {
            $seen = Get-SeedStagedFile -Path '\\filer\seed\fs01'
            $null -eq $seen.exists | Should -BeTrue
            $null -eq $seen.files | Should -BeTrue
            $seen.why | Should -BeLike "*cannot see '\\filer\seed\fs01'*"
        }
        It 'is not there when the session sees the share without it' {
            $share = @{ host = 'fs01'; path = 'E:\'; read = @('CONTOSO\FS01$') }
            Write-LabFile -Path "$env:LAB_HOME/shares.json" -Value @{ '\\filer\seed' = $share }
            $env:LAB_USER, $env:LAB_LOGON = 'NT AUTHORITY\SYSTEM', 'batch'
            (Get-SeedStagedFile -Path '\\filer\seed\fs01').exists | Should -BeExactly $false
            $env:LAB_USER, $env:LAB_LOGON = $null, $null
        }
        It 'cannot be said to be there when access is denied' {
            Mock Get-Item {
                [CmdletBinding()]
                param([string]$LiteralPath, [switch]$Force)
                Write-Error -Message 'Access is denied' -Category PermissionDenied -TargetObject $LiteralPath
            } -ModuleName _Agent
            $seen = Get-SeedStagedFile -Path 'E:\Staging'
            $null -eq $seen.files | Should -BeTrue
            $seen.why | Should -BeLike '*Access is denied*'
        }
        It 'does not show a part of the files for all of them' {
            Write-TestFile -Name 'a.AIBBlob'
            Mock Get-ChildItem {
                [CmdletBinding()]
                param([string]$LiteralPath, [switch]$File, [switch]$Recurse, [switch]$Force)
                Write-Error -Message 'Access is denied' -Category PermissionDenied -TargetObject "$LiteralPath\sub"
            } -ModuleName _Agent
            $seen = Get-SeedStagedFile -Path 'E:\Staging'
            $null -eq $seen.files | Should -BeTrue
            $seen.why | Should -BeLike '*below*Access is denied*'
        }
        It 'is readable although Windows keeps a folder of its own there' {
            Mock Get-ChildItem {
                [CmdletBinding()]
                param([string]$LiteralPath, [switch]$File, [switch]$Recurse, [switch]$Force)
                $target = "$LiteralPath\System Volume Information"
                Write-Error -Message 'denied' -Category PermissionDenied -TargetObject $target
            } -ModuleName _Agent
            (Get-SeedStagedFile -Path 'E:\').why | Should -BeNullOrEmpty
        }
        It 'does not show what lies behind a link for what lies in it' {
            Write-TestFile -Name 'a.AIBBlob'
            $null = New-Item -ItemType Directory -Path 'E:\Elsewhere'
            $link = [System.IO.Path]::Combine((Resolve-SeedPath -Path 'E:\Staging'), 'old', 'link')
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($link))
            $null = New-Item -ItemType SymbolicLink -Path $link -Target (Resolve-SeedPath -Path 'E:\Elsewhere')
            $seen = Get-SeedStagedFile -Path 'E:\Staging'
            $null -eq $seen.files | Should -BeTrue
            $seen.why | Should -BeLike "*'old\link'*junction*"
        }
        It 'shows the size and the time that a file has now, and not those of its folder' {
            Write-TestFile -Name 'a.BaseBlob'
            Write-TestFile -Name 'gone.BaseBlob'
            $found = @(Get-ChildItem -LiteralPath 'E:\Staging' -Force)
            foreach ($one in $found) { $one.Length | Should -Be 512 }
            Write-TestFile -Name 'a.BaseBlob' -Bytes 1024
            [System.IO.File]::Delete((Resolve-SeedPath -Path 'E:\Staging\gone.BaseBlob'))
            Mock Get-ChildItem { $found }.GetNewClosure() -ModuleName _Agent
            $seen = Get-SeedStagedFile -Path 'E:\Staging'
            @($seen.files | ForEach-Object { "$($_.name) $($_.bytes)" }) | Should -Be @('a.BaseBlob 1024')
        }
        It 'has a time for each file, however old it is: <time>' -ForEach @(
            @{ time = '1970-01-01T00:00:00.000Z' }, @{ time = '1979-12-31T23:59:59.120Z' }
        ) {
            Write-TestFile -Name 'a.AIBBlob'
            $utc = [DateTime]::Parse($time, [cultureinfo]::InvariantCulture).ToUniversalTime()
            [System.IO.File]::SetLastWriteTimeUtc((Resolve-SeedPath -Path 'E:\Staging\a.AIBBlob'), $utc)
            $file = @((Get-SeedStagedFile -Path 'E:\Staging').files)[0]
            $file.modified | Should -BeExactly $time
            Get-SeedLeftReason -File $file -Frozen @{ bytes = '512'; modified = $time } | Should -BeNullOrEmpty
            Get-SeedLeftReason -File $file -Frozen @{ bytes = '512'; modified = '1975-01-01T00:00:00.000Z' } |
                Should -BeLike '*1975*'
        }
        It 'cannot be said to be there by <path>, which is no full path' -ForEach @(
            @{ path = 'Staging' }, @{ path = 'E:Staging' }, @{ path = '\Staging' }, @{ path = 'E:' }, @{ path = '~' }
            @{ path = 'E:/Staging' }, @{ path = '//filer/seed' }, @{ path = '\\?\E:\Staging' }
            @{ path = '\\.\E:\Staging' }, @{ path = 'E:\Staging\..\Staging' }, @{ path = 'E:\Staging ' }
            @{ path = 'E:\Stag*' }, @{ path = 'HKLM:\SOFTWARE' }, @{ path = 'Env:\' }, @{ path = '\\filer' }
        ) {
            Write-TestFile -Name 'a.AIBBlob'
            $seen = Get-SeedStagedFile -Path $path
            "$($null -eq $seen.exists) $($null -eq $seen.files)" | Should -Be 'True True'
            $seen.why | Should -BeLike '*no full path of Windows*'
            $frozen = @(Get-TestFrozen -Name 'a.AIBBlob')
            $option = New-TestOption -Change @{ staging_path = $path; frozen_files = $frozen }
            foreach ($outcome in (Invoke-SeedStage -Option $option), (Invoke-SeedStageClean -Option $option)) {
                $outcome.refused | Should -BeLike '*no full path of Windows*'
                $outcome.changed | Should -BeFalse
            }
        }
        It 'is not a file' { (Get-SeedStagedFile -Path 'E:\keep.txt').why | Should -BeLike '*is a file*' }
    }

    Context 'everything' {
        It 'is shown of a host with an agent' {
            $backup = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging'
            foreach ($key in 'agent', 'unknown', 'policy', 'method', 'jobs', 'recovery_points', 'files', 'staging') {
                $backup.Contains($key) | Should -BeTrue
            }
            $backup.unknown.Count | Should -Be 0
        }
        It 'is shown of a host without an agent' {
            Set-TestAgent { $_.installed = $false }
            Write-TestFile -Name 'a.AIBBlob'
            $backup = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging'
            $backup.agent.installed | Should -BeExactly $false
            $backup.files.Count | Should -Be 1
            $backup.unknown.Contains('jobs') | Should -BeTrue
        }
        It 'says how many bytes are free on the volume of the staging location, also before it is there' {
            $free = (Get-Volume -DriveLetter E).SizeRemaining
            (Get-SeedBackup -Agent mars -StagingPath 'E:\none\Staging').staging.free_bytes | Should -Be $free
            Get-SeedFreeByte -Path 'e:\' | Should -Be $free
        }
        It 'does not say what is free on <path>' -ForEach @(@{ path = '\\filer\seed' }, @{ path = 'Q:\Staging' }) {
            Get-SeedFreeByte -Path $path | Should -BeNullOrEmpty
        }
        It 'does not say what is free where a folder leads to another volume, a volume is locked, or nothing answers' {
            $null = New-Item -ItemType Directory -Path 'E:\Mount'
            Mock Get-Item {
                [pscustomobject]@{ Attributes = [System.IO.FileAttributes]'Directory, ReparsePoint' }
            } -ModuleName _Folder
            Get-SeedFreeByte -Path 'E:\Mount\Staging' | Should -BeNullOrEmpty
            Mock Get-Volume { [pscustomobject]@{ Size = 0; SizeRemaining = 0 } } -ModuleName _Agent
            Get-SeedFreeByte -Path 'E:\Staging' | Should -BeNullOrEmpty
            Mock Get-Volume { throw 'no answer' } -ModuleName _Agent
            Get-SeedFreeByte -Path 'E:\Staging' | Should -BeNullOrEmpty
        }
        It 'names what cannot be asked of the staging location' {
            $backup = Get-SeedBackup -Agent mars -StagingPath '\\filer\seed'
            $null -eq $backup.files | Should -BeTrue
            $backup.unknown['staging'] | Should -BeLike '*cannot see*'
            $backup.policy.name | Should -Be 'p'
        }
        It 'becomes JSON with lists where lists are' {
            Add-TestJob -Id 'j' -State 'Completed'
            $text = Get-SeedBackup -Agent mars -StagingPath 'E:\Staging' | ConvertTo-Json -Depth 6 -Compress
            $text | Should -BeLike '*"jobs":`[{*'
            $text | Should -BeLike '*"recovery_points":`[`]*'
            $text | Should -BeLike '*"files":`[`]*'
        }
    }

    Context 'the comparison of methods' {
        It 'takes <one> and <two> for the same: <same>' -ForEach @(
            @{ one = 'D:\Staging\'; two = 'd:\staging'; same = $true }
            @{ one = 'E:\'; two = 'e:'; same = $true }
            @{ one = '\\filer\seed\'; two = '//FILER/seed'; same = $true }
            @{
                one = '{00000000-0000-4000-8000-0000000000AB}'
                two = '00000000-0000-4000-8000-0000000000ab'
                same = $true
            }
            @{ one = 'Seed-1'; two = 'seed-1'; same = $true }
            @{ one = 'True'; two = 'true'; same = $true }
            @{ one = 'D:\Staging'; two = 'D:\Staging2'; same = $false }
            @{ one = $null; two = ''; same = $false }
        ) {
            (ConvertTo-SeedComparable -Value $one) -eq (ConvertTo-SeedComparable -Value $two) | Should -Be $same
        }
        It 'names what is different' {
            $wanted = [ordered]@{ offline = $true; staging_location = 'E:\Staging\'; container = 'c' }
            $current = [pscustomobject]@{ offline = $true; staging_location = 'e:\staging'; container = 'other' }
            Get-SeedMethodDifference -Current $current -Wanted $wanted | Should -Be 'container'
            Get-SeedMethodDifference -Current $null -Wanted $wanted | Should -Be @($wanted.Keys)
        }
    }

    Context 'staged' {
        It 'sets the method, reads it back and starts one backup' {
            Initialize-TestStart
            $outcome = Invoke-SeedStage -Option (New-TestOption) -Seconds 2
            $outcome.refused | Should -BeNullOrEmpty
            $outcome.changed | Should -BeTrue
            $outcome.configured | Should -BeTrue
            $outcome.started | Should -BeTrue
            $outcome.backup.method.container | Should -Be 'container'
            $outcome.backup.jobs[0].phase | Should -Be 'running'
            $outcome.diff.before.method.offline | Should -BeExactly $false
            $outcome.diff.after.method.container | Should -Be 'container'
            $outcome.diff.after.started | Should -BeTrue
            $global:TestCalls | Should -Be @('Set-SeedMarsMethod', 'Invoke-SeedMarsStart')
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -File).Count | Should -Be 0
        }
        It 'makes a staging location that is not there, for the system to write to, and only when it starts something' {
            Initialize-TestStart
            Remove-Item -LiteralPath 'E:\Staging' -Recurse
            $granted = @{ words = @() }
            Mock icacls.exe {
                $granted.words += ($args | Select-Object -Skip 1) -join ' '
                $global:LASTEXITCODE = 0
            } -ModuleName _Agent
            (Invoke-SeedStage -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
            Test-Path -LiteralPath 'E:\Staging' | Should -BeFalse
            $outcome = Invoke-SeedStage -Option (New-TestOption) -Seconds 2
            $outcome.backup.staging.exists | Should -BeTrue
            $granted.words | Should -Be @('/grant *S-1-5-18:(OI)(CI)M')
        }
        It 'starts nothing where the staging location cannot be made, and says so in a check: <path>' -ForEach @(
            @{ path = 'Q:\Staging'; words = '*Q:\Staging*no drive Q:*' }
            @{ path = '\\filer\seed\fs01'; words = '*\\filer\seed\fs01*is not there. Create it.' }
        ) {
            Initialize-TestStart
            Mock Test-SeedShare { $true } -ModuleName _Agent
            Mock Get-Item { Write-Error -Message 'none' -Category ObjectNotFound -ErrorAction Stop } -ModuleName _Agent
            $option = New-TestOption -Change @{ staging_path = $path }
            foreach ($check in $true, $false) {
                $outcome = Invoke-SeedStage -Option $option -Seconds 2 -CheckMode $check
                "$($outcome.changed) $($outcome.started) $($outcome.refused)" | Should -BeLike "False False $words"
            }
            $global:TestCalls.Count | Should -Be 0
        }
        It 'starts nothing as long as the system may not write to the staging location that it makes' {
            Initialize-TestStart
            Mock icacls.exe { $global:LASTEXITCODE = 5; 'Access is denied.' } -ModuleName _Agent
            $option = New-TestOption -Change @{ staging_path = 'E:\Denied' }
            # A second run would find a folder, and take it for one that a person has made.
            foreach ($run in 1, 2) {
                { Invoke-SeedStage -Option $option -Seconds 2 } |
                    Should -Throw '*may not write to*E:\Denied*Access is denied*'
                Test-Path -LiteralPath 'E:\Denied' | Should -BeFalse
            }
            $global:TestCalls.Count | Should -Be 0
        }
        It 'lets the agent read the publish settings as the system, in a file of nobody else' {
            Initialize-TestStart
            $seen = @{}
            Mock Set-OBInitialBackupCreationMethod {
                $file = $args[[array]::IndexOf($args, '-AzurePublishSettings:') + 1]
                $seen.mode = "$([System.IO.File]::GetUnixFileMode($file))"
                $seen.text = [System.IO.File]::ReadAllText($file)
                $seen.order = [System.IO.File]::ReadAllText((Resolve-SeedPath 'E:\Seedfreight\backup\order.json.taken'))
                $seen.user = (Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json").user
            } -ModuleName _AgentMars
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 2 } | Should -Throw '*did not keep*'
            $seen.mode | Should -Be 'UserWrite, UserRead'
            $seen.text | Should -Be $settings
            $seen.user | Should -Be 'S-1-5-18'
            $seen.order | Should -Not -BeLike '*PublishData*'
        }
        It 'says nothing of a certificate in a transcript, in its result, in the task or in the files beside it' {
            Initialize-TestStart
            $secret = 'MIIOnlyForThisTest'
            $given = $settings.Replace('<Subscription ', "<Subscription ManagementCertificate=`"$secret`" ")
            $seen = @{ files = @() }
            # Called in the task while the order is carried out; what follows fails, so its error is looked at too.
            Mock Set-OBInitialBackupCreationMethod {
                foreach ($file in [System.IO.Directory]::GetFiles((Resolve-SeedPath 'E:\Seedfreight'), '*', 1)) {
                    if ($file -notlike '*.publishsettings') { $seen.files += [System.IO.File]::ReadAllText($file) }
                }
                $seen.files += [System.IO.File]::ReadAllText("$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json")
            } -ModuleName _AgentMars
            $transcript = "$env:LAB_HOME/transcript.txt"
            $option = New-TestOption -Change @{ _publish_settings_content = $given }
            $null = Start-Transcript -LiteralPath $transcript
            $said = @(try { Invoke-SeedStage -Option $option -Seconds 2 -Verbose -Debug }
                catch { "$_ $($_.ScriptStackTrace)" }
                finally { $null = Stop-Transcript })
            $said | Should -BeLike '*did not keep*'
            $seen.files.Count | Should -BeGreaterThan 2
            $said += Get-Content -LiteralPath $transcript -Raw
            @($said + $seen.files | Where-Object { $_.Contains($secret) }).Count | Should -Be 0
        }
        It 'sets nothing, and writes no certificate, where the file cannot be made private' {
            Initialize-TestStart
            $seen = @{ lengths = @() }
            Mock icacls.exe {
                $seen.lengths += ([System.IO.FileInfo]$args[0]).Length
                $global:LASTEXITCODE = 5
                'Access is denied.'
            } -ModuleName _Folder
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 2 } | Should -Throw '*private*Access is denied*'
            $seen.lengths | Should -Be @(0)
            $global:TestCalls.Count | Should -Be 0
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -File).Count | Should -Be 0
        }
        It 'leaves no publish settings behind when they are refused, and starts nothing' {
            Initialize-TestStart
            $option = New-TestOption -Change @{ _publish_settings_content = '<PublishData/>' }
            { Invoke-SeedStage -Option $option -Seconds 2 } | Should -Throw '*subscription is not in the publish*'
            $global:TestCalls | Should -Be @('Set-SeedMarsMethod')
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -Filter '*.publishsettings').Count | Should -Be 0
        }
        It 'leaves no publish settings behind when the task <how>' -ForEach @(
            @{ how = 'does not begin'; text = '*not done after 0 s*'
                run = { }
            }
            @{ how = 'ends in the middle'; text = '*ended in the middle of the order*'
                run = {
                    $to = Resolve-SeedPath 'E:\Seedfreight\backup\order.json.taken'
                    [System.IO.File]::Move((Resolve-SeedPath 'E:\Seedfreight\backup\order.json'), $to)
                }
            }
        ) {
            Initialize-TestStart
            Mock Start-ScheduledTask $run -ModuleName _AgentTask
            $real = Get-Command -Name Wait-SeedAgentOrder
            Mock Wait-SeedAgentOrder { & $real -Seconds $(if ($how -eq 'ends in the middle') { 5 } else { 0 }) } `
                -ModuleName _Agent
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 2 } | Should -Throw $text
            Test-Path -LiteralPath 'E:\Seedfreight\backup\order.json' | Should -BeFalse
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -Filter '*.publishsettings').Count | Should -Be 0
        }
        It 'leaves the publish settings to a task that still reads them' {
            Initialize-TestStart
            Mock Start-ScheduledTask {
                $to = Resolve-SeedPath 'E:\Seedfreight\backup\order.json.taken'
                [System.IO.File]::Move((Resolve-SeedPath 'E:\Seedfreight\backup\order.json'), $to)
                Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json" -Change {
                    $_.state = 'Running'
                }
            } -ModuleName _AgentTask
            $real = Get-Command -Name Wait-SeedAgentOrder
            Mock Wait-SeedAgentOrder { & $real -Seconds 0 } -ModuleName _Agent
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 2 } | Should -Throw '*not done after 0 s*'
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Filter '*.publishsettings').Count | Should -Be 1
            # The task takes it under its first name.
            $taken = Resolve-SeedPath 'E:\Seedfreight\backup\order.json.taken'
            [System.IO.File]::Move($taken, $taken.Replace('.taken', ''))
            Invoke-SeedAgentOrder -Folder 'E:\Seedfreight\backup' -Call 'Set-SeedMarsMethod'
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Filter '*.publishsettings').Count | Should -Be 0
            (Get-TestAgent).initial_backup.method | Should -Be 'OfflineBackup'
        }
        It 'removes what a restart in mid-backup left of the task, once the backup is seen' {
            Initialize-TestStart
            Mock Start-ScheduledTask {
                $to = Resolve-SeedPath 'E:\Seedfreight\backup\order.json.taken'
                [System.IO.File]::Move((Resolve-SeedPath 'E:\Seedfreight\backup\order.json'), $to)
                Add-TestJob -Id 'own' -State 'InProgress'
            } -ModuleName _AgentTask
            Set-TestMethod
            (Invoke-SeedStage -Option (New-TestOption) -Seconds 2).started | Should -BeTrue
            $left = "$env:LAB_HOME/hosts/fs01/tasks/Seedfreight-backup.json"
            foreach ($case in @{ state = 'Running'; stays = $true }, @{ state = 'Ready'; stays = $false }) {
                Edit-LabFile -Path $left -Change { $_.state = $case.state }
                $null = Invoke-SeedStage -Option (New-TestOption) -CheckMode $true
                Test-Path -LiteralPath $left | Should -BeTrue
                (Invoke-SeedStage -Option (New-TestOption) -Seconds 2).changed | Should -BeFalse
                Test-Path -LiteralPath $left | Should -Be $case.stays
            }
            @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -File).Count | Should -Be 0
        }
        It 'changes nothing the second time' {
            Initialize-TestStart
            $null = Invoke-SeedStage -Option (New-TestOption) -Seconds 2
            $option = New-TestOption -Change @{ _publish_settings_content = $null }
            $outcome = Invoke-SeedStage -Option $option -Seconds 2
            $outcome.changed | Should -BeFalse
            $outcome.refused | Should -BeNullOrEmpty
            @((Get-TestAgent).jobs).Count | Should -Be 1
        }
        It 'changes nothing when only the spelling differs' {
            Set-TestMethod
            Add-TestJob -Id 'own' -State 'CompletedWithWaitingForImportJob'
            $change = @{ staging_path = 'e:\STAGING\'; subscription_id = "{$($subscription.ToUpper())}" }
            (Invoke-SeedStage -Option (New-TestOption -Change $change)).changed | Should -BeFalse
        }
        It 'says what would change, without changing it' {
            $outcome = Invoke-SeedStage -Option (New-TestOption) -CheckMode $true
            $outcome.changed | Should -BeTrue
            (Get-TestAgent).initial_backup.method | Should -Be 'Network'
            @((Get-TestAgent).orders).Count | Should -Be 0
        }
        It 'starts nothing after a job of its own in state <state>' -ForEach @(
            @{ state = 'InProgress' }, @{ state = 'CompletedWithWaitingForImportJob' }
            @{ state = 'CompletedWithWaitingForCopyBlob' }, @{ state = 'Completed' }
            @{ state = 'CompletedWithWarning' }, @{ state = 'Aborted' }
            @{ state = 'Failed' }, @{ state = 'SomethingNew' }
        ) {
            Set-TestMethod
            Add-TestJob -Id 'own' -State $state
            $running = $state -eq 'InProgress'
            $outcome = Invoke-SeedStage -Option (New-TestOption)
            $outcome.changed | Should -BeFalse
            $outcome.refused | Should -BeNullOrEmpty
            ($outcome.backup.jobs[0].phase -eq 'running') | Should -Be $running
            @((Get-TestAgent).orders).Count | Should -Be 0
        }
        It 'begins again after <state> when a person allows it: <starts>' -ForEach @(
            @{ state = 'Aborted'; starts = $true }, @{ state = 'Failed'; starts = $true }
            @{ state = 'CompletedWithWarning'; starts = $false }, @{ state = 'SomethingNew'; starts = $false }
            @{ state = 'CompletedWithWaitingForImportJob'; starts = $false }
        ) {
            Set-TestMethod
            Write-TestFile -Name 'half.BaseBlob'
            Add-TestJob -Id 'own' -State $state
            $option = New-TestOption -Change @{ restart_failed = $true }
            (Invoke-SeedStage -Option $option -CheckMode $true).started | Should -Be $starts
        }
        It 'does not begin again when another job of the seed waits for the import' {
            Set-TestMethod
            Add-TestJob -Id 'own' -State 'CompletedWithWaitingForImportJob'
            Add-TestJob -Id 'later' -State 'Aborted' -Start '2026-01-03T01:00:00Z'
            $option = New-TestOption -Change @{ restart_failed = $true }
            (Invoke-SeedStage -Option $option -CheckMode $true).started | Should -BeFalse
        }
        It 'starts although there are jobs from before the seed' {
            Set-TestMethod
            Add-TestJob -Id 'before' -State 'Completed'
            Add-TestJob -Id 'waits' -State 'CompletedWithWaitingForImportJob'
            $option = New-TestOption -Change @{ known_jobs = @('before', 'waits') }
            (Invoke-SeedStage -Option $option -CheckMode $true).started | Should -BeTrue
        }
        It 'starts although a restore is the newest job' {
            Set-TestMethod
            Add-TestJob -Id 'restore' -State 'Completed' -Type 'Recovery'
            (Invoke-SeedStage -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
        }
        It 'starts although the system state was backed up since the seed began' {
            Set-TestMethod
            Add-TestJob -Id 'state' -State 'Completed'
            Set-TestAgent { $_.jobs[0].data_sources = @('System State') }
            (Invoke-SeedStage -Option (New-TestOption) -CheckMode $true).started | Should -BeTrue
        }
        It 'begins again after a job of its own that failed, although the system state was backed up since' {
            Set-TestMethod
            Add-TestJob -Id 'own' -State 'Failed'
            Add-TestJob -Id 'state' -State 'Completed' -Start '2026-01-03T01:00:00Z'
            Set-TestAgent { $_.jobs[1].data_sources = @('System State') }
            $option = New-TestOption -Change @{ restart_failed = $true }
            (Invoke-SeedStage -Option $option -CheckMode $true).started | Should -BeTrue
        }
        It 'starts nothing after a job of <sources>, which may be its own' -ForEach @(
            @{ sources = 'F:\' }, @{ sources = '' }
        ) {
            Set-TestMethod
            Add-TestJob -Id 'other' -State 'Completed'
            Set-TestAgent { $_.jobs[0].data_sources = @($sources | Where-Object { $_ }) }
            (Invoke-SeedStage -Option (New-TestOption) -CheckMode $true).started | Should -BeFalse
        }
        It 'starts after a backup over the network that left nothing in the staging location' {
            Add-TestJob -Id 'network' -State 'Completed'
            $outcome = Invoke-SeedStage -Option (New-TestOption) -CheckMode $true
            $outcome.configured | Should -BeTrue
            $outcome.started | Should -BeTrue
        }
        It 'refuses <why>' -ForEach @(
            @{
                why = 'a method that differs in the middle of a backup'; text = '*middle of a backup*?container?*'
                set = { Set-TestMethod; Add-TestJob -Id 'own' -State 'InProgress' }; change = @{ container = 'other' }
            }
            @{
                why = 'a method that differs while the import is awaited'; text = '*middle of a backup*?staging_path?*'
                set = { Set-TestMethod; Add-TestJob -Id 'own' -State 'CompletedWithWaitingForImportJob' }
                change = @{ staging_path = 'E:\Other' }
            }
            @{
                why = 'to start beside a running backup from before'; text = '*middle of a backup*Retry when*'
                set = { Set-TestMethod; Add-TestJob -Id 'before' -State 'InProgress' }
                change = @{ known_jobs = @('before') }
            }
            @{
                why = 'to write over the files of a job of its own'; text = '*no second one*?known_jobs?*'
                set = { Add-TestJob -Id 'own' -State 'CompletedWithWarning'; Write-TestFile -Name 'a.BaseBlob' }
                change = @{}
            }
            @{
                why = 'to write beside files that no job explains'; text = '*''a.BaseBlob''*no job*'
                set = { Set-TestMethod; Write-TestFile -Name 'a.BaseBlob' }; change = @{}
            }
            @{ why = 'to set a method without publish settings'; text = '*?publish_settings?*'; set = { }
                change = @{ _publish_settings_content = $null }
            }
            @{ why = 'a host without an agent'; text = '*?agent?: mars*not installed*'; change = @{}
                set = { Set-TestAgent { $_.installed = $false } }
            }
            @{ why = 'an agent without a vault'; text = '*not registered with a vault*'; change = @{}
                set = { Set-TestAgent { $_.policy = $null } }
            }
            @{ why = 'an agent without a policy'; text = '*no policy*'; change = @{}
                set = { Set-TestVault; Set-TestAgent { $_.policy = $null } }
            }
            @{
                why = 'an agent that does not show its jobs'; text = '*Nothing is started*(jobs)*Get-OBJob*'
                change = @{}
                set = {
                    $missing = @('Get-OBJob')
                    Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing }
                }
            }
            @{
                why = 'an agent that does not show its method'; text = '*cannot be read*wizard*?container?*'
                change = @{}
                set = {
                    $missing = @('Get-OBInitialBackupCreationMethod')
                    Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing }
                }
            }
        ) {
            . $set
            $outcome = Invoke-SeedStage -Option (New-TestOption -Change $change)
            $outcome.refused | Should -BeLike $text
            $outcome.changed | Should -BeFalse
            @((Get-TestAgent).orders).Count | Should -Be 0
        }
        It 'goes on when a person has set the method in the wizard and started the backup' {
            $missing = @('Get-OBInitialBackupCreationMethod')
            Set-TestAgent { $_ | Add-Member -NotePropertyName missing_cmdlets -NotePropertyValue $missing }
            Add-TestJob -Id 'own' -State 'InProgress'
            $outcome = Invoke-SeedStage -Option (New-TestOption)
            $outcome.refused | Should -BeNullOrEmpty
            $outcome.changed | Should -BeFalse
        }
        It 'fails when the agent does not keep the method' {
            Initialize-TestStart
            Mock Set-OBPolicy { } -ModuleName _AgentMars
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 0 } | Should -Throw '*did not keep offline*'
            @((Get-TestAgent).jobs).Count | Should -Be 0
        }
        It 'decides the same and shows the same times in <zone>, whatever kind the times of the agent have' -ForEach @(
            @{ zone = 'Etc/GMT+8' }, @{ zone = 'Etc/GMT-8' }, @{ zone = 'Etc/GMT-14' }, @{ zone = 'UTC' }
        ) {
            Set-TestMethod
            Write-TestFile -Name 'a.BaseBlob'
            $before = $env:TZ
            $seen = foreach ($place in 'UTC', $zone) {
                try {
                    $env:TZ = $place
                    [System.TimeZoneInfo]::ClearCachedData()
                    $moment = [DateTime]::SpecifyKind([DateTime]'2026-01-02T23:30:00', 'Utc')
                    foreach ($kind in 'Utc', 'Unspecified', 'Local') {
                        $global:LabTime = $moment
                        if ($kind -eq 'Unspecified') { $global:LabTime = [DateTime]::SpecifyKind($moment, $kind) }
                        if ($kind -eq 'Local') { $global:LabTime = $moment.ToLocalTime() }
                        Mock Get-OBJob {
                            if ($args.Count -lt 2 -or "$($args[0])" -notlike '-Previous*') { return }
                            foreach ($state in 'CompletedWithWaitingForImportJob', 'Aborted') {
                                [pscustomobject]@{
                                    JobId = $state
                                    JobType = 'Backup'
                                    JobStatus = [pscustomobject]@{
                                        JobState = $state
                                        StartTime = $global:LabTime.AddHours(-(@('', 'Aborted').IndexOf($state)))
                                        EndTime = $global:LabTime
                                    }
                                }
                            }
                        } -ModuleName _AgentMars
                        $outcome = Invoke-SeedStage -Option (New-TestOption @{ restart_failed = $true })
                        "$($outcome.changed) $($outcome.refused) " + (
                            $outcome.backup.jobs.ForEach{ "$($_.id) $($_.started) $($_.ended)" } -join ', ') +
                        " $($outcome.backup.files[0].modified)"
                    }
                }
                finally {
                    $env:TZ = $before
                    [System.TimeZoneInfo]::ClearCachedData()
                }
            }
            @($seen).Count | Should -Be 6
            @($seen | Select-Object -Unique).Count | Should -Be 1
            $seen[0] | Should -BeLike '*2026-01-02T23:30:00Z*2026-01-02T03:04:05.678Z'
        }
        It 'makes the policy that is asked for, sets the method and starts' {
            Initialize-TestStart
            Set-TestVault
            Set-TestAgent { $_.policy = $null }
            $policy = @{
                days = @('Saturday'); times = @('22:30'); retention_days = 30; include = @('D:\Data'); exclude = @()
            }
            $check = Invoke-SeedStage -Option (New-TestOption @{ policy = $policy }) -CheckMode $true
            "$($check.configured) $($check.started)" | Should -Be 'True True'
            $null -eq (Get-TestAgent).policy | Should -BeTrue
            $made = Invoke-SeedStage -Option (New-TestOption @{ policy = $policy }) -Seconds 5
            "$($made.configured) $($made.started) $($made.backup.method.offline)" | Should -Be 'True True True'
            (Get-TestAgent).policy.file_specs | Should -Be 'D:\Data'
            $again = Invoke-SeedStage -Option (New-TestOption @{ policy = $policy }) -Seconds 5
            "$($again.changed) $($again.refused)" | Should -Be 'False '
        }
        It 'refuses a policy with <what>' -ForEach @(
            @{ what = 'a time of no form'; name = 'times'; value = @('1320'); text = '*policy.times*quotes*' }
            @{ what = 'a time with a line break'; name = 'times'; value = @("22:30`n"); text = '*policy.times*quotes*' }
            @{ what = 'four times'; name = 'times'; value = @('01:00', '02:00', '03:00', '04:00')
                text = '*one to three times*'
            }
            @{ what = 'no day'; name = 'days'; value = @(); text = '*days*' }
            @{ what = 'no file'; name = 'include'; value = @(); text = '*include*' }
            @{ what = 'no retention'; name = 'retention_days'; value = 0; text = '*retention_days*' }
        ) {
            Set-TestVault
            Set-TestAgent { $_.policy = $null }
            $policy = @{
                days = @('Saturday'); times = @('22:30'); retention_days = 30; include = @('D:\Data'); exclude = @()
            }
            $policy[$name] = $value
            (Invoke-SeedStage -Option (New-TestOption @{ policy = $policy })).refused | Should -BeLike $text
        }
        It 'changes no policy that is there, and asks no more once a backup was started' {
            Initialize-TestStart
            $policy = @{
                days = @('Saturday'); times = @('22:30'); retention_days = 99; include = @('D:\Data'); exclude = @()
            }
            $option = New-TestOption @{ policy = $policy }
            (Invoke-SeedStage -Option $option).refused | Should -BeLike '*differs from ?policy? in days*retention_days*'
            (Get-TestAgent).initial_backup.method | Should -Be 'Network'
            Set-TestMethod
            Add-TestJob -Id 'own' -State 'CompletedWithWaitingForImportJob'
            (Invoke-SeedStage -Option $option).refused | Should -Be ''
        }
        It 'fails when no job follows the order' {
            Set-TestMethod
            { Invoke-SeedStage -Option (New-TestOption) -Seconds 0 } | Should -Throw '*shows no job after 0 s*console*'
            @(Get-ChildItem -LiteralPath "$env:LAB_HOME/hosts/fs01/tasks/orders").Count | Should -Be 1
        }
        It 'does not take an old job for the one that was ordered' {
            Add-TestJob -Id 'old' -State 'Completed'
            { Wait-SeedBackupJob -Agent mars -Before 'old' -Seconds 0 } | Should -Throw '*no job*'
            Add-TestJob -Id 'new' -State 'InProgress'
            Wait-SeedBackupJob -Agent mars -Before 'old' -Seconds 0 | Should -BeNullOrEmpty
        }
    }

    Context 'publish settings that a session left' {
        BeforeEach {
            $env:ProgramData = 'E:'
            $null = New-Item -ItemType Directory -Path 'E:\Seedfreight\below' -Force
            foreach ($one in 'old.publishsettings', 'new.publishsettings', 'old.json', 'below\old.publishsettings') {
                $file = New-Item -ItemType File -Path "E:\Seedfreight\$one" -Force
                if ($one -like '*old.*') { $file.LastWriteTimeUtc = [DateTime]::UtcNow.AddHours(-25) }
            }
            function Get-TestLeft {
                @(Get-ChildItem -LiteralPath 'E:\Seedfreight' -Recurse -File | ForEach-Object { $_.Name } | Sort-Object)
            }
        }
        It 'go when the method is set' {
            Initialize-TestStart
            $null = Invoke-SeedStage -Option (New-TestOption) -Seconds 2
            Get-TestLeft | Should -Be @('new.publishsettings', 'old.json', 'old.publishsettings')
        }
        It 'go when the staging location is cleaned, in a check <check>: <left> files stay' -ForEach @(
            @{ check = $false; left = 3 }, @{ check = $true; left = 4 }
        ) {
            $null = Invoke-SeedStageClean -Option (New-TestOption) -CheckMode $check
            (Get-TestLeft).Count | Should -Be $left
        }
    }

    Context 'cleaned' {
        It 'removes the frozen files and no other' {
            Write-TestFile -Name 'a.AIBBlob'
            Write-TestFile -Name 'sub\b.BaseBlob'
            Write-TestFile -Name 'changed.BaseBlob' -Bytes 1024
            Write-TestFile -Name 'touched.BaseBlob'
            Write-TestFile -Name 'foreign.txt'
            $option = New-TestOption -Change @{
                frozen_files = @(
                    (Get-TestFrozen -Name 'a.AIBBlob')
                    (Get-TestFrozen -Name 'sub\b.BaseBlob')
                    (Get-TestFrozen -Name 'changed.BaseBlob')
                    (Get-TestFrozen -Name 'touched.BaseBlob' -Modified '2026-01-02T03:04:05.679Z')
                    (Get-TestFrozen -Name 'gone.BaseBlob')
                )
            }
            $outcome = Invoke-SeedStageClean -Option $option
            $outcome.changed | Should -BeTrue
            @($outcome.removed | Sort-Object) | Should -Be @('a.AIBBlob', 'sub\b.BaseBlob')
            $left = 'changed.BaseBlob', 'foreign.txt', 'touched.BaseBlob'
            @($outcome.left | ForEach-Object { $_.name } | Sort-Object) | Should -Be $left
            ($outcome.left | Where-Object { $_.name -eq 'changed.BaseBlob' }).why | Should -BeLike '*1024 bytes*512*'
            ($outcome.left | Where-Object { $_.name -eq 'touched.BaseBlob' }).why | Should -BeLike '*modified*'
            ($outcome.left | Where-Object { $_.name -eq 'foreign.txt' }).why | Should -BeLike '*not belong*'
            @(Get-ChildItem -LiteralPath 'E:\Staging' -Recurse -File).Count | Should -Be 3
            @($outcome.backup.files).Count | Should -Be 3
            @($outcome.diff.before.files).Count | Should -Be 5
            @($outcome.diff.after.files).Count | Should -Be 3
            (Invoke-SeedStageClean -Option $option).changed | Should -BeFalse
        }
        It 'takes a time that arrives as a DateTime' {
            Write-TestFile -Name 'a.AIBBlob'
            $then = [DateTime]::SpecifyKind([DateTime]'2026-01-02T03:04:05.678', 'Utc')
            $option = New-TestOption -Change @{ frozen_files = @(Get-TestFrozen -Name 'a.AIBBlob' -Modified $then) }
            (Invoke-SeedStageClean -Option $option).removed | Should -Be @('a.AIBBlob')
        }
        It 'takes lengths beyond 32 bits' {
            $file = [pscustomobject]@{ name = 'x'; bytes = 375809638400; modified = '2026-01-02T03:04:05.678Z' }
            $same = Get-TestFrozen -Name 'x' -Bytes 375809638400
            $other = Get-TestFrozen -Name 'x' -Bytes 375809638401
            Get-SeedLeftReason -File $file -Frozen $same | Should -BeNullOrEmpty
            Get-SeedLeftReason -File $file -Frozen $other | Should -Not -BeNullOrEmpty
        }
        It 'says what would go, without removing it' {
            Write-TestFile -Name 'a.AIBBlob'
            $option = New-TestOption -Change @{ frozen_files = @(Get-TestFrozen -Name 'a.AIBBlob') }
            $outcome = Invoke-SeedStageClean -Option $option -CheckMode $true
            $outcome.changed | Should -BeTrue
            $outcome.removed | Should -Be @('a.AIBBlob')
            Test-Path -LiteralPath 'E:\Staging\a.AIBBlob' | Should -BeTrue
        }
        It 'leaves what cannot be removed, and says why' {
            $file = [pscustomobject]@{
                FullName = "$(Resolve-SeedPath -Path 'E:\Staging')/a.AIBBlob"
                PSIsContainer = $false
                Exists = $true
                Length = 512
                LastWriteTimeUtc = [DateTime]::SpecifyKind([DateTime]'2026-01-02T03:04:05.678', 'Utc')
            }
            $file | Add-Member -MemberType ScriptMethod -Name Refresh -Value { }
            Mock Get-ChildItem { $file } -ModuleName _Agent
            $option = New-TestOption -Change @{ frozen_files = @(Get-TestFrozen -Name 'a.AIBBlob') }
            $outcome = Invoke-SeedStageClean -Option $option
            $outcome.changed | Should -BeFalse
            $outcome.left[0].why | Should -BeLike 'It cannot be removed: *'
        }
        It 'never leaves the staging location' {
            $option = New-TestOption -Change @{ frozen_files = @(Get-TestFrozen -Name '..\keep.txt') }
            (Invoke-SeedStageClean -Option $option).changed | Should -BeFalse
            Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue
        }
        It 'needs no agent' {
            Set-TestAgent { $_.installed = $false }
            Write-TestFile -Name 'a.AIBBlob'
            $option = New-TestOption -Change @{ frozen_files = @(Get-TestFrozen -Name 'a.AIBBlob') }
            (Invoke-SeedStageClean -Option $option).removed | Should -Be @('a.AIBBlob')
        }
        It 'removes what another product staged, of any name' {
            Write-TestFile -Name 'full [1].vbk'
            $option = New-TestOption -Change @{
                agent = 'folder'; frozen_files = @(Get-TestFrozen -Name 'full [1].vbk')
            }
            (Invoke-SeedStageClean -Option $option).removed | Should -Be @('full [1].vbk')
        }
        It 'refuses to say "clean" of what it cannot see' {
            $option = New-TestOption -Change @{ staging_path = '\\filer\seed\fs01' }
            (Invoke-SeedStageClean -Option $option).refused | Should -BeLike '*?staging_path?*cannot see*'
        }
    }
    Context 'files of another product' {
        It 'only looks, whatever the options say' -ForEach @(@{ Check = $true }, @{ Check = $false }) {
            Write-TestFile -Name 'full.vbk'
            $option = @{ agent = 'folder'; staging_path = 'E:\Staging'; known_jobs = @(); restart_failed = $true }
            foreach ($name in 'import_job_name', 'subscription_id', 'storage_account', 'container') {
                $option[$name] = $null
            }
            $option['_publish_settings_content'] = $settings
            $outcome = Invoke-SeedStage -Option $option -CheckMode $Check
            $outcome.refused | Should -Be ''
            $outcome.changed | Should -BeFalse
            $outcome.configured | Should -BeFalse
            $outcome.started | Should -BeFalse
            $outcome.backup.files.name | Should -Be 'full.vbk'
            $outcome.backup.unknown.Count | Should -Be 0
            @((Get-TestAgent).orders).Count | Should -Be 0
        }
        It 'an agent needs the names' {
            $option = New-TestOption -Change @{ container = ''; import_job_name = $null }
            (Invoke-SeedStage -Option $option).refused |
                Should -BeLike '?import_job_name?, ?container? must be set for ?state: staged? with ?agent: mars?.*'
        }
    }
    Context 'a person at the wizard' {
        It 'sets and starts nothing, whatever the agent is: <method>' -ForEach @(
            @{ method = 'network' }, @{ method = 'offline' }, @{ method = 'unreadable' }, @{ method = 'none' }
        ) {
            if ($method -eq 'offline') { Set-TestMethod }
            if ($method -eq 'unreadable') {
                $missing = 'Get-OBInitialBackupCreationMethod', 'Set-OBInitialBackupCreationMethod'
                Set-TestAgent { $_ | Add-Member -Force -NotePropertyMembers @{ missing_cmdlets = $missing } }
            }
            if ($method -eq 'none') { Set-TestAgent { $_.policy = $null } }
            Add-TestJob -Id 'j1' -State 'Failed'
            $before = Get-TestAgent | ConvertTo-Json -Depth 9
            foreach ($check in $true, $false) {
                $option = New-TestOption -Change @{ setup = 'attended'; restart_failed = $true }
                $outcome = Invoke-SeedStage -Option $option -CheckMode $check
                $outcome.refused | Should -Be ''
                $outcome.changed | Should -BeFalse
                $outcome.backup.jobs[0].phase | Should -Be 'failed'
            }
            Get-TestAgent | ConvertTo-Json -Depth 9 | Should -Be $before
        }
        It 'refuses a method that was typed differently: <name>' -ForEach @(
            @{ name = 'import_job_name' }, @{ name = 'container' }, @{ name = 'subscription_id' }
        ) {
            Set-TestMethod
            $option = New-TestOption -Change @{ setup = 'attended'; $name = 'other' }
            (Invoke-SeedStage -Option $option).refused | Should -BeLike "*differs in ?${name}?.*wizard of the agent."
        }
        It 'names the option of the staging location' {
            Set-TestMethod
            $option = New-TestOption -Change @{ setup = 'attended'; staging_path = 'E:\Other' }
            (Invoke-SeedStage -Option $option).refused | Should -BeLike '*differs in ?staging_path?.*'
        }
        It 'takes what the agent does not say for no difference, where a person sets it' {
            Set-TestMethod
            Set-TestAgent { $_.initial_backup.import_job_name = $null; $_.initial_backup.storage_container = 'other' }
            $option = New-TestOption -Change @{ setup = 'attended' }
            (Invoke-SeedStage -Option $option).refused | Should -BeLike '*differs in ?container?.*'
            Set-TestAgent { $_.initial_backup.storage_container = $null }
            (Invoke-SeedStage -Option $option).refused | Should -Be ''
            $check = Invoke-SeedStage -Option (New-TestOption -Change @{ setup = 'automatic' }) -CheckMode $true
            $check.configured | Should -BeTrue
        }
        It 'refuses a host without the agent' {
            Set-TestAgent { $_.installed = $false }
            $option = New-TestOption -Change @{ setup = 'attended' }
            (Invoke-SeedStage -Option $option).refused | Should -BeLike '*not installed on this host*'
        }
    }
}
