"""When people meet: doctors, their hours, free times, and appointments."""

from appointment_service.app import create_app

__all__ = ["create_app"]
