# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._RehearsalDisk

# One disk by its serial. Private to the collection.

function ConvertTo-SeedSerial {
    <#
    .SYNOPSIS
        The one form of a hardware serial: no spaces or invisible characters, no trailing full stop, upper case.
    .DESCRIPTION
        Windows pads serials with spaces, NVMe ones end in a full stop, and the service wants them without spaces. What
        is copied from a page can hold characters that comparisons pass over: one drive would be two.
    .PARAMETER Serial
        The serial as Windows or a person writes it.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][AllowNull()][string]$Serial)
    ("$Serial" -replace '[\s\p{C}]', '').TrimEnd('.').ToUpperInvariant()
}

function Find-SeedDisk {
    <#
    .SYNOPSIS
        The disk with this serial; nothing when it is not attached, an error when more than one has it.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Serial)
    $found = @(Get-Disk -ErrorAction Stop |
        Where-Object { (ConvertTo-SeedSerial -Serial (Get-SeedDiskSerial -Disk $_)) -eq $Serial })
    if ($found.Count -gt 1) {
        throw "The serial $Serial in ``drives`` belongs to $($found.Count) disks of this host. " +
        'Remove all but the one that is meant; two paths to one disk look like two disks.'
    }
    $found
}

function Get-SeedNearSerial {
    <#
    .SYNOPSIS
        Serials of attached disks that a person may have meant: one is part of the other, or they differ in O and 0, I
        and 1.
    .PARAMETER Serial
        The serial that no disk has, in its normal form.
    .PARAMETER Known
        The serials of the attached disks.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Serial, [AllowEmptyCollection()][string[]]$Known = @())
    $plain = {
        param($text)
        (ConvertTo-SeedSerial -Serial $text) -replace '[-_]', '' -replace 'O', '0' -replace '[IL]', '1'
    }
    $wanted = & $plain $Serial
    foreach ($one in $Known) {
        $other = & $plain $one
        if ($other.Length -lt 4 -or $wanted.Length -lt 4) { continue }
        if ($other.Contains($wanted) -or $wanted.Contains($other)) { ConvertTo-SeedSerial -Serial $one }
    }
}

Export-ModuleMember -Function @(
    'ConvertTo-SeedSerial', 'Find-SeedDisk', 'Get-SeedNearSerial'
)
