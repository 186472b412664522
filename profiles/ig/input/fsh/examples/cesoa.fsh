Instance: cesoa-adressage
InstanceOf: Referral
Usage: #example
Title: "CeSOA : adressage"
* identifier.type = $v2-0203#PLAC
* identifier.system = "urn:oid:1.2.250.1.999.2"
* identifier.value = "ADR-2023-17"
* instantiatesCanonical = "https://passerelle.example/fhir/PlanDefinition/cesoa"
* status = #active
* code.text = "Second recours ostéo-articulaire"
* subject = Reference(patiente-martin)
* authoredOn = "2023-01-09"
* requester = Reference(docteur-agnes)
* performer = Reference(centre-vaugirard)
* reasonCode.text = "Lombalgie chronique depuis 2019, échec de la rééducation"

Instance: cesoa-suivi-adressage
InstanceOf: ReferralTask
Usage: #example
Title: "CeSOA : l'adressage est accepté"
* basedOn = Reference(cesoa-adressage)
* status = #accepted
* businessStatus = $referral-status#accepted
* code = $task-code#fulfill
* focus = Reference(cesoa-adressage)
* for = Reference(patiente-martin)
* authoredOn = "2023-01-09T10:00:00+01:00"
* lastModified = "2023-01-10T09:00:00+01:00"
* requester = Reference(docteur-agnes)
* owner = Reference(centre-vaugirard)
* restriction.period.end = "2023-01-24"

Instance: cesoa-inclusion
InstanceOf: ProgrammeEpisode
Usage: #example
Title: "CeSOA : inclusion"
* identifier.system = "https://passerelle.example/fhir/NamingSystem/programme-episode"
* identifier.value = "cesoa-2023-4711"
* status = #active
* type = $programme#cesoa
* patient = Reference(patiente-martin)
* managingOrganization = Reference(centre-vaugirard)
* period.start = "2023-01-12"
* referralRequest = Reference(cesoa-adressage)

Instance: cesoa-equipe
InstanceOf: ProgrammeCareTeam
Usage: #example
Title: "CeSOA : équipe"
* status = #active
* name = "CeSOA"
* subject = Reference(patiente-martin)
* participant[0].role = $role#medecin-traitant
* participant[=].member = Reference(docteur-agnes)
* participant[+].role = $role#radiologue
* participant[=].member = Reference(docteur-renard)

Instance: cesoa-plan
InstanceOf: PersonalCarePlan
Usage: #example
Title: "CeSOA : plan de la demi-journée"
* instantiatesCanonical = "https://passerelle.example/fhir/PlanDefinition/cesoa|1.0.0"
* status = #active
* title = "CeSOA"
* subject = Reference(patiente-martin)
* period.start = "2023-01-12"
* careTeam = Reference(cesoa-equipe)
* supportingInfo = Reference(cesoa-inclusion)
* activity[0].detail.code = $activity#consultation-rhumatologue
* activity[=].detail.status = #scheduled
* activity[+].reference = Reference(cesoa-densitometrie)

Instance: cesoa-densitometrie
InstanceOf: ImagingOrder
Usage: #example
Title: "CeSOA : demande d'ostéodensitométrie"
* identifier[placer].system = "urn:oid:1.2.250.1.999.2"
* identifier[placer].value = "D1002"
* identifier[accession].value = "A2002"
* basedOn = Reference(cesoa-plan)
* status = #active
* intent = #order
* category[imaging] = $sct#363679005
* code = $loinc#38268-9 "Absorptiométrie biénergie"
* subject = Reference(patiente-martin)
* requester = Reference(docteur-agnes)

Instance: cesoa-examen
InstanceOf: PasserelleImagingStudy
Usage: #example
Title: "CeSOA : examen d'ostéodensitométrie"
* identifier[studyInstanceUid].value = "urn:oid:1.2.826.0.1.3680043.8.498.999.7"
* status = #available
* modality = $dcm#BMD
* subject = Reference(patiente-martin)
* started = "2023-01-19T09:40:00+01:00"
* basedOn = Reference(cesoa-densitometrie)
* numberOfSeries = 1
* numberOfInstances = 1
* series.uid = "1.2.826.0.1.3680043.8.498.999.7.1"
* series.modality = $dcm#BMD

