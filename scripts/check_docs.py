"""Hold the documentation against the program: links, settings, commands and make targets.

Prints `file:line: what is wrong` for each fault and exits with 1 when there is one.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.app.cli.main import main as gateway
from gateway.settings import PREFIX, Peers, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = ("*.md", "docs/**/*.md", "bench/*.md")
SETTINGS: Final = ROOT / "docs" / "settings.md"
# What begins like a setting and is read by tests alone.
FOREIGN: Final = frozenset({"GATEWAY_SHARED"})

_FENCE: Final = re.compile(r"\s*(```|~~~)")
_SPAN: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_ELSEWHERE: Final = re.compile(r"[a-z][a-z+.-]*:")
_HEADING: Final = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_SETTING: Final = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b")
_COMMAND: Final = re.compile(r"(?:^|[\s/=(])gateway ((?!gateway\b)[a-z][a-z0-9]*(?: [a-z0-9]+)?)")
_OPTION: Final = re.compile(r"(?<=\s)--[a-z][a-z-]*")
_MAKE: Final = re.compile(r"(?:^|[\s;&])make ((?:[a-z]+\b ?)+)")
# A comment in a block of commands.
_COMMENT: Final = re.compile(r"(?:^|\s)#\s.*")
_TARGET: Final = re.compile(r"^([a-z]+):", re.MULTILINE)
# Where a command ends and another one begins.
_END: Final = re.compile(r"[|;&>#]")


class Line(NamedTuple):
    """A line of a document: its number from 1, its prose without code, and its code."""

    number: int
    prose: str
    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document, read once."""

    path: Path
    lines: tuple[Line, ...]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file, telling prose from code."""
        lines, fenced = [], False
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            if _FENCE.match(text):
                fenced = not fenced
                lines.append(Line(number, "", ()))
            elif fenced:
                lines.append(Line(number, "", (_COMMENT.sub("", text),)))
            else:
                lines.append(Line(number, _SPAN.sub("``", text), tuple(_SPAN.findall(text))))
        return cls(path, tuple(lines))


class Fault(NamedTuple):
    """Something wrong, and where."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        """Write it as editors and CI read it."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.text}"


def documents() -> list[Document]:
    """Return every document of the project."""
    paths = {path for pattern in DOCUMENTS for path in ROOT.glob(pattern)}
    return [Document.read(path) for path in sorted(paths)]


# Links


def link_faults(document: Document) -> Iterator[Fault]:
    """Give the links that lead to no file or to no heading."""
    for line in document.lines:
        for link in _LINK.findall(line.prose):
            if not _ELSEWHERE.match(link) and (text := _broken(document.path, link)):
                yield Fault(document.path, line.number, text)


def _broken(source: Path, link: str) -> str:
    name, _, anchor = link.partition("#")
    target = (source.parent / name).resolve() if name else source
    if not target.exists():
        return f"{link} leads to no file"
    if anchor and anchor not in anchors(target):
        return f"{link} leads to no heading"
    return ""


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    fenced = False
    for text in path.read_text("utf-8").splitlines():
        fenced ^= _FENCE.match(text) is not None
        heading = None if fenced else _HEADING.match(text)
        if heading:
            slug = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            found[slug] = found.get(slug, -1) + 1
    return frozenset(
        slug if turn == 0 else f"{slug}-{turn}"
        for slug, last in found.items()
        for turn in range(last + 1)
    )


# Settings


def setting_names() -> frozenset[str]:
    """Return the names of all environment variables of the gateway."""
    return frozenset(PREFIX + item.name.upper() for item in fields(Settings)) - {f"{PREFIX}PEERS"}


def setting_faults(document: Document) -> Iterator[Fault]:
    """Give the settings that a document names and the gateway does not have."""
    known = setting_names() | FOREIGN
    for line in document.lines:
        for name in _SETTING.findall(" ".join((line.prose, *line.code))):
            if name not in known:
                yield Fault(document.path, line.number, f"{name} is not a setting")


def undocumented() -> Iterator[Fault]:
    """Give the settings, and the names of `gateway.toml`, that docs/settings.md leaves out."""
    text = SETTINGS.read_text("utf-8")
    for name in sorted(setting_names() | {item.name for item in fields(Peers)}):
        if re.search(rf"\b{name}\b", text) is None:
            yield Fault(SETTINGS, 1, f"{name} is not described")


# Commands


def command_faults(document: Document) -> Iterator[Fault]:
    """Give the `gateway` commands and options that the command line does not know."""
    for line in document.lines:
        for code in line.code:
            for found in _COMMAND.finditer(code):
                words = found[1].split()
                given = _END.split(code[found.end() :], maxsplit=1)[0]
                if text := _misused(tuple(words), given):
                    yield Fault(document.path, line.number, text)


def _misused(words: tuple[str, ...], given: str) -> str:
    told = help_of(words)
    if told is None:
        return f"`gateway {' '.join(words)}` is not a command"
    unknown = [option for option in _OPTION.findall(given) if option not in told]
    return f"`gateway {' '.join(words)}` has no {unknown[0]}" if unknown else ""


@cache
def help_of(words: tuple[str, ...]) -> str | None:
    """Return what `gateway WORDS --help` prints, None when there is no such command."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            gateway([*words, "--help"])
        except SystemExit as end:
            return printed.getvalue() if end.code == 0 else None
    return None


# Make


def target_faults(document: Document) -> Iterator[Fault]:
    """Give the make targets that the Makefile does not have."""
    known = frozenset(_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    for line in document.lines:
        for code in line.code:
            for named in _MAKE.findall(code):
                for target in named.split():
                    if target not in known:
                        yield Fault(document.path, line.number, f"`make {target}` is no target")


def faults() -> Iterator[Fault]:
    """Give everything that is wrong."""
    for document in documents():
        for check in (link_faults, setting_faults, command_faults, target_faults):
            yield from check(document)
    yield from undocumented()


def main() -> int:
    """Print the faults and return the exit status."""
    found = list(faults())
    for fault in found:
        print(fault)
    print(f"docs: {len(documents())} documents, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
