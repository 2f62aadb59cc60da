"""Work on many rows as whoever asked for it follows it: how far it is, what became of each, the file."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, send_file, url_for
from flask_login import current_user

from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.kernel import sheets
from webkit.core.kernel.db import release
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.downloads import ADDRESS_LIVES
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import find, tasks
from webkit.core.kernel.lists.tasks import Task
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sheets import Format
from webkit.lists.routes import FORMATS

blueprint = staff_blueprint("list_tasks", __name__, "/tasks")
ZIP = "application/zip"


@blueprint.get("")
def index() -> Response:
    """What somebody asked for lately."""
    return page("lists/tasks.html", tasks=[(task, _label(task)) for task in tasks.latest(current_user.id)])


@blueprint.get("/<uuid:task_id>")
def show(task_id: UUID) -> Response:
    """How far it is, or what became of it."""
    task = _own(task_id)
    spec = find(task.of_list)
    return page(
        "lists/task.html",
        task=task,
        label=_label(task),
        spec=spec,
        outcomes=[] if task.under_way else tasks.outcomes(task_id),
        back=url_for(spec.endpoint, **dict(task.args)),
    )


@blueprint.get("/<uuid:task_id>/progress")
def progress(task_id: UUID) -> Response:
    """How far it is by now; the whole page anew once it has ended."""
    task = _own(task_id)
    if not task.under_way or request.args.get("state") != task.state.value:
        return go(".show", task_id=task_id)
    return page("lists/task.html", "progress", task=task, label=_label(task))


@blueprint.get("/<uuid:task_id>/file")
def file(task_id: UUID) -> Response:
    """What it made, as long as it is kept."""
    _own(task_id)
    task, key, vendor = tasks.open_file(task_id)
    assert key is not None  # or there would be no such file
    release()
    media = sheets.MEDIA[FORMATS.get(task.format, Format.CSV)] if task.format else ZIP
    storage = vendor.connect()
    address = storage.url(key, expires=ADDRESS_LIVES, filename=task.file_name, content_type=media)
    if address:
        response = Response(status=303, headers={"Location": address})
    else:
        try:
            response = send_file(storage.open(key), media, as_attachment=True, download_name=task.file_name)
        except NotFoundAtProvider:
            raise NotFound(_("This file is not there any more. Make it again from the list.")) from None
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _own(task_id: UUID) -> Task:
    """One's own; others' do not exist."""
    task = tasks.get(task_id)
    if task.user_id != current_user.id or task.of_list not in current().lists:
        raise NotFound(_("There is no such task."))
    return task


def _label(task: Task) -> str:
    """What is done, in a few words."""
    spec = current().lists.get(task.of_list)
    title = str(spec.title) if spec else task.of_list
    if task.action == tasks.EXPORT:
        return _("%(list)s as a sheet", list=title)
    if task.action == tasks.PDFS:
        return _("PDFs of %(list)s", list=title)
    action = next((each for each in spec.actions if each.name == task.action), None) if spec else None
    return f"{title}: {action.label if action else task.action}"
