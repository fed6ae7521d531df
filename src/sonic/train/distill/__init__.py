"""Students: fewer solver steps, and a speech encoder that needs no future."""
