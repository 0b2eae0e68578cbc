# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'journals that the utility of the agent left' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool', '_Seal',
            '_RunScript', '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect'
        $samples = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals'
        $folder = 'C:\Program Files\Disk Prep'
        function Copy-Sample([string]$Name, [string]$To) {
            [System.IO.File]::Copy("$samples/$Name", (Resolve-SeedPath -Path "$folder\$To"))
        }
    }
    BeforeEach {
        New-TestWorld
        $null = New-Item -ItemType Directory -Path "$folder\below"
    }
    AfterEach { Remove-TestWorld }

    It 'says what a journal says of its drive, without the key' {
        Copy-Sample -Name 'external-key.jrn' -To 'a.jrn'
        $found = @(Find-SeedLeftJournal -Directory "$folder\")
        $found.Count | Should -Be 1
        $found[0].serial | Should -BeExactly 'WD-WX31A10FE02'
        $found[0].path | Should -BeExactly "$folder\a.jrn"
        $hash = (Get-FileHash -LiteralPath "$samples/external-key.jrn").Hash
        $found[0].sha256 | Should -BeExactly $hash.ToLowerInvariant()
        $found[0].bytes | Should -Be (Get-Item -LiteralPath "$samples/external-key.jrn").Length
        "$($found[0].completed) $($found[0].key_kind)" | Should -Be 'True external'
        $found[0].manifest_hash | Should -BeExactly 'D863FE44F861AE0DA4DCEAEEFFCCCE68'
        ConvertTo-Json -InputObject $found -Depth 5 | Should -Not -Match '\d{6}-\d{6}|[A-Za-z0-9+/]{43}='
    }
    It 'leaves out what is damaged, of another kind or in a subfolder' {
        Copy-Sample -Name 'xml-cut.jrn' -To 'cut.jrn'
        Copy-Sample -Name 'numerical-key.jrn' -To 'journal.txt'
        Copy-Sample -Name 'numerical-key.jrn' -To 'below\b.jrn'
        @(Find-SeedLeftJournal -Directory $folder).Count | Should -Be 0
    }
    It 'has a record for each drive, and says that a journal is not finished' {
        Copy-Sample -Name 'two-drives.jrn' -To 'two.jrn'
        Copy-Sample -Name 'not-saved-yet.jrn' -To 'open.jrn'
        $found = @(Find-SeedLeftJournal -Directory $folder)
        @($found | Where-Object { $_.path -like '*two.jrn' }).Count | Should -Be 2
        @($found | Where-Object { $_.path -like '*open.jrn' }).completed | Should -BeFalse
    }
    It 'does not take a journal that cannot be read for one that is not there: <why>' -ForEach @(
        @{ why = 'another program has it open'; type = 'System.IO.IOException' }
        @{ why = 'access denied'; type = 'System.UnauthorizedAccessException' }
    ) {
        Copy-Sample -Name 'external-key.jrn' -To 'a.jrn'
        $global:TestFailure = New-Object -TypeName $type -ArgumentList $why
        foreach ($name in 'Read-SeedJournal', 'Get-SeedFileHash') {
            Mock $name {
                throw (New-Object -TypeName System.Management.Automation.MethodInvocationException -ArgumentList @(
                        'Exception calling ".ctor"', $global:TestFailure
                    ))
            } -ModuleName _Collect
            { Find-SeedLeftJournal -Directory $folder } | Should -Throw "*$folder\a.jrn*cannot be read*$why*retry*"
        }
    }
    It 'leaves out a journal that goes away while it is read' {
        Copy-Sample -Name 'external-key.jrn' -To 'a.jrn'
        Mock Read-SeedJournal { throw (New-Object -TypeName System.IO.FileNotFoundException) } -ModuleName _Collect
        @(Find-SeedLeftJournal -Directory $folder).Count | Should -Be 0
    }
    It 'finds nothing in a folder that is not there' {
        @(Find-SeedLeftJournal -Directory 'C:\nowhere').Count | Should -Be 0
    }
    It 'seals only the finished journals that were judged' {
        Copy-Sample -Name 'external-key.jrn' -To 'a.jrn'
        Copy-Sample -Name 'numerical-key.jrn' -To 'b.jrn'
        Copy-Sample -Name 'not-saved-yet.jrn' -To 'open.jrn'
        $found = @(Find-SeedLeftJournal -Directory $folder)
        $key = [System.Security.Cryptography.RSA]::Create(2048)
        $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=run', $key,
            [System.Security.Cryptography.HashAlgorithmName]::SHA256,
            [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow, [DateTimeOffset]::UtcNow.AddDays(1))
        $pem = "-----BEGIN CERTIFICATE-----`n$([Convert]::ToBase64String($certificate.RawData))`n" +
            '-----END CERTIFICATE-----'
        $wanted = @($found | Where-Object { $_.path -notlike '*b.jrn' } | ForEach-Object { $_.sha256 })
        $sealed = @(Protect-SeedLeftJournal -Journal $found -Certificate $pem -Wanted $wanted)
        $sealed.Count | Should -Be 1
        $sealed[0].sha256 | Should -BeExactly @($found | Where-Object { $_.path -like '*a.jrn' })[0].sha256
        $sealed[0].cms | Should -Match '^-----BEGIN CMS-----'
        @(Protect-SeedLeftJournal -Journal $found -Certificate $pem).Count | Should -Be 0
    }
}

Describe 'journals of attempts' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/attempts.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach { New-TestWorld }
    AfterEach { Remove-TestWorld }

    It 'seals the journals of complete attempts that are not kept already' {
        Mock Protect-SeedJournal { 'sealed' } -ModuleName _Collect
        $null = New-Folder -Id $first -Run @{} -Journal
        $drive = [pscustomobject]@{ facts = Get-Facts }
        $sealed = @(Get-SeedSealedJournal -Drive $drive -Certificate 'x' -Collected 'y')
        "$($sealed.Count) $($sealed[0]['attempt']) $($sealed[0]['cms'])" | Should -Be "1 $first sealed"
        Get-SeedSealedJournal -Drive $drive -Certificate 'x' -Collected $drive.facts.journal.sha256 |
            Should -BeNullOrEmpty
        $drive.facts.attempt.run.sessions = @()
        Get-SeedSealedJournal -Drive $drive -Certificate 'x' | Should -BeNullOrEmpty
    }
}
