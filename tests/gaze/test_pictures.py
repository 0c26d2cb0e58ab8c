import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from scanpath import InputError, read_image
from scanpath.gaze.pictures import as_image, find_pictures, picture_size

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def save(path, array, mode=None, **options):
    Image.fromarray(array, mode).save(path, **options) if mode is None else Image.fromarray(array).convert(mode).save(
        path, **options
    )
    return path


def test_color_is_divided_by_255_and_channels_come_first(tmp_path):
    image = read_image(save(tmp_path / "a.png", RGB))
    assert image.dtype == torch.float32
    assert np.array_equal(np.rint(image.numpy() * 255), RGB.transpose(2, 0, 1))


def test_gray_stays_one_channel(tmp_path):
    assert read_image(save(tmp_path / "a.png", RGB[..., 0])).shape == (1, 5, 7)


def test_sixteen_bit_gray_is_divided_by_65535(tmp_path):
    values = np.array([[0, 256], [40000, 65535]], dtype=np.uint16)
    image = read_image(save(tmp_path / "a.png", values))
    assert np.allclose(image[0].numpy() * 65535, values)


def test_palette_and_bilevel_become_what_is_displayed(tmp_path):
    palette = Image.fromarray(RGB).quantize(255)
    palette.save(tmp_path / "p.png")
    assert np.allclose(
        read_image(tmp_path / "p.png").numpy() * 255, np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    )
    Image.fromarray(RGB[..., 0] > 100).save(tmp_path / "b.png")
    assert set(read_image(tmp_path / "b.png").unique().tolist()) == {0.0, 1.0}


def test_transparency_needs_a_background(tmp_path):
    rgba = np.dstack([RGB, np.full((5, 7), 128, np.uint8)])
    path = save(tmp_path / "a.png", rgba)
    with pytest.raises(InputError, match="transparent"):
        read_image(path)
    half = 128 / 255
    expected = RGB.transpose(2, 0, 1) / 255 * half + 1 - half
    assert np.allclose(read_image(path, background=1.0).numpy(), expected, atol=1e-6)


def test_opaque_alpha_is_dropped(tmp_path):
    path = save(tmp_path / "a.png", np.dstack([RGB, np.full((5, 7), 255, np.uint8)]))
    assert read_image(path).shape == (3, 5, 7)


def test_animations_need_a_frame(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (0, 255)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="2 frames"):
        read_image(tmp_path / "a.gif")
    assert float(read_image(tmp_path / "a.gif", frame=1).min()) == 1
    with pytest.raises(InputError, match="frame must be 0 to 1"):
        read_image(tmp_path / "a.gif", frame=5)


def test_of_a_phones_photograph_with_more_behind_it_the_photograph_is_read(tmp_path):
    photograph, depth = Image.fromarray(RGB), Image.fromarray(255 - RGB)
    photograph.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[depth], quality=100, subsampling=0)
    with Image.open(tmp_path / "a.jpg") as written:
        assert (written.format, written.n_frames) == ("MPO", 2)
    assert np.allclose(read_image(tmp_path / "a.jpg").numpy() * 255, RGB.transpose(2, 0, 1), atol=8)
    assert np.allclose(read_image(tmp_path / "a.jpg", frame=1).numpy() * 255, 255 - RGB.transpose(2, 0, 1), atol=8)


def test_a_transparent_level_of_gray_needs_a_background_too(tmp_path):
    gray = np.array([[0, 10], [20, 30]], np.uint8)
    path = save(tmp_path / "a.png", gray, transparency=10)
    with pytest.raises(InputError, match="transparent"):
        read_image(path)
    assert np.array_equal(read_image(path, background=1.0).numpy() * 255, [[[0, 255], [20, 30]]])
    assert read_image(save(tmp_path / "b.png", gray, transparency=200)).shape == (1, 2, 2)
    with pytest.raises(InputError, match="16-bit level"):
        read_image(save(tmp_path / "c.png", gray.astype(np.uint16) * 100, transparency=1000), background=1.0)


def test_the_camera_orientation_is_applied(tmp_path):
    picture = Image.fromarray(RGB)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.png", exif=exif)
    assert read_image(tmp_path / "a.png").shape == (3, 7, 5)
    assert picture_size(tmp_path / "a.png") == (7, 5)


