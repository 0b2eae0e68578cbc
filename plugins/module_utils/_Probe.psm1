# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#AnsibleRequires -PowerShell ..module_utils._AgentMars
#AnsibleRequires -PowerShell ..module_utils._Folder
#AnsibleRequires -PowerShell ..module_utils._ProbeShape
#AnsibleRequires -PowerShell ..module_utils._Registry

# Facts of a Windows host that no published page settles: shapes of what cmdlets return, what they answer in odd
# situations, versions, code pages, policies. Only reads, and lets nothing out that names a person, host or drive.
# Private to the collection.

# Name and function of each section.
$script:Sections = @(
    @('system', 'Get-SeedProbeSystem'),
    @('policies', 'Get-SeedProbePolicy'),
    @('services', 'Get-SeedProbeService'),
    @('winrm', 'Get-SeedProbeWinRM'),
    @('commands', 'Get-SeedProbeCommand'),
    @('disks', 'Get-SeedProbeDisk'),
    @('volumes', 'Get-SeedProbeVolume'),
    @('agent', 'Get-SeedProbeAgent'),
    @('tool', 'Get-SeedProbeTool'),
    @('journal', 'Get-SeedProbeJournal')
)
# What is asked for its shape; `arguments` as in a call.
$script:Commands = @(
    @{ name = 'Get-Disk' }
    @{ name = 'Get-PhysicalDisk' }
    @{ name = 'Get-Partition' }
    @{ name = 'Get-Volume' }
    @{ name = 'Get-BitLockerVolume'; depth = 1 }
    @{ name = 'Get-Tpm' }
    @{ name = 'Get-CimInstance'; arguments = @{ ClassName = 'Win32_OperatingSystem' } }
    @{ name = 'Get-CimInstance'; arguments = @{ ClassName = 'Win32_DiskDrive' } }
    @{ name = 'Get-CimInstance'; arguments = @{ ClassName = 'Win32_PageFileUsage' } }
    @{
        name = 'Get-CimInstance'
        arguments = @{
            Namespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'
            ClassName = 'Win32_EncryptableVolume'
        }
    }
)

function Get-SeedProbe {
    <#
    .SYNOPSIS
        The facts of the host, by section. A section that fails is its error, without text.
    .PARAMETER Option
        journal_path, run_tool, tool_path and work_directory, as host_probe_info takes them.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $facts = [ordered]@{ schema_version = 1; collected = Get-SeedTime }
    foreach ($section in $script:Sections) {
        $name, $function = $section
        try { $facts[$name] = & $function -Option $Option }
        catch { $facts[$name] = [ordered]@{ error = Get-SeedErrorFact -ErrorRecord $_ } }
    }
    $facts
}

function Get-SeedAnswer {
    <#
    .SYNOPSIS
        What a script block answers, or its error without text: {value} or {error}.
    .PARAMETER Question
        The script block.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][scriptblock]$Question)
    try { [ordered]@{ value = & $Question } }
    catch { [ordered]@{ error = Get-SeedErrorFact -ErrorRecord $_ } }
}

function Get-SeedCollected {
    <#
    .SYNOPSIS
        The objects of a command and its errors, or that there is no such command: {found, objects, errors}.
    .PARAMETER Name
        The command.
    .PARAMETER Argument
        Its arguments.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name, [System.Collections.IDictionary]$Argument = @{})
    $collected = [pscustomobject]@{ found = $true; objects = @(); errors = @() }
    if (-not (Get-Command -Name $Name -ErrorAction SilentlyContinue)) {
        $collected.found = $false
        return $collected
    }
    $problems = $null
    try {
        $collected.objects = @(& $Name @Argument -ErrorAction SilentlyContinue -ErrorVariable problems)
    }
    catch { $collected.errors += Get-SeedErrorFact -ErrorRecord $_ }
    foreach ($one in @($problems | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })) {
        $collected.errors += Get-SeedErrorFact -ErrorRecord $one
    }
    $collected
}

