from __future__ import annotations

import base64
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.unit.rest.conftest import Caller

SYSTEM = "urn:oid:1.2.250.1.999.1"
URN = "urn:uuid:0b3f1f0e-6f0b-4a5e-9d0c-000000000001"
URN2 = "urn:uuid:0b3f1f0e-6f0b-4a5e-9d0c-000000000002"

Entry = dict[str, Any]


def entry(method: str, url: str, resource: Entry | None = None, **more: Any) -> Entry:  # noqa: ANN401 - parts of an entry
    full_url = more.pop("full_url", None)
    made: Entry = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        made["resource"] = resource
    if full_url is not None:
        made["fullUrl"] = full_url
    return made


def send(caller: Caller, *entries: Entry, kind: str = "transaction", **said: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own keywords
    bundle = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return caller.ask("POST", "/fhir", json=bundle, **said)


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"] for one in answer.json()["entry"]]


def told(answer: httpx.Response) -> list[tuple[str, list[str]]]:
    """The issues of a refusal: diagnostics and expression."""
    issues = answer.json()["issue"]
    return [(issue["diagnostics"], issue.get("expression", [])) for issue in issues]


def count(caller: Caller, resource_type: str) -> int:
    total: int = caller.ask("GET", f"/fhir/{resource_type}?_summary=count").json()["total"]
    return total


def a_patient(value: str, **more: Any) -> Entry:  # noqa: ANN401 - elements
    identifier = [{"system": SYSTEM, "value": value}]
    return {"resourceType": "Patient", "identifier": identifier, **more}


def an_observation(subject: str, **more: Any) -> Entry:  # noqa: ANN401 - elements
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Hb"},
        "subject": {"reference": subject},
        **more,
    }


def test_links_between_the_entries_lead_to_what_is_made_of_them(caller: Caller) -> None:
    answer = send(
        caller,
        entry("POST", "Observation", an_observation(URN), full_url=URN2),
        entry(
            "POST",
            "Patient",
            a_patient(
                "1",
                text={
                    "status": "generated",
                    "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
                    f'<a href="{URN2}">Hb</a> {URN2}</div>',
                },
                extension=[
                    {"url": "http://example.org/uri", "valueUri": URN2},
                    {"url": "http://example.org/text", "valueString": URN2},
                    {"url": "http://example.org/canonical", "valueCanonical": URN2},
                ],
            ),
            full_url=URN,
        ),
    )
    assert statuses(answer) == ["201 Created", "201 Created"]
    observation, patient = (one["resource"] for one in answer.json()["entry"])
    there = f"Observation/{observation['id']}"
    assert observation["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert patient["text"]["div"].count(there) == 1
    assert f'href="{there}"' in patient["text"]["div"]
    assert [list(one.values())[1] for one in patient["extension"]] == [there, URN2, URN2]
    assert caller.ask("GET", f"/fhir/Patient/{patient['id']}").json() == patient


def test_an_entry_is_answered_with_its_place_and_version(caller: Caller) -> None:
    answer = send(caller, entry("PUT", "Patient/a", a_patient("1", id="a")))
    (only,) = answer.json()["entry"]
    base = caller.ports.settings.fhir_url
    assert answer.json()["type"] == "transaction-response"
    assert only == {
        "fullUrl": f"{base}/Patient/a",
        "resource": only["resource"],
        "response": {
            "status": "201 Created",
            "location": "Patient/a/_history/1",
            "etag": 'W/"1"',
            "lastModified": only["resource"]["meta"]["lastUpdated"],
        },
    }


def test_prefer_chooses_what_each_entry_answers(caller: Caller) -> None:
    one = entry("PUT", "Patient/a", a_patient("1", id="a"))
    minimal = send(caller, one, headers={"prefer": "return=minimal"})
    outcome = send(caller, one, headers={"prefer": "return=OperationOutcome"})
    assert "resource" not in minimal.json()["entry"][0]
    assert outcome.json()["entry"][0]["response"]["outcome"] == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information",
                "code": "informational",
                "diagnostics": "Patient/a version 1: unchanged.",
            }
        ],
    }


