# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module that talks to Azure."""

    DOCUMENTATION = r"""
options:
  subscription_id:
    description: Subscription of the storage account and of the import job. Read from E(AZURE_SUBSCRIPTION_ID) when not set.
    type: str
  resource_group:
    description: Resource group of the storage account and of the import job.
    type: str
    required: true
  cloud:
    description:
      - V(AzureCloud), V(AzureChinaCloud), V(AzureUSGovernment) or the HTTPS URL of a cloud's metadata document.
      - Read from E(AZURE_CLOUD_ENVIRONMENT) when not set.
    type: str
    default: AzureCloud
  auth_source:
    description:
      - V(secret) uses O(tenant), O(client_id) and O(secret), V(managed_identity) the identity of the machine, V(cli) the login of the Azure CLI.
      - V(auto) uses the secret when all three are given, and the Azure CLI otherwise.
    type: str
    choices: [auto, secret, managed_identity, cli]
    default: auto
  tenant:
    description: Tenant of the identity. Read from E(AZURE_TENANT) when not set.
    type: str
  client_id:
    description: Client id of the identity. Read from E(AZURE_CLIENT_ID) when not set.
    type: str
  secret:
    description: Client secret of the identity. Read from E(AZURE_SECRET) when not set. It is never written to a file.
    type: str
requirements:
  - azure-identity
  - azure-mgmt-core
  - azure-storage-blob
  - defusedxml
"""
