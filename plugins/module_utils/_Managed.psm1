# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._BitLockerCall
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveManaged
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Target
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._Volume

# A drive that is encrypted before the tool gets it, in the task: its volume, and its key. Private to the collection.
#
# The tool takes the key on its command line (/bk), which others can record. So when all sessions are completed another
# recovery password is added, and the journal is written anew with it: that journal is kept, escrowed, and goes into the
# import job. The old password is removed before the drive is read again, once the new one is in escrow. Each step can
# be repeated: before the last session the volume has one recovery password, after the reading one, and between two.

function Get-SeedManagedVolume {
    <#
    .SYNOPSIS
        A volume as Get-SeedVolume shows it, with encryptable and passwords (its recovery passwords: id and type).
    .PARAMETER Letter
        The drive letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter)
    $encryptable = Open-SeedEncryptable -Letter $Letter
    $volume = Get-SeedVolume -Letter $Letter
    $volume | Add-Member -NotePropertyMembers @{
        encryptable = $encryptable
        passwords = @($volume.protectors | Where-Object { $_.type -eq 'RecoveryPassword' })
    } -PassThru
}

function Get-SeedManagedKey {
    <#
    .SYNOPSIS
        The one recovery password of a drive, right before the tool gets it: RecoveryPassword, and id of the protector.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Letter, [Parameter(Mandatory = $true)][string]$Serial)
    $volume = Get-SeedManagedVolume -Letter $Letter
    $found = @($volume.passwords)
    $key = ''
    if ($found.Count -eq 1) {
        $key = "$((Read-SeedProtectorValue -Encryptable $volume.encryptable -Protector $found[0])['value'])"
    }
    # What the key is like is never said: a message is kept in a file.
    if ($key -notmatch '^\d{6}(-\d{6}){7}\z') {
        throw "Drive $Serial has $($found.Count) recovery passwords that can be read, and the tool takes one. " +
            'Nothing was written.'
    }
    @{ RecoveryPassword = $key; id = $found[0].id }
}

function Save-SeedPlan {
    <#
    .SYNOPSIS
        Changes a field of attempt.json.
    .PARAMETER Order
        The order.
    .PARAMETER Name
        The field.
    .PARAMETER Value
        What it says.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][object]$Value
    )
    $plan = Read-SeedPlan -Folder $Order.folder
    Add-Member -InputObject $plan -NotePropertyName $Name -NotePropertyValue $Value -Force
    Write-SeedJson -Path "$($Order.folder)\attempt.json" -Value $plan
}

function Use-SeedManagedTarget {
    <#
    .SYNOPSIS
        Judges a drive once more and takes its encrypted volume as it is, or makes one on a drive that is proven empty.
    .DESCRIPTION
        Of a volume that somebody encrypted only what attempts of this seed left is removed.
    .PARAMETER Order
        The order, which gets the letter.
    .PARAMETER State
        The state, which gets letter and partition.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State
    )
    $plan = Read-SeedPlan -Folder $Order.folder
    $now = Confirm-SeedDrive -Facts $Order.facts -Option $Order.option -ProtectedPath @($Order.protected_paths)
    if ((Get-SeedManagedWay -Facts $now.facts).way -eq 'make') {
        $made = Initialize-SeedDrive -Serial $Order.serial -Seen $Order.facts.disk
        # In the same file as the partition: what is in a partition of this attempt's own may go.
        Add-Member -InputObject $plan -NotePropertyName made -NotePropertyValue $true -Force
        $place = @{ Letter = $made.letter; Guid = $made.partition_guid }
        Save-SeedTarget -Order $Order -State $State -Plan $plan @place
        New-SeedManagedVolume -Order $Order -PartitionGuid $made.partition_guid
    }
    else {
        $place = @{ Letter = $now.disk.letter; Guid = $now.disk.partition_guid }
        Save-SeedTarget -Order $Order -State $State -Plan $plan @place
        Assert-SeedTarget -Order $Order -PartitionGuid $place.Guid
        Clear-SeedLeftover -Letter $place.Letter -Serial $Order.serial -Name @(Get-SeedLeftover -Facts $now.facts)
    }
    $free = [long](Get-Volume -DriveLetter $Order.letter -ErrorAction Stop).SizeRemaining
    if ($free -lt [long]$Order.bytes_total) {
        throw "The volume $($Order.letter): of drive $($Order.serial) has $free bytes free, too few for the " +
            "$($Order.bytes_total) bytes of its files. Nothing was written."
    }
}

