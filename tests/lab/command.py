# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `lab`: one sub-parser an order. An order answers with one line, or fails with one line on stderr."""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from lab import accounts, agents, controller, faults, people, supervisor, world
from lab.tool import trouble
from lab.tool.main import CALLS
from lab.windows import faults as host_faults
from lab.windows import registry, windows
from lab.world import LabError

DESCRIPTION = """A lab on loopback for seedfreight.azure_offline_backup: Windows machines with disks, a backup agent,
Azure, and a data center. Its folder is LAB_HOME, or .lab in the checkout; docs/lab.md has examples."""
EPILOG = "'lab ORDER --help' shows the arguments of an order. All orders but up, down and status need a running lab."
USAGE = """The lab is up in {home}; hosts {hosts}. A whole seed, in another shell:

  . {environment}
  lab seed
  ansible-playbook seedfreight.azure_offline_backup.seed -e seed_wait=true -e seed_poll_interval=1
  lab ship --host fs01 --serial WD-WX31A10FE02 --carrier FedEx --tracking 794612345678
  ansible-playbook seedfreight.azure_offline_backup.ship -e seed=contoso-fs01 -e carrier=FedEx \\
    -e tracking_number=794612345678
  lab arrive --tracking 794612345678
  ansible-playbook seedfreight.azure_offline_backup.seed -e seed_wait=true -e seed_poll_interval=1
  ansible-playbook seedfreight.azure_offline_backup.status

More orders: lab --help. Stop the lab with Ctrl+C here, or with 'lab down' there.
"""
PREFIX = "srv"
DRIVE_BYTES = 4000787030016
OFFLINE_REASONS = (
    "Policy",
    "Redundant Path",
    "Snapshot",
    "Collision",
    "Resource Exhaustion",
    "Critical Write Failures",
)
BUSES = ("SATA", "SAS", "USB", "RAID", "NVMe", "SCSI")

Options = argparse.Namespace


def _up(options: Options) -> str | None:
    home = world.home()
    if not options.detach:
        supervisor.up(home, options.kind, lambda: print(usage(), flush=True))
        return None
    supervisor.up_detached(home, options.kind)
    return f"The lab is up in {home}; hosts {_hosts()}; source {controller.environment_file(home)} to work with it."


def _hosts() -> str:
    """The hosts with their kinds; of many, the first ones."""
    hosts = world.hosts()
    shown = [f"{one} ({world.kind(one)})" for one in hosts[: world.SHOWN_HOSTS]]
    rest = collections.Counter(world.kind(one) for one in hosts[world.SHOWN_HOSTS :])
    return ", ".join([*shown, *(f"{count} more ({kind})" for kind, count in sorted(rest.items()))])


def usage() -> str:
    """What a person who has just started a lab types next."""
    home = world.home()
    return USAGE.format(home=home, hosts=_hosts(), environment=controller.environment_file(home))


def _down(_options: Options) -> str:
    home = world.home()
    return f"The lab in {home} is down." if supervisor.down(home) else f"No lab is up in {home}."


def _status(_options: Options) -> str:
    home = world.home()
    if supervisor.running(home) is None:
        raise LabError(f"no lab is up in {home}")
    seeds = world.shortened(controller.seed_names(home)) or "none"
    offset = world.read(home / "clock.json")["offset_seconds"]
    return f"The lab is up in {home}: hosts {_hosts()}; seeds {seeds}; clock {offset:+.0f} s."


def _seed(options: Options) -> str:
    home = world.home()
    if options.all:
        return _seed_all(options)
    definition = controller.make_seed(home, options.name, options.host or controller.SOURCE_HOST, options.changes)
    return f"The seed {definition['name']} is defined in {controller.write_seed(home, definition)}."


def _seed_all(options: Options) -> str:
    home = world.home()
    if options.name or options.host or options.changes:
        raise LabError("'lab seed --all' takes no name, --host or --set; change a seed of it with 'lab seed NAME'")
    made = controller.make_seeds(home)
    if not made:
        raise LabError("no host without a seed has a backup agent and an empty drive that no seed lists")
    return f"{len(made)} seeds are defined in {controller.write_seeds(home, made)}: {world.shortened(list(made))}."


