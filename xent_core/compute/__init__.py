"""The arithmetic below the losses: layout, stable kernels, reductions."""
