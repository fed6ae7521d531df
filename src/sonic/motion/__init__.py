"""Face motion: its representation, its generation from speech and the controls over it."""
