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
        returns="MeasureReport",
        says="The figures of a measure over a period; nothing is stored.",
    ),
    *operation(
        "$package",
        f"{_OWN}/EpisodeOfCare-package",
        package.charge_package,
        _INSTANCE,
        only="EpisodeOfCare",
        methods=("POST",),
        inputs=package.PACKAGE_INPUTS,
        returns=package.PACKAGE_OUTPUTS,
        says="Charges the package of an episode and a year, once.",
        affects=True,
    ),
    *operation(
        "$grants",
        f"{_OWN}/Organization-grants",
        package.grants,
        _INSTANCE,
        only="Organization",
        inputs=package.GRANTS_INPUTS,
        returns=package.GRANTS_OUTPUTS,
        says="The grants due to a structure for a year; by GET nothing is written.",
        affects=True,
    ),
    *operation(
        "$statement",
        f"{_OWN}/ChargeItem-statement",
        package.statement,
        _TYPE,
        only="ChargeItem",
        inputs=package.STATEMENT_INPUTS,
        returns="Binary",
        says="The packages of a year as a table, CSV or HTML.",
    ),
)
