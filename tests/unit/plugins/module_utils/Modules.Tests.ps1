# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the shared PowerShell of the Windows modules' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        $utils = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../plugins/module_utils'
        foreach ($name in '_Disk', '_Tool', '_Runner', '_Copy', '_BitLocker') { Import-Module -Name "$utils/$name.psm1" -Force -Global }
        $journalText = @'
[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<?xml version="1.0" encoding="UTF-8"?>
<Drive>
  <DriveId>DATA</DriveId><BitLockerKey>hush</BitLockerKey><ManifestFile>\DriveManifest.xml</ManifestFile><ManifestHash>abc</ManifestHash></Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
'@
    }
    BeforeEach { New-TestWorld; $null = New-Item -ItemType Directory -Path 'C:\j' }
    AfterEach { Remove-TestWorld }

    Context 'disks' {
        It 'has one form of <raw>' -ForEach @(@{ raw = '  WD-1 '; normal = 'WD-1' }, @{ raw = 'nv1.'; normal = 'NV1' }, @{ raw = ''; normal = '' }) { ConvertTo-SeedSerial -Serial $raw | Should -BeExactly $normal }
        It 'finds a disk by serial' { (Find-SeedDisk -Serial 'WD-1').Number | Should -Be 1 }
        It 'refuses a serial that two disks have' { Add-TestDisk -Serial 'wd-1x' -Number 7; Set-TestDisk -Serial 'wd-1x' -Change { $_.serial = 'wd-1' }; { Find-SeedDisk -Serial 'WD-1' } | Should -Throw '*belongs to 2 disks*' }
        It 'leaves the reserved partition out' { Initialize-Disk -Number 1; @(Get-SeedDataPartition -Number 1).Count | Should -Be 0 }
        It 'reads letters' { Get-SeedLetter -Partition (Get-SeedDataPartition -Number 2) | Should -Be 'E' }
        It 'knows what a drive holds' {
            (Get-SeedDrive -Serial 'wd-1').holds | Should -Be 'nothing'
            (Get-SeedDrive -Serial DATA).holds | Should -Be 'data'
            Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret x
            Lock-SeedVolume -Letter E
            (Get-SeedDrive -Serial DATA).holds | Should -Be 'locked'
            (Get-SeedDrive -Serial DATA).refusals | Should -BeLike '*locked BitLocker volume*erase: true*'
        }
        It 'never takes what cannot be read for empty' { Get-SeedHolding -Partition @(Get-SeedDataPartition -Number 2) -Letter '' | Should -Be 'data' }
        It 'refuses <why>' -ForEach @(
            @{ why = 'a system disk'; serial = 'SYS'; change = { }; text = '*system or boot disk*' }
            @{ why = 'a page file'; serial = 'SYS'; change = { $_.is_system = $false; $_.is_boot = $false; $_.boot_from_disk = $false }; text = '*page file*' }
            @{ why = 'a cluster disk'; serial = 'DATA'; change = { $_.is_clustered = $true }; text = '*failover cluster*' }
            @{ why = 'another bus'; serial = 'DATA'; change = { $_.bus_type = 'USB' }; text = '*USB*SATA*' }
            @{ why = 'a collision'; serial = 'DATA'; change = { $_.is_offline = $true; $_.offline_reason = 'Collision' }; text = '*collision*' }
            @{ why = 'a pool member'; serial = 'DATA'; change = { $_.cannot_pool_reason = 'In a Pool' }; text = '*storage pool*' }
        ) {
            Set-TestDisk -Serial $serial -Change $change
            @((Get-SeedDrive -Serial $serial -Erase $true).refusals)[0] | Should -BeLike $text
        }
        It 'refuses a drive that is not there' { (Get-SeedDrive -Serial NOPE).refusals | Should -BeLike '*not attached*' }
        It 'makes an empty drive ready' { Initialize-SeedDrive -Drive (Get-SeedDrive -Serial 'WD-1') | Should -Be 'D' }
        It 'does not touch a drive that holds data' { { Initialize-SeedDrive -Drive (Get-SeedDrive -Serial DATA) } | Should -Throw '*holds data*'; Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue }
        It 'erases what it is told to erase' { $null = Initialize-SeedDrive -Drive (Get-SeedDrive -Serial DATA -Erase $true) -Erase $true; (Get-SeedDrive -Serial DATA).holds | Should -Be 'nothing' }
        It 'stops when the drive is another one by now' { $seen = Get-SeedDrive -Serial 'WD-1'; Set-TestDisk -Serial 'WD-1' -Change { $_.unique_id = 'other' }; { Initialize-SeedDrive -Drive $seen } | Should -Throw '*changed while*' }
        It 'has every reason in words' { Get-SeedDiskRefusal -Disk (Get-Disk -Number 1) -Serial 'WD-1' -Letter @() | Should -BeNullOrEmpty }
    }

    Context 'the tool' {
        It 'resolves paths for .NET' { [System.IO.File]::Exists((Resolve-SeedPath -Path 'E:\keep.txt')) | Should -BeTrue }
        It 'says when it is missing' { { Assert-SeedTool -Tool (Get-SeedTool -Path 'C:\none.exe') } | Should -Throw '*tool_path*not a file*' }
        It 'refuses version <version>' -ForEach @(@{ version = '1.4.0.0'; text = '*command line*' }, @{ version = '2.2.0.300'; text = '*not version 1*' }, @{ version = 'x'; text = '*not of the form*' }, @{ version = ''; text = '*tool_version*' }) {
            { Assert-SeedTool -Tool ([pscustomobject]@{ path = 'p'; found = $true; version = $version }) } | Should -Throw $text
        }
        It 'asks for page blobs' { Get-SeedToolArgument -Journal j -SessionId s -Letter D -LogDirectory l -Source S -Container c | Should -Contain '/BlobType:PageBlob' }
        It 'quotes what has blanks' { ConvertTo-SeedCommandLine -Word 'a', '/srcdir:C:\a b\' | Should -BeExactly 'a "/srcdir:C:\a b\\"' }
        It 'refuses a double quote' { { ConvertTo-SeedCommandLine -Word 'a"b' } | Should -Throw '*double quote*' }
        It 'reads a journal without its key' {
            Set-Content -LiteralPath 'C:\j\x.jrn' -Value $journalText
            $read = Read-SeedJournal -Path 'C:\j\x.jrn'
            "$($read.drive_id) $($read.manifest_hash) $($read.has_key) $($read.completed)" | Should -BeExactly 'DATA ABC True True'
            ($read | ConvertTo-Json) | Should -Not -Match 'hush'
        }
        It 'hashes files, and nothing for a file that is not there' { Get-SeedFileHash -Path 'E:\keep.txt' | Should -Match '^[0-9A-F]{32}$'; Get-SeedFileHash -Path 'E:\no' | Should -BeNullOrEmpty }
        It 'seals a journal so that it cannot be read' {
            Set-Content -LiteralPath 'C:\j\x.jrn' -Value $journalText
            $rsa = [System.Security.Cryptography.RSA]::Create(2048)
            $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=t', $rsa, 'SHA256', [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
            $oids = [System.Security.Cryptography.OidCollection]::new()
            $null = $oids.Add([System.Security.Cryptography.Oid]::new('1.3.6.1.4.1.311.80.1'))
            $request.CertificateExtensions.Add([System.Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension]::new($oids, $false))
            $request.CertificateExtensions.Add([System.Security.Cryptography.X509Certificates.X509KeyUsageExtension]::new('KeyEncipherment, DataEncipherment', $true))
            $certificate = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
            $sealed = Protect-SeedJournal -Path 'C:\j\x.jrn' -Certificate ("-----BEGIN CERTIFICATE-----`n" + [Convert]::ToBase64String($certificate.RawData) + "`n-----END CERTIFICATE-----")
            $sealed | Should -Match '^-----BEGIN CMS-----'
        }
        It 'makes folders private' {
            $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') + [System.IO.Path]::PathSeparator + $env:PATH
            New-SeedPrivateFolder -Path 'C:\secret'
            (Get-Item -LiteralPath 'C:\secret').UnixMode | Should -Be 'drwx------'
        }
    }

    Context 'runs' {
        It 'writes and reads a state in one step' { Write-SeedState -Path 'C:\j\s.json' -State @{ a = 1 }; (Read-SeedJson -Path 'C:\j\s.json').a | Should -Be 1 }
        It 'reads nothing where nothing is' { Read-SeedJson -Path 'C:\j\none.json' | Should -BeNullOrEmpty }
        It 'writes times in UTC' { Get-SeedTime | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$' }
        It 'masks keys in output' {
            Set-Content -LiteralPath 'C:\j\o.txt' -Value 'key 111111-222222-333333-444444-555555-666666-777777-888888', "key AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            (Get-SeedLastLine -Path 'C:\j\o.txt') -join ' ' | Should -BeExactly 'key ******** key ********'
        }
        It 'counts used bytes' { Get-SeedUsedByte -Letter E | Should -BeGreaterThan 0 }
        It 'knows its own process, and that another start time is another process' {
            Test-SeedProcess -Id $PID | Should -BeTrue
            Test-SeedProcess -Id $PID -Started '2001-01-01T00:00:00Z' | Should -BeFalse
            Test-SeedProcess -Id $null | Should -BeFalse
        }
        It 'tells <state> with exit code <code> as <now>' -ForEach @(
            @{ state = 'ended'; code = 0; now = 'finished' }, @{ state = 'ended'; code = 3; now = 'failed' }, @{ state = 'running'; code = $null; now = 'lost' }
        ) {
            Write-SeedState -Path 'C:\j\s.json' -State @{ operation = 'prepare'; state = $state; session_id = 's'; pid = 999999; tool_pid = $null; started = '2026-01-01T00:00:00Z'; updated = ''; process_started = $null; ended = $null; exit_code = $code; bytes_done = 0; bytes_total = 1; last_lines = @() }
            (Get-SeedRun -StateFile 'C:\j\s.json').state | Should -Be $now
        }
        It 'tells that there was no run' { (Get-SeedRun -StateFile 'C:\j\none').state | Should -Be 'none' }
        It 'writes a runner that parses' {
            $errors = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput((Get-SeedRunnerText), [ref]$null, [ref]$errors)
            @($errors).Count | Should -Be 0
        }
        It 'starts a run as a task of the system' {
            Start-SeedRun -Folder 'C:\j' -Order ([ordered]@{ serial = 'DATA'; operation = 'verify'; session_id = 's'; bytes_total = 1; state_file = 'C:\j\s.json' })
            (Get-ScheduledTask -TaskName 'Seedfreight-DATA').Principal.UserId | Should -Be 'SYSTEM'
            (Get-SeedRun -StateFile 'C:\j\s.json').state | Should -Be 'running'
        }
        It 'verifies a good drive and finds a changed byte' {
            $bytes = [byte[]]::new(1024)
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $bytes)
            $md5 = [BitConverter]::ToString([System.Security.Cryptography.MD5]::Create().ComputeHash($bytes)) -replace '-', ''
            $blob = "<Blob><BlobPath>c/f</BlobPath><FilePath>\f</FilePath><Length>1024</Length><PageRangeList><PageRange Offset='0' Length='1024' Hash='$md5'/></PageRangeList></Blob>"
            Set-Content -LiteralPath 'E:\DriveManifest.xml' -Value "<DriveManifest><Drive><DriveId>DATA</DriveId><BlobList>$blob</BlobList></Drive></DriveManifest>"
            $order = @{ operation = 'verify'; session_id = 's'; letter = 'E'; manifest_file = '\DriveManifest.xml'; manifest_hash = Get-SeedFileHash -Path 'E:\DriveManifest.xml'; bytes_total = 1024; state_file = 'C:\j\s.json'; verify_file = 'C:\j\v.json' }
            Write-SeedState -Path 'C:\j\o.json' -State $order
            Invoke-SeedRun -OrderFile 'C:\j\o.json'
            (Read-SeedJson -Path 'C:\j\v.json').ok | Should -BeTrue
            $bytes[700] = 1
            [System.IO.File]::WriteAllBytes((Resolve-SeedPath -Path 'E:\f'), $bytes)
            Invoke-SeedRun -OrderFile 'C:\j\o.json'
            (Read-SeedJson -Path 'C:\j\v.json').mismatches | Should -BeLike '*differs at byte 0*'
            (Get-SeedRun -StateFile 'C:\j\s.json').state | Should -Be 'failed'
        }
        It 'names what is wrong with one file' {
            $element = ([xml]'<Blob><FilePath>\none</FilePath><Length>1</Length></Blob>').DocumentElement
            Test-SeedBlob -Blob $element -Letter E -Count @{ files = 0; ranges = 0; bytes = 0 } | Should -BeLike '*missing*'
        }
        It 'tells a run that cannot begin' {
            Write-SeedState -Path 'C:\j\o.json' -State @{ operation = 'prepare'; session_id = 's'; letter = 'E'; tool_path = 'C:\none.exe'; arguments = 'x'; bytes_total = 1; state_file = 'C:\j\s.json'; output_file = 'C:\j\out.txt' }
            Invoke-SeedRun -OrderFile 'C:\j\o.json'
            (Get-SeedRun -StateFile 'C:\j\s.json').exit_code | Should -Be -1
        }
    }

    Context 'copying' {
        It 'names the files of a journal' { (Get-SeedJournalFile -Folder 'C:\j\' -Serial X).journal | Should -Be 'C:\j\X.jrn' }
        It 'shows a drive and its journal' { $copy = Get-SeedCopy -Drive @(@{ serial = 'DATA'; erase = $true }) -Folder 'C:\j'; $copy.journals[0].exists | Should -BeFalse; $copy.drives[0].refusals | Should -BeNullOrEmpty }
        It 'refuses an empty serial' { { Get-SeedCopy -Drive @(@{ serial = ' '; erase = $false }) -Folder 'C:\j' } | Should -Throw '*serial*empty*' }
        It 'believes neither the exit code nor the journal alone' {
            $journal = [pscustomobject]@{ completed = $true; has_key = $true; manifest_hash = 'ABC'; manifest_file = '\keep.txt'; drive_id = 'DATA'; run = [pscustomobject]@{ operation = 'prepare'; state = 'finished' }; verify = $null }
            $drive = [pscustomobject]@{ serial = 'DATA'; holds = 'data'; letter = 'E' }
            Test-SeedPrepared -Journal $journal -Drive $drive | Should -BeFalse
            $journal.manifest_hash = Get-SeedFileHash -Path 'E:\keep.txt'
            Test-SeedPrepared -Journal $journal -Drive $drive | Should -BeTrue
            $journal.run.state = 'failed'
            Test-SeedPrepared -Journal $journal -Drive $drive | Should -BeFalse
        }
        It 'copies to a drive, waits for a run, and does nothing to a prepared one' {
            $listed = @(@{ serial = 'DATA'; erase = $true; session_id = 's' })
            $copy = Get-SeedCopy -Drive $listed -Folder 'C:\j'
            (Get-SeedPrepareStep -Copy $copy -Drive $listed).action | Should -Be 'copy'
            $copy.journals[0].run.state = 'running'
            (Get-SeedPrepareStep -Copy $copy -Drive $listed).action | Should -Be 'wait'
            $copy.journals[0].run.state = 'none'
            $copy.journals[0].prepared = $true
            (Get-SeedPrepareStep -Copy $copy -Drive $listed).action | Should -Be 'none'
        }
        It 'does not start a lost session again without a word' {
            $listed = @(@{ serial = 'DATA'; erase = $false; session_id = 's' })
            $copy = Get-SeedCopy -Drive $listed -Folder 'C:\j'
            $copy.journals[0].exists = $true
            $copy.journals[0].run.state = 'lost'
            { Get-SeedPrepareStep -Copy $copy -Drive $listed } | Should -Throw '*cannot be resumed*erase: true*'
        }
        It 'keeps an old journal aside' {
            Set-Content -LiteralPath 'C:\j\DATA.jrn' -Value 'old'
            Move-SeedJournalAside -File (Get-SeedJournalFile -Folder 'C:\j' -Serial DATA)
            @(Get-ChildItem -LiteralPath 'C:\j' -Filter 'DATA.*.jrn').Count | Should -Be 1
        }
        It 'refuses a drive that is too small' {
            Set-TestDisk -Serial DATA -Change { $_.size = 1 }
            { Start-SeedCopy -Seen (Get-SeedDrive -Serial DATA) -Listed @{ serial = 'DATA'; erase = $true } -Option @{ source_directory = 'E:\'; journal_directory = 'C:\j'; log_directory = 'C:\j' } } | Should -Throw '*too few*'
        }
        It 'refuses a journal on the target drive' {
            { Start-SeedCopy -Seen (Get-SeedDrive -Serial DATA) -Listed @{ serial = 'DATA'; erase = $true } -Option @{ source_directory = 'E:\'; journal_directory = 'E:\j'; log_directory = 'C:\j' } } | Should -Throw '*lies on the target drive*'
        }
        It 'verifies only what is prepared' { $copy = Get-SeedCopy -Drive @(@{ serial = 'DATA'; erase = $true }) -Folder 'C:\j'; { Start-SeedVerify -Seen $copy.drives[0] -Journal $copy.journals[0] -Folder 'C:\j' } | Should -Throw '*not prepared*' }
        It 'removes a journal with all that belongs to it' {
            Set-Content -LiteralPath 'C:\j\DATA.jrn' -Value $journalText
            Remove-SeedJournal -Journal (Get-SeedJournal -Folder 'C:\j' -Serial DATA) -Option @{ journal_directory = 'C:\j'; log_directory = 'C:\j' }
            Test-Path -LiteralPath 'C:\j\DATA.jrn' | Should -BeFalse
        }
    }

    Context 'BitLocker' {
        It 'shows protectors without values' { Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'; (Get-SeedVolume -Letter E | ConvertTo-Json -Depth 5) | Should -Not -Match '000011' }
        It 'tells whose key fits' {
            Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'
            Test-SeedKey -Letter E -RecoveryPassword '000011' | Should -BeTrue
            Test-SeedKey -Letter E -RecoveryPassword '000022' | Should -BeFalse
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            Test-SeedKey -Letter E -ExternalKey 'AAEC' | Should -BeTrue
            Test-SeedKey -Letter E -ExternalKey 'AAED' | Should -BeFalse
        }
        It 'locks and unlocks with an external key, and with no other' {
            Protect-TestDisk -Serial DATA -Type ExternalKey -Secret 'AAEC'
            Lock-SeedVolume -Letter 'E:'
            { Unlock-SeedVolume -Letter E -ExternalKey 'AAED' } | Should -Throw '*does not unlock*'
            Unlock-SeedVolume -Letter E -ExternalKey 'AAEC'
            (Get-SeedVolume -Letter E).lock_status | Should -Be 'Unlocked'
        }
        It 'unlocks with a numerical password' { Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret '000011'; Lock-SeedVolume -Letter E; Unlock-SeedVolume -Letter E -RecoveryPassword '000011'; Test-Path -LiteralPath 'E:\keep.txt' | Should -BeTrue }
        It 'finds the CIM object' { (Get-SeedEncryptableVolume -Letter E).DriveLetter | Should -Be 'E:' }
    }
}
