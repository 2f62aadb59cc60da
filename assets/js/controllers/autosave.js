import { Controller } from "@hotwired/stimulus";

const RETRY = [4, 8, 16, 30];

// Says how the background saving of a form stands, and tries again when it failed; the text stays in the form.
// On a form with hx-post and hx-trigger="input delay:1s, autosave". The words come from the page's catalogue:
//   <form data-controller="autosave" data-autosave-saving-value="Saving" data-autosave-saved-value="Saved {time}"
//         data-autosave-failed-value="Not saved, trying again in {seconds} s"> … <output data-autosave-target="status"></output>
// data-autosave-within-value: so many seconds after something was typed it is saved even if typing goes on.
// What the server refuses (409, 422) is said by data-autosave-refused-value and not tried again: its answer says why.
// A status outside the form is found by data-autosave-status-value (a selector).
// One request at a time: each carries the version the form was read at, and two under way would refuse each other.
// So a button that is pressed while the form is being saved is pressed again when that is done.
export default class extends Controller {
  static targets = ["status"];
  static values = { saving: String, saved: String, failed: String, refused: String, status: String, within: Number };

  connect() {
    this.failures = 0;
    this.edits = this.saving = 0;
    this.on = [
      ["input", () => this.#typed()],
      ["submit", () => (this.leaving = true)],
      ["htmx:before:request", (event) => this.#before(event)],
      ["htmx:after:request", (event) => this.#mine(event) && this.#done(event)],
      ["htmx:error", (event) => this.#mine(event) && this.#fail()],
    ];
    for (const [name, listener] of this.on) this.element.addEventListener(name, listener);
    this.hold = (event) => this.#hold(event);
    // A button that its own answer has replaced says it is done at the document.
    this.finally = (event) => this.#finally(event);
    document.addEventListener("htmx:finally:request", this.finally);
    this.back = () => (this.leaving = false);
    document.addEventListener("click", this.hold, true);
    window.addEventListener("pageshow", this.back);
  }

  disconnect() {
    clearTimeout(this.timer);
    clearTimeout(this.due);
    for (const [name, listener] of this.on) this.element.removeEventListener(name, listener);
    document.removeEventListener("htmx:finally:request", this.finally);
    document.removeEventListener("click", this.hold, true);
    window.removeEventListener("pageshow", this.back);
  }

  #before(event) {
    if (!this.#mine(event)) {
      this.running = event.detail.ctx;
    } else if (this.leaving || this.running) {
      event.preventDefault();
      this.missed = !this.leaving;
    } else {
      this.running = event.detail.ctx;
      this.#start();
    }
  }

  #finally(event) {
    if (event.detail.ctx !== this.running) return;
    this.running = null;
    const pressed = this.pressed;
    this.pressed = null;
    if (pressed) pressed.click();
    else if (this.missed) this.#again();
    this.missed = false;
  }

  #hold(event) {
    const button = event.target.closest?.("button, input[type=submit]");
    if (!this.running || button?.form !== this.element || button.type !== "submit") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.pressed = button;
  }

  #mine(event) {
    return event.target === this.element;
  }

  #typed() {
    this.edits++;
    if (this.withinValue) this.due ??= setTimeout(() => this.#again(), this.withinValue * 1000);
  }

  #again() {
    this.element.dispatchEvent(new Event("autosave"));
  }

  #start() {
    clearTimeout(this.timer);
    clearTimeout(this.due);
    this.due = null;
    this.saving = this.edits;
    this.#say(this.savingValue, "busy");
  }

  #done(event) {
    const status = event.detail?.ctx?.response?.status ?? 0;
    if (status === 409 || status === 422) return this.#say(this.refusedValue, "failed");
    if (status < 200 || status >= 300) return this.#fail();
    this.failures = 0;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    this.#say(this.savedValue.replace("{time}", time), "saved");
    if (this.saving === this.edits) this.dispatch("saved", { prefix: false });
  }

  #fail() {
    const seconds = RETRY[Math.min(this.failures++, RETRY.length - 1)];
    this.#say(this.failedValue.replace("{seconds}", seconds), "failed");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#again(), seconds * 1000);
  }

  #say(text, state) {
    const status = this.hasStatusTarget ? this.statusTarget : this.statusValue && document.querySelector(this.statusValue);
    if (!status) return;
    status.textContent = text;
    status.dataset.state = state;
  }
}
