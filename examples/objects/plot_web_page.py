"""
Where does one look on a web page for a thing that words describe?
==================================================================

A shop's page of 40 objects is drawn: a header, links, 24 goods and a footer. OAT looks for one of the goods by its
caption; how well each object fits the words is told by the small image-text model that comes with the package. OAT has
learned from drawn shelves, so that its path is no claim about people.
"""

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw

import scanpath as sp
from scanpath.plotting import plot_object_scanpath

page = Image.new("RGB", (1000, 760), "white")
draw = ImageDraw.Draw(page)
objects: list[tuple[int, int, int, int]] = []
labels: list[str] = []


def words(text: str, x: int, y: int, width: int, height: int, fill: str, ink: str = "black") -> None:
    """Put words on a box of one color."""
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=fill)
    draw.text((x + 8, y + height // 2), text, fill=ink, anchor="lm", font_size=15)
    objects.append((x, y, width, height))
    labels.append(text)


words("The Shop", 20, 12, 160, 44, "#223344", "white")
words("Search all goods", 220, 16, 380, 36, "#eeeeee", "#777777")
for place, text in enumerate(("Orders", "Account", "Basket")):
    words(text, 660 + 110 * place, 16, 90, 36, "#dddddd")
for place, text in enumerate(("New", "Home", "Garden", "Office", "Toys", "Sale", "Gifts")):
    words(text, 20, 90 + 44 * place, 120, 32, "#f4f4f4")
for place, text in enumerate(("Contact", "Imprint", "Help", "Jobs")):
    words(text, 180 + 200 * place, 712, 120, 30, "#f4f4f4", "#555555")

# captions that do not say where on a page a thing is
goods = [one for one in sp.stimuli.captioned_scenes(60, seed=2, twin_share=0.0) if " the " not in one.caption][:24]
for place, scene in enumerate(goods):
    x, y, width, height = (round(side) for side in scene.target_box)
    pixels = (scene.image[:, y : y + height, x : x + width].numpy() * 255).astype(np.uint8)
    box = (180 + 136 * (place % 6), 84 + 156 * (place // 6), 100, 100)
    page.paste(Image.fromarray(pixels.transpose(1, 2, 0)).resize(box[2:]), box[:2])
    draw.text((box[0], box[1] + 106), f"{3 + 7 * place % 50}.90", fill="black", font_size=15)
    objects.append(box)
    labels.append(scene.caption)

wanted = 15
screen = sp.Stimulus(
    np.asarray(page).transpose(2, 0, 1) / np.float32(255),
    name="shop",
    objects=objects,
    object_labels=labels,
    caption=goods[wanted].caption,
    target_box=objects[16 + wanted],
)
agent = sp.create_agent("oat", cue="caption")
table = sp.simulate(agent, [screen], n_fixations=15, seed=1)
print(f"Looking for {screen.caption!r} among {len(objects)} objects")
print(table[["fixation", "object_label", "on_target"]].to_string(index=False))
path = sp.scanpaths_from_table(table)[0]
figure, (left, right) = plt.subplots(1, 2, figsize=(15, 6), layout="constrained")
plot_object_scanpath(path, screen, ax=left, title=screen.caption)
probability = np.exp(np.asarray(agent.object_log_probabilities(screen, path.xy[:1])))[:-1]
right.imshow(np.asarray(page) // 3)
for (x, y, width, height), share in zip(objects, probability / probability.max()):
    right.add_patch(plt.Rectangle((x, y), width, height, facecolor="orangered", alpha=float(share)))
right.set_title("Before the second fixation: brighter is likelier")
right.set_axis_off()
plt.show()
