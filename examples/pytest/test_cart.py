import os


def test_is_empty_at_first():
    assert sum([]) == 0


def test_adds_up_prices():
    assert sum([200, 350]) == 550


# Fails in the first attempt, so that there is something to rerun.
def test_waits_for_the_warehouse():
    assert os.environ.get("PROCTOR_ATTEMPT") != "1", "the warehouse is waking up, try again"
