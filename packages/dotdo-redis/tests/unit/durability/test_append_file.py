"""The append file: what is read back, also of one that was torn."""

from dotdo_redis.durability.append_file import AppendFile, records

FIRST = (1, 10, [(0, [b"SET", b"k", b"v"])])
SECOND = (2, 20, [(0, [b"DEL", b"k"]), (1, [b"RPUSH", b"l", b"\xff"])])


def written(path, *entries):
    file = AppendFile(path)
    for number, now_us, effects in entries:
        file.append(number, now_us, [(db, tuple(words)) for db, words in effects])
    file.close()


def test_records_come_back_in_order(tmp_path):
    path = tmp_path / "log"
    written(path, FIRST, SECOND)
    assert list(records(path)) == [FIRST, SECOND]


def test_a_torn_tail_is_cut_off_wherever_it_was_torn(tmp_path):
    whole = tmp_path / "whole"
    written(whole, FIRST)
    length = whole.stat().st_size
    written(whole, SECOND)
    data = whole.read_bytes()
    for size in range(length, len(data)):
        path = tmp_path / "torn"
        path.write_bytes(data[:size])
        assert list(records(path)) == [FIRST]
        assert path.stat().st_size == length


def test_a_record_with_a_flipped_bit_ends_the_file(tmp_path):
    path = tmp_path / "log"
    written(path, FIRST, SECOND)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert list(records(path)) == [FIRST]
