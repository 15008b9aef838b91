"""How Sphinx builds the documentation; `nox -s docs` runs it."""

from importlib.metadata import version as version_of

project = "SciTeX session"
author = "The SciTeX developers"
copyright = "2026, The SciTeX developers"  # noqa: A001 - the name is Sphinx's
release = version = version_of("scitex-session")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"SciTeX session {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "groupwise"
autodoc_typehints = "none"  # the docstrings say it, with units and defaults
napoleon_google_docstring = False
napoleon_use_rtype = False
