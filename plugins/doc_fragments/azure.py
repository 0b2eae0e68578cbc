# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module that talks to Azure."""

    DOCUMENTATION = r"""
options:
  subscription_id:
    description:
      - Subscription of the storage account and of the import job.
      - Uses E(AZURE_SUBSCRIPTION_ID) if not set. Required in one of the two ways.
    type: str
  resource_group:
    description: Resource group of the storage account and of the import job.
    type: str
    required: true
  cloud_environment:
    description:
      - V(AzureCloud), V(AzureChinaCloud), V(AzureUSGovernment), or the HTTPS URL of a cloud's metadata document
        or of its Resource Manager.
      - Uses E(AZURE_CLOUD_ENVIRONMENT) if not set.
    type: str
    default: AzureCloud
    aliases: [cloud]
  auth_source:
    description:
      - V(env) uses O(tenant), O(client_id) and O(secret), from the options or their environment variables.
      - V(msi) uses the managed identity of this machine; O(client_id) selects a user-assigned one.
      - V(cli) uses the login of the Azure CLI.
      - V(auto) uses V(env) if O(tenant), O(client_id) and O(secret) are all set, and V(cli) otherwise.
      - V(secret) is another word for V(env), V(managed_identity) one for V(msi).
      - Uses E(ANSIBLE_AZURE_AUTH_SOURCE) if not set.
    type: str
    choices: [auto, env, cli, msi, secret, managed_identity]
    default: auto
  tenant:
    description:
      - Tenant of the identity.
      - Uses E(AZURE_TENANT) or E(AZURE_TENANT_ID) if not set.
      - Required when O(auth_source=env).
    type: str
  client_id:
    description:
      - Client ID of the identity.
      - Uses E(AZURE_CLIENT_ID) if not set.
      - Required when O(auth_source=env).
    type: str
  secret:
    description:
      - Client secret of the identity. It is never written to a file.
      - Uses E(AZURE_SECRET) or E(AZURE_CLIENT_SECRET) if not set.
      - Required when O(auth_source=env).
    type: str
requirements:
  - azure-core
  - azure-identity
  - azure-storage-blob
"""
