"""How fast the counters of INFO grow."""


def shown(rig, name):
    text = rig("INFO", "stats")
    return float(text.split(name.encode() + b":")[1].split(b"\r\n")[0])


def test_commands_a_second_are_the_mean_of_sixteen_samples(rig):
    for _ in range(20):
        for _ in range(8):
            rig("PING")
        rig.pass_ms(100)
        rig.engine.tick()
    assert shown(rig, "instantaneous_ops_per_sec") == 80
    for _ in range(16):
        rig.pass_ms(100)
        rig.engine.tick()
    assert shown(rig, "instantaneous_ops_per_sec") == 0


def test_a_reset_of_the_counters_is_no_negative_speed(rig):
    for _ in range(3):
        rig("PING")
        rig.pass_ms(100)
        rig.engine.tick()
    rig("CONFIG", "RESETSTAT")
    rig.pass_ms(100)
    rig.engine.tick()
    assert shown(rig, "instantaneous_ops_per_sec") == 0
