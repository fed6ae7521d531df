"""Turns speech into features that tell sounds apart, whoever speaks."""
