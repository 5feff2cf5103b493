"""Assignment 5: the recipe, from the first loss to the diagnosis of unseen runs."""
