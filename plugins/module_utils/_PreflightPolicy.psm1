# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._Registry

# Checks of the policies of a copy host. Each function takes the options of the preflight and returns a finding; what
# it cannot ask is an error, which the caller shows as unknown. Private to the collection.

# Group policy keeps the two write policies here, and all other BitLocker settings in the second key.
$script:WritePolicy = 'HKLM:\SYSTEM\CurrentControlSet\Policies\Microsoft\FVE'
$script:BitLockerPolicy = 'HKLM:\SOFTWARE\Policies\Microsoft\FVE'

function New-SeedFinding {
    <#
    .SYNOPSIS
        What one check of the preflight found.
    .PARAMETER Status
        ok, warning, failed or unknown.
    .PARAMETER Evidence
        What was seen, in one or two sentences.
    .PARAMETER Remedy
        What to do; empty when there is nothing to do.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][ValidateSet('ok', 'warning', 'failed', 'unknown')][string]$Status,
        [Parameter(Mandatory = $true)][string]$Evidence,
        [string]$Remedy = ''
    )
    [pscustomobject][ordered]@{ status = $Status; evidence = $Evidence; remedy = $Remedy }
}

function New-SeedRow {
    <#
    .SYNOPSIS
        A row of a preflight: id, title, status, evidence and remedy. A question that cannot be asked is unknown.
    .PARAMETER Id
        What programs know the row by.
    .PARAMETER Title
        What was asked.
    .PARAMETER Ask
        Asks, and returns a finding.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Id,
        [Parameter(Mandatory = $true)][string]$Title,
        [Parameter(Mandatory = $true)][scriptblock]$Ask
    )
    try { $found = & $Ask }
    catch {
        $text = ("$_" -replace '\s+', ' ').Trim()
        $found = New-SeedFinding -Status unknown -Evidence "This could not be asked: $text"
    }
    [pscustomobject][ordered]@{
        id = $Id
        title = $Title
        status = $found.status
        evidence = $found.evidence
        remedy = $found.remedy
    }
}

function Get-SeedFixedWritePolicy {
    <#
    .SYNOPSIS
        Whether a policy makes fixed drives read-only until BitLocker protects them.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if ((Get-SeedRegistryValue -Path $script:WritePolicy -Name FDVDenyWriteAccess) -eq 1) {
        return New-SeedFinding -Status failed -Evidence (
            'The policy "Deny write access to fixed drives not protected by BitLocker" is on. A drive that was just ' +
            'formatted is read-only, so the tool cannot write to it before BitLocker protects it.'
        ) -Remedy 'Take this host out of the policy while drives are prepared.'
    }
    New-SeedFinding -Status ok -Evidence 'No policy denies write access to unprotected fixed drives.'
}

function Get-SeedRemovablePolicy {
    <#
    .SYNOPSIS
        Whether policies for removable drives stand in the way of a drive in an adapter.
    .DESCRIPTION
        Which of the two sets of policies Windows applies to a hard disk behind USB is not published.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $set = @()
    if ((Get-SeedRegistryValue -Path $script:WritePolicy -Name RDVDenyWriteAccess) -eq 1) {
        $set += '"Deny write access to removable drives not protected by BitLocker" is on'
        # Its further option is no policy of its own.
        if ((Get-SeedRegistryValue -Path $script:BitLockerPolicy -Name RDVDenyCrossOrg) -eq 1) {
            $set[-1] += ', also for drives that another organization set up'
        }
    }
    if ((Get-SeedRegistryValue -Path $script:BitLockerPolicy -Name RDVConfigureBDE) -eq 0) {
        $set += '"Control use of BitLocker on removable drives" is disabled'
    }
    elseif ((Get-SeedRegistryValue -Path $script:BitLockerPolicy -Name RDVAllowBDE) -eq 0) {
        $set += '"Control use of BitLocker on removable drives" does not allow to apply BitLocker'
    }
    if ($set) {
        return New-SeedFinding -Status warning -Evidence (
            "The policy $($set -join ', and '). It applies where Windows takes a drive in a USB adapter as removable."
        ) -Remedy 'Use a SATA bay, or take this host out of the policy while drives are prepared.'
    }
    New-SeedFinding -Status ok -Evidence 'No policy for removable drives stands in the way.'
}

