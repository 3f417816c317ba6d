"""What the stored runs say: paired comparison, survival of use, costs, and the model's patterns."""
