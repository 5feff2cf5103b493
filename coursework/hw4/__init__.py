"""Assignment 4: a network's table, what its units see, and a network of one's own on a budget."""
