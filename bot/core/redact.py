"""Text with personal data swapped for tokens such as ``[A_NUMBER_1]``, and the values that were swapped.

Patterns and context words in English and Spanish; no model and no network. A pattern reads typed digits only:
numbers in words ("tres cero cinco") stay. Public hotlines, dates, amounts, forms, citations and years stay as
they are. A bare number of nine digits is masked as an A-number: that it is masked matters more than its name.

A name of a person is known by what stands before it ("mi esposo ...", "my name is ..."), never alone. Capital
letters show where it ends; in small letters only common names count, except after "me llamo", "my name is" and
the like, where up to four words are taken until a word that is no name. Runs under Python 3.10 and 3.12.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One value. ``start`` and ``end`` (exclusive) are its place in the text that was given to ``mask``."""

    kind: str
    token: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """The text with tokens, and what each stands for, in the order of the text."""

    text: str
    values: tuple[Found, ...]


#: The kinds that ``mask`` finds.
KINDS = ("EMAIL", "CARD", "RECEIPT", "SSN", "PASSPORT", "A_NUMBER", "ADDRESS", "PHONE", "NAME")

#: The kinds that a whole reply can be.
WHOLE_KINDS = ("NAME", "PHONE", "EMAIL", "WHEN", "LANGUAGE")

#: Kinds that name a person to the government or a bank, and so never reach a booking; a name, a phone or an address
#: they may well want to leave.
NAMING_KINDS = ("CARD", "RECEIPT", "SSN", "PASSPORT", "A_NUMBER")

_TOKEN = re.compile(r"\[([A-Z_]+)_(\d+)\]")
# Between a context word and its number: linking words only, so that the context belongs to this number.
_LINK = (
    r"(?:[\s:#.=\-,(°º\"']|\b(?:is|es|son|are|was|era|number|numero|num|nro|no|n|id|the|el|la|my|mi|de|del|of|for|para|at|al|a|"
    r"on|en|por|mio|nuevo|new|aqui|here|esta|actual|me|this|este|its|it|it's|casa|esposa|esposo|wife|husband|"
    r"trabajo|work|home|mama|mom|hijo|hija|son|s|esta|guatemala|honduras|salvador|mexico|venezuela|colombia|ecuador|"
    r"peru|nicaragua|cuba|haiti)\b|\b(?:is|es|al|at)(?=\d)){0,12}?"
)
_SEP = r"[\s.\-]{0,3}"

_MAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}\s?@\s?"
    r"(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}|(?:gmail|hotmail|yahoo|outlook|icloud|live|aol|proton\w{0,6})\b)"
)
_MAIL_WITHOUT_AT = re.compile(r"(?<![\w.+%-])[\w.+%-]{2,64}?(?:gmail|hotmail|yahoo|outlook|icloud)\.com\b")
_MAIL_IN_WORDS = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?:\s+(?:punto|dot|guion bajo|guion|underscore|dash)\s+[\w.+%-]{1,64}){0,3}"
    r"\s*[(\[]?\s*(?:\barroba\b|\bat\b|@)\s*[)\]]?\s*"
    r"(?:"
    r"(?:gmail|hotmail|yahoo|outlook|icloud|live|aol|proton\w{0,6})"
    r"(?:\s*[(\[]?\s*(?:\.|\bpunto\b|\bdot\b)\s*[)\]]?\s*[a-z]{2,4}\b){0,2}"
    r"|[^\W\d][\w-]{1,62}(?:\s*[(\[]?\s*(?:\bpunto\b|\bdot\b)\s*[)\]]?\s*"
    r"(?:com|net|org|edu|info|us|es|mx|gt|hn|sv|ni|co|ve|ec|pe|ar|br|cl|cu|ht)\b){1,2}"
    r")"
)
_ARROBA = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}\s+arroba\s+[\w-]{1,63}\.[a-z]{2,4}(?:\.[a-z]{2})?\b")

_MAILS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (_MAIL, ("@",)),
    (_MAIL_WITHOUT_AT, ("mail.com", "yahoo.com", "outlook.com", "icloud.com")),
    (_ARROBA, ("arroba",)),
    (_MAIL_IN_WORDS, ("arroba", " at ", "(at)", "[at]", "@")),
)

_CARD = re.compile(r"(?<![\w.,$+\-])\d(?:[ \-]?\d){12,18}(?![\w])")
_CARD_CONTEXT = re.compile(
    rf"\b(?:card|tarjeta|credit|credito|debit|debito|visa|mastercard)\b{_LINK}(\d(?:[ \-]?\d){{12,18}})(?!\d)"
)

_RECEIPT_CODE_LIST = (
    "ioe|i0e|msc|eac|wac|lin|src|nbc|ysc|nsc|tsc|vsc|csc|gum|zla|zny|zhn|zmi|zsf|zch|zar|znk|zbo|zno|ztp"
)
_RECEIPT_CODES = frozenset(_RECEIPT_CODE_LIST.split("|"))
_RECEIPT = re.compile(
    rf"(?<!\w)(?:{_RECEIPT_CODE_LIST}|"
    r"[a-z]{3}(?=[\s\-]?\d{10}(?!\d)))[\s\-#:]{0,3}\d(?:[\s\-]{0,2}\d){8,11}(?!\w)"
)
_RECEIPT_CONTEXT = re.compile(
    rf"\b(?:receipt|recibo|recivo)\b{_LINK}((?:[a-z]{{3}})?[\s\-]?\d(?:[\s\-]?\d){{8,12}})(?![\d])"
)

_SSN = re.compile(r"(?<![\w\-$.,/])\d{3}([\-\s.])\d{2}\1\d{4}(?![\w\-/])")
_SSN_CONTEXT = re.compile(
    r"\b(?:ssn|itin|itn|social(?:\s+security)?|seguro(?:\s+social)?|tax\s*id|taxpayer)(?:\b|(?=\d))"
    rf"{_LINK}(\d{{3}}[\s\-.]?\d{{2,3}}[\s\-.]?\d{{3,4}})(?![\d])"
)
_SSN_LAST = re.compile(
    r"\b(?:(?:last|ultimos)\s+(?:4|four|cuatro)\b[^\d\[\]]{0,24}\b(?:ssn|itin|social|seguro)"
    r"|(?:ssn|itin|social(?:\s+security)?|seguro(?:\s+social)?)(?:\s+(?:number|numero))?\s+(?:ends?|ending|termina|"
    rf"terminad[oa]|acaba)\s+(?:in|with|en|con))\b{_LINK}(\d{{4}})(?!\d)"
)

