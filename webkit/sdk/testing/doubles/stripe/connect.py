"""Accounts of others: opened for them (Express) or joined by consent (Standard), what they may do, how they leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from . import params as p
from .books import Account, Books, Object
from .params import Refused, check

CLIENT_ID = "ca_double"
NEW = ("external_account", "tos_acceptance.date", "business_profile.mcc")
"""What the owner of a new account still has to hand in."""
CODE_SECONDS, LINK_SECONDS = 300, 300
ACCOUNT: p.Shape = {
    "type": p.one_of("express"),
    "country": p.text(2),
    "email": p.email,
    "business_profile": {"name": p.text(100), "url": p.url},
    "capabilities": {
        "card_payments": {"requested": p.boolean},
        "transfers": {"requested": p.boolean},
        "sepa_debit_payments": {"requested": p.boolean},
    },
    "metadata": p.metadata,
}
LINK: p.Shape = {
    "account": p.text(255),
    "type": p.one_of("account_onboarding", "account_update"),
    "return_url": p.url,
    "refresh_url": p.url,
    "collect": p.one_of("currently_due", "eventually_due"),
}
_ASK = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Practice consent</title></head><body><main>
<h1>{what}</h1><form method="post"><button name="answer" value="yes">{yes}</button>
<button name="answer" value="no">{no}</button></form></main></body></html>"""


@dataclass(slots=True)
class _Link:
    account: str
    return_url: str
    refresh_url: str
    until: int
    used: bool = False


@dataclass(slots=True)
class _Code:
    account: str
    until: int
    used: bool = False


