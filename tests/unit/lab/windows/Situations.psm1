# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Situations of disks, each in a world of its own: disks in memory below the lab's stand-ins, and a hook before every
# question and every act of the product. What is done to a disk is written down, and whether it may be.

$script:World = $null
$script:Zero = [byte[]]::new(1MB)
$script:Bytes = [byte[]]::new(1MB)
$script:Bytes[513] = 7
$script:Folder = ''
$script:Seen = @(
    'Get-Disk', 'Get-Partition', 'Get-Volume', 'Get-PhysicalDisk', 'Get-BitLockerVolume', 'Get-CimInstance',
    'Get-ChildItem', 'Get-PSDrive', 'Read-SeedDevice', 'Set-Disk', 'Clear-Disk', 'Initialize-Disk', 'New-Partition',
    'Update-Disk'
)

function New-SituationPartition {
    <# .SYNOPSIS A partition; Files names one of the folders that New-SituationFolder makes. #>
    param(
        [string]$Id, [string]$Letter, [string]$FileSystem = 'NTFS', [string]$Files = 'none', [string]$Type = 'Basic',
        [string]$GptType, [object]$BitLocker
    )
    $made = [pscustomobject]@{
        number = 2; letter = $Letter; offset = 17825792; size = 1000000; type = $Type
        guid = "{00000000-0000-4000-8000-0000$Id}"; file_system = $FileSystem; label = ''; bitlocker = $BitLocker
        files = $Files
    }
    if ($GptType) { $made | Add-Member -NotePropertyName gpt_type -NotePropertyValue $GptType }
    $made
}

function New-SituationDisk {
    <# .SYNOPSIS A disk; raw says whether its first or last MiB has a byte that is not zero. #>
    param([string]$Id, [int]$Number, [string]$Serial = $Id, [object[]]$Partition, [bool]$Raw)
    $style = 'RAW'
    if ($Partition) { $style = 'GPT' }
    [pscustomobject]@{
        id = $Id; serial = $Serial; unique_id = "U-$Id"; unique_id_format = 'FCPH Name'; friendly_name = 'disk'
        bus_type = 'SATA'; size = 20000000; partition_style = $style; is_boot = $false; is_system = $false
        boot_from_disk = $false; is_clustered = $false; is_offline = $false; is_read_only = $false
        offline_reason = $null; cannot_pool_reason = $null; attached_to = 'fs01'; number = $Number
        partitions = @($Partition | Where-Object { $_ }); raw = $Raw; file = $Id; logical_sector_size = 512
    }
}

function New-SituationWorld {
    <# .SYNOPSIS A host with its system disk, the drive, somebody's disk with data, and another empty one. #>
    $system = New-SituationDisk -Id SYS -Number 0 -Partition (New-SituationPartition -Id 00000000 -Letter C -Files file)
    $system.is_boot = $system.is_system = $system.boot_from_disk = $true
    [pscustomobject]@{
        disks = @(
            $system
            New-SituationDisk -Id DRIVE -Number 1 -Serial '   WD-1'
            New-SituationDisk -Id DATA -Number 2 -Partition (New-SituationPartition -Id 00000002 -Letter F -Files file)
            New-SituationDisk -Id SPARE -Number 3 -Partition (New-SituationPartition -Id 00000003 -Letter G)
        )
        pages = @('C:\pagefile.sys')
        links = @{}
        substituted = ''
        calls = [System.Collections.Generic.List[string]]::new()
        wrong = [System.Collections.Generic.List[string]]::new()
        acts = 0
        may = ''
        before = $null
        fault = $null
    }
}

function Get-SituationDisk {
    <# .SYNOPSIS The disk with this id, attached or not. #>
    param([string]$Id)
    $script:World.disks | Where-Object { $_.id -eq $Id }
}

function Enter-SituationCall {
    <# .SYNOPSIS Counts a call, lets the race happen before it, and says whether it is the one that fails. #>
    param([string]$Name)
    $world = $script:World
    $world.calls.Add($Name)
    if ($world.before) { & $world.before $world ($world.calls.Count - 1) }
    if (-not $world.fault -or $world.fault.name -ne $Name) { return $false }
    $at = @($world.calls | Where-Object { $_ -eq $Name }).Count
    $at -ge $world.fault.from -and $at -le $world.fault.to
}

