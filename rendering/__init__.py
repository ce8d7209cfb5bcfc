"""Bytes to voxels to pixels: decode, verified volume, reslice, probe. Never Qt."""