class Wrong(Exception):
    """An answer of the consent's own kind: a word and a sentence."""

    def __init__(self, error: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.error, self.status = error, status


class Connect:
    """`redirects` are the addresses that may be led back to; what is not among them is refused, as the vendor does."""

    def __init__(self, books: Books, key: str, url: Callable[[], str]) -> None:
        self.books, self.key, self._url = books, key, url
        self.redirects: set[str] = set()
        self._links: dict[str, _Link] = {}
        self._codes: dict[str, _Code] = {}
        self.blueprint = Blueprint("connect", __name__)
        for rule, view, methods in (
            ("/oauth/authorize", self._consent, ["GET", "POST"]),
            ("/oauth/token", self._token, ["POST"]),
            ("/oauth/deauthorize", self._deauthorize, ["POST"]),
            ("/setup/e/<token>", self._form, ["GET", "POST"]),
        ):
            self.blueprint.add_url_rule(rule, rule, view, methods=methods)

    def forget(self) -> None:
        self.redirects.clear()
        self._links.clear()
        self._codes.clear()

    def routes(self) -> list[tuple[str, Callable[..., Object]]]:
        """What the API offers about accounts."""
        return [
            ("POST /accounts", self.create),
            ("GET /accounts/<id>", self.get),
            ("POST /account_links", self.link),
        ]

    # --- the API ---------------------------------------------------------------------------------------------------

    def create(self, account: Account, given: Mapping[str, Any]) -> Object:
        _own_account_only(account)
        wanted = check(given, ACCOUNT, ("type",))
        country = wanted.get("country", "US")
        if country != country.upper() or len(country) != 2:
            raise Refused(f"Country '{country}' is unknown.", "country", code="country_unsupported")
        capabilities = dict.fromkeys(wanted.get("capabilities", {}), "pending")
        if not capabilities:
            raise Refused("You must request at least one capability for this account.", "capabilities")
        return self.books.join("express", country, wanted.get("email"), NEW, wanted.get("business_profile")).facts

    def get(self, account: Account, given: Mapping[str, Any], id: str) -> Object:
        check(given, {"expand": [p.text(255)]})
        return self.books.account(id).facts

    def link(self, account: Account, given: Mapping[str, Any]) -> Object:
        _own_account_only(account)
        wanted = check(given, LINK, ("account", "type", "return_url", "refresh_url"))
        theirs = self.books.account(wanted["account"])
        if theirs.facts["type"] != "express":
            raise Refused("You cannot create account links for an account that you do not control.", "account")
        token, until = secrets.token_hex(12), self.books.now() + LINK_SECONDS
        self._links[token] = _Link(theirs.id, wanted["return_url"], wanted["refresh_url"], until)
        url = f"{self._url()}/setup/e/{token}"
        return {"object": "account_link", "created": self.books.now(), "expires_at": until, "url": url}

    # --- pages -----------------------------------------------------------------------------------------------------

    def _form(self, token: str) -> BaseResponse:
        """The owner's form: filled in, or left for another day. An old or used link leads to a fresh one."""
        with self.books.lock:
            link = self._links.get(token)
            if link is None:
                return Response("No such link", 404)
            if link.used or self.books.now() >= link.until:
                return redirect(link.refresh_url, 303)
            if request.method == "GET":
                return Response(_ASK.format(what="Who are you?", yes="Hand in", no="Later"), mimetype="text/html")
            link.used = True
            if request.form.get("answer") == "yes":
                self.books.allow(link.account)
            return redirect(link.return_url, 303)

    def _consent(self) -> BaseResponse:
        try:
            with self.books.lock:
                asked = self._asked(request.args.to_dict())
                if request.method == "GET":
                    return Response(_ASK.format(what="Connect?", yes="Connect", no="Refuse"), mimetype="text/html")
                theirs = self.books.join("standard", "IT", "owner@example.org", ()).id
                return redirect(self.answer(asked, theirs if request.form.get("answer") == "yes" else ""), 303)
        except Wrong as wrong:
            return _wrong(wrong)

    def consent(self, url: str, account: str = "", *, allow: bool = True) -> str:
        """What a person does on the page at this address; the address the browser is led back to."""
        with self.books.lock:
            asked = self._asked({name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()})
            theirs = account or (self.books.join("standard", "IT", "owner@example.org", ()).id if allow else "")
            return self.answer(asked, theirs if allow else "")

    def answer(self, asked: Mapping[str, str], account: str) -> str:
        """Where the browser is led back to; without an account the person has refused."""
        back = {"state": asked["state"]} if "state" in asked else {}
        if account:
            self.books.accounts[account].access = True
            code = f"ac_{secrets.token_hex(12)}"
            self._codes[code] = _Code(account, self.books.now() + CODE_SECONDS)
            back |= {"code": code, "scope": "read_write"}
        else:
            back |= {"error": "access_denied", "error_description": "The user denied your request"}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def _asked(self, given: dict[str, str]) -> dict[str, str]:
        if given.get("client_id") != CLIENT_ID:
            raise Wrong("invalid_client", f"No application matches the supplied client identifier: {given}")
        if given.get("response_type") != "code":
            raise Wrong("unsupported_response_type", "The response type must be code")
        if given.get("scope", "read_write") not in ("read_only", "read_write"):
            raise Wrong("invalid_scope", "Unknown scope")
        if given.get("redirect_uri") not in self.redirects:
            raise Wrong("invalid_redirect_uri", f"Invalid redirect URI '{given.get('redirect_uri')}'")
        return given

    def _token(self) -> BaseResponse:
        try:
            with self.books.lock:
                return jsonify(self._redeemed(request.form))
        except Wrong as wrong:
            return _wrong(wrong)

    def _redeemed(self, form: Mapping[str, str]) -> Object:
        self._authenticate()
        if form.get("grant_type") != "authorization_code":
            raise Wrong("unsupported_grant_type", "The grant type must be authorization_code")
        code = self._codes.get(form.get("code", ""))
        if code is None or self.books.now() >= code.until:
            raise Wrong("invalid_grant", "Authorization code does not exist or has expired")
        if code.used:
            raise Wrong("invalid_grant", "This authorization code has already been used.")
        code.used = True
        return {
            "access_token": f"sk_test_{secrets.token_hex(8)}", "livemode": False, "scope": "read_write",
            "refresh_token": f"rt_{secrets.token_hex(8)}", "token_type": "bearer", "stripe_user_id": code.account,
            "stripe_publishable_key": f"pk_test_{secrets.token_hex(8)}",
        }  # fmt: skip

    def _deauthorize(self) -> BaseResponse:
        try:
            with self.books.lock:
                self._authenticate()
                id = request.form.get("stripe_user_id", "")
                account = self.books.accounts.get(id)
                known = account is not None and account.access and account.facts["type"] == "standard"
                if not known or request.form.get("client_id") != CLIENT_ID:
                    raise Wrong("invalid_client", f"This application is not connected to stripe account {id}.", 401)
                self.books.leave(id)
                return jsonify({"stripe_user_id": id})
        except Wrong as wrong:
            return _wrong(wrong)

    def _authenticate(self) -> None:
        value = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.form.get("client_secret")
        if value != self.key:
            raise Wrong("invalid_client", "No such API key", 401)


def _own_account_only(account: Account) -> None:
    if account.facts.get("type"):
        raise Refused("This call cannot be made on behalf of a connected account.", code="account_invalid", status=403)


def _wrong(wrong: Wrong) -> Response:
    answer = jsonify(error=wrong.error, error_description=str(wrong))
    answer.status_code = wrong.status
    return answer
