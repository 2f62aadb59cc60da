// Staff screens: htmx exchanges HTML, Stimulus adds the small behaviours. A page works without either.
import "htmx.org";
import { Application } from "@hotwired/stimulus";
import "htmx.org/dist/ext/hx-sse.js";
import Autosave from "./controllers/autosave.js";
import Autosubmit from "./controllers/autosubmit.js";
import Brand from "./controllers/brand.js";
import Copy from "./controllers/copy.js";
import Dialog from "./controllers/dialog.js";
import Dirty from "./controllers/dirty.js";
import Items from "./controllers/items.js";
import Lines from "./controllers/lines.js";
import Menu from "./controllers/menu.js";
import Palette from "./controllers/palette.js";
import Passkey from "./controllers/passkey.js";
import Picks from "./controllers/picks.js";
import Rows from "./controllers/rows.js";
import Shortcuts from "./controllers/shortcuts.js";
import Theme from "./controllers/theme.js";
import Toast from "./controllers/toast.js";

const application = Application.start();
const controllers = {
  autosave: Autosave,
  autosubmit: Autosubmit,
  brand: Brand,
  copy: Copy,
  dialog: Dialog,
  dirty: Dirty,
  items: Items,
  lines: Lines,
  menu: Menu,
  palette: Palette,
  passkey: Passkey,
  picks: Picks,
  rows: Rows,
  shortcuts: Shortcuts,
  theme: Theme,
  toast: Toast,
};
for (const [name, controller] of Object.entries(controllers)) application.register(name, controller);
