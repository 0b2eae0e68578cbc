# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'the static check of PowerShell' {
    BeforeAll {
        $scripts = Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath '../scripts'
        Import-Module -Name "$scripts/check_powershell.psm1" -Force
    }
    AfterAll { Remove-Module -Name check_powershell }

    It 'finds <rule> in: <code>' -ForEach @(
        @{ rule = 'encoding'; code = 'Get-Content -LiteralPath $p -Raw' }
        @{ rule = 'encoding'; code = 'gc $p' }
        @{ rule = 'encoding'; code = 'Microsoft.PowerShell.Management\Get-Content $p' }
        @{ rule = 'encoding'; code = 'Get-Content @given' }
        @{ rule = 'encoding'; code = 'Get-Content -LiteralPath $p -Encoding Default' }
        @{ rule = 'encoding'; code = "Get-Content -LiteralPath `$p -Encoding 'oem'" }
        @{ rule = 'encoding'; code = 'Set-Content -LiteralPath $p -Value $t' }
        @{ rule = 'encoding'; code = 'Add-Content -LiteralPath $p -Value $t' }
        @{ rule = 'encoding'; code = '$t | Out-File -FilePath $p' }
        @{ rule = 'encoding'; code = '$t | Export-Csv -Path $p' }
        @{ rule = 'encoding'; code = 'Import-Csv -Path $p' }
        @{ rule = 'encoding'; code = 'Select-String -LiteralPath $p -Pattern x' }
        @{ rule = 'encoding'; code = 'Select-String x $p' }
        @{ rule = 'encoding'; code = 'Get-ChildItem -LiteralPath $p | Select-String -Pattern x' }
        @{ rule = 'encoding'; code = '$t | Tee-Object -FilePath $p' }
        @{ rule = 'encoding'; code = '$t | Tee-Object $p' }
        @{ rule = 'encoding'; code = 'New-Item -Path $p -ItemType File -Value $t' }
        @{ rule = 'encoding'; code = 'Start-Transcript -Path $p' }
        @{ rule = 'encoding'; code = '& tool > $p' }
        @{ rule = 'encoding'; code = '& tool 2>> out.txt' }
        @{ rule = 'encoding'; code = '[System.IO.File]::ReadAllText($p)' }
        @{ rule = 'encoding'; code = '[IO.File]::WriteAllText($p, $t)' }
        @{ rule = 'encoding'; code = '[IO.File]::AppendAllText($p, $t)' }
        @{ rule = 'encoding'; code = '[IO.File]::ReadAllLines($p)' }
        @{ rule = 'encoding'; code = '[IO.File]::OpenText($p)' }
        @{ rule = 'encoding'; code = '[IO.File]::ReadAllText($p, [Text.Encoding]::Default)' }
        @{ rule = 'encoding'; code = '[Text.Encoding]::Default.GetString($b)' }
        @{ rule = 'encoding'; code = '[System.IO.StreamReader]::new($s)' }
        @{ rule = 'encoding'; code = '[System.IO.StreamReader]::new($s, $true)' }
        @{ rule = 'encoding'; code = '[System.IO.StreamWriter]::new($p, $false)' }
        @{ rule = 'encoding'; code = 'New-Object -TypeName System.IO.StreamReader -ArgumentList $s' }
        @{ rule = 'encoding'; code = 'New-Object System.IO.StreamReader $s' }
        @{ rule = 'encoding'; code = 'New-Object IO.StreamWriter -ArgumentList @($p, $true)' }
        @{ rule = 'sharing'; code = 'Get-FileHash -LiteralPath $p' }
        @{ rule = 'xml'; code = '[xml]$t' }
        @{ rule = 'xml'; code = '[xml]$x = $t' }
        @{ rule = 'xml'; code = '$t -as [xml]' }
        @{ rule = 'xml'; code = '[System.Xml.XmlDocument]::new()' }
        @{ rule = 'xml'; code = 'New-Object -TypeName System.Xml.XmlDocument' }
        @{ rule = 'xml'; code = 'Select-Xml -Content $t -XPath /' }
        @{ rule = 'xml'; code = '[System.Xml.Linq.XDocument]::Parse($t)' }
        @{ rule = 'xml'; code = 'try { [System.Xml.XmlReader]::Create($s) } catch { throw "bad" }' }
        @{ rule = 'quoting'; code = '$t | ConvertFrom-Json' }
        @{ rule = 'quoting'; code = 'function Read-Other { ConvertFrom-Json -InputObject $t }' }
        @{ rule = 'quoting'; code = '[datetime]$t' }
        @{ rule = 'quoting'; code = '$a = [guid]"$t"' }
        @{ rule = 'quoting'; code = '[version]$record.version' }
        @{ rule = 'quoting'; code = '[uri]$t' }
        @{ rule = 'quoting'; code = '[System.Version]::new("$t")' }
        @{ rule = 'quoting'; code = '[DateTime]::Parse($t)' }
        @{ rule = 'quoting'; code = "[DateTime]::ParseExact(`$t, 'o', `$null)" }
        @{ rule = 'quoting'; code = '[int]::Parse($t)' }
        @{ rule = 'quoting'; code = '[int]"$t"' }
        @{ rule = 'quoting'; code = '[long]$Matches[1]' }
        @{ rule = 'quoting'; code = '[int]$match.Groups[1].Value' }
        @{ rule = 'quoting'; code = '[long]$t.Trim()' }
        @{ rule = 'quoting'; code = '[int]($t -replace "a", "b")' }
        @{ rule = 'quoting'; code = 'function f { param([string]$Text) [int]$Text }' }
        @{ rule = 'quoting'; code = '$a = $t.Substring(1); [int]$a' }
        @{ rule = 'quoting'; code = 'foreach ($one in $t.Split("-")) { [int]$one }' }
        @{ rule = 'quoting'; code = '[int](Read-SeedText -Path $p)' }
        @{ rule = 'quoting'; code = '[Convert]::ToInt32("$t", 16)' }
        @{ rule = 'quoting'; code = '[Convert]::FromBase64String($t)' }
        @{ rule = 'quoting'; code = 'try { [Convert]::FromBase64String($t) } catch { throw }' }
        @{ rule = 'quoting'; code = 'try { [Convert]::FromBase64String($t) } catch { throw "bad: $_" }' }
        @{ rule = 'quoting'; code = 'try { [Convert]::FromBase64String($t) } catch { $_.Exception.Message }' }
        @{ rule = 'quoting'; code = 'try { $x } catch { [Convert]::FromBase64String($t) }' }
        @{ rule = 'quoting'; code = 'try { [Convert]::FromBase64String($t) } catch [System.IO.IOException] { 1 }' }
        @{ rule = 'quoting'; code = 'function f { [Convert]::FromBase64String($t) }; f; try { f } catch { 1 }' }
        @{ rule = 'parse'; code = 'if (' }
    ) { @((Get-Problem -Source $code).rule)[0] | Should -BeExactly $rule }

    It 'finds nothing in: <code>' -ForEach @(
        @{ code = 'Get-Content -LiteralPath $p -Raw -Encoding UTF8' }
        @{ code = 'Get-Content -LiteralPath $p -Encoding:UTF8' }
        @{ code = 'Get-Content -LiteralPath $p -Enc UTF8' }
        @{ code = 'Set-Content -LiteralPath $p -Value $t -Encoding UTF8' }
        @{ code = '$t | Out-File -FilePath $p -Encoding UTF8' }
        @{ code = '$t | Select-String -Pattern x' }
        @{ code = 'Select-String -LiteralPath $p -Pattern x -Encoding UTF8' }
        @{ code = '$t | Tee-Object -Variable v' }
        @{ code = 'New-Item -Path $p -ItemType Directory' }
        @{ code = 'New-Item -Path $p -ItemType SymbolicLink -Value $t' }
        @{ code = '& tool 2>$null' }
        @{ code = '& tool 2>&1' }
        @{ code = '[IO.File]::ReadAllText($p, [Text.Encoding]::UTF8)' }
        @{ code = '[IO.File]::WriteAllText($p, $t, $encoding)' }
        @{ code = '[IO.File]::ReadAllBytes($p)' }
        @{ code = '[Text.Encoding]::Default.CodePage' }
        @{ code = '[System.IO.StreamReader]::new($s, [System.Text.Encoding]::UTF8)' }
        @{ code = '[System.IO.StreamReader]::new($s, $utf8, $true)' }
        @{ code = '[System.IO.StreamWriter]::new($p, $false, $utf8)' }
        @{ code = 'New-Object -TypeName System.IO.StreamReader -ArgumentList $s, $utf8' }
        @{ code = 'New-Object -TypeName IO.StreamWriter -ArgumentList @($p, $true, $utf8)' }
        @{ code = 'Get-SeedFileHash -Path $p' }
        @{ code = 'function Read-SeedJson { ConvertFrom-Json -InputObject $t }' }
        @{ code = "[version]'1.5.0.300'" }
        @{ code = '[guid]::TryParse("$t", [ref]$guid)' }
        @{ code = '[guid]::NewGuid()' }
        @{ code = '$t -as [int]' }
        @{ code = '[long]$file.Length' }
        @{ code = '[int]$disk.Number' }
        @{ code = '[int][char]$letter' }
        @{ code = '[long]($bytes / 500)' }
        @{ code = 'function f { param([long]$End) [int][Math]::Min($End, 4MB) }' }
        @{ code = '[Convert]::ToBase64String($bytes)' }
        @{ code = 'try { [Convert]::FromBase64String($t) } catch { throw "not base64" }' }
        @{ code = 'try { [Convert]::FromBase64String($t) } catch [System.FormatException] { $null }' }
        @{ code = 'function f { [Convert]::FromBase64String($t) }; try { f } catch { $_.Exception.HResult }' }
    ) { @(Get-Problem -Source $code).Count | Should -Be 0 }

    Context 'a reader of XML' {
        BeforeAll {
            $safe = @'
                $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
                $settings.XmlResolver = $null
                try { $reader = [System.Xml.XmlReader]::Create($stream, $settings) }
                catch [System.Xml.XmlException] { "line $($_.Exception.LineNumber)" }
'@
        }
        It 'passes with settings and a catch' { @(Get-Problem -Source $safe).Count | Should -Be 0 }
        It 'fails with <what>' -ForEach @(
            @{ what = 'a DTD'; old = 'Prohibit'; new = 'Parse' }
            @{ what = 'a resolver'; old = '= $null'; new = '= $resolver' }
            @{ what = 'other settings'; old = 'm, $settings'; new = 'm, $other' }
            @{ what = 'the message of the error'; old = 'LineNumber'; new = 'Message' }
            @{ what = 'a catch of another error'; old = 'XmlException'; new = 'XPath.XPathException' }
        ) { @((Get-Problem -Source $safe.Replace($old, $new)).rule)[0] | Should -BeExactly 'xml' }
    }

    It 'names the line, and looks at every script of a folder' {
        (Get-Problem -Source "`n`n[xml]`$t").line | Should -Be 3
        $folder = Join-Path -Path ([System.IO.Path]::GetTempPath()) -ChildPath ([guid]::NewGuid().ToString('N'))
        $null = New-Item -ItemType Directory -Path "$folder/below" -Force
        try {
            Invoke-Check -Path $folder 6>$null | Should -BeFalse
            Set-Content -LiteralPath "$folder/a.ps1" -Value '[int]$a.b' -Encoding utf8
            Invoke-Check -Path $folder 6>$null | Should -BeTrue
            Set-Content -LiteralPath "$folder/below/b.psm1" -Value '[xml]$t' -Encoding utf8
            $lines = @()
            Invoke-Check -Path $folder -InformationVariable lines 6>$null | Should -BeFalse
            @($lines)[0] | Should -Match 'b\.psm1:1: xml: '
        }
        finally { Remove-Item -LiteralPath $folder -Recurse }
    }
}
