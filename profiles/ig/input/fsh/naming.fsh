RuleSet: Names(id, name)
* name = "{name}"
* status = #active
* kind = #identifier
* date = "2026-11-29"
* uniqueId.type = #uri
* uniqueId.value = "https://passerelle.example/fhir/NamingSystem/{id}"

Instance: programme-episode
InstanceOf: NamingSystem
Usage: #definition
* insert Names(programme-episode, ProgrammeEpisodeNumber)
* description = "Le numéro d'une inclusion. The number of an inclusion."

Instance: package
InstanceOf: NamingSystem
Usage: #definition
* insert Names(package, PackageNumber)
* description = "Forfait, patient et année. Package, patient and year."

Instance: grant
InstanceOf: NamingSystem
Usage: #definition
* insert Names(grant, GrantNumber)
* description = "Dotation, structure et année. Grant, structure and year."

Instance: rcp-discussion
InstanceOf: NamingSystem
Usage: #definition
* insert Names(rcp-discussion, RcpDiscussionNumber)
* description = "Le numéro d'une discussion. The number of a discussion."
