# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Seals what leaves a host. Private to the collection.

function Protect-SeedContent {
    <#
    .SYNOPSIS
        Bytes sealed to a certificate, as CMS text. Only who has the certificate's key can read them.
    .PARAMETER Secret
        A hashtable with the bytes as content, because module logging writes down the first bytes of a bare array.
    .PARAMETER Certificate
        The certificate, PEM.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][hashtable]$Secret, [Parameter(Mandatory = $true)][string]$Certificate)
    $plain = $Certificate -replace '-----[A-Z ]+-----', '' -replace '\s', ''
    try { $body = [Convert]::FromBase64String($plain) }
    catch [System.FormatException] { throw 'The certificate to seal to is not PEM.' }
    $recipient = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(,
        $body)
    # As Protect-CmsMessage does it, whose parameters would be logged in clear where a policy logs modules.
    Add-Type -AssemblyName System.Security
    $aes = New-Object -TypeName System.Security.Cryptography.Oid -ArgumentList '2.16.840.1.101.3.4.1.42'
    $method = New-Object -TypeName System.Security.Cryptography.Pkcs.AlgorithmIdentifier -ArgumentList $aes
    $inner = [System.Security.Cryptography.Pkcs.ContentInfo]::new([byte[]]$Secret.content)
    $cms = [System.Security.Cryptography.Pkcs.EnvelopedCms]::new($inner, $method)
    $cms.Encrypt([System.Security.Cryptography.Pkcs.CmsRecipient]::new('IssuerAndSerialNumber', $recipient))
    $text = [Convert]::ToBase64String($cms.Encode(), 'InsertLineBreaks').Replace("`r`n", "`n")
    "-----BEGIN CMS-----`n$text`n-----END CMS-----"
}

Export-ModuleMember -Function 'Protect-SeedContent'
