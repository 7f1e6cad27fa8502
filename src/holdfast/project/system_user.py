"""The system user that a server runs as: ourselves, or for root somebody with fewer rights."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SystemUser:
    name: str
    uid: int
    gid: int

    @classmethod
    def ourselves(cls) -> SystemUser:
        return cls.by_id(os.geteuid())

    @classmethod
    def by_id(cls, uid: int) -> SystemUser:
        """Raises KeyError for a number that the system has no name for."""
        entry = pwd.getpwuid(uid)
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    @classmethod
    def first_of(cls, names: tuple[str, ...]) -> SystemUser:
        """The first of these that exists. Raises KeyError when none does."""
        known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
        return cls.by_id(known[next((name for name in names if name in known), names[-1])])

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, *command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run to the end, in a session of its own: a Ctrl-C in our terminal does not reach it."""
        return subprocess.run(  # noqa: S603 - fixed programs, and no shell reads the words
            [str(word) for word in command],
            cwd=cwd,
            env={"PATH": os.defpath, "LC_ALL": "C", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            start_new_session=True,
            umask=0o077,
            check=False,
            user=None if self.is_us else self.uid,
            group=None if self.is_us else self.gid,
            extra_groups=None if self.is_us else [],
        )

    def can_execute(self, path: Path) -> bool:
        """Whether this user may run a file, or pass through a folder. The system is asked, ACLs and all."""
        return self.run("/bin/sh", "-c", 'test -x "$1"', "sh", path, cwd=Path("/")).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
