"""The page of results: one block a family, each with the machine and the moment it was measured.

A run writes the blocks of the families that it measured and leaves the others as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.result import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.result import Line


class _Family(NamedTuple):
    title: str
    text: str


# In the order of the page: title, and what the floor and the other columns are.
FAMILIES: Final = {
    "http": _Family(
        "Reads and writes over HTTP",
        "The floor is bare Starlette with orjson under the same uvicorn settings: one select by "
        "primary key, or one durable commit of the bodies. The gateway negotiates, validates, "
        "resolves references, indexes and versions.",
    ),
    "validation": _Family(
        "Validation alone",
        "In the process, of a resource that has been read from JSON. The floor is fhir.resources, "
        "which parses only.",
    ),
    "search": _Family(
        "Search over stores of growing size",
        "One connection. The stores are filled with exams of ten resources (`bench/reports.py`), "
        "row by row as the gateway would write them (`bench/bulk.py`); each search finds as much "
        "in a large store as in a small one, and is asked with 500 different values. Times under "
        "0.5 ms count as 0.5 ms in the ratio.",
    ),
    "imports": _Family("Import", "Transactions over four connections, validated and durable."),
    "programmes": _Family(
        "Care programmes over regions of growing size",
        "A region of N patients has N / 25 inclusions and 4 N encounters over two years "
        "(`gateway synth`); sizes are patients. A measure is evaluated whole, all its indicators "
        "with every stratifier, over one year.",
    ),
    "rivals": _Family(
        "Beside other servers",
        "The same 10 000 resources and the same requests over eight connections. A figure per core "
        "is answers divided by the CPU seconds of the server and of its database; the client is "
        "not counted; of the gateway the HTTP door alone runs. HAPI FHIR JPA is built from its "
        "published artefacts with its own defaults (`bench/hapi`; 4 GB of heap, on the "
        "PostgreSQL server of the gateway) and does not validate bodies unless the row "
        "says so; the gateway always does. SEKMET stands on SQLite.",
    ),
    "mllp": _Family(
        "MLLP",
        "The floor is bare asyncio with one insert of the raw message; the gateway maps the report "
        "to FHIR, stores and indexes each resource, and queues its deliveries.",
    ),
    "bridge": _Family(
        "MLLP beside another bridge",
        "`hl7v2-fhir-bridge` maps and validates, and posts transactions to the HTTP door of a "
        "gateway, over SQLite; CPU seconds are those of the bridge and of that gateway, or of the "
        "whole gateway for its own rows.",
    ),
    "worklist": _Family(
        "Worklist queries",
        "pynetdicom as the modality, an association a query; the same entries in both servers. "
        "wlmscpfs reads a file an entry at each query; a day and a modality have some hundred "
        "matches, which the modality reads too.",
    ),
    "dimse": _Family(
        "C-STORE",
        "The sender is DCMTK `storescu`, with `TCP_NODELAY` and, as most modalities run it, "
        "without. The floor is DCMTK `storescp`, which neither flushes to the disk nor indexes; "
        "Orthanc is Debian's, on SQLite, flushing its files.",
    ),
    "dicomweb": _Family(
        "DICOMweb",
        "One connection, one study of CT slices of 0.5 MB in five series, sent to both just before "
        "with DCMTK `storescu`: a new study each time. The files lie in the memory of the "
        "operating system. Orthanc is Debian's with its DICOMweb plugin as it comes.",
    ),
    "delivery": _Family(
        "Delivery",
        "From the AA received by the sender of a report to the letter taken by the SMTP server.",
    ),
    "start": _Family(
        "Start", "From exec until `/health/ready` answers 200 and every port is open."
    ),
    "memory": _Family("Memory", "Of each door's process."),
    "endurance": _Family(
        "Memory over a hundred thousand messages",
        "Reports of 2 KB over eight connections, on SQLite; the size after each tenth.",
    ),
}
_HEAD: Final = """\
# What the gateway does, beside what the least possible program and other servers do

Written by `make bench`; `make bench BENCH=search,rivals` measures some families anew and leaves
the others as they are. Whatever is compared runs on the same machine in the same minutes, with the
client beside it; each number is the median of its repetitions of one second, and the ratio is what
counts. Every write is durable before it is answered (SQLite: WAL, `synchronous=FULL`).
"""
_BLOCK: Final = re.compile(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", re.DOTALL)


def block(
    family: str, header: Mapping[str, str], rows: Sequence[Line], notes: Sequence[str]
) -> str:
    """Return one family's block."""
    title, text = FAMILIES[family]
    rest = "; ".join(f"{name.lower()}: {value}" for name, value in header.items() if name != "Date")
    measured = f"Measured {header['Date']}; {rest}."
    parts = [f"## {title}", text, measured, table(rows), *notes]
    return "\n\n".join(part for part in parts if part)


def write(path: Path, blocks: Mapping[str, str]) -> None:
    """Put blocks into the page in the order of `FAMILIES`, keeping those that are not given."""
    held = dict(_BLOCK.findall(path.read_text("utf-8"))) if path.exists() else {}
    held |= blocks
    told = [f"<!-- {name} -->\n{held[name]}\n<!-- end -->" for name in FAMILIES if name in held]
    path.write_text("\n\n".join([_HEAD.rstrip(), *told]) + "\n", "utf-8")
