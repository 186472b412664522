from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Invalid, Malformed, Unsupported
from gateway.fhir.patch import patched
from gateway.fhir.patch.fhirpath_patch import fhirpath_patch

Json = dict[str, Any]


def operation(kind: str, path: str, **parts: Any) -> Json:  # noqa: ANN401 - the parts of an operation
    listed: list[Json] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
    ]
    if "name" in parts:
        listed.append({"name": "name", "valueString": parts.pop("name")})
    if "value" in parts:
        listed.append({"name": "value", **parts.pop("value")})
    listed += [{"name": name, "valueInteger": number} for name, number in parts.items()]
    return {"name": "operation", "part": listed}


def apply(resource: Json, *operations: Json) -> Json:
    parameters = {"resourceType": "Parameters", "parameter": list(operations)}
    return patched(fhirpath_patch(parameters), {"resourceType": "Patient", "id": "a", **resource})


def changed(resource: Json, *operations: Json) -> Json:
    after = apply(resource, *operations)
    return {name: part for name, part in after.items() if name not in ("resourceType", "id")}


class TestAdd:
    def test_a_primitive(self) -> None:
        add = operation("add", "Patient", name="birthDate", value={"valueDate": "1930-01-01"})
        assert changed({}, add) == {"birthDate": "1930-01-01"}

    def test_to_the_end_of_a_list(self) -> None:
        add = operation("add", "Patient", name="name", value={"valueHumanName": {"text": "Y"}})
        assert changed({"name": [{"text": "X"}]}, add) == {"name": [{"text": "X"}, {"text": "Y"}]}

    def test_below_another_element(self) -> None:
        add = operation("add", "Patient.name.first()", name="given", value={"valueString": "B"})
        assert changed({"name": [{"given": ["A"]}]}, add) == {"name": [{"given": ["A", "B"]}]}

    def test_a_backbone_element_in_parts(self) -> None:
        parts = [
            {"name": "name", "valueHumanName": {"text": "X"}},
            {"name": "relationship", "valueCodeableConcept": {"text": "sister"}},
            {"name": "relationship", "valueCodeableConcept": {"text": "friend"}},
            {"name": "telecom", "part": [{"name": "system", "valueCode": "phone"}]},
        ]
        add = operation("add", "Patient", name="contact", value={"part": parts})
        assert changed({}, add) == {
            "contact": [
                {
                    "name": {"text": "X"},
                    "relationship": [{"text": "sister"}, {"text": "friend"}],
                    "telecom": [{"system": "phone"}],
                }
            ]
        }

    @pytest.mark.parametrize("name", ["deceased", "deceased[x]", "deceasedBoolean"])
    def test_a_choice_by_the_type_of_the_value(self, name: str) -> None:
        add = operation("add", "Patient", name=name, value={"valueBoolean": True})
        assert changed({}, add) == {"deceasedBoolean": True}

    def test_an_extension_of_a_primitive(self) -> None:
        extension = {"valueExtension": {"url": "urn:x", "valueString": "y"}}
        add = operation("add", "Patient.birthDate", name="extension", value=extension)
        after = changed({"birthDate": "1930"}, add, add)
        told = {"url": "urn:x", "valueString": "y"}
        assert after == {"birthDate": "1930", "_birthDate": {"extension": [told, told]}}

    def test_an_extension_of_one_of_several_primitives(self) -> None:
        extension = {"valueExtension": {"url": "urn:x", "valueString": "y"}}
        add = operation("add", "Patient.name.given[1]", name="extension", value=extension)
        told = {"extension": [{"url": "urn:x", "valueString": "y"}]}
        assert changed({"name": [{"given": ["A", "B"]}]}, add) == {
            "name": [{"given": ["A", "B"], "_given": [None, told]}]
        }

    def test_a_contained_resource(self) -> None:
        inner = {"resourceType": "Organization", "id": "o"}
        add = operation("add", "Patient", name="contained", value={"resource": inner})
        assert changed({}, add) == {"contained": [inner]}

    @pytest.mark.parametrize("held", [{"deceasedBoolean": True}, {"deceasedDateTime": "2020"}])
    def test_what_is_there_already_is_not_replaced(self, held: Json) -> None:
        add = operation("add", "Patient", name="deceased", value={"valueBoolean": False})
        with pytest.raises(Invalid, match="there already"):
            apply(held, add)


