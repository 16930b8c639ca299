"""What doctors prescribe: written for an appointment, signed once, never changed."""

from prescription_service.app import create_app

__all__ = ["create_app"]
