"""Calls that hold their thread while they wait or compute: in a coroutine they hold everything else that it serves.

Their names were looked up in requests 2.34, httpx 0.28, redis 8.1, openai 3.54 and passlib 1.7; those of SQLAlchemy,
the database drivers, boto3 and the standard library are as documented. None of these has another mode.
"""

import ast
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.concurrency.clients import OF_MONGO, SERVICES, of_mongo
from scanners.semantics.concurrency.opening import is_only_opened
from scanners.semantics.handlers import inner
from scanners.semantics.outbound import CLIENT_CALLS, HTTP, NETWORK, in_process
from scanners.syntax import unparse


class Blocking(NamedTuple):
    """What a call does to its thread: `kind` is sleep, network, process, database, wait, password, input or file."""

    kind: str
    instead: str


_SLEEP: Final = Blocking("sleep", "Use `await asyncio.sleep()`.")
_HTTP: Final = Blocking("network", "Use an asynchronous client (httpx.AsyncClient, aiohttp) or `asyncio.to_thread`.")
_NETWORK: Final = Blocking("network", "Use an asynchronous client, or `await asyncio.to_thread(...)`.")
_PROCESS: Final = Blocking("process", "Use `await asyncio.create_subprocess_exec()` or `asyncio.to_thread`.")
_DATABASE: Final = Blocking("database", "Use the asynchronous driver or session, or run it in a thread.")
_WAIT: Final = Blocking("wait", "Use the asyncio counterpart, or `await asyncio.to_thread(...)`.")
_PASSWORD: Final = Blocking("password", "It computes for tenths of a second: `await asyncio.to_thread(...)`.")
_INPUT: Final = Blocking("input", "Read it in a thread: `await asyncio.to_thread(...)`.")
_FILE: Final = Blocking("file", "Use `asyncio.to_thread` or an asynchronous file library for files of any size.")

_REDIS: Final = (
    "get set mget mset setex setnx getset getdel getex incr incrby decr decrby delete unlink exists expire ttl keys "
    "scan hget hset hgetall hmget hmset hdel hexists hincrby hkeys hvals lpush rpush lpop rpop blpop brpop lrange llen "
    "ltrim lrem sadd srem smembers sismember scard zadd zrem zrange zrangebyscore zcard zscore zincrby publish ping "
    "eval evalsha xadd xread xreadgroup xack flushdb flushall"
).split()
_SESSION: Final = "execute scalars scalar query get commit flush refresh rollback merge exec".split()
_AWS: Final = (
    "get_object put_object upload_file download_file upload_fileobj download_fileobj head_object list_objects "
    "list_objects_v2 delete_object delete_objects copy_object send_message send_message_batch receive_message "
    "delete_message publish get_item put_item update_item delete_item query scan batch_get_item invoke send_email "
    "send_raw_email get_secret_value get_parameter get_parameters put_metric_data invoke_model converse "
    "describe_instances start_execution assume_role put_record put_records put_events"
).split()
_SEARCH: Final = "search index get bulk delete update count msearch create exists scroll".split()
_MODELS: Final = (
    "chat.completions.create completions.create embeddings.create responses.create messages.create images.generate "
    "moderations.create audio.transcriptions.create beta.chat.completions.parse responses.parse"
).split()
_SESSIONS: Final = (
    "sqlalchemy.orm.Session",
    "sqlalchemy.orm.session.Session",
    "sqlalchemy.orm.scoped_session()",
    "sqlalchemy.orm.sessionmaker()()",
    "sqlmodel.Session",
)
_CURSORS: Final = (
    "psycopg2.connection",
    "psycopg.Connection",
    "psycopg.connect()",
    "pymysql.connect()",
    "MySQLdb.connect()",
    "sqlite3.Connection",
)
_QUEUES: Final = ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")


def _named(kind: Blocking, *names: str) -> dict[str, Blocking]:
    return dict.fromkeys(names, kind)


_SYNC_HTTP: Final = [
    name
    for name in HTTP
    if name.startswith(("requests", "urllib", "httpx."))
    and not name.startswith("httpx.AsyncClient")
    and name not in ("httpx.stream", "httpx.Client.stream")
]
_CLOSERS: Final = ("pika.ConnectionParameters", "ldap3.Connection", "elasticsearch.", "botocore.", "xmlrpc.")

