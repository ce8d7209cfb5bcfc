"""The careful colleague: reads a report once more before it is signed, and says what does not fit.

It never changes a word. Each remark names its rule, its place in the text and why; the words by which it
recognises things are data (`resources/colleague/`), one file a language.
"""
