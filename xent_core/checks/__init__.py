"""Whether arguments and values can be computed with. Only here is decided which numbers are acceptable."""