def test_a_reference_is_first_looked_for_beside_the_full_url(caller: Caller) -> None:
    base = "http://elsewhere.example/fhir"
    answer = send(
        caller,
        entry("POST", "Patient", a_patient("1"), full_url=f"{base}/Patient/7"),
        entry("POST", "Observation", an_observation("Patient/7"), full_url=f"{base}/Observation/8"),
        entry("POST", "Observation", an_observation(f"{base}/Patient/7")),
    )
    patient, *observations = (one["resource"] for one in answer.json()["entry"])
    assert [one["subject"]["reference"] for one in observations] == [f"Patient/{patient['id']}"] * 2


def test_the_order_of_the_entries_does_not_matter(caller: Caller) -> None:
    caller.ask("PUT", "/fhir/Patient/old", json=a_patient("1", id="old"))
    answer = send(
        caller,
        entry("GET", "Patient/new"),
        entry("PUT", "Patient/new", a_patient("2", id="new", link=[_replaces(URN)])),
        entry(
            "POST", "Patient", a_patient("1"), full_url=URN, ifNoneExist=f"identifier={SYSTEM}|1"
        ),
        entry("DELETE", "Patient/old"),
        entry("GET", "Patient?identifier=1"),
    )
    assert statuses(answer) == ["200 OK", "201 Created", "201 Created", "204 No Content", "200 OK"]
    got, put, posted, _, found = answer.json()["entry"]
    assert got["resource"] == put["resource"]
    assert [one["resource"] for one in found["resource"]["entry"]] == [posted["resource"]]


def _replaces(reference: str) -> Entry:
    return {"other": {"reference": reference}, "type": "replaces"}


def test_circular_references_are_fine(caller: Caller) -> None:
    answer = send(
        caller,
        entry("POST", "Patient", a_patient("1", link=[_replaces(URN2)]), full_url=URN),
        entry("POST", "Patient", a_patient("2", link=[_replaces(URN)]), full_url=URN2),
    )
    assert statuses(answer) == ["201 Created"] * 2
    first, second = (one["resource"] for one in answer.json()["entry"])
    assert first["link"][0]["other"]["reference"] == f"Patient/{second['id']}"


def test_all_faults_of_all_entries_are_told_at_once_and_nothing_is_kept(caller: Caller) -> None:
    answer = send(
        caller,
        entry("POST", "Patient", a_patient("1")),
        entry("POST", "Patient", a_patient("2", gender="x")),
        entry("POST", "Observation", {"resourceType": "Observation", "code": {"text": "Hb"}}),
        entry("POST", "Observation", an_observation("urn:uuid:" + "0" * 8)),
    )
    assert answer.status_code == 422
    assert [where for _, (where,) in told(answer)] == [
        "Bundle.entry[1].resource.gender",
        "Bundle.entry[2].resource.status",
        "Bundle.entry[3].resource",
    ]
    assert count(caller, "Patient") == 0


def test_a_reference_target_is_checked_behind_the_placeholder(caller: Caller) -> None:
    answer = send(
        caller,
        entry("POST", "Observation", an_observation(URN)),
        entry("POST", "Organization", {"resourceType": "Organization", "name": "X"}, full_url=URN),
    )
    assert answer.status_code == 422
    assert told(answer)[0][1] == ["Bundle.entry[0].resource.subject"]


def test_a_reference_to_nothing_names_the_entry(caller: Caller) -> None:
    answer = send(
        caller,
        entry("PUT", "Patient/a", a_patient("1", id="a")),
        entry("POST", "Observation", an_observation("Patient/b")),
    )
    where = "Bundle.entry[1].resource.subject.reference"
    assert (answer.status_code, told(answer)) == (422, [("Patient/b is not here.", [where])])
    assert caller.ask("GET", "/fhir/Patient/a").status_code == 404


