import io
import stat
import tarfile
import zipfile

import pytest

from scanpath.datasets.archives import Limits, unpack


def zip_of(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_of(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MAKERS = {"a.zip": zip_of, "a.tar.gz": tar_of, "a.tar.xz": lambda path, members: tar_of(path, members, "w:xz")}


@pytest.mark.parametrize("name", MAKERS)
def test_files_come_out_as_they_went_in(name, tmp_path):
    members = {"pictures/a.txt": b"one", "pictures/deep/b.txt": b"two" * 1000, "c.txt": b""}
    archive = MAKERS[name](tmp_path / name, members)
    files = unpack(archive, tmp_path / "out")
    assert {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in files} == members


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "member", ["../evil", "a/../../evil", "/tmp/evil", "C:/evil", "C:\\evil", "..\\evil", "\\\\server\\share\\evil"]
)
def test_no_member_leaves_the_folder(name, member, tmp_path):
    archive = MAKERS[name](tmp_path / name, {"good.txt": b"x", member: b"evil"})
    with pytest.raises(ValueError, match="would write outside its folder"):
        unpack(archive, tmp_path / "deep" / "out")
    left = sorted(path.name for path in tmp_path.rglob("*"))
    assert left == [name, "deep"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_tar_links_and_devices_are_refused(kind, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = kind, "/etc"
        archive.addfile(info)
    with pytest.raises(ValueError, match="link or device"):
        unpack(tmp_path / "a.tar", tmp_path / "out")


def test_zip_links_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ValueError, match="link or device"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("name", MAKERS)
def test_bombs_are_stopped_and_the_limit_can_be_raised(name, tmp_path):
    archive = MAKERS[name](tmp_path / name, {"zeros": bytes(40 << 20)})
    with pytest.raises(ValueError, match="raise max_ratio"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    unpack(archive, tmp_path / "out", limits=Limits(max_ratio=1e9))
    assert (tmp_path / "out" / "zeros").stat().st_size == 40 << 20
    with pytest.raises(ValueError, match="raise max_bytes"):
        unpack(archive, tmp_path / "small", limits=Limits(max_bytes=1 << 20))


def test_a_zip_header_that_lies_about_its_size_gains_nothing(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {"zeros": bytes(40 << 20)})
    raw = archive.read_bytes()
    true = (40 << 20).to_bytes(4, "little")
    archive.write_bytes(raw.replace(true, (10).to_bytes(4, "little")))
    with pytest.raises(ValueError, match=r"damaged|raise max_ratio"):
        unpack(archive, tmp_path / "out")


def test_too_many_members_are_refused(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(50)})
    with pytest.raises(ValueError, match="raise max_files"):
        unpack(archive, tmp_path / "out", limits=Limits(max_files=49))


@pytest.mark.parametrize("name", MAKERS)
def test_a_cut_archive_leaves_nothing(name, tmp_path):
    members = {f"{n}.bin": bytes(range(256)) * 200 for n in range(20)}
    archive = MAKERS[name](tmp_path / name, members)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size * 2 // 3])
    with pytest.raises(ValueError, match="damaged"):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_same_member_twice_and_a_full_folder_are_refused(tmp_path):
    tar = tmp_path / "a.tar"
    with tarfile.open(tar, "w") as archive:
        for content in (b"one", b"two"):
            info = tarfile.TarInfo("x")
            info.size = 3
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(ValueError, match="twice"):
        unpack(tar, tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ValueError, match="not empty"):
        unpack(zip_of(tmp_path / "b.zip", {"a": b""}), tmp_path / "full")
