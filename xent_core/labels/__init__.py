"""What the labels of a batch look like."""
