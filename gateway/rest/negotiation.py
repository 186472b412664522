"""Which representation the caller wants, and whether the body is one that is read here.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import NotAcceptable, UnsupportedMedia

if TYPE_CHECKING:
    from gateway.rest.call import Pairs

FHIR_JSON: Final = "application/fhir+json"
# The generic names are answered with the name that was asked for.
_JSON: Final = (FHIR_JSON, "application/json", "application/json+fhir", "text/json")
_FORMATS: Final = {"json": FHIR_JSON} | {name: name for name in _JSON}
_ANY: Final = ("*/*", "application/*")
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Representation:
    """The media type of FHIR answers, and whether they are indented."""

    media: bytes = b"application/fhir+json;charset=utf-8"
    pretty: bool = False


DEFAULT: Final = Representation()


def represent(accept: bytes | None, parameters: Pairs) -> Representation:
    """Return the representation for `Accept`, `_format` and `_pretty`; raises `NotAcceptable`.

    `_format` overrides `Accept`.
    """
    if not parameters:
        return _accepted(accept)
    given = dict(parameters)
    pretty = given.get("_pretty") == "true"
    wanted = given.get("_format")
    media = _accepted(accept).media if wanted is None else _content_type(_format(wanted))
    return Representation(media, pretty)


@lru_cache(maxsize=256)
def _accepted(accept: bytes | None) -> Representation:
    if not accept:
        return DEFAULT
    for name in ranked(accept.decode("latin-1")):
        if name in _ANY:
            return DEFAULT
        if name in _JSON:
            return Representation(_content_type(name))
    message = "Only JSON is answered here: ask for application/fhir+json."
    raise NotAcceptable(message)


def ranked(accept: str) -> list[str]:
    """Return the media ranges of an `Accept` header, the most wanted first, refused ones out.

    Among equals a FHIR type comes before a named type, and that before a wildcard (RFC 9110
    section 12.5.1).
    """
    weighed = [_weigh(part) for part in accept.split(",") if part.strip()]
    wanted = [(quality, name) for quality, name in weighed if quality > 0]
    wanted.sort(key=lambda item: (-item[0], "*" in item[1], "fhir" not in item[1]))
    return [name for _, name in wanted]


def _weigh(part: str) -> tuple[float, str]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:]), name
            except ValueError:
                return 0.0, name
    return 1.0, name


def _format(wanted: str) -> str:
    # A plus sign that nobody encoded arrives as a space.
    name = wanted.partition(";")[0].strip().lower().replace(" ", "+")
    if name in _ANY:
        return FHIR_JSON
    if name not in _FORMATS:
        message = f"_format={wanted[:60]} is not answered here: json is."
        raise NotAcceptable(message)
    return _FORMATS[name]


def _content_type(name: str) -> bytes:
    return f"{name};charset=utf-8".encode("ascii")


def media_type(content_type: bytes | None) -> str:
    """Return the media type of a `Content-Type`, without parameters, in lower case."""
    return (content_type or b"").split(b";")[0].strip().lower().decode("latin-1")


def is_fhir_json(content_type: bytes | None) -> bool:
    """Whether a body of this type is read as FHIR JSON; no type at all counts as JSON."""
    name = media_type(content_type)
    return not name or name in _JSON


def require_json(content_type: bytes | None) -> None:
    """Raise `UnsupportedMedia` unless the body is declared as JSON in UTF-8."""
    if not is_fhir_json(content_type):
        message = f"A body must be {FHIR_JSON}, not {media_type(content_type)[:60]}."
        raise UnsupportedMedia(message)
    charset = (content_type or b"").lower().partition(b"charset=")[2]
    if charset and charset.split(b";")[0].strip(b' "') not in (b"utf-8", b"utf8", b"us-ascii"):
        message = "A FHIR body is always UTF-8 (http://hl7.org/fhir/R4/http.html#mime-type)."
        raise UnsupportedMedia(message)
