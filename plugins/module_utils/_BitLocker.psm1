# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._BitLockerCall

# What brings a BitLocker volume into a state: decided here from what is seen and what is wanted, and nothing is read
# or changed. Private to the collection.

# The types of protectors: their word in `protectors`, and the name that Windows shows.
$script:types = @{
    recovery_password = 'RecoveryPassword'
    password = 'Password'
    external_key = 'ExternalKey'
    account = 'AdAccountOrGroup'
    tpm = 'Tpm'
}
# Types whose value opens the volume elsewhere, and can be read while the volume is unlocked.
$script:readable = 'RecoveryPassword', 'ExternalKey'
# Types that a policy of the domain sets. Windows refuses to remove them.
$script:ofPolicy = 'PublicKey', 'TpmNetworkKey'
$script:done = 'FullyEncrypted', 'FullyEncryptedWipeInProgress', 'FullyEncryptedWipeSuspended'

function Get-SeedProtectorType {
    <#
    .SYNOPSIS
        The name that Windows shows for a type of protector.
    .PARAMETER Type
        The word in `protectors`.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Type)
    $script:types[$Type]
}

function Test-SeedRecoveryPassword {
    <#
    .SYNOPSIS
        Whether a text in a hashtable is a recovery password: 8 groups of 6 digits, each a multiple of 11 below 720896.
    .PARAMETER Secret
        A hashtable with the text as value.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][hashtable]$Secret)
    if ("$($Secret.value)" -notmatch '^[0-9]{6}(-[0-9]{6}){7}\z') { return $false }
    foreach ($group in "$($Secret.value)" -split '-') {
        $number = 0
        $whole = [int]::TryParse($group, [ref]$number)
        if (-not $whole -or $number % 11 -ne 0 -or $number -ge 720896) { return $false }
    }
    $true
}

function Get-SeedWantedProblem {
    <#
    .SYNOPSIS
        What is wrong with the protectors that a user wants, before anything is read; empty for nothing.
    .PARAMETER Wanted
        The options: state, protectors, rotate, exclusive, leaves (whether a generated key leaves the host), and more.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][hashtable]$Wanted)
    $seen = @{}
    $number = -1
    foreach ($one in @($Wanted.protectors | Where-Object { $_ })) {
        $number++
        $name = "``protectors[$number]``"
        if ($one.type -eq 'account') {
            if (-not $one.account) { return "$name needs ``account``: give a name or a SID." }
        }
        elseif ($one.account) { return "$name has an ``account``: only the type account takes one." }
        if ($one.value -and $one.type -in 'account', 'tpm') { return "$name takes no ``value``. Remove it." }
        if ($one.type -eq 'password' -and -not $one.value) {
            return "$name needs a ``value``: Windows generates no password."
        }
        if ($one.type -eq 'recovery_password' -and $one.value -and
            -not (Test-SeedRecoveryPassword -Secret @{ value = $one.value })) {
            return "The ``value`` of $name is no recovery password: 8 groups of 6 digits, each a multiple of 11 " +
                'below 720896. Leave it out to have one generated.'
        }
        if ($one.type -eq 'external_key' -and $one.value -and -not (ConvertFrom-SeedKeyText -Secret $one)) {
            return "The ``value`` of $name is no external key: 32 bytes in base64. Leave it out to have one generated."
        }
        # Of a kind that is generated, or that a volume has once, one is enough; given values may be several.
        if (-not $one.value -and $one.type -ne 'account' -or $one.type -eq 'password') {
            if ($seen.ContainsKey($one.type)) { return "``protectors`` has the type $($one.type) twice. Remove one." }
            $seen[$one.type] = $true
        }
        if ($one.type -in 'recovery_password', 'external_key' -and -not $one.value -and -not $Wanted.leaves) {
            return "Nobody would know the key of $name, which Windows generates. Give ``escrow`` or " +
                '`return_keys`, or a `value`.'
        }
    }
    $none = $number -lt 0
    if ($Wanted.state -ne 'encrypted') {
        foreach ($name in 'protectors', 'rotate', 'exclusive', 'auto_unlock') {
            $given = $Wanted[$name]
            if ($null -ne $given -and $given -ne $false -and @($given).Count -gt 0) {
                return "``$name`` belongs to ``state: encrypted``. Remove it, or change the state."
            }
        }
    }
    elseif ($Wanted.escrow -and -not @($Wanted.protectors | Where-Object {
        $_ -and $script:types[$_.type] -in $script:readable
    })) {
        return '`escrow` keeps recovery passwords and external keys. Name recovery_password or external_key in ' +
            '`protectors`.'
    }
    elseif ($none -and $Wanted.exclusive) { return '`exclusive` needs `protectors`: name those that stay.' }
    elseif ($none -and @($Wanted.rotate | Where-Object { $_ }).Count -gt 0) {
        return '`rotate` needs `protectors`: name what takes the place of the old ones.'
    }
    ''
}

