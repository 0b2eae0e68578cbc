# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Keeps recovery passwords in the directory of the host's domain, and reads them back where the account may. Secrets go
# in hashtables and through no cmdlet, because a policy that logs modules logs parameters. Private to the collection.
#AnsibleRequires -PowerShell ..module_utils._BitLockerStep

function Find-SeedDirectoryKey {
    <#
    .SYNOPSIS
        What the directory shows this account of a recovery password: a hashtable for each entry, with its value.
    .DESCRIPTION
        Fails where the directory cannot be asked, as under a logon that has no credentials for a further machine. An
        entry without a value is one whose password the account may not read.
    .PARAMETER Id
        Id of the protector.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][string]$Id)
    # Source: the schema of Active Directory, ms-FVE-RecoveryInformation and its attributes; RFC 4515 for the filter.
    $parsed = [guid]::Empty
    if (-not [guid]::TryParse($Id, [ref]$parsed)) { throw "'$Id' is no id of a protector." }
    $guid = -join ($parsed.ToByteArray() | ForEach-Object { '\{0:x2}' -f $_ })
    $filter = "(&(objectClass=msFVE-RecoveryInformation)(msFVE-RecoveryGuid=$guid))"
    # The domain of the host, because the account may be of another one.
    $domain = (Get-CimInstance -ClassName Win32_ComputerSystem -ErrorAction Stop).Domain
    $root = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList "LDAP://$domain"
    $searcher = New-Object -TypeName System.DirectoryServices.DirectorySearcher -ArgumentList $root, $filter
    $null = $searcher.PropertiesToLoad.Add('msfve-recoverypassword')
    foreach ($found in $searcher.FindAll()) {
        $values = @($found.Properties['msfve-recoverypassword'])
        @{ value = $(if ($values.Count -gt 0) { "$($values[0])" } else { '' }) }
    }
}

function Compare-SeedDirectoryKey {
    <#
    .SYNOPSIS
        Whether the directory shows a recovery password: proof is read, or empty with a text that says why not.
    .DESCRIPTION
        Fails when it shows another password under the id.
    .PARAMETER Key
        Id and value.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][hashtable]$Key)
    try { $shown = @(Find-SeedDirectoryKey -Id $Key.id) }
    catch {
        # Its text could quote what was found.
        $cause = $_.Exception.GetBaseException()
        $kind = "$($cause.GetType().Name) 0x{0:X8}" -f $cause.HResult
        return @{ proof = ''; text = "The directory could not be asked ($kind). Use ``become`` or a logon that " +
            'delegates credentials to have it read.' }
    }
    $values = @($shown | Where-Object { $_.value })
    if (@($values | Where-Object { $_.value -ceq $Key.value }).Count -gt 0) { return @{ proof = 'read'; text = '' } }
    if ($values.Count -gt 0) {
        throw "The directory has another recovery password for the protector $($Key.id). Ask who changed it."
    }
    $what = $(if ($shown.Count -gt 0) { 'the entry without its password' } else { 'no entry' })
    @{ proof = ''; text = "The directory shows this account $what. Give it the right to read recovery passwords, or " +
        'ask somebody who has it.' }
}

function Save-SeedDirectoryKey {
    <#
    .SYNOPSIS
        Keeps a recovery password in the directory: id, proof (read, written, or empty) and text, which says why not.
    .PARAMETER Volume
        The volume, as Get-SeedBitLockerState returns it.
    .PARAMETER Key
        Id and value.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][object]$Volume, [Parameter(Mandatory = $true)][hashtable]$Key)
    $proof, $text = '', ''
    try {
        # One that is there is not written again.
        $found = Compare-SeedDirectoryKey -Key $Key
        if (-not $found.proof) {
            Backup-SeedProtector -Volume $Volume -Id $Key.id
            $proof = 'written'
            $found = Compare-SeedDirectoryKey -Key $Key
        }
        $text = $found.text
        if ($found.proof) { $proof = $found.proof }
    }
    catch { $proof, $text = '', "$_" }
    [pscustomobject][ordered]@{ id = $Key.id; proof = $proof; text = $text }
}

Export-ModuleMember -Function 'Save-SeedDirectoryKey', 'Find-SeedDirectoryKey'
