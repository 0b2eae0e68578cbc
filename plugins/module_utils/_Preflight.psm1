# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._PreflightPolicy
#AnsibleRequires -PowerShell ..module_utils._Registry
#AnsibleRequires -PowerShell ..module_utils._Tool

# Whether a host is fit to prepare drives: one row a question, with evidence and remedy. Only reads; a question that
# cannot be asked is unknown, never ok. Private to the collection.

# Id, title and function of each row, in the order in which people look at them.
$script:Checks = @(
    @('windows', 'Windows version', 'Get-SeedWindowsSupport'),
    @('dotnet_framework', '.NET Framework', 'Get-SeedDotNetSupport'),
    @('administrator', 'Rights of the connection', 'Get-SeedAdministratorCheck'),
    @('bitlocker', 'BitLocker feature', 'Get-SeedBitLockerFeature'),
    @('fixed_write_policy', 'Write access to unprotected fixed drives', 'Get-SeedFixedWritePolicy'),
    @('removable_policy', 'Policies for removable drives', 'Get-SeedRemovablePolicy'),
    @('recovery_policy', 'Recovery policies of BitLocker', 'Get-SeedRecoveryPolicy'),
    @('method_policy', 'Encryption policies of BitLocker', 'Get-SeedMethodPolicy'),
    @('fips', 'FIPS policy', 'Get-SeedFipsPolicy'),
    @('code_integrity', 'Code integrity policy', 'Get-SeedCodeIntegrity'),
    @('applocker', 'AppLocker', 'Get-SeedAppLocker'),
    @('execution_policy', 'Execution policy', 'Get-SeedScriptPolicy'),
    @('powershell_logging', 'Logging of PowerShell', 'Get-SeedPowerShellLogging'),
    @('command_lines', 'Records of command lines', 'Get-SeedCommandLineRecord'),
    @('sleep', 'Sleep', 'Get-SeedSleep'),
    @('pending_restart', 'Pending restart', 'Get-SeedPendingRestart'),
    @('windows_update', 'Restarts of Windows Update', 'Get-SeedUpdateRestart'),
    @('antivirus', 'Antivirus', 'Get-SeedAntivirus'),
    @('staging', 'Staging location from here', 'Get-SeedStagingReach'),
    @('drive_letters', 'Free drive letters', 'Get-SeedFreeLetter'),
    @('work_directory', 'Privacy of the work directory', 'Get-SeedWorkDirectory'),
    @('work_directory_space', 'Space for the work directory', 'Get-SeedWorkSpace'),
    @('task_scheduler', 'Task Scheduler', 'Get-SeedTaskScheduler'),
    @('stored_credentials', 'Passwords of scheduled tasks', 'Get-SeedStoredCredentialPolicy'),
    @('tool', 'WAImportExport', 'Get-SeedToolCheck'),
    @('tool_folder', 'Folder of WAImportExport', 'Get-SeedToolLeftover')
)

function Get-SeedPreflight {
    <#
    .SYNOPSIS
        The rows of a copy host: id, title, status (ok, warning, failed, unknown), evidence and remedy.
    .PARAMETER Option
        drive_count, key_on_command_line, staging_path, tool_path, tool_sha256, tool_version and work_directory, as
        copy_host_info takes them.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    foreach ($check in $script:Checks) {
        $id, $title, $function = $check
        New-SeedRow -Id $id -Title $title -Ask { & $function -Option $Option }
    }
}

function Get-SeedWindowsFact {
    <#
    .SYNOPSIS
        Which Windows this is: build, client (bool), bits64 (bool) and seen, a sentence. Fails where Windows does not
        say one of them.
    #>
    [CmdletBinding()]
    param()
    $system = Get-CimInstance -ClassName Win32_OperatingSystem -ErrorAction Stop | Select-Object -First 1
    $build = 0
    if (-not [int]::TryParse("$(Get-SeedProperty -From $system -Name BuildNumber)", [ref]$build)) {
        throw 'Windows shows no build number.'
    }
    $type = Get-SeedProperty -From $system -Name ProductType
    if ($null -eq $type) { throw 'Windows does not say whether it is a client or a server.' }
    $bits = "$(Get-SeedProperty -From $system -Name OSArchitecture)"
    if (-not $bits) { throw 'Windows does not say whether it is a 64-bit one.' }
    [pscustomobject][ordered]@{
        build = $build
        # 1 is a client, 2 a domain controller, 3 a server.
        client = $type -eq 1
        bits64 = $bits -match '64'
        seen = "$(Get-SeedProperty -From $system -Name Caption)".Trim() + ", build $build, PowerShell " +
            "$($PSVersionTable.PSVersion) ($($PSVersionTable.PSEdition))."
    }
}

