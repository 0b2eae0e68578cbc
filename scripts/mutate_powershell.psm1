# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The PowerShell side of mutate_powershell.py: the small changes that a script can take, and a worker that runs test
# files in one warm process.

$script:Opposite = @{
    eq = 'ne'; ne = 'eq'; lt = 'ge'; ge = 'lt'; gt = 'le'; le = 'gt'; in = 'notin'; notin = 'in'; and = 'or'; or = 'and'
    contains = 'notcontains'; notcontains = 'contains'; like = 'notlike'; notlike = 'like'; match = 'notmatch'
    notmatch = 'match'
}
# Verbs of commands whose statement is dropped: what they are called for is what they do, not what they return.
$script:Acting = 'Add', 'Assert', 'Clear', 'Close', 'Initialize', 'Lock', 'Open', 'Remove', 'Save', 'Set', 'Stop',
    'Unregister', 'Write'

function Get-Opposite {
    <#
    .SYNOPSIS
        The opposite of an operator as it is written, -ceq for -cne; nothing for one that has none.
    #>
    param([string]$Operator)
    $plain = $Operator.TrimStart('-').ToLowerInvariant()
    if ($script:Opposite.ContainsKey($plain)) { return "-$($script:Opposite[$plain])" }
    if ($plain.Length -gt 2 -and $plain[0] -in 'c', 'i' -and $script:Opposite.ContainsKey($plain.Substring(1))) {
        return "-$($plain[0])$($script:Opposite[$plain.Substring(1)])"
    }
}

function Get-NodeChange {
    <#
    .SYNOPSIS
        What a node of the syntax tree can be changed to: extent and text, one small change each.
    .PARAMETER Node
        The node.
    #>
    param([System.Management.Automation.Language.Ast]$Node)
    $change = { param($extent, $text) [pscustomobject]@{ extent = $extent; text = $text } }
    switch ($Node.GetType().Name) {
        'BinaryExpressionAst' {
            $other = Get-Opposite -Operator $Node.ErrorPosition.Text
            if ($other) { & $change $Node.ErrorPosition $other }
            if ("$($Node.Operator)" -in 'And', 'Or') {
                & $change $Node.Extent $Node.Left.Extent.Text
                & $change $Node.Extent $Node.Right.Extent.Text
            }
        }
        'UnaryExpressionAst' {
            if ("$($Node.TokenKind)" -in 'Not', 'Exclaim') { & $change $Node.Extent $Node.Child.Extent.Text }
        }
        'IfStatementAst' {
            foreach ($clause in $Node.Clauses) {
                $condition = $clause.Item1.Extent
                # A condition that is one comparison or one negation is negated by its operator already.
                if (-not (Test-Negated -Pipeline $clause.Item1)) { & $change $condition "-not ($($condition.Text))" }
                $last = $clause.Item2.Statements | Select-Object -Last 1
                if ($last -is [System.Management.Automation.Language.ThrowStatementAst] -or
                    $last -is [System.Management.Automation.Language.ReturnStatementAst] -or
                    $last -is [System.Management.Automation.Language.ContinueStatementAst]) {
                    & $change $condition '$false'
                }
            }
        }
        'ThrowStatementAst' {
            $block = $Node.Parent
            $alone = $block -is [System.Management.Automation.Language.StatementBlockAst] -and
                $block.Statements.Count -eq 1 -and
                $block.Parent -is [System.Management.Automation.Language.IfStatementAst]
            if (-not $alone) { & $change $Node.Extent '$null' }
        }
        'PipelineAst' {
            if ($Node.Parent -is [System.Management.Automation.Language.NamedBlockAst] -or
                $Node.Parent -is [System.Management.Automation.Language.StatementBlockAst]) {
                $command = $Node.PipelineElements[0]
                if ($command -is [System.Management.Automation.Language.CommandAst] -and
                    "$($command.GetCommandName())" -match '^([A-Z][a-z]+)-' -and $Matches[1] -in $script:Acting) {
                    & $change $Node.Extent '$null = 1'
                }
            }
        }
        'CommandParameterAst' {
            if ($Node.ParameterName -eq 'ErrorAction') {
                $elements = @($Node.Parent.CommandElements)
                $value = $elements[$elements.IndexOf($Node) + 1]
                if ($value.Extent.Text -eq 'Stop') { & $change $value.Extent 'SilentlyContinue' }
            }
        }
        'ConstantExpressionAst' {
            if ($Node.Extent.Text -eq '0') { & $change $Node.Extent '1' }
            if ($Node.Extent.Text -eq '1') { & $change $Node.Extent '0' }
        }
        'VariableExpressionAst' {
            if ($Node.VariablePath.UserPath -eq 'true') { & $change $Node.Extent '$false' }
            if ($Node.VariablePath.UserPath -eq 'false') { & $change $Node.Extent '$true' }
        }
    }
}

function Test-Negated {
    <#
    .SYNOPSIS
        Whether a condition is a single comparison or negation.
    .PARAMETER Pipeline
        The condition.
    #>
    param([System.Management.Automation.Language.Ast]$Pipeline)
    $expression = $Pipeline.GetPureExpression()
    if ($expression -is [System.Management.Automation.Language.UnaryExpressionAst]) { return $true }
    $expression -is [System.Management.Automation.Language.BinaryExpressionAst] -and
        "$($expression.Operator)" -notin 'And', 'Or' -and [bool](Get-Opposite -Operator $expression.ErrorPosition.Text)
}

