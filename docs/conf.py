"""How the documentation is built: `.ci/docs`, or `python -m sphinx -W docs docs/_build`; no network is used."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import scanpath  # noqa: E402

project = "scanpath"
author = "The scanpath developers"
copyright = author
release = version = scanpath.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "command_pages",
    "drawings",
]
root_doc = "index"
exclude_patterns = ["_build", "_ext", "figures", "name_examples", "**/GALLERY_HEADER.rst", "**sg_execution_times.rst"]
exclude_patterns += [f"gallery/**/*.{ending}" for ending in ("ipynb", "py", "md5")]
default_role = "code"
nitpicky = True
language = "en"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# fault names stand in messages, types in signatures alone: the house's docstrings are numpydoc's in all else
numpydoc_validation_checks: set[str] = set()

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"__init__\.py",
    "abort_on_example_error": True,
    "plot_gallery": True,
    "doc_module": ("scanpath",),
    "backreferences_dir": "gallery/backreferences",
    "inspect_global_variables": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": True,
    "copyfile_regex": r".*\.rst",
    "nested_sections": True,
    "within_subsection_order": "FileNameSortKey",
    "matplotlib_animations": False,
    "min_reported_time": 5,
    "write_computation_times": False,
    "capture_repr": (),
}

html_theme = "pydata_sphinx_theme"
html_title = "scanpath"
html_static_path = ["_static"]
html_css_files = ["scanpath.css"]
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "api/commands": [], "changelog": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
