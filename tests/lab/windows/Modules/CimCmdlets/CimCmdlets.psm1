# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the CIM commands of Windows, as far as classes of it are used: encryptable volumes, page files, disks,
# the system, and those of classes.json. A host.json with `cim` has other instances of a class than that file.
Import-Module -Name LabWorld, LabBitLocker -Global

function Get-LabCimClass {
    # Name of the class, namespace and instances of a class that is only data; nothing when there is no such class.
    param([string]$ClassName)
    $system = Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')
    $file = [System.IO.Path]::Combine($PSScriptRoot, 'classes.json')
    $known = (Read-LabFile -Path $file).PSObject.Properties[$ClassName]
    if (-not $known) { return }
    $own = $null
    if ($system.PSObject.Properties['cim']) { $own = $system.cim.PSObject.Properties[$ClassName] }
    $instances = @($(if ($own) { $own.Value } else { $known.Value.instances }))
    $agent = Get-LabPath 'hosts' $env:LAB_HOST 'agent.json'
    if ($ClassName -eq 'Win32_Service' -and -not $own -and [System.IO.File]::Exists($agent)) {
        # The service of a server of DPM or MABS. Source: public scripts.
        $product = (Read-LabFile -Path $agent).PSObject.Properties['product']
        if ($product -and $product.Value -eq 'dpm') {
            $instances += [pscustomobject]@{ Name = 'MSDPM'; State = 'Running'; StartMode = 'Auto' }
        }
    }
    [pscustomobject]@{ Namespace = $known.Value.namespace; Instances = $instances }
}

function Get-CimInstance {
    <# .SYNOPSIS Instances of the classes that are used. #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)][string]$ClassName,
        [string]$Namespace = 'root/cimv2',
        [string]$Filter,
        [string[]]$Property
    )
    if (Invoke-LabFault $PSCmdlet) { return }
    $found = switch ($ClassName) {
        'Win32_PageFileUsage' {
            $system = Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')
            foreach ($letter in $system.page_file_letters) {
                [pscustomobject]@{ CimClass = $ClassName; Name = "${letter}:\pagefile.sys" }
            }
        }
        'Win32_DiskDrive' {
            foreach ($disk in Get-LabDisk) {
                [pscustomobject]@{
                    CimClass = $ClassName
                    Index = [uint32]$disk.number
                    DeviceID = Get-LabDevice -Disk $disk
                    Size = [uint64]$disk.size
                    SerialNumber = Get-LabSerial -Disk $disk
                }
            }
        }
        'Win32_OperatingSystem' {
            $system = Read-LabFile -Path (Get-LabPath 'hosts' $env:LAB_HOST 'host.json')
            $known = $system.PSObject.Properties['boot_time']
            $boot = [DateTime]::new(2026, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
            if ($known) { $boot = ([DateTime]$known.Value).ToUniversalTime() }
            $facts = @((Get-LabCimClass -ClassName $ClassName).Instances)[0]
            $facts | Add-Member -NotePropertyName CimClass -NotePropertyValue $ClassName
            $facts | Add-Member -NotePropertyName LastBootUpTime -NotePropertyValue $boot.ToLocalTime()
            $facts
        }
        'Win32_EncryptableVolume' {
            if ($Namespace -replace '/', '\' -ne 'root\cimv2\Security\MicrosoftVolumeEncryption') {
                Write-Error -Message 'Invalid class'
                return
            }
            foreach ($disk in Get-LabDisk | Where-Object { -not $_.is_offline }) {
                foreach ($partition in $disk.partitions | Where-Object { $_.letter }) {
                    [pscustomobject]@{
                        CimClass = $ClassName
                        DriveLetter = "$($partition.letter):"
                        DeviceID = "\\?\Volume$($partition.guid)\"
                        lab_guid = $partition.guid
                    }
                }
            }
        }
        default {
            $class = Get-LabCimClass -ClassName $ClassName
            if (-not $class -or $class.Namespace -ne ($Namespace -replace '\\', '/')) {
                Write-Error -Message "Invalid class $ClassName"
                return
            }
            $class.Instances
        }
    }
    if ($Filter -match "^(?<name>\w+)\s*=\s*'?(?<value>[^']*?)'?$") {
        # In a query a backslash is doubled.
        $name, $value = $Matches['name'], $Matches['value'].Replace('\\', '\')
        $found = @($found | Where-Object { $_.$name -eq $value })
    }
    $found
}

function Invoke-CimMethod {
    <# .SYNOPSIS Methods of Win32_EncryptableVolume; ReturnValue 0 is success, as in WMI. #>
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)][object]$InputObject,
        [Parameter(Mandatory, Position = 1)][string]$MethodName,
        [Parameter(Position = 2)][System.Collections.IDictionary]$Arguments
    )
    process {
        if (Invoke-LabFault $PSCmdlet) { return }
        if ("$($InputObject.CimClass)" -ne 'Win32_EncryptableVolume') {
            Write-Error -Message "Invalid method $MethodName"
            return
        }
        Invoke-LabEncryptableMethod -Guid $InputObject.lab_guid -Name $MethodName -Value $Arguments
    }
}

Export-ModuleMember -Function Get-CimInstance, Invoke-CimMethod