def _host_add(options: Options) -> str:
    kind = options.kind or world.kind(controller.SOURCE_HOST)
    if options.count is None:
        if options.name is None:
            raise LabError("say the name of the host, or with --count how many to add")
        port = supervisor.add_hosts(world.home(), [options.name], options.agent, kind, False)[0]
        return f"{options.name} ({kind}) answers on port {port} and is in the inventory."
    prefix = options.name or PREFIX
    names = [f"{prefix}{number:03}" for number in range(1, options.count + 1)]
    supervisor.add_hosts(world.home(), names, options.agent, kind, True)
    return f"{len(names)} hosts ({kind}) answer and are in the inventory: {world.shortened(names)}."


def _disk_list(_options: Options) -> str:
    rows = [f"{'serial':24}{'host':12}{'number':>6}  {'bus':6}{'bytes':>16}{'sector':>8}  {'style':7}volumes"]
    for disk in sorted(world.disks(), key=lambda one: (one["attached_to"] or "~", one["number"])):
        volumes = [
            f"{one['letter'] or '-'}:{' locked' if (one['bitlocker'] or {}).get('locked') else ''}"
            for one in disk["partitions"]
        ]
        where, number = (disk["attached_to"], str(disk["number"])) if disk["attached_to"] else ("unplugged", "-")
        rows.append(
            f"{disk['serial'].strip():24}{where:12}{number:>6}  {disk['bus_type']:6}{disk['size']:>16}"
            f"{disk['logical_sector_size']:>8}  {disk['partition_style']:7}{' '.join(volumes)}".rstrip()
        )
    return "\n".join(rows)


def _disk_add(options: Options) -> str:
    people.add_drive(options.serial, options.host, options.bus, options.size, options.sector, options.data)
    return f"{options.serial} is plugged into {options.host}."


def _disk_pull(options: Options) -> str:
    host = world.find_disk(options.serial)["attached_to"]
    if host is None:
        raise LabError(f"{options.serial} is not plugged in")
    people.pull(host, options.serial)
    return f"{options.serial} is out of {host}."


def _disk_offline(options: Options) -> str:
    people.set_offline(options.serial, options.reason)
    return f"{options.serial} is offline ({options.reason})."


def _disk_online(options: Options) -> str:
    people.set_offline(options.serial, None)
    return f"{options.serial} is online."


def _disk_insert(options: Options) -> str:
    host = options.host or world.find_disk(options.serial).get("pulled_from")
    if host is None:
        raise LabError(f"say with --host where {options.serial} goes")
    people.insert(host, options.serial, options.bus)
    return f"{options.serial} is plugged into {host}."


def _write(options: Options) -> str:
    people.write(options.host, options.path, options.bytes)
    return f"{options.path} of {options.host} holds {options.bytes} random bytes."


def _remove(options: Options) -> str:
    people.remove(options.host, options.path)
    return f"{options.path} of {options.host} is removed."


def _reboot(options: Options) -> str:
    if options.reuse_ids:
        _check_powershell(options.host, "lab reboot --reuse-ids")
    people.reboot(options.host, options.move_letters, options.renumber, options.reuse_ids)
    return f"{options.host} has rebooted; its BitLocker data volumes are locked."


def _windows(options: Options) -> str:
    fips = {"on": True, "off": False, None: None}[options.fips]
    if (options.code_page, fips, options.execution_policy) == (None, None, None):
        raise LabError("say what to change: --code-page, --fips or --execution-policy")
    world.host_folder(options.host)
    windows.set_up(options.host, options.code_page, fips, options.execution_policy)
    return f"Processes that {options.host} starts from now on are set up like that."


