"""The rows of the operations on what the care programmes pay, and on their indicators."""

from __future__ import annotations

from typing import Final

from gateway.rest.dispatch import operation
from gateway.rest.operations import evaluate_measure, package

_DEFINED: Final = "http://hl7.org/fhir/OperationDefinition"
_OWN: Final = "https://passerelle.example/fhir/OperationDefinition"
_TYPE: Final = "/fhir/{type}"
_INSTANCE: Final = "/fhir/{type}/{id}"

MONEY: Final = (
    *operation(
        "$evaluate-measure",
        f"{_DEFINED}/Measure-evaluate-measure",
        evaluate_measure.evaluate_measure,
        _TYPE,
        _INSTANCE,
        only="Measure",
        inputs=evaluate_measure.INPUTS,
    ),
    *operation(
        "$package",
        f"{_OWN}/EpisodeOfCare-package",
        package.charge_package,
        _INSTANCE,
        only="EpisodeOfCare",
        methods=("POST",),
        inputs=package.PACKAGE_INPUTS,
    ),
    *operation(
        "$grants",
        f"{_OWN}/Organization-grants",
        package.grants,
        _INSTANCE,
        only="Organization",
        inputs=package.GRANTS_INPUTS,
    ),
    *operation(
        "$statement",
        f"{_OWN}/ChargeItem-statement",
        package.statement,
        _TYPE,
        only="ChargeItem",
        inputs=package.STATEMENT_INPUTS,
    ),
)