class TestInsert:
    @pytest.mark.parametrize("index", [0, 1, 2])
    def test_at_an_index(self, index: int) -> None:
        insert = operation(
            "insert", "Patient.identifier", index=index, value={"valueIdentifier": {"value": "n"}}
        )
        held = [{"value": "1"}, {"value": "2"}]
        expected = [*held[:index], {"value": "n"}, *held[index:]]
        assert changed({"identifier": held}, insert) == {"identifier": expected}

    def test_what_stands_beside_primitives_moves_along(self) -> None:
        insert = operation("insert", "Patient.name.given", index=0, value={"valueString": "N"})
        held = {"name": [{"given": ["A", "B"], "_given": [None, {"id": "x"}]}]}
        assert changed(held, insert) == {
            "name": [{"given": ["N", "A", "B"], "_given": [None, None, {"id": "x"}]}]
        }

    def test_not_outside_of_the_list(self) -> None:
        insert = operation(
            "insert", "Patient.identifier", index=1, value={"valueIdentifier": {"value": "n"}}
        )
        with pytest.raises(Invalid, match="index 1 is outside of the list"):
            apply({}, insert)

    def test_not_into_what_is_no_list(self) -> None:
        insert = operation("insert", "Patient.gender", index=0, value={"valueCode": "male"})
        with pytest.raises(Invalid, match="is not a list"):
            apply({}, insert)


class TestDelete:
    @pytest.mark.parametrize(
        ("path", "left"),
        [
            ("Patient.identifier[0]", ["2", "3"]),
            ("Patient.identifier.last()", ["1", "2"]),
            ("Patient.identifier.where(system = 't')", ["1", "3"]),
            ("Patient.identifier.where(system='s' and value != '1')", ["1", "2"]),
            ("identifier.where(period.start = @2020-01-01)", ["1", "2"]),
            ("Patient.identifier.where(value = '9')", ["1", "2", "3"]),
        ],
    )
    def test_one_of_several(self, path: str, left: list[str]) -> None:
        held = [
            {"system": "s", "value": "1"},
            {"system": "t", "value": "2"},
            {"system": "s", "value": "3", "period": {"start": "2020-01-01"}},
        ]
        after = changed({"identifier": held}, operation("delete", path))
        assert [one["value"] for one in after["identifier"]] == left

    def test_a_primitive_goes_with_what_stands_beside_it(self) -> None:
        held = {"birthDate": "1930", "_birthDate": {"id": "x"}, "active": True}
        assert changed(held, operation("delete", "Patient.birthDate")) == {"active": True}

    def test_the_last_of_a_list_goes_with_the_list(self) -> None:
        held = {"name": [{"text": "X"}]}
        assert changed(held, operation("delete", "Patient.name[0]")) == {}

    def test_a_choice_by_its_type(self) -> None:
        held = {"deceasedDateTime": "2020"}
        assert changed(held, operation("delete", "Patient.deceased.ofType(boolean)")) == held
        assert changed(held, operation("delete", "Patient.deceased.ofType(dateTime)")) == {}

    def test_an_extension_by_its_url(self) -> None:
        held = {"extension": [{"url": "u", "valueCode": "1"}, {"url": "v", "valueCode": "2"}]}
        left = changed(held, operation("delete", "Patient.extension('u')"))
        assert left == {"extension": [{"url": "v", "valueCode": "2"}]}

    def test_not_several_at_once(self) -> None:
        held = {"name": [{"text": "X"}, {"text": "Y"}]}
        with pytest.raises(Invalid, match="not one element"):
            apply(held, operation("delete", "Patient.name"))

    def test_not_the_resource(self) -> None:
        with pytest.raises(Invalid):
            apply({}, operation("delete", "Patient"))