function Get-Mutant {
    <#
    .SYNOPSIS
        The mutants of a script in the order of their place: line, change and source. Each parses.
    .DESCRIPTION
        Attributes, such as those of parameters, and the list of exported functions stay as they are.
    .PARAMETER Source
        The script.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Source)
    $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseInput($Source, [ref]$null, [ref]$errors)
    if (@($errors).Count -gt 0) { throw "The script does not parse: $($errors[0].Message)" }
    $found = foreach ($node in $tree.FindAll({ $true }, $true)) {
        if (Test-LeftOut -Node $node) { continue }
        Get-NodeChange -Node $node
    }
    $number = 0
    foreach ($one in @($found | Sort-Object -Property { $_.extent.StartOffset } -Stable)) {
        $after = $Source.Substring($one.extent.EndOffset)
        $mutated = $Source.Substring(0, $one.extent.StartOffset) + $one.text + $after
        $null = [System.Management.Automation.Language.Parser]::ParseInput($mutated, [ref]$null, [ref]$errors)
        if (@($errors).Count -gt 0) { continue }
        [pscustomobject]@{
            number = $number++
            line = $one.extent.StartLineNumber
            change = "$(Get-Short -Text $one.extent.Text)  ->  $(Get-Short -Text $one.text)"
            context = $Source.Split("`n")[$one.extent.StartLineNumber - 1].Trim()
            source = $mutated
        }
    }
}

function Test-LeftOut {
    <# .SYNOPSIS Whether a node lies in an attribute or in the list of exported functions. #>
    param([System.Management.Automation.Language.Ast]$Node)
    for ($now = $Node; $now; $now = $now.Parent) {
        if ($now -is [System.Management.Automation.Language.AttributeAst]) { return $true }
        if ($now -is [System.Management.Automation.Language.CommandAst] -and
            $now.GetCommandName() -eq 'Export-ModuleMember') { return $true }
    }
    $false
}

function Get-Short {
    <# .SYNOPSIS A text as one short line. #>
    param([string]$Text)
    $line = $Text -replace '\s+', ' '
    if ($line.Length -gt 90) { return $line.Substring(0, 87) + '...' }
    $line
}

function Invoke-TestSet {
    <#
    .SYNOPSIS
        Runs test files in a fresh runspace of this process until the first failure; returns that failure, or an empty
        text.
    .PARAMETER Root
        The copy of the collection.
    .PARAMETER Path
        The test files.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Root, [Parameter(Mandatory = $true)][string[]]$Path)
    $environment = [System.Environment]::GetEnvironmentVariables()
    $shell = [powershell]::Create()
    try {
        $null = $shell.AddScript({
                param($root, $paths)
                Set-StrictMode -Version 3.0
                $ErrorActionPreference = 'Stop'
                Set-Location -LiteralPath $root
                $env:SEEDFREIGHT_TESTS = "$root/tests"
                $env:PSModulePath = "$root/tests/lab/windows/Modules" + [System.IO.Path]::PathSeparator +
                    $env:PSModulePath
                Import-Module -Name "$root/tests/unit/runner/Runner.psm1"
                $tests = 0
                foreach ($path in $paths) {
                    foreach ($test in Invoke-TestFile -Path $path -First) {
                        $tests++
                        if (-not $test.passed) { return "$($test.name): $($test.message)" }
                    }
                }
                if ($tests -eq 0) { return 'no test was found' }
                'passed'
            }).AddArgument($Root).AddArgument($Path)
        $answer = "$($shell.Invoke() | Select-Object -Last 1)"
        if ($answer -eq 'passed') { return '' }
        if ($answer) { return $answer }
        'the tests ended without a word'
    }
    catch { "$_" }
    finally {
        $shell.Dispose()
        foreach ($name in @([System.Environment]::GetEnvironmentVariables().Keys)) {
            if (-not $environment.Contains($name)) { [System.Environment]::SetEnvironmentVariable($name, $null) }
        }
        foreach ($name in $environment.Keys) {
            [System.Environment]::SetEnvironmentVariable($name, $environment[$name])
        }
    }
}

function Start-Worker {
    <#
    .SYNOPSIS
        Answers one order a line from standard input, as JSON, until it ends. An answer follows the mark, because tests
        may print too.
    .DESCRIPTION
        {"mutants": FILE} is answered with the mutants of a file, {"tests": [FILE...], "root": FOLDER} with the first
        failure.
    .PARAMETER Mark
        The mark.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Mark)
    while ($null -ne ($line = [Console]::In.ReadLine())) {
        $order = ConvertFrom-Json -InputObject $line -AsHashtable
        if ($order.ContainsKey('mutants')) {
            $source = [System.IO.File]::ReadAllText($order['mutants'], [System.Text.Encoding]::UTF8)
            $answer = @(Get-Mutant -Source $source)
        }
        else { $answer = Invoke-TestSet -Root $order['root'] -Path $order['tests'] }
        $json = ConvertTo-Json -InputObject $answer -Depth 3 -Compress -EscapeHandling EscapeNonAscii
        [Console]::Out.WriteLine("`n$Mark$json")
        [Console]::Out.Flush()
    }
}

Export-ModuleMember -Function Get-Mutant, Invoke-TestSet, Start-Worker
