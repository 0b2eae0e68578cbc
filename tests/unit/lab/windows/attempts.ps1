# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Attempts that are only folders, for tests of what reads and removes them. No tool runs.
Import-TestUtility -Name '_Folder', '_Session', '_Drive', '_Volume', '_DriveGuard', '_Target', '_Tool', '_RunScript',
    '_Resume', '_Manifest', '_Verify', '_Run', '_Attempt', '_Prepare', '_Clean', '_Collect', '_Restore'
$work = 'C:\work'
$sample = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/samples/journals/numerical-key.jrn'
function New-Option {
    param([hashtable]$More = @{}, [hashtable]$Drive = @{})
    $listed = @{
        serial = 'WD-WX31A10FE02'; bus = 'SATA'; erase = $false
        files = @(@{ name = 'a'; bytes = 1 }, @{ name = 'b'; bytes = 2 })
        sessions = @(@{ id = 's-1'; files = @('a') }, @{ id = 's-2'; files = @('b') })
    }
    foreach ($name in $Drive.Keys) { $listed[$name] = $Drive[$name] }
    $option = @{
        seed = 'one'; container = 'c'; work_directory = $work; tool_path = 'C:\tool\t.exe'
        source_directory = 'C:\src'; drives = @($listed); discard_attempts = @(); erase_fingerprints = @()
        protected_paths = @()
    }
    foreach ($name in $More.Keys) { $option[$name] = $More[$name] }
    $option
}
# A folder of an attempt with what is named.
function New-Folder {
    param([string]$Id, [string]$Seed = 'one', [hashtable]$Run, [hashtable]$More = @{}, [switch]$Journal,
        [switch]$Order, [switch]$Discarded)
    $folder = "$work\seeds\$Seed\WD-WX31A10FE02\$Id"
    New-SeedPrivateFolder -Path $folder -Root $work
    $plan = @{
        seed = $Seed; container = 'c'; started = '2026-01-01T00:00:00Z'; erased = $null
        files = @(@{ name = 'a'; bytes = 1 }, @{ name = 'b'; bytes = 2 })
        sessions = @(@{ id = 's-1'; files = @('a') }, @{ id = 's-2'; files = @('b') })
        identity = @{ serial = 'WD-WX31A10FE02'; partition_guid = '{plan}' }
    }
    foreach ($name in $More.Keys) { $plan[$name] = $More[$name] }
    Write-SeedJson -Path "$folder\attempt.json" -Value $plan
    if ($Run) {
        $state = @{
            operation = 'copy'; state = 'ended'; letter = 'E'; runner = $null; tool = $null; boot = ''
            started = '2026-01-01T00:00:00Z'; updated = '2026-01-01T00:00:00Z'; exit_code = 0; error = ''
            tool_started = $true; partition_guid = '{run}'; bytes_done = 0; bytes_total = 3; last_lines = @()
            sessions = @(
                @{ id = 's-1'; state = 'completed'; exit_code = 0 }
                @{ id = 's-2'; state = 'completed'; exit_code = 0 }
            )
        }
        foreach ($name in $Run.Keys) { $state[$name] = $Run[$name] }
        Write-SeedJson -Path "$folder\run.json" -Value $state
    }
    if ($Journal) { [System.IO.File]::Copy($sample, (Resolve-SeedPath -Path "$folder\WD-WX31A10FE02.jrn")) }
    if ($Order) { Write-SeedJson -Path "$folder\order.json" -Value @{ a = 1 } }
    if ($Discarded) { Write-SeedJson -Path "$folder\discarded.json" -Value @{ a = 1 } }
    $folder
}
function Get-Facts {
    param([hashtable]$Option = (New-Option))
    Get-SeedDriveFact -Option $Option -Serial 'WD-WX31A10FE02' -BootTime ''
}
$first = '20260101T000000Z-0001'
$second = '20260102T000000Z-0002'
$third = '20260103T000000Z-0003'
$me = @{ pid = $PID; started_ticks = "$(Get-SeedProcessStamp -Id $PID)" }
