# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Cmdlets of PowerShell itself that do more on Windows than here. A function of the same name goes before a cmdlet, so
# each of these looks at its arguments and hands what Windows knows alone to a function of the lab, all else through.
#
# The functions are made from text: a function that belongs to no module runs in the scope of its caller, so its
# caller's preferences and drives hold as for a cmdlet.
Import-Module -Name LabRegistry -Global

# Of the registry, and of a share.
$script:Registry = '^(?:Microsoft\.PowerShell\.Core\\)?(?:Registry::HKEY_LOCAL_MACHINE|HKLM:)(?:\\|$)'
$script:Share = '^\\\\[^\\?.]'
$script:Fips = 'This implementation is not part of the Windows Platform FIPS validated cryptographic algorithms.'

# Under the FIPS policy, .NET Framework makes none of its managed classes, and none that is not validated. The names of
# these classes stand for the real ones then.
class LabFips {
    static [object] Create() { throw [System.InvalidOperationException]::new((Get-LabFipsText)) }
    LabFips() { throw [System.InvalidOperationException]::new((Get-LabFipsText)) }
}
class LabHash {
    static [object] Create([string]$Name) {
        if ($Name -in 'MD5', 'SHA256', 'SHA384', 'SHA512') {
            throw [System.InvalidOperationException]::new((Get-LabFipsText))
        }
        # PowerShell remembers a type by its name, so this name is not used before another type stands for it.
        $type = [System.Security.Cryptography.AsymmetricAlgorithm].Assembly.GetType(
            'System.Security.Cryptography.CryptoConfig')
        return $type::CreateFromName($Name)
    }
}

function Get-LabFipsText { $script:Fips }

function Split-LabArgument {
    <# .SYNOPSIS The arguments without the switches that have a value, and these; $args does not keep them together. #>
    param([object[]]$Argument)
    $switches = @{}
    # A list would take the mark from a text that makes it the name of a parameter; what is emitted keeps it.
    $rest = @(for ($at = 0; $at -lt $Argument.Count; $at++) {
            $name = $null
            if ($Argument[$at] -is [string]) { $name = $Argument[$at].PSObject.Properties['<CommandParameterName>'] }
            if ($name -and $at + 1 -lt $Argument.Count -and $Argument[$at + 1] -is [bool]) {
                $switches[$name.Value] = $Argument[++$at]
            }
            else { , $Argument[$at] }
        })
    , $rest
    $switches
}

function Set-LabCmdlet {
    param([string]$Name, [string]$Before, [string]$Module = 'Microsoft.PowerShell.Management')
    # A variable for the errors is set where the cmdlet is called, which is here, and handed on to who called this.
    $text = @"
`$lab = @{}
`$kept = ''
for (`$at = 0; `$at -lt `$args.Count; `$at++) {
    if ("`$(`$args[`$at])" -match '^-(?:ErrorVariable|ev):?$') { `$kept = "`$(`$args[`$at + 1])".TrimStart('+') }
}
foreach (`$one in `$args) {
    if (`$one -is [bool]) { `$args, `$lab = Split-LabArgument -Argument `$args; break }
}
# What the lab answers itself leaves this loop.
:lab do {
    $Before
    if (`$MyInvocation.ExpectingInput) { `$input | $Module\$Name @args @lab }
    else { $Module\$Name @args @lab }
} while (`$false)
if (`$kept) { Set-Variable -Name `$kept -Value (Get-Variable -Name `$kept -ValueOnly) -Scope 1 }
"@
    Set-Item -LiteralPath "function:global:$Name" -Value ([scriptblock]::Create($text))
}

function Get-LabRegistryWay {
    param([string]$To)
    "foreach (`$one in `$args) { if (`"`$one`" -match '$script:Registry') { $To @args @lab; break lab } }`n"
}

