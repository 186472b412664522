from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.words import Words, split_words, words_of


def test_words_are_folded_and_in_their_order() -> None:
    assert split_words("L\u2019Échographie, n°\u00a02 : NORMALE_bis") == (
        *("l", "echographie", "n", "2", "normale", "bis"),
    )


def test_the_narrative_is_read_without_its_tags() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "text": {
            "status": "generated",
            "div": '<div xml:lang="fr"><b class="x">Nodule</b>&eacute;</div>',
        },
        "conclusion": "Pas de fracture",
        "presentedForm": [{"contentType": "text/plain", "data": "c2VjcmV0", "title": "Compte"}],
    }
    assert words_of(report) == Words(
        text=frozenset({"nodule", "e"}),
        content=frozenset(
            {
                *("nodule", "e", "generated", "diagnosticreport"),
                *("pas", "de", "fracture", "compte"),
            }
        ),
    )


def test_an_element_that_is_called_data_is_read() -> None:
    consent = {"resourceType": "Consent", "provision": {"data": [{"meaning": "related"}]}}
    assert words_of(consent).content == {"consent", "related"}


def test_what_names_a_thing_for_machines_is_no_text() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "5e0a",
        "meta": {"versionId": "7", "lastUpdated": "2026-03-12T10:15:00Z"},
        "identifier": [{"system": "urn:oid:1.2.250", "value": "BQ12"}],
        "generalPractitioner": [{"reference": "Practitioner/9f", "display": "Dr Roux"}],
    }
    assert words_of(patient).content == {"patient", "bq12", "dr", "roux"}


def _objects(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.dictionaries(st.sampled_from(["div", "data", "text"]), inner)


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | _objects(inner)))
def test_any_shape_has_words(value: object) -> None:
    found = words_of({"resourceType": "Patient", "text": value, "x": value})
    assert found.text <= found.content
    assert all(0 < len(word) <= 64 for word in found.content)
