"""What the assembler says of our kernels."""
