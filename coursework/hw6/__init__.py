"""Assignment 6: dropout, from the coins to the network that all networks amount to."""
