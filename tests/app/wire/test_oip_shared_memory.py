"""Regions of shared memory: what is registered, read and written, and what is refused."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from app.wire.oip import shared_memory
from app.wire.oip.errors import RegionRefused, RegionUnusable
from app.wire.oip.shared_memory import OBJECTS, Region, Regions
from app.wire.oip.tensor import Slice

KEY = f"xent-test-{os.getpid()}-wire"


@pytest.fixture
def regions(tmp_path: Path) -> Regions:
    return Regions("xent-", tmp_path)


@pytest.fixture
def shm_object() -> Iterator[Path]:
    """An object of 64 bytes, each its own number."""
    path = OBJECTS / KEY
    path.write_bytes(bytes(range(64)))
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.usefixtures("shm_object")
def test_all_that_share_the_folder_know_a_region(regions: Regions, tmp_path: Path) -> None:
    beside = Regions("xent-", tmp_path)
    for name, key in {"b": KEY, "a": f"/{KEY}"}.items():
        regions.register(Region(name, key, 8, 16))
    assert beside.registered() == [Region("a", f"/{KEY}", 8, 16), Region("b", KEY, 8, 16)]
    assert beside.get("b") == Region("b", KEY, 8, 16)
    beside.unregister("b")
    assert regions.get("b") is None
    beside.unregister_all()
    assert regions.registered() == []


@pytest.mark.usefixtures("shm_object")
def test_without_a_folder_the_regions_end_with_their_process() -> None:
    regions = Regions("xent-")
    folder = regions._folder
    regions.register(Region("a", KEY, 0, 64))
    assert folder.is_dir()
    del regions
    assert not folder.parent.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a/b", "a b", "ä", "a" * 65, "a\n"])
def test_no_region_has_a_name_that_is_no_safe_name_of_a_file(regions: Regions, shm_object: Path, name: str) -> None:
    with pytest.raises(RegionRefused, match="the region's name is"):
        regions.register(Region(name, KEY, 0, 64))
    assert regions.get(name) is None
    regions.unregister(name)
    assert shm_object.exists()


@pytest.mark.parametrize(
    "key", ["", "/", "psm_1234", "/psm_1234", "xent", "//xent-a", "xent-/../secret", "xent-ä", "xent-" + "a" * 255]
)
def test_an_object_whose_name_has_not_the_prefix_is_out_of_reach(regions: Regions, key: str) -> None:
    with pytest.raises(RegionRefused, match="begins with 'xent-'"):
        regions.register(Region("a", key, 0, 8))


@pytest.mark.usefixtures("shm_object")
@pytest.mark.parametrize(("offset", "byte_size"), [(-1, 8), (0, 0), (8, -8)])
def test_a_region_is_some_bytes(regions: Regions, offset: int, byte_size: int) -> None:
    with pytest.raises(RegionRefused, match=f"offset is {offset} and byte_size {byte_size}"):
        regions.register(Region("a", KEY, offset, byte_size))


@pytest.mark.usefixtures("shm_object")
@pytest.mark.parametrize(("offset", "byte_size"), [(0, 65), (64, 1), (2**63 - 1, 2**63 - 1)])
def test_a_region_is_within_its_object(regions: Regions, offset: int, byte_size: int) -> None:
    with pytest.raises(RegionUnusable, match=f"has 64 bytes; the region 'a' ends at {offset + byte_size}"):
        regions.register(Region("a", KEY, offset, byte_size))


@pytest.mark.usefixtures("shm_object")
def test_a_name_is_taken_until_its_region_is_forgotten(regions: Regions) -> None:
    regions.register(Region("a", KEY, 0, 64))
    with pytest.raises(RegionRefused, match="'a' is registered already"):
        regions.register(Region("a", KEY, 0, 32))
    assert regions.get("a") == Region("a", KEY, 0, 64)
    regions.unregister("a")
    regions.register(Region("a", KEY, 0, 32))


@pytest.mark.usefixtures("shm_object")
def test_regions_are_limited_in_number(regions: Regions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "MAX_REGIONS", 2)
    for name in "ab":
        regions.register(Region(name, KEY, 0, 8))
    with pytest.raises(RegionRefused, match="2 regions are registered, the maximum"):
        regions.register(Region("c", KEY, 0, 8))
    assert [region.name for region in regions.registered()] == ["a", "b"]


def test_what_is_no_object_is_refused(regions: Regions) -> None:
    link, pipe = OBJECTS / f"{KEY}-link", OBJECTS / f"{KEY}-pipe"
    link.symlink_to("/etc/hostname")
    os.mkfifo(pipe)
    try:
        with pytest.raises(RegionUnusable, match="can't be used: Too many levels of symbolic links"):
            regions.register(Region("a", link.name, 0, 1))
        with pytest.raises(RegionUnusable, match="is no shared memory object"):
            regions.register(Region("a", pipe.name, 0, 1))
        with pytest.raises(RegionUnusable, match="can't be used: No such file or directory"):
            regions.register(Region("a", f"{KEY}-none", 0, 1))
    finally:
        link.unlink()
        pipe.unlink()


@pytest.mark.usefixtures("shm_object")
def test_a_slice_is_copied_both_ways(regions: Regions, shm_object: Path) -> None:
    regions.register(Region("a", KEY, 8, 48))
    assert regions.read(Slice("a", 8, 16), "inputs[0]").tolist() == [*range(24, 32)]
    assert regions.read(Slice("a", 0, 48), "inputs[0]").tolist() == []
    values = np.array([1.0, 2.0])
    regions.write(values, Slice("a", 24, 24), "outputs[0]")
    content = shm_object.read_bytes()
    assert_array_equal(np.frombuffer(content[32:48]), values)
    assert content[:32] + content[48:] == bytes([*range(32), *range(48, 64)])


@pytest.mark.usefixtures("shm_object")
def test_a_slice_is_within_its_region(regions: Regions) -> None:
    regions.register(Region("a", KEY, 8, 16))
    with pytest.raises(RegionUnusable, match=r"inputs\[1\] takes the bytes up to 17 of the region 'a', which has 16"):
        regions.read(Slice("a", 8, 9), "inputs[1]")
    with pytest.raises(RegionUnusable, match=r"outputs\[1\] takes the bytes up to 17"):
        regions.write(np.ones(1), Slice("a", 8, 9), "outputs[1]")
    with pytest.raises(RegionUnusable, match=r"outputs\[1\]\S+_byte_size is 8; the output takes 16 bytes"):
        regions.write(np.ones(2), Slice("a", 8), "outputs[1]")
    with pytest.raises(RegionUnusable, match=r"inputs\[1\]\S+_region is 'b'; no region of this name is registered"):
        regions.read(Slice("b", 8), "inputs[1]")


def test_an_object_is_looked_at_at_every_use(regions: Regions, shm_object: Path) -> None:
    regions.register(Region("a", KEY, 0, 64))
    os.truncate(shm_object, 63)
    for use in (lambda: regions.read(Slice("a", 8), "x"), lambda: regions.write(np.ones(1), Slice("a", 8), "x")):
        with pytest.raises(RegionUnusable, match=f"x: the object '{KEY}' has 63 bytes; the region 'a' ends at 64"):
            use()
    assert shm_object.stat().st_size == 63
    shm_object.unlink()
    with pytest.raises(RegionUnusable, match=f"x: the object '{KEY}' can't be used: No such file or directory"):
        regions.read(Slice("a", 8), "x")


def test_an_object_with_fewer_bytes_than_it_says_is_an_error(tmp_path: Path) -> None:
    """As one that shrinks while it is read. The files of sysfs say that they have a page, and hold a line."""
    regions = Regions("uevent", tmp_path, Path("/sys/kernel"))
    file = Path("/sys/kernel/uevent_seqnum")
    size = file.stat().st_size
    assert size > len(file.read_bytes())
    regions.register(Region("a", "uevent_seqnum", 0, size))
    with pytest.raises(RegionUnusable, match=r"inputs\[0\]: the object 'uevent_seqnum' shrank while it was read"):
        regions.read(Slice("a", size), "inputs[0]")


@pytest.mark.usefixtures("shm_object")
def test_a_service_without_descriptors_does_not_blame_the_region(regions: Regions) -> None:
    regions.register(Region("a", KEY, 0, 64))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            regions.read(Slice("a", 8), "inputs[0]")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