def _choice(options: Options) -> str:
    # The emulated tool is the same on every kind of host.
    if not options.id.startswith(("tool-", "journal-")):
        _check_powershell(options.host, "lab choice")
    opposite = options.value == "opposite"
    host_faults.turn(options.host, options.id, opposite)
    if not opposite:
        return f"{options.host} does as the lab chose: {options.id}."
    return f"The opposite on {options.host}: {host_faults.OPPOSITES[options.id]}."


def _account_add(options: Options) -> str:
    if options.gmsa == (options.password_file is not None):
        raise LabError("say either --password-file or --gmsa")
    accounts.add(options.name, options.password_file, options.host)
    return f"The domain has the account {options.name}."


def _share(options: Options) -> str:
    unc = accounts.share(options.host, options.name, options.path, options.read)
    return f"{options.path} of {options.host} is {unc}; readers: {', '.join(options.read) or 'none'}."


def _registry(options: Options) -> str:
    if options.remove:
        registry.remove(options.host, options.key, options.name)
        return f"{options.host} has no value {options.name} in {options.key} any more."
    if options.value is None:
        raise LabError("say the value, or --remove")
    content = registry.value(options.value, options.text)
    registry.put(options.host, options.key, options.name, content)
    return f"{options.name} in {options.key} of {options.host} is {content!r}."


def _agent_point(options: Options) -> str:
    agents.add_recovery_point(options.host, options.source, options.at)
    return f"The agent of {options.host} has a recovery point of {', '.join(options.source)}."


def _agent_job(options: Options) -> str:
    if options.next:
        agents.set_next_job_state(options.host, options.state)
        return f"The next backup of the agent of {options.host} ends as {options.state}."
    agents.set_job_state(options.host, options.state)
    return f"The newest job of the agent of {options.host} is {options.state}."


def _agent_online(options: Options) -> str:
    agents.go_online(options.host)
    return f"The policy of {options.host} makes its first backup over the network."


def _agent_slow(options: Options) -> str:
    agents.go_slow(options.host)
    return f"The agent of {options.host} makes no scheduled backup by itself any more."


def _agent_lose(options: Options) -> str:
    agents.lose_newest_job(options.host)
    return f"The agent of {options.host} lists its newest job no more."


def _agent_task(options: Options) -> str:
    agents.set_task(options.host, options.state)
    return f"The scheduled task of the agent of {options.host} is {options.state}."


def _agent_missing(options: Options) -> str:
    agents.miss_cmdlet(options.host, options.cmdlet)
    return f"The agent of {options.host} has no {options.cmdlet}."


def _agent_attended(options: Options) -> str:
    agents.become_attended(options.host)
    return f"The agent of {options.host} is set in its wizard only."


def _agent_version(options: Options) -> str:
    agents.set_version(options.host, options.version)
    return f"The agent of {options.host} has the version {options.version}."


def _agent_fresh(options: Options) -> str:
    agents.lose_policy(options.host)
    return f"The agent of {options.host} has no policy yet."


def _agent_wizard(options: Options) -> str:
    agents.fill_wizard(options.host, {name: getattr(options, name) for name in agents.FIELDS})
    return f"The wizard of {options.host} is finished: its first backup goes to {options.staging_location}."


def _agent_backup(options: Options) -> str:
    agents.back_up_now(options.host)
    return f"The agent of {options.host} begins a backup."


def _fault_azure(options: Options) -> str:
    faults.order(options.match, options.effect, options.status, options.times)
    return f"{options.times} x {options.match!r}: {options.effect}, status {options.status}."


def _fault_winrm(options: Options) -> str:
    host_faults.order_winrm(options.host, options.effect, options.times, options.seconds, options.skip)
    return f"Requests to WinRM of {options.host} fail: {options.effect}."


def _fault_cmdlet(options: Options) -> str:
    fault = {name: getattr(options, name) for name in ("effect", "times", "skip", "error_id", "message")}
    host_faults.order_cmdlet(options.host, options.name, **fault)
    return f"{options.times} x {options.name} on {options.host}: {options.effect}."