function Get-SeedRecoveryPolicy {
    <#
    .SYNOPSIS
        Whether recovery policies for fixed drives can stop the encryption of the tool.
    .DESCRIPTION
        Source: the tool's article on preparing hard drives; builds from 2020 on protect a drive with an external key,
        older ones with a numerical password. In the policy 0 forbids, 1 requires and 2 allows a kind of protector.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $names = 'FDVRecovery', 'FDVRecoveryKey', 'FDVRecoveryPassword', 'FDVRequireActiveDirectoryBackup'
    $value = @{}
    foreach ($name in $names) { $value[$name] = Get-SeedRegistryValue -Path $script:BitLockerPolicy -Name $name }
    if ($value.FDVRecovery -ne 1) {
        return New-SeedFinding -Status ok -Evidence 'No policy sets how fixed drives can be recovered.'
    }
    $problems = @()
    if ($value.FDVRecoveryKey -eq 0) { $problems += 'forbids the 256-bit key with which the tool protects a drive' }
    if ($value.FDVRecoveryPassword -eq 1) { $problems += 'requires a recovery password, which the tool does not add' }
    if ($value.FDVRequireActiveDirectoryBackup -eq 1) {
        $problems += 'requires recovery information in Active Directory before BitLocker begins'
    }
    if (-not $problems) {
        return New-SeedFinding -Status ok -Evidence (
            'The policy "Choose how BitLocker-protected fixed drives can be recovered" is on and allows what the ' +
            'tool does.'
        )
    }
    $status = 'warning'
    if ($value.FDVRecoveryKey -eq 0) { $status = 'failed' }
    New-SeedFinding -Status $status -Evidence (
        "The policy ""Choose how BitLocker-protected fixed drives can be recovered"" $($problems -join '; it ')."
    ) -Remedy 'Take this host out of the policy while drives are prepared.'
}

function Get-SeedMethodPolicy {
    <#
    .SYNOPSIS
        Whether policies name an encryption method or type for fixed drives.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $set = foreach ($name in 'EncryptionMethodWithXtsFdv', 'EncryptionMethod', 'FDVEncryptionType',
        'FDVHardwareEncryption', 'FDVEnforcePassphrase', 'FDVEnforceUserCert') {
        $value = Get-SeedRegistryValue -Path $script:BitLockerPolicy -Name $name
        # Hardware encryption, passphrase and smart card: 0 asks for nothing.
        if ($null -ne $value -and ($value -ne 0 -or $name -notmatch '^FDV(Hardware|Enforce)')) { "$name=$value" }
    }
    if ($set) {
        return New-SeedFinding -Status warning -Evidence (
            "BitLocker policies are set: $(@($set) -join ', '). The tool chooses method and protector itself, and " +
            'Windows refuses a choice that differs from the policy.'
        ) -Remedy 'Prepare one small drive first, or take this host out of the policies.'
    }
    New-SeedFinding -Status ok -Evidence 'No policy names an encryption method for fixed drives.'
}

function Get-SeedFipsPolicy {
    <#
    .SYNOPSIS
        Whether only cryptography that is validated by FIPS is allowed.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $path = 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy'
    if ((Get-SeedRegistryValue -Path $path -Name Enabled) -eq 1) {
        return New-SeedFinding -Status warning -Evidence (
            'The FIPS policy is on. The collection hashes without what it forbids. The tool needs MD5 for its ' +
            'manifest, and BitLocker refuses some protectors; whether the tool works under it is not published.'
        ) -Remedy 'Prepare one small drive first, or use a copy host without the FIPS policy.'
    }
    New-SeedFinding -Status ok -Evidence 'The FIPS policy is off.'
}

function Get-SeedCodeIntegrity {
    <#
    .SYNOPSIS
        Whether a code integrity policy (App Control, WDAC) decides which programs run.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $space = 'root/Microsoft/Windows/DeviceGuard'
    $guard = @(Get-CimInstance -Namespace $space -ClassName Win32_DeviceGuard -ErrorAction Stop)
    # 0 is off, 1 audit, 2 enforced.
    $user = Get-SeedProperty -From ($guard | Select-Object -First 1) -Name UsermodeCodeIntegrityPolicyEnforcementStatus
    if ($null -eq $user) {
        return New-SeedFinding -Status unknown -Evidence (
            'This version of Windows does not say whether a code integrity policy covers programs.'
        ) -Remedy 'Ask whoever manages the policies of this host.'
    }
    if ($user -eq 2) {
        return New-SeedFinding -Status warning -Evidence (
            'A code integrity policy is enforced for programs. It also holds for the system account, which runs the ' +
            'tool.'
        ) -Remedy 'Allow WAImportExport.exe and its libraries by hash, because the tool runs from a private copy.'
    }
    New-SeedFinding -Status ok -Evidence "No code integrity policy is enforced for programs (status $user)."
}

