"""fmt, new, explain, bench, and the shell of them all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pdelang import __version__
from pdelang.cli.new import TEMPLATES
from pdelang.language.codes import CODES
from tests.cli.conftest import Cli

UGLY = "x in [0,1]   # a bar\nt in[0,1]\nu_t=u_xx\nu(x,0)=sin( pi*x )\nu(0,t)=0;u(1,t)=0\n"


def test_version(cli: Cli) -> None:
    assert cli("--version").out == f"pdelang {__version__}\n"


def test_help_lists_the_subcommands_and_exit_codes(cli: Cli) -> None:
    ran = cli("--help")
    assert ran.code == 0
    for word in ("check", "compile", "solve", "plot", "bench", "fmt", "new", "explain", "Exit codes: 0 done"):
        assert word in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["solve"], "Missing argument 'FILE'"),
        (["solve", "a.pde", "--nope"], "No such option: --nope"),
        (["solve", "a.pde", "--seed", "x"], "--seed"),
        (["fmt"], "Missing argument"),
    ],
)
def test_a_wrong_command_line_is_one_line(cli: Cli, arguments: list[str], message: str) -> None:
    assert message in cli(*arguments).error


def test_a_wrong_command_line_as_json(cli: Cli) -> None:
    ran = cli("solve", "a.pde", "--nope", "--json")
    assert ran.code == 2
    assert ran.json["status"] == "error"
    assert ran.json["diagnostics"][0]["code"] is None
    assert "--nope" in ran.json["diagnostics"][0]["message"]


def test_fmt_writes_in_place_once(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.pde"
    path.write_text(UGLY)
    path.chmod(0o640)
    assert cli("fmt", "--check", "a.pde").code == 1
    assert path.read_text() == UGLY
    ran = cli("fmt", "a.pde")
    assert (ran.code, ran.out, ran.err) == (0, "", "formatted a.pde\n")
    assert "# a bar" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert cli("fmt", "--check", "a.pde").code == 0
    assert cli("fmt", "a.pde").err == ""
    assert [p.name for p in tmp_path.iterdir()] == ["a.pde"]


def test_fmt_diff_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.pde").write_text(UGLY)
    ran = cli("fmt", "--diff", "a.pde")
    assert ran.code == 0
    assert "-u_t=u_xx\n" in ran.out
    assert "+u_t = u_xx\n" in ran.out
    assert (tmp_path / "a.pde").read_text() == UGLY


def test_fmt_leaves_a_wrong_file_alone_and_does_the_rest(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrong.pde").write_text("x in [0, 1\n")
    (tmp_path / "a.pde").write_text(UGLY)
    ran = cli("fmt", "wrong.pde", "a.pde")
    assert ran.code == 1
    assert "wrong.pde:1:" in ran.err
    assert (tmp_path / "wrong.pde").read_text() == "x in [0, 1\n"
    assert (tmp_path / "a.pde").read_text() != UGLY


def test_fmt_of_a_missing_file(cli: Cli) -> None:
    assert cli("fmt", "none.pde").error == cli("check", "none.pde").error == "no such file: none.pde"


@pytest.mark.parametrize("template", TEMPLATES)
def test_new_writes_a_program_that_is_right_and_canonical(cli: Cli, tmp_path: Path, template: str) -> None:
    ran = cli("new", "my-first", "--template", template)
    assert ran.code == 0
    assert (tmp_path / "my-first.pde").read_text().count("problem my_first ") == 1
    assert cli("fmt", "--check", "my-first.pde").code == 0
    assert cli("check", "my-first.pde").code == 0


def test_new_quotes_a_name_for_the_shell(cli: Cli) -> None:
    assert cli("new", "my first").out.strip() == "wrote my first.pde; next: pdelang solve 'my first.pde' --plot 'my first.png'"


def test_new_never_overwrites(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.pde").write_text("mine")
    assert "a.pde exists already" in cli("new", "a").error
    assert (tmp_path / "a.pde").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "-t", "heat"], "no template 'heat': there are burgers, poisson, wave, system"),
        (["7up"], "'7up' is not a name"),
        (["none/a"], "there is no folder none"),
    ],
)
def test_new_refuses(cli: Cli, tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in cli("new", *arguments).error
    assert not list(tmp_path.iterdir())


def test_explain_takes_any_case_and_the_brackets(cli: Cli) -> None:
    page = cli("explain", "E201").out
    assert page.startswith("error[E201]: ")
    assert cli("explain", "e201").out == cli("explain", "error[E201]").out == page


def test_explain_lists_all_and_names_near_ones(cli: Cli) -> None:
    assert cli("explain").out.count("\n") == len(CODES)
    assert "E209 (a circular definition)" in cli("explain", "E209x").error
    assert cli("explain", "bogus").error.strip() == "no code 'bogus'; `pdelang explain` lists all"


def test_bench_lists_names(cli: Cli) -> None:
    names = cli("bench").out.split()
    assert "accuracy" in names
    assert cli("bench", "nosuch").error == f"no benchmark 'nosuch': there are {', '.join(names)}"


def test_bench_hands_options_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda command, **_: ran.append(command) or SimpleNamespace(returncode=0))
    assert cli("bench", "kernels", "--quick", "--seeds", "3").code == 0
    assert ran[0][2:] == ["--quick", "--seeds", "3"]


def test_a_folder_is_no_solution_and_no_program(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert cli("plot", "folder").error == "folder is a folder, not a file"
    assert cli("plot", "none.nc", "-o", "nowhere/u.png").error == "no such file: none.nc"
    for command in ("fmt", "check", "solve", "compile"):
        assert cli(command, "folder").error == "folder is a folder, not a program"