class TestConditions:
    def test_sending_a_bundle_again_changes_nothing(self, caller: Caller) -> None:
        entries = [
            entry("POST", "Patient", a_patient("1"), full_url=URN, ifNoneExist="identifier=1"),
            entry(
                "POST",
                "Observation",
                an_observation(URN, identifier=[{"value": "o"}]),
                ifNoneExist=f"identifier=o&subject={URN}",
            ),
        ]
        first, second = send(caller, *entries), send(caller, *entries)
        assert statuses(first) == ["201 Created"] * 2
        assert statuses(second) == ["200 OK"] * 2
        resources = [[one["resource"] for one in each.json()["entry"]] for each in (first, second)]
        assert resources[0] == resources[1]

    def test_what_a_condition_found_is_what_the_links_lead_to(self, caller: Caller) -> None:
        known = caller.create(a_patient("1"))
        answer = send(
            caller,
            entry("POST", "Observation", an_observation(URN)),
            entry("POST", "Patient", a_patient("1"), full_url=URN, ifNoneExist="identifier=1"),
        )
        assert statuses(answer) == ["201 Created", "200 OK"]
        subject = answer.json()["entry"][0]["resource"]["subject"]
        assert subject == {"reference": f"Patient/{known['id']}"}

    @pytest.mark.parametrize("known", [0, 1, 2])
    def test_a_conditional_update_updates_creates_or_fails(
        self, caller: Caller, known: int
    ) -> None:
        ids = [caller.create(a_patient("1"))["id"] for _ in range(known)]
        changed = entry("PUT", "Patient?identifier=1", a_patient("1", gender="male"), full_url=URN)
        answer = send(caller, changed, entry("POST", "Observation", an_observation(URN)))
        if known > 1:
            assert answer.status_code == 412
            assert told(answer)[0][1] == ["Bundle.entry[0]"]
            return
        assert statuses(answer) == [("201 Created", "200 OK")[known], "201 Created"]
        patient, observation = (one["resource"] for one in answer.json()["entry"])
        assert known == 0 or patient["id"] == ids[0]
        assert observation["subject"]["reference"] == f"Patient/{patient['id']}"

    def test_a_conditional_reference_is_resolved_inside(self, caller: Caller) -> None:
        reference = f"Patient?identifier={SYSTEM}|9"
        patient = entry("PUT", "Patient/nine", a_patient("9", id="nine"))
        observation = entry("POST", "Observation", an_observation(reference))
        assert send(caller, observation).status_code == 412
        answer = send(caller, observation, patient)
        assert answer.json()["entry"][0]["resource"]["subject"] == {"reference": "Patient/nine"}
        assert statuses(send(caller, observation)) == ["201 Created"]

    def test_a_conditional_reference_that_is_not_one_thing_is_named(self, caller: Caller) -> None:
        observation = entry("POST", "Observation", an_observation("Patient?identifier=9"))
        said = "Bundle.entry[0]: The reference Patient?identifier=9 matches"
        none = send(caller, observation)
        assert (none.status_code, told(none)[0][0]) == (412, f"{said} nothing.")
        caller.create(a_patient("9"))
        several = send(caller, observation, entry("POST", "Patient", a_patient("9")))
        assert (several.status_code, told(several)[0][0]) == (
            412,
            f"{said} more than one resource.",
        )
        assert count(caller, "Observation") == 0

    def test_a_conditional_reference_outside_a_transaction_is_refused(self, caller: Caller) -> None:
        alone = an_observation("Patient?identifier=9")
        answer = caller.ask("POST", "/fhir/Observation", json=alone)
        assert answer.status_code == 422

    def test_if_match_holds_in_a_bundle(self, caller: Caller) -> None:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        changed = a_patient("1", id="a", gender="male")
        stale = send(caller, entry("PUT", "Patient/a", changed, ifMatch='W/"7"'))
        assert (stale.status_code, told(stale)[0][1]) == (412, ["Bundle.entry[0]"])
        assert statuses(send(caller, entry("PUT", "Patient/a", changed, ifMatch='W/"1"'))) == [
            "200 OK"
        ]
        only_new = send(caller, entry("PUT", "Patient/a", changed, ifNoneMatch="*"))
        assert only_new.status_code == 412


