"""Sonic: one portrait and one voice recording in, a talking video out."""

__version__ = "0.1.0"
