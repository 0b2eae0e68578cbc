# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Agent
#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._AgentDpm
#AnsibleRequires -PowerShell ..module_utils._Preflight
#AnsibleRequires -PowerShell ..module_utils._PreflightNetwork
#AnsibleRequires -PowerShell ..module_utils._PreflightPolicy
#AnsibleRequires -PowerShell ..module_utils._PreflightStaging
#AnsibleRequires -PowerShell ..module_utils._Registry
Set-StrictMode -Version 3.0

# Whether a source host is fit to seed its first backup: one row a question, with evidence and remedy. Only reads; a
# question that cannot be asked is unknown, never ok. Private to the collection.

$script:Setup = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Setup'
$script:Config = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Config'
# The first version of the agent that can seed from own disks by today's service. Source: the troubleshooting article
# of the agent, after the old Import/Export service ended.
$script:Today = [version]'2.0.9250.0'

# Id, title, function and kinds of agent of each row, in the order in which people look at them.
$script:Checks = @(
    @('windows', 'Windows version', 'Get-SeedSourceWindows', 'mars dpm folder'),
    @('administrator', 'Rights of the connection', 'Get-SeedAdministratorCheck', 'mars dpm folder'),
    @('powershell', 'PowerShell', 'Get-SeedPowerShellCheck', 'mars dpm folder'),
    @('dotnet_framework', '.NET Framework', 'Get-SeedDotNetSupport', 'mars dpm folder'),
    @('tls', 'TLS 1.2', 'Get-SeedTlsCheck', 'mars dpm'),
    @('network', 'Connection to Azure', 'Get-SeedNetworkCheck', 'mars dpm'),
    @('clock', 'Clock and time zone', 'Get-SeedClockCheck', 'mars dpm folder'),
    @('execution_policy', 'Execution policy', 'Get-SeedTaskScriptPolicy', 'mars dpm'),
    @('machine', 'Virtual or physical', 'Get-SeedMachineCheck', 'mars dpm folder'),
    @('agent', 'Backup agent', 'Get-SeedAgentCheck', 'mars dpm'),
    @('offline_cmdlets', 'Cmdlets for offline backup', 'Get-SeedOfflineCmdlet', 'mars dpm'),
    @('agent_service', 'Service of the agent', 'Get-SeedAgentService', 'mars dpm'),
    @('registration', 'Vault of the agent', 'Get-SeedRegistration', 'mars dpm'),
    @('dpm', 'Data Protection Manager', 'Get-SeedDpmCheck', 'mars dpm'),
    @('policy', 'Backup policy', 'Get-SeedPolicyCheck', 'mars dpm'),
    @('other_policies', 'Other backup policies', 'Get-SeedOtherPolicy', 'mars'),
    @('backup_task', 'Scheduled task of the agent', 'Get-SeedBackupTask', 'mars'),
    @('module_path', 'Module path of the agent', 'Get-SeedModulePath', 'mars'),
    @('cache', 'Cache folder of the agent', 'Get-SeedCacheCheck', 'mars dpm'),
    @('sources', 'Volumes that are backed up', 'Get-SeedSourceCheck', 'mars'),
    @('staging_folder', 'Staging location', 'Get-SeedStagingFolder', 'mars dpm folder'),
    @('staging_volume', 'Volume of the staging location', 'Get-SeedStagingVolume', 'mars dpm folder'),
    @('staging_space', 'Space in the staging location', 'Get-SeedStagingSpace', 'mars dpm'),
    @('staging_files', 'Files in the staging location', 'Get-SeedStagingFile', 'mars dpm'),
    @('staging_rights', 'Rights on the staging location', 'Get-SeedStagingRight', 'mars dpm'),
    @('antivirus', 'Antivirus', 'Get-SeedAgentScan', 'mars dpm')
)

