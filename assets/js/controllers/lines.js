import { Controller } from "@hotwired/stimulus";
import { rowKey } from "../keys.js";

// The rows of a bill by keyboard: Enter goes to the next row or makes one, Alt with the arrows moves a row, Ctrl-Enter
// (or ⌘-Enter) saves. A text that is known brings its price along. What each row comes to is the server's, which says it
// with the totals. Without a script the buttons do the same.
export default class extends Controller {
  static targets = ["rows", "words", "totals", "figures"];

  key(event) {
    const act = rowKey(event);
    const row = this.hasRowsTarget && event.target.closest("tr");
    if (!act || (act !== "save" && !(row && this.rowsTarget.contains(row)))) return;
    event.preventDefault();
    if (act === "save") this.element.requestSubmit();
    else if (act === "next") this.#first(row.nextElementSibling ?? this.#add(row)).focus();
    else this.#move(row, act === "up", event.target);
  }

  more(event) {
    event.preventDefault();
    this.#first(this.#add(this.rowsTarget.lastElementChild)).focus();
  }

  rowsTargetConnected(rows) {
    this.click = (event) => this.#pressed(event);
    this.word = (event) => event.target.name === "line_description" && this.#known(event.target);
    rows.addEventListener("click", this.click);
    rows.addEventListener("input", this.word);
  }

  rowsTargetDisconnected(rows) {
    rows.removeEventListener("click", this.click);
    rows.removeEventListener("input", this.word);
  }

  totalsTargetConnected(totals) {
    if (!this.hasRowsTarget) return;
    for (const cell of this.rowsTarget.querySelectorAll("td.am")) cell.replaceChildren();
    for (const amount of totals.querySelectorAll("[data-row]")) {
      const cell = this.rowsTarget.rows[amount.dataset.row]?.querySelector("td.am");
      cell?.replaceChildren(...amount.cloneNode(true).childNodes);
    }
  }

  #pressed(event) {
    const button = event.target.closest("button[name=do]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("tr");
    button.closest("details").open = false;
    const act = button.value.split(":")[0];
    if (act === "copy") this.#first(this.#add(row, row)).focus();
    else if (act === "remove") this.#remove(row);
    else this.#move(row, act === "up", this.#first(row));
  }

  #add(after, like) {
    const row = after.cloneNode(true);
    row.querySelector(".invalid-feedback")?.remove();
    row.querySelector("td.am").replaceChildren();
    this.#fields(row).forEach((field, at) => {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
      field.value = like ? this.#fields(like)[at].value : (field.options?.[0].value ?? "");
    });
    after.after(row);
    this.#changed();
    return row;
  }

  #move(row, up, focus) {
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    focus.focus();
    this.#changed();
  }

  #remove(row) {
    // A row that is left alone gives way to an empty one.
    const next = row.nextElementSibling ?? row.previousElementSibling ?? this.#add(row);
    row.remove();
    this.#first(next).focus();
    this.#changed();
  }

  #known(input) {
    const word = [...this.wordsTarget.options].find((option) => option.value === input.value);
    const [price, rate, unit] = ["price", "rate", "unit"].map((name) => this.#field(input.closest("tr"), name));
    if (!word || price.value) return;
    price.value = word.dataset.price;
    unit.value = word.dataset.unit;
    if ([...rate.options].some((option) => option.value === word.dataset.rate)) rate.value = word.dataset.rate;
  }

  /** Rows are named by their place. */
  #changed() {
    [...this.rowsTarget.rows].forEach((row, at) => {
      for (const named of row.querySelectorAll("[aria-label]")) {
        named.setAttribute("aria-label", named.getAttribute("aria-label").replace(/\d+/, at + 1));
      }
    });
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
    this.figuresTarget.dispatchEvent(new Event("figures"));
  }

  #fields(row) {
    return [...row.querySelectorAll("input, select")];
  }

  #field(row, name) {
    return row.querySelector(`[name=line_${name}]`);
  }

  #first(row) {
    return this.#field(row, "description");
  }
}
