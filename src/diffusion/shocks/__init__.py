"""Shocks: one file a kind of blow; presets are YAML files in `configs/shock/`."""
