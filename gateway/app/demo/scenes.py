"""The five steps, each through the door that a real system would knock at."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.app.demo import phantom
from gateway.app.demo import story as told
from gateway.app.demo.missing import Missing, wait_for
from gateway.app.demo.modality import store
from gateway.app.demo.running import HOST
from gateway.errors import GatewayError
from gateway.hl7v2.message import Message
from gateway.mllp.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.app.demo.ehr import FhirClient
    from gateway.app.demo.mailbox import Mail, Mailbox
    from gateway.app.demo.running import Ports
    from gateway.app.demo.screen import Screen
    from gateway.app.demo.story import Story
    from gateway.fhir.wire import Resource

_ANSWER_SECONDS: Final = 10.0
_STUDY_SECONDS: Final = 20.0
_MAIL_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Played:
    """One line of the summary table; `ms` from what went in to the answer."""

    step: str
    door: str
    answer: str
    ms: float
    link: str


@dataclass(slots=True)
class Stage:
    """What the steps work with, and what they leave for the next ones."""

    story: Story
    ports: Ports
    screen: Screen
    ehr: FhirClient
    mailbox: Mailbox
    pdf: bytes
    known: dict[str, str] = field(default_factory=dict)
    mail: Mail | None = None
    reported: float = 0.0

    def url(self, reference: str) -> str:
        """Return the address of `Type/id`."""
        return f"{self.ports.base_url}/fhir/{reference}"

    def came_out(self, resource: Resource, text: str) -> str:
        """Show a resource that came out; return `Type/id`."""
        reference = f"{resource['resourceType']}/{resource['id']}"
        self.screen.note("sort", f"{resource['resourceType']} : {text}")
        self.screen.link(self.url(reference))
        return reference

    def find(self, what: str, resource_type: str, **parameters: str) -> Resource:
        """Return the one resource that must be there by now."""
        found = self.ehr.search(resource_type, **parameters)
        if not found:
            message = f"{what} : introuvable par {resource_type}?{parameters}."
            raise Missing(message)
        return found[0]


def patient(stage: Stage) -> Played:
    """Send the ADT^A28 of the health house."""
    door = f"mllp://{HOST}:{stage.ports.mllp}"
    stage.screen.scene(1, "La patiente", f"HL7 v2, {door}")
    raw = stage.story.admission()
    stage.screen.note("entre", f"ADT^A28 (PAM-FR 2.11, {len(raw)} octets) de {told.HOUSE}")
    stage.screen.note("", f"{told.FAMILY} {told.GIVEN}, INS {told.INS}, IPP {told.HOUSE_IPP}, VALI")
    stage.screen.note("", f"médecin traitant : {told.PHYSICIAN}, RPPS {told.PHYSICIAN_RPPS}")
    ms = _send(stage, raw)
    held = stage.find("La patiente", "Patient", identifier=f"urn:oid:{told.INS_OID}|{told.INS}")
    physician = stage.find(
        "Le médecin traitant",
        "Practitioner",
        identifier=f"https://rpps.esante.gouv.fr|{told.PHYSICIAN_RPPS}",
    )
    stage.known["Patient"] = stage.came_out(held, "identité qualifiée, INS et IPP")
    stage.known["Practitioner"] = stage.came_out(physician, f"{told.PHYSICIAN}, avec son adresse")
    return Played("1 patiente", "HL7 v2", "AA", ms, stage.url(stage.known["Patient"]))


def order(stage: Stage) -> Played:
    """Post the ServiceRequest of the physician's software."""
    stage.screen.scene(2, "La demande d'examen", f"FHIR, {stage.ports.base_url}/fhir")
    stage.screen.note("entre", f"POST ServiceRequest {stage.story.placer} du logiciel du médecin")
    stage.screen.note("", f"LOINC {told.EXAM_LOINC} : {told.EXAM}")
    resource = stage.story.order(stage.known["Patient"], stage.known["Practitioner"])
    begun = time.perf_counter()
    created, _ = stage.ehr.create(resource)
    ms = _since(begun)
    stage.screen.note("répond", f"201 en {ms:.0f} ms", "good")
    stage.known["ServiceRequest"] = stage.came_out(created, f"demande {stage.story.placer}")
    return Played("2 demande", "FHIR", "201", ms, stage.url(stage.known["ServiceRequest"]))


