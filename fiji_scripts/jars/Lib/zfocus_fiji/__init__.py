"""What the scripts of Plugins > zfocus share: Jython 2.7 in Fiji.

`words`, `rating`, `columns`, `colours`, `packages` and `npy` are plain Python (2.7 and 3) and
need nothing of ImageJ; the other modules talk to ImageJ and ONNX Runtime.
"""
