"""The mean loss of a small batch, with the standard library only.

make serve                           # in one terminal
python3 examples/loss.py [URL]       # in another; URL is http://127.0.0.1:8000 unless given
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Any


def post(url: str, request: dict[str, Any]) -> Any:
    """The answer. Exits with what the service said where it refused."""
    body = json.dumps(request).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        sys.exit(json.load(refusal)["detail"])


def main(url: str = "http://127.0.0.1:8000") -> None:
    answer = post(f"{url}/v1/loss", {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]})
    print(f"{answer['reduced']['value']:.6f} nats ({answer['loss_type']})")


if __name__ == "__main__":
    main(*sys.argv[1:2])
