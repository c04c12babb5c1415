"""The methods: one row each. `auto` follows from the compiler's analysis, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress

Method = Callable[[CompiledProblem, Parameters, SolveOptions, Progress], MethodResult]

_PLACES = {
    "product": ("pdelang.runtime.solve.product.newton", "product_newton"),
    "least_squares": ("pdelang.runtime.solve.least_squares", "least_squares"),
    "gauss_newton": ("pdelang.runtime.solve.gauss_newton", "gauss_newton"),
    "levenberg_marquardt": ("pdelang.runtime.solve.levenberg_marquardt", "levenberg_marquardt"),
    "first_order": ("pdelang.runtime.solve.first_order", "first_order"),
}
"""name -> (module, function)."""


class _Methods(Mapping[str, Method]):
    """Modules are imported when their method is first asked for: optax alone costs half a second."""

    def __init__(self) -> None:
        self._names = tuple(name for name, (module, _) in _PLACES.items() if find_spec(module) is not None)

    def __getitem__(self, name: str) -> Method:
        if name not in self._names:
            raise KeyError(name)
        module, function = _PLACES[name]
        return getattr(import_module(module), function)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


METHODS: Mapping[str, Method] = _Methods()


def choose(compiled: CompiledProblem) -> tuple[str, str]:
    """The method for `auto`, and one sentence that says why."""
    if "product" in METHODS:
        supports = getattr(import_module(_PLACES["product"][0]), "supports", None)
        if supports is None or supports(compiled):
            return "product", "the domain is a box: kernels on a product layout"
    return scattered(compiled)


def network(options: SolveOptions) -> Method:
    """The method that trains a network in place of Gaussians. UsageError: there is no such network, or another method is asked for."""
    names = import_module("pdelang.runtime.baselines").NETWORKS
    if options.ansatz not in names:
        raise UsageError(f"no ansatz {options.ansatz!r}: there are rbf, {', '.join(names)}")
    if options.method not in ("auto", "first_order"):
        raise UsageError(f"method {options.method!r} is for Gaussians: {options.ansatz} is trained by first_order")
    method: Method = import_module("pdelang.runtime.baselines.train").train_network
    return method


def scattered(compiled: CompiledProblem) -> tuple[str, str]:
    """The method for kernels that stand anywhere, and why."""
    linear = compiled.analysis.linear and compiled.analysis.conditions_linear
    if linear:
        return "least_squares", "the problem is linear: least squares in the weights, without iterations"
    return "gauss_newton", "the problem is nonlinear: Gauss-Newton in the weights with the exact derivative"
