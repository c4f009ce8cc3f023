"""The five lessons: a claim, something to move, the curve that explains it, numbers, code, and how xent notices.

All numbers are the service's: computed here for the page as it is first read, and by requests when something is moved.
"""

import math
from collections.abc import Callable, Sequence

from app.learn.answers import Fields
from app.learn.html import Child, Html, h, join
from app.learn.live import Live, first_finite, grid, shown
from app.learn.plot import Axes, Curve, Dot, figure
from app.learn.texts import Texts

XS = grid(-8, 8, 0.2)


class Words:
    """The texts of one lesson."""

    def __init__(self, texts: Texts, lesson: str) -> None:
        self.all, self._lesson = texts, lesson

    def __call__(self, key: str, **figures: object) -> str:
        return self.all(f"lessons.{self._lesson}.{key}", **figures)

    def section(self, name: str, *content: Child, **figures: object) -> Html:
        """A heading and its paragraph, by the keys NAME_h and NAME_p."""
        paragraph = h("p", self(f"{name}_p", **figures), class_="second")
        return join(h("h2", self(f"{name}_h")), paragraph, *content)

    def column(self, name: str, *content: Child) -> Html:
        return h("div", h("h3", self(f"{name}_h")), h("p", self(f"{name}_p")), *content)


def line(name: Child, *content: Child) -> Html:
    """A row of a panel: a name, a slider or a bar, a number."""
    return h("div", h("span", name), *content, class_="line")


def result(name: str, value: Child, kind: str = "") -> Html:
    return h("div", h("span", name), h("b", value), class_=f"result {kind}".strip())


def table(label: str, head: Sequence[str], rows: Sequence[Sequence[Child]], wrong: int | None = None) -> Html:
    """A table of numbers: the first column names the row; the last figure of row `wrong` is the mistake's."""
    cells = [h("th", head[0], scope="col"), *[h("th", each, class_="r", scope="col") for each in head[1:]]]
    body = []
    for number, (name, *values) in enumerate(rows):
        last = "r v wrong" if number == wrong else "r v"
        figures = [h("td", each, class_="r") for each in values[:-1]]
        body.append(h("tr", h("th", name, scope="row"), *figures, h("td", values[-1], class_=last)))
    content = h("table", h("thead", h("tr", *cells)), h("tbody", *body))
    return h(
        "div",
        h("div", content, class_="table scroller", tabindex="0", role="region", aria_label=label),
        class_="card",
    )


def code(words: Words, wrong: str, right: str, *, mistake: bool = True) -> Html:
    """Two listings beside each other."""
    sides = [
        h("div", h("header", h("h3", words(key), class_=kind)), h("pre", text, tabindex="0"), class_="card")
        for key, text, kind in (("wrong", wrong, "wrong" if mistake else None), ("right", right, None))
    ]
    return join(h("h2", words("fix_h")), h("div", *sides, class_="two"))


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


POSITIVES, NEGATIVES = 5, 95
SHARE = POSITIVES / (POSITIVES + NEGATIVES)
ODDS = POSITIVES / NEGATIVES
RATE = math.log(ODDS)
"""The logit of the positives' share."""


