"""`@data.npz:name`: one array of an archive of NumPy's."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

import numpy as np

from gradcli.errors import SourceError
from gradcli.sources.location import Location, chosen, reported
from gradcli.sources.npy import OBJECTS, ON_DAMAGE
from gradcli.sources.numbers import Numbers, keeping_dtype
from gradcli.sources.recognise import damaged


def read(location: Location) -> Numbers:
    """The array that the name means; the others are not read."""
    with reported(location):
        return _member(location)


def _member(location: Location) -> Numbers:
    source = location.path if location.regular else BytesIO(location.path.read_bytes())
    try:
        with zipfile.ZipFile(source) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
            if not members and archive.namelist():
                raise damaged(location)
            name = chosen(location, members, "array")
            with archive.open(members[name]) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
    except (*ON_DAMAGE, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        if "Object arrays" in str(error):
            raise SourceError(f"'{name}' of {location.shown} holds {OBJECTS}", hint="Save numbers alone.") from None
        raise damaged(location, str(error).partition("\n")[0]) from None
    return keeping_dtype(array, f"'{name}' of {location.shown}")
