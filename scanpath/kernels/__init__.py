"""The hot loops and nothing else; kernels know arrays, not eyes."""
