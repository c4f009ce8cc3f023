"""Bodies of requests that hold what they like. Some of them are right."""

import json
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from tests.hostile import batches
from tests.hostile.drawing import bent, damaged
from tests.hostile.probes import gzipped

HEADER_LENGTH = "Inference-Header-Content-Length"
# Beyond it a body is read in another way: its long lists are cut out of it.
LONG_BYTES = 1 << 18
# Of zstd, the most that a block comes to.
BLOCK_BYTES = 128 << 10


class Body(NamedTuple):
    """What is posted where, and the headers that belong to it."""

    path: str
    content: bytes
    headers: tuple[str, ...] = ()


def drawn(random: Random) -> Body:
    """A body of any kind, once in a while packed as it may be."""
    body = random.choices([*KINDS], [*KINDS.values()])[0](random)
    if random.random() < 0.1 and not body.headers:
        coding, pack = random.choice([("gzip", gzipped), ("deflate", zlib.compress), ("zstd", zstd)])
        return body._replace(content=pack(body.content), headers=(f"Content-Encoding: {coding}",))
    return body


def document(random: Random) -> Body:
    """A batch, as JSON, in which up to three things are wrong, or a name comes twice, or the text is damaged."""
    path, content = _right(random)
    for _ in range(random.randint(0, 3)):
        content = bent(random, content)
    text = json.dumps(content, ensure_ascii=random.random() < 0.8).encode("utf-8", "surrogatepass")
    if random.random() < 0.1:
        text = random.choice([b'{"logits": [0.5], ', b'{"labels": 1, ', b'{"inputs": [], ']) + text[1:]
    return Body(path, damaged(random, text) if random.random() < 0.3 else text)


def _right(random: Random) -> tuple[str, Any]:
    batch = batches.batch(random)
    model = random.choice(["auto", batch.loss_type, random.choice(batches.LOSS_TYPES)])
    path, content = random.choice(
        [
            ("/v1/loss", batch.as_lists),
            ("/v1/loss", batch.as_tensors),
            ("/v1/recommend", batches.recommend_request(random)),
            ("/v1/sampled-softmax", batches.sampled_request(random)),
            (f"/v2/models/{model}/infer", batch.document(binary=False)),
        ]
    )
    # As others write it: there are no tuples in JSON.
    return path, json.loads(json.dumps(content))


def frame(random: Random) -> Body:
    """A binary frame of the Open Inference Protocol, in which sizes, places and bytes may be wrong."""
    batch = batches.batch(random)
    content: Any = json.loads(json.dumps(batch.document(binary=True)))
    for _ in range(random.choice([0, 0, 1, 2])):
        content = bent(random, content)
    head, tail = json.dumps(content).encode(), batch.tail
    right = len(head)
    wrong = [0, -1, 1, right - 1, right + 1, right + len(tail), right + len(tail) + 1, 2**63, 2**64, "x", "", "1" * 30]
    for _ in range(random.choice([0, 0, 1, 2])):
        head, tail = random.choice([(damaged(random, head), tail), (head, damaged(random, tail))])
    said = random.choice(wrong) if random.random() < 0.2 else right
    headers = (f"{HEADER_LENGTH}: {said}",) if random.random() < 0.95 else ()
    return Body(f"/v2/models/{random.choice(['auto', batch.loss_type])}/infer", head + tail, headers)


def packed(random: Random) -> Body:
    """In a coding that is not that of the body, or goes wrong on the way, or comes to very much."""
    path, content = _right(random)
    text = json.dumps(content).encode()
    coding, data = random.choice(
        [
            ("gzip", gzipped(text)),
            ("deflate", zlib.compress(text)),
            ("zstd", zstd(text)),
            ("gzip", gzipped(bytes(3_000_000))),
            ("deflate", zlib.compress(b"[" * 3_000_000)),
            ("zstd", zstd_bomb(random.choice([2, 40, 5000]))),
            ("zstd", b"\x28\xb5\x2f\xfd" + random.randbytes(30)),
            ("gzip", b"\x1f\x8b" + random.randbytes(30)),
            ("gzip", gzipped(gzipped(text))),
            ("gzip", gzipped(text[:9]) + gzipped(text[9:])),
            ("deflate", zlib.compress(text)[2:-4]),
        ]
    )
    for _ in range(random.choice([0, 0, 1, 2])):
        data = damaged(random, data)
    said = random.choice([coding] * 6 + ["gzip", "deflate", "zstd", "br", "identity", "gzip, deflate", ""])
    return Body(path, data, (f"Content-Encoding: {said}",))


def zstd(content: bytes) -> bytes:
    """A frame in which nothing is compressed."""
    blocks = [content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES)] or [b""]
    sizes = [len(block) << 3 | (number == len(blocks)) for number, block in enumerate(blocks, 1)]
    written = b"".join(struct.pack("<I", size)[:3] + block for size, block in zip(sizes, blocks, strict=True))
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content)) + written


