# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._PreflightPolicy
#AnsibleRequires -PowerShell ..module_utils._Registry
Set-StrictMode -Version 3.0

# Checks of what a source host reads and writes: its volumes, the cache of the agent and the staging location. Each
# function takes the options of the preflight and returns a finding; what it cannot ask is an error, which the caller
# shows as unknown. Private to the collection.

# Source: the support matrix of the agent, for Windows Server 2012 and later.
$script:LargestSource = 54400GB
# The names of the files that the agent stages.
$script:Staged = '\.(AIBBlob|BaseBlob)$'

function Format-SeedGigabyte {
    <#
    .SYNOPSIS
        A number of bytes in GB with one decimal, written alike in every language of Windows.
    .PARAMETER Byte
        The number.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][long]$Byte)
    ($Byte / 1GB).ToString('n1', [System.Globalization.CultureInfo]::InvariantCulture)
}

function Get-SeedScratch {
    <# .SYNOPSIS The cache folder of the agent (its scratch location), or null. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $config = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Config'
    foreach ($key in $config, "$config\CloudBackupProvider") {
        $path = Get-SeedRegistryValue -Path $key -Name ScratchLocation
        if ($path) { return "$path".TrimEnd('\') }
    }
}

function Get-SeedLetterVolume {
    <#
    .SYNOPSIS
        The volume of a letter, or null when there is none.
    .PARAMETER Path
        A path that begins with the letter.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path)
    $letter = $Path.Substring(0, 1).ToUpperInvariant()
    @(Get-Volume -ErrorAction Stop | Where-Object { "$($_.DriveLetter)" -eq $letter }) | Select-Object -First 1
}

function Test-SeedDedup {
    <#
    .SYNOPSIS
        Whether data deduplication is on for the volume of a letter. Without the feature there is no such cmdlet.
    .PARAMETER Path
        A path that begins with the letter.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not (Get-Command -Name Get-DedupVolume -ErrorAction SilentlyContinue)) { return $false }
    $letter = $Path.Substring(0, 2)
    [bool]@(Get-DedupVolume -ErrorAction Stop | Where-Object { "$($_.Volume)" -eq $letter -and $_.Enabled })
}

function Get-SeedFolderFlag {
    <#
    .SYNOPSIS
        What of the attributes of a folder makes it slow or unfit: compressed, encrypted, sparse. Nothing if not there.
    .PARAMETER Path
        The folder.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not (Test-Path -LiteralPath $Path -ErrorAction Stop)) { return }
    $attributes = (Get-Item -LiteralPath $Path -Force -ErrorAction Stop).Attributes
    foreach ($name in 'Compressed', 'Encrypted', 'SparseFile') {
        if ($attributes -band [System.IO.FileAttributes]$name) { $name.ToLowerInvariant() -replace 'file$', '' }
    }
}

function Get-SeedSourceVolume {
    <#
    .SYNOPSIS
        What the policy covers: name, and volume or null. Fails when that cannot be known.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $backup = $Option['backup']
    if ($backup.unknown.Contains('policy')) { throw "the policy cannot be read: $($backup.unknown['policy'])" }
    if (-not $backup.policy) { throw 'the backup agent has no policy yet.' }
    foreach ($name in @($backup.policy.data_sources)) {
        $volume = $null
        if ("$name" -match '^[A-Za-z]:\\$') { $volume = Get-SeedLetterVolume -Path $name }
        [pscustomobject]@{ name = "$name"; volume = $volume }
    }
}

function Get-SeedSourceByte {
    <#
    .SYNOPSIS
        How much the volumes that the policy covers hold at most. Fails when that cannot be known.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $bytes = [long]0
    $sources = @(Get-SeedSourceVolume -Option $Option)
    if (-not $sources) { throw 'the policy names no volume.' }
    foreach ($one in $sources) {
        # A volume that shows no size is locked, or has no file system.
        if ($null -eq $one.volume -or [long]$one.volume.Size -le 0) {
            throw "how much $($one.name) holds is not known."
        }
        $bytes += [long]$one.volume.Size - [long]$one.volume.SizeRemaining
    }
    $bytes
}