function Write-SituationFault {
    <# .SYNOPSIS Ends a call as ordered: without an answer, or with an error that ends the pipeline or does not. #>
    [CmdletBinding()]
    param()
    switch ($script:World.fault.effect) {
        # A function of the collection, which always ends so.
        { $_ -eq 'error' -and $script:World.fault.name -eq 'Read-SeedDevice' } { throw 'Access is denied.' }
        'error' { Write-Error -Message 'Provider load failure 0x80041013' }
        'throw' { throw 'Provider load failure 0x80041013' }
    }
}

function Edit-SituationDisk {
    <# .SYNOPSIS Changes a disk, as Edit-LabDisk does, and writes down what may not be done to it. #>
    [CmdletBinding()]
    param([Parameter(Mandatory)][AllowNull()][object]$Disk, [Parameter(Mandatory)][scriptblock]$Change)
    if (-not $Disk) { throw 'The object is no longer valid.' }
    $world = $script:World
    $world.acts++
    $open = -not $Disk.is_offline -and -not $Disk.is_read_only
    $table = "$($Disk.partition_style) $(@($Disk.partitions | ForEach-Object { $_.guid }) -join ' ')"
    $null = ForEach-Object -InputObject $Disk -Process $Change
    if ($Disk.id -eq $world.may) { return }
    if ($Disk.id -ne 'DRIVE') { $world.wrong.Add("something was done to the disk $($Disk.id)") }
    if (-not $open -and -not $Disk.is_offline -and -not $Disk.is_read_only) {
        $world.wrong.Add("the disk $($Disk.id) came online writable")
    }
    if ($table -ne "$($Disk.partition_style) $(@($Disk.partitions | ForEach-Object { $_.guid }) -join ' ')") {
        $world.wrong.Add("the partitions of the disk $($Disk.id) changed")
    }
}

function Get-SituationFile {
    <# .SYNOPSIS What Get-ChildItem shows of a root or of a folder below it. #>
    [CmdletBinding()]
    param([string]$LiteralPath, [switch]$Force, [switch]$Recurse, [switch]$File)
    $path = $LiteralPath
    if ($path -match '^([A-Za-z]):\\$') {
        $letter = $Matches[1]
        $behind = @($script:World.disks | Where-Object { $_.attached_to -and -not $_.is_offline } |
            ForEach-Object { $_.partitions } | Where-Object { $_.letter -eq $letter -and (Test-LabReadable $_) })
        if ($behind.Count -ne 1) {
            Write-Error -Message "Cannot find drive. A drive with the name '$letter' does not exist." -Category (
                'ObjectNotFound')
            return
        }
        $path = Join-Path -Path $script:Folder -ChildPath $behind[0].files
    }
    Microsoft.PowerShell.Management\Get-ChildItem -LiteralPath $path -Force -Recurse:$Recurse -File:$File
}

function Get-SituationItem {
    <# .SYNOPSIS A part of a path: a link of the world, or absent. #>
    [CmdletBinding()]
    param([string]$LiteralPath, [switch]$Force)
    $target = $script:World.links[$LiteralPath]
    if ($null -ne $target) { return [pscustomobject]@{ LinkType = 'Junction'; Target = @($target) } }
    Write-Error -Message "Cannot find path '$LiteralPath'." -Category ObjectNotFound
}

function Get-SituationDrive {
    <# .SYNOPSIS The letters of the world. #>
    [CmdletBinding()]
    param([string]$Name, [string]$PSProvider)
    $script:World.disks | Where-Object { $_.attached_to -and -not $_.is_offline } | ForEach-Object { $_.partitions } |
        Where-Object { $_.letter -and (-not $Name -or $_.letter -eq $Name) } |
        ForEach-Object { [pscustomobject]@{ Name = $_.letter; DisplayRoot = '' } }
    if ($Name -and $script:World.substituted -eq $Name) { [pscustomobject]@{ Name = $Name; DisplayRoot = '' } }
}

