"""One exam as three systems tell it through the tools of other people; all of it synthetic."""

from __future__ import annotations

import shutil
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from tests.interop.peers import eventually, mllp_send, program, run, search, storescu

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.process import GatewayProcess

CONCLUSION: Final = "Hernie discale L4-L5 gauche, sans rétrécissement du canal."
ADDRESS: Final = "isabelle.agnes@cabinet.example"
INS: Final = "urn:oid:1.2.250.1.213.1.4.10|279035121518989"
ACCESSION: Final = "INTEROP1"
_GP: Final = "10000023084^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
_PERSON: Final = "DURAND^ZOE^ZOE^^^^L||19800101|F"
_INS: Final = "279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"


def a_pdf(text: str) -> bytes:
    """Return a PDF of one page that says `text` (ASCII), always the same bytes."""
    drawn = f"BT /F1 12 Tf 72 760 Td ({text}) Tj ET".encode()
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>"
        ),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return written + head + table + tail % (len(bodies) + 1, len(written))


PDF: Final = a_pdf("Compte rendu de scanner: hernie discale L4-L5 gauche")


def _header(application: str, kind: str, control_id: str, at: str) -> str:
    names = f"{application}|CENTRE|PASSERELLE|CPTS"
    return f"MSH|^~\\&|{names}|{at}||{kind}|{control_id}|P|2.5|||||FRA|UNICODE UTF-8"


def admission() -> str:
    """The practice knows the patient by its own number and by the national one."""
    return "\r".join(
        (
            _header("AGENDA", "ADT^A28^ADT_A05", "A1", "20260110080000"),
            "EVN||20260110080000",
            (
                f"PID|1||42^^^CABINET&1.2.250.1.999.1&ISO^PI~{_INS}||{_PERSON}"
                "|||12 RUE DES LILAS^^PARIS^^75015^FRA^H|||||||||||||||||||||VALI"
            ),
            f"ROL||UC|ODRP|{_GP}||||||||^NET^Internet^{ADDRESS}",
            "PV1|1|N",
        )
    )


def order() -> str:
    return "\r".join(
        (
            _header("LGC", "ORM^O01^ORM_O01", "O1", "20260110083000"),
            f"PID|1||42^^^CABINET&1.2.250.1.999.1&ISO^PI||{_PERSON}",
            f"ORC|NW|PL1^LGC^1.2.250.1.999.10^ISO|||||||20260110083000|||{_GP}",
            (
                "OBR|1|PL1^LGC^1.2.250.1.999.10^ISO||30620-9^Scanner du rachis lombaire^LN"
                f"||||||||||||{_GP}||{ACCESSION}"
            ),
        )
    )


def report() -> str:
    """The radiology centre knows her by a number of its own only."""
    return "\r".join(
        (
            _header("RIS", "ORU^R01^ORU_R01", "R1", "20260110101500"),
            f"PID|1||R77^^^CENTRE&1.2.250.1.999.2&ISO^PI||{_PERSON}",
            "ORC|RE||FI1^RIS^1.2.250.1.999.11^ISO",
            (
                "OBR|1||FI1^RIS^1.2.250.1.999.11^ISO|30620-9^Scanner du rachis lombaire^LN"
                f"|||20260110093000|||||||||||{ACCESSION}||||20260110101400||CT|F"
            ),
            f"OBX|1|TX|19005-8^Conclusion^LN||{CONCLUSION}||||||F",
            (
                "OBX|2|ED|18748-4^CR d'imagerie^LN"
                f"||^application^pdf^Base64^{b64encode(PDF).decode()}||||||F"
            ),
        )
    )


def send(gateway: GatewayProcess, message: str, place: Path) -> str:
    """Send a message with python-hl7 and return its acknowledgement code."""
    file = place / "message.hl7"
    file.write_bytes(message.encode() + b"\r")
    (code,) = (one[1] for one in mllp_send(gateway, file) if one[0] == "MSA")
    return code


def images(corpus: Path, place: Path) -> list[Path]:
    """Make a CT of the corpus one of this patient with DCMTK's dcmodify, and return its files."""
    samples = sorted((corpus / "dicom" / "synthetic_fr").glob("ct_CT_*.dcm"))
    made = [place / sample.name for sample in samples]
    for sample, copy in zip(samples, made, strict=True):
        shutil.copyfile(sample, copy)
        copy.chmod(0o644)
    changes = {
        "(0010,0010)": "DURAND^ZOE",
        "(0010,0020)": "R77",
        "(0010,0021)": "CENTRE",
        "(0010,0030)": "19800101",
        "(0010,0040)": "F",
        "(0008,0050)": ACCESSION,
        "(0010,0024)[0].(0040,0032)": "1.2.250.1.999.2",
    }
    modified = [part for tag, value in changes.items() for part in ("-i", f"{tag}={value}")]
    # Other numbers of the sample's patient and order, and the authority of its accession number.
    erased = ("(0010,1002)", "(0008,0051)", "(0040,2016)", "(0040,2017)", "(0032,1064)")
    gone = [part for tag in erased for part in ("-ea", tag)]
    done = run(program("dcmodify"), "--no-backup", "-imt", *modified, *gone, *made)
    assert done.returncode == 0, done.stderr
    return made


def play(gateway: GatewayProcess, corpus: Path, place: Path) -> None:
    """Send identity, order, images and report, each when the one before has been taken."""
    assert send(gateway, admission(), place) == "AA"
    assert send(gateway, order(), place) == "AA"
    storescu(gateway, *images(corpus, place))
    assert eventually(lambda: search(gateway, "ImagingStudy"))
    assert send(gateway, report(), place) == "AA"


def settle() -> None:
    """Wait for longer than a study must be quiet, and a delivery takes."""
    time.sleep(2.0)
