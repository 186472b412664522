Profile: ProgrammeEpisode
Parent: EpisodeOfCare
Id: passerelle-programme-episode
Title: "Inclusion dans un parcours (Programme episode)"
Description: "L'inclusion d'un patient dans un parcours : quand, par qui, à la suite de quel adressage. A patient's inclusion in a programme: when, by whom, after which referral."
* obeys passerelle-episode-ended
* identifier MS
* status MS
* statusHistory MS
* type 1..* MS
* type from Programmes (extensible)
* type ^comment = "Le parcours. The programme."
* patient MS
* managingOrganization MS
* period 1..1 MS
* period.start 1..1 MS
* referralRequest MS
* referralRequest only Reference(ServiceRequest)
* careManager MS
* team MS
* diagnosis MS

Invariant: passerelle-episode-ended
Description: "Un épisode terminé a une fin. An episode that is finished has an end."
Severity: #error
Expression: "status = 'finished' implies period.end.exists()"

Profile: ProgrammeCareTeam
Parent: CareTeam
Id: passerelle-care-team
Title: "Équipe de soins (Care team)"
Description: "L'équipe d'un patient dans un parcours ; chacun a un rôle. The team of a patient in a programme; everybody has a role."
* identifier MS
* status 1..1 MS
* name MS
* subject 1..1 MS
* subject only Reference(Patient)
* period MS
* participant 1..* MS
* participant.role 1..* MS
* participant.role from ProgrammeRoleValues (extensible)
* participant.member MS
* participant.period MS
* managingOrganization MS

Profile: PersonalCarePlan
Parent: CarePlan
Id: passerelle-care-plan
Title: "Plan personnalisé de santé (Care plan, PPS)"
Description: "Ce qui est prévu pour un patient dans un parcours, issu de sa définition. What is planned for a patient in a programme, from its definition."
* identifier MS
* instantiatesCanonical 1..* MS
* instantiatesCanonical ^comment = "Le PlanDefinition du parcours, avec version. The PlanDefinition of the programme, with its version."
* basedOn MS
* replaces MS
* status MS
* intent = #plan
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains pps 1..1 MS
* category[pps] = $loinc#18776-5
* title MS
* subject MS
* subject only Reference(Patient)
* encounter MS
* period 1..1 MS
* period.start 1..1
* created MS
* author MS
* careTeam MS
* addresses MS
* supportingInfo MS
* supportingInfo ^comment = "Épisode, consentement, décisions de RCP. Episode, consent, RCP decisions."
* goal MS
* activity MS
* activity.outcomeReference MS
* activity.reference MS
* activity.detail MS
* activity.detail.code MS
* activity.detail.code from ProgrammeActivityValues (preferred)
* activity.detail.status MS
* activity.detail.performer MS
* note MS
