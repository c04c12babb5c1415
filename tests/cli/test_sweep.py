"""`pdelang sweep`: syntax of ranges, the file, exit codes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray

from pdelang.cli.sweep import values
from tests.cli.conftest import HEAT, Cli


def test_ranges() -> None:
    assert values("1:2:3") == [1.0, 1.5, 2.0]
    assert values("0.01:100:5:log") == pytest.approx([0.01, 0.1, 1, 10, 100], rel=1e-15)
    assert values("0.1,0.2,0.4") == [0.1, 0.2, 0.4]
    assert values("0.01/pi") == 0.01 / np.pi
    assert values("1:2:1") == [1.0]
    low, *_, high = values("0.1:0.7:64:log")  # type: ignore[misc]
    assert (low, high) == (0.1, 0.7)


@pytest.mark.parametrize("text", ["1:2", "1:2:3:4", "1:2:0", "1:2:x", "-1:2:3:log", "1,2:3:4", "1:2:3:log:log"])
def test_wrong_ranges(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|number of values|positive"):
        values(text)


def test_a_file_of_solutions(cli: Cli) -> None:
    with open("heat.pde", "w") as file:
        file.write(HEAT)
    ran = cli("sweep", "heat.pde", "-p", "k=0.5:2:4:log", "-o", "k.nc", "--grid", "17x5", "--json", "--tol", "1e-6")
    assert ran.code == 0
    found = ran.json
    assert (found["status"], found["instances"], found["not_converged"]) == ("converged", 4, [])
    with xarray.open_dataset("k.nc", engine="h5netcdf") as data:
        assert data.u.dims == ("k", "x", "t")
        assert data.u.shape == (4, 17, 5)
        exact = np.exp(-data.k * np.pi**2 * data.t) * np.sin(np.pi * data.x)
        assert float(abs(data.u - exact.transpose("k", "x", "t")).max()) < 1e-6
        assert set(data.status.values.astype(str)) == {"converged"}
        assert float(data.residual.max()) == found["residual"] <= 1e-6
    assert cli("sweep", "heat.pde", "-p", "k=0.5,1", "-o", "k.nc", "-q", "--grid", "9x3").out.startswith(
        "Heat in a bar\n  2 of 2 converged"
    )


def test_wrong_commands(cli: Cli) -> None:
    with open("heat.pde", "w") as file:
        file.write(HEAT)
    single = cli("solve", "heat.pde", "-p", "k=5").error
    assert cli("sweep", "heat.pde", "-p", "k=1,5,2", "-o", "k.nc").error == single
    assert "nothing to sweep" in cli("sweep", "heat.pde", "-p", "k=1", "-o", "k.nc").error
    assert "netCDF4" in cli("sweep", "heat.pde", "-p", "k=1:2:3", "-o", "k.txt").error
    assert "--grid '64'" in cli("sweep", "heat.pde", "-p", "k=1:2:3", "-o", "k.nc", "--grid", "64").error
    with open("k.family", "wb") as arrays:
        arrays.write(b"\x89HDF\r\n\x1a\n")
    assert "cannot be read" in cli("sweep", "k.family", "-p", "k=1:2:3", "-o", "k.nc").error


def test_an_instance_that_misses_its_tolerance_is_told(cli: Cli) -> None:
    with open("heat.pde", "w") as file:
        file.write(HEAT)
    ran = cli("sweep", "heat.pde", "-p", "k=1:2:2", "-o", "k.nc", "--tol", "1e-15", "--json", "--grid", "9x3", "-O", "time_limit=5")
    assert ran.code == 3
    assert len(ran.json["not_converged"]) == 2