function Get-SeedSourcePreflight {
    <#
    .SYNOPSIS
        The rows of a source host (checks), and what names are compared with (facts: agent_version, vault, method).
    .PARAMETER Option
        agent, protection_group, staging_path, is_copy_host, cloud_environment and _controller_time, as source_host_info
        takes them.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $agent = $Option['agent']
    $asked = @{}
    foreach ($name in $Option.Keys) { $asked[$name] = $Option[$name] }
    $asked['backup'] = Get-SeedAskedBackup -Option $Option
    $checks = @(foreach ($check in $script:Checks) {
            $id, $title, $function, $agents = $check
            if ($agent -notin $agents.Split(' ')) { continue }
            New-SeedRow -Id $id -Title $title -Ask { & $function -Option $asked }
        })
    $vault = $null
    try { $vault = Get-SeedRegistryValue -Path $script:Config -Name ServiceResourceName }
    catch { Write-Debug -Message "The vault is not known: $_" }
    [ordered]@{
        checks = $checks
        facts = [ordered]@{
            agent_version = $asked['backup'].agent.version
            vault = $vault
            method = $asked['backup'].method
        }
    }
}

function Get-SeedAskedBackup {
    <#
    .SYNOPSIS
        What the agent says of its first backup, and the staged files, as one object. Never an error.
    .PARAMETER Option
        Needs agent, protection_group and staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $look = @{ Agent = $Option['agent']; StagingPath = $Option['staging_path'] }
    try { return [pscustomobject](Get-SeedBackup @look -Scope (Get-SeedAgentScope -Option $Option)) }
    catch { $why = ConvertTo-SeedReason -ErrorRecord $_ }
    $unknown = [ordered]@{}
    foreach ($question in 'agent', 'policy', 'method', 'jobs', 'recovery_points') { $unknown[$question] = $why }
    $staging = [pscustomobject]@{ exists = $null; files = $null; why = '' }
    # No agent is needed to look into a folder.
    try { $staging = Get-SeedStagedFile -Path $Option['staging_path'] }
    catch { $staging.why = ConvertTo-SeedReason -ErrorRecord $_ }
    if ($staging.why) { $unknown['staging'] = $staging.why }
    [pscustomobject]@{
        agent = [pscustomobject]@{ installed = $null; version = $null }
        unknown = $unknown
        policy = $null
        method = $null
        staging = [pscustomobject]@{
            exists = $staging.exists
            free_bytes = Get-SeedFreeByte -Path $Option['staging_path']
        }
        files = $staging.files
    }
}

function Get-SeedSourceWindows {
    <#
    .SYNOPSIS
        Whether collection and agent work on this Windows.
    .DESCRIPTION
        The agent needs 64-bit Windows and does not run on Server Core. Source: the support matrix of the agent.
    .PARAMETER Option
        Needs agent.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $windows = Get-SeedWindowsFact
    $seen = $windows.seen
    if (-not $windows.bits64) {
        return New-SeedFinding -Status failed -Evidence "$seen The backup agent needs 64-bit Windows." -Remedy (
            'This host cannot be seeded.'
        )
    }
    if ($Option['agent'] -ne 'folder') {
        $path = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        $kind = Get-SeedRegistryValue -Path $path -Name InstallationType
        if (-not $kind) {
            return New-SeedFinding -Status unknown -Evidence (
                "$seen Windows does not say whether this is Server Core, on which the backup agent does not run."
            ) -Remedy 'Run systeminfo on the host.'
        }
        if ($kind -in 'Server Core', 'Nano Server') {
            return New-SeedFinding -Status failed -Evidence (
                "$seen This is $kind, on which the backup agent does not run."
            ) -Remedy 'Back this host up with a server of DPM or MABS, or seed a server with a desktop.'
        }
    }
    if ($windows.build -lt 14393) {
        return New-SeedFinding -Status warning -Evidence (
            "$seen ansible-core supports Windows 10, Windows Server 2016 and later."
        ) -Remedy 'Update Windows.'
    }
    New-SeedFinding -Status ok -Evidence "$seen ansible-core and the backup agent support it."
}

function Get-SeedEngine {
    <# .SYNOPSIS The PowerShell of this process: version, edition and bits64. #>
    [CmdletBinding()]
    param()
    # In PowerShell 7 the version is a semantic one, which compares with no other kind.
    $version = New-Object -TypeName System.Version -ArgumentList @(
        $PSVersionTable.PSVersion.Major, $PSVersionTable.PSVersion.Minor
    )
    [pscustomobject]@{
        version = $version
        edition = "$($PSVersionTable.PSEdition)"
        bits64 = [Environment]::Is64BitProcess
    }
}

