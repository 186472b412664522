from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from gateway.delivery.letter import Enclosure, Letter
from gateway.mail.message import mail_message

LETTER = Letter(
    message_id="<d1@imagerie.example>",
    to="h.lecoeur@medecin.mssante.fr",
    subject="Compte rendu d'imagerie corrigé \u2013 réf. 1a2b3c4d",
    text="CONCLUSION\nŒdème à confronter à la clinique.\n\n-- \nRéf. 1a2b3c4d\n",
    created=datetime(2026, 3, 12, 12, 5, tzinfo=UTC),
    language="fr-FR",
    enclosures=(Enclosure("20260312_CR_PAT-TROIS_Dominique.pdf", "application/pdf", b"%PDF-1.4"),),
    references=("<d0@imagerie.example>",),
)


def as_sent(letter: Letter) -> bytes:
    return mail_message(
        letter, sender="Imagerie <cr@imagerie.example>", product="Passerelle"
    ).as_bytes()


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_the_headers_are_those_of_the_standard_and_of_mssante() -> None:
    message = read(as_sent(LETTER))
    assert {name: str(value) for name, value in message.items()} == {
        "From": "Imagerie <cr@imagerie.example>",
        "To": "h.lecoeur@medecin.mssante.fr",
        "Subject": "Compte rendu d'imagerie corrigé \u2013 réf. 1a2b3c4d",
        "Date": "Thu, 12 Mar 2026 12:05:00 +0000",
        "Message-ID": "<d1@imagerie.example>",
        "In-Reply-To": "<d0@imagerie.example>",
        "References": "<d0@imagerie.example>",
        "Auto-Submitted": "auto-generated",
        "X-MSS-NIL": "Passerelle",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/mixed; boundary="=_d1_="',
    }


def test_the_text_is_utf_8_and_arrives_as_it_was_written() -> None:
    body = read(as_sent(LETTER)).get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert body.get_content_charset() == "utf-8"
    assert body["Content-Language"] == "fr-FR"
    assert body.get_content().replace("\r\n", "\n") == LETTER.text


def test_the_files_arrive_with_their_names() -> None:
    files = list(read(as_sent(LETTER)).iter_attachments())
    assert [
        (one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in files
    ] == [("20260312_CR_PAT-TROIS_Dominique.pdf", "application/pdf", b"%PDF-1.4")]


def test_the_same_letter_gives_the_same_bytes_in_seven_bits() -> None:
    assert as_sent(LETTER) == as_sent(LETTER)
    assert as_sent(LETTER).isascii()


def test_a_letter_that_nobody_shall_answer_says_so() -> None:
    assert read(as_sent(LETTER))["X-MSS-MES"] is None
    assert read(as_sent(replace(LETTER, closed=True)))["X-MSS-MES"] == "FIN"
