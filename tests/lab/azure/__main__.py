# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve the loopback Azure until the parent is gone."""

from __future__ import annotations

from lab import child, world
from lab.azure import azurite
from lab.azure.server import Server


def main() -> None:
    """Start Azurite and the endpoint, and say where they are in azure/endpoints.json."""
    home = world.home()
    process, blob_endpoint = azurite.start(home)
    child.end_with_parent(process.kill)
    server = Server(home, blob_endpoint)
    url = f"{server.endpoint}/metadata/endpoints?api-version=2022-09-01"
    world.write(
        home / "azure" / "endpoints.json",
        {
            "arm_endpoint": server.endpoint,
            "metadata_url": url,
            "blob_endpoint": blob_endpoint,
            "vault_endpoint": server.endpoint,
        },
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
