"""Turns a portrait and its motion into pictures: mesh warp, mouth interior, eyes, background."""
