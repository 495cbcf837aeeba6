#!/usr/bin/env python3
"""The OpenAPI document is one: valid OpenAPI 3.1, every reference leads somewhere and every component is used. Whether it is true
is tested against the running service, in openapi_test.cpp."""
import json, re, sys
from pathlib import Path

try:
    from openapi_spec_validator import validate
except ImportError:
    print("SKIPPED: the Python package openapi-spec-validator is not installed (tests/run installs it)")
    sys.exit(77)

text = (Path(__file__).resolve().parents[2] / "read-service/web/openapi.json").read_text()
document = json.loads(text)
validate(document)

used = set(re.findall(r'"#/components/(\w+)/(\w+)"', text))
used |= {("securitySchemes", name) for requirement in document["security"] for name in requirement}
there = {(kind, name) for kind, members in document["components"].items() for name in members}
assert used == there, f"used or there, not both: {used ^ there}"
operations = [o["operationId"] for path in document["paths"].values() for o in path.values()]
assert len(operations) == len(set(operations)) > 15, operations

broken = json.loads(text)
broken["paths"]["/orders"]["get"]["responses"] = 5
try:
    validate(broken)
except Exception:
    print(f"{len(operations)} operations, {len(there)} components; and the check can fail")
else:
    sys.exit("the check does not notice a broken document")
