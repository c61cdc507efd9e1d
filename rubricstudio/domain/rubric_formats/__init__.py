"""Public rubric formats, one small module each, read and written without silent loss."""
