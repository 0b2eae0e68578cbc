# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables that options of Azure are read from; tests remove those of the caller."""

from __future__ import annotations

AZURE_VARIABLES = (
    "ANSIBLE_AZURE_AUTH_SOURCE",
    "AZURE_ADFS_AUTHORITY_URL",
    "AZURE_AD_USER",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CERT_VALIDATION",
    "AZURE_CERT_VALIDATION_MODE",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLOUD_ENVIRONMENT",
    "AZURE_DISABLE_INSTANCE_DISCOVERY",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_PROFILE",
    "AZURE_SECRET",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_TENANT",
    "AZURE_TENANT_ID",
    "AZURE_THUMBPRINT",
    "AZURE_USERNAME",
    "AZURE_X509_CERTIFICATE_PATH",
)
