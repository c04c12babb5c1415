"""Residual, Analysis -> the emitted module: a file that a person can read and keep under version control.

In order: header, plain data, one group of functions an equation and a condition, the tables EQUATIONS and CONDITIONS, scattered
Gaussians (lowering/scattered.py), `solve` and the command line. Everything is a function of the arguments: the same text byte for byte.
"""

from __future__ import annotations

from pathlib import PurePath

from pdelang import __version__
from pdelang.compiler.analysis import is_constant, is_linear
from pdelang.compiler.latex import Latex
from pdelang.compiler.lowering import scattered
from pdelang.compiler.naming import Names
from pdelang.compiler.routines import Routines
from pdelang.compiler.stages import Analysis, Residual, ResidualEquation
from pdelang.compiler.text import Code, block, docstring, one_line, text_literal
from pdelang.language.problem import Problem

HELPERS = '''def along(points, value):
    """One value a point: (N,)."""
    return jnp.broadcast_to(jnp.asarray(value, points.dtype), points.shape[:1])


def rows(points, values):
    """Stack values, each along the points: (len(values), N)."""
    return jnp.stack([along(points, value) for value in values])'''

SOLVE = '''def solve(**parameters):
    """Solve with pdelang's runtime; keywords are parameters and solver options. Returns a `pdelang.Solution`."""
    import pdelang.runtime.api

    if not jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", True)
    return pdelang.runtime.api.solve(pdelang.parse(PROGRAM, PROBLEM["file"]), **parameters)


def main():
    """The command line: `--nu 0.01 --tol 1e-8 --plot u.png`."""
    import argparse

    parser = argparse.ArgumentParser(description=PROBLEM["title"])
    for name, declared in PARAMETERS.items():
        option = f"--param-{name}" if name in ("tol", "method", "plot", "output", "help") else f"--{name}"
        default = f"default {declared['default']}"
        form = {"type": float, "nargs": declared["size"], "metavar": "NUMBER"}
        parser.add_argument(option, dest=f"parameter {name}", help=default, **form)
    parser.add_argument("--tol", type=float, help="tolerance, relative")
    parser.add_argument("--method", help="a method of pdelang's runtime")
    parser.add_argument("--plot", metavar="FILE", help="write a picture")
    parser.add_argument("--output", metavar="FILE", help="write the solution as NetCDF")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    options = {key: given[name] for name, key in (("tol", "tolerance"), ("method", "method")) if name in given}
    parameters = {name: given[f"parameter {name}"] for name in PARAMETERS if f"parameter {name}" in given}
    import pdelang
    from pdelang.runtime.targets import check_targets

    try:
        check_targets(given.get("output"), given.get("plot"), pdelang.parse(PROGRAM, PROBLEM["file"]).time is not None)
        solution = solve(**options, **parameters)
    except (pdelang.UsageError, OSError) as error:
        parser.error(str(error))
    print(solution.status.value)
    if "plot" in given:
        solution.plot(given["plot"])
    if "output" in given:
        solution.save(given["output"])
    return 0 if solution.status.converged else 3


if __name__ == "__main__":
    raise SystemExit(main())'''


def emit(residual: Residual, analysis: Analysis, key: str) -> str:
    """The whole module. key: content hash of program and compiler, for the header."""
    problem = residual.problem
    names = Names(residual)
    routines = Routines(residual, names)
    groups = [
        routines.equation(e, stem) for e, stem in (*zip(residual.equations, names.equations), *zip(residual.conditions, names.conditions))
    ]
    functions = [HELPERS, routines.bounds(), routines.exact(), *groups]
    tables = [
        _table("EQUATIONS", residual, residual.equations, names.equations),
        _table("CONDITIONS", residual, residual.conditions, names.conditions),
    ]
    gaussians = scattered.emit(residual, analysis)
    body = "\n\n\n".join(f for f in functions if f is not None)
    imports = [*scattered.IMPORTS, "import jax", "import jax.numpy as jnp"]
    if "special." in body or "special." in gaussians:
        imports.append("from jax.scipy import special")
    head = "\n".join([*_header(residual, key), "", *imports])
    parts = [body, "\n\n".join(tables), gaussians.strip("\n"), SOLVE]
    return head + "\n\n" + _data(problem, key) + "\n\n\n" + "\n\n\n".join(p for p in parts if p) + "\n"


def _header(residual: Residual, key: str) -> list[str]:
    problem = residual.problem
    source, latex = problem.source, Latex(residual)
    title = one_line(problem.title or problem.name, 100).rstrip(".")
    everything = (*residual.equations, *residual.conditions)
    lines = [
        f"{title}.",
        "",
        f"Written by pdelang {__version__} from `{one_line(PurePath(source.name).name, 60)}`; content hash {key[:16]}.",
        "",
        "As written:",
        "",
        *(f"    {text}" for text in dict.fromkeys(one_line(source.excerpt(e.equation.span), 110) for e in everything)),
        "",
        "In jets, as LaTeX:",
        "",
        *(f"    {one_line(latex.equation(e), 4000)}" for e in everything),
    ]
    return docstring(lines, raw=True)


def _data(problem: Problem, key: str) -> str:
    parameters = {
        p.name: {
            "distribution": p.distribution,
            "arguments": p.arguments,
            "default": p.default if p.size is not None else p.default[0],
            "size": p.size,
        }
        for p in problem.parameters
    }
    about = {
        "name": problem.name,
        "title": problem.title or problem.name,
        "file": PurePath(problem.source.name).name,
        "hash": key,
        "coordinates": Code("COORDINATES"),
        "fields": Code("FIELDS"),
        "parameters": Code("PARAMETERS"),
        "equations": tuple((e.label, problem.source.excerpt(e.span)) for e in problem.equations),
        "conditions": tuple((e.label, problem.source.excerpt(e.span)) for e in problem.conditions),
    }
    return "\n".join(
        [
            block("COORDINATES", tuple(c.name for c in problem.coordinates)),
            block("PERIODIC", tuple(c.periodic for c in problem.coordinates)),
            block("FIELDS", tuple(f.name for f in problem.fields)),
            block("PARAMETERS", parameters),
            block("PROBLEM", about),
            text_literal("PROGRAM", problem.source.text),
        ]
    )


def _table(name: str, residual: Residual, equations: tuple[ResidualEquation, ...], stems: tuple[str, ...]) -> str:
    """The records that scattered Gaussians and `CompiledProblem` read."""
    source, symbols = residual.problem.source, residual.symbols
    return block(
        name,
        tuple(
            {
                "label": e.equation.label,
                "kind": e.equation.kind,
                "line": source.position(e.equation.span.start)[0],
                "text": source.excerpt(e.equation.span),
                "jets": tuple((j.field, j.orders, j.place) for j in e.jets),
                "free": tuple(i for i, x in enumerate(e.fixed[0]) if x is None),
                "locate": Code(f"{stem}_locate"),
                "residual": Code(f"{stem}_residual"),
                "partials": Code(f"{stem}_partials"),
                "terms": Code(f"{stem}_terms"),
                "where": None if e.where is None else Code(f"{stem}_where"),
                "linear": is_linear(e, symbols),
                "constant": is_constant(e, symbols),
                "term_lines": tuple(source.position(t.span.start)[0] for t in e.equation.terms),
                "term_texts": tuple(source.excerpt(t.span) for t in e.equation.terms),
            }
            for e, stem in zip(equations, stems)
        ),
    )
