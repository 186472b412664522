RuleSet: Restricted
* meta.security = http://terminology.hl7.org/CodeSystem/v3-Confidentiality#R

Instance: equip-addict-consentement
InstanceOf: PatientConsent
Usage: #example
Title: "Équip'Addict : accord pour le parcours"
* insert Restricted
* status = #active
* category[0] = $loinc#59284-0
* category[+] = $consent#programme
* patient = Reference(patient-anonyme)
* dateTime = "2022-03-01"
* policyRule.text = "Participation au parcours, information remise"
* provision.type = #permit
* provision.code = $programme#equip-addict

Instance: equip-addict-opposition
InstanceOf: PatientOpposition
Usage: #example
Title: "Équip'Addict : rien ne part au médecin traitant"
* insert Restricted
* status = #active
* category[0] = $loinc#59284-0
* category[+] = $consent#forwarding
* patient = Reference(patient-anonyme)
* dateTime = "2022-03-01"
* policyRule.text = "Anonymat à la demande de la personne"
* provision.type = #deny
* provision.action = $consent-action#disclose

Instance: equip-addict-inclusion
InstanceOf: ProgrammeEpisode
Usage: #example
Title: "Équip'Addict : inclusion"
* insert Restricted
* identifier.system = "https://passerelle.example/fhir/NamingSystem/programme-episode"
* identifier.value = "equip-addict-2022-12"
* status = #active
* type = $programme#equip-addict
* patient = Reference(patient-anonyme)
* period.start = "2022-03-01"

Instance: equip-addict-reunion
InstanceOf: RcpMeeting
Usage: #example
Title: "Équip'Addict : une RCP d'une heure et demie"
* status = #booked
* start = "2022-04-05T12:30:00+02:00"
* end = "2022-04-05T14:00:00+02:00"
* minutesDuration = 90
* participant[0].actor = Reference(docteur-agnes)
* participant[=].status = #accepted
* participant[+].actor = Reference(madame-petit)
* participant[=].status = #accepted

Instance: equip-addict-discussion
InstanceOf: RcpDiscussion
Usage: #example
Title: "Équip'Addict : un patient discuté, sans lui"
* insert Restricted
* identifier.type = $v2-0203#VN
* identifier.system = "https://passerelle.example/fhir/NamingSystem/rcp-discussion"
* identifier.value = "2022-04-05-12"
* status = #finished
* subject = Reference(patient-anonyme)
* episodeOfCare = Reference(equip-addict-inclusion)
* participant[0].individual = Reference(docteur-agnes)
* participant[+].individual = Reference(madame-petit)
* appointment = Reference(equip-addict-reunion)
* period.start = "2022-04-05T12:40:00+02:00"
* period.end = "2022-04-05T12:55:00+02:00"
* reasonCode.text = "Reprise des consommations : quel relais ?"

Instance: equip-addict-decision
InstanceOf: RcpDecision
Usage: #example
Title: "Équip'Addict : décision"
* insert Restricted
* identifier.system = "urn:ietf:rfc:3986"
* identifier.value = "urn:uuid:5d1c8a64-2f8b-4a15-9a0c-7c1de7a8b912"
* status = #final
* subject = Reference(patient-anonyme)
* encounter = Reference(equip-addict-discussion)
* date = "2022-04-05T12:55:00+02:00"
* author = Reference(docteur-agnes)
* title = "Réunion de concertation pluriprofessionnelle"
* section[question].title = "Question posée"
* section[question].text.status = #generated
* section[question].text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">Quel relais ?</div>"
* section[decision].title = "Décision"
* section[decision].text.status = #generated
* section[decision].text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">Consultation hebdomadaire de la psychologue pendant deux mois.</div>"

Instance: equip-addict-plan
InstanceOf: PersonalCarePlan
Usage: #example
Title: "Équip'Addict : plan après la décision"
* insert Restricted
* instantiatesCanonical = "https://passerelle.example/fhir/PlanDefinition/equip-addict|1.0.0"
* status = #active
* title = "Équip'Addict"
* subject = Reference(patient-anonyme)
* period.start = "2022-03-01"
* supportingInfo[0] = Reference(equip-addict-inclusion)
* supportingInfo[+] = Reference(equip-addict-decision)
* activity.detail.code = $activity#consultation-psychologue
* activity.detail.status = #in-progress

Instance: equip-addict-forfait
InstanceOf: PackageCharge
Usage: #example
Title: "Équip'Addict : forfait 2022"
* insert Restricted
* identifier.system = "https://passerelle.example/fhir/NamingSystem/package"
* identifier.value = "12-equip-addict-2022"
* definitionCanonical = "https://passerelle.example/fhir/ChargeItemDefinition/equip-addict"
* status = #billable
* code = $package#equip-addict
* subject = Reference(patient-anonyme)
* context = Reference(equip-addict-inclusion)
* occurrencePeriod.start = "2022-01-01"
* occurrencePeriod.end = "2022-12-31"
* priceOverride.value = 806
* priceOverride.currency = #EUR
