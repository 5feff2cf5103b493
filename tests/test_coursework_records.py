"""What a grading run leaves: whole files, a secret seed, a table that a spreadsheet cannot be hurt by."""

import csv
import hashlib
import io
import json
import os
import stat
from pathlib import Path

import coursework_standin as standin
import pytest

from coursework import records
from coursework.records import Records, Refused, best, cell, grades, write
from coursework.submissions import Submission

pytestmark = pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux")


def submission(student="anna", file=None, key=None, timestamp="", reason="", name=""):
    file = file or f"{student}.ipynb"
    return Submission(Path(file), file, key or f"{student}-0", student, name, timestamp, reason)


def result(words="q1", seed=1):
    return standin.grade_one(words.encode(), "hw2", seed=seed)


def table(rows):
    return list(csv.DictReader(io.StringIO(grades(rows))))


def test_a_row_for_each_file_with_points_and_reasons():
    (row,) = table([(submission(timestamp="2026-11-23 20:10:49", name="Anna Smith"), result("q1 q2"))])
    assert row == {
        "assignment": "hw2",
        "student_id": "anna",
        "name": "Anna Smith",
        "file": "anna.ipynb",
        "timestamp": "2026-11-23 20:10:49",
        "score": "3",
        "max_score": "6",
        "counts": "yes",
        "q1": "1",
        "q1_max": "1",
        "q2": "2",
        "q2_max": "2",
        "q3": "0",
        "q3_max": "3",
        "reason": "q3: a row of ones: got 2 <b>",
    }


def test_the_best_file_of_a_student_counts_and_of_equals_the_latest():
    rows = [
        (submission(key="a-1", timestamp="2026-01-03"), result("")),
        (submission(key="a-2", timestamp="2026-01-02"), result("q2")),
        (submission(key="a-3", timestamp="2026-01-01"), result("q2")),
        (submission("bob", key="b-1", timestamp="2026-01-01"), result("")),
        (submission("bob", key="b-2", timestamp="2026-01-02", reason="an archive"), result("")),
    ]
    assert best(rows) == {"anna": "a-2", "bob": "b-1"}
    assert [row["counts"] for row in table(rows)] == ["no", "yes", "no", "yes", "no"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠"])
def test_no_cell_begins_as_a_formula(start):
    text = start + 'HYPERLINK("http://x","y")'
    row = table([(submission(text, file=text, name=text), result("broken") | {"reason": text})])[0]
    for column in ("student_id", "name", "file", "reason"):
        assert row[column].strip()[0] not in "=+-@\t\r\n＝＋－＠", row[column]
    assert cell("1-1=0") == "1-1=0"


def test_a_row_stays_one_line_whatever_the_texts_hold():
    nasty = 'a\nb\r"c",d\x00\ud800'
    text = grades([(submission(nasty, file=nasty), result("broken") | {"reason": nasty})])
    assert text.count("\n") == 2
    text.encode()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    place = tmp_path / "x.json"
    write(place, b"old")
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write(place, b"new")
    assert place.read_bytes() == b"old"
    monkeypatch.undo()
    write(place, b"newer")  # what the last time left beside it does not matter
    assert place.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [place]


def test_writing_does_not_follow_a_link_that_lies_in_the_way(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "x.part").symlink_to(target)
    (tmp_path / "x").symlink_to(target)
    write(tmp_path / "x", b"data")
    assert target.read_bytes() == b"precious"
    assert not (tmp_path / "x").is_symlink()


def test_grades_and_seed_are_for_the_owner_alone(tmp_path):
    kept = Records(tmp_path / "grades", "hw2")
    kept.store(submission(), result())
    kept.write_grades([(submission(), result())])
    for path in [kept.out, *kept.out.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_seed_is_drawn_anew_for_each_run_and_kept_for_its_resumption(tmp_path):
    seeds = set()
    for name in "abc":
        kept = Records(tmp_path / name, "hw2")
        kept.close()
        again = Records(tmp_path / name, "hw2", resume=True)
        assert again.seed == kept.seed == json.loads((tmp_path / name / "run.json").read_text())["seed"]
        again.close()
        seeds.add(kept.seed)
    assert len(seeds) == 3
    assert all(seed > 2**40 for seed in seeds)


def test_a_record_counts_only_for_the_same_bytes_grader_and_seed(tmp_path):
    kept = Records(tmp_path / "grades", "hw2", seed=1)
    assert kept.load(submission()) is None
    kept.store(submission(), result("q1", seed=1))
    record = kept.load(submission())
    assert kept.is_current(record, b"q1", standin.fingerprint("hw2"))
    assert not kept.is_current(record, b"q2", standin.fingerprint("hw2"))
    assert not kept.is_current(record, b"q1", "another grader")
    assert not kept.is_current(None, b"q1", standin.fingerprint("hw2"))
    kept.store(submission(), result("q1", seed=2))
    assert not kept.is_current(kept.load(submission()), b"q1", standin.fingerprint("hw2"))
    kept.store(submission(), result("q1", seed=1) | {"failed": True})
    assert not kept.is_current(kept.load(submission()), b"q1", standin.fingerprint("hw2"))
    assert result("q1")["sha256"] == hashlib.sha256(b"q1").hexdigest()


def test_a_record_that_is_damaged_is_none(tmp_path):
    kept = Records(tmp_path / "grades", "hw2", seed=1)
    for damaged in (b"", b"{", b"[]", b"\xff"):
        (kept.results / "anna-0.json").write_bytes(damaged)
        assert kept.load(submission()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "holds grades already; go on with --resume"),
        ({"assignment": "hw3"}, "holds grades of hw2, not hw3"),
        ({"assignment": "hw3", "resume": True}, "holds grades of hw2, not hw3"),
        ({"resume": True, "seed": 6}, "another seed"),
        ({"resume": True, "seconds": 9.0}, "another --timeout"),
    ],
)
def test_a_folder_of_grades_is_not_overwritten(tmp_path, changes, message):
    Records(tmp_path / "grades", "hw2", seed=5, seconds=7.0).close()
    with pytest.raises(Refused, match=message):
        Records(tmp_path / "grades", **{"assignment": "hw2"} | changes)
    Records(tmp_path / "grades", "hw2", resume=True).close()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(Refused, match="holds other files"):
        Records(tmp_path, "hw2")
    with pytest.raises(Refused, match="is a file"):
        Records(tmp_path / "thesis.tex", "hw2")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_killed_before_it_had_a_seed_can_be_begun_again(tmp_path):
    (tmp_path / "run.json.part").write_bytes(b"{")
    (tmp_path / ".lock").touch()
    Records(tmp_path, "hw2", resume=True).close()


@pytest.mark.skipif(records.fcntl is None, reason="needs file locks")
def test_two_runs_do_not_write_to_one_folder(tmp_path):
    kept = Records(tmp_path / "grades", "hw2")
    with pytest.raises(Refused, match="another run is writing"):
        Records(tmp_path / "grades", "hw2", resume=True)
    kept.close()
    Records(tmp_path / "grades", "hw2", resume=True).close()


def test_records_of_files_that_are_gone_are_deleted(tmp_path):
    kept = Records(tmp_path / "grades", "hw2")
    for who in ("anna", "bob"):
        kept.store(submission(who), result())
        write(kept.feedback / f"{who}-0.html", b"")
    (kept.results / "anna-0.json.part").touch()
    kept.prune([submission("anna")])
    assert sorted(path.name for path in kept.out.rglob("*-0*")) == ["anna-0.html", "anna-0.json"]