def images(stage: Stage) -> Played:
    """Store the study from the modality, then wait until it has been quiet."""
    door = f"GATEWAY@{HOST}:{stage.ports.dicom}"
    stage.screen.scene(3, "Les images", f"DICOM, {door}")
    objects = list(phantom.slices(stage.story))
    number = len(phantom.SERIES)
    stage.screen.note("entre", f"C-STORE : {len(objects)} coupes CT, {number} séries")
    stage.screen.note("", f"examen {stage.story.accession}, demande {stage.story.placer}")
    stage.screen.note("", f"patiente {told.CENTRE_IPP} : le numéro du centre, sans INS")
    begun = time.perf_counter()
    store(objects, HOST, stage.ports.dicom)
    ms = _since(begun)
    stage.screen.note("répond", f"{len(objects)} fois « succès » (0000) en {ms:.0f} ms", "good")
    study = wait_for("L'étude ImagingStudy", _STUDY_SECONDS, _whole_study(stage, len(objects)))
    settled = _since(begun)
    shown = f"{study['numberOfSeries']} séries, {study['numberOfInstances']} images"
    stage.known["ImagingStudy"] = stage.came_out(
        study, f"{shown} ({settled:.0f} ms, dont 1 s de silence)"
    )
    return Played("3 images", "DICOM", "0000", ms, stage.url(stage.known["ImagingStudy"]))


def report(stage: Stage) -> Played:
    """Send the ORU^R01 of the radiology centre."""
    door = f"mllp://{HOST}:{stage.ports.mllp}"
    stage.screen.scene(4, "Le compte rendu", f"HL7 v2, {door}")
    raw = stage.story.report(stage.pdf)
    stage.screen.note("entre", f"ORU^R01 final ({len(raw)} octets) de {told.CENTRE}")
    stage.screen.note("", f"texte, conclusion, dose et PDF ; {told.RADIOLOGIST}")
    ms = _send(stage, raw)
    stage.reported = time.perf_counter()
    held = stage.find(
        "Le compte rendu",
        "DiagnosticReport",
        identifier=f"urn:oid:{told.CENTRE_ORDER_OID}|{stage.story.filler}",
    )
    stage.known["DiagnosticReport"] = stage.came_out(held, f"{held['status']}, avec son PDF")
    about = stage.known["ServiceRequest"]
    document = stage.find("Le document", "DocumentReference", related=about)
    stage.known["DocumentReference"] = stage.came_out(document, "le PDF, classé")
    target = stage.known["DiagnosticReport"]
    provenance = stage.find("La provenance", "Provenance", target=target)
    stage.known["Provenance"] = stage.came_out(provenance, "le message d'où tout cela vient")
    return Played("4 compte rendu", "HL7 v2", "AA", ms, stage.url(target))


def summary(stage: Stage) -> Played:
    """Wait for the summary in the treating physician's mailbox."""
    stage.screen.scene(5, "La synthèse au médecin", f"courriel, smtp://{HOST}:{stage.ports.smtp}")
    look: Callable[[], Mail | None] = lambda: stage.mailbox.received(told.MAILBOX)  # noqa: E731 - one look
    mail = wait_for(f"Le courriel à {told.MAILBOX}", _MAIL_SECONDS, look)
    ms = _since(stage.reported)
    stage.mail = mail
    stage.screen.note("sort", f"courriel à {told.MAILBOX}, {ms:.0f} ms après l'AA", "good")
    stage.screen.note("", f"objet : {mail.message['Subject']}")
    for paper in mail.papers:
        stage.screen.note("", f"pièce jointe : {paper.name}")
    stage.screen.link(mail.file.as_uri())
    return Played("5 synthèse", "courriel", "reçu", ms, mail.file.as_uri())


SCENES: Final = (patient, order, images, report, summary)
TITLES: Final = ("patiente", "demande", "images", "compte rendu", "synthèse")


def _send(stage: Stage, raw: bytes) -> float:
    """Send a message and return the milliseconds until its AA; raises `Missing` otherwise."""
    try:
        with Client(HOST, stage.ports.mllp, _ANSWER_SECONDS) as client:
            begun = time.perf_counter()
            answer = client.send(raw).raw
            ms = _since(begun)
    except GatewayError as fault:
        raise Missing(f"HL7 v2 : {fault.text}.") from fault  # noqa: EM102, TRY003 - one sentence
    acknowledgement = Message.parse(answer)
    msa = acknowledgement.first("MSA")
    code = msa.text(1) if msa else ""
    if code != "AA":
        errors = "; ".join(err.text(8) for err in acknowledgement.all("ERR"))
        message = f"La passerelle a répondu {code or 'sans MSA'} : {errors}"
        raise Missing(message)
    stage.screen.note("répond", f"AA en {ms:.0f} ms", "good")
    return ms


def _whole_study(stage: Stage, objects: int) -> Callable[[], Resource | None]:
    uid = f"urn:dicom:uid|urn:oid:{stage.story.study_uid}"

    def look() -> Resource | None:
        found = stage.ehr.search("ImagingStudy", identifier=uid)
        whole = [study for study in found if study.get("numberOfInstances") == objects]
        return whole[0] if whole else None

    return look


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
