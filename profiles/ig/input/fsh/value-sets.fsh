RuleSet: Told
* ^experimental = false

ValueSet: Programmes
Id: programmes
Title: "Parcours de soins (Care programmes)"
Description: "Les parcours connus. The known care programmes."
* insert Told
* include codes from system ProgrammeCodes

ValueSet: ProgrammeRoleValues
Id: programme-roles
Title: "Rôles dans l'équipe (Team roles)"
Description: "Les rôles d'une équipe de parcours. The roles of a programme's team."
* insert Told
* include codes from system ProgrammeRoles

ValueSet: ProgrammeActivityValues
Id: programme-activities
Title: "Activités (Activities)"
Description: "Les activités d'un parcours. The activities of a programme."
* insert Told
* include codes from system ProgrammeActivities

ValueSet: ReferralStatuses
Id: referral-statuses
Title: "États de l'adressage (Referral statuses)"
Description: "Les états de la boucle d'adressage. The states of the referral loop."
* insert Told
* include codes from system ReferralStatus

ValueSet: RefusalReasonValues
Id: refusal-reasons
Title: "Motifs de refus (Refusal reasons)"
Description: "Les motifs de refus connus. The known refusal reasons."
* insert Told
* include codes from system RefusalReasons

ValueSet: RcpSectionValues
Id: rcp-sections
Title: "Rubriques d'une décision de RCP (RCP sections)"
Description: "Les rubriques d'une décision de RCP. The sections of an RCP decision."
* insert Told
* include codes from system RcpSections

ValueSet: PackageValues
Id: packages
Title: "Forfaits (Packages)"
Description: "Les forfaits connus. The known packages."
* insert Told
* include codes from system Packages

ValueSet: GrantValues
Id: grants
Title: "Dotations (Grants)"
Description: "Les dotations connues. The known grants."
* insert Told
* include codes from system Grants

ValueSet: FollowUpValues
Id: follow-up-states
Title: "États du suivi (Follow-up states)"
Description: "Les états du suivi. The follow-up states."
* insert Told
* include codes from system FollowUpStates

ValueSet: ExchangeValues
Id: exchanges
Title: "Natures d'échange (Kinds of exchange)"
Description: "Ce qu'une Communication transmet. What a Communication carries."
* insert Told
* include codes from system Exchanges

ValueSet: ConsentTopicValues
Id: consent-topics
Title: "Objets du consentement (Consent topics)"
Description: "De quoi une décision du patient parle. What a decision of the patient is about."
* insert Told
* include codes from system ConsentTopics

ValueSet: SlotTypes
Id: slot-types
Title: "Types de créneau (Slot labels)"
Description: "Étiquettes des créneaux du guide SAS (JDV_J165) : qui peut réserver. Labels of slots, who may book."
* insert Told
* $slot-type#PUBLIC "Créneau accessible par le grand public"
* $slot-type#PRO "Créneau réservé aux professionnels"
* $slot-type#SNP "Créneau de soins non programmés"
* $slot-type#CPTS "Créneau réservé à la CPTS"

ValueSet: DocumentTypes
Id: document-types
Title: "Types de document (Document types)"
Description: "Les types de document des parcours, tirés de JDV_J07. The document types of the programmes, from JDV_J07."
* insert Told
* $loinc#18748-4 "CR d'imagerie médicale"
* $loinc#55115-0 "Demande d'actes d'imagerie"
* $document-type-fr#IMG-KOS "Référence d'objets d'un examen d'imagerie"
* $loinc#96349-6 "Lettre d'adressage"
* $loinc#18761-7 "Note de transfert"
* $loinc#11490-0 "Lettre de liaison à la sortie"
* $loinc#18776-5 "Plan personnalisé de soins"
* $loinc#34794-8 "CR de réunion de concertation pluridisciplinaire"
* $loinc#34133-9 "Synthèse d'épisode de soins"
* $loinc#60591-5 "Synthèse médicale"
* $loinc#11488-4 "CR ou fiche de consultation"
* $loinc#11505-5 "CR d'acte thérapeutique (autre)"
* $loinc#11506-3 "CR de suivi d'un auxiliaire médical"
* $loinc#83901-9 "Bilan psychologique"
* $loinc#68599-0 "Synthèse psychiatrique"
* $loinc#28653-4 "Document du secteur social ou médico-social"
* $loinc#75496-0 "Demande d'acte de télémédecine"
* $loinc#85208-7 "CR de télémédecine"
* $loinc#59284-0 "Attestation de consentement"
* $loinc#56446-8 "Notification de rendez-vous"

ValueSet: DocumentClasses
Id: document-classes
Title: "Classes de document (Document classes)"
Description: "Classes de document du CI-SIS (TRE_A03). Document classes of CI-SIS."
* insert Told
* $document-class#10 "Compte rendu"
* $document-class#11 "Synthèse"
* $document-class#31 "Imagerie médicale"
* $document-class#42 "Prescription"
* $document-class#43 "Dispensation"
* $document-class#44 "Plan/protocole de soins"
* $document-class#45 "Traitement administré"
* $document-class#52 "Certificat"
* $document-class#60 "Remboursement"
* $document-class#90 "Expression personnelle du patient"
* $document-class#95 "Document de gestion"

ValueSet: BoneDensityMeasures
Id: bone-density-measures
Title: "Mesures d'ostéodensitométrie (Bone density measures)"
Description: "Densité, T-score et Z-score. Density, T-score and Z-score."
* insert Told
* $sct#440100001 "Bone mineral density"
* $loinc#38263-0 "DXA Bone density T-score"
* $loinc#38264-8 "DXA Bone density Z-score"

ValueSet: ImagingModalities
Id: imaging-modalities
Title: "Modalités d'imagerie (Imaging modalities)"
Description: "Les modalités DICOM des examens ambulatoires. DICOM modalities of ambulatory exams."
* insert Told
* $dcm#CR "Computed Radiography"
* $dcm#DX "Digital Radiography"
* $dcm#RF "Radio Fluoroscopy"
* $dcm#US "Ultrasound"
* $dcm#CT "Computed Tomography"
* $dcm#MR "Magnetic Resonance"
* $dcm#MG "Mammography"
* $dcm#BMD "Bone Mineral Densitometry"
* $dcm#NM "Nuclear Medicine"
* $dcm#PT "Positron emission tomography"
* $dcm#XA "X-Ray Angiography"
* $dcm#PX "Panoramic X-Ray"
* $dcm#IO "Intra-oral Radiography"
* $dcm#OT "Other"
