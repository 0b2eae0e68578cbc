# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The provider for files that another product writes to the staging location: there is no agent that could be asked,
# set or started. Private to the collection.

Set-StrictMode -Version 3.0

function Get-SeedFolderBackup {
    <#
    .SYNOPSIS
        That there is no agent: no policy, no method, no jobs, no recovery points, and no question that is unknown.
    #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param()
    [ordered]@{
        agent = [ordered]@{ kind = 'folder'; installed = $null; version = $null; log_folder = $null }
        unknown = [ordered]@{}
        policy = $null
        method = $null
        jobs = @()
        recovery_points = @()
    }
}

Export-ModuleMember -Function 'Get-SeedFolderBackup'
