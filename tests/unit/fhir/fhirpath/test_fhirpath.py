"""FHIRPath N1, function by function: an expression, and what it gives."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.fhir.fhirpath import Services, compile_expression

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Cabinet"}],
    "extension": [{"url": "http://example.org/colour", "valueCode": "blue"}],
    "identifier": [
        {"use": "official", "system": "urn:oid:1.2.3", "value": "1"},
        {"use": "usual", "system": "urn:oid:1.2.4", "value": "2"},
    ],
    "active": True,
    "name": [
        {"use": "official", "family": "Martin", "given": ["Anne", "Lise"]},
        {"use": "usual", "given": ["Annie"]},
    ],
    "gender": "female",
    "birthDate": "1980-05-12",
    "_birthDate": {
        "extension": [
            {"url": "http://example.org/time", "valueDateTime": "1980-05-12T08:00:00+02:00"}
        ]
    },
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "#o1"},
    "generalPractitioner": [{"reference": "Practitioner/g1"}],
    "_language": {"extension": [{"url": "http://example.org/none", "valueString": "unknown"}]},
}
WEIGHT: dict[str, Any] = {
    "value": Decimal("72.50"),
    "unit": "kg",
    "system": "http://unitsofmeasure.org",
    "code": "kg",
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Poids"},
    "effectiveDateTime": "2026-01-06T10:30:00+01:00",
    "valueQuantity": WEIGHT,
    "component": [
        {"code": {"text": "a"}, "valueString": "x"},
        {"code": {"text": "b"}, "valueInteger": 3},
    ],
}

ON_PATIENT = [
    # Paths: http://hl7.org/fhirpath/N1/#path-selection
    ("name.given", ["Anne", "Lise", "Annie"]),
    ("Patient.name.given", ["Anne", "Lise", "Annie"]),
    ("Resource.id", ["p1"]),
    ("FHIR.Patient.id", ["p1"]),
    ("Observation.id", []),
    ("name[0].given[1]", ["Lise"]),
    ("name[7]", []),
    ("`name`.`family`", ["Martin"]),
    ("nothing", []),
    ("deceased", [False]),
    ("multipleBirth", [2]),
    ("extension.value", ["blue"]),
    ("extension('http://example.org/colour').value", ["blue"]),
    ("birthDate.extension('http://example.org/time').value", ["1980-05-12T08:00:00+02:00"]),
    ("language.exists()", [True]),
    ("language.hasValue()", [False]),
    ("language.extension.value", ["unknown"]),
    ("active.getValue()", [True]),
    ("%resource.id", ["p1"]),
    ("%context.id", ["p1"]),
    ("%rootResource.id", ["p1"]),
    ("managingOrganization.resolve().name", ["Cabinet"]),
    ("managingOrganization.resolve() is Organization", [True]),
    ("contained.where($this is Organization).name", ["Cabinet"]),
    # Existence: http://hl7.org/fhirpath/N1/#existence
    ("name.exists()", [True]),
    ("name.exists(use = 'old')", [False]),
    ("name.empty()", [False]),
    ("photo.empty()", [True]),
    ("name.all(given.exists())", [True]),
    ("name.all(family.exists())", [False]),
    ("photo.all(false)", [True]),
    ("name.family.exists().not()", [False]),
    ("{}.not()", []),
    ("name.select(family.exists()).allTrue()", [False]),
    ("name.select(family.exists()).anyTrue()", [True]),
    ("name.select(family.exists()).anyFalse()", [True]),
    ("name.select(family.exists()).allFalse()", [False]),
    ("name.use.subsetOf('official' | 'usual' | 'old')", [True]),
    ("name.use.supersetOf('official' | 'old')", [False]),
    ("name.count()", [2]),
    ("('a' | 'a' | 'b').count()", [2]),
    ("('a').combine('a').isDistinct()", [False]),
    ("('a').combine('a').distinct()", ["a"]),
    # Filtering, subsetting, combining
    ("name.where(use = 'usual').given", ["Annie"]),
    ("name.select(given.first())", ["Anne", "Annie"]),
    ("name.select($index)", [0, 1]),
    ("name.where($index = 1).use", ["usual"]),
    ("name.given.where($this.startsWith('An'))", ["Anne", "Annie"]),
    ("identifier.where(system = %resource.identifier.last().system).value", ["2"]),
    ("name.ofType(HumanName).use", ["official", "usual"]),
    ("children().ofType(HumanName).family", ["Martin"]),
    ("name.given.first()", ["Anne"]),
    ("name.given.last()", ["Annie"]),
    ("name.given.tail()", ["Lise", "Annie"]),
    ("name.given.skip(2)", ["Annie"]),
    ("name.given.take(1)", ["Anne"]),
    ("name.given.take(0)", []),
    ("name.family.single()", ["Martin"]),
    ("(1 | 2 | 3).intersect(2 | 3 | 4)", [2, 3]),
    ("(1 | 2 | 3).exclude(2)", [1, 3]),
    ("(1 | 2).union(2 | 3)", [1, 2, 3]),
    ("(1 | 2).combine(2)", [1, 2, 2]),
    ("(1 | 2 | 3 | 4).aggregate($this + $total, 0)", [10]),
    ("(3 | 1 | 2).aggregate(iif($total.empty() or $this < $total, $this, $total))", [1]),
    ("iif(active, 'yes', 'no')", ["yes"]),
    ("iif(deceased, 'yes')", []),
    ("repeat(contained).name", ["Cabinet"]),
    ("descendants().where($this is Extension).count()", [3]),
    # Types
    ("deceased is boolean", [True]),
    ("birthDate is date", [True]),
    ("birthDate is dateTime", [False]),
    ("gender is code", [True]),
    ("gender is string", [True]),
    ("gender.is(FHIR.code)", [True]),
    ("$this is DomainResource", [True]),
    ("name.first() is Element", [True]),
    ("(deceased as boolean).not()", [True]),
    ("deceased.as(dateTime)", []),
    ("1 is Integer", [True]),
    ("1.0 is System.Decimal", [True]),
    ("'a' is FHIR.string", [False]),
    ("@2020 is Date", [True]),
    ("@T10:00 is Time", [True]),
    ("type().name", ["Patient"]),
    ("true.type().namespace", ["System"]),
    # Equality: http://hl7.org/fhirpath/N1/#equality
    ("1 = 1.0", [True]),
    ("1 = true", [False]),
    ("{} = 1", []),
    ("(1 | 2) = (2 | 1)", [False]),
    ("(1 | 2) ~ (2 | 1)", [True]),
    ("'Abc\\t d' ~ 'aBC  d'", [True]),
    ("1.01 ~ 1.0", [True]),
    ("1.01 !~ 1.1", [True]),
    ("{} ~ {}", [True]),
    ("name.first() = name.last()", [False]),
    ("name.first() ~ %resource.name.first()", [True]),
    ("gender != 'male'", [True]),
    ("birthDate = @1980-05-12", [True]),
    ("birthDate = '1980-05-12'", [True]),
    ("birthDate = @1980-05", []),
    ("birthDate != @1980-05", []),
    ("birthDate ~ @1980-05", [False]),
    # Comparing
    ("birthDate < @2000-01-01", [True]),
    ("birthDate < @1980", []),
    ("birthDate >= @1981", [False]),
    ("'a' < 'b'", [True]),
    ("2 > 1.5", [True]),
    ("{} > 1", []),
    ("@2012-04-15T15:00:00Z = @2012-04-15T17:00:00+02:00", [True]),
    ("@2012-04-15T15:00:00Z > @2012-04-15T10:00:00", []),
    ("@2012-04-15T10:30 <= @2012-04-15T10:30:31", []),
    ("@T10:30 < @T11:00", [True]),
    ("@2012-01-01T10:30:31.0 = @2012-01-01T10:30:31", [True]),
    # Logic, with nothing for what nobody knows
    ("true and {}", []),
    ("false and {}", [False]),
    ("{} and false", [False]),
    ("true or {}", [True]),
    ("false or {}", []),
    ("true xor true", [False]),
    ("true xor {}", []),
    ("false implies {}", [True]),
    ("{} implies true", [True]),
    ("{} implies false", []),
    ("true implies {}", []),
    ("active and 'text'", [True]),
    # Membership
    ("2 in (1 | 2)", [True]),
    ("{} in (1 | 2)", []),
    ("(1 | 2) contains 3", [False]),
    # Arithmetic and precedence
    ("1 + 2 * 3", [7]),
    ("(1 + 2) * 3", [9]),
    ("7 div 2", [3]),
    ("-7 div 2", [-3]),
    ("7 mod 2", [1]),
    ("7 / 2", [Decimal("3.5")]),
    ("6 / 2", [Decimal(3)]),
    ("1 / 0", []),
    ("1 div 0", []),
    ("'a' + 'b'", ["ab"]),
    ("'a' & {}", ["a"]),
    ("'a' + {}", []),
    ("-1.abs()", [-1]),
    ("(-1).abs()", [1]),
    ("1 | 2 + 3", [1, 5]),
    ("1 > 2 = false", [True]),
    ("true or false and false", [True]),
    ("false implies false implies false", [False]),
    # Math
    ("1.1.ceiling()", [2]),
    ("(-1.1).floor()", [-2]),
    ("1.9.truncate()", [1]),
    ("3.14159.round(3)", [Decimal("3.142")]),
    ("2.5.round()", [Decimal(3)]),
    ("81.sqrt()", [Decimal(9)]),
    ("(-1).sqrt()", []),
    ("2.power(3)", [8]),
    ("0.exp()", [Decimal(1)]),
    ("1.ln()", [Decimal(0)]),
    ("16.log(2)", [Decimal(4)]),
    ("(1 | 2 | 3).sum()", [6]),
    ("(1 | 3).avg()", [Decimal(2)]),
    ("(2 | 3 | 1).min()", [1]),
    ("(2 | 3 | 1).max()", [3]),
    # Strings
    ("'abcdef'.indexOf('cd')", [2]),
    ("'abcdef'.indexOf('x')", [-1]),
    ("'abcabc'.lastIndexOf('b')", [4]),
    ("'abcdef'.substring(2)", ["cdef"]),
    ("'abcdef'.substring(2, 2)", ["cd"]),
    ("'abc'.substring(5)", []),
    ("'abc'.endsWith('c')", [True]),
    ("'abc'.contains('b')", [True]),
    ("'aBc'.upper() & 'aBc'.lower()", ["ABCabc"]),
    ("'abc'.replace('b', 'x')", ["axc"]),
    ("'11/30/1972'.replaceMatches('(?<m>\\\\d+)/(\\\\d+)', '$2-$1')", ["30-11/1972"]),
    ("'a1b'.matches('[0-9]')", [True]),
    ("'a1b'.matches('^[0-9]$')", [False]),
    ("'a1b'.matchesFull('[0-9]')", [False]),
    ("'abc'.length()", [3]),
    ("'ab'.toChars()", ["a", "b"]),
    ("' a '.trim()", ["a"]),
    ("'a,b'.split(',')", ["a", "b"]),
    ("name.given.join('-')", ["Anne-Lise-Annie"]),
    ("'a'.encode('base64').decode('base64')", ["a"]),
    ("'a<b'.escape('html').unescape('html')", ["a<b"]),
    (r"'it\'s \u00e9t\u00e9'", ["it's été"]),
    # Conversion
    ("'12'.toInteger()", [12]),
    ("'1.5'.toInteger()", []),
    ("'1.50'.toDecimal()", [Decimal("1.50")]),
    ("1.toString() & true.toString()", ["1true"]),
    ("'yes'.toBoolean()", [True]),
    ("2.toBoolean()", []),
    ("'2020-01-02'.toDate()", ["2020-01-02"]),
    ("'2020-13'.toDate()", []),
    ("'10:30'.toTime()", ["10:30"]),
    ("'2020-01-02T10:00:00Z'.toDateTime() = @2020-01-02T10:00:00Z", [True]),
    ("'a'.convertsToInteger()", [False]),
    ("'4 days'.convertsToQuantity()", [True]),
    ("'4 days'.toQuantity() = 4 days", [True]),
    ("(1 'kg').toQuantity('g') = 1000 'g'", [True]),
    # Dates and quantities
    ("birthDate + 1 year", ["1981-05-12"]),
    ("birthDate - 12 days", ["1980-04-30"]),
    ("@2020-02-29 + 1 year", ["2021-02-28"]),
    ("@2020-01-31 + 1 month", ["2020-02-29"]),
    ("@2014 + 24 months", ["2016"]),
    ("@2014-01 + 31 days", ["2014-02"]),
    ("@2020-01-01T23:30:00Z + 45 minutes", ["2020-01-02T00:15:00Z"]),
    ("@2020-01-01T00:00:00.000Z - 1 's'", ["2019-12-31T23:59:59.000Z"]),
    ("@T23:30 + 1 hour", ["T00:30".removeprefix("T")]),
    ("7 days = 1 week", [True]),
    ("1 year = 12 months", [True]),
    ("1 year = 1 'a'", []),
    ("1 year ~ 1 'a'", [True]),
    ("1 'm' > 99 'cm'", [True]),
    ("1 'kg' = 1 'm'", [False]),
    ("1 'kg' = 1 '[unknown]'", []),
    ("2 'm' * 3 'm' = 6 'm2'", [True]),
    ("6 'mg' / 2 'mL' = 3 'g/L'", [True]),
    ("1 'kg' + 500 'g' = 1.5 'kg'", [True]),
    ("120 'mm[Hg]' = 15998.64 'Pa'", [True]),
    ("-(1 'kg') < 0 'kg'", [True]),
    # The environment
    ("%sct | %loinc", ["http://snomed.info/sct", "http://loinc.org"]),
    ("%ucum", ["http://unitsofmeasure.org"]),
    ("%`vs-administrative-gender`", ["http://hl7.org/fhir/ValueSet/administrative-gender"]),
    ("%'ext-patient-birthTime'", ["http://hl7.org/fhir/StructureDefinition/patient-birthTime"]),
    ("name.given.trace('given').count()", [3]),
    ("active // a comment\n and /* another */ true", [True]),
    ("generalPractitioner.resolve()", []),
    ("gender.memberOf('http://example.org/unknown')", []),
]


@pytest.mark.parametrize(("expression", "expected"), ON_PATIENT)
def test_an_expression_over_a_patient_gives(expression: str, expected: list[Any]) -> None:
    found = compile_expression(expression).evaluate(PATIENT)
    assert found == expected
    assert [type(one) is bool for one in found] == [type(one) is bool for one in expected]


ON_OBSERVATION = [
    ("value", [WEIGHT]),
    ("value.value", [Decimal("72.50")]),
    ("Observation.value.ofType(Quantity).unit", ["kg"]),
    ("value = 72500 'g'", [True]),
    ("value > 70 'kg'", [True]),
    ("component.value", ["x", 3]),
    ("component.where(value is integer).code.text", ["b"]),
    ("component.value.ofType(string)", ["x"]),
    ("effective < @2026-01-07", [True]),
    ("effective.toDate()", ["2026-01-06"]),
    ("code.coding.exists(system = %loinc and code = '29463-7')", [True]),
    ("component.first() is BackboneElement", [True]),
    ("value is Element", [True]),
]


@pytest.mark.parametrize(("expression", "expected"), ON_OBSERVATION)
def test_an_expression_over_an_observation_gives(expression: str, expected: list[Any]) -> None:
    assert compile_expression(expression).evaluate(OBSERVATION) == expected


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("name.", "character 6"),
        ("name.where(use = )", "character 18"),
        ("name given", "character 6"),
        ("'open", "character 1"),
        ("name.nonsense()", "character 6"),
        ("1 +", "character 4"),
        ("@2020-13-01", "character 1"),
        ("name.first(1)", "character 6"),
        ("", "character 1"),
        ("(" * 100 + "1" + ")" * 100, "nested too deeply"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(expression: str, where: str) -> None:
    with pytest.raises(Invalid, match=where):
        compile_expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "name.given.single()",
        "name.given.toInteger() = 1",
        "'a' > 1",
        "1 + 'a'",
        "%unknown",
        "now()",
        "'a'.matches('(')",
        "'a'.substring('b')",
        "@2020 + 1 'mo'",
        "-'a'",
    ],
)
def test_what_cannot_be_evaluated_is_refused(expression: str) -> None:
    compiled = compile_expression(expression)
    with pytest.raises(Invalid, match="FHIRPath"):
        compiled.evaluate(PATIENT)


def test_variables_and_services_are_given_at_the_evaluation() -> None:
    heard: list[tuple[str, list[Any]]] = []
    practitioner = {"resourceType": "Practitioner", "id": "g1", "gender": "male"}
    services = Services(
        resolve={"Practitioner/g1": practitioner}.get,
        member_of=lambda code, value_set: (code, value_set) == ("female", "http://example.org/vs"),
        conforms_to=lambda _element, kind, profile: kind == "HumanName" and profile == "urn:n",
        now=lambda: datetime(2026, 1, 6, 10, 30, tzinfo=UTC),
        trace=lambda name, items: heard.append((name, items)),
    )
    cases = [
        ("generalPractitioner.resolve().gender", ["male"]),
        ("gender.memberOf('http://example.org/vs')", [True]),
        ("name.first().conformsTo('urn:n')", [True]),
        ("today()", ["2026-01-06"]),
        ("now() - 1 day", ["2026-01-05T10:30:00Z"]),
        ("timeOfDay() > @T10:00", [True]),
        ("today() - 18 years >= birthDate", [True]),
        ("%episode.type.text.trace('kind')", ["CeSOA"]),
        ("%limit > 2", [True]),
    ]
    variables = {
        "episode": {"resourceType": "EpisodeOfCare", "type": [{"text": "CeSOA"}]},
        "limit": 3,
    }
    for expression, expected in cases:
        assert compile_expression(expression).evaluate(PATIENT, variables, services) == expected
    assert heard == [("kind", ["CeSOA"])]


def test_a_condition_holds_only_when_it_is_true() -> None:
    assert compile_expression("name.exists()").holds(PATIENT)
    assert not compile_expression("{}").holds(PATIENT)
    assert not compile_expression("photo.exists()").holds(PATIENT)


def test_an_element_whose_type_nobody_knows_is_read_all_the_same() -> None:
    element = {"valueString": "x", "period": {"start": "2026-01-06"}}
    assert compile_expression("value | period.start").evaluate(element) == ["x", "2026-01-06"]


def test_a_reference_within_a_bundle_is_resolved() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "a"}},
            {"resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}},
        ],
    }
    found = compile_expression("entry.resource.ofType(Observation).subject.resolve().id")
    assert found.evaluate(bundle) == ["a"]


@given(st.text(alphabet="name.given()[]'@%$1234 <>=~|+-*/&\\`isandorx{},T:Z", max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        compile_expression(text)
    except Invalid as refusal:
        assert "FHIRPath" in refusal.text  # noqa: PT017 - both outcomes are good ones


@pytest.mark.parametrize(
    "expression",
    [
        "'x'" + ".select($this & $this)" * 90,
        "'xxxxxxxxxx'" + ".replace('x','xxxxxxxxxx')" * 20,
        "'xxxx'" + ".replaceMatches('(x+)','$1$1')" * 40,
        "(1|2)" + ".select($this.combine($this))" * 40,
        f"({'|'.join(map(str, range(30)))}).aggregate($total.combine($total), 1|2)",
        "9" * 5000,
    ],
)
def test_what_grows_without_end_is_refused(expression: str) -> None:
    with pytest.raises(Invalid):
        compile_expression(expression).evaluate({"resourceType": "Patient"})


@pytest.mark.parametrize(
    "expression",
    ["10.power(1000).power(1000)", "9" + ".select($this * $this)" * 60, "1.5.round(2000)"],
)
def test_what_overflows_is_empty(expression: str) -> None:
    assert compile_expression(expression).evaluate({"resourceType": "Patient"}) == []
