import socket
from pathlib import Path

import pytest

from scanners.git.address import Source, parse_source, resolve
from scanners.git.errors import SourceError
from scanners.git.policy import Policy

OPEN = Policy(allowed_schemes=frozenset({"https", "http"}))

HOSTILE = {
    "ext::sh -c touch% /tmp/canary": "url_has_control_characters",
    "ext::sh": "url_scheme_not_allowed",
    "fd::17": "url_scheme_not_allowed",
    "ext://sh": "url_scheme_not_allowed",
    "git://github.com/a/b": "url_scheme_not_allowed",
    "git://localhost:1234/x@github.com": "url_scheme_not_allowed",
    "ssh://git@github.com/a/b": "url_scheme_not_allowed",
    "ssh://-oProxyCommand=touch/a": "url_scheme_not_allowed",
    "git@github.com:a/b.git": "url_scheme_not_allowed",
    "-oProxyCommand=x:a": "url_malformed",
    "ftp://example.com/a": "url_scheme_not_allowed",
    "javascript:alert(1)": "url_scheme_not_allowed",
    "bundle:///tmp/x": "url_scheme_not_allowed",
    "file:///etc": "local_path_not_allowed",
    "FILE:///etc": "local_path_not_allowed",
    "file://localhost/etc": "local_path_not_allowed",
    "file://C:/x": "local_path_not_allowed",
    "/etc/passwd": "local_path_not_allowed",
    "//example.com/a": "local_path_not_allowed",
    "--upload-pack=touch": "url_malformed",
    "-https://example.com/a": "url_malformed",
    "": "url_malformed",
    "../../etc": "url_malformed",
    "example.com/a/b": "url_malformed",
    "https://example.com\\@127.0.0.1/a": "url_malformed",
    "https:example.com/a": "url_scheme_not_allowed",
    "https://user@example.com/a": "url_has_credentials",
    "https://user:word@example.com/a": "url_has_credentials",
    "https://example.com@127.0.0.1/a": "url_has_credentials",
    "https://example.com:443@127.0.0.1/a": "url_has_credentials",
    "https://example.com/a\r\nHost: x": "url_has_control_characters",
    "https://example.com/a\n": "url_has_control_characters",
    "https://example.com/a\0": "url_has_control_characters",
    "https://example.com/a\x1b[31m": "url_has_control_characters",
    "https://example.com/a b": "url_has_control_characters",
    "https://example.com/\u202egit.a": "url_has_control_characters",
    "https://exam\u200bple.com/a": "url_has_control_characters",
    "https://example.com/" + "a" * 1000: "url_too_long",
    "https:///a": "url_host_malformed",
    "https://:443/a": "url_host_malformed",
    "https://.example.com/a": "url_host_malformed",
    "https://a..b/a": "url_host_malformed",
    "https://exa%6dple.com/a": "url_host_malformed",
    "https://-example.com/a": "url_host_malformed",
    "https://" + "a" * 64 + ".com/a": "url_host_malformed",
    "https://[::1/a": "url_host_malformed",
    "https://[fe80::1%25eth0]/a": "address_not_public",
    "https://[v1.x]/a": "url_host_malformed",
    "https://a:b:c/a": "url_host_malformed",
    "https://0x7f.1/a": "url_host_malformed",
    "https://0x7f000001/a": "url_host_malformed",
    "https://0177.1/a": "url_host_malformed",
    "https://0177.0.0.01/a": "url_host_malformed",
    "https://2130706433/a": "url_host_malformed",
    "https://127.1/a": "url_host_malformed",
    "https://127.0.1/a": "url_host_malformed",
    "https://127.0.0.256/a": "url_host_malformed",
    "https://017700000001/a": "url_host_malformed",
    "https://\uff11\uff12\uff17.0.0.1/a": "url_host_malformed",
    "https://127\u30020\u30020\u30021/a": "address_not_public",
    "https://\u2460\u2461\u2466.0.0.1/a": "url_host_malformed",
    "https://127.0.0.1/a": "address_not_public",
    "https://127.0.0.1./a": "address_not_public",
    "https://localhost/a": "address_not_public",
    "https://LocalHost./a": "address_not_public",
    "https://x.localhost/a": "address_not_public",
    "https://0.0.0.0/a": "address_not_public",
    "https://10.0.0.1/a": "address_not_public",
    "https://100.64.0.1/a": "address_not_public",
    "https://169.254.169.254/latest/meta-data": "address_not_public",
    "https://172.16.0.1/a": "address_not_public",
    "https://192.168.1.1/a": "address_not_public",
    "https://192.88.99.1/a": "address_not_public",
    "https://198.18.0.1/a": "address_not_public",
    "https://224.0.0.1/a": "address_not_public",
    "https://255.255.255.255/a": "address_not_public",
    "https://[::]/a": "address_not_public",
    "https://[::1]/a": "address_not_public",
    "https://[0:0:0:0:0:0:0:1]/a": "address_not_public",
    "https://[::ffff:127.0.0.1]/a": "address_not_public",
    "https://[::ffff:7f00:1]/a": "address_not_public",
    "https://[::ffff:8.8.8.8]/a": "address_not_public",
    "https://[::127.0.0.1]/a": "address_not_public",
    "https://[64:ff9b::7f00:1]/a": "address_not_public",
    "https://[64:ff9b:1::1]/a": "address_not_public",
    "https://[2002:7f00:1::]/a": "address_not_public",
    "https://[2001:0:7f00:1::]/a": "address_not_public",
    "https://[2001:db8::1]/a": "address_not_public",
    "https://[fe80::1]/a": "address_not_public",
    "https://[fec0::1]/a": "address_not_public",
    "https://[fd00:ec2::254]/a": "address_not_public",
    "https://[ff02::1]/a": "address_not_public",
    "https://example.com:22/a": "url_port_not_allowed",
    "https://example.com:25/a": "url_port_not_allowed",
    "https://example.com:6379/a": "url_port_not_allowed",
    "https://example.com:5432/a": "url_port_not_allowed",
    "https://example.com:0/a": "url_port_not_allowed",
    "https://example.com:65536/a": "url_port_not_allowed",
    "https://example.com:/a": "url_host_malformed",
    "https://example.com:+443/a": "url_host_malformed",
    "https://example.com:\u0664\u0664\u0663/a": "url_host_malformed",
    "https://example.com": "url_path_not_allowed",
    "https://example.com/": "url_path_not_allowed",
    "https://example.com/a?x=1": "url_path_not_allowed",
    "https://example.com?x=/a": "url_path_not_allowed",
    "https://example.com/a#x": "url_path_not_allowed",
    "https://example.com/../a": "url_path_not_allowed",
    "https://example.com/a/./b": "url_path_not_allowed",
    "https://example.com/a//b": "url_path_not_allowed",
    "https://example.com/%2e%2e/a": "url_path_not_allowed",
    "https://example.com/a%0d%0aHost:%20x": "url_path_not_allowed",
    "https://example.com/a%00": "url_path_not_allowed",
    "https://example.com/a%2fb": "url_path_not_allowed",
    "https://example.com/a%": "url_path_not_allowed",
    "https://example.com/a@127.0.0.1": "url_path_not_allowed",
    "https://example.com/$(touch)": "url_path_not_allowed",
}


