"""What the query compilers share: conversion of column values."""

from dotdo.sql.columns import ColumnCodec, codec_of

__all__ = ["ColumnCodec", "codec_of"]
