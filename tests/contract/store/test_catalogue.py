"""Queries over what is held, at each level, on each database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from gateway.dicom.json_model import Model, element, key, text, texts, values
from gateway.dicom.matching import Options
from gateway.dicom.query import Level, Query
from gateway.fhir.wire import dumps
from gateway.store.catalogue import Catalogue
from gateway.store.catalogue.catalogue import reject
from gateway.store.records import Instance
from gateway.store.statements import STUDY as STUDY_TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.api import Store

AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
MODALITY, PATIENT_ID, PATIENT_NAME = 0x00080060, 0x00100020, 0x00100010
STUDY, SERIES, INSTANCE = 0x0020000D, 0x0020000E, 0x00080018
STUDY_DATE, ACCESSION, NUMBER = 0x00080020, 0x00080050, 0x00200013
STUDIES = (
    ("1.1", "20260101", "P1", "LEFÈVRE^Zoé", "A1", (("1.1.1", "CT", 2), ("1.1.2", "SR", 1))),
    ("1.2", "20260301", "P1", "LEFÈVRE^Zoé", "A2", (("1.2.1", "MR", 3),)),
    ("1.3", "20260201", "P2", "MARTIN^Paul", "A3", (("1.3.1", "CT", 1),)),
    ("1.4", "", "P3", "100%_ODD^Name", "", (("1.4.1", "US", 1),)),
)  # fmt: skip - one study a line


def objects() -> list[Instance]:
    return [
        an_object(study, series, number)
        for study in STUDIES
        for series in study[5]
        for number in range(1, series[2] + 1)
    ]


def an_object(study: Any, series: Any, number: int) -> Instance:  # noqa: ANN401 - rows of the table
    uid, day, patient, name, accession, _ = study
    said: dict[int, tuple[str, Any]] = {
        STUDY: ("UI", uid),
        STUDY_DATE: ("DA", day),
        ACCESSION: ("SH", accession),
        PATIENT_ID: ("LO", patient),
        PATIENT_NAME: ("PN", {"Alphabetic": name}),
        SERIES: ("UI", series[0]),
        MODALITY: ("CS", series[1]),
        INSTANCE: ("UI", f"{series[0]}.{number}"),
        NUMBER: ("IS", number),
    }
    header = {key(tag): element(vr, [one] if one else []) for tag, (vr, one) in said.items()}
    return Instance(
        sop_uid=f"{series[0]}.{number}",
        study_uid=uid,
        series_uid=series[0],
        sop_class="1.2.840.10008.5.1.4.1.1.2",
        transfer_syntax="1.2.840.10008.1.2.1",
        object=f"{series[0]}.{number}".encode().hex(),
        size=100,
        received=AT,
        calling_ae="CT1",
        header=dumps(header),
    )


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    with store.transaction() as tx:
        for one in objects():
            tx.add_instance(one)
    return Catalogue(store)


def asking(level: Level, keys: dict[int, tuple[str, Any]], **more: Any) -> Query:  # noqa: ANN401 - as Query
    model: Model = {key(tag): element(vr, [one]) for tag, (vr, one) in keys.items()}
    return Query(level, model, **more)


def found(catalogue: Catalogue, query: Query, tag: int = STUDY) -> list[str]:
    return [text(one.model, tag) for one in catalogue.find(query)]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["1.2", "1.3", "1.1", "1.4"]),
        ({PATIENT_ID: ("LO", "P1")}, ["1.2", "1.1"]),
        ({PATIENT_NAME: ("PN", "lefevre*")}, ["1.2", "1.1"]),
        ({PATIENT_NAME: ("PN", "LEFEVRE")}, []),
        ({PATIENT_NAME: ("PN", "100%_o*")}, ["1.4"]),
        ({PATIENT_NAME: ("PN", "*_*")}, ["1.4"]),
        ({STUDY_DATE: ("DA", "20260102-20260228")}, ["1.3"]),
        ({STUDY_DATE: ("DA", "20260201-")}, ["1.2", "1.3"]),
        ({STUDY_DATE: ("DA", "-20260201")}, ["1.3", "1.1"]),
        ({STUDY_DATE: ("DA", "20260301")}, ["1.2"]),
        ({ACCESSION: ("SH", "A?")}, ["1.2", "1.3", "1.1"]),
        ({0x00080061: ("CS", "SR")}, ["1.1"]),
        ({STUDY: ("UI", "1.3")}, ["1.3"]),
        # Of a series, and so nothing that a study is asked for.
        ({MODALITY: ("CS", "MR")}, ["1.2", "1.3", "1.1", "1.4"]),
    ],
)
def test_studies_are_found_by_what_they_say(
    catalogue: Catalogue, keys: dict[int, tuple[str, Any]], expected: Sequence[str]
) -> None:
    assert found(catalogue, asking(Level.STUDY, keys)) == expected


def test_each_level_is_answered_below_those_above_it(catalogue: Catalogue) -> None:
    patients = found(catalogue, asking(Level.PATIENT, {}), PATIENT_ID)
    series = asking(Level.SERIES, {STUDY: ("UI", "1.1")})
    of_modality = asking(Level.SERIES, {MODALITY: ("CS", "CT")})
    images = asking(Level.IMAGE, {STUDY: ("UI", "1.2"), SERIES: ("UI", "1.2.1")})
    alone = asking(Level.IMAGE, {INSTANCE: ("UI", "1.2.1.2")})

    assert patients == ["P1", "P2", "P3"]
    assert found(catalogue, series, SERIES) == ["1.1.1", "1.1.2"]
    assert found(catalogue, of_modality, SERIES) == ["1.3.1", "1.1.1"]
    assert found(catalogue, images, INSTANCE) == ["1.2.1.1", "1.2.1.2", "1.2.1.3"]
    assert found(catalogue, alone, INSTANCE) == ["1.2.1.2"]


def test_a_study_says_what_it_is_made_of(catalogue: Catalogue) -> None:
    (study,) = catalogue.find(asking(Level.STUDY, {STUDY: ("UI", "1.1")}))
    (patient,) = catalogue.find(asking(Level.PATIENT, {PATIENT_ID: ("LO", "P1")}))

    assert texts(study.model, 0x00080061) == ("CT", "SR")
    assert [values(study.model, tag) for tag in (0x00201206, 0x00201208)] == [[2], [3]]
    assert values(patient.model, 0x00201200) == [2]


def test_pages_fit_together(catalogue: Catalogue) -> None:
    pages = [asking(Level.STUDY, {}, limit=2, offset=start) for start in (0, 2, 4)]

    assert [found(catalogue, one) for one in pages] == [["1.2", "1.3"], ["1.1", "1.4"], []]


def test_words_of_a_name_are_found_when_they_are_asked_for(catalogue: Catalogue) -> None:
    query = asking(Level.STUDY, {PATIENT_NAME: ("PN", "zoe lef")}, options=Options(fuzzy=True))

    assert found(catalogue, query) == ["1.2", "1.1"]


def test_what_comes_later_is_in_the_next_answer(store: Store, catalogue: Catalogue) -> None:
    query = asking(Level.STUDY, {STUDY: ("UI", "1.3")})
    before = [values(one.model, 0x00201208) for one in catalogue.find(query)]
    with store.transaction() as tx:
        tx.add_instance(an_object(STUDIES[2], ("1.3.2", "CT", 1), 1))
        tx.add_instance(replace(objects()[0], object="other", aside=True))

    assert before == [[1]]
    assert [values(one.model, 0x00201208) for one in catalogue.find(query)] == [[2]]


def test_what_was_rejected_is_nowhere(store: Store, catalogue: Catalogue) -> None:
    everything = asking(Level.STUDY, {})
    assert len(found(catalogue, everything)) == 4
    with store.transaction() as tx:
        reject(tx, "9.9", ["1.3.1.1", "1.2.1.1", "1.2.1.1"])
        reject(tx, "9.9", ["1.3.1.1"])

    images = asking(Level.IMAGE, {STUDY: ("UI", "1.2")})
    assert found(catalogue, everything) == ["1.2", "1.1", "1.4"]
    assert found(catalogue, images, INSTANCE) == ["1.2.1.2", "1.2.1.3"]
    assert [one.sop_uid for one in catalogue.instances(images)] == ["1.2.1.2", "1.2.1.3"]


def test_who_may_not_see_a_study_does_not_learn_of_it(store: Store, catalogue: Catalogue) -> None:
    catalogue.catch_up()
    seen = Catalogue(store, lambda uids: {one for one in uids if one != "1.2"})

    assert found(seen, asking(Level.STUDY, {})) == ["1.3", "1.1", "1.4"]
    assert found(seen, asking(Level.PATIENT, {}), PATIENT_ID) == ["P2", "P1", "P3"]
    assert found(seen, asking(Level.IMAGE, {STUDY: ("UI", "1.2")}), INSTANCE) == []


def test_a_study_that_is_still_coming_is_listed_for_who_asks(
    store: Store, catalogue: Catalogue
) -> None:
    catalogue.catch_up()
    late = replace(an_object(STUDIES[2], ("1.3.2", "CT", 1), 1), received=AT + timedelta(seconds=3))
    with store.transaction() as tx:
        tx.add_instance(late)
    catalogue.catch_up(rested=AT)
    with store.transaction() as tx:
        unlisted = tx.ask(select(STUDY_TABLE.c.study_uid).where(STUDY_TABLE.c.listed == 0))

    assert [row[0] for row in unlisted] == ["1.3"]
    (listed,) = catalogue.find(asking(Level.STUDY, {STUDY: ("UI", "1.3")}))
    assert values(listed.model, 0x00201208) == [2]
