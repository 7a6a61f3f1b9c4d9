"""`gnomon serve`: Chronon's service, Feast's feature server, metrics; limits, tokens, reload, stop.

The server is the real program, asked over real connections; what it says is compared with
`gnomon fetch`.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GNOMON = os.environ.get("GNOMON", str(ROOT / "build" / "release" / "cli" / "gnomon"))
FEAST = ROOT / ".deps" / "oracle-feast" / "bin" / "python"
CLIENT = Path(__file__).with_name("feast_client.py")
PROMETHEUS = Path(__file__).with_name("prometheus_read.py")
NAME = "my_team/purchases.v1"
ROUTE = "/v1/fetch/groupby/my_team%2Fpurchases.v1"
KEYS = [{"user_id": f"user_{i}"} for i in range(1, 6)]


def gnomon(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        [GNOMON, *arguments], cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starting repository, compiled and uploaded."""
    folder = tmp_path_factory.mktemp("serve") / "shop"
    gnomon(folder.parent, "init", "shop")
    gnomon(folder, "compile")
    gnomon(folder, "upload", "my_team.purchases.v1", "--ds", "2023-12-01")
    return folder


class Server:
    """One running server."""

    def __init__(self, repository: Path, *arguments: str, token: str | None = None) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "GNOMON_TOKEN"}
        if token:
            environment["GNOMON_TOKEN"] = token
        self.process = subprocess.Popen(
            [GNOMON, "serve", "--json", "--listen", "127.0.0.1:0", *arguments],
            cwd=repository,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        self.port = int(json.loads(line)["port"])

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method, path, text, headers or {})
        reply = connection.getresponse()
        answer = reply.read().decode()
        connection.close()
        return reply.status, answer

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture
def server(shop: Path) -> Iterator[Server]:
    running = Server(shop)
    yield running
    assert running.stop() == 0


def fetched(shop: Path, keys: list[dict[str, str]]) -> list[dict[str, Any]]:
    requests = "".join(json.dumps({"keys": key}) + "\n" for key in keys)
    done = subprocess.run(
        [GNOMON, "fetch", NAME, "--requests", "-"],
        cwd=shop,
        input=requests,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line)["values"] for line in done.stdout.splitlines()]


def test_chronons_service_answers_what_fetch_answers(shop: Path, server: Server) -> None:
    for route in (ROUTE, f"/v1/features/groupby/{NAME}", "/v1/fetch/groupby/my_team.purchases.v1"):
        status, answer = server.ask("POST", route, KEYS)
        assert status == 200
        results = json.loads(answer)["results"]
        assert [one["entityKeys"] for one in results] == KEYS
        assert [one["status"] for one in results] == ["Success"] * len(KEYS)
        assert [one["features"] for one in results] == fetched(shop, KEYS)


def test_one_bad_key_fails_alone(server: Server) -> None:
    keys: list[Any] = [KEYS[0], {"user": "x"}, 7, {"user_id": "nobody"}]
    status, answer = server.ask("POST", ROUTE, keys)
    results = json.loads(answer)["results"]
    assert status == 200
    assert [one["status"] for one in results] == ["Success", "Failure", "Failure", "Success"]
    assert "user_id" in results[1]["error"] and "features" not in results[1]
    assert set(results[3]["features"].values()) == {None}


