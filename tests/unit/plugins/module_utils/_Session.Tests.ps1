# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
Describe 'what a copy does next' {
    BeforeAll {
        . (Join-Path -Path $env:SEEDFREIGHT_TESTS -ChildPath 'unit/lab/windows/world.ps1')
        Import-TestUtility -Name '_Session'
        # Three sessions of which the second one was copying; a row changes one thing of that.
        function Get-TestNext {
            param(
                [hashtable]$With = @{}, [hashtable]$Second = @{}, [hashtable]$Journal = @{}, [string]$First,
                [object]$FirstCode, [int]$Open
            )
            $sessions = @(foreach ($at in 1..3) {
                    $state = @('completed', 'failed', 'pending')[$at - 1]
                    $one = @{
                        id = "s-$at"; tool_id = "s-$at"; state = $state; exit_code = $null; stalled = 0; refused = ''
                        journal_bytes = 500
                    }
                    if ($at -eq 3) { $one['journal_bytes'] = $null }
                    [pscustomobject]$one
                })
            foreach ($name in $Second.Keys) { $sessions[1].$name = $Second[$name] }
            if ($First) { $sessions[0].state, $sessions[0].exit_code = $First, $FirstCode }
            if ($Open -eq 3) { $sessions[1].state = 'completed' }
            $fact = @{ damaged = ''; bytes = 900; sessions = @{ 's-1' = 'Completed'; 's-2' = 'InProgress' } }
            foreach ($name in $Journal.Keys) { $fact[$name] = $Journal[$name] }
            $known = @{
                State = 'interrupted'; Session = $sessions; Journal = [pscustomobject]$fact; Content = 'ours'
                Access = 'readable'; Serial = 'WD-1'; DriveId = 'WD-1'
            }
            foreach ($name in $With.Keys) { $known[$name] = $With[$name] }
            Get-SeedNext @known
        }
    }

    # Source of the rows: the life of a session in the tool's articles; where these say nothing, both answers are rows.
    It '<want>, when <what>' -ForEach @(
        @{ want = 'start'; what = 'there is no attempt'; case = @{ With = @{ State = 'none'; Session = @() } } }
        @{ want = 'start s-1'; what = 'the tool never started'; case = @{ With = @{ State = 'never_started' } } }
        @{
            want = 'wait s-2'; what = 'a copy runs'
            case = @{ With = @{ State = 'running' }; Second = @{ state = 'running' } }
        }
        @{
            want = 'wait s-3'; what = 'a copy is between two sessions'
            case = @{ With = @{ State = 'running' }; Open = 3 }
        }
        @{ want = 'done'; what = 'all is copied'; case = @{ With = @{ State = 'complete' } } }
        @{ want = 'ask'; what = 'its state cannot be read'; case = @{ With = @{ State = 'torn' } } }
        # The first session
        @{ want = 'new_attempt s-1'; what = 'the first session was killed'; case = @{ First = 'failed' } }
        @{
            want = 'new_attempt s-1'; what = 'the first session was refused'
            case = @{ With = @{ State = 'failed' }; First = 'failed' }
        }
        @{
            want = 'resume s-1'; what = 'the tool ended the first session well, and its runner did not see it'
            case = @{ First = 'failed'; Journal = @{ completed = $true; manifest_hash = 'A0' } }
        }
        @{
            want = 'new_attempt s-1'; what = 'the journal does not say that the first session finished the drive'
            case = @{ First = 'failed'; Journal = @{ completed = $false; manifest_hash = 'A0' } }
        }
        @{
            want = 'new_attempt s-1'; what = 'the journal has no hash of the manifest after the first session'
            case = @{ First = 'failed'; Journal = @{ completed = $true; manifest_hash = '' } }
        }
        @{
            want = 'new_attempt s-1'; what = 'the journal says another word of the first session'
            case = @{
                First = 'failed'
                Journal = @{ completed = $true; manifest_hash = 'A0'; sessions = @{ 's-1' = 'InProgress' } }
            }
        }
        @{
            want = 'new_attempt s-1'; what = 'the first session has an exit code'
            case = @{
                With = @{ State = 'failed' }; First = 'failed'; FirstCode = 1
                Journal = @{ completed = $true; manifest_hash = 'A0' }
            }
        }
        @{
            want = 'new_attempt s-1'; what = 'the drive of a finished first session holds something else by now'
            case = @{
                With = @{ Content = 'foreign' }; First = 'failed'
                Journal = @{ completed = $true; manifest_hash = 'A0' }
            }
        }
        @{
            want = 'wait s-1'; what = 'the drive of a finished first session is not attached'
            case = @{
                With = @{ Access = 'missing' }; First = 'failed'
                Journal = @{ completed = $true; manifest_hash = 'A0' }
            }
        }
        # A later session that ended abnormally
        @{ want = 'resume s-2'; what = 'the tool was killed'; case = @{} }
        @{
            want = 'resume s-2'; what = 'the host was restarted, and the drive is locked'
            case = @{ With = @{ Access = 'locked' } }
        }
        @{
            want = 'resume s-2'; what = 'the source went offline'
            case = @{ With = @{ State = 'failed' }; Second = @{ exit_code = 1 } }
        }
        @{
            want = 'resume s-2'; what = 'the tool says nothing of its sessions'
            case = @{ Journal = @{ sessions = @{} } }
        }
        @{
            want = 'resume s-2'; what = 'the tool says numbers of its sessions'
            case = @{ Journal = @{ sessions = @{ 's-2' = '1' } } }
        }
        @{
            want = 'resume s-2'; what = 'an earlier version kept no length of the journal'
            case = @{ Second = @{ journal_bytes = $null } }
        }
        # A session that never began
        @{
            want = 'start s-2'; what = 'the runner was ended before the session'
            case = @{
                Second = @{ state = 'pending'; journal_bytes = $null }
                Journal = @{ sessions = @{ 's-1' = 'Completed' } }
            }
        }
        @{
            want = 'resume s-2'; what = 'the runner was ended before it could say that the session began'
            case = @{ Second = @{ state = 'pending'; journal_bytes = $null } }
        }
        @{
            want = 'start s-2'; what = 'the tool was refused and wrote nothing'
            case = @{
                With = @{ State = 'failed' }; Second = @{ exit_code = 1; journal_bytes = 900 }
                Journal = @{ sessions = @{} }
            }
        }
        @{
            want = 'start s-2'; what = 'the tool was killed before it wrote anything'
            case = @{ Second = @{ journal_bytes = 900 } }
        }
        @{ want = 'start s-3'; what = 'the last session has its turn'; case = @{ Open = 3 } }
        # What the journal says of a session that nobody saw end, and of one with an exit code
        @{
            want = 'resume s-2'; what = 'the tool ended well, and its runner did not see it'
            case = @{ Journal = @{ sessions = @{ 's-2' = 'Completed' } } }
        }
        @{
            want = 'ask s-2'; what = 'the tool failed after the session was completed'
            case = @{
                With = @{ State = 'failed' }; Second = @{ exit_code = 1 }
                Journal = @{ sessions = @{ 's-2' = 'Completed' } }
            }
        }
        @{
            want = 'resume s-2'; what = 'the tool ended well and the journal does not say so'
            case = @{ With = @{ State = 'failed' }; Second = @{ exit_code = 0 } }
        }
        # Refusals
        @{ want = 'abort s-2'; what = 'the tool refused to resume'; case = @{ Second = @{ refused = 'resume' } } }
        @{
            want = 'ask s-2'; what = 'the tool refused to resume and to abort'
            case = @{ Second = @{ refused = 'abort' } }
        }
        @{
            want = 'start s-2'; what = 'the tool refused both, and its journal names other sessions only'
            case = @{ Second = @{ refused = 'abort' }; Journal = @{ sessions = @{ 's-1' = 'Completed' } } }
        }
        @{
            want = 'ask s-2'; what = 'the tool refused both, and its journal names no session at all'
            case = @{ Second = @{ refused = 'abort' }; Journal = @{ sessions = @{} } }
        }
        @{
            want = 'ask s-2'; what = 'the tool refused both, and says of the session what nobody knows'
            case = @{ Second = @{ refused = 'abort' }; Journal = @{ sessions = @{ 's-1' = '2'; 's-2' = '' } } }
        }
        @{
            want = 'ask s-2'; what = 'the tool refused to start what it does not know'
            case = @{
                Second = @{ refused = 'start'; journal_bytes = 900 }; Journal = @{ sessions = @{ 's-1' = 'Completed' } }
            }
        }
        @{ want = 'resume s-2'; what = 'it was resumed twice without progress'; case = @{ Second = @{ stalled = 2 } } }
        @{
            want = 'ask s-2'; what = 'it was resumed three times without progress'
            case = @{ Second = @{ stalled = 3 } }
        }
        @{
            want = 'resume s-2'; what = 'it goes by another id after an abort'
            case = @{
                Second = @{ tool_id = 's-2r1' }
                Journal = @{ sessions = @{ 's-2' = 'Aborted'; 's-2r1' = 'InProgress' } }
            }
        }
        # Journal and drive
        @{ want = 'new_attempt s-2'; what = 'the journal is lost'; case = @{ With = @{ Journal = $null } } }
        @{
            want = 'new_attempt s-2'; what = 'the journal is damaged'
            case = @{ Journal = @{ damaged = 'journal, line 3' } }
        }
        @{ want = 'new_attempt s-2'; what = 'the journal is of another drive'; case = @{ With = @{ DriveId = 'X' } } }
        @{
            want = 'new_attempt s-2'; what = 'somebody formatted the drive'
            case = @{ With = @{ Content = 'foreign' } }
        }
        @{ want = 'new_attempt s-2'; what = 'somebody emptied the drive'; case = @{ With = @{ Content = 'empty' } } }
        @{
            want = 'wait s-2'; what = 'the drive is not attached'
            case = @{ With = @{ Access = 'missing'; Content = 'unknown' } }
        }
        @{ want = 'ask s-2'; what = 'the disk is offline'; case = @{ With = @{ Access = 'offline' } } }
        @{ want = 'ask s-2'; what = 'the drive cannot be looked into'; case = @{ With = @{ Access = 'unknown' } } }
        @{
            want = 'ask'; what = 'all sessions ended well and the journal does not say so'
            case = @{ With = @{ State = 'failed'; Session = @() }; Open = 3 }
        }
    ) {
        $next = Get-TestNext @case
        "$($next.action) $($next.session)".Trim() | Should -Be $want
        $next.reason | Should -Match '\.$'
    }
    It 'gives an aborted session an id that is free and legal: <id>' -ForEach @(
        @{ id = 's-2'; known = @('s-2'); made = 's-2r1' }
        @{ id = 's-2'; known = @('s-2', 's-2r1', 'S-2R2'); made = 's-2r3' }
        @{ id = 'a-session-id-of-30-charactersx'; known = @(); made = 'a-session-id-of-30-characterr1' }
    ) {
        $new = New-SeedSessionId -Id $id -Known $known
        $new | Should -BeExactly $made
        $new | Should -Match '^[A-Za-z0-9_#-]{3,30}$'
    }
    It 'reads a field of whatever has fields' {
        $three = [pscustomobject]@{ a = 3 }
        "$(Get-SeedField -Value $null -Name a -Default 1) $(Get-SeedField -Value @{ a = 2 } -Name a) " +
            "$(Get-SeedField -Value $three -Name a) $(Get-SeedField -Value @{} -Name a -Default 4)" |
            Should -Be '1 2 3 4'
    }
}
