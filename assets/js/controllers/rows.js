import { Controller } from "@hotwired/stimulus";

const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

// Lists by keyboard: arrows (or j and k) move between the rows' first links, Enter opens (the link does that), Space or
// x chooses the row.
export default class extends Controller {
  move(event) {
    const box = event.target.type === "checkbox";
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target.matches("input, select, textarea") && !box)) return;
    const row = event.target.closest("tr");
    if (event.key in STEPS) this.#go(event, row, STEPS[event.key]);
    else if (event.key === "x" || (event.key === " " && event.target.matches("a"))) this.#choose(event, row);
  }

  #go(event, row, step) {
    const links = [...this.element.querySelectorAll("tbody tr")].map((each) => each.querySelector("a")).filter(Boolean);
    const next = links[links.findIndex((link) => row?.contains(link)) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #choose(event, row) {
    const box = row?.querySelector("input[type=checkbox]");
    if (!box) return;
    event.preventDefault();
    box.click();
  }
}
