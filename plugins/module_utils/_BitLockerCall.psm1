# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Volume

# The methods of Win32_EncryptableVolume that change a BitLocker volume, and what their errors mean. Secrets go in
# hashtables: the cmdlets write them to the warning stream, and a policy that logs modules logs their parameters.
# Private to the collection.

function Get-SeedCimCode {
    <#
    .SYNOPSIS
        The HRESULT of an error, as 0x and 8 digits; empty when it has none that says something.
    .PARAMETER ErrorRecord
        The error.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)
    # An error of WMI has its code in the id, 'HRESULT 0x80041003,Microsoft...'; its exception has a general one.
    if ("$($ErrorRecord.FullyQualifiedErrorId)" -match 'HRESULT (0x[0-9A-Fa-f]{8})') {
        return '0x' + $Matches[1].Substring(2).ToUpperInvariant()
    }
    $code = $ErrorRecord.Exception.HResult
    # COR_E_EXCEPTION, COR_E_INVALIDOPERATION and what PowerShell itself throws say nothing about BitLocker.
    if (($code -band 0xFFFF0000) -in 0x80130000, 0) { return '' }
    '0x{0:X8}' -f $code
}

function Invoke-SeedBitLockerMethod {
    <#
    .SYNOPSIS
        Calls a method of an encryptable volume. Fails with the code and the remedy, and quotes no argument.
    .PARAMETER Encryptable
        The volume, as Get-SeedEncryptableVolume returns it.
    .PARAMETER Name
        The method.
    .PARAMETER Value
        Its arguments.
    .PARAMETER Task
        What it is for, for the message: Windows refused to ...
    .PARAMETER Allowed
        Further return codes that are no error.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Encryptable,
        [Parameter(Mandatory = $true)][string]$Name,
        [hashtable]$Value = @{},
        [Parameter(Mandatory = $true)][string]$Task,
        [string[]]$Allowed = @()
    )
    $call = @{ InputObject = $Encryptable; MethodName = $Name; ErrorAction = 'Stop'
        WarningAction = 'SilentlyContinue' }
    if ($Value.Count -gt 0) { $call.Arguments = $Value }
    try { $answer = Invoke-CimMethod @call }
    catch {
        $code = Get-SeedCimCode -ErrorRecord $_
        # The text of the error could quote an argument.
        if (-not $code) { throw "Windows could not $Task ($($_.Exception.GetType().Name))." }
        throw "Windows refused to $Task ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    $code = '0x{0:X8}' -f [uint32]$answer.ReturnValue
    if ($code -ne '0x00000000' -and $code -notin $Allowed) {
        throw "Windows refused to $Task ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    $answer
}

function Open-SeedEncryptable {
    <#
    .SYNOPSIS
        The encryptable volume behind a letter. Fails with one sentence where there is no BitLocker, or no right to it.
    .PARAMETER Letter
        The drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $mount = ConvertTo-SeedMountPoint -Letter $Letter
    Assert-SeedBitLocker
    try { $found = @(Get-SeedEncryptableVolume -Letter $mount) }
    catch {
        $code = Get-SeedCimCode -ErrorRecord $_
        if (-not $code) { throw }
        throw "BitLocker cannot be asked about $mount ($code): $(Get-SeedBitLockerAnswer -Code $code)"
    }
    if ($found.Count -ne 1) {
        throw "BitLocker knows no volume $mount (0x80070490). Check the letter, and format the volume."
    }
    $found[0]
}

function Read-SeedProtectorValue {
    <#
    .SYNOPSIS
        The value of a protector of an unlocked volume, in a hashtable; none for a type that has none to read.
    .PARAMETER Encryptable
        The volume.
    .PARAMETER Protector
        Id and type of the protector.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][object]$Encryptable, [Parameter(Mandatory = $true)][object]$Protector)
    $call = @{
        Encryptable = $Encryptable
        Value = @{ VolumeKeyProtectorID = $Protector.id }
        Task = "show the key of protector $($Protector.id)"
    }
    switch ($Protector.type) {
        'RecoveryPassword' {
            $answer = Invoke-SeedBitLockerMethod -Name GetKeyProtectorNumericalPassword @call
            return @{ value = $answer.NumericalPassword }
        }
        'ExternalKey' {
            $bytes = (Invoke-SeedBitLockerMethod -Name GetKeyProtectorExternalKey @call).ExternalKey
            return @{ value = [Convert]::ToBase64String([byte[]]$bytes) }
        }
    }
    @{}
}

