"""Who led when, and who leads now, drawn without a screen: lanes, text, SVG and axis charts."""
