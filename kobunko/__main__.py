"""The entry point, in a module that is cheap to import: every spawned worker imports it again."""


def main() -> None:
    from kobunko.cli import main

    main()


if __name__ == "__main__":
    main()
