import { Controller } from "@hotwired/stimulus";

// Makes or shows a passkey: asks the server what is to be signed, lets the browser sign it, sends the form with the answer.
//   <form data-controller="passkey" data-passkey-options-value="/…/options" data-passkey-failed-value="…" hidden>
//     <input type="hidden" data-passkey-target="answer"> <button type="button" data-action="passkey#show">…</button>
//     <p role="status" data-passkey-target="said"></p></form>
// A form that is hidden appears where the browser knows passkeys.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const described = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

function written(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = text(credential.response[name]);
  const transports = credential.response.getTransports?.();
  if (transports) response.transports = transports;
  const { id, type } = credential;
  return { id, rawId: text(credential.rawId), type, response, clientExtensionResults: {} };
}

export default class extends Controller {
  static targets = ["answer", "said"];
  static values = { options: String, failed: String };

  connect() {
    if (window.PublicKeyCredential) this.element.hidden = false;
  }

  async show() {
    await this.ask((options) =>
      navigator.credentials.get({ publicKey: { ...options, allowCredentials: described(options.allowCredentials) } }),
    );
  }

  async make() {
    if (!this.element.reportValidity()) return;
    await this.ask((options) => {
      const user = { ...options.user, id: bytes(options.user.id) };
      const publicKey = { ...options, user, excludeCredentials: described(options.excludeCredentials) };
      return navigator.credentials.create({ publicKey });
    });
  }

  async ask(sign) {
    this.saidTarget.textContent = "";
    try {
      const answer = await fetch(this.optionsValue, { method: "POST", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const options = await answer.json();
      const credential = await sign({ ...options, challenge: bytes(options.challenge) });
      this.answerTarget.value = JSON.stringify(written(credential));
      this.element.submit();
    } catch {
      this.saidTarget.textContent = this.failedValue;
    }
  }
}
