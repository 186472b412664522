"""ADT beside three other converters, element by element; every difference has its reason.

Sources: Microsoft FHIR-Converter, Google healthcare-data-harmonization, and the agreed bundle of
the v2-to-FHIR guide. `docs/hl7v2.md` quotes the table of reasons.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from gateway.hl7v2.message import Message
from gateway.mapping.entry import Mapped, MergeKind
from gateway.mapping.hl7v2 import Context, map_message
from gateway.store.records import JournalState
from tests.contract.ingest.story import Gateway
from tests.interop.adt_facts import Facts, er7, facts

if TYPE_CHECKING:
    from gateway.store.api import Store

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_CORPUS: Final = _SHARED / "corpus" / "hl7v2"
pytestmark = pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)

MICROSOFT: Final = "ms_fhir_converter"
GOOGLE: Final = "google_whistle"
GUIDE: Final = "v2tofhir_ig_test_conversions"

# Why an element differs, by converter. An element that is not here must be equal.
REASONS: Final[dict[tuple[str, str], str]] = {
    (MICROSOFT, "patient.identifiers"): (
        "PID-2, 4, 19 and 20, GT1, IN2 and DB1 are not numbers of the patient beside a filled PID-3"
    ),
    (MICROSOFT, "patient.names"): (
        "PID-9, GT1 and IN2 name somebody else or nobody known; XPN-15 (called by) is no given name"
    ),
    (MICROSOFT, "patient.addresses"): "an address of the guarantor (GT1) is not the patient's",
    (MICROSOFT, "patient.telecom"): (
        "a number of the guarantor (GT1) is not the patient's; XTN-6 and 7 make one number"
    ),
    (MICROSOFT, "encounter.identifiers"): "the account, PID-18, finds the visit too (A44)",
    (MICROSOFT, "encounter.locations"): (
        "PV1-11, PV1-42 and PV2-1 (temporary, pending) stay in the journal; places come in time"
    ),
    (MICROSOFT, "encounter.status"): "PV1-45 ends a visit, as the guide says",
    (MICROSOFT, "encounter.period"): "the message has no PV1-45",
    (MICROSOFT, "contacts"): (
        "NK1 is one person; GT1, IN1-16, NK1-30 and an associated party of NK1 are nobody's kin"
    ),
    (MICROSOFT, "conditions"): "PDA (the cause of death) stays in the journal",
    (MICROSOFT, "procedures"): "PDA (autopsy, death certificate) stays in the journal",
    (GOOGLE, "patient.identifiers"): (
        "PID-2, 4, 19 and 20 are not read beside a filled PID-3; none comes twice"
    ),
    (GOOGLE, "patient.names"): "PID-9, an alias, stays in the journal",
    (GOOGLE, "patient.addresses"): "an address without any place in it is none",
    (GOOGLE, "patient.maritalStatus"): "a word that is not in table HL70002 is not made UNK",
    (GOOGLE, "encounter.class"): "a code that is not in table HL70004 is kept as the sender's own",
    (GOOGLE, "encounter.identifiers"): (
        "the account, PID-18, finds the visit too (A44), and alone when there is no PV1-19"
    ),
    (GOOGLE, "encounter.locations"): (
        "a stay has the places in the order of time; the last one ends with the visit"
    ),
    (
        GOOGLE,
        "encounter.status",
    ): "what stands in PV1-45 is no time: a transfer (A02) does not end a visit",
    (GOOGLE, "encounter.type"): "an absent PV1-4 is not a type",
    (GOOGLE, "allergies"): "the category is that of the guide: AA is biologic, MA has none",
    (GOOGLE, "contacts"): "NK1 is one person; GT1 and IN1-16 are nobody's kin",
    (GUIDE, "patient.identifiers"): "PID-19 and IN1-49 are not read beside a filled PID-3",
    (GUIDE, "patient.telecom"): "XTN-5 to 8 make a number where XTN-12 is empty",
    (GUIDE, "patient.birthDate"): "a birthDate has no time (the bundle is not valid R4)",
    (GUIDE, "encounter.identifiers"): "the account, PID-18, finds the visit too (A44)",
    (GUIDE, "encounter.locations"): "one place a PL, with point of care, room and bed",
    (GUIDE, "encounter.participants"): "the bundle has participants that the message does not name",
    (GUIDE, "allergies"): "the category is translated (the bundle has the code of HL7 v2)",
    (GUIDE, "contacts"): "the bundle has the same person several times",
}


def _ours(raw: bytes) -> Mapped:
    return map_message(Message.parse(raw), Context())


def _facts_of(mapped: Mapped) -> Facts:
    subject = next(one.resource for one in mapped.entries if one.full_url == mapped.subject)
    return facts((one.resource for one in mapped.entries), subject)


def _resources(path: Path) -> list[dict[str, Any]]:
    read = json.loads(path.read_bytes())
    entries = read["entry"] if isinstance(read, dict) else read
    return [one.get("resource", one) for one in entries]


def _pairs() -> list[tuple[str, str, bytes, Path]]:
    """Give converter, name, message and expected resources of every pair."""
    pairs = []
    for path in sorted((_CORPUS / MICROSOFT).glob("ADT-*.hl7")):
        expected = path.with_name(f"{path.stem}-expected.json")
        pairs.append((MICROSOFT, path.stem, path.read_bytes(), expected))
    for path in sorted((_CORPUS / GOOGLE).glob("adt_*.input.json")):
        expected = path.with_name(path.name.replace("input", "output"))
        pairs.append((GOOGLE, path.name[:7], er7(json.loads(path.read_bytes())), expected))
    bundle = _CORPUS / GUIDE / "FHIR_bundle.hl7_ADT_A01.json"
    if bundle.is_file():
        pairs.append((GUIDE, "ADT_A01", (_CORPUS / GUIDE / "ADT_A01.hl7").read_bytes(), bundle))
    return pairs


PAIRS: Final = _pairs()
# Of a merge Microsoft writes a Linkage and no patient.
WHOLE: Final = [one for one in PAIRS if one[1] not in ("ADT-A40-01", "ADT-A47-01")]


def _differences(raw: bytes, expected: Path) -> set[str]:
    theirs = _resources(expected)
    subject = next(one for one in theirs if one["resourceType"] == "Patient")
    mine, other = _facts_of(_ours(raw)), facts(theirs, subject)
    return {name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)}


@pytest.mark.parametrize(
    ("converter", "raw", "expected"),
    [(converter, raw, expected) for converter, _, raw, expected in WHOLE],
    ids=[f"{converter}-{name}" for converter, name, _, _ in WHOLE],
)
def test_every_difference_from_another_converter_has_its_reason(
    converter: str, raw: bytes, expected: Path
) -> None:
    unexplained = {name for name in _differences(raw, expected) if (converter, name) not in REASONS}
    assert unexplained == set()


def test_every_reason_is_still_needed() -> None:
    found = {
        (converter, name)
        for converter, _, raw, expected in WHOLE
        for name in _differences(raw, expected)
    }
    assert found == REASONS.keys()


@pytest.mark.parametrize(
    ("name", "kind"), [("ADT-A40-01", MergeKind.MERGE), ("ADT-A47-01", MergeKind.CHANGE)]
)
def test_a_merge_names_the_two_numbers_that_microsoft_links(name: str, kind: MergeKind) -> None:
    _, _, raw, expected = next(one for one in PAIRS if one[1] == name)
    mapped = _ours(raw)

    (linkage,) = [one for one in _resources(expected) if one["resourceType"] == "Linkage"]
    linked = {item["type"]: item["resource"]["identifier"]["value"] for item in linkage["item"]}
    (merge,) = mapped.merges
    subject = next(one for one in mapped.entries if one.full_url == merge.survivor)
    assert merge.kind is kind
    assert linked == {"source": subject.keys[0].value, "historical": merge.retired[0].value}


# The French examples, as the guide says what they mean.


def _french(folder: str, ending: str) -> Mapped:
    (path,) = [one for one in (_CORPUS / folder).iterdir() if one.name.endswith(ending)]
    return _ours(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "feeding", "consultation"),
    [
        ("__ConsentementConsultation_NonOpposition", "permit", "permit"),
        ("__NonConsentementConsultation_NonOpposition", "permit", "deny"),
        ("__NonConsentementConsultation_Opposition", "deny", "deny"),
        ("__NonRecueillieConsentementConsultation_NonOpposition", "permit", None),
        ("__NonRecueillieConsentementConsultation_NonRecueillieOpposition", None, None),
    ],
)
def test_the_five_french_consents_are_two_decisions_each(
    name: str, feeding: str | None, consultation: str | None
) -> None:
    mapped = _french("fr_ans_hl7v2_exemples", f"{name}Alimentation.er7")
    consents = [one.resource for one in mapped.entries if one.resource["resourceType"] == "Consent"]
    found = [
        (one["identifier"][0]["value"], one["status"], one.get("provision", {}).get("type"))
        for one in consents
    ]
    assert found == [
        ("dmp-feeding", "active" if feeding else "proposed", feeding),
        ("dmp-consultation", "active" if consultation else "proposed", consultation),
    ]


def test_a_nir_takes_the_place_of_a_nia() -> None:
    mapped = _french("fr_pam_spec_examples", "A31_INS-NIA_vers_INS-NIR.hl7")
    patient = next(
        one.resource for one in mapped.entries if one.resource["resourceType"] == "Patient"
    )
    found = {one["system"]: (one["value"], one["use"]) for one in patient["identifier"]}
    assert found == {
        "urn:oid:1.2.250.1.213.1.4.8": ("260058815400233", "official"),
        "urn:oid:1.2.250.1.213.1.4.9": ("260058815400244", "old"),
        "urn:passerelle:namespace:350000121": ("1900068", "usual"),
    }


def test_a_changed_nir_names_the_one_before() -> None:
    mapped = _french("fr_pam_spec_examples", "A47_modification_INS-NIR.hl7")
    (merge,) = mapped.merges
    assert (merge.kind, merge.retired) == (
        MergeKind.CHANGE,
        (("urn:oid:1.2.250.1.213.1.4.8", "260058815400233"),),
    )


def test_every_message_is_committed_and_a_replay_changes_nothing(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """Through the whole path, into one store; the senders number patients and visits alike."""
    gateway = Gateway(sqlite_store, tmp_path)
    french = (_CORPUS / "fr_ans_hl7v2_exemples").glob("*Consentement*.er7")
    messages = [raw for _, _, raw, _ in PAIRS] + [path.read_bytes() for path in sorted(french)]
    for number, raw in enumerate(messages):
        answer = gateway.send(raw)
        assert b"MSA|AE" not in answer, answer
        assert b"MSA|AR" not in answer, answer
        before = [one.seq for one in sqlite_store.history(limit=10_000)]
        gateway.messages.receive(raw, "replay", replay_of=2 * number + 1)
        assert [one.seq for one in sqlite_store.history(limit=10_000)] == before
    # The senders of other countries ask for no answer, or for the accept acknowledgement alone.
    states = {one.state for one in sqlite_store.journal(limit=1000)}
    assert states == {JournalState.PROCESSED}
