# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the host of a MARS agent offers for a first backup: which ways are open, and why not. Only asks. Private to the
# collection.

#AnsibleRequires -PowerShell ..module_utils._AgentAnswer
#AnsibleRequires -PowerShell ..module_utils._Registry
Set-StrictMode -Version 3.0

# What setting the method and starting a backup takes. Versions of the agent differ in the pair of the initial backup:
# its help is only among the previous versions of the documentation.
$script:Automatic = @(
    'Get-OBPolicy', 'Get-OBInitialBackupCreationMethod', 'Set-OBInitialBackupCreationMethod', 'Set-OBPolicy',
    'Start-OBBackup', 'Get-OBJob'
)
$script:Probed = $script:Automatic + 'Get-OBAllRecoveryPoints'
# The first version that seeds from own disks by the present service. Source: troubleshooting page of the agent (2023).
$script:DataBox = [version]'2.0.9250.0'
$script:Config = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Config'
# Support scripts tell a DPM or MABS server from a server that one protects by this key; both have the key Setup.
$script:DpmServer = 'HKLM:\SOFTWARE\Microsoft\Microsoft Data Protection Manager\DB'

function Get-SeedMarsCmdlet {
    <#
    .SYNOPSIS
        Which of the agent's cmdlets this session has, by name. The agent's module is loaded already.
    #>
    [CmdletBinding()]
    param()
    $found = [ordered]@{}
    foreach ($name in $script:Probed) { $found[$name] = [bool](Get-Command -Name $name -ErrorAction SilentlyContinue) }
    [pscustomobject]$found
}

function Get-SeedMarsEra {
    <#
    .SYNOPSIS
        How this agent seeds from own disks: publish_settings (its cmdlet takes a publish settings file), sign_in (its
        wizard signs in, older than the present service), data_box (its wizard signs in, present service), unknown.
    .PARAMETER Version
        Version of the agent, or null.
    .PARAMETER Cmdlet
        What Get-SeedMarsCmdlet returned.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyString()][string]$Version, [Parameter(Mandatory = $true)][object]$Cmdlet)
    $parsed = $null
    $known = [version]::TryParse("$Version", [ref]$parsed)
    if ($known -and $parsed -ge $script:DataBox) { return 'data_box' }
    if ($Cmdlet.'Set-OBInitialBackupCreationMethod') { return 'publish_settings' }
    if ($known) { return 'sign_in' }
    'unknown'
}

function Get-SeedMarsVault {
    <#
    .SYNOPSIS
        The vault that the agent is registered with, as the registry names it: name, resource_group, subscription_id and
        resource_id; null is what it does not name.
    #>
    [CmdletBinding()]
    param()
    # Source: these values are read by public scripts of Windows Admin Center.
    $vault = [ordered]@{ name = $null; resource_group = $null; subscription_id = $null; resource_id = $null }
    $names = @{
        name = 'ServiceResourceName'
        resource_group = 'ResourceGroupName'
        subscription_id = 'SubscriptionId'
        resource_id = 'ResourceId'
    }
    foreach ($key in @($vault.Keys)) {
        $value = Get-SeedRegistryValue -Path $script:Config -Name $names[$key]
        if ("$value") { $vault[$key] = "$value" }
    }
    [pscustomobject]$vault
}

