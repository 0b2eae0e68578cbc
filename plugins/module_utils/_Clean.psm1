# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._DriveState
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._Run
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Attempt

# Ending what runs, and removing what attempts left on the host. Private to the collection.

function Assert-SeedRemovable {
    <#
    .SYNOPSIS
        Refuses to remove the attempts of a drive while one runs, or holds the only copy of a journal that may count.
    .PARAMETER Drive
        The drive as Get-SeedDrive shows it.
    .PARAMETER Option
        The module's options.
    .PARAMETER Escrowed
        SHA-256 of the journals that are in escrow.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Drive,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [AllowEmptyCollection()][string[]]$Escrowed = @()
    )
    $serial = $Drive.facts.serial
    $folder = Get-SeedFolder -Option $Option -Serial $serial
    # An attempt whose state cannot be read does not show that it is alive.
    $name = (Get-SeedTaskName -Serial $serial).name
    $tasks = @(Get-SeedTaskList | Where-Object { "$($_.TaskName)" -eq $name })
    if (@($tasks | Where-Object { "$($_.State)" -in 'Running', 'Queued' }).Count -gt 0) {
        throw "The task $name of drive $serial runs, so nothing is removed. Wait until it has ended."
    }
    foreach ($attempt in @(Get-SeedAttempt -Folder $folder -Serial $serial -BootTime (Get-SeedBootTime))) {
        $journal = Get-SeedJournalFact -Attempt $attempt -Serial $serial
        $facts = [pscustomobject]@{ serial = $serial; attempt = $attempt; journal = $journal }
        $state = Get-SeedAttemptState -Facts $facts
        if ($state -eq 'running') {
            throw "Drive $serial is being worked on, so nothing is removed. Wait until it has ended."
        }
        if ($attempt.discarded) { continue }
        if ($state -eq 'torn' -and $attempt.id -notin $Drive.option.discard_attempts) {
            throw "How attempt $($attempt.id) to drive $serial stands is not known, and its journal in " +
                "'$($attempt.folder)' may be a complete one, so nothing is removed. If it may go, allow it with " +
                "``discard_attempts: [$($attempt.id)]``."
        }
        if ($state -eq 'complete' -and $journal.sha256 -notin $Escrowed) {
            throw "The journal of drive $serial stays: ``escrowed`` does not name its SHA-256 $($journal.sha256). " +
                'Collect it first.'
        }
    }
}

