"""quality meetings"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.Column("draft", TEXT(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("decisions", TEXT(), nullable=False),
        sa.Column("recorded_at", MOMENT(), nullable=True),
        sa.Column("recorded_by", TEXT(), nullable=False),
        sa.Column("bulletin", TEXT(), nullable=False),
        sa.Column("bulletin_at", MOMENT(), nullable=True),
        sa.Column("bulletin_by", TEXT(), nullable=False),
        sa.Column("bulletin_to", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_made_at"), ["made_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_made_at"))
    op.drop_table("meeting")
