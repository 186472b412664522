Profile: SummaryDocument
Parent: DocumentReference
Id: passerelle-summary-document
Title: "Document de synthèse (Summary document)"
Description: "Un document remis : compte rendu, synthèse, lettre, plan. A document that is handed over: report, summary, letter, plan."
* obeys passerelle-document-known and passerelle-document-content
* masterIdentifier MS
* identifier MS
* status MS
* docStatus MS
* type 1..1 MS
* type from DocumentTypes (extensible)
* category MS
* category from DocumentClasses (extensible)
* subject 1..1 MS
* subject only Reference(Patient)
* date MS
* author MS
* authenticator MS
* custodian MS
* relatesTo MS
* description MS
* securityLabel MS
* content MS
* content.attachment.contentType 1..1 MS
* content.attachment.language MS
* content.attachment.url MS
* content.attachment.size MS
* content.attachment.hash MS
* content.attachment.title MS
* content.attachment.creation MS
* content.format MS
* context.encounter MS
* context.period MS
* context.related MS

Invariant: passerelle-document-known
Description: "Un document a un numéro. A document has a number."
Severity: #error
Expression: "masterIdentifier.exists() or identifier.exists()"

Invariant: passerelle-document-content
Description: "Un document a un contenu : url ou données. A document has content: url or data."
Severity: #error
Expression: "content.attachment.all(url.exists() or data.exists())"

Profile: ForwardedSummary
Parent: Communication
Id: passerelle-forwarded-summary
Title: "Synthèse transmise (Forwarded summary)"
Description: "Ce qui a été transmis à un correspondant, par quel canal, et ce qu'il en est advenu. What was sent to a colleague, by which channel, and what became of it."
* obeys passerelle-forwarded-sent and passerelle-forwarded-why-not
* identifier MS
* basedOn MS
* inResponseTo MS
* status MS
* statusReason MS
* category 1..* MS
* category from ExchangeValues (extensible)
* medium MS
* subject 1..1 MS
* subject only Reference(Patient)
* about MS
* sent MS
* received MS
* recipient 1..* MS
* sender MS
* payload 1..* MS

Invariant: passerelle-forwarded-sent
Description: "Ce qui est parti a une heure d'envoi. What has left has a time of sending."
Severity: #error
Expression: "status = 'completed' implies sent.exists()"

Invariant: passerelle-forwarded-why-not
Description: "Ce qui n'est pas parti dit pourquoi. What was not sent says why."
Severity: #error
Expression: "status = 'not-done' implies statusReason.exists()"
