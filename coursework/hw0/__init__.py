"""A trial: four small questions that show whether the grader works on this machine."""
