"""A PostgreSQL server of our own: started from Debian's binaries, stopped by its process id."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

_BINARIES = "/usr/lib/postgresql"
# Nothing here outlives the test, so nothing need reach the disk.
_SETTINGS = (
    "listen_addresses=''",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "shared_buffers=32MB",
)


def unavailable() -> str | None:
    """Why no server can be started here; None if one can."""
    if _folder() is None:
        return "no PostgreSQL server here: apt-get install postgresql"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL does not run as root, and there is no account 'postgres'"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "needs the extra 'postgres'"
    return None


def _folder() -> Path | None:
    found = sorted(Path(_BINARIES).glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    return found[-1].parent if found else None


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


class PostgresServer:
    """One server in `folder`, which holds its data and its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._data = folder, folder / "data"
        self._as: dict[str, object] = {"cwd": folder}
        account = _account()
        if os.geteuid() == 0 and account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def start(self) -> None:
        self._run("initdb", "-A", "trust", "-U", "advisor", "-E", "UTF8", "--no-sync",
                  "--locale=C.UTF-8", "-D", self._data)  # fmt: skip
        settings = " ".join(f"-c {setting}" for setting in _SETTINGS)
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-s", "-D", self._data, "-l", log,
                  "-o", f"-k {self.folder} {settings}")  # fmt: skip

    def stop(self) -> None:
        """By the process id that the server keeps in its folder."""
        if (self._data / "postmaster.pid").is_file():
            self._run("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", self._data)

    def new_schema(self, name: str) -> str:
        """The URL of a user with an empty schema of their own, which PostgreSQL searches first.

        A database for each test would copy some 300 files each.
        """
        import psycopg

        with psycopg.connect(host=str(self.folder), user="advisor", dbname="postgres") as admin:
            admin.execute(f"CREATE ROLE {name} LOGIN")
            admin.execute(f"CREATE SCHEMA AUTHORIZATION {name}")
        return f"postgresql://{name}@/postgres?host={self.folder}"

    def _run(self, program: str, *arguments: object) -> None:
        folder = _folder()
        assert folder is not None
        done = subprocess.run(
            [str(folder / program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else None,
            timeout=120,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            **self._as,  # type: ignore[arg-type]
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {(done.stderr or b'').decode()}")
