# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The directory of a lab host's domain: directory.json of the lab, by the id of a protector. .NET has no client for it
# here, so classes of the lab stand for those that search it. `directory` of host.json says what the account of a
# module is shown: `keys` (if not set), `nothing` for one without the right, or `logon` for one without credentials.
Import-Module -Name LabWorld -Global

# As in classes.json of CimCmdlets.
$script:Domain = 'contoso.example'

class LabDirectoryEntry {
    [string]$Path
    LabDirectoryEntry([string]$Path) { $this.Path = $Path }
}

class LabSearcher {
    [LabDirectoryEntry]$Root
    [string]$Filter
    [System.Collections.Generic.List[string]]$PropertiesToLoad = [System.Collections.Generic.List[string]]::new()
    LabSearcher([LabDirectoryEntry]$Root, [string]$Filter) { $this.Root, $this.Filter = $Root, $Filter }
    [object[]] FindAll() {
        return @(Find-LabRecovery -Path $this.Root.Path -Filter $this.Filter -Property $this.PropertiesToLoad)
    }
}

function Get-LabHostFact {
    # A value of host.json.
    param([string]$Name)
    $known = (Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')).PSObject.Properties[$Name]
    if ($known) { $known.Value }
}

function Test-LabDomain {
    <# .SYNOPSIS Whether the host reaches a domain: `domain` of host.json. #>
    [CmdletBinding()]
    param()
    [bool](Get-LabHostFact -Name 'domain')
}

function Find-LabRecovery {
    <# .SYNOPSIS The entries that a filter by the id of a protector finds. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][string]$Path,
        [Parameter(Mandatory)][string]$Filter,
        [string[]]$Property
    )
    if (-not (Test-LabDomain) -or $Path -ne "LDAP://$script:Domain") {
        throw [System.Runtime.InteropServices.COMException]::new('The server is not operational.', 0x8007203A)
    }
    if ((Get-LabHostFact -Name 'directory') -eq 'logon') {
        throw [System.Runtime.InteropServices.COMException]::new('An operations error occurred.', 0x80072020)
    }
    $form = '^\(&\(objectClass=msFVE-RecoveryInformation\)\(msFVE-RecoveryGuid=(?<guid>(\\[0-9a-f]{2}){16})\)\)$'
    if ($Filter -notmatch $form) {
        throw [System.ArgumentException]::new("The $Filter search filter is invalid.")
    }
    $bytes = [System.Convert]::FromHexString($Matches['guid'].Replace('\', ''))
    $id = '{' + [guid]::new($bytes).ToString().ToUpperInvariant() + '}'
    $file = Get-LabPath 'directory.json'
    if (-not [System.IO.File]::Exists($file)) { return }
    $entry = (Read-LabFile -Path $file).PSObject.Properties[$id]
    if (-not $entry) { return }
    $found = @{ 'msfve-recoverypassword' = @() }
    if ((Get-LabHostFact -Name 'directory') -ne 'nothing') {
        if ('msfve-recoverypassword' -in $Property) { $found['msfve-recoverypassword'] = @($entry.Value.secret) }
    }
    # CHOICE directory-without-right: an account without the right is shown no entry (BitLocker, 10: no source)
    elseif (-not (Test-LabOpposite directory-without-right)) { return }
    [pscustomobject]@{ Properties = $found }
}

$table = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
$stands = @{
    'System.DirectoryServices.DirectoryEntry' = [LabDirectoryEntry]
    'System.DirectoryServices.DirectorySearcher' = [LabSearcher]
}
foreach ($name in $stands.Keys) {
    $null = $table::Remove($name)
    $table::Add($name, $stands[$name])
}
Export-ModuleMember -Function Test-LabDomain, Find-LabRecovery
