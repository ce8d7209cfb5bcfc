"""The report beside the images: sections, dictation, signing, what is on its way."""
