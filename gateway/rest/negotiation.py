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
FHIR_XML: Final = "application/fhir+xml"
# The generic names are answered with the name that was asked for.
JSON_NAMES: Final = (FHIR_JSON, "application/json", "application/json+fhir", "text/json")
XML_NAMES: Final = (FHIR_XML, "application/xml", "application/xml+fhir", "text/xml")
_FORMATS: Final = {"json": FHIR_JSON, "xml": FHIR_XML} | {
    name: name for name in (*JSON_NAMES, *XML_NAMES)
}
_ANY: Final = ("*/*", "application/*")
FORM: Final = "application/x-www-form-urlencoded"
# https://hl7.org/fhir/R4/http.html#version-parameter
_VERSIONS: Final = ("4.0", "4.0.1")
_UTF8: Final = ("utf-8", "utf8", "us-ascii")


@dataclass(frozen=True, slots=True)
class Representation:
    """The media type of FHIR answers, whether that is XML, and whether they are indented."""

    media: bytes = b"application/fhir+json;charset=utf-8"
    pretty: bool = False
    xml: bool = False


DEFAULT: Final = Representation()


def represent(accept: bytes | None, parameters: Pairs) -> Representation:
    """Return the representation for `Accept`, `_format` and `_pretty`; raises `NotAcceptable`.

    `_format` overrides `Accept`.
    """
    if not parameters:
        return _accepted(accept)
    given = dict(parameters)
    wanted = given.get("_format")
    found = _accepted(accept) if wanted is None else _named(_format(wanted))
    return Representation(found.media, given.get("_pretty") == "true", found.xml)


@lru_cache(maxsize=256)
def _accepted(accept: bytes | None) -> Representation:
    if not accept:
        return DEFAULT
    for name in ranked(accept.decode("latin-1")):
        if name in _ANY:
            return DEFAULT
        if name in _FORMATS:
            return _named(name)
    message = f"Ask for {FHIR_JSON} or {FHIR_XML}, fhirVersion=4.0."
    raise NotAcceptable(message)


def _named(name: str) -> Representation:
    return Representation(f"{name};charset=utf-8".encode("ascii"), xml=name in XML_NAMES)


def ranked(accept: str) -> list[str]:
    """Return the media ranges of an `Accept` header, the most wanted first, refused ones out.

    Among equals a FHIR type comes before a named type, and that before a wildcard (RFC 9110
    section 12.5.1). One of another version of FHIR is out as well.
    """
    weighed = [_weigh(part) for part in accept.split(",") if part.strip()]
    wanted = [(quality, name) for quality, name in weighed if quality > 0]
    wanted.sort(key=lambda item: (-item[0], "*" in item[1], "fhir" not in item[1]))
    return [name for _, name in wanted]


def _weigh(part: str) -> tuple[float, str]:
    name, given = _media_range(part)
    if not _is_served(given):
        return 0.0, name
    try:
        return float(given.get("q", 1)), name
    except ValueError:
        return 0.0, name


def _media_range(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type and its parameters, in lower case."""
    name, *rest = text.lower().split(";")
    parameters = (piece.partition("=") for piece in rest)
    return name.strip(), {key.strip(): value.strip(' "') for key, _, value in parameters}


def _is_served(parameters: dict[str, str]) -> bool:
    return parameters.get("fhirversion", "4.0") in _VERSIONS


def _format(wanted: str) -> str:
    # A plus sign that nobody encoded arrives as a space.
    name, given = _media_range(wanted)
    name = name.replace(" ", "+")
    if name in _ANY:
        return FHIR_JSON
    if name not in _FORMATS or not _is_served(given):
        message = f"_format={wanted[:60]} is not answered here: json and xml are."
        raise NotAcceptable(message)
    return _FORMATS[name]


def media_type(content_type: bytes | None) -> str:
    """Return the media type of a `Content-Type`, without parameters, in lower case."""
    return (content_type or b"").split(b";")[0].strip().lower().decode("latin-1")


def is_fhir(content_type: bytes | None) -> bool:
    """Whether a body of this type is read as FHIR; no type at all counts as that."""
    name = media_type(content_type)
    return not name or name in _FORMATS


def is_xml(content_type: bytes | None) -> bool:
    """Whether a body of this type is read as FHIR XML."""
    return media_type(content_type) in XML_NAMES


@lru_cache(maxsize=256)
def require_fhir(content_type: bytes | None) -> None:
    """Raise `UnsupportedMedia` unless the body is declared as FHIR R4 in JSON or XML and UTF-8."""
    if not is_fhir(content_type):
        name = media_type(content_type)[:60]
        message = f"A body must be {FHIR_JSON} or {FHIR_XML}, not {name}."
        raise UnsupportedMedia(message)
    _, given = _media_range((content_type or b"").decode("latin-1"))
    if not _is_served(given):
        message = "Only R4 is read here: fhirVersion=4.0."
        raise UnsupportedMedia(message)
    if given.get("charset", "utf-8") not in _UTF8:
        message = "A FHIR body is always UTF-8 (http://hl7.org/fhir/R4/http.html#mime-type)."
        raise UnsupportedMedia(message)
