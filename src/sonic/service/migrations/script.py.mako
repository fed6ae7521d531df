"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sonic.service.schema import UtcTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply the change."""
    ${upgrades if upgrades else "pass"}