function Clear-SeedLeftover {
    <#
    .SYNOPSIS
        Removes what attempts of this seed left at the root of a volume. Fails when something else is there.
    .PARAMETER Letter
        The drive letter.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Name
        The names that attempts of this seed left.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Letter,
        [Parameter(Mandatory = $true)][string]$Serial,
        [AllowEmptyCollection()][string[]]$Name = @()
    )
    $there = @(Get-SeedRootEntry -Letter $Letter -Kept)
    $others = @($there | Where-Object { $_ -notin $Name })
    if ($others.Count -gt 0) {
        throw "Drive $Serial holds '$($others -join "', '")' beside what this seed left. Nothing was written."
    }
    foreach ($one in $there) { Remove-SeedTree -Path "${Letter}:\$one" }
}

function New-SeedManagedVolume {
    <#
    .SYNOPSIS
        Formats the partition of an attempt with NTFS, and encrypts it with one recovery password, which Windows makes.
    .DESCRIPTION
        Only the used space is encrypted: what is copied later is encrypted as it is written. No key is kept before the
        copy is complete, because until then the drive is begun anew, as one that the tool encrypts.
    .PARAMETER Order
        The order, with encryption_method: aes128, aes256, xts_aes128 or xts_aes256.
    .PARAMETER PartitionGuid
        The GUID of the partition that this attempt made.
    .PARAMETER WaitSeconds
        How long to wait until the empty volume is encrypted.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][string]$PartitionGuid,
        [int]$WaitSeconds = 600
    )
    Assert-SeedTarget -Order $Order -PartitionGuid $PartitionGuid
    $disk = Find-SeedDisk -Serial $Order.serial
    $mine = @(Get-SeedDataPartition -Disk $disk | Where-Object { "$($_.Guid)" -eq $PartitionGuid })
    if ($mine.Count -ne 1) { throw "The partition of drive $($Order.serial) is not there. Nothing was formatted." }
    $null = Format-Volume -Partition $mine[0] -FileSystem NTFS -Force -Confirm:$false -ErrorAction Stop
    $volume = Get-SeedManagedVolume -Letter $Order.letter
    Initialize-SeedEncryption -Volume $volume
    Add-SeedProtector -Volume $volume -Protector @{ type = 'recovery_password'; value = $null }
    $names = @{ aes128 = 'Aes128'; aes256 = 'Aes256'; xts_aes128 = 'XtsAes128'; xts_aes256 = 'XtsAes256' }
    $method = $names["$(Get-SeedField -Value $Order -Name encryption_method -Default 'aes256')"]
    Start-SeedEncryption -Volume $volume -Wanted @{ method = $method; used_space_only = $true }
    $until = [DateTime]::UtcNow.AddSeconds($WaitSeconds)
    while (($lack = Get-SeedProtectionLack -Serial $Order.serial -Encryption (
                Get-SeedEncryption -Letter $Order.letter))) {
        if ([DateTime]::UtcNow -gt $until) { throw "$lack Nothing was copied." }
        Start-Sleep -Seconds 1
    }
}

