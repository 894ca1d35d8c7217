"""Every payload of a collection of real ones, where it is at hand: read as people read it."""

import json
import re

from reviews.webhooks import body, events, providers, redaction
from reviews.webhooks.errors import BadBodyError
from tests.reviews.webhooks.samples import FOLDER, INCOMPLETE, PROVIDERS, SAMPLES, all_samples

FOLDERS = {"github", "gitlab", "gitea", "bitbucket", "bitbucket-server", *PROVIDERS}
MAIL = re.compile(r"[\w.](?<!\bgit)@\w+")


def asked(sample):
    """What a sample asks for, or the code it is refused with."""
    payload = body.read(sample.path.read_bytes(), "application/json")
    try:
        return providers.get(sample.provider).read(sample.event, payload)
    except BadBodyError as error:
        return error.code


def test_every_payload_asks_for_what_a_reader_understands():
    assert {sample.place: asked(sample) for sample in SAMPLES} == {sample.place: sample.asks for sample in SAMPLES}


def test_every_payload_of_the_collection_is_known():
    there = {f"{path.parent.name}/{path.name}" for path in FOLDER.glob("*/*.json") if path.parent.name in FOLDERS}
    assert there <= {sample.place for sample in all_samples()}


def test_what_they_ask_for_survives_a_row_of_the_database():
    asks = [one.asks for one in all_samples() if one.asks != INCOMPLETE]
    assert [events.from_json(json.loads(json.dumps(events.as_json(one)))) for one in asks] == asks


def test_every_payload_can_be_shown_and_names_nobodys_address():
    shown = {one.place: json.dumps(redaction.shown(json.loads(one.path.read_bytes()))) for one in SAMPLES}
    assert [place for place, text in shown.items() if not 100 < len(text) <= 16 * 1024] == []
    assert {place: found for place, text in shown.items() if (found := MAIL.findall(text))} == {}
