"""A folder as NIH publishes it, filled with invented patients and noise."""

import random
from pathlib import Path

import cv2
import numpy as np

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
LABELS = ("No Finding", "Effusion", "Cardiomegaly|Effusion", "Hernia", "Mass|Nodule", "Infiltration")


def make_nih_folder(folder: Path, images: int, *, side: int = 256, seed: int = 7) -> Path:
    """Write ``images`` greyscale PNGs of ``side`` pixels, their table and both official lists."""
    draw = random.Random(seed)
    noise = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    rows, names = [], []
    patient = 0
    while len(names) < images:
        patient += 1
        sex, view = draw.choice("MF"), draw.choice(("PA", "AP"))
        for number in range(draw.randint(1, 4)):
            name = f"{patient:08d}_{number:03d}.png"
            label = draw.choice(LABELS)
            rows.append(
                f"{name},{label},{number},{patient},{draw.randint(1, 94)},{sex},{view},2500,2048,0.168,0.168"
            )
            names.append(name)
    names, rows = names[:images], rows[:images]
    for name in names:
        pixels = noise.integers(0, 256, (side, side), dtype=np.uint8)
        cv2.imwrite(str(folder / "images" / name), pixels)
    (folder / "Data_Entry_2017_v2020.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    cut = [name for name in names if int(name[:8]) % 5]
    (folder / "train_val_list.txt").write_text("\n".join(cut))
    (folder / "test_list.txt").write_text("\n".join(name for name in names if name not in set(cut)))
    return folder
