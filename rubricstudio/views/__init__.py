"""Pages of the authoring app, one file a page."""

from rubricstudio.views.home import home

__all__ = ["home"]