class TestReplace:
    def test_a_primitive(self) -> None:
        replace = operation("replace", "Patient.birthDate", value={"valueDate": "1940"})
        assert changed({"birthDate": "1930"}, replace) == {"birthDate": "1940"}

    def test_one_of_several(self) -> None:
        path = "Patient.name.where(use = 'official').given[1]"
        replace = operation("replace", path, value={"valueString": "N"})
        held = {"name": [{"use": "usual"}, {"use": "official", "given": ["A", "B"]}]}
        expected = {"name": [{"use": "usual"}, {"use": "official", "given": ["A", "N"]}]}
        assert changed(held, replace) == expected

    def test_a_choice_by_another_type(self) -> None:
        replace = operation("replace", "Patient.deceased", value={"valueDateTime": "2020"})
        assert changed({"deceasedBoolean": True}, replace) == {"deceasedDateTime": "2020"}

    def test_what_is_not_there_is_refused(self) -> None:
        replace = operation("replace", "Patient.birthDate", value={"valueDate": "1940"})
        with pytest.raises(Invalid, match="is no element, not one"):
            apply({}, replace)


class TestMove:
    @pytest.mark.parametrize(
        ("source", "destination", "expected"),
        [(0, 2, "2314"), (3, 0, "4123"), (1, 2, "1324"), (2, 2, "1234")],
    )
    def test_within_a_list(self, source: int, destination: int, expected: str) -> None:
        held = {"identifier": [{"value": value} for value in "1234"]}
        move = operation("move", "Patient.identifier", source=source, destination=destination)
        after = changed(held, move)
        assert "".join(one["value"] for one in after["identifier"]) == expected

    def test_not_from_nowhere(self) -> None:
        move = operation("move", "Patient.identifier", source=1, destination=0)
        with pytest.raises(Invalid, match="source 1 is outside of the list"):
            apply({"identifier": [{"value": "1"}]}, move)


def test_operations_follow_one_another_and_a_refusal_names_its_own() -> None:
    good = operation("add", "Patient", name="name", value={"valueHumanName": {"text": "X"}})
    bad = operation("replace", "Patient.name[3].text", value={"valueString": "Y"})
    with pytest.raises(Invalid) as refused:
        apply({}, good, bad)
    assert refused.value.text.startswith("Operation 1 of the patch (replace): ")


@pytest.mark.parametrize("name", ["foo", "value", "name.given", "resourceType"])
def test_an_element_that_the_type_does_not_have_is_named(name: str) -> None:
    with pytest.raises(Invalid, match=r"Patient has no element"):
        apply({}, operation("add", "Patient", name=name, value={"valueString": "x"}))


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("Patient.name.where(given.exists() and use.empty())", ["Y", "Z"]),
        ("Patient.name.where(use = 'old' or text.startsWith('X'))", ["Y", "Z"]),
        ("Patient.name.where(given contains 'B' and period.start >= @2020-01)", ["X", "Y"]),
        ("Patient.name.where(%resource.active and $index = 1)", ["X", "Z"]),
        ("Patient.name.skip(1).first()", ["X", "Z"]),
        ("Patient.name.tail().where(period.empty())", ["X", "Z"]),
        ("Patient.name[%resource.name.count() - 1]", ["X", "Y"]),
        ("Patient.name[-1]", ["X", "Y", "Z"]),
        ("Patient.name.where(extension('urn:e').value = 7)", ["X", "Y"]),
    ],
)
def test_a_path_picks_elements_by_any_fhirpath(path: str, left: list[str]) -> None:
    held = {
        "active": True,
        "name": [
            {"text": "X", "given": ["A"]},
            {"text": "Y", "use": "official"},
            {
                "text": "Z",
                "use": "official",
                "given": ["B"],
                "period": {"start": "2020-05"},
                "extension": [{"url": "urn:e", "valueInteger": 7}],
            },
        ],
    }
    after = changed(held, operation("delete", path))
    assert [one["text"] for one in after["name"]] == left


def test_a_choice_may_be_named_as_a_type() -> None:
    held = {"deceasedDateTime": "2020"}
    assert changed(held, operation("delete", "Patient.deceased as boolean")) == held
    assert changed(held, operation("delete", "Patient.deceased as dateTime")) == {}


