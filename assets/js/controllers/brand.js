import { Controller } from "@hotwired/stimulus";

// Shows the chosen colour on a sample beside the field. The sample carries data-brand, so its palette follows --brand.
export default class extends Controller {
  static targets = ["input", "sample"];

  connect() {
    this.show();
  }

  show() {
    for (const sample of this.sampleTargets) sample.style.setProperty("--brand", this.inputTarget.value);
  }
}
