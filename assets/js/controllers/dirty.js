import { Controller } from "@hotwired/stimulus";

// Warns before leaving, only while something typed is really unsaved. An autosaving form calms it with its "saved" event.
export default class extends Controller {
  connect() {
    this.changed = false;
    this.change = () => (this.changed = true);
    this.calm = () => (this.changed = false);
    this.leave = (event) => this.changed && event.preventDefault();
    this.element.addEventListener("input", this.change);
    this.element.addEventListener("submit", this.calm);
    this.element.addEventListener("saved", this.calm);
    window.addEventListener("beforeunload", this.leave);
  }

  disconnect() {
    this.element.removeEventListener("input", this.change);
    this.element.removeEventListener("submit", this.calm);
    this.element.removeEventListener("saved", this.calm);
    window.removeEventListener("beforeunload", this.leave);
  }
}
