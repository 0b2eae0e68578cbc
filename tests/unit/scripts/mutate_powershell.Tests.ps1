# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the mutants of PowerShell' {
    BeforeAll {
        $scripts = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../scripts'
        Import-Module -Name "$scripts/mutate_powershell.psm1" -Force
    }
    AfterAll { Remove-Module -Name mutate_powershell }

    It 'changes <code> to <expected>' -ForEach @(
        @{ code = '$a -eq $b'; expected = '$a -ne $b' }
        @{ code = '$a -cne $b'; expected = '$a -ceq $b' }
        @{ code = '$a -LT $b'; expected = '$a -ge $b' }
        @{ code = '$a -gt $b'; expected = '$a -le $b' }
        @{ code = '$a -in $b'; expected = '$a -notin $b' }
        @{ code = '$a -notcontains $b'; expected = '$a -contains $b' }
        @{ code = '$a -notlike $b'; expected = '$a -like $b' }
        @{ code = '$a -imatch $b'; expected = '$a -inotmatch $b' }
        @{ code = '$a -and $b'; expected = '$a | $a -or $b | $b' }
        @{ code = '-not $a'; expected = '$a' }
        @{ code = '!$a'; expected = '$a' }
        @{ code = 'if ($a) { $b }'; expected = 'if (-not ($a)) { $b }' }
        @{ code = 'if ($a) { return }'; expected = 'if (-not ($a)) { return } | if ($false) { return }' }
        @{ code = 'if (-not $a) { throw 2 }'; expected = 'if ($a) { throw 2 } | if ($false) { throw 2 }' }
        @{ code = 'try { $a } catch { throw }'; expected = 'try { $a } catch { $null }' }
        @{ code = 'Assert-It -That $a'; expected = '$null = 1' }
        @{ code = 'Clear-It $a | Out-Null'; expected = '$null = 1' }
        @{ code = 'Get-It -ErrorAction Stop'; expected = 'Get-It -ErrorAction SilentlyContinue' }
        @{ code = '$a = 0'; expected = '$a = 1' }
        @{ code = '$a = 1'; expected = '$a = 0' }
        @{ code = '$a = $true'; expected = '$a = $false' }
        @{ code = 'Get-It -Confirm:$false'; expected = 'Get-It -Confirm:$true' }
    ) { (Get-Mutant -Source $code).source | Sort-Object | Join-String -Separator ' | ' | Should -BeExactly $expected }

    It 'leaves <code> as it is' -ForEach @(
        @{ code = 'param([Parameter(Mandatory = $true)][string]$A)' }
        @{ code = '$a = Assert-It' }
        @{ code = 'Get-It -ErrorAction SilentlyContinue' }
        @{ code = "'1 -eq 0'" }
        @{ code = '<# -eq #>' }
        @{ code = '$a = 512' }
        @{ code = 'Export-ModuleMember -Function a, 1' }
    ) { @(Get-Mutant -Source $code).Count | Should -Be 0 }

    It 'makes other scripts that parse of <name>, one change each' -ForEach @(
        Get-ChildItem -Path "$env:SEEDFREIGHT_TESTS/../plugins/module_utils" -Filter '_*.psm1' |
            Where-Object { $_.Name -notlike '_Agent*' } | ForEach-Object { @{ name = $_.Name; path = $_.FullName } }
    ) {
        $source = [System.IO.File]::ReadAllText($path)
        $mutants = @(Get-Mutant -Source $source)
        $mutants.Count | Should -BeGreaterThan 1
        @($mutants.source | Sort-Object -Unique -CaseSensitive).Count | Should -BeGreaterThan ($mutants.Count * 0.9)
        $mutants.source | Should -Not -Contain $source
        foreach ($one in $mutants) { $source.Split("`n")[$one.line - 1].Trim() | Should -BeExactly $one.context }
    }
    It 'refuses a script that does not parse' { { Get-Mutant -Source 'if (' } | Should -Throw '*does not parse*' }

    Context 'tests in a runspace of their own' {
        BeforeEach {
            $folder = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath ([guid]::NewGuid().ToString('N'))
            $runner = New-Item -ItemType Directory -Path "$folder/tests/unit/runner" -Force
            Copy-Item -LiteralPath "$env:SEEDFREIGHT_TESTS/unit/runner/Runner.psm1" -Destination $runner.FullName
        }
        AfterEach { Remove-Item -LiteralPath $folder -Recurse }
        It 'says nothing when they pass, and leaves nothing behind' {
            Set-Content -LiteralPath "$folder/a.ps1" -Encoding utf8 -Value (
                'Describe x { It y { $env:SeedLeft = "b"; $global:SeedLeft = 1; $env:SEEDFREIGHT_TESTS | ' +
                    'Should -Not -Be ' + "'$env:SEEDFREIGHT_TESTS'" + ' } }'
            )
            Invoke-TestSet -Root $folder -Path "$folder/a.ps1" | Should -BeExactly ''
            $env:SeedLeft | Should -BeNullOrEmpty
            Get-Variable -Name SeedLeft -Scope Global -ErrorAction Ignore | Should -BeNullOrEmpty
        }
        It 'names the first failure and stops there' {
            Set-Content -LiteralPath "$folder/a.ps1" -Encoding utf8 -Value (
                "Describe x { It a { 1 | Should -Be 2 }; It b { Set-Content -LiteralPath '$folder/ran' 1 } }"
            )
            Invoke-TestSet -Root $folder -Path "$folder/a.ps1" | Should -BeLike '*x a: Expected*'
            Test-Path -LiteralPath "$folder/ran" | Should -BeFalse
        }
        It 'takes no test, and a file that cannot be read, for a failure' {
            Set-Content -LiteralPath "$folder/a.ps1" -Encoding utf8 -Value ''
            Invoke-TestSet -Root $folder -Path "$folder/a.ps1" | Should -Be 'no test was found'
            Invoke-TestSet -Root $folder -Path "$folder/none.ps1" | Should -Not -BeNullOrEmpty
        }
    }
}
