# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs at the start of every PowerShell process of a lab host: its drives are there before its work begins.
$env:PSModulePath = [System.IO.Path]::Combine($PSScriptRoot, 'Modules') + [System.IO.Path]::PathSeparator + $env:PSModulePath
Import-Module -Name LabWorld -Global
Mount-LabDrive
