# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a request to Azure is tried again, with azure-core. Private to the collection."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps

try:
    from azure.core.pipeline import policies
except ImportError as error:
    _deps.note(error)

# For other errors of a service and for lost connections, about 45 seconds in all.
RETRIES, BACKOFF_FACTOR, MAX_BACKOFF = 6, 0.8, 20.0
# So many seconds one client waits in all for a service that is busy (503) or limits requests (429), which all seeds of
# a subscription share. A module has two clients, one of them for tokens, and both together are shorter than the lease
# of a seed's lock. A Retry-After beyond it ends the request with an error that names it.
PATIENCE = 420.0
BUSY = (429, 503)
# A pause for these grows to so many seconds, even when Retry-After says less.
SLOW = 5.0
# Most seconds that are added to a pause.
MAX_SPREAD = 20.0


def patient_retry(seconds_in_all: float = PATIENCE) -> Any:
    """The library's retries, and patience with 429 and 503 for every method, without a sleep of unknown length."""

    # Inside a function, because the module must load for its documentation where the library is missing.
    class PatientRetry(policies.RetryPolicy[Any, Any]):
        patience = seconds_in_all

        def get_retry_after(self, response: Any) -> float | None:
            try:
                seconds: float | None = super().get_retry_after(response)
            except (ValueError, TypeError, OverflowError):
                # The library asks every answer, and a proxy may write anything into that header.
                return None
            return seconds

        def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
            seconds = self.get_retry_after(response)
            if _busy(response):
                return max(seconds or 0, self.get_backoff_time(settings)) <= self.patience
            return bool(super().is_retry(settings, response))

        def increment(self, settings: dict[str, Any], response: Any = None, error: Any = None) -> bool:
            if not _busy(response):
                return bool(super().increment(settings, response, error))
            # These are not counted: their end is that of the patience.
            settings["history"].append(policies.RequestHistory(response.http_request, response.http_response))
            return True

        def get_backoff_time(self, settings: dict[str, Any]) -> float:
            return min(BACKOFF_FACTOR * 2.0 ** len(settings["history"]), MAX_BACKOFF)

        def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
            backoff = self.get_backoff_time(settings)
            least = (self.get_retry_after(response) if response else None) or backoff
            if _busy(response):
                least = max(least, min(backoff, SLOW))
            # Many seeds are refused at the same moment, and shall not come back at the same moment.
            seconds = least + random.uniform(0.0, min(least / 2, MAX_SPREAD))
            if _busy(response):
                self.patience -= seconds
            transport.sleep(seconds)

    return PatientRetry(
        retry_total=RETRIES, retry_connect=RETRIES, retry_read=RETRIES, retry_status=RETRIES, retry_backoff_factor=1.0
    )


def _busy(response: Any) -> bool:
    """Whether an answer says that there were too many requests, or that the service cannot take one now."""
    return getattr(getattr(response, "http_response", None), "status_code", 0) in BUSY
