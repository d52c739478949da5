"""What we use of cheroot beyond its documented interface. A new release that changes it fails here first."""

import queue
from typing import Any

from cheroot import wsgi
from cheroot.connections import ConnectionManager


def bare() -> Any:
    return wsgi.Server(("127.0.0.1", 0), lambda _environ, _start_response: [], numthreads=1)


def test_connections_wait_in_an_attribute_that_can_be_replaced() -> None:
    server = bare()
    server.prepare()
    assert isinstance(server._connections, ConnectionManager)

    put: list[object] = []
    server._connections.close()

    class Stand:
        def put(self, connection: object) -> None:
            put.append(connection)

        def stop(self) -> None:
            put.append("stopped")

        def close(self) -> None:
            put.append("closed")

    server._connections = Stand()
    server.put_conn("a connection")
    server.socket.close()
    server.socket = None
    server.stop()
    assert put == ["a connection", "stopped", "closed"]


def test_threads_wait_in_a_queue_that_can_be_replaced() -> None:
    pool = bare().requests
    assert isinstance(pool._queue, queue.Queue)
    assert pool.get == pool._queue.get

    put: list[object] = []

    class Stand:
        def put(self, work: object, block: bool, timeout: float) -> None:  # noqa: FBT001
            put.append((work, block, timeout))

    pool._queue = Stand()
    pool.put("a connection")
    assert put == [("a connection", True, pool._queue_put_timeout)]


def test_a_thread_keeps_a_connection_that_says_so_and_closes_the_others() -> None:
    server = bare()
    done: list[object] = []

    class Connection:
        remote_addr, remote_port = "", ""

        def __init__(self, *, stays: bool) -> None:
            self.stays = stays

        def communicate(self) -> bool:
            return self.stays

        def close(self) -> None:
            done.append("closed")

    server.put_conn = done.append
    server.requests.start()
    staying = Connection(stays=True)
    server.process_conn(staying)
    server.process_conn(Connection(stays=False))
    server.requests.stop(5)
    assert done == [staying, "closed"]
