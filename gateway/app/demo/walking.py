"""Plays the walk of a programme: what an EHR asks, what it is answered, what the mailbox gets."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from gateway.app.demo.missing import Missing, wait_for
from gateway.app.demo.screen import Cell
from gateway.app.demo.walk import Mail, Words
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from gateway.app.demo.ehr import FhirClient
    from gateway.app.demo.mailbox import Mailbox
    from gateway.app.demo.screen import Screen
    from gateway.app.demo.walk import Exchange, Walk

_MAIL_SECONDS: Final = 20.0
_HEAD: Final = ("étape", "demande", "réponse", "ms")
# What is shown of an address: its query would not fit on a line.
_LONGEST: Final = 60
_REFUSED: Final = 400


def play_walk(walk: Walk, base_url: str, ehr: FhirClient, mailbox: Mailbox, screen: Screen) -> str:
    """Play every step; return what is missing, a sentence, or nothing."""
    begun = time.perf_counter()
    playing = _Playing(base_url, ehr, mailbox, screen)
    missing = ""
    for number, step in enumerate(walk.steps, start=1):
        try:
            playing.step(number, step)
        except Missing as fault:
            missing = f"étape {number} : {fault}"
            screen.note("MANQUE", str(fault), "bad")
            break
    screen.say()
    screen.say("En résumé", "bold")
    screen.table(_HEAD, playing.rows)
    screen.say()
    seconds = time.perf_counter() - begun
    if missing:
        screen.say(f"L'histoire n'est pas arrivée entière. Il manque : {missing}", "bad")
    else:
        screen.say(f"L'histoire est arrivée entière, en {seconds:.1f} s.", "good")
    return missing


class _Playing:
    def __init__(self, base_url: str, ehr: FhirClient, mailbox: Mailbox, screen: Screen) -> None:
        self.rows: list[tuple[Cell, ...]] = []
        self._base_url = base_url
        self._ehr = ehr
        self._mailbox = mailbox
        self._screen = screen
        self._words = Words()
        # How many mails of each mailbox were shown.
        self._read: Counter[str] = Counter()

    def step(self, number: int, step: Exchange | Mail) -> None:
        """Play one step; raises `Missing` when it is not answered as the page shows."""
        begun = time.perf_counter()
        if isinstance(step, Mail):
            self._screen.scene(number, f"Courriel à {step.to}", "SMTP")
            self._mail(step)
            what, answer = Cell(step.to), "reçu"
        else:
            self._screen.scene(number, step.title, "FHIR")
            answer = str(self._exchange(step))
            target = self._words.said(step.target)
            shown = target if len(target) <= _LONGEST else f"{target[: _LONGEST - 1]}…"
            what = Cell(f"{step.method} {shown}")
        ms = (time.perf_counter() - begun) * 1000
        self.rows.append((Cell(str(number)), what, Cell(answer, "good"), Cell(f"{ms:.0f}")))

    def _exchange(self, step: Exchange) -> int:
        target = self._words.said(step.target)
        self._screen.note("demande", f"{step.method} {target}")
        body = self._words.said(step.body).encode() or None
        status, headers, content = self._ehr.ask(step.method, target, body, step.headers)
        if status != step.status:
            told = content.decode("utf-8", "replace")[:400]
            message = f"{step.title} : réponse {status} au lieu de {step.status}. {told}"
            raise Missing(message)
        self._tell(status, content, headers.get("location", ""))
        if step.shown is not None and (fault := self._words.fault(step.shown, loads(content))):
            message = f"{step.title} : dans la réponse, {fault}"
            raise Missing(message)
        return status

    def _tell(self, status: int, content: bytes, location: str) -> None:
        if status >= _REFUSED:
            for issue in loads(content).get("issue", ()):
                self._screen.note("refus", f"{status} : {issue.get('diagnostics', '')}")
            return
        self._screen.note("réponse", str(status), "good")
        if location:
            self._screen.link(location)

    def _mail(self, step: Mail) -> None:
        seen = self._read[step.to]
        mail = wait_for(
            f"le courriel à {step.to}",
            _MAIL_SECONDS,
            lambda: self._mailbox.received(step.to, seen),
        )
        self._read[step.to] += 1
        text = " ".join(" ".join(mail.text_of(paper) for paper in mail.papers).split())
        for words in step.words:
            if words not in text:
                message = f"« {words} » n'est pas dans le courriel à {step.to}"
                raise Missing(message)
        number = len(mail.papers)
        papers = "1 pièce jointe" if number == 1 else f"{number} pièces jointes"
        self._screen.note("courriel", papers, "good")
        self._screen.link(mail.file.as_uri())
