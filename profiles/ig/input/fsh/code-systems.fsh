// What no published code system says. Fragments: a programme of somebody's own adds its codes.

RuleSet: Own(name)
* ^url = "https://passerelle.example/fhir/CodeSystem/{name}"
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete

RuleSet: Open(name)
* insert Own({name})
* ^content = #fragment

CodeSystem: ProgrammeCodes
Id: programme
Title: "Parcours de soins (Care programmes)"
Description: "Les parcours livrés avec la passerelle ; d'autres s'ajoutent sans code. The care programmes shipped with the gateway; others are added without code."
* insert Open(programme)
* #cesoa "CeSOA" "Second recours ostéo-articulaire, une demi-journée en un lieu."
* #equip-addict "Équip'Addict" "Microstructures addictions."
* #post-covid "Microstructures post-Covid"
* #sec-pa "Centres de santé participatifs (SEC-Pa)"
* #cpts-imaging "Circuit court d'imagerie de la CPTS"

CodeSystem: ProgrammeRoles
Id: programme-role
Title: "Rôles dans l'équipe (Team roles)"
Description: "Qui fait quoi dans un parcours. Who does what in a care programme."
* insert Open(programme-role)
* #medecin-generaliste "Médecin généraliste"
* #medecin-traitant "Médecin traitant"
* #medecin-adresseur "Médecin adresseur"
* #rhumatologue "Rhumatologue"
* #radiologue "Radiologue"
* #imagerie "Imagerie (radiologue, manipulateur)"
* #psychiatre "Psychiatre"
* #infirmier "Infirmier"
* #kinesitherapeute "Masseur-kinésithérapeute"
* #enseignant-apa "Enseignant en activité physique adaptée"
* #ergotherapeute "Ergothérapeute"
* #manipulateur "Manipulateur d'électroradiologie médicale"
* #psychologue "Psychologue"
* #travailleur-social "Travailleur social"
* #mediateur "Médiateur en santé"
* #interprete "Interprète professionnel"
* #accueil "Agent d'accueil"
* #coordinateur "Coordinateur"

CodeSystem: ProgrammeActivities
Id: programme-activity
Title: "Activités des parcours (Activities)"
Description: "Ce qui est prévu, fait et compté. What is planned, done and counted."
* insert Open(programme-activity)
* #evaluation "Évaluation initiale"
* #consultation-medecin "Consultation longue du médecin généraliste"
* #consultation-rhumatologue "Consultation du rhumatologue"
* #consultation-psychiatre "Consultation du psychiatre"
* #consultation-psychologue "Consultation du psychologue"
* #consultation-travailleur-social "Consultation du travailleur social"
* #imagerie "Imagerie"
* #examen-imagerie "Examen d'imagerie sur un créneau du circuit court"
* #avis-radiologue "Avis ou commentaire du radiologue"
* #acte-technique "Acte technique (infiltration, lavage articulaire)"
* #education-therapeutique "Éducation thérapeutique par l'infirmier"
* #kinesitherapie "Bilan du masseur-kinésithérapeute ou de l'enseignant en activité physique adaptée"
* #ergotherapie "Ergothérapie et orthèse simple"
* #teleexpertise "Téléexpertise"
* #rcp "Réunion de concertation pluriprofessionnelle"
* #pps "Plan personnalisé de soins"
* #synthese "Synthèse au médecin traitant"
* #mediation "Médiation en santé"
* #interpretariat "Interprétariat professionnel, sur place ou par téléphone"
* #activite-collective "Activité collective de prévention, de promotion ou d'éducation avec les usagers"
* #hospitalisation-evitee "Hospitalisation évitée, selon le médecin"

CodeSystem: ProgrammeSteps
Id: programme-step
Title: "Étapes d'une définition (Steps of a definition)"
Description: "Ce qu'une action d'un PlanDefinition est pour la passerelle. What an action of a PlanDefinition is to the gateway."
* insert Open(programme-step)
* #inclusion "Inclusion"
* #sequence "Séquence d'un seul jour, en un seul lieu"
* #rcp "Réunion de concertation"

CodeSystem: ProgrammeAnswers
Id: programme-answer
Title: "Réponses des évaluations (Assessment answers)"
Description: "Réponses codées des questionnaires d'évaluation. Coded answers of the assessment questionnaires."
* insert Open(programme-answer)
* #rachis "Pathologie chronique du rachis"
* #membre "Pathologie articulaire d'un membre"
* #rhumatisme "Rhumatisme inflammatoire"
* #alcool "Alcool"
* #tabac "Tabac"
* #cannabis "Cannabis"
* #opiaces "Opiacés"
* #cocaine "Cocaïne"
* #medicaments "Médicaments"
* #jeux "Jeux et écrans"
* #somatique "Somatique"
* #psychique "Psychique"
* #sociale "Sociale"
* #autre "Autre"
* #aucune "Aucune"