function ConvertTo-SeedSid {
    <#
    .SYNOPSIS
        The SID of an account.
    .PARAMETER Account
        A SID, or a name such as CONTOSO\backup.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Account)
    if ($Account -match '^S-1-[0-9-]+$') { return $Account }
    $name = New-Object -TypeName System.Security.Principal.NTAccount -ArgumentList $Account
    try { $name.Translate([System.Security.Principal.SecurityIdentifier]).Value }
    catch {
        $kind = $_.Exception.GetType().Name
        throw "``account`` '$Account' cannot be found ($kind). Check its name, or give its SID."
    }
}

function Add-SeedProtector {
    <#
    .SYNOPSIS
        Adds a protector.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    .PARAMETER Protector
        The wanted one.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Volume,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Protector
    )
    $given = @{}
    switch ($Protector.type) {
        'recovery_password' {
            $name = 'ProtectKeyWithNumericalPassword'
            if ($Protector.value) { $given.NumericalPassword = $Protector.value }
        }
        'external_key' {
            $name = 'ProtectKeyWithExternalKey'
            if ($Protector.value) { $given.ExternalKey = ConvertFrom-SeedKeyText -Secret $Protector }
        }
        'password' {
            $name = 'ProtectKeyWithPassphrase'
            $given.Passphrase = $Protector.value
        }
        'account' {
            $name = 'ProtectKeyWithAdSid'
            $given.SidString = ConvertTo-SeedSid -Account $Protector.account
            $given.Flags = [uint32]0
        }
        'tpm' { $name = 'ProtectKeyWithTPM' }
    }
    $call = @{
        Encryptable = $Volume.encryptable
        Name = $name
        Value = $given
        Task = "add a protector of the type $($Protector.type) to $($Volume.mount_point)"
    }
    $null = Invoke-SeedBitLockerMethod @call
}

function Start-SeedEncryption {
    <#
    .SYNOPSIS
        Lets Windows encrypt a volume in software, or turn a decryption round.
    .PARAMETER Volume
        The volume.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    # Source: the methods GetEncryptionMethod and Encrypt of Win32_EncryptableVolume.
    $numbers = @{ Aes128 = 3; Aes256 = 4; XtsAes128 = 6; XtsAes256 = 7 }
    $method = $(if ($Wanted.method) { $Wanted.method } else { 'Aes256' })
    if ($Volume.volume_status -ne 'FullyDecrypted') { $method = $Volume.encryption_method }
    $call = @{ Encryptable = $Volume.encryptable; Task = "encrypt $($Volume.mount_point)" }
    $flags = [uint32][int][bool]$Wanted.used_space_only
    $given = @{ EncryptionFlags = $flags }
    # A method that Windows has no number for stays what it is.
    if ($numbers.ContainsKey("$method")) { $given.EncryptionMethod = [uint32]$numbers["$method"] }
    $null = Invoke-SeedBitLockerMethod -Name Encrypt -Value $given @call
}

function Initialize-SeedEncryption {
    <#
    .SYNOPSIS
        Prepares a plain volume for BitLocker, in software.
    .DESCRIPTION
        Before its first protector. A volume with one, that an encryption which failed left behind, is prepared.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume)
    if ($Volume.volume_status -ne 'FullyDecrypted' -or @($Volume.protectors).Count -gt 0) { return }
    # Source: PrepareVolume of Win32_EncryptableVolume; 1 is encryption by software. Microsoft advises against the
    # encryption of drives by themselves: ADV180028. 0x80310039: it was prepared before.
    $call = @{
        Encryptable = $Volume.encryptable
        Name = 'PrepareVolume'
        Value = @{ DiscoveryVolumeType = '<default>'; ForceEncryptionType = [uint32]1 }
        Task = "prepare $($Volume.mount_point)"
        Allowed = '0x80310039'
    }
    $null = Invoke-SeedBitLockerMethod @call
}