function Get-SeedPowerShellCheck {
    <#
    .SYNOPSIS
        Whether the session runs a PowerShell that ansible-core and the module of the agent can use.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $engine = Get-SeedEngine
    $seen = "PowerShell $($engine.version) ($($engine.edition))"
    if ($engine.version -lt [version]'5.1') {
        return New-SeedFinding -Status failed -Evidence "$seen is older than 5.1, which ansible-core needs." -Remedy (
            'Install Windows Management Framework 5.1.'
        )
    }
    if (-not $engine.bits64) {
        return New-SeedFinding -Status failed -Evidence (
            "$seen runs with 32 bits. The module of the backup agent has 64."
        ) -Remedy 'Let the connection start the 64-bit PowerShell.'
    }
    New-SeedFinding -Status ok -Evidence "$seen runs with 64 bits."
}

function Get-SeedTlsCheck {
    <#
    .SYNOPSIS
        Whether Windows and .NET may use TLS 1.2, which the service demands.
    .DESCRIPTION
        Windows Server 2012 and later have it on unless the registry turns it off. Source: Transport Layer Security in
        Azure Backup.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client'
    $enabled = Get-SeedRegistryValue -Path $path -Name Enabled
    $byDefault = Get-SeedRegistryValue -Path $path -Name DisabledByDefault
    if ($enabled -eq 0 -or ($null -ne $byDefault -and $byDefault -ne 0)) {
        return New-SeedFinding -Status failed -Evidence (
            'The registry turns TLS 1.2 off for clients. The backup service takes nothing older.'
        ) -Remedy "Set Enabled to 1 and DisabledByDefault to 0 in $path, and restart the host."
    }
    $net = 'HKLM:\SOFTWARE\Microsoft\.NETFramework\v4.0.30319'
    $off = @(foreach ($name in 'SystemDefaultTlsVersions', 'SchUseStrongCrypto') {
            if ((Get-SeedRegistryValue -Path $net -Name $name) -eq 0) { $name }
        })
    if ($off) {
        return New-SeedFinding -Status warning -Evidence (
            "TLS 1.2 is on, but $($off -join ' and ') keeps programs of the .NET Framework from using it."
        ) -Remedy "Set $($off -join ' and ') to 1 in $net."
    }
    New-SeedFinding -Status ok -Evidence 'Nothing turns TLS 1.2 off.'
}

function Get-SeedTimeZone {
    <# .SYNOPSIS The time zone of this host. #>
    [CmdletBinding()]
    param()
    [System.TimeZoneInfo]::ClearCachedData()
    [System.TimeZoneInfo]::Local
}

