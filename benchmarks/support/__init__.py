"""What the benchmarks share: machines, meters, endpoints, made files, pages and pictures."""