function Get-SeedProbeSystem {
    <#
    .SYNOPSIS
        Versions, languages, code pages, time zone.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $windows = Get-SeedAnswer -Question {
        $system = Get-CimInstance -ClassName Win32_OperatingSystem -ErrorAction Stop | Select-Object -First 1
        $known = [ordered]@{}
        foreach ($name in 'Caption', 'Version', 'BuildNumber', 'ProductType', 'OperatingSystemSKU', 'OSArchitecture',
            'OSLanguage', 'CodeSet') {
            $known[$name] = "$(Get-SeedProperty -From $system -Name $name)"
        }
        $known['boot_time_kind'] = Get-SeedKind -Value (Get-SeedProperty -From $system -Name LastBootUpTime)
        $known
    }
    $pages = [ordered]@{}
    foreach ($name in 'ACP', 'OEMCP') {
        $pages[$name] = Get-SeedAnswer -Question {
            Get-SeedRegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage' -Name $name
        }
    }
    [ordered]@{
        windows = $windows
        powershell = "$($PSVersionTable.PSVersion)"
        edition = "$($PSVersionTable.PSEdition)"
        runtime = "$([Environment]::Version)"
        dotnet_release = Get-SeedAnswer -Question {
            $path = 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
            Get-SeedRegistryValue -Path $path -Name Release
        }
        culture = (Get-Culture).Name
        ui_culture = (Get-UICulture).Name
        code_pages = $pages
        console_code_page = [Console]::OutputEncoding.CodePage
        default_code_page = [System.Text.Encoding]::Default.CodePage
        time_zone = [System.TimeZoneInfo]::Local.Id
        time_zone_minutes = [int][System.TimeZoneInfo]::Local.BaseUtcOffset.TotalMinutes
        administrator = Get-SeedAnswer -Question { Test-SeedAdministrator }
    }
}

function Get-SeedProbePolicy {
    <#
    .SYNOPSIS
        Execution policies by scope, and numbers of policies that matter for a copy.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $scopes = Get-SeedAnswer -Question {
        $known = [ordered]@{}
        foreach ($one in Get-ExecutionPolicy -List -ErrorAction Stop) {
            $known["$($one.Scope)"] = "$($one.ExecutionPolicy)"
        }
        $known
    }
    $logging = 'SOFTWARE\Policies\Microsoft\Windows\PowerShell'
    $fve = 'SOFTWARE\Policies\Microsoft\FVE'
    $values = @(
        @('SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy', 'Enabled'),
        @('SYSTEM\CurrentControlSet\Control\Lsa', 'DisableDomainCreds'),
        @('SYSTEM\CurrentControlSet\Control\FileSystem', 'LongPathsEnabled'),
        @('SYSTEM\CurrentControlSet\Policies\Microsoft\FVE', 'FDVDenyWriteAccess'),
        @('SYSTEM\CurrentControlSet\Policies\Microsoft\FVE', 'RDVDenyWriteAccess'),
        @($fve, 'FDVRecovery'),
        @($fve, 'FDVRecoveryKey'),
        @($fve, 'FDVRecoveryPassword'),
        @($fve, 'FDVRequireActiveDirectoryBackup'),
        @($fve, 'EncryptionMethodWithXtsFdv'),
        @("$logging\ModuleLogging", 'EnableModuleLogging'),
        @("$logging\ScriptBlockLogging", 'EnableScriptBlockLogging'),
        @("$logging\Transcription", 'EnableTranscripting')
    )
    $numbers = [ordered]@{}
    foreach ($one in $values) {
        $numbers[$one[1]] = Get-SeedAnswer -Question {
            $value = Get-SeedRegistryValue -Path "HKLM:\$($one[0])" -Name $one[1]
            if ($null -eq $value -or $value -is [int]) { $value } else { Get-SeedKind -Value $value }
        }
    }
    [ordered]@{ execution_policies = $scopes; registry = $numbers }
}

function Get-SeedProbeService {
    <#
    .SYNOPSIS
        State and start mode of services that a copy needs.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = [ordered]@{}
    foreach ($name in 'Schedule', 'BDESVC', 'AppIDSvc', 'obengine') {
        $found[$name] = Get-SeedAnswer -Question {
            $service = Get-SeedService -Name $name
            if ($null -ne $service) { "$($service.state), $($service.start_mode)" }
        }
    }
    $found
}

function Get-SeedProbeWinRM {
    <#
    .SYNOPSIS
        Limits of WinRM.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = [ordered]@{}
    foreach ($name in 'MaxMemoryPerShellMB', 'MaxShellsPerUser', 'MaxProcessesPerShell', 'MaxConcurrentUsers',
        'IdleTimeout', 'MaxShellRunTime') {
        $found[$name] = Get-SeedAnswer -Question {
            $value = "$((Get-Item -LiteralPath "WSMan:\localhost\Shell\$name" -ErrorAction Stop).Value)"
            $number = [long]0
            if ([long]::TryParse($value, [ref]$number)) { $number } else { Get-SeedKind -Value $value }
        }
    }
    $found
}

