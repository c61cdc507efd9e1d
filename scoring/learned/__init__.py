"""A judge trained on people's verdicts: a linear probe on a model's hidden states.

Needs numpy, and nothing of the web application or of a model library.
"""
