import { Controller } from "@hotwired/stimulus";

// Rows that are chosen: the bar of what can be done with them appears with the first one, and says how many there are.
export default class extends Controller {
  static targets = ["row", "page", "bar", "count", "all"];

  connect() {
    for (const box of this.pageTargets) box.hidden = false;
    this.count();
  }

  page(event) {
    for (const box of this.rowTargets) box.checked = event.target.checked;
    this.count();
  }

  count() {
    const chosen = this.rowTargets.filter((box) => box.checked).length;
    const all = this.allTargets.some((box) => box.checked);
    for (const box of this.rowTargets) {
      const row = box.closest("tr");
      if (box.checked || all) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    }
    for (const box of this.pageTargets) {
      box.checked = chosen > 0 && chosen === this.rowTargets.length;
      box.indeterminate = chosen > 0 && !box.checked;
    }
    for (const bar of this.barTargets) bar.hidden = !chosen && !all;
    for (const count of this.countTargets) {
      const { some, every } = count.dataset;
      count.textContent = all ? every : (some || "%n").replace("%n", chosen);
    }
  }
}
