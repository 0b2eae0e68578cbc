# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Finds in PowerShell what works on one host and not on the next, or shows what it reads.
#
# encoding  Text is read or written without a named encoding. Windows PowerShell then takes the code page of the host,
#           or UTF-16, and PowerShell 7 takes UTF-8.
# sharing   Get-FileHash opens a file so that nobody else may write it, and fails when somebody does.
# quoting   An error of the conversion quotes the text, which may hold a key: casts of texts, Parse instead of TryParse,
#           ConvertFrom-Json outside the one tolerant reader, FromBase64String outside a catch that quotes nothing.
# xml       XML is read by XmlReader alone, without DTD and resolver, and its errors, which quote, are caught.
#
# A numeric cast of a value whose type is not to be seen, such as a property, is left alone.

using namespace System.Management.Automation.Language

# Aliases of the commands below.
$script:Alias = @{
    gc = 'Get-Content'; cat = 'Get-Content'; type = 'Get-Content'; sc = 'Set-Content'; ac = 'Add-Content'
    sls = 'Select-String'; epcsv = 'Export-Csv'; ipcsv = 'Import-Csv'; tee = 'Tee-Object'; ni = 'New-Item'
}
$script:Text = 'Get-Content', 'Set-Content', 'Add-Content', 'Out-File', 'Export-Csv', 'Import-Csv'
# Encodings that differ from host to host, or from one PowerShell to the other.
$script:Vague = 'Default', 'Oem', 'Ansi', 'String', 'Unknown'
# Static methods of System.IO.File and how many arguments they have with an encoding; 0 where no form names one.
$script:FileMethod = @{
    ReadAllText = 2; ReadAllLines = 2; ReadLines = 2; WriteAllText = 3; WriteAllLines = 3; AppendAllText = 3
    AppendAllLines = 3; OpenText = 99; CreateText = 99; AppendText = 99
}
# Types whose conversion from a text quotes the text when it fails.
$script:Quoting = 'datetime', 'datetimeoffset', 'timespan', 'guid', 'version', 'uri', 'ipaddress', 'mailaddress'
$script:Number = 'int', 'int16', 'int32', 'int64', 'long', 'short', 'uint', 'ushort', 'ulong', 'uint16', 'uint32',
    'uint64', 'byte', 'sbyte', 'single', 'float', 'double', 'decimal', 'bigint'
$script:TextMethod = 'Split', 'Substring', 'Trim', 'TrimStart', 'TrimEnd', 'Replace', 'ToString', 'ToUpper', 'ToLower',
    'ToUpperInvariant', 'ToLowerInvariant', 'ReadElementContentAsString', 'GetAttribute', 'ReadToEnd', 'ReadLine',
    'GetString', 'Insert', 'Remove', 'Normalize'
$script:TextOperator = '-split', '-csplit', '-isplit', '-replace', '-creplace', '-ireplace', '-join', '-f'

function Get-TypeName {
    <# .SYNOPSIS The short name of a type as it is written, in lower case. #>
    param([string]$Name)
    $plain = $Name.Trim("'", '"', '[', ']').ToLowerInvariant()
    $plain -replace '^(system\.)?(.*\.)?', ''
}

function Get-Enclosing {
    <# .SYNOPSIS The nearest function around a node, or the whole script. #>
    param([Ast]$Node)
    for ($now = $Node.Parent; $now; $now = $now.Parent) {
        if ($now -is [FunctionDefinitionAst] -or -not $now.Parent) { return $now }
    }
    $Node
}

function Test-TextType {
    <# .SYNOPSIS Whether a type constraint is text. #>
    param([string]$Name)
    (Get-TypeName -Name $Name) -eq 'string'
}

