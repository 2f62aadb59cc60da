"""How figures are written in English and Italian, and what only looks like one: the patterns of `figures`.

Every repetition is bounded, so that a text is read in linear time.
What is to be left alone is tried first and swallows its numbers: names, standards, numbers of telephones, idioms.
"""

from __future__ import annotations

import re
from functools import cache

CITATION = (
    r"\[{1,60}+\s{0,3}fact\s{0,3}:\s{0,3}(?P<id>[^\[\]\n]{0,160}?)\s{0,3}(?:\]{1,60}+|(?=[\[\n])|\Z)"
    r"|\bfact\s{0,3}:\s{0,3}[\w.-]{1,80}\s{0,3}\]{1,60}+"
)
"""A citation, also a clumsy or a broken one."""
S = r"(?:[^\S\n]{1,2}\n?|\n(?!\s))"
"""Space inside a figure: a line may be broken there, a paragraph may not."""
J = rf"(?:{S}|-|‑)"
"""The same, or a hyphen."""
DASH = r"\s?[-–—‑−/:]\s?"
NUMBER = r"\d{1,20}(?:[.,'’\u00a0\u202f ]\d{3}(?![\d]))*(?:[.,]\d{1,9})?"
CODE = r"(?-i:EUR|USD|GBP|CHF|AUD|CAD|NZD|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|MXN|ZAR|SGD|HKD)"
SIGN = r"(?:(?-i:A|US|NZ|C)?[$€£¥₹₽฿]|#)"
SIGNS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞①-⓿❶-➓Ⅰ-ↈ"
"""Numbers of one sign."""

EN_MONTH = (
    r"(?-i:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
IT_MONTH = (
    r"(?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
    r"|(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic)\b\.?)(?!\w)"
)
EN_TIME = r"(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|quarters?|years?|decades?)"
IT_TIME = (
    r"(?:millisecond[oi]|second[oi]|minut[oi]|or[ae]|giorn[oi]|giornat[ae]|settiman[ae]|mes[ei]|trimestr[ei]|semestr[ei]"
    r"|ann[oi]|decenn[io]{1,2})"
)
EN_SCALE = r"(?:hundred|thousand|million|billion|trillion)"
IT_SCALE = r"(?:milion[ei]|miliard[oi]|migliai[oa]|centinai[oa])"
SHORT = r"(?-i:ms|s|sec|min|h|hrs?|k|K|m|M|mn|mln|bn|mld|B|kB|KB|MB|GB|TB|px|pp|x|X|pt)\b"
UNIT = (
    rf"(?:%|‰|°|×|{CODE}\b|[€$£¥]|{SHORT}|per{S}?cent\b|percent(?:age{S}points?)?\b|per{S}cento\b|punti{S}percentuali\b"
    rf"|(?:working|business|calendar|full|half|consecutive){J}{EN_TIME}\b|{EN_TIME}\b|{IT_TIME}\b|{EN_SCALE}\b|{IT_SCALE}\b"
    r"|euros?\b|dollar[is]?\b|dollars?\b|pounds?\b|sterline\b|franchi\b|francs?\b|cents?\b|pages?\b|pagin[ae]\b"
    r"|times\b|volte\b|stars?\b|stell[ea]\b|points?\b|punti\b|clicks?\b|clic\b|fold\b|mila\b)"
)

EN_SMALL = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    r"|nineteen|twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety)"
)
EN_ANY = rf"(?:{EN_SMALL}|{EN_SCALE}|dozen)"
EN_NUMBER = (
    rf"(?:(?:a|one|half{S}a|several|many){J}(?={EN_SCALE}\b|dozen\b))?{EN_ANY}"
    rf"(?:(?:{J}|{S}and{S}){EN_ANY}\b|-one\b|(?<=hundred){S}and{S}one\b){{0,6}}"
    rf"(?:{S}point{S}(?:one|zero|{EN_SMALL})\b){{0,1}}"
)
EN_SINGLE = r"(?:half|third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth|twentieth|hundredth)"
EN_PART = rf"(?:halves|{EN_SINGLE}s?)"
EN_AFTER = r"(?=\s{1,3}(?:of|more|less|fewer|faster|slower|higher|lower|as|the|off|by)\b|\s{0,2}[.,;:!?)]|\s{0,3}$)"