function Get-SeedWindowsSupport {
    <#
    .SYNOPSIS
        Whether collection and tool are said to work on this version of Windows.
    .DESCRIPTION
        ansible-core 2.18 supports Windows 10, Windows Server 2016 and later. The tool's requirements list Windows 7 to
        10 and Windows Server 2008 R2 to 2012 R2, 64 bit; no page names a later version, for or against.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $windows = Get-SeedWindowsFact
    $build, $seen = $windows.build, $windows.seen
    if (-not $windows.bits64) {
        return New-SeedFinding -Status failed -Evidence "$seen The tool needs 64-bit Windows." -Remedy (
            'Take another copy host.'
        )
    }
    if ($build -lt 14393) {
        return New-SeedFinding -Status warning -Evidence (
            "$seen ansible-core supports Windows 10, Windows Server 2016 and later."
        ) -Remedy 'Update Windows, or take another copy host.'
    }
    if ($windows.client -and $build -lt 22000) {
        return New-SeedFinding -Status ok -Evidence "$seen ansible-core supports it, and the tool lists Windows 10."
    }
    New-SeedFinding -Status warning -Evidence (
        "$seen ansible-core supports it. The tool lists Windows 7 to 10 and Windows Server 2008 R2 to 2012 R2, and " +
        'says nothing about later versions.'
    ) -Remedy 'Prepare one small drive first, or take a copy host with Windows 10.'
}

function Get-SeedDotNetSupport {
    <#
    .SYNOPSIS
        Whether the .NET Framework is new enough.
    .DESCRIPTION
        The release is a number that grows; 394802 is 4.6.2 on Windows 10 1607 and Windows Server 2016.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
    $release = Get-SeedRegistryValue -Path $path -Name Release
    if ($null -eq $release) {
        return New-SeedFinding -Status failed -Evidence 'This host has no .NET Framework 4.' -Remedy (
            'Install .NET Framework 4.6.2 or later.'
        )
    }
    if ($release -lt 394802) {
        return New-SeedFinding -Status failed -Evidence (
            ".NET Framework release $release is older than 4.6.2."
        ) -Remedy 'Install .NET Framework 4.6.2 or later.'
    }
    New-SeedFinding -Status ok -Evidence ".NET Framework release $release is 4.6.2 or later."
}

function Get-SeedAdministratorCheck {
    <#
    .SYNOPSIS
        Whether the account of the connection has the full rights of an administrator.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if (Test-SeedAdministrator) {
        return New-SeedFinding -Status ok -Evidence 'The account of the connection is an administrator.'
    }
    New-SeedFinding -Status failed -Evidence (
        'The account of the connection does not have the rights of an administrator. BitLocker and disks cannot be ' +
        'read.'
    ) -Remedy (
        'Connect as an administrator. Windows filters the rights of a local account other than Administrator over ' +
        'the network unless LocalAccountTokenFilterPolicy is 1.'
    )
}

function Get-SeedBitLockerFeature {
    <#
    .SYNOPSIS
        Whether the BitLocker feature is installed and answers.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if (-not (Get-Command -Name Get-BitLockerVolume -ErrorAction SilentlyContinue)) {
        return New-SeedFinding -Status failed -Evidence 'This host has no BitLocker cmdlets.' -Remedy (
            'Install the Windows feature BitLocker with its management tools, and restart the host.'
        )
    }
    # Where the feature waits for its restart the cmdlets are there, and the provider does not answer.
    $space = 'root/cimv2/Security/MicrosoftVolumeEncryption'
    $volumes = @(Get-CimInstance -Namespace $space -ClassName Win32_EncryptableVolume -ErrorAction Stop)
    $service = Get-SeedService -Name BDESVC
    if ($null -ne $service -and $service.start_mode -eq 'Disabled') {
        return New-SeedFinding -Status failed -Evidence 'The service BDESVC of BitLocker is disabled.' -Remedy (
            'Set the start type of this service to manual.'
        )
    }
    New-SeedFinding -Status ok -Evidence "The BitLocker feature is installed and shows $($volumes.Count) volumes."
}

