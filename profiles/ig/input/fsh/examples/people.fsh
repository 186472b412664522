// Everybody here is made up.
Alias: $rpps = https://rpps.esante.gouv.fr

Instance: patiente-martin
InstanceOf: Patient
Usage: #example
Title: "Jeanne Démo-Martin"
* identifier.type = $v2-0203#PI
* identifier.system = "urn:oid:1.2.250.1.999.1"
* identifier.value = "4711"
* name.use = #official
* name.family = "DEMO-MARTIN"
* name.given = "JEANNE"
* gender = #female
* birthDate = "1956-08-12"

Instance: patient-anonyme
InstanceOf: Patient
Usage: #example
Title: "Un usager qui reste anonyme"
* identifier.type = $v2-0203#PI
* identifier.system = "urn:oid:1.2.250.1.999.93"
* identifier.value = "ANONYME-12"
* gender = #unknown

Instance: docteur-agnes
InstanceOf: Practitioner
Usage: #example
Title: "Dr Paul Démo-Agnès, médecin traitant"
* identifier.system = $rpps
* identifier.value = "10000023084"
* name.family = "DEMO-AGNES"
* name.given = "Paul"

Instance: docteur-renard
InstanceOf: Practitioner
Usage: #example
Title: "Dr Léa Démo-Renard, radiologue"
* identifier.system = $rpps
* identifier.value = "10002909371"
* name.family = "DEMO-RENARD"
* name.given = "Léa"

Instance: madame-petit
InstanceOf: Practitioner
Usage: #example
Title: "Claire Démo-Petit, psychologue"
* identifier.system = "urn:oid:1.2.250.1.999.93"
* identifier.value = "PSY-3"
* name.family = "DEMO-PETIT"
* name.given = "Claire"

Instance: centre-vaugirard
InstanceOf: Organization
Usage: #example
Title: "Centre de démonstration"
* identifier.system = "https://finess.esante.gouv.fr"
* identifier.value = "750712184"
* name = "Centre de démonstration"
