"""bundle_check.py FOLDER: an incident bundle is whole, and its parts agree. Says what is wrong and exits 1."""
import json
import os
import stat
import sys
import tarfile
import xml.etree.ElementTree

FILES = {"README.txt", "config", "events.jsonl", "logs", "model.json", "screen.ansi", "screen.svg", "screen.txt", "versions"}
folder = sys.argv[1].rstrip("/")
name = os.path.basename(folder)
assert set(os.listdir(folder)) == FILES, os.listdir(folder)
assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
assert all(stat.S_IMODE(os.stat(os.path.join(folder, f)).st_mode) == 0o600 for f in FILES)


def read(file):
    with open(os.path.join(folder, file), encoding="utf-8") as opened:
        return opened.read()


with tarfile.open(folder + ".tar.gz", "r:gz") as archive:
    members = {m.name: m for m in archive.getmembers()}
    assert set(members) == {name} | {name + "/" + f for f in FILES}, sorted(members)
    for file in FILES:
        assert archive.extractfile(name + "/" + file).read().decode("utf-8") == read(file), file

model = json.loads(read("model.json"))
events = [json.loads(line) for line in read("events.jsonl").splitlines()]
ends = [i for i, e in enumerate(events) if e["kind"] == "described" and e["seq"] == 0]
assert len(ends) == 2 and ends[1] == len(events) - 1, ends
before, rest = events[: ends[0] + 1], events[ends[0] + 1 :]
begin = next(i for i, e in enumerate(rest) if e["seq"] == 0)
history, picture = rest[:begin], rest[begin:]
assert all(e["seq"] == 0 for e in before + picture) and before[0]["kind"] == picture[0]["kind"] == "runtime_started"
assert all(e["seq"] > 0 for e in history) and [e["seq"] for e in history] == sorted(e["seq"] for e in history)
assert before[-1]["wall"] <= history[0]["wall"] <= history[-1]["wall"] <= picture[-1]["wall"] + 1000000000
assert [e["name"] for e in before if e["kind"] == "job_defined"] == [e["name"] for e in picture if e["kind"] == "job_defined"]
kinds = [e["kind"] for e in picture]
assert kinds.count("job_defined") == len(model["jobs"]) == picture[-1]["jobs"] > 0
assert kinds.count("alert_raised") == len(model["alerts"]) == model["status"]["alerts"]["firing"]
assert sum(model["status"]["jobs"].values()) == len(model["jobs"])
paused = {e["job"] for e in picture if e["kind"] == "job_paused"}
assert len(paused) == sum(1 for job in model["jobs"] if job["paused"])
stamp = model["stamp"]
assert stamp["host"] and stamp["version"] and stamp["operator"] and stamp["utc_ms"] > 0 and stamp["data_age_ms"] >= 0

svg = xml.etree.ElementTree.fromstring(read("screen.svg"))
drawn = " ".join("".join(t.itertext()) for t in svg.iter("{http://www.w3.org/2000/svg}text"))
screen = read("screen.txt")
assert "SIGNALBOX" in screen and "SIGNALBOX" in drawn and "xlink" not in read("screen.svg")
plain = "".join(part.split("m", 1)[1] if i else part for i, part in enumerate(read("screen.ansi").split("\x1b[")))
assert [r.rstrip() for r in plain.splitlines()] == [r.rstrip() for r in screen.splitlines()]
assert all("  # " in line for line in read("config").splitlines() if not line.startswith("#"))
for word in (stamp["state"], stamp["host"], "redacted", "missing", "files"):
    assert word in read("README.txt"), word
print(name, stamp["state"], stamp["incident"], len(history), "events of the journal")
