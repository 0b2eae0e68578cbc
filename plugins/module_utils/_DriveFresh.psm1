# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._DriveManaged
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Session

# What a drive is for a new attempt, and whether it may be written. Pure. Private to the collection.

function New-SeedVerdict {
    <#
    .SYNOPSIS
        A status with its reason and what it allows.
    .PARAMETER Status
        The status.
    .PARAMETER Reason
        One sentence or two: what is so, and the remedy.
    .PARAMETER Allowed
        What may happen next.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Status,
        [Parameter(Mandatory = $true)][string]$Reason,
        [AllowEmptyCollection()][string[]]$Allowed = @()
    )
    [pscustomobject]@{ status = $Status; reason = $Reason; allowed = @($Allowed) }
}

function Get-SeedMissingReason {
    <#
    .SYNOPSIS
        Why a drive is missing, with the serials that a person may have meant.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $reason = "Drive $($Facts.serial) in ``drives`` is not attached to this host. Insert it, or correct the serial."
    $near = @($Facts.candidates)
    if ($near.Count -gt 0) { $reason += " Attached are drives with similar serials: $($near -join ', ')." }
    $reason
}

function Get-SeedUnfitReason {
    <#
    .SYNOPSIS
        Every reason why a drive may not be written, whatever it holds, a sentence each.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $disk = $Facts.disk
    $name = "Drive $($Facts.serial) in ``drives``"
    foreach ($other in @($Facts.others)) {
        "$name belongs to attempt $($other.attempt) of the seed '$($other.seed)', which is not cleaned yet. " +
        'Clean that seed or discard that attempt first, or list another drive.'
    }
    foreach ($guard in @($disk.guards)) { "$name $guard" }
    $bus = "$($disk.bus_type)"
    # Source: the service takes SATA drives; Windows shows a SATA drive in an adapter or behind a controller by that
    # one's bus.
    if ("$($Option.bus)" -eq 'VIRTUAL') {
        if (-not (Get-SeedField -Value $disk -Name rehearsal)) {
            "$name is no disk that a rehearsal made on this host, and ``bus: VIRTUAL`` is for these alone."
        }
    }
    elseif ($bus -notin 'SATA', 'ATA' -and $bus -ne "$($Option.bus)") {
        "$name is attached by $bus. If it is a SATA drive in an adapter or behind a controller, set ``bus: $bus`` " +
        "for it; " +
        'otherwise list another drive.'
    }
    # Source: the service's troubleshooting article of 03/2022; such drives come back unprocessed as UnsupportedDrive.
    if ([int]$disk.sector_bytes -ne 512) {
        "$name shows sectors of $($disk.sector_bytes) bytes, and the service takes drives with 512 only. " +
        'Attach it by another adapter that shows 512, or list another drive.'
    }
    $bytes = [long]0
    foreach ($file in @($Option.files)) { $bytes += [long]$file.bytes }
    # The manifest takes 3 GB of 7 TB (the tool's article); the rest is the file system's own.
    $needed = $bytes + [long]($bytes / 500) + 1MB
    if ($bytes -gt 0 -and $needed -gt [long]$disk.size_bytes) {
        "$name has $($disk.size_bytes) bytes, too few for the $bytes bytes of its files. List a larger drive."
    }
}

function Get-SeedSizeNote {
    <#
    .SYNOPSIS
        What is to be asked before a drive travels that is larger than any size that the service ever named, as a
        sentence after a blank; an empty text for another.
    .DESCRIPTION
        No drive is refused for its size, because the service names none today.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    # Source: the service's requirements: 6 TB from 04/2015, 8 TB from 02/2016, 10 TB from 06/2016, "any size" since
    # 07/2018. A drive that is sold as 10 TB has a little more.
    if ([long]$Facts.disk.size_bytes -le 10100000000000) { return '' }
    " It has $($Facts.disk.size_bytes) bytes; 10 TB is the largest size that the service named (until 07/2018, " +
    'none since). Ask its support before it travels.'
}

function Test-SeedEraseUsed {
    <#
    .SYNOPSIS
        Whether an attempt of this seed used up what `erase` allows, which is what the drive held before the first one.
    .PARAMETER Facts
        The facts, with content.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    if (@($Facts.older | Where-Object { $_.wrote }).Count -gt 0) { return $true }
    if ((Get-SeedAttemptState -Facts $Facts) -notin 'none', 'never_started') { return $true }
    # An attempt that ended before it erased anything leaves what it was allowed to erase.
    $erased = $Facts.attempt -and $Facts.attempt.erased
    [bool]($erased -and "$($Facts.attempt.erased.fingerprint)" -ne "$($Facts.content.fingerprint)")
}