def weight_or_pos_weight(texts: Texts) -> Html:
    words = Words(texts, "weight-or-pos-weight")
    # The mean over 100 labels of one logit, as the weighted mean of a positive and a negative.
    parts = [[2 * SHARE, 2 * (1 - SHARE)]]
    over: Fields = {
        "logits": [[x, x] for x in XS],
        "labels": [[1, 0]] * len(XS),
        "loss_type": "sigmoid_cross_entropy",
        "weights": parts,
    }
    labels = [1] * POSITIVES + [0] * NEGATIVES
    at: Fields = {
        "labels": labels,
        "loss_type": "sigmoid_cross_entropy",
        "include": ["probabilities"],
        "logits": [RATE] * len(labels),
    }
    weighted: Fields = {"loss_type": "weighted_cross_entropy", "pos_weight": {"var": "w"}}
    moved = Live(
        {"w": 19.0},
        {
            "plain": at,
            "weights": at | {"weights": {"var": "w"}},
            "pos": at | weighted | {"logits": {"fill": {"log": {"var": "w", "times": ODDS}}, "count": len(labels)}},
            "plain_curve": over,
            "weights_curve": over | {"weights": [[{"var": "w", "times": each} for each in parts[0]]]},
            "pos_curve": over | weighted,
        },
    )

    def column(name: str, kind: str) -> Html:
        heading = [
            part.replace("19", "{w}") if name != "plain" else part
            for part in (words(f"{name}_h", w=19), words(f"{name}_p", w=19))
        ]
        return h(
            "div",
            h("h3", *with_variable(heading[0])),
            h("p", *with_variable(heading[1])),
            line(words("ends_at"), moved.bar(f"{name}.probabilities.0"), moved.number(f"{name}.probabilities.0", 3)),
            result(words("loss_there"), moved.result(f"{name}.reduced.value"), kind),
        )

    def with_variable(text: str) -> list[Child]:
        before, found, after = text.partition("{w}")
        moving = h("span", "19", data_variable="w", data_digits=0)
        return [before, moving, after] if found else [before]

    panel = h(
        "div",
        h("div", line(words("factor"), moved.slider("w", 1, 40, 1, words("factor"))), class_="wide"),
        h("div", column("plain", "plain"), column("weights", "bad"), column("pos", ""), class_="steps"),
        class_="card",
    )
    values = {name: moved.at(f"{name}_curve.per_sample") for name in ("plain", "weights", "pos")}
    picture = figure(
        texts,
        Axes(XS, 0, 8, words("x")),
        [
            Curve(words("plain"), values["plain"], "plain", "plain_curve.per_sample"),
            Curve(words("weights"), values["weights"], "slip", "weights_curve.per_sample"),
            Curve(words("pos"), values["pos"], "right", "pos_curve.per_sample"),
        ],
    )
    pull: Fields = {
        "logits": [RATE] * len(labels),
        "labels": labels,
        "loss_type": "sigmoid_cross_entropy",
        "include": ["gradient"],
    }
    pulls = Live(
        {},
        {
            "plain": pull,
            "weights": pull | {"weights": 19},
            "pos": pull | {"loss_type": "weighted_cross_entropy", "pos_weight": 19},
        },
    )

    def sums(name: str) -> list[Child]:
        gradient = first_finite(pulls.at(f"{name}.gradient"))
        sides = (math.fsum(gradient[:POSITIVES]), math.fsum(gradient[POSITIVES:]), math.fsum(gradient))
        return [words(f"row_{name}"), *[shown(each, 4) for each in sides]]

    return join(
        moved.form(words.section("try", panel), words.section("curve", picture), trouble=troubles(texts)),
        words.section(
            "numbers",
            table(
                words("numbers_h"),
                [words("how"), words("from_positives"), words("from_negatives"), words("left_over")],
                [sums("plain"), sums("weights"), sums("pos")],
                wrong=1,
            ),
        ),
        code(
            words,
            "tf.losses.sigmoid_cross_entropy(\n    labels, logits, weights=19\n)",
            "tf.nn.weighted_cross_entropy_with_logits(\n    labels, logits, pos_weight=19\n)",
        ),
        notice(
            words, "imbalance", "scalar_weight_only_rescales", "weights_enlarge_imbalance", "weighted_cross_entropy"
        ),
    )


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


