"""One exam, as a sender of each kind tells it; synthetic."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.delivery.recipients import resource_changed
from gateway.fhir.wire import dumps
from gateway.ingest.linking import Linking
from gateway.ingest.message import MessageIngest
from gateway.ingest.study import StudyIngest
from gateway.mapping.dicom import study as dicom_study
from gateway.mapping.hl7v2 import Context
from gateway.store.landing import Landing
from gateway.store.objects import FileObjects
from gateway.store.records import Instance

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

START = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
STUDY_UID = "1.2.826.0.1.3680043.8.498.1"
GP = "10000023084^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
PERSON = "DURAND^Zoé^^^^^L||19800101|F"


def header(kind: str, control_id: str, application: str = "RIS", at: str = "20260110100000") -> str:
    who = f"{application}|CENTRE|GW|GW|{at}"
    return f"MSH|^~\\&|{who}||{kind}|{control_id}|P|2.5|||||FRA|UNICODE UTF-8"


def message(*segments: str) -> bytes:
    return "\r".join(segments).encode() + b"\r"


# The practice knows the patient by its own number and by the national one (test range).
IDENTITY = message(
    header("ADT^A28^ADT_A05", "ADT1", "GAM"),
    "EVN||20260110090000",
    "PID|1||42^^^CABINET&1.2.250.1.999.1&ISO^PI~279035121518989^^^ASIP-SANTE-INS-NIR"
    f"&1.2.250.1.213.1.4.10&ISO^INS||{PERSON}|||12 rue des Lilas^^PARIS^^75015^FRA^H"
    "|||||||||||||||||||||VALI",
    f"ROL||UC|ODRP|{GP}",
    "PV1|1|N",
)
# The radiology centre knows her by another number, of another authority.
CENTRE_PID = f"PID|1||R77^^^CENTRE&1.2.250.1.999.2&ISO^PI||{PERSON}"
ORDER = message(
    header("ORM^O01^ORM_O01", "ORM1", "LGC"),
    f"PID|1||42^^^CABINET&1.2.250.1.999.1&ISO^PI||{PERSON}",
    f"ORC|NW|PL1^LGC^1.2.250.1.999.10^ISO||||||||||{GP}",
    f"OBR|1|PL1^LGC^1.2.250.1.999.10^ISO||30620-9^CT rachis lombaire^LN||||||||||||{GP}||ACC1",
)


def report(status: str = "F", *, control_id: str = "ORU1", issued: str = "20260110101400") -> bytes:
    return message(
        header("ORU^R01^ORU_R01", control_id),
        CENTRE_PID,
        "ORC|RE||FI1^RIS",
        "OBR|1||FI1^RIS|30620-9^CT rachis lombaire^LN|||20260110093000|||||||||||ACC1||||"
        f"{issued}||CT|{status}",
        f"OBX|1|TX|19005-8^Conclusion^LN||Conclusion {status}.||||||{status}",
    )


def instance(number: int, *, patient_id: str = "R77") -> Instance:
    model = {
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
        "00080018": {"vr": "UI", "Value": [f"{STUDY_UID}.1.{number}"]},
        "0020000D": {"vr": "UI", "Value": [STUDY_UID]},
        "0020000E": {"vr": "UI", "Value": [f"{STUDY_UID}.1"]},
        "00200013": {"vr": "IS", "Value": [number]},
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00080050": {"vr": "SH", "Value": ["ACC1"]},
        "00080020": {"vr": "DA", "Value": ["20260110"]},
        "00080030": {"vr": "TM", "Value": ["093000"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DURAND^Zoé"}]},
        "00100020": {"vr": "LO", "Value": [patient_id]},
        "00100021": {"vr": "LO", "Value": ["CENTRE"]},
        "00100024": {
            "vr": "SQ",
            "Value": [
                {
                    "00400032": {"vr": "UT", "Value": ["1.2.250.1.999.2"]},
                    "00400033": {"vr": "CS", "Value": ["ISO"]},
                }
            ],
        },
        "00100030": {"vr": "DA", "Value": ["19800101"]},
        "00100040": {"vr": "CS", "Value": ["F"]},
    }
    return Instance(
        sop_uid=f"{STUDY_UID}.1.{number}",
        study_uid=STUDY_UID,
        series_uid=f"{STUDY_UID}.1",
        sop_class="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax="1.2.840.10008.1.2.1",
        object=f"{number:064x}",
        size=1000,
        received=START,
        calling_ae="CT1",
        header=dumps(model),
    )


class Gateway:
    """The flows of the gateway over one store, with a clock that moves a second a look."""

    def __init__(self, store: Store, place: Path) -> None:
        self.store = store
        self.ticks = itertools.count()
        self.linking = Linking()
        store.watch(self.linking.changed)
        store.watch(resource_changed)
        self.objects = Landing(FileObjects(place / "objects"), store)
        self.messages = MessageIngest(
            store,
            self.objects,
            self.linking,
            context=Context(),
            charsets={},
            clock=self.clock,
            new_id=lambda: "G1",
        )
        self.studies = StudyIngest(
            store,
            self.objects,
            self.linking,
            context=dicom_study.Context(),
            quiet_seconds=0,
            clock=lambda: START + timedelta(days=1),
        )

    def clock(self) -> datetime:
        return START + timedelta(seconds=next(self.ticks))

    def send(self, raw: bytes) -> bytes:
        return self.messages.receive(raw, "test")

    def images(self, *numbers: int) -> None:
        with self.store.transaction() as tx:
            for number in numbers:
                tx.add_instance(instance(number))
        self.studies.run_once()

    def all(self, resource_type: str) -> list[dict[str, Any]]:
        found = self.store.history(resource_type, limit=1000)
        newest = {one.id: one for one in reversed(found)}
        return [one.resource for one in newest.values() if not one.deleted]
