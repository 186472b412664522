Profile: PackageCharge
Parent: ChargeItem
Id: passerelle-package-charge
Title: "Forfait (Package)"
Description: "Le forfait d'un patient, d'un parcours et d'une année, une seule fois. The package of a patient, programme and year, once."
* identifier 1..* MS
* identifier ^comment = "Patient, parcours et année : le même forfait demandé deux fois est le même. Patient, programme and year: asked for twice it is the same."
* definitionCanonical 1..* MS
* status MS
* code MS
* code from PackageValues (extensible)
* subject MS
* subject only Reference(Patient)
* context 1..1 MS
* context only Reference(EpisodeOfCare)
* occurrence[x] 1..1 MS
* occurrence[x] only Period or dateTime
* occurrencePeriod MS
* occurrencePeriod ^comment = "L'année du forfait. The year of the package."
* performingOrganization MS
* quantity MS
* priceOverride MS
* priceOverride.value 1..1
* priceOverride.currency 1..1
* priceOverride.currency = #EUR
* enteredDate MS
* service MS
* supportingInformation MS
* supportingInformation ^comment = "Ce qui a été compté, venues comprises. What was counted, encounters included."

Profile: PackageInvoice
Parent: Invoice
Id: passerelle-package-invoice
Title: "Facture de forfait (Package invoice)"
Description: "La facture du forfait d'un patient pour une année. The invoice of a patient's package for a year."
* obeys passerelle-invoice-cancelled
* identifier 1..* MS
* status MS
* cancelledReason MS
* subject 1..1 MS
* subject only Reference(Patient)
* date 1..1 MS
* issuer MS
* account MS
* lineItem 1..* MS
* lineItem.chargeItem[x] only Reference(ChargeItem)
* lineItem.priceComponent MS
* totalGross 1..1 MS
* totalGross.value 1..1
* totalGross.currency 1..1
* totalGross.currency = #EUR
* totalNet MS

Invariant: passerelle-invoice-cancelled
Description: "Une facture annulée dit pourquoi. A cancelled invoice says why."
Severity: #error
Expression: "status = 'cancelled' implies cancelledReason.exists()"
