"""Solve the examples of the gallery, draw them, and write docs/gallery.md with the figures that came out.

    python docs/make_gallery.py [NAME ...]

With names, only those pictures are drawn anew and the page is left alone.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import pdelang

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
IMAGES = HERE / "images"
LARGEST = 200_000
"""Bytes of one picture."""


@dataclass(frozen=True)
class Picture:
    example: str
    tolerance: float
    words: str


PICTURES = (
    Picture("burgers", 1e-4, "A sine steepens into a layer of width 0.01. The reference is Cole and Hopf's formula, by quadrature."),
    Picture("allen_cahn", 1e-3, "Two phases and the walls between them; the initial value has a kink where the period closes."),
    Picture("kdv", 1e-5, "Dispersion breaks a cosine into solitons, which pass through each other."),
    Picture("schroedinger", 1e-6, "Real and imaginary part of two bound solitons that beat."),
    Picture("kuramoto_sivashinsky_regular", 1e-7, "Long waves grow, short ones are damped: fourth order, periodic."),
    Picture("navier_stokes", 1e-6, "Navier-Stokes between walls, in time: a vortex that decays, with its pressure."),
    Picture("kovasznay", 1e-8, "Steady Navier-Stokes with an exact solution: two velocities and the pressure."),
    Picture("cavity", 1e-3, "A lid drives a vortex at Re = 100."),
    Picture("helmholtz", 1e-10, "Made up by `exact u = ...`; the right-hand side is `source(exact)`."),
    Picture("biharmonic", 1e-8, "A clamped plate, fourth order."),
    Picture("wave", 1e-8, "A string with two modes, second order in time."),
    Picture("burgers2d", 1e-4, "Burgers' equation on a square, three coordinates."),
)


def draw(picture: Picture) -> str:
    """Write the picture; returns its section of the page."""
    solution = pdelang.solve(EXAMPLES / f"{picture.example}.pde", tolerance=picture.tolerance)
    reference = EXAMPLES / "references" / f"{picture.example}.nc"
    if not solution.relative_l2 and reference.exists():
        solution = solution.compared_with(reference)
    path = solution.plot(IMAGES / f"{picture.example}.png")
    compress(path)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")
    errors = ", ".join(f"{name}: {error:.0e}" for name, error in solution.relative_l2.items())
    print(f"{picture.example:24s} {solution.status.name.lower():18s} {errors}  {solution.seconds:.1f} s")
    compare = f" --reference examples/references/{reference.name}" if reference.exists() else ""
    command = f"pdelang solve examples/{picture.example}.pde --tol {picture.tolerance:.0e}{compare} --plot {picture.example}.png"
    title = solution.problem.title or solution.problem.name
    return "\n".join(
        [
            f"## {title}",
            "",
            f"{picture.words} Relative L2 error {errors}; {solution.kernels} kernels, method `{solution.method}`.",
            "",
            f"    {command}",
            "",
            f"![{title}](images/{path.name})",
            "",
        ]
    )


def compress(path: Path) -> None:
    """256 colours are enough for these pictures, and a third of the bytes."""
    with Image.open(path) as picture:
        reduced = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


HEAD = """# Gallery

Each picture is one command away. All of them, and this page: `python docs/make_gallery.py`.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the gallery.")
    parser.add_argument("names", nargs="*", choices=[[], *(p.example for p in PICTURES)], metavar="NAME")
    names = parser.parse_args().names
    IMAGES.mkdir(exist_ok=True)
    sections = [draw(p) for p in PICTURES if not names or p.example in names]
    if not names:
        (HERE / "gallery.md").write_text(HEAD + "\n".join(sections))


if __name__ == "__main__":
    main()