function Get-SeedMarsWay {
    <#
    .SYNOPSIS
        The ways to a first backup, each with open (true, false, or null when that is not known) and why.
    .PARAMETER Offer
        The other answers: era, cmdlets, registration, dpm.
    .PARAMETER Agent
        What Import-SeedMarsModule returned.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Offer,
        [Parameter(Mandatory = $true)][object]$Agent
    )
    $open = $true
    $why = ''
    if ($Offer['dpm']) {
        $open = $false
        $why = 'Data Protection Manager or Azure Backup Server is installed, which makes the backups: ' +
        'set `agent` to `dpm`.'
    }
    elseif ($Agent.installed -eq $false) { $open = $false; $why = 'The agent is not installed.' }
    elseif ($null -eq $Agent.installed) { $open = $null; $why = $Agent.why }
    elseif ($Offer['registration'] -eq 'not_registered') {
        $open = $false
        $why = 'The agent is not registered with a vault. Register it.'
    }
    $automatic = [pscustomobject]@{ open = $open; why = $why }
    if ($open) {
        $missing = @($script:Automatic | Where-Object { -not $Offer['cmdlets'].$_ })
        if ($missing.Count -gt 0) {
            $automatic.open = $false
            $automatic.why = "This version of the agent has no cmdlet $($missing -join ', '). Let a person choose " +
            'offline seeding in its wizard: set `setup` to `attended`.'
        }
        elseif ($Offer['era'] -eq 'data_box') {
            $automatic.open = $null
            $automatic.why = "Version $($Agent.version) of the agent signs in to seed. Whether its cmdlet still sets " +
            'the method is not known; `setup: attended` is what its documentation describes.'
        }
    }
    [pscustomobject][ordered]@{
        automatic = $automatic
        attended = [pscustomobject]@{ open = $open; why = $why }
        folder = [pscustomobject]@{ open = $true; why = '' }
    }
}

function Get-SeedMarsOffer {
    <#
    .SYNOPSIS
        What the host offers: era, ways, cmdlets, registration (registered, not_registered or null), vault, dpm (true,
        false or null). Never an error: what the registry does not say is null, with the reason in `unknown`.
    .PARAMETER Agent
        What Import-SeedMarsModule returned.
    .PARAMETER Backup
        The other answers so far; `unknown` gets the reason.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Agent,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup
    )
    $offer = [ordered]@{
        era = 'unknown'
        ways = $null
        cmdlets = Get-SeedMarsCmdlet
        registration = $null
        vault = $null
        dpm = $null
    }
    if ($Agent.installed) { $offer.era = Get-SeedMarsEra -Version $Agent.version -Cmdlet $offer.cmdlets }
    try {
        $offer.dpm = Test-SeedRegistryKey -Path $script:DpmServer
        if ($Agent.installed) { $offer.vault = Get-SeedMarsVault }
    }
    catch { $Backup['unknown']['offer'] = ConvertTo-SeedReason -ErrorRecord $_ }
    # An agent takes a policy only once it is registered.
    if ($Backup['policy'] -or ($offer.vault -and ($offer.vault.name -or $offer.vault.resource_id))) {
        $offer.registration = 'registered'
    }
    elseif ($offer.vault -and -not $Backup['unknown'].Contains('policy')) { $offer.registration = 'not_registered' }
    $offer.ways = Get-SeedMarsWay -Offer $offer -Agent $Agent
    [pscustomobject]$offer
}

function Get-SeedOfferRefusal {
    <#
    .SYNOPSIS
        Why a way is closed on this host; empty when it is open, or when nothing says so.
    .PARAMETER Backup
        What Get-SeedBackup returned. A provider without an offer closes no way.
    .PARAMETER Way
        automatic, attended or folder.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][ValidateSet('automatic', 'attended', 'folder')][string]$Way
    )
    if ((Get-SeedValue -InputObject $Backup['offer'] -Path "ways.$Way.open") -ne $false) { return '' }
    $Backup['offer'].ways.$Way.why
}

function Get-SeedOfferWarning {
    <#
    .SYNOPSIS
        What a person should know of an agent that may not be able to take what is imported; empty when nothing.
    .DESCRIPTION
        No refusal: the published limit is about jobs that the agent itself makes with the service that has ended. How
        an older agent takes a job that was made for it is not published, and other clouds have other dates.
    .PARAMETER Backup
        What Get-SeedBackup returned.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup)
    $version = $Backup['agent'].version
    $parsed = $null
    if (-not [version]::TryParse("$version", [ref]$parsed) -or $parsed -ge $script:DataBox) { return '' }
    "Version $version of the agent is older than $($script:DataBox), the first that seeds from own disks by the " +
    'present service. Update the agent before the first backup, unless it is known to work with your service.'
}

Export-ModuleMember -Function @(
    'Get-SeedMarsCmdlet', 'Get-SeedMarsEra', 'Get-SeedMarsVault', 'Get-SeedMarsWay', 'Get-SeedMarsOffer',
    'Get-SeedOfferRefusal', 'Get-SeedOfferWarning'
)
