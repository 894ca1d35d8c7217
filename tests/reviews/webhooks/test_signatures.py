"""Who is believed: the examples of the schemes themselves, every way to be right, and many to be wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.webhooks import providers, signatures
from reviews.webhooks.errors import RefusedError
from tests.reviews.webhooks.sending import FORMER, NOW, OTHER, SECRET, SENDERS, azure, forgeries, signature, standard

BODY = '{"ref": "refs/heads/main", "title": "Größe"}'.encode()
FORGERIES = [(kind, what) for kind in SENDERS for what in forgeries(kind, BODY)]


def verify(kind, headers, raw=BODY, secrets=(SECRET, FORMER), now=NOW):
    providers.get(SENDERS[kind][0]).verify(headers, raw, secrets, now)


def believed(kind, headers, **sent):
    verify(kind, headers, **sent)
    return True


def refusal(kind, headers, raw=BODY, secrets=(SECRET, FORMER), now=NOW):
    with pytest.raises(RefusedError) as caught:
        verify(kind, headers, raw, secrets, now)
    return caught.value


@pytest.mark.parametrize("kind", SENDERS)
@pytest.mark.parametrize("secret", [SECRET, FORMER])
def test_each_live_secret_proves_a_request(kind, secret):
    assert believed(kind, SENDERS[kind][1](secret, BODY))


@pytest.mark.parametrize(("kind", "what"), FORGERIES)
def test_a_forgery_is_refused_by_name(kind, what):
    headers, raw = forgeries(kind, BODY)[what]
    refused = refusal(kind, headers, raw)
    assert (refused.message, refused.next_step) == signatures.TEXTS[refused.code]
    assert SECRET not in str(refused)


def test_each_forge_is_tried_with_many_forgeries():
    assert {kind: len(forgeries(kind, BODY)) >= 20 for kind in SENDERS} == dict.fromkeys(SENDERS, True)


@pytest.mark.parametrize("kind", SENDERS)
@pytest.mark.parametrize("secrets", [[], [""], ["", "  ", "\n"]])
def test_without_a_secret_nothing_is_believed(kind, secrets):
    for sent in ("", "  ", "\n", SECRET):
        refusal(kind, SENDERS[kind][1](sent, BODY), secrets=secrets)


@pytest.mark.parametrize(
    ("kind", "headers", "code"),
    [
        ("github", {}, "signature_missing"),
        ("github", {"x-hub-signature": f"sha1={signature(SECRET, BODY, 'sha1')}"}, "signature_sha1"),
        ("github", {"x-hub-signature": f"sha256={signature(SECRET, BODY)}"}, "signature_missing"),
        ("github", {"x-hub-signature-256": signature(SECRET, BODY)}, "signature_malformed"),
        ("github", {"x-hub-signature-256": f"sha256={signature(OTHER, BODY)}"}, "signature_wrong"),
        ("bitbucket", {"x-hub-signature": f"sha1={signature(SECRET, BODY, 'sha1')}"}, "signature_sha1"),
        ("bitbucket", {"x-hub-signature-256": f"sha256={signature(SECRET, BODY)}"}, "signature_missing"),
        ("bitbucket-server", {"x-hub-signature": signature(SECRET, BODY)}, "signature_malformed"),
        ("gitea", {"x-gitea-signature": ""}, "signature_missing"),
        ("gitea", {"x-gitea-signature": signature("", BODY)}, "signature_wrong"),
        ("gitea", {"x-hub-signature": f"sha1={signature(SECRET, BODY, 'sha1')}"}, "signature_sha1"),
        ("gitea", {"x-hub-signature-256": f"sha256={signature(SECRET, BODY)}"}, "signature_missing"),
        ("gitlab", {}, "token_missing"),
        ("gitlab", {"x-gitlab-token": OTHER}, "token_wrong"),
        ("gitlab", {"x-gitlab-token": SECRET, "webhook-signature": "v1,AAAA"}, "timestamp_missing"),
        ("azure", {}, "password_missing"),
        ("azure", {"authorization": f"Bearer {SECRET}"}, "password_malformed"),
        ("azure", azure(OTHER, BODY), "password_wrong"),
        ("azure", azure("", BODY, user=SECRET), "password_wrong"),
    ],
)
def test_a_refusal_says_what_is_wrong(kind, headers, code):
    assert refusal(kind, headers).code == code


def test_a_signature_is_the_one_of_the_documentation_of_github():
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": f"sha256={digest}"}
    assert believed("github", headers, raw=b"Hello, World!", secrets=["It's a Secret to Everybody"])


@pytest.mark.parametrize(
    ("secret", "digest"),
    [
        # By OpenSSL: printf msg_1.1700000000.BODY | openssl dgst -sha256 -mac HMAC -macopt key:KEY -binary | base64
        ("whsec_cGxpbXNvbGwtbWFya3MtdGhlLWxvYWQtbGluZS0wMDAx", "/HKVSN600fQgASUq7qo1MSBmXX5MxNbTmwyzf77Iixo="),
        ("a plain secret", "bP5vCL1/YCgo8y5+gfHJoY4OxpsulirZf80RTh74zPk="),
    ],
)
def test_a_standard_signature_is_the_one_of_another_program(secret, digest):
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": f"v1,{digest}"}
    now = datetime.fromtimestamp(1_700_000_000, UTC)
    assert believed("gitlab", headers, raw=b'{"hello":"world"}', secrets=[secret], now=now)


def test_a_standard_signature_is_the_one_that_the_libraries_of_the_scheme_are_tested_with():
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    now = datetime.fromtimestamp(1_614_265_330, UTC)
    known = ["whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    assert believed("gitlab", headers, raw=b'{"test": 2432232314}', secrets=known, now=now)


def test_a_signing_token_without_a_key_signs_with_itself_and_not_with_nothing():
    assert refusal("gitlab", standard("", BODY), secrets=["whsec_"]).code == "signature_wrong"
    assert believed("gitlab", standard("whsec_", BODY), secrets=["whsec_"])


def test_one_of_several_standard_signatures_is_enough():
    right, wrong = standard(SECRET, BODY), standard(OTHER, BODY)["webhook-signature"]
    several = f"v1a,AA== {wrong} {right['webhook-signature']}"
    assert believed("gitlab", right | {"webhook-signature": several})
    assert refusal("gitlab", right | {"webhook-signature": f"v1a,AAAA {wrong}"}).code == "signature_wrong"
    assert refusal("gitlab", right | {"webhook-signature": "v2,AAAA"}).code == "signature_malformed"
    assert refusal("gitlab", right | {"webhook-signature": " ".join([wrong] * 17)}).code == "signature_malformed"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"webhook-id": ""}, "timestamp_missing"),
        ({"webhook-timestamp": ""}, "timestamp_missing"),
        ({"webhook-timestamp": "soon"}, "timestamp_malformed"),
        ({"webhook-timestamp": "1e9"}, "timestamp_malformed"),
        ({"webhook-timestamp": "-1"}, "timestamp_malformed"),
        ({"webhook-timestamp": "9" * 400}, "timestamp_malformed"),
        ({"webhook-timestamp": "١٢٣"}, "timestamp_malformed"),
        ({"webhook-timestamp": "1700000001"}, "signature_wrong"),
        ({"webhook-id": "msg_2"}, "signature_wrong"),
        ({"webhook-id": "msg\n1"}, "signature_malformed"),
        ({"webhook-id": "msg_\ud800"}, "signature_malformed"),
    ],
)
def test_a_standard_signature_covers_its_id_and_its_time(changed, code):
    assert refusal("gitlab", standard(SECRET, BODY) | changed).code == code


@pytest.mark.parametrize("late", [timedelta(seconds=301), timedelta(days=7), timedelta(seconds=-301)])
def test_a_standard_signature_counts_for_five_minutes(late):
    headers = standard(SECRET, BODY)
    assert refusal("gitlab", headers, now=NOW + late).code == "timestamp_outside"
    assert believed("gitlab", headers, now=NOW + late / abs(late) * timedelta(minutes=5))


def test_the_time_of_a_forged_request_is_not_judged():
    assert refusal("gitlab", standard(OTHER, BODY), now=NOW + timedelta(days=1)).code == "signature_wrong"


@pytest.mark.parametrize("user", ["", "plimsoll", "somebody else"])
def test_the_user_of_a_password_is_free(user):
    assert believed("azure", azure(SECRET, BODY, user=user))


def test_a_password_has_one_spelling():
    proof = azure("pass", BODY, user="ab")["authorization"]
    assert proof.endswith("w==")
    assert believed("azure", {"authorization": proof}, secrets=["pass"])
    refused = refusal("azure", {"authorization": proof.replace("w==", "x==")}, secrets=["pass"])
    assert refused.code == "password_malformed"


@pytest.mark.parametrize("name", providers.PROVIDERS)
def test_a_new_secret_proves_requests_and_comes_once(name):
    secret = providers.new_secret(name)
    sender = {kind: made for kind, (provider, made) in SENDERS.items() if provider == name}
    for kind in sender.keys() - {"gitlab-signing"}:
        assert believed(kind, sender[kind](secret, BODY), secrets=[secret])
    assert len(secret) >= 32
    assert providers.new_secret(name) != secret


headers = st.dictionaries(
    st.sampled_from(
        [
            *("x-hub-signature-256", "x-hub-signature", "x-gitea-signature", "x-forgejo-signature", "x-gogs-signature"),
            *("x-gitlab-token", "webhook-signature", "webhook-id", "webhook-timestamp", "authorization"),
        ]
    ),
    st.one_of(
        st.text(st.characters(codec=None)),
        st.builds("Basic {}".format, st.text()),
        st.builds("sha256={}".format, st.text("0123456789abcdef", min_size=64, max_size=64)),
        st.builds("v1,{}".format, st.text()),
    ),
)


@given(st.sampled_from(sorted(providers.PROVIDERS)), headers, st.binary())
def test_no_header_is_believed_by_chance_or_breaks_anything(name, sent, raw):
    with pytest.raises(RefusedError):
        providers.get(name).verify(sent, raw, [SECRET, "whsec_", "whsec_not base64"], NOW)
