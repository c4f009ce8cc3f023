"""How often the advice is wrong on sound batches, and how often it names the fault of a faulty program.

`.venv-dev/bin/python -m benchmarks.honesty` writes benchmarks/honesty.md anew; it needs the dev dependency group only.
Everything goes through `xent_core.evaluate`, as the service's requests do.
"""
