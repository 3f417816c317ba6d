"""Contagion processes from the textbooks, as rules: known results to hold the engine against.

They are no part of the standard month. Each reads the same ties, writes the same stages and draws
the same keyed luck as the rules of the month, so that what is proven about them tests the engine.
"""
