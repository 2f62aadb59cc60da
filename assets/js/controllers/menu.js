import { Controller } from "@hotwired/stimulus";

// The phone's menu: without script its link jumps to the menu (:target shows it), with script it opens and closes.
export default class extends Controller {
  static targets = ["toggle"];

  toggle(event) {
    event.preventDefault();
    const open = this.element.toggleAttribute("data-open");
    this.toggleTarget.setAttribute("aria-expanded", String(open));
  }
}