function Get-SeedManagedVerdict {
    <#
    .SYNOPSIS
        What a managed drive is: empty or interrupted, when it has, or may get, an encrypted volume for the tool;
        otherwise unusable or unknown, because no data on it is erased.
    .PARAMETER Facts
        The facts, with a disk that is fit.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $name = "Drive $($Facts.serial) in ``drives``"
    if (-not $Facts.content -or $Facts.content.kind -eq 'unknown') {
        return New-SeedVerdict -Status unknown -Reason "$name cannot be looked into. It is not used."
    }
    $how = Get-SeedManagedWay -Facts $Facts
    if ($how.lack) { return New-SeedVerdict -Status unusable -Reason $how.lack }
    $size = Get-SeedSizeNote -Facts $Facts
    if (-not $Facts.content.bare -and (Get-SeedContentKind -Facts $Facts) -eq 'ours') {
        return New-SeedVerdict -Status interrupted -Reason (
            "$name holds what an earlier attempt of this seed left; it may go.$size"
        ) -Allowed prepare
    }
    $state = @{ make = 'empty'; take = 'empty and encrypted' }[$how.way]
    New-SeedVerdict -Status empty -Reason "$name is $state.$size" -Allowed prepare
}

function Get-SeedFreshVerdict {
    <#
    .SYNOPSIS
        What a drive is for a new attempt: missing, unknown, unusable, foreign or empty, and whether it may be written.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $name = "Drive $($Facts.serial) in ``drives``"
    if (@($Facts.problems).Count -gt 0) {
        return New-SeedVerdict -Status unknown -Reason (@($Facts.problems) -join ' ')
    }
    if (-not $Facts.disk) {
        return New-SeedVerdict -Status missing -Reason (Get-SeedMissingReason -Facts $Facts) -Allowed insert
    }
    $unfit = @(Get-SeedUnfitReason -Facts $Facts -Option $Option)
    if ($unfit.Count -gt 0) { return New-SeedVerdict -Status unusable -Reason ($unfit -join ' ') }
    if (Test-SeedManaged -Value $Option) { return Get-SeedManagedVerdict -Facts $Facts }
    $whose = Get-SeedContentKind -Facts $Facts
    $content = $Facts.content
    if ($whose -eq 'unknown') {
        $text = "$name cannot be looked into"
        if ($content -and $content.text) { $text = "$name holds what cannot be judged: $($content.text)" }
        return New-SeedVerdict -Status unknown -Reason "$text. It is not used."
    }
    $size = Get-SeedSizeNote -Facts $Facts
    if ($whose -eq 'empty') { return New-SeedVerdict -Status empty -Reason "$name is empty.$size" -Allowed prepare }
    if ($whose -eq 'ours') {
        return New-SeedVerdict -Status interrupted -Reason (
            "$name holds what an earlier attempt of this seed left; it may go.$size"
        ) -Allowed prepare
    }
    $fingerprint = "$($content.fingerprint)"
    $reason = "$name holds $($content.text).$size"
    if ($fingerprint -and $fingerprint -in @($Option.erase_fingerprints)) {
        return New-SeedVerdict -Status foreign -Reason (
            "$reason It may be erased by its fingerprint $fingerprint."
        ) -Allowed prepare
    }
    $wrote = Test-SeedEraseUsed -Facts $Facts
    $seen = $content.kind -ne 'locked' -and -not $content.manifest -and -not (
        Get-SeedField -Value $content -Name closed)
    if ($Option.erase -and $seen -and -not $wrote) {
        return New-SeedVerdict -Status foreign -Reason "$reason It may be erased, as ``erase`` says." -Allowed prepare
    }
    $remedy = "If all of it may go, allow it with ``erase_fingerprints: [$fingerprint]``; otherwise list another drive."
    if ($Option.erase -and $wrote) { $remedy = "``erase`` holds for the first attempt only. $remedy" }
    elseif ($Option.erase) { $remedy = "``erase`` does not cover that. $remedy" }
    New-SeedVerdict -Status foreign -Reason "$reason $remedy" -Allowed erase
}

Export-ModuleMember -Function @(
    'New-SeedVerdict', 'Get-SeedMissingReason', 'Get-SeedUnfitReason', 'Get-SeedSizeNote', 'Test-SeedEraseUsed',
    'Get-SeedManagedVerdict', 'Get-SeedFreshVerdict'
)
