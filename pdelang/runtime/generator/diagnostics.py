"""Have the kernels collapsed? Distances of nearest centres and widths, in units of the standard layout's spacing, for the training log."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def kernel_figures(theta: dict[str, Any], spacing: jax.Array) -> dict[str, jax.Array]:
    """nearest: the median over kernels of the distance to the next centre; nearest_least: the smallest. scale_low, scale_median,
    scale_high: tenth, fiftieth and ninetieth percentile of all widths. outside: share of centres beyond the box by more than a spacing."""
    places = theta["centres"] / spacing
    squares = jnp.sum((places[:, None] - places[None]) ** 2, axis=-1) + 1e12 * jnp.eye(places.shape[0])
    nearest = jnp.sqrt(jnp.min(squares, axis=1))
    low, median, high = jnp.quantile(jnp.exp(theta["log_scales"]) / spacing, jnp.array([0.1, 0.5, 0.9]))
    outside = jnp.mean(jnp.any(jnp.abs(theta["centres"]) > 1 + spacing, axis=1))
    return {
        "nearest": jnp.median(nearest),
        "nearest_least": jnp.min(nearest),
        "scale_low": low,
        "scale_median": median,
        "scale_high": high,
        "outside": outside,
    }
