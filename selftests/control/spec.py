# SPDX-License-Identifier: GPL-2.0
"""The description of the REST interface, openapi.yaml."""

import yaml

from server import TOP

SPEC = yaml.safe_load((TOP / "tools/control/openapi.yaml").read_text())


def resolve(node):
    """What a reference stands for."""
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def expand(schema):
    """A schema without references."""
    if isinstance(schema, list):
        return [expand(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: expand(value) for key, value in resolve(schema).items()}
