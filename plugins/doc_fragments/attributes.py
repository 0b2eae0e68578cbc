# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of the modules. A module takes one of the first two, one platform, and its action groups."""

    # A module that changes something.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
  idempotent:
    description: >-
      When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
"""

    # A module that only reads.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
    details: This module does not change anything.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: N/A
    details: This module does not change anything.
  idempotent:
    description: >-
      When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details: This module does not change anything.
"""

    # A module that runs where Ansible runs.
    CONTROLLER = r"""
options: {}
attributes:
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: posix
    details: Runs on the controller, with C(connection=local) or C(delegate_to=localhost).
notes:
  - The module receives its arguments on standard input, so that no credential touches a temporary file.
"""

    # A module that runs on a Windows host.
    WINDOWS = r"""
options: {}
attributes:
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: windows
    details: Runs on Windows PowerShell 5.1 and later.
notes:
  - The account that Ansible connects with needs to be an administrator of the host.
"""

    # A member of the action group azure.
    ACTIONGROUP_AZURE = r"""
options: {}
attributes:
  action_group:
    description: Use the action group in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - seedfreight.azure_offline_backup.azure
"""

    # A member of the action group state.
    ACTIONGROUP_STATE = r"""
options: {}
attributes:
  action_group:
    description: Use the action group in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - seedfreight.azure_offline_backup.state
"""

    # A member of both action groups.
    ACTIONGROUP_AZURE_STATE = r"""
options: {}
attributes:
  action_group:
    description: Use the action groups in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - seedfreight.azure_offline_backup.azure
      - seedfreight.azure_offline_backup.state
"""
