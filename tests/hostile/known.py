"""What was found and is not mended yet: by the name of a case, or by what the service's log says of it, and why.

A case that is named here must fail; once it doesn't, its entry is to go. It is to be empty.
"""

KNOWN: dict[str, str] = {}
