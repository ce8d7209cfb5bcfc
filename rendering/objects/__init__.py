"""Objects about images: presentation states, key images, reports, segmentations, structure sets."""
