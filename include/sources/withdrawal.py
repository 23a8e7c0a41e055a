"""Why a study is no longer shared, in the words that the warehouse keeps."""

from __future__ import annotations

#: How the reasons of withdrawals begin. A study that moved is shared by another archive on its own terms.
WITHDRAWN, RESTRICTED, MOVED = "withdrawn: ", "restricted: ", "moved: "
#: Part of the reason when the source did not say which studies it restricts.
RESTRICTION_UNKNOWN = "whether it is restricted is not known"
#: How the reason begins why a study that is here must be loaded anew: what it was loaded from never was.
RETRACTED = "retracted: "


def keeps_open(reason: str | None) -> bool:
    """Whether the older releases of a withdrawn study may still be shown to everybody.

    Only of a study known to be withdrawn and nothing else: what is not known to be free is not shown.
    """
    return reason is not None and reason.startswith(WITHDRAWN) and RESTRICTION_UNKNOWN not in reason
