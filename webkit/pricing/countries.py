"""The tables of single countries: rates, categories and reasons, each with its law and its first day."""

from __future__ import annotations

from webkit.pricing.scheme import EXEMPT, N_, REDUCED, STANDARD, ZERO, Scheme, SchemeRow, row
from webkit.pricing.terms import Category, Place

NONE = Scheme(
    "none", N_("No tax"), N_("Tax"), Place.DOCUMENT,
    (row("none", N_("No tax"), "0", "1970-01-01", "Agency not registered for any tax on sales",
          Category.OUTSIDE, N_("No tax is charged")),),
)  # fmt: skip

_GST = "A New Tax System (Goods and Services Tax) Act 1999"
AU_GST = Scheme(
    "au-gst", "AU GST", "GST", Place.DOCUMENT,  # s 9-90: rounded on the whole invoice
    (
        row("standard", STANDARD, "10", "2000-07-01", f"{_GST}, s 9-70; rounding s 9-90"),
        row("free", N_("GST-free"), "0", "2000-07-01", f"{_GST}, Division 38", Category.ZERO),
        row("input-taxed", N_("Input taxed"), "0", "2000-07-01", f"{_GST}, Division 40",
             Category.EXEMPT, N_("Input taxed supply")),
    ),
)  # fmt: skip

_NZ = "Goods and Services Tax Act 1985 (NZ)"
NZ_GST = Scheme(
    "nz-gst", "NZ GST", "GST", Place.DOCUMENT,
    (
        row("standard", STANDARD, "15", "2010-10-01", f"{_NZ}, s 8"),
        row("zero", ZERO, "0", "2010-10-01", f"{_NZ}, ss 11 to 11B", Category.ZERO),
        row("exempt", EXEMPT, "0", "2010-10-01", f"{_NZ}, s 14", Category.EXEMPT, N_("Exempt supply, s 14")),
    ),
)  # fmt: skip

