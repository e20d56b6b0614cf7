"""What AWS takes for units and machines: us-east-1, on demand (docs/use/costs.md)."""

DOLLARS_PER_WRITE_UNIT = 0.625e-6
DOLLARS_PER_READ_UNIT = 0.125e-6
DOLLARS_PER_VCPU_HOUR, DOLLARS_PER_GB_HOUR = 0.03238, 0.00356  # Fargate, ARM