def zstd_bomb(blocks: int) -> bytes:
    """A frame of four bytes for each 128 KiB of it."""
    repeated = struct.pack("<I", BLOCK_BYTES << 3 | 1 << 1)[:3] + b" "
    return b"\x28\xb5\x2f\xfd\0\x38" + repeated * blocks + struct.pack("<I", 1)[:3]


def deep(random: Random) -> Body:
    """Nested about as deep as is read, and much deeper."""
    depth = random.choice([30, 60, 64, 65, 1000, 100_000])
    opening, closing = random.choice([("[", "]"), ('{"a":', "}"), ('[{"logits":', "}]")])
    inner = random.choice(["1", "", "NaN", '"x"', "Infinity"])
    text = opening * depth + inner + closing * random.choice([depth, depth, depth - 1, 0])
    before, after = random.choice([("", ""), ('{"logits": ', ', "labels": [1]}'), ('{"x": ', "}")])
    return Body(random.choice(["/v1/loss", "/v2/models/auto/infer"]), (before + text + after).encode())


def characters(random: Random) -> Body:
    """Odd characters, escapes and encodings, in names and in values."""
    texts = [
        "\\ud800",
        "\\udc00\\ud800",
        "\\u0000",
        "\ufeff",
        "é",
        "\u202e",
        "😀",
        "\\u2028",
        "logits",
        "\\/",
        "\\x",
        "\u0085",
    ]
    text = "".join(random.choices(texts, k=random.randint(1, 4)))
    field = random.choice([f'"{text}": 1', f'"loss_type": "{text}"', f'"labels": ["{text}"]', f'"labels": "{text}"'])
    encoding = random.choice(["utf-8"] * 5 + ["utf-16", "utf-32", "utf-8-sig", "utf-7"])
    content = f'{{"logits": [1.5], "labels": [1], {field}}}'
    return Body("/v1/loss", content.encode(encoding, "surrogatepass"))


def numbers(random: Random) -> Body:
    """Numbers at the edges of what JSON, and what a computer, has."""
    texts = [
        *("1e999", "-1e999", "1e-999", "-0", "00", "1.", ".5", "+1", "1e5000", "9" * 400, "0x1", "1_0", "1e+", "--1"),
        *("NaN", "-NaN", "Infinity", "-Infinity", "nan", "1" * 5000, "0." + "1" * 5000, "4.9e-324", "\u0661"),
        *("1.7976931348623159e308", "1", "0.5", "2", "18446744073709551615", "18446744073709551616"),
    ]
    values = ", ".join(random.choice([*texts, "1", "0"]) for _ in range(random.randint(1, 4)))
    name = random.choice(["logits", "labels", "weights", "axis", "label_smoothing", "ignore_index"])
    fields = {"logits": "[1.0, 2.0]", "labels": "[1, 0]"}
    fields[name] = random.choice([f"[{values}]", f"[[{values}]]", values])
    return Body("/v1/loss", ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode())


def many(random: Random) -> Body:
    """Very many values, of one kind."""
    count = random.choice([300, 20_000, 60_000])
    element = random.choice(["1", "0.25", "[1]", '"x"', "null", "-Infinity", "NaN", "[]", "1e5", "{}", '{"a": [1]}'])
    labels = random.choice(["1", "[1]", "[" + "1," * count + "1]"])
    values = f"[{','.join([element] * count)}]"
    return Body("/v1/loss", f'{{"labels": {labels}, "logits": {values}, "x": 1}}'.encode())


def listed(random: Random) -> Body:
    """Long lists and strings, and their text perhaps damaged."""
    count = random.randint(100, 600)
    logits = batches.array(random, random.choice(["float64", "float32", "int8"]), (count, 3), -9, 9)
    labels = batches.array(random, "int64", (count,), 0, 2)
    content: dict[str, Any] = random.choice(
        [
            {"logits": logits.nested, "labels": labels.nested},
            {"labels": labels.nested, "logits": logits.nested, "include": ["gradient"]},
            {"logits": logits.tensor_object, "labels": labels.tensor_object},
            {"logits": logits.tensor_object, "labels": labels.nested, "data": "x" * 2000, "logits ": [1] * 800},
            {"inputs": [logits.input("logits", binary=False), labels.input("labels", binary=False)]},
        ]
    )
    text = json.dumps(content).encode()
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        text = damaged(random, text)[:200_000]
    return Body("/v2/models/auto/infer" if "inputs" in content else "/v1/loss", text)


def long(random: Random) -> Body:
    """Likewise, in so long a body that they are cut out of it."""
    body = random.choice([document, listed, listed])(random)
    space = b" " * LONG_BYTES
    text = body.content
    return body._replace(content=random.choice([text + space, space + text, text.replace(b", ", b" ," + space, 1)]))


KINDS: dict[Callable[[Random], Body], int] = {
    document: 10,
    frame: 8,
    packed: 5,
    deep: 2,
    characters: 2,
    numbers: 2,
    many: 1,
    long: 3,
}
