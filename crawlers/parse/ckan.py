"""CKAN of the data portal: pages of `package_search`. The licence of a resource is its site's, not the portal's."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kobunko.errors import Reject

ROWS = 100


@dataclass(frozen=True, slots=True)
class Resource:
    resource_id: str
    url: str
    title: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    resources: list[Resource]
    datasets: int
    next_start: int | None


def search_url(api: str, start: int) -> str:
    return f"{api}/package_search?{urlencode({'rows': ROWS, 'start': start, 'sort': 'name asc'})}"


def parse_page(body: bytes, start: int) -> Page:
    """Resources of a page; raises `Reject` for an error with status 200, and where datasets are missing."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject("unexpected-format", body[:80].decode("utf-8", errors="replace")) from None
    if not isinstance(answer, dict) or not answer.get("success"):
        raise Reject("api-error", str(answer.get("error", "") if isinstance(answer, dict) else "no JSON object"))
    try:
        total, packages = int(answer["result"]["count"]), answer["result"]["results"]
    except (KeyError, TypeError, ValueError) as error:
        raise Reject("unknown-layout", f"{error}") from None
    read = start + len(packages)
    if not packages and read < total:
        raise Reject("incomplete-list", f"nothing from {start} of {total}")
    found = [_resource(package, resource) for package in packages for resource in package.get("resources", [])]
    return Page(found, len(packages), read if read < total else None)


def _resource(package: dict[str, Any], resource: dict[str, Any]) -> Resource:
    organisation = (package.get("organization") or {}).get("title")
    facts = {
        "dataset": package.get("name"),
        "dataset_title": package.get("title"),
        "organisation": organisation,
        "licence": package.get("license_title") or package.get("license_id"),
        "resource_licence": resource.get("license") or resource.get("license_title"),
        "format": resource.get("format"),
        "tags": [str(tag.get("name", "")).strip() for tag in package.get("tags", [])],
    }
    title = " ".join(filter(None, (package.get("title"), resource.get("name"))))
    kept = {name: value for name, value in facts.items() if value}
    return Resource(str(resource.get("id", "")), str(resource.get("url", "")).strip(), title, kept)