@pytest.mark.parametrize(("url", "code"), HOSTILE.items())
def test_a_hostile_url_is_refused_by_name(url: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(url, OPEN)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://github.com/acme/pay.git", "https://github.com/acme/pay.git"),
        ("HTTPS://GitHub.COM/acme/Pay", "https://github.com/acme/Pay"),
        ("https://github.com./acme/pay/", "https://github.com/acme/pay"),
        ("https://github.com:443/acme/pay", "https://github.com/acme/pay"),
        ("https://forge.example.com:8443/a", "https://forge.example.com:8443/a"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://xn--bcher-kva.example/a", "https://xn--bcher-kva.example/a"),
        ("https://\u0435xample.com/a", "https://xn--xample-2of.com/a"),  # a Cyrillic letter becomes visible
        ("https://dev.azure.com/acme/My%20Project/_git/pay", "https://dev.azure.com/acme/My%20Project/_git/pay"),
        ("https://git.sr.ht/~ada/pay", "https://git.sr.ht/~ada/pay"),
        ("https://example.com/déjà", "https://example.com/d%C3%A9j%C3%A0"),
        ("https://140.82.121.4/a", "https://140.82.121.4/a"),
        ("https://[2606:50C0:8000:0::154]/a", "https://[2606:50c0:8000::154]/a"),
    ],
)
def test_a_good_url_is_normalised(url: str, normal: str) -> None:
    source = parse_source(url, OPEN)
    assert source.url == normal
    assert parse_source(source.url, OPEN) == source


def test_only_https_is_allowed_unless_set_otherwise() -> None:
    with pytest.raises(SourceError, match="url_scheme_not_allowed: Only https URLs"):
        parse_source("http://example.com/a", Policy())


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0"])
def test_the_operator_can_allow_a_private_address(allowed: str) -> None:
    policy = Policy(allowed_private=(allowed,))
    assert resolve(parse_source("https://127.0.0.1/a", policy), policy) == ("127.0.0.1",)


def test_the_operator_can_allow_a_private_host_by_name() -> None:
    policy = Policy(allowed_private=("Forge.Intranet.",), resolver=lambda host, port: ["10.1.2.3"])
    assert resolve(parse_source("https://forge.intranet/a", policy), policy) == ("10.1.2.3",)
    with pytest.raises(SourceError, match="address_not_public"):
        resolve(parse_source("https://other.intranet/a", policy), policy)


def answering(*addresses: str) -> Policy:
    return Policy(resolver=lambda host, port: addresses)


EXAMPLE = Source("https://example.com/a", "https", "example.com", 443, "/a")


def test_all_addresses_of_a_host_are_kept_once() -> None:
    policy = answering("140.82.121.4", "2606:50c0:8000::154", "140.82.121.4")
    assert resolve(EXAMPLE, policy) == ("140.82.121.4", "2606:50c0:8000::154")


@pytest.mark.parametrize(
    "second", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "64:ff9b::a00:1"]
)
def test_one_private_answer_refuses_the_host(second: str) -> None:
    with pytest.raises(SourceError, match="address_not_public"):
        resolve(EXAMPLE, answering("140.82.121.4", second))


def failing(number: int) -> Policy:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror(number, "no answer")

    return Policy(resolver=fail)


@pytest.mark.parametrize(
    ("policy", "code", "retry"),
    [
        (failing(socket.EAI_NONAME), "host_not_found", False),
        (failing(socket.EAI_AGAIN), "dns_failed", True),
        (answering(), "host_not_found", False),
    ],
)
def test_a_host_without_an_address_is_named(policy: Policy, code: str, retry: bool) -> None:
    with pytest.raises(SourceError) as caught:
        resolve(EXAMPLE, policy)
    assert (caught.value.code, caught.value.retry) == (code, retry)


def test_a_local_repository_below_a_root_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "pay.git").mkdir()
    source = parse_source(f"file://{tmp_path}/pay.git", Policy(local_roots=(tmp_path,)))
    assert source == Source(f"file://{tmp_path}/pay.git", "file", path=str(tmp_path / "pay.git"))
    assert source == parse_source(f"{tmp_path}/pay.git/", Policy(local_roots=(tmp_path,)))