function Test-TextExpression {
    <#
    .SYNOPSIS
        Whether an expression is seen to be a text that the program did not write itself.
    .PARAMETER Node
        The expression.
    .PARAMETER Depth
        How many variables led here.
    #>
    param([Ast]$Node, [int]$Depth = 0)
    if (-not $Node -or $Depth -gt 5) { return $false }
    switch ($Node.GetType().Name) {
        'ExpandableStringExpressionAst' { return $true }
        'ParenExpressionAst' { return Test-TextExpression -Node $Node.Pipeline -Depth $Depth }
        'SubExpressionAst' { return Test-TextStatement -Statement $Node.SubExpression.Statements -Depth $Depth }
        'ArrayExpressionAst' { return Test-TextStatement -Statement $Node.SubExpression.Statements -Depth $Depth }
        'PipelineAst' {
            $last = $Node.PipelineElements[-1]
            if ($last -is [CommandExpressionAst]) { return Test-TextExpression -Node $last.Expression -Depth $Depth }
            return "$($last.GetCommandName())" -in 'Get-Content', 'Read-SeedText', 'Read-SeedJournalText', 'Out-String'
        }
        'CommandExpressionAst' { return Test-TextExpression -Node $Node.Expression -Depth $Depth }
        'ConvertExpressionAst' { return Test-TextType -Name $Node.Type.TypeName.Name }
        'BinaryExpressionAst' {
            if ($Node.ErrorPosition.Text -in $script:TextOperator) { return $true }
            return "$($Node.Operator)" -eq 'Plus' -and (Test-TextExpression -Node $Node.Left -Depth $Depth)
        }
        'InvokeMemberExpressionAst' { return "$($Node.Member)" -in $script:TextMethod }
        'MemberExpressionAst' {
            if ("$($Node.Member)" -in 'InnerText', 'InnerXml', 'OuterXml') { return $true }
            return "$($Node.Member)" -eq 'Value' -and $Node.Expression.Extent.Text -match '(?i)match|\.Groups\b'
        }
        'IndexExpressionAst' {
            if ($Node.Target.Extent.Text -eq '$Matches') { return $true }
            return Test-TextExpression -Node $Node.Target -Depth $Depth
        }
        'VariableExpressionAst' { return Test-TextVariable -Node $Node -Depth ($Depth + 1) }
    }
    $false
}

function Test-TextStatement {
    <# .SYNOPSIS Whether the only statement is a text. #>
    param([object[]]$Statement, [int]$Depth)
    $Statement.Count -eq 1 -and (Test-TextExpression -Node $Statement[0] -Depth $Depth)
}

function Test-TextVariable {
    <# .SYNOPSIS Whether a variable is a text: by the type of a parameter, or by what its function puts into it. #>
    param([Ast]$Node, [int]$Depth)
    $name = $Node.VariablePath.UserPath
    $around = Get-Enclosing -Node $Node
    foreach ($one in $around.FindAll({ $args[0] -is [ParameterAst] }, $true)) {
        if ($one.Name.VariablePath.UserPath -ne $name) { continue }
        if (@($one.Attributes | Where-Object {
                    $_ -is [TypeConstraintAst] -and (Test-TextType -Name $_.TypeName.FullName) }).Count) {
            return $true
        }
    }
    foreach ($one in $around.FindAll({ $args[0] -is [AssignmentStatementAst] }, $true)) {
        $left = $one.Left
        if ($left -is [ConvertExpressionAst]) { $left = $left.Child }
        if ($left.Extent.Text -eq "`$$name" -and (Test-TextExpression -Node $one.Right -Depth $Depth)) { return $true }
    }
    foreach ($one in $around.FindAll({ $args[0] -is [ForEachStatementAst] }, $true)) {
        if ($one.Variable.VariablePath.UserPath -ne $name) { continue }
        if (Test-TextExpression -Node $one.Condition -Depth $Depth) { return $true }
    }
    $false
}

