"""Speech to text, offline: microphone -> gate -> recogniser (own process) -> formatter -> segments.

Start at `pipeline.Dictation`; `models` says which engines this machine has, `audio` what a
microphone must look like, `formatter` how "three point five centimeters" becomes "3.5 cm".
Recognisers are imported in their own processes only (`engines/host.py`), never in this one.
"""
