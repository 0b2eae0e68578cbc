# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The part of Pester 5 that the tests use: Describe, Context, It with -ForEach, BeforeAll, BeforeEach, AfterEach,
# AfterAll, Should, and Mock of a command inside a module.

$script:stack = $null
$script:results = $null
$script:mocks = $null
$script:stops = $false

function New-TestBlock {
    param([string]$Name)
    @{
        name = $Name
        before_all = @()
        before_each = @()
        after_each = @()
        after_all = @()
        children = [System.Collections.Generic.List[object]]::new()
    }
}

function Invoke-TestFile {
    <#
    .SYNOPSIS
        Runs one file and returns a name, an outcome and a message for each test.
    .PARAMETER Path
        Path of the file.
    .PARAMETER First
        Whether the first failure ends the run.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][string]$Path, [switch]$First)
    $script:stops = [bool]$First
    $root = New-TestBlock -Name ''
    $script:stack = [System.Collections.Generic.Stack[object]]::new()
    $script:stack.Push($root)
    $script:results = [System.Collections.Generic.List[object]]::new()
    $script:mocks = @{}
    try { . $Path }
    catch {
        $message = "$_ $($_.ScriptStackTrace)"
        $script:results.Add([pscustomobject]@{ name = 'discovery'; passed = $false; message = $message })
    }
    Invoke-TestBlock -Block $root -Each @() -Ends @() -Trail ''
    $script:results
}

function Describe { param([string]$Name, [scriptblock]$Fixture) Add-TestBlock -Name $Name -Fixture $Fixture }
function Context { param([string]$Name, [scriptblock]$Fixture) Add-TestBlock -Name $Name -Fixture $Fixture }

function Add-TestBlock {
    param([string]$Name, [scriptblock]$Fixture)
    $block = New-TestBlock -Name $Name
    $script:stack.Peek().children.Add($block)
    $script:stack.Push($block)
    . $Fixture
    $null = $script:stack.Pop()
}

function BeforeAll { param([scriptblock]$Body) $script:stack.Peek().before_all += $Body }
function BeforeEach { param([scriptblock]$Body) $script:stack.Peek().before_each += $Body }
function AfterEach { param([scriptblock]$Body) $script:stack.Peek().after_each += $Body }
function AfterAll { param([scriptblock]$Body) $script:stack.Peek().after_all += $Body }

function It {
    param([Parameter(Position = 0)][string]$Name, [Parameter(Position = 1)][scriptblock]$Test, [object[]]$ForEach)
    if ($PSBoundParameters.ContainsKey('ForEach')) {
        foreach ($case in $ForEach) { $script:stack.Peek().children.Add(@{ it = $Name; test = $Test; case = $case }) }
    }
    else { $script:stack.Peek().children.Add(@{ it = $Name; test = $Test; case = $null }) }
}

function Invoke-TestBlock {
    param([hashtable]$Block, [object[]]$Each, [object[]]$Ends, [string]$Trail)
    $trailNow = "$Trail$($Block.name) "
    $eachNow = @($Each) + @($Block.before_each)
    $endsNow = @($Block.after_each) + @($Ends)
    # A block of a test file runs in the file's own scope when it is dot-sourced, so what a set-up makes is there for
    # the tests.
    foreach ($setUp in $Block.before_all) { . $setUp }
    foreach ($child in $Block.children) {
        if ($script:stops -and @($script:results | Where-Object { -not $_.passed }).Count -gt 0) { break }
        if ($child.ContainsKey('it')) { Invoke-OneTest -Test $child -Each $eachNow -Ends $endsNow -Trail $trailNow }
        else { Invoke-TestBlock -Block $child -Each $eachNow -Ends $endsNow -Trail $trailNow }
    }
    foreach ($tearDown in $Block.after_all) { . $tearDown }
}

function Invoke-OneTest {
    param([hashtable]$Test, [object[]]$Each, [object[]]$Ends, [string]$Trail)
    $name = $Test.it
    $message = ''
    try {
        $variables = [System.Collections.Generic.List[psvariable]]::new()
        if ($Test.case -is [System.Collections.IDictionary]) {
            foreach ($key in $Test.case.Keys) {
                $variables.Add([psvariable]::new($key, $Test.case[$key]))
                $name = $name -replace "<$key>", "$($Test.case[$key])"
            }
        }
        foreach ($setUp in $Each) { . $setUp }
        if ($variables.Count -gt 0) { $null = $Test.test.InvokeWithContext($null, $variables) }
        else { . $Test.test }
    }
    catch { $message = "$_ at $($_.InvocationInfo.ScriptName):$($_.InvocationInfo.ScriptLineNumber)" }
    finally {
        foreach ($tearDown in $Ends) { . $tearDown }
        Clear-TestMock
    }
    $script:results.Add([pscustomobject]@{ name = "$Trail$name"; passed = ($message -eq ''); message = $message })
}

