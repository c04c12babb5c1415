"""One row of the registry of diagnostics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A diagnostic's code and the page that `pdelang explain CODE` prints.

    title: a few words, lower case, no full stop ("unknown name").
    text: one or two short paragraphs: what is wrong, and why the compiler cares.
    wrong, right: a program that earns the code, and the same program put right.
    message: the exact rendering of the diagnostic that `wrong` earns under the name `example.pde`; tests hold it to that.

    Texts are written as triple-quoted strings; blank lines around them do not count.
    """

    code: str
    title: str
    text: str
    wrong: str
    message: str
    right: str

    @property
    def severity(self) -> str:
        return "error" if self.code.startswith("E") else "warning"


def page(code: Code) -> str:
    """The page as plain text, without a newline at its end."""
    parts = [f"{code.severity}[{code.code}]: {code.title}", code.text.strip()]
    for heading, body in (("For example,", code.wrong), ("is answered by", code.message), ("Write instead", code.right)):
        parts += [heading, _indent(body)]
    return "\n\n".join(parts)


def _indent(text: str) -> str:
    return "\n".join(("    " + line).rstrip() for line in text.strip("\n").split("\n"))
