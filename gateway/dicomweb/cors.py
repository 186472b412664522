"""Pages of other hosts: which may ask, by a list (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicomweb.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPOSED: Final = "content-location, content-range, etag, warning, accept-ranges"
_ASKED: Final = (
    "accept, authorization, cache-control, content-type, if-none-match, kos-sopinstanceuid, range"
)
_SECONDS: Final = "600"
ANYBODY: Final = "*"


def allowed(origins: tuple[str, ...], origin: str) -> Mapping[str, str]:
    """Return the headers that let a page of `origin` read an answer; none when it may not."""
    if not origin or not (origin in origins or ANYBODY in origins):
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": _EXPOSED,
    }


def preflight(origins: tuple[str, ...], origin: str) -> Answer:
    """Answer a browser that asks before it asks."""
    if not allowed(origins, origin):
        return Answer(204)
    headers = {
        "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
        "access-control-allow-headers": _ASKED,
        "access-control-max-age": _SECONDS,
    }
    return Answer(204, headers=headers)
