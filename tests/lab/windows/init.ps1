# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs at the start of every PowerShell process of a lab host: its drives are there before its work begins.
#
# Drives belong to a runspace, and ansible runs a module in a runspace of its own. So the short name [PowerShell], by
# which ansible makes one, stands in such a process for a class that makes the same and mounts the drives in it.
class LabPowerShell {
    static [System.Management.Automation.PowerShell] Create() {
        return [LabPowerShell]::Mounted([System.Management.Automation.PowerShell]::Create())
    }

    static [System.Management.Automation.PowerShell] Create(
        [System.Management.Automation.Runspaces.InitialSessionState]$State
    ) {
        return [LabPowerShell]::Mounted([System.Management.Automation.PowerShell]::Create($State))
    }

    static [System.Management.Automation.PowerShell] Mounted([System.Management.Automation.PowerShell]$Shell) {
        $null = $Shell.AddScript('Import-Module -Name LabWorld -Global; Mount-LabDrive; Set-LabPolicy').Invoke()
        $Shell.Commands.Clear()
        return $Shell
    }
}
$env:PSModulePath = [System.IO.Path]::Combine($PSScriptRoot, 'Modules') + [System.IO.Path]::PathSeparator +
    $env:PSModulePath
$null = & {
    $table = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
    $flags = [System.Reflection.BindingFlags]'NonPublic, Static'
    $names = $table.GetField('builtinTypeAccelerators', $flags).GetValue($null)
    $names['powershell'] = [LabPowerShell]
}
Import-Module -Name LabWorld, LabCompiler -Global
Mount-LabDrive
Set-LabPolicy
