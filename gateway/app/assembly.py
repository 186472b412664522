"""Builds every part from the settings; each door builds only what it needs."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.app.watching import watch
from gateway.delivery.dicom_outgoing import DicomOutgoing
from gateway.delivery.outgoing import Outgoing
from gateway.delivery.recipients import resource_changed
from gateway.ingest.accession import AccessionNumbers
from gateway.ingest.linking import Linking
from gateway.ingest.procedure_step import study_changed
from gateway.ingest.programmes.once_a_year import one_package_a_year
from gateway.ingest.programmes.tasks import TaskRules
from gateway.ingest.search_parameters import SearchParameters
from gateway.ingest.spool import prepare
from gateway.store.api import Store, open_store
from gateway.store.landing import Landing
from gateway.store.objects import open_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from gateway.delivery.ports import Channel
    from gateway.delivery.worker import Worker
    from gateway.dicomweb.pacs import Pacs
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.validation.profiles import ProfileValidator
    from gateway.ingest.answering import Answering
    from gateway.ingest.message import MessageIngest
    from gateway.ingest.resource import ResourceIngest
    from gateway.ingest.series_metadata import SeriesMetadataMaker
    from gateway.ingest.study import StudyIngest
    from gateway.settings import Settings
    from gateway.store.profiles import ByType

# Each has a database connection of its own.
_DICOMWEB_THREADS: Final = 6


def now() -> datetime:
    """Return this instant, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a new resource id."""
    return str(uuid4())


def new_control_id() -> str:
    """Return a control id (MSH-10) of at most 20 characters, never given twice by one process."""
    return f"G{time.time_ns():X}"


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every door stands on."""

    settings: Settings
    store: Store
    objects: Landing
    linking: Linking
    parameters: SearchParameters
    # Set when the process is done: what watches the store ends.
    closed: Event = field(default_factory=Event)

    def close(self) -> None:
        """Close the connections."""
        self.closed.set()
        self.store.close()


def found(settings: Settings) -> Foundation:
    """Open store and objects, and let linking and delivery watch what is written.

    Search parameters of packages and clients are known from here on.
    """
    store = open_store(settings.database_url, clock=now, local_bases=(settings.fhir_url,))
    objects = Landing(open_objects(settings.objects_url, settings.data_dir), store)
    linking = Linking()
    peers = settings.peers
    if peers.accession_numbers == "gateway":
        # First of all: whoever hears of an order hears of its number.
        numbers = AccessionNumbers(peers.accession_prefix, peers.accession_system)
        store.watch(numbers.changed)
    store.watch(linking.changed)
    store.watch(study_changed)
    store.watch(resource_changed)
    if peers.dicom_destinations:
        store.watch(DicomOutgoing(store, objects, peers.dicom_destinations).changed)
    store.watch(TaskRules(settings.lang).changed)
    store.watch(one_package_a_year)
    if settings.peers.destinations:
        store.watch(Outgoing(settings.peers.destinations, settings.peers.routes).changed)
    parameters = SearchParameters(store)
    parameters.refresh()
    return Foundation(settings, store, objects, linking, parameters)


def found_for_door(settings: Settings) -> Foundation:
    """Return what a door stands on, kept current while it is open."""
    base = found(settings)
    with suppress(OSError):
        # A disk that is full takes no door down.
        prepare(base.objects.spool)
    watch(base.parameters, base.closed)
    return base


def install_definitions(settings: Settings) -> None:
    """Bring the definitions of the programmes that came with the gateway into the store."""
    from gateway.ingest.programmes.definitions import install  # noqa: PLC0415 - at the start alone
    from gateway.programmes.content import content_folder, read_content  # noqa: PLC0415 - as above

    store = open_store(settings.database_url, clock=now, local_bases=(settings.fhir_url,))
    try:
        install(store, read_content(content_folder()))
    finally:
        store.close()


