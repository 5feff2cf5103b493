"""Assignment 1: shallow descriptors, chapter 1."""
