"""Which programs, and for how long."""

from __future__ import annotations

from webkit.sdk import ProviderSettings, env


class LighthouseSettings(ProviderSettings):
    """Both programs are the machine's own."""

    command: str = env(
        "LIGHTHOUSE_COMMAND", default="lighthouse", of_operator=True, description="The program, or its whole path."
    )
    chrome: str = env(
        "LIGHTHOUSE_CHROME",
        "CHROME_PATH",
        default="",
        of_operator=True,
        description="The browser. Empty: chromium, chromium-browser or google-chrome, whichever is found.",
    )
    seconds: float = env(
        "PAGESPEED_SECONDS", default=120.0, gt=0, le=200, of_operator=True, description="Longest time for one page."
    )