function Join-SeedProtector {
    <#
    .SYNOPSIS
        Which protector of a volume is which wanted one: number of the wanted one to protector.
    .DESCRIPTION
        A given value is met by the protector that holds it, an account by that of its SID, and a password by any
        password, because none can be read. A
        protector for automatic unlocking and one that is to be replaced meet nothing.
    .PARAMETER Volume
        The volume as Get-SeedBitLockerState shows it.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $free = @($Volume.protectors | Where-Object { -not $_.auto_unlock -and $_.id -notin @($Wanted.rotate) })
    $met = @{}
    $taken = @{}
    $wish = @($Wanted.protectors | Where-Object { $_ })
    # Given values first, so that no generated one takes their place.
    foreach ($exact in $true, $false) {
        for ($number = 0; $number -lt $wish.Count; $number++) {
            $one = $wish[$number]
            $compared = ($one.value -and $one.type -ne 'password') -or $one.type -eq 'account'
            if ($compared -ne $exact) { continue }
            $found = @($free | Where-Object {
                $_.type -eq $script:types[$one.type] -and -not $taken.ContainsKey($_.id) -and
                (-not $exact -or $number -in @($_.holds))
            })
            if ($found.Count -gt 0) {
                $met[$number] = $found[0]
                $taken[$found[0].id] = $true
            }
        }
    }
    $met
}

function New-SeedBitLockerStep {
    <#
    .SYNOPSIS
        One step of a plan.
    .PARAMETER Step
        Its name.
    .PARAMETER Type
        Type of the protector, as in `protectors`.
    .PARAMETER Id
        Id of the protector.
    .PARAMETER Number
        Number of the wanted protector.
    .PARAMETER Held
        Whether it waits until the keys are kept.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory = $true)][string]$Step,
        [string]$Type = '',
        [string]$Id = '',
        [int]$Number = -1,
        [bool]$Held = $false
    )
    [pscustomobject][ordered]@{ step = $Step; type = $Type; id = $Id; number = $Number; held = $Held }
}

function New-SeedBitLockerPlan {
    <#
    .SYNOPSIS
        A plan: its steps, or why there is none, and what Windows works at meanwhile.
    .PARAMETER Step
        The steps, in order.
    .PARAMETER Refused
        Why the state cannot be reached, with the remedy.
    .PARAMETER Working
        encrypting or decrypting.
    .PARAMETER Foreign
        The protectors that nobody asked for.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([object[]]$Step = @(), [string]$Refused = '', [string]$Working = '', [object[]]$Foreign = @())
    [pscustomobject][ordered]@{
        steps = @($Step)
        refused = $Refused
        working = $Working
        foreign = @($Foreign)
    }
}

