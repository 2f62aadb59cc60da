"""Whatever people change on the pages of an agency, programs can change, or it says here why not."""

from __future__ import annotations

from flask import Flask

from webkit.api.table import OPERATIONS

SAME = {
    "agencies.save_habits": "settings.change_tax",
    "agencies.save_numbers": "settings.change_numbers",
    "agencies.save_settings": "settings.change",
    "ai_runs.discard": "ai.discard",
    "ai_runs.retry": "ai.retry",
    "ai_runs.stop": "ai.stop",
    "banking.ignore": "bank.ignore",
    "banking.record": "bank.record",
    "banking.upload": "bank.upload",
    "catalogue.edit_addon": "catalogue.replace_addon",
    "catalogue.edit_package": "catalogue.replace_package",
    "catalogue.set_addon_active": "catalogue.offer_addon",
    "catalogue.set_package_active": "catalogue.offer_package",
    "charges.charge": "charges.create",
    "charges.remove": "charges.remove_method",
    "charges.save": "charges.change_schedule",
    "clients.change": "clients.replace",
    "clients.note": "clients.replace",
    "consultations.save": "consultations.answer",
    "consultations.set_choices": "consultations.change_choices",
    "contract_templates.make_default": "contract_templates.use",
    "contract_templates.save": "contract_templates.replace",
    "contracts.create": "contracts.from_proposal",
    "contracts.save": "contracts.replace",
    "endpoints.delete": "webhooks.delete",
    "endpoints.pause": "webhooks.pause",
    "endpoints.replay": "webhooks.replay",
    "endpoints.replay_range": "webhooks.replay_span",
    "endpoints.resume": "webhooks.resume",
    "endpoints.test": "webhooks.test",
    "imports.go_on": "imports.numbers",
    "imports.look_through": "imports.read",
    "invoice_credits.issue": "invoices.credit",
    "invoice_credits.refund": "invoices.refund_credit",
    "invoice_files.attach": "invoices.attach",
    "invoice_files.remove": "invoices.detach",
    "invoice_imports.mark": "invoices.mark_paid",
    "invoice_terms.note": "invoices.memo",
    "invoice_terms.reopen": "invoices.reopen",
    "invoice_terms.save": "invoices.terms",
    "invoice_terms.send_pro_forma": "invoices.send_pro_forma",
    "invoice_terms.withdraw_pro_forma": "invoices.withdraw_pro_forma",
    "invoice_terms.write_off": "invoices.write_off",
    "invoices.save": "invoices.replace",
    "messaging.put_away": "mails.put_away",
    "messaging.send_again": "mails.send",
    "number_series.create": "settings.add_number_series",
    "number_series.save": "settings.change_number_series",
    "plans.bill_all": "billing.all",
    "plans.bill_milestone": "billing.milestone",
    "plans.deposit": "billing.deposit",
    "plans.drop": "billing.drop_plan",
    "plans.finish": "billing.final",
    "plans.save": "billing.plan",
    "proposal_writing.apply": "proposals.apply",
    "proposal_writing.start": "proposals.write",
    "proposals.save": "proposals.replace",
    "quotation_files.attach": "quotations.attach",
    "quotation_files.remove": "quotations.detach",
    "quotation_library.archive_block": "quotation_library.archive_text",
    "quotation_library.archive_template": "quotation_library.archive",
    "quotation_library.create_block": "quotation_library.add_text",
    "quotation_library.create_template": "quotation_library.create",
    "quotation_library.duplicate_template": "quotation_library.duplicate",
    "quotation_library.save_block": "quotation_library.replace_text",
    "quotation_library.save_template": "quotation_library.replace",
    "quotations.save": "quotations.replace",
    "receipts.apply": "payments.apply",
    "receipts.give_back": "payments.give_back",
    "receipts.give_rate": "payments.give_rate",
    "receipts.record": "payments.create",
    "receipts.release": "payments.release",
    "receipts.take_back": "payments.take_back",
    "recurring.drop_price": "recurring.drop_prices",
    "recurring.save": "recurring.replace",
    "recurring.save_prices": "recurring.change_prices",
    "reminders.save": "reminders.replace",
    "reminders.save_client": "reminders.change_of_client",
    "report.accounts": "reports.change_accounts",
    "retainers.end_now": "retainers.end",
    "statements.link": "statements.open_link",
    "team.cancel_invitation": "invitations.cancel",
    "team.change_role": "members.change_role",
    "team.invite": "invitations.create",
    "team.invite_again": "invitations.send",
    "team.remove": "members.remove",
    "website_audits.again": "audits.again",
    "website_audits.create": "audits.create",
}
"""What goes by another name there."""

IN_PERSON = "done in person: by somebody who shows who they are before, or with a permission that no key can have"
OF_THE_PAGE = "changes nothing: it shows what a form would come to"
OF_PEOPLE = "how somebody looks at lists, and many of them at once: programs ask for one after the other"
LEFT_TO_PEOPLE = {
    "agencies.number_examples": OF_THE_PAGE,
    "agency_data": IN_PERSON,
    "agency_door": "how somebody signs in",
    "agency_issuer": IN_PERSON,
    "agency_keys": IN_PERSON,
    "connections": IN_PERSON,
    "endpoints.create": IN_PERSON,
    "endpoints.end_overlap": IN_PERSON,
    "endpoints.rotate": IN_PERSON,
    "endpoints.save": IN_PERSON,
    "invoice_credits.totals": OF_THE_PAGE,
    "invoice_terms.preview": OF_THE_PAGE,
    "invoices.totals": OF_THE_PAGE,
    "list_views": OF_PEOPLE,
    "lists": OF_PEOPLE,
    "own_domain": IN_PERSON,
    "ownership": IN_PERSON,
    "payment_accounts": IN_PERSON,
    "privacy": IN_PERSON,
    "recurring.totals": OF_THE_PAGE,
    "retainers.totals": OF_THE_PAGE,
    "roles": IN_PERSON,
    "subscriptions": IN_PERSON,
    "team.demand_second_step": IN_PERSON,
    "team.end_second_step": IN_PERSON,
    "team.leave": IN_PERSON,
}


def _writes(app: Flask) -> set[str]:
    """The addresses of an agency's pages that change something, by their names; plugins' aside."""
    inside = [each for each in app.url_map.iter_rules() if each.rule.startswith("/<slug:agency>/")]
    return {each.endpoint for each in inside if (each.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}}


def test_what_people_change_programs_can_change(app: Flask) -> None:
    known = {each.name for each in OPERATIONS if each.writes}
    left = {
        name
        for name in _writes(app)
        if name not in LEFT_TO_PEOPLE
        and name.partition(".")[0] not in LEFT_TO_PEOPLE
        and SAME.get(name, name) not in known
    }
    assert not left, f"no operation does what these do, and nothing says why: {sorted(left)}"


def test_nothing_is_excused_that_is_not_there(app: Flask) -> None:
    pages, known = _writes(app), {each.name for each in OPERATIONS}
    features = {name.partition(".")[0] for name in pages}
    assert set(SAME) <= pages
    assert set(SAME.values()) <= known
    assert set(LEFT_TO_PEOPLE) <= pages | features