_PASSPORT = re.compile(
    rf"\b(?:passports?|pasports?|passaporte|pasaportes?|pasaport)\b(?:\s+[^\W\d_]{{4,14}})?{_LINK}"
    r"((?!es\b|is\b|no\b|el\b|the\b|de\b|nr\b)[a-z]{0,3}[\s\-]?\d{5,10}[a-z]?)(?![\w/])"
)
_PASSPORT_OF = re.compile(
    rf"\b(?:passports?|pasaportes?)\b(?:\s+(?:from|of|de|es|is|number|numero|no))*\s+[^\W\d_]{{4,14}}{_LINK}"
    r"([a-z]{1,3}[\s\-]?\d{5,10})(?![\w/])"
)

_A_ATTACHED = re.compile(
    r"(?<![\w\-])(?<![^\d\]]/)a[\s.]?[#\-]?[\s]?\d(?:(?:[\s\-.]|\s-\s)?\d){8}(?!\w|[\s\-.]?\d)"
)
_A_SHORT = re.compile(
    r"(?<![\w\-])(?<![^\d\]]/)(?:a[#\-]?\d(?:-?\d){6,7}|a[ #\-]{1,2}\d{2}([ \-])\d{3}\1\d{3})"
    r"(?!\w|-\d|[ ]\d|[ ]?(?:dol|pes|usd|lemp|quet|%|peop|pers|mil))"
)
_A_CONTEXT = re.compile(
    r"\b(?:alien|aliens?\s+registration|a[\s\-]?(?:number|num|numero|no\b|#)|numero\s+(?:de\s+)?(?:a|alien|extranjero|"
    r"registro(?:\s+de\s+extranjero)?|uscis|inmigracion)|uscis(?:\s+(?:number|no|num))|(?:mi|my|su)\s+a(?:\#|\b)|"
    r"file\s+number|expediente)(?!\w)"
    rf"{_LINK}(a?[\s#\-]?\d(?:(?:[\s.\-]|\s-\s)?\d){{6,8}})(?!\w|[\s.\-]?\d)"
)
_NINE = re.compile(
    r"(?<![\w.,$/\-+(])(?:\d{9}|\d{3}([ \-])\d{3}\1\d{3})(?!\w|[.,/\-]?\d|[ ]\d|"
    r"[ ]?(?:dol|pes|usd|lemp|quet|%|peop|pers))"
)

_PHONE_PLUS = re.compile(
    r"(?<![\w+])(?:\+|00\s?(?=[1-9])|011[\s.\-]{1,2})[\s(]{0,2}\d(?:[\s().\-]{0,3}\d){6,14}(?!\w)"
)
_PHONE_US = re.compile(
    rf"(?<![\d_$+\-.(])(?<!\d/)(?:1{_SEP})?(?:\([2-9]\d{{2}}\)|[2-9]\d{{2}}){_SEP}\d{{3}}{_SEP}\d{{4}}(?!\w|[\-/]\d)"
)
_PHONE_COUNTRY = re.compile(
    r"(?<![\w$+\-.(/])(?:\(?50[2-9]\)?[\s.\-]{0,2}\d{4}[\s.\-]?\d{4}|(?:5[1-8]|59\d)[\s.\-]{0,2}\d(?:[\s.\-]?\d){8,10})"
    r"(?!\w|[\-/.,]\d)"
)
_PHONE_LOCAL = re.compile(
    r"(?<![\w$+\-.(/])(?:"
    r"[2-9]\d[ .\-]\d{4}[ .\-]\d{4}"
    r"|0[24]\d{2}[ .\-]?\d{3}[ .\-]?\d{2}[ .\-]?\d{2}"
    r"|09\d?[ .\-]?\d{3,4}[ .\-]?\d{4}"
    r"|[2-9]\d{3}-\d{4}"
    r"|[2-9]\d{2}-\d{4}"
    r")(?!\w|[\-/.,]\d)"
)
# A number of eight digits in two groups, known by what follows it.
_PHONE_BEFORE = re.compile(
    r"(?<![\w$+\-.(/])([2-9]\d{3}[ ]\d{4})(?=[ ,.]+(?:(?:ese|este|that|this|is|es|it|mi|my|el|the|de|of|s)[ ,.']+){0,4}"
    r"(?:tel\w*|cel\w*|phone|movil|wh?ats\w*|wasap|numero|number|mama|mom)\b)"
)
# Slashes between the groups only right after the word, since a date has them too.
_PHONE_SLASHES = re.compile(
    r"\b(?:tel(?:efono)?|cel(?:ular)?|phone|cell|numero|number)\b[\s:.#]{0,3}(?:(?:es|is)\s+)?([2-9]\d{2}/\d{3}/\d{4})(?![\w/])"
)
_PHONE_CONTEXT = re.compile(
    r"\b(?:tel[eé]?(?:fono)?s?|cel(?:ular)?|movil|phone|cell|mobile|whats?\s?app|wh?ats\w*|wasap|wsp|wats?\w*|call|text|"
    r"reach|llam\w{1,6}|marqu?\w{1,4}|escrib\w{1,6}|numero|number|num|contact\w{0,4}|fono)\b"
    rf"{_LINK}(\+?\(?\d(?:[\s().\-]{{0,2}}\d){{6,13}})(?!\w)"
)