function Get-SeedBitLockerPlan {
    <#
    .SYNOPSIS
        The steps that bring a volume from what is seen to what is wanted. The only place that decides it.
    .DESCRIPTION
        The first step that is not held is taken, the volume is read again, and the plan is made anew. So an interrupted
        run needs no memory: the next one sees how far it came.
    .PARAMETER Volume
        The volume as Get-SeedBitLockerState shows it.
    .PARAMETER Wanted
        The options: state, protectors, rotate, exclusive, method, used_space_only, auto_unlock, reboot_count, has_key,
        escrow (whether keys are kept before they are used) and escrowed (the ids of protectors that are kept).
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $mount = $Volume.mount_point
    if ($Volume.lock_status -eq 'Locked') {
        if ($Wanted.state -eq 'locked') { return New-SeedBitLockerPlan }
        if (-not $Wanted.has_key) {
            return New-SeedBitLockerPlan -Refused ("The volume $mount is locked. Give ``journal``, " +
                '`recovery_password` or `external_key`.')
        }
        return New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step unlock)
    }
    if ($Volume.lock_status -ne 'Unlocked') {
        $said = "('$($Volume.lock_status)')"
        return New-SeedBitLockerPlan -Refused "Whether $mount is locked is not known $said. Run again."
    }
    switch ($Wanted.state) {
        'unlocked' { return New-SeedBitLockerPlan }
        'locked' { return Get-SeedLockPlan -Volume $Volume }
        'suspended' { return Get-SeedSuspendPlan -Volume $Volume -Wanted $Wanted }
        'decrypted' { return Get-SeedDecryptPlan -Volume $Volume }
    }
    Get-SeedEncryptPlan -Volume $Volume -Wanted $Wanted
}

function Get-SeedLockPlan {
    <#
    .SYNOPSIS
        The plan that locks an unlocked volume.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume)
    $mount = $Volume.mount_point
    $types = @($Volume.protectors | ForEach-Object { $_.type })
    $why = ''
    if ($Volume.volume_type -eq 'OperatingSystem') { $why = "The volume $mount holds Windows and cannot be locked." }
    elseif ($types.Count -eq 0) { $why = "The volume $mount is not encrypted and cannot be locked." }
    # A volume with protection off holds its key in the clear; locked or not, whoever finds the drive reads it.
    elseif ($Volume.protection_status -ne 'On') {
        $why = "BitLocker protection of $mount is $($Volume.protection_status). Turn it on with Resume-BitLocker " +
            'before it is locked.'
    }
    elseif ($Volume.auto_unlock) {
        $why = "Windows unlocks $mount by itself and does not lock it. Turn that off with ``auto_unlock: false``."
    }
    # Source: Win32_EncryptableVolume.Lock, FVE_E_VOLUME_NOT_BOUND and 0x80310022.
    elseif (-not ($types | Where-Object { $_ -in $script:readable })) {
        $why = "The volume $mount has neither a recovery password nor an external key, and Windows does not lock it. " +
            'Add one with `state: encrypted` and `protectors`.'
    }
    if ($why) { return New-SeedBitLockerPlan -Refused $why }
    New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step lock)
}

function Get-SeedSuspendPlan {
    <#
    .SYNOPSIS
        The plan that suspends the protection of an unlocked volume.
    .PARAMETER Volume
        The volume.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $mount = $Volume.mount_point
    # Source: Suspend-BitLocker; a count of restarts is an error on a data volume.
    if ($null -ne $Wanted.reboot_count -and $Volume.volume_type -ne 'OperatingSystem') {
        return New-SeedBitLockerPlan -Refused "``reboot_count`` is for the volume that holds Windows, not for $mount."
    }
    if ($Volume.volume_status -notin $script:done) {
        return New-SeedBitLockerPlan -Refused ("The volume $mount is $($Volume.volume_status). Only an encrypted " +
            'volume can be suspended.')
    }
    if ($Volume.protection_status -eq 'Off') { return New-SeedBitLockerPlan }
    New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step disable_protectors)
}

