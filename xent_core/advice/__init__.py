"""What a batch calls for, and what looks wrong in it."""
