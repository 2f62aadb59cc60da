import { Controller } from "@hotwired/stimulus";
import { rowKey } from "../keys.js";

const ROW = "fieldset.wk-item";

// Rows that the server makes, by keyboard: Enter goes to the next row or presses the button that adds one, Alt with the
// arrows presses the row's own, Ctrl-Enter (or ⌘-Enter) saves now. On a form with autosave and data-action="keydown->items#key".
export default class extends Controller {
  connect() {
    this.done = () => this.#follow();
    document.addEventListener("htmx:finally:request", this.done);
  }

  disconnect() {
    document.removeEventListener("htmx:finally:request", this.done);
  }

  key(event) {
    const act = rowKey(event);
    const row = event.target.closest(ROW);
    if (!act || (act !== "save" && !row)) return;
    event.preventDefault();
    if (act === "save") this.element.dispatchEvent(new Event("autosave"));
    else if (act === "next") this.#next(row);
    else this.#move(row, act, event.target);
  }

  #next(row) {
    const next = row.nextElementSibling;
    if (next?.matches(ROW)) next.querySelector("input:not([type=hidden])").focus();
    else row.parentElement.querySelector(":scope > .wk-row > button[value^='add:']")?.click();
  }

  /** The row takes the place of its neighbour, and what was written in stays under the fingers. */
  #move(row, act, field) {
    const other = act === "up" ? row.previousElementSibling : row.nextElementSibling;
    const button = row.querySelector(`button[value^="${act}:"]`);
    if (!other?.matches(ROW) || !button) return;
    const column = field.name?.split("-").pop();
    this.wanted = column && other.querySelector(`[name$="-${column}"]`)?.id;
    this.gone = row;
    button.click();
  }

  #follow() {
    if (!this.wanted || this.gone.isConnected) return;
    document.getElementById(this.wanted)?.focus();
    this.wanted = null;
  }
}
