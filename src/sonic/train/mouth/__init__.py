"""The mouth network: what a portrait with closed lips does not show."""
