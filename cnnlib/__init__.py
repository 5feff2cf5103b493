"""Helpers that the chapters of this course build by hand first and import afterwards.

Import what you need from the module that holds it (``from cnnlib.layers import Conv2d``);
``import cnnlib`` alone loads nothing else. ARCHITECTURE.md has the table of modules.
"""

__version__ = "0.1.0"
