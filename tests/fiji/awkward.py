"""Files of every kind that microscopes and people write, made from one simulated field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile


def scene(shape=(260, 341), level=3.0, seed=7):
    """A simulated field as 16-bit pixels, 0 to 4000 or so."""
    from zfocus_model import defocus
    from zfocus_model.camera import photograph
    from zfocus_model.scenes import field

    rng = np.random.default_rng(seed)
    image = photograph(defocus(field(rng, shape), level=level), rng=rng)
    return np.clip(image, 0, 4095).astype(np.uint16)


def write_files(folder: Path) -> list[Path]:
    """Write single planes of all kinds; names tell the kind."""
    import imageio.v3 as iio
    from PIL import Image

    grey = scene()
    eight = (grey / 16).astype(np.uint8)
    real = (grey / 3000).astype(np.float32)
    holed = real.copy()
    holed[100, 100] = np.nan
    holed[10, 300] = np.inf
    colour = np.stack([eight, eight // 2, np.rot90(eight, 2)], -1)
    deep = np.stack([grey, grey // 3, np.rot90(grey, 2)], -1)
    signed = grey.astype(np.int16) - 2000
    palette = np.random.default_rng(1).integers(0, 65536, (3, 256), dtype=np.uint16)
    saturated = np.clip(grey.astype(int) * 40, 0, 65535).astype(np.uint16)

    write = tifffile.imwrite
    write(folder / "uint8.tif", eight)
    write(folder / "uint16.tif", grey)
    write(folder / "big_endian.tif", grey, byteorder=">")
    write(folder / "at_4095.tif", np.minimum(grey.astype(int) * 3, 4095).astype(np.uint16))
    write(folder / "saturated.tif", saturated)
    write(folder / "float32.tif", real)
    write(folder / "float64.tif", real.astype(np.float64))
    write(folder / "not_finite.tif", holed)
    write(folder / "uint32.tif", grey.astype(np.uint32) * 1000)
    write(folder / "signed.tif", signed)
    write(folder / "white_is_zero_8.tif", eight, photometric="miniswhite")
    write(folder / "white_is_zero_16.tif", grey, photometric="miniswhite")
    write(folder / "palette.tif", eight, photometric="palette", colormap=palette)
    Image.fromarray(colour).quantize(64).save(folder / "palette.gif")
    Image.fromarray(colour).quantize(64).save(folder / "palette.png")
    write(folder / "rgb.tif", colour, photometric="rgb")
    write(folder / "rgb_planar.tif", np.moveaxis(colour, -1, 0), photometric="rgb", planarconfig=2)
    write(folder / "rgb_deep.tif", deep, photometric="rgb")
    write(folder / "strips.tif", grey, rowsperstrip=7)
    write(folder / "odd_size.tif", grey[:171, :255])
    write(folder / "one_patch.tif", grey[:84, :84])
    write(folder / "nothing.tif", np.zeros((100, 200), np.uint8))
    write(folder / "crop.tif", grey[17:, 41:])
    iio.imwrite(folder / "eight.png", eight)
    iio.imwrite(folder / "sixteen.png", grey)
    iio.imwrite(folder / "colour.png", colour)
    iio.imwrite(folder / "grey.bmp", eight)
    return sorted(folder.iterdir())


LEVELS_OF_STACK = (6.0, 3.0, 0.0, 4.0)


def write_stacks(folder: Path) -> None:
    """Write z.tif, the same as time series t.tif, zc.tif with a second channel and one of noise."""
    planes = np.stack([scene((100, 180), level) for level in LEVELS_OF_STACK])
    other = np.stack([scene((100, 180), level, seed=8) for level in (3.0, 0.0, 3.5, 7.0)])
    noise = np.random.default_rng(0).poisson(100, (2, 100, 180)).astype(np.uint16)
    both = np.stack([planes, other], 1)
    both[0, 0] = noise[0]
    about = {"axes": "ZYX", "unit": "um", "spacing": 2.0}
    tifffile.imwrite(folder / "z.tif", planes, imagej=True, metadata=about, resolution=(2, 2))
    tifffile.imwrite(folder / "t.tif", planes, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite(folder / "zc.tif", both, imagej=True, metadata={"axes": "ZCYX"})
    tifffile.imwrite(folder / "flat.tif", noise, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "single.tif", planes[0])
