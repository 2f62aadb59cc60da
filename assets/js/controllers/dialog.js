import { Controller } from "@hotwired/stimulus";

// Opens the <dialog> whose id the button names: <button data-controller="dialog" data-action="dialog#open" data-dialog-id-value="x">.
// Closing needs no script (form method="dialog", Esc); a click beside the dialog closes it too. Focus returns by itself.
export default class extends Controller {
  static values = { id: String };

  open(event) {
    const dialog = document.getElementById(this.idValue);
    if (!dialog) return;
    event.preventDefault();
    dialog.onclick = (click) => {
      if (click.target === dialog) dialog.close();
    };
    dialog.showModal();
  }
}
