"""What works once: a link in a mail, a code. The database refuses the second use, whoever was quicker."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from holdfast.kernel.errors import HoldfastError

from .db import transaction_required
from .models import Spent


@transaction_required
def spend(what: str, *, until: datetime, refused: HoldfastError) -> None:
    """Use it, as part of the change that it is used for. Raises ``refused`` when it has been used.

    Whoever comes second waits until the first one's transaction ends. ``until`` is when it would be refused
    for its age alone: so long the use is remembered.
    """
    table = Spent._meta.db_table
    sql = f'INSERT INTO "{table}" (what, until) VALUES (%s, %s) ON CONFLICT DO NOTHING'
    with connection.cursor() as cursor:
        cursor.execute(sql, [what, until])
        if not cursor.rowcount:
            raise refused
