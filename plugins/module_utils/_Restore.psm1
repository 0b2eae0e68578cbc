# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Run
#AnsibleRequires -PowerShell ..module_utils._Attempt
#AnsibleRequires -PowerShell ..module_utils._Prepare

# Attempts and their journals, put back on a copy host that lost them. Private to the collection.

function Get-SeedLostStep {
    <#
    .SYNOPSIS
        What the host lacks of an attempt: nothing (none), its journal (journal) or all of it (attempt); with the path
        of the journal where the attempt is there, and a problem when it must not be put back.
    .DESCRIPTION
        What is there stays as it is: another journal, an attempt that was given up, and a newer one that wrote.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    .PARAMETER Lost
        The attempt to put back, as the option describes it.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][object]$Lost,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $serial = $Drive.facts.serial
    $folder = Get-SeedFolder -Option $Option -Serial $serial
    $answer = [pscustomobject]@{ step = 'attempt'; folder = "$folder\$($Lost.id)"; journal = ''; problem = '' }
    $attempts = @(Get-SeedAttempt -Folder $folder -Serial $serial -BootTime (Get-SeedBootTime))
    if (@($attempts | Where-Object { $_.alive }).Count -gt 0) {
        $answer.problem = "Drive $serial is being worked on, so nothing is put back. Run again when it has ended."
        return $answer
    }
    $newer = @($attempts | Where-Object {
            [string]::CompareOrdinal($_.id, $Lost.id) -gt 0 -and -not $_.discarded -and (Test-SeedWrote -Attempt $_)
        })
    if ($newer.Count -gt 0) {
        $answer.problem = "Attempt $($Lost.id) to drive $serial is not put back: this host has the newer attempt " +
            "$($newer[0].id), which may have written to the drive."
        return $answer
    }
    $same = @($attempts | Where-Object { $_.id -eq $Lost.id })
    if ($same.Count -eq 0) { return $answer }
    $one = $same[0]
    if ($one.discarded) {
        $answer.problem = "Attempt $($one.id) to drive $serial was given up on this host, and is not put back."
        return $answer
    }
    $what = ''
    if (-not $one.readable) { $what = 'its attempt.json cannot be read' }
    elseif ($one.run_state -ne 'ok') { $what = 'its run.json cannot be read' }
    elseif ($one.container -ne $Option['container']) { $what = "it copied to the container '$($one.container)'" }
    elseif (-not (Test-SeedSameFile -Left $Drive.option.files -Right @($one.files))) {
        $what = 'it copied other files than the plan names'
    }
    if ($what) {
        $answer.problem = "Attempt $($one.id) to drive $serial is left as it is: $what in '$($one.folder)'."
        return $answer
    }
    $answer.step = 'journal'
    $path = Get-SeedJournalPath -Folder $one.folder -Serial $serial -Encryption $one.encryption
    $answer.journal = $path
    if (-not (Test-Path -LiteralPath $path)) { return $answer }
    $answer.step = 'none'
    $hash = (Get-SeedFileHash -Path $path -Algorithm SHA256).ToLowerInvariant()
    if ($hash -ne $Lost.sha256) {
        $answer.problem = "The journal of attempt $($one.id) to drive $serial is left as it is: its SHA-256 is " +
            "$hash, and the one to put back has $($Lost.sha256)."
    }
    $answer
}

function Confirm-SeedLostDrive {
    <#
    .SYNOPSIS
        The GUID of the partition that an attempt wrote. Fails when the drive shows that it holds something else, and
        when nothing shows whose it is.
    .DESCRIPTION
        The partition binds a drive to its attempt. A manifest with the hash that the journal names does so too, and
        must have it wherever it can be read; on a locked drive it is compared once the drive is unlocked.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Lost
        The attempt to put back.
    .PARAMETER Option
        The module's options.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][string]$Serial,
        [Parameter(Mandatory = $true)][object]$Lost,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option
    )
    $protected = @(Get-SeedProtectedPath -Option $Option)
    $guid = "$($Lost.partition_guid)"
    $fact = Get-SeedDiskFact -Serial $Serial -ProtectedPath $protected
    if (@($fact.problems).Count -gt 0) { throw (@($fact.problems) -join ' ') }
    if (-not $fact.disk) {
        if ($guid) { return $guid }
        throw "Drive $Serial is not attached, and the ledger does not know its partition. Insert it and run again."
    }
    if ($Lost.size_bytes -and [long]$Lost.size_bytes -ne [long]$fact.disk.size_bytes) {
        throw "Drive $Serial has $($fact.disk.size_bytes) bytes, and attempt $($Lost.id) wrote to one of " +
            "$($Lost.size_bytes) bytes. Insert the right drive."
    }
    $found = "$($fact.disk.partition_guid)"
    if ($guid -and $found -and $guid -ne $found) {
        throw "Drive $Serial has another partition than the one that attempt $($Lost.id) wrote, so its journal is " +
            'not of what the drive holds now. Insert the right drive.'
    }
    # A second look, now at the manifest: who does not know the partition as their own does not look into it.
    $fact = Get-SeedDiskFact -Serial $Serial -ProtectedPath $protected -OwnGuid $found -ManifestFile $Lost.manifest_file
    if (@($fact.problems).Count -gt 0) { throw (@($fact.problems) -join ' ') }
    $md5 = ''
    if ($fact.content -and $fact.content.kind -eq 'data') { $md5 = "$($fact.content.manifest_md5)" }
    if ($md5 -and $md5 -ne $Lost.manifest_hash) {
        throw "The manifest on drive $Serial is not the one that the journal of attempt $($Lost.id) names. Insert " +
            'the right drive.'
    }
    if ($guid -and ($found -or $fact.disk.offline)) { return $guid }
    if ($md5 -and $found) { return $found }
    throw "Nothing shows that drive $Serial holds what attempt $($Lost.id) wrote. If it is the right drive, bring it " +
        'online, unlock it with the escrow copy of its journal and run again.'
}

