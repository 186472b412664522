"""Two patients become one, a number changes, a visit moves: in whatever order that is told."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import pytest

from gateway.fhir.search.query import parse_search
from gateway.store.records import DeliveryState, JournalState
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway, header, message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.store.api import Store

AUTHORITY: Final = "1.2.250.1.999.2"
INS: Final = "urn:oid:1.2.250.1.213.1.4.10"
NIR: Final = "279035121518989"


def cx(number: str) -> str:
    return f"{number}^^^CENTRE&{AUTHORITY}&ISO^PI"


def ins(number: str = NIR) -> str:
    return f"{number}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"


def pid(numbers: str, who: str = story.PERSON, status: str = "") -> str:
    return f"PID|1||{numbers}||{who}" + ("|" * 24 + status if status else "")


def adt(event: str, control_id: str, *segments: str, at: str = "20260110120000") -> bytes:
    return message(header(f"ADT^{event}", control_id, "GAM"), f"EVN||{at}", *segments)


def merged(old: str, new: str, control_id: str = "A40") -> bytes:
    return adt("A40^ADT_A39", control_id, pid(cx(new)), f"MRG|{cx(old)}")


# The centre knows her twice: under R77, which its orders, images and reports say, and under S88.
OLD = adt("A28^ADT_A05", "OLD", pid(cx("R77")), at="20260110080000")
NEW = adt("A28^ADT_A05", "NEW", pid(cx("S88")), f"ROL||UC|ODRP|{story.GP}", at="20260110081500")
STEPS: dict[str, Callable[[Gateway], object]] = {
    "old": lambda gateway: gateway.send(OLD),
    "merge": lambda gateway: gateway.send(merged("R77", "S88")),
    "images": lambda gateway: gateway.images(1),
    "report": lambda gateway: gateway.send(story.report()),
}


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def accepted(answer: object) -> None:
    assert isinstance(answer, bytes)
    assert b"MSA|AA" in answer, answer


def in_use(gateway: Gateway) -> dict[str, Any]:
    (found,) = [one for one in gateway.all("Patient") if one.get("active", True)]
    return found


def by_number(gateway: Gateway, number: str) -> dict[str, Any]:
    """Search as a client does: every list shows one patient."""
    pairs = [("identifier", f"urn:oid:{AUTHORITY}|{number}")]
    (found,) = gateway.store.search(parse_search("Patient", pairs)).matches
    return found.resource


def numbers(patient: dict[str, Any]) -> dict[str, str]:
    return {one["value"]: one["use"] for one in patient["identifier"]}


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)), ids="-".join)
def test_what_was_the_old_patients_is_the_survivors_whatever_comes_first(
    order: tuple[str, ...], gateway: Gateway
) -> None:
    accepted(gateway.send(NEW))
    for step in order:
        answer = STEPS[step](gateway)
        if isinstance(answer, bytes):
            accepted(answer)

    survivor = in_use(gateway)
    assert numbers(survivor) == {"S88": "usual", "R77": "old"}
    assert by_number(gateway, "R77")["id"] == by_number(gateway, "S88")["id"] == survivor["id"]
    subject = f"Patient/{survivor['id']}"
    for kind in ("ServiceRequest", "ImagingStudy", "DiagnosticReport"):
        assert {one["subject"]["reference"] for one in gateway.all(kind)} == {subject}, kind
    (doctor,) = gateway.all("Practitioner")
    (delivery,) = gateway.store.deliveries()
    assert (delivery.recipient, delivery.subject, delivery.state) == (
        f"Practitioner/{doctor['id']}",
        subject,
        DeliveryState.WAITING,
    )


def test_both_records_are_linked_and_the_old_one_says_nothing_else(gateway: Gateway) -> None:
    for raw in (OLD, NEW, merged("R77", "S88")):
        accepted(gateway.send(raw))

    survivor = in_use(gateway)
    (old,) = [one for one in gateway.all("Patient") if one["id"] != survivor["id"]]
    assert survivor["link"] == [
        {"other": {"reference": f"Patient/{old['id']}"}, "type": "replaces"}
    ]
    assert {name: part for name, part in old.items() if name != "meta"} == {
        "resourceType": "Patient",
        "id": old["id"],
        "active": False,
        "link": [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}],
    }


def test_what_hid_the_old_patient_hides_the_survivor(gateway: Gateway) -> None:
    accepted(gateway.send(OLD))
    accepted(gateway.send(NEW))
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    with gateway.store.transaction() as tx:
        tx.put({**by_number(gateway, "R77"), "meta": {"security": [label]}})
    accepted(gateway.send(merged("R77", "S88")))

    assert in_use(gateway)["meta"]["security"] == [label]


def test_a_merge_of_unknown_patients_makes_both_records(gateway: Gateway) -> None:
    accepted(gateway.send(merged("R77", "S88")))

    survivor = in_use(gateway)
    assert len(gateway.all("Patient")) == 2
    assert numbers(survivor) == {"S88": "usual", "R77": "old"}


def test_a_merge_that_comes_again_changes_nothing(gateway: Gateway) -> None:
    for raw in (OLD, story.report(), NEW, merged("R77", "S88")):
        accepted(gateway.send(raw))
    before = [one.seq for one in gateway.store.history(limit=1000)]

    for number in range(1, 5):
        entry = gateway.store.journal_entry(number)
        assert entry is not None
        assert entry.raw is not None
        accepted(gateway.messages.receive(entry.raw, "replay", replay_of=number))
    assert [one.seq for one in gateway.store.history(limit=1000)] == before

    accepted(gateway.send(merged("R77", "S88", "again")))
    kinds = {one.type for one in gateway.store.history(limit=1000) if one.seq not in before}
    assert kinds == {"Provenance"}


def test_a_chain_of_merges_ends_at_the_last_survivor(gateway: Gateway) -> None:
    accepted(gateway.send(story.report()))
    chain = ("R77", "B", "C", "D")
    for old, new in itertools.pairwise(chain):
        accepted(gateway.send(merged(old, new, f"{old}{new}")))

    survivor = in_use(gateway)
    assert numbers(survivor) == {"R77": "old", "B": "old", "C": "old", "D": "usual"}
    subject = f"Patient/{survivor['id']}"
    assert {one["subject"]["reference"] for one in gateway.all("DiagnosticReport")} == {subject}
    for record in gateway.all("Patient"):
        if record["id"] != survivor["id"]:
            assert record["link"] == [{"other": {"reference": subject}, "type": "replaced-by"}]


def test_a_merge_the_other_way_is_reported_and_makes_no_cycle(gateway: Gateway) -> None:
    for raw in (OLD, NEW, merged("R77", "S88")):
        accepted(gateway.send(raw))
    survivor = in_use(gateway)

    answer = gateway.send(merged("S88", "R77", "back"))

    accepted(answer)
    assert b"merged the other way" in answer
    assert in_use(gateway)["id"] == survivor["id"]
    assert in_use(gateway)["link"] == survivor["link"]


def test_two_people_of_other_names_are_merged_when_the_source_says_so(gateway: Gateway) -> None:
    maiden = "MOREAU^Zoé^^^^^L||19800102|F"
    accepted(gateway.send(adt("A28^ADT_A05", "1", pid(cx("R77"), maiden))))
    accepted(gateway.send(NEW))
    accepted(gateway.send(merged("R77", "S88")))
    accepted(gateway.send(story.report("P", control_id="P")))
    late = story.report("F", control_id="F").replace(story.PERSON.encode(), maiden.encode())

    accepted(gateway.send(late))

    (report,) = gateway.all("DiagnosticReport")
    assert report["status"] == "final"
    families = [one["family"] for one in in_use(gateway)["name"]]
    assert families == ["DURAND", "MOREAU"]


# A47: the number of one patient changes.


def change(control_id: str, numbers: str, former: str, status: str = "VALI") -> bytes:
    return adt("A47^ADT_A30", control_id, pid(numbers, status=status), f"MRG|{former}")


def test_a_changed_number_keeps_the_patient_and_the_old_number_still_finds_it(
    gateway: Gateway,
) -> None:
    accepted(gateway.send(OLD))
    accepted(gateway.send(story.report("P", control_id="P")))
    accepted(gateway.send(change("A47", cx("T99"), cx("R77"), "")))
    accepted(gateway.send(story.report("F", control_id="F", issued="20260110120000")))

    (patient,) = gateway.all("Patient")
    assert numbers(patient) == {"T99": "usual", "R77": "old"}
    (report,) = gateway.all("DiagnosticReport")
    assert report["status"] == "final"


def test_the_new_number_may_come_before_the_change(gateway: Gateway) -> None:
    accepted(gateway.send(OLD))
    early = story.report().replace(b"R77", b"T99")
    accepted(gateway.send(early))

    accepted(gateway.send(change("A47", cx("T99"), cx("R77"), "")))

    patient = in_use(gateway)
    assert numbers(patient) == {"T99": "usual", "R77": "old"}
    (report,) = gateway.all("DiagnosticReport")
    assert report["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_number_is_not_changed_to_that_of_somebody_else(gateway: Gateway) -> None:
    accepted(gateway.send(OLD))
    stranger = "MOREAU^Paul^^^^^L||19700101|M"
    accepted(gateway.send(adt("A28^ADT_A05", "2", pid(cx("T99"), stranger))))
    before = gateway.all("Patient")

    raw = adt("A47^ADT_A30", "A47", pid(cx("T99"), stranger), f"MRG|{cx('R77')}")
    answer = gateway.send(raw)

    assert b"MSA|AE" in answer
    assert b"|205^" in answer
    assert gateway.all("Patient") == before
    assert gateway.store.journal()[0].state is JournalState.REFUSED


def test_a_changed_ins_is_taken_back(gateway: Gateway) -> None:
    other = "279035121518988"
    accepted(gateway.send(adt("A28^ADT_A05", "1", pid(f"{cx('R77')}~{ins(other)}", status="VALI"))))
    accepted(gateway.send(change("A47", f"{cx('R77')}~{ins()}", ins(other))))

    (patient,) = gateway.all("Patient")
    assert numbers(patient) == {"R77": "usual", NIR: "official"}


@pytest.mark.parametrize(
    ("new", "status"),
    [
        (f"{cx('R77')}~{ins(chr(34) * 2)}", "VALI"),
        (ins(chr(34) * 2), "VALI"),
        (f"{cx('R77')}~{ins()}", "PROV"),
        (cx("R77"), "PROV"),
    ],
    ids=["null INS", "null INS alone", "downgrade", "downgrade without INS"],
)
def test_an_ins_is_deleted_or_lost_with_the_qualification(
    new: str, status: str, gateway: Gateway
) -> None:
    accepted(gateway.send(adt("A28^ADT_A05", "1", pid(f"{cx('R77')}~{ins()}", status="VALI"))))

    accepted(gateway.send(change("A47", new, ins(), status)))

    (patient,) = gateway.all("Patient")
    assert numbers(patient) == {"R77": "usual"}
    reliability = patient["extension"][0]["extension"][0]["valueCoding"]["code"]
    assert reliability == status
    assert "profile" not in patient["meta"]


def test_a_nia_becomes_the_former_number_when_the_nir_is_known(gateway: Gateway) -> None:
    nia = "279035121518989^^^ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9&ISO^INS"
    accepted(gateway.send(adt("A28^ADT_A05", "1", pid(f"{cx('R77')}~{nia}", status="VALI"))))
    accepted(
        gateway.send(adt("A31^ADT_A05", "2", pid(f"{cx('R77')}~{nia}~{ins()}", status="VALI")))
    )

    (patient,) = gateway.all("Patient")
    assert {one["system"][-2:]: one["use"] for one in patient["identifier"]} == {
        ".2": "usual",
        ".9": "old",
        "10": "official",
    }


# A44 and A45: a visit was another patient's.


VISIT = "PV1|1|O|^^^CENTRE||||||||||||||||V1"


def test_a_visit_moves_with_its_diagnoses(gateway: Gateway) -> None:
    accepted(
        gateway.send(adt("A04^ADT_A01", "1", pid(cx("R77")), VISIT, "DG1|1||M54.5^Lombalgie^I10"))
    )
    accepted(gateway.send(NEW))
    move = adt("A45^ADT_A45", "A45", pid(cx("S88")), f"MRG|{cx('R77')}||||V1", VISIT)

    accepted(gateway.send(move))
    accepted(gateway.send(move.replace(b"|A45|", b"|A45bis|")))

    new = f"Patient/{by_number(gateway, 'S88')['id']}"
    (visit,) = gateway.all("Encounter")
    (diagnosis,) = gateway.all("Condition")
    assert [one["subject"]["reference"] for one in (visit, diagnosis)] == [new, new]
    assert len([one for one in gateway.all("Patient") if one.get("active", True)]) == 2


def test_an_account_moves_with_all_its_visits(gateway: Gateway) -> None:
    for number in ("V1", "V2"):
        account = pid(cx("R77")) + "|" * 10 + "ACC7"
        accepted(gateway.send(adt("A04^ADT_A01", number, account, VISIT.replace("V1", number))))
    move = adt("A44^ADT_A43", "A44", pid(cx("S88")) + "|" * 10 + "ACC7", f"MRG|{cx('R77')}||ACC7")

    accepted(gateway.send(move))

    new = f"Patient/{by_number(gateway, 'S88')['id']}"
    assert {one["subject"]["reference"] for one in gateway.all("Encounter")} == {new}


def test_a_visit_of_a_third_patient_does_not_move(gateway: Gateway) -> None:
    accepted(gateway.send(adt("A04^ADT_A01", "1", pid(cx("R77")), VISIT)))

    answer = gateway.send(adt("A45^ADT_A45", "A45", pid(cx("S88")), f"MRG|{cx('X1')}||||V1", VISIT))

    assert b"MSA|AE" in answer
    (visit,) = gateway.all("Encounter")
    assert visit["subject"]["reference"] == f"Patient/{by_number(gateway, 'R77')['id']}"


def test_a_visit_that_is_unknown_is_reported(gateway: Gateway) -> None:
    answer = gateway.send(
        adt("A45^ADT_A45", "A45", pid(cx("S88")), f"MRG|{cx('R77')}||||V1", VISIT)
    )
    accepted(answer)
    assert b"No visit of that number is known here" in answer


# What the patient said once is said once.


def zfa(feeding: str, day: int) -> str:
    return f"ZFA|ACTIF||||||||{feeding}|202601{day:02d}||"


def test_after_a_merge_one_decision_a_topic_is_in_force(gateway: Gateway) -> None:
    accepted(gateway.send(adt("A31^ADT_A05", "1", pid(cx("R77")), zfa("IO", 9))))
    accepted(gateway.send(adt("A31^ADT_A05", "2", pid(cx("S88")), zfa("INO", 5))))
    accepted(gateway.send(merged("R77", "S88")))

    consents = gateway.all("Consent")
    assert sorted((one["status"], one["provision"]["type"]) for one in consents) == [
        ("active", "deny"),
        ("inactive", "permit"),
    ]
    accepted(gateway.send(adt("A31^ADT_A05", "3", pid(cx("S88")), zfa("INO", 20))))
    assert sorted((one["status"], one["provision"]["type"]) for one in gateway.all("Consent")) == [
        ("active", "permit"),
        ("inactive", "permit"),
    ]