function Get-SeedSleep {
    <#
    .SYNOPSIS
        Whether the active power plan lets the host sleep, which would stop a copy that runs for days.
    .DESCRIPTION
        Seconds on mains power: STANDBYIDLE and HIBERNATEIDLE in the output of powercfg /query. 0 is never.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $space = 'root/cimv2/power'
    $plans = @(Get-CimInstance -Namespace $space -ClassName Win32_PowerPlan -Filter 'IsActive=TRUE' -ErrorAction Stop)
    if ($plans.Count -eq 0 -or "$($plans[0].InstanceID)" -notmatch '(?<guid>\{[0-9a-fA-F-]{36}\})') {
        return New-SeedFinding -Status unknown -Evidence 'Windows shows no active power plan.' -Remedy (
            'Run powercfg /query SCHEME_CURRENT SUB_SLEEP on the host.'
        )
    }
    $plan = $Matches['guid']
    $settings = [ordered]@{
        sleeps = '{29f6c1db-86da-48c5-9fdb-f2b67b1f44da}'
        hibernates = '{9d7815a6-7ee4-497e-8888-515a05f02364}'
    }
    $found = [ordered]@{}
    foreach ($name in $settings.Keys) {
        # Backslashes are doubled in a query.
        $filter = "InstanceID='Microsoft:PowerSettingDataIndex\\$plan\\AC\\$($settings[$name])'"
        $query = @{ Namespace = $space; ClassName = 'Win32_PowerSettingDataIndex'; Filter = $filter }
        $values = @(Get-CimInstance @query -ErrorAction Stop)
        # Null would be 0 as a number, which is never.
        $seconds = Get-SeedProperty -From ($values | Select-Object -First 1) -Name SettingIndexValue
        if ($null -ne $seconds) { $found[$name] = [long]$seconds }
    }
    # Hardware that cannot hibernate has no such setting; one that shows neither is not understood.
    if ($found.Count -eq 0) {
        return New-SeedFinding -Status unknown -Evidence 'The active power plan shows no setting for sleep.' -Remedy (
            'Run powercfg /query SCHEME_CURRENT SUB_SLEEP on the host.'
        )
    }
    $on = @($found.Keys | Where-Object { $found[$_] -gt 0 } | ForEach-Object { "$_ after $($found[$_]) seconds" })
    if ($on) {
        return New-SeedFinding -Status warning -Evidence (
            "When nobody uses it, this host $($on -join ' and '), also while drives are prepared."
        ) -Remedy 'Run powercfg /change standby-timeout-ac 0 and powercfg /change hibernate-timeout-ac 0 on the host.'
    }
    New-SeedFinding -Status ok -Evidence 'This host never sleeps on mains power.'
}

function Get-SeedPendingRestart {
    <#
    .SYNOPSIS
        Whether Windows waits for a restart.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $base = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion'
    $who = @()
    if (Test-SeedRegistryKey -Path "$base\Component Based Servicing\RebootPending") { $who += 'features and updates' }
    if (Test-SeedRegistryKey -Path "$base\WindowsUpdate\Auto Update\RebootRequired") { $who += 'Windows Update' }
    if ($who) {
        return New-SeedFinding -Status warning -Evidence "A restart is pending for $($who -join ' and ')." -Remedy (
            'Restart the host before drives are prepared.'
        )
    }
    New-SeedFinding -Status ok -Evidence 'No restart is pending.'
}

function Get-SeedUpdateRestart {
    <#
    .SYNOPSIS
        Whether Windows Update may restart the host while drives are prepared.
    .DESCRIPTION
        Source: Configure Automatic Updates, AUOptions: 2 asks before download, 3 before installation, 4 installs by a
        schedule and restarts, 5 leaves it to the local administrator, 7 asks before installation and restart.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU'
    if ((Get-SeedRegistryValue -Path $path -Name NoAutoUpdate) -eq 1) {
        return New-SeedFinding -Status ok -Evidence 'Automatic updates are off by policy.'
    }
    $choice = Get-SeedRegistryValue -Path $path -Name AUOptions
    if ($choice -in 2, 3, 7) {
        return New-SeedFinding -Status ok -Evidence "Windows Update asks before it installs (AUOptions $choice)."
    }
    $seen = 'No policy says when Windows Update restarts this host.'
    if ($null -ne $choice) { $seen = "Windows Update may install and restart by itself (AUOptions $choice)." }
    New-SeedFinding -Status warning -Evidence "$seen A restart stops a running copy." -Remedy (
        'Pause updates for the days of the copy, or set the policy "Configure Automatic Updates" to 3.'
    )
}