def _fault_tool(options: Options) -> str:
    which, effects = ("calls", "serial", "times"), trouble.EFFECTS
    names = (*which, *effects, "exit_code", "phase", "bytes_per_second", "drive_id", "log_name", "output")
    settings: dict[str, Any] = {one: getattr(options, one) for one in names if getattr(options, one) is not None}
    settings |= {one: True for one in ("prompt", "gaps", "hold_journal", "journal_late") if getattr(options, one)}
    if options.drive_info:
        settings["drive_info"] = options.drive_info == "on"
    if options.version:
        host_faults.set_tool_version(options.host, options.version)
        if settings.keys() <= set(which):
            return f"The tool of {options.host} is version {options.version}."
    if "phase" in settings and not settings.keys() & set(effects):
        raise LabError(f"say what goes wrong in the phase: --{', --'.join(effects).replace('_', '-')}")
    if settings.keys() <= set(which):
        raise LabError("say what the tool does otherwise")
    if settings.get("bytes_per_second") == 0:
        settings["bytes_per_second"] = None
    try:
        (options.log_name or "").format(session="", journal="")
    except (KeyError, IndexError, ValueError) as error:
        raise LabError(f"{options.log_name!r} is no form of a name; it may have {{session}} and {{journal}}") from error
    host_faults.order_tool(options.host, settings)
    return f"The tool of {options.host} behaves otherwise: {', '.join(sorted(settings))}."


def _fault_task(options: Options) -> str:
    host_faults.order_task(options.host, options.result, options.times)
    return f"The next {options.times} tasks of {options.host} end with 0x{options.result:X} before they begin."


def _fault_clear(_options: Options) -> str:
    faults.clear()
    host_faults.clear()
    return "Nothing fails by order any more."


def _ship(options: Options) -> str:
    people.ship(options.host, options.serial, options.carrier, options.tracking)
    return f"{options.carrier} has the parcel {options.tracking} with {', '.join(options.serial)}."


def _disk_prep(options: Options) -> str:
    if (options.carrier is None) != (options.tracking is None):
        raise LabError("say both --carrier and --tracking, or neither")
    shipment = (options.carrier, options.tracking) if options.carrier else None
    people.run_disk_prep(options.host, options.serial, options.staging, shipment)
    return f"A person has prepared {', '.join(options.serial)} and created the import job with the agent's utility."


def _arrive(options: Options) -> str:
    people.arrive(options.tracking)
    return f"The parcel {options.tracking} is at the data center."


def _schedule(options: Options) -> str:
    agents.run_schedule(options.host)
    return f"The agent of {options.host} begins a scheduled backup."


def _clock(options: Options) -> str:
    people.move_clock(options.seconds)
    return f"It is {world.stamp()} in the lab."


def _check_powershell(host: str, order: str) -> None:
    """Refuse what only the stand-ins for cmdlets do."""
    if world.kind(host) != "powershell":
        raise LabError(f"'{order}' needs a host of kind powershell; {host} is of kind {world.kind(host)}")


