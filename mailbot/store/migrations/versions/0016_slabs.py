"""large mails in slabs"""

import sqlalchemy as sa
from alembic import op

from mailbot.store.packed import packed, unpacked

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SLABS = sa.text('SELECT data FROM slab WHERE raw_id = :raw ORDER BY "begin"')
WRITE = sa.text("UPDATE raw SET data = :data WHERE id = :raw")


def upgrade() -> None:
    """What came before stays in one piece."""
    op.create_table(
        "slab",
        sa.Column("raw_id", sa.Integer(), nullable=False),
        sa.Column("begin", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("raw_id", "begin", name="pk_slab"),
        sa.ForeignKeyConstraint(["raw_id"], ["raw.id"], name="fk_slab_raw_id_raw"),
    )


def downgrade() -> None:
    """Each mail in one piece again, for an older program."""
    line = op.get_bind()
    for (raw,) in line.execute(sa.text("SELECT DISTINCT raw_id FROM slab")).all():
        whole = b"".join(unpacked(bytes(data)) for (data,) in line.execute(SLABS, {"raw": raw}).all())
        line.execute(WRITE, {"raw": raw, "data": packed(whole)})
    op.drop_table("slab")
