"""Demonstration studies of our own making, and the known truth of the tests."""

from rendering.phantoms.generator import ROLES, write_demonstration
from rendering.phantoms.study import PhantomStudy

__all__ = ["ROLES", "PhantomStudy", "write_demonstration"]
