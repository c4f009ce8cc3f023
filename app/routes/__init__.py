"""The endpoints: each takes a validated request, has it computed, and answers."""
