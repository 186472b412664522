"""The rows of the operations on resources (https://hl7.org/fhir/R4/operationslist.html)."""

from __future__ import annotations

from typing import Final

from gateway.rest.dispatch import Place, operation
from gateway.rest.operations import document, everything, lastn, match, meta, validate
from gateway.rest.operations.money_table import MONEY
from gateway.rest.operations.programme_table import PROGRAMMES

# Where HL7 keeps the definitions of its operations.
_DEFINED: Final = "http://hl7.org/fhir/OperationDefinition"
_SYSTEM: Final = "/fhir"
_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"
_VERSION: Final = "/fhir/{type}/{id}/_history/{vid}"
_POST: Final = ("POST",)

OPERATIONS: Final = (
    *operation(
        "$validate",
        f"{_DEFINED}/Resource-validate",
        validate.validate,
        _TYPE,
        methods=_POST,
        inputs=validate.INPUTS,
        returns="OperationOutcome",
        says="Tells every fault of a resource, and why an interaction would be refused.",
    ),
    *operation(
        "$validate",
        f"{_DEFINED}/Resource-validate",
        validate.validate,
        _INSTANCE,
        inputs=validate.INPUTS,
        returns="OperationOutcome",
        says="Tells every fault of a resource, and why an interaction would be refused.",
    ),
    *operation(
        "$meta",
        f"{_DEFINED}/Resource-meta",
        meta.meta,
        _SYSTEM,
        _TYPE,
        _INSTANCE,
        _VERSION,
        returns="Meta",
        says="Tells the profiles, tags and labels of a version, or those in use.",
    ),
    *operation(
        "$meta-add",
        f"{_DEFINED}/Resource-meta-add",
        meta.meta_add,
        _INSTANCE,
        methods=_POST,
        inputs=meta.CHANGE_INPUTS,
        place=Place.WRITE,
        returns="Meta",
        says="Adds profiles, tags and labels.",
        affects=True,
    ),
    *operation(
        "$meta-delete",
        f"{_DEFINED}/Resource-meta-delete",
        meta.meta_delete,
        _INSTANCE,
        methods=_POST,
        inputs=meta.CHANGE_INPUTS,
        place=Place.WRITE,
        returns="Meta",
        says="Takes profiles, tags and labels away.",
        affects=True,
    ),
    *operation(
        "$everything",
        f"{_DEFINED}/Patient-everything",
        everything.patient_everything,
        _TYPE,
        _INSTANCE,
        only="Patient",
        inputs=everything.PATIENT_INPUTS,
        returns="Bundle",
        says="The record of a patient, or of all, in pages, with what it refers to.",
    ),
    *operation(
        "$everything",
        f"{_DEFINED}/Encounter-everything",
        everything.encounter_everything,
        _INSTANCE,
        only="Encounter",
        inputs=everything.ENCOUNTER_INPUTS,
        returns="Bundle",
        says="What belongs to an encounter, in pages, with what it refers to.",
    ),
    *operation(
        "$match",
        f"{_DEFINED}/Patient-match",
        match.match,
        _TYPE,
        only="Patient",
        methods=_POST,
        inputs=match.INPUTS,
        returns="Bundle",
        says="Patients that may be the one described, with scores and grades.",
    ),
    *operation(
        "$lastn",
        f"{_DEFINED}/Observation-lastn",
        lastn.lastn,
        _TYPE,
        only="Observation",
        inputs=lastn.INPUTS,
        returns="Bundle",
        says="The latest observations of each code; all search parameters go beside.",
    ),
    *operation(
        "$document",
        f"{_DEFINED}/Composition-document",
        document.document,
        _TYPE,
        _INSTANCE,
        only="Composition",
        inputs=document.INPUTS,
        returns="Bundle",
        says="The document of a Composition, which may be stored.",
        affects=True,
    ),
    *MONEY,
    *PROGRAMMES,
)
