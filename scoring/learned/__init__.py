"""A judge trained on people's verdicts: a linear probe on a model's hidden states, or an adapter.

Needs nothing of the web application; of a model library only where a model is read or adapted.
"""
