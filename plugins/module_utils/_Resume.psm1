# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Drive
#AnsibleRequires -PowerShell ..module_utils._DriveGuard
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._RunScript
#AnsibleRequires -PowerShell ..module_utils._Session
#AnsibleRequires -PowerShell ..module_utils._Tool
#AnsibleRequires -PowerShell ..module_utils._Verify
#AnsibleRequires -PowerShell ..module_utils._Volume

# Going on with a copy that ended before its last session, in the task: the drive as the tool knows it, and the session.
# Nothing here erases or formats. Private to the collection.

function Restore-SeedTarget {
    <#
    .SYNOPSIS
        Finds the volume that an attempt writes to, gives it its letter back and unlocks it. Fails when it is not the
        attempt's, or not encrypted.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $name = "Drive $($Order.serial) in ``drives``"
    $own = @("$($Order.identity.partition_guid)")
    $seen = Get-SeedDiskFact -Serial $Order.serial -ProtectedPath @($Order.protected_paths) -OwnGuid $own
    if (@($seen.problems).Count -gt 0) { throw "$(@($seen.problems) -join ' ') Nothing was written." }
    if (-not $seen.disk) { throw "$name is not attached to this host. Insert it to go on." }
    if ($seen.disk.offline) { throw "The disk of drive $($Order.serial) is offline. Bring it online to go on." }
    if (@($seen.disk.guards).Count -gt 0) { throw "$name $(@($seen.disk.guards) -join ' ') Nothing was written." }
    $same = "$($seen.disk.partition_guid)" -eq $own[0]
    if (-not $same -or [long]$seen.disk.size_bytes -ne [long]$Order.identity.size_bytes) {
        throw "$name does not hold any more what was copied to it. Nothing was written."
    }
    if ("$($seen.disk.letter)" -ne "$($Order.letter)") { Restore-SeedLetter -Order $Order }
    $encryption = Get-SeedEncryption -Letter $Order.letter
    if ($encryption -and $encryption.lock_status -eq 'Locked') {
        $key = Read-SeedJournalKey -Path $Order.journal -Serial $Order.serial
        Unlock-SeedVolume -Letter $Order.letter -Key $key
        $encryption = Get-SeedEncryption -Letter $Order.letter
    }
    # The tool goes on while BitLocker does, so a volume that is being encrypted is as it should be.
    if ($encryption -and $encryption.volume_status -eq 'EncryptionInProgress') { return }
    Assert-SeedProtected -Letter $Order.letter -Serial $Order.serial
}

function Restore-SeedLetter {
    <#
    .SYNOPSIS
        Gives the partition of an attempt the letter back that the tool remembers in its journal, if it is free.
    .DESCRIPTION
        Windows may give another letter after a restart or in another bay, and a later session takes no letter.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Order)
    $used = @(Get-PSDrive -PSProvider FileSystem -ErrorAction Stop | ForEach-Object { $_.Name })
    $used += @(Invoke-SeedQuery -Name Get-Partition | ForEach-Object { Get-SeedLetter -Partition $_ })
    if ("$($Order.letter)" -in $used) {
        throw "The letter $($Order.letter): of drive $($Order.serial), which the tool remembers, is in use by " +
            'another volume now. Free it to go on, for example with Set-Partition.'
    }
    $disk = Find-SeedDisk -Serial $Order.serial
    $mine = @(Get-SeedDataPartition -Disk $disk | Where-Object { "$($_.Guid)" -eq "$($Order.identity.partition_guid)" })
    if ($mine.Count -ne 1) { throw "The partition of drive $($Order.serial) is not there. Nothing was written." }
    Set-Partition -InputObject $mine[0] -NewDriveLetter $Order.letter -ErrorAction Stop
}

function Get-SeedJournalByte {
    <#
    .SYNOPSIS
        The length of the journal of an order; 0 without one.
    .PARAMETER Order
        The order.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([Parameter(Mandatory = $true)][object]$Order)
    try { [long](Get-Item -LiteralPath $Order.journal -ErrorAction Stop).Length }
    catch { [long]0 }
}

