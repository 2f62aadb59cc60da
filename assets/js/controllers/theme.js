import { Controller } from "@hotwired/stimulus";

// Light, dark or as the system says. The layout's first script applies the choice before anything is drawn.
export default class extends Controller {
  static targets = ["choice"];

  connect() {
    this.#mark();
  }

  choose(event) {
    event.preventDefault();
    const theme = event.params.name;
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
    const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    this.#mark();
  }

  #mark() {
    const theme = localStorage.getItem("theme") ?? "system";
    for (const choice of this.choiceTargets) {
      const chosen = choice.dataset.themeNameParam === theme;
      choice.setAttribute("aria-pressed", String(chosen));
    }
  }
}
