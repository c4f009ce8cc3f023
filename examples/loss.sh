#!/bin/sh
# The mean loss of a small batch, with curl.
#
#     make serve                # in one terminal
#     examples/loss.sh [URL]    # in another; URL is http://127.0.0.1:8000 unless given
set -eu

answer=$(curl --silent --show-error --fail-with-body "${1:-http://127.0.0.1:8000}/v1/loss" --json '{
    "logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]],
    "labels": [1, 2]
}') || {
    printf '%s\n' "$answer" >&2
    exit 1
}

# With jq: jq .reduced.value
printf '%s\n' "$answer" | sed 's/.*"reduced":{[^}]*"value":\([^,}]*\).*/\1 nats/'
