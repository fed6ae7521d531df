"""New words for a person in a video: everything is kept but the mouth."""
