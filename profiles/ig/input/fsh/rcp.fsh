Profile: RcpMeeting
Parent: $fr-core-appointment
Id: passerelle-rcp-meeting
Title: "Réunion de RCP (RCP meeting)"
Description: "Une réunion de concertation pluriprofessionnelle : date, durée, participants ; au moins deux professionnels. A multi-professional meeting: date, duration, participants; two professionals at least."
* identifier MS
* status MS
* serviceType 1..* MS
* serviceType ^slicing.discriminator.type = #pattern
* serviceType ^slicing.discriminator.path = "$this"
* serviceType ^slicing.rules = #open
* serviceType contains rcp 1..1 MS
* serviceType[rcp] = $activity#rcp
* start 1..1 MS
* end 1..1 MS
* minutesDuration MS
* participant 2..* MS
* participant.actor 1..1 MS
* participant.status MS
* supportingInformation MS
* supportingInformation ^comment = "Les plans de soins des patients à discuter. The care plans of the patients to be discussed."

Profile: RcpDiscussion
Parent: $fr-core-encounter
Id: passerelle-rcp-discussion
Title: "Discussion d'un patient en RCP (RCP discussion)"
Description: "Un patient discuté dans une réunion : classe VR, le patient est absent. A patient who is discussed in a meeting: class VR, the patient is not there."
* obeys passerelle-discussion-present
* identifier MS
* status MS
* class = $act-code#VR
* type 1..* MS
* type ^slicing.discriminator.type = #pattern
* type ^slicing.discriminator.path = "$this"
* type ^slicing.rules = #open
* type contains rcp 1..1 MS
* type[rcp] = $activity#rcp
* subject 1..1 MS
* subject only Reference($fr-core-patient)
* episodeOfCare MS
* participant MS
* participant.individual MS
* appointment 1..1 MS
* appointment ^comment = "La réunion, une seule. The meeting, one."
* period MS
* reasonCode MS
* reasonCode ^comment = "La question posée. The question."
* serviceProvider MS

Invariant: passerelle-discussion-present
Description: "Une discussion tenue dit qui était présent. A discussion that was held says who was present."
Severity: #error
Expression: "status = 'finished' implies participant.individual.exists()"

Profile: RcpDecision
Parent: Composition
Id: passerelle-rcp-decision
Title: "Décision de RCP (RCP decision)"
Description: "Le compte rendu d'une discussion : participants, question, éléments, décision. The record of a discussion: participants, question, elements, decision."
* identifier 1..1 MS
* status MS
* type = $loinc#34794-8
* category 0..* MS
* category from DocumentClasses (extensible)
* subject 1..1 MS
* subject only Reference(Patient)
* encounter 1..1 MS
* encounter ^comment = "La discussion (passerelle-rcp-discussion). The discussion."
* date MS
* author 1..* MS
* title MS
* confidentiality MS
* attester MS
* custodian MS
* relatesTo MS
* section 2..* MS
* section ^slicing.discriminator.type = #pattern
* section ^slicing.discriminator.path = "code"
* section ^slicing.rules = #open
* section contains participants 0..1 MS and question 1..1 MS and elements 0..1 MS and decision 1..1 MS and followUp 0..1 MS
* section.code 1..1
* section[participants].code = $rcp-section#participants
* section[question].code = $rcp-section#question
* section[question].text 1..1 MS
* section[elements].code = $rcp-section#elements
* section[decision].code = $rcp-section#decision
* section[decision].text 1..1 MS
* section[followUp].code = $rcp-section#follow-up
