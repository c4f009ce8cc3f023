"""The `xent` command. `python -m xent_cli` is the same without an installation."""
