"""Which zone the clinic's clocks are read in: as an admin has said to the auth service, else this program's setting."""

from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from appointment_service.models import ClinicZone, db


class ClinicClocks:
    """The zone in memory, read from the database once, and written there when another one is heard of."""

    def __init__(self, setting: ZoneInfo) -> None:
        self._setting = setting
        self._zone: ZoneInfo | None = None

    def zone(self) -> ZoneInfo:
        """The zone that counts now."""
        if self._zone is None:
            kept = db.session.get(ClinicZone, 1)
            self._zone = self._named(kept.name if kept else None)
        return self._zone

    def hear(self, name: str | None) -> None:
        """Count by this zone from now on; None is left to the setting. Booked instants stay what they are."""
        zone = self._named(name)
        if zone.key != self.zone().key:
            said = insert(ClinicZone).values(id=1, name=name)
            db.session.execute(said.on_conflict_do_update(index_elements=["id"], set_={"name": name}))
            db.session.commit()
            self._zone = zone

    def _named(self, name: str | None) -> ZoneInfo:
        return ZoneInfo(name) if name else self._setting
