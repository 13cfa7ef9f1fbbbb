"""Registers of both representations, and the estimate."""

from dotdo_redis.engine.types import hyperloglogs as hll


def filled(count: int, sparse_max_bytes: int) -> bytearray:
    data = hll.new()
    for number in range(count):
        data, _ = hll.set_register(data, *hll.place_of(b"e%d" % number), sparse_max_bytes)
    return data


def test_sparse_and_dense_hold_the_same_registers() -> None:
    sparse, dense = filled(800, 100_000), hll.to_dense(hll.new())
    for number in range(800):
        dense, _ = hll.set_register(dense, *hll.place_of(b"e%d" % number), 0)
    assert sparse[4] == hll.SPARSE
    assert hll.registers(sparse) == hll.registers(dense)
    assert hll.to_dense(sparse)[hll.HEADER :] == dense[hll.HEADER :]


def test_it_becomes_dense_when_it_grows() -> None:
    assert filled(3000, 3000)[4] == hll.DENSE


def test_the_estimate_is_near() -> None:
    assert abs(hll.count(hll.registers(filled(5000, 3000))) - 5000) < 150


def test_an_element_counts_once() -> None:
    place = hll.place_of(b"x")
    data, is_higher = hll.set_register(hll.new(), *place, 3000)
    assert is_higher
    assert hll.set_register(data, *place, 3000)[1] is False
