"""Designs of experiments: which points are computed, and what their settings are."""