def build_messages(base: Foundation, answering: Answering | None = None) -> MessageIngest:
    """Return the flow of HL7 v2 messages."""
    from gateway.access.senders import Senders  # noqa: PLC0415 - other doors need none
    from gateway.app.strict import Strictness  # noqa: PLC0415 - as above
    from gateway.ingest.message import MessageIngest  # noqa: PLC0415 - other doors need none
    from gateway.mapping.hl7v2 import Context  # noqa: PLC0415 - as above
    from gateway.store.translations import Translations  # noqa: PLC0415 - as above

    peers = base.settings.peers
    senders = Senders(senders=peers.mllp_senders)
    return MessageIngest(
        base.store,
        base.objects,
        base.linking,
        context=Context(
            namespaces=peers.namespaces,
            accession_system=peers.accession_system,
            translate=Translations(base.store).translate,
            strict_flags=peers.strict_flags,
            countries=peers.countries,
        ),
        charsets=peers.charsets,
        clock=now,
        new_id=new_control_id,
        agreed_mode=senders.acknowledgement_mode,
        breaches=Strictness(senders.is_strict, peers.countries).breaches,
        answering=answering,
    )


def build_resources(base: Foundation, profiles: ProfileValidator | None = None) -> ResourceIngest:
    """Return the flow of resources through the FHIR door, `profiles` judging what is written."""
    from gateway.ingest.resource import ResourceIngest  # noqa: PLC0415 - other doors need none

    return ResourceIngest(
        base.store,
        validation=base.settings.validation,
        new_id=new_id,
        local_bases=(base.settings.fhir_url,),
        profiles=profiles,
    )


def build_profiles(base: Foundation, terminology: Terminology) -> ProfileValidator:
    """Return the validation against the profiles that are installed."""
    from gateway.fhir.fhirpath import Services  # noqa: PLC0415 - other doors need none
    from gateway.fhir.terminology.membership import Membership  # noqa: PLC0415 - as above
    from gateway.fhir.validation.profiles import ProfileValidator  # noqa: PLC0415 - as above
    from gateway.store.profiles import StoredProfiles  # noqa: PLC0415 - as above

    library = StoredProfiles(base.store)
    member_of = Membership(terminology, library.generation)
    return ProfileValidator(library, Services(member_of=member_of, now=now), member_of.renew)


def installed_profiles(base: Foundation) -> Callable[[], ByType]:
    """Return what lists the profiles that are installed, by resource type."""
    from gateway.store.profiles import StoredProfiles  # noqa: PLC0415 - other doors need none

    return StoredProfiles(base.store).by_type


def build_terminology(base: Foundation) -> Terminology:
    """Return the terminology that is installed, and behind it that of R4."""
    from gateway.fhir.terminology.base import BaseTerminology  # noqa: PLC0415 - other doors need none
    from gateway.fhir.terminology.resolver import Chain  # noqa: PLC0415 - as above
    from gateway.fhir.terminology.terminology import Terminology  # noqa: PLC0415 - as above
    from gateway.store.canonicals import StoredTerminology  # noqa: PLC0415 - as above

    return Terminology(Chain(StoredTerminology(base.store), BaseTerminology()))


def build_studies(base: Foundation) -> StudyIngest:
    """Return the flow of studies that have been quiet."""
    from gateway.ingest.study import StudyIngest  # noqa: PLC0415 - other doors need none
    from gateway.mapping.dicom.study import Context  # noqa: PLC0415 - as above

    context = Context(
        accession_system=base.settings.peers.accession_system,
        dicomweb=base.settings.dicomweb_url,
    )
    return StudyIngest(
        base.store,
        base.objects,
        base.linking,
        context=context,
        quiet_seconds=base.settings.dicom_quiet_seconds,
        clock=now,
    )


def build_metadata(base: Foundation) -> SeriesMetadataMaker:
    """Return what makes and keeps the DICOM JSON of series."""
    from gateway.ingest.series_metadata import SeriesMetadataMaker  # noqa: PLC0415 - as above

    return SeriesMetadataMaker(base.store, base.objects, base.settings.dicomweb_url)


