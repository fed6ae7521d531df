"""Learning motion from unlabelled talking videos; needs the `train` extra."""
