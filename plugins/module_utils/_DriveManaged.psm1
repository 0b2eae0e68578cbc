# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Session
#AnsibleRequires -PowerShell ..module_utils._Volume

# Drives that are encrypted before the tool gets them, and how each gets its encrypted volume. Pure; _Managed does it in
# the task. Private to the collection.

function Test-SeedManaged {
    <#
    .SYNOPSIS
        Whether a drive is encrypted before the tool gets it, so that the tool gets its key (/bk).
    .PARAMETER Value
        The options of the drive, an attempt or an order.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Value)
    "$(Get-SeedField -Value $Value -Name encryption)" -eq 'managed'
}

function Test-SeedMade {
    <#
    .SYNOPSIS
        Whether the partition of a managed drive was made by an attempt of this seed, and not by a person.
    .PARAMETER Facts
        The facts, with a disk.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $guids = @($Facts.older | Where-Object { Get-SeedField -Value $_ -Name made } |
        ForEach-Object { "$($_.partition_guid)" })
    if ((Get-SeedField -Value $Facts.attempt -Name made) -and $Facts.attempt.identity) {
        $guids += "$($Facts.attempt.identity.partition_guid)"
    }
    "$($Facts.disk.partition_guid)" -in @($guids | Where-Object { $_ })
}

function Get-SeedLeftover {
    <#
    .SYNOPSIS
        The names at the root of a drive that attempts of this seed leave: the folders of sessions, and the manifest.
    .PARAMETER Facts
        The facts.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][object]$Facts)
    'DriveManifest.xml'
    foreach ($one in @($Facts.older)) { Get-SeedField -Value $one -Name sessions -Default @() }
    if (-not $Facts.attempt) { return }
    foreach ($one in @(Get-SeedSession -Attempt $Facts.attempt)) {
        $one.id
        $one.tool_id
    }
}

function Get-SeedManagedWay {
    <#
    .SYNOPSIS
        How a managed drive gets its encrypted volume: way (take: it has one; make: it is proven empty, or holds what an
        attempt made; or an empty text), and lack, a sentence that says why neither can be.
    .PARAMETER Facts
        The facts, with a disk that is fit and content that is known.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts)
    $content = $Facts.content
    $name = "Drive $($Facts.serial) in ``drives``"
    $ours = (Get-SeedContentKind -Facts $Facts) -eq 'ours'
    $answer = [pscustomobject]@{ way = ''; lack = '' }
    if ($Facts.disk.offline) { $answer.lack = "$name is offline. Bring its disk online." }
    elseif ($content.kind -eq 'empty' -or ($ours -and (Test-SeedMade -Facts $Facts))) { $answer.way = 'make' }
    elseif ($content.kind -eq 'locked') { $answer.lack = "$name holds $($content.text). Unlock it." }
    if ($answer.way -or $answer.lack) { return $answer }
    $known = @(Get-SeedLeftover -Facts $Facts)
    $others = @(Get-SeedField -Value $content -Name names -Default @() | Where-Object { $_ -notin $known })
    if ($ours -and -not $content.bare -and $others.Count -gt 0) {
        $answer.lack = "$name holds '$($others -join "', '")' beside what an earlier attempt of this seed left. " +
            'Remove it, or list another drive.'
    }
    elseif (-not $ours -and -not $content.bare) {
        $answer.lack = "$name holds $($content.text). With ``encryption: managed`` no data is erased, so it has to " +
            'be empty. Empty it, or list another drive.'
    }
    elseif (-not $content.encryption) { $answer.lack = "$name is not encrypted. Format it to have it encrypted." }
    else { $answer.lack = "$(Get-SeedProtectionLack -Serial $Facts.serial -Encryption $content.encryption)" }
    if (-not $answer.lack -and [int]$content.passwords -ne 1) {
        $answer.lack = "$name has $([int]$content.passwords) recovery passwords, and the tool takes one. Leave " +
            'exactly one.'
    }
    # A partition of an MBR has no GUID, and nothing else says whether a volume is still the one that was written.
    if (-not $answer.lack -and -not "$($Facts.disk.partition_guid)") {
        $answer.lack = "$name has an MBR, whose partitions cannot be known again. Clean the disk and " +
            'convert it to GPT, for example with diskpart.'
    }
    if (-not $answer.lack) { $answer.way = 'take' }
    $answer
}

Export-ModuleMember -Function @(
    'Test-SeedManaged', 'Test-SeedMade', 'Get-SeedLeftover', 'Get-SeedManagedWay'
)