SAME = [
    (entry("PUT", "Patient/a", a_patient("1", id="a")), entry("DELETE", "Patient/a")),
    (
        entry("POST", "Patient", a_patient("1"), ifNoneExist="identifier=1"),
        entry("POST", "Patient", a_patient("1"), ifNoneExist="identifier=1"),
    ),
    (
        entry("PUT", "Patient?identifier=1", a_patient("1")),
        entry("PUT", f"Patient?identifier={SYSTEM}|1", a_patient("1", gender="male")),
    ),
    (
        entry("PUT", "Patient/a", a_patient("1", id="a")),
        entry("PUT", "Patient?identifier=1", a_patient("1")),
    ),
    (
        entry("POST", "Patient", a_patient("1"), full_url=URN),
        entry("POST", "Patient", a_patient("2"), full_url=URN),
    ),
]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("entries", SAME)
def test_two_entries_for_one_identity_fail_the_bundle_naming_both(
    caller: Caller, entries: tuple[Entry, Entry], *, known: bool
) -> None:
    before = 0
    if known:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        before = 1
    answer = send(caller, entry("POST", "Patient", a_patient("other")), *entries)
    assert answer.status_code == 400, answer.text
    text = told(answer)[0][0]
    assert "Bundle.entry[1]" in text
    assert "Bundle.entry[2]" in text
    assert count(caller, "Patient") == before


def test_a_condition_may_not_be_about_what_another_entry_creates(caller: Caller) -> None:
    entries = (
        entry("POST", "Patient", a_patient("1")),
        entry("POST", "Patient", a_patient("1"), ifNoneExist="identifier=1"),
    )
    answer = send(caller, *entries)
    assert answer.status_code == 400
    assert told(answer)[0][0].startswith("Bundle.entry[0] and Bundle.entry[1] are both about")
    assert count(caller, "Patient") == 0


class TestDelete:
    def test_what_is_referred_to_goes_only_with_what_refers_to_it(self, caller: Caller) -> None:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        observation = an_observation("Patient/a", id="o")
        caller.ask("PUT", "/fhir/Observation/o", json=observation)
        refused = send(caller, entry("DELETE", "Patient/a"))
        assert refused.status_code == 409
        assert "Observation/o" in told(refused)[0][0]
        both = send(caller, entry("DELETE", "Patient/a"), entry("DELETE", "Observation/o"))
        assert statuses(both) == ["204 No Content"] * 2

    def test_nothing_may_refer_to_what_the_bundle_deletes(self, caller: Caller) -> None:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        answer = send(
            caller,
            entry("DELETE", "Patient/a"),
            entry("POST", "Observation", an_observation("Patient/a")),
        )
        assert (answer.status_code, told(answer)[0][0]) == (422, "Patient/a was deleted.")

    def test_a_conditional_delete_takes_everything_that_matches(self, caller: Caller) -> None:
        for _ in range(3):
            caller.create(a_patient("1"))
        assert statuses(send(caller, entry("DELETE", "Patient?identifier=1"))) == ["204 No Content"]
        assert statuses(send(caller, entry("DELETE", "Patient?identifier=1"))) == ["204 No Content"]
        assert count(caller, "Patient") == 0


class TestPatch:
    def test_a_json_patch_comes_in_a_binary(self, caller: Caller) -> None:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        operations = [
            {"op": "add", "path": "/managingOrganization", "value": {"reference": URN}},
            {"op": "add", "path": "/gender", "value": "male"},
        ]
        data = base64.b64encode(json.dumps(operations).encode()).decode()
        binary = {
            "resourceType": "Binary",
            "contentType": "application/json-patch+json",
            "data": data,
        }
        organization = {"resourceType": "Organization", "name": "X"}
        answer = send(
            caller,
            entry("PATCH", "Patient/a", binary),
            entry("POST", "Organization", organization, full_url=URN),
        )
        patient, made = (one["resource"] for one in answer.json()["entry"])
        assert patient["managingOrganization"] == {"reference": f"Organization/{made['id']}"}
        assert patient["gender"] == "male"

    def test_a_fhirpath_patch_is_judged_as_an_update(self, caller: Caller) -> None:
        caller.ask("PUT", "/fhir/Patient/a", json=a_patient("1", id="a"))
        answer = send(caller, entry("PATCH", "Patient?identifier=1", _set_gender("x")))
        assert (answer.status_code, told(answer)[0][1]) == (422, ["Bundle.entry[0]"])
        good = send(caller, entry("PATCH", "Patient?identifier=1", _set_gender("male")))
        assert good.json()["entry"][0]["resource"]["gender"] == "male"