function Get-SeedClockCheck {
    <#
    .SYNOPSIS
        Whether the clock agrees with that of the controller.
    .DESCRIPTION
        Azure Storage refuses requests whose time is more than 15 minutes off, and Kerberos tickets more than 5. The
        service does not follow daylight saving time. Sources: authorization of Azure Storage; troubleshooting article
        of the agent.
    .PARAMETER Option
        Needs _controller_time.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $zone = Get-SeedTimeZone
    $seen = "The time zone is $($zone.Id)."
    if ($zone.SupportsDaylightSavingTime) {
        $seen = "The time zone is $($zone.Id); scheduled backups do not follow its daylight saving time."
    }
    $then = [DateTimeOffset]::MinValue
    $culture = [System.Globalization.CultureInfo]::InvariantCulture
    $style = [System.Globalization.DateTimeStyles]::AssumeUniversal
    $time = $Option['_controller_time']
    if ($time -is [DateTime]) { $time = $time.ToUniversalTime().ToString('o', $culture) }
    if (-not [DateTimeOffset]::TryParse("$time", $culture, $style, [ref]$then)) {
        return New-SeedFinding -Status unknown -Evidence "The time of the controller is not known. $seen"
    }
    $apart = [long][Math]::Abs(([DateTimeOffset]::UtcNow - $then).TotalSeconds)
    $seen = "The clocks of host and controller are $apart seconds apart. $seen"
    $remedy = 'Run w32tm /query /status on the host, and correct the clock that is wrong.'
    if ($apart -gt 900) {
        return New-SeedFinding -Status failed -Evidence "$seen Azure refuses more than 900." -Remedy $remedy
    }
    if ($apart -gt 300) { return New-SeedFinding -Status warning -Evidence $seen -Remedy $remedy }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedTaskScriptPolicy {
    <#
    .SYNOPSIS
        Whether the scheduled task of the agent may run its script.
    .DESCRIPTION
        The task runs as the system, to which the policies of a user do not apply. Restricted is a known cause of
        backups that do not start; without any policy it is the default of Windows clients. Source: the troubleshooting
        article of the agent.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $policy = Get-SeedMachineScriptPolicy -Scope MachinePolicy
    if (-not $policy) { $policy = Get-SeedMachineScriptPolicy -Scope LocalMachine }
    $remedy = 'Run Set-ExecutionPolicy -Scope LocalMachine RemoteSigned, or change the group policy.'
    $seen = "The execution policy of the machine is $policy."
    if (-not $policy) {
        $policy = 'RemoteSigned'
        if ((Get-SeedWindowsFact).client) { $policy = 'Restricted' }
        $seen = "No execution policy is set, so it is $policy."
    }
    if ($policy -eq 'Restricted') {
        return New-SeedFinding -Status failed -Evidence (
            "$seen The scheduled task of the agent cannot run its script."
        ) -Remedy $remedy
    }
    if ($policy -eq 'AllSigned') {
        return New-SeedFinding -Status warning -Evidence (
            "$seen The script of the agent runs only if this host trusts its publisher."
        ) -Remedy $remedy
    }
    New-SeedFinding -Status ok -Evidence $seen
}

function Get-SeedMachineCheck {
    <#
    .SYNOPSIS
        Whether this is a virtual machine, which takes no drives itself.
    .DESCRIPTION
        Source: the article on offline backup; the copy host of a virtual source has to be another, physical machine.
    .PARAMETER Option
        Needs is_copy_host.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $system = Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction Stop | Select-Object -First 1
    $model = "$(Get-SeedProperty -From $system -Name Model)".Trim()
    $maker = "$(Get-SeedProperty -From $system -Name Manufacturer)".Trim()
    if (-not $model) {
        return New-SeedFinding -Status unknown -Evidence 'This host shows no model.' -Remedy (
            'If it is a virtual machine, set `copy_host` to another, physical machine.'
        )
    }
    $seen = "The model is $maker $model"
    # Hyper-V and Azure, VMware, VirtualBox, QEMU and KVM, Xen, clouds, Nutanix, Parallels.
    $virtual = 'Virtual Machine|VMware|VirtualBox|\bKVM\b|QEMU|HVM domU|Xen|Google Compute Engine|Amazon EC2|\bAHV\b|' +
        'Nutanix|Parallels|OpenStack|Bochs'
    if ("$maker $model" -notmatch $virtual) {
        return New-SeedFinding -Status ok -Evidence "$seen, which is not known as that of a virtual machine."
    }
    if ($Option['is_copy_host']) {
        return New-SeedFinding -Status failed -Evidence (
            "$seen, a virtual machine. It is also the copy host (``copy_host``), which takes the drives."
        ) -Remedy 'Set `copy_host` to a physical machine, and let it read the staging location as a share.'
    }
    New-SeedFinding -Status ok -Evidence "$seen, a virtual machine. Another machine is the copy host."
}

function Get-SeedAgentCheck {
    <#
    .SYNOPSIS
        Whether the agent is installed, and what its version can do.
    .PARAMETER Option
        Needs agent and backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $agent = $Option['backup'].agent
    if ($agent.installed -eq $false) {
        return New-SeedFinding -Status failed -Evidence 'The backup agent is not installed.' -Remedy (
            'Install it, and register it with its vault.'
        )
    }
    if ($null -eq $agent.installed) {
        return New-SeedFinding -Status unknown -Evidence (
            "Whether the backup agent is installed is not known: $($Option['backup'].unknown['agent'])"
        ) -Remedy 'Open the console of the agent on the host.'
    }
    $version = [version]'0.0'
    if (-not [version]::TryParse("$($agent.version)", [ref]$version)) {
        return New-SeedFinding -Status unknown -Evidence (
            'The backup agent is installed, and its version is not known.'
        ) -Remedy "Look in Programs and Features; versions from $($script:Today) on know today's service."
    }
    # DPM counts its own versions.
    if ($Option['agent'] -eq 'dpm') {
        return New-SeedFinding -Status unknown -Evidence (
            "DPM or MABS is version $version. The version of the backup agent below it is not known."
        ) -Remedy "Look in Programs and Features; agents from $($script:Today) on know today's service."
    }
    if ($version -lt $script:Today) {
        return New-SeedFinding -Status warning -Evidence (
            "The backup agent is version $version. Before $($script:Today) its own preparation of drives needs a " +
            'service that has ended. Drives that this collection prepares are imported by today''s service; whether ' +
            'this version finds what they bring is not published.'
        ) -Remedy 'Update the agent and choose offline backup in its wizard, or seed one small volume first.'
    }
    New-SeedFinding -Status ok -Evidence "The backup agent is version $version."
}

function Get-SeedOfflineCmdlet {
    <#
    .SYNOPSIS
        Whether a cmdlet can set the offline method, or only a person in the wizard of the agent.
    .DESCRIPTION
        The cmdlets take publish settings and no sign-in of today, so later agents lack them. Source: the help of
        MSOnlineBackup and DataProtectionManager.
    .PARAMETER Option
        Needs agent and backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $name = 'Set-OBInitialBackupCreationMethod'
    $there = $null
    if ($Option['agent'] -eq 'dpm') {
        $name = 'Set-DPMInitialOnlineBackupCreationMethod'
        $there = Get-SeedDpmCommand -Name $name
    }
    elseif (Get-Command -Name $name -ErrorAction SilentlyContinue) { $there = $name }
    if ($there) {
        return New-SeedFinding -Status ok -Evidence "The backup agent has $there, which needs publish settings."
    }
    if (-not $Option['backup'].agent.installed) {
        return New-SeedFinding -Status unknown -Evidence 'Which cmdlets the backup agent has is not known.'
    }
    New-SeedFinding -Status warning -Evidence (
        "This version of the backup agent has no $name, so no playbook can choose offline backup."
    ) -Remedy 'Choose offline backup in the wizard of the agent, with the names of the definition; then check again.'
}

function Get-SeedAgentService {
    <#
    .SYNOPSIS
        Whether the engine of the agent runs.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $service = Get-SeedService -Name obengine
    if ($null -eq $service) {
        return New-SeedFinding -Status failed -Evidence 'This host has no service obengine.' -Remedy (
            'Install the backup agent.'
        )
    }
    $seen = "The service obengine is $($service.state), start mode $($service.start_mode)."
    if ($service.state -eq 'Running' -and $service.start_mode -ne 'Disabled') {
        return New-SeedFinding -Status ok -Evidence $seen
    }
    New-SeedFinding -Status failed -Evidence $seen -Remedy (
        'Run Set-Service obengine -StartupType Automatic and Start-Service obengine on the host.'
    )
}

function Get-SeedRegistration {
    <#
    .SYNOPSIS
        Which vault the agent is registered with.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $vault = Get-SeedRegistryValue -Path $script:Config -Name ServiceResourceName
    if ($vault) {
        return New-SeedFinding -Status ok -Evidence "The backup agent is registered with the vault $vault."
    }
    $resource = Get-SeedRegistryValue -Path $script:Config -Name ResourceId
    if ($resource) {
        return New-SeedFinding -Status unknown -Evidence (
            'The backup agent is registered, and the name of its vault is not known.'
        ) -Remedy 'Open the console of the agent on the host.'
    }
    New-SeedFinding -Status failed -Evidence (
        'The registry names no vault that the backup agent is registered with.'
    ) -Remedy 'Download fresh credentials of the vault, and register the agent with them.'
}

function Get-SeedDpmCheck {
    <#
    .SYNOPSIS
        Whether a server of DPM or MABS runs on this host, or protects it.
    .DESCRIPTION
        MSDPM is the service of a server of either product, DPMRA that of their protection agent.
    .PARAMETER Option
        Needs agent.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $server = Get-SeedService -Name MSDPM
    if ($Option['agent'] -eq 'dpm') {
        if ($null -eq $server) {
            return New-SeedFinding -Status failed -Evidence 'This host is no server of DPM or MABS.' -Remedy (
                'Set `source.host` to the server, or `source.agent` to mars.'
            )
        }
        if ($server.state -ne 'Running') {
            return New-SeedFinding -Status failed -Evidence "The service MSDPM is $($server.state)." -Remedy (
                'Run Start-Service MSDPM on the host.'
            )
        }
        return New-SeedFinding -Status ok -Evidence 'The service MSDPM of DPM or MABS runs.'
    }
    if ($null -ne $server) {
        return New-SeedFinding -Status failed -Evidence (
            'This host is a server of DPM or MABS, whose protection groups hold the policies.'
        ) -Remedy 'Set `source.agent` to dpm.'
    }
    if ($null -ne (Get-SeedService -Name DPMRA)) {
        return New-SeedFinding -Status warning -Evidence (
            'This host has the protection agent of a server of DPM or MABS, which may send the same data to Azure.'
        ) -Remedy 'Leave what this seed covers out of the protection groups of that server.'
    }
    New-SeedFinding -Status ok -Evidence 'Neither DPM nor MABS is on this host.'
}

function Get-SeedPolicyCheck {
    <#
    .SYNOPSIS
        Whether the agent has a policy, and what it backs up.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $backup = $Option['backup']
    if ($backup.unknown.Contains('policy')) {
        return New-SeedFinding -Status unknown -Evidence (
            "The policy of the backup agent cannot be read: $($backup.unknown['policy'])"
        ) -Remedy 'Open the console of the agent on the host.'
    }
    if (-not $backup.policy) {
        return New-SeedFinding -Status warning -Evidence 'The backup agent has no policy.' -Remedy (
            'Create one that lists what to back up, with a schedule that begins after the seed does.'
        )
    }
    $sources = @($backup.policy.data_sources)
    if (-not $sources) {
        return New-SeedFinding -Status unknown -Evidence (
            'The policy of the backup agent names no data source.'
        ) -Remedy 'Open the console of the agent on the host.'
    }
    New-SeedFinding -Status ok -Evidence "The policy of the backup agent covers $($sources -join ', ')."
}

function Get-SeedOtherPolicy {
    <#
    .SYNOPSIS
        Whether the agent has a policy for the system state, which is never seeded offline.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $remedy = 'Look in the console of the agent whether it backs up the system state.'
    if (-not (Get-Command -Name Get-OBSystemStatePolicy -ErrorAction SilentlyContinue)) {
        return New-SeedFinding -Status unknown -Evidence (
            'This version of the backup agent has no cmdlet Get-OBSystemStatePolicy.'
        ) -Remedy $remedy
    }
    if (@(Get-OBSystemStatePolicy -ErrorAction Stop | Where-Object { $null -ne $_ }).Count -eq 0) {
        return New-SeedFinding -Status ok -Evidence 'The backup agent has no policy for the system state.'
    }
    New-SeedFinding -Status warning -Evidence (
        'The backup agent also has a policy for the system state. Its backups go over the network at once.'
    ) -Remedy 'Remove that policy until the seed is finished, if the line is too slow for it.'
}

function Get-SeedBackupTask {
    <#
    .SYNOPSIS
        Whether the scheduled task is there that starts the backups, and with them the last mile of the import.
    .PARAMETER Option
        Needs backup.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $name = '\Microsoft\OnlineBackup\Microsoft-OnlineBackup'
    $task = @{ TaskName = 'Microsoft-OnlineBackup'; TaskPath = '\Microsoft\OnlineBackup\' }
    try { $found = @(Get-ScheduledTask @task -ErrorAction Stop) }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'CmdletizationQuery_NotFound*') { throw }
        $found = @()
    }
    if ($found.Count -eq 0) {
        return New-SeedFinding -Status warning -Evidence "There is no scheduled task $name." -Remedy (
            'Save the schedule of the policy once more in the console of the agent, which makes the task.'
        )
    }
    if ("$($found[0].State)" -in 'Ready', 'Running', 'Queued') {
        return New-SeedFinding -Status ok -Evidence "The scheduled task $name is $($found[0].State)."
    }
    if ("$($found[0].State)" -eq 'Disabled') {
        return New-SeedFinding -Status failed -Evidence (
            "The scheduled task $name is disabled. Without it no backup takes over what was imported."
        ) -Remedy "Run Enable-ScheduledTask -TaskPath '$($task.TaskPath)' -TaskName $($task.TaskName) on the host."
    }
    New-SeedFinding -Status unknown -Evidence "The scheduled task $name is in the state $($found[0].State)." -Remedy (
        'Look at it in the Task Scheduler.'
    )
}

