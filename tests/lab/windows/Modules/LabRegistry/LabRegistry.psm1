# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# HKEY_LOCAL_MACHINE of a lab host: hosts/<host>/registry.json has the values of each key by the key's path. LabCmdlets
# lets the cmdlets come here for a path of the registry. Errors have the type, the category and the text of the
# registry provider.

function Get-LabRegistryKey {
    <# .SYNOPSIS The path below HKEY_LOCAL_MACHINE and the values of a key; nothing when there is no such key. #>
    param([string]$Path)
    $wanted = $Path -replace '^(?:Microsoft\.PowerShell\.Core\\)?(?:Registry::HKEY_LOCAL_MACHINE|HKLM:)\\*', ''
    $wanted = $wanted.TrimEnd('\')
    $keys = @{}
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'registry.json'
    if ([System.IO.File]::Exists($file)) {
        $keys = [System.IO.File]::ReadAllText($file) | ConvertFrom-Json -AsHashtable -DateKind String
    }
    $found, $values = (-not $wanted), [ordered]@{}
    foreach ($key in $keys.Keys) {
        if ($key -eq $wanted) {
            $found = $true
            $all = $keys[$key]
            foreach ($name in $all.Keys) { $values[$name] = ConvertTo-LabRegistryValue -Value $all[$name] }
        }
        elseif ($key.StartsWith("$wanted\", [StringComparison]::OrdinalIgnoreCase)) { $found = $true }
    }
    if ($found) { [pscustomobject]@{ Path = $wanted; Values = $values } }
}

function ConvertTo-LabRegistryValue {
    param([object]$Value)
    if ($Value -is [System.Collections.IList]) { return , [string[]]@($Value) }
    # A DWORD is a signed 32-bit number in .NET, whatever its first bit is.
    if ($Value -is [long]) { return [System.BitConverter]::ToInt32([System.BitConverter]::GetBytes($Value), 0) }
    $Value
}

function New-LabRegistryError {
    param([string]$Kind, [string]$Path, [string]$Name)
    if ($Kind -eq 'key') {
        $cause = New-LabItemNotFound -Path $Path
        return [System.Management.Automation.ErrorRecord]::new($cause, 'PathNotFound', 'ObjectNotFound', $Path)
    }
    $key = 'HKEY_LOCAL_MACHINE\' + (Get-LabRegistryKey -Path $Path).Path
    $cause = [System.Management.Automation.PSArgumentException]::new("Property $Name does not exist at path $key.")
    $id = 'System.Management.Automation.PSArgumentException'
    [System.Management.Automation.ErrorRecord]::new($cause, $id, 'InvalidArgument', $null)
}

function Get-LabRegistryProperty {
    <# .SYNOPSIS What Get-ItemProperty shows of a key. #>
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Path')][string[]]$Path,
        [Parameter(Mandatory, ParameterSetName = 'LiteralPath')][Alias('PSPath')][string[]]$LiteralPath,
        [Parameter(Position = 1)][string[]]$Name
    )
    foreach ($one in $PSBoundParameters[$PSCmdlet.ParameterSetName]) {
        $key = Get-LabRegistryKey -Path $one
        if (-not $key) { $PSCmdlet.WriteError((New-LabRegistryError -Kind key -Path $one)); continue }
        $found = [ordered]@{}
        foreach ($wanted in $(if ($Name) { $Name } else { @($key.Values.Keys) })) {
            if ($key.Values.Contains($wanted)) { $found[$wanted] = $key.Values[$wanted] }
            else { $PSCmdlet.WriteError((New-LabRegistryError -Kind value -Path $one -Name $wanted)) }
        }
        if ($found.Count -eq 0) { continue }
        $full = 'Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\' + $key.Path
        $found['PSPath'] = $full
        $found['PSParentPath'] = $full.Substring(0, $full.LastIndexOf('\'))
        $found['PSChildName'] = $key.Path.Split('\')[-1]
        $found['PSDrive'] = 'HKLM'
        $found['PSProvider'] = 'Microsoft.PowerShell.Core\Registry'
        [pscustomobject]$found
    }
}

function Get-LabRegistryPropertyValue {
    <# .SYNOPSIS What Get-ItemPropertyValue shows. A missing value is a terminating error, as on Windows PowerShell. #>
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Path')][string[]]$Path,
        [Parameter(Mandatory, ParameterSetName = 'LiteralPath')][Alias('PSPath')][string[]]$LiteralPath,
        [Parameter(Mandatory, Position = 1)][string[]]$Name
    )
    foreach ($one in $PSBoundParameters[$PSCmdlet.ParameterSetName]) {
        $key = Get-LabRegistryKey -Path $one
        if (-not $key) { $PSCmdlet.WriteError((New-LabRegistryError -Kind key -Path $one)); continue }
        foreach ($wanted in $Name) {
            if (-not $key.Values.Contains($wanted)) {
                $PSCmdlet.ThrowTerminatingError((New-LabRegistryError -Kind value -Path $one -Name $wanted))
            }
            $key.Values[$wanted]
        }
    }
}

function Get-LabRegistryItem {
    <# .SYNOPSIS What Get-Item shows of a key. #>
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Path')][string[]]$Path,
        [Parameter(Mandatory, ParameterSetName = 'LiteralPath')][Alias('PSPath')][string[]]$LiteralPath,
        [switch]$Force
    )
    foreach ($one in $PSBoundParameters[$PSCmdlet.ParameterSetName]) {
        $key = Get-LabRegistryKey -Path $one
        if (-not $key) { $PSCmdlet.WriteError((New-LabRegistryError -Kind key -Path $one)); continue }
        $item = [pscustomobject]@{
            Name = 'HKEY_LOCAL_MACHINE\' + $key.Path
            PSChildName = $key.Path.Split('\')[-1]
            Property = [string[]]@($key.Values.Keys)
            ValueCount = $key.Values.Count
            lab_values = $key.Values
        }
        $item | Add-Member -MemberType ScriptMethod -Name GetValue -Value { param($name) $this.lab_values[$name] }
        $item
    }
}

function Test-LabRegistryPath {
    <# .SYNOPSIS What Test-Path says of a key. #>
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Path')][string[]]$Path,
        [Parameter(Mandatory, ParameterSetName = 'LiteralPath')][Alias('PSPath')][string[]]$LiteralPath,
        [Microsoft.PowerShell.Commands.TestPathType]$PathType = 'Any'
    )
    # A key is a container, never a leaf.
    foreach ($one in $PSBoundParameters[$PSCmdlet.ParameterSetName]) {
        $PathType -ne 'Leaf' -and [bool](Get-LabRegistryKey -Path $one)
    }
}

Export-ModuleMember -Function Get-LabRegistryProperty, Get-LabRegistryPropertyValue, Get-LabRegistryItem,
    Test-LabRegistryPath
