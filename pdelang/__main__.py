"""`python -m pdelang`: the command line where the script is not on the path."""

from pdelang.cli.main import main

main()
