"""An invented little government on loopback: its laws, courts, filings and one ministry, to run the pipeline on.

Everything here is made up. The answers have the structure of the real sources (the API of the laws, the site of the
courts, the API of the filings, a ministry's pages with their PDFs, scans and faults), so that a run over the demo
exercises the same code as a run over the real thing, without a network.
"""
