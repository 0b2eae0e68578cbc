# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# A small world for one test: a host with a system disk, an empty drive and one that holds data.
function New-TestWorld {
    $root = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [guid]::NewGuid().ToString('N'))
    $env:LAB_HOME, $env:LAB_HOST, $env:COMPUTERNAME, $env:SystemDrive = $root, 'fs01', 'FS01', 'C:'
    # Most tests begin with one, so what is in it is made once in a process and written for each.
    if (-not (Test-Path -LiteralPath variable:global:TestWorld)) {
        Initialize-TestWorld -Root $root
        $global:TestWorld = @{ folders = @(); files = @{} }
        foreach ($path in [System.IO.Directory]::GetDirectories($root, '*', 'AllDirectories')) {
            $global:TestWorld.folders += $path.Substring($root.Length)
        }
        foreach ($path in [System.IO.Directory]::GetFiles($root, '*', 'AllDirectories')) {
            $global:TestWorld.files[$path.Substring($root.Length)] = [System.IO.File]::ReadAllText($path)
        }
        [System.IO.Directory]::Delete($root, $true)
    }
    foreach ($path in $global:TestWorld.folders) { $null = [System.IO.Directory]::CreateDirectory("$root$path") }
    foreach ($path in $global:TestWorld.files.Keys) {
        [System.IO.File]::WriteAllText("$root$path", $global:TestWorld.files[$path])
    }
    Mount-LabDrive
}

function Initialize-TestWorld {
    param([string]$Root)
    $null = New-Item -ItemType Directory -Path "$Root/hosts/fs01/tasks/orders", "$Root/disks"
    '{"name":"fs01","page_file_letters":["C"]}' | Set-Content -LiteralPath "$Root/hosts/fs01/host.json"
    Add-TestDisk -Serial 'SYS' -Number 0 -Letter 'C' -System $true
    Add-TestDisk -Serial '   WD-1' -Number 1
    Add-TestDisk -Serial 'DATA' -Number 2 -Letter 'E'
    Set-Content -LiteralPath "$Root/disks/DATA/p2/keep.txt" -Value 'keep'
    @{
        installed = $true; policy = @{
            name = 'p'
            file_specs = @('D:\Data')
            schedule_times = @('22:00')
            retention_days = 30
            state = 'Existing'
        }
        initial_backup = @{
            method = 'Network'
            staging_location = $null
            publish_settings_file = $null
            subscription_id = $null
            storage_account = $null
            storage_container = $null
            import_job_name = $null
        }
        jobs = @(); orders = @(); recovery_points = @()
    } | ConvertTo-Json -Depth 6 | Set-Content -LiteralPath "$Root/hosts/fs01/agent.json"
}

function Add-TestDisk {
    param([string]$Serial, [int]$Number, [string]$Letter, [bool]$System = $false)
    $key = $Serial.Replace(' ', '')
    # Some disks tell no serial.
    if (-not $key) { $key = "disk$Number" }
    $partitions = @()
    if ($Letter) {
        $partitions = @(@{
            number = 2
            letter = $Letter
            offset = 1
            size = 1000000
            type = 'Basic'
            guid = '{00000000-0000-4000-8000-00000000000' + $Number + '}'
            file_system = 'NTFS'
            label = ''
            bitlocker = $null
        })
    }
    $null = New-Item -ItemType Directory -Path "$env:LAB_HOME/disks/$key/p2"
    @{
        serial = $Serial
        unique_id = "U$Number"
        unique_id_format = 'FCPH Name'
        friendly_name = 'disk'
        bus_type = 'SATA'
        size = 20000000
        partition_style = $(if ($Letter) { 'GPT' } else { 'RAW' })
        is_boot = $System
        is_system = $System
        boot_from_disk = $System
        is_clustered = $false
        is_offline = $false
        is_read_only = $false
        offline_reason = $null
        cannot_pool_reason = $null
        attached_to = 'fs01'; number = $Number; partitions = $partitions
    } | ConvertTo-Json -Depth 8 | Set-Content -LiteralPath "$env:LAB_HOME/disks/$key/disk.json"
    $null = New-Item -ItemType File -Force -Path "$env:LAB_HOME/hosts/fs01/disks/$key"
}

function Set-TestDisk {
    param([string]$Serial, [scriptblock]$Change)
    Edit-LabFile -Path "$env:LAB_HOME/disks/$Serial/disk.json" -Change $Change
    Mount-LabDrive
}

function Protect-TestDisk {
    param([string]$Serial, [string]$Type, [string]$Secret)
    Set-TestDisk -Serial $Serial -Change {
        $_.partitions[0].bitlocker = [pscustomobject]@{
            encryption_method = 'Aes128'
            volume_status = 'FullyEncrypted'
            protection_status = 'On'
            encryption_percentage = 100
            locked = $false
            auto_unlock = $false
            protectors = @([pscustomobject]@{
                id = '{11111111-0000-4000-8000-000000000001}'
                type = $Type
                secret = $Secret
            })
        }
    }
}

function Remove-TestWorld {
    Get-PSDrive -PSProvider FileSystem | Where-Object { $_.Name -match '^[A-Z]$' } | Remove-PSDrive -Scope Global -Force
    [System.IO.Directory]::Delete($env:LAB_HOME, $true)
}

Import-Module -Name LabWorld -Global

