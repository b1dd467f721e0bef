"""UIDs and UIDVALIDITY up to 2³² − 1: PostgreSQL’s integer ends at half of it, SQLite’s does not"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = ("uidvalidity", "uid")


def upgrade() -> None:
    _become(sa.BigInteger())


def downgrade() -> None:
    _become(sa.Integer())


def _become(kind: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in COLUMNS:
            op.alter_column("place", name, type_=kind)