function Get-SeedAppLocker {
    <#
    .SYNOPSIS
        Whether AppLocker decides which programs and scripts run.
    .DESCRIPTION
        AppLocker enforces nothing while the service Application Identity is stopped, and does not control the system
        account unless its rules are extended to services. Source: AppLocker rule collection extensions.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $service = Get-SeedService -Name AppIDSvc
    if ($null -eq $service -or $service.state -ne 'Running') {
        return New-SeedFinding -Status ok -Evidence (
            'The service Application Identity does not run, so AppLocker enforces nothing.'
        )
    }
    if (-not (Get-Command -Name Get-AppLockerPolicy -ErrorAction SilentlyContinue)) {
        return New-SeedFinding -Status unknown -Evidence (
            'The service Application Identity runs, and this host has no AppLocker cmdlets to ask for the rules.'
        ) -Remedy 'Ask whoever manages the policies of this host.'
    }
    $enforced = @((Get-AppLockerPolicy -Effective -ErrorAction Stop).RuleCollections | Where-Object {
            $_ -and "$($_.EnforcementMode)" -eq 'Enabled'
        } | ForEach-Object { "$($_.RuleCollectionType)" })
    if ($enforced) {
        return New-SeedFinding -Status warning -Evidence (
            "AppLocker is enforced for: $($enforced -join ', '). It controls the system account, which runs the tool " +
            'by default, only where its rules are extended to services.'
        ) -Remedy (
            'If they are, or if another account runs the tool, allow WAImportExport.exe and its libraries by hash.'
        )
    }
    New-SeedFinding -Status ok -Evidence 'No AppLocker rules are enforced.'
}

function Get-SeedMachineScriptPolicy {
    <#
    .SYNOPSIS
        An execution policy of Windows PowerShell that holds for everybody on this host, or empty when none is set.
    .DESCRIPTION
        Scheduled tasks run Windows PowerShell, and another PowerShell has policies of its own. So the registry is asked
        and not Get-ExecutionPolicy, which answers for the PowerShell of this session. Sources: about_Execution_Policies
        for both keys; the administrative template of "Turn on Script Execution" for EnableScripts.
    .PARAMETER Scope
        MachinePolicy is that of group policy, LocalMachine what Set-ExecutionPolicy keeps.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][ValidateSet('MachinePolicy', 'LocalMachine')][string]$Scope)
    if ($Scope -eq 'LocalMachine') {
        $path = 'HKLM:\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell'
        return "$(Get-SeedRegistryValue -Path $path -Name ExecutionPolicy)" -replace '^Undefined$', ''
    }
    $path = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    $scripts = Get-SeedRegistryValue -Path $path -Name EnableScripts
    if ($null -eq $scripts) { return '' }
    if ($scripts -eq 0) { return 'Restricted' }
    "$(Get-SeedRegistryValue -Path $path -Name ExecutionPolicy)" -replace '^Undefined$', ''
}

function Get-SeedScriptPolicy {
    <#
    .SYNOPSIS
        Which execution policy group policy sets.
    .DESCRIPTION
        The collection passes script text and no files, to which execution policies do not apply. Modules of Windows
        are files: Restricted stops them, AllSigned takes them from publishers that are trusted.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $machine = Get-SeedMachineScriptPolicy -Scope MachinePolicy
    $user = @(Get-ExecutionPolicy -List -ErrorAction Stop | Where-Object {
            "$($_.Scope)" -eq 'UserPolicy' -and "$($_.ExecutionPolicy)" -ne 'Undefined'
        } | ForEach-Object { "$($_.ExecutionPolicy)" })
    $names = @(@($machine) + $user | Where-Object { $_ })
    $shown = @(if ($machine) { "MachinePolicy $machine" }; $user | ForEach-Object { "UserPolicy $_" }) -join ', '
    # The policy of the machine wins over that of the user.
    if ($names -and $names[0] -eq 'Restricted') {
        return New-SeedFinding -Status failed -Evidence (
            "Group policy sets the execution policy: $shown. Modules that are script files, such as BitLocker, do " +
            'not load.'
        ) -Remedy 'Set the policy "Turn on Script Execution" of this host to signed scripts.'
    }
    if ($names -and $names[0] -eq 'AllSigned') {
        return New-SeedFinding -Status warning -Evidence (
            "Group policy sets the execution policy: $shown. The collection runs script text and no files, so it " +
            'works; a module of the backup agent loads only from a publisher that this host trusts.'
        ) -Remedy 'If a module does not load, trust its publisher on this host.'
    }
    if ($names) { return New-SeedFinding -Status ok -Evidence "Group policy sets the execution policy: $shown." }
    New-SeedFinding -Status ok -Evidence 'No group policy sets the execution policy.'
}

