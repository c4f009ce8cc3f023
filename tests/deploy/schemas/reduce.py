"""A CustomResourceDefinition on standard input to the JSON schema of its stored version, on standard output.

Descriptions are left out, and so are the fields that the command line names. Unknown fields are errors: an API server
would drop them without a word. README.md, beside this file, says where the definitions are from.

    python tests/deploy/schemas/reduce.py status <gateway.networking.k8s.io_httproutes.yaml >HTTPRoute.json
"""

import json
import sys
from collections.abc import Collection
from typing import Any

import yaml


def reduced(schema: Any, without: Collection[str], *, is_names: bool = False) -> Any:
    """`is_names`: the keys are names of fields, of which one may be called `description`."""
    if isinstance(schema, list):
        return [reduced(each, without) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: reduced(value, without, is_names=not is_names and key == "properties")
        for key, value in schema.items()
        if (key not in without if is_names else not key.startswith(("description", "default", "x-kubernetes-")))
    }
    if not is_names and "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        kept["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string") is True:
        kept["type"] = ["integer", "string"]
        kept.pop("anyOf", None)
    return kept


def main() -> None:
    definition = yaml.safe_load(sys.stdin)["spec"]
    (stored,) = (version for version in definition["versions"] if version["storage"])
    schema = reduced(stored["schema"]["openAPIV3Schema"], sys.argv[1:])
    schema["properties"]["apiVersion"] = {"const": f"{definition['group']}/{stored['name']}"}
    schema["properties"]["kind"] = {"const": definition["names"]["kind"]}
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
    sys.stdout.write(json.dumps(schema, sort_keys=True, indent=1) + "\n")


if __name__ == "__main__":
    main()