function Get-Given {
    <# .SYNOPSIS The value of a parameter of a command, $true for a switch, nothing when it is not given. #>
    param([CommandAst]$Command, [string]$Name, [int]$Least = 2)
    $elements = @($Command.CommandElements)
    for ($at = 1; $at -lt $elements.Count; $at++) {
        $one = $elements[$at]
        if ($one -isnot [CommandParameterAst] -or $one.ParameterName.Length -lt $Least) { continue }
        if (-not $Name.StartsWith($one.ParameterName, [StringComparison]::OrdinalIgnoreCase)) { continue }
        if ($one.Argument) { return $one.Argument }
        if ($at + 1 -lt $elements.Count -and $elements[$at + 1] -isnot [CommandParameterAst]) {
            return $elements[$at + 1]
        }
        return $true
    }
}

function Test-FileSearch {
    <# .SYNOPSIS Whether Select-String searches files: they are named, or come from a command that lists them. #>
    param([CommandAst]$Command)
    if ((Get-Given -Command $Command -Name Path) -or (Get-Given -Command $Command -Name LiteralPath)) { return $true }
    $words = @($Command.CommandElements | Select-Object -Skip 1 -First 2)
    if ($words.Count -eq 2 -and @($words | Where-Object { $_ -is [CommandParameterAst] }).Count -eq 0) { return $true }
    $elements = @($Command.Parent.PipelineElements)
    $before = $elements.IndexOf($Command) - 1
    $before -ge 0 -and $elements[$before] -is [CommandAst] -and
        "$($elements[$before].GetCommandName())" -in 'Get-ChildItem', 'Get-Item', 'dir', 'ls', 'gci', 'gi'
}

function Test-CommandEncoding {
    <# .SYNOPSIS What a command does wrong with text, or nothing. #>
    param([CommandAst]$Command)
    $name = "$($Command.GetCommandName())" -replace '^.*\\', ''
    if ($script:Alias.ContainsKey($name)) { $name = $script:Alias[$name] }
    $encoding = Get-Given -Command $Command -Name Encoding
    $needed = $name -in $script:Text -or ($name -eq 'Select-String' -and (Test-FileSearch -Command $Command))
    if ($needed -and -not $encoding) { return "$name names no -Encoding" }
    if ($needed -and "$($encoding.Extent.Text)".Trim("'", '"') -in $script:Vague) {
        return "-Encoding $($encoding.Extent.Text) differs from host to host"
    }
    if ($name -eq 'Start-Transcript') { return 'Start-Transcript takes no encoding' }
    $file = (Get-Given -Command $Command -Name FilePath) -or (Get-Given -Command $Command -Name LiteralPath)
    $bare = @($Command.CommandElements | Select-Object -Skip 1)
    if ($name -eq 'Tee-Object' -and ($file -or ($bare.Count -gt 0 -and $bare[0] -isnot [CommandParameterAst]))) {
        return 'Tee-Object takes no encoding in Windows PowerShell'
    }
    $kind = Get-Given -Command $Command -Name ItemType
    $isFile = $kind -and "$($kind.Extent.Text)".Trim("'", '"') -eq 'File'
    if ($name -eq 'New-Item' -and $isFile -and (Get-Given -Command $Command -Name Value)) {
        return 'New-Item -Value takes no encoding'
    }
}

function Get-NewType {
    <# .SYNOPSIS The type that New-Object or ::new() makes, and its arguments; nothing for another node. #>
    param([Ast]$Node)
    if ($Node -is [InvokeMemberExpressionAst] -and $Node.Static -and "$($Node.Member)" -eq 'new' -and
        $Node.Expression -is [TypeExpressionAst]) {
        $words = @($Node.Arguments | Where-Object { $_ })
        return [pscustomobject]@{ type = Get-TypeName -Name $Node.Expression.TypeName.FullName; arguments = $words }
    }
    if ($Node -isnot [CommandAst] -or $Node.GetCommandName() -ne 'New-Object') { return }
    $type = Get-Given -Command $Node -Name TypeName
    if (-not $type) { $type = $Node.CommandElements[1] }
    $given = Get-Given -Command $Node -Name ArgumentList -Least 1
    if (-not $given -and $Node.CommandElements.Count -gt 2 -and
        $Node.CommandElements[2] -isnot [CommandParameterAst]) { $given = $Node.CommandElements[2] }
    [pscustomobject]@{ type = Get-TypeName -Name $type.Extent.Text; arguments = @(Get-Element -Node $given) }
}

