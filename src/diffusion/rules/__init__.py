"""The mechanisms of the month, one file each: parameters, compiled loop, class."""
