"""files taken from another register"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("old_number", sqlmodel.sql.sqltypes.AutoString(), server_default="", nullable=False)
        )
        batch_op.create_index(batch_op.f("ix_complaint_old_number"), ["old_number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_old_number"))
        batch_op.drop_column("old_number")
        batch_op.drop_column("origin")
