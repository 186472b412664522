"""What the engine says, French first: one row a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.programmes.names import TRANSLATION

if TYPE_CHECKING:
    from collections.abc import Mapping

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "activity-gone": (
        "Le plan emploie {what}, qui n'est plus là : rien ne peut en être appliqué.",
        "The plan uses {what}, which is not here any more: nothing of it can be applied.",
    ),
    "plan-ring": (
        "Le plan {what} se contient lui-même.",
        "The plan {what} holds itself.",
    ),
    "not-a-programme": (
        "{what} n'est pas un programme : il lui manque un useContext « program ».",
        "{what} is not a programme: it has no useContext of type program.",
    ),
    "no-programme": (
        "{what} n'est d'aucun programme connu.",
        "{what} is of no programme that is known.",
    ),
    "not-active": (
        "Le programme {programme} n'est pas en service (statut {status}).",
        "The programme {programme} is not in service (status {status}).",
    ),
    "too-early": (
        "Le programme {programme} commence le {day} : une inclusion du {on} est trop tôt.",
        "The programme {programme} begins on {day}: an inclusion on {on} is too early.",
    ),
    "too-late": (
        (
            "Le programme {programme} est clos depuis le {day} : une inclusion du {on} est "
            "refusée. Le suivi et les comptes rendus restent lisibles."
        ),
        (
            "The programme {programme} closed on {day}: an inclusion on {on} is refused. "
            "Follow-up and reports remain readable."
        ),
    ),
    "criterion-unreadable": (
        "Le critère « {name} » ne peut pas être évalué : {why}",
        'The criterion "{name}" cannot be evaluated: {why}',
    ),
    "opposed": (
        "Le patient s'est opposé à ce programme.",
        "The patient is opposed to this programme.",
    ),
    "dead": (
        "Le patient est déclaré décédé.",
        "The patient is said to be dead.",
    ),
    "already-active": (
        "Le patient est déjà inclus dans le programme {programme} depuis le {day}.",
        "The patient has been in the programme {programme} since {day}.",
    ),
    "once-a-year": (
        (
            "Le patient a déjà été inclus dans le programme {programme} le {day} : "
            "une seule inclusion par an."
        ),
        (
            "The patient was included in the programme {programme} on {day} already: "
            "one inclusion a year."
        ),
    ),
    "bad-date": (
        "La date {what} n'est pas une date complète.",
        "The date {what} is not a whole date.",
    ),
    "no-owner": (
        (
            "Personne n'est là pour « {title} » : donnez un coordinateur (practitioner) ou une "
            "structure (organization)."
        ),
        (
            'Nobody is there for "{title}": give a coordinator (practitioner) or a structure '
            "(organization)."
        ),
    ),
    "unknown-activity": (
        "« {what} » n'est pas une action du programme {programme}.",
        '"{what}" is not an action of the programme {programme}.',
    ),
    "no-opening": (
        "Aucun créneau libre pour « {title} » du {start} au {end}.",
        'No free slot for "{title}" from {start} to {end}.',
    ),
    "no-place": (
        "Aucun lieu n'offre le même jour toutes les étapes de « {title} » du {start} au {end}.",
        'No place offers all the steps of "{title}" on one day from {start} to {end}.',
    ),
    "no-sequence": (
        (
            "Les créneaux libres du {start} au {end} ne permettent pas d'enchaîner « {title} » "
            "dans l'ordre, en {minutes} minutes au plus."
        ),
        (
            'The free slots from {start} to {end} do not let "{title}" follow its order within '
            "{minutes} minutes."
        ),
    ),
    "slots-taken": (
        "Les créneaux trouvés viennent d'être pris par quelqu'un d'autre : recommencez.",
        "The slots that were found have just been taken by somebody else: try again.",
    ),
    "no-task-owner": (
        "Une tâche en cours a toujours un responsable (owner).",
        "A task that is under way always has an owner.",
    ),
    "no-step": (
        "Le statut {status} n'est pas une étape d'un adressage.",
        "The status {status} is no step of a referral.",
    ),
    "step-mismatch": (
        "L'étape {step} ne va pas avec le statut {status}.",
        "The step {step} does not go with the status {status}.",
    ),
    "no-refusal-reason": (
        "Un adressage refusé dit pourquoi (statusReason).",
        "A referral that is refused says why (statusReason).",
    ),
    "no-answer": (
        "Un adressage répondu dit où est la réponse (output).",
        "A referral that is answered says where the answer is (output).",
    ),
    "bad-first-step": (
        "Un adressage ne commence pas par l'étape {step}.",
        "A referral does not begin with the step {step}.",
    ),
    "bad-step": (
        "Un adressage à l'étape {old} ne passe pas à {step} ; possibles : {allowed}.",
        "A referral at the step {old} does not go to {step}; possible: {allowed}.",
    ),
    "referral-kept": (
        "Un adressage en cours ne se supprime pas : annulez-le.",
        "A referral that is under way is not deleted: cancel it.",
    ),
    "state-ended": (
        "L'épisode est terminé.",
        "The episode has ended.",
    ),
    "state-lost": (
        "Perdu de vue : pas de rencontre depuis le {day}.",
        "Lost to follow-up: no encounter since {day}.",
    ),
    "state-late": (
        "Une échéance du plan est dépassée.",
        "Something of the plan is overdue.",
    ),
    "state-on-track": (
        "À jour.",
        "On track.",
    ),
    "rcp-nobody": (
        "Une RCP a des participants : donnez-en au moins un.",
        "A meeting has participants: give one at least.",
    ),
    "rcp-empty": (
        "Une discussion a une question et une décision.",
        "A discussion has a question and a decision.",
    ),
    "rcp-stranger": (
        "{what} n'est pas suivi dans le programme {programme}.",
        "{what} is not followed in the programme {programme}.",
    ),
    "rcp-not-listed": (
        "{what} n'est pas sur la liste de cette réunion.",
        "{what} is not on the list of this meeting.",
    ),
    "rcp-off": (
        "La réunion est annulée.",
        "The meeting was cancelled.",
    ),
    "rcp-twice": (
        "{what} a déjà été discuté dans cette réunion.",
        "{what} was discussed in this meeting already.",
    ),
    "not-agreed": (
        "La personne n'a pas accepté la transmission au médecin traitant.",
        "The person has not agreed to forwarding to the treating physician.",
    ),
    "no-subject": (
        "{what} n'est pas un patient connu.",
        "{what} is not a patient that is known.",
    ),
    "not-here": (
        "{what} n'est pas connu ici.",
        "{what} is not known here.",
    ),
    "patient-other": (
        "{what} concerne un autre patient.",
        "{what} is about another patient.",
    ),
    "eligible": (
        "Le patient peut être inclus dans le programme {programme}.",
        "The patient may be included in the programme {programme}.",
    ),
}  # fmt: skip - one sentence a paragraph


def say(lang: str, sentence: str, /, **given: object) -> str:
    """Return a sentence in French, or in English for `en`."""
    french, english = _SENTENCES[sentence]
    return (english if lang == "en" else french).format(**given)


def translated(element: dict[str, Any], name: str, lang: str) -> str:
    """Return the text `name` of an element in `lang`, when a translation came with it.

    https://hl7.org/fhir/R4/extension-translation.html
    """
    for extension in element.get(f"_{name}", {}).get("extension", ()):
        if extension.get("url") != TRANSLATION:
            continue
        parts = {one.get("url"): one for one in extension.get("extension", ())}
        if parts.get("lang", {}).get("valueCode") == lang:
            return str(parts["content"]["valueString"])
    return str(element.get(name, ""))


def day(date: str) -> str:
    """Return a FHIR date as JJ/MM/AAAA."""
    return "/".join(reversed(date[:10].split("-")))
