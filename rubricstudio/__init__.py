"""The authoring app, and the project's composition root."""