CodeSystem: ReferralStatus
Id: referral-status
Title: "État de l'adressage (Referral status)"
Description: "La boucle de l'adressage, de l'envoi à la réponse. The referral loop, from sending to answer; each code implies a Task.status, see the concept map."
* insert Own(referral-status)
* #sent "Envoyé" "Parti, pas encore reçu. Task.status requested."
* #received "Reçu" "Vu par le destinataire. Task.status received."
* #accepted "Accepté" "Pris en charge. Task.status accepted."
* #refused "Refusé" "Avec un motif (Task.statusReason). Task.status rejected."
* #planned "Planifié" "Au moins un rendez-vous. Task.status in-progress."
* #done "Réalisé" "Fait, la réponse est due. Task.status in-progress."
* #answered "Répondu" "Le prescripteur a sa réponse (Task.output). Task.status completed."
* #cancelled "Annulé" "Retiré par le demandeur. Task.status cancelled."

CodeSystem: RefusalReasons
Id: refusal-reason
Title: "Motif de refus (Refusal reason)"
Description: "Pourquoi une inclusion, un adressage ou un forfait est refusé. Why an inclusion, a referral or a package is refused."
* insert Open(refusal-reason)
* #programme-closed "Le parcours n'est pas ouvert à cette date"
* #already-included "Le patient est déjà inclus"
* #already-this-year "Le patient a déjà été pris en charge cette année"
* #already-invoiced "Le forfait de l'année est déjà facturé"
* #no-referral "Aucun adressage"
* #outside-criteria "Hors des critères du parcours"
* #opposed "Le patient s'y oppose"
* #no-consent "Le consentement manque"
* #no-agreement "L'accord préalable manque"
* #no-capacity "Pas de place"
* #wrong-recipient "Pas le bon destinataire"
* #duplicate "Déjà demandé"
* #episode-cancelled "L'épisode est annulé"

CodeSystem: FollowUpStates
Id: follow-up
Title: "État du suivi (Follow-up state)"
Description: "Où en est un patient par rapport à son plan. Where a patient stands against the plan."
* insert Own(follow-up)
* #on-track "À jour"
* #late "En retard"
* #lost "Perdu de vue"
* #ended "Terminé"

CodeSystem: RcpSections
Id: rcp-section
Title: "Rubriques du compte rendu de RCP (RCP sections)"
Description: "Les rubriques d'une décision de RCP non oncologique : le modèle français de niveau 3 ne vaut que pour le cancer. The sections of an RCP decision outside oncology."
* insert Own(rcp-section)
* #participants "Participants présents"
* #question "Question posée"
* #elements "Éléments du dossier"
* #decision "Décision"
* #follow-up "Suite prévue"

CodeSystem: Packages
Id: package
Title: "Forfaits (Packages)"
Description: "Forfaits par patient, parcours et année. Packages per patient, programme and year."
* insert Open(package)
* #cesoa "Forfait CeSOA"
* #equip-addict "Forfait microstructure addictions"
* #post-covid "Forfait microstructure post-Covid"

CodeSystem: Grants
Id: grant
Title: "Dotations aux structures (Grants)"
Description: "Dotations versées aux structures, sans facture par patient. Grants to structures, without an invoice per patient."
* insert Open(grant)
* #participatory-activities "Activités participatives hors professionnels de santé"
* #participatory-approach "Démarche participative des professionnels de santé"
* #interpreting "Interprétariat professionnel"
* #psychological-support "Prise en charge psychologique"

CodeSystem: Exchanges
Id: exchange
Title: "Nature de l'échange (Kind of exchange)"
Description: "Ce qu'une Communication transmet. What a Communication carries."
* insert Own(exchange)
* #summary "Synthèse transmise au médecin traitant"
* #report "Compte rendu transmis"
* #rcp-decision "Décision de RCP transmise"
* #tele-expertise "Téléexpertise"
* #opinion "Avis entre prescripteur et radiologue"

CodeSystem: ConsentTopics
Id: consent-topic
Title: "Objet du consentement (Consent topics)"
Description: "De quoi une décision du patient parle. Les deux premiers viennent des messages PAM-FR (ZFA). What a decision of the patient is about; the first two come with PAM-FR messages."
* ^url = "urn:passerelle:consent"
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete
* #dmp-feeding "Alimentation du DMP"
* #dmp-consultation "Consultation du DMP"
* #programme "Participation au parcours"
* #forwarding "Transmission au médecin traitant"
* #sharing "Partage dans l'équipe de soins"
* #identity "Usage de l'identité nationale (INS)"
