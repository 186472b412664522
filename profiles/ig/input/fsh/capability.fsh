RuleSet: Serves(type, profile)
* rest.resource[+].type = #{type}
* rest.resource[=].supportedProfile = "https://passerelle.example/fhir/StructureDefinition/{profile}"
* rest.resource[=].interaction[0].code = #read
* rest.resource[=].interaction[1].code = #vread
* rest.resource[=].interaction[2].code = #search-type
* rest.resource[=].interaction[3].code = #create
* rest.resource[=].interaction[4].code = #update
* rest.resource[=].conditionalCreate = true
* rest.resource[=].conditionalUpdate = true
* rest.resource[=].versioning = #versioned-update

RuleSet: Finds(type, name, kind)
* rest.resource[=].searchParam[+].name = "{name}"
* rest.resource[=].searchParam[=].type = #{kind}
* rest.resource[=].searchParam[=].definition = "https://passerelle.example/fhir/SearchParameter/{type}-{name}"

Instance: passerelle-programmes
InstanceOf: CapabilityStatement
Usage: #definition
* url = "https://passerelle.example/fhir/CapabilityStatement/passerelle-programmes"
* version = "1.0.0"
* name = "PasserelleProgrammes"
* title = "Serveur de parcours (Programme server)"
* status = #active
* experimental = false
* date = "2026-11-29"
* description = "Ce qu'un logiciel peut attendre de la passerelle pour les parcours, en FHIR seul. What an EHR may expect of the gateway for the programmes, by FHIR alone."
* kind = #requirements
* fhirVersion = #4.0.1
* format[0] = #json
* format[1] = #xml
* rest.mode = #server
* insert Serves(ServiceRequest, passerelle-referral)
* rest.resource[=].supportedProfile[+] = "https://passerelle.example/fhir/StructureDefinition/passerelle-imaging-order"
* insert Serves(Task, passerelle-referral-task)
* insert Finds(Task, due, date)
* insert Serves(EpisodeOfCare, passerelle-programme-episode)
* insert Serves(CareTeam, passerelle-care-team)
* insert Serves(CarePlan, passerelle-care-plan)
* insert Serves(Encounter, passerelle-rcp-discussion)
* insert Serves(Composition, passerelle-rcp-decision)
* insert Serves(ImagingStudy, passerelle-imaging-study)
* insert Serves(DiagnosticReport, passerelle-imaging-report)
* insert Serves(Observation, passerelle-bone-density)
* rest.resource[=].supportedProfile[+] = "https://passerelle.example/fhir/StructureDefinition/passerelle-dose"
* insert Serves(DocumentReference, passerelle-summary-document)
* insert Serves(Communication, passerelle-forwarded-summary)
* insert Finds(Communication, about, reference)
* insert Serves(Consent, passerelle-consent)
* rest.resource[=].supportedProfile[+] = "https://passerelle.example/fhir/StructureDefinition/passerelle-opposition"
* insert Serves(ChargeItem, passerelle-package-charge)
* insert Finds(ChargeItem, definition, reference)
* insert Serves(Invoice, passerelle-package-invoice)
* insert Serves(Schedule, passerelle-schedule)
* insert Serves(Slot, passerelle-slot)
* insert Serves(Appointment, passerelle-appointment)
* rest.resource[=].supportedProfile[+] = "https://passerelle.example/fhir/StructureDefinition/passerelle-rcp-meeting"
* insert Finds(Appointment, created, date)
