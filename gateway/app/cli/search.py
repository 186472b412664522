"""`gateway search`: what a search finds, and how the database goes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gateway.app import assembly
from gateway.fhir.search.query import parse_search

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `search`."""
    command = commands.add_parser("search", help="search the store; prints Type/id, no content")
    command.add_argument("search", metavar='"TYPE?NAME=VALUE&..."', help="a FHIR search")
    command.add_argument(
        "--explain", action="store_true", help="the SQL with its values, the plan and the time"
    )
    command.set_defaults(run=search)


def search(settings: Settings, given: argparse.Namespace) -> int:
    """Print what is found, one a line, or how it is found; writes nothing."""
    resource_type, _, text = given.search.partition("?")
    base = assembly.found(settings)
    try:
        query = parse_search(
            resource_type.strip("/"),
            parse_qsl(text, keep_blank_values=True),
            local_bases=(settings.fhir_url,),
            terminology=assembly.build_terminology(base),
        )
        if given.explain:
            print(base.store.explain(query))
            return 0
        page = base.store.search(query, catch_up=False)
    finally:
        base.close()
    for one in page.matches:
        print(one.reference)
    for one in page.included:
        print(f"{one.reference} (included)")
    if page.total is not None:
        print(f"total {'about ' if page.estimated else ''}{page.total}")
    if page.next is not None:
        print(f"more: &_cursor={page.next}")
    if page.incomplete:
        print("An index that this search needs is still being filled: matches may be missing.")
    return 0
