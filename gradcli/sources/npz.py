"""`@data.npz:name`: one array of an archive of NumPy's."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from io import BytesIO

from numpy.lib import format as npy

from gradcli.errors import SourceError
from gradcli.sources.location import Location, chosen, printable, reported
from gradcli.sources.npy import ON_DAMAGE, check_header
from gradcli.sources.numbers import Numbers, keeping_dtype
from gradcli.sources.recognise import damaged


def read(location: Location) -> Numbers:
    """The array that the name means; the others are not read."""
    with reported(location):
        return _member(location)


def _member(location: Location) -> Numbers:
    held = location.path if location.regular else BytesIO(location.content((b"PK",)))
    try:
        with zipfile.ZipFile(held) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            if not names and archive.namelist():
                raise damaged(location)
            twice = next((name for name, count in Counter(names).items() if count > 1), None)
            if twice is not None:
                raise SourceError(
                    f"{location.shown} holds two arrays '{printable(twice.removesuffix('.npy'))}'",
                    hint="Save them under names of their own.",
                )
            members = {name.removesuffix(".npy"): name for name in names}
            name = chosen(location, members, "array")
            source = f"'{printable(name)}' of {location.shown}"
            with archive.open(members[name]) as file:
                check_header(file, archive.getinfo(members[name]).file_size, location, source)
            with archive.open(members[name]) as file:
                array = npy.read_array(file, allow_pickle=False)
    except (*ON_DAMAGE, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise damaged(location, str(error).partition("\n")[0]) from None
    return keeping_dtype(array, source)