function Set-TestAcl {
    <# .SYNOPSIS Lets a folder be one that somebody made or changed: its owner, its further rules, and its mode. #>
    param(
        [Parameter(Mandatory)][string]$Path,
        [string]$Owner,
        [object[]]$Rule = @(),
        [string]$Mode = '1755'
    )
    $native = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path).TrimEnd('/')
    $file = "$env:LAB_HOME/hosts/fs01/acls.json"
    if (-not [System.IO.File]::Exists($file)) { [System.IO.File]::WriteAllText($file, '{}') }
    $rules = @($Rule | ForEach-Object {
            @{
                sid = $_['sid']
                rights = $_['rights']
                type = $(if ($_['type']) { $_['type'] } else { 'Allow' })
                inherit_only = [bool]$_['inherit_only']
            }
        })
    Edit-LabFile -Path $file -Change {
        $_ | Add-Member -NotePropertyName $native -NotePropertyValue @{ owner = $Owner; rules = $rules } -Force
    }
    $taken = "$env:LAB_HOME/hosts/fs01/acls.taken"
    if ([System.IO.File]::Exists($taken)) {
        $kept = [System.IO.File]::ReadAllLines($taken) -cnotlike "* $native"
        [System.IO.File]::WriteAllLines($taken, [string[]]@($kept))
    }
    & chmod $Mode $native
}

function Import-TestUtility {
    <# .SYNOPSIS Loads utilities of the collection by name, and what they require, as Ansible does for a module. #>
    param([Parameter(Mandatory)][string[]]$Name)
    $all = [System.Collections.Generic.List[string]]$Name
    for ($at = 0; $at -lt $all.Count; $at++) {
        $path = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath "../plugins/module_utils/$($all[$at]).psm1"
        $required = [regex]::Matches([System.IO.File]::ReadAllText($path), '(?m)^#AnsibleRequires .*\._(\w+)')
        foreach ($one in $required) {
            $other = "_$($one.Groups[1].Value)"
            if ($other -notin $all) { $all.Add($other) }
        }
        Import-Module -Name $path -Force -Global
        # A module does not inherit the mode of its caller.
        . (Get-Module -Name $all[$at]) { Set-StrictMode -Version 3.0 }
    }
}

function Install-TestTool {
    <# .SYNOPSIS Puts the lab's tool where a test wants it, or one that only prints a line and fails. #>
    param([Parameter(Mandatory)][string]$Path, [int]$ExitCode = 0)
    $native = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    $text = "#!/usr/bin/env python3`nimport os, pathlib, sys`nsys.path.insert(0, '$env:SEEDFREIGHT_TESTS')`nfrom " +
        "lab.tool.main import main`n" +
    "sys.exit(main(pathlib.Path(__file__).resolve().parent, sys.argv[1:]))`n"
    if ($ExitCode) { $text = "#!/bin/sh`necho the test tool says no`nexit $ExitCode`n" }
    [System.IO.File]::WriteAllText($native, $text)
    & chmod +x $native
}

function Invoke-TestTask {
    <# .SYNOPSIS Does the work of a registered task in this process, as its command line says. #>
    param([Parameter(Mandatory)][string]$TaskName)
    $task = Read-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$TaskName.json"
    $command = [System.Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(($task.arguments -split ' ')[-1]))
    & ([scriptblock]::Create($command))
    Mount-LabDrive
}

function Set-TestTaskResult {
    <# .SYNOPSIS Lets a task end with a result before it began. #>
    param([Parameter(Mandatory)][string]$TaskName, [Parameter(Mandatory)][int]$Result)
    Edit-LabFile -Path "$env:LAB_HOME/hosts/fs01/tasks/$TaskName.json" -Change { $_.last_task_result = $Result }
}

function Enable-TestAgentTask {
    <#
    .SYNOPSIS
        Lets the task of an order to the agent run at once, in this process, and its private folder need no Windows.
    .DESCRIPTION
        TestCalls has what was called.
    #>
    Mock New-SeedPrivateFolder { } -ModuleName _Agent
    Mock New-SeedPrivateFolder { } -ModuleName _AgentTask
    $env:ProgramData = 'E:'
    $null = New-Item -ItemType Directory -Path 'E:\Seedfreight\backup' -Force
    $global:TestCalls = @()
    Mock Start-ScheduledTask {
        $text = Read-SeedText -Path 'E:\Seedfreight\backup\task.ps1'
        $call = [regex]::Match($text, "-Call '([\w-]+)'\s*$").Groups[1].Value
        $global:TestCalls += $call
        Invoke-SeedAgentOrder -Folder 'E:\Seedfreight\backup' -Call $call
    } -ModuleName _AgentTask
}

function Get-TestTaskLack {
    # What the functions that a call reaches in the text of its task take from outside of that text.
    param([string]$Text, [string]$Call)
    $tree = [System.Management.Automation.Language.Parser]::ParseInput($Text, [ref]$null, [ref]$null)
    $there = @{}
    foreach ($one in $tree.FindAll({ $args[0].GetType().Name -eq 'FunctionDefinitionAst' }, $true)) {
        $there[$one.Name] = $one
    }
    $next = [System.Collections.Generic.Queue[string]]::new([string[]]@('Invoke-SeedAgentOrder', $Call))
    $seen = @{}
    while ($next.Count -gt 0) {
        $name = $next.Dequeue()
        if ($seen.ContainsKey($name)) { continue }
        $seen[$name] = $true
        if (-not $there.ContainsKey($name)) { $name; continue }
        foreach ($one in $there[$name].FindAll({ $args[0].GetType().Name -eq 'CommandAst' }, $true)) {
            if ("$($one.GetCommandName())" -like '*-Seed*') { $next.Enqueue($one.GetCommandName()) }
        }
        $variables = { $args[0].GetType().Name -eq 'VariableExpressionAst' }
        foreach ($one in $there[$name].FindAll($variables, $true)) {
            if ($one.VariablePath.IsScript) { "`$$($one.VariablePath.UserPath)" }
        }
    }
}
