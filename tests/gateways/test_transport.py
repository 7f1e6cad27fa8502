"""HTTP to a gateway: an answer, or Unknown."""

from __future__ import annotations

import gzip
import logging
import re
import socket
from datetime import timedelta

import pytest

from holdfast.payments.gateways.base import NotSent, Unknown
from holdfast.payments.gateways.deadline import deadline
from holdfast.payments.gateways.transport import LONGEST, SCRUBBED, call, scrub, scrub_text
from tests.gateways.raw_server import Answer, drip, http, raw_server, silence

SHORT = timedelta(milliseconds=300)


@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 417])
def test_a_yes_and_a_no_are_both_answers(status: int) -> None:
    with raw_server(http(status, {"code": "WORD"})) as server:
        answer = call("GET", server.url)

    assert (answer.status, answer.json(), answer.good) == (status, {"code": "WORD"}, status < 300)


@pytest.mark.parametrize("status", [301, 302, 307, 429, 500, 502, 503, 504])
def test_statuses_that_say_nothing_of_the_payment_are_unknown(status: int) -> None:
    with raw_server(http(status, {"state": "COMPLETED"}, Location="/elsewhere")) as server:
        with pytest.raises(Unknown, match=f"HTTP {status}"):
            call("GET", server.url)

        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("999999999", timedelta(days=1)),
        ("-1", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_what_429_asks_us_to_wait_can_be_read(header: str, wait: timedelta | None) -> None:
    with raw_server(http(429, {}, Retry_After=header)) as server, pytest.raises(Unknown) as unknown:
        call("GET", server.url)

    assert unknown.value.retry_after == wait


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="hangs up without a word"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{", id="hangs up in the middle"),
        pytest.param(b"This is not HTTP.\r\n\r\n", id="speaks something else"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", id="breaks the protocol"),
        pytest.param(http(200, b"x" * (LONGEST + 1)), id="sends too much"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536), id="never stops sending"),
    ],
)
def test_broken_connections_and_endless_answers_are_unknown(answer: Answer) -> None:
    with raw_server(answer) as server, pytest.raises(Unknown) as unknown:
        call("GET", server.url)

    assert not isinstance(unknown.value, NotSent)


@pytest.mark.spec("GW-49")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(silence, id="says nothing"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"), id="drips its headers"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a"), id="drips its body"),
    ],
)
def test_a_byte_at_a_time_does_not_put_the_deadline_off(answer: Answer) -> None:
    with (
        raw_server(answer) as server,
        deadline(SHORT),
        pytest.raises(Unknown, match="ReadTimeout") as unknown,
    ):
        call("GET", server.url)

    assert not isinstance(unknown.value, NotSent)


def test_a_deadline_that_has_passed_stops_the_next_call_before_it_is_made() -> None:
    with raw_server(silence, http(200, {})) as server, deadline(SHORT):
        with pytest.raises(Unknown):
            call("GET", server.url)
        with pytest.raises(NotSent):
            call("GET", server.url)

        assert len(server.requests) == 1


def test_a_longer_deadline_inside_a_shorter_one_does_not_outlast_it() -> None:
    hour = timedelta(hours=1)

    with raw_server(silence) as server, deadline(SHORT), deadline(hour), pytest.raises(Unknown):
        call("GET", server.url)


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(NotSent, match="ConnectError"):
        call("GET", f"http://127.0.0.1:{port}/secret-path?secret=query")


@pytest.mark.spec("GW-49")
def test_a_name_that_nobody_has_means_that_nothing_was_sent() -> None:
    with pytest.raises(NotSent, match="ConnectError"):
        call("GET", "http://gateway.invalid/")


@pytest.mark.spec("GW-49")
def test_a_server_that_does_not_speak_tls_is_sent_nothing() -> None:
    with raw_server(http(200, {})) as server:
        with deadline(SHORT), pytest.raises(NotSent, match="Connect"):
            call("POST", server.url.replace("http:", "https:"), payload={"amount": 100})

        assert "amount" not in "".join(server.requests)


def test_a_header_that_cannot_be_sent_is_unknown_and_not_a_crash() -> None:
    with raw_server(http(200, {})) as server, pytest.raises(Unknown):
        call("GET", server.url, headers={"Authorization": "two\r\nlines"})


