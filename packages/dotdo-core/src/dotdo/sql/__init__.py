"""What the query compilers share: conversion of column values."""

from dotdo.sql.columns import (
    ColumnCodec,
    codec_of,
    compared_value,
    key_to_python,
    key_to_storage,
    stored_value,
)

__all__ = [
    "ColumnCodec",
    "codec_of",
    "compared_value",
    "key_to_python",
    "key_to_storage",
    "stored_value",
]
