"""causes and actions"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
WORDS = ("session", "analysis_why", "remedy", "remedy_what", "next_step")


def upgrade() -> None:
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        for name in WORDS:
            batch_op.add_column(sa.Column(name, TEXT(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("amplified", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("analysed_at", MOMENT(), nullable=True))
        batch_op.add_column(sa.Column("remedy_cents", sa.Integer(), server_default="0", nullable=False))

    op.create_table(
        "cause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("author", TEXT(), nullable=False),
        sa.Column("family", TEXT(), nullable=False),
        sa.Column("finding", TEXT(), nullable=False),
        sa.Column("whys", sa.JSON(), nullable=False),
        sa.Column("root", TEXT(), nullable=False),
        sa.Column("proof", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_cause_complaint_id_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cause")),
    )
    with op.batch_alter_table("cause", schema=None) as batch_op:
        for name in ("complaint_id", "at", "family"):
            batch_op.create_index(batch_op.f(f"ix_cause_{name}"), [name], unique=False)

    op.create_table(
        "action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series", TEXT(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", TEXT(), nullable=False),
        sa.Column("what", TEXT(), nullable=False),
        sa.Column("owner", TEXT(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_at", MOMENT(), nullable=False),
        sa.Column("decided_by", TEXT(), nullable=False),
        sa.Column("category", TEXT(), nullable=False),
        sa.Column("training", TEXT(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=False),
        sa.Column("done_at", MOMENT(), nullable=True),
        sa.Column("done_by", TEXT(), nullable=False),
        sa.Column("evidence", TEXT(), nullable=False),
        sa.Column("check_on", sa.Date(), nullable=True),
        sa.Column("checked_at", MOMENT(), nullable=True),
        sa.Column("checked_by", TEXT(), nullable=False),
        sa.Column("recurrences", sa.Integer(), nullable=True),
        sa.Column("judgement", TEXT(), nullable=False),
        sa.Column("told", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("series", "rank", name=op.f("uq_action_series_rank")),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        for name in ("state", "owner", "due_on", "done_at", "check_on"):
            batch_op.create_index(batch_op.f(f"ix_action_{name}"), [name], unique=False)

    op.create_table(
        "actionfile",
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_actionfile_action_id_action")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_actionfile_complaint_id_complaint")),
        sa.PrimaryKeyConstraint("action_id", "complaint_id", name=op.f("pk_actionfile")),
    )
    with op.batch_alter_table("actionfile", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_actionfile_complaint_id"), ["complaint_id"], unique=False)


def downgrade() -> None:
    op.drop_table("actionfile")
    op.drop_table("action")
    op.drop_table("cause")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        for name in ("remedy_cents", "analysed_at", "amplified", *WORDS):
            batch_op.drop_column(name)