IT_UNITS = r"(?:due|tr[eé]|quattro|cinque|sei|sette|otto|nove)"
IT_TEENS = r"(?:dieci|undici|dodici|tredici|quattordici|quindici|sedici|diciassette|diciotto|diciannove)"
IT_TENS = (
    r"(?:(?:venti|trenta|quaranta|cinquanta|sessanta|settanta|ottanta|novanta)(?:due|tr[eé]|quattro|cinque|sei|sette|nove)?"
    r"|(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant)(?:uno?|otto))"
)
IT_HUNDREDS = rf"(?:{IT_UNITS}?cento(?:{IT_TENS}|{IT_TEENS}|ottanta|{IT_UNITS}|uno)?)"
IT_BELOW = rf"(?:{IT_HUNDREDS}|{IT_TENS}|{IT_TEENS}|{IT_UNITS})"
IT_ANY = rf"(?:(?:{IT_BELOW}mila|mille){IT_BELOW}?|{IT_HUNDREDS}|{IT_TENS}|{IT_TEENS})"
IT_PLAIN = rf"(?:{IT_ANY}|due|tr[eé]|quattro|cinque|sette|otto|nove)"
IT_THINGS = (
    rf"(?:{IT_TIME}|{IT_SCALE}|euro|pagine|fasi|voci|volte|lingue|persone|sezioni|schermate|immagini|stelle|domande|email"
    r"|recensioni|richieste|visite|sedi|versioni|su|mila|clic|clienti|prodotti|articoli|incontri|modelli|passi"
    r"|punti|concorrenti|moduli|campi|visitatori|utenti|negozi|progetti|servizi|settori|ristoranti|fornitori|bozze|rate)"
)
IT_BEFORE_SIX = (
    "i le in da di a per con tra fra su oltre circa almeno ogni altri altre primi prime ultimi ultime entro dei delle"
    " nei nelle ai alle dopo quasi appena massimo"
)
_AFTER = "|".join(rf"(?<=\b{word}\s)" for word in IT_BEFORE_SIX.split())
IT_SIX = rf"(?:(?:{_AFTER})sei\b|sei(?={S}{IT_THINGS}\b))"
"""Only where it cannot be "you are"."""
IT_NUMBER = rf"(?:{IT_PLAIN}\b(?:{S}(?:e{S})?{IT_SCALE}\b)?|{IT_SIX})"
IT_PART = r"(?:terz|quart|quint|sest|settim|ottav|non|decim|ventesim|centesim|millesim)[oi]"
IT_AFTER = rf"(?=\s{{1,3}}(?:d[ei]\b|del|dei|degli|in{S}(?:più|meno)|più|meno)|\s{{0,2}}[.,;:!?)]|\s{{0,3}}$)"

EN_SAFE = rf"{EN_SMALL}(?:{J}{EN_ANY}\b){{0,4}}"
IT_SAFE = rf"(?:{IT_ANY}|quattro|cinque|sette|otto|nove)"

