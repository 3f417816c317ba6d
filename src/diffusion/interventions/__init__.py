"""Interventions: one file a kind of action; presets are YAML files in `configs/intervention/`."""
