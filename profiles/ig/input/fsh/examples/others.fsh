Instance: post-covid-inclusion
InstanceOf: ProgrammeEpisode
Usage: #example
Title: "Post-Covid : épisode terminé"
* status = #finished
* type = $programme#post-covid
* patient = Reference(patiente-martin)
* managingOrganization = Reference(centre-vaugirard)
* period.start = "2022-06-01"
* period.end = "2023-02-28"

Instance: post-covid-equipe
InstanceOf: ProgrammeCareTeam
Usage: #example
Title: "Post-Covid : équipe avec un psychiatre"
* status = #active
* subject = Reference(patiente-martin)
* participant[0].role = $role#medecin-generaliste
* participant[=].member = Reference(docteur-agnes)
* participant[+].role = $role#psychologue
* participant[=].member = Reference(madame-petit)
* participant[+].role = $role#psychiatre

Instance: post-covid-forfait
InstanceOf: PackageCharge
Usage: #example
Title: "Post-Covid : forfait 2022"
* identifier.system = "https://passerelle.example/fhir/NamingSystem/package"
* identifier.value = "4711-post-covid-2022"
* definitionCanonical = "https://passerelle.example/fhir/ChargeItemDefinition/post-covid"
* status = #billed
* code = $package#post-covid
* subject = Reference(patiente-martin)
* context = Reference(post-covid-inclusion)
* occurrencePeriod.start = "2022-01-01"
* occurrencePeriod.end = "2022-12-31"
* priceOverride.value = 537
* priceOverride.currency = #EUR

Instance: sec-pa-equipe
InstanceOf: ProgrammeCareTeam
Usage: #example
Title: "SEC-Pa : équipe avec médiatrice et interprète"
* status = #active
* subject = Reference(patiente-martin)
* participant[0].role = $role#medecin-generaliste
* participant[=].member = Reference(docteur-agnes)
* participant[+].role = $role#mediateur
* participant[+].role = $role#interprete
* managingOrganization = Reference(centre-vaugirard)

Instance: sec-pa-note
InstanceOf: SummaryDocument
Usage: #example
Title: "SEC-Pa : note de médiation"
* identifier.system = "urn:passerelle:document"
* identifier.value = "sec-pa-4711-1"
* status = #current
* type = $loinc#28653-4
* category = $document-class#10
* subject = Reference(patiente-martin)
* date = "2026-03-02T10:00:00+01:00"
* content.attachment.contentType = #text/plain
* content.attachment.data = "T3V2ZXJ0dXJlIGRlcyBkcm9pdHM="

Instance: sec-pa-adressage
InstanceOf: ReferralTask
Usage: #example
Title: "SEC-Pa : adressage refusé, avec son motif"
* status = #rejected
* statusReason = $refusal-reason#outside-criteria
* businessStatus = $referral-status#refused
* code = $task-code#fulfill
* focus = Reference(ServiceRequest/sec-pa-demande)
* for = Reference(patiente-martin)
* authoredOn = "2026-03-01T10:00:00+01:00"

Instance: cpts-agenda
InstanceOf: SharedSchedule
Usage: #example
Title: "CPTS : agenda du scanner"
* active = true
* actor = Reference(HealthcareService/scanner)
* planningHorizon.start = "2026-01-01T00:00:00+01:00"
* planningHorizon.end = "2026-12-31T23:59:59+01:00"

Instance: cpts-creneau
InstanceOf: SharedSlot
Usage: #example
Title: "CPTS : un scanner par demi-journée"
* meta.security = $slot-type#CPTS
* serviceType = $activity#examen-imagerie
* schedule = Reference(cpts-agenda)
* status = #free
* start = "2026-01-12T11:30:00+01:00"
* end = "2026-01-12T12:00:00+01:00"

Instance: cpts-demande
InstanceOf: ImagingOrder
Usage: #example
Title: "CPTS : demande de scanner"
* identifier[placer].system = "urn:oid:1.2.250.1.999.2"
* identifier[placer].value = "D1001"
* instantiatesCanonical = "https://passerelle.example/fhir/PlanDefinition/cpts-imaging"
* status = #active
* intent = #order
* category[imaging] = $sct#363679005
* code = $loinc#30620-9 "Scanner du rachis lombaire"
* subject = Reference(patiente-martin)
* requester = Reference(docteur-agnes)

Instance: cpts-rendez-vous
InstanceOf: SharedAppointment
Usage: #example
Title: "CPTS : rendez-vous pris par le médecin"
* status = #booked
* serviceType = $activity#examen-imagerie
* start = "2026-01-12T11:30:00+01:00"
* end = "2026-01-12T12:00:00+01:00"
* created = "2026-01-09"
* slot = Reference(cpts-creneau)
* basedOn = Reference(cpts-demande)
* participant.actor = Reference(patiente-martin)
* participant.status = #accepted

Instance: cpts-avis
InstanceOf: ForwardedSummary
Usage: #example
Title: "CPTS : question au radiologue"
* status = #completed
* category = $exchange#opinion
* subject = Reference(patiente-martin)
* about = Reference(cpts-demande)
* sent = "2026-01-13T08:15:00+01:00"
* sender = Reference(docteur-agnes)
* recipient = Reference(docteur-renard)
* payload.contentString = "Faut-il une IRM ?"