def dcgan_losses(texts: Texts) -> Html:
    words = Words(texts, "dcgan-losses")

    def scores(real: object, fake: object) -> dict[str, Fields]:
        loss: Fields = {"loss_type": "sigmoid_cross_entropy", "include": ["probabilities"]}
        return {
            "d_real": loss | {"logits": [real], "labels": 1},
            "d_fake": loss | {"logits": [fake], "labels": 0},
            "g_fake": loss | {"logits": [fake], "labels": 1},
            "d_sum": loss | {"logits": [real, fake], "labels": [1, 0], "reduction": "sum"},
        }

    moved = Live({"real": 1.0, "fake": -3.0}, scores({"var": "real"}, {"var": "fake"}))
    over: Fields = {"logits": XS, "loss_type": "sigmoid_cross_entropy"}
    curves = Live({}, {"one": over | {"labels": 1}, "zero": over | {"labels": 0}})

    def loss(name: str, kind: str = "") -> Html:
        return result(words(name), moved.result(f"{name}.reduced.value"), kind)

    logits = words.column(
        "logits",
        *[
            line(
                words(f"{each}_score"), moved.slider(each, -8, 8, 0.1, f"{words('logits_h')}: {words(f'{each}_score')}")
            )
            for each in ("real", "fake")
        ],
        line("σ(x)", moved.bar("d_sum.probabilities.0"), moved.number("d_sum.probabilities.0", 3)),
        line("σ(x)", moved.bar("d_sum.probabilities.1"), moved.number("d_sum.probabilities.1", 3)),
    )
    panel = h(
        "div",
        logits,
        words.column("d", loss("d_real", "small"), loss("d_fake", "small"), loss("d_sum")),
        words.column("g", loss("g_fake")),
        class_="card steps names-wide",
    )
    turned = [-each for each in curves.at("zero.per_sample")]
    picture = figure(
        texts,
        Axes(XS, -8, 8, words("x")),
        [
            Curve(words("with_one"), curves.at("one.per_sample")),
            Curve(words("turned"), turned, "slip"),
        ],
        [Dot("fake", -3.0, "g_fake.reduced.value", moved.at("g_fake.reduced.value"))],
    )
    states = {"apart": (0.0, 0.0), "wins": (4.0, -4.0), "fooled": (4.0, 4.0)}
    known = {name: Live({}, scores(*pair)) for name, pair in states.items()}
    return join(
        moved.form(words.section("try", panel), words.section("curve", picture), trouble=troubles(texts)),
        words.section(
            "numbers",
            table(
                words("numbers_h"),
                [words(each) for each in ("how", "col_real", "col_fake", "col_d", "col_g")],
                [
                    [
                        words(f"row_{name}"),
                        *[live.number(f"{each}.reduced.value") for each in ("d_real", "d_fake", "d_sum", "g_fake")],
                    ]
                    for name, live in known.items()
                ],
            ),
        ),
        code(
            words,
            "ce = tf.nn.sigmoid_cross_entropy_with_logits\n"
            "ones, zeros = tf.ones_like, tf.zeros_like\n"
            "d_real = ce(labels=ones(real), logits=real)\n"
            "d_fake = ce(labels=zeros(fake), logits=fake)\n"
            "g_fake = ce(labels=ones(fake), logits=fake)",
            'POST /v1/loss  {"logits": [1.0], "labels": 1}\n'
            'POST /v1/loss  {"logits": [-3.0], "labels": 0}\n'
            'POST /v1/loss  {"logits": [-3.0], "labels": 1}',
            mistake=False,
        ),
        notice(words, "gan", "sigmoid_cross_entropy"),
    )


def notice(words: Words, example: str, *pages: str) -> Html:
    """How xent notices, the batch on the front page as its example, and the pages that say more."""
    texts = words.all
    links = [h("li", h("a", h("code", page), href=texts.address(page))) for page in pages]
    front = h("a", texts("learn.open_front"), href=f"../?lang={texts.language}#example={example}", class_="button")
    return join(words.section("notice"), h("ul", *links, class_="related"), h("p", front, class_="open"))


def troubles(texts: Texts) -> dict[str, str]:
    return {"away": texts("learn.no_service"), "key": texts("learn.needs_key")}


LESSONS: dict[str, Callable[[Texts], Html]] = {
    "softmax-twice": softmax_twice,
    "weight-or-pos-weight": weight_or_pos_weight,
    "indices-or-one-hot": indices_or_one_hot,
    "several-right-answers": several_right_answers,
    "dcgan-losses": dcgan_losses,
}
"""By the last part of their address, in the order in which they are read."""

LESSON_OF = {
    "logits_look_like_probabilities": "softmax-twice",
    "logits_may_be_probabilities": "softmax-twice",
    "scalar_weight_only_rescales": "weight-or-pos-weight",
    "weights_enlarge_imbalance": "weight-or-pos-weight",
    "weighted_cross_entropy": "weight-or-pos-weight",
    "one_hot_labels_could_be_indices": "indices-or-one-hot",
    "sparse_softmax_cross_entropy": "indices-or-one-hot",
    "softmax_cross_entropy": "indices-or-one-hot",
    "multi_hot_labels_with_softmax": "several-right-answers",
    "labels_not_a_distribution": "several-right-answers",
    "sigmoid_cross_entropy": "dcgan-losses",
}
"""The lesson that says more of a loss or a warning."""
