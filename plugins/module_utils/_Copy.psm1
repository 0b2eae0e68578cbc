# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Disk
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._Runner

# Drives, journals and runs of a copy host together: what they show, and the next step of each. Private to the collection.

function Get-SeedJournalFile {
    <#
    .SYNOPSIS
        The files that belong to one drive's journal.
    .PARAMETER Folder
        The folder of the journals.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder, [Parameter(Mandatory = $true)][string]$Serial)
    $journal = $Folder.TrimEnd('\') + "\$Serial.jrn"
    [pscustomobject]@{ journal = $journal; state = "$journal.state.json"; verify = "$journal.verify.json"; output = "$journal.output.txt"; order = $Folder.TrimEnd('\') + "\$Serial.order.json" }
}

function Get-SeedJournal {
    <#
    .SYNOPSIS
        What the journal of a drive and its run show. Prepared means: the tool ended well, the journal is complete, and the manifest on the drive is the one it names.
    .PARAMETER Folder
        The folder of the journals.
    .PARAMETER Serial
        The serial in its normal form.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder, [Parameter(Mandatory = $true)][string]$Serial)
    $file = Get-SeedJournalFile -Folder $Folder -Serial $Serial
    $journal = [ordered]@{
        serial = $Serial; path = $file.journal; exists = $false; sha256 = ''; bytes = 0; drive_id = ''; manifest_file = ''; manifest_hash = ''
        has_key = $false; completed = $false; prepared = $false; run = Get-SeedRun -StateFile $file.state; verify = Read-SeedJson -Path $file.verify
    }
    if (Test-Path -LiteralPath $file.journal -PathType Leaf) {
        $content = Read-SeedJournal -Path $file.journal
        $journal.exists = $true
        $journal.sha256 = (Get-SeedFileHash -Path $file.journal -Algorithm SHA256).ToLowerInvariant()
        $journal.bytes = (Get-Item -LiteralPath $file.journal).Length
        foreach ($name in 'drive_id', 'manifest_file', 'manifest_hash', 'has_key', 'completed') { $journal[$name] = $content.$name }
    }
    [pscustomobject]$journal
}

function Get-SeedCopy {
    <#
    .SYNOPSIS
        The listed drives of this host and their journals.
    .PARAMETER Drive
        The drives as the user lists them, with serial and erase.
    .PARAMETER Folder
        The folder of the journals.
    #>
    [CmdletBinding()]
    param([AllowEmptyCollection()][object[]]$Drive, [Parameter(Mandatory = $true)][string]$Folder)
    $drives = @()
    $journals = @()
    foreach ($listed in $Drive) {
        $serial = ConvertTo-SeedSerial -Serial $listed.serial
        if (-not $serial) { throw 'A serial in drives is empty. Read it off the label of the drive.' }
        $journal = Get-SeedJournal -Folder $Folder -Serial $serial
        $ours = $journal.exists -or $journal.run.operation
        $one = Get-SeedDrive -Serial $serial -Erase ([bool]$listed.erase) -Ours ([bool]$ours)
        $journal.prepared = Test-SeedPrepared -Journal $journal -Drive $one
        $drives += $one
        $journals += $journal
    }
    [pscustomobject]@{ drives = $drives; journals = $journals }
}

function Test-SeedPrepared {
    <#
    .SYNOPSIS
        Whether a drive holds what its journal says. The exit code alone is not believed, and neither is the journal alone.
    .PARAMETER Journal
        The journal.
    .PARAMETER Drive
        The drive.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][object]$Journal, [Parameter(Mandatory = $true)][object]$Drive)
    if (-not ($Journal.completed -and $Journal.has_key -and $Journal.manifest_hash -and $Journal.drive_id -eq $Drive.serial)) { return $false }
    $copied = $Journal.run.operation -eq 'verify' -or ($Journal.run.operation -eq 'prepare' -and $Journal.run.state -eq 'finished')
    if (-not $copied) { return $false }
    # A locked or shipped drive was checked before it was locked: verifying comes first.
    if ($Drive.holds -ne 'data') { return [bool]($Journal.verify -and $Journal.verify.ok) }
    (Get-SeedFileHash -Path "$($Drive.letter):$($Journal.manifest_file)") -eq $Journal.manifest_hash
}

function Get-SeedPrepareStep {
    <#
    .SYNOPSIS
        What preparing would do next: nothing, wait, or copy to one drive. Refuses what must not go on.
    .PARAMETER Copy
        The drives and journals.
    .PARAMETER Drive
        The drives as the user lists them.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Copy, [Parameter(Mandatory = $true)][object[]]$Drive)
    if (@($Copy.journals | Where-Object { $_.run.state -eq 'running' }).Count -gt 0) { return [pscustomobject]@{ action = 'wait'; index = -1; restart = $false } }
    for ($at = 0; $at -lt $Drive.Count; $at++) {
        $journal = $Copy.journals[$at]
        if ($journal.prepared) { continue }
        $begun = $journal.exists -or $journal.run.operation
        if ($begun -and -not $Drive[$at].erase) {
            # Source: the tool's troubleshooting article; a first session can be neither resumed nor aborted.
            throw "The copy to drive $($journal.serial) in drives ended as $($journal.run.state) (exit code $($journal.run.exit_code)). $(@($journal.run.last_lines) -join ' ') " +
            'The first session cannot be resumed: set erase: true for this serial to start again with a new journal; the old one is kept aside.'
        }
        if (@($Copy.drives[$at].refusals).Count -gt 0) { throw (@($Copy.drives[$at].refusals) -join ' ') }
        if (-not $Copy.drives[$at].present) { throw "Drive $($journal.serial) in drives is not attached to this host. Insert it." }
        return [pscustomobject]@{ action = 'copy'; index = $at; restart = [bool]$begun }
    }
    [pscustomobject]@{ action = 'none'; index = -1; restart = $false }
}