function Get-SeedProbeCommand {
    <#
    .SYNOPSIS
        The shape of what the storage and BitLocker cmdlets and CIM classes return.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = [ordered]@{}
    foreach ($one in $script:Commands) {
        $name, $arguments, $depth = $one.name, @{}, 0
        if ($one.ContainsKey('arguments')) { $arguments = $one.arguments }
        if ($one.ContainsKey('depth')) { $depth = $one.depth }
        if ($arguments.Contains('ClassName')) { $name = $arguments['ClassName'] }
        $collected = Get-SeedCollected -Name $one.name -Argument $arguments
        $found[$name] = Join-SeedShape -Collected $collected -Depth $depth
    }
    $found
}

function Get-SeedProbeDisk {
    <#
    .SYNOPSIS
        Facts of each disk: how its serial is written, whether other commands write it the same way, and what an offline
        disk shows.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $physical = @((Get-SeedCollected -Name Get-PhysicalDisk).objects)
    $drives = @((Get-SeedCollected -Name Get-CimInstance -Argument @{ ClassName = 'Win32_DiskDrive' }).objects)
    $found = foreach ($disk in (Get-SeedCollected -Name Get-Disk).objects) {
        $serial = "$(Get-SeedProperty -From $disk -Name SerialNumber)"
        $same = @($physical | Where-Object { "$(Get-SeedProperty -From $_ -Name DeviceId)" -eq "$($disk.Number)" })
        $drive = @($drives | Where-Object { "$(Get-SeedProperty -From $_ -Name Index)" -eq "$($disk.Number)" })
        [ordered]@{
            bus_type = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $disk -Name BusType)
            partition_style = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $disk -Name PartitionStyle)
            unique_id_format = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $disk -Name UniqueIdFormat)
            offline = [bool](Get-SeedProperty -From $disk -Name IsOffline)
            offline_reason = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $disk -Name OfflineReason)
            read_only = [bool](Get-SeedProperty -From $disk -Name IsReadOnly)
            logical_sector = "$(Get-SeedProperty -From $disk -Name LogicalSectorSize)"
            number_of_partitions = "$(Get-SeedProperty -From $disk -Name NumberOfPartitions)"
            partitions = Get-SeedPartitionCount -Number $disk.Number
            serial = [ordered]@{
                length = $serial.Length
                padded = $serial -ne $serial.Trim()
                ends_with_dot = $serial.TrimEnd().EndsWith('.')
                physical_disk = Compare-SeedSerial -Serial $serial -Other $same
                disk_drive = Compare-SeedSerial -Serial $serial -Other $drive
            }
        }
    }
    [ordered]@{ disks = @($found) }
}

function Get-SeedPartitionCount {
    <#
    .SYNOPSIS
        How many partitions Get-Partition shows of a disk: {value} or {error}. Not found is none.
    .PARAMETER Number
        The number of the disk.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][object]$Number)
    $collected = Get-SeedCollected -Name Get-Partition -Argument @{ DiskNumber = $Number }
    if (-not $collected.found) { return [ordered]@{ value = $null } }
    $other = @($collected.errors | Where-Object { $_.id -notlike 'CmdletizationQuery_NotFound*' })
    if ($other) { return [ordered]@{ error = $other[0] } }
    [ordered]@{ value = $collected.objects.Count }
}

function Compare-SeedSerial {
    <#
    .SYNOPSIS
        How another command writes the serial of the same disk: same, trimmed (the same without blanks, case and a dot
        at the end), other, or none.
    .PARAMETER Serial
        The serial.
    .PARAMETER Other
        What the other command shows of the disk.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Serial,
        [Parameter(Mandatory = $true)][AllowEmptyCollection()][object[]]$Other
    )
    if ($Other.Count -ne 1) { return 'none' }
    $value = Get-SeedProperty -From $Other[0] -Name SerialNumber
    if ($null -eq $value) { return 'none' }
    if ("$value" -ceq $Serial) { return 'same' }
    $plain = @($Serial, "$value" | ForEach-Object { ($_ -replace '\s', '').TrimEnd('.').ToUpperInvariant() })
    if ($plain[0] -ceq $plain[1]) { 'trimmed' } else { 'other' }
}

