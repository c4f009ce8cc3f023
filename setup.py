"""What pyproject.toml cannot say: where NumPy's headers are. All else is there."""

import numpy as np
from setuptools import Extension, setup

# As in scripts/compile. Without a compiler the package installs all the same: see xent_core/compute/elementary.py.
ELEMENTARY = Extension(
    "xent_core.compute._elementary",
    ["xent_core/compute/_elementary.c"],
    include_dirs=[np.get_include()],
    extra_compile_args=["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"],
    optional=True,
)

setup(ext_modules=[ELEMENTARY])