function Move-SeedJournalAside {
    <#
    .SYNOPSIS
        Keeps the journal of an attempt that is given up, under another name, with everything that belongs to it. It is never deleted.
    .PARAMETER File
        The files of the journal.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$File)
    $stamp = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ', [System.Globalization.CultureInfo]::InvariantCulture)
    foreach ($path in $File.journal, $File.state, $File.verify, $File.output) {
        if (Test-Path -LiteralPath $path) { Move-Item -LiteralPath $path -Destination ($path -replace '\.jrn', ".$stamp.jrn") }
    }
}

function Start-SeedCopy {
    <#
    .SYNOPSIS
        Makes one drive ready and starts the tool on it.
    .PARAMETER Seen
        The drive as it was looked at.
    .PARAMETER Listed
        The drive as the user lists it.
    .PARAMETER Restart
        Whether an earlier attempt is given up for this one.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Seen, [Parameter(Mandatory = $true)][object]$Listed, [bool]$Restart, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $bytes = [long](Get-ChildItem -LiteralPath $Option['source_directory'] -Recurse -File -Force | Measure-Object -Property Length -Sum).Sum
    if ($bytes -ge $Seen.size_bytes) { throw "Drive $($Seen.serial) in drives has $($Seen.size_bytes) bytes, too few for the $bytes staged bytes. List a larger drive." }
    foreach ($folder in $Option['journal_directory'], $Option['log_directory']) {
        if ($Seen.letter -and $folder -like "$($Seen.letter):*") { throw "The folder '$folder' lies on the target drive $($Seen.serial). Choose journal_directory and log_directory on another drive." }
        New-SeedPrivateFolder -Path $folder
    }
    $file = Get-SeedJournalFile -Folder $Option['journal_directory'] -Serial $Seen.serial
    if ($Restart) { Move-SeedJournalAside -File $file }
    $letter = Initialize-SeedDrive -Drive $Seen -Erase ([bool]$Listed.erase)
    $words = Get-SeedToolArgument -Journal (Resolve-SeedPath -Path $file.journal) -SessionId $Listed.session_id -Letter $letter -LogDirectory $Option['log_directory'] -Source $Option['source_directory'] -Container $Option['container']
    Start-SeedRun -Folder $Option['journal_directory'].TrimEnd('\') -Order ([ordered]@{
            serial = $Seen.serial; operation = 'prepare'; session_id = $Listed.session_id; letter = $letter; tool_path = $Option['tool_path']; arguments = ConvertTo-SeedCommandLine -Word $words
            bytes_total = $bytes; state_file = $file.state; verify_file = $file.verify; output_file = $file.output
        })
}

function Start-SeedVerify {
    <#
    .SYNOPSIS
        Starts to read one drive again.
    .PARAMETER Seen
        The drive.
    .PARAMETER Journal
        Its journal.
    .PARAMETER Folder
        The folder of the journals.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Seen, [Parameter(Mandatory = $true)][object]$Journal, [Parameter(Mandatory = $true)][string]$Folder)
    $file = Get-SeedJournalFile -Folder $Folder -Serial $Journal.serial
    if (-not $Journal.prepared) { throw "Drive $($Journal.serial) in drives is not prepared; there is nothing to verify. Run with state: prepared first." }
    if (-not $Seen.letter -or $Seen.holds -ne 'data') { throw "Drive $($Journal.serial) in drives cannot be read: it is locked or not attached. Unlock it with bitlocker_volume." }
    Start-SeedRun -Folder $Folder.TrimEnd('\') -Order ([ordered]@{
            serial = $Journal.serial; operation = 'verify'; session_id = $Journal.run.session_id; letter = $Seen.letter; manifest_file = $Journal.manifest_file
            manifest_hash = $Journal.manifest_hash; bytes_total = $Journal.run.bytes_total; state_file = $file.state; verify_file = $file.verify
        })
}

function Remove-SeedJournal {
    <#
    .SYNOPSIS
        Removes the journal of a finished seed and the logs that hold its key. Refuses without an escrow copy of this very journal.
    .PARAMETER Journal
        The journal.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Journal, [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $file = Get-SeedJournalFile -Folder $Option['journal_directory'] -Serial $Journal.serial
    foreach ($path in $file.journal, $file.state, $file.verify, $file.output, "$($file.output).in", "$($file.output).err", $file.order) {
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    }
    if ($Option['log_directory'] -and (Test-Path -LiteralPath $Option['log_directory'])) {
        Get-ChildItem -LiteralPath $Option['log_directory'] -File | Where-Object { $_.Name -like "$($Journal.serial)*" } | ForEach-Object { Remove-Item -LiteralPath $_.FullName -Force }
    }
    Unregister-ScheduledTask -TaskName "Seedfreight-$($Journal.serial)" -TaskPath '\Seedfreight\' -Confirm:$false -ErrorAction SilentlyContinue
}

Export-ModuleMember -Function Get-SeedJournalFile, Get-SeedJournal, Get-SeedCopy, Test-SeedPrepared, Get-SeedPrepareStep, Move-SeedJournalAside, Start-SeedCopy, Start-SeedVerify, Remove-SeedJournal
