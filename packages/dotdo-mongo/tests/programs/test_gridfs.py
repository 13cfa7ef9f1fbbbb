"""GridFS with a file of 100 MB: written and read in pieces, in little memory."""

import hashlib
import os
import subprocess
import sys

from dotdo.tenancy import Home

PROGRAM = """
import hashlib, resource, sys
import gridfs
from dotdo_mongo import MongoClient

MEBIBYTE = 1 << 20
SIZE = int(sys.argv[1]) * MEBIBYTE


def piece(number):
    return hashlib.sha256(str(number).encode()).digest() * (MEBIBYTE // 32)


def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


with MongoClient() as client:
    bucket = gridfs.GridFSBucket(client.files)
    with bucket.open_upload_stream("warm") as small:
        small.write(piece(0))
    bucket.open_download_stream_by_name("warm").read()
    before = most()
    with bucket.open_upload_stream("large", metadata={"kind": "test"}) as upload:
        for number in range(SIZE // MEBIBYTE):
            upload.write(piece(number))
    written = most()
    found = hashlib.sha256()
    with bucket.open_download_stream_by_name("large") as download:
        assert download.length == SIZE
        while data := download.read(MEBIBYTE):
            found.update(data)
        download.seek(SIZE // 2 + 5)
        assert download.read(7) == piece(SIZE // MEBIBYTE // 2)[5:12]
    read = most()
    assert client.files["fs.chunks"].count_documents({}) == SIZE // (255 * 1024) + 1 + 5
    wanted = hashlib.sha256()
    for number in range(SIZE // MEBIBYTE):
        wanted.update(piece(number))
    assert found.digest() == wanted.digest()
    bucket.delete(upload._id)
    assert client.files["fs.chunks"].count_documents({}) == 5
    print(written - before, read - written)
"""


def test_a_large_file_needs_little_memory(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "100"],
        env={**os.environ, "DOTDO_HOME": str(home.path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written, read = map(int, done.stdout.split())
    assert written < 80
    assert read < 80
    assert hashlib is not None