function Get-SeedSourceCheck {
    <#
    .SYNOPSIS
        Whether the agent can back up what the policy covers: fixed local NTFS volumes, not larger than it takes.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $problems = @()
    $unknown = @()
    $shown = foreach ($one in Get-SeedSourceVolume -Option $Option) {
        if ($null -eq $one.volume) { $unknown += "$($one.name) is no volume of this host that has a letter"; continue }
        $used = [long]$one.volume.Size - [long]$one.volume.SizeRemaining
        if ("$($one.volume.DriveType)" -ne 'Fixed') {
            $problems += "$($one.name) is $($one.volume.DriveType), not fixed"
        }
        elseif ("$($one.volume.FileSystem)" -ne 'NTFS') {
            $system = "$($one.volume.FileSystem)"
            if (-not $system) { $system = 'no file system, or a locked volume' }
            $problems += "$($one.name) has $system, not NTFS"
        }
        if ($used -gt $script:LargestSource) { $problems += "$($one.name) holds more than 54400 GB" }
        "$($one.name) NTFS, $(Format-SeedGigabyte -Byte $used) GB used"
    }
    if ($problems) {
        return New-SeedFinding -Status failed -Evidence (
            "The policy covers what the backup agent cannot back up: $($problems -join '; ')."
        ) -Remedy 'Take it out of the policy.'
    }
    if ($unknown) {
        return New-SeedFinding -Status unknown -Evidence "$($unknown -join '; ')." -Remedy (
            'Look in the console of the agent what the policy covers; only local NTFS volumes are seeded.'
        )
    }
    if (-not $shown) { return New-SeedFinding -Status unknown -Evidence 'The policy names no volume.' }
    New-SeedFinding -Status ok -Evidence "The policy covers $(@($shown) -join '; ')."
}

