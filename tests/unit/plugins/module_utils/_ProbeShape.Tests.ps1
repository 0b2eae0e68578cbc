# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a probe may say' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_ProbeShape'
    }

    Context 'kinds of values' {
        It 'is <wanted>' -ForEach @(
            @{ value = $null; wanted = 'null' }
            @{ value = 'x'; wanted = 'System.String' }
            @{ value = ''; wanted = 'System.String (empty)' }
            @{ value = '  '; wanted = 'System.String (blank)' }
            @{ value = [char]0; wanted = 'System.Char (0)' }
            @{ value = [char]'C'; wanted = 'System.Char' }
            @{ value = [DateTime]::new(2026, 1, 1, 0, 0, 0, [DateTimeKind]::Utc); wanted = 'System.DateTime (Utc)' }
            @{ value = [DateTime]::new(2026, 1, 1); wanted = 'System.DateTime (Unspecified)' }
            @{ value = [System.IO.FileShare]::None; wanted = 'System.IO.FileShare (enum)' }
            @{ value = @(); wanted = 'System.Object[] (empty)' }
            @{ value = [uint32]1; wanted = 'System.UInt32' }
        ) {
            Get-SeedKind -Value $value | Should -BeExactly $wanted
        }
    }

    Context 'shapes' {
        It 'has each type that was seen of each property, and values of enumerations alone' {
            $shape = Get-SeedShape -InputObject @(
                [pscustomobject]@{ PSTypeName = 'Lab.Disk'; BusType = 'SATA'; SerialNumber = 'WD-1'; Size = [uint64]5 }
                $null
                [pscustomobject]@{ PSTypeName = 'Lab.Disk'; BusType = [uint16]11; SerialNumber = $null }
            )
            $shape.count | Should -Be 2
            $shape.types | Should -Be 'Lab.Disk'
            $shape.properties.SerialNumber | Should -Be 'System.String', 'null'
            $shape.properties.Size | Should -Be 'System.UInt64'
            $shape.enumerations.BusType | Should -Be 'SATA', '11'
            @($shape.enumerations.Keys) | Should -Be 'BusType'
        }
        It 'goes down only as far as it is told' {
            $job = [pscustomobject]@{
                JobStatus = [pscustomobject]@{
                    JobState = 'Completed'
                    Inner = [pscustomobject]@{ Deep = 1 }
                }
                Many = @([pscustomobject]@{ Name = 'a' })
                Table = @{ key = 1 }
            }
            $names = @((Get-SeedShape -InputObject $job -Depth 1).properties.Keys)
            $names | Should -Contain 'JobStatus.JobState'
            $names | Should -Contain 'Many.Name'
            @($names | Where-Object { $_ -in 'JobStatus.Inner.Deep', 'Table.key' }) | Should -BeNullOrEmpty
            (Get-SeedShape -InputObject $job -Depth 1).enumerations['JobStatus.JobState'] | Should -Be 'Completed'
            @((Get-SeedShape -InputObject $job -Depth 2).properties.Keys) | Should -Contain 'JobStatus.Inner.Deep'
        }
        It 'shows a property that cannot be read as an error' {
            $broken = [pscustomobject]@{ A = 1 }
            $broken | Add-Member -MemberType ScriptProperty -Name B -Value { throw 'the serial is WD-1' }
            $shape = Get-SeedShape -InputObject $broken
            $shape.properties.B | Should -Be 'error'
            ($shape | ConvertTo-Json -Depth 6) | Should -Not -Match 'WD-1'
        }
        It 'leaves out names that are data' {
            $shape = Get-SeedShape -InputObject ([pscustomobject]@{ 'C:\Users\Alice' = 1; Good = 2 })
            @($shape.properties.Keys) | Should -Be 'Good'
        }
        It 'is empty for nothing' {
            (Get-SeedShape -InputObject @()).count | Should -Be 0
            (Get-SeedShape -InputObject $null).count | Should -Be 0
        }
    }

    Context 'enumerations' {
        It 'shows <value> as <wanted>' -ForEach @(
            @{ value = 'FCPH Name'; wanted = 'FCPH Name' }
            @{ value = 'XtsAes128'; wanted = 'XtsAes128' }
            @{ value = 'CSVFS_NTFS'; wanted = 'CSVFS_NTFS' }
            @{ value = 11; wanted = '11' }
            @{ value = $null; wanted = '' }
            @{ value = 'WD-WX31A10FE02'; wanted = '<text:14>' }
            @{ value = 'C:\x'; wanted = '<text:4>' }
            @{ value = 123456; wanted = '<text:6>' }
        ) {
            ConvertTo-SeedEnumeration -Value $value | Should -BeExactly $wanted
        }
    }

    Context 'errors' {
        It 'has type, code and id, and no text' {
            try { Get-Item -LiteralPath 'C:\Users\Alice\no' -ErrorAction Stop } catch { $problem = $_ }
            $fact = Get-SeedErrorFact -ErrorRecord $problem
            $fact.type | Should -Match 'NotFoundException$'
            $fact.id | Should -Match 'GetItemCommand$'
            $fact.hresult | Should -Match '^0x[0-9A-F]{8}$'
            ($fact | ConvertTo-Json) | Should -Not -Match 'Alice'
        }
        It 'looks behind the exception of a call' {
            try { [System.IO.File]::ReadAllText('/no/such/file') } catch { $problem = $_ }
            (Get-SeedErrorFact -ErrorRecord $problem).type | Should -Be 'System.IO.DirectoryNotFoundException'
        }
        It 'has no id where the id is the text' -ForEach @(@{ text = 'WD-1 of Alice' }, @{ text = 'Alice' }) {
            try { throw $text } catch { $problem = $_ }
            (Get-SeedErrorFact -ErrorRecord $problem).id | Should -BeExactly ''
        }
        It 'keeps the ids of the storage cmdlets' {
            try {
                $id = 'CmdletizationQuery_NotFound_DiskNumber,Get-Partition'
                Write-Error -Message 'x' -ErrorId $id -ErrorAction Stop
            }
            catch { $problem = $_ }
            (Get-SeedErrorFact -ErrorRecord $problem).id | Should -Match '^CmdletizationQuery_NotFound_DiskNumber,'
        }
    }

    Context 'names and lines' {
        It 'shows <name> as <wanted>' -ForEach @(
            @{ name = 'WAImportExport.exe'; wanted = 'WAImportExport.exe' }
            @{ name = 'Hddid.dll'; wanted = 'Hddid.dll' }
            @{
                name = 'WD-WX31A10FE02.jrn_DriveInfo_WD-WX31A10FE02.xml'
                wanted = '<a:2>-<a:2><n:2><a:1><n:2><a:2><n:2>.jrn_DriveInfo_<a:2>-<a:2><n:2><a:1><n:2><a:2><n:2>.xml'
            }
            @{ name = 'contoso-fs01.log'; wanted = '<a:7>-<a:2><n:2>.log' }
            @{ name = 'a@b'; wanted = '<a:1><?><a:1>' }
            @{ name = ''; wanted = '' }
        ) {
            Hide-SeedName -Name $name | Should -BeExactly $wanted
        }
        It 'masks every letter of other alphabets' {
            Hide-SeedName -Name ((-join [char[]]@(0x5907, 0x4EFD)) + '.log') | Should -BeExactly '<?><?>.log'
        }
        It 'masks keys, paths, ids, addresses and the words of the host in a line' {
            $line = 'WD-1 of ALICE: key 111111-222222-333333-444444-555555-666666-777777-000000, ' +
                'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= kim@contoso.com ' +
                '{11111111-2222-3333-4444-555555555555} S-1-5-21-1-2-3-500 \\filer\seed'
            $masked = Hide-SeedText -Text $line -Secret 'alice', 'WD-1', '', 'x'
            $masked | Should -BeExactly (
                '<name> of <name>: key <key>, <key> <address> <id> <id> <path>'
            )
        }
        It 'masks paths of every kind' {
            Hide-SeedText -Text 'at C:\Users\Kim Lee\x.log' | Should -BeExactly 'at <path>'
            Hide-SeedText -Text 'at /home/kim/x.log now' | Should -BeExactly 'at <path> now'
            Hide-SeedText -Text 'Usage: /bk /sk: Azure Import/Export' | Should -BeExactly (
                'Usage: /bk /sk: Azure Import/Export'
            )
        }
        It 'masks <line> whole' -ForEach @(
            @{ line = 'on \\filer\Contoso Ltd\Kim Lee'; masked = 'on <path>' }
            @{ line = 'in "\\filer\Contoso Ltd" now'; masked = 'in "<path>" now' }
            @{ line = 'at D:/Contoso Ltd/Kim Lee'; masked = 'at <path>' }
            @{ line = 'file:///D:/Contoso/x.log'; masked = 'file:///<path>' }
            @{ line = '111111 - 222222 - 333333 - 444444 - 555555 - 666666 - 777777 - 888888.'; masked = '<key>.' }
            @{ line = 'to https://contoso.blob.core.windows.net/c?sv=1&sig=a%2Fb%3D now'; masked = 'to <address> now' }
            @{ line = 'http://microsoft.com.contoso.com/x'; masked = '<address>' }
            @{ line = 'see https://go.microsoft.com/fwlink?id=1'; masked = 'see https://go.microsoft.com/fwlink?id=1' }
            @{ line = 'Version 1.5.0.300, /t:x /sk:y'; masked = 'Version 1.5.0.300, /t:x /sk:y' }
        ) {
            Hide-SeedText -Text $line | Should -BeExactly $masked
        }
        It 'cuts long lines' { (Hide-SeedText -Text ('a b ' * 200)).Length | Should -Be 300 }
    }
}
