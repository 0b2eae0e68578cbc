# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of BitLocker volumes need beside world.ps1: E: is the volume of the disk DATA.
Import-TestUtility -Name '_Drive', '_Volume', '_DriveGuard', '_Attempt', '_Registry', '_Seal', '_BitLockerCall',
    '_BitLocker', '_BitLockerStep', '_BitLockerDirectory', '_BitLockerTask'

# Source: published examples; both satisfy the rule of the check digits.
$Password = '238810-662376-448998-450120-652806-203390-606320-483076',
    '463881-116138-212971-219626-306295-227139-146784-038038'

function New-TestProtector {
    param([string]$Type, [string]$Value = '', [string]$Account = '')
    @{ type = $Type; value = $Value; account = $Account }
}

function New-TestVolume {
    param([string]$Serial = '', [string]$Mount = '')
    @{ serial = $Serial; mount_point = $Mount; recovery_password = $null; external_key = $null; password = $null }
}

function New-TestOption {
    # The options of bitlocker_volume, as Ansible hands them to the module.
    param([string]$State, [object[]]$Protector = @(), [object[]]$Volume, [hashtable]$More = @{})
    $option = New-TestVolume -Serial $(if (-not $Volume) { 'DATA' })
    $option += @{
        state = $State
        attempts = $null
        work_directory = 'C:\work'
        protectors = @($Protector)
        volumes = $Volume
        auto_unlock = $null
        escrowed = $null
        exclusive = $false
        method = $null
        reboot_count = $null
        return_keys = $false
        rotate = $null
        used_space_only = $null
        _devices = $null
        _directory = $false
        _hold = $false
        _transport_certificate = $null
    }
    foreach ($name in $More.Keys) { $option[$name] = $More[$name] }
    $option
}

function New-TestAttempt {
    # An attempt of the seed one that wrote to the drive DATA.
    param([string]$Id = '20260101T000000Z-0001', [string]$Work = 'C:\work', [switch]$Discarded)
    $folder = "$Work\seeds\one\DATA\$Id"
    $null = New-Item -ItemType Directory -Path $folder -Force
    Write-SeedJson -Path "$folder\attempt.json" -Value @{
        seed = 'one'; container = 'c'; started = '2026-01-01T00:00:00Z'; erased = @{ at = '2026-01-01T00:00:00Z' }
        files = @(); sessions = @(); identity = @{}
    }
    if ($Discarded) { Write-SeedJson -Path "$folder\discarded.json" -Value @{ a = 1 } }
    $Id
}

function Get-TestStep {
    param([Parameter(Position = 0)][object]$Record)
    @($Record.steps | ForEach-Object { $_.step }) -join ','
}

function Step-TestClock {
    # Lets more time pass than a conversion takes.
    $file = "$env:LAB_HOME/clock.json"
    $now = $(if (Test-Path -LiteralPath $file) { (Read-LabFile -Path $file).offset_seconds } else { 0 })
    Write-LabFile -Path $file -Value @{ offset_seconds = $now + 60 }
}

function Get-TestVolumeText {
    # The description of all disks, to see whether anything changed.
    @(Get-ChildItem -LiteralPath "$env:LAB_HOME/disks" -Recurse -Filter disk.json | Sort-Object -Property FullName |
        ForEach-Object { [System.IO.File]::ReadAllText($_.FullName) }) -join "`n"
}

function Get-TestProtector {
    param([string]$Type)
    (Read-LabFile -Path "$env:LAB_HOME/disks/DATA/disk.json").partitions[0].bitlocker.protectors |
        Where-Object { $_.type -eq $Type }
}

function Set-TestSituation {
    # Brings E: into a state, and returns the recovery password that opens it then.
    param([Parameter(Mandatory)][string]$Name)
    if ($Name -eq 'plain') { return }
    Protect-TestDisk -Serial DATA -Type RecoveryPassword -Secret $Password[0]
    $call = @{ Name = 'Decrypt'; Guid = '{00000000-0000-4000-8000-000000000002}' }
    Set-TestDisk -Serial DATA -Change {
        $state = $_.partitions[0].bitlocker
        $state.encryption_method = 'Aes256'
        switch ($Name) {
            'suspended' { $state.protection_status = 'Off' }
            'locked' { $state.locked = $true }
            'left over' {
                $state.volume_status, $state.protection_status, $state.encryption_percentage = 'FullyDecrypted',
                    'Off', 0
                $state.encryption_method = 'None'
            }
        }
    }
    if ($Name -in 'encrypting', 'decrypting') { $null = Invoke-LabEncryptableMethod @call }
    if ($Name -eq 'encrypting') { $null = Invoke-LabEncryptableMethod -Guid $call.Guid -Name Encrypt }
    $Password[0]
}

function Set-TestChoice {
    param([Parameter(Mandatory)][string]$Choice, [bool]$Opposite)
    Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/choices.json" -Value @{ $Choice = $Opposite }
}

function Set-TestPolicy {
    param(
        [Parameter(Mandatory)][string]$Name,
        [int]$Value,
        [string]$Key = 'SOFTWARE\Policies\Microsoft\FVE'
    )
    Write-LabFile -Path "$env:LAB_HOME/hosts/fs01/registry.json" -Value @{ $Key = @{ $Name = $Value } }
}

function Set-TestDomain {
    # The host belongs to a domain, whose directory shows the account so much.
    param([string]$Shows = 'keys')
    Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/host.json" -Change {
        $_ | Add-Member -NotePropertyName domain -NotePropertyValue $true -Force
        $_ | Add-Member -NotePropertyName directory -NotePropertyValue $Shows -Force
    }
}

function New-TestCertificate {
    # A certificate as PEM, and with its key.
    $rsa = [System.Security.Cryptography.RSA]::Create(2048)
    $padding = [System.Security.Cryptography.RSASignaturePadding]::Pkcs1
    $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=t', $rsa, 'SHA256', $padding)
    $certificate = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
    $body = [Convert]::ToBase64String($certificate.RawData)
    "-----BEGIN CERTIFICATE-----`n$body`n-----END CERTIFICATE-----"
    $certificate
}

function Open-TestSealed {
    # What is in a CMS text.
    param([string]$Cms, [object]$Certificate)
    $message = [System.Security.Cryptography.Pkcs.EnvelopedCms]::new()
    $message.Decode([Convert]::FromBase64String(($Cms -replace '-----[A-Z ]+-----', '' -replace '\s', '')))
    $message.Decrypt([System.Security.Cryptography.X509Certificates.X509Certificate2Collection]::new($Certificate))
    $text = [System.Text.Encoding]::ASCII.GetString($message.ContentInfo.Content)
    [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text)) | ConvertFrom-Json
}
