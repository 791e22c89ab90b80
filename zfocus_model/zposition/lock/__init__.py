"""The focus lock: camera frames to readings of z, readings to small, safe moves of the stage."""
