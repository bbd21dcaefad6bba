"""The READMEs: equal in both languages, and true of the command line."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kobunko.commands.common import app
from kobunko.seed import load_seeds

ROOT = Path(__file__).parents[2]
ENGLISH, JAPANESE = ((ROOT / name).read_text() for name in ("README.md", "README.ja.md"))


def blocks(text: str) -> list[str]:
    return re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    found = re.findall(r"^kobunko (.+?)(?:\s+#.*)?$", "\n".join(blocks(ENGLISH)), re.MULTILINE)
    return [line.split() for line in found]


def test_both_languages_say_the_same() -> None:
    assert blocks(ENGLISH) == blocks(JAPANESE)
    for pattern in (r"^#+ ", r"^\| `", r"^- ", r"^\d\. ", r"\]\((docs|CONTRIBUTING)[^)]*\)"):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (ENGLISH, JAPANESE)]
        assert counts[0] == counts[1] > 0, pattern


def test_every_link_leads_somewhere() -> None:
    for text in (ENGLISH, JAPANESE):
        for target in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize("line", commands(), ids=" ".join)
def test_every_command_exists_with_its_options(line: list[str]) -> None:
    import kobunko.cli  # noqa: F401 - registers the commands

    words = line[:2] if line[0] == "release" else line[:1]
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output
    for option in [word for word in line if word.startswith("--")]:
        assert option in result.output


def test_the_table_of_sources_is_the_list_of_seeds() -> None:
    named = set(
        re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^\| `[a-z_]+`.*", ENGLISH.split("## Sources")[1], re.M)))
    )
    assert named == set(load_seeds())