_DPR = "D.P.R. 26 ottobre 1972 n. 633"
# Natura codes of the electronic invoice (XSD 1.2.3), as far as they have no row above.
_NATURA = (
    ("N2.2", N_("Not subject, other cases"), Category.EXEMPT, f"{_DPR}, artt. 2 e 3",
     "Operazione non soggetta, altri casi"),
    ("N3.3", N_("Goods to San Marino"), Category.EXPORT, f"{_DPR}, art. 71",
     "Operazione non imponibile, art. 71 D.P.R. 633/72"),
    ("N3.4", N_("Treated like an export"), Category.EXPORT, f"{_DPR}, artt. 8-bis e 9",
     "Operazione non imponibile, artt. 8-bis e 9 D.P.R. 633/72"),
    ("N3.5", N_("With a declaration of intent"), Category.EXPORT, f"{_DPR}, art. 8 c. 1 lett. c",
     "Operazione non imponibile, art. 8 c. 1 lett. c D.P.R. 633/72"),
    ("N3.6", N_("Not taxable, other cases"), Category.INTRA_EU, f"{_DPR}, artt. 50-bis D.L. 331/93 e altri",
     "Operazione non imponibile, altri casi"),
    ("N5", N_("Margin scheme"), Category.EXEMPT, "D.L. 23 febbraio 1995 n. 41, art. 36; D.P.R. 633/72, art. 74-ter",
     "Regime del margine, IVA non esposta in fattura"),
    ("N6.1", N_("Reverse charge: scrap"), Category.REVERSE_CHARGE, f"{_DPR}, art. 74 c. 7 e 8",
     "Inversione contabile, art. 74 c. 7 e 8 D.P.R. 633/72"),
    ("N6.2", N_("Reverse charge: gold and silver"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 5",
     "Inversione contabile, art. 17 c. 5 D.P.R. 633/72"),
    ("N6.3", N_("Reverse charge: subcontract in construction"), Category.REVERSE_CHARGE,
     f"{_DPR}, art. 17 c. 6 lett. a", "Inversione contabile, art. 17 c. 6 lett. a D.P.R. 633/72"),
    ("N6.4", N_("Reverse charge: buildings"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 6 lett. a-bis",
     "Inversione contabile, art. 17 c. 6 lett. a-bis D.P.R. 633/72"),
    ("N6.5", N_("Reverse charge: mobile phones"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 6 lett. b",
     "Inversione contabile, art. 17 c. 6 lett. b D.P.R. 633/72"),
    ("N6.6", N_("Reverse charge: electronics"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 6 lett. c",
     "Inversione contabile, art. 17 c. 6 lett. c D.P.R. 633/72"),
    ("N6.7", N_("Reverse charge: work on buildings"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 6 lett. a-ter",
     "Inversione contabile, art. 17 c. 6 lett. a-ter D.P.R. 633/72"),
    ("N6.8", N_("Reverse charge: energy"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17 c. 6 lett. d-bis a d-quater",
     "Inversione contabile, art. 17 c. 6 lett. d-bis, d-ter e d-quater D.P.R. 633/72"),
    ("N6.9", N_("Reverse charge: other cases"), Category.REVERSE_CHARGE, f"{_DPR}, art. 17",
     "Inversione contabile, art. 17 D.P.R. 633/72"),
    ("N7", N_("VAT paid in another EU country"), Category.INTRA_EU, f"{_DPR}, artt. 7-octies e 74-sexies",
     "IVA assolta in altro Stato UE"),
)  # fmt: skip


def _natura() -> tuple[SchemeRow, ...]:
    return tuple(
        row(code.lower(), label, "0", "2021-01-01", source, category, reason, code)
        for code, label, category, source, reason in _NATURA
    )


IT_VAT = Scheme(
    "it-vat", "IT IVA", "IVA", Place.DOCUMENT,  # tax on the summary by rate, not summed per line
    (
        row("standard", STANDARD, "22", "2013-10-01", f"{_DPR}, art. 16; D.L. 28 giugno 2013 n. 76, art. 11"),
        row("reduced-10", REDUCED, "10", "1995-02-24", f"{_DPR}, Tab. A parte III"),
        row("reduced-5", REDUCED, "5", "2016-01-01", f"{_DPR}, Tab. A parte II-bis; L. 208/2015 art. 1 c. 960"),
        row("reduced-4", REDUCED, "4", "1995-02-24", f"{_DPR}, Tab. A parte II"),
        row("outside-n1", N_("Excluded (art. 15)"), "0", "1973-01-01", f"{_DPR}, art. 15",
            Category.ZERO, "Esclusa ex art. 15 D.P.R. 633/72", "N1"),
        row("abroad-n2.1", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_DPR}, artt. 7-ter a 7-septies",
            Category.EXEMPT, "Operazione non soggetta, artt. 7-7septies D.P.R. 633/72", "N2.1"),
        row("export-n3.1", N_("Export"), "0", "1973-01-01", f"{_DPR}, art. 8",
            Category.EXPORT, "Operazione non imponibile, art. 8 D.P.R. 633/72", "N3.1"),
        row("intra-eu-n3.2", N_("Goods to another EU country"), "0", "1993-10-29",
            "D.L. 30 agosto 1993 n. 331, art. 41", Category.INTRA_EU,
            "Operazione non imponibile, art. 41 D.L. 331/93", "N3.2"),
        row("exempt-n4", EXEMPT, "0", "1973-01-01", f"{_DPR}, art. 10",
            Category.EXEMPT, "Operazione esente, art. 10 D.P.R. 633/72", "N4"),
        *_natura(),
    ),
)  # fmt: skip

IT_FLAT = Scheme(
    "it-forfettario", "IT regime forfettario", "IVA", Place.DOCUMENT,
    (
        row("none", N_("No tax"), "0", "2015-01-01", "L. 23 dicembre 2014 n. 190, art. 1 c. 54-89", Category.EXEMPT,
             "Operazione senza applicazione dell'IVA, art. 1 c. 54-89 L. 190/2014", "N2.2"),
        row("outside-n1", N_("Excluded (art. 15)"), "0", "2015-01-01", f"{_DPR}, art. 15",
            Category.ZERO, "Esclusa ex art. 15 D.P.R. 633/72", "N1"),
    ),
)  # fmt: skip

_VATA = "Value Added Tax Act 1994 (UK)"
UK_VAT = Scheme(
    "uk-vat", "UK VAT", N_("VAT"), Place.DOCUMENT,
    (
        row("standard", STANDARD, "20", "2011-01-04", f"{_VATA}, s 2; Finance (No. 2) Act 2010, s 3"),
        row("reduced", REDUCED, "5", "2001-11-01", f"{_VATA}, s 29A and Sch 7A"),
        row("zero", ZERO, "0", "1994-09-01", f"{_VATA}, s 30 and Sch 8", Category.ZERO),
        row("exempt", EXEMPT, "0", "1994-09-01", f"{_VATA}, s 31 and Sch 9", Category.EXEMPT,
             N_("Exempt, VATA 1994 Sch 9")),
        row("outside", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_VATA}, s 7A",
             Category.OUTSIDE, N_("Outside the scope of UK VAT")),
        row("export", N_("Export"), "0", "1994-09-01", f"{_VATA}, s 30(6)", Category.EXPORT, N_("Zero-rated export")),
        row("reverse-charge", N_("Reverse charge"), "0", "2007-06-01", f"{_VATA}, s 55A", Category.REVERSE_CHARGE,
            N_("Reverse charge: customer to account for the VAT")),
    ),
)  # fmt: skip

_MWSTG = "Bundesgesetz vom 12. Juni 2009 über die Mehrwertsteuer (SR 641.20)"
CH_VAT = Scheme(
    "ch-vat", "CH MWST", N_("MWST"), Place.DOCUMENT,
    (
        row("standard", STANDARD, "8.1", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 1"),
        row("standard", STANDARD, "7.7", "2018-01-01", f"{_MWSTG}, Art. 25 Abs. 1", until="2023-12-31"),
        row("lodging", N_("Special rate for lodging"), "3.8", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 4"),
        row("reduced", REDUCED, "2.6", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 2"),
        row("lodging", N_("Special rate for lodging"), "3.7", "2018-01-01", f"{_MWSTG}, Art. 25 Abs. 4",
            until="2023-12-31"),
        row("reduced", REDUCED, "2.5", "2018-01-01", f"{_MWSTG}, Art. 25 Abs. 2", until="2023-12-31"),
        row("abroad", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_MWSTG}, Art. 8 Abs. 1",
             Category.OUTSIDE, "Leistungsort im Ausland, Art. 8 MWSTG"),
        row("exempt", EXEMPT, "0", "2010-01-01", f"{_MWSTG}, Art. 21", Category.EXEMPT, "Ausgenommen, Art. 21 MWSTG"),
    ),
)  # fmt: skip
