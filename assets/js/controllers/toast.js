import { Controller } from "@hotwired/stimulus";

// A message that can be sent away. Good news leaves by itself after a while, unless the pointer or the focus is on it.
export default class extends Controller {
  static values = { seconds: Number };

  connect() {
    if (this.secondsValue) this.timer = setInterval(() => this.#tick(), 1000);
    this.left = this.secondsValue;
  }

  disconnect() {
    clearInterval(this.timer);
  }

  dismiss() {
    this.element.remove();
  }

  #tick() {
    if (this.element.matches(":hover, :focus-within")) this.left = this.secondsValue;
    else if (--this.left <= 0) this.dismiss();
  }
}
