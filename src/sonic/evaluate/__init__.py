"""How good a model or a finished video is, in figures that need no labels."""