function Get-SeedAntivirus {
    <#
    .SYNOPSIS
        Whether Microsoft Defender leaves out the folders that the copy reads and writes all the time.
    .PARAMETER Option
        Needs staging_path, tool_path and work_directory.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $scan = @{
        Folder = @($Option.work_directory, (Get-SeedParentPath -Path $Option.tool_path), $Option.staging_path)
        Advice = 'Exclude staging location, work directory and folder of the tool from real-time scanning for the copy.'
        Harm = 'That slows the copy and can hold a journal open.'
        Reason = 'for the copy'
    }
    Get-SeedScanCheck @scan
}

function Get-SeedScanCheck {
    <#
    .SYNOPSIS
        Whether Microsoft Defender leaves out folders and processes. Another antivirus is a warning.
    .PARAMETER Folder
        The folders; empty ones do not count.
    .PARAMETER Process
        File names of the processes.
    .PARAMETER Advice
        The remedy where the exclusions are not known.
    .PARAMETER Harm
        What scanning does, as a sentence.
    .PARAMETER Reason
        What the exclusion is for.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][AllowNull()][AllowEmptyString()][string[]]$Folder,
        [string[]]$Process = @(),
        [Parameter(Mandatory = $true)][string]$Advice,
        [Parameter(Mandatory = $true)][string]$Harm,
        [Parameter(Mandatory = $true)][string]$Reason
    )
    $status = $null
    if (Get-Command -Name Get-MpComputerStatus -ErrorAction SilentlyContinue) {
        $status = Get-MpComputerStatus -ErrorAction Stop
    }
    if (-not (Get-SeedProperty -From $status -Name RealTimeProtectionEnabled)) {
        $others = @(Get-SeedAntivirusProduct)
        if ($others) {
            return New-SeedFinding -Status warning -Evidence (
                "This host runs $($others -join ', '), whose exclusions are not known."
            ) -Remedy $Advice
        }
        return New-SeedFinding -Status unknown -Evidence (
            'Microsoft Defender does not watch this host, and whether another antivirus does is not known.'
        ) -Remedy $Advice
    }
    $preference = Get-MpPreference -ErrorAction Stop
    $excluded = @($preference.ExclusionPath | Where-Object { $_ })
    # Where a policy hides exclusions, or the caller is no administrator, the list has one sentence that begins so.
    if (@($excluded | Where-Object { "$_" -like 'N/A*' })) {
        return New-SeedFinding -Status unknown -Evidence 'The exclusions of Microsoft Defender are hidden.' -Remedy (
            $Advice
        )
    }
    $missing = @($Folder | Where-Object { $_ } | Where-Object {
            -not (Test-SeedExcluded -Path $_ -Exclusion $excluded)
        } | Select-Object -Unique)
    $known = @(Get-SeedProperty -From $preference -Name ExclusionProcess | Where-Object { $_ } | ForEach-Object {
            "$_".Substring("$_".LastIndexOf('\') + 1)
        })
    $watched = @($Process | Where-Object { $_ -notin $known })
    if ($missing -or $watched) {
        $remedy = @()
        if ($missing) { $remedy += "Add-MpPreference -ExclusionPath '$($missing -join "', '")'" }
        if ($watched) { $remedy += "Add-MpPreference -ExclusionProcess '$($watched -join "', '")'" }
        $what = 'these folders'
        if ($watched) { $what = 'them' }
        return New-SeedFinding -Status warning -Evidence (
            "Microsoft Defender scans $(($missing + $watched) -join ', '). $Harm"
        ) -Remedy "Exclude $what ${Reason}: $($remedy -join '; ')."
    }
    New-SeedFinding -Status ok -Evidence "Microsoft Defender leaves out what is needed $Reason."
}

function Get-SeedAntivirusProduct {
    <#
    .SYNOPSIS
        The antivirus products that Windows knows besides Microsoft Defender. Windows Server keeps no list of them.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    try {
        Get-CimInstance -Namespace 'root/SecurityCenter2' -ClassName AntiVirusProduct -ErrorAction Stop |
            ForEach-Object { "$(Get-SeedProperty -From $_ -Name displayName)" } |
            Where-Object { $_ -and $_ -notmatch 'Defender' }
    }
    catch { return }
}

function Get-SeedParentPath {
    <#
    .SYNOPSIS
        The folder of a file, as text.
    .PARAMETER Path
        Path of the file.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $plain = $Path.Replace('/', '\')
    $plain.Substring(0, [Math]::Max(0, $plain.LastIndexOf('\')))
}

function Test-SeedExcluded {
    <#
    .SYNOPSIS
        Whether a folder lies in one of the folders that an antivirus leaves out.
    .PARAMETER Path
        The folder.
    .PARAMETER Exclusion
        The folders that are left out; they may hold environment variables and wildcards.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][string[]]$Exclusion
    )
    $folder = $Path.TrimEnd('\') + '\'
    foreach ($one in $Exclusion) {
        # In an exclusion * stands for a name or a part of one, never for several folders.
        $pattern = [regex]::Escape([Environment]::ExpandEnvironmentVariables($one).TrimEnd('\'))
        $pattern = $pattern.Replace('\*', '[^\\]*').Replace('\?', '[^\\]')
        if ($folder -match "^$pattern\\") { return $true }
    }
    $false
}

function Get-SeedStagingReach {
    <#
    .SYNOPSIS
        Whether this host reaches the staging location.
    .DESCRIPTION
        A session over WinRM has no second hop: a share that is there may answer as if it were not, and what it shows
        to the account of the session says nothing about the account that copies.
    .PARAMETER Option
        Needs staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = $Option['staging_path']
    if (-not $path) { return New-SeedFinding -Status unknown -Evidence '`staging_path` is not given.' }
    if ($path -like '\\*') {
        return New-SeedFinding -Status unknown -Evidence (
            "Whether the account that copies can read $path cannot be seen by this session."
        ) -Remedy (
            'Let a scheduled task list it under that account (`copy_account`). The system of this host reads it as ' +
            "DOMAIN\$env:COMPUTERNAME$."
        )
    }
    if (Test-Path -LiteralPath $path -PathType Container -ErrorAction Stop) {
        return New-SeedFinding -Status ok -Evidence "$path is there."
    }
    $letter = $path.Substring(0, 1)
    if (@(Get-Volume -ErrorAction Stop | Where-Object { "$($_.DriveLetter)" -eq $letter })) {
        return New-SeedFinding -Status warning -Evidence "$path is not there." -Remedy (
            'Create it before the first run, or correct `staging.path`.'
        )
    }
    New-SeedFinding -Status failed -Evidence "$path is not there, and this host has no volume ${letter}:." -Remedy (
        'Correct `staging.path`, or `staging.path_on_copy_host`.'
    )
}

function Get-SeedFreeLetter {
    <#
    .SYNOPSIS
        Whether there are enough free drive letters.
    .PARAMETER Option
        Needs drive_count.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    # A volume without a letter has the character 0 as its letter.
    $used = @(Get-Volume -ErrorAction Stop | ForEach-Object { "$($_.DriveLetter)" }) +
        @(Get-PSDrive -PSProvider FileSystem -ErrorAction Stop | ForEach-Object { $_.Name })
    $free = @([char[]](68..90) | ForEach-Object { "$_" } | Where-Object { $_ -notin $used })
    $seen = "Free drive letters: $($free.Count) of D to Z, for $($Option.drive_count) drives."
    $remedy = 'Take letters from volumes or network drives that need none.'
    if ($free.Count -eq 0) { return New-SeedFinding -Status failed -Evidence $seen -Remedy $remedy }
    if ($free.Count -lt $Option.drive_count) {
        return New-SeedFinding -Status warning -Evidence $seen -Remedy "$remedy Or prepare the drives in turns."
    }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedWorkSpace {
    <#
    .SYNOPSIS
        Whether the volume of the work directory has room for journals, logs and a copy of the tool for each drive.
    .PARAMETER Option
        Needs drive_count and work_directory.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if ($Option.work_directory -notmatch '^(?<letter>[A-Za-z]):') {
        return New-SeedFinding -Status failed -Evidence (
            "``work_directory`` '$($Option.work_directory)' is not on a drive of this host."
        ) -Remedy 'Choose a folder on a local drive.'
    }
    $letter = $Matches['letter'].ToUpperInvariant()
    $volume = Get-Volume -DriveLetter $letter -ErrorAction Stop | Select-Object -First 1
    # A volume that shows no size is locked, or has no file system.
    if ([long](Get-SeedProperty -From $volume -Name Size) -le 0) {
        throw "how much room drive ${letter}: has is not known."
    }
    $free = [long]$volume.SizeRemaining
    # The tool with its libraries has some 10 MB, and may have 256 MB; journals and logs of one drive stay far below.
    $need = 256MB * (1 + $Option.drive_count)
    $seen = 'Drive {0}: has {1} MB free; {2} MB are enough for {3} drives.' -f @(
        $letter, [Math]::Floor($free / 1MB), [Math]::Floor($need / 1MB), $Option.drive_count
    )
    $remedy = "Free space on drive ${letter}:, or choose another ``work_directory``."
    if ($free -lt 64MB) { return New-SeedFinding -Status failed -Evidence $seen -Remedy $remedy }
    if ($free -lt $need) { return New-SeedFinding -Status warning -Evidence $seen -Remedy $remedy }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedTaskScheduler {
    <#
    .SYNOPSIS
        Whether scheduled tasks run.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $service = Get-SeedService -Name Schedule
    if ($null -ne $service -and $service.state -eq 'Running') {
        return New-SeedFinding -Status ok -Evidence 'The service Task Scheduler runs.'
    }
    $state = 'not there'
    if ($null -ne $service) { $state = "$($service.state), start mode $($service.start_mode)" }
    New-SeedFinding -Status failed -Evidence "The service Task Scheduler (Schedule) is $state." -Remedy (
        'Start the service. Copies run as scheduled tasks.'
    )
}

function Get-SeedToolCheck {
    <#
    .SYNOPSIS
        Whether the tool is there in a version that can be used, and Microsoft or the pinned hash vouches for its files.
    .PARAMETER Option
        Needs tool_path, tool_sha256 and tool_version.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $tool = Get-SeedTool -Path $Option.tool_path -Version $Option.tool_version
    try { Assert-SeedTool -Tool $tool -Sha256 $Option.tool_sha256 }
    catch {
        return New-SeedFinding -Status failed -Evidence "$_" -Remedy (
            'Correct the options of the tool, or unpack version 1 of WAImportExport on this host.'
        )
    }
    $voucher = 'signed by Microsoft'
    if ($Option.tool_sha256) { $voucher = 'covered by `tool_sha256`' }
    New-SeedFinding -Status ok -Evidence (
        "Version $($tool.version), SHA-256 $($tool.sha256), with its libraries $($tool.files_sha256), $voucher."
    )
}

function Get-SeedToolLeftover {
    <#
    .SYNOPSIS
        Whether files that are no part of the tool lie beside it.
    .DESCRIPTION
        Builds from 2018 on leave a file there that holds the key of a drive. Source: the tool's article on importing
        blobs.
    .PARAMETER Option
        Needs tool_path and tool_version.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $tool = Get-SeedTool -Path $Option.tool_path -Version $Option.tool_version
    if (-not $tool.found) { return New-SeedFinding -Status unknown -Evidence 'The tool is not there.' }
    $files = @($tool.left_behind)
    if ($files) {
        $shown = @($files | Select-Object -First 5) -join ', '
        if ($files.Count -gt 5) { $shown += " and $($files.Count - 5) more" }
        return New-SeedFinding -Status warning -Evidence (
            "Files that are no part of the tool lie beside it and may hold keys of drives: $shown."
        ) -Remedy 'Move them to a private place, or remove them.'
    }
    New-SeedFinding -Status ok -Evidence 'Nothing but the tool lies in its folder.'
}

function Get-SeedWorkDirectory {
    <#
    .SYNOPSIS
        Whether the work directory and the folders above it can be kept private.
    .PARAMETER Option
        Needs work_directory.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $problem = Get-SeedFolderProblem -Path $Option.work_directory
    if (-not $problem) {
        return New-SeedFinding -Status ok -Evidence 'The work directory is private, or can be made so.'
    }
    # Windows did not say how a folder stands.
    if ($problem -like "Whether '*' is private is not known: *") {
        return New-SeedFinding -Status unknown -Evidence $problem
    }
    New-SeedFinding -Status failed -Evidence $problem -Remedy (
        'Follow "The work folder" of the troubleshooting guide, or choose another `work_directory`.'
    )
}

Export-ModuleMember -Function @(
    'Get-SeedPreflight', 'Get-SeedWindowsFact', 'Get-SeedWindowsSupport', 'Get-SeedDotNetSupport',
    'Get-SeedAdministratorCheck', 'Get-SeedBitLockerFeature', 'Get-SeedSleep', 'Get-SeedPendingRestart',
    'Get-SeedUpdateRestart',
    'Get-SeedAntivirus', 'Get-SeedScanCheck', 'Get-SeedAntivirusProduct', 'Get-SeedParentPath', 'Test-SeedExcluded',
    'Get-SeedStagingReach', 'Get-SeedFreeLetter', 'Get-SeedWorkSpace', 'Get-SeedTaskScheduler', 'Get-SeedToolCheck',
    'Get-SeedToolLeftover', 'Get-SeedWorkDirectory'
)
