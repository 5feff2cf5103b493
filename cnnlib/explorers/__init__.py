"""Explorers: one widget class and one ES module each, alive with a kernel and without one."""
