// Extensions only where R4 has no place. The urn: addresses are those that the gateway has always
// written: what is stored keeps its meaning.

Extension: ProgrammeYear
Id: programme-year
Title: "Année qui compte (Year that counts)"
Description: "Année civile (calendar) ou glissante (rolling) pour ce qui n'a lieu qu'une fois par an. Calendar or rolling year for what happens once a year."
Context: PlanDefinition, ChargeItemDefinition
* value[x] only code
* value[x] 1..1

Extension: ProgrammeConfidentiality
Id: programme-confidentiality
Title: "Confidentialité du parcours (Confidentiality)"
Description: "L'étiquette que portent les ressources d'une inclusion. The label that the resources of an inclusion carry."
Context: PlanDefinition
* value[x] only Coding
* value[x] 1..1

Extension: ProgrammeLostAfter
Id: programme-lost-after
Title: "Perdu de vue après (Lost after)"
Description: "Combien de temps sans rencontre avant d'être perdu de vue. How long without an encounter makes a patient lost to follow-up."
Context: PlanDefinition
* value[x] only Duration
* value[x] 1..1

Extension: CountedOnce
Id: counted-once
Title: "Compté une fois (Counted once)"
Description: "FHIRPath vers la référence dont chaque cible ne compte qu'une fois. FHIRPath to the reference whose targets are counted once each."
Context: Measure.group.population, Measure.group
* value[x] 1..1

Extension: CountedBy
Id: counted-by
Title: "Compté par (Counted by)"
Description: "La recherche qui liste ce qu'un chiffre compte. The search that lists what a figure counts."
Context: MeasureReport.group.population, MeasureReport.group
* value[x] only url or uri or string
* value[x] 1..1

Extension: Withheld
Id: withheld
Title: "Retenu (Withheld)"
Description: "Combien de ressources une étiquette retient de la liste. How many resources a label keeps back from the list."
Context: MeasureReport.group.population, MeasureReport.group
* value[x] only unsignedInt
* value[x] 1..1

Extension: Covers
Id: covers
Title: "Couvre (Covers)"
Description: "La recherche de ce qu'un forfait ou une dotation couvre et compte. The search for what a package or grant covers and counts."
Context: ChargeItemDefinition
* value[x] only Expression
* value[x] 1..1

Extension: ComputedAmount
Id: computed-amount
Title: "Montant calculé (Computed amount)"
Description: "L'expression qui calcule un montant à partir des chiffres. The expression that computes an amount from the figures."
Context: ChargeItemDefinition.propertyGroup.priceComponent
* value[x] only Expression
* value[x] 1..1

Extension: Figure
Id: figure
Title: "Chiffre (Figure)"
Description: "Un chiffre nommé dont un montant dépend. A named figure that an amount depends on."
Context: ChargeItemDefinition
* extension 1..*

Extension: NotMapped
Id: not-mapped
Title: "Non repris (Not mapped)"
Description: "Ce qu'un message disait et qui n'est que dans le journal. What a message said that is only in the journal."
Context: Provenance
* ^url = "urn:passerelle:extension:not-mapped"
* value[x] only string
* value[x] 1..1

Extension: AsOf
Id: as-of
Title: "Valable au (As of)"
Description: "Depuis quand, selon l'émetteur, la ressource dit vrai. Since when, as its sender says, the resource has been so."
Context: Meta
* ^url = "urn:passerelle:extension:as-of"
* value[x] only instant
* value[x] 1..1

Extension: Laterality
Id: laterality
Title: "Côté (Laterality)"
Description: "Le côté d'un bodySite. The side of a bodySite."
Context: CodeableConcept
* ^url = "urn:passerelle:extension:laterality"
* value[x] only CodeableConcept
* value[x] 1..1

Extension: SopInstance
Id: sop-instance
Title: "Objet DICOM (SOP instance)"
Description: "L'objet DICOM dont la ressource vient. The DICOM object that the resource comes from."
Context: Reference
* ^url = "urn:passerelle:extension:sop-instance"
* value[x] only uri
* value[x] 1..1

Extension: DmpStatus
Id: dmp-status
Title: "État du DMP (State of the shared record)"
Description: "État du dossier médical partagé (ZFA-1 à 3). State of the shared record, ZFA-1 to 3."
Context: Consent
* ^url = "urn:passerelle:extension:dmp-status"
* extension contains status 1..1 and period 0..1
* extension[status].value[x] only code
* extension[status].value[x] 1..1
* extension[period].value[x] only Period
* extension[period].value[x] 1..1

Extension: Movement
Id: movement
Title: "Mouvement (Movement)"
Description: "Ce qui a été dit d'un mouvement de la venue (ZBE). What was said of a movement of the visit."
Context: Encounter
* ^url = "urn:passerelle:extension:movement"
* extension contains
    event 0..1 and action 0..1 and date 0..1 and recorded 0..1 and number 0..1 and klass 0..1 and
    location 0..1 and prior 0..1 and unit 0..1 and nursing 0..1 and nature 0..1 and
    historic 0..1 and start 0..1 and end 0..1
* extension[event].value[x] only code
* extension[action].value[x] only code
* extension[date].value[x] only dateTime
* extension[recorded].value[x] only dateTime
* extension[number].value[x] only Identifier
* extension[klass].value[x] only Coding
* extension[location].value[x] only Reference
* extension[prior].value[x] only Reference
* extension[unit].value[x] only Reference
* extension[nursing].value[x] only Reference
* extension[nature].value[x] only code
* extension[historic].value[x] only boolean
* extension[start].value[x] only dateTime
* extension[end].value[x] only dateTime