function Get-SeedProbeVolume {
    <#
    .SYNOPSIS
        What BitLocker answers for each volume with a letter, beside what Get-Volume shows of it.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = foreach ($volume in (Get-SeedCollected -Name Get-Volume).objects) {
        $letter = "$(Get-SeedProperty -From $volume -Name DriveLetter)"
        if ($letter -notmatch '^[A-Za-z]$') { continue }
        $kind = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $volume -Name DriveType)
        $bitlocker = Get-SeedCollected -Name Get-BitLockerVolume -Argument @{ MountPoint = "${letter}:" }
        $one = $bitlocker.objects | Select-Object -First 1
        [ordered]@{
            drive_type = $kind
            file_system = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $volume -Name FileSystem)
            file_system_type = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $volume -Name FileSystemType)
            size_is_zero = "$(Get-SeedProperty -From $volume -Name Size)" -in '', '0'
            bitlocker = [ordered]@{
                found = $null -ne $one
                error = $bitlocker.errors | Select-Object -First 1
                lock_status = ConvertTo-SeedEnumeration -Value (Get-SeedProperty -From $one -Name LockStatus)
                volume_status = Get-SeedKind -Value (Get-SeedProperty -From $one -Name VolumeStatus)
                protection_status = ConvertTo-SeedEnumeration -Value (
                    Get-SeedProperty -From $one -Name ProtectionStatus
                )
            }
        }
    }
    [ordered]@{ volumes = @($found) }
}

function Get-SeedProbeAgent {
    <#
    .SYNOPSIS
        The commands of the backup agent and the shapes of what they return, kinds of times too.
    .PARAMETER Option
        Not used.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $agent = Import-SeedMarsModule
    $found = [ordered]@{ installed = $agent.installed; version = $agent.version; commands = [ordered]@{} }
    if (-not $agent.installed) { return $found }
    $names = 'Get-OBPolicy', 'Get-OBInitialBackupCreationMethod', 'Set-OBInitialBackupCreationMethod', 'Set-OBPolicy',
        'Start-OBBackup', 'Get-OBJob', 'Get-OBAllRecoveryPoints'
    foreach ($name in $names) {
        $found.commands[$name] = [bool](Get-Command -Name $name -ErrorAction SilentlyContinue)
    }
    $policy = Get-SeedCollected -Name Get-OBPolicy
    $found['policy'] = Join-SeedShape -Collected $policy
    $found['jobs'] = Join-SeedShape -Collected (Get-SeedCollected -Name Get-OBJob -Argument @{ Previous = 10 })
    $found['recovery_points'] = Join-SeedShape -Collected (Get-SeedCollected -Name Get-OBAllRecoveryPoints)
    if ($policy.objects.Count -gt 0 -and $found.commands['Get-OBInitialBackupCreationMethod']) {
        $argument = @{ Policy = $policy.objects[0] }
        $method = Get-SeedCollected -Name Get-OBInitialBackupCreationMethod -Argument $argument
        $found['method'] = Join-SeedShape -Collected $method
    }
    $found['data_sources'] = @($policy.objects | ForEach-Object { @(Get-SeedProperty -From $_ -Name DsList) } |
        Where-Object { $null -ne $_ } | ForEach-Object {
            $name = "$(Get-SeedProperty -From $_ -Name DataSourceName)"
            switch -Regex ($name) {
                '^[A-Za-z]:\\?$' { 'volume'; break }
                '^[A-Za-z]:\\' { 'path'; break }
                default { 'other' }
            }
        } | Select-Object -Unique)
    $found
}

function Join-SeedShape {
    <#
    .SYNOPSIS
        The shape of collected objects with their errors.
    .PARAMETER Collected
        What Get-SeedCollected returned.
    .PARAMETER Depth
        How many levels of objects in properties are described too.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][object]$Collected, [int]$Depth = 3)
    $shape = Get-SeedShape -InputObject $Collected.objects -Depth $Depth
    $shape['found'] = $Collected.found
    $shape['errors'] = @($Collected.errors)
    $shape
}

