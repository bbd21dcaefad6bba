import json

import pytest

from kobunko.extract.assemble import TextInput, assemble
from kobunko.records import Page


def structure(*texts, title="第9回架空図書士国家試験　A問題"):
    pages = [
        Page(n, text, "embedded", "text-layer", None, "horizontal", part_page=n) for n, text in enumerate(texts, 1)
    ]
    return json.loads(assemble(TextInput(title, "", pages, None, "{}", "html"), len).structure)


def question(number, stem="正しいのはどれか。", more=""):
    return f"{number}　架空の図書{number}で{stem}{more}\n" + "\n".join(f"{n}．選択肢{number}の{n}" for n in range(1, 6))


BOOKLET = "\n".join(
    [
        "注意事項",
        "1．試験問題の数は六問である。",
        question(1),
        question(2, "正しいのはどれか。2つ選べ。"),
        question(3, more="（別冊No. 1）"),
        "3\t架空-H-7",
        question(4),
        question(5),
        question(6),
    ]
)
FIGURES = "別冊\nNo. 1　（A問題　3）\nNo. 2"
KEY = "正答\n| 問題 | 正答 |\n| --- | --- |\n| A1 | 3 |\n| A2 | 2,4 |\n| A3 | 5 |\n"
KEY += "A4 採点対象から除外する。\nA5 1又は2 いずれも正解\n| A6 | 1 |"


def test_questions_choices_answers_and_figures_are_joined():
    found = structure(BOOKLET, FIGURES, KEY)
    assert (found["kind"], found["benchmark"]) == ("exam", True)
    questions = {item["id"]: item for item in found["questions"]}
    assert list(questions) == [f"9A{n}" for n in range(1, 7)]
    assert all(item["benchmark"] for item in questions.values())
    assert questions["9A1"]["choices"][2] == {"label": "3", "text": "選択肢1の3"}
    assert (questions["9A1"]["answer"], questions["9A2"]["answer"], questions["9A2"]["select"]) == (
        ["3"],
        ["2", "4"],
        2,
    )
    assert questions["9A3"]["images"] == [{"label": "No.1", "page": 2, "part": 0}]
    assert (questions["9A4"]["answer"], questions["9A4"]["excluded"]) == ([], True)
    assert (questions["9A5"]["answer"], questions["9A5"]["any_of"]) == (["1", "2"], True)


COVER = "注意事項\n答案用紙にマークすること。（例）\n101　正しいのはどれか。\n1．一\n2．二\n3\t→　3\n4　4\n5　5"


def test_examples_on_the_cover_are_no_questions():
    found = structure(COVER, "\n".join(map(question, range(1, 5))), "\n".join(map(question, range(5, 9))))
    assert [item["number"] for item in found["questions"]] == list(range(1, 9))
    assert all(len(item["choices"]) == 5 for item in found["questions"])


def test_a_number_may_touch_its_question_where_ocr_saw_no_blank():
    found = structure("\n".join(question(n).replace("\u3000", "", n % 2) for n in range(1, 9)))["questions"]
    assert [item["number"] for item in found] == list(range(1, 9))
    assert [len(item["choices"]) for item in found] == [5] * 8
    assert found[2]["stem"] == "架空の図書3で正しいのはどれか。"


def test_a_question_is_a_place_in_the_text():
    text = BOOKLET + "\n" + question(7)
    found = structure(text)["questions"][1]
    assert text[found["start"] : found["end"]] == question(2, "正しいのはどれか。2つ選べ。")


def test_a_page_that_could_not_be_read_does_not_end_the_booklet():
    found = structure("\n".join(question(n) for n in (1, 2, 3, 9, 10, 11)))
    assert [item["number"] for item in found["questions"]] == [1, 2, 3, 9, 10, 11]


def test_a_key_without_its_booklet_keeps_its_answers():
    found = structure(KEY, title="")
    assert {item["id"]: item["answer"] for item in found["answers"]}["A2"] == ["2", "4"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{n}　図書の保存に関する事項{n}" for n in range(1, 20)),
        "1　調査の対象はどれか。\n1．甲\n2．乙",
        "| 1 | 2 |\n" * 30,
    ],
)
def test_other_numbered_documents_are_no_examinations(text):
    assert structure(text, title="") == {}
