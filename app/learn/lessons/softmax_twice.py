"""The lesson on logits that went through a softmax twice."""

import math

from app.learn.answers import Fields
from app.learn.html import Html, h, join
from app.learn.lessons.parts import XS, Words, code, line, notice, result, table, troubles
from app.learn.live import Live, shown
from app.learn.plot import Axes, Curve, Dot, figure
from app.learn.texts import Texts


def softmax_twice(texts: Texts) -> Html:
    words = Words(texts, "softmax-twice")
    trouble = troubles(texts)
    once: Fields = {"logits": [[{"var": "z"}, 0, 0]], "labels": [0], "include": ["probabilities"]}
    moved = Live(
        {"z": 2.0},
        {"once": once, "twice": once | {"logits": {"of": "once.probabilities"}}},
    )
    over: Fields = {"logits": [[x, 0, 0] for x in XS], "labels": [0] * len(XS), "include": ["probabilities"]}
    curves = Live({}, {"once": over, "twice": over | {"logits": {"of": "once.probabilities"}}})
    names = [texts("learn.class_n", n=n) for n in range(3)]
    first, *others = names
    logits = [line(h("b", first), moved.slider("z", -8, 8, 0.1, f"{words('logits_h')}: {first}"))]
    logits += [line(each, h("span"), h("span", "0.0", class_="num")) for each in others]

    def column(request: str, slip: bool) -> Html:
        rows = [
            line(
                h("b", name) if not number else name,
                moved.bar(f"{request}.probabilities.0.{number}", slip=slip),
                moved.number(f"{request}.probabilities.0.{number}", 3),
            )
            for number, name in enumerate(names)
        ]
        loss = moved.result(f"{request}.reduced.value")
        return words.column(request, *rows, result(texts("learn.loss"), loss, "bad" if slip else ""))

    panel = h(
        "div",
        words.column("logits", *logits, result(texts("learn.label"), "0", "plain")),
        column("once", False),
        column("twice", True),
        class_="card steps",
    )
    picture = figure(
        texts,
        Axes(XS, 0, 8, words("x")),
        [
            Curve(words("once"), curves.at("once.per_sample")),
            Curve(words("twice"), curves.at("twice.per_sample"), "slip"),
        ],
        [
            Dot("z", 2.0, "once.reduced.value", moved.at("once.reduced.value")),
            Dot("z", 2.0, "twice.reduced.value", moved.at("twice.reduced.value"), "slip"),
        ],
    )
    article = article_numbers()
    low, high = math.log(1 + 2 / math.e), math.log(2 + math.e)
    return join(
        moved.form(
            words.section("try", panel),
            words.section("curve", picture, low=shown(low, 4), high=shown(high, 4)),
            trouble=trouble,
        ),
        words.section(
            "numbers",
            table(
                words("numbers_h"),
                [
                    words("how"),
                    f"{texts('learn.sample')} 0",
                    f"{texts('learn.sample')} 1",
                    texts("learn.mean"),
                ],
                [
                    [
                        words(f"row_{name}"),
                        article.number(f"{name}.per_sample.0", 6),
                        article.number(f"{name}.per_sample.1", 6),
                        article.number(f"{name}.reduced.value"),
                    ]
                    for name in ("logits", "twice", "hand")
                ],
                wrong=1,
            ),
        ),
        code(
            words,
            "p = tf.nn.softmax(logits)\n"
            "losses = tf.nn.softmax_cross_entropy_with_logits(\n    labels=labels, logits=p\n)\n"
            f"tf.reduce_mean(losses)  # {article.at('twice.reduced.value'):.4f}",
            "losses = tf.nn.softmax_cross_entropy_with_logits(\n    labels=labels, logits=logits\n)\n"
            f"tf.reduce_mean(losses)  # {article.at('logits.reduced.value'):.4f}",
        ),
        notice(
            words, "twice", "logits_look_like_probabilities", "softmax_cross_entropy", "sparse_softmax_cross_entropy"
        ),
    )


def article_numbers() -> Live:
    """The two samples of the article that this lesson is about: its logits and one-hot labels."""
    labels = [[0, 0, 1], [0, 1, 0]]
    logits: Fields = {"logits": [[2.0, 0.5, 6.0], [0.1, 0.0, 3.0]], "labels": labels, "include": ["probabilities"]}
    return Live(
        {},
        {
            "logits": logits,
            "twice": logits | {"logits": {"of": "logits.probabilities"}},
            "hand": logits | {"logits": {"of": "logits.probabilities"}, "from_logits": False},
        },
    )
