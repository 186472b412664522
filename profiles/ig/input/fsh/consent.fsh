Profile: PatientConsent
Parent: Consent
Id: passerelle-consent
Title: "Consentement (Consent)"
Description: "Ce que le patient accepte : participer, transmettre, partager. Un seul objet par ressource. What the patient agrees to; one topic a resource."
* obeys passerelle-consent-topic and passerelle-consent-when
* identifier MS
* extension contains DmpStatus named dmpStatus 0..1
* status MS
* scope MS
* scope = $consent-scope#patient-privacy
* category MS
* patient 1..1 MS
* dateTime MS
* performer MS
* organization MS
* source[x] MS
* policyRule MS
* provision MS
* provision.type MS
* provision.period MS
* provision.actor MS
* provision.action MS
* provision.securityLabel MS
* provision.purpose MS
* provision.data MS
* provision.code MS
* provision.code ^comment = "Le parcours (CodeSystem programme) ; sans code, tous. The programme; without a code, all."

Profile: PatientOpposition
Parent: PatientConsent
Id: passerelle-opposition
Title: "Opposition (Opposition)"
Description: "Ce que le patient refuse, en vigueur jusqu'à ce qu'il change d'avis. What the patient refuses, in force until the patient changes it."
* obeys passerelle-opposition-active
* provision 1..1 MS
* provision.type 1..1 MS
* provision.type = #deny

Invariant: passerelle-consent-topic
Description: "Une décision parle d'un seul objet (urn:passerelle:consent). A decision is about one topic."
Severity: #error
Expression: "category.coding.where(system = 'urn:passerelle:consent').count() <= 1"

Invariant: passerelle-consent-when
Description: "Une décision en vigueur est datée. A decision that is in force is dated."
Severity: #warning
Expression: "status = 'active' implies dateTime.exists()"

Invariant: passerelle-opposition-active
Description: "Une opposition est en vigueur, levée ou une erreur ; elle n'est pas une proposition. An opposition is in force, lifted or an error."
Severity: #error
Expression: "status in ('active' | 'inactive' | 'entered-in-error' | 'rejected')"