BLOCKING: Final[dict[str, Blocking]] = {
    **_named(_SLEEP, "time.sleep", "eventlet.sleep", "gevent.sleep"),
    **_named(_HTTP, *_SYNC_HTTP, "httpx.stream", "httpx.Client.stream", "http.client.HTTPSConnection.getresponse"),
    **_named(_HTTP, "http.client.HTTPConnection.getresponse", "http.client.HTTPConnection.request"),
    **_named(_HTTP, "http.client.HTTPSConnection.request", "requests.Session.send"),
    **_named(_NETWORK, *(name for name in NETWORK if not name.startswith(_CLOSERS))),
    **_named(_NETWORK, "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "dns.resolver.resolve"),
    **_named(_NETWORK, "pika.BlockingConnection", "kafka.KafkaConsumer.poll", "kafka.KafkaProducer.flush"),
    **_named(_NETWORK, "smtplib.SMTP.sendmail", "smtplib.SMTP.send_message", "smtplib.SMTP_SSL.send_message"),
    **_named(_NETWORK, "smtplib.SMTP_SSL.sendmail", "django.core.mail.send_mail", "paramiko.SSHClient.exec_command"),
    **_named(_NETWORK, *(f"boto3.{made}.{call}" for made in ("client()", "Session.client()") for call in _AWS)),
    **_named(_NETWORK, *(f"elasticsearch.Elasticsearch.{call}" for call in _SEARCH)),
    **_named(
        _NETWORK,
        *(f"{made}.{call}" for made in ("openai.OpenAI", "openai.AzureOpenAI", "openai") for call in _MODELS),
        *(f"{made}.{call}" for made in ("anthropic.Anthropic", "groq.Groq", "mistralai.Mistral") for call in _MODELS),
    ),
    **_named(_NETWORK, *SERVICES),
    **_named(_PROCESS, *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output"))),
    **_named(_PROCESS, "subprocess.getoutput", "subprocess.getstatusoutput", "subprocess.Popen.wait"),
    **_named(_PROCESS, "subprocess.Popen.communicate", "os.system", "os.wait", "os.waitpid", "os.popen"),
    **_named(_DATABASE, "psycopg2.connect", "psycopg.connect", "psycopg.Connection.connect", "pymysql.connect"),
    **_named(_DATABASE, "MySQLdb.connect", "pyodbc.connect", "sqlalchemy.Engine.connect", "sqlalchemy.Engine.begin"),
    **_named(_DATABASE, "sqlalchemy.Engine.execute", "sqlalchemy.Engine.connect().execute"),
    **_named(_DATABASE, "sqlalchemy.Engine.begin().execute", "sqlalchemy.Connection.execute"),
    **_named(_DATABASE, *(f"{session}.{call}" for session in _SESSIONS for call in _SESSION)),
    **_named(_DATABASE, *(f"{holder}.cursor().{call}" for holder in _CURSORS for call in ("execute", "executemany"))),
    **_named(_DATABASE, *(f"{holder}.{call}" for holder in _CURSORS for call in ("execute", "commit", "rollback"))),
    **_named(_DATABASE, *(f"redis.Redis.{call}" for call in _REDIS), "redis.Redis.pipeline().execute"),
    **_named(_WAIT, *(f"queue.{name}.get" for name in _QUEUES), "queue.Queue.join", "multiprocessing.Queue.get"),
    **_named(_WAIT, *(f"threading.{name}.acquire" for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore"))),
    **_named(_WAIT, "threading.Event.wait", "threading.Condition.wait", "threading.Barrier.wait"),
    **_named(_WAIT, "threading.Thread.join", "multiprocessing.Process.join", "multiprocessing.Event.wait"),
    **_named(_WAIT, "concurrent.futures.Future.result", "concurrent.futures.Future.exception"),
    **_named(_WAIT, "concurrent.futures.wait", "concurrent.futures.as_completed", "celery.result.AsyncResult.get"),
    **_named(_PASSWORD, "bcrypt.hashpw", "bcrypt.checkpw", "hashlib.scrypt", "hashlib.pbkdf2_hmac"),
    **_named(_PASSWORD, "argon2.PasswordHasher.hash", "argon2.PasswordHasher.verify"),
    **_named(_PASSWORD, "passlib.context.CryptContext.hash", "passlib.context.CryptContext.verify"),
    **_named(_PASSWORD, "passlib.hash.bcrypt.hash", "passlib.hash.bcrypt.verify", "passlib.hash.argon2.verify"),
    **_named(_PASSWORD, "werkzeug.security.generate_password_hash", "werkzeug.security.check_password_hash"),
    **_named(_PASSWORD, "django.contrib.auth.hashers.make_password", "django.contrib.auth.hashers.check_password"),
    **_named(_INPUT, "input", "getpass.getpass"),
    **_named(_FILE, "open", "io.open", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree"),
    **_named(_FILE, "shutil.rmtree", "shutil.move", "shutil.make_archive", "shutil.unpack_archive"),
    **_named(_FILE, *(f"pathlib.Path.{name}" for name in "read_text read_bytes write_text write_bytes open".split())),
}
"""Blocking calls by dotted name."""


DOES: Final = {
    "sleep": "sleeps",
    "network": "waits for a peer",
    "process": "waits for another process",
    "database": "waits for a database",
    "wait": "waits for another thread",
    "password": "computes",
    "input": "waits for a person",
    "file": "reads or writes files",
}
"""What each kind does, for messages."""

_ASIDE: Final = regex(r"create_task\(|gather\(|TaskGroup\(|ensure_future\(|start_soon\(|start_server\(|\bserve\(")
_HANDS_OVER: Final = (
    "asyncio.to_thread",
    "anyio.to_thread.run_sync",
    "asgiref.sync.sync_to_async",
    "starlette.concurrency.run_in_threadpool",
    "fastapi.concurrency.run_in_threadpool",
    "trio.to_thread.run_sync",
    "channels.db.database_sync_to_async",
    "*.run_in_executor",
)
"""Calls that take blocking work off the loop."""

GOOD: Final = (
    "asyncio.sleep",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    *_HANDS_OVER,
    *(name for name in CLIENT_CALLS if not name.startswith("httpx.Client")),
)
"""What stands where a blocking call could."""

KNOWN: Final = dict.fromkeys((*BLOCKING, *OF_MONGO, *GOOD))
"""Calls to look at, in order: those that may be of a collection too."""

_TAKES_AWAITABLES: Final = frozenset(
    {"wait_for", "gather", "create_task", "ensure_future", "shield", "spawn", "start_soon"}
)


def blocking(call: Call, ctx: Context) -> Blocking | None:
    """What a call of KNOWN does to its thread, None for one that returns at once or is awaited after all."""
    found = BLOCKING.get(call.dotted) or (_DATABASE if "ongo" in ctx.source and of_mongo(call) else None)
    if found is None or is_awaited(call) or returns_at_once(call, ctx):
        return None
    return found


def asks_its_user(found: Blocking, ctx: Context) -> bool:
    """Whether a coroutine waits for the person at a program that seems to do nothing else meanwhile."""
    return found.kind == "input" and "__main__" in ctx.source and not ctx.source.finds(_ASIDE)


def shown(call: Call) -> str:
    """The name of a call for messages."""
    return call.dotted or unparse(call.node.func)


def is_awaited(place: Place[Any]) -> bool:
    """Whether the result is awaited, or handed to what awaits it: then the object is no blocking one."""
    above = place.parent()
    while isinstance(
        above, (ast.Call, ast.Attribute, ast.Subscript, ast.Starred, ast.List, ast.IfExp, ast.GeneratorExp)
    ):
        if isinstance(above, ast.Call):
            last = above.func.attr if isinstance(above.func, ast.Attribute) else getattr(above.func, "id", "")
            if last in _TAKES_AWAITABLES:
                return True
            if above.func is not place.node and not _continues(above.func, place.node):
                return False
        above = place.parent(above)
    if isinstance(above, ast.withitem):
        return isinstance(place.stmt, ast.AsyncWith)
    if isinstance(above, ast.AsyncFor):
        return True
    return isinstance(above, ast.Await)


def _continues(func: ast.expr, node: ast.AST) -> bool:
    """Whether a call is made on the result of `node`: `session.execute(x).scalars()`."""
    while isinstance(func, (ast.Attribute, ast.Call, ast.Subscript)):
        func = func.func if isinstance(func, ast.Call) else func.value
        if func is node:
            return True
    return False


def returns_at_once(call: Call, ctx: Context) -> bool:
    """Whether a call of BLOCKING is told not to wait, has nothing to wait for, or never leaves the process."""
    dotted, last = call.dotted, call.last
    if dotted == "time.sleep":
        return bool(call.node.args) and fold(call.node.args[0], call.scope) == 0
    if last in ("acquire", "get", "result", "exception", "wait", "join", "waitpid"):
        return _does_not_wait(call)
    if last == "open":
        return is_only_opened(call)
    if dotted.startswith(("smtplib.SMTP", "ftplib.FTP")) and last[:3].isupper():
        return not call.node.args and call.keyword("host") is None
    if dotted.startswith(("psycopg2.connection", "sqlalchemy")):
        return False
    return in_process(call)


def _does_not_wait(call: Call) -> bool:
    if call.last == "acquire" and call.origin is not None and call.origin in inner(getattr(call.function, "body", [])):
        return True  # Nobody else has a lock that was made here.
    if call.last in ("acquire", "get") and call.dotted.startswith(("queue.", "threading.", "multiprocessing.")):
        told = call.argument(0, "block", "blocking")
        if told is not None and fold(told, call.scope) is False:
            return True
    if call.last == "waitpid":
        return "WNOHANG" in unparse(call.node)
    limit = call.keyword("timeout") or (call.node.args[0] if call.node.args and call.last != "get" else None)
    if limit is not None and fold(limit, call.scope) == 0 and not isinstance(fold(limit, call.scope), bool):
        return True
    if call.last in ("result", "exception", "join", "wait"):
        return _known_to_be_done(call)
    return False


def _known_to_be_done(call: Call) -> bool:
    """Whether the def has seen that the future, thread or event is done: `done()`, `is_set()`, an awaited wrapper."""
    held = call.receiver.id if isinstance(call.receiver, ast.Name) else ""
    shown = unparse(call.receiver) if call.receiver is not None else ""
    for node in inner(getattr(call.function, "body", [])):
        if not isinstance(node, ast.Call):
            continue
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        asked = unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if last in ("done", "is_set", "poll", "is_alive") and asked == shown:
            return True
        waits = last in ("wrap_future", "wait", "as_completed", "wait_for", "to_thread", "run_in_executor", "gather")
        if waits and node is not call.node and any(shown == unparse(arg) or _mentions(arg, held) for arg in node.args):
            return True
    return False


def _mentions(expr: ast.expr, name: str) -> bool:
    return bool(name) and any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(expr))
