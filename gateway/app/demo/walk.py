"""The walk of an EHR through a programme, read from `docs/ehr.md` and sent as it stands there.

A section whose title begins with a name in backquotes is a walk. In it a block `http` that begins
with a method is a request, the next one the answer, of which only what is shown must be there.
`{word}` takes what the server chose where it is met first, and stands for that afterwards. A block
`mail` says what arrives in whose mailbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE: Final = Path(__file__).resolve().parents[2]
_PLACES: Final = (_PACKAGE / "profiles" / "ehr.md", _PACKAGE.parent / "docs" / "ehr.md")
_SECTION: Final = re.compile(r"^## `([a-z-]+)`", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```(http|mail)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WORD: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what its answer must hold; `shown` is None when its status is enough."""

    title: str
    method: str
    target: str
    headers: dict[str, str]
    body: str
    status: int
    shown: Any


@dataclass(frozen=True, slots=True)
class Mail:
    """What must arrive: to whom, and which words in it."""

    to: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """All steps of one programme, in their order."""

    name: str
    steps: tuple[Exchange | Mail, ...]


@cache
def walks() -> dict[str, Walk]:
    """Return the walks of the documentation that came with the gateway, by name."""
    page = next(place for place in _PLACES if place.is_file())
    return read_walks(page.read_text("utf-8"))


def read_walks(text: str) -> dict[str, Walk]:
    """Return the walks of a page; raises `ValueError` for a request without an answer."""
    _, *parts = _SECTION.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {name: Walk(name, tuple(_steps(section))) for name, section in pairs}


def _steps(section: str) -> Iterator[Exchange | Mail]:
    blocks = iter(_BLOCK.findall(section))
    for kind, block in blocks:
        if kind == "mail":
            yield _mail(block)
            continue
        answer = next(blocks, ("", ""))[1]
        if not answer.startswith("HTTP/1.1 "):
            message = f"A request has no answer: {block[:80]}"
            raise ValueError(message)
        yield _exchange(block, answer)


def _exchange(request: str, answer: str) -> Exchange:
    head, _, body = request.partition("\n\n")
    title, line, *headers = head.splitlines()
    method, _, target = line.partition(" ")
    status, _, shown = answer.partition("\n\n")
    return Exchange(
        title.removeprefix("# "),
        method,
        target,
        dict(one.split(": ", 1) for one in headers),
        body.strip(),
        int(status.split()[1]),
        loads(shown.encode()) if shown.strip() else None,
    )


def _mail(block: str) -> Mail:
    pairs = [line.split(": ", 1) for line in block.splitlines()]
    to = next(value for name, value in pairs if name == "To")
    return Mail(to, tuple(value for name, value in pairs if name == "Contains"))


@dataclass(slots=True)
class Words:
    """What the server chose, by the word that stands for it."""

    known: dict[str, str] = field(default_factory=dict)

    def said(self, text: str) -> str:
        """Return a text with every word that is known in its place."""
        return _WORD.sub(lambda found: self.known.get(found[1], found[0]), text)

    def fault(self, shown: Any, held: Any, path: str = "") -> str:  # noqa: ANN401 - any JSON
        """Return where an answer lacks what is shown, empty when it is all there.

        Of a list each element that is shown must be like one that is held.
        """
        if isinstance(shown, dict):
            return self._object_fault(shown, held, path)
        if isinstance(shown, list):
            return self._list_fault(shown, held, path)
        if (
            isinstance(shown, str)
            and (word := _WORD.fullmatch(shown))
            and word[1] not in self.known
        ):
            self.known[word[1]] = str(held)
            return ""
        wanted = self.said(shown) if isinstance(shown, str) else shown
        return "" if wanted == held else f"{path} : {held!r} au lieu de {wanted!r}"

    def _object_fault(self, shown: dict[str, Any], held: Any, path: str) -> str:  # noqa: ANN401 - any JSON
        if not isinstance(held, dict):
            return f"{path} n'est pas un objet"
        for name, part in shown.items():
            if name not in held:
                return f"{path}.{name} manque"
            if fault := self.fault(part, held[name], f"{path}.{name}"):
                return fault
        return ""

    def _list_fault(self, shown: list[Any], held: Any, path: str) -> str:  # noqa: ANN401 - any JSON
        if not isinstance(held, list):
            return f"{path} n'est pas une liste"
        for number, part in enumerate(shown):
            faults = []
            for one in held:
                attempt = Words(dict(self.known))
                if not (fault := attempt.fault(part, one, f"{path}[{number}]")):
                    self.known = attempt.known
                    break
                faults.append(fault)
            else:
                # The one that came nearest says most.
                return max(faults, key=len, default=f"{path}[{number}] manque")
        return ""
