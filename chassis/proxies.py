"""Where a request comes from: the peer, or what a proxy that we know says of it (`X-Forwarded-For`).

A header is only as good as whoever wrote it. Every proxy adds the address it was called from on the right, so the list
is read from the right, and the first entry that is no proxy of ours is the client; what stands left of it is hearsay.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
ANY = "*"


class Proxies:
    """The peers whose word is believed: addresses and networks with commas between, `*` for any peer, or nobody."""

    def __init__(self, allowed: str) -> None:
        """Raises `ValueError` for what is no address, no network and no `*`."""
        names = [name.strip() for name in allowed.split(",") if name.strip()]
        self.any = ANY in names
        self._networks = [ip_network(name) for name in names if name != ANY]

    def client(self, peer: str | None, forwarded: str | None) -> str:
        """The client's address; `-` when there is none. A header that is malformed on the way counts as absent.

        `*` believes the last proxy whoever it is, which is one entry and no more.
        """
        caller = _address(peer or "")
        if caller is None:
            return "-"
        if not forwarded or not self.believes(peer):
            return str(caller)
        seen = caller
        for entry in reversed(forwarded.split(",")):
            found = _address(entry.strip())
            if found is None:
                return str(caller)
            seen = found
            if self.any or not self._known(seen):
                break
        return str(seen)

    def believes(self, peer: str | None) -> bool:
        """Whether what this peer says of a request is taken over."""
        caller = _address(peer or "")
        return caller is not None and (self.any or self._known(caller))

    def _known(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


@lru_cache(maxsize=1000)
def _address(text: str) -> Address | None:
    if "%" in text:  # a zone may be any text, and means something on its own machine only
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def neighbourhood(address: str) -> str:
    """What counts as one address where addresses are counted: of IPv6 the /64, which one household has to itself."""
    found = _address(address)
    return str(IPv6Network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
