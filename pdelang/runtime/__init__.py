"""CompiledProblem -> Solution. Knows no text. Float64 and the compilation cache are switched on here, once."""

from __future__ import annotations

import os
from pathlib import Path

import jax
import platformdirs

jax.config.update("jax_enable_x64", True)


def _use_compilation_cache() -> None:
    """Keep compiled code in the user's cache folder: the second run of a command starts tens of times faster.

    A folder chosen by the user (JAX_COMPILATION_CACHE_DIR) stays; where none can be written there is no cache.
    """
    if jax.config.values.get("jax_compilation_cache_dir"):
        return
    folder = Path(platformdirs.user_cache_dir("pdelang")) / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


_use_compilation_cache()
