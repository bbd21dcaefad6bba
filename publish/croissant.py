"""croissant.json: the release for machines, in Croissant 1.1 with its RAI and PROV terms."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pyarrow as pa

from kobunko.publish.manifest import Removed
from kobunko.publish.rows import Row
from kobunko.publish.tally import Tally
from kobunko.records import Provenance, arrow_schema
from kobunko.settings import ReleaseSettings

CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "double": "sc:Float", "bool": "sc:Boolean"}


def croissant(
    manifest: Mapping[str, Any], sums: Mapping[str, str], tally: Tally, settings: ReleaseSettings
) -> dict[str, Any]:
    """The JSON-LD of a release; `sums` are the hashes of its data files by name."""
    where = settings.repository or "."
    folders = {name: f"data/{name}" for name in manifest["configs"]} | {
        "provenance": "provenance",
        "removed": "removed",
    }
    records = {name: Provenance if name == "provenance" else Removed if name == "removed" else Row for name in folders}
    files = [_file(name, sha256) for name, sha256 in sorted(sums.items()) if name.endswith(".parquet")]
    sets = [_file_set(name, folder) for name, folder in folders.items()]
    repository = {
        "@type": "cr:FileObject",
        "@id": "repo",
        "name": "repo",
        "description": "The folder of this release.",
        "contentUrl": where,
        "encodingFormat": "git+https",
        "sha256": manifest["documents_sha256"],
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "kobunko",
        "alternateName": "公文庫",
        "description": "Documents published by Japanese public bodies as text, with licence, evidence and provenance.",
        "url": where,
        "version": manifest["version"],
        "inLanguage": "ja",
        "license": "Mixed: the licence of each row is in its column `license`, the evidence in `evidence`.",
        "keywords": ["government", "japanese", "law", "provenance"],
        "creator": {"@type": "sc:Organization", "name": settings.processor},
        "publisher": {"@type": "sc:Organization", "name": settings.processor},
        **({"datePublished": tally.last.date().isoformat()} if tally.last else {}),
        "citeAs": f"{settings.processor}: Kobunko {manifest['version']}.",
        "isLiveDataset": True,
        **_provenance(manifest),
        **_rai(manifest, tally, settings),
        "distribution": [repository, *sets, *files],
        "recordSet": [_record_set(name, records[name]) for name in folders],
    }


def _provenance(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "prov:wasDerivedFrom": [{"@id": item["homepage"]} for item in manifest["publishers"].values()],
        "prov:wasAttributedTo": sorted({item["publisher"] for item in manifest["publishers"].values()}),
        "prov:wasGeneratedBy": [
            f"{label} of kobunko {manifest['software']['kobunko']}" for label in manifest["stages"]
        ],
    }


def _rai(manifest: Mapping[str, Any], tally: Tally, settings: ReleaseSettings) -> dict[str, Any]:
    frame = [moment.isoformat() for moment in (tally.first, tally.last) if moment]
    return {
        "rai:dataCollection": "Official APIs and bulk files first, then polite crawling that obeys robots.txt; each "
        "answer is kept byte for byte in WARC, and each row names the record that it was made from.",
        "rai:dataCollectionType": ["API", "Web Scraping"],
        **({"rai:dataCollectionTimeFrame": frame} if frame else {}),
        "rai:dataPreprocessingProtocol": [f"stage {label}" for label in manifest["stages"]],
        "rai:machineAnnotationTools": ["PaddleOCR recognisers on onnxruntime (pages without usable text)"],
        "rai:dataLimitations": "Text read by OCR has errors (`ocr_confidence`). Rows whose `outcome` is not ok could "
        "not be processed. Nothing is promised about laws being in force.",
        "rai:dataBiases": "Official Japanese of public bodies; sources and years are as unevenly present as in the "
        "table of the card.",
        "rai:dataUseCases": [
            "Pre-training of language models",
            "Retrieval",
            "Legal and administrative language research",
        ],
        "rai:personalSensitiveInformation": "Published official documents can name persons. Columns for search by a "
        "person's name are not offered.",
        "rai:dataReleaseMaintenancePlan": "Each release is a tag; documents removed on request are listed in the "
        f"config `removed`. Removal: {settings.removal_contact or 'whoever published this copy'}.",
    }


def _file(name: str, sha256: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _file_set(name: str, folder: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "containedIn": {"@id": "repo"},
        "encodingFormat": "application/x-parquet",
        "includes": f"{folder}/*.parquet",
    }


def _record_set(name: str, record: type) -> dict[str, Any]:
    about = {item.name: item.metadata.get("about", "") for item in fields(record)}
    schema = arrow_schema(record)
    found = [
        _field(name, f"{name}/{column.name}", column, about.get(column.name, ""), column.name) for column in schema
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": f"{name}/{schema.names[0]}"},
        "field": found,
    }


def _field(files: str, path: str, column: pa.Field, about: str, top: str, inner: str = "") -> dict[str, Any]:
    kind = column.type
    source: dict[str, Any] = {"fileSet": {"@id": f"{files}-files"}, "extract": {"column": top}}
    if inner:
        source["transform"] = {"jsonPath": inner}
    made: dict[str, Any] = {"@type": "cr:Field", "@id": path, "name": path}
    if about:
        made["description"] = about
    if pa.types.is_list(kind):
        made["repeated"] = True
        kind = kind.value_type
    if pa.types.is_struct(kind):
        made["subField"] = [_field(files, f"{path}/{item.name}", item, "", top, item.name) for item in kind]
        return made
    return made | {"dataType": _TYPES.get(str(kind), "sc:DateTime"), "source": source}