_DIRECTION = r"(?:(?:north|south|east|west|norte|sur|[nsew]{1,2})\.?\s+)?"
_UNIT = (
    r"(?:\s*,?\s*(?:apartamento|apartment|apto|apt|unit|suite|ste|depto|casa|#)\.?\s*#?\s*\w{1,5})?"
    r"(?:\s*,?\s*[^\W\d_]+(?:\s[^\W\d_]+){0,2}\s*,?\s+[a-z]{2}\s+\d{5}(?:-\d{4})?)?"
)
# Words that stand between a number and a street word where there is no address ("2 blocks from main").
_NOT_BETWEEN = (
    r"(?!(?:days?|years?|months?|weeks?|hours?|minutes?|blocks?|miles?|people|kids?|times?|dias?|anos?|años?|meses|"
    r"semanas?|from|on|in|the|at|for|to|of|with|and|or|my|by|cfr|usc|fr|personas?|niños|hijos|calles|cuadras|"
    r"am|pm|then|i|was|is|u\.?s|st|nd|rd|th)\b)"
)
_BETWEEN = rf"(?:{_NOT_BETWEEN}(?:\d{{1,3}}(?:st|nd|rd|th)|[^\W\d_][\w.'’]*)\s+)"
_STREET = re.compile(
    rf"(?<![\w$.,/\-#])\d{{1,6}}[a-z]?\s+{_DIRECTION}{_BETWEEN}{{1,4}}?"
    r"(?:street|str|avenue|avenida|ave|av|road|rd|boulevard|blvd|lane|ln|terrace|parkway|pkwy|highway|hwy|freeway|fwy|expressway|expy|turnpike|pike)\b\.?"
    rf"(?:\s+(?:[nsew]{{1,2}})\b)?{_UNIT}"
)
_GRID = re.compile(
    r"(?<![\w$.,/\-#])\d{2,6}\s+(?:north|south|east|west|[ns]?[ew]|[ns])\.?\s+\d{1,3}(?:st|nd|rd|th)?\s+"
    rf"(?:street|st|avenue|ave|court|ct|place|pl|terrace|ter|road|rd|drive|dr|lane|ln|way|blvd)\b\.?{_UNIT}"
)
# Street words that are also ordinary words or abbreviations: with a capital, a number or after "live at".
_STREET_DOUBTFUL = (
    rf"\d{{1,6}}[a-z]?\s+{_DIRECTION}{_BETWEEN}{{1,3}}?"
    r"(?:st|dr|drive|ct|court|pl|place|way|circle|cir|trail|trl|square|sq|loop|ter)\b\.?"
)
_STREET_CASED = re.compile(rf"(?<![\w$.,/\-#]){_STREET_DOUBTFUL}{_UNIT}")
_STREET_SAID = re.compile(
    r"\b(?:live|living|lives|staying|stay|address|moved|vivo|vivimos|viviendo|direccion|domicilio|mude|mudamos)\b"
    rf"{_LINK}\s*(?:to\s+)?({_STREET_DOUBTFUL}{_UNIT})"
)
_CALLE = re.compile(
    r"(?<!\w)(?:calle|avenida|av|ave|carrera|cra|pasaje|bulevar|boulevard|callejon|diagonal|transversal|calzada)\b\.?\s+"
    r"(?:(?!(?:por|en|cuando|hace|desde|tengo|a|hay|que|y|se|me|durante|con|sin|como|hasta|unos|unas|mas|casi)\b)"
    r"[\w.'’]+\s+){0,5}?"
    r"(?:#\s*|(?:numero|num|nro|no|casa|esquina)\.?\s*#?\s*)?\d{1,5}[a-z]?(?:\s*-\s*\d{1,4})?(?!\w|[/:]\d)"
    r"(?:\s*(?:#|numero|num|nro|no|casa|apto|apt)\.?\s*#?\s*\d{1,5}(?:\s*-\s*\d{1,4})?)?"
    r"(?!\s*(?:dias?|noches?|anos?|años?|meses|mes|semanas?|horas?|personas|hombres|veces|abogados|am|pm|de\s))"
)
_COLONIA = re.compile(
    r"(?<!\w)(?:colonia|col|barrio|residencial|reparto|urbanizacion|sector|caserio|aldea)\b\.?\s+"
    r"(?:[^\W\d_][\w.'’]*\s+){1,4}?"
    r"(?:(?:casa|bloque|lote|manzana|mz|poligono|calle|avenida|pasaje|numero|no|apto|apartamento)\.?\s*#?|#)\s*\w{0,2}\d{1,4}[a-z]?"
    r"(?:\s*,?\s*(?:casa|bloque|lote|manzana|mz|poligono|calle|avenida|pasaje|numero|no|apto|#)\.?\s*#?\s*\w{0,2}\d{1,4}[a-z]?)*"
)
_PO_BOX = re.compile(r"(?<!\w)(?:p\.?\s?o\.?\s?box|apartado\s+postal)\s+\d{1,6}")

# --- Names of persons -------------------------------------------------------------------------------------------
#
# All words below are in small letters without accents, as the text is when they are looked up.

