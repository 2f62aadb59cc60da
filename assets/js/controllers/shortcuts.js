import { Controller } from "@hotwired/stimulus";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

// The page's keys: Ctrl-K (or ⌘K) opens the palette, "/" goes to the search field, "?" lists the shortcuts.
export default class extends Controller {
  static outlets = ["palette"];

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.palette();
    } else if (event.key === "ArrowDown" && event.target.matches?.("main [type=search]")) {
      this.#first(event);
    } else if (!typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.#plain(event);
    }
  }

  palette(event) {
    if (!this.hasPaletteOutlet) return;
    event?.preventDefault();
    this.paletteOutlet.open();
  }

  help() {
    const dialog = document.getElementById("shortcuts");
    if (dialog && !dialog.open) dialog.showModal();
  }

  // Into the list: its first row.
  #first(event) {
    const link = document.querySelector("main .wk-list tbody a");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  #plain(event) {
    if (event.key === "?") {
      event.preventDefault();
      this.help();
    } else if (event.key === "/") {
      const field = document.querySelector("main [type=search]");
      event.preventDefault();
      if (field) field.focus();
      else this.palette();
    } else if (event.key === "j" && !event.target.closest?.(".wk-list")) {
      this.#first(event);
    }
  }
}
