"""Private elements of ours (PS3.5 7.8.1): what the standard has no element for, and nobody else needs."""

EXACT_CREATOR = "LYSKASSE VIEW"
EXACT_GROUP, EXACT_ELEMENT = 0x0071, 0x01
EXACT_CREATOR_TAG, EXACT_VIEW = 0x00710010, 0x00711001
"""In an item of the DisplayedAreaSelectionSequence: FD, zoom and pan of the view, in a view of the same size."""
