Profile: Referral
Parent: ServiceRequest
Id: passerelle-referral
Title: "Adressage (Referral)"
Description: "Un patient est adressé à un parcours ou à un confrère, avec sa lettre. A patient is referred to a programme or to a colleague, with the letter."
* identifier MS
* identifier ^comment = "Le numéro du demandeur (PLAC) rend l'envoi rejouable. The requester's number makes sending safe to repeat."
* instantiatesCanonical only Canonical(PlanDefinition)
* instantiatesCanonical MS
* instantiatesCanonical ^comment = "Le parcours demandé. The programme that is asked for."
* status MS
* intent = #order
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains referral 1..1 MS
* category[referral] = $sct#3457005
* priority MS
* code MS
* subject 1..1 MS
* subject only Reference(Patient)
* occurrence[x] MS
* authoredOn MS
* requester MS
* performer MS
* reasonCode MS
* reasonReference MS
* supportingInfo MS
* supportingInfo ^comment = "La lettre d'adressage (DocumentReference 96349-6), les questionnaires. The referral letter, the questionnaires."

Profile: ReferralTask
Parent: Task
Id: passerelle-referral-task
Title: "Suivi de l'adressage (Referral task)"
Description: "Où en est un adressage et qui en est responsable : jamais sans responsable. Where a referral stands and who has it: never without an owner."
* obeys passerelle-task-owner and passerelle-task-refused and passerelle-task-answered
* identifier MS
* instantiatesCanonical MS
* basedOn MS
* status MS
* statusReason MS
* statusReason from RefusalReasonValues (extensible)
* businessStatus MS
* businessStatus from ReferralStatuses (extensible)
* intent = #order
* code 1..1 MS
* focus 1..1 MS
* focus only Reference(ServiceRequest)
* for 1..1 MS
* for only Reference(Patient)
* authoredOn MS
* lastModified MS
* requester MS
* owner MS
* restriction.period MS
* restriction.period ^comment = "La fin est l'échéance (recherche due). The end is when it is due (search parameter due)."
* output MS
* output ^comment = "La réponse : document, compte rendu ou épisode. The answer: document, report or episode."

Invariant: passerelle-task-owner
Description: "Un adressage en cours a un responsable. A referral that is under way has an owner."
Severity: #error
Expression: "status in ('accepted' | 'in-progress' | 'on-hold' | 'ready') implies owner.exists()"

Invariant: passerelle-task-refused
Description: "Un refus dit pourquoi. A refusal says why."
Severity: #error
Expression: "status in ('rejected' | 'failed') implies statusReason.exists()"

Invariant: passerelle-task-answered
Description: "Une réponse dit ce qu'elle est. An answer says what it is."
Severity: #error
Expression: "businessStatus.coding.where(system = 'https://passerelle.example/fhir/CodeSystem/referral-status' and code = 'answered').exists() implies (status = 'completed' and output.exists())"
