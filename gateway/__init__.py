"""The gateway: everything that a byte or a rule passes through."""
