"""Clusters that start at the same moment don't get the same port."""

import socket

from localcluster.ports import release_ports, reserve_ports


def test_no_two_owners_get_the_same_port() -> None:
    first, second = reserve_ports("one", count=50), reserve_ports("two", count=50)
    assert len({*first, *second}) == 100


def test_a_port_that_somebody_listens_on_is_not_given() -> None:
    [port] = reserve_ports("one", count=1)
    release_ports("one")
    with socket.create_server(("127.0.0.1", port)):
        assert port not in reserve_ports("two", count=1000)
