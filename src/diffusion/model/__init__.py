"""The model: settings, the order of the month, the recorder, the simulation, its Mesa face."""