def test_feasts_protocol_gives_a_result_a_feature(shop: Path, server: Server) -> None:
    users = ["user_1", "user_2", "nobody"]
    features = ["price_sum_7d", "price_last3"]
    body = {
        "features": [f"my_team_purchases_v1:{name}" for name in features],
        "entities": {"user_id": users},
    }
    status, answer = server.ask("POST", "/get-online-features", body)
    reply = json.loads(answer)
    expected = fetched(shop, [{"user_id": user} for user in users])
    assert status == 200
    assert reply["metadata"]["feature_names"] == ["user_id", *features]
    assert reply["results"][0]["values"] == users
    for name, result in zip(features, reply["results"][1:]):
        assert result["values"] == [values[name] for values in expected]
        assert result["statuses"] == ["PRESENT", "PRESENT", "NOT_FOUND"]
        assert result["event_timestamps"] == ["2023-12-02T00:00:00Z"] * 2 + ["1970-01-01T00:00:00Z"]
    status, answer = server.ask(
        "POST", "/get-online-features", {**body, "full_feature_names": True}
    )
    names = json.loads(answer)["metadata"]["feature_names"]
    assert names == ["user_id", *(f"my_team_purchases_v1__{name}" for name in features)]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", ROUTE, '[{"user_id": "user_1"}', 400, "line 1"),
        ("POST", ROUTE, "{}", 400, "a list of key maps"),
        ("POST", "/v1/fetch/groupby/team%2Fnothing.v1", "[]", 404, "team/nothing.v1"),
        ("POST", "/v1/fetch/join/team%2Fj.v1", "[]", 400, "join"),
        ("GET", ROUTE, None, 405, "another method"),
        ("GET", "/nothing", None, 404, "/nothing"),
        ("POST", "/get-online-features", "{}", 400, "entities"),
        (
            "POST",
            "/get-online-features",
            '{"features": ["my_team_purchases_v1:sum"], "entities": {"user_id": ["a"]}}',
            404,
            "'sum'",
        ),
        (
            "POST",
            "/get-online-features",
            '{"features": ["my_team_purchases_v1:price_last3"], "entities": {"x": ["a"]}}',
            400,
            "user_id",
        ),
        (
            "POST",
            "/get-online-features",
            '{"features": ["x:y"], "entities": {"a": [1], "b": []}}',
            400,
            "'b' has 0 values",
        ),
    ],
)
def test_a_bad_request_says_what_is_wrong(
    server: Server, method: str, path: str, body: str | None, status: int, words: str
) -> None:
    got, answer = server.ask(method, path, body)
    assert got == status
    assert words in json.loads(answer)["errors"][0]


def test_too_large_a_body_is_refused_and_the_server_goes_on(server: Server) -> None:
    status, answer = server.ask("POST", ROUTE, b" " * (9 << 20))
    assert (status, "larger than" in answer) == (413, True)
    assert server.ask("GET", "/ping") == (200, "Pong!")


def test_many_keys_in_one_request(server: Server) -> None:
    status, answer = server.ask("POST", ROUTE, KEYS * 2000)
    assert (status, len(json.loads(answer)["results"])) == (200, 10000)
    status, answer = server.ask("POST", ROUTE, KEYS * 2001)
    assert (status, "more than 10000 keys" in answer) == (413, True)


def test_a_token_is_wanted_where_one_is_set(shop: Path) -> None:
    server = Server(shop, token="secret")
    try:
        assert server.ask("GET", "/ping")[0] == 200
        assert server.ask("POST", ROUTE, KEYS)[0] == 401
        for wrong in ("Bearer secre", "Bearer secrets", "Bearer ", "secret", "Basic secret"):
            assert server.ask("POST", ROUTE, KEYS, {"Authorization": wrong})[0] == 401
        status, answer = server.ask("POST", ROUTE, KEYS, {"Authorization": "Bearer secret"})
        assert (status, "Success" in answer) == (200, True)
        _, shown = server.ask("GET", "/config", headers={"Authorization": "Bearer secret"})
        assert json.loads(shown)["token"] is True and "secret" not in shown
    finally:
        assert server.stop() == 0