function ConvertFrom-SeedJournalLine {
    <#
    .SYNOPSIS
        The journals that were sent, as bytes by serial; null for one that did not arrive whole.
    .PARAMETER Text
        A line for each drive with its serial and its journal as base64.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text)
    $found = @{}
    foreach ($line in $Text.Split("`n")) {
        $parts = $line.Split(' ')
        if ($parts.Count -ne 2) { continue }
        try { $found[$parts[0]] = [Convert]::FromBase64String($parts[1]) }
        catch [System.FormatException] { $found[$parts[0]] = $null }
    }
    $found
}

function Write-SeedLostJournal {
    <#
    .SYNOPSIS
        Writes a journal and reads it again: it must be the one with this hash, finished, and of this drive.
    .PARAMETER Path
        Path of the new file.
    .PARAMETER Byte
        What it holds.
    .PARAMETER Serial
        The serial in its normal form.
    .PARAMETER Lost
        The attempt to put back.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][byte[]]$Byte,
        [Parameter(Mandatory = $true)][string]$Serial,
        [Parameter(Mandatory = $true)][object]$Lost
    )
    New-SeedPrivateFile -Path (Resolve-SeedPath -Path $Path) -Byte $Byte
    $hash = (Get-SeedFileHash -Path $Path -Algorithm SHA256).ToLowerInvariant()
    $drive = @((Read-SeedJournal -Path $Path).drives | Where-Object {
            (ConvertTo-SeedSerial -Serial $_.drive_id) -eq $Serial
        })
    $right = $hash -eq $Lost.sha256 -and $drive.Count -eq 1 -and $drive[0].completed -and
        $drive[0].manifest_hash -eq $Lost.manifest_hash
    if (-not $right) {
        throw "The journal of attempt $($Lost.id) to drive $Serial did not arrive as the ledger has it. Nothing was " +
            'put back. Run again.'
    }
}

function Write-SeedLostAttempt {
    <#
    .SYNOPSIS
        Puts back all of an attempt: its folder appears in one step, with everything that is in it.
    .DESCRIPTION
        The state says what the ledger knows: a journal is collected only when the copy had ended well. What read the
        drive again is lost, so it is read once more.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    .PARAMETER Lost
        The attempt to put back.
    .PARAMETER Option
        The module's options.
    .PARAMETER Byte
        The journal.
    .PARAMETER Guid
        The GUID of the partition that it wrote.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][object]$Lost,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][byte[]]$Byte,
        [Parameter(Mandatory = $true)][string]$Guid
    )
    $serial = $Drive.facts.serial
    $final = (Get-SeedFolder -Option $Option -Serial $serial) + "\$($Lost.id)"
    # No id of an attempt ends so: what a call that ended too early leaves is none, and goes with the next one.
    $new = "$final.new"
    if (Test-Path -LiteralPath $new) { Remove-SeedTree -Path $new }
    if (Test-Path -LiteralPath $final) {
        # A folder without a file is no attempt.
        if (@(Get-ChildItem -LiteralPath $final -File -Recurse -Force -ErrorAction Stop).Count -gt 0) {
            throw "'$final' holds files and no attempt that can be read, and is left as it is. Nothing was put back."
        }
        Remove-SeedTree -Path $final
    }
    New-SeedPrivateFolder -Path $new -Root $Option['work_directory']
    try {
        foreach ($name in 'logs', 'tool', 'work') {
            $null = New-Item -Path "$new\$name" -ItemType Directory -ErrorAction Stop
        }
        $journal = Get-SeedJournalPath -Folder $new -Serial $serial -Encryption $Drive.option.encryption
        Write-SeedLostJournal -Path $journal -Byte $Byte -Serial $serial -Lost $Lost
        $sessions = @(Get-SeedOption -Option $Drive.listed -Name sessions)
        $identity = [ordered]@{
            serial = $serial
            unique_id = ''
            size_bytes = [long]$Lost.size_bytes
            partition_guid = $Guid
        }
        $started = [DateTime]::MinValue
        $null = [DateTime]::TryParseExact($Lost.id.Substring(0, 16), 'yyyyMMddTHHmmssZ',
            [System.Globalization.CultureInfo]::InvariantCulture, 'AssumeUniversal, AdjustToUniversal', [ref]$started)
        $total = [long]0
        foreach ($file in $Drive.option.files) { $total += [long]$file.bytes }
        $state = New-SeedState -State ended -Order ([pscustomobject]@{
                operation = 'copy'
                attempt = $Lost.id
                letter = ''
                started = Get-SeedTime -Value $started
                identity = [pscustomobject]$identity
                sessions = @($sessions | ForEach-Object { [pscustomobject]@{
                    id = $_.id
                    state = 'completed'
                    exit_code = 0
                } })
                bytes_total = $total
            })
        $state['exit_code'] = 0
        $state['tool_started'] = $true
        $state['bytes_done'] = $total
        $state['restored'] = Get-SeedTime
        Write-SeedJson -Path "$new\run.json" -Value $state
        Write-SeedJson -Path "$new\attempt.json" -Value ([ordered]@{
                schema_version = 1
                id = $Lost.id
                seed = $Option['seed']
                serial = $serial
                container = $Option['container']
                started = Get-SeedTime -Value $started
                source_directory = $null
                files = @($Drive.option.files | ForEach-Object {
                        [ordered]@{ name = $_.name; bytes = [long]$_.bytes }
                    })
                sessions = @($sessions | ForEach-Object { [ordered]@{ id = $_.id; files = @($_.files) } })
                identity = $identity
                erased = $null
                tool = $null
                encryption = $Drive.option.encryption
                restored = $state['restored']
            })
        [System.IO.Directory]::Move((Resolve-SeedPath -Path $new), (Resolve-SeedPath -Path $final))
    }
    finally {
        if (Test-Path -LiteralPath $new) { Remove-SeedTree -Path $new }
    }
}

