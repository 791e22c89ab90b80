"""Train, calibrate and judge networks that read the z-position of one transmitted-light image."""
