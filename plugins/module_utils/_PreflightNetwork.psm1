# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._PreflightPolicy
Set-StrictMode -Version 3.0

# The addresses that a backup agent has to reach. Private to the collection.

# By cloud: names that stand for what the agent has to reach, each with its port, and patterns of which no name is
# known. Sources: the articles on installing the agent, of Azure and of Azure operated by 21Vianet; those of Azure
# Government are of the same form with its suffixes. Windows looks for the first name over plain HTTP.
$script:Addresses = @{
    AzureCloud = @{
        names = 'www.msftncsi.com:80', 'www.microsoft.com:443', 'login.microsoftonline.com:443',
            'login.windows.net:443'
        patterns = '*.windowsazure.com'
    }
    AzureChinaCloud = @{
        names = 'www.msftncsi.com:80', 'www.microsoft.com:443', 'login.partner.microsoftonline.cn:443',
            'management.core.chinacloudapi.cn:443'
        patterns = '*.windowsazure.cn'
    }
    AzureUSGovernment = @{
        names = 'www.msftncsi.com:80', 'www.microsoft.com:443', 'login.microsoftonline.us:443',
            'management.core.usgovcloudapi.net:443'
        patterns = '*.windowsazure.us'
    }
}

function Get-SeedNetworkCheck {
    <#
    .SYNOPSIS
        Whether this host connects to the addresses that its backup agent needs.
    .DESCRIPTION
        A proxy of the agent is not the business of a connection by this session, so an address that is not reached is
        a warning and never a failure.
    .PARAMETER Option
        Needs cloud_environment.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $cloud = "$($Option['cloud_environment'])"
    if (-not $script:Addresses.ContainsKey($cloud)) {
        return New-SeedFinding -Status unknown -Evidence (
            "Which addresses the agent needs in the cloud '$cloud' is not known."
        ) -Remedy 'Ask whoever runs that cloud, and let the firewall pass them.'
    }
    if (-not (Get-Command -Name Test-NetConnection -ErrorAction SilentlyContinue)) {
        return New-SeedFinding -Status unknown -Evidence 'This host has no cmdlet Test-NetConnection.' -Remedy (
            "Look whether it reaches $($script:Addresses[$cloud].names -join ', ')."
        )
    }
    $known = $script:Addresses[$cloud]
    $missing = @(foreach ($address in $known.names) {
            $name, $port = $address.Split(':')
            $ask = @{
                ComputerName = $name
                Port = [int]$port
                InformationLevel = 'Quiet'
                WarningAction = 'SilentlyContinue'
                ErrorAction = 'Stop'
            }
            if (-not (Test-NetConnection @ask)) { $address }
        })
    $rest = "The agent needs $($known.patterns) too, of which no name can be asked."
    if ($missing) {
        return New-SeedFinding -Status warning -Evidence (
            "This host itself does not connect to $($missing -join ', '). $rest"
        ) -Remedy (
            'Let the firewall pass them, or check that the agent has a proxy (Change Properties, Proxy Configuration).'
        )
    }
    New-SeedFinding -Status ok -Evidence "This host connects to $($known.names -join ', '). $rest"
}

Export-ModuleMember -Function 'Get-SeedNetworkCheck'
