"""Contrastive audio-visual sync: which sound belongs to which lips."""
