"""Tables of the catalogue, as SQLAlchemy Core: the same on SQLite and PostgreSQL. alembic owns their history."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text

REVISION = "0004"  # of alembic, that these tables stand at

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

host_state = Table(
    "host_state",
    metadata,
    Column("host", Text, primary_key=True),
    Column("not_before", DateTime(timezone=True)),  # the host wants to be left alone until then
    Column("refusals", Integer, nullable=False),  # answers in a row that were 403, 429, 5xx or none at all
    Column("closures", Integer, nullable=False),  # how often in a row the host was left alone
    Column("reason", Text, nullable=False),
)

host_nights = Table(
    "host_nights",
    metadata,
    Column("host", Text, primary_key=True),
    Column("night", Text, primary_key=True),  # ISO date of the noon in Japan at which it began
    Column("requests", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
)

watched = Table(
    "watched",
    metadata,
    Column("source", Text, primary_key=True),
    Column("url_key", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # terms | robots
    Column("accepted", Text, nullable=False),  # fingerprint that was there first, or that a person accepted
    Column("current", Text, nullable=False),
    Column("capture_id", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True)),
)

withheld = Table(
    "withheld",
    metadata,
    Column("doc_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Index("withheld_by_source", "source"),
)

absences = Table(
    "absences",
    metadata,
    Column("source", Text, primary_key=True),
    Column("work_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("reason", Text, nullable=False),  # http-404 | http-410 | withdrawn | undisclosed | delisted
    Column("times", Integer, nullable=False),  # crawls that confirmed it
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("crawl_id", Text, nullable=False),  # the last crawl that met it
    Column("event_at", DateTime(timezone=True)),  # when it was confirmed often enough
)

listings = Table(
    "listings",
    metadata,
    Column("source", Text, primary_key=True),
    Column("url_key", Text, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("counted_at", DateTime(timezone=True), nullable=False),
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

removal_requests = Table(
    "removal_requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # what was named: document | url | sha256 | passage
    Column("target", Text, nullable=False),  # the id, URL or hash; of a passage its hash alone
    Column("reason", Text, nullable=False),  # source-withdrew | personal-data | rights-holder | preference | my-number
    Column("note", Text, nullable=False),  # for the operator; never in the public log
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("deadline", DateTime(timezone=True)),
    Column("purged_at", DateTime(timezone=True)),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column(
        "kind", Text, primary_key=True
    ),  # document | work | url | sha256 (of raw bytes) | text (matching key) | passage
    Column("value", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column(
        "relation", Text, nullable=False
    ),  # to what was named: named | version | same-bytes | near-duplicate | passage
    Column("minhash", LargeBinary),  # by which a near copy of a text, or a passage in another text, is known again
    Column("bound_at", DateTime(timezone=True), nullable=False),
    Index("tombstones_by_request", "request_id"),
)

terms_reviews = Table(
    "terms_reviews",
    metadata,
    Column("host", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),  # of the terms page: the decision holds for these bytes alone
    Column("url", Text, nullable=False),
    Column("decision", Text, nullable=False),  # grant | deny
    Column("license", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("phrase", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("reviewed_by", Text, nullable=False),
    Column("reviewed_at", Text, nullable=False),  # ISO date
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
