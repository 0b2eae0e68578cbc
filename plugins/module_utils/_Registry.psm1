# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What a host says about itself: registry, services and the rights of the caller. Only reads. Private to the collection.

function Get-SeedRegistryValue {
    <#
    .SYNOPSIS
        A value of the registry, or null when key or value is not there. Any other error stays an error.
    .PARAMETER Path
        The key, with its PowerShell drive.
    .PARAMETER Name
        The name of the value.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Name)
    try { return (Get-ItemProperty -LiteralPath $Path -Name $Name -ErrorAction Stop).$Name }
    catch [System.Management.Automation.ItemNotFoundException] { return $null }
    # A key without the value. A drive that is not there is neither of the two.
    catch [System.Management.Automation.PSArgumentException] { return $null }
}

function Test-SeedRegistryKey {
    <#
    .SYNOPSIS
        Whether a key of the registry is there. Fails when that cannot be asked, where Test-Path would say no.
    .PARAMETER Path
        The key, with its PowerShell drive.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Path)
    try { return ($null -ne (Get-Item -LiteralPath $Path -ErrorAction Stop)) }
    catch [System.Management.Automation.ItemNotFoundException] { return $false }
}

function Get-SeedService {
    <#
    .SYNOPSIS
        State and start mode of a service as texts that no language changes, or null when there is no such service.
    .PARAMETER Name
        Its short name.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name)
    $found = @(Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'" -ErrorAction Stop)
    if ($found.Count -eq 0) { return $null }
    [pscustomobject][ordered]@{ name = $Name; state = "$($found[0].State)"; start_mode = "$($found[0].StartMode)" }
}

function Get-SeedKeyRecorder {
    <#
    .SYNOPSIS
        What records the command lines of programs on this host, or the parameters that PowerShell starts them with, as
        the ends of a sentence; nothing when nothing that is known does.
    .DESCRIPTION
        Sources: event 4688 has the command line where ProcessCreationIncludeCmdLine_Enabled is set; module logging
        writes the parameters of cmdlets into event 4103; event 1 of Sysmon always has it. Sysmon can be installed with
        another name, and other programs that watch processes are not known here.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param()
    $system = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\Audit'
    $policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ModuleLogging'
    if ((Get-SeedRegistryValue -Path $system -Name ProcessCreationIncludeCmdLine_Enabled) -eq 1) {
        'process auditing records command lines (event 4688)'
    }
    if ((Get-SeedRegistryValue -Path $policy -Name EnableModuleLogging) -eq 1) {
        'module logging records parameters of PowerShell (event 4103)'
    }
    foreach ($name in 'Sysmon', 'Sysmon64') {
        $service = Get-SeedService -Name $name
        if ($service -and $service.state -eq 'Running') { "the service $name records command lines (event 1)" }
    }
}

function Get-SeedProperty {
    <#
    .SYNOPSIS
        A property of an object, or null when this version of the object has none of that name.
    .PARAMETER From
        The object.
    .PARAMETER Name
        The property.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowNull()][object]$From, [Parameter(Mandatory = $true)][string]$Name)
    if ($null -eq $From) { return $null }
    $property = $From.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    $property.Value
}

function Test-SeedAdministrator {
    <# .SYNOPSIS Whether this process has the full token of an administrator. #>
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList (
        [System.Security.Principal.WindowsIdentity]::GetCurrent()
    )
    $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

Export-ModuleMember -Function @(
    'Get-SeedRegistryValue', 'Test-SeedRegistryKey', 'Get-SeedService', 'Get-SeedKeyRecorder', 'Get-SeedProperty',
    'Test-SeedAdministrator'
)
