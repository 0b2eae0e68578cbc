# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-ins for Get-Acl and Get-AuthenticodeSignature, which PowerShell has on Windows only.
#
# A folder of mode 0700 is private, as icacls.exe leaves it; every other one inherits what Windows Server has below the
# root of a volume. A folder with the sticky bit was made or changed by somebody: hosts/<host>/acls.json names its owner
# and its further rules, by its native path, and acls.taken what icacls.exe took from it again.

$script:System = 'S-1-5-18'
$script:Administrators = 'S-1-5-32-544'
$script:Users = 'S-1-5-32-545'
$script:Installer = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
# winnt.h: FILE_ALL_ACCESS; read and execute; add files, add folders; GENERIC_ALL.
$script:All = 0x1F01FF
$script:Read = 0x1200A9
$script:Add = 0x6
$script:Generic = 0x10000000

class LabAcl {
    [string]$Owner
    [object[]]$Rules
    [bool]$AreAccessRulesProtected

    [string] GetOwner([type]$Kind) { return $this.Owner }
    [object[]] GetAccessRules([bool]$Explicit, [bool]$Inherited, [type]$Kind) { return $this.Rules }
}

function New-LabRule {
    <# .SYNOPSIS One access rule. #>
    param([string]$Sid, [int]$Rights, [bool]$InheritOnly = $false, [string]$Type = 'Allow')
    [pscustomobject]@{
        IdentityReference = $Sid
        FileSystemRights = $Rights
        AccessControlType = $Type
        PropagationFlags = [System.Security.AccessControl.PropagationFlags]$(if ($InheritOnly) { 2 } else { 0 })
    }
}

function Get-Acl {
    <# .SYNOPSIS The owner and the access rules of a folder. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$LiteralPath)
    $native = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($LiteralPath).TrimEnd('/')
    if (-not [System.IO.Directory]::Exists($native)) {
        throw [System.Management.Automation.ItemNotFoundException]::new("Cannot find path '$LiteralPath'.")
    }
    $acl = [LabAcl]::new()
    $acl.Owner = $script:Administrators
    $acl.Rules = @((New-LabRule $script:System $script:All), (New-LabRule $script:Administrators $script:All))
    $mode = [int][System.IO.File]::GetUnixFileMode($native)
    $acl.AreAccessRulesProtected = ($mode -band 0x1FF) -eq 0x1C0
    if ($LiteralPath -match '^[A-Za-z]:\\?$') {
        # Source: icacls C:\ on Windows Server 2016 and later.
        $acl.Owner = $script:Installer
        $acl.Rules += (New-LabRule $script:Users $script:Read), (New-LabRule $script:Users 0x4),
            (New-LabRule $script:Users 0x2 $true), (New-LabRule 'S-1-3-0' $script:Generic $true)
    }
    elseif (-not $acl.AreAccessRulesProtected) {
        $acl.Rules += (New-LabRule $script:Users $script:Read), (New-LabRule $script:Users $script:Add),
            (New-LabRule 'S-1-3-0' $script:Generic $true)
    }
    if ($mode -band 0x200) {
        $entry = (Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'acls.json')).$native
        $taken, $calls = (Get-LabPath 'hosts' $env:LAB_HOST 'acls.taken'), @()
        if ([System.IO.File]::Exists($taken)) { $calls = [System.IO.File]::ReadAllLines($taken) }
        if ($entry.owner -and $calls -cnotcontains "/setowner $native") { $acl.Owner = $entry.owner }
        $rules = $(if ($calls -cnotcontains "/reset $native") { $entry.rules })
        $acl.Rules += @(foreach ($rule in $rules) {
                New-LabRule $rule.sid $rule.rights ([bool]$rule.inherit_only) $rule.type
            })
    }
    $acl
}

function Get-AuthenticodeSignature {
    <# .SYNOPSIS The signature of a file: Microsoft's, unless hosts/<host>/signatures.json has another of its name. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$LiteralPath)
    # CHOICE tool-signature: the executable and the libraries of the tool are signed by Microsoft (waimportexport, 1).
    $status = 'Valid'
    $subject = 'CN=Microsoft Corporation, O=Microsoft Corporation, L=Redmond, S=Washington, C=US'
    $file = Get-LabPath 'hosts' $env:LAB_HOST 'signatures.json'
    if ([System.IO.File]::Exists($file)) {
        $name = $LiteralPath.Substring($LiteralPath.LastIndexOf('\') + 1)
        $entry = (Read-LabFile -Path $file).PSObject.Properties[$name]
        if ($entry) {
            $status = $entry.Value.status
            $subject = $entry.Value.subject
        }
    }
    $signer = $null
    if ($subject) {
        $parts = [System.Security.Cryptography.X509Certificates.X500DistinguishedName]::new($subject)
        $signer = [pscustomobject]@{ Subject = $subject; SubjectName = $parts }
    }
    [pscustomobject]@{ Path = $LiteralPath; Status = $status; SignerCertificate = $signer }
}

Export-ModuleMember -Function Get-Acl, Get-AuthenticodeSignature
