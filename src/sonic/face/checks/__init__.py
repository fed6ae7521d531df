"""What a portrait will make easy or hard: one question a file, all asked of one small view of the face."""