function Get-Element {
    <# .SYNOPSIS The elements of a list as it is written. #>
    param([object]$Node)
    if ($Node -isnot [Ast]) { return }
    if ($Node -is [ArrayLiteralAst]) { return $Node.Elements }
    if ($Node -is [ParenExpressionAst]) { return Get-Element -Node $Node.Pipeline.GetPureExpression() }
    if ($Node -is [ArrayExpressionAst]) {
        foreach ($one in $Node.SubExpression.Statements) { Get-Element -Node $one.GetPureExpression() }
        return
    }
    $Node
}

function Test-StreamEncoding {
    <# .SYNOPSIS Whether a StreamReader or StreamWriter is made with an encoding. #>
    param([object[]]$Argument)
    # The forms without an encoding have one argument, or a switch as the second and last.
    $switch = $Argument.Count -gt 1 -and $Argument[1].Extent.Text -in '$true', '$false'
    $Argument.Count -gt 1 -and (-not $switch -or $Argument.Count -gt 2)
}

function Test-CatchQuotes {
    <# .SYNOPSIS Whether a catch clause shows the error: throws it on, or uses more of it than a place or a number. #>
    param([CatchClauseAst]$Clause)
    foreach ($one in $Clause.Body.FindAll({ $true }, $true)) {
        if ($one -is [ThrowStatementAst] -and -not $one.Pipeline) { return $true }
        if ($one -isnot [VariableExpressionAst] -or $one.VariablePath.UserPath -notin '_', 'PSItem', 'Error') {
            continue
        }
        $top = $one
        while ($top.Parent -is [MemberExpressionAst] -and $top.Parent.Expression -eq $top) { $top = $top.Parent }
        if ($top.Extent.Text -notmatch '\.(LineNumber|LinePosition|Index|HResult)$') { return $true }
    }
    $false
}

function Test-Caught {
    <#
    .SYNOPSIS
        Whether an error of a node ends in a catch that shows nothing of it: around it, or around every call of its
        function in this file.
    .PARAMETER Node
        The node.
    .PARAMETER Type
        The type of the error, without its namespace.
    .PARAMETER Depth
        How many calls led here.
    #>
    param([Ast]$Node, [string]$Type, [int]$Depth = 0)
    for ($now = $Node; $now.Parent -and $now -isnot [FunctionDefinitionAst]; $now = $now.Parent) {
        $try = $now.Parent
        if ($try -isnot [TryStatementAst] -or $try.Body -ne $now) { continue }
        foreach ($clause in $try.CatchClauses) {
            $fits = $clause.IsCatchAll -or @($clause.CatchTypes | Where-Object {
                    (Get-TypeName -Name $_.TypeName.FullName) -in $Type, 'Exception' }).Count -gt 0
            if ($fits) { return -not (Test-CatchQuotes -Clause $clause) }
        }
    }
    if ($now -isnot [FunctionDefinitionAst] -or $Depth -gt 3) { return $false }
    for ($root = $now; $root.Parent; $root = $root.Parent) { continue }
    $calls = @($root.FindAll({ $args[0] -is [CommandAst] -and $args[0].GetCommandName() -eq $now.Name }, $true))
    $bare = @($calls | Where-Object { -not (Test-Caught -Node $_ -Type $Type -Depth ($Depth + 1)) })
    $calls.Count -gt 0 -and $bare.Count -eq 0
}

function Test-SafeReader {
    <# .SYNOPSIS Whether the function around a reader forbids DTD and resolver in settings that the reader is given. #>
    param([InvokeMemberExpressionAst]$Create)
    $given = @($Create.Arguments | Where-Object { $_ })
    if ($given.Count -lt 2) { return $false }
    $settings = [regex]::Escape($given[1].Extent.Text)
    $around = (Get-Enclosing -Node $Create).Extent.Text
    $around -match "$settings\.DtdProcessing\s*=\s*(\[(System\.Xml\.)?DtdProcessing\]::|'|`")Prohibit" -and
        $around -match "$settings\.XmlResolver\s*=\s*\`$null"
}