_RELATIVES = (
    r"(?:husband|wife|spouse|partner|boyfriend|girlfriend|fiancee?|sons?|daughters?|kids?|child(?:ren)?|baby|babies|"
    r"brothers?|sisters?|siblings?|mother|father|mom|dad|mum|mommy|daddy|parents|uncles?|aunt(?:ie|y)?s?|cousins?|"
    r"nephews?|nieces?|grand(?:mother|father|ma|pa|son|daughter)|step(?:father|mother|dad|mom|son|daughter|brother|sister)|"
    r"friends?|lawyer|attorney|roommate|neighbou?r|sponsor|co-?worker|"
    r"espos[oa]s?|marido|mujer|señora|senora|pareja|novi[oa]|hij[oa]s?|hijit[oa]s?|niñ[oa]s?|nin[oa]s|bebe|"
    r"herman[oa]s?|hermanit[oa]s?|gemel[oa]s|mama|papa|madre|padre|padres|mami|papi|ti[oa]s?|prim[oa]s?|sobrin[oa]s?|"
    r"abuel[oa]s?|abuelit[oa]|suegr[oa]|cuñad[oa]s?|cunad[oa]s?|yerno|nuera|amig[oa]s?|vecin[oa]|compañer[oa]|"
    r"companer[oa]|abogad[oa]|licenciad[oa]|padrastro|madrastra|hijastr[oa]|niet[oa]s?|patron|ex)"
)
_OWNERS = r"(?:my|our|his|her|their|mi|mis|su|sus|tu|nuestr[oa]s?|ese|esa|el|la|the)"
_BEFORE_RELATIVE = (
    r"(?:(?:ex|late|older|oldest|elder|eldest|younger|youngest|little|big|own|old|new|first|second|two|three|"
    r"common\s+law|difunt[oa]|propi[oa]|unic[oa]|otr[oa]s?|dos|tres|primer[oa]?)[\s-]+)?"
)
_AFTER_RELATIVE = (
    r"(?:[\s-]+in[\s-]+law|\s+(?:mayor(?:es)?|menor(?:es)?|gemel[oa]s?|mas\s+(?:grande|chic[oa])|adoptiv[oa]|"
    r"de\s+crianza))?"
)
_KIN = rf"\b(?:my|our|his|her|their|mi|mis|su|sus|tu|nuestr[oa]s?)\s+{_BEFORE_RELATIVE}{_RELATIVES}{_AFTER_RELATIVE}\b"
_NAME_WORDS = r"(?:(?:full|first|last|legal|real|complete|whole)\s+)?names?"
# What stands before a name. After a "sure" opening any words are taken for one, after the others only words
# with a capital that are nothing else, or common names.
_OPENING = re.compile(
    rf"(?:(?P<sure>\b(?:me\s+(?:ll|y|l)amo|(?:mi|su)s?\s+nombres?(?:\s+(?:completo|legal|real))?\s*(?:\b(?:es|son|era)|:)"
    rf"|(?:my|mi|his|her|their)\s+{_NAME_WORDS}(?:\s+(?:is|was|are|it'?s)|['’]s)"
    rf"|nombres?\s+de\s+{_OWNERS}\s+{_RELATIVES}\s+(?:es|era|son)|names?\s+of\s+{_OWNERS}\s+{_RELATIVES}\s+(?:is|was|are)"
    rf"|(?:full\s+)?name\s*:|nombres?(?:\s+completo)?\s*:)"
    rf"|{_KIN}['’]?s?\s+{_NAME_WORDS}\s*(?:is|was|are|:))"
    r"|(?P<called>\bse\s+(?:ll|y)aman?\b)"
    rf"|(?P<kin>{_KIN})"
    r"|(?P<weak>\b(?:named|called|llamad[oa]s?|a\s+nombre\s+de|(?:in|under)\s+the\s+name(?:\s+of)?"
    r"|(?:mi|su)s?\s+nombres?|(?:sr|sra|srta|lic|licda|licenciad[oa]|dr|dra|doctora?|mr|mrs|ms|atty)\b\.?|señor(?:a|ita)?|senor(?:a|ita)?|"
    r"doña|don|abogad[oa]|lawyer|attorney))"
    r"|(?P<of>\b(?:de|of)\b)"
    r"|(?P<soy>\bsoy\b)"
    r"|(?P<self>\b(?:i\s+am|i['’]?m|this\s+is|(?:le|les)\s+(?:habla|escribe|saluda))\b))(?!\w)"
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_SPACES = re.compile(r"[ \t]+")
_NAME_GAP = re.compile(r"[ \t]*[,:(\"“]?[ \t]*")
_AND = re.compile(r"[ \t]*(?:,|&|,?[ \t]+(?:y|e|and)\b)[ \t]+")
_SENTENCE_END = re.compile(r"[.?!;\n\[\]]")
_KIN_WORD = re.compile(rf"\b(?:{_RELATIVES}|ella|el|ellos|bebe)\b")
_MOST_NAME_WORDS = 4
#: Characters before "se llama" in which the person stands who is called so.
_BEFORE_CALLED = 200
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "da", "dos", "van", "von"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The first words of the openings: looking them up costs less than trying every pattern at every word.
_FIRST_WORDS = _words(
    """
    me mi mis my su sus our his her their tu nuestro nuestra nuestros nuestras name names nombre nombres full
    named called llamado llamada llamados llamadas a in under sr sra srta lic licda licenciado licenciada dr
    dra doctor doctora mr mrs ms atty señor señora señorita senor senora senorita doña don abogado abogada
    lawyer attorney soy i i'm i’m im this le les se de of
    """
)
# "A city called Harlingen".
_THINGS = _words(
    """
    ciudad pueblo lugar colonia municipio programa oficina empresa escuela calle city town place village program office
    company school street church app
    """
)
# Common given names and surnames, of Latin America first; none that is an ordinary word as well.
_GIVEN = _words(
    """
    abel abigail abraham ada adela adolfo adrian adriana agustin alan alba alberto alejandra alejandro alex
    alexander alexandra alexis alfonso alfredo alice alicia alma alonso alvaro amalia amanda amelia amy ana
    anabel andrea andres andrew angel angela angelica angelina angie anita anna anne anthony antonia antonio
    araceli ariana ariel armando arnulfo arturo ashley astrid augusto aurora axel beatriz benito benjamin
    bernardo berta betty bianca boris brandon brayan brenda brian bryan camila camilo carla carlos carmen
    carol carolina caroline catalina catherine cecilia cesar charles christina christopher cindy clara claudia
    consuelo cristian cristina cristobal cynthia dagoberto daisy damian daniel daniela danilo dario david
    dayana deborah delia delmy denis denise diana diego dina dora doris edgar edgardo edith edna eduardo
    edward edwin efrain elena eliana elias elisa elizabeth elmer elsa elvira emanuel emely emilia emiliano
    emilio emily emma enrique eric erica erick erika ernesto esmeralda esteban esteffany estela esther eugenio
    eunice eva evelin evelyn ezequiel fabian fabiola fabricio fatima federico felipe felix fernanda fernando
    fidel florencia francis francisca francisco franklin freddy gabriel gabriela genesis george gerardo german
    gerson gilberto giovanni gisela gladis gladys gloria gonzalo graciela gregorio griselda guadalupe
    guillermo gustavo heather hector heidi henry herbert heriberto hernan hilda hugo humberto ignacio ingrid
    irene iris irma isaac isabel isabella isaias ismael ivan ivonne jackeline jackie jacob jacqueline jaime
    jairo james janet jason javier jean jeffrey jennifer jenny jeremy jeronimo jesica jesse jessica jessie
    jesus jhon jimena jimmy joan joaquin joel johana johanna john johnny jonathan jorge jose josefina joselyn
    joseph joshua josue juan juana juanita julia julian juliana julieta julissa karen karina karla katherine
    kathy katia keila keisy kelly kenia kevin kimberly laura lauren leandro leonardo leonel leslie leticia
    lidia lilian liliana linda lisa lizbeth lorena lorenzo lourdes lucas lucia luciana lucy luis luisa manuel
    manuela marcela marcelo marco marcos margarita maria mariana maribel maricela mariela mario marisol
    maritza marlene marlon marta martha martin marvin mary mateo matias matthew mauricio maximiliano mayra
    melanie melissa melvin mercedes michael michelle miguel mike milagro milagros milena miriam mirna moises
    monica nadia nancy naomi natalia natalie nathalie nathaly nelly nelson nestor nicholas nicolas nicole
    nidia noe noel noemi nora norma octavio ofelia olga olivia omar orlando oscar osvaldo otilia pablo pamela
    paola patricia patrick paul paula pedro peter rachel rafael ramiro ramon raquel raul rebeca rebecca reina
    rene reynaldo ricardo richard rigoberto robert roberto rocio rodolfo rodrigo rogelio roger rolando roman
    ronald rosa rosario rosaura roxana ruben rudy ruth ryan salvador samantha samuel sandra santiago sara
    sarah saul scarlett sebastian sergio sheyla silvia simon sofia sonia sophia stefany stephanie stephen
    steven stiven susan susana suyapa tania tatiana telma teresa thomas tomas valentina valeria vanessa
    veronica vicente victor victoria vilma virginia viviana walter wendy wilfredo william wilmer wilson
    xiomara yadira yamileth yaneth yanira yeimi yenifer yesenia yesica yolanda yuri zoila zulma
    """
)
_SURNAMES = _words(
    """
    acevedo acosta aguilar aguirre alfaro alvarado amador amaya andrade aparicio aquino arana aranda araujo
    arce arevalo argueta arias arriaga arroyo avila ayala baez barahona barrera barrios batista bautista bello
    beltran benitez bermudez blandon bolanos bolaños bonilla bravo brito brown bustamante bustillo caballero
    cabrera calderon calix camacho campos canales cano cantillo carballo cardenas cardona carias carrillo
    castaneda castañeda castellanos castillo castro ceballos cedeno cedeño cerna cevallos chacon chavarria
    colindres contreras cordero cordova corea correa cortes cortez coto cruz cubas cuellar davila delgado diaz
    duarte dubon duque echeverria escalante escobar escobedo espinal espinosa espinoza estrada fajardo ferrera
    figueroa flores fonseca franco fuentes funes galdamez galeano galindo gallardo gallegos galvez gamez garay
    garcia garrido garza godoy guardado guerra guerrero guevara guillen guzman henriquez herrera hidalgo
    hurtado ibarra iglesias jaramillo johnson jones juarez lara lazo leiva lemus leon linares lobo lopez
    lozano lucero luna machado madrid maldonado mancia marin marroquin matamoros mayorga medina mejia melara
    membreño mena mendez mendoza mercado merino miller miranda molina monge monroy montalvo montenegro montero
    montes montoya mora morales morataya moreno moscoso moya munguia munoz murcia murillo muñoz najarro najera
    nava navarrete navarro nieto nolasco nuñez ochoa ojeda oliva olivares oliveros olmedo orellana orozco
    ortega ortiz osorio otero oviedo pacheco padilla padron palacios palma pardo paredes parra pastrana paz
    pedraza pena peralta pereira peña pineda pinto pinzon pleitez polanco ponce portillo posada prado puentes
    quesada quezada quintero quinteros quiroz ramos rangel rendon restrepo reyes ricardo rico rincon rios
    rivas rivera robledo robles rocha rojas roldan romero romo rosado rosales rosas rubio rueda ruiz saavedra
    salas salazar salcedo saldaña salgado salinas salmeron samayoa sandoval santamaria santana santos
    sarmiento segovia segura serrano sierra silva smith solano solis solorzano soriano sosa sotelo soto suazo
    tejada tejeda tellez tobar toledo toro torres tovar trejo trujillo turcios ulloa umana umaña urbina
    urrutia valdes valdivia valencia valenzuela valladares valle vallejo valles varela vargas vega velasco
    velasquez velez ventura vera vidal villa villalobos villalta villanueva villatoro villegas williams ybarra
    zambrano zamora zapata zavala zelaya zepeda zuniga zuñiga
    """
)
_NO_SURNAME = frozenset({"vez", "diez", "juez", "rapidez", "vejez", "niñez", "talvez", "pez"})

# Words that are no name, however they are written: the words of the two languages that follow a relative or a
# name, places, peoples, months and days, agencies, forms and papers.
_NO_NAME = _words(
    """
    a about above abril abroad after again ago ahi ahora al algo alguien algun alla alli alone already also
    always anoche am an and any anybody apply applied applies applying apparently appears april aqui are
    arrived arrives as ask asked asks asylum asilo at august ayer ayuda because been before being belongs big
    birth both but buenas buenos busca by came can cannot canceled cancelled cant cambio card carta casa
    casado casada caso changed chance citizen ciudadana ciudadano como completo con correct correcto corte
    cosa court crossed cruzo cual cuando cuanto cumple cumplio da days de debe december del desde despues
    detained detenida detenido deported dice dicen dicho did didnt died diferente different dijo dio does
    doesnt doing dont donde dos draft during e each edad el ella ellas ellos en enero entered entonces entrar
    entre entro era eran eres error es esa ese eso esposa esposo esta estaba estado estados estamos estan
    estar estas este esto estoy even every f family familia febrero february fecha filed filing final first
    for forma formulario friday from fue fueron fui gave gets getting give go goes going gone got gracias
    grande great green ha haber habia habla hablo hace had han has hasnt hasta hay have havent he hello help
    helped her here hers hi hice hija hijo him himself his hizo hola hoy how i id if igual illegal in
    inmigracion immigration into is isnt it its january juez julio july junio june just know knows la las le
    left legal les letter letters like list listed living lives lived llama llamada llame llamo llegamos llego
    llegue lo los lost lunes mal married martes marzo march mas may mayo me menor met metio mi mientras
    miercoles mine mis missing misspelled moved mr mrs ms much muchas mucho muerto murio muy my nacio
    nacimiento name named nacionalidad necesita necesito need needs never new next ni ninguna ninguno no
    nombre none nor nos nosotros not note notice november noviembre now nuestra nuestro nuevo number numero
    nunca o octubre october of off office oficial oficina ok old on once one only or order other otra otro our
    out over own para parece pero pending permit permiso perdio person persona pide pidio please por porfa
    porque pues puede puedo quien quiere quiero que question ready really received red remains right s sabado
    sabe said salio same saturday saw says se sea see sended sent september septiembre she should shows si
    siempre sigue sin sister so sobre soltera soltero soy some somebody someone son speaks spelled still
    stopped su sunday sus t tal tambien tampoco te tell tells ten tenemos tengo tenia than thank thanks that
    the their them then there they thing think this those three thursday tiene tienen till to today todavia
    todo told tomorrow too took trabaja trabajo trae traigo traje tres tu tuesday turned turns tuvo two u ud
    un una unas under unknown uno unos until up us usted valid vamos vez viene vienen vengo vienes viernes
    vine vino visa visits vive vivo vivimos viven vio voy vs w wait waiting wants wanted want was wasnt we
    went were what when where which while who whole whose why wife will with without work worked works would
    written wrong wrote x y ya year years yes yesterday yo you your yours agosto diciembre jueves domingo
    monday wednesday jehova testigo cristiano cristiana cristianos catolico catolica evangelico evangelica
    musulman musulmana christian catholic muslim jewish mormon pastor pastora religion dios god jesucristo
    lgbt gay lesbian lesbiana trans bisexual ice uscis cbp dhs eoir fbi tps daca sij ead niw nta rfe noid ssn
    itin usa eeuu eua migra parole biometrics afghanistan africa america angola argentina bolivia brasil
    brazil cameroon camerun canada chile china colombia congo cuba dominicana ecuador egypt egipto eritrea
    etiopia ethiopia europa georgia ghana guatemala guinea haiti honduras india iran iraq israel jamaica kenya
    mali mexico nepal nicaragua nigeria pakistan panama paraguay peru puerto russia rusia senegal somalia
    siria sudan syria togo turkey turquia uganda ukraine ucrania uruguay uzbekistan venezuela vietnam yemen
    alabama alaska arizona arkansas california chicago colorado connecticut dallas delaware denver florida
    hawaii houston idaho illinois indiana iowa jersey kansas kentucky louisiana maine maryland massachusetts
    miami michigan minnesota mississippi missouri montana nebraska nevada newark ohio oklahoma oregon
    pennsylvania philadelphia phoenix tampa tennessee texas tijuana tapachula utah vegas vermont washington
    wisconsin wyoming york nueva united habana caracas bogota quito lima tegucigalpa managua sula
    centroamerica latinoamerica american americana americano afghan african cuban cubans haitian mexican
    venezuelan colombian honduran salvadoran guatemalan ecuadorian peruvian nicaraguan dominican brazilian
    indian chinese russian ukrainian english ingles español espanol spanish argentino boliviana boliviano
    brasileña brasileño chilena chileno colombiana colombiano costarricense cubana cubano dominicano
    ecuatoriana ecuatoriano guatemalteca guatemalteco haitiana haitiano hondureña hondureño mexicana mexicano
    nicaraguense panameña panameño paraguaya paraguayo peruana peruano puertorriqueña puertorriqueño
    salvadoreña salvadoreño uruguaya uruguayo venezolana venezolano brasilena brasileno hondurena hondureno
    panamena panameno salvadorena salvadoreno catracha catracho chapin chapina guanaca guanaco french frances
    creole portugues portuguese mam kiche abogada abogado attorney lawyer licenciada licenciado notario judge
    general president presidente officer policia police army ejercito gobierno government congress congreso
    border patrol federal national nacional supreme customs homeland security social department departamento
    embassy embajada consulado consulate credible reasonable special medicaid medicare company compañia
    empresa tienda store bank banco church iglesia school escuela hospital application aplicacion solicitud
    pasaporte passport license licencia deadline hearing audiencia entrevista interview cita appeal apelacion
    proceso process lista sistema system programa program documento documents papeles papers contrato seguro
    miedo feliz residente refugiado refugiada asilado asilada victima indocumentado indocumentada mayor
    huerfano enfermera maestro maestra estudiante periodista doctor doctora medico ingeniero taxista
    agricultor mecanico soldado madre padre viuda viudo divorciado divorciada embarazada separada separado
    nervioso nerviosa preocupada preocupado won wins cobra cobro estudia estudio gano gana pierde firmo firma
    manda mando paga pago presento presentando solicito muere falta falto sufre sufrio sale pregunta pregunto
    envio recibio recibe consiguio logro comenzo empezo cree conoce maneja manejo renuncio declaro aplico
    espera esperando casi cada ambos thinks believes signed paid pays sends knew passed moves crosses drives
    drove leaves studies studied teaches helps spoke hopes plans tried tries keeps kept became stays stayed
    comes sick pregnant scared afraid worried sorry sure tired homeless undocumented divorced widow single
    transgender
    """
)
# Names that are other words too: before a surname only.
_NAMES_AND_WORDS = _words(
    "abril america april august chase christian domingo grace israel joy julio june mark mayo rich will"
)
_NO_NAME_ENDING = re.compile(
    r"(?:.+(?:ando|iendo|yendo|aron|ieron|aba|aban|ing|ally|tion|cion|ment|mente)|.{2,}(?:ed|ado|ido|ada|ida))$"
)
_PEOPLE_ENDING = re.compile(
    r".+(?:ano|ana|eño|eña|eno|ena|ense|ista|ero|era|dor|dora|ino|ina|eco|eca|teco|les|nte)s?$"
)

_DATE_SHAPE = re.compile(
    r"\d{1,2}[\s.\-]{1,3}\d{1,2}[\s.\-]{1,3}(?:19|20)\d{2}|(?:19|20)\d{2}[\s.\-]\d{1,2}[\s.\-]\d{1,2}"
)
_YEAR = re.compile(r"(?:19|20)\d{2}")
# Toll-free numbers belong to hotlines and agencies, never to one person.
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_HINT = re.compile(r"[\d@]|arroba|\bat\b|mail\.com", re.IGNORECASE)
# The shortest number that is masked without a word beside it; a date with slashes or a year is shorter.
_SEVEN_DIGITS = re.compile(r"\d(?:[\s().\-/]{0,3}\d){6}")
_PROVIDERS = re.compile(r"\b(?:punto|dot)\b|mail|yahoo|outlook|icloud|proton|\baol\b")
_STREET_WORD = re.compile(
    r"\b(?:street|str?|av(?:e|en\w*)?|road|rd|freeway|fwy|expressway|expy|turnpike|pike|boulevard|blvd|la?ne?|terr?\w*|pa?r?kwa?y|highway|hwy|dri?v?e?|court|ct|pl|place|"
    r"way|circle|cir|trail|trl|square|sq|loop|box|postal|calle|carrera|cra|pasaje|bulevar|callejon|diagonal|"
    r"transversal|calzada|colonia|col|barrio|residencial|reparto|urbanizacion|sector|caserio|aldea)\b"
)
# (pattern, kind, fragments of which one must be in the text): context words are dear to search for.
_IN_CONTEXT: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (_RECEIPT_CONTEXT, "RECEIPT", ("rece", "reci")),
    (_CARD_CONTEXT, "CARD", ("card", "tarjeta", "credit", "debit", "visa")),
    (_SSN_CONTEXT, "SSN", ("ssn", "itin", "itn", "social", "seguro", "tax")),
    (_PASSPORT, "PASSPORT", ("pas",)),
    (_PASSPORT_OF, "PASSPORT", ("pas",)),
)
# Those that also find numbers of four or five digits.
_SHORT_IN_CONTEXT: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (_SSN_LAST, "SSN", ("last", "ultimos", " end", "termina", "acaba")),
    (_PASSPORT, "PASSPORT", ("pas",)),
    (_PASSPORT_OF, "PASSPORT", ("pas",)),
)


