RuleSet: Search(id, code, base, type)
* id = "{id}"
* url = "https://passerelle.example/fhir/SearchParameter/{id}"
* status = #active
* version = "1.0.0"
* code = #{code}
* base = #{base}
* type = #{type}

Instance: Task-due
InstanceOf: SearchParameter
Usage: #definition
* insert Search(Task-due, due, Task, date)
* name = "TaskDue"
* description = "Quand une tâche doit être faite : celles en retard se listent. When a task is due: overdue ones can be listed."
* expression = "Task.restriction.period"

Instance: Communication-about
InstanceOf: SearchParameter
Usage: #definition
* insert Search(Communication-about, about, Communication, reference)
* name = "CommunicationAbout"
* description = "De quoi un échange parle : le fil d'un examen. What an exchange is about: the thread of an exam."
* expression = "Communication.about"
* target[0] = #Resource

Instance: Appointment-created
InstanceOf: SearchParameter
Usage: #definition
* insert Search(Appointment-created, created, Appointment, date)
* name = "AppointmentCreated"
* description = "Quand un rendez-vous a été pris. When an appointment was taken."
* expression = "Appointment.created"

Instance: ChargeItem-definition
InstanceOf: SearchParameter
Usage: #definition
* insert Search(ChargeItem-definition, definition, ChargeItem, reference)
* name = "ChargeItemDefinitionCanonical"
* description = "La définition du forfait. The definition of the package."
* expression = "ChargeItem.definitionCanonical"
* target = #ChargeItemDefinition
