"""The window: widgets, theme, screens. The only room that knows Qt."""
