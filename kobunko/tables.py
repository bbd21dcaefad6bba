"""Tables of the catalogue, as SQLAlchemy Core: the same on SQLite and PostgreSQL. alembic owns their history."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, Table, Text

REVISION = "0002"  # of alembic, that these tables stand at

metadata = MetaData()

captures = Table(
    "captures",
    metadata,
    Column("capture_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("url_key", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("fetched_at", DateTime(timezone=True)),
    Column("warc_file", Text, nullable=False),
    Column("warc_offset", BigInteger, nullable=False),
    Column("linked_from", Text, nullable=False),
    Column("anchor_text", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # order of arrival: the newest capture of a URL has the highest
    Index("captures_by_url", "url_key", "sequence"),
    Index("captures_by_sha256", "sha256"),
)

documents = Table(
    "documents",
    metadata,
    Column("doc_id", Text, primary_key=True),
    Column("work_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("source_version", Text, nullable=False),
    Column("input_sha256", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("url_key", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Text),
    Column("linked_from", Text, nullable=False),
    Column("anchor_text", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("run_id", Text, nullable=False),  # the run that brought this input
    Index("documents_by_url", "url_key"),
    Index("documents_by_work", "work_id"),
    Index("documents_by_key", "source_key"),
)

parts = Table(
    "parts",
    metadata,
    Column("doc_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("capture_id", Text, nullable=False),
    Column("warc_file", Text, nullable=False),
    Column("warc_offset", BigInteger, nullable=False),
    Column("fetched_at", DateTime(timezone=True)),
    Index("parts_by_sha256", "sha256"),
    Index("parts_by_capture", "capture_id"),
)

frontier = Table(
    "frontier",
    metadata,
    Column("source", Text, primary_key=True),
    Column("crawl_id", Text, primary_key=True),
    Column("request_key", Text, primary_key=True),
    Column("state", Text, nullable=False),  # pending | done | failed
    Column("priority", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("request", Text, nullable=False),  # JSON: all that is needed to ask again
    Column("detail", Text, nullable=False),
    Index("frontier_queue", "source", "crawl_id", "state", "priority", "sequence"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # crawl | import | run | retry | nightly | release | publish
    Column("subject", Text, nullable=False),  # source of a crawl, version of a release
    Column("state", Text, nullable=False),  # running | done | failed | interrupted
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("summary", Text, nullable=False),  # JSON
    Index("runs_by_start", "started_at"),
)

removals = Table(
    "removals",
    metadata,
    Column("doc_id", Text, primary_key=True),
    Column("raw_sha256", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Index("removals_by_sha256", "raw_sha256"),
)

releases = Table(
    "releases",
    metadata,
    Column("version", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("built_at", DateTime(timezone=True), nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("documents", BigInteger, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("published_to", Text, nullable=False),  # JSON list of destinations
)
