"""Pictures and tables as people drop them on the page."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data


def as_file(picture, kind="PNG", **settings):
    sink = io.BytesIO()
    picture.save(sink, kind, **settings)
    return sink.getvalue()


@pytest.fixture(scope="session")
def photo():
    """A small photograph, as the content of a file."""
    return as_file(Image.fromarray(data.astronaut()).resize((240, 180)))


@pytest.fixture(scope="session")
def large_photo():
    """A photograph of 12 megapixels, as a camera writes it."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(data.astronaut()).resize((4000, 3000))
    grain = rng.integers(-6, 7, (3000, 4000, 1))
    noisy = np.clip(np.asarray(picture, dtype=np.int16) + grain, 0, 255).astype(np.uint8)
    return as_file(Image.fromarray(noisy), "JPEG", quality=90)


@pytest.fixture(scope="session")
def people():
    """Three people's fixations on photo.png and one's on another picture, as a CSV file."""
    rng = np.random.default_rng(1)
    rows = ["stimulus,subject,fixation,x_px,y_px,duration_ms"]
    for who in ("s1", "s2", "s3"):
        for n, (x, y) in enumerate(rng.uniform((0, 0), (239, 179), (5, 2)).round(1)):
            rows.append(f"photo.png,{who},{n},{x},{y},{200 + 10 * n}")
    rows.append("other.png,s1,0,10.0,10.0,250")
    return ("\n".join(rows) + "\n").encode()
