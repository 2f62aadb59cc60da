"""Where templates, migrations and the example of a plugin live, in a checkout and in an installed wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
_inside = PACKAGE / "_root"

ROOT = _inside if _inside.is_dir() else PACKAGE.parent
TEMPLATES = ROOT / "templates"
MIGRATIONS = ROOT / "migrations"
PLUGIN_TEMPLATE = ROOT / "examples" / "webkit-plugin-template"
STATIC = PACKAGE / "static" / "dist"