def holds_number(masked: str) -> bool:
    """Whether a masked text held a number that names a person."""
    return any(kind in NAMING_KINDS for kind, _ in _TOKEN.findall(masked))


def mask(text: str, seen: Iterable[tuple[str, str]] = ()) -> Masked:
    """The text with every personal datum swapped for a token; the same value gets the same token.

    ``seen`` are the tokens and values that a conversation has used: a value among them gets its old token, and
    new tokens count on after the highest of their kind. Masking a masked text changes nothing; tokens that
    stand in the text keep their numbers.
    """
    if _HINT.search(text) is None and _FIRST_WORDS.isdisjoint(_NAME_WORD.findall(_lower(text))):
        return Masked(text, ())
    highest, tokens = _used(text, seen)
    cased = _TOKEN.sub(lambda match: _gone(len(match[0])), _without_accents(text))
    found: list[tuple[int, int, str]] = []
    # A value that is gone can uncover another beside it, so the text is read until nothing more turns up;
    # this is what makes masking a masked text change nothing.
    while fresh := _read(cased):
        found += [place for place in fresh if place[2]]
        cased = _without(cased, fresh)
        if not any(kind for _, _, kind in fresh):
            break
    found.sort()
    values: list[Found] = []
    pieces: list[str] = []
    done = 0
    for start, end, kind in found:
        value = text[start:end]
        token = _token(kind, value, highest, tokens)
        values.append(Found(kind, token, value, start, end))
        pieces += [text[done:start], token]
        done = end
    pieces.append(text[done:])
    return Masked("".join(pieces), tuple(values))


