"""Addresses and networks, as the lists of an installation name them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(texts: Iterable[str]) -> list[Network]:
    """Return the networks that texts such as `10.1.2.0/24` name; raises `ValueError`."""
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def is_in(host: str, listed: list[Network]) -> bool:
    """Say whether an address is in one of the networks; no network is no rule."""
    if not listed:
        return True
    address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in listed)
