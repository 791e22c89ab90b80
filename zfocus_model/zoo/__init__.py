"""The model zoo: list, check, pack, install and hand over model packages."""
