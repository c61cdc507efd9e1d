"""What this process computes on: asked by a worker after its work, never by the web process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypedDict

from scoring.judges.local_models import loaded_last


class DeviceFacts(TypedDict):
    """device: its name. memory_used, memory_total: in bytes, of the device. models: by folder."""

    device: str
    memory_used: int
    memory_total: int
    models: list[str]


def device_facts() -> DeviceFacts:
    """The GPU with all that is used of it, or the processor with this process's own memory."""
    import torch

    models = list(dict.fromkeys(loaded_last))
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        return DeviceFacts(device=name, memory_used=total - free, memory_total=total, models=models)
    page = os.sysconf("SC_PAGE_SIZE")
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * page
    whole = os.sysconf("SC_PHYS_PAGES") * page
    threads = torch.get_num_threads()
    return DeviceFacts(
        device=f"CPU, {threads} threads", memory_used=resident, memory_total=whole, models=models
    )
