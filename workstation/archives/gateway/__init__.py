"""What talks to archives: a process of its own, so that what an archive sends can only harm that process.

Only `wire` is imported by the program itself. The rest runs in `python -P -m workstation.archives.gateway`.
"""
