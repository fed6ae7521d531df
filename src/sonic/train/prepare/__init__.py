"""From a folder of videos to shards of clips whose lips follow their sound."""
