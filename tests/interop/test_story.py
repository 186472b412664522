"""The whole path on SQLite and on PostgreSQL, played by other people's tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.fhir.validation import validate
from tests.interop import scenario
from tests.interop.peers import TYPES, eventually, held, program, run, search, versions

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.interop.conftest import Site

EXPECTED: Final = Path(__file__).parent / "expected" / "story.json"


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def site(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Site:
    """A site where the story has been played."""
    found: Site = request.getfixturevalue(f"on_{request.param}")
    scenario.play(found.gateway, shared / "corpus", tmp_path_factory.mktemp("story"))
    assert eventually(lambda: found.mailbox.mails)
    return found


def text_of(pdf: bytes, place: Path) -> str:
    """Return the text of a PDF as poppler reads it, its lines joined."""
    file = place / "read.pdf"
    file.write_bytes(pdf)
    read = run(program("pdftotext"), file, "-")
    assert (read.returncode, read.stderr) == (0, "")
    return " ".join(read.stdout.split())


def attached(mail: EmailMessage) -> list[tuple[str, bytes]]:
    return [(part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]


def content(site: Site, path: str, accept: str) -> bytes:
    url = f"http://127.0.0.1:{site.gateway.http}/fhir/{path}"
    answer = httpx.get(url, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, accept)
    return answer.content


def test_all_that_the_story_left_is_as_expected(site: Site) -> None:
    assert held(site.gateway) == json.loads(EXPECTED.read_text("utf-8"))


def test_images_order_and_report_have_found_each_other(site: Site) -> None:
    (patient,) = search(site.gateway, "Patient", identifier=scenario.INS)
    (order,) = search(site.gateway, "ServiceRequest", patient=f"Patient/{patient['id']}")
    about = f"ServiceRequest/{order['id']}"
    (study,) = search(site.gateway, "ImagingStudy", basedon=about)
    (report,) = search(site.gateway, "DiagnosticReport", **{"based-on": about})

    assert report["imagingStudy"] == [{"reference": f"ImagingStudy/{study['id']}"}]
    assert [one["subject"]["reference"] for one in (order, study, report)] == [
        f"Patient/{patient['id']}"
    ] * 3


def test_the_summary_is_in_the_mailbox_of_the_treating_physician(
    site: Site, tmp_path: Path
) -> None:
    (mail,) = site.mailbox.mails
    summary, original = attached(mail)

    assert mail["To"] == scenario.ADDRESS
    assert [summary[0], original[0]] == ["application/pdf", "application/pdf"]
    assert scenario.CONCLUSION in text_of(summary[1], tmp_path)
    assert original[1] == scenario.PDF
    assert "hernie discale L4-L5 gauche" in text_of(original[1], tmp_path)


def test_the_pdf_of_the_report_is_read_back_byte_for_byte(site: Site) -> None:
    (report,) = search(site.gateway, "DiagnosticReport")
    (form,) = (one for one in report["presentedForm"] if one["contentType"] == "application/pdf")

    assert content(site, form["url"], "application/pdf") == scenario.PDF


def bundles(site: Site) -> list[dict[str, Any]]:
    return [site.gateway.get(f"/fhir/{kind}?_count=1000") for kind in TYPES]


def test_fhir_resources_parses_all_that_is_answered(site: Site) -> None:
    answered = bundles(site)
    entries = [entry["resource"] for one in answered for entry in one.get("entry", [])]
    statement = site.gateway.get("/fhir/metadata")
    for resource in (*answered, *entries, statement):
        kind = resource["resourceType"]
        get_fhir_model_class(kind).model_validate_json(json.dumps(resource))
    assert [validate(one, expected_type=one["resourceType"]) for one in entries] == [()] * len(
        entries
    )
    assert len(entries) == len(json.loads(EXPECTED.read_text("utf-8")))


def test_the_story_told_again_changes_nothing_and_sends_nothing(
    site: Site, shared: Path, tmp_path: Path
) -> None:
    before = versions(site.gateway)
    scenario.play(site.gateway, shared / "corpus", tmp_path)
    scenario.settle()

    assert versions(site.gateway) == before
    assert len(site.mailbox.mails) == 1
