"""Emitted functions are tested in double precision, which the runtime switches on."""

from __future__ import annotations

import jax

jax.config.update("jax_enable_x64", True)
