"""What people look at: figures and tables in plain words."""