SKIPS = (
    # addresses of the net, names with digits in them, names and standards followed by a number
    r"https?://\S{1,300}|www\.\S{1,200}|[\w.+-]{1,64}@[\w.-]{1,120}",
    rf"(?!{CODE}\d|x\d)(?-i:[^\W\d_]+(?:[-/][^\W\d_]+){{0,2}}[-/]?)(?<!top-)(?<!Top-)\d++(?:\w|[.-](?=\w)){{0,12}}+(?!\s?[%€$£])",
    r"(?:2|3|4)D\b|[2-6]G\b|[48]K\b(?=\s(?:video|display|screen))|(?:720|1080|2160)p\b",
    rf"(?:(?-i:WCAG|ISO(?:/IEC)?|IEC|EN|DIN|UNI|RFC|HTTPS?|HTML|CSS|ES|PHP|Python|Node(?:\.js)?|Ruby|Java|Windows|Office"
    rf"|Microsoft|macOS|iOS|Android|iPhone|Web|TLS|Drupal|WordPress|Magento|TYPO3|Joomla|Laravel|Next\.js|Bootstrap|React"
    rf"|Vue|Angular|Internet Explorer|Level|Basel|Agenda|Industry|Industria|Industry)|version[ei]?|release|articles?"
    rf"|articol[oi]|artt?\.|regulation|regolamento|directive|direttiva|legge|d\.{S}?lgs\.?|decreto|phases?|fas[ei]|steps?"
    rf"|pass[oi]|options?|opzion[ei]|sections?|sezion[ei]|chapters?|capitol[oi]|parts?|part[ei]|module|modulo|figure|figura"
    rf"|table|tabella|sprint|milestone|tier|appendix|allegato|annex)"
    rf"{S}(?:\([A-Z]{{2,3}}\){S}|n\.{S}?|nr\.{S}?)?\d{{1,6}}(?:[./:-]\d{{1,6}}){{0,3}}\b"
    rf"(?!\s?(?:%|{CODE}|[€$£¥]|per{S}?cent|times|volte|x\b|percent))",
    # numbering of lists
    r"(?:(?<=\n)|\A)[^\S\n]{0,8}\(?\d{1,2}[.)]\)?(?=[^\S\n])",
    # telephone numbers, house numbers, answers of servers
    r"\+\d{1,3}[ (./-]{1,2}\d[\d ()./-]{5,18}\d(?!\s?[%€$£])",
    rf"(?:tel|phone|call|dial|telefono|numero|cell)\w{{0,6}}[.:]?{S}(?:us{S})?"
    rf"(?:(?:on|at|al){S})?\d[\d /.-]{{5,18}}\d(?!\s?[%€$£])",
    rf"(?-i:Via|Viale|Piazza|Piazzale|Corso|Largo|Vicolo|Strada){S}(?-i:[A-ZÀ-Ý])\S{{0,30}}(?:{S}\S{{1,30}}){{0,2}}?,?{S}\d{{1,4}}\b",
    rf"\d{{1,4}}[a-z]?{S}(?-i:(?:[A-Z]\w{{1,30}}{S}){{1,3}}(?:Street|Road|Avenue|Lane|Drive|Square|Way|Place|St|Rd|Ave|Blvd|Boulevard))\b",
    rf"(?:30[1278]|40[0134]|410|50[0234]){S}(?:redirect|page|error|status|response|not{S}found)\w*",
    rf"(?:error[ei]?|errors?|codic[ei]|status|codes?|redirects?|reindirizzament[oi]|pagin[ae]|page)(?:{S}HTTP)?{S}(?:30[1278]|40[0134]|410|50[0234])\b",
    # times and proportions that have become words
    r"24[/-]7(?:[/-]365)?\b|80/20\b|360(?:-degrees?|°|\sdegrees?|\sgradi)",
    rf"(?:the{S})?(?:1[89]|20)\d0s\b|['’]\d0s?\b|anni{S}(?:['’]?\d0\b|\d{{4}}\b|(?-i:Venti|Trenta|Quaranta|Cinquanta|Sessanta|Settanta|Ottanta|Novanta)\b)",
    r"\d{1,2}(?:st|nd|rd|th)[- ]century",
    r"one-(?!third|half|quarter|fifth|tenth|hundred|thousand|million)\w+",
    r"two-(?:way|factor|step|sided|tone|faced|edged)\b|three-dimensional(?:ly)?|(?:four|all)-wheel|five-a-side",
    rf"nine(?:-|{S})to(?:-|{S})five|second{S}to{S}none|all{S}fours|sixes{S}and{S}sevens|put{S}two{S}and{S}two",
    rf"million-dollar|million{S}dollar{S}question|two{S}sides{S}of|two{S}cents",
    rf"double(?:-|{S})(?:check|opt|click|entry|book|edge|side|glaz|mean|page|spread|room|barrel|digit|quote)\w*",
    rf"half(?:-|{S})(?:hearted|finished|built|baked|empty|full|board|term|way)\w*|halfway",
    rf"(?:other|better|first|second|latter){S}half|(?:a|the){S}third(?:-|{S})part(?:y|ies)",
    rf"(?:from|ground){S}zero|zero{S}in{S}on|zero-(?:day|based|sum)|da{S}zero|a{S}zero",
    rf"in{S}due{S}parole|due{S}parole|(?:due|quattro){S}(?:chiacchiere|passi{S}(?:a|da|in))|due{S}righe|a{S}quattr[o']{S}?(?:occhi|mani)",
    rf"due{S}fattori|a{S}tre{S}dimensioni|mille{S}grazie|due{S}diligence|su{S}due{S}piedi",
    rf"a{S}metà{S}(?:percorso|strada|mese|anno|giornata|settimana|pagina)|(?:prima|seconda|altra){S}metà",
)