function Start-SeedSession {
    <#
    .SYNOPSIS
        Runs one copy session from its begin. Returns its exit code.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    .PARAMETER Index
        The number of the session, from 0.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$Index
    )
    $session = $State['sessions'][$Index]
    $last = "$($session['refused'])" -eq 'abort'
    $session['refused'] = ''
    $session['journal_bytes'] = Get-SeedJournalByte -Order $Order
    $session['used_bytes'] = [long]0
    if ($Index -gt 0) { $session['used_bytes'] = Get-SeedUsedByte -Letter $Order.letter }
    $session['begin_bytes'] = $session['used_bytes']
    $code = Invoke-SeedSession -Order $Order -State $State -Index $Index
    $wrote = (Get-SeedJournalByte -Order $Order) -ne $session['journal_bytes']
    # A session that the tool neither resumes, aborts nor starts needs a person.
    if ($last -and $code -ne 0 -and -not $wrote -and -not $State['beside']) { $session['refused'] = 'start' }
    $code
}

function Resume-SeedSession {
    <#
    .SYNOPSIS
        Goes on with one session: resumes it, or aborts it and starts it anew with another id. Returns the exit code.
    .DESCRIPTION
        A session that the tool finished while nobody looked is taken as its journal has it. A tool that refuses to
        resume leaves its journal as it was; then the session is aborted, and nothing is begun anew before that worked.
        Where it refuses that too, and its journal names other sessions and not this one, the session has yet to begin.
    .PARAMETER Order
        The order.
    .PARAMETER State
        The state, which is changed.
    .PARAMETER Index
        The number of the session, from 0.
    .PARAMETER Action
        start, resume or abort.
    #>
    [CmdletBinding()]
    [OutputType([int])]
    param(
        [Parameter(Mandatory = $true)][object]$Order,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$State,
        [int]$Index,
        [Parameter(Mandatory = $true)][string]$Action
    )
    $session = $State['sessions'][$Index]
    if ($Action -eq 'start') { return Start-SeedSession -Order $Order -State $State -Index $Index }
    $known = (Read-SeedJournal -Path $Order.journal).sessions
    $says = "$(Get-SeedField -Value $known -Name $session['tool_id'])"
    if ($says -eq 'Completed' -and $null -eq $session['exit_code']) {
        $session['state'] = 'completed'
        $session['ended'] = Get-SeedTime
        $State['bytes_done'] = [long]$State['bytes_done'] + [long]$session['bytes']
        # It was copied before, so it is not the speed of this run.
        $State['marks'] = @()
        return 0
    }
    # A start would format the drive, and the tool can do neither of the others with it.
    if ($Index -eq 0) {
        throw "The journal of drive $($Order.serial) does not say any more that its first session is completed. " +
            'Nothing was written.'
    }
    if ($Action -eq 'resume') {
        $used = Get-SeedUsedByte -Letter $Order.letter
        if ($used -gt [long]$session['used_bytes']) { $session['stalled'] = 0 }
        else { $session['stalled'] = [int]$session['stalled'] + 1 }
        $session['used_bytes'] = $used
        $session['resumed'] = [int]$session['resumed'] + 1
        $before = Get-SeedJournalByte -Order $Order
        $code = Invoke-SeedSession -Order $Order -State $State -Index $Index -Call resume
        # What refuses to run beside another copy says nothing about the session.
        if ($code -eq 0 -or $State['beside'] -or (Get-SeedJournalByte -Order $Order) -ne $before) { return $code }
        $session['refused'] = 'resume'
        $null = Save-SeedState -Order $Order -State $State
    }
    $code = Invoke-SeedSession -Order $Order -State $State -Index $Index -Call abort
    if ($code -ne 0) {
        if ($State['beside']) { return $code }
        $session['refused'] = 'abort'
        if (-not (Test-SeedSessionUnknown -Known $known -Id $session['tool_id'])) { return $code }
        $null = Save-SeedState -Order $Order -State $State
        return Start-SeedSession -Order $Order -State $State -Index $Index
    }
    $ids = @($State['sessions'] | ForEach-Object { $_['id']; $_['tool_id'] }) + @($known.Keys)
    $session['tool_id'] = New-SeedSessionId -Id $session['id'] -Known $ids
    $session['refused'] = ''
    $session['exit_code'] = $null
    $session['stalled'] = 0
    Start-SeedSession -Order $Order -State $State -Index $Index
}

Export-ModuleMember -Function @(
    'Restore-SeedTarget', 'Restore-SeedLetter', 'Get-SeedJournalByte', 'Start-SeedSession', 'Resume-SeedSession'
)
