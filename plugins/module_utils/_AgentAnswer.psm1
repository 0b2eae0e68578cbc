# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# What the providers of backup agents share: asking one question at a time, and reading objects of uncertain shape.
# Private to the collection.

Set-StrictMode -Version 3.0

function Get-SeedValue {
    <#
    .SYNOPSIS
        The value at a path of properties, or nothing where one is missing. The objects of agents differ by version.
    .PARAMETER InputObject
        Any object.
    .PARAMETER Path
        Names of properties joined by dots. The first path that leads to a value counts.
    #>
    [CmdletBinding()]
    param([AllowNull()][object]$InputObject, [Parameter(Mandatory = $true)][string[]]$Path)
    foreach ($one in $Path) {
        $value = $InputObject
        foreach ($name in $one.Split('.')) {
            if ($null -eq $value) { break }
            $property = $value.PSObject.Properties[$name]
            $value = $null
            if ($property) { $value = $property.Value }
        }
        if ($null -ne $value) { return $value }
    }
}

function Get-SeedText {
    <#
    .SYNOPSIS
        The value at a path of properties as text, or null.
    .PARAMETER InputObject
        Any object.
    .PARAMETER Path
        As of Get-SeedValue.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$InputObject, [Parameter(Mandatory = $true)][string[]]$Path)
    $value = Get-SeedValue -InputObject $InputObject -Path $Path
    if ($null -eq $value) { return $null }
    "$value"
}

function Test-SeedOtherType {
    <#
    .SYNOPSIS
        Whether a job says to be of another type than the one that counts.
    .DESCRIPTION
        A job without a type may be a backup, and to leave it out could start a second one. A number says nothing
        either: objects that came from another PowerShell have numbers where Windows PowerShell has names.
    .PARAMETER Type
        The type as the job names it, or null.
    .PARAMETER Wanted
        The name of the type that counts.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([AllowNull()][AllowEmptyString()][string]$Type, [Parameter(Mandatory = $true)][string]$Wanted)
    $Type.Trim() -and $Type -notmatch '^-?\d+$' -and $Type -ne $Wanted
}

function ConvertTo-SeedTime {
    <#
    .SYNOPSIS
        A time as ISO 8601 in UTC; null for nothing, for what is no time, and for the zero times of .NET and of Windows,
        which a file may have.
    .DESCRIPTION
        A time that does not say its zone is UTC: public scripts document JobStatus.EndTime so, and nothing says
        otherwise of the other times. Whoever compares these times with those of another clock has to allow for a day.
    .PARAMETER Value
        A DateTime or a text.
    .PARAMETER Millisecond
        The time of a file: keep milliseconds, and a time of any year.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value, [switch]$Millisecond)
    if ($null -eq $Value) { return $null }
    $culture = [System.Globalization.CultureInfo]::InvariantCulture
    $time = [DateTime]::MinValue
    if ($Value -is [DateTime]) { $time = $Value }
    else {
        $style = [System.Globalization.DateTimeStyles]::RoundtripKind
        if (-not [DateTime]::TryParse("$Value", $culture, $style, [ref]$time)) { return $null }
    }
    if ($time.Year -lt 1980 -and -not $Millisecond) { return $null }
    if ($time.Kind -eq [DateTimeKind]::Unspecified) { $time = [DateTime]::SpecifyKind($time, 'Utc') }
    $format = 'yyyy-MM-ddTHH:mm:ssZ'
    if ($Millisecond) { $format = 'yyyy-MM-ddTHH:mm:ss.fffZ' }
    $time.ToUniversalTime().ToString($format, $culture)
}

function ConvertTo-SeedReason {
    <#
    .SYNOPSIS
        Why something failed, in one line without a stack.
    .PARAMETER ErrorRecord
        The error.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)
    $text = ($ErrorRecord.Exception.Message -replace '\s+', ' ').Trim()
    if ($text.Length -gt 300) { $text = $text.Substring(0, 297) + '...' }
    $text
}

function Get-SeedShortHash {
    <#
    .SYNOPSIS
        The first twelve hexadecimal digits of the SHA-256 of a text: an id for a thing that has none of its own.
    .PARAMETER Text
        The text.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text)
    # This class is validated, so that it also works where Windows allows nothing else (FIPS).
    $hash = New-Object -TypeName System.Security.Cryptography.SHA256CryptoServiceProvider
    try { $bytes = $hash.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Text)) }
    finally { $hash.Dispose() }
    ([BitConverter]::ToString($bytes) -replace '-', '').Substring(0, 12).ToLowerInvariant()
}