Instance: cesoa-t-score
InstanceOf: BoneDensity
Usage: #example
Title: "CeSOA : T-score du rachis lombaire"
* identifier.system = "urn:passerelle:observation"
* identifier.value = "4b1f1a8e-6e5a-5a52-9b0d-0a7a1c8e1f10"
* partOf = Reference(cesoa-examen)
* status = #final
* code = $loinc#38263-0
* subject = Reference(patiente-martin)
* effectiveDateTime = "2023-01-19T09:45:00+01:00"
* valueQuantity = -2.1 '1'
* bodySite.text = "Rachis lombaire L1-L4"

Instance: cesoa-dose
InstanceOf: RadiationDose
Usage: #example
Title: "CeSOA : dose d'une infiltration sous radioscopie"
* identifier.system = "urn:passerelle:observation"
* identifier.value = "2c7e0b55-3f6e-5c1f-8f2f-6d0d8b9a4c21"
* partOf = Reference(cesoa-examen)
* status = #final
* code = $loinc#73569-6
* subject = Reference(patiente-martin)
* effectiveDateTime = "2023-01-19T10:20:00+01:00"
* valueString = "PDS total : 52 cGy.cm²"
* component.code = $dcm#113722
* component.valueQuantity = 0.0000052 'Gy.m2'

Instance: cesoa-compte-rendu
InstanceOf: ImagingReport
Usage: #example
Title: "CeSOA : compte rendu d'ostéodensitométrie"
* identifier.type = $v2-0203#FILL
* identifier.system = "urn:oid:1.2.250.1.999.3"
* identifier.value = "CR-2002"
* basedOn = Reference(cesoa-densitometrie)
* status = #final
* code = $loinc#38268-9
* subject = Reference(patiente-martin)
* effectiveDateTime = "2023-01-19T09:45:00+01:00"
* issued = "2023-01-19T11:00:00+01:00"
* resultsInterpreter = Reference(docteur-renard)
* result = Reference(cesoa-t-score)
* imagingStudy = Reference(cesoa-examen)
* conclusion = "Ostéopénie lombaire."

Instance: cesoa-synthese
InstanceOf: SummaryDocument
Usage: #example
Title: "CeSOA : synthèse au médecin traitant"
* identifier.system = "urn:passerelle:document"
* identifier.value = "cesoa-2023-4711-synthese"
* status = #current
* docStatus = #final
* type = $loinc#34133-9
* category = $document-class#11
* subject = Reference(patiente-martin)
* date = "2023-01-19T12:30:00+01:00"
* content.attachment.contentType = #application/pdf
* content.attachment.url = "Binary/cesoa-synthese"
* content.attachment.title = "Synthèse CeSOA"
* context.related = Reference(cesoa-inclusion)

Instance: cesoa-transmission
InstanceOf: ForwardedSummary
Usage: #example
Title: "CeSOA : la synthèse est partie"
* status = #completed
* category = $exchange#summary
* subject = Reference(patiente-martin)
* about = Reference(cesoa-synthese)
* sent = "2023-01-19T12:30:04+01:00"
* recipient = Reference(docteur-agnes)
* payload.contentReference = Reference(cesoa-synthese)

Instance: cesoa-forfait
InstanceOf: PackageCharge
Usage: #example
Title: "CeSOA : forfait 2023"
* identifier.system = "https://passerelle.example/fhir/NamingSystem/package"
* identifier.value = "4711-cesoa-2023"
* definitionCanonical = "https://passerelle.example/fhir/ChargeItemDefinition/cesoa"
* status = #billable
* code = $package#cesoa
* subject = Reference(patiente-martin)
* context = Reference(cesoa-inclusion)
* occurrencePeriod.start = "2023-01-01"
* occurrencePeriod.end = "2023-12-31"
* priceOverride.value = 310
* priceOverride.currency = #EUR

Instance: cesoa-facture
InstanceOf: PackageInvoice
Usage: #example
Title: "CeSOA : facture 2023"
* identifier.system = "https://passerelle.example/fhir/NamingSystem/package"
* identifier.value = "4711-cesoa-2023"
* status = #issued
* subject = Reference(patiente-martin)
* date = "2023-01-19"
* issuer = Reference(centre-vaugirard)
* lineItem.chargeItemReference = Reference(cesoa-forfait)
* totalGross.value = 310
* totalGross.currency = #EUR