class _Orders:
    """The orders at one level of the command line."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._path = parser.prog
        self._orders = parser.add_subparsers(title="orders", metavar="ORDER", required=True)

    def group(self, name: str, text: str) -> argparse.ArgumentParser:
        return self._orders.add_parser(name, help=text, description=_sentence(text))

    def add(
        self, name: str, call: Callable[[Options], Any], text: str, up: bool = True, powershell: bool = False
    ) -> argparse.ArgumentParser:
        """One order; `up` and `powershell` say whether it needs a running lab, and a host of kind powershell."""
        parser = self.group(name, text)
        order = f"{self._path} {name}" if powershell else None
        parser.set_defaults(call=call, needs_lab=up, needs_powershell=order)
        return parser


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def natural(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)


def code(text: str) -> int:
    """A result of Windows, decimal or hexadecimal."""
    try:
        return int(text, 0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="lab", description=DESCRIPTION, epilog=EPILOG)
    orders = _Orders(top)
    up = orders.add("up", _up, "start a fresh lab and stay until Ctrl+C", up=False)
    up.add_argument("--detach", action="store_true", help="return when the lab is ready")
    up.add_argument(
        "--kind", choices=world.KINDS, help="of its hosts (default: powershell where there is a PowerShell, else twin)"
    )
    orders.add("down", _down, "stop the lab; its folder stays for reading", up=False)
    orders.add("status", _status, "show where the lab is and what it has", up=False)
    _add_seed(orders)
    _add_hosts(orders)
    _add_windows(orders)
    _add_disks(orders)
    _add_agent(orders)
    _add_faults(orders)
    _add_parcels(orders)
    clock = orders.add("clock", _clock, "move the lab's clock")
    clock.add_argument("seconds", type=int, metavar="SECONDS", help="forward, or back when negative")
    return top


def _add_seed(orders: _Orders) -> None:
    seed = orders.add("seed", _seed, "write a whole definition of a seed into the inventory")
    seed.add_argument("name", nargs="?", metavar="NAME", help="default: contoso-HOST")
    seed.add_argument("--host", help=f"source and copy host (default: {controller.SOURCE_HOST})")
    seed.add_argument(
        "--all", action="store_true", help="one for each host with an agent and an empty drive that has no seed yet"
    )
    seed.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=YAML",
        help="change one option, by a dotted key like azure.tags or drives.0.erase; may be given several times",
    )


def _add_hosts(orders: _Orders) -> None:
    hosts = _Orders(orders.group("host", "add a Windows machine"))
    add = hosts.add("add", _host_add, "add a Windows machine with C:, D: and the tool, reachable at once")
    add.add_argument("name", metavar="NAME", nargs="?", help=f"with --count the beginning (default: {PREFIX})")
    add.add_argument("--kind", choices=world.KINDS, help="default: that of the lab")
    add.add_argument("--count", type=positive, metavar="N", help="so many, NAME001 and so on, each with an empty drive")
    add.add_argument("--agent", choices=["mars", "dpm", "none"], default="mars", help="default: %(default)s")
    reboot = orders.add("reboot", _reboot, "reboot a host: its processes end, its BitLocker data volumes are locked")
    reboot.add_argument("host", metavar="HOST")
    reboot.add_argument("--move-letters", action="store_true", help="volumes from E: on come up with other letters")
    reboot.add_argument("--renumber", action="store_true", help="all disks but the system disk get other numbers")
    reboot.add_argument(
        "--reuse-ids",
        nargs="?",
        const="plain",
        choices=["plain", "protected"],
        help="the ids of processes of before belong to others; 'protected': to others that nobody may look into",
    )
    write = orders.add("write", _write, "write random bytes into a file of a host")
    write.add_argument("host", metavar="HOST")
    write.add_argument("path", metavar="PATH", help="a Windows path; its folders are made")
    write.add_argument("--bytes", type=natural, required=True, metavar="N")
    remove = orders.add("remove", _remove, "remove a file or folder of a host")
    remove.add_argument("host", metavar="HOST")
    remove.add_argument("path", metavar="PATH", help="a Windows path")


def _add_windows(orders: _Orders) -> None:
    system = orders.add("windows", _windows, "change how Windows is set up on a host", powershell=True)
    system.add_argument("host", metavar="HOST")
    system.add_argument("--code-page", choices=windows.CODE_PAGES, help="ANSI code page, and the OEM one that fits")
    system.add_argument("--fips", choices=["on", "off"], help="the FIPS policy")
    system.add_argument("--execution-policy", choices=windows.EXECUTION_POLICIES, help="by a policy of the machine")
    choice = orders.add("choice", _choice, "turn a choice of the lab on a host")
    choice.add_argument("host", metavar="HOST")
    choice.add_argument("id", metavar="ID", help=", ".join(host_faults.OPPOSITES))
    choice.add_argument("value", choices=["opposite", "default"])
    domain = _Orders(orders.group("account", "add accounts of the domain"))
    account = domain.add("add", _account_add, "add an account, or change it")
    account.add_argument("name", metavar="NAME", help="like 'CONTOSO\\seedcopy', or 'CONTOSO\\seedgmsa$'")
    account.add_argument("--password-file", type=pathlib.Path, metavar="FILE", help="a file with its password")
    account.add_argument("--gmsa", action="store_true", help="a group managed service account")
    account.add_argument("--host", action="append", default=[], help="a host that may use the group account")
    share = orders.add("share", _share, "share a folder of a host")
    share.add_argument("host", metavar="HOST")
    share.add_argument("name", metavar="NAME")
    share.add_argument("path", metavar="PATH", help="a folder, as a Windows path")
    share.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="ACCOUNT",
        help="an account that may read; the system of a host is 'CONTOSO\\HOST$' (default: nobody may)",
    )
    values = orders.add("registry", _registry, "set or remove a value in the registry of a host", powershell=True)
    values.add_argument("host", metavar="HOST")
    values.add_argument("key", metavar="KEY", help="like 'HKLM:\\SOFTWARE\\Policies\\Microsoft\\FVE'; it is made")
    values.add_argument("name", metavar="NAME")
    values.add_argument("value", metavar="VALUE", nargs="?", help="a whole number is a DWORD, all else a string")
    values.add_argument("--text", action="store_true", help="a string, also when it is a number")
    values.add_argument("--remove", action="store_true", help="remove the value; its key stays")


def _add_disks(orders: _Orders) -> None:
    disks = _Orders(orders.group("disk", "list disks, plug new ones in, pull and insert them"))
    disks.add("list", _disk_list, "list all disks, also those that are unplugged")
    add = disks.add("add", _disk_add, "plug a new drive in")
    add.add_argument("serial", metavar="SERIAL")
    add.add_argument("--host", default=controller.SOURCE_HOST, help="default: %(default)s")
    add.add_argument("--bus", choices=BUSES, default="SATA", help="bus as Windows shows it (default: %(default)s)")
    add.add_argument("--size", type=positive, default=DRIVE_BYTES, metavar="BYTES", help="default: %(default)s")
    add.add_argument("--sector", type=int, choices=[512, 4096], default=512, help="bytes (default: %(default)s)")
    add.add_argument("--data", action="store_true", help="with an NTFS volume that holds a file")
    pull = disks.add("pull", _disk_pull, "unplug a drive; its BitLocker volume is locked from then on")
    pull.add_argument("serial", metavar="SERIAL")
    insert = disks.add("insert", _disk_insert, "plug a drive in again")
    insert.add_argument("serial", metavar="SERIAL")
    insert.add_argument("--host", help="default: where it was pulled out")
    insert.add_argument("--bus", choices=BUSES, help="behind an adapter: another bus and another unique id")
    offline = disks.add("offline", _disk_offline, "take a drive offline: no volume and no letter is there")
    offline.add_argument("serial", metavar="SERIAL")
    offline.add_argument("--reason", choices=OFFLINE_REASONS, default="Policy", help="default: %(default)s")
    online = disks.add("online", _disk_online, "bring a drive online again")
    online.add_argument("serial", metavar="SERIAL")


def _add_agent(orders: _Orders) -> None:
    agent = orders.group("agent", "change what the backup agent of a host remembers and does")
    agent.add_argument("host", metavar="HOST")
    acts = _Orders(agent)
    point = acts.add("point", _agent_point, "add a recovery point")
    point.add_argument("--source", action="append", required=True, metavar="NAME", help="data source, like 'D:\\Data'")
    point.add_argument("--at", metavar="TIME", help="ISO 8601 (default: now)")
    job = acts.add("job", _agent_job, "change the state of the newest job")
    job.add_argument("--state", required=True, metavar="NAME", help="as Get-OBJob names it, like Aborted")
    job.add_argument("--next", action="store_true", help="the state that the next backup ends in, once")
    acts.add("online", _agent_online, "let the first backup go over the network")
    acts.add("slow", _agent_slow, "make no scheduled backup except by 'lab schedule'")
    acts.add("lose", _agent_lose, "let the newest job vanish from the job lists")
    task = acts.add("task", _agent_task, "change the state of the agent's scheduled task")
    task.add_argument("state", choices=["Ready", "Disabled", "Running", "none"], help="none: there is no such task")
    acts.add("attended", _agent_attended, "make it one of today, which is set in its wizard only")
    version = acts.add("version", _agent_version, "change the version of its engine")
    version.add_argument("version", metavar="VERSION", help="like 2.0.9262.0")
    acts.add("fresh", _agent_fresh, "take its policy, as if nobody had ever set it up")
    wizard = acts.add("wizard", _agent_wizard, "do what a person does in the wizard: choose the offline backup")
    for name in agents.FIELDS:
        wizard.add_argument(f"--{name.replace('_', '-')}", required=True, metavar="TEXT")
    acts.add("backup", _agent_backup, "do what a person does in the console: Back Up Now")
    missing = acts.add("missing", _agent_missing, "take a cmdlet out of the agent's module", powershell=True)
    missing.add_argument("cmdlet", metavar="CMDLET")
    schedule = orders.add("schedule", _schedule, "let the agent of a host make a scheduled backup now")
    schedule.add_argument("host", metavar="HOST")


def _add_faults(orders: _Orders) -> None:
    systems = _Orders(orders.group("fault", "let requests, cmdlets, tasks and the tool fail"))
    azure = systems.add("azure", _fault_azure, "let requests to Azure Resource Manager or for a token fail")
    azure.add_argument(
        "--match", required=True, metavar="REGEX", help="searched in 'METHOD /path?query', like 'PUT .*jobs/'"
    )
    azure.add_argument(
        "--effect",
        choices=faults.EFFECTS,
        default="before",
        help="what goes wrong: after the effect of the request if it says so, else instead (default: %(default)s)",
    )
    azure.add_argument("--status", type=int, default=500, metavar="N", help="HTTP status (default: %(default)s)")
    azure.add_argument(
        "--times", type=positive, default=1, metavar="N", help="number of requests (default: %(default)s)"
    )
    _add_host_faults(systems)
    systems.add("clear", _fault_clear, "take back all orders for faults")


def _add_host_faults(systems: _Orders) -> None:
    winrm = systems.add("winrm", _fault_winrm, "let requests to the WinRM listener of a host fail")
    winrm.add_argument("host", metavar="HOST")
    winrm.add_argument("--effect", choices=host_faults.WINRM_EFFECTS, default="reset", help="default: %(default)s")
    winrm.add_argument(
        "--times", type=positive, metavar="N", help="number of requests (default: 1, or all with --seconds)"
    )
    winrm.add_argument("--seconds", type=positive, metavar="N", help="for so long")
    winrm.add_argument("--skip", type=natural, default=0, metavar="N", help="requests that succeed before")
    cmdlet = systems.add("cmdlet", _fault_cmdlet, "let a cmdlet of a host fail", powershell=True)
    cmdlet.add_argument("host", metavar="HOST")
    cmdlet.add_argument("name", metavar="NAME", help="like Get-Partition")
    cmdlet.add_argument("--effect", choices=host_faults.CMDLET_EFFECTS, default="error", help="default: %(default)s")
    cmdlet.add_argument("--times", type=positive, default=1, metavar="N", help="number of calls (default: %(default)s)")
    cmdlet.add_argument("--skip", type=natural, default=0, metavar="N", help="calls that succeed before")
    cmdlet.add_argument("--error-id", default="HRESULT 0x80041013", metavar="ID", help="default: %(default)s")
    cmdlet.add_argument("--message", default="Provider load failure", metavar="TEXT", help="default: %(default)s")
    tool = systems.add("tool", _fault_tool, "let the tool of a host behave otherwise, until 'fault clear'")
    tool.add_argument("host", metavar="HOST")
    tool.add_argument("--exit-code", type=natural, metavar="N", help="ends like that, whatever it has done")
    tool.add_argument("--kill-at-byte", type=natural, metavar="N", help="is killed when it has written so much")
    tool.add_argument("--hang-at-byte", type=natural, metavar="N", help="stands still there")
    tool.add_argument("--full-at-byte", type=natural, metavar="N", help="finds the drive full there")
    tool.add_argument("--gone-at-byte", type=natural, metavar="N", help="finds its source gone there")
    tool.add_argument(
        "--phase", choices=trouble.PHASES, help="where the bytes are counted; format and encrypt take 0 (default: copy)"
    )
    tool.add_argument("--calls", choices=CALLS, help="only in such calls (default: in all)")
    tool.add_argument("--serial", help="only in calls for this drive")
    tool.add_argument("--version", metavar="N.N.N.N", help="is another build, from now on")
    tool.add_argument("--output", choices=trouble.OUTPUTS, help="prints nothing, or its progress all the time")
    tool.add_argument("--bytes-per-second", type=natural, metavar="N", help="copies so slowly; 0 for as fast as it can")
    tool.add_argument("--prompt", action="store_true", help="asks a question without end before its work")
    tool.add_argument("--drive-id", metavar="TEXT", help="names the drive like that in manifest and journal")
    tool.add_argument("--gaps", action="store_true", help="leaves ranges of zeros out of the manifest")
    tool.add_argument("--drive-info", choices=["on", "off"], help="whether it leaves the DriveInfo file beside itself")
    tool.add_argument("--log-name", metavar="FORM", help="name of its log; it may have {session} and {journal}")
    tool.add_argument("--hold-journal", action="store_true", help="opens the journal without sharing it")
    tool.add_argument("--journal-late", action="store_true", help="writes the journal at the end of the session only")
    tool.add_argument("--times", type=positive, metavar="N", help="number of calls (default: all)")
    task = systems.add("task", _fault_task, "let scheduled tasks of a host not begin", powershell=True)
    task.add_argument("host", metavar="HOST")
    task.add_argument("--result", type=code, required=True, metavar="CODE", help="like 0x80070005 or 0x80070569")
    task.add_argument("--times", type=positive, default=1, metavar="N", help="number of tasks (default: %(default)s)")


def _add_parcels(orders: _Orders) -> None:
    prep = orders.add("disk-prep", _disk_prep, "let a person prepare drives with the agent's utility, and make the job")
    prep.add_argument("host", metavar="HOST", help="the copy host, at whose console the person sits")
    prep.add_argument("--serial", nargs="+", required=True, help="drives in the order in which they are filled")
    prep.add_argument("--carrier", help="with the utility of 2018, which marks the job as shipped")
    prep.add_argument("--tracking", metavar="NUMBER", help="as --carrier")
    prep.add_argument("--staging", default="D:\\Staging", metavar="PATH", help="default: %(default)s")
    ship = orders.add("ship", _ship, "take drives out of a host and hand them to a carrier as one parcel")
    ship.add_argument("--host", required=True)
    ship.add_argument("--serial", nargs="+", required=True)
    ship.add_argument("--carrier", required=True)
    ship.add_argument("--tracking", required=True, metavar="NUMBER")
    arrive = orders.add("arrive", _arrive, "let a parcel arrive at the data center")
    arrive.add_argument("--tracking", required=True, metavar="NUMBER")


def _use_setup() -> None:
    """Find PowerShell and Azurite where setup found or made them, also in a shell that knows nothing of it."""
    with contextlib.suppress(FileNotFoundError):
        for name, value in json.loads((world.REPOSITORY / ".build" / "env.json").read_text(encoding="utf-8")).items():
            os.environ.setdefault(name, value)


def main(words: list[str] | None = None) -> int:
    """Carry out one order and return the exit code."""
    options = parser().parse_args(words)
    _use_setup()
    home = world.home().resolve()
    world.use(home)
    try:
        if options.needs_lab and supervisor.running(home) is None:
            raise LabError(f"no lab is up in {home}; start one with 'lab up --detach'")
        if options.needs_powershell:
            _check_powershell(options.host, options.needs_powershell)
        answer = options.call(options)
    except (LabError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    if answer:
        print(answer)
    return 0
