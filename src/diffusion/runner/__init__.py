"""Experiments computed: scenarios x replicates, stored so that they can be resumed and trusted."""