function Get-SeedModulePath {
    <#
    .SYNOPSIS
        Whether the module path of the machine has the folder of the agent's module.
    .DESCRIPTION
        A path that lacks it is a known cause of backups that do not start. Source: the troubleshooting article.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $folder = "$(Get-SeedRegistryValue -Path $script:Setup -Name InstallPath)".TrimEnd('\')
    if (-not $folder) {
        return New-SeedFinding -Status unknown -Evidence 'The setup of the agent does not say where it is installed.'
    }
    $path = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    $value = Get-SeedRegistryValue -Path $path -Name PSModulePath
    if ($null -eq $value) {
        return New-SeedFinding -Status unknown -Evidence 'The registry has no module path of the machine.' -Remedy (
            'Look at the system variable PSModulePath.'
        )
    }
    $wanted = "$folder\bin\Modules"
    $known = @("$value".Split(';') | ForEach-Object {
            [Environment]::ExpandEnvironmentVariables($_.Trim()).TrimEnd('\')
        })
    if ($wanted -in $known) { return New-SeedFinding -Status ok -Evidence "The module path has $wanted." }
    New-SeedFinding -Status warning -Evidence (
        "The module path lacks $wanted, so scheduled backups may not start."
    ) -Remedy 'Add the folder to the system variable PSModulePath, or repair the installation of the agent.'
}

function Get-SeedAgentScan {
    <#
    .SYNOPSIS
        Whether Microsoft Defender leaves out processes and folders of the agent.
    .DESCRIPTION
        Source: the support matrix of the agent, which names CBEngine.exe, CSC.exe, the cache and the folder bin.
    .PARAMETER Option
        Needs staging_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $folder = "$(Get-SeedRegistryValue -Path $script:Setup -Name InstallPath)".TrimEnd('\')
    if (-not $folder) { $folder = "$env:ProgramFiles\Microsoft Azure Recovery Services Agent" }
    $folders = @("$folder\bin", (Get-SeedScratch))
    if ($Option['staging_path'] -notlike '\\*') { $folders += $Option['staging_path'] }
    $scan = @{
        Folder = $folders
        Process = 'cbengine.exe', 'csc.exe'
        Advice = 'Exclude cbengine.exe and csc.exe, cache and folder bin of the agent, and the staging location.'
        Harm = 'That slows the backup and can hold its files open.'
        Reason = 'for the backup'
    }
    Get-SeedScanCheck @scan
}

Export-ModuleMember -Function @(
    'Get-SeedSourcePreflight', 'Get-SeedAskedBackup', 'Get-SeedSourceWindows', 'Get-SeedEngine',
    'Get-SeedPowerShellCheck', 'Get-SeedTlsCheck', 'Get-SeedTimeZone', 'Get-SeedClockCheck', 'Get-SeedTaskScriptPolicy',
    'Get-SeedMachineCheck', 'Get-SeedAgentCheck', 'Get-SeedOfflineCmdlet', 'Get-SeedAgentService',
    'Get-SeedRegistration', 'Get-SeedDpmCheck', 'Get-SeedPolicyCheck', 'Get-SeedOtherPolicy', 'Get-SeedBackupTask',
    'Get-SeedModulePath', 'Get-SeedAgentScan'
)
