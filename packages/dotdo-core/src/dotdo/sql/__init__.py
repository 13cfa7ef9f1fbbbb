"""What the query compilers share: conversion and order of column values."""

from dotdo.sql.columns import (
    ColumnCodec,
    codec_of,
    compared_value,
    key_to_python,
    key_to_storage,
    stored_value,
)
from dotdo.sql.decimals import ORDER, order_of

__all__ = [
    "ORDER",
    "ColumnCodec",
    "codec_of",
    "compared_value",
    "key_to_python",
    "key_to_storage",
    "order_of",
    "stored_value",
]
