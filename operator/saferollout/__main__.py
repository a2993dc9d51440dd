"""`python -m saferollout` is the command line."""

from saferollout.cli.main import main

if __name__ == "__main__":
    main()
