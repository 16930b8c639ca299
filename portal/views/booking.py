"""booking."""

from flask import Blueprint

pages = Blueprint("booking", __name__)
