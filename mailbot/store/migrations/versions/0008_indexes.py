"""indexes of questions that walked whole tables"""

from alembic import op

revision = "0008"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_inbound_kept_at", "inbound", ["kept_at"]),
    ("ix_place_state", "place", ["state"]),
    ("ix_alarm_recovered_at", "alarm", ["recovered_at"]),
    ("ix_alarm_untold", "alarm", ["recovery_told_at", "recovered_at"]),
    ("ix_alarm_raised_at", "alarm", ["raised_at"]),
    ("ix_alarm_told_at", "alarm", ["told_at"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
