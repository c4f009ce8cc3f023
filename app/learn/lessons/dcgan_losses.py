"""The lesson on a DCGAN's three losses."""

from app.learn.answers import Fields
from app.learn.html import Html, h, join
from app.learn.lessons.parts import XS, Words, code, line, notice, result, table, troubles
from app.learn.live import Live
from app.learn.plot import Axes, Curve, Dot, figure
from app.learn.texts import Texts


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