def test_listening_to_other_machines_wants_a_token(shop: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "GNOMON_TOKEN"}
    done = subprocess.run(
        [GNOMON, "serve", "--listen", "0.0.0.0:0"],
        cwd=shop,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0 and "token" in done.stderr


def test_a_taken_port_is_an_error(shop: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [GNOMON, "serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"],
            cwd=shop,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode != 0 and "cannot listen" in done.stderr


def samples(text: str) -> dict[str, float]:
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_metrics_count_requests_keys_and_nulls(server: Server) -> None:
    server.ask("POST", ROUTE, [*KEYS, {"user_id": "nobody"}])
    server.ask("POST", ROUTE, "no json")
    status, text = server.ask("GET", "/metrics")
    assert status == 200
    got = samples(text)
    assert got['gnomon_requests_total{protocol="chronon",outcome="answered"}'] == 1
    assert got['gnomon_requests_total{protocol="chronon",outcome="refused"}'] == 1
    assert got[f'gnomon_keys_total{{group_by="{NAME}"}}'] == 6
    assert got[f'gnomon_keys_absent_total{{group_by="{NAME}"}}'] == 1
    assert got[f'gnomon_feature_nulls_total{{group_by="{NAME}",feature="price_sum_30d"}}'] == 1
    assert got['gnomon_request_seconds_count{protocol="chronon"}'] == 2
    assert got['gnomon_request_seconds_bucket{protocol="chronon",le="+Inf"}'] == 2


def test_prometheus_own_parser_reads_the_metrics(server: Server) -> None:
    server.ask("POST", ROUTE, [*KEYS, {"user_id": "nobody"}])
    body = {"features": ["my_team_purchases_v1:price_last3"], "entities": {"user_id": ["user_1"]}}
    server.ask("POST", "/get-online-features", body)
    _, text = server.ask("GET", "/metrics")
    done = subprocess.run(
        [str(FEAST), str(PROMETHEUS)], input=text, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    families = json.loads(done.stdout)
    assert {name: family["type"] for name, family in families.items()} == {
        "gnomon_requests": "counter",
        "gnomon_request_seconds": "histogram",
        "gnomon_keys": "counter",
        "gnomon_keys_absent": "counter",
        "gnomon_feature_nulls": "counter",
        "gnomon_uptime_seconds": "gauge",
    }
    assert all(family["help"] for family in families.values())
    keys = {labels["group_by"]: value for _, labels, value in families["gnomon_keys"]["samples"]}
    assert keys == {NAME: 6, "my_team_purchases_v1": 1}
    for protocol, count in (("chronon", 1), ("feast", 1), ("other", 0)):
        buckets = [
            (float(labels["le"]), value)
            for name, labels, value in families["gnomon_request_seconds"]["samples"]
            if name.endswith("_bucket") and labels["protocol"] == protocol
        ]
        ends, counts = zip(*buckets)
        assert list(ends) == sorted(ends) and ends[-1] == float("inf")
        assert list(counts) == sorted(counts) and counts[-1] == count


def test_health_is_that_of_the_store(shop: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    server = Server(shop, "--store", f"lmdb:{disk}/store")
    try:
        assert server.ask("GET", "/health") == (200, '{"status":"ok"}')
        disk.rename(tmp_path / "gone")
        status, answer = server.ask("GET", "/health")
        assert (status, "cannot be reached" in answer) == (503, True)
        assert server.ask("POST", ROUTE, KEYS)[0] == 500
        (tmp_path / "gone").rename(disk)
        assert server.ask("GET", "/health")[0] == 200
    finally:
        assert server.stop() == 0


def test_a_new_upload_is_served_without_a_failed_request(shop: Path, server: Server) -> None:
    days = ["2023-11-29", "2023-11-30", "2023-12-01"]
    answers: set[str] = set()
    failures: list[str] = []
    done = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        while not done.is_set():
            connection.request("POST", ROUTE, json.dumps(KEYS))
            reply = connection.getresponse()
            text = reply.read().decode()
            if reply.status != 200 or "Failure" in text:
                failures.append(text)
            answers.add(text)
        connection.close()

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    expected = []
    for day in days:
        gnomon(shop, "upload", "my_team.purchases.v1", "--ds", day)
        expected.append(fetched(shop, KEYS))
        time.sleep(0.05)
    done.set()
    for asker in askers:
        asker.join()
    assert not failures
    seen = [[one["features"] for one in json.loads(text)["results"]] for text in answers]
    assert all(one in expected for one in seen)
    assert expected[-1] in seen and len(seen) == len({str(one) for one in expected})


def test_stopping_lets_requests_finish(shop: Path) -> None:
    server = Server(shop)
    body = json.dumps(KEYS * 1000).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:100])
        time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        connection.sendall(body[100:])
        received = b""
        while b"]}" not in received[-2:]:
            part = connection.recv(65536)
            assert part, "the reply was cut"
            received += part
    assert received.startswith(b"HTTP/1.1 200")
    assert received.count(b'"Success"') == 5000
    assert server.process.wait(timeout=30) == 0


def test_feasts_own_client_reads_from_us(shop: Path, server: Server, tmp_path: Path) -> None:
    """Feast with `online_store: {type: remote}` pointed at gnomon, in an interpreter of its own."""
    done = subprocess.run(
        [str(FEAST), str(CLIENT), f"http://127.0.0.1:{server.port}", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    got = json.loads(done.stdout.splitlines()[-1])
    users = ["user_1", "user_2", "nobody"]
    expected = fetched(shop, [{"user_id": user} for user in users])
    assert got["user_id"] == users
    for name in ("price_sum_7d", "price_last3"):
        assert got[name] == [values[name] for values in expected]
