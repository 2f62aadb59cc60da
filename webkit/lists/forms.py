"""What can be typed about a view."""

from __future__ import annotations

from webkit.core.kernel.forms import Form, Line
from webkit.core.kernel.lists.views import NAME


class ViewForm(Form):
    """A name, who sees it, whether the list opens with it, and whether it stands for what is shown now."""

    name: Line(NAME, 1)  # type: ignore[valid-type]
    shared: bool = False
    begin: bool = False
    replace: bool = False