function Get-SeedDecryptPlan {
    <#
    .SYNOPSIS
        The plan that decrypts an unlocked volume.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume)
    switch ($Volume.volume_status) {
        'FullyDecrypted' {
            # What an encryption that failed leaves behind.
            if (@($Volume.protectors).Count -eq 0) { return New-SeedBitLockerPlan }
            return New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step delete_protectors)
        }
        'DecryptionInProgress' { return New-SeedBitLockerPlan -Working decrypting }
        'DecryptionSuspended' { return New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step resume_conversion) }
        { $_ -in @($script:done) + 'EncryptionInProgress' + 'EncryptionSuspended' } {
            return New-SeedBitLockerPlan -Step (New-SeedBitLockerStep -Step decrypt)
        }
    }
    New-SeedBitLockerPlan -Refused (Get-SeedUnknownText -Volume $Volume)
}

function Get-SeedUnknownText {
    <#
    .SYNOPSIS
        The refusal of a volume whose status this collection does not know.
    .PARAMETER Volume
        The volume.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Volume)
    "The status of $($Volume.mount_point) is not known ('$($Volume.volume_status)'). Nothing was changed."
}

function Get-SeedEncryptProblem {
    <#
    .SYNOPSIS
        Why an unlocked volume cannot be encrypted as wanted; empty when nothing speaks against it.
    .PARAMETER Volume
        The volume.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $mount = $Volume.mount_point
    $system = $Volume.volume_type -eq 'OperatingSystem'
    $types = @(@($Wanted.protectors | Where-Object { $_ } | ForEach-Object { $script:types[$_.type] }) +
        @($Volume.protectors | ForEach-Object { $_.type }))
    if ($Volume.volume_status -notin (@($script:done) + 'FullyDecrypted' + 'EncryptionInProgress' +
        'EncryptionSuspended' + 'DecryptionInProgress' + 'DecryptionSuspended')) {
        return Get-SeedUnknownText -Volume $Volume
    }
    if (-not $system -and 'tpm' -in @($Wanted.protectors | Where-Object { $_ } | ForEach-Object { $_.type })) {
        return "A TPM protects only the volume that holds Windows, not $mount. Use recovery_password, password, " +
            'external_key or account.'
    }
    foreach ($one in $Volume.protectors) {
        $unknown = $one.PSObject.Properties['unknown']
        if ($unknown -and $unknown.Value -and $one.id -notin @($Wanted.rotate)) {
            return "Whether the protector $($one.id) of $mount belongs to the ``account`` in ``protectors`` is not " +
                "known. $($unknown.Value) Nothing was changed. Name its id in ``rotate`` to replace it."
        }
    }
    if ($types.Count -eq 0) { return "The volume $mount has no protector. Name at least one in ``protectors``." }
    if ($system -and $Wanted.auto_unlock) { return "``auto_unlock`` is for data volumes, and $mount holds Windows." }
    # Without a TPM Windows asks for a key at every start; without a recovery password a changed TPM is the end.
    if ($system -and $Volume.volume_status -eq 'FullyDecrypted' -and
        -not ('Tpm' -in $types -and 'RecoveryPassword' -in $types)) {
        return "The volume $mount holds Windows. Name tpm and recovery_password in ``protectors``."
    }
    $named = @($Wanted.protectors | Where-Object { $_ -and $_.type -eq 'tpm' }).Count -gt 0
    $chips = @($Volume.protectors | Where-Object { $_.type -like 'Tpm*' -and $_.type -notin $script:ofPolicy })
    foreach ($one in $chips) {
        if ($system -and -not $named -and ($Wanted.exclusive -or $one.id -in @($Wanted.rotate))) {
            return "The volume $mount holds Windows, which would ask for a key at every start without the protector " +
                "$($one.id) ($($one.type)). Name tpm in ``protectors``."
        }
    }
    foreach ($one in @($Volume.protectors | Where-Object { $_.auto_unlock -and $_.id -in @($Wanted.rotate) })) {
        return "The protector $($one.id) in ``rotate`` unlocks $mount automatically. Use ``auto_unlock: false``."
    }
    if ($Volume.volume_status -eq 'FullyDecrypted') { return '' }
    if ($Wanted.method -and $Volume.encryption_method -ne $Wanted.method) {
        return "The volume $mount is encrypted with $($Volume.encryption_method), not with the ``method`` " +
            "$($Wanted.method). Decrypt it first with ``state: decrypted``, or leave ``method`` out."
    }
    if ($Wanted.used_space_only -eq $false -and $Volume.used_space_only) {
        return "Only the used space of $mount was encrypted. Decrypt it first with ``state: decrypted``, or leave " +
            '`used_space_only` out.'
    }
    ''
}

