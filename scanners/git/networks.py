"""Which addresses are on the public internet: a table of our own, the same under every version of Python."""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOT_PUBLIC_V4 = [
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
# Everything outside global unicast is refused: loopback, mapped IPv4, NAT64, unique local, link-local, multicast.
GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_V6 = [
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 embeds an IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
]


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public internet. IPv6 forms that embed an IPv4 address do not."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    if address.scope_id or address not in GLOBAL_UNICAST_V6:
        return False
    return not any(address in network for network in NOT_PUBLIC_V6)


def is_listed(host: str, address: Address | None, allowed: Iterable[str]) -> bool:
    """Say whether the operator allowed a host by name, or its address by an address or a network."""
    for entry in allowed:
        network = _network(entry)
        if network is None:
            if entry.rstrip(".").lower() == host:
                return True
        elif address is not None and address.version == network.version and address in network:
            return True
    return False


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