function Invoke-SeedRestore {
    <#
    .SYNOPSIS
        Puts back attempts whose journals were collected, on a host that lost them. Nothing that is there is replaced.
    .PARAMETER Option
        The module's options; _journals has a line for each drive with its serial and its journal as base64.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $change | Add-Member -NotePropertyName restored -NotePropertyValue @()
    $journals = ConvertFrom-SeedJournalLine -Text "$($Option['_journals'])"
    $work = {
        foreach ($lost in @(Get-SeedOption -Option $Option -Name attempts)) {
            $serial = ConvertTo-SeedSerial -Serial $lost.serial
            $drive = @($drives | Where-Object { $_.facts.serial -eq $serial })
            if ($drive.Count -eq 0) { throw "``attempts`` names drive $serial, which is not in ``drives``." }
            if ($lost.id -notmatch '^\d{8}T\d{6}Z-[0-9a-f]{4}\z') {
                throw "The ``id`` '$($lost.id)' in ``attempts`` is not the id of an attempt."
            }
            $step = Get-SeedLostStep -Drive $drive[0] -Lost $lost -Option $Option
            try {
                if ($step.problem) { throw $step.problem }
                if ($step.step -eq 'none') { continue }
                $guid = Confirm-SeedLostDrive -Serial $serial -Lost $lost -Option $Option
            }
            catch {
                # One drive that is refused is no reason to leave the others.
                $change.failure = "$($change.failure) $($_.Exception.Message)".Trim()
                continue
            }
            $change.changed = $true
            $change.restored += $serial
            foreach ($entry in @($change.after['drives'] | Where-Object { $_['serial'] -eq $serial })) {
                $entry['attempt'] = $lost.id
                $entry['status'] = 'restored'
            }
            if ($CheckMode) { continue }
            if (-not $journals[$serial]) { throw "The journal of drive $serial did not arrive whole. Run again." }
            $write = @{ Byte = $journals[$serial]; Lost = $lost }
            if ($step.step -eq 'attempt') {
                Write-SeedLostAttempt -Drive $drive[0] -Option $Option -Guid $guid @write
                continue
            }
            $path = $step.journal
            $new = "$path.$([guid]::NewGuid().ToString('N')).new"
            try {
                Write-SeedLostJournal -Path $new -Serial $serial @write
                # Move never replaces: a journal that appeared meanwhile stays.
                [System.IO.File]::Move((Resolve-SeedPath -Path $new), (Resolve-SeedPath -Path $path))
            }
            finally {
                if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new -Force -ErrorAction Stop }
            }
        }
    }
    if ($CheckMode) { . $work }
    else { Use-SeedHost -Option $Option -Step $work }
    $change
}

Export-ModuleMember -Function @(
    'Get-SeedLostStep', 'Confirm-SeedLostDrive', 'ConvertFrom-SeedJournalLine',
    'Write-SeedLostJournal', 'Write-SeedLostAttempt', 'Invoke-SeedRestore'
)
