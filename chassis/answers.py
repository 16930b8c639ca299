"""How answers are written: an `Out` becomes its bytes at once, without a dictionary and a second writer in between."""

from typing import Any

from apiflask.schema_adapters.pydantic import PydanticAdapter
from apiflask.schema_adapters.registry import registry
from flask import Response
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel


class _Adapter(PydanticAdapter):
    """Leaves an `Out` as it is, for `Json` to write. What is none becomes one, as the library does it."""

    def serialize_output(self, data: Any, many: bool = False) -> Any:
        return data if isinstance(data, BaseModel) else super().serialize_output(data, many)


class Json(DefaultJSONProvider):
    """Writes an `Out` by its own serializer, in Rust, and everything else by the standard library."""

    sort_keys = False
    ensure_ascii = False

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """What the library answers with."""
        if len(args) == 1 and isinstance(args[0], BaseModel):
            body = args[0].__pydantic_serializer__.to_json(args[0], by_alias=True)
            return Response(body, mimetype=self.mimetype)
        return super().response(*args, **kwargs)


# a view takes hold of its adapter when it is made; one made before this is as right, and slower
registry.register("pydantic", _Adapter)
