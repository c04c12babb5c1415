"""State of a march <-> numbers for JSON and arrays, bit for bit.

What happens to a value follows from its kind, not from its name: a field that the state gains needs nothing here. Kernels of a layout are
numbers, a graded axis keeps the monitor that it was made from; factors and their matrices are made again, to the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.monitor import Monitor, graded
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.solve.product_layouts import Layout
from pdelang.runtime.solve.product_system import Space

COLUMNS_FIRST = "columns first"
"""Key of the numbers: the arrays that are stored by columns."""
Arrays = dict[str, Array]
Values = Mapping[str, Any]
"""Field of the state -> its value."""


def snapshot(state: Any) -> dict[str, Any]:
    """The values as they are now: what the march goes on to change is copied, what it never changes is shared."""
    values = {f.name: getattr(state, f.name) for f in fields(state)}
    return {name: value.copy() if isinstance(value, (list, np.ndarray)) else value for name, value in values.items()}


def packed(values: Values) -> tuple[dict[str, Any], Arrays]:
    """Numbers and arrays, by name; `unpacked` takes them back."""
    numbers: dict[str, Any] = {}
    arrays: Arrays = {}
    for name, value in values.items():
        if isinstance(value, Layout):
            numbers[name] = {"kernels": value.kernels, "fixed": value.fixed}
            for axis, mapping in enumerate(value.mappings):
                if mapping is not None and mapping.made_from is not None:
                    arrays[f"{name}/{axis}/x"], arrays[f"{name}/{axis}/length"] = mapping.made_from
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        elif _is_parts(value):
            numbers[name] = len(value)
            arrays |= {f"{name}/{s}/{key}": array for s, part in enumerate(value) for key, array in part.arrays().items()}
        elif _is_nested(value):
            numbers[name] = [len(own) for own in value]
            arrays |= {f"{name}/{f}/{k}": array for f, own in enumerate(value) for k, array in enumerate(own)}
        elif not isinstance(value, Space):
            numbers[name] = value.item() if isinstance(value, np.generic) else value
    numbers[COLUMNS_FIRST] = [name for name, a in arrays.items() if a.flags.f_contiguous and not a.flags.c_contiguous]
    return numbers, arrays


def unpack(state: Any, numbers: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Into a state that has just begun. KeyError, ValueError, TypeError: this is not what `packed` gave."""
    arrays = _ordered(arrays, numbers[COLUMNS_FIRST])
    for own in fields(state):
        name, now = own.name, getattr(state, own.name)
        if isinstance(now, Layout):
            layout = _layout(now, numbers[name], below(arrays, name))
            setattr(state, name, layout)
        elif isinstance(now, np.ndarray):
            setattr(state, name, np.array(arrays[name]))
        elif isinstance(now, list) and isinstance(numbers[name], int):
            setattr(state, name, [ProductExpansion.from_arrays(below(arrays, f"{name}/{s}")) for s in range(numbers[name])])
        elif _is_nested(now):
            setattr(state, name, tuple(tuple(arrays[f"{name}/{f}/{k}"] for k in range(n)) for f, n in enumerate(numbers[name])))
        elif not isinstance(now, Space):
            setattr(state, name, type(now)(numbers[name]))
    for own in fields(state):
        if isinstance(getattr(state, own.name), Space):
            setattr(state, own.name, layout.space())


def _ordered(arrays: Mapping[str, Array], columns_first: Sequence[str]) -> Arrays:
    """The same arrays as they lay in memory, those that names share still shared: a product's last bits depend on it."""
    turned: dict[int, Array] = {}
    out = dict(arrays)
    for name in columns_first:
        out[name] = turned.setdefault(id(arrays[name]), np.asfortranarray(arrays[name]))
    return out


def below(arrays: Mapping[str, Array], prefix: str) -> Arrays:
    """Those of one group, without its name."""
    return {name.removeprefix(f"{prefix}/"): array for name, array in arrays.items() if name.startswith(f"{prefix}/")}


def _layout(now: Layout, numbers: Mapping[str, Any], arrays: Mapping[str, Array]) -> Layout:
    kernels: Sequence[int] = numbers["kernels"]
    if len(kernels) != now.axes:
        raise ValueError(f"a layout of {len(kernels)} axes where there are {now.axes}")
    mappings = [
        graded(Monitor(arrays[f"{axis}/x"], arrays[f"{axis}/length"]), now.program.periodic[axis]) if f"{axis}/x" in arrays else None
        for axis in range(now.axes)
    ]
    return replace(now, kernels=tuple(kernels), mappings=tuple(mappings), fixed=bool(numbers["fixed"]))


def _is_parts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ProductExpansion)


def _is_nested(value: Any) -> bool:
    """The starts: a tuple a field, an array an order in time."""
    return isinstance(value, tuple) and all(isinstance(own, tuple) for own in value)
