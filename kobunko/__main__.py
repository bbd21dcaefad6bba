"""`python -m kobunko`."""

from kobunko.cli import main

if __name__ == "__main__":
    main()
