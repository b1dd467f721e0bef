"""the acknowledgements owed, before all other letters"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWED = sa.text("state = 'owed' AND kind IN ('ack', 'ack-group')")


def upgrade() -> None:
    op.create_index("ix_letter_acks", "letter", ["next_try_at"], sqlite_where=OWED, postgresql_where=OWED)


def downgrade() -> None:
    op.drop_index("ix_letter_acks", table_name="letter")