DATES = (
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?:{S}of)?{S}{EN_MONTH}(?!\w)(?:,?{S}\d{{4}}\b)?",
    rf"{EN_MONTH}{S}\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?{S}\d{{4}}\b)?(?!\s?[%€$£])",
    rf"{EN_MONTH}{S}\d{{4}}\b",
    rf"\d{{1,2}}[°º]?{S}{IT_MONTH}(?:{S}\d{{4}}\b)?",
    rf"{IT_MONTH}{S}\d{{4}}\b",
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}",
)
WEEKS = (
    rf"(?:weeks?|settiman[ae]|months?|mes[ei]|days?|giorn[oi]){S}(?:no\.{S}?|n\.{S}?|#)?\d{{1,3}}"
    rf"(?:(?:{DASH}|{S}(?:to|and|through|a|e){S})\d{{1,3}}\b)?(?![\d.,]*\d)(?!\s?[%€$£])",
)
VALUE = (
    rf"(?:[-+−~≈<>≤≥±×]\s?)?(?:(?:{CODE}|{SIGN})\s?)?"
    rf"(?:\d+{S}?[{SIGNS}]|[{SIGNS}]|{NUMBER}(?:(?:st|nd|rd|th)\b|[°º](?!\w))?)"
)
DIGITS = (
    rf"{VALUE}(?:{S}?[-‑]?{UNIT}){{0,3}}"
    rf"(?:(?:{DASH}|{S}(?:to|or|a|ai|alle|o){S}){VALUE}(?:{S}?[-‑]?{UNIT}){{0,3}})?",
    r"x\d{1,6}(?:[.,]\d{1,3})?",
)

EN_FIGURES = (
    rf"(?:a|one|by{S}a){J}{EN_SINGLE}\b{EN_AFTER}",
    rf"(?:one|two|three|four|five|six|seven|eight|nine){J}{EN_PART}\b(?!{J}part)",
    rf"one{S}(?:in|out{S}of){S}(?:{EN_NUMBER}|\d{{1,9}})\b",
    rf"one{S}(?:(?:working|business|calendar|single|full|whole){S})?(?:milliseconds?|second|minute|hour|week|month|year|quarter|decade|per{S}?cent|percent|euro|dollar|pound)\b",
    rf"one{S}(?:working|business|calendar|single|full|whole){S}day\b",
    rf"(?:within|under|over|after|than){S}(?:a|an|one){S}(?:second|minute|hour|day|week|month|year)\b",
    rf"half{S}(?:an?|of|the|your|our|their|its|as){S}?(?:hour|day|year|million|dozen)?\b|half\b(?!-)",
    rf"a{S}(?:hundredfold|factor{S}of{S}(?:{EN_NUMBER}|\d{{1,9}}))\b|a{S}decade(?:{S}and{S}a{S}half)?\b",
    r"(?:two|three|four|five|six|seven|eight|nine|ten|twenty|hundred|thousand)[- ]?fold\b",
    r"twice|thrice|doubl(?:e|es|ed|ing)\b|tripl(?:e|es|ed|ing)\b|trebl(?:e|es|ed|ing)\b|quadrupl(?:e|es|ed|ing)\b|halv(?:e|es|ed|ing)\b",
    r"(?:dozens|hundreds|thousands|millions|billions)\b|zero\b",
    rf"{EN_NUMBER}\b(?:{J}{UNIT}){{0,2}}(?:{S}(?:to|or){S}{EN_NUMBER}\b(?:{J}{UNIT}){{0,2}})?"
    rf"(?:{S}(?:in|out{S}of){S}{EN_NUMBER}\b)?",
)
IT_FIGURES = (
    rf"un{S}{IT_PART}\b{IT_AFTER}|{IT_PLAIN}{S}{IT_PART}\b",
    rf"un[oa]?{S}(?:\w{{2,20}}{S})?su{S}(?:{IT_NUMBER}|\d{{1,9}})\b",
    rf"un[oa]?{S}(?:milione|miliardo|migliaio|centinaio|dozzina|decina|quindicina|ventina|trentina|quarantina|cinquantina|sessantina)\b",
    rf"(?:entro|in|dopo|per|circa|almeno|oltre|appena|meno{S}di|più{S}di){S}(?:un[oa]?)(?:{S}|['’])(?:sol[oa]{S})?(?:second|minut|or|giorn|settiman|mes|ann|trimestr)[oaei]\b",
    rf"mezz['’]ora|mezz[oa]{S}(?:milione|miliardo|giornata|dozzina)|un{S}ann?o{S}e{S}mezzo|metà\b",
    rf"(?:il|al|del){S}(?:doppio|triplo|quadruplo)\b|(?:raddoppi|triplic|quadruplic|dimezz)\w{{1,8}}",
    r"(?:dozzine|decine|centinaia|migliaia|milioni|miliardi)\b|zero\b",
    rf"{IT_NUMBER}(?:{S}{UNIT}){{0,2}}(?:{S}(?:a|o|ai|alle){S}{IT_NUMBER}(?:{S}{UNIT}){{0,2}})?"
    rf"(?:{S}(?:\w{{2,20}}{S})?su{S}{IT_NUMBER})?",
)
SAFE = {"en": rf"{IT_SAFE}\b(?:{S}{UNIT})?", "it": rf"{EN_SAFE}\b(?:{J}{UNIT})?"}
OWN = {"en": EN_FIGURES, "it": IT_FIGURES}