function Remove-SeedProtector {
    <#
    .SYNOPSIS
        Removes one protector, never the last.
    .PARAMETER Volume
        The volume.
    .PARAMETER Id
        Id of the protector.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][string]$Id)
    $call = @{ Encryptable = $Volume.encryptable; Task = "remove the protector $Id of $($Volume.mount_point)" }
    # Asked right before: the cmdlet would turn protection off to remove the last one, this method refuses it.
    $ids = @((Invoke-SeedBitLockerMethod -Name GetKeyProtectors -Value @{ KeyProtectorType = [uint32]0 } @call
        ).VolumeKeyProtectorID)
    if (@($ids | Where-Object { $_ -ne $Id }).Count -eq 0) {
        throw "The protector $Id is the last one of $($Volume.mount_point) and was not removed."
    }
    $null = Invoke-SeedBitLockerMethod -Name DeleteKeyProtector -Value @{ VolumeKeyProtectorID = $Id } @call
}

function ConvertFrom-SeedKeyText {
    <#
    .SYNOPSIS
        The 32 bytes of an external key in a hashtable; nothing when its value is something else.
    .PARAMETER Secret
        A hashtable with the base64 text as value.
    #>
    [CmdletBinding()]
    [OutputType([byte[]])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Secret)
    try { $bytes = [Convert]::FromBase64String("$($Secret['value'])") } catch [System.FormatException] { return $null }
    if ($bytes.Length -eq 32) { , $bytes }
}

