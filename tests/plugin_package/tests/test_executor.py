"""The plug-in's executor, held to the contract."""

from memeval_example_plugin.executor import Fresh

from memeval.testing import check_executor


def test_it_keeps_the_contract():
    check_executor(lambda: Fresh(workers=2))
