"""What the operator sees: the log, metrics, and the statistics of the Open Inference Protocol."""
