"""One file per path: its request model, its response model and its endpoint."""
