"""The two themes of our own. Every colour comes from a theme's variables, so all others work too."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="rlm-night",
    primary="#7aa2f7",
    secondary="#bb9af7",
    accent="#e0af68",
    warning="#e0af68",
    error="#f7768e",
    success="#9ece6a",
    foreground="#c5cbe6",
    background="#16161e",
    surface="#1a1b26",
    panel="#24283b",
    dark=True,
    variables={
        "border": "#7aa2f7",
        "border-blurred": "#33384f",
        "block-cursor-background": "#2d3a63",
        "block-cursor-foreground": "#d5daf2",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#23273a",
        "block-cursor-blurred-foreground": "#c5cbe6",
        "footer-background": "#16161e",
        "footer-key-foreground": "#7aa2f7",
        "footer-description-foreground": "#858caf",
        "input-selection-background": "#7aa2f7 30%",
        "scrollbar": "#33384f",
        "scrollbar-hover": "#4a5170",
        "scrollbar-active": "#7aa2f7",
        "scrollbar-background": "#1a1b26",
        "scrollbar-corner-color": "#1a1b26",
        "text-muted": "#858caf",
        "button-color-foreground": "#16161e",
    },
)

DAY = Theme(
    name="rlm-day",
    primary="#2e5fc4",
    secondary="#7847bd",
    accent="#8f5e15",
    warning="#8f5e15",
    error="#c0304c",
    success="#3f7a1f",
    foreground="#343b58",
    background="#e9ebf2",
    surface="#f4f5f9",
    panel="#dfe3ee",
    dark=False,
    variables={
        "border": "#2e5fc4",
        "border-blurred": "#c3c9da",
        "block-cursor-background": "#cdd9f5",
        "block-cursor-foreground": "#1d2540",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e3e7f2",
        "block-cursor-blurred-foreground": "#343b58",
        "footer-background": "#e9ebf2",
        "footer-key-foreground": "#2e5fc4",
        "footer-description-foreground": "#606888",
        "scrollbar": "#c3c9da",
        "scrollbar-background": "#f4f5f9",
        "scrollbar-corner-color": "#f4f5f9",
        "text-muted": "#606888",
        "button-color-foreground": "#f4f5f9",
    },
)

OWN_THEMES = (NIGHT, DAY)
DEFAULT_THEME = NIGHT.name
