"""A race between election_core and what users would pick instead, on one machine and in the same run.

python -m benchmarks [--quick] [--only NAME] [--rounds N] [--json FILE]
"""
