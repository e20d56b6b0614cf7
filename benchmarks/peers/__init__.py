"""Reading beside what users would pick instead: the same questions, in one run.

python -m benchmarks.peers [--sites 2000] [--quick] [--json FILE]
"""