function Get-LabShareWay {
    # A path of a share becomes the folder behind it, or the error.
    @"
for (`$at = 0; `$at -lt `$args.Count; `$at++) {
    if ("`$(`$args[`$at])" -notmatch '$script:Share') { continue }
    `$found = Resolve-LabShare -Path "`$(`$args[`$at])"
    if (`$found -is [System.Exception]) {
        Write-LabShareError -LabError `$found -LabPath "`$(`$args[`$at])" @args @lab
        break lab
    }
    `$args[`$at] = `$found
}

"@
}

function Write-LabShareError {
    # The parameters of the cmdlet come with it, for its ErrorAction alone.
    [CmdletBinding()]
    param(
        [System.Exception]$LabError,
        [string]$LabPath,
        [Parameter(ValueFromRemainingArguments)][object[]]$Rest
    )
    $asks = (Get-PSCallStack)[1].Command -eq 'Test-Path'
    # Test-Path says no to a path that is not there, without an error; where access is denied it says both. Every other
    # cmdlet also says then that the path does not exist. Source: output of Windows PowerShell 5.1.
    if ($LabError -is [System.UnauthorizedAccessException]) {
        $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new($LabError,
                'ItemExistsUnauthorizedAccessError', 'PermissionDenied', $LabPath))
        $LabError = New-LabItemNotFound -Path $LabPath
    }
    if (-not $asks) {
        $id, $category = 'PathNotFound', 'ObjectNotFound'
        if ($LabError -is [System.IO.IOException]) { $id, $category = 'ItemExistsIOError', 'ReadError' }
        $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new($LabError, $id, $category, $LabPath))
    }
    if ($asks) { $false }
}

function Get-LabEncodingWay {
    # Windows PowerShell reads and writes in the ANSI code page unless it is told otherwise (Out-File in UTF-16), and
    # its UTF8 has a mark when it writes.
    param([switch]$Write, [string]$Default = '[int]$env:LAB_ANSI')
    $way = "if (`$env:LAB_ANSI -and -not (`$args -match '^-en')) { `$lab['Encoding'] = $Default }`n"
    if ($Write) {
        $way += "if (`$env:LAB_ANSI) { for (`$at = 1; `$at -lt `$args.Count; `$at++) {`n" +
            "    if (`"`$(`$args[`$at - 1])`" -match '^-en' -and `"`$(`$args[`$at])`" -eq 'utf8') { " +
            "`$args[`$at] = 'utf8BOM' }`n} }`n"
    }
    $way
}

function Get-LabReused {
    <# .SYNOPSIS A process of Windows that has the id of one that ran before the last boot, if the lab says so. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][int]$Id)
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'reused.json'
    if (-not [System.IO.File]::Exists($file)) { return }
    $reused = Read-LabFile -Path $file
    if ($Id -notin $reused.ids) { return }
    $process = [pscustomobject]@{ Id = $Id; ProcessName = 'svchost'; HasExited = $false }
    if ($reused.protected) {
        # Windows does not let anybody look into a protected process.
        return $process | Add-Member -MemberType ScriptProperty -Name StartTime -PassThru -Value {
            throw [System.ComponentModel.Win32Exception]::new(5, 'Access is denied')
        }
    }
    $process | Add-Member -NotePropertyName StartTime -PassThru -NotePropertyValue (
        ([DateTime]$reused.started).ToLocalTime())
}

function Get-LabExecutionPolicy {
    <# .SYNOPSIS What Get-ExecutionPolicy says where a policy of the machine sets it. #>
    [CmdletBinding()]
    param([Parameter(Position = 0)][string]$Scope, [switch]$List)
    $policy = [Microsoft.PowerShell.ExecutionPolicy]$env:LAB_EXECUTION_POLICY
    $undefined = [Microsoft.PowerShell.ExecutionPolicy]::Undefined
    if ($List) {
        foreach ($one in 'MachinePolicy', 'UserPolicy', 'Process', 'CurrentUser', 'LocalMachine') {
            [pscustomobject]@{
                Scope = [Microsoft.PowerShell.ExecutionPolicyScope]$one
                ExecutionPolicy = $(if ($one -eq 'MachinePolicy') { $policy } else { $undefined })
            }
        }
    }
    elseif ($Scope -and $Scope -ne 'MachinePolicy') { $undefined }
    else { $policy }
}

function Set-LabPolicy {
    <# .SYNOPSIS Lets the policies of the host hold in this runspace: script files that are not signed, and FIPS. #>
    [CmdletBinding()]
    param()
    if ($env:LAB_EXECUTION_POLICY -eq 'AllSigned') {
        $hook = {
            param($name, $lookup)
            if ($lookup.Command -is [System.Management.Automation.ExternalScriptInfo]) {
                # No file of a lab host is signed. Source: the text of the engine.
                $lookup.CommandScriptBlock = [scriptblock]::Create("throw [System.Management.Automation." +
                    "PSSecurityException]::new('File $($name.Replace("'", "''")) cannot be loaded. The file " +
                    "$($name.Replace("'", "''")) is not digitally signed. You cannot run this script on the current " +
                    "system.')")
                $lookup.StopSearch = $true
            }
        }
        $global:ExecutionContext.InvokeCommand.PostCommandLookupAction = $hook
    }
    if ($env:LAB_FIPS -eq '1') {
        $table = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
        $space = 'System.Security.Cryptography'
        foreach ($one in 'MD5', 'MD5CryptoServiceProvider', 'SHA256', 'SHA256Managed') {
            $null = $table::Remove("$space.$one")
            $table::Add("$space.$one", [LabFips])
        }
        $null = $table::Remove("$space.HashAlgorithm")
        $table::Add("$space.HashAlgorithm", [LabHash])
        # There is no bcrypt.dll here. The class by which the collection calls it computes MD5 all the same, as Windows
        # does behind it.
        if (-not ('Seedfreight.WindowsMD5' -as [type])) {
            Add-Type -TypeDefinition @'
using System.Security.Cryptography;
public static class LabCryptoConfig
{
    public static bool AllowOnlyFipsAlgorithms { get { return true; } }
}
namespace Seedfreight
{
    public sealed class WindowsMD5 : HashAlgorithm
    {
        readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        public WindowsMD5() { HashSizeValue = 128; }
        public override void Initialize() { hash.GetHashAndReset(); }
        protected override void HashCore(byte[] array, int start, int count) { hash.AppendData(array, start, count); }
        protected override byte[] HashFinal() { return hash.GetHashAndReset(); }
    }
}
'@
        }
        $null = $table::Remove("$space.CryptoConfig")
        $table::Add("$space.CryptoConfig", ('LabCryptoConfig' -as [type]))
    }
}

function Get-LabEngine {
    <# .SYNOPSIS The program of an agent, with the version that its memory has. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$LiteralPath)
    $item = Microsoft.PowerShell.Management\Get-Item -LiteralPath $LiteralPath -ErrorAction $ErrorActionPreference
    if (-not $item) { return }
    $agent = Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'agent.json')
    $name = $(if ($LiteralPath -like '*msdpm.exe') { 'dpm_version' } else { 'version' })
    # The type of a file keeps this property to itself.
    [pscustomobject]@{
        Name = $item.Name
        FullName = $item.FullName
        VersionInfo = [pscustomobject]@{ FileVersion = $agent.$name }
    }
}

$share = Get-LabShareWay
Set-LabCmdlet -Name Get-ItemProperty -Before (Get-LabRegistryWay -To Get-LabRegistryProperty)
Set-LabCmdlet -Name Get-ItemPropertyValue -Before (Get-LabRegistryWay -To Get-LabRegistryPropertyValue)
$engine = "if (`$args -match '\\(?:cbengine|msdpm)\.exe`$') { Get-LabEngine @args @lab; break lab }`n"
Set-LabCmdlet -Name Get-Item -Before ((Get-LabRegistryWay -To Get-LabRegistryItem) + $engine + $share)
Set-LabCmdlet -Name Test-Path -Before ((Get-LabRegistryWay -To Test-LabRegistryPath) + $share)
Set-LabCmdlet -Name Get-ChildItem -Before $share
Set-LabCmdlet -Name Get-Content -Before ($share + (Get-LabEncodingWay))
Set-LabCmdlet -Name Set-Content -Before (Get-LabEncodingWay -Write)
Set-LabCmdlet -Name Add-Content -Before (Get-LabEncodingWay -Write)
Set-LabCmdlet -Name Out-File -Module Microsoft.PowerShell.Utility -Before (
    Get-LabEncodingWay -Write -Default "'unicode'")
Set-LabCmdlet -Name Get-Process -Before ("`$id = @(`$args -match '^\d+`$')`n" +
    "if (`$id.Count -eq 1 -and (`$found = Get-LabReused -Id `$id[0])) { `$found; break lab }`n")
Set-LabCmdlet -Name Get-FileHash -Module Microsoft.PowerShell.Utility -Before (
    "if (`$env:LAB_FIPS -eq '1' -and `$args -contains 'MD5') { " +
    "throw [System.InvalidOperationException]::new((Get-LabFipsText)) }`n")
Set-LabCmdlet -Name Get-ExecutionPolicy -Module Microsoft.PowerShell.Security -Before (
    "if (`$env:LAB_EXECUTION_POLICY) { Get-LabExecutionPolicy @args @lab; break lab }`n")

Export-ModuleMember -Function Get-LabEngine, Split-LabArgument, Write-LabShareError, Get-LabReused, Get-LabFipsText,
    Get-LabExecutionPolicy, Set-LabPolicy
