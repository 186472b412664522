RuleSet: Accession
* identifier ^slicing.discriminator.type = #pattern
* identifier ^slicing.discriminator.path = "type"
* identifier ^slicing.rules = #open

Profile: ImagingOrder
Parent: ServiceRequest
Id: passerelle-imaging-order
Title: "Demande d'imagerie (Imaging order)"
Description: "Une demande d'examen, qu'elle vienne d'un logiciel (FHIR) ou d'un RIS (ORM, OMG, OMI). An order of an exam, from an EHR or from a RIS."
* insert Accession
* identifier 1..* MS
* identifier contains placer 0..1 MS and filler 0..1 MS and accession 0..1 MS
* identifier[placer].type = $v2-0203#PLAC
* identifier[placer].value 1..1
* identifier[filler].type = $v2-0203#FILL
* identifier[filler].value 1..1
* identifier[accession].type = $v2-0203#ACSN
* identifier[accession].value 1..1
* instantiatesCanonical MS
* basedOn MS
* replaces MS
* status MS
* intent MS
* category MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains imaging 0..1 MS
* category[imaging] = $sct#363679005
* priority MS
* code MS
* code ^comment = "LOINC (JDV_CodesDocumentImagerie) ou CCAM. LOINC or CCAM."
* orderDetail MS
* orderDetail ^comment = "La modalité demandée (DCM). The modality asked for."
* subject MS
* subject only Reference(Patient)
* encounter MS
* occurrence[x] MS
* authoredOn MS
* requester MS
* performer MS
* reasonCode MS
* supportingInfo MS
* bodySite MS
* bodySite.extension contains Laterality named laterality 0..1 MS
* note MS

Profile: PasserelleImagingStudy
Parent: ImagingStudy
Id: passerelle-imaging-study
Title: "Examen d'imagerie (Imaging study)"
Description: "Un examen DICOM, par son Study Instance UID. A DICOM study, by its Study Instance UID."
* identifier 1..* MS
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains studyInstanceUid 1..1 MS
* identifier[studyInstanceUid].system = "urn:dicom:uid"
* identifier[studyInstanceUid].value 1..1
* identifier[studyInstanceUid].value obeys passerelle-uid
* status MS
* modality MS
* subject MS
* subject only Reference(Patient)
* started MS
* basedOn MS
* referrer MS
* interpreter MS
* endpoint MS
* numberOfSeries MS
* numberOfInstances MS
* procedureCode MS
* description MS
* series MS
* series.uid MS
* series.modality MS
* series.bodySite MS
* series.instance MS

Invariant: passerelle-uid
Description: "Un UID DICOM s'écrit urn:oid:. A DICOM UID is written as urn:oid:."
Severity: #error
Expression: "matches('^urn:oid:[0-2](\\\\.(0|[1-9][0-9]*))+$')"

Profile: ImagingReport
Parent: DiagnosticReport
Id: passerelle-imaging-report
Title: "Compte rendu d'imagerie (Imaging report)"
Description: "Le compte rendu d'un examen, d'un RIS (ORU, MDM) ou d'un objet DICOM SR. The report of an exam, from a RIS or from a DICOM SR."
* identifier 1..* MS
* basedOn MS
* status MS
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains radiology 1..1 MS
* category[radiology] = $v2-0074#RAD
* code MS
* subject 1..1 MS
* subject only Reference(Patient)
* encounter MS
* effective[x] MS
* issued MS
* performer MS
* resultsInterpreter MS
* result MS
* imagingStudy MS
* conclusion MS
* conclusionCode MS
* presentedForm MS
* presentedForm.contentType 1..1

RuleSet: Measured
* identifier 1..* MS
* partOf MS
* status MS
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains imaging 1..1 MS
* category[imaging] = $observation-category#imaging
* code MS
* subject 1..1 MS
* subject only Reference(Patient)
* effective[x] MS
* bodySite MS
* method MS
* device MS
* derivedFrom MS
* component MS

Profile: BoneDensity
Parent: Observation
Id: passerelle-bone-density
Title: "Ostéodensitométrie (Bone density)"
Description: "Une mesure d'une région : densité (g/cm²), T-score ou Z-score. One measure of one region: density, T-score or Z-score."
* insert Measured
* code from BoneDensityMeasures (extensible)
* value[x] only Quantity
* value[x] MS
* valueQuantity.system 1..1
* valueQuantity.system = $ucum
* valueQuantity.code 1..1

Profile: RadiationDose
Parent: Observation
Id: passerelle-dose
Title: "Dose de rayonnement (Radiation dose)"
Description: "Le total d'un rapport de dose, ou un événement d'irradiation ; les quantités sont dans component. The total of a dose report, or one irradiation event; the quantities are components."
* insert Measured
* hasMember MS
* component.code 1..1
* component ^comment = "PDL 113813, PDS 113722 (DCM), JDV_QuantiteExpositionRayonnements."
