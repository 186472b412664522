"""One demonstration: where its data lie, what runs meanwhile, and how it ends."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.app.demo.ehr import FhirClient
from gateway.app.demo.mailbox import Mailbox
from gateway.app.demo.missing import Missing
from gateway.app.demo.paper import print_report
from gateway.app.demo.playing import play
from gateway.app.demo.running import HOST, Ports, RunningGateway, choose_ports, demo_settings
from gateway.app.demo.scenes import Stage
from gateway.app.demo.story import Story
from gateway.app.demo.walk import walks
from gateway.app.demo.walking import play_walk
from gateway.hl7v2.datetimes import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.app.demo.screen import Screen
    from gateway.settings import Settings

# Says that a data directory was made by a demonstration and holds nobody's data.
MARK: Final = "demonstration.txt"
_MARKED: Final = "Données de démonstration de Passerelle : aucune personne réelle.\n"
_WATCH_SECONDS: Final = 0.5


class NotOurs(Exception):
    """The data directory holds an installation that no demonstration made."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: end by itself or stay, a data directory or a fresh one, which walk.

    `walk` is the name of a programme that an EHR goes through; empty plays the radiology story.
    """

    ends: bool
    data_dir: Path | None
    walk: str = ""


def demonstrate(settings: Settings, wish: Wish, screen: Screen) -> int:
    """Run one demonstration and return 0 when the story arrived whole, 1 when not."""
    _stop_like_ctrl_c()
    ports, moved = choose_ports(settings)
    for sentence in moved:
        screen.say(sentence)
    with _data_dir(wish) as place:
        status = _run(place, ports, wish, screen)
        if status and wish.data_dir is None and any(place.iterdir()):
            kept = Path(tempfile.mkdtemp(prefix="passerelle-demo-")) / "donnees"
            shutil.copytree(place, kept)
            screen.say(f"Journal et données gardés : {kept}", "quiet")
    return status


def _run(place: Path, ports: Ports, wish: Wish, screen: Screen) -> int:
    gateway = RunningGateway(demo_settings(place, ports))
    mailbox = Mailbox(place / "courriels", ports.smtp)
    missing = ""
    fresh = wish.data_dir is None
    try:
        screen.say("La passerelle démarre…")
        with mailbox:
            begun = time.perf_counter()
            gateway.start()
            fate = "effacées à la fin, sauf avec GATEWAY_DATA_DIR" if fresh else "gardées"
            _opened(screen, ports, f"{place} ({fate})", time.perf_counter() - begun)
            missing = _play(wish, ports, mailbox, screen, gateway.settings.database_url)
            if not wish.ends:
                _stay(gateway, screen)
    except Missing as fault:
        missing = str(fault)
        screen.say(missing, "bad")
    except KeyboardInterrupt:
        screen.say()
        screen.say("Arrêt demandé…")
    finally:
        _close(gateway)
    if not wish.ends:
        screen.say("La passerelle est arrêtée.")
    return 1 if missing else 0


def _play(wish: Wish, ports: Ports, mailbox: Mailbox, screen: Screen, database_url: str) -> str:
    if not wish.walk:
        return play(_stage(ports, mailbox, screen), database_url)
    return play_walk(
        walks()[wish.walk], ports.base_url, FhirClient(HOST, ports.http), mailbox, screen
    )


def _stage(ports: Ports, mailbox: Mailbox, screen: Screen) -> Stage:
    # To the second: a FHIR dateTime without fractions is read more easily.
    story = Story(datetime.now(PARIS).replace(microsecond=0))
    ehr = FhirClient(HOST, ports.http)
    return Stage(story, ports, screen, ehr, mailbox, print_report(story))


def _opened(screen: Screen, ports: Ports, place: str, seconds: float) -> None:
    screen.say(f"Elle est prête en {seconds:.1f} s.")
    screen.say()
    for label, text in (
        ("FHIR", f"{ports.base_url}/fhir"),
        ("HL7 v2", f"mllp://{HOST}:{ports.mllp}"),
        ("DICOM", f"GATEWAY@{HOST}:{ports.dicom}"),
        ("courriel", f"smtp://{HOST}:{ports.smtp} (boîte locale : rien ne sort de cette machine)"),
        ("données", place),
    ):
        screen.note(label, text)


def _stay(gateway: RunningGateway, screen: Screen) -> None:
    screen.say()
    screen.say("La passerelle reste ouverte : les liens ci-dessus répondent. Ctrl-C pour arrêter.")
    while not gateway.has_stopped():
        gateway.must_run()
        time.sleep(_WATCH_SECONDS)
    # Ctrl-C reaches the gateway too, and it may end before this process has heard of it: the
    # interruption, if there is one, comes now and not while everything is put away.
    time.sleep(_WATCH_SECONDS)


def _close(gateway: RunningGateway) -> None:
    # An impatient second Ctrl-C must not leave a gateway behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gateway.stop()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _stop_like_ctrl_c() -> None:
    # A closed terminal or `kill` must not leave a gateway behind either.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def _data_dir(wish: Wish) -> Iterator[Path]:
    """Give the directory asked for, or a fresh one that is gone afterwards; raises `NotOurs`."""
    if wish.data_dir is None:
        with tempfile.TemporaryDirectory(prefix="passerelle-demo-") as name:
            yield Path(name)
        return
    place = wish.data_dir
    if (place / "gateway.db").exists() and not (place / MARK).exists():
        message = (
            f"{place} contient une installation qui n'est pas une démonstration : "
            "la démonstration n'y écrit pas. Choisissez un autre GATEWAY_DATA_DIR, ou aucun."
        )
        raise NotOurs(message)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    (place / MARK).write_text(_MARKED, "utf-8")
    yield place