function Add-SeedAnswer {
    <#
    .SYNOPSIS
        Asks the agent one question. What cannot be asked stays null, with the reason in `unknown`. Never an error.
    .PARAMETER Backup
        The answers so far; the key of the question and the key `unknown` are there.
    .PARAMETER Question
        The key of the answer.
    .PARAMETER Cmdlet
        The cmdlets that the question needs; versions of the agent differ in them.
    .PARAMETER Ask
        Asks, and returns the answer.
    .PARAMETER Many
        The answer is a list.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Backup,
        [Parameter(Mandatory = $true)][string]$Question,
        [Parameter(Mandatory = $true)][string[]]$Cmdlet,
        [Parameter(Mandatory = $true)][scriptblock]$Ask,
        [switch]$Many
    )
    foreach ($one in $Cmdlet) {
        if (Get-Command -Name $one -ErrorAction SilentlyContinue) { continue }
        $Backup['unknown'][$Question] = "This version of the agent has no cmdlet $one."
        return
    }
    try { $answer = @(& $Ask | Where-Object { $null -ne $_ }) }
    catch {
        $Backup['unknown'][$Question] = ConvertTo-SeedReason -ErrorRecord $_
        return
    }
    if ($Many) { $Backup[$Question] = $answer }
    elseif ($answer.Count -gt 0) { $Backup[$Question] = $answer[0] }
}

function Import-SeedAgentModule {
    <#
    .SYNOPSIS
        Loads the module of an agent. Returns kind, installed (true, false, or null when that cannot be said), version
        of its engine, folder (where it is installed, or null) and why.
    .DESCRIPTION
        The installer extends the module path only for sessions that begin later, so the module is looked for where
        the setup says that the agent is.
    .PARAMETER Kind
        Kind of the agent.
    .PARAMETER Name
        The agent in a sentence.
    .PARAMETER Cmdlet
        A cmdlet that is there when the module is loaded.
    .PARAMETER Setup
        The key of the registry that has InstallPath.
    .PARAMETER Module
        The module, below that folder.
    .PARAMETER Engine
        The program whose version counts, below that folder.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Kind,
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][string]$Cmdlet,
        [Parameter(Mandatory = $true)][string]$Setup,
        [Parameter(Mandatory = $true)][string]$Module,
        [Parameter(Mandatory = $true)][string]$Engine
    )
    $agent = [pscustomobject][ordered]@{ kind = $Kind; installed = $null; version = $null; folder = $null; why = '' }
    if (Get-Command -Name $Cmdlet -ErrorAction SilentlyContinue) { $agent.installed = $true }
    try {
        $folder = Get-SeedText -InputObject (Get-ItemProperty -Path $Setup -ErrorAction Stop) -Path 'InstallPath'
    }
    catch {
        if ($agent.installed) { return $agent }
        if ($_.CategoryInfo.Category -eq [System.Management.Automation.ErrorCategory]::ObjectNotFound) {
            $agent.installed = $false
        }
        else { $agent.why = ConvertTo-SeedReason -ErrorRecord $_ }
        return $agent
    }
    if (-not $folder) {
        $agent.why = "The setup of $Name does not say where it is installed."
        return $agent
    }
    $agent.folder = $folder.TrimEnd('\')
    if (-not $agent.installed) {
        try {
            Import-Module -Name "$($agent.folder)\$Module" -Global -ErrorAction Stop
            $agent.installed = $true
        }
        catch { $agent.why = "The module of $Name does not load: $(ConvertTo-SeedReason -ErrorRecord $_)" }
    }
    $program = Get-Item -LiteralPath "$($agent.folder)\$Engine" -ErrorAction SilentlyContinue
    $agent.version = Get-SeedText -InputObject $program -Path 'VersionInfo.FileVersion'
    # The text of a version resource is free: some have commas in it, others the name of the build behind it.
    if ("$($agent.version)" -match '^\s*(\d+(?:\s*[.,]\s*\d+){1,3})') {
        $agent.version = $Matches[1] -replace '\s' -replace ',', '.'
    }
    $agent
}

function Get-SeedOrderArgument {
    <#
    .SYNOPSIS
        The arguments for a cmdlet of an agent that an order to it lists, as a hashtable that can be splatted.
    .PARAMETER Order
        The order, with `method`.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true)][object]$Order)
    $arguments = @{ ErrorAction = 'Stop' }
    foreach ($one in $Order.method.PSObject.Properties) { $arguments[$one.Name] = $one.Value }
    $arguments
}

Export-ModuleMember -Function @(
    'Get-SeedValue', 'Get-SeedText', 'Test-SeedOtherType',
    'ConvertTo-SeedTime', 'ConvertTo-SeedReason', 'Get-SeedShortHash',
    'Add-SeedAnswer', 'Import-SeedAgentModule', 'Get-SeedOrderArgument'
)
