# Copyright: (c) 2026, Seedfreight contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's disk preparation utility: it asks, formats, encrypts and copies, and creates the import job.

Source: the articles on offline backup of 2016 to 2022, for arguments without a slash and the order of the questions.
CHOICE disk-prep-era: the utility is that of December 2022, which asks contact and address (offline seeding, 3).
That of 2018 asks carrier and tracking number instead; ``lab disk-prep --carrier`` runs it.
CHOICE disk-prep-sessions: each staged file is a copy session of its own inside the utility (offline seeding, 3).
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from lab import world
from lab.azure import settings
from lab.tool.drive import TargetDrive
from lab.tool.journal import JournalFile
from lab.tool.main import CONTEXT, Run
from lab.tool.options import Refused

if TYPE_CHECKING:
    import requests

NAME = "AzureOfflineBackupDiskPrep.exe"
FOLDER = "C:\\Program Files\\Microsoft Azure Recovery Services Agent\\Utils\\AzureOfflineBackupDiskPrep"
API_VERSION = "2025-02-01"
FREE_FOR_MANIFEST = 64 * 1024 * 1024
SIGN_IN = "Sign in to Azure in the browser window, then press Enter: "
LETTER = "Drive letter without colon: "
NEXT_LETTER = "The drive is full. Letter of the next drive, without colon: "
FORMAT = "The drive will be formatted, and all data on it will be lost. Type yes to go on: "
CREATE = "Type yes to create the import job: "
CARRIER, TRACKING = "Carrier: ", "Tracking number: "
KIM = ("Kim Contoso", "+31 20 555 0100", "kim@contoso.example", "Keizersgracht 1", "NL", "1015 AA")
ADDRESS = ("Contact name: ", "Contact number: ", "E-mail: ", "Return address: ", "Country: ", "Postal code: ")