function Read-SituationDevice {
    <# .SYNOPSIS The first or the last MiB of a disk of the world. #>
    [CmdletBinding()]
    param([string]$Path, [long]$Offset, [int]$Count)
    $disk = $script:World.disks | Where-Object { $_.id -eq $Path }
    if ($disk.raw -and ($Offset -gt 0 -or $disk.partition_style -ne 'RAW')) { return , $script:Bytes }
    if ($disk.partition_style -eq 'RAW') { return , $script:Zero }
    # A table, and partitions whose bytes lie outside of what is read.
    $part = [byte[]]$script:Zero.Clone()
    if ($Offset -eq 0) { $part[510], $part[511] = 0x55, 0xAA }
    if ($disk.partition_style -ne 'MBR') { $part[$(if ($Offset -eq 0) { 512 } else { $part.Length - 512 })] = 0x45 }
    , $part
}

function Install-Situation {
    <# .SYNOPSIS Puts the worlds below the stand-ins, and the hook between them and the product. #>
    Import-Module -Name Storage, BitLocker, CimCmdlets -Global
    $script:Folder = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath ([guid]::NewGuid().ToString('N'))
    foreach ($file in @(
            'none', 'file/keep.txt', 'hidden/.keep', 'manifest/DriveManifest.xml',
            'shadow/System Volume Information/{3808876b-c176-4e48-b7ae-04046e6cc752}',
            'deleted/$RECYCLE.BIN/S-1-5-21-1/$R1.docx', 'own/System Volume Information/WPSettings.dat'
        )) {
        $path = Join-Path -Path $script:Folder -ChildPath $file
        if ($file -eq 'none') { $null = New-Item -Path $path -ItemType Directory -Force; continue }
        $null = New-Item -Path (Split-Path -Path $path -Parent) -ItemType Directory -Force
        [System.IO.File]::WriteAllText($path, 'x')
    }
    $below = @{
        'Get-LabDisk' = { $script:World.disks | Where-Object { $_.attached_to } | Sort-Object -Property number }
        'Edit-LabDisk' = { Edit-SituationDisk @args }
        'Mount-LabDrive' = { }
        'Get-LabFolder' = { Join-Path -Path $script:Folder -ChildPath gone }
        'Get-LabDevice' = { param($Disk) $Disk.id }
        'Invoke-LabFault' = { $false }
        'Test-LabOpposite' = { $false }
        'Read-LabFile' = { [pscustomobject]@{ page_file_letters = @() } }
    }
    foreach ($module in 'Storage', 'BitLocker', 'CimCmdlets') {
        foreach ($name in $below.Keys) { Set-SituationFunction -Module $module -Name $name -Body $below[$name] }
    }
    foreach ($module in '_Drive', '_DriveGuard', '_Volume', '_Target') {
        foreach ($name in $script:Seen) {
            if ($name -eq 'Read-SeedDevice' -and $module -ne '_DriveGuard') { continue }
            $real = switch ($name) {
                'Get-ChildItem' { 'Get-SituationFile' }
                'Get-PSDrive' { 'Get-SituationDrive' }
                'Read-SeedDevice' { 'Read-SituationDevice' }
                'Get-BitLockerVolume' { 'BitLocker\Get-BitLockerVolume' }
                'Get-CimInstance' { 'Get-SituationInstance' }
                default { "Storage\$name" }
            }
            # The same parameters, because $args would part a switch from its value.
            $meta = [System.Management.Automation.CommandMetadata]::new((Get-Command -Name $real))
            $text = [System.Management.Automation.ProxyCommand]::GetCmdletBindingAttribute($meta) + "`nparam(" +
                [System.Management.Automation.ProxyCommand]::GetParamBlock($meta) + ")`n" +
                "if (Enter-SituationCall $name) { Write-SituationFault -ErrorAction `$ErrorActionPreference }`n" +
                "else { $real @PSBoundParameters }"
            $body = $MyInvocation.MyCommand.Module.NewBoundScriptBlock([scriptblock]::Create($text))
            Set-SituationFunction -Module $module -Name $name -Body $body
        }
        Set-SituationFunction -Module $module -Name Get-Item -Body { Get-SituationItem @args }
    }
}