function Get-CommandProblem {
    <# .SYNOPSIS What is wrong with a command: rule and text. #>
    param([CommandAst]$Node)
    $name = "$($Node.GetCommandName())" -replace '^.*\\', ''
    $text = Test-CommandEncoding -Command $Node
    if ($text) { 'encoding', $text }
    if ($name -eq 'Get-FileHash') { 'sharing', 'use Get-SeedFileHash' }
    if ($name -eq 'ConvertFrom-Json') {
        $around = Get-Enclosing -Node $Node
        if ($around -isnot [FunctionDefinitionAst] -or $around.Name -ne 'Read-SeedJson') {
            'quoting', 'JSON is read by Read-SeedJson alone'
        }
    }
    if ($name -in 'Select-Xml', 'Import-Clixml') { 'xml', "$name parses without settings" }
}

function Get-NewProblem {
    <# .SYNOPSIS What is wrong with an object that is made: rule and text. #>
    param([Ast]$Node)
    $new = Get-NewType -Node $Node
    if (-not $new) { return }
    if ($new.type -in 'streamreader', 'streamwriter' -and -not (Test-StreamEncoding -Argument $new.arguments)) {
        'encoding', "$($new.type) without an encoding"
    }
    if ($new.type -in 'xml', 'xmldocument', 'xmltextreader', 'xpathdocument') { 'xml', 'use XmlReader with settings' }
    if ($new.type -in $script:Quoting -and @($new.arguments | Where-Object {
                Test-TextExpression -Node $_ }).Count -gt 0) { 'quoting', "use [$($new.type)]::TryParse" }
}

function Get-CallProblem {
    <# .SYNOPSIS What is wrong with a static call: rule and text. #>
    param([InvokeMemberExpressionAst]$Node)
    if (-not $Node.Static -or $Node.Expression -isnot [TypeExpressionAst]) { return }
    $type = Get-TypeName -Name $Node.Expression.TypeName.FullName
    $member = "$($Node.Member)".Trim("'", '"')
    $count = @($Node.Arguments | Where-Object { $_ }).Count
    if ($type -eq 'file' -and $script:FileMethod.ContainsKey($member) -and $count -lt $script:FileMethod[$member]) {
        'encoding', "[IO.File]::$member without an encoding"
    }
    if ($type -in 'xdocument', 'xelement' -and $member -in 'Parse', 'Load') { 'xml', 'use XmlReader with settings' }
    elseif ($member -in 'Parse', 'ParseExact') { 'quoting', "use [$type]::Try$member" }
    if ($type -eq 'convert' -and $member -match '^To(U?Int|Byte|SByte|Single|Double|Decimal|DateTime)' -and
        $count -gt 0 -and (Test-TextExpression -Node $Node.Arguments[0])) { 'quoting', 'use TryParse' }
    if ($type -eq 'convert' -and $member -eq 'FromBase64String' -and
        -not (Test-Caught -Node $Node -Type FormatException)) {
        'quoting', 'FromBase64String outside a catch that shows nothing of the error'
    }
    if ($type -eq 'xmlreader' -and $member -eq 'Create') {
        if (-not (Test-SafeReader -Create $Node)) { 'xml', 'XmlReader without settings that forbid DTD and resolver' }
        if (-not (Test-Caught -Node $Node -Type XmlException)) {
            'xml', 'XmlReader outside a catch that shows nothing of the error'
        }
    }
}

