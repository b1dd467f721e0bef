"""Mails and letters lie compressed from now on; a row that happens to begin like a frame is made one, the others stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbot.store.packed import MAGIC, packed, unpacked

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = (("raw", "data"), ("letter", "raw"))


def upgrade() -> None:
    _rewrite(packed)


def downgrade() -> None:
    """An older program reads them as they are."""
    _rewrite(unpacked)


def _rewrite(change) -> None:  # type: ignore[no-untyped-def]
    line = op.get_bind()
    for name, column in COLUMNS:
        table = sa.table(name, sa.column("id", sa.Integer), sa.column(column, sa.LargeBinary))
        begins = sa.func.substr(table.c[column], 1, len(MAGIC)) == sa.literal(MAGIC, sa.LargeBinary)
        for (row,) in line.execute(sa.select(table.c.id).where(begins)).all():
            own = table.c.id == row
            data = bytes(line.execute(sa.select(table.c[column]).where(own)).scalar_one())
            line.execute(sa.update(table).where(own).values({column: change(data)}))
