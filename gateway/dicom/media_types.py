"""Media ranges of `Accept`, as DICOMweb callers write them (PS3.18 section 8.3.3 and 8.7).

Quoted and unquoted `type`, `transfer-syntax` and `q` in any order, wildcards, several ranges: what
callers of all ages send is read alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MULTIPART: Final = "multipart/related"
DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
DICOM_XML: Final = "application/dicom+xml"
JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"
ANY: Final = "*/*"
# Whatever the object is stored in.
STORED: Final = "*"

_PART: Final = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_PARAMETER: Final = re.compile(
    r';\s*([\w!#$&^.+-]+)\s*=\s*("(?:\\.|[^"\\])*"|[^;"]*)', re.ASCII
)  # fmt: skip
# More ranges than this are not a preference.
_MOST_RANGES: Final = 64


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One range: `content` is the type of the parts when it is multipart, else the type itself.

    `transfer_syntax` is empty when none is named, `*` for whatever is stored.
    """

    content: str
    multipart: bool = False
    transfer_syntax: str = ""
    quality: float = 1.0

    def admits(self, media: str) -> bool:
        """Whether `media` is in this range."""
        kind, _, _ = media.partition("/")
        return self.content in (ANY, media, f"{kind}/*")


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be answered: a media type, in parts or alone."""

    media: str
    multipart: bool = False


def read_media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type in lower case, and its parameters with their quotes taken away."""
    name, _, _ = text.partition(";")
    found = _PARAMETER.findall(text[len(name) :])
    return name.strip().lower(), {key.lower(): _unquoted(value) for key, value in found}


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1] if value[-1:] == '"' else value[1:])
    return value


def read_accept(text: str) -> list[MediaRange]:
    """Return the ranges of an `Accept` header, most wanted first, refused ones left out."""
    parts = [part for part in _PART.findall(text) if part.strip()][:_MOST_RANGES]
    wanted = [one for one in map(_range, parts) if one.quality > 0]
    # Sorting is stable: among equals the order is the caller's, wildcards last.
    return sorted(wanted, key=lambda one: (-one.quality, one.content == ANY))


def _range(text: str) -> MediaRange:
    name, given = read_media_type(text)
    multipart = name in (MULTIPART, "multipart/*")
    content = given.get("type", ANY).lower() if multipart else name
    return MediaRange(
        content, multipart, given.get("transfer-syntax", ""), _quality(given.get("q", "1"))
    )


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def agreed(
    ranges: Iterable[MediaRange], offers: tuple[Offer, ...]
) -> Iterator[tuple[Offer, MediaRange]]:
    """Yield what can be answered, most wanted first, with the range that admits it.

    `*/*` admits everything, in parts or alone, in the order of `offers`.
    """
    for one in ranges:
        for offer in offers:
            shaped = one.multipart == offer.multipart or (one.content == ANY and not one.multipart)
            if shaped and one.admits(offer.media):
                yield offer, one


def written(media: str, parameters: Mapping[str, str]) -> str:
    """Return a media type with its parameters, quoted where they must be (RFC 9110 5.6.6)."""
    said = "".join(f"; {name}={_quoted(value)}" for name, value in parameters.items())
    return media + said


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", value) else f'"{value}"'
