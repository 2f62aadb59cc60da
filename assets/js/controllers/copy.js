import { Controller } from "@hotwired/stimulus";

// Puts a text on the clipboard and says so on the button for two seconds.
//   <div data-controller="copy" data-copy-done-value="Copied"><code data-copy-target="text">…</code>
//     <button data-action="copy#copy" data-copy-target="label">Copy</button></div>
export default class extends Controller {
  static targets = ["text", "label"];
  static values = { text: String, done: String };

  async copy() {
    const text = this.textValue || this.textTarget.value || this.textTarget.textContent.trim();
    await navigator.clipboard.writeText(text);
    if (!this.hasLabelTarget || this.timer) return;
    const before = this.labelTarget.textContent;
    this.labelTarget.textContent = this.doneValue;
    this.timer = setTimeout(() => {
      this.labelTarget.textContent = before;
      this.timer = null;
    }, 2000);
  }
}
