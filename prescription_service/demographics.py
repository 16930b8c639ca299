"""Who the patient is, as the auth service knows it at the moment of signing: names apart, sex and address for paper."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from chassis import logs
from chassis.client import ServiceClient
from chassis.errors import Refusal


class Demographics(BaseModel):
    """What paper says of a patient. `address` is empty where nobody gave one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    family_name: str
    given_names: str
    sex: Literal["female", "male", "other", "unknown"] | None
    address: str


class Registry:
    """Asks the auth service with the key that our own programs share."""

    def __init__(self, auth: ServiceClient, service_key: str) -> None:
        self._auth, self._key = auth, service_key

    def look(self, patient_id: UUID) -> Demographics | None:
        """None without a key, and where the answer does not come: a medicine matters more than an address."""
        if not self._key:
            return None
        try:
            told = self._auth.request("GET", f"/auth/demographics/{patient_id}", token=self._key)
            return Demographics.model_validate(told)
        except (Refusal, ValidationError) as error:
            logs.logger.warning("demographics not known", extra={"error": type(error).__name__})
            return None
