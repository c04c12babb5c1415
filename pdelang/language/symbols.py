"""The symbol table: what each name of a program stands for, and how `u_xy` is read against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pdelang.language import ast
from pdelang.language.builtins import CALLABLE, OPERATORS
from pdelang.language.source import Span
from pdelang.language.syntax.traverse import names_in

RESERVED_VALUES = frozenset({"pi", "exact", "boundary", "inf", "nan"})
RESERVED = RESERVED_VALUES | CALLABLE | OPERATORS.keys() | {"sum", "and", "or", "not", "in", "where"}


@dataclass(frozen=True)
class CoordinateSymbol:
    """`statement` holds its interval, or the region that shapes it."""

    name: str
    span: Span
    index: int
    time: bool
    periodic: bool
    statement: ast.CoordinateStatement | ast.DomainStatement


@dataclass(frozen=True)
class FieldSymbol:
    """A scalar (size None) or a vector, whose components are the scalar fields `first`, `first + 1`, ..."""

    name: str
    span: Span
    first: int
    size: int | None
    inferred: bool = False


@dataclass(frozen=True)
class ParameterSymbol:
    name: str
    span: Span
    index: int
    size: int | None
    statement: ast.ParamStatement


@dataclass(frozen=True)
class Reading:
    """A name read as a derivative: `u_xy` is `u` with orders (1, 1)."""

    stem: str
    orders: tuple[int, ...]


@dataclass(frozen=True)
class Symbols:
    """`broken` holds the words of statements that could not be read: they may be declarations, so nobody complains about them."""

    coordinates: tuple[CoordinateSymbol, ...]
    fields: dict[str, FieldSymbol]
    parameters: dict[str, ParameterSymbol]
    definitions: dict[str, ast.LetStatement]
    regions: dict[str, ast.RegionStatement]
    broken: frozenset[str] = frozenset()

    @cached_property
    def coordinate(self) -> dict[str, CoordinateSymbol]:
        return {symbol.name: symbol for symbol in self.coordinates}

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Every declared name and what it is, in words."""
        return {
            **dict.fromkeys(self.regions, "region"),
            **dict.fromkeys(self.definitions, "definition"),
            **dict.fromkeys(self.fields, "field"),
            **dict.fromkeys(self.parameters, "parameter"),
            **dict.fromkeys(self.coordinate, "coordinate"),
        }

    @cached_property
    def space(self) -> tuple[int, ...]:
        return tuple(symbol.index for symbol in self.coordinates if not symbol.time)

    @cached_property
    def time(self) -> int | None:
        return next((symbol.index for symbol in self.coordinates if symbol.time), None)

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """The scalar fields by index: `u`, `U[1]`, `U[2]`."""
        return tuple(name for symbol in self.fields.values() for name in component_names(symbol))

    @cached_property
    def vector_of(self) -> tuple[str | None, ...]:
        return tuple(None if symbol.size is None else symbol.name for symbol in self.fields.values() for _ in component_names(symbol))

    def readings(self, name: str) -> list[Reading]:
        """Every way to read a name as a stem and a subscript of coordinates; orders are canonical, so `u_yx` is `u_xy`."""
        return list(dict.fromkeys(_readings(name, tuple(self.coordinate))))

    def holds_field(self, name: str) -> bool:
        """Whether a definition mentions a field, itself or by way of others."""
        seen: set[str] = set()
        stack = [name]
        while stack:
            current = stack.pop()
            if current in seen or current not in self.definitions:
                continue
            seen.add(current)
            for word in names_in(self.definitions[current].body):
                stems = [reading.stem for reading in self.readings(word)]
                if word in self.fields or any(stem in self.fields for stem in stems):
                    return True
                stack += [word, *stems]
        return False

    def is_broken(self, name: str) -> bool:
        """Whether the name, or a part of it, occurs in a statement that could not be read."""
        if not self.broken:
            return False
        stem, _, subscript = name.partition("_")
        return name in self.broken or stem in self.broken or any(word in subscript for word in self.broken)


def component_names(symbol: FieldSymbol) -> tuple[str, ...]:
    return (symbol.name,) if symbol.size is None else tuple(f"{symbol.name}[{i}]" for i in range(1, symbol.size + 1))


def _readings(name: str, coordinates: tuple[str, ...]) -> Iterator[Reading]:
    for position, letter in enumerate(name):
        if letter == "_" and 0 < position < len(name) - 1:
            for orders in sorted(subscripts(name[position + 1 :], coordinates)):
                yield Reading(name[:position], orders)


def subscripts(text: str, coordinates: tuple[str, ...]) -> set[tuple[int, ...]]:
    """All multi-indices that a subscript may stand for: one, unless a coordinate's name is made of others'."""
    reached: list[set[tuple[int, ...]]] = [set() for _ in range(len(text) + 1)]
    reached[0].add((0,) * len(coordinates))
    for start in range(len(text)):
        for index, name in enumerate(coordinates):
            if reached[start] and text.startswith(name, start):
                raised = {(*orders[:index], orders[index] + 1, *orders[index + 1 :]) for orders in reached[start]}
                reached[start + len(name)] |= raised
    return reached[-1]


def readable_prefix(text: str, coordinates: tuple[str, ...]) -> int:
    """Length of the longest beginning of a subscript that is made of coordinates."""
    return max(end for end in range(len(text) + 1) if subscripts(text[:end], coordinates))
