"""Who people are: accounts, sign-in, and the tokens the other programs trust."""

from auth_service.app import create_app

__all__ = ["create_app"]
