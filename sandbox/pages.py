"""The look that all hosted pages share: one column, no script, light or dark as the reader has it."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

STYLE = """
:root { color-scheme: light dark; --ink: #1c1830; --soft: #625d75; --paper: #f4f2f9; --card: #fff;
  --line: #ddd8ea; --brand: #5f259f; --on-brand: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1eefa; --soft: #aba4c2; --paper: #14111f;
  --card: #1f1a2e; --line: #383150; --brand: #b98cf0; --on-brand: #1a1028; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 24rem; padding: 1.5rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); }
header { margin-bottom: 1.25rem; color: var(--soft); font-size: .875rem; }
header strong { display: block; color: var(--brand); font-size: 1.125rem; }
h1 { margin: 0 0 .25rem; font-size: 2rem; font-variant-numeric: tabular-nums; }
h1.words { font-size: 1.375rem; }
dl { display: grid; gap: .75rem; margin: 1.25rem 0; padding: 1rem 0; border-block: 1px solid var(--line); }
dt { color: var(--soft); font-size: .8125rem; } dd { margin: 0; overflow-wrap: anywhere; }
form { display: grid; gap: .625rem; }
button, a.button { display: block; width: 100%; min-height: 2.875rem; padding: .625rem 1rem;
  border: 1px solid var(--line); border-radius: .625rem; background: none; color: inherit; font: inherit;
  text-align: center; text-decoration: none; cursor: pointer; }
button.main, a.button { border-color: var(--brand); background: var(--brand); color: var(--on-brand);
  font-weight: 600; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
footer { margin-top: 1.25rem; color: var(--soft); font-size: .8125rem; }
"""


def page(*, brand: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    """A whole page. ``body`` is HTML, with everything in it escaped already."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {escape(brand)} sandbox</title><style>{STYLE}</style></head><body><main>"
        f"<header><strong>{escape(brand)}</strong>Sandbox: no real money moves here.</header>"
        f"{body}</main></body></html>"
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def notice(*, brand: str, title: str, text: str, back: str | None = None, status: int = 200) -> HTMLResponse:
    """A page that only says something, with a way back to the merchant if there is one."""
    link = f'<a class="button" href="{escape(back)}">Back to the merchant</a>' if back else ""
    body = f'<h1 class="words">{escape(title)}</h1><p>{escape(text)}</p>{link}'
    return page(brand=brand, title=title, body=body, status=status)


def facts(rows: dict[str, str]) -> str:
    """A list of names and values."""
    return (
        "<dl>"
        + "".join(f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in rows.items())
        + "</dl>"
    )