def build_dicomweb(
    base: Foundation, observe: Callable[[str, str, int, float], None]
) -> tuple[ASGIApp, Callable[[], None]]:
    """Return the DICOMweb door, and what ends it."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - as above

    from gateway.delivery.holdings import Holdings  # noqa: PLC0415 - as above
    from gateway.dicomweb.application import build_application  # noqa: PLC0415 - as above
    from gateway.dicomweb.drawing import Drawing  # noqa: PLC0415 - as above
    from gateway.dicomweb.ports import Ports  # noqa: PLC0415 - as above
    from gateway.ingest.instance import InstanceIngest  # noqa: PLC0415 - as above

    drawing, holdings = Drawing(), Holdings(base.store, base.objects)
    pacs = _pacs(base.settings.pacs_dicomweb_url)
    threads = ThreadPoolExecutor(_DICOMWEB_THREADS, "dicomweb")
    ports = Ports(
        base=base.settings.dicomweb_url,
        store=base.store,
        objects=base.objects,
        find=holdings.find,
        receive=InstanceIngest(base.store, base.objects, clock=now).receive,
        metadata=build_metadata(base),
        drawing=drawing,
        threads=threads,
        visible=holdings.visible,
        pacs=pacs,
        knows=holdings.knows,
        origins=base.settings.peers.dicomweb_origins,
        most_json=base.settings.peers.http_max_bytes,
        observe=observe,
    )

    def close() -> None:
        drawing.close()
        if pacs is not None:
            pacs.close()
        threads.shutdown(wait=False, cancel_futures=True)

    return build_application(ports), close


def _pacs(url: str) -> Pacs | None:
    if not url:
        return None
    from gateway.dicomweb.pacs import Pacs  # noqa: PLC0415 - most have none

    return Pacs(url)


def build_worker(base: Foundation) -> Worker:
    """Return the worker that carries deliveries; what has no way out waits."""
    from gateway.delivery.worker import Worker  # noqa: PLC0415 - other doors need none

    # A channel is one line here.
    channels = [*_mail(base), *_messages(base), *_dicom(base)]
    return Worker(base.store, channels, clock=now, chance=random.random)


def _mail(base: Foundation) -> list[Channel]:
    if not base.settings.smtp_url:
        return []
    from gateway.delivery.mailing import MailChannel  # noqa: PLC0415 - others need none
    from gateway.mail.courier import open_courier  # noqa: PLC0415 - as above

    courier = open_courier(base.settings)
    return [MailChannel(base.store, base.objects, courier, base.settings)] if courier else []


def _messages(base: Foundation) -> list[Channel]:
    settings = base.settings
    destinations = settings.peers.destinations
    if not destinations:
        return []
    from gateway.delivery.messaging import MessageChannel  # noqa: PLC0415 - others need none
    from gateway.mllp.courier import MllpCourier  # noqa: PLC0415 - as above

    couriers = {one.name: MllpCourier(one, settings.data_dir) for one in destinations}
    return [
        MessageChannel(
            base.store,
            base.objects,
            destinations,
            couriers,
            namespaces=settings.peers.namespaces,
            clock=now,
        )
    ]


def _dicom(base: Foundation) -> list[Channel]:
    destinations = base.settings.peers.dicom_destinations
    if not destinations:
        return []
    from gateway.delivery.dicom_channel import DicomChannel  # noqa: PLC0415 - others need none
    from gateway.delivery.holdings import Holdings  # noqa: PLC0415 - as above
    from gateway.dimse.courier import DimseCourier  # noqa: PLC0415 - as above

    holdings, title = Holdings(base.store, base.objects), base.settings.dicom_ae_title
    couriers = {one.name: DimseCourier(one, title, holdings) for one in destinations}
    return [DicomChannel(base.store, base.objects, holdings, destinations, couriers)]