def test_a_payload_is_sent_as_json_and_a_form_as_a_form() -> None:
    with raw_server(http(200, {})) as server:
        call("POST", server.url, payload={"amount": 100})
        call("POST", server.url, form={"client_id": "a b", "grant_type": "client_credentials"})

    assert "content-type: application/json" in server.requests[0].lower()
    assert server.requests[0].endswith('{"amount":100}')
    assert server.requests[1].endswith("client_id=a+b&grant_type=client_credentials")


def test_cookies_are_not_carried_from_one_call_to_the_next() -> None:
    with raw_server(http(200, {}, Set_Cookie="session=1; Path=/")) as server:
        call("GET", server.url)
        call("GET", server.url)

    assert "cookie" not in server.requests[1].lower()


def test_no_compressed_answer_is_asked_for_and_none_is_unpacked() -> None:
    packed = gzip.compress(b"{}")
    with raw_server(http(200, packed, Content_Encoding="gzip")) as server:
        answer = call("GET", server.url)

    assert "accept-encoding: identity" in server.requests[0].lower()
    assert answer.body == packed


def test_what_is_raised_and_logged_names_the_host_and_nothing_that_was_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with raw_server(b"") as server, pytest.raises(Unknown) as unknown:
        call(
            "POST", server.url + "/v1/oauth/token", headers={"Authorization": "s3cret"}, form={"a": "s3cret"}
        )

    assert str(unknown.value) == f"POST {server.url}: RemoteProtocolError"
    assert unknown.value.__cause__ is None
    assert "s3cret" not in caplog.text


def test_what_may_be_stored_has_neither_tokens_nor_card_account_or_upi_details() -> None:
    stored = scrub(
        {
            "state": "COMPLETED",
            "amount": 199_900,
            "access_token": "eyJ",
            "redirectUrl": "https://pay.example/page?token=eyJ&lang=en",
            "paymentDetails": [
                {
                    "transactionId": "OM1",
                    "paymentMode": "CARD",
                    "rail": {"type": "UPI", "utr": "2063", "vpa": "12****78@ybl"},
                    "instrument": {"type": "ACCOUNT", "maskedAccountNumber": "XX2000", "ifsc": "AABF0"},
                }
            ],
        }
    )

    assert stored == {
        "state": "COMPLETED",
        "amount": 199_900,
        "access_token": SCRUBBED,
        "redirectUrl": f"https://pay.example/page?token={SCRUBBED}&lang=en",
        "paymentDetails": [
            {
                "transactionId": "OM1",
                "paymentMode": "CARD",
                "rail": {"type": "UPI", "utr": "2063", "vpa": SCRUBBED},
                "instrument": {"type": "ACCOUNT", "maskedAccountNumber": SCRUBBED, "ifsc": SCRUBBED},
            }
        ],
    }


@pytest.mark.spec("GEN-20")
@pytest.mark.parametrize(
    "said",
    [
        "declined for 4111111111111111",
        "card 4111 1111 1111 1111 of the payer",
        "5555-5555-5555-4444",
        "(378282246310005)",
        "password: hunter2",
        'client_secret = "hunter2"',
        "https://pay.example/?apiKey=hunter2&lang=en",
        '{"accessToken": "hunter2", broken',
        "Authorization: Bearer hunter2",
    ],
)
def test_a_secret_in_the_middle_of_a_text_is_taken_out(said: str) -> None:
    kept = scrub_text(said)

    assert SCRUBBED in kept
    assert not re.search(r"hunter2|[0-9]{4}", kept)


@pytest.mark.spec("GEN-20")
def test_a_card_number_is_taken_out_whatever_its_field_is_called() -> None:
    kept = scrub({"note": "4111111111111111", "number": 4111111111111111, "parts": [["4111 1111 1111 1111"]]})

    assert kept == {"note": SCRUBBED, "number": SCRUBBED, "parts": [[SCRUBBED]]}


@pytest.mark.parametrize(
    "said",
    [
        "OMO2403282020198641071317",
        "ASTRO_ORDER_5_4111111111111111",
        "1711638020198",
        "4111111111111112",
        "199900",
    ],
)
def test_what_only_looks_like_a_card_number_stays(said: str) -> None:
    assert scrub_text(said) == said
    assert scrub({"amount": 199_900, "at": 1_711_638_020_198}) == {"amount": 199_900, "at": 1_711_638_020_198}
