# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Seal

# Journals, sealed on their way to the controller. Private to the collection.

function Protect-SeedJournal {
    <#
    .SYNOPSIS
        A journal sealed to a certificate, as CMS text. Only who has the certificate's key can read it.
    .PARAMETER Path
        Path of the journal.
    .PARAMETER Certificate
        The certificate, PEM.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Certificate)
    $content = [System.Text.Encoding]::ASCII.GetBytes([Convert]::ToBase64String((Read-SeedByte -Path $Path)))
    Protect-SeedContent -Secret @{ content = $content } -Certificate $Certificate
}

function Get-SeedSealedJournal {
    <#
    .SYNOPSIS
        The complete journals of current attempts, sealed to a certificate, whatever their drives show now.
    .PARAMETER Drive
        The drives as Get-SeedDrive shows them.
    .PARAMETER Certificate
        The certificate, PEM.
    .PARAMETER Collected
        SHA-256 of journals that are kept already.
    #>
    [CmdletBinding()]
    param(
        [AllowEmptyCollection()][object[]]$Drive = @(),
        [Parameter(Mandatory = $true)][string]$Certificate,
        [AllowEmptyCollection()][string[]]$Collected = @()
    )
    foreach ($one in $Drive) {
        if ((Get-SeedAttemptState -Facts $one.facts) -ne 'complete' -or $one.facts.journal.sha256 -in $Collected) {
            continue
        }
        [ordered]@{
            serial = $one.facts.serial
            attempt = $one.facts.attempt.id
            sha256 = $one.facts.journal.sha256
            cms = Protect-SeedJournal -Path $one.facts.journal.path -Certificate $Certificate
        }
    }
}

function Find-SeedLeftJournal {
    <#
    .SYNOPSIS
        The journals that the agent's disk preparation utility left in a folder, a record for each drive of each.
    .DESCRIPTION
        Nothing is changed, and no disk is looked at. A folder that is not there has no journal. A journal that is
        damaged is of no drive, so it has no record. Fails when one cannot be read: it may be of any drive.
    .PARAMETER Directory
        The folder; its subfolders are left out.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Directory)
    if (-not (Test-Path -LiteralPath $Directory -PathType Container)) { return }
    $files = @(Get-ChildItem -LiteralPath $Directory -File -Force -ErrorAction Stop |
        Where-Object { $_.Extension -eq '.jrn' } | Sort-Object -Property Name)
    foreach ($file in $files) {
        try {
            $hash = (Get-SeedFileHash -Path $file.FullName -Algorithm SHA256).ToLowerInvariant()
            $journal = Read-SeedJournal -Path $file.FullName
        }
        catch {
            $why = $_.Exception.GetBaseException()
            $gone = $why -is [System.IO.FileNotFoundException] -or $why -is [System.IO.DirectoryNotFoundException]
            $locked = $why -is [System.IO.IOException] -or $why -is [System.UnauthorizedAccessException]
            if ($gone -or -not $locked) { continue }
            throw "The journal '$($Directory.TrimEnd('\'))\$($file.Name)' cannot be read: $($why.Message) Close what " +
            'has it open, or let the account of Ansible read it, then retry.'
        }
        foreach ($drive in $journal.drives) {
            [ordered]@{
                serial = ConvertTo-SeedSerial -Serial $drive.drive_id
                path = "$($Directory.TrimEnd('\'))\$($file.Name)"
                sha256 = $hash
                bytes = [long]$file.Length
                completed = [bool]$drive.completed
                drive_id = $drive.drive_id
                manifest_file = $drive.manifest_file
                manifest_hash = $drive.manifest_hash
                key_kind = $drive.key_kind
            }
        }
    }
}

function Protect-SeedLeftJournal {
    <#
    .SYNOPSIS
        Some of the journals that the utility left, sealed to a certificate.
    .PARAMETER Journal
        The journals as Find-SeedLeftJournal shows them.
    .PARAMETER Certificate
        The certificate, PEM.
    .PARAMETER Wanted
        SHA-256 of the journals that were judged and are to be collected.
    #>
    [CmdletBinding()]
    param(
        [AllowEmptyCollection()][object[]]$Journal = @(),
        [Parameter(Mandatory = $true)][string]$Certificate,
        [AllowEmptyCollection()][string[]]$Wanted = @()
    )
    foreach ($one in $Journal) {
        if ($one.sha256 -notin $Wanted -or -not $one.completed) { continue }
        [ordered]@{
            serial = $one.serial
            attempt = ''
            sha256 = $one.sha256
            cms = Protect-SeedJournal -Path $one.path -Certificate $Certificate
        }
    }
}

Export-ModuleMember -Function @(
    'Protect-SeedJournal', 'Get-SeedSealedJournal', 'Find-SeedLeftJournal', 'Protect-SeedLeftJournal'
)
