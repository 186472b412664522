"""Measures over the store: what the index answers is what reading one by one says."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Invalid, Unsupported
from gateway.ingest.measuring import Measuring, Request, Span

if TYPE_CHECKING:
    from gateway.store.api import Store

Resource = dict[str, Any]
YEAR = Span("2026-01-01", "2026-12-31")
KIND = "https://passerelle.example/fhir/CodeSystem/kind"
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
CQFM = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition"
ONCE = "https://passerelle.example/fhir/StructureDefinition/counted-once"
V = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
CONSULTATIONS = (
    "Encounter?status=finished&class=AMB"
    "&date=sa{{%periodStart - 1 day}}&date=lt{{%periodEnd + 1 day}}"
)
MONTH = "Encounter.period.start.toString().substring(0, 7)"


def encounter(  # noqa: PLR0913, PLR0917 - what the tests vary
    name: str,
    patient: str,
    start: str,
    kind: str = "gp",
    structure: str = "s1",
    minutes: int = 30,
    **more: Any,  # noqa: ANN401 - any element
) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"coding": [{"system": KIND, "code": kind}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": start},
        "length": {
            "value": minutes,
            "unit": "minutes",
            "system": "http://unitsofmeasure.org",
            "code": "min",
        },
        "serviceProvider": {"reference": f"Organization/{structure}"},
        **more,
    }


def population(
    kind: str, expression: str, language: str = "application/x-fhir-query", once: str = ""
) -> Resource:
    told: Resource = {
        "code": {"coding": [{"system": POPULATION, "code": kind}]},
        "criteria": {"language": language, "expression": expression},
    }
    if once:
        value = {"language": "text/fhirpath", "expression": once}
        told["extension"] = [{"url": ONCE, "valueExpression": value}]
    return told


def stratifier(code: str, expression: str) -> Resource:
    return {
        "code": {"coding": [{"code": code}]},
        "criteria": {"language": "text/fhirpath", "expression": expression},
    }


def measure(*groups: Resource) -> Resource:
    return {
        "resourceType": "Measure",
        "id": "m",
        "url": "https://passerelle.example/fhir/Measure/m",
        "status": "active",
        "group": list(groups),
    }


def scored(name: str, value: str) -> Resource:
    names = {
        "scoring": "cqfm-scoring",
        "method": "cqfm-aggregateMethod",
        "unit": "cqfm-scoringUnit",
    }
    told: Resource = {"url": f"{CQFM}/{names[name]}"}
    if name == "method":
        return told | {"valueCode": value}
    return told | {"valueCodeableConcept": {"coding": [{"code": value}]}}


def group(
    populations: list[Resource], stratifiers: list[Resource] | None = None, **scoring: str
) -> Resource:
    told: Resource = {"code": {"coding": [{"code": "g"}]}, "population": populations}
    told["extension"] = [scored(name, value) for name, value in scoring.items()]
    if stratifiers:
        told["stratifier"] = stratifiers
    return told


@pytest.fixture
def filled(store: Store) -> Store:
    people: list[Resource] = [{"resourceType": "Patient", "id": name} for name in ("p1", "p2")]
    people.append({"resourceType": "Patient", "id": "p3", "meta": {"security": [V]}})
    encounters = [
        encounter("e1", "p1", "2026-01-05T09:00:00+01:00"),
        encounter("e2", "p1", "2026-01-20T09:00:00+01:00", "psy", minutes=60),
        encounter("e3", "p2", "2026-02-01T00:10:00+01:00", structure="s2"),
        encounter("e4", "p3", "2026-02-10T09:00:00+01:00", "psy"),
        encounter("e5", "p2", "2026-03-10T09:00:00+01:00", status="cancelled"),
        encounter("e6", "p2", "2025-12-31T09:00:00+01:00"),
        encounter("e7", "p2", "2026-03-11T09:00:00+01:00", "psy", meta={"security": [V]}),
    ]
    with store.transaction() as tx:
        for one in [*people, *encounters]:
            tx.put(one)
    return store


def evaluate(store: Store, given: Resource, **request: Any) -> Resource:  # noqa: ANN401 - as Request
    measuring = Measuring(store, lambda: datetime(2027, 1, 4, tzinfo=UTC))
    found: Resource = measuring.evaluate(given, Request(request.pop("span", YEAR), **request))
    return found


def counts(told: Resource, stratifier_number: int = 0) -> dict[str, int]:
    strata = told["group"][0]["stratifier"][stratifier_number].get("stratum", [])
    return {
        one["value"].get("text") or one["value"]["coding"][0]["code"]: one["population"][0]["count"]
        for one in strata
    }


def test_a_figure_counts_what_its_search_finds_and_names_that_search(filled: Store) -> None:
    told = evaluate(filled, measure(group([population("initial-population", CONSULTATIONS)])))
    found = told["group"][0]["population"][0]
    assert found["count"] == 5
    assert found["extension"] == [
        {
            "url": "https://passerelle.example/fhir/StructureDefinition/counted-by",
            "valueUrl": "Encounter?status=finished&class=AMB&date=sa2025-12-31&date=lt2027-01-01",
        }
    ]


def test_figures_are_told_by_month_kind_and_structure(filled: Store) -> None:
    by = [
        stratifier("month", MONTH),
        stratifier("kind", "Encounter.type"),
        stratifier("structure", "Encounter.serviceProvider"),
    ]
    told = evaluate(filled, measure(group([population("initial-population", CONSULTATIONS)], by)))
    assert counts(told, 0) == {"2026-01": 2, "2026-02": 2, "2026-03": 1}
    assert counts(told, 1) == {"gp": 2, "psy": 3}
    assert counts(told, 2) == {"Organization/s1": 4, "Organization/s2": 1}


def test_patients_are_counted_once_each_whatever_they_had(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(
            group(
                [population("initial-population", CONSULTATIONS, once="Encounter.subject")],
                [stratifier("month", MONTH)],
            )
        ),
    )
    assert told["group"][0]["population"][0]["count"] == 3
    assert counts(told) == {"2026-01": 1, "2026-02": 2, "2026-03": 1}


def test_a_proportion_divides_what_lies_inside_by_the_whole(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(
            group(
                [
                    population("initial-population", CONSULTATIONS),
                    population("denominator", "Encounter?class=AMB"),
                    population("numerator", f"Encounter?type={KIND}|psy"),
                ],
                scoring="proportion",
            )
        ),
    )
    assert [one["count"] for one in told["group"][0]["population"]] == [5, 5, 3]
    assert float(told["group"][0]["measureScore"]["value"]) == 0.6


def days(expression: str = "Count(distinct date from Encounter.period.start) > 1") -> Resource:
    return group(
        [
            population("initial-population", CONSULTATIONS, once="Encounter.subject"),
            population("denominator", "Encounter?status=finished", once="Encounter.subject"),
            population("numerator", "Encounter?status=finished", once="Encounter.subject"),
            population("numerator-exclusion", expression, "text/cql", once="Encounter.subject"),
        ],
        [stratifier("structure", "Encounter.serviceProvider")],
        scoring="proportion",
    )


def test_what_lies_on_several_days_is_told_from_what_lies_on_one(filled: Store) -> None:
    late = [
        # The same local day as e3, though another one in UTC.
        encounter("e8", "p2", "2026-02-01T23:50:00+01:00", structure="s2"),
        encounter("e9", "p4", "2026-07-01T23:50:00+02:00"),
        encounter("e10", "p4", "2026-07-02T00:10:00+02:00"),
        encounter("e11", "p5", "2026-07-02T00:10:00+02:00"),
    ]
    with filled.transaction() as tx:
        tx.delete("Encounter", "e7")
        for one in late:
            tx.put(one)

    told = evaluate(filled, measure(days()), kind="subject-list")

    # p1 came in January twice, p4 before and after midnight; p2, p3 and p5 on one day.
    found = told["group"][0]
    assert [one["count"] for one in found["population"]] == [5, 5, 5, 2]
    assert found["measureScore"]["value"] == Decimal("0.6")
    lists = [[e["item"]["reference"] for e in one["entry"]] for one in told["contained"]]
    assert lists[3] == ["Patient/p1", "Patient/p4"]
    strata = {
        one["value"]["text"]: [p["count"] for p in one["population"]]
        for one in found["stratifier"][0]["stratum"]
    }
    assert strata == {"Organization/s1": [4, 4, 4, 2], "Organization/s2": [1, 1, 1, 0]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (days("Count(Encounter) > 1"), "Of CQL a population knows"),
        (days("Count(distinct date from Encounter.period.end) > 1"), "search parameters'"),
    ],
)
def test_days_that_no_index_knows_are_refused(filled: Store, changed: Resource, said: str) -> None:
    with pytest.raises((Invalid, Unsupported), match=said):
        evaluate(filled, measure(changed))


def test_durations_are_summed_in_the_unit_that_is_asked_for(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(
            group(
                [
                    population("initial-population", CONSULTATIONS),
                    population("measure-observation", "Encounter.length", "text/fhirpath"),
                ],
                [stratifier("structure", "Encounter.serviceProvider")],
                scoring="continuous-variable",
                method="sum",
                unit="h",
            )
        ),
    )
    assert float(told["group"][0]["measureScore"]["value"]) == 3.0
    strata = told["group"][0]["stratifier"][0]["stratum"]
    assert [float(one["measureScore"]["value"]) for one in strata] == [2.5, 0.5]


def test_a_delay_runs_from_one_resource_to_another(store: Store) -> None:
    with store.transaction() as tx:
        for number, authored in enumerate(("2026-01-01", "2026-01-11", "2026-01-15")):
            tx.put(
                {
                    "resourceType": "ServiceRequest",
                    "id": f"r{number}",
                    "status": "active",
                    "intent": "order",
                    "authoredOn": authored,
                }
            )
            tx.put(
                {
                    "resourceType": "EpisodeOfCare",
                    "id": f"e{number}",
                    "status": "active",
                    "period": {"start": "2026-01-21"},
                    "referralRequest": [{"reference": f"ServiceRequest/r{number}"}],
                }
            )
    sent = "EpisodeOfCare.referralRequest.resolve().authoredOn"
    delay = f"days between {sent} and EpisodeOfCare.period.start"
    given = {
        method: evaluate(
            store,
            measure(
                group(
                    [
                        population("initial-population", "EpisodeOfCare?status=active"),
                        population("measure-observation", delay, "text/cql"),
                    ],
                    scoring="continuous-variable",
                    method=method,
                    unit="d",
                )
            ),
        )
        for method in ("median", "average", "minimum", "maximum")
    }
    scores = {name: float(one["group"][0]["measureScore"]["value"]) for name, one in given.items()}
    assert scores == {"median": 10, "average": 12, "minimum": 6, "maximum": 20}


SLOW = {
    "Encounter.subject": "Encounter.subject.where(true)",
    MONTH: "Encounter.period.start.toString().substring(0, 7).trim()",
    "Encounter.type": "Encounter.type.where(true)",
    "Encounter.length": "Encounter.length.where(true)",
}


@pytest.mark.parametrize("by", [MONTH, "Encounter.type"])
@pytest.mark.parametrize("once", ["", "Encounter.subject"])
def test_reading_one_by_one_gives_the_same_figures(filled: Store, by: str, once: str) -> None:
    quick = group(
        [population("initial-population", CONSULTATIONS, once=once)], [stratifier("by", by)]
    )
    slow = group(
        [population("initial-population", CONSULTATIONS, once=SLOW.get(once, ""))],
        [stratifier("by", SLOW[by])],
    )
    assert evaluate(filled, measure(quick))["group"] == evaluate(filled, measure(slow))["group"]


def test_fhirpath_narrows_a_population(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(
            group(
                [
                    population("initial-population", CONSULTATIONS),
                    population("denominator", "Encounter.exists()", "text/fhirpath"),
                    population("numerator", "Encounter.length.value > 45", "text/fhirpath"),
                ],
                scoring="proportion",
            )
        ),
    )
    assert [one["count"] for one in told["group"][0]["population"]] == [5, 5, 1]


def test_a_list_names_the_subjects_and_keeps_back_those_that_a_label_hides(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(group([population("initial-population", CONSULTATIONS, once="Encounter.subject")])),
        kind="subject-list",
    )
    found = told["group"][0]["population"][0]
    assert (found["count"], found["extension"][1]["valueUnsignedInt"]) == (3, 1)
    assert [one["item"]["reference"] for one in told["contained"][0]["entry"]] == [
        "Patient/p1",
        "Patient/p2",
    ]


def test_a_report_about_one_patient_lists_what_was_counted(filled: Store) -> None:
    told = evaluate(
        filled,
        measure(group([population("initial-population", CONSULTATIONS)])),
        kind="individual",
        subject="Patient/p2",
    )
    assert told["group"][0]["population"][0]["count"] == 2
    # e7 is labelled V: it is counted, and not named.
    assert told["evaluatedResource"] == [{"reference": "Encounter/e3"}]


def test_a_report_is_kept_to_a_structure_that_the_measure_tells_by(filled: Store) -> None:
    by = [stratifier("structure", "Encounter.serviceProvider")]
    given = measure(group([population("initial-population", CONSULTATIONS)], by))
    told = evaluate(filled, given, subject="Organization/s2")
    assert told["group"][0]["population"][0]["count"] == 1
    with pytest.raises(Unsupported, match="is not told by Practitioner"):
        evaluate(filled, given, subject="Practitioner/x")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (group([population("initial-population", "Encounter")]), "ResourceType\\?parameter"),
        (group([population("initial-population", "Encounter?nosuch=1")]), "cannot be searched"),
        (group([population("initial-population", "Encounter?date=ge{{%end}}")]), "%end"),
        (
            group(
                [population("initial-population", "Encounter?status=finished")],
                [stratifier("x", "Encounter.period.(")],
            ),
            "cannot be evaluated",
        ),
        (
            group(
                [population("initial-population", "Encounter?status=finished")],
                scoring="proportion",
            ),
            "has one denominator",
        ),
        (
            group([population("numerator", "Encounter?status=finished")]),
            "has one initial-population",
        ),
        (
            group(
                [
                    population("initial-population", "Encounter?status=finished"),
                    population("denominator", "Patient?active=true"),
                    population("numerator", "Encounter?status=finished"),
                ],
                scoring="proportion",
            ),
            "same resource type",
        ),
        (group([population("initial-population", "days since", "text/cql")]), "is a search"),
    ],
)  # fmt: skip - one case a line
def test_a_measure_that_cannot_be_evaluated_is_refused_with_a_sentence(
    filled: Store, given: Resource, said: str
) -> None:
    with pytest.raises((Invalid, Unsupported), match=said):
        evaluate(filled, measure(given))