function Set-SeedNewKey {
    <#
    .SYNOPSIS
        Adds a recovery password to the volume in place of the one that was on the tool's command line, and writes the
        journal anew with it. What an earlier call has done is not done again.
    .PARAMETER Order
        The order, with journal (the tool's own) and new_journal (the path of the new one).
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    if ([System.IO.File]::Exists((Resolve-SeedPath -Path $Order.new_journal))) { return }
    $plan = Read-SeedPlan -Folder $Order.folder
    $shown = "$(Get-SeedField -Value $plan -Name shown_protector)"
    $volume = Get-SeedManagedVolume -Letter $Order.letter
    if (-not $shown) {
        throw "Which key of drive $($Order.serial) was on the tool's command line is not known: " +
            "'$($Order.folder)\attempt.json' does not say it."
    }
    if (@($volume.passwords | Where-Object { $_.id -ne $shown }).Count -eq 0) {
        Add-SeedProtector -Volume $volume -Protector @{ type = 'recovery_password'; value = $null }
        $volume = Get-SeedManagedVolume -Letter $Order.letter
    }
    $new = @($volume.passwords | Where-Object { $_.id -ne $shown })
    if ($new.Count -ne 1) {
        throw "Drive $($Order.serial) has $($new.Count) recovery passwords beside the one that the tool got. Leave " +
            'one of them.'
    }
    $key = Read-SeedProtectorValue -Encryptable $volume.encryptable -Protector $new[0]
    Write-SeedNewJournal -Order $Order -Key $key
}

function Write-SeedNewJournal {
    <#
    .SYNOPSIS
        Writes the journal of an attempt with another key, in one step, and reads it first.
    .PARAMETER Order
        The order.
    .PARAMETER Key
        The recovery password as value, in a hashtable, so that no policy that logs parameters can log it.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Key
    )
    $old = Read-SeedJournalKey -Path $Order.journal -Serial $Order.serial
    $text = Read-SeedJournalText -Path $Order.journal
    # The tool may write it, or the one of its command line, in more than one record.
    foreach ($one in @($old.Values)) { $text = $text.Replace("$one", "$($Key['value'])") }
    $text = [regex]::Replace($text, '(?<!\d)\d{6}(-\d{6}){7}(?!\d)', "$($Key['value'])")
    $path = Resolve-SeedPath -Path $Order.new_journal
    $made = "$path.new"
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    try {
        $bytes = $encoding.GetBytes($text)
        $stream = [System.IO.File]::Create($made)
        # On the disk before it gets its name: a power cut must not leave the name alone.
        try {
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.Flush($true)
        }
        finally { $stream.Dispose() }
        $before, $after = foreach ($file in $Order.journal, "$($Order.new_journal).new") {
            $drive = @((Read-SeedJournal -Path $file).drives)
            ConvertTo-Json -Compress -InputObject @($drive | Select-Object -Property * -ExcludeProperty key_kind)
        }
        $read = Read-SeedJournalKey -Path "$($Order.new_journal).new" -Serial $Order.serial
        if ($before -cne $after -or "$($read['RecoveryPassword'])" -cne "$($Key['value'])") {
            throw "The journal of drive $($Order.serial) cannot be written anew with another key."
        }
        [System.IO.File]::Move($made, $path)
    }
    finally { if ([System.IO.File]::Exists($made)) { [System.IO.File]::Delete($made) } }
}

function Remove-SeedOldKey {
    <#
    .SYNOPSIS
        Removes every recovery password but the one of the journal: the one that was on the tool's command line.
    .DESCRIPTION
        The journal is the one that is in escrow, so whoever calls has asked for that first.
    .PARAMETER Order
        The order, with journal, letter and serial.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $key = Read-SeedJournalKey -Path $Order.journal -Serial $Order.serial
    $volume = Get-SeedManagedVolume -Letter $Order.letter
    $kept = @($volume.passwords | Where-Object {
            $held = Read-SeedProtectorValue -Encryptable $volume.encryptable -Protector $_
            "$($held['value'])" -ceq "$($key['RecoveryPassword'])"
        } | ForEach-Object { $_.id })
    if ($kept.Count -ne 1) {
        throw "The key in the journal of drive $($Order.serial) is no key of its volume. No key was removed."
    }
    foreach ($one in $volume.passwords) {
        if ($one.id -ne $kept[0]) { Remove-SeedProtector -Volume $volume -Id $one.id }
    }
}

Export-ModuleMember -Function @(
    'Get-SeedManagedVolume', 'Get-SeedManagedKey', 'Save-SeedPlan', 'Use-SeedManagedTarget', 'Clear-SeedLeftover',
    'New-SeedManagedVolume', 'Set-SeedNewKey', 'Write-SeedNewJournal', 'Remove-SeedOldKey'
)
