# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What a probe may say of an object: names and types of its properties, values of enumerations, codes of errors, and
# names of files with everything unknown masked. Nothing else leaves the host. Private to the collection.

# Properties whose values are names out of a list that Windows or the agent defines.
$script:Enumerations = @(
    'BusType', 'CannotPoolReason', 'DriveType', 'EncryptionMethod', 'FileSystemType', 'HealthStatus', 'IBMethod',
    'JobState', 'JobType', 'KeyProtectorType', 'LockStatus', 'MediaType', 'OfflineReason', 'OperationalStatus',
    'PartitionStyle', 'ProtectionStatus', 'ProvisioningType', 'Type', 'UniqueIdFormat', 'VolumeStatus', 'VolumeType'
)
# Words in names of files of the tool, its kind and an attempt. Any other word is shown by its length.
$script:Words = @(
    'attempt', 'bek', 'blob', 'client', 'config', 'copy', 'csv', 'data', 'dataset', 'discarded', 'dll', 'drive',
    'driveinfo', 'drivemanifest', 'driveset', 'err', 'error', 'errors', 'eula', 'exe', 'export', 'hddid', 'htm',
    'html', 'import', 'journal', 'jrn', 'json', 'lib', 'license', 'log', 'logs', 'manifest', 'microsoft', 'net',
    'newtonsoft', 'notices', 'out', 'output', 'party', 'pdb', 'readme', 'rtf', 'run', 'services', 'session',
    'storage', 'temp', 'third', 'tmp', 'tool', 'txt', 'verbose', 'verify', 'version', 'waimportexport',
    'waimportexportcore', 'waimportexportrepair', 'windowsazure', 'xml', 'zip'
)

function Get-SeedErrorFact {
    <#
    .SYNOPSIS
        An error as type, HRESULT and id. Its text stays on the host, because it may hold names and values.
    .PARAMETER ErrorRecord
        The error.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)
    $exception = $ErrorRecord.Exception
    while ($exception -is [System.Management.Automation.MethodInvocationException] -and $exception.InnerException) {
        $exception = $exception.InnerException
    }
    # The id of an error is made of names of the code, unless somebody throws a text: then the text is the id.
    $id = "$($ErrorRecord.FullyQualifiedErrorId)"
    $form = '^[\w.]+( 0x[0-9a-fA-F]{8}| \d{1,8})?(,[\w.-]+){0,3}$'
    if ($id -notmatch $form -or "$($exception.Message)" -eq $id) { $id = '' }
    [ordered]@{
        type = $exception.GetType().FullName
        hresult = '0x{0:X8}' -f $exception.HResult
        id = $id
    }
}

function Get-SeedKind {
    <#
    .SYNOPSIS
        The type of a value, with what matters of it: null, the kind of a DateTime, an empty text, a character 0.
    .PARAMETER Value
        The value.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    if ($null -eq $Value) { return 'null' }
    $name = $Value.GetType().FullName
    if ($Value -is [DateTime]) { return "$name ($($Value.Kind))" }
    if ($Value -is [enum]) { return "$name (enum)" }
    if ($Value -is [string] -and $Value -eq '') { return "$name (empty)" }
    if ($Value -is [string] -and $Value.Trim() -eq '') { return "$name (blank)" }
    if ($Value -is [char] -and [int]$Value -eq 0) { return "$name (0)" }
    if ($Value -is [array] -and $Value.Count -eq 0) { return "$name (empty)" }
    $name
}

function Get-SeedShape {
    <#
    .SYNOPSIS
        The shape of objects: how many, their type, the types of each property, and values of enumerations.
    .PARAMETER InputObject
        The objects, which may be none.
    .PARAMETER Depth
        How many levels of objects in properties are described too, as NAME.NAME.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([AllowNull()][AllowEmptyCollection()][object[]]$InputObject, [int]$Depth = 0)
    $items = @($InputObject | Where-Object { $null -ne $_ })
    $types = [ordered]@{}
    $values = [ordered]@{}
    foreach ($item in $items) { Add-SeedShape -Item $item -Prefix '' -Depth $Depth -Types $types -Values $values }
    $kinds = @($items | ForEach-Object { "$($_.PSObject.TypeNames[0])" } | Select-Object -Unique)
    foreach ($name in @($types.Keys)) { $types[$name] = @($types[$name].Keys) }
    foreach ($name in @($values.Keys)) { $values[$name] = @($values[$name].Keys) }
    [ordered]@{ count = $items.Count; types = $kinds; properties = $types; enumerations = $values }
}

