# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-core sends C# to a Windows host and compiles it there for each module call, a second of CPU time each. A lab
# host compiles the same text once and keeps the assembly for every lab of this checkout.

# Where Add-CSharpType has the assembly as bytes.
$script:compiled = '$code_ms.Seek(0, [System.IO.SeekOrigin]::Begin)'

function Add-LabCSharpType {
    <#
    .SYNOPSIS
        Stands before Add-CSharpType of ansible-core, which it calls for what was never compiled.
    .PARAMETER References
        The C# sources. The other parameters are those of Add-CSharpType; what is compiled does not depend on them,
        except for CompileSymbols.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][AllowEmptyCollection()][string[]]$References,
        [switch]$IgnoreWarnings,
        [switch]$PassThru,
        [object]$AnsibleModule,
        [string]$TempPath,
        [switch]$IncludeDebugInfo,
        [string[]]$CompileSymbols = @()
    )
    $text = (@([string]$PSVersionTable.PSVersion) + $CompileSymbols + $References) -join "`0"
    $hash = [System.Security.Cryptography.SHA256]::HashData([System.Text.Encoding]::UTF8.GetBytes($text))
    $file = [System.IO.Path]::Combine($env:LAB_COMPILED, [System.Convert]::ToHexString($hash) + '.dll')
    $own = Get-Command -Name Add-CSharpType -CommandType Function
    $accelerates = @($References | Where-Object { $_ -match '//\s*TypeAccelerator\s' })
    if ($PassThru -or $accelerates -or -not $own.Definition.Contains($script:compiled)) {
        return & $own @PSBoundParameters
    }
    if ([System.IO.File]::Exists($file)) {
        $null = [System.Runtime.Loader.AssemblyLoadContext]::Default.LoadFromAssemblyPath($file)
        return
    }
    $keeps = "Save-LabAssembly -Path '$file' -Stream `$code_ms; $script:compiled"
    & ([scriptblock]::Create($own.Definition.Replace($script:compiled, $keeps))) @PSBoundParameters
}

function Save-LabAssembly {
    <# .SYNOPSIS Keeps an assembly, in one step, because several processes may compile the same. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path, [Parameter(Mandatory)][System.IO.MemoryStream]$Stream)
    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($Path))
    $temporary = $Path + '.' + [System.Guid]::NewGuid().ToString('N')
    [System.IO.File]::WriteAllBytes($temporary, $Stream.ToArray())
    [System.IO.File]::Move($temporary, $Path, $true)
}

# An alias comes before a function of the same name, wherever that was imported from.
Set-Alias -Name Add-CSharpType -Value Add-LabCSharpType
Export-ModuleMember -Function Add-LabCSharpType, Save-LabAssembly -Alias Add-CSharpType