function Get-SeedEncryptPlan {
    <#
    .SYNOPSIS
        The plan that encrypts an unlocked volume with the wanted protectors.
    .PARAMETER Volume
        The volume.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $why = Get-SeedEncryptProblem -Volume $Volume -Wanted $Wanted
    if ($why) { return New-SeedBitLockerPlan -Refused $why }
    $met = Join-SeedProtector -Volume $Volume -Wanted $Wanted
    $wish = @($Wanted.protectors | Where-Object { $_ })
    $steps = @()
    $replaced = @()
    for ($number = 0; $number -lt $wish.Count; $number++) {
        if ($met.ContainsKey($number)) { continue }
        $one = $wish[$number]
        $old = @($Volume.protectors | Where-Object { $_.type -eq 'Password' -and $_.id -in @($Wanted.rotate) })
        # A volume has one password, so there is no adding the new one first. Windows changes it in one step.
        if ($one.type -eq 'password' -and $old.Count -gt 0) {
            $replaced += $old[0].id
            $steps += New-SeedBitLockerStep -Step change_password -Type password -Id $old[0].id -Number $number
        }
        else { $steps += New-SeedBitLockerStep -Step add_protector -Type $one.type -Number $number }
    }
    $kept = Get-SeedKeptProtector -Met $met -Wanted $Wanted
    $held = [bool]$Wanted.escrow -and ($steps.Count -gt 0 -or -not $kept.all)
    $steps += Get-SeedConversionStep -Volume $Volume -Held $held
    $mine = @($met.Values | ForEach-Object { $_.id }) + $replaced
    $strange = @($Volume.protectors | Where-Object { $_.id -notin $mine -and -not $_.auto_unlock })
    foreach ($one in $strange) {
        $unwanted = $one.id -in @($Wanted.rotate) -or ($Wanted.exclusive -and $one.type -notin $script:ofPolicy)
        # The old one goes only when every wanted one is there and known outside of this host.
        $safe = $met.Count -eq $wish.Count -and $met.Count -gt 0 -and $kept.known
        if ($unwanted) { $steps += New-SeedBitLockerStep -Step remove_protector -Id $one.id -Held (-not $safe) }
    }
    if ($Volume.volume_type -ne 'OperatingSystem' -and $null -ne $Wanted.auto_unlock -and
        [bool]$Wanted.auto_unlock -ne [bool]$Volume.auto_unlock) {
        $word = $(if ($Wanted.auto_unlock) { 'enable_auto_unlock' } else { 'disable_auto_unlock' })
        $steps += New-SeedBitLockerStep -Step $word -Held $held
    }
    $working = $(if ($Volume.volume_status -eq 'EncryptionInProgress') { 'encrypting' } else { '' })
    New-SeedBitLockerPlan -Step $steps -Working $working -Foreign $strange
}

