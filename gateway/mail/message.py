"""A letter as an Internet message (RFC 5322, RFC 2045), with the headers of MSSanté.

The same letter always gives the same bytes: what a second attempt sends is what the first did.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.delivery.letter import Letter


def mail_message(letter: Letter, *, sender: str, product: str) -> EmailMessage:
    """Return the message; `sender` is a mailbox, `product` the software's reference (X-MSS-NIL)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = letter.created
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    # RFC 3834: nobody's holiday notice should answer.
    message["Auto-Submitted"] = "auto-generated"
    message["X-MSS-NIL"] = product
    if letter.closed:
        message["X-MSS-MES"] = "FIN"
    message.set_content(letter.text, cte="quoted-printable")
    message["Content-Language"] = letter.language
    for enclosure in letter.enclosures:
        kind, _, subtype = enclosure.content_type.partition("/")
        message.add_attachment(
            enclosure.content, maintype=kind, subtype=subtype, filename=enclosure.name
        )
    if letter.enclosures:
        # The default boundary is drawn at random.
        message.set_boundary(f"=_{letter.message_id.strip('<>').partition('@')[0]}_=")
    return message
