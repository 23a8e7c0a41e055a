"""FCS files of synthetic studies: FCS 3.1 with one data set, as the package describes them."""

from __future__ import annotations

#: Parameters of every FCS file: detector and marker.
PARAMETERS = (("FSC-A", None), ("SSC-A", None), ("B530-A", "CD3"), ("R670-A", "CD4"))
VERSION = "3.1"
_HEADER = 58
#: Bytes of an event: 16 bits for each parameter.
_EVENT = 2 * len(PARAMETERS)


def _text(events: int, first: int) -> bytes:
    last = first + events * _EVENT - 1
    keywords = {
        "$BEGINANALYSIS": "0", "$ENDANALYSIS": "0", "$BEGINSTEXT": "0", "$ENDSTEXT": "0",
        "$BEGINDATA": f"{first:08}", "$ENDDATA": f"{last:08}", "$BYTEORD": "1,2,3,4", "$DATATYPE": "I",
        "$MODE": "L", "$NEXTDATA": "0", "$PAR": str(len(PARAMETERS)), "$TOT": f"{events:08}",
    }  # fmt: skip
    for number, (detector, marker) in enumerate(PARAMETERS, 1):
        keywords |= {f"$P{number}N": detector, f"$P{number}B": "16", f"$P{number}R": "65536"}
        keywords |= {f"$P{number}E": "0,0"} | ({f"$P{number}S": marker} if marker else {})
    return ("|" + "".join(f"{name}|{value}|" for name, value in keywords.items())).encode()


#: Where the events begin: the length of TEXT does not depend on its numbers.
_DATA = _HEADER + len(_text(0, 0))


def events_of(size: int) -> int:
    """How many events a file of so many bytes has."""
    return max(0, size - _DATA) // _EVENT


def fcs_file(size: int, events: bytes) -> bytes:
    """A file of so many bytes.

    :param events: what the events are made of, as many bytes or more.
    """
    count = events_of(size)
    places = (_HEADER, _DATA - 1, _DATA, _DATA + count * _EVENT - 1, 0, 0)
    header = f"FCS{VERSION}    {''.join(f'{place:8}' for place in places)}".encode()
    return (header + _text(count, _DATA) + events)[:size]
