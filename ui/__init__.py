"""The only room with Qt: widgets, actions, theme, screens."""