function Search-SeedKey {
    <#
    .SYNOPSIS
        Files outside the attempts that hold the key of one of them (found), and what could not be searched (unknown).
    .DESCRIPTION
        Searched are the rest of the work folder, the folder of the tool, where newer builds and one article of
        Microsoft's put files with the key, and the top of both folders for temporary files.
    .PARAMETER Option
        The module's options.
    .PARAMETER Folder
        The folders of the attempts.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option,
        [Parameter(Mandatory = $true)][string[]]$Folder
    )
    $found = @()
    $unknown = @()
    $tool = "$($Option['tool_path'])".Replace('/', '\')
    $places = @(
        @{ Folder = $Option['work_directory'].TrimEnd('\'); Depth = 16; Skip = $Folder }
        @{ Folder = $tool.Substring(0, $tool.LastIndexOf('\') + 1).TrimEnd('\') + '\'; Depth = 1; Skip = @() }
        foreach ($temporary in @("$env:TEMP", "$env:SystemRoot\Temp") | Where-Object { $_ -and $_ -ne '\Temp' }) {
            @{ Folder = $temporary.TrimEnd('\'); Depth = 0; Skip = @() }
        }
    )
    foreach ($one in $Folder) {
        $key = Read-SeedKeyForm -Folder $one
        if ($key['forms'].Count -eq 0) { continue }
        foreach ($place in $places) {
            $seen = Find-SeedKey -Key $key @place
            $found += $seen.found
            $unknown += $seen.unknown
        }
    }
    [pscustomobject]@{
        found = @($found | Sort-Object -Unique)
        unknown = @($unknown | Sort-Object -Unique)
    }
}

function Get-SeedRemoved {
    <#
    .SYNOPSIS
        The files of a folder with path, bytes and sha256, which is empty where a file cannot be read.
    .PARAMETER Folder
        The folder.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder)
    $root = (Resolve-SeedPath -Path $Folder).Length
    foreach ($file in @(Get-ChildItem -LiteralPath $Folder -File -Recurse -Force -ErrorAction Stop)) {
        $hash = ''
        try { $hash = (Get-SeedFileHash -Path $file.FullName -Algorithm SHA256).ToLowerInvariant() }
        catch { $hash = '' }
        [ordered]@{
            path = $Folder + $file.FullName.Substring($root).Replace('/', '\')
            bytes = [long]$file.Length
            sha256 = $hash
        }
    }
}

function Invoke-SeedClean {
    <#
    .SYNOPSIS
        Removes the folders of this seed's attempts on the listed drives: journals, logs, copies of the tool, and tasks.
    .DESCRIPTION
        Refuses when a run is alive, when the journal of a complete attempt is in no escrow, and when it is not known
        how an attempt stands, unless its id is in discard_attempts. Then the host is searched for the keys of the
        journals. A file elsewhere that holds one is a failure, and nothing is removed: without the journals nobody
        could say later whether it is gone. What cannot be read is returned and stops nothing, because folders for
        temporary files always have such files.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $escrowed = @(Get-SeedOption -Option $Option -Name escrowed)
    foreach ($drive in $drives) { Assert-SeedRemovable -Drive $drive -Option $Option -Escrowed $escrowed }
    $left = [pscustomobject]@{ found = @(); unknown = @() }
    $folders = @($drives | ForEach-Object { Get-SeedFolder -Option $Option -Serial $_.facts.serial } |
        Where-Object { Test-Path -LiteralPath $_ })
    if ($folders.Count -gt 0) { $left = Search-SeedKey -Option $Option -Folder $folders }
    $change | Add-Member -NotePropertyName key_found_in -NotePropertyValue $left.found
    $change | Add-Member -NotePropertyName key_unknown_in -NotePropertyValue $left.unknown
    $change | Add-Member -NotePropertyName removed -NotePropertyValue @($folders |
        ForEach-Object { Get-SeedRemoved -Folder $_ })
    if ($left.found.Count -gt 0) {
        $change.removed = @()
        $change.failure = "The key of a drive of this seed lies in '$($left.found -join "', '")'. Remove these " +
            'files and run again; nothing was removed yet.'
        return $change
    }
    foreach ($drive in $drives) {
        $folder = Get-SeedFolder -Option $Option -Serial $drive.facts.serial
        if ($folder -notin $folders) { continue }
        $change.changed = $true
        foreach ($entry in $change.after['drives']) {
            if ($entry['serial'] -eq $drive.facts.serial) { $entry['attempt'] = '' }
        }
        if ($CheckMode) { continue }
        Remove-SeedTask -Serial $drive.facts.serial
        # Whatever is left when a file cannot be removed shows how its attempt stood, so that the next call can go on.
        Remove-SeedTree -Path $folder -Last 'run.json', 'attempt.json'
    }
    $all = Get-SeedFolder -Option $Option
    $empty = (Test-Path -LiteralPath $all) -and @(Get-ChildItem -LiteralPath $all -Force -ErrorAction Stop).Count -eq 0
    if ($empty -and -not $CheckMode) { Remove-Item -LiteralPath $all -Force -ErrorAction Stop }
    $change
}

function Invoke-SeedStop {
    <#
    .SYNOPSIS
        Ends what runs for this seed on the listed drives: the runner, the tool, and the task. Nothing on a drive
        changes.
    .PARAMETER Option
        The module's options.
    .PARAMETER CheckMode
        Whether to change nothing.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option, [bool]$CheckMode)
    $drives = @(Get-SeedDrive -Option $Option)
    $change = New-SeedChange -Drive $drives
    $stopped = @()
    foreach ($drive in $drives) {
        if ((Get-SeedAttemptState -Facts $drive.facts) -ne 'running') { continue }
        $change.changed = $true
        $stopped += $drive.facts.serial
        foreach ($entry in $change.after['drives']) {
            if ($entry['serial'] -eq $drive.facts.serial) { $entry['status'] = 'interrupted' }
        }
        if ($CheckMode) { continue }
        # An order that no runner has taken yet is taken back first.
        $folder = $drive.facts.attempt.folder
        [System.IO.File]::Delete((Resolve-SeedPath -Path "$folder\order.json"))
        # The runner first: it would write the end of a tool that was killed as a failure of the tool. Both are read
        # when it is their turn, because a runner or the next session may have begun since the look.
        foreach ($name in 'runner', 'tool') {
            $run = (Read-SeedJson -Path "$folder\run.json" -Expected).value
            if (-not $run) { $run = $drive.facts.attempt.run }
            if (-not $run) { continue }
            if (-not (Test-SeedProcess -Process $run.$name)) { continue }
            Stop-Process -Id $run.$name.pid -Force -ErrorAction Stop
            # Windows ends a process a moment later, and whoever looks before that sees it at work.
            for ($try = 0; $try -lt 100 -and (Test-SeedProcess -Process $run.$name); $try++) {
                Start-Sleep -Milliseconds 100
            }
        }
        Get-SeedToolProcess -Folder $folder | Stop-Process -Force -ErrorAction Stop
        Remove-SeedTask -Serial $drive.facts.serial
    }
    $change | Add-Member -NotePropertyName stopped -NotePropertyValue $stopped -PassThru
}

Export-ModuleMember -Function @(
    'Assert-SeedRemovable', 'Search-SeedKey', 'Get-SeedRemoved', 'Invoke-SeedClean', 'Invoke-SeedStop'
)
