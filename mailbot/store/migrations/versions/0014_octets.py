"""the bytes of the letters in a table of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "octets",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name="pk_octets"),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_octets_letter_id_letter"),
    )
    op.execute("INSERT INTO octets (letter_id, raw) SELECT id, raw FROM letter")
    op.drop_column("letter", "raw")  # in place: the table is pointed at, so it can't be written anew


def downgrade() -> None:
    op.add_column("letter", sa.Column("raw", sa.LargeBinary(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE letter SET raw = (SELECT o.raw FROM octets o WHERE o.letter_id = letter.id)")
    op.drop_table("octets")