def test_equal_values_are_still_different_places() -> None:
    held = {"name": [{"given": ["A", "A", "B"]}]}
    after = changed(held, operation("delete", "Patient.name.given.where($this = 'A').last()"))
    assert after == {"name": [{"given": ["A", "B"]}]}


@pytest.mark.parametrize(
    "path",
    [
        "Patient.name.given | Patient.name.family",
        "%resource",
        "Patient.name.count() > 1",
        "'Patient'",
        "-1",
    ],
)
def test_a_path_that_names_no_place_is_refused(path: str) -> None:
    with pytest.raises(Unsupported, match="names no place"):
        apply({}, operation("delete", path))


@pytest.mark.parametrize(
    "path",
    ["Patient.name.given.first().substring(1)", "Patient.name.select(given)", "Patient.children()"],
)
def test_a_path_that_computes_a_value_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match="computes a value"):
        apply({"name": [{"given": ["Anne"]}]}, operation("delete", path))


@pytest.mark.parametrize(
    "path",
    ["Patient..name", "[0]", "Patient.name.where(", "a" * 3000, "Patient.name.shout()", "("],
)
def test_a_path_that_is_no_fhirpath_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        apply({}, operation("delete", path))


@pytest.mark.parametrize("path", [".a" * 999, "a" + ".where(a)" * 222, "a" + "[0]" * 660])
def test_a_long_path_ends_well(path: str) -> None:
    with pytest.raises(GatewayError):
        apply({}, operation("delete", f"Patient{path}" if path[0] == "." else path))


def test_a_criterion_of_many_steps_ends_well() -> None:
    with pytest.raises(GatewayError):
        apply({"name": [{"text": "X"}]}, operation("delete", f"name.where(a{'.a' * 900})"))


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": []},
        {"resourceType": "Parameters", "parameter": [3]},
        {"resourceType": "Parameters", "parameter": [{"name": "op", "part": []}]},
        {"resourceType": "Parameters", "parameter": [operation("turn", "Patient")]},
        {"resourceType": "Parameters", "parameter": [operation("add", "Patient")]},
        {"resourceType": "Parameters", "parameter": [operation("delete", " ")]},
        {"resourceType": "Parameters", "parameter": [operation("delete", "Patient.name")] * 1001},
    ],
)
def test_what_is_no_patch_is_refused(parameters: Any) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(Malformed):
        fhirpath_patch(parameters)


@given(
    st.sampled_from(["add", "insert", "delete", "replace", "move"]),
    st.text("Patientme.gv[]()01'", max_size=20)
    | st.sampled_from(["Patient.name", "Patient.name.given", "Patient.name.where(use='x')"]),
    st.sampled_from(["name", "given", "birthDate", "extension", "id"]),
    st.dictionaries(
        st.sampled_from(["valueString", "valueHumanName", "part", "resource", "valueBoolean"]),
        st.none() | st.text(max_size=2) | st.just({}) | st.just([{}]),
        max_size=2,
    ),
    st.integers(0, 3),
)
def test_any_patch_is_applied_or_refused(
    kind: str, path: str, name: str, value: Json, number: int
) -> None:
    one = operation(kind, path, name=name, value=value, index=number, source=number, destination=0)
    try:
        after = apply({"name": [{"given": ["A"], "use": "x"}], "birthDate": "1930"}, one)
    except GatewayError:
        return
    assert after["id"] == "a"


def test_a_patch_that_is_tried_again_does_the_same_again() -> None:
    patch = fhirpath_patch(
        {
            "resourceType": "Parameters",
            "parameter": [
                operation("add", "Patient", name="name", value={"valueHumanName": {"text": "X"}}),
                operation("add", "Patient.name", name="given", value={"valueString": "A"}),
            ],
        }
    )
    first, second = (patch({"resourceType": "Patient", "id": "a"}) for _ in range(2))
    assert first["name"] == second["name"] == [{"text": "X", "given": ["A"]}]


def test_a_regular_expression_that_never_ends_is_refused() -> None:
    path = "Patient.name.where(family.matches('(a+)+$'))"
    with pytest.raises(Unsupported, match="does not take matches"):
        apply({"name": [{"family": "a" * 60 + "!"}]}, operation("delete", path))