@cache
def pattern(language: str) -> re.Pattern[str]:
    """One pattern for everything a text may hold; its named groups say what was found.

    English and Italian are read with all their words and the other's plain ones; any other language with both's.
    """
    own = OWN.get(language, ())
    foreign = [SAFE[each] for each in SAFE if each == language or language not in OWN]
    groups = {"skip": SKIPS, "date": DATES, "place": WEEKS, "figure": (*DIGITS, *own, *foreign)}
    told = "|".join(rf"(?P<{name}>{'|'.join(alternatives)})" for name, alternatives in groups.items())
    whole = rf"(?P<cite>{CITATION})|(?P<gap>\[\?\])|(?<!\w)(?:{told})|(?P<digits>\d{{1,40}})"
    return re.compile(whole, re.IGNORECASE)


_ANY_FOLLOWS = re.compile(
    rf"(?:{IT_ANY}|{IT_PLAIN}|sei|un[oa]?|via|viale|piazza|piazzale|corso|largo|vicolo|strada)", re.IGNORECASE
)
"""Words that figures, or what only looks like one, begin with and go on with any word: "una pagina su tre"."""
_NO_WORDS = re.compile(r"\(\?P<\w+>|\(\?-i:|\\[a-zA-Z]|\{\d*,?\d*\}|\(\?[:!=<]+")
_LITERAL = re.compile(r"(?:[^\W\d_]\??|\[[^\W\d_]+\]\??)+")
_CHOICE = re.compile(r"\[(\w+)\](\??)|(\w)\?")


@cache
def _literals() -> frozenset[str]:
    """Every word in the patterns."""
    source = " ".join(pattern(language).pattern for language in ("en", "it", ""))
    found = _LITERAL.findall(_NO_WORDS.sub(" ", source).casefold())
    return frozenset(word for literal in found for word in _spelt(literal) if word)


def _spelt(literal: str) -> list[str]:
    """Every spelling of "tr[eé]" or "fou?rty"."""
    choice = _CHOICE.search(literal)
    if choice is None:
        return [literal]
    ways = list(choice[1] or choice[3]) + [""] * bool(choice[2] or choice[3])
    return [word for way in ways for word in _spelt(literal[: choice.start()] + way + literal[choice.end() :])]


def may_belong(word: str, *, cut: bool = False) -> bool:
    """Whether a figure may begin with this word, or go on with it; `cut` when more of the word may follow."""
    bare = word.casefold().rstrip(".,;:!?)")
    if cut or not bare.isalpha():
        return True
    words = _literals()
    return bare in words or any(bare[:end] in words for end in range(3, len(bare)))


def takes_any(word: str) -> bool:
    """Whether a figure may begin with this word and go on with any other."""
    return not word.isalpha() or _ANY_FOLLOWS.fullmatch(word) is not None
