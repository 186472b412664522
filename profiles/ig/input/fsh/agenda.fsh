// As the guide of shared agendas (ans.fhir.fr.gap 3.0.0) and SAS say: FR Core, and a label on slots.

Profile: SharedSchedule
Parent: $fr-core-schedule
Id: passerelle-schedule
Title: "Agenda partagé (Shared schedule)"
Description: "L'agenda d'une personne, d'un lieu, d'un service ou d'un appareil. The agenda of a person, place, service or device."
* identifier MS
* active MS
* actor MS
* specialty MS
* planningHorizon MS

Profile: SharedSlot
Parent: $fr-core-slot
Id: passerelle-slot
Title: "Créneau (Slot)"
Description: "Un créneau d'un agenda partagé ; son étiquette dit qui peut le réserver. A slot of a shared agenda; its label says who may book it."
* obeys passerelle-slot-order
* meta.security MS
* meta.security from SlotTypes (extensible)
* identifier MS
* serviceType MS
* specialty MS
* appointmentType MS
* schedule MS
* status MS
* start MS
* end MS
* comment MS

Invariant: passerelle-slot-order
Description: "Un créneau finit après son début. A slot ends after its beginning."
Severity: #error
Expression: "end >= start"

Profile: SharedAppointment
Parent: $fr-core-appointment
Id: passerelle-appointment
Title: "Rendez-vous (Appointment)"
Description: "Un rendez-vous pris dans un agenda partagé. An appointment taken in a shared agenda."
* obeys passerelle-appointment-patient
* identifier MS
* status MS
* cancelationReason MS
* serviceType MS
* specialty MS
* appointmentType MS
* reasonCode MS
* start MS
* end MS
* created MS
* created ^comment = "Compté par mois (recherche created). Counted by month (search parameter created)."
* slot MS
* basedOn MS
* participant MS

Invariant: passerelle-appointment-patient
Description: "Un rendez-vous pris dit pour quel patient. A booked appointment says for which patient."
Severity: #warning
Expression: "status = 'booked' implies participant.actor.where(reference.contains('Patient/') or identifier.exists() or resolve() is Patient).exists()"