function Get-SeedBitLockerAnswer {
    <#
    .SYNOPSIS
        What an error code of BitLocker means, with the remedy; a text that only says that it is not known otherwise.
    .DESCRIPTION
        By the code alone: texts of Windows are localised.
    .PARAMETER Code
        The HRESULT as 0x and 8 digits.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Code)
    # Source: the codes FVE_E_* of winerror.h, and the pages of the methods of Win32_EncryptableVolume.
    $policy = 'A policy of the domain or of this host {0}. Change it below Computer Configuration, Administrative ' +
        'Templates, Windows Components, BitLocker Drive Encryption, for this kind of drive.'
    $known = @{
        '0x80310000' = 'the volume is locked. Give its key.'
        '0x80310008' = 'BitLocker is not turned on for it.'
        '0x80310012' = 'it holds the files that start Windows.'
        '0x80310013' = 'it has no file system that BitLocker can use. Format it with NTFS.'
        '0x80310020' = 'Windows stores the key on its own volume, which is not encrypted. Encrypt that first, or ' +
            'leave `auto_unlock` out.'
        '0x80310024' = 'something else changed it at the same moment. Run again.'
        '0x80310027' = 'the key is not one of this volume.'
        '0x80310029' = 'keys of other volumes are stored on it. Run Clear-BitLockerAutoUnlock first.'
        '0x8031002C' = $policy -f 'wants a recovery password first. Add one to `protectors`'
        '0x8031002D' = 'it has another method. Decrypt it first.'
        '0x8031002E' = 'it has no protector. Name one in `protectors`.'
        '0x80310031' = 'it has such a protector, and can have only one. Name its id in `rotate` to replace it.'
        '0x80310033' = 'it has no protector of that kind.'
        '0x80310035' = 'the recovery password is malformed.'
        '0x80310037' = 'FIPS mode forbids recovery passwords. Use `type: external_key`.'
        '0x80310038' = 'FIPS mode forbids to save external keys. Use `type: account`, or turn FIPS mode off.'
        '0x80310049' = 'this edition of Windows has no BitLocker.'
        '0x8031004B' = 'it is in use. Close what uses it.'
        '0x8031004E' = 'the host waits for a restart. Restart it.'
        '0x80310053' = 'this edition of Windows has no BitLocker.'
        '0x8031005A' = 'this edition of Windows has no BitLocker.'
        '0x80310059' = 'another operation works on it. Run again.'
        '0x8031005C' = $policy -f 'forbids recovery passwords'
        '0x8031005D' = $policy -f 'wants a recovery password. Add one to `protectors`'
        '0x8031005E' = $policy -f 'forbids external keys'
        '0x8031005F' = $policy -f 'wants an external key. Add one to `protectors`'
        '0x8031006A' = $policy -f 'forbids passwords'
        '0x8031006B' = $policy -f 'wants a password. Put one first in `protectors`'
        '0x8031006C' = 'FIPS mode forbids passwords. Use `type: external_key`.'
        '0x8031006D' = 'a password cannot protect the volume that holds Windows.'
        '0x80310075' = $policy -f 'forbids automatic unlocking of fixed drives'
        '0x80310076' = $policy -f 'forbids automatic unlocking of removable drives'
        '0x80310077' = $policy -f 'forbids BitLocker on removable drives'
        '0x80310078' = $policy -f 'forbids to turn on BitLocker on removable drives'
        '0x80310079' = $policy -f 'forbids to turn off BitLocker on removable drives'
        '0x80310080' = 'the password is too short. Windows wants 8 characters, a policy may want more.'
        '0x80310081' = $policy -f 'wants a password of more kinds of characters'
        '0x80310083' = $policy -f 'wants automatic unlocking of fixed drives and forbids the keys for it'
        '0x80310084' = $policy -f 'wants automatic unlocking of removable drives and forbids the keys for it'
        '0x80310087' = $policy -f ('denies write access to drives that BitLocker does not protect, and another one ' +
            'requires startup keys, which contradicts it')
        '0x80310090' = $policy -f 'wants recovery passwords in the directory and forbids them'
        '0x80310091' = $policy -f 'wants recovery passwords in the directory and forbids them'
        '0x80310092' = $policy -f 'wants recovery passwords in the directory and forbids them'
        '0x80310097' = 'Windows unlocks it by itself. Turn that off with `auto_unlock: false`.'
        '0x803100A5' = 'its storage is thin and takes no full encryption. Set `used_space_only: true`.'
        '0x803100AA' = 'the password is longer than 256 characters.'
        '0x803100AD' = 'it is a cluster shared volume.'
        '0x803100AE' = 'it belongs to a cluster.'
        '0x803100BD' = 'it has shadow copies. Remove them.'
        '0x80041003' = 'the account of the connection has no full rights. Use an administrator of the domain, a ' +
            'local one with LocalAccountTokenFilterPolicy, or `become`.'
        '0x80041010' = 'this host has no BitLocker. Install the Windows feature BitLocker and restart the host.'
        '0x8004100E' = 'this host has no BitLocker. Install the Windows feature BitLocker and restart the host.'
        '0x80070005' = 'access is denied: the account has no full rights, or files of the volume are open.'
        '0x80070013' = 'it is read-only. A policy that denies write access to drives that BitLocker does not ' +
            'protect, or that another organization set up, does that; so does a drive that is write-protected itself.'
        '0x80070032' = 'the volume does not support it.'
        '0x80070057' = 'Windows takes no such method or value, or a policy wants another.'
        '0x80070490' = 'it is no volume that BitLocker knows. Format it first.'
        '0x8007054B' = 'the domain cannot be reached. Try again where it can.'
        '0x80280006' = 'the TPM is turned off. Turn it on in the firmware.'
        '0x80280001' = 'the TPM cannot be used.'
        '0x80090034' = 'the key could not be made. An account needs a host that belongs to its domain.'
    }
    $text = $known[$Code.ToUpperInvariant().Replace('0X', '0x')]
    if ($text) { return $text }
    'the code is not known to this collection. Look it up with `certutil -error`.'
}

Export-ModuleMember -Function @(
    'Get-SeedCimCode', 'Invoke-SeedBitLockerMethod', 'Open-SeedEncryptable', 'Read-SeedProtectorValue',
    'ConvertTo-SeedSid', 'Add-SeedProtector', 'Start-SeedEncryption', 'Initialize-SeedEncryption',
    'Remove-SeedProtector', 'ConvertFrom-SeedKeyText', 'Get-SeedBitLockerAnswer'
)
