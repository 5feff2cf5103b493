"""Six assignments that check themselves, and the grader that marks a class.

Run ``python -m coursework.grade --help``. The page ``instructors.md`` says how the parts fit together.
"""
