"""The pages people see. No database: everything comes from the services, with the signed-in person's own token."""

from portal.app import create_app

__all__ = ["create_app"]
