"""What the emitted module has defined before these functions: types for the checker, never run."""

from __future__ import annotations

from typing import Any

import jax

COORDINATES: tuple[str, ...] = ()
FIELDS: tuple[str, ...] = ()
PERIODIC: tuple[bool, ...] = ()
EQUATIONS: tuple[dict[str, Any], ...] = ()
CONDITIONS: tuple[dict[str, Any], ...] = ()
JETS: tuple[tuple[int, tuple[int, ...]], ...] = ()
_IMAGES: tuple[tuple[float, ...], ...] = ()
_MERGED: tuple[tuple[int, ...], ...] = ()


def bounds(params: dict[str, Any]) -> tuple[jax.Array, jax.Array]:
    raise NotImplementedError


def _constants(params: dict[str, Any]) -> tuple[tuple[Any, ...], ...]:
    raise NotImplementedError
