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
from pdelang.runtime.solve.product.layouts import Layout
from pdelang.runtime.solve.product.system import Space

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
    """Numbers and arrays, by name; `unpack` takes them back."""
    arrays: Arrays = {}
    numbers = {name: _pack(name, value, arrays) for name, value in values.items() if not isinstance(value, Space)}
    numbers[COLUMNS_FIRST] = [name for name, a in arrays.items() if a.flags.f_contiguous and not a.flags.c_contiguous]
    return numbers, arrays


def _pack(name: str, value: Any, arrays: Arrays) -> Any:
    """What JSON takes; arrays go to `arrays`, their kind stays."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"kind": "array"}
    if isinstance(value, ProductExpansion):
        arrays |= {f"{name}/{key}": array for key, array in value.arrays().items()}
        return {"kind": "expansion"}
    if isinstance(value, Layout):
        for axis, mapping in enumerate(value.mappings):
            if mapping is not None and mapping.made_from is not None:
                arrays[f"{name}/{axis}/x"], arrays[f"{name}/{axis}/length"] = mapping.made_from
        return {"kind": "layout", "kernels": value.kernels, "fixed": value.fixed}
    if isinstance(value, (list, tuple)):
        items = [_pack(f"{name}/{n}", item, arrays) for n, item in enumerate(value)]
        return items if isinstance(value, list) else {"kind": "tuple", "items": items}
    return value.item() if isinstance(value, np.generic) else value


def unpack(state: Any, numbers: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Into a state that has just begun. KeyError, ValueError, TypeError: this is not what `packed` gave."""
    groups = _grouped(_ordered(arrays, numbers[COLUMNS_FIRST]))
    names = [f.name for f in fields(state) if not isinstance(getattr(state, f.name), Space)]
    for name in names:
        setattr(state, name, _unpack(numbers[name], groups.get(name, {}), state.layout))
    for own in fields(state):
        if own.name not in names:
            setattr(state, own.name, state.layout.space())


def _unpack(number: Any, arrays: Arrays, like: Layout) -> Any:
    """arrays: those of this value, by the rest of their names. like: a layout of the same program."""
    if isinstance(number, list) or (isinstance(number, dict) and number["kind"] == "tuple"):
        groups = _grouped(arrays)
        items = [
            _unpack(item, groups.get(str(n), {}), like) for n, item in enumerate(number if isinstance(number, list) else number["items"])
        ]
        return items if isinstance(number, list) else tuple(items)
    if not isinstance(number, dict):
        return number
    if number["kind"] == "array":
        return arrays[""]
    if number["kind"] == "expansion":
        return ProductExpansion.from_arrays(arrays)
    return _layout(number, arrays, like)


def _grouped(arrays: Mapping[str, Array]) -> dict[str, Arrays]:
    """By the first part of the name."""
    groups: dict[str, Arrays] = {}
    for name, array in arrays.items():
        first, _, rest = name.partition("/")
        groups.setdefault(first, {})[rest] = array
    return groups


def _ordered(arrays: Mapping[str, Array], columns_first: Sequence[str]) -> Arrays:
    """The same arrays as they lay in memory, those that names share still shared: a product's last bits depend on it."""
    turned: dict[int, Array] = {}
    out = dict(arrays)
    for name in columns_first:
        if id(arrays[name]) not in turned:
            turned[id(arrays[name])] = np.asfortranarray(arrays[name])
        out[name] = turned[id(arrays[name])]
    return out


def below(arrays: Mapping[str, Array], prefix: str) -> Arrays:
    """Those of one group, without its name."""
    return {name.removeprefix(f"{prefix}/"): array for name, array in arrays.items() if name.startswith(f"{prefix}/")}


def _layout(number: Mapping[str, Any], arrays: Arrays, like: Layout) -> Layout:
    kernels: Sequence[int] = number["kernels"]
    if len(kernels) != like.axes:
        raise ValueError(f"a layout of {len(kernels)} axes where there are {like.axes}")
    mappings = [
        graded(Monitor(arrays[f"{axis}/x"], arrays[f"{axis}/length"]), like.program.periodic[axis]) if f"{axis}/x" in arrays else None
        for axis in range(like.axes)
    ]
    return replace(like, kernels=tuple(kernels), mappings=tuple(mappings), fixed=bool(number["fixed"]))
