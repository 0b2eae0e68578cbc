# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'C# that ansible-core sends' {
    BeforeAll {
        Import-Module -Name LabCompiler -Force
        # What LabCompiler relies on of Add-CSharpType, which ansible-core imports from text too.
        $null = New-Module -Name TestAddType -ScriptBlock {
            function Add-CSharpType {
                param([string[]]$References, [switch]$PassThru, [string[]]$CompileSymbols)
                [System.IO.File]::AppendAllText([System.IO.Path]::Combine($env:LAB_COMPILED, 'calls'), 'x')
                if ("$References" -match 'no C#') { throw 'Failed to compile C# code' }
                $source = [System.IO.Path]::Combine($env:LAB_COMPILED, [System.Guid]::NewGuid().ToString('N'))
                Add-Type -TypeDefinition "$References" -OutputAssembly $source -OutputType Library
                $code_ms = [System.IO.MemoryStream]::new([System.IO.File]::ReadAllBytes($source))
                $code_ms.Seek(0, [System.IO.SeekOrigin]::Begin) > $null
                $compiled_assembly = [System.Runtime.Loader.AssemblyLoadContext]::Default.LoadFromStream($code_ms)
                if ($PassThru) { $compiled_assembly }
            }
        } | Import-Module -Scope Global
        function Get-TestCompiled { (Get-Item -LiteralPath "$env:LAB_COMPILED/calls").Length }
        function Get-TestKept { Get-ChildItem -Path $env:LAB_COMPILED -Filter '*.dll' }
    }
    AfterAll { Remove-Module -Name TestAddType, LabCompiler }
    BeforeEach {
        $env:LAB_COMPILED = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [System.Guid]::NewGuid())
        $null = New-Item -Path $env:LAB_COMPILED -ItemType Directory
        # Each test has a type of its own, because an assembly stays in the process.
        $script:name = 'T' + [System.Guid]::NewGuid().ToString('N')
        $script:text = "public class $script:name { public static int Seven() { return 7; } }"
    }
    AfterEach {
        Remove-Item -LiteralPath $env:LAB_COMPILED -Recurse
        $env:LAB_COMPILED = $null
    }

    It 'is compiled once, and then loaded from what was kept' {
        Add-LabCSharpType -References $script:text
        ($script:name -as [type])::Seven() | Should -Be 7
        $kept = @(Get-TestKept)
        $kept.Count | Should -Be 1
        # Another assembly in its place shows where the second one comes from.
        Remove-Item -LiteralPath $kept[0].FullName
        Add-Type -TypeDefinition $script:text.Replace($script:name, "U$script:name") -OutputType Library `
            -OutputAssembly $kept[0].FullName
        Add-LabCSharpType -References $script:text
        ("U$script:name" -as [type])::Seven() | Should -Be 7
        Get-TestCompiled | Should -Be 1
    }
    It 'is compiled for itself when the text or its symbols differ' {
        Add-LabCSharpType -References $script:text
        Add-LabCSharpType -References $script:text.Replace($script:name, "U$script:name")
        Add-LabCSharpType -References $script:text -CompileSymbols 'ONE'
        @(Get-TestKept).Count | Should -Be 3
    }
    It 'is not kept when the caller wants more than the types: <text>' -ForEach @(
        @{ more = @{ PassThru = $true }; text = '' }
        @{ more = @{}; text = '//TypeAccelerator -Name Short -TypeName Long' }
    ) {
        $null = Add-LabCSharpType -References "$script:text$text" @more
        Get-TestCompiled | Should -Be 1
        @(Get-TestKept).Count | Should -Be 0
    }
    It 'is refused each time when it does not compile' {
        foreach ($time in 1, 2) {
            { Add-LabCSharpType -References 'no C#' } | Should -Throw 'Failed to compile*'
        }
        Get-TestCompiled | Should -Be 2
        @(Get-TestKept).Count | Should -Be 0
    }
    It 'reaches the stand-in by the name that ansible-core calls' {
        Add-CSharpType -References $script:text
        @(Get-TestKept).Count | Should -Be 1
    }
}
