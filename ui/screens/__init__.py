"""Several monitors: which is for what, which window stands where, and what becomes of it when one goes."""
