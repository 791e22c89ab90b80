"""Public image sets, fetched when ``zfocus data get`` asks for them and never otherwise."""