def mask_whole(text: str, kind: str, seen: Iterable[tuple[str, str]] = ()) -> Masked:
    """One token for a whole reply of which the kind is known, such as one to "what is your name".

    The masked text is that token alone, whatever else was said. The value is the stripped reply without any number
    of ``NAMING_KINDS`` in it; for PHONE and EMAIL it is the one such datum that the reply holds, if it holds
    exactly one. A reply that says nothing, or only tokens, is given back as it is; one that is nothing but
    numbers of ``NAMING_KINDS`` is masked as such.
    """
    stripped = text.strip()
    if not any(c.isalnum() for c in _TOKEN.sub("", stripped)):
        return Masked(stripped, ())
    start = text.index(stripped)
    end = start + len(stripped)
    inside = mask(text).values
    same = [found for found in inside if found.kind == kind]
    if kind == "PHONE" and not same:
        # Nine bare digits: a phone number of some countries, since it is a phone number that was asked for.
        same = [found for found in inside if found.kind == "A_NUMBER" and found.value[0].isdigit()]
    if kind in {"PHONE", "EMAIL"} and len(same) == 1:
        start, end, value = same[0].start, same[0].end, same[0].value
    else:
        pieces, done = [], start
        for found in inside:
            if found.kind in NAMING_KINDS:
                pieces.append(text[done : found.start])
                done = found.end
        value = " ".join("".join([*pieces, text[done:end]]).split())
        if not any(c.isalnum() for c in value):
            return mask(stripped, seen)
    highest, tokens = _used(text, seen)
    token = _token(kind, value, highest, tokens)
    return Masked(token, (Found(kind, token, value, start, end),))


