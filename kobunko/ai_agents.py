"""Names under which collectors for AI training ask: a robots.txt that shuts one of them out speaks of training."""

AI_AGENTS = (
    "Amazonbot",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "Diffbot",
    "GPTBot",
    "Google-Extended",
    "PerplexityBot",
    "anthropic-ai",
    "cohere-ai",
    "meta-externalagent",
    "omgili",
)
