"""How long one validation takes, in the process, without any server; and typed models beside it."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.identities import qualified_identity
from bench.people import patient_json
from bench.reports import new_transaction, report_json
from bench.result import Aim, Row
from gateway.fhir.fhirpath import Services
from gateway.fhir.packages import read_package
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.membership import Membership
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.validation import validate
from gateway.fhir.validation.profiles import ProfileValidator
from gateway.fhir.validation.typed import typed_model
from gateway.fhir.wire import loads
from gateway.ingest.packages import install
from gateway.store.api import open_store
from gateway.store.canonicals import StoredTerminology
from gateway.store.migrate import migrate
from gateway.store.profiles import StoredProfiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan

_ROUNDS = 400
_SHARED = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_PACKAGES = _SHARED / "packages"


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for each resource; the floor is what fhir.resources takes to parse it."""
    resources = {
        "4 KB Patient": (patient_json(7, "B7"), Aim(below=250)),
        "4 KB DiagnosticReport": (report_json(7, "B7", "Patient/bench-7"), None),
        "transaction Bundle of 10, 15 KB": (new_transaction("7"), None),
    }
    for name, (body, aim) in resources.items():
        resource = loads(body)
        if issues := validate(resource):
            message = f"{name} is not valid: {issues[0].text}"
            raise RuntimeError(message)
        row = Row("validation", f"Validation alone, {name}", "µs", aim)
        row.remark = "floor: fhir.resources, parse only"
        for _ in range(plan.repetitions):
            row.values.append(_micros(lambda: validate(resource), _ROUNDS // plan.shorter))  # noqa: B023 - called in this round only
            row.floors.append(_micros(lambda: typed_model(resource), _ROUNDS // plan.shorter))  # noqa: B023 - as above
        plan.say(row)
        yield row
    yield from _profiled(plan)


def _profiled(plan: Plan) -> Iterator[Row]:
    """Yield the row of an identity held to its profile, where the published package is at hand."""
    package = _PACKAGES / "hl7.fhir.fr.core-2.2.0.tgz"
    if not package.is_file():
        return
    url = f"sqlite:///{plan.place / 'profiles.db'}"
    migrate(url)
    store = open_store(url)
    install(store, read_package(package.read_bytes()))
    library = StoredProfiles(store)
    member_of = Membership(
        Terminology(Chain(StoredTerminology(store), BaseTerminology())), library.generation
    )
    profiles = ProfileValidator(library, Services(member_of=member_of), member_of.renew)
    identity = qualified_identity()
    if faults := [one.text for one in profiles(identity) if one.severity == "error"]:
        message = f"The identity does not keep its profile: {faults[0]}"
        raise RuntimeError(message)
    row = Row("validation", "Validation alone, FR Core Patient-INS", "µs", Aim(below=600))
    row.remark = "CPU time, R4 included; floor: R4 alone"
    for _ in range(plan.repetitions):
        row.values.append(_micros(lambda: profiles(identity), _ROUNDS // plan.shorter, _cpu))
        row.floors.append(_micros(lambda: validate(identity), _ROUNDS // plan.shorter, _cpu))
    plan.say(row)
    yield row
    store.close()


def _micros(
    work: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median of how long `work` takes, in microseconds."""
    taken = []
    for _ in range(rounds):
        began = clock()
        work()
        taken.append((clock() - began) * 1e6)
    return statistics.median(taken)


def _cpu() -> float:
    return time.process_time_ns() / 1e9