def _set_gender(code: str) -> Entry:
    parts = {
        "type": {"valueCode": "add"},
        "path": {"valueString": "Patient"},
        "name": {"valueString": "gender"},
        "value": {"valueCode": code},
    }
    part = [{"name": name, **value} for name, value in parts.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}


BAD: list[tuple[Any, str | None]] = [
    ({}, "Bundle.entry[0].request"),
    ("x", "Bundle.entry[0].request"),
    ({"request": {"method": "TRACE", "url": "Patient"}}, "Bundle.entry[0].request.method"),
    ({"request": {"method": "GET"}}, "Bundle.entry[0].request.url"),
    (entry("GET", "http://elsewhere.example/fhir/Patient"), "Bundle.entry[0].request.url"),
    (entry("GET", "Patient/../x"), "Bundle.entry[0].request.url"),
    (entry("GET", "Patient//1"), "Bundle.entry[0].request.url"),
    (entry("GET", "Nonsense/1"), "Bundle.entry[0].request.url"),
    (entry("GET", "$nonsense"), "Bundle.entry[0].request.url"),
    (entry("DELETE", "Patient"), "Bundle.entry[0].request.url"),
    (entry("DELETE", "Patient/a b"), "Bundle.entry[0].request.url"),
    (entry("POST", "Patient/1", a_patient("1")), "Bundle.entry[0].request.url"),
    (entry("POST", "Patient"), "Bundle.entry[0].request.url"),
    (entry("POST", "Patient", an_observation("Patient/1")), "Bundle.entry[0].request.url"),
    (entry("PUT", "Patient/1", a_patient("1", id="2")), "Bundle.entry[0].request.url"),
    (entry("PUT", "Patient/1", a_patient("1", id="1"), ifMatch="3"), None),
    (entry("POST", "", {"resourceType": "Bundle", "type": "batch"}), "Bundle.entry[0].request.url"),
    (entry("POST", "Patient", a_patient("1"), ifNoneExist="colour=blue"), None),
    (entry("POST", "Patient", a_patient("1"), ifNoneExist="_count=1"), "Bundle.entry[0]"),
    ({"resource": 3, "request": {"method": "POST", "url": "Patient"}}, "Bundle.entry[0].resource"),
]


@pytest.mark.parametrize(("bad", "where"), BAD)
def test_a_bad_entry_is_named(caller: Caller, bad: Entry, where: str | None) -> None:
    answer = send(caller, entry("PUT", "Patient/a", a_patient("1", id="a")), bad)
    assert answer.status_code == 400, answer.text
    (_, expression), *_ = told(answer)
    assert expression[0].startswith((where or "Bundle.entry[0]").replace("[0]", "[1]"))
    assert caller.ask("GET", "/fhir/Patient/a").status_code == 404


@pytest.mark.parametrize("kind", ["collection", "history", None, 3])
def test_another_bundle_is_not_processed(caller: Caller, kind: Any) -> None:  # noqa: ANN401 - any JSON
    answer = caller.ask("POST", "/fhir", json={"resourceType": "Bundle", "type": kind})
    assert (answer.status_code, told(answer)[0][1]) == (400, ["Bundle.type"])


def test_an_address_of_this_server_may_be_absolute(caller: Caller) -> None:
    base = caller.ports.settings.fhir_url
    answer = send(caller, entry("PUT", f"{base}/Patient/a", a_patient("1", id="a")))
    assert statuses(answer) == ["201 Created"]


def test_a_provenance_is_about_all_that_was_written(caller: Caller) -> None:
    provenance = {
        "resourceType": "Provenance",
        "recorded": "2026-11-22T10:00:00Z",
        "agent": [{"who": {"display": "Import"}}],
    }
    answer = send(
        caller,
        entry("PUT", "Patient/a", a_patient("1", id="a")),
        entry("PUT", "Patient/b", a_patient("2", id="b")),
        headers={"x-provenance": json.dumps(provenance)},
    )
    assert statuses(answer) == ["201 Created"] * 2
    found = caller.ask("GET", "/fhir/Provenance?target=Patient/b").json()["entry"]
    assert [one["resource"]["target"] for one in found] == [
        [{"reference": "Patient/a/_history/1"}, {"reference": "Patient/b/_history/1"}]
    ]


