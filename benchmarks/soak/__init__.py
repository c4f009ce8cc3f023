"""Two replicas behind nginx for a long time, while an operator works on them."""
