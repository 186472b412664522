"""Plays the story from beginning to end and says whether it arrived whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from gateway.app.demo import scenes
from gateway.app.demo.checks import check
from gateway.app.demo.evidence import gather
from gateway.app.demo.missing import Missing
from gateway.app.demo.screen import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.app.demo.checks import Checked
    from gateway.app.demo.scenes import Played, Stage
    from gateway.app.demo.screen import Screen

_HEAD: Final = ("étape", "porte", "réponse", "ms", "lien")


def play(stage: Stage, database_url: str) -> str:
    """Play every step, then check; return what is missing, a sentence, or nothing."""
    begun = time.perf_counter()
    played: list[Played] = []
    missing = _steps(stage, played)
    outcomes: list[Checked] = []
    if not missing:
        try:
            outcomes = check(gather(stage, database_url))
        except Missing as fault:
            missing = f"vérification : {fault}"
    failed = [one for one in outcomes if not one.holds]
    if failed:
        missing = "; ".join(f"étape {_name(one.step)} : {one.name}" for one in failed)
    _conclude(stage.screen, played, outcomes)
    _verdict(stage.screen, missing, time.perf_counter() - begun)
    return missing


def _steps(stage: Stage, played: list[Played]) -> str:
    for number, scene in enumerate(scenes.SCENES, start=1):
        try:
            played.append(scene(stage))
        except Missing as fault:
            stage.screen.note("MANQUE", str(fault), "bad")
            return f"étape {_name(number)} : {fault}"
    return ""


def _name(step: int) -> str:
    return f"{step} ({scenes.TITLES[step - 1]})"


def _conclude(screen: Screen, played: Sequence[Played], outcomes: Sequence[Checked]) -> None:
    screen.say()
    screen.say("En résumé", "bold")
    if played:
        rows = [
            (
                Cell(one.step),
                Cell(one.door),
                Cell(one.answer, "good"),
                Cell(f"{one.ms:.0f}"),
                Cell(one.link, "link"),
            )
            for one in played
        ]
        screen.table(_HEAD, rows)
    if outcomes:
        screen.say()
        screen.say("Vérifications", "bold")
    for one in outcomes:
        screen.note("ok" if one.holds else "MANQUE", one.name, "" if one.holds else "bad")


def _verdict(screen: Screen, missing: str, seconds: float) -> None:
    screen.say()
    if missing:
        screen.say(f"L'histoire n'est pas arrivée entière. Il manque : {missing}", "bad")
    else:
        screen.say(f"L'histoire est arrivée entière, en {seconds:.1f} s.", "good")
