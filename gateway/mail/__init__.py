"""The mail door: summaries handed to an SMTP server."""
