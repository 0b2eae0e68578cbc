# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator of WAImportExport.exe, version 1 of the tool. Source: the tool's published articles, 2013 to 2022."""
