"""A stand-in for a Supabase project: its roles and the setup in a real PostgreSQL, and `postgrest` in front of it."""

import secrets
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from memeval.servers.base import Server
from memeval.servers.postgres import PostgresServer

# What every Supabase project has before anything is made in it.
_PROJECT = """
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
"""


class SupabaseServer(Server):
    """Two processes; killed and started again together."""

    name = "supabase"
    systems = ("supabase",)

    def __init__(self, set_up: bool = True) -> None:
        """Nothing is started yet; without the setup the project is as new."""
        super().__init__()
        self.key = f"sb_secret_{secrets.token_hex(16)}"
        self.public_key = f"sb_publishable_{secrets.token_hex(16)}"
        self.base = PostgresServer()
        self._set_up = set_up

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> Mapping[str, str]:
        return {**super().addresses, "MEMEVAL_SUPABASE_KEY": self.key}

    def prepare(self) -> None:
        import psycopg

        from memeval.strategies.stores.sql.supabase import SETUP

        self.base.start()
        with psycopg.connect(self.base.url, autocommit=True) as connection:
            connection.execute(_PROJECT)
            if self._set_up:
                # Twice, since it says that this changes nothing.
                connection.execute(SETUP.read_text(encoding="utf-8"))
                connection.execute(SETUP.read_text(encoding="utf-8"))

    def command(self) -> Sequence[str | Path]:
        return [sys.executable, Path(__file__).with_name("postgrest.py"), str(self.port)]

    def environment(self) -> Mapping[str, str]:
        return {"DATABASE": self.base.url, "SERVICE_KEY": self.key, "ANON_KEY": self.public_key}

    def ready(self) -> None:
        headers = {"apikey": self.key, "Authorization": f"Bearer {self.key}"}
        address = f"{self.url}/rest/v1/rpc/memeval_collections" if self._set_up else f"{self.url}/rest/v1/"
        data = b"{}" if self._set_up else None
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
            answer.read()

    def start(self) -> None:
        if self._scratch is not None:
            self.base.start()
        super().start()

    def kill(self) -> None:
        super().kill()
        self.base.kill()

    def restart(self) -> None:
        self.base.restart()
        super().restart()

    def stop(self) -> None:
        super().stop()
        self.base.stop()