def _used(text: str, seen: Iterable[tuple[str, str]]) -> tuple[dict[str, int], dict[tuple[str, str], str]]:
    """The highest number of each kind so far, and the tokens by kind and normalised value."""
    highest: dict[str, int] = {}
    tokens: dict[tuple[str, str], str] = {}
    for match in _TOKEN.finditer(text):
        highest[match[1]] = max(highest.get(match[1], 0), int(match[2]))
    for token, value in seen:
        if known := _TOKEN.fullmatch(token):
            kind, number = known[1], int(known[2])
            highest[kind] = max(highest.get(kind, 0), number)
            tokens.setdefault((kind, _same(kind, value)), token)
    return highest, tokens


def _token(kind: str, value: str, highest: dict[str, int], tokens: dict[tuple[str, str], str]) -> str:
    """The token of a value, the next of its kind when it has none yet."""
    key = (kind, _same(kind, value))
    if key not in tokens:
        highest[kind] = highest.get(kind, 0) + 1
        tokens[key] = f"[{kind}_{highest[kind]}]"
    return tokens[key]


def _without(cased: str, taken: list[tuple[int, int, str]]) -> str:
    """The text of the same length without these places."""
    pieces, done = [], 0
    for start, end, _ in sorted(taken):
        pieces += [cased[done:start], _gone(end - start)]
        done = end
    pieces.append(cased[done:])
    return "".join(pieces)


def _gone(length: int) -> str:
    """What stands in the place of a token while the rest is read: no digit, and no word to either side."""
    return "[" + "x" * (length - 2) + "]" if length > 1 else "["


def _read(cased: str) -> list[tuple[int, int, str]]:
    """The places that do not overlap among the candidates, with their kinds."""
    taken: list[tuple[int, int, str]] = []
    occupied = bytearray(len(cased))
    for kind, start, end in _candidates(cased, _lower(cased)):
        while start < end and (
            cased[start] in " \t\r\n.,:;-#\"'" or (cased[start] == "(" and kind != "PHONE")
        ):
            start += 1
        while end > start and cased[end - 1] in " \t\r\n.,:;-":
            end -= 1
        if start < end and occupied.find(1, start, end) < 0:
            occupied[start:end] = b"\1" * (end - start)
            taken.append((start, end, kind))
    return taken