def test_floats_have_no_known_scale(tmp_path):
    with pytest.raises(InputError, match="scale is unknown"):
        read_image(save(tmp_path / "a.tiff", np.ones((3, 3), np.float32) * 700))


def test_wide_integers_have_no_known_scale(tmp_path):
    with pytest.raises(InputError, match="scale is unknown"):
        read_image(save(tmp_path / "a.tiff", np.full((3, 3), 200, np.int32)))


@pytest.mark.parametrize("kind", ["gif", "webp", "tiff", "jpeg"])
def test_damage_anywhere_in_a_file_is_one_sentence(tmp_path, kind):
    generator = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    several = {"save_all": True, "append_images": [Image.fromarray(RGB[::-1])]} if kind == "gif" else {"exif": exif}
    Image.fromarray(RGB).save(tmp_path / "whole", format=kind, **several)
    whole = np.frombuffer((tmp_path / "whole").read_bytes(), np.uint8)
    refused = []
    for _ in range(200):
        broken = whole[: generator.integers(1, len(whole) + 1)].copy()
        broken[generator.integers(len(broken), size=3)] = generator.integers(256, size=3)
        (tmp_path / "broken").write_bytes(broken.tobytes())
        for read in (read_image, picture_size):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the decoder, about what it can still make of the file
                try:
                    read(tmp_path / "broken")
                except InputError as error:
                    refused.append(str(error))
    assert len(refused) > 100  # of 400
    assert not any("\n" in message for message in refused)


@pytest.mark.parametrize(("name", "content"), [("a.png", b"no picture"), ("b.jpg", b"\xff\xd8\xff\xe0junk")])
def test_what_is_no_picture_is_one_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="picture"):
        read_image(tmp_path / name)


def test_a_cut_off_file_is_damaged(tmp_path):
    path = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="damaged"):
        read_image(path)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(InputError, match="no picture at"):
        read_image(tmp_path / "none.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(InputError, match="is empty"):
        read_image(tmp_path / "empty.png")


def test_the_size_limit_is_checked_before_decoding(tmp_path):
    with pytest.raises(InputError, match="above the limit of 34 px"):
        read_image(save(tmp_path / "a.png", RGB), max_pixels=34)


def test_a_header_of_endless_size_is_refused_by_a_limit_that_can_be_raised(tmp_path):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))
    with pytest.raises(InputError, match=r"100000 x 100000 px, above the limit of 200000000 px; .* raise max_pixels"):
        read_image(path)
    allowed = Image.MAX_IMAGE_PIXELS
    with pytest.raises(InputError, match="above the limit of 9999999999 px"):  # beyond Pillow's own limit, too
        read_image(path, max_pixels=9_999_999_999)
    assert allowed == Image.MAX_IMAGE_PIXELS


def test_one_pixel_and_twenty_megapixels(tmp_path):
    assert read_image(save(tmp_path / "a.png", RGB[:1, :1])).shape == (3, 1, 1)
    assert read_image(save(tmp_path / "b.png", np.zeros((4000, 5000), np.uint8))).shape == (1, 4000, 5000)


def test_folders_list_pictures_only(tmp_path):
    save(tmp_path / "b.png", RGB)
    save(tmp_path / "a.PNG", RGB)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_text("x")
    assert [path.name for path in find_pictures(tmp_path)] == ["a.PNG", "b.png"]
    with pytest.raises(InputError, match="no picture in"):
        find_pictures(tmp_path / "..")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5, 3)), "channels first"),
        (np.zeros((3, 4, 5), np.uint8), "uint8"),
        (np.full((3, 4, 5), 2.0), "lie in"),
        (np.full((3, 4, 5), np.nan), "NaN"),
        (np.zeros((2, 4, 5)), "1 or 3"),
        (np.array([["a"]]), "floating point numbers"),
        (np.array([[None]]), "floating point numbers"),
        ("text", "tensor, an array or a picture file"),
    ],
)
def test_arrays_are_never_guessed(image, message):
    with pytest.raises(InputError, match=message):
        as_image(image)


def test_byte_order_and_gradients_of_arrays_and_tensors_do_not_matter():
    values = np.linspace(0, 1, 12).reshape(1, 3, 4)
    expected = torch.from_numpy(values.astype(np.float32))
    assert torch.equal(as_image(values.astype(">f4")), expected)
    assert torch.equal(as_image(expected.clone().requires_grad_()).detach(), expected)
