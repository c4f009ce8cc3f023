"""What was found and is not mended yet, and why: by a test's name, or by a text in the log of the service.

A test of that name must fail, and what is said in the log is passed over. It is to be empty.
"""

KNOWN: dict[str, str] = {}
