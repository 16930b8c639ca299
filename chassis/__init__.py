"""What every program of the clinic stands on: assembly, failures, tokens, database, logs and calls between programs."""
