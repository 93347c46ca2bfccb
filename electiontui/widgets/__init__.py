"""What the screens are made of. Widgets draw what they are given and know no source."""
