"""several daemons on one register: who reads which mailbox, who has a letter or a mail in hand"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "term",
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_term"),
    )
    for table in ("letter", "inbound"):
        claimed = sa.Column("claimed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        op.add_column(table, claimed)


def downgrade() -> None:
    for table in ("inbound", "letter"):
        op.drop_column(table, "claimed_by")  # in place: the table is pointed at, so it can't be written anew
    op.drop_table("term")
