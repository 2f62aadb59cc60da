"""The contract of page speed with the pages that the double of Google knows."""

from __future__ import annotations

from webkit.sdk import MetricKey as M
from webkit.sdk import ScoreKey as S
from webkit.sdk.testing.pagespeed import Measured, PageSpeedContract


class GoogleContract(PageSpeedContract):
    slow = Measured(
        "https://lario.example/",
        {M.LCP: "4.8124", M.CLS: "0.3102", M.FCP: "2.1405", M.TBT: "0.64", M.SI: "6.02175", M.INP: "0.34"},
        {S.PERFORMANCE: 38, S.ACCESSIBILITY: 71, S.BEST_PRACTICES: 92, S.SEO: 83},
    )
    quick = Measured(
        "https://lario.example/fast",
        {M.LCP: "0.9", M.CLS: "0", M.FCP: "0.6123", M.TBT: "0", M.SI: "0.7011", M.INP: "0.096"},
        dict.fromkeys(S, 100),
    )
    empty = "https://lario.example/empty"
    unreachable = "https://lario.example/unreachable"
    busy = "https://lario.example/busy"
