"""What is said when something cannot be charged, French first."""

from __future__ import annotations

from typing import Final

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "no-definition": (
        "Aucun forfait n'est défini pour ce parcours : il n'y a rien à facturer.",
        "No package is defined for this programme: there is nothing to invoice.",
    ),
    "no-price": (
        "La définition {what} n'a pas de montant.",
        "The definition {what} has no amount.",
    ),
    "not-active": (
        "La définition {what} n'est pas en service (statut {status}).",
        "The definition {what} is not in service (status {status}).",
    ),
    "episode-status": (
        "L'épisode est au statut {status} : il ne se facture pas.",
        "The episode has the status {status}: it is not invoiced.",
    ),
    "episode-patient": (
        "L'épisode ne nomme pas son patient.",
        "The episode does not name its patient.",
    ),
    "episode-start": (
        "L'épisode n'a pas de date de début.",
        "The episode has no beginning.",
    ),
    "outside-episode": (
        "L'épisode ne couvre pas l'année du {first} au {last}.",
        "The episode does not cover the year from {first} to {last}.",
    ),
    "outside-period": (
        "Le forfait vaut du {start} au {end} : l'année du {first} au {last} est en dehors.",
        "The package is valid from {start} to {end}: the year from {first} to {last} lies outside.",
    ),
    "condition": (
        "Le forfait n'est pas dû : {why}",
        "The package is not due: {why}",
    ),
    "already": (
        "Le forfait de l'année du {first} est déjà facturé ({what}).",
        "The package of the year from {first} has been invoiced already ({what}).",
    ),
    "paid": (
        "La facture {what} est soldée : elle ne se recalcule plus.",
        "The invoice {what} is balanced: it is not computed anew.",
    ),
    "fact-missing": (
        "Il manque une donnée pour calculer {what} : {why}",
        "A fact is missing to compute {what}: {why}",
    ),
    "not-a-number": (
        "{what} n'est pas un montant.",
        "{what} is not an amount.",
    ),
}


def say(lang: str, name: str, **parts: str) -> str:
    """Return a sentence in French, or in English for `en`."""
    french, english = _SENTENCES[name]
    return (english if lang == "en" else french).format(**parts)
