"""Many prompts with common beginnings in one forward pass, each shared token computed once.

Needs torch and a transformers model, and nothing else of this product.
"""

from scoring.packing.forward import ends, last_logprobs, last_readings, packable, readings
from scoring.packing.tree import Bin, pack

__all__ = ["Bin", "ends", "last_logprobs", "last_readings", "pack", "packable", "readings"]
