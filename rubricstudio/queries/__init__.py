"""Reads that span models; they return values or annotated querysets, and write nothing."""
