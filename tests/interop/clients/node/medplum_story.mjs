// MedplumClient against the FHIR base in argv[2], told as JSON.
import { MedplumClient } from "@medplum/core";

const SYSTEM = "urn:oid:1.2.250.1.999.60.5";
const identifier = (value) => [{ system: SYSTEM, value }];
const base = new URL(process.argv[2]);
const medplum = new MedplumClient({
  baseUrl: base.origin,
  fhirUrlPath: base.pathname.slice(1),
  fetch,
  // Each request is sent: the client keeps nothing from one to the next.
  cacheTime: 0,
});
const told = {};

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.outcome.issue[0].code;
  }
  return "accepted";
}

const patient = await medplum.createResource({
  resourceType: "Patient",
  identifier: identifier("p"),
  name: [{ family: "OLLIVIER", given: ["Zoé"] }],
});
told.create = patient.meta.versionId;
told.read = (await medplum.readResource("Patient", patient.id)).name[0].given;
told.update = (await medplum.updateResource({ ...patient, gender: "female" })).meta.versionId;
const same = await medplum.updateResource({ ...patient, gender: "female" });
told["nothing changed"] = same.meta.versionId;
const patched = await medplum.patchResource("Patient", patient.id, [
  { op: "add", path: "/birthDate", value: "1980-01-01" },
]);
told.patch = [patched.meta.versionId, patched.birthDate];
told.version = (await medplum.readVersion("Patient", patient.id, "2")).gender;

const once = [];
for (let n = 0; n < 2; n += 1) {
  const body = { resourceType: "Organization", identifier: identifier("o"), name: "Centre" };
  once.push((await medplum.createResourceIfNoneExist(body, `identifier=${SYSTEM}|o`)).id);
}
told.createResourceIfNoneExist = new Set(once).size;
const upserts = [];
for (const name of ["Un", "Deux"]) {
  const body = { resourceType: "Organization", identifier: identifier("u"), name };
  const answer = await medplum.upsertResource(body, { identifier: `${SYSTEM}|u` });
  upserts.push([answer.name, answer.meta.versionId]);
}
told.upsertResource = upserts;

const entry = [];
for (let day = 1; day <= 9; day += 1) {
  entry.push({
    resource: {
      resourceType: "Observation",
      identifier: identifier(`o${day}`),
      status: "final",
      code: { coding: [{ system: "http://loinc.org", code: "8310-5" }] },
      subject: { reference: `Patient/${patient.id}` },
      effectiveDateTime: `2026-07-0${day}`,
      valueQuantity: { value: 37.5, unit: "Cel", system: "http://unitsofmeasure.org", code: "Cel" },
    },
    request: { method: "POST", url: "Observation" },
  });
}
const transaction = await medplum.executeBatch({ resourceType: "Bundle", type: "transaction", entry });
told.transaction = transaction.entry.map((one) => one.response.status.slice(0, 3)).join(" ");

const pages = [];
const query = { patient: patient.id, _count: "4", _sort: "date" };
for await (const found of medplum.searchResourcePages("Observation", query)) {
  pages.push(found.map((one) => one.effectiveDateTime.slice(-1)).join(""));
}
told.paging = pages;
const one = await medplum.searchOne("Patient", { identifier: `${SYSTEM}|p` });
told.searchOne = one.id === patient.id;
told.chain = (await medplum.searchResources("Observation", "patient.family=ollivier&_count=100")).length;
told._has = (
  await medplum.searchResources("Patient", {
    "_has:Observation:patient:code": "8310-5",
    identifier: `${SYSTEM}|p`,
  })
).length;
const bundle = await medplum.search("Observation", `identifier=${SYSTEM}|o1&_include=Observation:patient`);
told._include = bundle.entry.map((found) => `${found.resource.resourceType} ${found.search.mode}`);
const counted = await medplum.search("Observation", {
  patient: patient.id,
  "value-quantity": "37.5|http://unitsofmeasure.org|Cel",
  _summary: "count",
});
told.count = counted.total;

const versions = await medplum.readHistory("Patient", patient.id);
told.history = versions.entry.map((found) => found.resource.meta.versionId);
const everything = await medplum.readPatientEverything(patient.id);
told.everything = [...new Set(everything.entry.map((found) => found.resource.resourceType))].sort();
const outcome = await medplum.validateResource({ resourceType: "Patient", gender: "female" });
told.validate = outcome.issue.map((issue) => issue.severity);
const binary = await medplum.createBinary({ data: "bonjour", contentType: "text/plain" });
told.binary = [binary.contentType, await (await medplum.download(`${base}/Binary/${binary.id}`)).text()];

const gone = await medplum.createResource({ resourceType: "Patient" });
await medplum.deleteResource("Patient", gone.id);
told.deleted = await refusal(medplum.readResource("Patient", gone.id, { cache: "reload" }));
told.invalid = await refusal(medplum.createResource({ resourceType: "Patient", gender: "F" }));

console.log(JSON.stringify(told));
