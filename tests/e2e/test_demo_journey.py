"""The demo as a newcomer meets it, over real HTTP: the README's first booking, rivals, a dead gateway."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from tests.support.newcomer import Demo

pytestmark = pytest.mark.timeout(240)

ROOT = Path(__file__).resolve().parents[2]
RIVALS = 40
PLACED = "SELECT id FROM holdfast_orders_order WHERE state = 'placed'"


def first_booking_of_the_readme() -> str:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(next(block for block in blocks if "book-with-payment" in block))


@pytest.mark.spec("OPS-1", "AST-2", "AST-4", "AST-5", "AST-6")
def test_the_first_booking_of_the_readme_ends_confirmed_on_its_page(demo: Demo, tmp_path: Path) -> None:
    script = first_booking_of_the_readme().replace("http://127.0.0.1:8000", demo.url)

    told = subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told
    assert '"status": "CONFIRMED"' in told.stdout, told
    page = httpx.get(told.stdout.split()[-1])
    assert page.status_code == 200
    assert "Gemstone Consultation" in page.text


@pytest.mark.spec("AST-4", "GEN-13")
def test_the_worker_sends_the_confirmation_as_a_file_that_mail_programs_open(demo: Demo) -> None:
    token = demo.newcomer(100)
    payment = demo.book(token, at="16:00").json()["data"]["payment"]
    httpx.post(payment["payment_url"], data={"outcome": "pay"}, follow_redirects=False)

    mail = demo.home / "mail"
    for _ in range(300):  # the worker looks for work twice a second
        sent = [message_from_bytes(file.read_bytes()) for file in mail.glob("*.eml")]
        about = {str(one["To"]) for one in sent if "Gemstone Consultation" in str(one["Subject"])}
        if about >= {"user@example.com", "astrologer@demo.test"}:
            break
        demo.rows("SELECT pg_sleep(0.1)")
    else:
        pytest.fail("no confirmation was sent")

    assert about == {"user@example.com", "astrologer@demo.test"}
    assert len({message["Message-ID"] for message in sent}) == len(sent)


@pytest.mark.spec("BC-1", "AST-2", "GEN-5")
def test_forty_rivals_for_one_slot_leave_one_winner_and_thirty_nine_409s(demo: Demo) -> None:
    with ThreadPoolExecutor(8) as register:
        tokens = list(register.map(demo.newcomer, range(RIVALS)))

    before = demo.rows(PLACED)

    with ThreadPoolExecutor(RIVALS) as race:
        answers = list(race.map(lambda token: demo.book(token, at="11:00"), tokens))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RIVALS - 1}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert all(answer["error"] and answer["nearest_slots"] for answer in refused)
    assert len(set(demo.rows(PLACED)) - set(before)) == 1


@pytest.mark.spec("BC-23")
def test_the_site_answers_while_the_gateway_does_not(demo: Demo) -> None:
    """More booking requests hang at the gateway than it may have threads; pages are served meanwhile."""
    tokens = [demo.newcomer(200 + number) for number in range(12)]
    times = [f"{hour}:{minute}" for hour in (14, 15, 17) for minute in ("00", "30")]
    fault = {"gateway": "phonepe", "fault": "pay_timeout_before", "times": 40, "seconds": 14}
    httpx.post(f"{demo.sandbox}/control/faults", json=fault).raise_for_status()
    before = pay_calls(demo)

    with ThreadPoolExecutor(12) as hanging:
        asked = [
            hanging.submit(demo.book, token, at=times[n % 6], days_ahead=20 + n)
            for n, token in enumerate(tokens)
        ]
        while pay_calls(demo) == before:
            demo.rows("SELECT pg_sleep(0.05)")
        pages = [demo.http.get(page).status_code for page in ("/", "/api/astrology/services/") * 20]
        still_hanging = [future for future in asked if not future.done()]

    httpx.delete(f"{demo.sandbox}/control/faults").raise_for_status()
    assert pages == [200] * 40
    assert still_hanging
    # Those that reached the gateway do not know; the rest were turned away at once, and hold nothing: because
    # the gateway is ill, or because one address holds as many unpaid times as one may.
    assert {future.result().status_code for future in asked} <= {202, 429, 503}


def pay_calls(demo: Demo) -> int:
    counted = httpx.get(f"{demo.sandbox}/control/calls").json()["phonepe"]
    return int(sum(times for call, times in counted.items() if "pay" in call))
