"""Many videos of a list or a folder: resumable, in several processes or on a Ray cluster."""
