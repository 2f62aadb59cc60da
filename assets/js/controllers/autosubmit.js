import { Controller } from "@hotwired/stimulus";

// Sends a form a moment after the last change: filters, search fields. The form keeps its button for those without script.
export default class extends Controller {
  static values = { delay: { type: Number, default: 300 } };

  disconnect() {
    clearTimeout(this.timer);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), this.delayValue);
  }

  now() {
    clearTimeout(this.timer);
    this.element.requestSubmit();
  }
}
