"""Keys with limits and a budget for LiteLLM's proxy without a database, by its own hook for keys that somebody else holds.

The proxy itself checks routes, models, limits and budgets of what the hook returns, and reserves. What a call has cost is
settled by the proxy's own logger, which it only registers by itself where a database is.
"""

from litellm.proxy._types import ProxyException, UserAPIKeyAuth, hash_token
from litellm.proxy.hooks.proxy_track_cost_callback import ProxyDBLogger


def key(secret, calls_a_minute, budget):
    token = hash_token(secret)
    known = UserAPIKeyAuth(
        api_key=secret,
        token=token,
        rpm_limit=calls_a_minute,
        max_budget=budget,
        models=["fast"],
        allowed_routes=["/v1/chat/completions"],
    )
    return token, known


KEYS = dict([
    key("sk-bench", 1_000_000_000, 1_000_000.0),
    key("sk-often", 2, 1_000_000.0),
    key("sk-poor", 1_000_000_000, 0.00104),
])
spend = ProxyDBLogger()


async def known_key(request, api_key):
    known = KEYS.get(hash_token(api_key))
    if known is None:
        raise ProxyException(message="unknown key", type="auth_error", param="api_key", code=401)
    # A call writes into it.
    return known.model_copy()
