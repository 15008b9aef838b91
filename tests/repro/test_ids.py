import datetime as dt
import math
import random
import re
import time

import numpy as np
import pytest

from scitex_repro import fix_seeds, gen_ID, gen_timestamp


def test_an_id_has_the_asked_length_of_letters_and_digits():
    """Ids are upper-case letters and digits, four of them unless told otherwise."""
    assert re.fullmatch("[A-Z0-9]{4}", gen_ID())
    assert re.fullmatch("[A-Z0-9]{100}", gen_ID(100))


def test_ids_use_the_whole_alphabet_evenly():
    """No character is favoured: chi-square over 36000 draws stays below its 1e-6 quantile."""
    counts = np.unique(list(gen_ID(36_000)), return_counts=True)[1]
    assert len(counts) == 36
    assert ((counts - 1000) ** 2 / 1000).sum() < 95


def test_ids_do_not_follow_seeds_nor_disturb_them():
    """Two runs with one seed have different ids, and the same random numbers all the same."""
    fix_seeds(42)
    first, drawn = gen_ID(20), random.random()
    fix_seeds(42)
    assert gen_ID(20) != first
    assert random.random() == drawn


def test_an_id_without_characters_is_refused():
    """N below 1 is an error that says so."""
    with pytest.raises(ValueError, match="N is 0"):
        gen_ID(0)


def test_a_timestamp_has_the_form_of_run_directories():
    """A moment is written by its own clock, with units."""
    moment = dt.datetime(2026, 2, 13, 14, 30, 15, 999_999, tzinfo=dt.UTC)
    assert gen_timestamp(moment) == "2026Y-02M-13D-14h30m15s"


def test_a_timestamp_is_now_by_default():
    """Without a moment it is now, in local time, also right after the turn of a second."""
    turn = math.floor(time.time()) + 1
    time.sleep(max(0.0, turn - time.time() - 0.01))
    while time.time() < turn:
        continue
    before = gen_timestamp(dt.datetime.now())  # noqa: DTZ005 - local time is the point
    now = gen_timestamp()
    after = gen_timestamp(dt.datetime.now())  # noqa: DTZ005 - as above
    assert before <= now <= after
    assert re.fullmatch(r"\d{4}Y-\d\dM-\d\dD-\d\dh\d\dm\d\ds", now)
