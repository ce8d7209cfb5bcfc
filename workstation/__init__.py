"""The program without a screen: domain, cache, stores, reporting, RIS, commands, jobs, session.

May import the standard library, pydicom, sqlite-utils, HTTP libraries; never Qt, VTK,
SimpleITK, vosk or another room (docs/architecture.md).
"""
