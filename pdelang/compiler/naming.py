"""Names in emitted code. A user's name never enters it as it is: letters, digits and underscores only, Greek written out, nothing that
means something to Python or to the module itself, and never the same name twice."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from pdelang.compiler.stages import Residual
from pdelang.language.expressions import Jet
from pdelang.language.problem import Problem

_GREEK_LETTERS = (
    ("α", "alpha"), ("β", "beta"), ("γ", "gamma"), ("δ", "delta"), ("ε", "epsilon"), ("ζ", "zeta"), ("η", "eta"), ("θ", "theta"),
    ("ι", "iota"), ("κ", "kappa"), ("λ", "lambda"), ("μ", "mu"), ("ν", "nu"), ("ξ", "xi"), ("ο", "omicron"), ("π", "pi"), ("ρ", "rho"),
    ("σ", "sigma"), ("τ", "tau"), ("υ", "upsilon"), ("φ", "phi"), ("χ", "chi"), ("ψ", "psi"), ("ω", "omega"),
)  # fmt: skip
GREEK = {
    **dict(_GREEK_LETTERS),
    **{letter.upper(): name.capitalize() for letter, name in _GREEK_LETTERS},
    **{"ς": "sigma", "ϑ": "theta", "ϕ": "phi", "ϵ": "epsilon"},
}

OWN = frozenset(
    {
        "jax",
        "jnp",
        "special",
        "jets",
        "points",
        "params",
        "theta",
        "along",
        "rows",
        "lower",
        "upper",
        "total",
        "holds",
        "condition",
        "loss",
        "condition_loss",
    }
)
"""Names that the functions of the emitted module use themselves."""

RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *OWN})


LENGTH = 60


def identifier(text: str) -> str:
    """`U[1]` -> `U_1`, `ν` -> `nu`, `u(-1, t)` -> `u_minus_1_t`: any text as an ASCII identifier, never empty."""
    text = re.sub(r"(?<![\w)\]])\s*-\s*(?=[\w.])", "_minus_", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", "p", text)
    letters = (f"_{GREEK[c]}_" if c in GREEK else c if c.isascii() else f"u{ord(c):04x}" for c in text)
    name = re.sub(r"[^A-Za-z0-9]+", "_", "".join(letters)).strip("_")
    if not name:
        return "unnamed"
    return f"n{name}" if name[0].isdigit() else name


class Scope:
    """Hands out names, each once."""

    def __init__(self, taken: Iterable[str] = ()):
        self.taken = {*RESERVED, *taken}

    def claim(self, wish: str) -> str:
        """`wish` as an identifier; with `_` behind it where it means something to Python or the module, with `_2`, `_3` ... where taken."""
        base = identifier(wish)[:LENGTH].rstrip("_")
        base = name = f"{base}_" if base in RESERVED else base
        number = 2
        while name in self.taken:
            name = f"{base.rstrip('_')}_{number}"
            number += 1
        self.taken.add(name)
        return name

    def numbered(self, kind: str) -> str:
        """`kind_1`, `kind_2` ...: the first that is free."""
        number = 1
        while f"{kind}_{number}" in self.taken:
            number += 1
        return self.claim(f"{kind}_{number}")

    def copy(self) -> Scope:
        return Scope(self.taken)


def derivative(problem: Problem, field: int, orders: tuple[int, ...], brackets: bool = False) -> str:
    """`u_xx` where all names have one letter, else `u_x2_tau`. As written in the language's text, not as an identifier."""
    name = problem.fields[field].name
    letters = [c.name for c in problem.coordinates]
    if not any(orders):
        return name
    if all(len(letter) == 1 for letter in letters):
        return name + "_" + "".join(letter * n for letter, n in zip(letters, orders))
    return name + "".join(f"_{letter}{n if n > 1 else ''}" for letter, n in zip(letters, orders) if n)


def jet_text(problem: Problem, jet: Jet) -> str:
    """A jet as people write it; the second place of a periodic pair is marked."""
    return derivative(problem, jet.field, jet.orders) + ("" if jet.place == 0 else f"_at_{jet.place + 1}")


class Names:
    """Identifiers of every symbol of a residual, the same in all functions of the module."""

    def __init__(self, residual: Residual):
        problem, symbols = residual.problem, residual.symbols
        self.scope = Scope()
        self.problem = problem
        self.of: dict[str, str] = {}
        """SymPy symbol's name -> identifier."""
        for symbol, coordinate in zip(symbols.coordinates, problem.coordinates):
            self.of[symbol.name] = self.scope.claim(coordinate.name)
        jets = sorted({j for e in (*residual.equations, *residual.conditions) for j in e.jets}, key=lambda j: (j.place, j.field, j.orders))
        for jet in jets:
            self.of[symbols.jet(jet).name] = self.scope.claim(jet_text(problem, jet))
        for (index, component), symbol in symbols.parameters.items():
            name = problem.parameters[index].name
            self.of[symbol.name] = self.scope.claim(name if component is None else f"{name}_{component + 1}")
        # functions are named after labels; their endings keep them apart from all else but `condition_residual`
        stems = Scope({"condition"})
        self.equations = tuple(stems.claim(e.equation.label.split(" where ")[0]) for e in residual.equations)
        self.conditions = tuple(stems.claim(e.equation.label.split(" where ")[0]) for e in residual.conditions)
