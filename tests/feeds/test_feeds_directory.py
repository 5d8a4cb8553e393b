"""A folder where alerts are put."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capgateway import feeds
from capgateway.errors import FetchError
from capgateway.feeds import directory

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def put(folder: Path, name: str, content: bytes = b"<alert/>", *, ago: float = 10) -> Path:
    """A file that was last written so many seconds ago."""
    file = folder / name
    file.write_bytes(content)
    changed = (NOW - timedelta(seconds=ago)).timestamp()
    os.utime(file, (changed, changed))
    return file


def names(folder: Path) -> list[str]:
    return [file.name for file in directory.waiting(folder, now=NOW)]


def test_files_wait_oldest_first(tmp_path: Path) -> None:
    """What was handed over first is taken first, whatever its name."""
    put(tmp_path, "b.xml", ago=30)
    put(tmp_path, "a.cap", ago=20)
    put(tmp_path, "c", ago=10)
    assert names(tmp_path) == ["b.xml", "a.cap", "c"]


def test_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    """Hidden and temporary names, files still growing, links and folders are not taken."""
    for name in (".a.xml", "a.xml.tmp", "a.PART", "a.xml~"):
        put(tmp_path, name)
    put(tmp_path, "growing.xml", ago=1)
    put(tmp_path, "future.xml", ago=-60)
    (tmp_path / "link.xml").symlink_to("/etc/passwd")
    (tmp_path / "folder.xml").mkdir()
    assert names(tmp_path) == []
    put(tmp_path, ".b.xml").rename(tmp_path / "b.xml")
    assert names(tmp_path) == ["b.xml"]


def test_one_look_takes_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest ones are taken, the others wait."""
    monkeypatch.setattr(directory, "MAX_FILES", 3)
    for age in range(5):
        put(tmp_path, f"{age}.xml", ago=10 + age)
    assert names(tmp_path) == ["4.xml", "3.xml", "2.xml"]


def test_files_are_read_whole_and_bounded(tmp_path: Path) -> None:
    """The bytes as they are; too many, gone, or reached through a link is trouble with a word."""
    file = put(tmp_path, "a.xml", b"x" * 100)
    assert directory.read(file, limit=100) == b"x" * 100
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    for path, limit, reason in (
        (file, 99, "too_large"),
        (tmp_path / "gone", 99, "vanished"),
        (tmp_path / "link", 999, "unreadable"),
        (tmp_path / "pipe", 999, "unreadable"),
        (tmp_path, 999, "unreadable"),
    ):
        with pytest.raises(FetchError) as caught:
            directory.read(path, limit=limit)
        assert caught.value.reason == reason


def test_files_are_put_away_and_never_over_each_other(tmp_path: Path) -> None:
    """Dealt with, a file leaves the folder for one of two; a name used before gets a number."""
    for content in (b"1", b"2", b"3"):
        directory.put_away(put(tmp_path, "a.xml", content), failed=False)
    directory.put_away(put(tmp_path, "a.xml", b"4"), failed=True)
    assert names(tmp_path) == []
    away = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*.xml")}
    assert away == {
        "processed/a.xml": b"1",
        "processed/a.1.xml": b"2",
        "processed/a.2.xml": b"3",
        "failed/a.xml": b"4",
    }


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """No folder to read, or none to move to, is trouble with a word."""
    with pytest.raises(FetchError) as caught:
        directory.waiting(tmp_path / "absent", now=NOW)
    assert caught.value.reason == "folder"
    (tmp_path / "processed").write_bytes(b"a file where the folder should be")
    with pytest.raises(FetchError) as caught:
        directory.put_away(put(tmp_path, "a.xml"), failed=False)
    assert caught.value.reason == "folder"
    assert (tmp_path / "a.xml").exists()


def test_what_is_handed_over_is_read_by_what_it_is() -> None:
    """A message, an envelope of messages, or anything at all: nothing handed over is lost."""
    alert = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><sender>s</sender></alert>'
    envelope = b'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">' + alert * 2 + b"</ns1:alerts>"
    kinds: tuple[feeds.FeedKind, ...] = ("directory", "push")
    for kind in kinds:
        for body in (alert, b"not xml", b"", b"<html/>", b"<feed/>"):
            index = feeds.read_entries(body, kind=kind, base_url="")
            assert [entry.document for entry in index.entries] == [body]
            assert index.findings == ()
        assert len(feeds.read_entries(envelope, kind=kind, base_url="").entries) == 2
