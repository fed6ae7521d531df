"""Runs the command line as ``python -m sonic``."""

from sonic.cli import main

if __name__ == "__main__":
    main()