function Get-SeedConversionStep {
    <#
    .SYNOPSIS
        The step that lets an unlocked volume become encrypted and protected; nothing when it is, or is on the way.
    .PARAMETER Volume
        The volume.
    .PARAMETER Held
        Whether it waits until the keys are kept.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory = $true)][object]$Volume, [bool]$Held)
    $step = switch ($Volume.volume_status) {
        { $_ -in 'FullyDecrypted', 'DecryptionInProgress', 'DecryptionSuspended' } { 'encrypt' }
        'EncryptionSuspended' { 'resume_conversion' }
        # While Windows encrypts, protection is Off; it is judged afterwards.
        { $_ -in $script:done -and $Volume.protection_status -ne 'On' } { 'enable_protectors' }
    }
    if ($step) { New-SeedBitLockerStep -Step $step -Held $Held }
}

function Get-SeedKeptProtector {
    <#
    .SYNOPSIS
        Whether all keys of met protectors are in escrow, and whether they are known outside of the host at all.
    .PARAMETER Met
        Number of the wanted one to protector, as Join-SeedProtector returns it.
    .PARAMETER Wanted
        The options.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][hashtable]$Met, [Parameter(Mandatory = $true)][hashtable]$Wanted)
    $wish = @($Wanted.protectors | Where-Object { $_ })
    $all = $true
    $known = $false
    $unknown = $false
    foreach ($number in $Met.Keys) {
        $one = $Met[$number]
        $escrowed = $one.id -in @($Wanted.escrowed)
        if ($one.type -in $script:readable -and -not $escrowed) { $all = $false }
        # A TPM opens nothing elsewhere, and that a password is the given one cannot be seen.
        $given = [bool]$wish[$number].value -and $one.type -in $script:readable
        if ($one.type -in $script:readable) {
            if ($escrowed -or ($given -and -not $Wanted.escrow)) { $known = $true } else { $unknown = $true }
        }
    }
    @{ all = $all; known = $known -and -not $unknown }
}

function Get-SeedBitLockerExpected {
    <#
    .SYNOPSIS
        What a diff shows of a volume, after steps.
    .PARAMETER Volume
        The volume.
    .PARAMETER Step
        The steps; none for what is there now.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][object]$Volume, [object[]]$Step = @())
    $shown = [ordered]@{
        lock_status = $Volume.lock_status
        volume_status = $Volume.volume_status
        protection_status = $Volume.protection_status
        auto_unlock = $Volume.auto_unlock
        protectors = @($Volume.protectors | ForEach-Object { $_.type })
    }
    $ids = @($Volume.protectors | ForEach-Object { $_.id })
    foreach ($one in $Step) {
        switch ($one.step) {
            'unlock' { $shown.lock_status = 'Unlocked' }
            'lock' { $shown.lock_status = 'Locked' }
            'encrypt' { $shown.volume_status = 'EncryptionInProgress' }
            'decrypt' {
                $shown.volume_status = 'DecryptionInProgress'
                $shown.protection_status = 'Off'
            }
            'resume_conversion' { $shown.volume_status = $shown.volume_status -replace 'Suspended$', 'InProgress' }
            'enable_protectors' { $shown.protection_status = 'On' }
            'disable_protectors' { $shown.protection_status = 'Off' }
            'delete_protectors' { $shown.protectors = @() }
            'add_protector' { $shown.protectors = @($shown.protectors) + $script:types[$one.type] }
            'remove_protector' {
                $gone = [Array]::IndexOf($ids, $one.id)
                $shown.protectors[$gone] = ''
            }
            'enable_auto_unlock' { $shown.auto_unlock = $true }
            'disable_auto_unlock' { $shown.auto_unlock = $false }
        }
    }
    $shown.protectors = @($shown.protectors | Where-Object { $_ })
    $shown
}

Export-ModuleMember -Function @(
    'Get-SeedProtectorType', 'Test-SeedRecoveryPassword', 'Get-SeedWantedProblem', 'Join-SeedProtector',
    'Get-SeedBitLockerPlan', 'Get-SeedBitLockerExpected'
)