function Get-SituationInstance {
    <# .SYNOPSIS The page files of the world, and else what the stand-in shows, with what the world changes in it. #>
    [CmdletBinding()]
    param([string]$ClassName, [string]$Filter)
    if ($ClassName -eq 'Win32_PageFileUsage') {
        return $script:World.pages | ForEach-Object { [pscustomobject]@{ Name = $_ } }
    }
    if ($ClassName -eq 'Win32_Share') { return [pscustomobject]@{ Name = 'seed'; Path = 'E:\' } }
    foreach ($one in CimCmdlets\Get-CimInstance @PSBoundParameters) {
        $disk = $script:World.disks | Where-Object { $_.id -eq $one.DeviceID }
        $other = $disk.PSObject.Properties['device_serial']
        if ($other) { $one.SerialNumber = $other.Value }
        $one
    }
}

function Set-SituationFunction {
    param([string]$Module, [string]$Name, [scriptblock]$Body)
    & (Get-Module -Name $Module) { param($name, $body) Set-Item -Path "function:script:$name" -Value $body } $Name $Body
}

function Uninstall-Situation {
    <# .SYNOPSIS Removes the modules that were changed, so that the next test file loads them anew. #>
    Remove-Module -Name '_Target', '_DriveGuard', '_Volume', '_Drive', 'Storage', 'BitLocker', 'CimCmdlets' -Force
    Import-Module -Name Storage, BitLocker, CimCmdlets -Global
    Remove-Item -LiteralPath $script:Folder -Recurse -Force
}

function Invoke-Situation {
    <#
    .SYNOPSIS
        Plays one situation as the product does, from the facts to the drive letter, and returns what came of it.
    .PARAMETER Case
        name; set: changes the world; optional: may (the disk that may be erased), option, protected, own, serial,
        before (called with the world and the number of each call), fault.
    #>
    param([Parameter(Mandatory)][hashtable]$Case)
    $world = $script:World = New-SituationWorld
    if ($Case.ContainsKey('set')) { $null = & $Case.set $world }
    foreach ($name in 'may', 'before', 'fault') { if ($Case.ContainsKey($name)) { $world.$name = $Case[$name] } }
    $option = [pscustomobject]@{
        container = 'c'; erase = $false; bus = 'SATA'; files = @(); discard_attempts = @(); erase_fingerprints = @()
    }
    if ($Case.ContainsKey('option')) { foreach ($name in $Case.option.Keys) { $option.$name = $Case.option[$name] } }
    $protected, $own, $serial = @(), @(), 'WD-1'
    if ($Case.ContainsKey('protected')) { $protected = @($Case.protected) }
    if ($Case.ContainsKey('own')) { $own = @($Case.own) }
    if ($Case.ContainsKey('serial')) { $serial = $Case.serial }
    $said = ''
    $made = $null
    try {
        $fact = Get-SeedDiskFact -Serial $serial -ProtectedPath $protected -OwnGuid $own
        $facts = [pscustomobject]@{
            serial = $serial; problems = $fact.problems; candidates = $fact.candidates; disk = $fact.disk
            content = $fact.content; attempt = $null; journal = $null; verify = $null; others = @(); never_started = 0
            older = @($own | ForEach-Object {
                    [pscustomobject]@{ id = 'o'; partition_guid = $_; wrote = $false; tool = $false }
                })
        }
        $status = Get-SeedDriveStatus -Facts $facts -Option $option
        $said = "$($status.status): $($status.reason)"
        if ('prepare' -in $status.allowed) {
            $null = Confirm-SeedDrive -Facts $facts -Option $option -ProtectedPath $protected
            $made = Initialize-SeedDrive -Serial $serial -Seen $facts.disk -WaitSeconds 0
        }
    }
    catch { $said = "$_" }
    if ($made) {
        $behind = @($world.disks | Where-Object { $_.attached_to } | ForEach-Object {
                $disk = $_
                $disk.partitions | Where-Object { $_.letter -eq $made.letter -and $_.guid -eq $made.partition_guid } |
                    ForEach-Object { $disk.id }
            })
        if ($behind -join ' ' -ne $world.may) {
            $world.wrong.Add("the letter $($made.letter) for the tool leads to '$($behind -join ' ')'")
        }
    }
    [pscustomobject]@{
        name = $Case.name; made = [bool]$made; said = $said; wrong = @($world.wrong); calls = @($world.calls)
        acts = $world.acts
    }
}

Export-ModuleMember -Function New-SituationPartition, New-SituationDisk, Get-SituationDisk, Install-Situation,
    Uninstall-Situation, Invoke-Situation