function Get-SeedCacheCheck {
    <#
    .SYNOPSIS
        Whether the cache folder of the agent is local, plain, and has room.
    .DESCRIPTION
        It takes 5 to 10 percent of the data, and must not be a reparse point. Source: FAQ and support matrix of the
        agent.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = Get-SeedScratch
    if (-not $path) {
        return New-SeedFinding -Status unknown -Evidence (
            'The registry does not say where the cache folder is.'
        ) -Remedy 'Look for ScratchLocation of the agent; it needs 5 to 10 percent of the data.'
    }
    $remedy = 'Move the cache of the agent to a plain folder on a local NTFS volume with room.'
    if ($path -notmatch '^[A-Za-z]:\\') {
        return New-SeedFinding -Status failed -Evidence "The cache folder $path is not local." -Remedy $remedy
    }
    $volume = Get-SeedLetterVolume -Path $path
    if ($null -eq $volume) {
        return New-SeedFinding -Status failed -Evidence "The volume of the cache folder $path is not there." -Remedy (
            $remedy
        )
    }
    $flags = @(Get-SeedFolderFlag -Path $path)
    $link = Get-SeedPathLink -Path $path
    if ($link -eq $path) { $flags += 'a reparse point' }
    if (-not $link -and (Test-SeedDedup -Path $path)) { $flags += 'deduplicated' }
    if (-not $link -and "$($volume.DriveType)" -ne 'Fixed') { $flags += "on a volume that is $($volume.DriveType)" }
    if ($flags) {
        return New-SeedFinding -Status failed -Evidence "The cache folder $path is $($flags -join ' and ')." -Remedy (
            $remedy
        )
    }
    if ($link) {
        return New-SeedFinding -Status unknown -Evidence (
            "$link is a link, junction or mount point, so on which volume the cache folder $path lies is not known."
        ) -Remedy "Look whether the volume behind $link is local and has room for 5 to 10 percent of the data."
    }
    $free = [long]$volume.SizeRemaining
    $seen = "The cache folder $path has $(Format-SeedGigabyte -Byte $free) GB free"
    try { $source = Get-SeedSourceByte -Option $Option }
    catch {
        return New-SeedFinding -Status unknown -Evidence (
            "$seen; whether that is 5 percent of the data is not known: $_"
        ) -Remedy 'Compare it with the size of what is backed up.'
    }
    $seen = "$seen; the volumes of the policy hold $(Format-SeedGigabyte -Byte $source) GB."
    if ($free -lt 0.05 * $source) {
        return New-SeedFinding -Status warning -Evidence (
            "$seen It needs 5 to 10 percent of what is backed up."
        ) -Remedy $remedy
    }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedStagingFolder {
    <#
    .SYNOPSIS
        Whether the staging location is there, or can be made.
    .PARAMETER Option
        Needs backup and staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = $Option['staging_path']
    $backup = $Option['backup']
    if ($backup.staging.exists) {
        if ($null -ne $backup.files) { return New-SeedFinding -Status ok -Evidence "$path is there and can be read." }
        return New-SeedFinding -Status unknown -Evidence "$($backup.unknown['staging'])" -Remedy (
            'Let the account of the connection read the staging location.'
        )
    }
    if ($null -eq $backup.staging.exists) {
        return New-SeedFinding -Status unknown -Evidence "$($backup.unknown['staging'])" -Remedy (
            "Log on to the host itself, and open $path; a session over WinRM has no second hop to a share."
        )
    }
    if ($path -match '^[A-Za-z]:' -and $null -eq (Get-SeedLetterVolume -Path $path)) {
        return New-SeedFinding -Status failed -Evidence (
            "$path is not there, and this host has no such volume."
        ) -Remedy 'Correct `staging.path`.'
    }
    New-SeedFinding -Status warning -Evidence "$path is not there." -Remedy (
        'Create it, with the right to write for the system of this host. Where cmdlets set the agent, the seed makes ' +
        'a folder of this host itself.'
    )
}

function Get-SeedStagingVolume {
    <#
    .SYNOPSIS
        Whether the volume of the staging location takes files of hundreds of GB.
    .PARAMETER Option
        Needs staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = $Option['staging_path']
    if ($path -like '\\*') {
        return New-SeedFinding -Status unknown -Evidence (
            'What volume a share lies on cannot be seen from here.'
        ) -Remedy 'Look on the file server: NTFS or ReFS, neither compressed nor deduplicated.'
    }
    $volume = Get-SeedLetterVolume -Path $path
    if ($null -eq $volume) { throw "this host has no volume $($path.Substring(0, 2))." }
    $link = Get-SeedPathLink -Path $path
    if ($link) {
        return New-SeedFinding -Status unknown -Evidence (
            "$link is a link, junction or mount point, so on which volume the staging location lies is not known."
        ) -Remedy "Look at the volume behind ${link}: local, NTFS or ReFS, neither compressed nor deduplicated."
    }
    $system = "$($volume.FileSystem)"
    $seen = "$($path.Substring(0, 2)) has $system and is $("$($volume.DriveType)".ToLowerInvariant())."
    $remedy = 'Choose a folder on a local volume with NTFS or ReFS.'
    if (-not $system) {
        return New-SeedFinding -Status failed -Evidence (
            "$($path.Substring(0, 2)) shows no file system; it may be locked."
        ) -Remedy $remedy
    }
    # A file of FAT32 has less than 4 GB.
    if ($system -in 'FAT', 'FAT32') { return New-SeedFinding -Status failed -Evidence $seen -Remedy $remedy }
    $flags = @(Get-SeedFolderFlag -Path $path | ForEach-Object { "The staging location is $_." })
    if (Test-SeedDedup -Path $path) { $flags += 'The volume is deduplicated.' }
    if ($system -notin 'NTFS', 'ReFS' -or "$($volume.DriveType)" -ne 'Fixed' -or $flags) {
        return New-SeedFinding -Status warning -Evidence (@($seen) + $flags -join ' ') -Remedy $remedy
    }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedStagingSpace {
    <#
    .SYNOPSIS
        Whether the staging location has room for the first backup.
    .DESCRIPTION
        Plan 1.0 times the size of the source. Source: the article on offline backup. The volumes of the policy bound
        that size from above, because a policy may cover a part of them.
    .PARAMETER Option
        Needs backup and staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $free = $Option['backup'].staging.free_bytes
    $remedy = 'It needs as much room as the source has data. Free space, or choose another `staging.path`.'
    if ($null -eq $free) {
        return New-SeedFinding -Status unknown -Evidence (
            'How much room the staging location has is not known.'
        ) -Remedy $remedy
    }
    $seen = "The staging location has $(Format-SeedGigabyte -Byte $free) GB free"
    if ($free -lt 1MB) { return New-SeedFinding -Status failed -Evidence "$seen." -Remedy $remedy }
    try { $source = Get-SeedSourceByte -Option $Option }
    catch {
        return New-SeedFinding -Status unknown -Evidence "$seen; whether that is enough is not known: $_" -Remedy (
            $remedy
        )
    }
    # What is staged already needs no room any more.
    $staged = [long]0
    foreach ($file in @($Option['backup'].files)) {
        if ($null -ne $file -and $file.name -match $script:Staged -and $file.name -notlike '*\*') {
            $staged += $file.bytes
        }
    }
    $seen = "$seen; the volumes of the policy hold $(Format-SeedGigabyte -Byte $source) GB."
    if ($free + $staged -lt $source) {
        return New-SeedFinding -Status warning -Evidence "$seen That may be too little." -Remedy $remedy
    }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedStagingFile {
    <#
    .SYNOPSIS
        Whether files lie in the staging location that are no part of the first backup. Those of Windows itself, at the
        root of a volume, do not count.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $backup = $Option['backup']
    if ($null -eq $backup.files) {
        return New-SeedFinding -Status unknown -Evidence (
            "What lies in the staging location is not known: $($backup.unknown['staging'])"
        ) -Remedy 'Let the account of the connection read the staging location.'
    }
    $names = @($backup.files | ForEach-Object { $_.name } | Where-Object {
            $_ -notmatch '^(\$RECYCLE\.BIN|System Volume Information)\\'
        })
    $foreign = @($names | Where-Object { $_ -notmatch $script:Staged })
    $deep = @($names | Where-Object { $_ -match $script:Staged -and $_ -like '*\*' })
    $seen = @()
    $remedy = @()
    foreach ($group in @(
            @($foreign, 'files that no backup wrote', 'Move them away. They are not shipped.'),
            @($deep, 'files of a backup in a subfolder', 'Move those of another backup away. They stop the seed.')
        )) {
        $found, $what, $advice = $group
        if (-not $found) { continue }
        $shown = @($found | Select-Object -First 5) -join ', '
        if ($found.Count -gt 5) { $shown += " and $($found.Count - 5) more" }
        $seen += "The staging location has ${what}: $shown."
        $remedy += $advice
    }
    if ($seen) { return New-SeedFinding -Status warning -Evidence ($seen -join ' ') -Remedy ($remedy -join ' ') }
    $count = "$($names.Count) files"
    if ($names.Count -eq 1) { $count = '1 file' }
    New-SeedFinding -Status ok -Evidence "The staging location has $count, all of a backup."
}

function Get-SeedStagingRight {
    <#
    .SYNOPSIS
        Whether the system of this host, as which the agent runs, may write to the staging location.
    .DESCRIPTION
        On the network the system is the account of the computer, which a host of a workgroup does not have. Source:
        the agent runs as the local system (article on the Data Box); that a share has to let the account of the
        computer in follows from it.
    .PARAMETER Option
        Needs staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = $Option['staging_path']
    if ($path -like '\\*') {
        $system = Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction Stop | Select-Object -First 1
        $member = Get-SeedProperty -From $system -Name PartOfDomain
        if ($member -eq $false) {
            return New-SeedFinding -Status failed -Evidence (
                'This host is in a workgroup, so its system has no account that a share could let in.'
            ) -Remedy 'Use a local folder as `staging.path`, or join the host to a domain.'
        }
        $account = "DOMAIN\$env:COMPUTERNAME$"
        $domain = Get-SeedProperty -From $system -Name Domain
        if ($member -and $domain) { $account = "$("$domain".Split('.')[0].ToUpperInvariant())\$env:COMPUTERNAME$" }
        return New-SeedFinding -Status unknown -Evidence (
            "Whether $account may write to $path can only be seen by the system of this host."
        ) -Remedy (
            "Give $account the rights Change on the share and Modify on its folder. To check, let a scheduled task " +
            'that runs as SYSTEM create a file there.'
        )
    }
    if (-not (Test-Path -LiteralPath $path -ErrorAction Stop)) {
        return New-SeedFinding -Status unknown -Evidence "$path is not there yet." -Remedy 'Create it, then ask again.'
    }
    # The system, administrators, everyone and authenticated users: what a token of the system holds.
    $groups = 'S-1-5-18', 'S-1-5-32-544', 'S-1-1-0', 'S-1-5-11'
    $allowed = 0
    $kind = [System.Security.Principal.SecurityIdentifier]
    foreach ($rule in (Get-Acl -LiteralPath $path -ErrorAction Stop).GetAccessRules($true, $true, $kind)) {
        if ("$($rule.IdentityReference)" -notin $groups -or ([int]$rule.PropagationFlags -band 2) -ne 0) { continue }
        $rights = [int]$rule.FileSystemRights
        # winnt.h: modify is 0x301BF; 0x10000000 is the generic right to everything.
        if ("$($rule.AccessControlType)" -eq 'Allow') {
            if ($rights -band 0x10000000) { $rights = 0x1F01FF }
            $allowed = $allowed -bor $rights
        }
        elseif ($rights -band 0x301BF) {
            return New-SeedFinding -Status failed -Evidence "A rule denies the system rights on $path." -Remedy (
                'Remove the rule.'
            )
        }
    }
    if (($allowed -band 0x301BF) -eq 0x301BF) {
        return New-SeedFinding -Status ok -Evidence "The system of this host may write to $path."
    }
    New-SeedFinding -Status failed -Evidence "The system of this host may not write to $path." -Remedy (
        "Run icacls '$path' /grant '*S-1-5-18:(OI)(CI)M' on the host."
    )
}

Export-ModuleMember -Function @(
    'Format-SeedGigabyte', 'Get-SeedScratch', 'Get-SeedLetterVolume', 'Test-SeedDedup', 'Get-SeedFolderFlag',
    'Get-SeedSourceVolume', 'Get-SeedSourceByte', 'Get-SeedSourceCheck', 'Get-SeedCacheCheck', 'Get-SeedStagingFolder',
    'Get-SeedStagingVolume', 'Get-SeedStagingSpace', 'Get-SeedStagingFile', 'Get-SeedStagingRight'
)
