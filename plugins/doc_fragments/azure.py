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
      - Uses E(AZURE_SUBSCRIPTION_ID) or that of the O(profile) if not set. Required in one of these ways.
    type: str
  resource_group:
    description: Resource group of the storage account and of the import job.
    type: str
    required: true
  cloud_environment:
    description:
      - V(AzureCloud), V(AzureChinaCloud), V(AzureUSGovernment), or the HTTPS URL of a cloud's metadata document
        or of its Resource Manager.
      - Uses E(AZURE_CLOUD_ENVIRONMENT), the cloud of the O(profile) or V(AzureCloud) if not set.
    type: str
    aliases: [cloud]
  auth_source:
    description:
      - V(env) uses an application (O(tenant), O(client_id) and one of O(secret), O(x509_certificate_path) and
        O(federated_token_file), of which the first that is set counts) or a person (O(ad_user) and O(password)), from
        the options or their environment variables.
      - V(credential_file) uses the O(profile) of C(~/.azure/credentials) and nothing of an identity in the options.
      - V(msi) uses the managed identity of this machine; O(client_id) selects a user-assigned one.
      - V(cli) uses the login of the Azure CLI.
      - V(auto) uses V(credential_file) if O(profile) is set, else V(env) if it is complete, else V(credential_file) if
        the file has a complete profile C(default), else V(cli). RV(auth_source) is what it took.
      - V(secret) is another word for V(env), V(managed_identity) one for V(msi).
      - Uses E(ANSIBLE_AZURE_AUTH_SOURCE) if not set.
    type: str
    choices: [auto, cli, credential_file, env, msi, secret, managed_identity]
    default: auto
  profile:
    description:
      - Section of C(~/.azure/credentials), an INI file with C(tenant), C(client_id), C(secret) and so on, named like
        the options. C(subscription_id) and C(cloud_environment) there are used if their options are not set.
      - Uses E(AZURE_PROFILE) or V(default) if not set.
    type: str
  tenant:
    description:
      - Tenant of the identity.
      - Uses E(AZURE_TENANT) or E(AZURE_TENANT_ID) if not set.
    type: str
  client_id:
    description:
      - Client ID of the identity.
      - Uses E(AZURE_CLIENT_ID) if not set.
    type: str
  secret:
    description:
      - Client secret of the application. It is never written to a file.
      - Uses E(AZURE_SECRET) or E(AZURE_CLIENT_SECRET) if not set.
    type: str
  x509_certificate_path:
    description:
      - File with the certificate of the application and its private key, PEM or PKCS#12.
      - Uses E(AZURE_X509_CERTIFICATE_PATH) or E(AZURE_CLIENT_CERTIFICATE_PATH) if not set.
    type: path
  x509_certificate_password:
    description:
      - Password of O(x509_certificate_path).
      - Uses E(AZURE_CLIENT_CERTIFICATE_PASSWORD) if not set.
    type: str
  thumbprint:
    description:
      - SHA-1 thumbprint that the certificate in O(x509_certificate_path) must have.
      - Uses E(AZURE_THUMBPRINT) if not set.
    type: str
  federated_token_file:
    description:
      - File with the token of a federated credential of the application (workload identity federation).
      - Uses E(AZURE_FEDERATED_TOKEN_FILE) if not set.
    type: path
  ad_user:
    description:
      - Name of a person. An account with multi-factor authentication cannot sign in so.
      - Uses E(AZURE_AD_USER) or E(AZURE_USERNAME) if not set.
    type: str
  password:
    description:
      - Password of O(ad_user).
      - Uses E(AZURE_PASSWORD) if not set.
    type: str
  adfs_authority_url:
    description:
      - HTTPS URL of the authority that issues tokens, if it is not that of the cloud.
      - Uses E(AZURE_ADFS_AUTHORITY_URL) or E(AZURE_AUTHORITY_HOST) if not set.
    type: str
  disable_instance_discovery:
    description:
      - If V(true), the authority is not verified with Microsoft before a token is asked for. It never is for a cloud
        that is named by URL, or with O(adfs_authority_url).
      - Uses E(AZURE_DISABLE_INSTANCE_DISCOVERY) if not set.
    type: bool
    default: false
  cert_validation_mode:
    description:
      - If V(ignore), the certificates of Azure are not verified. Prefer E(REQUESTS_CA_BUNDLE) with the certificate
        authority of your proxy, because a secret goes to whoever answers.
      - Uses E(AZURE_CERT_VALIDATION_MODE) or E(AZURE_CERT_VALIDATION) if not set.
    type: str
    choices: [validate, ignore]
    default: validate
requirements:
  - azure-core
  - azure-identity
  - azure-storage-blob
  - cryptography
"""