function Get-SeedProbeTool {
    <#
    .SYNOPSIS
        The folder of the tool, its version resource and, when that is asked for, what it prints without arguments.
    .PARAMETER Option
        Needs run_tool and tool_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = [ordered]@{ found = $false }
    if (-not $Option.tool_path -or -not (Test-Path -LiteralPath $Option.tool_path -PathType Leaf)) { return $found }
    $native = Resolve-SeedPath -Path $Option.tool_path
    $folder = [System.IO.Path]::GetDirectoryName($native)
    $found.found = $true
    $found['files'] = @(Get-SeedFolderFact -Folder $folder)
    $found['version_resource'] = Get-SeedAnswer -Question {
        $resource = [System.Diagnostics.FileVersionInfo]::GetVersionInfo($native)
        $known = [ordered]@{}
        foreach ($name in 'FileVersion', 'ProductVersion', 'ProductName', 'CompanyName', 'FileDescription') {
            $known[$name] = Hide-SeedText -Text "$($resource.$name)" -Secret (Get-SeedHostWord)
        }
        $known
    }
    $found['sha256'] = Get-SeedAnswer -Question {
        (Get-SeedFileHash -Path $Option.tool_path -Algorithm SHA256).ToLowerInvariant()
    }
    $found['signature'] = Get-SeedAnswer -Question {
        "$((Get-AuthenticodeSignature -FilePath $native -ErrorAction Stop).Status)"
    }
    if ($Option.run_tool) {
        $found['run'] = Get-SeedAnswer -Question { Invoke-SeedToolBanner -Path $native }
        $before = @($found.files | ForEach-Object { $_.name })
        $found['files_made_by_run'] = @(Get-SeedFolderFact -Folder $folder | Where-Object { $_.name -notin $before })
    }
    $found
}

function Get-SeedFolderFact {
    <#
    .SYNOPSIS
        The files of a folder with masked names and their sizes.
    .PARAMETER Folder
        The folder as .NET understands it.
    .PARAMETER Recurse
        Whether those of its folders are among them.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Folder, [switch]$Recurse)
    $depth = [System.IO.SearchOption]::TopDirectoryOnly
    if ($Recurse) { $depth = [System.IO.SearchOption]::AllDirectories }
    $files = @([System.IO.Directory]::GetFiles($Folder, '*', $depth) | Sort-Object | Select-Object -First 200)
    foreach ($file in $files) {
        $parts = $file.Substring($Folder.TrimEnd('\', '/').Length + 1).Split([char[]]'\/')
        [ordered]@{
            name = @($parts | ForEach-Object { Hide-SeedName -Name $_ }) -join '\'
            bytes = ([System.IO.FileInfo]$file).Length
        }
    }
}

function Get-SeedHostWord {
    <# .SYNOPSIS Words that name this host, its people and its drives. #>
    [CmdletBinding()]
    [OutputType([string[]])]
    param()
    $words = @($env:COMPUTERNAME, $env:USERNAME, $env:USERDOMAIN, $env:USERDNSDOMAIN, [Environment]::UserName,
        [Environment]::MachineName)
    foreach ($name in 'Get-Disk', 'Get-PhysicalDisk') {
        foreach ($disk in (Get-SeedCollected -Name $name).objects) {
            $words += "$(Get-SeedProperty -From $disk -Name SerialNumber)".Trim()
            $words += "$(Get-SeedProperty -From $disk -Name UniqueId)".Trim()
        }
    }
    @($words | Where-Object { $_ })
}

function Invoke-SeedToolBanner {
    <#
    .SYNOPSIS
        Runs the tool without arguments: exit code, seconds and the first lines that it prints, masked.
    .PARAMETER Path
        The tool as .NET understands it.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([Parameter(Mandatory = $true)][string]$Path)
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -ArgumentList $Path
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.WorkingDirectory = [System.IO.Path]::GetDirectoryName($Path)
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $process.StandardInput.Close()
        $output, $problem = $process.StandardOutput.ReadToEndAsync(), $process.StandardError.ReadToEndAsync()
        $ended = $process.WaitForExit(60000)
        # A program that asks something may never see that nobody answers.
        if (-not $ended) { $process.Kill() }
        $code = $null
        if ($ended) { $code = $process.ExitCode }
        $words = @(Get-SeedHostWord)
        $lines = foreach ($read in $output, $problem) {
            # A child that outlives the tool keeps its output open.
            $text = ''
            if ($read.Wait(5000)) { $text = $read.Result }
            , @($text -split '\r\n|\r|\n' | Where-Object { $_.Trim() } | Select-Object -First 40 | ForEach-Object {
                    Hide-SeedText -Text $_ -Secret $words
                })
        }
        [ordered]@{ ended = $ended; exit_code = $code; output = @($lines[0]); errors = @($lines[1]) }
    }
    finally { $process.Dispose() }
}

