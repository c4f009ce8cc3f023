"""The lesson on class indices and one-hot labels, which give the same number."""

from collections.abc import Callable

from app.learn.answers import Fields
from app.learn.html import Child, Html, h, join
from app.learn.lessons.parts import XS, Words, code, notice, result, table
from app.learn.live import Live, shown
from app.learn.plot import Axes, Curve, figure
from app.learn.texts import Texts


def indices_or_one_hot(texts: Texts) -> Html:
    words = Words(texts, "indices-or-one-hot")
    logits, classes = [2.0, 0.5, 1.0, -1.0], 4
    requests = {}
    for label in range(classes):
        one_hot = [int(each == label) for each in range(classes)]
        requests[f"index{label}"] = {"logits": [logits], "labels": [label]}
        requests[f"row{label}"] = {"logits": [logits], "labels": [one_hot], "loss_type": "softmax_cross_entropy"}
    both = Live({}, requests)
    names = [texts("learn.class_n", n=n) for n in range(classes)]

    def choice(label: int) -> Html:
        button = h("input", type="radio", name="label", value=label, checked=label == 1, autocomplete="off")
        return h("label", button, h("span", names[label]), h("span", shown(logits[label], 1), class_="num"))

    def answers(name: str, shape: Callable[[int], str]) -> list[Child]:
        return [
            h(
                "div",
                h("p", "labels = ", shape(label), class_="mono written"),
                result(texts("learn.loss"), both.result(f"{name}{label}.reduced.value", 12), "long"),
                class_=f"if-{label}",
            )
            for label in range(classes)
        ]

    def row(label: int) -> str:
        return f"[[{', '.join(str(int(each == label)) for each in range(classes))}]]"

    panel = h(
        "div",
        h(
            "div",
            h("h3", words("logits_h")),
            h("p", words("logits_p")),
            h("div", *[choice(label) for label in range(classes)], role="radiogroup", aria_label=words("try_h")),
            class_="choose",
        ),
        words.column("index", *answers("index", lambda label: f"[{label}]")),
        words.column("onehot", *answers("row", row)),
        class_="card steps by-label",
    )
    over: Fields = {"logits": [[x, 0, 0, 0] for x in XS], "labels": [0] * len(XS)}
    rows: Fields = {"labels": [[1, 0, 0, 0]] * len(XS), "loss_type": "softmax_cross_entropy"}
    curves = Live({}, {"index": over, "row": over | rows})
    picture = figure(
        texts,
        Axes(XS, 0, 8, words("x")),
        [
            Curve(words("indices"), curves.at("index.per_sample"), "right broad"),
            Curve(words("onehot"), curves.at("row.per_sample"), "slip"),
        ],
    )
    three: Fields = {
        "logits": [[2.0, 0.5, 1.0, -1.0], [0.1, 1.0, 3.0, 0.2], [-0.4, 1.8, 0.2, 2.2]],
        "labels": [1, 2, 3],
    }
    three_rows: Fields = {"labels": [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "loss_type": "softmax_cross_entropy"}
    samples = Live({}, {"indices": three, "onehot": three | three_rows})
    index_bytes, row_bytes = 8, 4 * classes
    return join(
        words.section("try", panel),
        words.section("curve", picture),
        words.section(
            "numbers",
            table(
                words("numbers_h"),
                [
                    words("how"),
                    *[f"{texts('learn.sample')} {n}" for n in range(3)],
                    texts("learn.mean"),
                    words("bytes"),
                ],
                [
                    [
                        words(f"row_{name}"),
                        *[samples.number(f"{name}.per_sample.{n}", 10) for n in range(3)],
                        samples.number(f"{name}.reduced.value", 10),
                        str(size),
                    ]
                    for name, size in (("indices", 3 * index_bytes), ("onehot", 3 * row_bytes))
                ],
            ),
        ),
        words.section("big", classes=f"{50_000:,}", bytes=f"{4 * 50_000:,} B"),
        code(
            words,
            "labels = tf.one_hot(labels, depth=4)\n"
            "losses = tf.nn.softmax_cross_entropy_with_logits(\n    labels=labels, logits=logits\n)",
            "losses = tf.nn.sparse_softmax_cross_entropy_with_logits(\n    labels=labels, logits=logits\n)",
            mistake=False,
        ),
        words.section("when"),
        notice(
            words, "onehot", "one_hot_labels_could_be_indices", "sparse_softmax_cross_entropy", "softmax_cross_entropy"
        ),
    )
