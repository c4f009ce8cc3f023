"""The lesson on class imbalance: a scalar weight, or `pos_weight`."""

import math

from app.learn.answers import Fields
from app.learn.html import Child, Html, h, join
from app.learn.lessons.parts import XS, Words, code, line, notice, result, table, troubles
from app.learn.live import Live, first_finite, shown
from app.learn.plot import Axes, Curve, figure
from app.learn.texts import Texts

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