function Get-SeedProbeJournal {
    <#
    .SYNOPSIS
        How a journal that nobody uses can be opened: ok or the HRESULT, by sharing mode, and what lies around it.
        Nothing is read out of it.
    .DESCRIPTION
        While the tool works its journal is left alone: a handle of somebody else can make the tool fail.
    .PARAMETER Option
        Needs work_directory and may have journal_path.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    $found = [ordered]@{ found = $false }
    $path = Get-SeedNewestJournal -Option $Option
    if (-not $path) { return $found }
    $found.found = $true
    $found['name'] = Hide-SeedName -Name ([System.IO.Path]::GetFileName($path))
    # The tool runs from a copy in the folder of the attempt, so what it leaves behind lies there.
    $found['files'] = @(Get-SeedFolderFact -Folder ([System.IO.Path]::GetDirectoryName($path)) -Recurse)
    if (Test-SeedToolRunning -Journal $path) {
        $found['left_alone'] = $true
        return $found
    }
    $found['opened'] = [ordered]@{}
    foreach ($mode in 'ReadWrite, Delete', 'ReadWrite', 'Read', 'None') {
        $found.opened[$mode] = Test-SeedOpen -Path $path -Share $mode
    }
    $found
}

function Get-SeedNewestJournal {
    <#
    .SYNOPSIS
        The journal that is named, else the newest one of the work directory, as .NET understands it; nothing if there
        is none.
    .PARAMETER Option
        Needs work_directory and may have journal_path.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Option)
    if ($Option.journal_path) {
        if (Test-Path -LiteralPath $Option.journal_path -PathType Leaf) { Resolve-SeedPath -Path $Option.journal_path }
        return
    }
    $folder = "$($Option.work_directory.TrimEnd('\'))\seeds"
    if (-not (Test-Path -LiteralPath $folder -PathType Container)) { return }
    Get-ChildItem -LiteralPath $folder -Filter '*.jrn' -File -Recurse -Force -ErrorAction Stop |
        Sort-Object -Property LastWriteTimeUtc -Descending | Select-Object -First 1 -ExpandProperty FullName |
        ForEach-Object { Resolve-SeedPath -Path $_ }
}

function Test-SeedToolRunning {
    <#
    .SYNOPSIS
        Whether the tool may be working on a journal. Whatever does not clearly say no counts as yes.
    .PARAMETER Journal
        The journal as .NET understands it.
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory = $true)][string]$Journal)
    if (@(Get-Process -ErrorAction Stop | Where-Object { $_.ProcessName -like 'WAImportExport*' })) { return $true }
    $state = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Journal), 'run.json')
    $run = Read-SeedJson -Path $state
    if ($run.state -eq 'missing') { return $false }
    $run.state -ne 'ok' -or "$(Get-SeedProperty -From $run.value -Name state)" -ne 'ended'
}

function Test-SeedOpen {
    <#
    .SYNOPSIS
        Whether a file can be opened for reading with a sharing mode: ok, or the HRESULT.
    .PARAMETER Path
        The file as .NET understands it.
    .PARAMETER Share
        The sharing mode.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][string]$Share)
    try {
        $stream = New-Object -TypeName System.IO.FileStream -ArgumentList @(
            $Path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, ([System.IO.FileShare]$Share)
        )
        $stream.Dispose()
        'ok'
    }
    catch { (Get-SeedErrorFact -ErrorRecord $_).hresult }
}

Export-ModuleMember -Function @(
    'Get-SeedProbe', 'Get-SeedAnswer', 'Get-SeedCollected', 'Get-SeedProbeSystem', 'Get-SeedProbePolicy',
    'Get-SeedProbeService', 'Get-SeedProbeWinRM', 'Get-SeedProbeCommand', 'Get-SeedProbeDisk',
    'Get-SeedPartitionCount', 'Compare-SeedSerial', 'Get-SeedProbeVolume', 'Get-SeedProbeAgent', 'Join-SeedShape',
    'Get-SeedProbeTool', 'Get-SeedFolderFact', 'Get-SeedHostWord', 'Invoke-SeedToolBanner', 'Get-SeedProbeJournal',
    'Get-SeedNewestJournal', 'Test-SeedToolRunning', 'Test-SeedOpen'
)
