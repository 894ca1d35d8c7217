"""Synchronous clients of services, whose calls wait for a peer, and how those of MongoDB are told from others.

Names as documented by boto3, google-cloud-storage, google-cloud-bigquery, docker, minio, kubernetes, stripe, twilio,
slack-sdk, sendgrid and pymongo.
"""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.names import find
from scanners.place import Call, Place

_TABLE: Final = "get_item put_item update_item delete_item query scan".split()
_BUCKET: Final = "upload_file upload_fileobj download_file download_fileobj put_object delete_objects".split()
_OBJECT: Final = "put get delete upload_file upload_fileobj download_file download_fileobj load".split()
_BLOB: Final = (
    "upload_from_filename upload_from_string upload_from_file download_to_filename download_as_bytes "
    "download_as_text download_as_string download_to_file exists delete"
).split()
_MINIO: Final = (
    "put_object get_object fput_object fget_object remove_object stat_object bucket_exists make_bucket copy_object"
).split()
_PODS: Final = "pod job deployment service config_map secret persistent_volume_claim".split()
_STRIPE: Final = "Charge Customer PaymentIntent Refund Subscription Invoice checkout.Session".split()


def _names() -> Iterator[str]:
    yield from (f"boto3.resource().Table.{call}" for call in _TABLE)
    yield from (f"boto3.resource().Bucket.{call}" for call in _BUCKET)
    yield from (f"boto3.resource().Object.{call}" for call in _OBJECT)
    for bucket in ("bucket", "get_bucket"):
        for blob in ("blob", "get_blob"):
            yield from (f"google.cloud.storage.Client.{bucket}().{blob}().{call}" for call in _BLOB)
    yield from ("google.cloud.bigquery.Client.query().result", "google.cloud.bigquery.Client.load_table_from_json")
    for made in ("docker.from_env()", "docker.DockerClient"):
        yield from (f"{made}.containers.{call}" for call in ("run", "get", "list", "create"))
        yield from (f"{made}.images.{call}" for call in ("pull", "build", "push", "get", "list"))
    yield from (f"minio.Minio.{call}" for call in _MINIO)
    for api in ("CoreV1Api", "AppsV1Api", "BatchV1Api"):
        for verb in ("create", "read", "list", "delete", "patch", "replace"):
            yield from (f"kubernetes.client.{api}.{verb}_namespaced_{kind}" for kind in _PODS)
    yield "kubernetes.client.CoreV1Api.list_pod_for_all_namespaces"
    for kind in _STRIPE:
        yield from (f"stripe.{kind}.{verb}" for verb in ("create", "retrieve", "modify", "list"))
    yield from ("twilio.rest.Client.messages.create", "sendgrid.SendGridAPIClient.send")
    yield from ("slack_sdk.WebClient.chat_postMessage", "slack_sdk.webhook.WebhookClient.send")


SERVICES: Final = tuple(_names())
"""Calls of synchronous clients by dotted name."""

OF_MONGO: Final = tuple(
    f"*.{name}"
    for name in (
        "find_one insert_one insert_many update_one update_many replace_one delete_one delete_many find_one_and_update "
        "find_one_and_replace find_one_and_delete count_documents aggregate distinct bulk_write"
    ).split()
)
"""Calls of collections, which hang on a client by any name."""

_HELD: Final = ("pymongo.MongoClient", "pymongo.database.Database", "pymongo.collection.Collection")
_DEPTH: Final = 3


def of_mongo(call: Call) -> bool:
    """Whether a call of OF_MONGO is one of pymongo's synchronous client."""
    return f"*.{call.last}" in OF_MONGO and call.receiver is not None and _is_held(call.receiver, call, 0)


def _is_held(expr: ast.AST, place: Place[Any], depth: int) -> bool:
    """Whether an expression is a client, or a database or collection of one, through names and attributes of `self`."""
    while isinstance(expr, (ast.Attribute, ast.Subscript, ast.Call)):
        ref = place.resolve(expr)
        if ref is not None and ref.dotted.startswith(_HELD):
            return True
        bound = _kept(expr, place) if isinstance(expr, ast.Attribute) else []
        if depth < _DEPTH and any(_is_held(value, place, depth + 1) for value in bound):
            return True
        expr = expr.func if isinstance(expr, ast.Call) else expr.value
    if not isinstance(expr, ast.Name):
        return False
    ref = place.resolve(expr)
    if ref is not None:
        return ref.dotted.startswith(_HELD)
    found = find(expr.id, place.scope)
    values = [binding.value for binding in found[0] if binding.kind == "assign"] if found is not None else []
    return depth < _DEPTH and len(values) == 1 and _is_held(values[0], place, depth + 1)


def _kept(expr: ast.Attribute, place: Place[Any]) -> list[ast.AST]:
    """What the class gives an attribute of `self`."""
    holder = place.scope
    while holder.kind != "class" and holder.parent is not None:
        holder = holder.parent
    if holder.kind != "class" or not isinstance(expr.value, ast.Name) or expr.value.id != "self":
        return []
    return [bound.value for bound in holder.attributes.get(expr.attr, []) if bound.kind == "assign"]
