"""What the service tells its operator: access log, metrics, counts per model."""
