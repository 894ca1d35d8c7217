"""What the names, shapes and values of secrets look like, and what only stands in for one."""

import pytest

from scanners.semantics.secrets import dsn_password, dsns, is_placeholder, is_random, is_secret_name, preview, tokens

GITHUB = "gh" + "p_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTU\n"

HOLDERS = [
    "password", "DB_PASSWORD", "userPassword", "password2", "PGPASSWORD", "db_pass", "pwd", "passphrase",
    "api_key", "apiKey", "X-Api-Key", "stripe.api_key", "SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "clientSecret",
    "access_token", "refresh_token", "reset_token", "private_key", "signing_key", "credentials", "JWT_SECRET",
    "new_password",
]  # fmt: skip
TELLERS = [
    "password_field", "token_url", "PASSWORD_VALIDATORS", "reset_password", "change_password", "has_password",
    "use_token", "hashed_password", "password_hash", "max_tokens", "tokens", "secrets", "pad_token",
    "next_page_token", "csrf_token", "key", "public_key", "primary_key", "ACCESS_KEY_ID", "bypass", "compass",
    "tokenizer", "invalid_token", "key_name", "",
]  # fmt: skip


@pytest.mark.parametrize("name", HOLDERS)
def test_a_name_whose_last_word_is_a_secret_holds_one(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", TELLERS)
def test_a_name_that_tells_something_of_a_secret_holds_none(name: str) -> None:
    assert not is_secret_name(name)


PLACEHOLDERS = [
    "changeme", "xxx", "<password>", "${DB_PASSWORD}", "$TOKEN", "{{ token }}", "%(password)s", "your-api-key",
    "...", "***", "GITHUB_TOKEN", "/run/secrets/db", "./key", "vault:secret/db", "arn:aws:secretsmanager:x",
    "password", "api_key", "auth.token", "https://auth.shop.io/token", "Enter your password", "none", "bearer",
    "ab", "aaaa", "postgres://app:app@localhost/x",
]  # fmt: skip


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_what_stands_in_for_a_secret_is_told_from_one(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["hunter2", "Sn0wball!", "tr0ub4dor-and-3", "admin", "letmein", "s3cret_key_9"])
def test_a_filled_in_value_is_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)


def test_an_address_is_a_secret_only_with_a_password_of_its_own() -> None:
    assert not is_placeholder("postgres://shop:" + "fl0tsam@db.shop.io/shop")
    assert dsn_password("postgres://shop:" + "fl0tsam@db.shop.io/shop") == "fl0tsam"
    assert dsn_password("amqp://guest:guest@mq.shop.io//") == ""
    assert dsn_password("https://shop.io/a:b@c") == ""


def test_random_values_are_told_from_words_and_paths() -> None:
    assert is_random("q8Zr2LmV0xPd7TnBa1")
    assert is_random("57f1c0a94be2d86630f7a91cbb2e4d58")
    assert is_random("rAzVUQYRaoFjeBjyWuWZ")
    assert not is_random("AzureKeyVaultSecretManager")
    assert not is_random("shop.settings.production.v2")
    assert not is_random("1234567890123456")
    assert not is_random("short1")


SHAPES = [
    ("aws access key", "AK" + "IAQ5T2ZPR7WXN4LMKD"),
    ("github token", GITHUB),
    ("gitlab token", "glp" + "at-x7Kq2mZpW9rTn4LbVc8d"),
    ("slack token", "xo" + "xb-814520973361-Qm1Xv8Bn3Lp6Hd5Js0Fg"),
    ("stripe key", "sk" + "_live_9fK2mQx7Lr4Wd8Zt1Vb6Np3C"),
    ("google api key", "AI" + "zaSyQ5T2ZpR7wXn4LmKd9Vb6Np3C8fJs0Fg7T"),
    ("sendgrid key", "S" + "G.Q5T2ZpR7wXn4LmKd9Vb6Np.3C8fJs0Fg7TyQm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4Rw"),
    ("npm token", "np" + "m_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua"),
    ("private key", "-----BEGIN " + "RSA PRIVATE KEY-----\n" + BODY * 2),
]


@pytest.mark.parametrize(("kind", "value"), SHAPES, ids=[kind for kind, _ in SHAPES])
def test_the_shape_of_a_token_is_found_where_it_starts(kind: str, value: str) -> None:
    found = list(tokens(f"x = '{value}'\n"))
    assert [(token.kind, token.offset) for token in found] == [(kind, 5)]
    assert found[0].value.startswith(value[:30])


@pytest.mark.parametrize(
    "text",
    [
        "AK" + "IAIOSFODNN7EXAMPLE",
        "gh" + "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "-----BEGIN " + "PUBLIC KEY-----\n" + BODY * 2,
        "-----BEGIN " + "ENCRYPTED PRIVATE KEY-----",
        'if "-----BEGIN ' + 'PRIVATE KEY-----" in text: pass',
        "task_live_result sk_test",
    ],
)
def test_samples_public_keys_and_mere_words_are_no_tokens(text: str) -> None:
    assert list(tokens(text)) == []


def test_only_the_body_of_a_key_is_masked() -> None:
    key = next(tokens("-----BEGIN " + "PRIVATE KEY-----\n" + BODY * 2))
    assert set(key.parts) == {BODY.strip()}


def test_an_address_with_a_password_says_where_the_password_is() -> None:
    text = "URL = 'redis://:" + "fl0tsam@cache.shop.io'"
    assert [(token.value, text[token.offset :][:7]) for token in dsns(text)] == [("fl0tsam", "fl0tsam")]


def test_two_characters_of_a_secret_are_shown_at_most() -> None:
    assert preview("hunter2") == "hu***"
