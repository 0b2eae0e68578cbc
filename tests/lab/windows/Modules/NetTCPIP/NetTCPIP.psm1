# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the test of a connection. Nothing leaves the machine: a host of the lab reaches every name, except those
# that host.json lists as `unreachable`.
Import-Module -Name LabWorld -Global

function Test-NetConnection {
    <# .SYNOPSIS Whether a name answers at a port. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$ComputerName,
        [Parameter(Mandatory)][int]$Port,
        [Parameter(Mandatory)][ValidateSet('Quiet')][string]$InformationLevel
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $system = Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')
    $silent = @($(if ($system.PSObject.Properties['unreachable']) { $system.unreachable }))
    if ($ComputerName -in $silent) {
        Write-Warning -Message "TCP connect to ($ComputerName : $Port) failed"
        return $false
    }
    $true
}

Export-ModuleMember -Function Test-NetConnection