function Get-SeedPowerShellLogging {
    <#
    .SYNOPSIS
        What policies record of PowerShell.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $base = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    $set = @()
    if ((Get-SeedRegistryValue -Path "$base\ModuleLogging" -Name EnableModuleLogging) -eq 1) {
        $set += 'module logging (values of cmdlet parameters, event 4103)'
    }
    if ((Get-SeedRegistryValue -Path "$base\ScriptBlockLogging" -Name EnableScriptBlockLogging) -eq 1) {
        $set += 'script block logging (text of scripts, event 4104)'
    }
    if ((Get-SeedRegistryValue -Path "$base\Transcription" -Name EnableTranscripting) -eq 1) {
        $set += 'transcription (what a session shows, in files)'
    }
    if ($set) {
        return New-SeedFinding -Status warning -Evidence (
            "Policies record PowerShell: $($set -join '; '). The collection puts no key into a script or the output, " +
            'but names of seeds, drives and files are recorded; module logging also records the command line of the ' +
            'tool, which holds the first key of a drive with `encryption: managed` (see the records of command lines).'
        ) -Remedy 'Keep these logs as private as the journals, or turn the policy off while drives are prepared.'
    }
    New-SeedFinding -Status ok -Evidence 'No policy records PowerShell.'
}

function Get-SeedCommandLineRecord {
    <#
    .SYNOPSIS
        What records the command line of the tool, which holds the first key of a managed drive (/bk).
    .PARAMETER Option
        key_on_command_line: none (no drive is managed), refused, or allowed (allow_recorded_key of each managed drive).
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = @(Get-SeedKeyRecorder)
    $unknown = 'Other programs that watch processes, such as an endpoint protection, are not known here.'
    if ($found.Count -eq 0) {
        return New-SeedFinding -Status ok -Evidence (
            "Neither process auditing, module logging of PowerShell nor Sysmon records command lines. $unknown"
        )
    }
    $seen = @($found | ForEach-Object { $_.Substring(0, 1).ToUpperInvariant() + $_.Substring(1) }) -join '. '
    $key = 'The first key of a drive with `encryption: managed` stands on the command line of the tool'
    switch ("$($Option['key_on_command_line'])") {
        'refused' {
            return New-SeedFinding -Status failed -Evidence (
                "$seen. $key, so such a drive is refused on this host. $unknown"
            ) -Remedy (
                'Stop that while drives are prepared, or set `allow_recorded_key: true`: the key is replaced before ' +
                'the drive travels.'
            )
        }
        'allowed' {
            return New-SeedFinding -Status warning -Evidence (
                "$seen. $key. ``allow_recorded_key`` allows that; the key is replaced before the drive travels. " +
                $unknown
            ) -Remedy 'Keep these records as private as the drive until it is verified.'
        }
    }
    New-SeedFinding -Status ok -Evidence "$seen. $key, and no drive here is one."
}

function Get-SeedStoredCredentialPolicy {
    <#
    .SYNOPSIS
        Whether a scheduled task may keep the password of an account.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $value = Get-SeedRegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa' -Name DisableDomainCreds
    if ($value -eq 1) {
        return New-SeedFinding -Status warning -Evidence (
            'The policy "Do not allow storage of passwords and credentials for network authentication" is on. A ' +
            'scheduled task cannot keep the password of an account.'
        ) -Remedy 'Run the copy as the system account or as a Group Managed Service Account.'
    }
    New-SeedFinding -Status ok -Evidence 'Scheduled tasks may keep the password of an account.'
}

Export-ModuleMember -Function @(
    'New-SeedFinding', 'New-SeedRow', 'Get-SeedFixedWritePolicy', 'Get-SeedRemovablePolicy', 'Get-SeedRecoveryPolicy',
    'Get-SeedMethodPolicy', 'Get-SeedFipsPolicy', 'Get-SeedCodeIntegrity', 'Get-SeedAppLocker',
    'Get-SeedMachineScriptPolicy', 'Get-SeedScriptPolicy',
    'Get-SeedPowerShellLogging', 'Get-SeedCommandLineRecord', 'Get-SeedStoredCredentialPolicy'
)