function Mock {
    <# .SYNOPSIS Replaces a command, as the functions of one module see it, until the test ends. #>
    param(
        [Parameter(Mandatory, Position = 0)][string]$CommandName,
        [Parameter(Mandatory, Position = 1)][scriptblock]$MockWith,
        [Parameter(Mandatory)][string]$ModuleName
    )
    $module = Get-Module -Name $ModuleName
    $key = "$ModuleName|$CommandName"
    $before = & $module {
        param($name, $body)
        # A function of the module itself comes back when the test ends; any other command was only covered.
        $own = Microsoft.PowerShell.Management\Get-ChildItem -Path function: | Where-Object {
            $_.Name -eq $name -and $_.ModuleName -eq $ExecutionContext.SessionState.Module.Name
        }
        if ($own) { $own.ScriptBlock }
        Set-Item -Path "function:script:$name" -Value $body
    } $CommandName $MockWith
    if (-not $script:mocks.ContainsKey($key)) { $script:mocks[$key] = @{ module = $module; before = $before } }
}

function Clear-TestMock {
    foreach ($key in @($script:mocks.Keys)) {
        & $script:mocks[$key].module {
            param($name, $before)
            if ($before) { Set-Item -Path "function:script:$name" -Value $before }
            else { Remove-Item -LiteralPath "function:$name" -ErrorAction Ignore }
        } $key.Split('|')[1] $script:mocks[$key].before
    }
    $script:mocks = @{}
}

function Should {
    <# .SYNOPSIS Throws when the value is not what it should be. #>
    param(
        [Parameter(ValueFromPipeline)][object]$Actual,
        [switch]$Not,
        [object]$Be,
        [object]$BeExactly,
        [switch]$BeTrue,
        [switch]$BeFalse,
        [switch]$BeNullOrEmpty,
        [string]$Match,
        [string]$BeLike,
        [switch]$Throw,
        [Parameter(Position = 0)][string]$ExpectedMessage,
        [int]$HaveCount,
        [object]$Contain,
        [object]$BeGreaterThan
    )
    begin { $items = [System.Collections.Generic.List[object]]::new() }
    process { $items.Add($Actual) }
    end {
        $bound = $PSBoundParameters
        $value = $(if ($items.Count -eq 1) { $items[0] } else { $items.ToArray() })
        $outcome, $wish = Test-Should -Bound $bound -Value $value -Items $items
        if ($outcome -eq [bool]$Not) {
            throw "Expected $(if ($Not) { 'not ' })$wish, but got '$(@($items) -join ', ')'."
        }
    }
}

function Test-Should {
    param([object]$Bound, [object]$Value, [System.Collections.Generic.List[object]]$Items)
    $list = @($Items | Where-Object { $null -ne $_ })
    switch ($Bound.Keys) {
        'Be' { return ((@($list) -join "`n") -eq (@($Bound['Be']) -join "`n")), "'$($Bound['Be'])'" }
        'BeExactly' {
            $same = (@($list) -join "`n") -ceq (@($Bound['BeExactly']) -join "`n")
            return $same, "exactly '$($Bound['BeExactly'])'"
        }
        'BeTrue' { return [bool]$Value, 'true' }
        'BeFalse' { return (-not $Value), 'false' }
        'BeNullOrEmpty' { return ($list.Count -eq 0 -or "$Value" -eq ''), 'nothing' }
        'Match' { return ("$Value" -match $Bound['Match']), "a match of '$($Bound['Match'])'" }
        'BeLike' { return ("$Value" -like $Bound['BeLike']), "something like '$($Bound['BeLike'])'" }
        'HaveCount' { return ($list.Count -eq $Bound['HaveCount']), "$($Bound['HaveCount']) items" }
        'Contain' { return ($list -contains $Bound['Contain']), "'$($Bound['Contain'])' among them" }
        'BeGreaterThan' { return ($Value -gt $Bound['BeGreaterThan']), "more than $($Bound['BeGreaterThan'])" }
        'Throw' {
            try { $null = & $Value }
            catch {
                $pattern = $(if ($Bound.ContainsKey('ExpectedMessage')) { $Bound['ExpectedMessage'] } else { '*' })
                return ("$_" -like $pattern), "an error like '$($Bound['ExpectedMessage'])', not '$_'"
            }
            return $false, 'an error'
        }
    }
    throw 'Should needs an operator'
}

Export-ModuleMember -Function Invoke-TestFile, Describe, Context, It, BeforeAll, BeforeEach, AfterEach, AfterAll,
    Should, Mock
