import { Controller } from "@hotwired/stimulus";

// Ctrl-K: finds among the entries the page has rendered; the last entry hands the words to the search page.
export default class extends Controller {
  static targets = ["input", "list", "search"];

  connect() {
    // Named here, so that a screen reader follows the choice and no page carries a name for each entry.
    for (const [at, entry] of this.#entries.entries()) entry.id = `palette-${at}`;
  }

  open() {
    if (this.element.open) return;
    this.inputTarget.value = "";
    this.filter();
    this.element.showModal();
    this.inputTarget.focus();
  }

  filter() {
    const words = this.inputTarget.value.trim().toLowerCase();
    for (const entry of this.#entries) {
      entry.hidden = this.hasSearchTarget && entry === this.searchTarget ? !words : !entry.textContent.toLowerCase().includes(words);
    }
    if (this.hasSearchTarget) {
      const url = new URL(this.searchTarget.dataset.href, location);
      url.searchParams.set("q", this.inputTarget.value.trim());
      this.searchTarget.dataset.href = url;
    }
    this.#choose(this.#shown[0]);
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      this.#shown.find((entry) => entry.ariaSelected === "true")?.click();
    } else if (step) {
      event.preventDefault();
      const shown = this.#shown;
      const at = shown.findIndex((entry) => entry.ariaSelected === "true");
      this.#choose(shown[(at + step + shown.length) % shown.length]);
    }
  }

  go(event) {
    const entry = event.target.closest("[data-href]");
    if (entry) location.assign(entry.dataset.href);
  }

  outside(event) {
    if (event.target === this.element) this.element.close();
  }

  get #entries() {
    return [...this.listTarget.children];
  }

  get #shown() {
    return this.#entries.filter((entry) => !entry.hidden);
  }

  #choose(chosen) {
    for (const entry of this.#entries) entry.ariaSelected = String(entry === chosen);
    if (chosen) this.inputTarget.setAttribute("aria-activedescendant", chosen.id);
    else this.inputTarget.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }
}
