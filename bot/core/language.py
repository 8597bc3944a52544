"""The language of one message: English or Spanish when that is sure, another one when that is clear.

Most messages on a phone are one to five words, often without accents, and Spanish speakers use English terms
("work permit", "court"). So function words decide first, each with a weight; loan words weigh little. Only
when they leave it open and enough words remain does lingua (restricted to the two languages) speak. Names,
numbers, forms and "ok" give nothing, so that a conversation keeps the language it has.

Portuguese, Haitian Creole and French are recognised by words of their own, on four words or more; other
scripts by their letters. Runs under Python 3.10 and 3.12.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

#: Below this share of the evidence a message is not surely in one language.
_SURE = 0.58
#: Evidence that is enough by itself: one clear word.
_ENOUGH = 0.8
#: lingua alone must be this certain, on at least this many words that nothing else explains.
_LINGUA_SURE = 0.90
_LINGUA_WORDS = 2
#: Words needed before another language than the two is named.
_OTHER_WORDS = 4
#: Longer text adds nothing, and a pasted document must not cost time.
_MAX_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Detection:
    """``language`` is "en", "es" or None (keep the conversation's); ``other`` an ISO 639 code such as "pt".

    ``confidence`` lies between 0 and 1 and speaks of whichever of the two is set, 0 when neither is.
    A message that mixes both about evenly has 0.55: good enough to begin in, not to switch to.
    """

    language: str | None
    confidence: float
    other: str | None


_NOTHING = Detection(None, 0.0, None)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that only one of the two languages has (written without accents, as on a phone).
_ES_STRONG = _words(
    """
    el la los las un una unos unas al del de que q qe k ke y e con por para pa x xq pq porq porque pero si
    o en es esta estan estoy estamos estaba ser soy somos era eres fue fui fueron sido hay haber habia he
    lo le les se te nos mi mis tu tus su sus yo ella ellos ellas nosotros usted ustedes uds ud esto este
    ese esa eso estos estas aqui aca ahi alla alli donde dnd adonde cuando cuanto cuantos cuanta cuantas
    cual cuales quien quienes como cmo tambien tmb tb tbn muy mucho mucha muchos muchas mas menos ya aun
    todavia nunca siempre ahora hoy ayer antier anteayer manana luego despues antes desde hasta sin sobre
    entre hace hacia tengo tngo tienes tiene tienen tenemos tenia tuve tener tenga quiero kiero quiere
    quieren quisiera queria querer puedo puede pueden podemos podria poder pude necesito nesecito nesesito
    necesita necesitamos debo debe tendria hago hacer hice hizo hacen haga voy vas va vamos iba ir vino
    vine vinimos vienen venir llegue llego llegamos llegar yege llega entro entramos entrar cruce cruzamos
    cruzo cruzar pase paso pasa pasar sali salir salio salimos vivo vive vivimos vivir sabe saber sabes
    dijo dijeron dicen digo dime diga decir dar dan dieron dio doy dame llevo lleva llevar llevaron mande
    mandar mandaron envio enviar recibi recibir espero esperar esperando pedir pido pedi pedirlo aplico
    aplique aplicar solicitar solicito solicite pagar pago pague trabajar trabajo trabaja trabajando traer
    renovar renuevo cambie cambiar cambio perdi perder negaron negado negar agarraron detuvieron
    deportaron deportar deporten deportacion quitaron amenazaron amenazan mataron matar golpearon
    persiguen regresar regreso volver vuelvo huir hui hola ola buenas buenos buen buenass gracias grasias
    grax porfavor porfa favor ayuda ayudeme ayudenme ayudar ayudame ayuden disculpe disculpa perdon
    perdone saludos adios chao licenciado licenciada lic bendiga bendiciones dios senor senora senorita
    mijo sii claro bueno bien mal mejor vale dale orale simon nomas pues pos ta toy tas tamos mismo misma
    otro otra otros otras todo toda todos todas nada algo alguien nadie cada cualquier ningun ninguna
    alguna algunos primero primera segundo ultimo ultima abogado abogada abogados asilo corte cortes juez
    jueza permiso permisos trabajos cita citas entrevista audiencia papeles frontera gobierno policia
    miedo temor pandilla pandillas maras mara carcel detenido detenida detenidos preso esposo esposa hijo
    hija hijos hijas nino nina ninos hermano hermana hermanos hermanas padre padres madre mama papa
    familia primo prima tio tia sobrino abuela abuelo novio novia pareja bebe menor dinero gratis cuesta
    cuestan costo precio tarifa cobran cobra dolares plazo fecha fechas dia dias semana semanas mes meses
    ano anos hora horas lunes martes miercoles jueves viernes sabado domingo enero febrero marzo abril
    mayo junio julio agosto septiembre setiembre octubre noviembre diciembre dos tres cuatro cinco seis
    siete ocho nueve diez once doce caso casos carta cartas correo direccion telefono numero documentos
    documento formulario solicitud apelacion apelar derecho derechos ley leyes pais paises estado estados
    unidos ciudad pueblo casa calle idioma espanol ingles persona personas gente humano pregunta preguntas
    respuesta informacion casado casada soltero soltera divorciado embarazada enfermo salud escuela
    iglesia medico hospital violencia amenaza amenazas muerte vida seguro segura peligro urgente pronto
    rapido tarde temprano noche lejos cerca solo sola juntos huellas tarjeta verde residencia residente
    ciudadano ciudadania ciudadana licencia viaje viajar tarda demora demoran falta faltan toca creo
    entiendo entendi entiende explica explicame explique hablar habla hablo hablan llamar llamo llame
    llamaron escribir firmar firme firmo quedar quedarme quede queda irme ire migra migracion inmigracion
    notario coyote rio libertad palabra condicional siguiente proxima proximo pasado pasada sera seria
    debes haya hayan hubiera nacio naci cumpli cumple anio aniversario verdad cierto correcto exacto
    fianza bale nop quiubo reiniciar soltaron liberaron oficina mensaje perfecto entonces nacimiento
    pasaporte victima extorsion hielera patrulla listo lista empezar terminar parar seguir continuar
    cancelar borrar borra
    """
)
_EN_STRONG = _words(
    """
    the an of and or but if is are was were be been being am im i've ive i'm i'd i'll ill i you u ur your
    yours my mine we our us's they their them he's she her his him it its it's that that's thats this
    these those there here what whats what's wat when where who whom whose why how which to from for with
    without at by into about after before since until till while during because cuz bc not dont don't
    doesnt doesn't didnt didn't cant can't cannot wont won't isnt isn't arent aren't wasnt wasn't havent
    haven't couldnt couldn't shouldnt never always already yet still again also too can could will would
    should shall may might must do does did done doing have had having got get gets getting gotta gonna
    wanna want wants wanted need needs needed know knows knew think thought go going went gone come came
    comes coming leave left leaving stay stayed stays take took takes taken taking make made makes give
    gave given gives say said says tell told ask asked asking answer speak talk talking understand work
    working works worked job pay paid pays paying send sent sends wait waiting waits waited file filed
    filing apply applied applying applies application submit submitted renew renewal renewed expire
    expires expired expiring lose lost losing deny denied denies qualify qualified eligible allowed arrive
    arrived arriving cross crossed crossing enter entered entering live lives lived living move moved
    moving born stop start started happen happens happened bring brought marry married divorced single
    pregnant sick scared afraid fear threatened threatening killed kill beaten hurt safe danger detained
    arrested deported deport deportation hello hi hey hii heya helo yes yeah yep yea yup nope nah thanks
    thank thx ty thankyou welcome please pls plz sorry bye goodbye help helpp good morning afternoon
    evening night ok'd right wrong correct sure exactly maybe really just only very much many more most
    some any all every each other another something anything nothing everything someone anyone nobody
    everybody one two three four five six seven eight nine twelve first second last next day days week
    weeks month months year years hour hours ago today tomorrow yesterday tonight soon late early now then
    later monday tuesday wednesday thursday friday saturday sunday january february march april june july
    august september october november december lawyer lawyers attorney asylum court judge hearing
    interview letter notice deadline deadlines paper papers document documents form's case cases receipt
    border government police jail prison gang gangs fingerprints biometrics appeal appealed husband wife
    son daughter kid kids child children brother sister mother father mom mum dad parents family cousin
    uncle aunt nephew girlfriend boyfriend baby friend friends money cost costs free price fee fees
    dollars cheap how's long far country home house street city state address phone number name email mail
    language english spanish spouse relative relatives rights law laws people person human somebody
    speaking someone's new old same different like if's than so out up over off down back away through
    mind let's lets okay'd idk btw tho though well which's whether nothing's wondering question questions
    school church hospital doctor driver license travel trip status permit green card social security
    parole lawyers' years' steps step process pending approved approve approval decision decided bond call
    called problem problems gimme lemme tysm ttyl asap book removal proceedings order passport office
    message msg info bar seeker change changed changes updated update online website check checked
    """
)
# Terms that speakers of the other language use in the middle of their own sentence.
_EN_LOANS = _words(
    """
    work permit green card court hearing asylum deadline lawyer attorney case receipt notice appear
    appearance interview parole status application appeal judge biometrics form social security license
    driver next office file number online free officer removal order fee check fingerprints state email
    mail update pending approved travel document the of to please sorry bye baby change address one year
    bar master bond passport filed website clock seeker credible fear renewal
    """
)
_ES_LOANS = _words(
    """
    abogado abogada notario asilo migra coyote mara maras pandilla papeles senor senora dios el la
    """
)
# Both languages have these, or neither is shown by them.
_NEUTRAL = _words(
    """
    ok okay oki okey no me a has son sin an as in on come once dice red sea ten real legal final visa
    visas am pm do so us he uscis ice eoir nta tps ead daca ina bia cbp irs vawa uac sij asylo court's mx
    usa ee uu eeuu eua united states jaja jajaja jajajaja jejeje haha hahaha lol wow ah oh eh uh um hmm mm
    mmm ay uf green card whatsapp google facebook internet chat bot taxi hotel hospital formal social
    general total regular normal personal animal federal local central error doctor actor motor i n d b c
    h j l m p r s t v w z f g may pan fine van sale salve pie base tv pdf wifi app web guatemala honduras
    nicaragua mexico colombia venezuela cuba haiti ecuador peru bolivia brazil brasil chile argentina
    panama dominicana cameroon russia china india turkey ukraine afghanistan salvador costa rica puerto
    rico paraguay uruguay jamaica texas florida california miami houston dallas chicago boston york
    angeles antonio diego francisco paso vegas nueva new jersey arizona nevada georgia atlanta maryland
    virginia carolina michigan tijuana juarez laredo brownsville mcallen matamoros reynosa tapachula
    tegucigalpa caracas bogota lima quito denver jose juan carlos luis maria ana pedro miguel jesus manuel
    jorge rosa carmen elena karla sofia daniel david alejandro fernando ricardo roberto mario sergio
    eduardo oscar javier marta martha gloria sandra patricia claudia andrea gabriela paola wilmer
    jefferson yesenia kevin lopez garcia martinez hernandez gonzalez rodriguez perez sanchez ramirez
    torres flores rivera gomez diaz reyes morales cruz ortiz gutierrez chavez ramos ruiz alvarez mendoza
    castillo jimenez vasquez castro vargas guzman munoz mejia rojas john smith james robert michael mary
    """
)
# One letter that in a Spanish (or English) message is a whole function word.
_ES_CHAT = {
    "d": 0.6,
    "k": 0.8,
    "q": 1.0,
    "x": 0.5,
    "y": 0.7,
    "e": 0.2,
    "o": 0.5,
    "t": 0.3,
    "m": 0.3,
    "n": 0.4,
}
_EN_CHAT = {"i": 1.0, "u": 0.8, "r": 0.5, "n": 0.3, "b": 0.2, "y": 0.2}

# Words of a third language that neither English nor Spanish has.
_PT = _words(
    """
    não nao você voce vocês voces eu meu meus minha minhas uma com estou tenho temos preciso precisa
    obrigado obrigada posso pode podem trabalhar trabalho advogado advogada também tambem isso quando
    quanto onde quem muito muita filho filha filhos filhas mãe pai cheguei entrei brasileiro brasileira
    brasileiros dele dela em ao aos pelo pela até faz ajuda quero falar falo fala falam português
    portugues boa oi olá gostaria voltar fronteira autorização são foi tem ter fazer sou estava meses já
    ainda depois agora pedido país vim vou juiz audiência advogados visto enquanto porque seu sua custa
    custam quantos dinheiro medo moro qual eles elas nós nossa nosso ajudar
    """
)
_HT = _words(
    """
    mwen m'ap map nou gen genyen ka kapab kijan kouman poukisa kisa sa ak nan pou ap fè fe ede èd azil
    travay avoka pitit fanmi peyi ayiti ayisyen kreyol kreyòl bonjou bonswa bonjour mesi tanpri papye
    lajan konbyen kilè kote tribinal imigrasyon pè pe tounen vini rive ane mwa depi dwe vle bezwen poum
    mande aplike pale moun anpil sou epi kounye etazini randevou jij yon eske èske li ou pa ki gade jwenn
    peye fèm madanm mari'm timoun sè frè lè paske men premye dat jou semèn
    """
)
_FR = _words(
    """
    je j'ai j'étais suis est les des une vous nous avec pour dans sur pas ne mon ma mes asile l'asile
    bonjour merci avocat d'un d'une travail travailler comment combien où quand peux puis puis-je besoin
    aide pays peur enfants femme mari ans mois depuis arrivé arrivée arrive c'est qu'est qu'il parle
    parlez français francais été etait au aux du et mais sans être avoir faire est-ce voudrais je'voudrais
    demander demande il elle ils leur qui cette ce ces aussi très mariage carte permis votre dossier
    entretien audience juge l'audience quels quelle quelles quel dois dois-je apporter l'avocat beaucoup
    viens sommes avons avez pouvez notre nos ici
    """
)
# Spanish words that Portuguese shares: they prove neither against the other.
_ES_SHARED = _words(
    """
    de que para por como se mas os as da na no nos me mi te e o a um pedir asilo caso tribunal entrevista
    meses dia tarde casa trabajo permiso estado estados unidos pagar resposta esta este essa la le les un
    en tu si sobre es lo ser era pa mes sin con entre va hora carta familia
    """
)
_SCRIPTS = (
    ("ARABIC", "ar"), ("CYRILLIC", "ru"), ("CJK", "zh"), ("HIRAGANA", "ja"), ("KATAKANA", "ja"),
    ("HANGUL", "ko"), ("DEVANAGARI", "hi"), ("GURMUKHI", "pa"), ("BENGALI", "bn"),
    ("ETHIOPIC", "am"), ("ARMENIAN", "hy"),
    ("GEORGIAN", "ka"), ("HEBREW", "he"), ("TAMIL", "ta"), ("MYANMAR", "my"), ("THAI", "th"), ("GREEK", "el"),
)  # fmt: skip

# Places and phrases whose Spanish or English words say nothing about the message.
_PLACES = re.compile(
    r"\b(?:el salvador|el paso|los angeles|las vegas|la migra|costa rica|puerto rico|san \w+|santa ana|"
    r"la paz|el alto|las americas|new york|new jersey|new mexico|united states|estados unidos|"
    r"republica dominicana|dominican republic|buenos aires|green card|social security)\b"
)
_URL_OR_MAIL = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\[[A-Z_]+\d*\]")
# A form, case or document number with its letters: I-589, EOIR-28, A123456789, I-765 c8, MSC2190000000.
_CODES = re.compile(r"\b(?:[a-z]{1,5}-?\d[\w-]*|\d+(?:st|nd|rd|th)|\d[\w-]*)\b|\bc\d{1,2}\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_LENGTHENED = re.compile(r"(\w)\1{2,}")
# "He has" is English; Spanish "he" stands before a participle ("he perdido").
_HE = re.compile(r"\bhe (?!\w+(?:[ai]do|cho|sto|rto)\b)")
_ES_MARKS = re.compile(r"[¿¡]|ñ|[áéíóú]\w*\b")

_ASK_EN = re.compile(
    r"\b(?:in|into|to|en|al|speak|change to|switch to|use|habla|hablas|hablan)\s+(?:ingles|english)\b"
    r"|^\s*(?:english|ingles|inglish)\s*(?:please|pls|plz|only|por favor|porfa|version)?\s*[.!?]*\s*$"
    r"|\b(?:english|ingles)\s+(?:please|pls|plz|por favor|porfa)\b"
    r"|\bno (?:hablo|entiendo|se|puedo leer|comprendo)\s+(?:el |bien |mucho )*"
    r"(?:espanol|espaniol|castellano)\b"
    r"|\b(?:dont|don't|do not|cant|can't|cannot|not)\s+(?:speak|read|understand|know)\s+(?:any )?"
    r"(?:spanish|espanol)\b"
    r"|\bno spanish\b|\bno espanol\b"
)
_ASK_ES = re.compile(
    r"\b(?:in|into|to|en|al|speak|change to|switch to|use|habla|hablas|hablan|hablar|hable|hableme)\s+"
    r"(?:el |en )?(?:espanol|espaniol|castellano|spanish)\b"
    r"|^\s*(?:spanish|espanol|espaniol|castellano)\s*"
    r"(?:please|pls|plz|only|por favor|porfa|version)?\s*[.!?]*\s*$"
    r"|\b(?:spanish|espanol)\s+(?:please|pls|plz|por favor|porfa)\b"
    r"|\bno (?:hablo|entiendo|se|leo|puedo leer|comprendo)\s+"
    r"(?:el |nada de |bien |mucho )*(?:ingles|english)\b"
    r"|\b(?:dont|don't|do not|cant|can't|cannot|not)\s+(?:speak|read|understand|know)\s+(?:any |much )?"
    r"(?:english|ingles)\b|\bno english\b|\bno ingles\b"
)
# "Does my lawyer speak Spanish", "the interview is in English", "en la corte": about somebody else.
_ABOUT_OTHERS = re.compile(
    r"\b(?:interview|entrevista|court|corte|judge|juez|officer|oficial|form|formulario|i-589|documents?|"
    r"documentos?|translat\w+|traduc\w+|interpret\w+|hearing|audiencia|lawyer|abogad[oa]s?|attorney|fill|llenar\w*|"
    r"letter|carta|certificate|acta|son|daughter|hij[oa]s?|husband|wife|espos[oa]|"
    r"write|escribir\w*|letters|staff|office|oficina|licenciad[oa])\b"
)


def plain(text: str) -> str:
    """The text in lower case without accents; each character stays one character where that is possible."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@lru_cache(maxsize=1)
def _lingua() -> LanguageDetector:
    """The second opinion; loading it takes about half a second and 90 MB, so it waits for the first need."""
    return LanguageDetectorBuilder.from_languages(Language.ENGLISH, Language.SPANISH).build()


def warm_up() -> None:
    """Loads what the first message would otherwise wait for."""
    _lingua().detect_language_of("good morning, buenos dias")


def detect(text: str) -> Detection:
    """The language of one message; see ``Detection``. Any text gives a value, never an exception."""
    shown = unicodedata.normalize("NFC", text[:_MAX_CHARS])
    shown = _URL_OR_MAIL.sub(" ", shown).replace("’", "'")
    script = _script(shown)
    if script is not None:
        return Detection(None, 0.95, script)
    low = shown.lower()
    bare = _LENGTHENED.sub(r"\1", _PLACES.sub(" ", _CODES.sub(" ", plain(low))))
    words = _WORD.findall(bare)
    if all(len(word) == 1 for word in words):
        return Detection("es", 0.9, None) if any(c in low for c in "¿¡") else _NOTHING
    es, en, unknown = _evidence(words, low)
    if _HE.search(bare):
        en += 1.0
    other = _third(_WORD.findall(low), words, en)
    if other is not None:
        return other
    total = es + en
    if total >= _ENOUGH:
        best, share = ("es", es / total) if es >= en else ("en", en / total)
        if share >= _SURE:
            return Detection(best, round(min(0.99, share * (1 - 0.3 ** (total + 0.6))), 3), None)
    return _second_opinion(shown, es, en, unknown)


def asks_for_language(text: str) -> str | None:
    """The language, "en" or "es", that a message asks to be answered in, or None.

    "No hablo inglés" asks for Spanish. A question about the language of a court, a form or
    a lawyer does not ask.
    """
    low = plain(text[:_MAX_CHARS]).replace("’", "'")
    if len(low) > 120 or _ABOUT_OTHERS.search(low):
        return None
    denied_english = re.search(r"\bno (?:hablo|entiendo|se|leo|comprendo)\b.{0,16}\bingles\b", low)
    if denied_english:
        return "es"
    if _ASK_ES.search(low) and not _denies(low, "spanish", "espanol"):
        return "es"
    if _ASK_EN.search(low) and not _denies(low, "english", "ingles"):
        return "en"
    if _ASK_EN.search(low):
        return "es"
    return "en" if _ASK_ES.search(low) else None


def _denies(low: str, *names: str) -> bool:
    """Whether the message says that the person does not have this language."""
    tongue = "|".join(names)
    return bool(
        re.search(
            rf"\b(?:dont|don't|do not|cant|can't|cannot|no|not)\s+(?:\w+\s+){{0,2}}?(?:{tongue})\b", low
        )
    )


def _script(text: str) -> str | None:
    """The language that a script stands for, when most letters are not Latin."""
    foreign = [c for c in text if c.isalpha() and ord(c) > 0x36F]
    if len(foreign) < 2 or len(foreign) * 2 < sum(c.isalpha() for c in text):
        return None
    counts: dict[str, int] = {}
    for char in foreign:
        name = unicodedata.name(char, "")
        for start, code in _SCRIPTS:
            if name.startswith(start):
                counts[code] = counts.get(code, 0) + 1
                break
    if "ja" in counts:
        return "ja"
    return max(counts, key=lambda code: counts[code]) if counts else None


def _evidence(words: list[str], low: str) -> tuple[float, float, int]:
    """The weight of the Spanish and of the English words, and how many words neither list knows."""
    es = en = 0.0
    unknown = 0
    for word in words:
        if word in _ES_CHAT or (len(word) == 1 and word in _EN_CHAT):
            es += _ES_CHAT.get(word, 0.0)
            en += _EN_CHAT.get(word, 0.0)
            continue
        in_es, in_en = word in _ES_STRONG, word in _EN_STRONG
        if in_es and not in_en:
            es += 0.5 if word in _ES_LOANS else 1.0
        elif in_en and not in_es:
            en += 0.35 if word in _EN_LOANS else 1.0
        elif not in_es and word not in _NEUTRAL:
            es += _spanish_ending(word)
            en += _english_ending(word)
            unknown += 1
    es += 0.9 * min(2, len(_ES_MARKS.findall(low)))
    # A message that is nothing but loan words of one language ("work permit", "asilo") is in that language.
    if not es and 0.3 < en < _ENOUGH:
        en = 0.9
    if not en and 0.3 < es < _ENOUGH and any(len(word) > 2 for word in words):
        es = 0.9
    return es, en, unknown


_ES_ENDING = re.compile(
    r"(?:cion|ciones|idad|idades|mente|ando|iendo|aron|ieron|amos|imos|emos|aste|iste|arme|erme|irme|arlo|arla|"
    r"arse|erse|irse|ado|ada|ados|adas|illo|illa|ito|ita|itos|itas|aba|aban|ria|rian|ero|eros|eza|ncia|ura)$"
)
_EN_ENDING = re.compile(r"(?:ing|tion|tions|ness|ment|ly|ght|ould|ck|sh|th|ed|ful|less|ee|oo\w?|ty|ry|'s)$")


def _spanish_ending(word: str) -> float:
    return 0.4 if len(word) > 4 and _ES_ENDING.search(word) else 0.0


def _english_ending(word: str) -> float:
    return 0.4 if len(word) > 4 and _EN_ENDING.search(word) else 0.0


def _third(accented: list[str], words: list[str], en: float) -> Detection | None:
    """A third language, when enough words are its own and neither English nor Spanish explains them."""
    if len(accented) < _OTHER_WORDS:
        return None
    best: tuple[float, str] = (0.0, "")
    for code, own in (("pt", _PT), ("ht", _HT), ("fr", _FR)):
        hits = sum(
            1.0 if word not in _ES_STRONG and word not in _EN_STRONG else 0.4
            for word in accented
            if word in own
        )
        best = max(best, (float(hits), code))
    hits, code = best
    spanish = sum(1.0 for word in words if word in _ES_STRONG and word not in _ES_SHARED)
    if code == "pt":
        spanish = sum(
            1.0 for word in words if word in _ES_STRONG and word not in _ES_SHARED and word not in _PT
        )
    elif code in {"ht", "fr"}:
        own = _HT if code == "ht" else _FR
        spanish = sum(1.0 for word in words if word in _ES_STRONG and word not in own)
    if hits < 2 or hits <= spanish or hits <= en or hits * 4 < len(accented):
        return None
    return Detection(None, round(min(0.99, hits / (hits + max(spanish, en) + 0.3)), 3), code)


def _second_opinion(shown: str, es: float, en: float, unknown: int) -> Detection:
    """What lingua says where the word lists leave it open."""
    looks_like_name = all(word[:1].isupper() for word in shown.split() if word[:1].isalpha())
    if unknown < _LINGUA_WORDS or (looks_like_name and not shown.isupper() and es + en == 0):
        if es + en < 0.3 or unknown == 0:
            return _lean(es, en)
        return _NOTHING
    values = _lingua().compute_language_confidence_values(shown.lower())
    top = values[0]
    if top.value < _LINGUA_SURE:
        return _lean(es, en)
    return Detection("es" if top.language == Language.SPANISH else "en", round(min(0.9, top.value), 3), None)


def _lean(es: float, en: float) -> Detection:
    """The language of a message that mixes both about evenly."""
    if es + en < _ENOUGH:
        return _NOTHING
    return Detection("es" if es >= en else "en", 0.55, None)
