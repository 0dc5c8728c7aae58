"""All pools of values and words under their names."""

from collections.abc import Mapping, Sequence

from memeval.benchmarks.demo import changes, details, kin, moments, personal, talk_home, talk_world, tastes

POOLS: Mapping[str, Sequence[str]] = {
    **personal.POOLS,
    **details.POOLS,
    **tastes.POOLS,
    **changes.POOLS,
    **kin.POOLS,
    **moments.POOLS,
    **talk_home.POOLS,
    **talk_world.POOLS,
}
