# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Cmdlets of PowerShell itself that do more on Windows than here. A function of the same name goes before a cmdlet, so
# each of these looks at its arguments and hands what Windows knows alone to a function of the lab, all else through.
#
# The functions are made from text: a function that belongs to no module runs in the scope of its caller, so its
# caller's preferences and drives hold as for a cmdlet.
Import-Module -Name LabRegistry -Global

$script:Registry = '^(?:Microsoft\.PowerShell\.Core\\)?(?:Registry::HKEY_LOCAL_MACHINE|HKLM:)(?:\\|$)'
$script:Through = @'
if ($MyInvocation.ExpectingInput) { $input | Microsoft.PowerShell.Management\<name> @args }
else { Microsoft.PowerShell.Management\<name> @args }
'@

function Set-LabCmdlet {
    param([string]$Name, [hashtable[]]$Way)
    $ways = foreach ($one in $Way) {
        "foreach (`$lab in `$args) { if (`"`$lab`" -match '$($one.when)') { return $($one.to) @args } }`n"
    }
    Set-Item -LiteralPath "function:global:$Name" -Value ([scriptblock]::Create(
            (-join $ways) + $script:Through.Replace('<name>', $Name)))
}

Set-LabCmdlet -Name Get-ItemProperty -Way @{ when = $script:Registry; to = 'Get-LabRegistryProperty' }
Set-LabCmdlet -Name Get-ItemPropertyValue -Way @{ when = $script:Registry; to = 'Get-LabRegistryPropertyValue' }
Set-LabCmdlet -Name Get-Item -Way @{ when = $script:Registry; to = 'Get-LabRegistryItem' }
Set-LabCmdlet -Name Test-Path -Way @{ when = $script:Registry; to = 'Test-LabRegistryPath' }

Export-ModuleMember
