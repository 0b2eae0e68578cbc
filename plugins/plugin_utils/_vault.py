# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state store and the vault of a play, as action plugins use them. Private to the collection."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.vault import VaultLib, get_file_vault_secret
from ansible.plugins.action import ActionBase
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils import _deps
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._formats.journal import DriveInfo
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.custody import open_journal
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.recovery import open_kept
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._keys.sealing import SealError
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._names import (
    InvalidName,
    normalize_serial,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.store import (
    Store,
    StoreError,
)
from ansible_collections.seedfreight.azure_offline_backup.plugins.module_utils._seed.stores import open_store
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._here import unlogged
from ansible_collections.seedfreight.azure_offline_backup.plugins.plugin_utils._pipelined import refuse_traces

KEY_OPTIONS = ("recovery_password", "external_key", "password")


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Let what a user can correct fail the task with its own text, and a store in Azure log nothing.

    Without its cause: ansible-core adds the texts of all causes to a message, so that it would say everything twice.
    """
    try:
        with unlogged():
            yield
    except (_deps.LibraryMissing, InvalidName, SealError, StoreError) as error:
        raise AnsibleActionFail(str(error)) from None


def play_vault(loader: Any) -> VaultLib:
    """The vault of this play; fails with the remedy when it has no secret."""
    with explained():
        _deps.check()
    secrets = loader._vault.secrets
    if not secrets:
        raise AnsibleActionFail(
            "Journals are sealed with ansible-vault, and this run has no vault secret. Give one, for example with "
            "`--vault-password-file`, and keep it the same until the seed is finished."
        )
    return VaultLib(secrets)


class FileVault:
    """ansible-vault with the password of a file; a label goes into what it seals."""

    def __init__(self, secret: Any, vault_id: str) -> None:
        self._library = VaultLib([(vault_id or C.DEFAULT_VAULT_IDENTITY, secret)])
        self._secret, self._vault_id = secret, vault_id or None

    def encrypt(self, plaintext: bytes) -> bytes:
        """Seal with the password."""
        return bytes(self._library.encrypt(plaintext, self._secret, vault_id=self._vault_id))

    def decrypt(self, vaulttext: bytes) -> bytes:
        """Open with the password."""
        return bytes(self._library.decrypt(vaulttext))


def with_vaults(loader: Any, places: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Places of escrow that can be used. Those that ansible-vault seals for get its Vault; fails with the remedy."""
    return [with_vault(loader, place, f"escrow[{number}]") for number, place in enumerate(places)]


def with_vault(loader: Any, place: Mapping[str, Any], option: str) -> dict[str, Any]:
    """One place of escrow that can be used; ``option`` is its name in messages."""
    path, label = place.get("vault_password_file"), str(place.get("vault_id") or "")
    if not path:
        return dict(place)
    try:
        secret = get_file_vault_secret(str(pathlib.Path(str(path)).expanduser()), vault_id=label, loader=loader)
        secret.load()
    except AnsibleError:
        # What a script says could be anything.
        raise AnsibleActionFail(
            f"`{option}.vault_password_file` '{path}' gives no password. Check the file or script, with "
            f"`ansible-vault view --vault-password-file {path}` on a copy."
        ) from None
    return {**place, "_vault": FileVault(secret, label)}


def store_of(options: Mapping[str, Any], why: str) -> Store:
    """The state store that the options `store` and `seed` name; ``why`` is the option that needs it."""
    place, seed = options.get("store"), options.get("seed")
    if not isinstance(place, Mapping) or not isinstance(seed, str) or not seed:
        raise AnsibleActionFail(f"`{why}` needs `store` and `seed`: give the seed's `state` and its `name`.")
    with explained():
        return open_store(place, seed)


def open_journals(loader: Any, options: Mapping[str, Any], option: str, names: list[str]) -> list[DriveInfo]:
    """What the working copies that an option names say of their drives, keys included. Fails when one is not usable."""
    store, vault = store_of(options, option), play_vault(loader)
    with explained():
        return [open_journal(store, vault, name) for name in names]


class Keys:
    """Takes the key of a drive, in memory, out of what `journal` or `kept` names."""

    def key_arguments(self: Any) -> dict[str, Any]:
        """The arguments of the task with the key, and without the options of the controller."""
        arguments = dict(self._task.args)
        options = {name: arguments.pop(name, None) for name in ("journal", "kept", "store", "seed")}
        used = [name for name in ("journal", "kept") if options[name]]
        used += [name for name in KEY_OPTIONS if arguments.get(name)]
        if len(used) > 1:
            raise AnsibleActionFail(
                f"Use only one of `journal`, `kept`, {', '.join(f'`{one}`' for one in KEY_OPTIONS)}."
            )
        if options["journal"]:
            arguments.update(self._key(options, arguments))
        if options["kept"]:
            arguments.update(self._kept_key(options["kept"], arguments))
        volumes = arguments.get("volumes")
        given = [
            arguments,
            *(one for one in (volumes if isinstance(volumes, list) else ()) if isinstance(one, Mapping)),
        ]
        if any(one.get(name) for one in given for name in KEY_OPTIONS):
            refuse_traces()
        return arguments

    def _key(self: Any, options: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, str]:
        name = str(options["journal"])
        (drive,) = open_journals(self._loader, options, "journal", [name])
        with explained():
            wanted = [normalize_serial(str(one)) for one in _serials(arguments)]
            if normalize_serial(drive.drive_id) not in wanted:
                raise AnsibleActionFail(
                    f"`journal` '{name}' belongs to drive {drive.drive_id}, not to {', '.join(wanted) or 'this task'}. "
                    "Give the journal of the drive."
                )
        option = "recovery_password" if drive.key_kind == "numerical" else "external_key"
        return {option: drive.bitlocker_key.reveal()}

    def _kept_key(self: Any, kept: Any, arguments: Mapping[str, Any]) -> dict[str, str]:
        refuse_traces()
        serials = _serials(arguments)
        if not isinstance(kept, Mapping) or len(serials) > 1 or arguments.get("volumes"):
            raise AnsibleActionFail("`kept` is a dictionary that names the copy of one key: give one drive with it.")
        with explained():
            _deps.check()
            if not kept.get("private_key"):
                kept = {**kept, "escrow": with_vaults(self._loader, kept.get("escrow") or [])}
            key = open_kept(kept, normalize_serial(str(serials[0])) if serials else "")
        return {key.option: key.value.reveal()}


class WholeAction(ActionBase):  # type: ignore[misc]
    """An action that is the whole of its module, because only the controller has the places and the vault secret."""

    _requires_connection = False
    options: ClassVar[Mapping[str, Any]]
    needs: ClassVar[Sequence[tuple[str, str, tuple[str, ...]]]] = ()

    def work(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The result of the task. ``given`` are the arguments, checked."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the arguments, and do the work where nothing leaves a trace of it."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        refuse_traces()
        _result, given = self.validate_argument_spec(argument_spec=self.options, required_if=self.needs)
        with explained():
            _deps.check()
            return self.work(given)


class KeyAction(Keys, ActionBase):  # type: ignore[misc]
    """Runs a module with the key of a drive."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(module_args=self.key_arguments(), task_vars=task_vars)
        return result


def _serials(arguments: Mapping[str, Any]) -> list[Any]:
    serials = arguments.get("serials") or []
    given = [arguments.get("serial"), *(serials if isinstance(serials, list) else [serials])]
    return [one for one in given if one]