def _candidates(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end) of everything that looks like a personal datum; an earlier one wins over a later.

    A candidate without a kind is a public number: it stays, and so does each part of it.
    """
    for mail, fragments in _MAILS:
        if any(fragment in text for fragment in fragments):
            if mail is _MAIL_IN_WORDS and _PROVIDERS.search(text) is None:
                continue
            for match in mail.finditer(text):
                if not match[0].endswith(".gov"):
                    yield "EMAIL", match.start(), match.end()
    if _STREET_WORD.search(text):
        yield from _addresses(cased, text)
    if _SEVEN_DIGITS.search(text) is not None:
        yield from _long_numbers(cased, text)
    for pattern, kind, needles in _SHORT_IN_CONTEXT:
        yield from _in_context(pattern, kind, needles, text)
    for start, end in _names(cased, text):
        yield "NAME", start, end


def _names(cased: str, text: str) -> Iterator[tuple[int, int]]:
    """The places of the names of persons."""
    openings = [found for found in _openings(text) if _may_follow(text, found[0].end())]
    telling = bool(openings) and _capitals_tell(cased, text)
    for opening, before in openings:
        manner = opening.lastgroup or ""
        if manner == "weak" and before in _THINGS:
            continue
        if manner == "of":
            if not _KIN_WORD.fullmatch(before):
                continue
            manner = "known"
        if manner == "called":
            start = opening.start()
            said = _SENTENCE_END.split(text[max(0, start - _BEFORE_CALLED) : start])[-1]
            manner = "sure" if _KIN_WORD.search(said) else "known"
        found = _name_at(cased, text, opening.end(), manner, telling)
        while found is not None:
            yield found
            # "mis hijos Ana, Luis y Pedro": only common names, so that no list of other things is taken.
            link = _AND.match(text, found[1])
            found = None if link is None else _name_at(cased, text, link.end(), "known", telling)


def _may_follow(text: str, place: int) -> bool:
    """Whether the next word may be a name at all; most are ordinary words."""
    gap = _NAME_GAP.match(text, place)
    word = _NAME_WORD.match(text, gap.end() if gap else place)
    return word is not None and (word[0] not in _NO_NAME or word[0] in _GIVEN or word[0] in _NAMES_AND_WORDS)


def _openings(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """What stands before a name, and the word right before that, or ""."""
    done, before, end = 0, "", -1
    for word in _NAME_WORD.finditer(text):
        place = word.start()
        if word[0] in _FIRST_WORDS and place >= done and (opening := _OPENING.match(text, place)) is not None:
            yield opening, before if text[end:place].isspace() else ""
            done = opening.end()
        before, end = word[0], word.end()


def _name_at(cased: str, text: str, place: int, manner: str, telling: bool) -> tuple[int, int] | None:
    """The name that begins at a place, or None; ``manner`` says how much the words before it prove."""
    gap = _NAME_GAP.match(text, place)
    place = gap.end() if gap else place
    start = end = place
    count = 0
    anything, linked = manner == "sure", False
    while count < _MOST_NAME_WORDS and (word := _NAME_WORD.match(text, place)) is not None:
        low, stop = word[0], word.end()
        if low.endswith(("'s", "’s")):
            low, stop = low[:-2], stop - 2
        titled = telling and cased[place].isupper() and not cased[place:stop].isupper()
        if count and low in _PARTICLES:
            linked = True
        elif linked and low not in _GIVEN and not _surname(low):
            break
        elif (
            _is_name(low, manner, titled, first=not count)
            or (anything and _may_be_name(low))
            or (not count and titled and low in _NAMES_AND_WORDS and _surname_follows(text, stop))
        ):
            anything, linked = anything and not titled, False
            count += 1
            end = stop
        else:
            break
        space = _SPACES.match(text, stop)
        if space is None or stop != word.end():
            break
        place = space.end()
    return (start, end) if count else None


def _is_name(low: str, manner: str, titled: bool, *, first: bool) -> bool:
    """Whether a word is a name after an opening of this manner, or after the ``first`` word of one."""
    if low in _GIVEN or low.split("-")[0] in _GIVEN or ((manner == "weak" or not first) and _surname(low)):
        return True
    if not titled or not _may_be_name(low) or (first and manner in {"known", "self"}):
        return False
    return not (first and manner == "soy" and _PEOPLE_ENDING.match(low))


def _surname_follows(text: str, place: int) -> bool:
    space = _SPACES.match(text, place)
    word = _NAME_WORD.match(text, space.end()) if space else None
    return word is not None and _surname(word[0])


def _may_be_name(low: str) -> bool:
    return (
        len(low) > 1
        and re.split("['’]", low)[0] not in _NO_NAME
        and not (_NO_NAME_ENDING.match(low) and not _surname(low))
    )


def _surname(low: str) -> bool:
    return low in _SURNAMES or (low.endswith("ez") and len(low) > 3 and low not in _NO_SURNAME)


def _capitals_tell(cased: str, text: str) -> bool:
    """Whether capitals mark names here: not where the ordinary words have them too."""
    ordinary = [
        cased[word.start()].isupper()
        for word in _NAME_WORD.finditer(text)
        if len(word[0]) > 1 and word[0] in _NO_NAME
    ]
    return sum(ordinary) < 2 or sum(ordinary) * 2 < len(ordinary)


def _long_numbers(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    for match in _RECEIPT.finditer(text):
        if match[0][:3] in _RECEIPT_CODES or cased[match.start() : match.start() + 3].isupper():
            yield "RECEIPT", match.start(), match.end()
    yield from _in_context(*_IN_CONTEXT[0], text)
    yield from _in_context(*_IN_CONTEXT[1], text)
    for match in _CARD.finditer(text):
        if _luhn(match[0]):
            yield "CARD", match.start(), match.end()
    for pattern, kind, needles in _IN_CONTEXT[2:]:
        yield from _in_context(pattern, kind, needles, text)
    for match in _SSN.finditer(text):
        if match[1] == "-" or not _YEAR.fullmatch(match[0][-4:]):
            yield "SSN", match.start(), match.end()
    for pattern in (_A_ATTACHED, _A_SHORT):
        for match in pattern.finditer(text):
            yield "A_NUMBER", match.start(), match.end()
    yield from _in_context(_A_CONTEXT, "A_NUMBER", ("a",), text)
    yield from _phones(text)
    for match in _NINE.finditer(text):
        if not match[0].endswith("00000"):
            yield "A_NUMBER", match.start(), match.end()


def _addresses(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    for pattern in (_PO_BOX, _COLONIA, _GRID, _STREET, _CALLE):
        for match in pattern.finditer(text):
            yield "ADDRESS", match.start(), match.end()
    for match in _STREET_SAID.finditer(text):
        yield "ADDRESS", match.start(1), match.end(1)
    for match in _STREET_CASED.finditer(text):
        words = cased[match.start() : match.end()].split()[1:]
        if any(word[:1].isupper() or word[:1].isdigit() for word in words):
            yield "ADDRESS", match.start(), match.end()


def _in_context(
    pattern: re.Pattern[str], kind: str, needles: tuple[str, ...], text: str
) -> Iterator[tuple[str, int, int]]:
    if not any(needle in text for needle in needles):
        return
    for match in pattern.finditer(text):
        if not _DATE_SHAPE.fullmatch(match[1].strip()):
            yield kind, match.start(1), match.end(1)


def _phones(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _PHONE_PLUS.finditer(text):
        if 8 <= len(_digits(match[0])) <= 17 and not _public(match[0]):
            yield "PHONE", match.start(), match.end()
    for match in _PHONE_CONTEXT.finditer(text):
        if not _looks_otherwise(match[1]):
            yield "PHONE", match.start(1), match.end(1)
    for pattern in (_PHONE_BEFORE, _PHONE_SLASHES) if "/" in text else (_PHONE_BEFORE,):
        for match in pattern.finditer(text):
            if not _looks_otherwise(match[1]):
                yield "PHONE", match.start(1), match.end(1)
    for pattern in (_PHONE_COUNTRY, _PHONE_US, _PHONE_LOCAL):
        for match in pattern.finditer(text):
            if _public(match[0]):
                yield "", match.start(), match.end()
            elif not _looks_otherwise(match[0]):
                yield "PHONE", match.start(), match.end()


def _looks_otherwise(number: str) -> bool:
    """Whether digits that could be a phone number are a date, years, a round amount or a public line."""
    groups = re.findall(r"\d+", number)
    if _DATE_SHAPE.search(number) or _public(number) or _digits(number).endswith("00000"):
        return True
    return len(groups) > 1 and all(_YEAR.fullmatch(group) for group in groups[-2:])


def _public(number: str) -> bool:
    digits = _digits(number).removeprefix("00").removeprefix("011")
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return len(digits) == 10 and digits[:3] in _TOLL_FREE


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isdigit())


def _luhn(number: str) -> bool:
    """Whether the check digit of a payment card is right."""
    digits = [int(c) for c in reversed(_digits(number))]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + doubled) % 10 == 0


def _same(kind: str, value: str) -> str:
    """What two ways to write the same value have in common."""
    if kind in {"EMAIL", "ADDRESS"}:
        return "".join(c for c in value.lower() if c.isalnum() or c == "@")
    if kind == "PHONE":
        digits = _digits(value)
        return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if kind == "A_NUMBER":
        return _digits(value).zfill(9)
    if kind in WHOLE_KINDS:
        value = _without_accents(value)
    return "".join(c for c in value.upper() if c.isalnum())


def _without_accents(text: str) -> str:
    """The text of the same length in which an accented letter is its plain letter and any digit is ASCII."""
    if text.isascii():
        return text
    return "".join(_plain_character(c) for c in text)


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _plain_character(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char.isspace() or char in "\u200b\u2060":
        return " "
    if char in "\u2010\u2011\u2012\u2013\u2014\u2212":
        return "-"
    if char in "ñÑ":
        return char
    plain = unicodedata.normalize("NFD", char)[0]
    return plain if len(plain) == 1 else char
