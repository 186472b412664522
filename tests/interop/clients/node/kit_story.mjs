// fhir-kit-client against the FHIR base in argv[2], told as JSON.
import { Client } from "fhir-kit-client";

const SYSTEM = "urn:oid:1.2.250.1.999.60.4";
const identifier = (value) => [{ system: SYSTEM, value }];
const client = new Client({ baseUrl: process.argv[2] });
const told = {};

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    const { status, data } = error.response;
    return [status, data.issue[0].code];
  }
  return "accepted";
}

const statement = await client.capabilityStatement();
told.capabilities = [statement.fhirVersion, statement.rest[0].mode];

const create = { resourceType: "Patient", identifier: identifier("p"), name: [{ family: "KERVELLA" }] };
const patient = await client.create({ resourceType: "Patient", body: create });
const read = await client.read({ resourceType: "Patient", id: patient.id });
told.read = read.name[0].family;
const updated = await client.update({
  resourceType: "Patient",
  id: patient.id,
  body: { ...read, gender: "male" },
  options: { headers: { "If-Match": 'W/"1"' } },
});
told.update = updated.meta.versionId;
told.stale = await refusal(
  client.update({
    resourceType: "Patient",
    id: patient.id,
    body: read,
    options: { headers: { "If-Match": 'W/"1"' } },
  }),
);
const jsonPatch = [
  { op: "test", path: "/gender", value: "male" },
  { op: "replace", path: "/gender", value: "other" },
];
const patched = await client.patch({ resourceType: "Patient", id: patient.id, jsonPatch });
told.patch = [patched.meta.versionId, patched.gender];
const first = await client.vread({ resourceType: "Patient", id: patient.id, version: "1" });
told.vread = first.gender ?? null;

const upserts = [];
for (const family of ["UN", "DEUX"]) {
  const body = { resourceType: "Patient", identifier: identifier("u"), name: [{ family }] };
  const searchParams = { identifier: `${SYSTEM}|u` };
  const answer = await client.update({ resourceType: "Patient", searchParams, body });
  upserts.push([answer.name[0].family, answer.meta.versionId]);
}
told["conditional update"] = upserts;

const once = [];
for (let n = 0; n < 2; n += 1) {
  const body = { resourceType: "Organization", identifier: identifier("o"), name: "Centre" };
  const options = { headers: { "If-None-Exist": `identifier=${SYSTEM}|o` } };
  once.push((await client.create({ resourceType: "Organization", body, options })).id);
}
told["If-None-Exist"] = new Set(once).size;

const order = "urn:uuid:00000000-0000-4000-a000-000000000001";
const entry = [
  {
    resource: {
      resourceType: "Task",
      status: "requested",
      intent: "order",
      focus: { reference: order },
      for: { reference: `Patient?identifier=${SYSTEM}|p` },
    },
    request: { method: "POST", url: "Task" },
  },
  {
    fullUrl: order,
    resource: {
      resourceType: "ServiceRequest",
      identifier: identifier("order"),
      status: "active",
      intent: "order",
      subject: { reference: `Patient/${patient.id}` },
    },
    request: { method: "POST", url: "ServiceRequest" },
  },
];
for (let day = 1; day <= 9; day += 1) {
  entry.push({
    resource: {
      resourceType: "Observation",
      status: "final",
      code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
      subject: { reference: `Patient/${patient.id}` },
      effectiveDateTime: `2026-06-0${day}`,
      valueQuantity: { value: 70.5, unit: "kg", system: "http://unitsofmeasure.org", code: "kg" },
    },
    request: { method: "POST", url: "Observation" },
  });
}
const body = { resourceType: "Bundle", type: "transaction", entry };
const transaction = await client.transaction({ body });
told.transaction = transaction.entry.map((one) => one.response.status.slice(0, 3)).join(" ");
const batch = await client.batch({
  body: {
    resourceType: "Bundle",
    type: "batch",
    entry: [
      { request: { method: "GET", url: `Patient/${patient.id}` } },
      { request: { method: "GET", url: "Patient/nobody" } },
    ],
  },
});
told.batch = batch.entry.map((one) => one.response.status.slice(0, 3)).join(" ");

let page = await client.search({
  resourceType: "Observation",
  searchParams: { patient: patient.id, _count: 4, _sort: "-date" },
});
const days = [];
while (page) {
  days.push(page.entry.map((one) => one.resource.effectiveDateTime.slice(-1)).join(""));
  page = await client.nextPage({ bundle: page });
}
told.paging = days;
const chained = await client.search({
  resourceType: "Observation",
  searchParams: { "patient:Patient.name": "kervella", _count: 100 },
});
told.chain = chained.entry.length;
const having = await client.search({
  resourceType: "Patient",
  searchParams: { "_has:Observation:patient:code": "29463-7", identifier: `${SYSTEM}|p` },
});
told._has = having.entry.length;
const included = await client.search({
  resourceType: "Task",
  searchParams: { patient: patient.id, _include: "Task:focus", "_include:iterate": "ServiceRequest:subject" },
});
told._include = included.entry.map((one) => `${one.resource.resourceType} ${one.search.mode}`).sort();
const compartment = await client.search({
  resourceType: "Observation",
  compartment: { resourceType: "Patient", id: patient.id },
  searchParams: { _count: 3 },
});
told.compartment = compartment.entry.length;
const posted = await client.search({
  resourceType: "Patient",
  searchParams: { identifier: `${SYSTEM}|p` },
  options: { postSearch: true },
});
told._search = posted.entry.length;
const reached = await client.resolve({ reference: `Patient/${patient.id}` });
told.resolve = reached.id === patient.id;

const versions = await client.history({ resourceType: "Patient", id: patient.id });
told.history = versions.entry.map((one) => one.resource.meta.versionId);
const typed = await client.history({ resourceType: "Task" });
told["type history"] = typed.type;
const all = await client.history();
told["system history"] = all.type;
const everything = await client.operation({
  name: "$everything",
  resourceType: "Patient",
  id: patient.id,
  method: "get",
});
told.$everything = [...new Set(everything.entry.map((one) => one.resource.resourceType))].sort();
const outcome = await client.operation({
  name: "$validate",
  resourceType: "Patient",
  input: { resourceType: "Patient", gender: "F" },
});
told.$validate = outcome.issue[0].code;

const gone = await client.create({ resourceType: "Patient", body: { resourceType: "Patient" } });
await client.delete({ resourceType: "Patient", id: gone.id });
told.deleted = await refusal(client.read({ resourceType: "Patient", id: gone.id }));
told.referred = await refusal(client.delete({ resourceType: "Patient", id: patient.id }));
told.unknown = await refusal(client.search({ resourceType: "Patient", searchParams: { shoesize: "42" } }));

console.log(JSON.stringify(told));
