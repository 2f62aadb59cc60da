import { Controller } from "@hotwired/stimulus";

// Lists by keyboard: arrows move between the rows' first links, Enter opens (the link does that).
export default class extends Controller {
  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.matches("input, select, textarea")) return;
    const links = [...this.element.querySelectorAll("tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
    const row = event.target.closest("tr");
    const at = links.findIndex((link) => row?.contains(link));
    const next = links[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
