// Client pages: small additions to pages that are complete without them. No library but the drawing pad, fetched when seen.

/** A form with data-live="#id …" is sent on every change; the named elements are replaced by those in the answer. */
async function refresh(form, controller) {
  const names = form.dataset.live.split(/\s+/);
  const get = form.method === "get";
  const data = new URLSearchParams(new FormData(form));
  const url = get ? `${form.action.split(/[?#]/)[0]}?${data}` : form.action;
  const options = { headers: { "HX-Request": "true", Accept: "text/html" }, signal: controller.signal };
  const response = await fetch(url, get ? options : { ...options, method: "POST", body: data });
  if (!response.ok) return;
  const answer = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of names) {
    const [now, next] = [document.querySelector(name), answer.querySelector(name)];
    if (now && next) now.replaceWith(document.adoptNode(next));
  }
}

function live(form) {
  let running;
  for (const button of form.querySelectorAll("[data-live-button]")) button.hidden = true;
  form.addEventListener("change", () => {
    running?.abort();
    running = new AbortController();
    refresh(form, running).catch((error) => {
      if (error.name !== "AbortError") for (const button of form.querySelectorAll("[data-live-button]")) button.hidden = false;
    });
  });
}

/** data-pad: a canvas to sign on, whose picture goes into its hidden input as a PNG data URL. */
async function pad(box) {
  const { default: SignaturePad } = await import("signature_pad");
  const canvas = box.querySelector("canvas");
  const input = box.querySelector("input[type=hidden]");
  const drawing = new SignaturePad(canvas, { penColor: getComputedStyle(canvas).color });
  const keep = () => (input.value = drawing.isEmpty() ? "" : drawing.toDataURL("image/png"));
  const fit = () => {
    const ratio = Math.max(window.devicePixelRatio, 1);
    if (!canvas.offsetWidth || canvas.width === Math.round(canvas.offsetWidth * ratio)) return;
    const strokes = drawing.toData();
    canvas.width = Math.round(canvas.offsetWidth * ratio);
    canvas.height = Math.round(canvas.offsetHeight * ratio);
    canvas.getContext("2d").scale(ratio, ratio);
    drawing.fromData(strokes);
  };
  new ResizeObserver(fit).observe(canvas);
  drawing.addEventListener("endStroke", keep);
  box.querySelector("[data-pad-clear]")?.addEventListener("click", () => {
    drawing.clear();
    keep();
  });
  box.dataset.ready = "";
}

function whenSeen(box, start) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    start(box);
  });
  watcher.observe(box);
}

/** data-code: a field that sends its form once the six digits are in. */
function code(input) {
  input.addEventListener("input", () => {
    input.value = input.value.replace(/\D/g, "").slice(0, 6);
    if (input.value.length === 6) input.form.requestSubmit();
  });
}

/** data-copy="text" data-copied="Copied": puts the text on the clipboard and says so. */
function copy(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = before), 2000);
  });
}

/** data-after-scroll: stays away until the reader has scrolled once, so it covers no cover. */
function afterScroll(bar) {
  const show = () => bar.toggleAttribute("data-shown", window.scrollY > 80);
  addEventListener("scroll", show, { passive: true });
  bar.dataset.waits = "";
  show();
}

/** A form is sent once: the second click of an impatient finger changes nothing. */
function once(event) {
  const form = event.target;
  if (form.method === "get" || event.defaultPrevented) return;
  if (form.dataset.sent !== undefined) return event.preventDefault();
  form.dataset.sent = "";
  addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
}

document.documentElement.classList.add("js"); // shows what only works with a script
const each = (selector, start) => document.querySelectorAll(selector).forEach((element) => start(element));
each("form[data-live]", live);
each("[data-pad]", (box) => whenSeen(box, pad));
each("input[data-code]", code);
each("button[data-copy]", copy);
each("[data-after-scroll]", afterScroll);
document.addEventListener("submit", once);
