"""Assignment 3: convolution backward, and a network that learns to read."""
