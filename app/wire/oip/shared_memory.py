"""Regions of POSIX shared memory, which clients register to have tensors read from there and written there.

Nothing is computed on mapped memory: access to a page behind the end of an object that has shrunk kills the process
(SIGBUS). Values are copied by system calls, which return fewer bytes instead, into memory that was reserved. An object
is opened anew at every use, and its size is compared then.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, NamedTuple
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from app.wire.oip.errors import RegionRefused, RegionUnusable
from app.wire.oip.tensor import Slice

# Where Linux has the objects that shm_open opens.
OBJECTS = Path("/dev/shm")  # noqa: S108  not a temporary file of ours
MAX_REGIONS = 1024
# A name is also that of a file.
NAME = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
KEY = re.compile(r"[\w.-]{1,255}", re.ASCII)
# O_NOFOLLOW as in shm_open; O_NONBLOCK, as opening a named pipe would wait for its other end.
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What the service has run out of is no fault of the region's.
OF_SERVICE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Region(NamedTuple):
    """A part of a shared memory object, under a name. The key is the object's name, with or without a slash."""

    name: str
    key: str
    offset: int
    byte_size: int


class Regions:
    """The registered regions, the same for all processes that have the folder in common.

    Each region is a symbolic link to a text: it is created together with what it says, and fails if the name is taken.
    `prefix` is what the names of objects must begin with, so that clients reach no objects of other programs.
    """

    def __init__(self, prefix: str, shared: Path | None = None, objects: Path = OBJECTS) -> None:
        self._prefix = prefix
        self._objects = objects
        if shared is None:  # this process is the only one
            shared = Path(mkdtemp(prefix="xent-"))
            finalize(self, rmtree, shared, ignore_errors=True)
        self._folder = shared / "regions"
        self._folder.mkdir(exist_ok=True)

    def register(self, region: Region) -> None:
        """Raises RegionRefused, and RegionUnusable where the object isn't there or is smaller than the region."""
        if not NAME.fullmatch(region.name):
            raise RegionRefused(
                f"the region's name is {region.name[:80]!r}; up to 64 letters, digits, '_', '-' and '.' were expected, "
                "the first a letter, a digit or '_'"
            )
        name = region.key.removeprefix("/")
        if not (KEY.fullmatch(name) and name.startswith(self._prefix)):
            raise RegionRefused(
                f"key is {region.key[:80]!r}; the name of a shared memory object was expected that begins with "
                f"{self._prefix!r} (XENT_SHARED_MEMORY) and has up to 255 letters, digits, '_', '-' and '.'"
            )
        if region.offset < 0 or region.byte_size < 1:
            raise RegionRefused(
                f"offset is {region.offset} and byte_size {region.byte_size}; an offset of at least 0 and a size of at "
                "least 1 were expected"
            )
        with self._opened(region, os.O_RDONLY):
            pass
        link = self._folder / region.name
        try:
            link.symlink_to(f"{region.offset}:{region.byte_size}:{region.key}")
        except FileExistsError:
            raise RegionRefused(f"a region {region.name!r} is registered already; unregister it first") from None
        # Counted afterwards, as other processes register regions at the same time.
        if len(os.listdir(self._folder)) > MAX_REGIONS:  # noqa: PTH208  as fast as can be
            link.unlink(missing_ok=True)
            raise RegionRefused(f"{MAX_REGIONS} regions are registered, the maximum; unregister some first")

    def unregister(self, name: str) -> None:
        """Forget the region, if there is one of this name."""
        if NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)

    def unregister_all(self) -> None:
        for region in self.registered():
            self.unregister(region.name)

    def registered(self) -> list[Region]:
        """All regions, by name."""
        found = [self.get(each.name) for each in self._folder.iterdir()]
        return sorted(region for region in found if region is not None)

    def get(self, name: str) -> Region | None:
        """The region of this name, if there is one."""
        if not NAME.fullmatch(name):
            return None
        try:
            about = os.readlink(f"{self._folder}/{name}")  # noqa: PTH115  as text
        except FileNotFoundError:
            return None
        offset, byte_size, key = about.split(":")
        return Region(name, key, int(offset), int(byte_size))

    def read(self, part: Slice, place: str) -> memoryview:
        """A copy of these bytes. `place` is where the request names them. Raises RegionUnusable."""
        region, at = self._find(part, place)
        with self._opened(region, os.O_RDONLY, f"{place}: ") as fd:
            content = rest = np.empty(part.byte_size, np.uint8).data
            while rest:
                count = os.preadv(fd, [rest], at)
                if not count:
                    raise RegionUnusable(f"{place}: the object {region.key!r} shrank while it was read")
                rest, at = rest[count:], at + count
        return content

    def write(self, array: NDArray[Any], part: Slice, place: str) -> None:
        """Copy the array's bytes to these, or to the first of them. Raises RegionUnusable.

        An object that shrinks meanwhile grows again up to the array's end.
        """
        if array.nbytes > part.byte_size:
            raise RegionUnusable(
                f"{place}.parameters.shared_memory_byte_size is {part.byte_size}; the output takes {array.nbytes} bytes"
            )
        region, at = self._find(part, place)
        with self._opened(region, os.O_WRONLY, f"{place}: ") as fd:
            rest = array.reshape(-1).view(np.uint8).data
            while rest:
                count = os.pwrite(fd, rest, at)
                rest, at = rest[count:], at + count

    def _find(self, part: Slice, place: str) -> tuple[Region, int]:
        """The slice's region, and where in its object the slice begins."""
        region = self.get(part.region)
        if region is None:
            raise RegionUnusable(
                f"{place}.parameters.shared_memory_region is {part.region[:80]!r}; no region of this name is registered"
            )
        if part.offset + part.byte_size > region.byte_size:
            raise RegionUnusable(
                f"{place} takes the bytes up to {part.offset + part.byte_size} of the region {region.name!r}, which "
                f"has {region.byte_size}"
            )
        return region, region.offset + part.offset

    @contextmanager
    def _opened(self, region: Region, flags: int, place: str = "") -> Iterator[int]:
        """The region's object, which holds all of the region. Raises RegionUnusable, also for what fails meanwhile."""
        try:
            fd = os.open(self._objects / region.key.removeprefix("/"), flags | SAFELY)
            try:
                status = os.fstat(fd)
                if not stat.S_ISREG(status.st_mode):
                    raise RegionUnusable(f"{place}{region.key!r} is no shared memory object")
                if status.st_size < region.offset + region.byte_size:
                    raise RegionUnusable(
                        f"{place}the object {region.key!r} has {status.st_size} bytes; the region {region.name!r} ends "
                        f"at {region.offset + region.byte_size}"
                    )
                yield fd
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno in OF_SERVICE:
                raise
            raise RegionUnusable(f"{place}the object {region.key!r} can't be used: {error.strerror}") from None
