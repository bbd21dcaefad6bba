"""Items whose pages are images: the manifest names them, each is asked for, and at last the document is put together.

The last step asks for the manifest once more, after its images. So no list of what was fetched has to travel with
each of hundreds of requests, and an item with an image that failed is put together all the same, and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scrapy.http import Response

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.items import Found, Problem, Skipped, part_from_json
from kobunko.crawlers.parse.iiif import parse_manifest
from kobunko.crawlers.spiders.base import Output, SourceSpider
from kobunko.document import part
from kobunko.errors import Reject
from kobunko.ids import input_sha256
from kobunko.records import Part

IMAGES, ASSEMBLY = 30, 20  # priorities: an item is finished before the next one is begun


class IiifSpider(SourceSpider):
    """`params.max_images` is how many images an item may have."""

    def manifest_of(self, url: str, item: Mapping[str, Any]) -> Wanted:
        """`item`: `key`, `title`, `url`, `linked_from`, `published`, `facts`, and `parts` that stand before images."""
        return Wanted(url, "manifest", {"item": dict(item)}, priority=ASSEMBLY, linked_from=item["url"])

    def manifest(self, response: Response, item: Mapping[str, Any]) -> Output:
        manifest = parse_manifest(response.body)
        if len(manifest.images) > int(self.seed.crawl.params.get("max_images", 500)):
            yield Skipped("too-many-images")
            yield self._document(item, [], {"images_left_out": len(manifest.images)})
            return
        for url in manifest.images:
            yield Wanted(url, "image", priority=IMAGES, linked_from=response.url)
        arguments = {"item": dict(item)}
        yield Wanted(response.url, "assemble", arguments, priority=ASSEMBLY, key=f"assemble:{item['key']}")

    def image(self, response: Response) -> Output:
        if not response.body.startswith((b"\xff\xd8", b"\x89PNG", b"II*\x00", b"MM\x00*", b"\x00\x00\x00\x0cjP")):
            raise Reject("not-an-image", response.body[:60].decode("utf-8", errors="replace"))
        yield from ()

    def assemble(self, response: Response, item: Mapping[str, Any]) -> Output:
        manifest = parse_manifest(response.body)
        found = [self.captured(url) for url in manifest.images]
        missing = [url for url, capture in zip(manifest.images, found, strict=True) if capture is None]
        facts = {"iiif_licence": manifest.licence, "iiif_attribution": manifest.attribution}
        if missing:
            facts["missing_images"] = str(len(missing))
            yield Problem(f"missing-images: {len(missing)} of {len(manifest.images)}")
        images = [part("image", capture) for capture in found if capture is not None]
        yield self._document(item, images, {name: value for name, value in facts.items() if value})

    def _document(self, item: Mapping[str, Any], images: Sequence[Part], facts: Mapping[str, Any]) -> Found:
        parts = (*_parts(item["parts"]), *images)
        return Found(
            item["key"],
            input_sha256([(part.role, part.sha256) for part in parts]),
            item["url"],
            item["title"],
            parts,
            published=item["published"],
            linked_from=item["linked_from"],
            metadata=dict(item["facts"]) | dict(facts),
        )


def _parts(rows: Iterable[Mapping[str, Any]]) -> list[Part]:
    return [part_from_json(row) for row in rows]
