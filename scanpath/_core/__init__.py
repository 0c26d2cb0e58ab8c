"""What every part stands on: errors, checks, registries, seeds and safe files. It knows nothing of eyes."""
