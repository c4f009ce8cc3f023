"""The lesson on attributes that do not exclude each other, under a softmax and a sigmoid."""

import math

from app.learn.answers import Fields
from app.learn.html import Html, h, join
from app.learn.lessons.parts import XS, Words, code, line, notice, result, table, troubles
from app.learn.live import Live, shown
from app.learn.plot import Axes, Curve, figure
from app.learn.texts import Texts


def several_right_answers(texts: Texts) -> Html:
    words = Words(texts, "several-right-answers")
    attributes = ("glasses", "beard", "hat")
    face: Fields = {
        "logits": [[{"var": "glasses"}, {"var": "beard"}, 0.0]],
        "labels": [[1, 1, 0]],
        "include": ["probabilities"],
        "reduction": "sum",
    }
    softmax: Fields = {"loss_type": "softmax_cross_entropy"}
    sigmoid: Fields = {"loss_type": "sigmoid_cross_entropy"}
    moved = Live({"glasses": 2.0, "beard": 2.0}, {"softmax": face | softmax, "sigmoid": face | sigmoid})
    over: Fields = {
        "logits": [[x, x, 0.0] for x in XS],
        "labels": [[1, 1, 0]] * len(XS),
        "include": ["elements"],
    }
    curves = Live({}, {"softmax": over | softmax, "sigmoid": over | sigmoid})

    def column(name: str, slip: bool) -> Html:
        rows = [
            line(
                words(each),
                moved.bar(f"{name}.probabilities.0.{number}", slip=slip),
                moved.number(f"{name}.probabilities.0.{number}", 3),
            )
            for number, each in enumerate(attributes)
        ]
        loss = moved.result(f"{name}.reduced.value")
        return words.column(name, *rows, result(texts("learn.loss"), loss, "bad" if slip else ""))

    sliders = [
        line(words(each), moved.slider(each, -8, 8, 0.1, f"{words('logits_h')}: {words(each)}"))
        for each in attributes[:2]
    ]
    logits = words.column(
        "logits",
        *sliders,
        line(words("hat"), h("span"), h("span", "0.0", class_="num")),
        result("labels", "[1, 1, 0]", "plain"),
    )
    panel = h("div", logits, column("softmax", True), column("sigmoid", False), class_="card steps")
    picture = figure(
        texts,
        Axes(XS, 0, 16, words("x")),
        [
            Curve(words("softmax"), curves.at("softmax.per_sample"), "slip"),
            Curve(words("sigmoid"), [math.fsum(row) for row in curves.at("sigmoid.elements")]),
        ],
    )
    faces = [[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]]
    four: Fields = {
        "logits": [[6.0 if each else -6.0 for each in labels] for labels in faces],
        "labels": faces,
    }
    right = Live({}, {"softmax": four | softmax, "sigmoid": four | sigmoid})
    return join(
        moved.form(
            words.section("try", panel),
            words.section("curve", picture, floor=shown(2 * math.log(2), 4)),
            trouble=troubles(texts),
        ),
        words.section(
            "numbers",
            table(
                words("numbers_h"),
                [
                    words("how"),
                    *[f"{words('face', n=n)} {labels}" for n, labels in enumerate(faces)],
                    texts("learn.mean"),
                ],
                [
                    [
                        h("code", words(f"row_{name}")),
                        *[right.number(f"{name}.per_sample.{n}") for n in range(len(faces))],
                        right.number(f"{name}.reduced.value"),
                    ]
                    for name in ("softmax", "sigmoid")
                ],
                wrong=0,
            ),
        ),
        code(
            words,
            "tf.losses.softmax_cross_entropy(\n    [[1, 1, 0]], logits\n)",
            "tf.losses.sigmoid_cross_entropy(\n    [[1, 1, 0]], logits\n)",
        ),
        notice(words, "several", "multi_hot_labels_with_softmax", "labels_not_a_distribution", "sigmoid_cross_entropy"),
    )
