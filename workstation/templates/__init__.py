"""Report templates: whole reports, modules and short phrases, as data.

A template is text with fields in it, bound to the examinations that it is for. Templates are TOML files
(`resources/templates/`, and folders of the site and the user above it) or MRRT files of others; neither holds code.
"""
