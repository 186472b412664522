"""The text of a report, taken apart into its sections: one OBX each."""

from __future__ import annotations

from typing import Final, NamedTuple

# A longer first line is a sentence, no heading.
_LONGEST: Final = 60
_ENDS: Final = (".", ",", ";")


class Section(NamedTuple):
    """A heading, empty when there is none, and what stands under it."""

    heading: str
    body: str


def text_sections(whole: str, conclusion: str) -> tuple[list[Section], Section | None]:
    """Return the sections of a text, and the conclusion apart; None without one.

    A section is what the mapping of messages in makes of an OBX: blocks between blank lines that
    begin with a heading of their own. A text that is not written so is one section.
    """
    whole, conclusion = whole.strip(), conclusion.strip()
    if not conclusion:
        return _sections(whole), None
    if not whole.endswith(conclusion):
        return _sections(whole), Section("", conclusion)
    rest = whole[: -len(conclusion)]
    heading = ""
    if rest.endswith("\n") and not rest.endswith("\n\n"):
        rest, _, heading = rest[:-1].rpartition("\n")
        if not _is_heading(heading):
            rest, heading = f"{rest}\n{heading}", ""
    return _sections(rest.strip()), Section(heading, conclusion)


def _sections(text: str) -> list[Section]:
    blocks = [block for block in text.split("\n\n") if block.strip()]
    found: list[Section] = []
    for block in blocks:
        first, _, body = block.partition("\n")
        if body and _is_heading(first):
            found.append(Section(first, body))
        elif found and found[0].heading:
            found[-1] = Section(found[-1].heading, f"{found[-1].body}\n\n{block}")
        else:
            return [Section("", text)]
    return found


def _is_heading(line: str) -> bool:
    return 0 < len(line) <= _LONGEST and not line.endswith(_ENDS)
