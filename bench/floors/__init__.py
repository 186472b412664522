"""What the least possible program does: the floors that the gateway is held against."""
