# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'removing attempts' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/attempts.ps1')
        $env:PATH = (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'lab/windows/bin') +
            [System.IO.Path]::PathSeparator + $env:PATH
    }
    BeforeEach {
        New-TestWorld
        $option = New-Option
        function Get-Drive {
            param([string[]]$Discard = @())
            [pscustomobject]@{
                facts = [pscustomobject]@{ serial = 'WD-WX31A10FE02' }
                option = [pscustomobject]@{ discard_attempts = $Discard }
            }
        }
    }
    AfterEach { Remove-TestWorld }

    It 'is refused while a run is alive' {
        $null = New-Folder -Id $first -Run @{ state = 'running'; runner = $me }
        { Assert-SeedRemovable -Drive (Get-Drive -Discard $first) -Option $option } | Should -Throw '*worked on*'
    }
    It 'is refused when it is not known how an attempt stands, unless its id is given' {
        $folder = New-Folder -Id $first -Run @{}
        Set-Content -LiteralPath "$folder\run.json" -Value '{' -Encoding utf8
        { Assert-SeedRemovable -Drive (Get-Drive) -Option $option } | Should -Throw '*is not known*'
        Assert-SeedRemovable -Drive (Get-Drive -Discard $first) -Option $option
    }
    It 'is refused while the journal of a complete attempt is in no escrow' {
        $folder = New-Folder -Id $first -Run @{} -Journal
        $hash = (Get-SeedFileHash -Path "$folder\WD-WX31A10FE02.jrn" -Algorithm SHA256).ToLowerInvariant()
        { Assert-SeedRemovable -Drive (Get-Drive) -Option $option -Escrowed 'x' } | Should -Throw '*escrowed*'
        Assert-SeedRemovable -Drive (Get-Drive) -Option $option -Escrowed 'x', $hash
    }
    It 'changes nothing where there is nothing' {
        (Invoke-SeedClean -Option $option).changed | Should -BeFalse
    }
    It 'leaves the folder of the seed while another drive has attempts in it' {
        $folder = New-Folder -Id $first -Run @{} -Discarded
        $null = New-Item -ItemType Directory -Path "$work\seeds\one\OTHER"
        (Invoke-SeedClean -Option $option).changed | Should -BeTrue
        Test-Path -LiteralPath $folder | Should -BeFalse
        Test-Path -LiteralPath "$work\seeds\one\OTHER" | Should -BeTrue
    }
    It 'fails when Windows refuses' {
        $null = New-Folder -Id $first -Run @{} -Discarded
        Mock Remove-Item {
            [CmdletBinding()]param($LiteralPath, [switch]$Recurse, [switch]$Force)
            Write-Error -Message 'denied'
        } -ModuleName _Clean
        { Invoke-SeedClean -Option $option } | Should -Throw '*denied*'
    }
    It 'needs no escrow for an attempt that is given up or failed' {
        $null = New-Folder -Id $first -Run @{} -Journal -Discarded
        $null = New-Folder -Id $second -Run @{ sessions = @() }
        Assert-SeedRemovable -Drive (Get-Drive) -Option $option
    }
}