function Get-CastProblem {
    <# .SYNOPSIS What is wrong with a cast: rule and text. #>
    param([ConvertExpressionAst]$Node)
    $type = Get-TypeName -Name $Node.Type.TypeName.FullName
    if ($type -in 'xml', 'xmldocument') { 'xml', 'use XmlReader with settings' }
    # A text that stands in the program is known to fit.
    if ($Node.Child -is [StringConstantExpressionAst] -or $Node.Parent -is [AssignmentStatementAst]) { return }
    if ($type -in $script:Quoting) { 'quoting', "a cast to [$type] quotes what does not fit; use TryParse" }
    if ($type -in $script:Number -and (Test-TextExpression -Node $Node.Child)) {
        'quoting', "a cast of text to [$type] quotes what does not fit; use TryParse"
    }
}

function Get-NodeProblem {
    <# .SYNOPSIS What is wrong with a node: rule and text. #>
    param([Ast]$Node)
    if ($Node -is [CommandAst]) { Get-CommandProblem -Node $Node }
    if ($Node -is [CommandAst] -or $Node -is [InvokeMemberExpressionAst]) { Get-NewProblem -Node $Node }
    if ($Node -is [InvokeMemberExpressionAst]) { Get-CallProblem -Node $Node }
    if ($Node -is [ConvertExpressionAst]) { Get-CastProblem -Node $Node }
    if ($Node -is [FileRedirectionAst] -and $Node.Location.Extent.Text -ne '$null') {
        'encoding', 'a redirection takes no encoding'
    }
    if ($Node -is [BinaryExpressionAst] -and "$($Node.Operator)" -eq 'As' -and
        (Get-TypeName -Name $Node.Right.Extent.Text) -in 'xml', 'xmldocument') { 'xml', 'use XmlReader with settings' }
    $default = $Node -is [MemberExpressionAst] -and $Node.Static -and "$($Node.Member)" -eq 'Default' -and
        $Node.Expression -is [TypeExpressionAst] -and
        (Get-TypeName -Name $Node.Expression.TypeName.FullName) -eq 'encoding'
    # To say which one a host has is no use of it.
    if ($default -and $Node.Parent.Extent.Text -notmatch '\.(CodePage|WebName|EncodingName)$') {
        'encoding', '[Text.Encoding]::Default differs from host to host'
    }
}

function Get-Problem {
    <#
    .SYNOPSIS
        What is wrong in a script, in the order of the lines: line, rule and text.
    .PARAMETER Source
        The script.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Source)
    $errors = $null
    $tree = [Parser]::ParseInput($Source, [ref]$null, [ref]$errors)
    foreach ($one in @($errors)) {
        [pscustomobject]@{ line = $one.Extent.StartLineNumber; rule = 'parse'; text = $one.Message }
    }
    $found = foreach ($node in $tree.FindAll({ $true }, $true)) {
        $words = @(Get-NodeProblem -Node $node)
        for ($at = 0; $at -lt $words.Count; $at += 2) {
            [pscustomobject]@{
                line = $node.Extent.StartLineNumber
                rule = $words[$at]
                text = $words[$at + 1]
            }
        }
    }
    $found | Sort-Object -Property line -Stable
}

function Invoke-Check {
    <#
    .SYNOPSIS
        Prints a line for each problem of the scripts below folders, and returns whether there is none.
    .PARAMETER Path
        The folders.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string[]]$Path)
    $files = @(Get-ChildItem -Path $Path -Recurse -File | Where-Object { $_.Extension -in '.ps1', '.psm1' })
    $count = 0
    foreach ($file in $files) {
        $source = [System.IO.File]::ReadAllText($file.FullName, [System.Text.Encoding]::UTF8)
        foreach ($one in @(Get-Problem -Source $source | Where-Object { $_ })) {
            $count++
            $name = Resolve-Path -LiteralPath $file.FullName -Relative
            Write-Host -Object "${name}:$($one.line): $($one.rule): $($one.text)"
        }
    }
    Write-Host -Object "$($files.Count) files, $count problems"
    $files.Count -gt 0 -and $count -eq 0
}

Export-ModuleMember -Function Get-Problem, Invoke-Check
