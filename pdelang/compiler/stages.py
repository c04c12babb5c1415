"""The values that pass between the compiler's stages. Frozen; a stage rebuilds rather than edits.

Problem -> Residual (residual.py) -> Analysis (analysis.py) -> Lowered (lowering/) -> source text (emission.py)
-> CompiledProblem (compiled.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pdelang.language.expressions import Jet
from pdelang.language.problem import Equation, Problem

if TYPE_CHECKING:  # so that a program whose compiled text is cached runs without SymPy
    import sympy


@dataclass(frozen=True)
class Symbols:
    """SymPy symbols, mangled so that no user's name can clash with SymPy's: `xi_0`, `c_nu`, `jet_<field>_<place>_<orders>`.

    coordinates: one a coordinate; parameters: (index, component) -> symbol; jets are made on demand.
    """

    coordinates: tuple[sympy.Symbol, ...]
    parameters: dict[tuple[int, int | None], sympy.Symbol]

    def jet(self, jet: Jet) -> sympy.Symbol:
        import sympy

        orders = "_".join(map(str, jet.orders))
        return sympy.Symbol(f"jet_{jet.field}_{jet.place}_{orders}", real=True)

    @staticmethod
    def jet_of(symbol: sympy.Symbol) -> Jet | None:
        """The jet that a symbol of `jet` stands for, None for coordinates and parameters."""
        head, *numbers = symbol.name.split("_")
        if head != "jet":
            return None
        field, place, *orders = map(int, numbers)
        return Jet(field, tuple(orders), place)


@dataclass(frozen=True)
class ResidualEquation:
    """One scalar equation or condition in jet variables: N(jets, xi, c) = sum(terms) = 0.

    terms: one SymPy expression a `Term` of the equation, in the same order (the source map).
    jets: the jets that occur, sorted by (place, field, total order, orders).
    partials: dN/d(jet), in the order of `jets`: the Frechet derivative's coefficients.
    where: a predicate of `functions.py`, or None. fixed: a row a place, an entry a coordinate: SymPy expression in parameters, or None.
    """

    equation: Equation
    terms: tuple[sympy.Expr, ...]
    jets: tuple[Jet, ...]
    partials: tuple[sympy.Expr, ...]
    where: sympy.Basic | None
    fixed: tuple[tuple[sympy.Expr | None, ...], ...]


@dataclass(frozen=True)
class Residual:
    problem: Problem
    symbols: Symbols
    equations: tuple[ResidualEquation, ...]
    conditions: tuple[ResidualEquation, ...]
    bounds: tuple[tuple[sympy.Expr, sympy.Expr], ...]
    exact: tuple[sympy.Expr | None, ...]


@dataclass(frozen=True)
class Analysis:
    """What the equation's structure says; the runtime chooses its method from this and nothing else.

    order: highest total order in the interior. time_orders: highest order in time, one a field (0: no time derivative;
    empty tuple when steady). linear: every interior partial is free of jets. linear_fields: the same a field.
    constant: every interior partial is also free of coordinates. conditions_linear: the same for the conditions.
    conditions_constant: their partials are also free of coordinates.
    multi_indices: orders needed in the interior, a row a field. hints: sentences about stiffness, advection, layers.
    space_orders: highest order in each coordinate (time included), a row a field.
    time_constant: one a field: the coefficients of its highest time derivative are free of jets and coordinates.
    all_multi_indices: as `multi_indices`, with the conditions' jets.
    """

    order: int
    time_orders: tuple[int, ...]
    linear: bool
    linear_fields: tuple[bool, ...]
    constant: bool
    conditions_linear: bool
    multi_indices: tuple[tuple[tuple[int, ...], ...], ...]
    hints: tuple[str, ...] = ()
    conditions_constant: bool = True
    space_orders: tuple[tuple[int, ...], ...] = ()
    time_constant: tuple[bool, ...] = ()
    all_multi_indices: tuple[tuple[tuple[int, ...], ...], ...] = ()
