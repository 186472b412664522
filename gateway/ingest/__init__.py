"""What comes in: a message, an instance or a resource becomes one commit."""