function Add-SeedShape {
    <#
    .SYNOPSIS
        Adds the properties of one object to a shape.
    .PARAMETER Item
        The object.
    .PARAMETER Prefix
        What comes before the names of its properties.
    .PARAMETER Depth
        How many levels of objects in properties are described too.
    .PARAMETER Types
        Types by name of the property; changed.
    .PARAMETER Values
        Values of enumerations by name of the property; changed.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][object]$Item,
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Prefix,
        [Parameter(Mandatory = $true)][int]$Depth,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Types,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Values
    )
    foreach ($property in @($Item.PSObject.Properties)) {
        # A name that is no identifier is data, as the keys of a dictionary are.
        if ($property.Name -notmatch '^[A-Za-z_]\w{0,60}$') { continue }
        $name = $Prefix + $property.Name
        if (-not $Types.Contains($name)) { $Types[$name] = [ordered]@{} }
        # As a property a value that cannot be read is null; as a call it is an error.
        try { $value = $property.get_Value() }
        catch {
            $Types[$name]['error'] = $true
            continue
        }
        $Types[$name][(Get-SeedKind -Value $value)] = $true
        if ($property.Name -in $script:Enumerations) {
            if (-not $Values.Contains($name)) { $Values[$name] = [ordered]@{} }
            foreach ($one in @($value)) { $Values[$name][(ConvertTo-SeedEnumeration -Value $one)] = $true }
        }
        if ($Depth -gt 0) {
            foreach ($one in @($value | Select-Object -First 3)) {
                if (-not (Test-SeedComposite -Value $one)) { continue }
                $inner = @{ Item = $one; Prefix = "$name."; Depth = $Depth - 1; Types = $Types; Values = $Values }
                Add-SeedShape @inner
            }
        }
    }
}

function Test-SeedComposite {
    <#
    .SYNOPSIS
        Whether a value has properties worth describing: no text, number, time, truth or name.
    .PARAMETER Value
        The value.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][object]$Value)
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [ValueType]) { return $false }
    -not ($Value -is [System.Collections.IDictionary] -or $Value -is [type] -or $Value -is [array])
}

function ConvertTo-SeedEnumeration {
    <#
    .SYNOPSIS
        A value of an enumeration: a number or a short word, anything else masked.
    .PARAMETER Value
        The value.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)
    $text = "$Value"
    if ($text -match '^([A-Za-z][A-Za-z_ ]{0,40}(16|32|128|256)?|\d{0,5})$') { return $text }
    "<text:$($text.Length)>"
}

function Hide-SeedName {
    <#
    .SYNOPSIS
        A file name with every word masked that is not one of the tool's, digits too: serials, seeds and people are
        shown by their length.
    .PARAMETER Name
        The name.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Name)
    $parts = foreach ($part in [regex]::Matches($Name, '[A-Za-z]+|[0-9]+|[^A-Za-z0-9]')) {
        $text = $part.Value
        if ($text -match '^[A-Za-z]+$' -and $text.ToLowerInvariant() -in $script:Words) { $text }
        elseif ($text -match '^[A-Za-z]+$') { "<a:$($text.Length)>" }
        elseif ($text -match '^[0-9]+$') { "<n:$($text.Length)>" }
        elseif ($text -match '^[ ._()-]$') { $text }
        else { '<?>' }
    }
    $parts -join ''
}

function Hide-SeedText {
    <#
    .SYNOPSIS
        A line of a program with paths, keys, ids and the words of this host masked.
    .PARAMETER Text
        The line.
    .PARAMETER Secret
        Words that must not be shown, such as names of the host and its people and serials of drives.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text,
        [AllowEmptyCollection()][AllowEmptyString()][string[]]$Secret = @()
    )
    $line = $Text
    $words = @($Secret | ForEach-Object { "$_".Trim() } | Where-Object { $_.Length -ge 2 })
    foreach ($one in $words | Sort-Object -Property Length -Descending) {
        $line = [regex]::Replace($line, [regex]::Escape($one), '<name>', 'IgnoreCase')
    }
    $patterns = [ordered]@{
        # Addresses of Microsoft name nobody; others name an account, or hold a signature.
        'https?://(?!([\w-]+\.)*microsoft\.com(?![\w.-]))[^\s"'']+' = '<address>'
        '(\d{6}\s*-?\s*){7}\d{6}' = '<key>'
        '[A-Za-z0-9+/]{24,}={0,2}' = '<key>'
        '\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?' = '<id>'
        'S-1-\d+(-\d+)+' = '<id>'
        # Blanks may be part of a path, so it goes on to the end of the line.
        '\\\\[^\r\n"'']+' = '<path>'
        '(?<![A-Za-z])[A-Za-z]:[\\/][^\r\n"'']*' = '<path>'
        '(?<=^|\s)/(?:[^\s/"'']+/)+[^\s"'']*' = '<path>'
        '[\w.+-]+@[\w.-]+' = '<address>'
    }
    foreach ($pattern in $patterns.Keys) { $line = [regex]::Replace($line, $pattern, $patterns[$pattern]) }
    if ($line.Length -gt 300) { $line = $line.Substring(0, 300) }
    $line
}

Export-ModuleMember -Function @(
    'Get-SeedErrorFact', 'Get-SeedKind', 'Get-SeedShape', 'Add-SeedShape', 'Test-SeedComposite',
    'ConvertTo-SeedEnumeration', 'Hide-SeedName', 'Hide-SeedText'
)
