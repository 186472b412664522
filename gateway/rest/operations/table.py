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
    ),
    *operation(
        "$validate",
        f"{_DEFINED}/Resource-validate",
        validate.validate,
        _INSTANCE,
        inputs=validate.INPUTS,
    ),
    *operation(
        "$meta", f"{_DEFINED}/Resource-meta", meta.meta, _SYSTEM, _TYPE, _INSTANCE, _VERSION
    ),
    *operation(
        "$meta-add",
        f"{_DEFINED}/Resource-meta-add",
        meta.meta_add,
        _INSTANCE,
        methods=_POST,
        inputs=meta.CHANGE_INPUTS,
        place=Place.WRITE,
    ),
    *operation(
        "$meta-delete",
        f"{_DEFINED}/Resource-meta-delete",
        meta.meta_delete,
        _INSTANCE,
        methods=_POST,
        inputs=meta.CHANGE_INPUTS,
        place=Place.WRITE,
    ),
    *operation(
        "$everything",
        f"{_DEFINED}/Patient-everything",
        everything.patient_everything,
        _TYPE,
        _INSTANCE,
        only="Patient",
        inputs=everything.PATIENT_INPUTS,
    ),
    *operation(
        "$everything",
        f"{_DEFINED}/Encounter-everything",
        everything.encounter_everything,
        _INSTANCE,
        only="Encounter",
        inputs=everything.ENCOUNTER_INPUTS,
    ),
    *operation(
        "$match",
        f"{_DEFINED}/Patient-match",
        match.match,
        _TYPE,
        only="Patient",
        methods=_POST,
        inputs=match.INPUTS,
    ),
    *operation(
        "$lastn",
        f"{_DEFINED}/Observation-lastn",
        lastn.lastn,
        _TYPE,
        only="Observation",
        inputs=lastn.INPUTS,
    ),
    *operation(
        "$document",
        f"{_DEFINED}/Composition-document",
        document.document,
        _TYPE,
        _INSTANCE,
        only="Composition",
        inputs=document.INPUTS,
    ),
    *MONEY,
    *PROGRAMMES,
)
