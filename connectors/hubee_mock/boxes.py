"""What the mock holds: folders of senders, cases of recipients, events, bytes of attachments, notifications."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
TRANSMITTER = {"type": "OSL", "companyRegister": "18007502200013", "branchCode": "CNAF"}


class Refused(Exception):
    """A refusal as HubEE words it: `{"errors": [{"code", "message"}]}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _required(content: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    missing = [name for name in names if content.get(name) in (None, "", [])]
    if missing:
        quoted = ",".join(f'"{name}"' for name in missing)
        raise Refused(
            400, f"Bad Request : Validation failed.\n{where} Object has missing required properties ([{quoted}])"
        )


def _short(content: Mapping[str, Any], bounds: Mapping[str, int], where: str) -> None:
    for name, most in bounds.items():
        if len(str(content.get(name) or "")) > most:
            raise Refused(400, f"Bad Request : Validation failed.\n{where} [Path '/{name}'] String is too long")


@dataclass(slots=True)
class Boxes:
    """`receives_at_once`: an attachment is RECEIVED as soon as its bytes came; otherwise `settle` says when."""

    receives_at_once: bool = True
    folders: dict[str, Json] = field(default_factory=dict)
    cases: dict[str, Json] = field(default_factory=dict)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    notifications: dict[str, Json] = field(default_factory=dict)

    def create_folder(self, content: Json) -> Json:
        where = "[ERROR][REQUEST][POST /teledossiers/v1/folders @body]"
        _required(content, ("processCode", "externalId", "applicant", "cases", "attachments"), where)
        _required(content["applicant"], ("firstName", "lastName"), where)
        _short(content, {"processCode": 30, "externalId": 30}, where)
        folder_id = str(uuid.uuid4())
        common = {"processCode": content["processCode"], "applicant": content["applicant"], "createDateTime": _now()}
        cases: list[Json] = []
        for one in content["cases"]:
            _required(one, ("externalId", "recipient"), where)
            cases.append({**one, "id": str(uuid.uuid4()), "status": "HUBEE_RECEIVED", "partnerAttributes": None} | one)
        attachments = [self._attachment(one, where) for one in content["attachments"]]
        for case in cases:
            own = [a for a in attachments if case["externalId"] in a["recipients"]]
            self.cases[case["id"]] = case | common | {"attachments": own, "events": [], "folderId": folder_id}
        self.folders[folder_id] = {
            **content,
            **common,
            "id": folder_id,
            "globalStatus": "HUBEE_RECEIVED",
            "cases": cases,
            "attachments": attachments,
            "closeDateTime": None,
            "updateDateTime": None,
        }
        return self.folders[folder_id]

    def _attachment(self, content: Json, where: str, *, of_folder: bool = True) -> Json:
        names = ("fileName", "type", "size", "mimeType")
        _required(content, (*names, "recipients") if of_folder else names, where)
        return {**content, "id": str(uuid.uuid4()), "status": "PENDING"}

    def folder(self, folder_id: str) -> Json:
        if folder_id not in self.folders:
            raise Refused(404, "Folder is not found")
        return self.folders[folder_id]

    def update_folder(self, folder_id: str, content: Json) -> None:
        _required(content, ("globalStatus",), "[ERROR][REQUEST][PATCH /teledossiers/v1/folders @body]")
        folder = self.folder(folder_id)
        completes = content["globalStatus"] == "HUBEE_COMPLETED"
        if completes and any(a["status"] not in ("RECEIVED", "CORRUPTED") for a in folder["attachments"]):
            raise Refused(400, "Bad request : attachments are missing")
        folder["globalStatus"], folder["updateDateTime"] = content["globalStatus"], _now()
        folder["closeDateTime"] = content.get("closeDateTime", folder["closeDateTime"])
        for case in (self.cases[one["id"]] for one in folder["cases"]) if completes else ():
            case["status"], case["transmissionDateTime"] = "HUBEE_NOTIFIED", _now()
            self._notify(case, to_recipient=True)

    def delete_folder(self, folder_id: str) -> None:
        folder = self.folder(folder_id)
        if folder["globalStatus"] != "HUBEE_RECEIVED":
            raise Refused(400, "Bad request")
        for case in folder["cases"]:
            self.cases.pop(case["id"], None)
        del self.folders[folder_id]

    def upload(self, owner: Json, attachment_id: str, content: bytes, digest: str | None) -> None:
        attachment = self._find(owner, attachment_id, "Binary meta-data is not found")
        self.bytes_of[attachment_id] = content
        good = digest in (None, "", digest_of(content))
        attachment["status"] = ("RECEIVED" if self.receives_at_once else "PENDING") if good else "CORRUPTED"

    def settle(self) -> None:
        """What the analysis of files does after a while."""
        for folder in self.folders.values():
            for attachment in folder["attachments"]:
                if attachment["id"] in self.bytes_of and attachment["status"] == "PENDING":
                    attachment["status"] = "RECEIVED"

    def download(self, owner: Json, attachment_id: str) -> bytes:
        self._find(owner, attachment_id, "File is not found")
        if attachment_id not in self.bytes_of:
            raise Refused(404, "File is not found")
        return self.bytes_of[attachment_id]

    def _find(self, owner: Json, attachment_id: str, message: str) -> Json:
        for attachment in owner.get("attachments") or ():
            if attachment["id"] == attachment_id:
                found: Json = attachment
                return found
        raise Refused(404, message)

    def case(self, case_id: str) -> Json:
        if case_id not in self.cases:
            raise Refused(404, "Case is not found")
        return self.cases[case_id]

    def update_case(self, case_id: str, content: Json) -> None:
        case = self.case(case_id)
        _short(content, {"status": 15}, "[ERROR][REQUEST][PATCH /teledossiers/v1/cases @body]")
        case["status"], case["updateDateTime"] = content.get("status", case["status"]), _now()

    def add_event(self, case_id: str, content: Json, scope: str) -> Json:
        where = f"[ERROR][REQUEST][POST /teledossiers/v1/cases/{case_id}/events @body]"
        _required(content, ("actionType",), where)
        _short(content, {"message": 1000, "comment": 1000, "author": 255, "actionType": 100}, where)
        case = self.case(case_id)
        attachments = [self._attachment(one, where, of_folder=False) for one in content.get("attachments") or ()]
        event = {
            **content,
            "id": str(uuid.uuid4()),
            "transmitter": case["recipient"] if scope == "SI" else TRANSMITTER,
            "notification": bool(content.get("notification")),
            "createDateTime": _now(),
            "updateDateTime": _now(),
            "status": "IN_PROGRESS" if attachments else "SENT",
            "attachments": attachments,
        }
        case["events"].append(event)
        if content.get("caseNewStatus"):
            case["status"] = content["caseNewStatus"]
        if event["notification"]:
            self._notify(case, to_recipient=scope != "SI", event_id=event["id"])
        return event

    def event(self, case_id: str, event_id: str) -> Json:
        for event in self.case(case_id)["events"]:
            if event["id"] == event_id:
                found: Json = event
                return found
        raise Refused(404, "event is not found")

    def update_event(self, case_id: str, event_id: str, content: Json) -> None:
        _short(content, {"status": 12}, "[ERROR][REQUEST][PATCH /teledossiers/v1/cases/events @body]")
        event = self.event(case_id, event_id)
        event["status"], event["updateDateTime"] = content.get("status", event["status"]), _now()

    def delete_event(self, case_id: str, event_id: str) -> None:
        event = self.event(case_id, event_id)
        if event["actionType"] != "ATTACH_DEPOSIT" or event["status"] != "IN_PROGRESS":
            raise Refused(400, "Bad Request")
        self.case(case_id)["events"].remove(event)

    def _notify(self, case: Json, *, to_recipient: bool, event_id: str | None = None) -> None:
        recipient, transmitter = (case["recipient"], TRANSMITTER) if to_recipient else (TRANSMITTER, case["recipient"])
        notification_id = str(uuid.uuid4())
        self.notifications[notification_id] = {
            "id": notification_id,
            "recipient": recipient,
            "transmitter": transmitter,
            "processCode": case["processCode"],
            "caseId": case["id"],
            "eventId": event_id,
            "dateTime": _now(),
        }

    def waiting(self, scope: str, process_codes: Iterable[str], most: int | None) -> list[Json]:
        """Those of the recipient that this scope stands for."""
        codes = set(process_codes)
        found = [
            one
            for one in self.notifications.values()
            if (scope == "ADMIN" or (one["recipient"]["type"] == "OSL") == (scope == "OSL"))
            and (not codes or one["processCode"] in codes)
        ]
        return found[:most]

    def acknowledge(self, notification_id: str) -> None:
        if self.notifications.pop(notification_id, None) is None:
            raise Refused(404, "Notification is not found")


def digest_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
