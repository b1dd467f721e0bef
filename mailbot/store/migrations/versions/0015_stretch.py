"""what of a letter lies in a mail is not written a second time"""

import sqlalchemy as sa
from alembic import op

from mailbot.store.packed import packed, unpacked

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OWN = sa.text("SELECT raw FROM octets WHERE letter_id = :letter")
STRETCHES = sa.text('SELECT at, raw_id, "begin", size FROM stretch WHERE letter_id = :letter ORDER BY rank')
MAIL = sa.text("SELECT data FROM raw WHERE id = :raw")
WRITE = sa.text("UPDATE octets SET raw = :raw WHERE letter_id = :letter")


def upgrade() -> None:
    op.create_table(
        "stretch",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("raw_id", sa.Integer(), nullable=False),
        sa.Column("begin", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", "rank", name="pk_stretch"),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_stretch_letter_id_letter"),
        sa.ForeignKeyConstraint(["raw_id"], ["raw.id"], name="fk_stretch_raw_id_raw"),
    )
    op.create_index("ix_stretch_raw_id", "stretch", ["raw_id"])


def downgrade() -> None:
    """Each letter whole again, for an older program."""
    line = op.get_bind()
    for (letter,) in line.execute(sa.text("SELECT DISTINCT letter_id FROM stretch")).all():
        own = unpacked(bytes(line.execute(OWN, {"letter": letter}).scalar_one()))
        pieces, done = [], 0
        for at, raw_id, begin, size in line.execute(STRETCHES, {"letter": letter}).all():
            mail = unpacked(bytes(line.execute(MAIL, {"raw": raw_id}).scalar_one()))
            pieces += [own[done:at], mail[begin : begin + size]]
            done = at
        line.execute(WRITE, {"letter": letter, "raw": packed(b"".join([*pieces, own[done:]]))})
    op.drop_table("stretch")
