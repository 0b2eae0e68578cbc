# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the lab's one subscription. They are no secrets; the secrets are made anew for each lab."""

TENANT_ID = "7e9d0000-0000-4000-8000-00000000000a"
CLIENT_ID = "7e9d0000-0000-4000-8000-00000000000b"
SUBSCRIPTION_ID = "7e9d0000-0000-4000-8000-00000000000c"
RESOURCE_GROUP = "seeds"
LOCATION = "westeurope"
ACCOUNT = "labseeds"
ARM_AUDIENCE = "https://management.core.windows.net/"
# What the metadata document says of the cloud that the lab stands for: audience of tokens, and suffix of storage names.
CLOUDS = {
    "LabCloud": (ARM_AUDIENCE, "core.windows.net"),
    "AzureChinaCloud": ("https://management.core.chinacloudapi.cn/", "core.chinacloudapi.cn"),
    "AzureUSGovernment": ("https://management.core.usgovcloudapi.net/", "core.usgovcloudapi.net"),
}
STORAGE_AUDIENCE = "https://storage.azure.com"
ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
