"""What sketches promise of every stream of items: no false negatives, no counts too low, false positives as rare as said."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dotdo_redis.engine.sketches import BloomFilter, CountMinSketch, CuckooFilter, TDigest

ITEMS = st.lists(st.binary(max_size=24), max_size=80)


@given(ITEMS, st.integers(1, 20), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_a_bloom_filter_knows_whatever_was_added(items, capacity, growth):
    made = BloomFilter(capacity, 0.05, growth, scales=True)
    for item in items:
        made.add(item)
    assert all(item in made for item in items)
    assert made.size <= len(set(items))


def test_a_bloom_filter_takes_few_others_for_its_own():
    made = BloomFilter(100, 0.01, 2, scales=True)
    for number in range(2000):
        made.add(b"item %d" % number)
    wrong = sum(b"other %d" % number in made for number in range(20_000))
    assert wrong / 20_000 <= 0.0125  # a quarter more for so few trials


@given(ITEMS, st.sampled_from([1, 2, 4]))
@settings(max_examples=100, deadline=None)
def test_a_cuckoo_filter_knows_what_is_left_after_deletions(items, slots):
    made = CuckooFilter(16, slots, 20, 2)
    added = [item for item in items if made.add(item)]
    for item in added[::3]:
        assert made.delete(item)
    left = [item for number, item in enumerate(added) if number % 3]
    assert all(made.count(item) >= left.count(item) for item in set(left))
    assert made.inserted == len(left)


@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 1000)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_count_min_sketch_never_counts_too_few(pairs):
    made = CountMinSketch(20, 3)
    for item, amount in pairs:
        made.add(item, amount)
    for item in {item for item, _ in pairs}:
        assert made.estimate(item) >= sum(amount for other, amount in pairs if other == item)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(10, 200))
@settings(max_examples=100, deadline=None)
def test_a_t_digest_rises_within_the_values_it_saw(values, compression):
    made = TDigest(compression)
    for value in values:
        made.add(value)
    quantiles = [made.quantile(step / 20) for step in range(21)]
    assert quantiles[0] == min(values)
    assert quantiles[-1] == max(values)
    assert all(min(values) <= one <= max(values) for one in quantiles)
    assert sum(made.weights) == len(values)
    assert made.means == sorted(made.means)
