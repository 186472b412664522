// fhirclient (SMART on FHIR, JavaScript) against the FHIR base in argv[2], told as JSON.
import smart from "fhirclient";

const SYSTEM = "urn:oid:1.2.250.1.999.60.6";
const identifier = (value) => [{ system: SYSTEM, value }];
const client = new smart.FhirClient(process.argv[2]);
const told = {};

told.release = await client.getFhirRelease();
const doctor = await client.create({
  resourceType: "Practitioner",
  identifier: identifier("d"),
  name: [{ family: "AGNES" }],
});
const patient = await client.create({
  resourceType: "Patient",
  identifier: identifier("p"),
  name: [{ family: "BOYER" }],
  generalPractitioner: [{ reference: `Practitioner/${doctor.id}` }],
});
told.update = (await client.update({ ...patient, gender: "male" })).meta.versionId;
const patched = await client.patch(`Patient/${patient.id}`, [
  { op: "replace", path: "/gender", value: "unknown" },
]);
told.patch = [patched.meta.versionId, patched.gender];

for (let day = 1; day <= 7; day += 1) {
  await client.create({
    resourceType: "Observation",
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code: "8302-2" }] },
    subject: { reference: `Patient/${patient.id}` },
    effectiveDateTime: `2026-08-0${day}`,
  });
}
const days = [];
const search = `Observation?subject=Patient/${patient.id}&_count=3&_sort=date`;
for await (const found of client.resources(search)) {
  days.push(found.effectiveDateTime.slice(-1));
}
told.paging = days.join("");
const pages = [];
for await (const page of client.pages(search)) {
  pages.push(page.entry.length);
}
told.pages = pages;
const references = await client.getReferences(patient, ["generalPractitioner.0"]);
told.references = Object.values(references).map((found) => found.name[0].family);
const chained = await client.fhirRequest("Observation?subject:Patient.family=boyer&_count=100");
told.chain = chained.entry.length;
const versions = await client.fhirRequest(`Patient/${patient.id}/_history`);
told.history = versions.entry.map((entry) => entry.resource.meta.versionId);

const gone = await client.create({ resourceType: "Patient" });
await client.delete(`Patient/${gone.id}`);
try {
  await client.fhirRequest(`Patient/${gone.id}`);
} catch (error) {
  told.deleted = error.status;
}

console.log(JSON.stringify(told));
