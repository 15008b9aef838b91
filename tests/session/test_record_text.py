"""PROVENANCE.json as text: a listing and a full disk find what they need where they look for it."""

import json

HEAD = {"run", "process", "args", "config"}
BEHIND = ',\n  "seed": '


def test_what_a_listing_needs_comes_first(lab):
    """Whatever a script is called with, one cut leaves JSON with these sections whole."""
    lab.decorated('print("ran")', "text='', xs=(1, 2)")
    assert lab.run("--text", '",\n  "seed": 7').returncode == 0
    run = lab.only("FINISHED_SUCCESS")
    text = (run / "CONFIGS" / "PROVENANCE.json").read_text(encoding="utf-8")
    assert text.count(BEHIND) == 1
    front = json.loads(text.partition(BEHIND)[0] + "}")
    whole = json.loads(text)
    assert front.keys() >= HEAD
    assert {key: front[key] for key in HEAD} == {key: whole[key] for key in HEAD}
    assert whole["args"]["text"] == '",\n  "seed": 7'


def test_the_status_of_a_running_run_is_near_the_beginning(lab, look):
    """That is where a full disk lets it be changed, in as many bytes."""
    lab.decorated(
        "data = (CONFIG.SDIR_RUN / 'CONFIGS' / 'PROVENANCE.json').read_bytes()\n"
        "print(data[:4096].count(b'\"running\"'), data.count(b'\"running\"'))",
        "CONFIG=INJECTED",
    )
    assert lab.run().stdout == "1 1\n"
    assert look.record(lab.only("FINISHED_SUCCESS"))["run"]["status"] == "success"


def test_a_record_is_one_line_for_each_entry_of_a_list(lab):
    """Thousands of outputs stay readable by line, and are written by json's own encoder."""
    lab.decorated("[(CONFIG.SDIR_RUN / f'{n}.txt').touch() for n in range(3)]", "CONFIG=INJECTED")
    assert lab.run().returncode == 0
    run = lab.only("FINISHED_SUCCESS")
    lines = (run / "CONFIGS" / "PROVENANCE.json").read_text(encoding="utf-8").splitlines()
    begin = lines.index('  "outputs": [')
    entries = [json.loads(line.rstrip(",")) for line in lines[begin + 1 : begin + 4]]
    assert [entry["path"] for entry in entries] == ["0.txt", "1.txt", "2.txt"]
