# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._DriveStatus
#AnsibleRequires -PowerShell ..module_utils._Session

# The record of a drive that the modules return. Pure. Private to the collection.

function Get-SeedProgress {
    <#
    .SYNOPSIS
        How far a run is, with its speed and the time that is left; both are null while they are not known.
    .PARAMETER Run
        The run.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Run)
    $progress = [ordered]@{}
    foreach ($name in 'operation', 'bytes_done', 'bytes_total', 'started', 'updated') { $progress[$name] = $Run.$name }
    $progress['bytes_per_second'] = $null
    $progress['seconds_left'] = $null
    $marks = @()
    if ($Run.PSObject.Properties['marks']) { $marks = @($Run.marks | Where-Object { $_ }) }
    $style = [System.Globalization.DateTimeStyles]::RoundtripKind
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $from = $until = [DateTime]::MinValue
    $known = $marks.Count -gt 0 -and [DateTime]::TryParse("$($marks[0].at)", $invariant, $style, [ref]$from) -and
        [DateTime]::TryParse("$($Run.updated)", $invariant, $style, [ref]$until)
    # A shorter time says nothing, and neither do bytes that were counted anew.
    $done = [long]$Run.bytes_done
    if (-not $known -or ($until - $from).TotalSeconds -lt 5 -or $done -lt [long]$marks[0].bytes) {
        return [pscustomobject]$progress
    }
    $speed = [long][Math]::Floor(($done - [long]$marks[0].bytes) / ($until - $from).TotalSeconds)
    if ($done -gt 0) { $progress['bytes_per_second'] = $speed }
    if ($done -gt 0 -and $speed -gt 0 -and [long]$Run.bytes_total -ge $done) {
        $progress['seconds_left'] = [long][Math]::Ceiling(([long]$Run.bytes_total - $done) / $speed)
    }
    [pscustomobject]$progress
}

function Select-SeedField {
    <#
    .SYNOPSIS
        An ordered copy of some fields of an object; null stays null.
    .PARAMETER Value
        The object.
    .PARAMETER Name
        The fields.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Value, [Parameter(Mandatory = $true)][string[]]$Name)
    if ($null -eq $Value) { return $null }
    $copy = [ordered]@{}
    foreach ($one in $Name) { $copy[$one] = $Value.$one }
    [pscustomobject]$copy
}

function Get-SeedAttemptRecord {
    <#
    .SYNOPSIS
        The attempt as the drive record shows it; null without one.
    .PARAMETER Attempt
        The attempt of the facts.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$Attempt)
    if (-not $Attempt) { return $null }
    # Where the state cannot be read the tool may have started.
    $started = $true
    $guid = ''
    if ($Attempt.identity) { $guid = "$($Attempt.identity.partition_guid)" }
    if ($Attempt.run -and $Attempt.run.partition_guid) { $guid = "$($Attempt.run.partition_guid)" }
    if ($Attempt.run) { $started = [bool]$Attempt.run.tool_started }
    elseif ($Attempt.readable -and $Attempt.run_state -eq 'missing' -and -not $Attempt.has_order) { $started = $false }
    [pscustomobject][ordered]@{
        id = $Attempt.id
        seed = $Attempt.seed
        container = $Attempt.container
        folder = $Attempt.folder
        started = $Attempt.started
        tool_started = $started
        encryption = "$(Get-SeedField -Value $Attempt -Name encryption -Default 'tool')"
        partition_guid = $guid
        files = @($Attempt.files)
        sessions = @(Get-SeedSession -Attempt $Attempt | ForEach-Object {
                Select-SeedField -Value $_ -Name 'id', 'state', 'exit_code', 'files', 'bytes', 'started', 'ended',
                    'resumed', 'tool_id'
            })
    }
}

function ConvertTo-SeedDriveRecord {
    <#
    .SYNOPSIS
        The record of a drive that the modules return: its status and what it was derived from. It holds no key.
    .PARAMETER Facts
        The facts.
    .PARAMETER Option
        The options of the drive.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Facts, [Parameter(Mandatory = $true)][object]$Option)
    $record = [ordered]@{ serial = $Facts.serial }
    $status = Get-SeedDriveStatus -Facts $Facts -Option $Option
    foreach ($property in $status.PSObject.Properties) { $record[$property.Name] = $property.Value }
    $record['present'] = [bool]$Facts.disk
    foreach ($name in 'number', 'letter', 'size_bytes', 'sector_bytes', 'bus_type', 'unique_id', 'partition_style') {
        $record[$name] = $null
        if ($Facts.disk) { $record[$name] = $Facts.disk.$name }
    }
    $record['fingerprint'] = ''
    if ($status.content -eq 'foreign') { $record['fingerprint'] = "$($Facts.content.fingerprint)" }
    $record['candidates'] = @($Facts.candidates)
    $record['attempt'] = Get-SeedAttemptRecord -Attempt $Facts.attempt
    $record['older_attempts'] = @($Facts.older | ForEach-Object { $_.id })
    $record['journal'] = Select-SeedField -Value $Facts.journal -Name @(
        'path', 'sha256', 'bytes', 'completed', 'drive_id', 'manifest_file', 'manifest_hash', 'key_kind'
    )
    $record['verify'] = Select-SeedField -Value $Facts.verify -Name @(
        'finished', 'ok', 'at', 'manifest_md5', 'files', 'ranges', 'bytes', 'mismatches'
    )
    if ($record['verify']) {
        # Earlier versions did not write it.
        $resumed = Get-SeedField -Value $Facts.verify -Name resumed_at
        Add-Member -InputObject $record['verify'] -NotePropertyMembers ([ordered]@{
                resumed_at = $resumed
                key_replaced = [bool](Get-SeedField -Value $Facts.verify -Name key_replaced)
            })
    }
    $record['encryption'] = $null
    if ($Facts.content) { $record['encryption'] = $Facts.content.encryption }
    $run = $null
    if ($Facts.attempt) { $run = $Facts.attempt.run }
    $record['progress'] = $null
    if ($run -and $Facts.attempt.alive) { $record['progress'] = Get-SeedProgress -Run $run }
    $record['last_lines'] = @()
    if ($run) { $record['last_lines'] = @($run.last_lines) }
    $record['log'] = ''
    $record['erased'] = $null
    if ($Facts.attempt) {
        $record['log'] = "$($Facts.attempt.log)"
        $record['erased'] = $Facts.attempt.erased
    }
    [pscustomobject]$record
}

Export-ModuleMember -Function @(
    'Get-SeedProgress', 'Select-SeedField', 'Get-SeedAttemptRecord', 'ConvertTo-SeedDriveRecord'
)
