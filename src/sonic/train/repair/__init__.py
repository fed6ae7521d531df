"""Teaches a network to hear speech features through noise as they are without it."""
