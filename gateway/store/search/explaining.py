"""What a search asked of the database, for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.records import Page
    from gateway.store.search.asking import Asked

# A list of values is told by its beginning.
_SHOWN: Final = 200


def explanation(asked: Sequence[Asked], page: Page) -> str:
    """Return each statement with its values, its plan and its time, then the whole."""
    parts = [_statement(number, one) for number, one in enumerate(asked, 1)]
    whole = sum(one.seconds for one in asked) * 1000
    found = f"{len(page.matches)} matches, {len(page.included)} included, total {page.total}"
    run = "1 statement" if len(asked) == 1 else f"{len(asked)} statements"
    return "\n".join([*parts, f"{run}, {whole:.2f} ms: {found}"])


def _statement(number: int, one: Asked) -> str:
    lines = [f"-- {number}: {one.rows} rows, {one.seconds * 1000:.2f} ms", one.text]
    if one.values:
        lines.append("values  " + ", ".join(_short(value) for value in one.values))
    lines += [f"plan    {line}" for line in one.plan]
    return "\n".join([*lines, ""])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
