"""Assignment 2: the X/O ConvNet, chapters 3 to 5."""
