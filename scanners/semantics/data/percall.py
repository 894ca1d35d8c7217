"""Clients that hold pools of connections, and whether one is made for each call or kept."""

import ast
import re
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.data.rowloops import nodes
from scanners.semantics.orm import is_model
from scanners.syntax import descendants, unparse

CLIENTS: Final = {
    **dict.fromkeys(("sqlalchemy.create_engine", "sqlalchemy.create_async_engine", "sqlmodel.create_engine"), "engine"),
    **dict.fromkeys(
        ("pymongo.MongoClient", "pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient"), "client"
    ),
    **dict.fromkeys(
        "redis.Redis redis.StrictRedis redis.from_url redis.Redis.from_url redis.ConnectionPool redis.asyncio.Redis "
        "redis.asyncio.from_url redis.asyncio.Redis.from_url redis.ConnectionPool.from_url".split(),
        "client",
    ),
    **dict.fromkeys(("boto3.client", "boto3.resource", "boto3.Session", "boto3.session.Session"), "client"),
    **dict.fromkeys(
        ("httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession", "requests.Session", "requests.session"), "client"
    ),
    **dict.fromkeys(("urllib3.PoolManager", "urllib3.ProxyManager"), "pool"),
    **dict.fromkeys(
        ("grpc.insecure_channel", "grpc.secure_channel", "grpc.aio.insecure_channel", "grpc.aio.secure_channel"),
        "channel",
    ),
    **dict.fromkeys(
        "kafka.KafkaProducer confluent_kafka.Producer aiokafka.AIOKafkaProducer pulsar.Client".split(), "producer"
    ),
    **dict.fromkeys(
        "pika.BlockingConnection aio_pika.connect_robust aio_pika.connect nats.connect".split(), "connection"
    ),
    **dict.fromkeys(
        "asyncpg.create_pool psycopg_pool.ConnectionPool psycopg_pool.AsyncConnectionPool aiomysql.create_pool "
        "psycopg2.pool.ThreadedConnectionPool psycopg2.pool.SimpleConnectionPool aiopg.create_pool".split(),
        "pool",
    ),
    **dict.fromkeys(
        "elasticsearch.Elasticsearch elasticsearch.AsyncElasticsearch opensearchpy.OpenSearch openai.OpenAI "
        "openai.AsyncOpenAI "
        "anthropic.Anthropic anthropic.AsyncAnthropic google.cloud.storage.Client google.cloud.bigquery.Client "
        "google.cloud.pubsub_v1.PublisherClient azure.storage.blob.BlobServiceClient".split(),
        "client",
    ),
}
"""What holds connections of its own and may be shared, with the word for it."""

_CACHED: Final = regex(
    r"cache|singleton|memoize|fixture|contextmanager|once|lifespan|on_event|on_startup|provide|provider", re.IGNORECASE
)
_SETUP: Final = regex(
    r"^_*(get|make|create|build|new|init|setup|connect|open|load|ensure|start|configure|provide)_?\w*_?(client|session|engine|"
    r"pool|conn|connection|channel|producer|redis|db|database|http|storage|bucket|s3|queue|cache)s?$|^_*(init|setup|connect|start)"
)
_ENDED: Final = regex(r"(client|session|engine|pool|factory|connection|lifespan|startup|main)$")


def is_kept(call: Call) -> bool:
    """Whether what is made outlives the call: it goes to a global, an attribute, a container, or the caller."""
    node, above = call.node, call.parent()
    outer: ast.AST = node
    while isinstance(above, (ast.Await, ast.BoolOp, ast.IfExp)) or (
        isinstance(above, ast.Call) and outer in above.args
    ):
        outer, above = above, call.parent(above)
    if isinstance(above, (ast.Return, ast.Yield, ast.Lambda)):
        return True
    if isinstance(above, ast.keyword) or (isinstance(above, ast.Call) and outer is not above.func):
        return True
    if not isinstance(above, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        return False
    targets = above.targets if isinstance(above, ast.Assign) else [above.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if len(names) < len(targets):
        return True
    return any(_escapes(name, call) for name in names)


def _escapes(name: str, call: Call) -> bool:
    """Whether a local variable is handed to the caller, to a global or to an attribute."""
    function = call.function
    for node in descendants(function):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names:
            return True
        value = node.value if isinstance(node, (ast.Return, ast.Yield, ast.Assign)) else None
        if isinstance(value, ast.Tuple):
            if any(getattr(part, "id", "") == name for part in value.elts):
                return True
        elif isinstance(value, ast.Name) and value.id == name:
            return True
        elif isinstance(value, ast.Call) and isinstance(node, (ast.Return, ast.Assign)) and _takes(value, name):
            return isinstance(node, ast.Return) or is_model(value.func)
    return False


def _takes(made: ast.Call, name: str) -> bool:
    return any(getattr(arg, "id", "") == name for arg in [*made.args, *[word.value for word in made.keywords]])


def is_factory(function: Any) -> bool:
    """Whether a def makes clients for others, or runs once: by its decorators or its name."""
    name = getattr(function, "name", "")
    if name in ("__init__", "__new__", "__aenter__", "__enter__", "__post_init__", "setUp", "setup_method"):
        return True
    if _SETUP.match(name) or _ENDED.search(name):
        return True
    return any(_CACHED.search(unparse(part)) for part in getattr(function, "decorator_list", []))


def differs_by_call(call: Call) -> bool:
    """Whether the client is made for whom the call is about: its address or its credentials come from a parameter."""
    names = {
        node.id
        for part in [*call.node.args, *[word.value for word in call.node.keywords]]
        for node in descendants(part)
        if isinstance(node, ast.Name)
    }
    bound = [binding for name in names for binding in call.scope.bindings(name)]
    return any(binding.kind in ("param", "assign", "for", "unpack") for binding in bound)


def is_reused(call: Call, ctx: Context) -> bool:
    """Whether one call of the function makes many requests with it: it is used in a loop of its own scope."""
    function = call.function
    block = next((block for block in call.blocks() if block.kind == "function"), None)
    if block is None:
        return False
    above: Any = call.stmt
    names = set()
    for node in nodes([above] if above is not None else []):
        if (
            isinstance(node, ast.withitem)
            and node.optional_vars is not None
            and call.node in list(descendants(node.context_expr))
        ):
            names |= {part.id for part in descendants(node.optional_vars) if isinstance(part, ast.Name)}
        if isinstance(node, ast.Assign) and call.node in list(descendants(node.value)):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    loops = (ast.For, ast.AsyncFor, ast.While, ast.comprehension, ast.ListComp, ast.GeneratorExp)
    return any(
        isinstance(node, ast.Name) and node.id in names
        for loop in descendants(function)
        if isinstance(loop, loops)
        for node in descendants(loop)
    )
