RuleSet: MapHead(name, source, target)
* id = "{name}"
* url = "https://passerelle.example/fhir/ConceptMap/{name}"
* version = "1.0.0"
* status = #active
* experimental = false
* sourceUri = "{source}"
* targetUri = "{target}"

RuleSet: Maps(source, target)
* group[=].element[+].code = #{source}
* group[=].element[=].target.code = #{target}
* group[=].element[=].target.equivalence = #equivalent

RuleSet: MapsWider(source, target)
* group[=].element[+].code = #{source}
* group[=].element[=].target.code = #{target}
* group[=].element[=].target.equivalence = #wider

Instance: referral-status-task-status
InstanceOf: ConceptMap
Usage: #definition
* insert MapHead(referral-status-task-status, https://passerelle.example/fhir/ValueSet/referral-statuses, http://hl7.org/fhir/ValueSet/task-status)
* name = "ReferralStatusTaskStatus"
* title = "État de l'adressage vers Task.status"
* description = "L'état de la boucle d'adressage en Task.status. The state of the referral loop as Task.status."
* group[+].source = $referral-status
* group[=].target = "http://hl7.org/fhir/task-status"
* insert Maps(sent, requested)
* insert Maps(received, received)
* insert Maps(accepted, accepted)
* insert Maps(refused, rejected)
* insert MapsWider(planned, in-progress)
* insert MapsWider(done, in-progress)
* insert Maps(answered, completed)
* insert Maps(cancelled, cancelled)

Instance: programme-role-profession
InstanceOf: ConceptMap
Usage: #definition
* insert MapHead(programme-role-profession, https://passerelle.example/fhir/ValueSet/programme-roles, https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante?vs)
* name = "ProgrammeRoleProfession"
* title = "Rôle vers profession"
* description = "La profession qui tient un rôle, dans les nomenclatures nationales ; un rôle sans profession de santé n'y est pas. The profession that holds a role."
* group[+].source = $role
* group[=].target = $g15
* insert MapsWider(medecin-generaliste, 10)
* insert MapsWider(medecin-traitant, 10)
* insert MapsWider(rhumatologue, 10)
* insert MapsWider(radiologue, 10)
* insert MapsWider(psychiatre, 10)
* insert Maps(infirmier, 60)
* insert Maps(kinesitherapeute, 70)
* insert Maps(ergotherapeute, 94)
* insert Maps(manipulateur, 98)
* group[+].source = $role
* group[=].target = "urn:oid:1.2.250.1.213.1.6.1.109"
* insert Maps(psychologue, 93)
* group[+].source = $role
* group[=].target = "urn:oid:1.2.250.1.213.1.6.1.4"
* insert Maps(travailleur-social, 41)
* group[+].source = $role
* group[=].target = "urn:oid:1.2.250.1.213.1.6.1.107"
* insert Maps(enseignant-apa, 361)

Instance: document-type-class
InstanceOf: ConceptMap
Usage: #definition
* insert MapHead(document-type-class, https://passerelle.example/fhir/ValueSet/document-types, https://passerelle.example/fhir/ValueSet/document-classes)
* name = "DocumentTypeClass"
* title = "Type vers classe de document"
* description = "La classe (TRE_A03) d'un type de document, d'après ASS_X04. The class of a document type."
* group[+].source = $loinc
* group[=].target = $document-class
* insert MapsWider(18748-4, 31)
* insert MapsWider(55115-0, 42)
* insert MapsWider(96349-6, 10)
* insert MapsWider(18761-7, 11)
* insert MapsWider(11490-0, 10)
* insert MapsWider(18776-5, 44)
* insert MapsWider(34794-8, 10)
* insert MapsWider(34133-9, 11)
* insert MapsWider(60591-5, 11)
* insert MapsWider(11488-4, 10)
* insert MapsWider(11505-5, 10)
* insert MapsWider(11506-3, 10)
* insert MapsWider(83901-9, 11)
* insert MapsWider(68599-0, 11)
* insert MapsWider(28653-4, 10)
* insert MapsWider(75496-0, 10)
* insert MapsWider(85208-7, 10)
* insert MapsWider(59284-0, 95)
* insert MapsWider(56446-8, 95)
* group[+].source = $document-type-fr
* group[=].target = $document-class
* insert MapsWider(IMG-KOS, 31)