class TestBatch:
    def test_each_entry_stands_for_itself(self, caller: Caller) -> None:
        answer = send(
            caller,
            entry("GET", "Patient/a"),
            entry("PUT", "Patient/a", a_patient("1", id="a")),
            entry("POST", "Patient", a_patient("2", gender="x")),
            {"request": {"method": "GET"}},
            entry("GET", "Patient/nobody"),
            entry("HEAD", "Patient/a"),
            entry("GET", "Patient?colour=blue"),
            entry("GET", "Patient?identifier=1"),
            entry("POST", "Patient", a_patient("1"), ifNoneExist="identifier=1"),
            kind="batch",
        )
        assert answer.json()["type"] == "batch-response"
        assert statuses(answer) == [
            "200 OK",
            "201 Created",
            "422 Unprocessable Entity",
            "400 Bad Request",
            "404 Not Found",
            "200 OK",
            "400 Bad Request",
            "200 OK",
            "201 Created",
        ]
        entries = answer.json()["entry"]
        outcomes = [one["response"].get("outcome", {}).get("resourceType") for one in entries]
        assert [at for at, kind in enumerate(outcomes) if kind == "OperationOutcome"] == [
            2,
            3,
            4,
            6,
        ]
        assert "resource" not in entries[5]
        assert len(entries[7]["resource"]["entry"]) == 2

    def test_many_writes_are_all_kept(self, caller: Caller) -> None:
        writes = [entry("POST", "Patient", a_patient(str(n))) for n in range(100)]
        answer = send(caller, *writes, kind="batch")
        assert Counter(statuses(answer)) == {"201 Created": 100}
        assert count(caller, "Patient") == 100

    def test_what_the_server_offers_may_be_asked_for(self, caller: Caller) -> None:
        wanted = [entry("GET", "metadata"), entry("GET", "metadata?mode=terminology")]
        for kind in ("batch", "transaction"):
            answer = send(caller, *wanted, kind=kind)
            kinds = [one["resource"]["resourceType"] for one in answer.json()["entry"]]
            assert kinds == ["CapabilityStatement", "TerminologyCapabilities"]

    def test_a_batch_within_a_batch_is_refused(self, caller: Caller) -> None:
        inner = {"resourceType": "Bundle", "type": "batch"}
        assert statuses(send(caller, entry("POST", "", inner), kind="batch")) == ["400 Bad Request"]

    def test_a_condition_that_is_not_met_is_told(self, caller: Caller) -> None:
        created = caller.create(a_patient("1"))
        answer = send(
            caller,
            entry("GET", f"Patient/{created['id']}", ifNoneMatch='W/"1"'),
            entry("PUT", f"Patient/{created['id']}", created, ifMatch='W/"9"'),
            kind="batch",
        )
        assert statuses(answer) == ["304 Not Modified", "412 Precondition Failed"]


def test_a_transaction_may_be_empty(caller: Caller) -> None:
    answer = caller.ask("POST", "/fhir", json={"resourceType": "Bundle", "type": "transaction"})
    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


def test_a_large_binary_in_a_transaction_goes_to_the_objects(caller: Caller) -> None:
    data = base64.b64encode(b"x" * 30_000).decode()
    resource = {"resourceType": "Binary", "contentType": "application/pdf", "data": data}
    answer = send(caller, entry("POST", "Binary", resource, full_url=f"urn:uuid:{uuid4()}"))
    made = answer.json()["entry"][0]["resource"]
    assert made["meta"]["source"].startswith("urn:sha256:")
    raw = caller.ask("GET", f"/fhir/Binary/{made['id']}", headers={"accept": "application/pdf"})
    assert raw.content == b"x" * 30_000


def test_parallel_bundles_create_one(caller: Caller) -> None:
    one = entry("POST", "Patient", a_patient("1"), ifNoneExist="identifier=1")
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [one]}
    answers = caller.ask_all([("POST", "/fhir", {"json": bundle})] * 12)
    found = Counter(one for answer in answers for one in statuses(answer))
    assert found == {"201 Created": 1, "200 OK": 11}