def ask(question: str) -> str:
    """One question. Without an answer the utility ends."""
    print(question, end="", flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise Refused("The input has ended.")
    return answer.strip()


def parse(arguments: list[str]) -> dict[str, str]:
    """The arguments by their one letter; none has a slash."""
    found = {}
    for one in arguments:
        name, colon, value = one.partition(":")
        if name not in ("s", "p") or not colon or not value:
            raise Refused(f"The argument {one} is not valid. Use s:<staging location>.")
        found[name] = value
    if "s" not in found:
        raise Refused("The argument s:<staging location> is required.")
    return found


def method_of(staging: str) -> dict[str, Any]:
    """What the agent's wizard was told for a staging location.

    CHOICE disk-prep-metadata: the utility takes job, account and container from the staging location (offline, 2.7).
    """
    for path in sorted(world.home().glob("hosts/*/agent.json")):
        method: dict[str, Any] = world.read(path).get("initial_backup") or {}
        if str(method.get("staging_location") or "").rstrip("\\").casefold() == staging.rstrip("\\").casefold():
            return method
    raise Refused(f"No backup waits for an import in {staging}.")


class Utility:
    """One call on one host."""

    def __init__(self, host: str, staging: str, journals: pathlib.Path, ships: bool = False) -> None:
        self.host, self.staging, self.journals, self.ships = host, staging, journals, ships
        self.method = method_of(staging)
        self.files = sorted(
            (path for path in world.windows_path(host, staging).iterdir() if path.suffix in (".AIBBlob", ".BaseBlob")),
            key=lambda one: (one.stat().st_size, one.name),
        )
        if not self.files:
            raise Refused(f"{staging} holds no backup.")

    def work(self) -> None:
        """The dialogue, in its published order."""
        name = str(self.method["import_job_name"])
        print(f"Import job: {name}", flush=True)
        letter = self._letter(LETTER)
        ask(SIGN_IN)
        self.journals.mkdir(parents=True, exist_ok=True)
        disks = {}
        todo = list(self.files)
        while todo:
            drive = TargetDrive(self.host, letter)
            todo = self._fill(drive, letter, todo)
            disks[drive.drive_id] = self._entry(self._journal(drive))
            if todo:
                letter = self._letter(NEXT_LETTER)
        account = self.method["storage_account"]
        print(f"Prepared: {', '.join(disks)}. Storage account {account} in {settings.LOCATION}.", flush=True)
        # The utility of 2018 takes contact and address from the subscription.
        answers = list(KIM) if self.ships else [ask(question) for question in ADDRESS]
        if ask(CREATE) != "yes":
            raise Refused("The import job was not created.")
        resources = Resources()
        address = resources.create(name, order(disks, str(account), answers))
        print(f"The import job {name} was created. Ship to: {address}", flush=True)
        if self.ships:
            resources.ship(name, ask(CARRIER), ask(TRACKING))

    def _letter(self, question: str) -> str:
        letter = ask(question)
        if ask(FORMAT) != "yes":
            raise Refused("The drive was not formatted.")
        return letter

    def _journal(self, drive: TargetDrive) -> pathlib.Path:
        """CHOICE disk-prep-journal: a journal a drive, named by its serial, beside the utility (offline seeding, 3)."""
        return self.journals / f"{drive.drive_id}.jrn"

    def _fill(self, drive: TargetDrive, letter: str, todo: list[pathlib.Path]) -> list[pathlib.Path]:
        """Copy what fits onto a drive, and return what does not."""
        left, rest, journal = drive.size - FREE_FOR_MANIFEST, [], self._journal(drive)
        journal.unlink(missing_ok=True)
        for number, file in enumerate(todo, start=1):
            if file.stat().st_size > left:
                rest.append(file)
                continue
            left -= file.stat().st_size
            words = [f"/j:{journal}", f"/id:session{number}", f"/srcfile:{file}", "/BlobType:PageBlob"]
            words.append(f"/dstblob:{self.method['storage_container']}/{file.name}")
            first = not journal.exists()
            words += [f"/t:{letter}", "/format", "/silentmode", "/encrypt", f"/logdir:{self.journals}"] if first else []
            Run(self.host, self.journals, ["PrepImport", *words]).prepare()
        if not journal.exists():
            raise Refused(f"No staged file fits on the drive {letter}:.")
        return rest

    def _entry(self, journal: pathlib.Path) -> dict[str, str]:
        """What the order says of a drive, out of its journal."""
        values = JournalFile(journal).values()
        state = values["DriveInfo"]["DriveState"]
        file, digest = (state.partition(f"<{one}>")[2].partition("<")[0] for one in ("ManifestFile", "ManifestHash"))
        return {"manifestFile": file, "manifestHash": digest, "bitLockerKey": values[CONTEXT]["BitLockerKey"]}


def order(disks: dict[str, dict[str, str]], account: str, answers: list[str]) -> dict[str, Any]:
    """The order of the Data Box service, as the utility of 2022 places it."""
    name, phone, mail, street, country, postal_code = answers
    group = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
    identity = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
    details = {
        "jobDetailsType": "DataBoxCustomerDisk",
        "contactDetails": {"contactName": name, "phone": phone, "emailList": [mail]},
        "shippingAddress": {"streetAddress1": street, "country": country, "postalCode": postal_code},
        "dataImportDetails": [{"accountDetails": {"dataAccountType": "StorageAccount", "storageAccountId": identity}}],
        "importDiskDetailsCollection": disks,
        "returnToCustomerPackageDetails": {"carrierName": "FedEx", "carrierAccountNumber": "123456789"},
    }
    return {
        "location": settings.LOCATION,
        "sku": {"name": "DataBoxCustomerDisk"},
        "properties": {"transferType": "ImportToAzure", "details": details},
    }


class Resources:
    """Resource Manager, as the signed-in person reaches it."""

    def __init__(self) -> None:
        # It takes longer to load than most orders of the lab, which are no person at this utility, take.
        import requests

        home = world.home()
        self._base = world.read(home / "azure" / "endpoints.json")["arm_endpoint"]
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(home / "ca" / "ca.pem")
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.CLIENT_ID,
            "client_secret": world.read(home / "secrets.json")["client_secret"],
            "scope": f"{settings.ARM_AUDIENCE}/.default",
        }
        answer = self._session.post(f"{self._base}/{settings.TENANT_ID}/oauth2/v2.0/token", data=form, timeout=30)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _ask(self, method: str, path: str, body: Any) -> requests.Response:
        group = f"/subscriptions/{settings.SUBSCRIPTION_ID}/resourceGroups/{settings.RESOURCE_GROUP}"
        url = f"{self._base}{group}/providers/Microsoft.DataBox/{path}?api-version={API_VERSION}"
        answer = self._session.request(method, url, json=body, timeout=30)
        if not answer.ok:
            raise Refused(f"The import job was refused: {answer.json()['error']['message']}")
        return answer

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Create a job and return the line that the parcel is addressed with."""
        self._ask("PUT", f"jobs/{name}", body)
        request = {"datacenterAddressRequest": {"storageLocation": body["location"], "skuName": "DataBoxCustomerDisk"}}
        found = self._ask("POST", f"locations/{body['location']}/regionConfiguration", request).json()
        address = found["datacenterAddressResponse"]
        carriers = ", ".join(address["supportedCarriersForReturnShipment"])
        return f"{address['company']}, {address['street1']}, {address['city']}; carriers: {carriers}"

    def ship(self, name: str, carrier: str, tracking: str) -> None:
        """Give a job its shipping details."""
        package = {"carrierName": carrier, "trackingId": tracking}
        self._ask("POST", f"jobs/{name}/markDevicesShipped", {"deliverToDcPackageDetails": package})


def main(arguments: list[str]) -> int:
    """Run the utility in its folder.

    CHOICE disk-prep-exit-code: the exit code is 1 when the utility refuses or is refused, otherwise 0 (offline, 3).
    """
    host = os.environ["LAB_HOST"]
    try:
        ships = os.environ.get("LAB_DISK_PREP") == "2018"
        Utility(host, parse(arguments)["s"], world.windows_path(host, FOLDER), ships).work()
    except (Refused, LookupError) as refusal:
        print(f"Error: {refusal}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
