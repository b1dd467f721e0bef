"""indexes of what the digest asks of one series: an index on the series alone is the whole register"""

from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_complaint_stage", ["stage"], ["stage", "series"]),
    ("ix_complaint_closed_at", ["closed_at"], ["series", "closed_at"]),
)


def upgrade() -> None:
    for name, _, columns in INDEXES:
        op.drop_index(name, table_name="complaint")
        op.create_index(name, "complaint", columns)


def downgrade() -> None:
    for name, columns, _ in INDEXES:
        op.drop_index(name, table_name="complaint")
        op.create_index(name, "complaint", columns)
