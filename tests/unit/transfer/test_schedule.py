"""Which unit goes next."""

from support.units import Scripted, job, succeed

from cxr.transfer.schedule import Schedule


def units(*names):
    return iter([Scripted([job(number)], succeed, exclusive=name) for number, name in enumerate(names)])


def ids(*tasks):
    return [task and next(iter(task.left)) for task in tasks]


def test_units_go_in_their_order():
    schedule = Schedule(units("", "", ""), 10)
    assert ids(*(schedule.next(0.0) for _ in range(4))) == ["0", "1", "2", None]


def test_units_of_one_name_go_one_after_the_other_and_let_others_pass():
    schedule = Schedule(units("a", "a", "b", "a"), 10)
    first, second, third = (schedule.next(0.0) for _ in range(3))
    assert ids(first, second, third) == ["0", "2", None]
    schedule.ended(second)
    assert schedule.next(0.0) is None
    schedule.ended(first)
    following = schedule.next(0.0)
    assert ids(following, schedule.next(0.0)) == ["1", None]
    schedule.ended(following)
    assert ids(schedule.next(0.0)) == ["3"]


def test_no_more_are_taken_than_the_window_has_room_for():
    taken = []
    endless = (taken.append(number) or next(units("")) for number in range(1000))
    schedule = Schedule(endless, 5)
    tasks = [schedule.next(0.0) for _ in range(10)]
    assert len(taken) == 5
    assert tasks[5:] == [None] * 5
    schedule.ended(tasks[0])
    assert schedule.next(0.0) is not None


def test_those_held_back_count_in_the_window():
    taken = []
    endless = (taken.append(number) or next(units("a")) for number in range(1000))
    schedule = Schedule(endless, 5)
    assert schedule.next(0.0) is not None
    assert schedule.next(0.0) is None
    assert len(taken) == 5


def test_a_delayed_one_goes_when_it_is_due_and_not_before():
    schedule = Schedule(units("", ""), 2)
    first, second = schedule.next(0.0), schedule.next(0.0)
    for task, due in ((first, 7.0), (second, 3.0)):
        schedule.ended(task)
        schedule.again(task, due)
    assert (schedule.next(2.9), schedule.due) == (None, 3.0)
    assert ids(schedule.next(8.0), schedule.next(8.0)) == ["1", "0"]
    assert schedule.due is None


def test_it_is_done_when_nothing_waits_is_under_way_or_is_to_come():
    schedule = Schedule(units(""), 2)
    task = schedule.next(0.0)
    assert schedule.next(0.0) is None
    assert not schedule.is_done
    schedule.ended(task)
    assert schedule.is_done
    schedule.again(task, 5.0)
    assert not schedule.is_done


def test_a_name_is_kept_while_its_unit_waits_for_another_try_by_nobody():
    schedule = Schedule(units("a", "a"), 5)
    first = schedule.next(0.0)
    schedule.ended(first)
    schedule.again(first, 5.0)
    assert ids(schedule.next(0.0)) == ["1"]
    assert schedule.next(6.0) is None
