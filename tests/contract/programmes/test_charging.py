"""Packages and grants over the store, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Conflict, GatewayError, Invalid
from gateway.ingest.programmes.charging import Charging
from gateway.ingest.programmes.definitions import install
from gateway.ingest.programmes.granting import Granting
from gateway.ingest.programmes.once_a_year import one_package_a_year
from gateway.ingest.programmes.statement import Asked, lines
from gateway.programmes.content import content_folder, read_content
from gateway.programmes.names import ACTIVITY, PROGRAMME
from gateway.store.api import open_store

if TYPE_CHECKING:
    from gateway.store.api import Store

Resource = dict[str, Any]
NOW = datetime(2023, 1, 15, 10, tzinfo=UTC)
YEAR_END = date(2022, 12, 31)


def episode(programme: str = "equip-addict", name: str = "ep", **more: Any) -> Resource:  # noqa: ANN401 - any element
    return {
        "resourceType": "EpisodeOfCare",
        "id": name,
        "status": "active",
        "type": [{"coding": [{"system": PROGRAMME, "code": programme}]}],
        "patient": {"reference": "Patient/p"},
        "managingOrganization": {"reference": "Organization/s"},
        "period": {"start": "2022-02-01"},
        **more,
    }


def encounter(name: str, code: str, day: str, act: str = "AMB", **more: Any) -> Resource:  # noqa: ANN401 - any element
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": act},
        "type": [{"coding": [{"system": ACTIVITY, "code": code}]}],
        "subject": {"reference": "Patient/p"},
        "episodeOfCare": [{"reference": "EpisodeOfCare/ep"}],
        "serviceProvider": {"reference": "Organization/s"},
        "period": {"start": f"{day}T10:00:00+01:00", "end": f"{day}T10:45:00+01:00"},
        "length": {
            "value": 45,
            "unit": "min",
            "system": "http://unitsofmeasure.org",
            "code": "min",
        },
        **more,
    }


@pytest.fixture
def filled(store: Store) -> Store:
    install(store, read_content(content_folder()))
    store.watch(one_package_a_year)
    structure: Resource = {
        "resourceType": "Organization",
        "id": "s",
        "name": "Maison de santé",
        "type": [{"coding": [{"system": PROGRAMME, "code": "sec-pa"}]}],
    }
    patient: Resource = {"resourceType": "Patient", "id": "p"}
    with store.transaction() as tx:
        for one in [
            patient,
            structure,
            episode(),
            encounter("e1", "consultation-medecin", "2022-02-02"),
            encounter("e2", "consultation-psychologue", "2022-03-02"),
            encounter("e3", "rcp", "2022-04-02", "VR"),
            encounter("e4", "consultation-psychologue", "2023-03-02"),
        ]:
            tx.put(one)
    return store


def charging(store: Store, lang: str = "fr") -> Charging:
    return Charging(store, lambda: NOW, lang)


def test_a_package_charges_one_year_and_lists_what_it_counted(filled: Store) -> None:
    charged = charging(filled).package("ep", YEAR_END)
    item, bill = charged.charge.stored.resource, charged.invoice.stored.resource
    assert (item["priceOverride"]["value"], bill["totalGross"]["value"]) == (806, 806)
    assert item["occurrencePeriod"] == {"start": "2022-01-01", "end": "2022-12-31"}
    assert [one["reference"] for one in item["supportingInformation"]] == [
        "Encounter/e1",
        "Encounter/e2",
        "Encounter/e3",
    ]
    # A discussion is not a consultation.
    assert [(one.title, len(one.found)) for one in charged.counted] == [
        ("Consultations", 2),
        ("RCP", 1),
    ]
    assert bill["lineItem"][0]["chargeItemReference"]["reference"] == f"ChargeItem/{item['id']}"


def test_asked_twice_it_is_the_same_package(filled: Store) -> None:
    first = charging(filled).package("ep", YEAR_END)
    again = charging(filled).package("ep", date(2022, 6, 1))
    assert again.charge.outcome == "unchanged"
    assert again.charge.stored.reference == first.charge.stored.reference
    assert again.invoice.stored.version == 1


def test_two_requests_at_the_same_instant_make_one_package(
    filled: Store, database_url: str
) -> None:
    other = open_store(database_url, clock=lambda: NOW)
    started = threading.Barrier(4)
    outcomes: list[tuple[str, str]] = []

    def ask(where: Store) -> None:
        started.wait(20)
        charged = charging(where).package("ep", YEAR_END)
        outcomes.append((charged.charge.outcome, charged.charge.stored.reference))

    threads = [threading.Thread(target=ask, args=(one,)) for one in (filled, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.close()
    assert sorted(outcome for outcome, _ in outcomes) == ["created", *["unchanged"] * 3]
    assert len({reference for _, reference in outcomes}) == 1
    assert len(list(lines(filled, Asked("equip-addict", 2022)))) == 1


def test_computed_anew_it_counts_what_came_since(filled: Store) -> None:
    charging(filled).package("ep", YEAR_END)
    with filled.transaction() as tx:
        tx.put(encounter("e5", "consultation-psychologue", "2022-11-02"))
    again = charging(filled).package("ep", YEAR_END, recompute=True)
    assert again.charge.outcome == "updated"
    assert len(again.charge.stored.resource["supportingInformation"]) == 4
    # Nothing new: nothing is written.
    assert charging(filled).package("ep", YEAR_END, recompute=True).charge.outcome == "unchanged"


def test_a_settled_invoice_is_not_computed_anew(filled: Store) -> None:
    charged = charging(filled).package("ep", YEAR_END)
    with filled.transaction() as tx:
        tx.put({**charged.invoice.stored.resource, "status": "balanced"})
    with pytest.raises(Conflict, match="soldée"):
        charging(filled).package("ep", YEAR_END, recompute=True)


@pytest.mark.parametrize(
    ("changed", "on", "said"),
    [
        ({"status": "cancelled"}, YEAR_END, "statut cancelled"),
        ({"status": "entered-in-error"}, YEAR_END, "statut entered-in-error"),
        ({"status": "planned"}, YEAR_END, "statut planned"),
        ({}, date(2021, 6, 1), "ne couvre pas l'année"),
        ({}, date(2025, 6, 1), "est en dehors"),
        ({"period": {}}, YEAR_END, "pas de date de début"),
        ({"patient": {}}, YEAR_END, "ne nomme pas son patient"),
        ({"type": [{"text": "autre"}]}, YEAR_END, "Aucun forfait"),
    ],
)
def test_what_is_not_due_is_refused_and_nothing_is_written(
    filled: Store, changed: Resource, on: date, said: str
) -> None:
    with filled.transaction() as tx:
        tx.put(episode(**changed))
    with pytest.raises(GatewayError, match=said):
        charging(filled).package("ep", on)
    assert not list(lines(filled, Asked("", on.year)))


def test_a_refusal_is_told_in_english_too(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.put(episode(status="cancelled"))
    with pytest.raises(Invalid, match="has the status cancelled: it is not invoiced"):
        charging(filled, "en").package("ep", YEAR_END)


def test_another_episode_of_the_same_year_is_refused(filled: Store) -> None:
    charging(filled).package("ep", YEAR_END)
    with filled.transaction() as tx:
        tx.put(episode(name="second"))
    with pytest.raises(Conflict, match="déjà facturé"):
        charging(filled).package("second", YEAR_END)


def test_a_package_that_a_client_writes_itself_counts_too(filled: Store) -> None:
    made = charging(filled).package("ep", YEAR_END).charge.stored.resource
    with pytest.raises(Conflict, match="déjà facturé"), filled.transaction() as tx:
        tx.put({**made, "id": "mine"})
    with filled.transaction() as tx:
        tx.put(
            {
                **made,
                "id": "other-year",
                "occurrencePeriod": {"start": "2023-01-01", "end": "2023-12-31"},
            }
        )


def test_a_cancelled_package_may_be_charged_again(filled: Store) -> None:
    made = charging(filled).package("ep", YEAR_END).charge.stored.resource
    with filled.transaction() as tx:
        tx.put({**made, "status": "aborted"})
    assert charging(filled).package("ep", YEAR_END).charge.outcome == "updated"


def test_the_statement_hides_whose_a_package_is_where_a_label_says_so(filled: Store) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    label = {"security": [{"system": system, "code": "V"}]}
    with filled.transaction() as tx:
        tx.put(episode(meta=label))
    charging(filled).package("ep", YEAR_END)
    (line,) = lines(filled, Asked("equip-addict", 2022, "Organization/s"))
    assert (line.patient, line.episode, line.amount) == ("", "", Decimal(806))
    assert (line.structure_name, line.services, line.invoice_status) == (
        "Maison de santé",
        3,
        "issued",
    )


def test_the_statement_hides_whose_a_package_is_where_the_patient_was_labelled_later(
    filled: Store,
) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    made = charging(filled).package("ep", YEAR_END).charge.stored.resource
    _, patient = made["subject"]["reference"].split("/")
    label = {"security": [{"system": system, "code": "V"}]}
    with filled.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": patient, "meta": label})
    (line,) = lines(filled, Asked("equip-addict", 2022, "Organization/s"))
    assert (line.patient, line.episode, line.amount) == ("", "", Decimal(806))


FACTS = {
    "ftePerThousand": Decimal("0.5"),
    "fteCost": 40_000,
    "povertyRate": 30,
    "amountPerPoint": 500,
    "hourlyCost": 40,
    "requested": 66_000,
    "agreement": True,
}


def test_grants_follow_from_facts_and_figures(filled: Store) -> None:
    granting = Granting(filled, lambda: NOW)
    due, refused = granting.grants("s", 2022, {**FACTS, "activeFile": 2_500})
    assert [(one.definition.title, one.amount) for one in due] == [
        ("Dotation : activités participatives hors professionnels de santé", Decimal("50000.00")),
        ("Dotation : démarche participative des professionnels de santé", Decimal("15000.00")),
        ("Dotation : interprétariat professionnel", Decimal("0.00")),
        ("Dotation : prise en charge psychologique", Decimal("66000.00")),
    ]
    assert not refused
    written = granting.write(due)
    assert [one.outcome for one in written] == ["created"] * 8
    assert [one.outcome for one in granting.write(due)] == ["unchanged"] * 8
    account, bill = written[0].stored.resource, written[1].stored.resource
    assert bill["account"]["reference"] == f"Account/{account['id']}"
    assert "subject" not in bill
    assert {"text": "activeFile = 2500"} in bill["note"]


def test_unit_amounts_stand_in_the_definition_and_a_call_overrules_them(filled: Store) -> None:
    held = filled.read("ChargeItemDefinition", "dotation-interpretariat")
    assert held is not None
    hourly = {
        "type": "informational",
        "code": {"text": "hourlyCost"},
        "amount": {"value": 40, "currency": "EUR"},
    }
    (group,) = held.resource["propertyGroup"]
    with_hourly = {"priceComponent": [*group["priceComponent"], hourly]}
    with filled.transaction() as tx:
        tx.put({**held.resource, "propertyGroup": [with_hourly]})
    granting = Granting(filled, lambda: NOW)
    title = "Dotation : interprétariat professionnel"
    for facts, amount in (({}, "400.00"), ({"hourlyCost": 50}, "500.00")):
        due, refused = granting.grants("s", 2022, {"activeFile": 2_500, "hours": 10, **facts})
        assert len(refused) == 3, [one.reason for one in refused]
        assert [(one.definition.title, one.amount) for one in due] == [(title, Decimal(amount))]


def test_a_grant_that_is_not_due_says_why(filled: Store) -> None:
    granting = Granting(filled, lambda: NOW)
    due, refused = granting.grants("s", 2022, {**FACTS, "activeFile": 2_500, "requested": 66_001})
    assert len(due) == 3
    assert "dépasse 66 000 EUR" in refused[0].reason
    # The active file of the year before is counted: nobody was seen in 2021.
    due, refused = granting.grants("s", 2022, FACTS)
    assert not due
    assert all("inférieure à 1 000" in one.reason for one in refused)
    due, refused = granting.grants("s", 2022, {"activeFile": 2_500})
    assert {"Il manque une donnée"} == {one.reason[:20] for one in refused}


def test_of_two_definitions_that_which_is_in_force_is_charged(filled: Store) -> None:
    (known,) = charging(filled).definitions("equip-addict")
    later = {
        **known,
        "id": "later",
        "url": f"{known['url']}-later",
        "effectivePeriod": {"start": "2024-01-01"},
    }
    with filled.transaction() as tx:
        tx.put({**known, "effectivePeriod": {"start": "2022-01-01", "end": "2023-12-31"}})
        tx.put(later)
    for year, url in ((2022, known["url"]), (2024, later["url"])):
        made = charging(filled).package("ep", date(year, 12, 31)).charge.stored.resource
        assert made["definitionCanonical"][0].partition("|")[0] == url
