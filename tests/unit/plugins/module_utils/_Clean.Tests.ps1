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
        Mock Get-SeedTreeItem {
            [pscustomobject]@{ Attributes = 0 } |
                Add-Member -MemberType ScriptMethod -Name Delete -Value { throw 'denied' } -PassThru
        } -ModuleName _Folder
        { Invoke-SeedClean -Option $option } | Should -Throw '*denied*'
    }
    It 'goes on after a removal that ended at any of its files, in <encryption>' -ForEach @(
        @{ encryption = 'tool'; journal = 'WD-WX31A10FE02.jrn' }
        @{ encryption = 'managed'; journal = 'WD-WX31A10FE02.new.jrn' }
    ) {
        function New-TestAttempt {
            $made = New-Folder -Id $first -Run @{} -Journal -More @{ encryption = $encryption }
            if (-not (Test-Path -LiteralPath "$made\$journal")) {
                [System.IO.File]::Copy($sample, (Resolve-SeedPath -Path "$made\$journal"))
            }
            foreach ($name in 'order.json.taken', 'output.txt', 'runner.ps1', 'tool.json', 'verify.json') {
                Write-SeedJson -Path "$made\$name" -Value @{ a = 1 }
            }
            $null = New-Item -ItemType Directory -Path "$made\logs"
            $made
        }
        $made = New-TestAttempt
        $hash = (Get-SeedFileHash -Path "$made\$journal" -Algorithm SHA256).ToLowerInvariant()
        $kept = New-Option -More @{ escrowed = @($hash) }
        $count = @(Get-SeedTreeItem -Path $made).Count
        for ($ended = 1; $ended -lt $count; $ended++) {
            # What a file that somebody has open leaves.
            $global:TestLeft = $ended
            Mock Remove-SeedTree {
                param($Path, $Last)
                $items = @(Get-SeedTreeItem -Path $Path -Last @($Last | Where-Object { $_ }))
                foreach ($item in @($items | Select-Object -First $global:TestLeft)) { $item.Delete() }
                throw 'in use'
            } -ModuleName _Clean
            { Invoke-SeedClean -Option $kept } | Should -Throw '*in use*'
            Mock Remove-SeedTree { param($Path) _Folder\Remove-SeedTree -Path $Path } -ModuleName _Clean
            (Invoke-SeedClean -Option $kept).changed | Should -BeTrue
            Test-Path -LiteralPath "$work\seeds\one" | Should -BeFalse
            $null = New-TestAttempt
        }
        Remove-Variable -Name TestLeft -Scope Global
    }
    It 'needs no escrow for an attempt that is given up or failed' {
        $null = New-Folder -Id $first -Run @{} -Journal -Discarded
        $null = New-Folder -Id $second -Run @{ sessions = @() }
        Assert-SeedRemovable -Drive (Get-Drive) -Option $option
    }
}
