"""What is wrong with a file that a person edits, said in plain English or Spanish.

A checker adds to a ``Report`` and goes on, so that an editor sees every problem at once; a loader raises the
first error of the report. Each code has its two texts below: what is wrong, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.core.errors import ContentFileError, DataFileError

ERROR = "error"
WARNING = "warning"

# code: {language: (problem, remedy)}. Names in braces are filled with the details of the case.
_TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    # reading
    "unreadable": {
        "en": ("the file cannot be read", "Check that it exists and may be read"),
        "es": ("no se puede leer el archivo", "Revise que exista y que se pueda leer"),
    },
    "not_utf8": {
        "en": ("the file is not UTF-8 text", "Save it again with the encoding UTF-8"),
        "es": ("el archivo no es texto UTF-8", "Guárdelo otra vez con la codificación UTF-8"),
    },
    "not_nfc": {
        "en": (
            "the line holds a letter and its accent as two separate signs ({word})",
            "Type the word again; in a terminal: uconv -x nfc",
        ),
        "es": (
            "la línea tiene una letra y su acento como dos signos separados ({word})",
            "Escriba la palabra otra vez; en una terminal: uconv -x nfc",
        ),
    },
    "bad_yaml": {
        "en": (
            "the line cannot be read as YAML ({detail})",
            'Compare it with its neighbours; put a text with ": " or "#" between double quotes',
        ),
        "es": (
            "la línea no se puede leer como YAML ({detail})",
            'Compárela con las líneas vecinas; ponga entre comillas dobles un texto con ": " o "#"',
        ),
    },
    "duplicate_key": {
        "en": ("{key} is written twice", "Keep one of the two lines"),
        "es": ("{key} está escrito dos veces", "Deje una sola de las dos líneas"),
    },
    "unknown_key": {
        "en": ("{key} is not a known entry here", "{near}The known ones are: {known}"),
        "es": ("{key} no es un dato conocido aquí", "{near}Los conocidos son: {known}"),
    },
    "missing_key": {
        "en": ("{key} is missing", "Add a line that begins with {key}:"),
        "es": ("falta {key}", "Agregue una línea que empiece con {key}:"),
    },
    "missing_language": {
        "en": ("{key} is missing in {language}", "Write the text in both languages, en and es"),
        "es": ("falta {key} en {language}", "Escriba el texto en los dos idiomas, en y es"),
    },
    "want_mapping": {
        "en": ("{key} must hold named entries", "Write it as lines of the form name: value"),
        "es": ("{key} debe tener datos con nombre", "Escríbalo en líneas de la forma nombre: valor"),
    },
    "want_list": {
        "en": ("{key} must be a list", "Write it as [first, second] or as lines that begin with a dash"),
        "es": ("{key} debe ser una lista", "Escríbalo como [uno, dos] o en líneas que empiecen con un guion"),
    },
    "want_text": {
        "en": ("{key} must be a text", "Write words after the colon, between double quotes when in doubt"),
        "es": (
            "{key} debe ser un texto",
            "Escriba palabras después de los dos puntos, entre comillas si duda",
        ),
    },
    "want_number": {
        "en": ("{key} must be a whole number, 1 or more", "Write only digits, without quotes"),
        "es": ("{key} debe ser un número entero, 1 o más", "Escriba solo cifras, sin comillas"),
    },
    "number_too_large": {
        "en": ("{key} is {value}, more than the {most} that are allowed", "Write {most} or less"),
        "es": ("{key} es {value}, más que los {most} permitidos", "Escriba {most} o menos"),
    },
    "wrong_date": {
        "en": ("{value} is not a date", "Write year-month-day, such as 2026-07-03"),
        "es": ("{value} no es una fecha", "Escriba año-mes-día, por ejemplo 2026-07-03"),
    },
    "bad_url": {
        "en": ("{value} is not a web address", "Write it whole, beginning with https://"),
        "es": ("{value} no es una dirección web", "Escríbala completa, empezando con https://"),
    },
    "not_one_of": {
        "en": ("{key} is {value}, which is not allowed", "{near}Write one of: {known}"),
        "es": ("{key} es {value}, que no está permitido", "{near}Escriba uno de estos: {known}"),
    },
    "checked_in_future": {
        "en": ("the source says it was checked on {date}, which is still to come", "Correct the date"),
        "es": ("la fuente dice que se revisó el {date}, una fecha que no ha llegado", "Corrija la fecha"),
    },
    # law
    "id_not_path": {
        "en": (
            "the id is {id}, but the file's place says {expected}",
            "Write id: {expected}, or move the file",
        ),
        "es": (
            "el id es {id}, pero el lugar del archivo dice {expected}",
            "Escriba id: {expected} o mueva el archivo",
        ),
    },
    "value_not_unit": {
        "en": ("the value {value} does not fit the unit {unit}", "{remedy}"),
        "es": ("el valor {value} no corresponde a la unidad {unit}", "{remedy}"),
    },
    "versions_empty": {
        "en": (
            "there is no version",
            "Under versions: write the date from which the value holds, and the value",
        ),
        "es": (
            "no hay ninguna versión",
            "Bajo versions: escriba la fecha desde la que rige el valor, y el valor",
        ),
    },
    "versions_unsorted": {
        "en": (
            "the version of {date} stands after a later one",
            "Put the versions in the order of their dates",
        ),
        "es": (
            "la versión de {date} está después de una posterior",
            "Ponga las versiones en el orden de sus fechas",
        ),
    },
    "authority_missing": {
        "en": (
            "the version of {date} names no authority",
            'Add authority: with at least one {{cite: "...", checked: year-month-day}}',
        ),
        "es": (
            "la versión de {date} no cita ninguna fuente",
            'Agregue authority: con al menos un {{cite: "...", checked: año-mes-día}}',
        ),
    },
    "question_missing": {
        "en": (
            "the value is marked as uncertain, but there is no question for the lawyer",
            "Add question: with what a lawyer must find out, or set confidence: high and drop changing",
        ),
        "es": (
            "el valor está marcado como dudoso, pero no hay una pregunta para el abogado",
            "Agregue question: con lo que el abogado debe averiguar; si no, confidence: high y sin changing",
        ),
    },
    "no_parameters": {
        "en": ("there is no law parameter in this folder", "Check the folder's name"),
        "es": ("no hay ningún dato legal en esta carpeta", "Revise el nombre de la carpeta"),
    },
    # rules of counting
    "unknown_rule": {
        "en": ("no calculation uses a rule {name}", "{near}The known ones are: {known}"),
        "es": ("ningún cálculo usa una regla {name}", "{near}Las conocidas son: {known}"),
    },
    "rule_missing": {
        "en": ("the rule {name} has no file", "Bring bot/law/deadlines/{name}.yml back"),
        "es": ("la regla {name} no tiene archivo", "Recupere bot/law/deadlines/{name}.yml"),
    },
    "rule_review_due": {
        "en": ("the review of the rule was due on {date}", "Look at the rule again, then move review:"),
        "es": ("la revisión de la regla vencía el {date}", "Revise la regla otra vez y cambie review:"),
    },
    "rule_question_missing": {
        "en": (
            "the rule is marked as doubtful, but there is no question for the lawyer",
            "Add question: with what a lawyer must find out, or set confidence: high and drop doubt",
        ),
        "es": (
            "la regla está marcada como dudosa, pero no hay una pregunta para el abogado",
            "Agregue question: con lo que el abogado debe averiguar; si no, confidence: high y sin doubt",
        ),
    },
    "count_names": {
        "en": ("the rule counts {names}, but it needs {known}", "Write under count: exactly {known}"),
        "es": ("la regla cuenta {names}, pero necesita {known}", "Escriba bajo count: exactamente {known}"),
    },
    "count_unit": {
        "en": (
            "{name} has the unit {unit}, which cannot be counted here",
            "Name a law parameter whose unit is one of: {known}",
        ),
        "es": (
            "{name} tiene la unidad {unit}, que aquí no se puede contar",
            "Ponga un dato legal cuya unidad sea una de: {known}",
        ),
    },
    "count_not_in_force": {
        "en": (
            "the rule holds from {date}, but {name} has no value on that day",
            "Add the value that holds on that day, or move the rule's day",
        ),
        "es": (
            "la regla rige desde el {date}, pero {name} no tiene valor ese día",
            "Agregue el valor que rige ese día o cambie el día de la regla",
        ),
    },
    # firm
    "bad_time_zone": {
        "en": ("{value} is not a time zone", "Write a name such as America/New_York"),
        "es": ("{value} no es una zona horaria", "Escriba un nombre como America/New_York"),
    },
    "bad_hours": {
        "en": ("{value} is not a span of hours", 'Write it as "09:00-17:00", between double quotes'),
        "es": ("{value} no es un horario", 'Escríbalo como "09:00-17:00", entre comillas dobles'),
    },
    "bad_email": {
        "en": ("{value} is not an e-mail address", "Write it as name@example.com"),
        "es": ("{value} no es un correo electrónico", "Escríbalo como nombre@example.com"),
    },
    # articles
    "file_name": {
        "en": (
            "the file's name is not an intent and a language",
            "Name it as work_permit.en.md or work_permit.es.md",
        ),
        "es": (
            "el nombre del archivo no es un tema y un idioma",
            "Nómbrelo como work_permit.en.md o work_permit.es.md",
        ),
    },
    "no_front_matter": {
        "en": (
            "the file does not begin with its data between two lines ---",
            "Copy the first lines of another article",
        ),
        "es": (
            "el archivo no empieza con sus datos entre dos líneas ---",
            "Copie las primeras líneas de otro artículo",
        ),
    },
    "not_file_name": {
        "en": (
            "{key} is {value}, but the file's name says {expected}",
            "Write {key}: {expected}, or rename the file",
        ),
        "es": (
            "{key} es {value}, pero el nombre del archivo dice {expected}",
            "Escriba {key}: {expected} o cambie el nombre del archivo",
        ),
    },
    "translates_in_source": {
        "en": ("translates stands in the English article, which is the original", "Delete the line"),
        "es": ("translates está en el artículo en inglés, que es el original", "Borre la línea"),
    },
    "partner_missing": {
        "en": ("the article does not exist in {language}", "Write {partner}"),
        "es": ("el artículo no existe en {language}", "Escriba {partner}"),
    },
    "stale_translation": {
        "en": (
            "this translates version {translates}, but the English article is at version {version}",
            "Bring the text up to date with the English one, then write translates: {version}",
        ),
        "es": (
            "esto traduce la versión {translates}, pero el artículo en inglés va en la versión {version}",
            "Ponga el texto al día con el inglés y después escriba translates: {version}",
        ),
    },
    "text_outside": {
        "en": ("this text belongs to no part of a section", "Put it under ### short or ### full"),
        "es": ("este texto no pertenece a ninguna parte de una sección", "Póngalo bajo ### short o ### full"),
    },
    "bad_heading": {
        "en": ("the heading cannot be read", "Write ## The question? {{#id}}, or ### short, or ### full"),
        "es": ("no se entiende el encabezado", "Escriba ## ¿La pregunta? {{#id}}, o ### short, o ### full"),
    },
    "too_few_sections": {
        "en": ("there are {count} sections", "Write at least four: ## Question {{#id}}"),
        "es": ("hay {count} secciones", "Escriba al menos cuatro: ## Pregunta {{#id}}"),
    },
    "first_not_general": {
        "en": (
            "the first section is {section}",
            "The first section's id is {{#general}}: the general answer",
        ),
        "es": (
            "la primera sección es {section}",
            "El id de la primera sección es {{#general}}: la respuesta general",
        ),
    },
    "duplicate_section": {
        "en": ("the id {section} stands twice", "Give each section an id of its own"),
        "es": ("el id {section} está dos veces", "Dé a cada sección un id propio"),
    },
    "sections_differ": {
        "en": (
            "the sections are {here}, in {language} they are {there}",
            "Use the same ids in the same order in both languages",
        ),
        "es": (
            "las secciones son {here}, en {language} son {there}",
            "Use los mismos id en el mismo orden en los dos idiomas",
        ),
    },
    "parents_differ": {
        "en": (
            "the parent topic differs from the one in {language}",
            "Write the same parent: line in both files",
        ),
        "es": (
            "el tema parent es distinto del que está en {language}",
            "Escriba la misma línea parent: en los dos archivos",
        ),
    },
    "label_missing": {
        "en": ("section {section} has no label", "Write label: and a few words under its heading"),
        "es": ("la sección {section} no tiene label", "Escriba label: y unas palabras bajo su encabezado"),
    },
    "label_twice": {
        "en": ("section {section} has two labels", "Keep one"),
        "es": ("la sección {section} tiene dos label", "Deje uno solo"),
    },
    "label_too_long": {
        "en": ("{label} has {length} letters, {limit} are allowed", "Shorten it"),
        "es": ("{label} tiene {length} letras, se permiten {limit}", "Acórtelo"),
    },
    "title_signs": {
        "en": (
            "the button {label} holds {signs}, which WhatsApp does not show as it stands",
            "Use only words",
        ),
        "es": (
            "el botón {label} tiene {signs}, que WhatsApp no muestra tal cual",
            "Use solo palabras",
        ),
    },
    "title_twice": {
        "en": (
            "two buttons that are offered together are called {label}",
            "Give each a title of its own: WhatsApp refuses two of one name",
        ),
        "es": (
            "dos botones que se ofrecen juntos se llaman {label}",
            "Póngale a cada uno su propio título: WhatsApp no acepta dos iguales",
        ),
    },
    "too_many_choices": {
        "en": (
            "{count} choices are offered together, and a list of WhatsApp has {limit} rows",
            "Take the least needed out",
        ),
        "es": (
            "se ofrecen {count} opciones juntas, y una lista de WhatsApp tiene {limit} filas",
            "Quite las menos necesarias",
        ),
    },
    "part_twice": {
        "en": ("section {section} has two parts {part}", "Keep one"),
        "es": ("la sección {section} tiene dos partes {part}", "Deje una sola"),
    },
    "short_missing": {
        "en": ("section {section} has no short text", "Write ### short and the text under it"),
        "es": ("la sección {section} no tiene texto corto", "Escriba ### short y el texto debajo"),
    },
    "part_empty": {
        "en": ("the part {part} of section {section} is empty", "Write the text, or delete the heading"),
        "es": (
            "la parte {part} de la sección {section} está vacía",
            "Escriba el texto o borre el encabezado",
        ),
    },
    "too_long": {
        "en": (
            "{what} has {length} characters with its figures filled in, {limit} are allowed",
            "Shorten it",
        ),
        "es": ("{what} tiene {length} caracteres con sus cifras puestas, se permiten {limit}", "Acórtelo"),
    },
    "parts_differ": {
        "en": ("section {section} has a full text in {language} and none here", "Write ### full here too"),
        "es": (
            "la sección {section} tiene texto full en {language} y aquí no",
            "Escriba también ### full aquí",
        ),
    },
    "placeholders_differ": {
        "en": (
            "section {section} uses {names}, in {language} it does not",
            "Use the same {{{{...}}}} in both languages",
        ),
        "es": (
            "la sección {section} usa {names}, en {language} no",
            "Use los mismos {{{{...}}}} en los dos idiomas",
        ),
    },
    "bad_braces": {
        "en": (
            "{text} is not a complete placeholder",
            "Write it as {{{{fee.i589}}}} or {{{{fee.i589|number}}}}",
        ),
        "es": ("{text} no es un dato completo", "Escríbalo como {{{{fee.i589}}}} o {{{{fee.i589|number}}}}"),
    },
    "unknown_parameter": {
        "en": ("there is no law parameter {name}", "{near}The file would be bot/law/parameters/{file}.yml"),
        "es": ("no hay un dato legal {name}", "{near}El archivo sería bot/law/parameters/{file}.yml"),
    },
    "unknown_firm_value": {
        "en": ("the firm has no value {name}", "{near}The known ones are: {known}"),
        "es": ("el despacho no tiene el dato {name}", "{near}Los conocidos son: {known}"),
    },
    "unknown_style": {
        "en": ("{name} cannot be written in the way {style}", "{near}Ways that fit: {known}"),
        "es": ("{name} no se puede escribir en la forma {style}", "{near}Formas posibles: {known}"),
    },
    "not_in_force": {
        "en": (
            "no value of {name} is in force on {date}",
            "Add the version that holds on that day, or take the placeholder out",
        ),
        "es": (
            "ningún valor de {name} rige el {date}",
            "Agregue la versión que rige ese día o quite el dato del texto",
        ),
    },
    "placeholder_here": {
        "en": (
            "a placeholder stands in {key}",
            "Put figures into the text, not into titles and labels",
        ),
        "es": (
            "hay un dato entre llaves en {key}",
            "Ponga las cifras en el texto, no en títulos ni etiquetas",
        ),
    },
    "figure": {
        "en": (
            "the figure {text} is typed in the text",
            "Use a law parameter, such as {{{{fee.i589}}}}; only form numbers and citations may be typed",
        ),
        "es": (
            "la cifra {text} está escrita en el texto",
            "Use un dato legal, como {{{{fee.i589}}}}; solo se escriben formularios y citas legales",
        ),
    },
    "number_word": {
        "en": ("the amount {text} is typed in words", "Use a law parameter, such as {{{{ead.file_wait}}}}"),
        "es": (
            "la cantidad {text} está escrita con palabras",
            "Use un dato legal, como {{{{ead.file_wait}}}}",
        ),
    },
    "conclusion": {
        "en": (
            "{text} tells the person how their case will end",
            "Say what the law asks for in general, and who decides",
        ),
        "es": (
            "{text} le dice a la persona cómo terminará su caso",
            "Diga qué pide la ley en general y quién decide",
        ),
    },
    "imperative": {
        "en": (
            "{text} tells the person to act at once",
            "Say what the rule is, and that a lawyer can help to decide",
        ),
        "es": (
            "{text} le manda a la persona actuar ya",
            "Diga cuál es la regla y que un abogado ayuda a decidir",
        ),
    },
    "exclamation": {
        "en": ("there is an exclamation mark", "Write the sentence calmly, with a full stop"),
        "es": ("hay un signo de exclamación", "Escriba la frase con calma, con punto"),
    },
    "glossary": {
        "en": ("{text} is a word to avoid", "The agreed word is: {term}"),
        "es": ("{text} es una palabra que se evita", "La palabra acordada es: {term}"),
    },
    "unknown_topic": {
        "en": ("there is no topic {topic}", "{near}Write the name of an article's file"),
        "es": ("no hay un tema {topic}", "{near}Escriba el nombre del archivo de un artículo"),
    },
    "related_to_itself": {
        "en": ("the article names itself as related", "Take it out of related"),
        "es": ("el artículo se nombra a sí mismo en related", "Quítelo de related"),
    },
    "sources_missing": {
        "en": ("the article names no source", "Add sources: with cite, url and checked"),
        "es": ("el artículo no nombra ninguna fuente", "Agregue sources: con cite, url y checked"),
    },
    "review_due": {
        "en": ("the review was due on {date}", "Read the facts again, then move review: {{due: ...}}"),
        "es": (
            "la revisión debía hacerse el {date}",
            "Revise los datos y después cambie review: {{due: ...}}",
        ),
    },
    "no_articles": {
        "en": ("there is no article in this folder", "Check the folder's name"),
        "es": ("no hay ningún artículo en esta carpeta", "Revise el nombre de la carpeta"),
    },
    # notices, labels, glossary, approvals
    "id_not_name": {
        "en": (
            "the id is {id}, but the file's name says {expected}",
            "Write id: {expected}, or rename the file",
        ),
        "es": (
            "el id es {id}, pero el nombre del archivo dice {expected}",
            "Escriba id: {expected} o cambie el nombre del archivo",
        ),
    },
    "notice_language": {
        "en": (
            "a notice in another language needs a name that begins with third_language",
            "Delete {key}, or rename the notice",
        ),
        "es": (
            "un aviso en otro idioma necesita un nombre que empiece con third_language",
            "Borre {key} o cambie el nombre del aviso",
        ),
    },
    "notice_no_language": {
        "en": ("the notice has no text", "Write it under the code of its language, such as pt:"),
        "es": ("el aviso no tiene texto", "Escríbalo bajo el código de su idioma, como pt:"),
    },
    "notice_values_differ": {
        "en": ("the text in {language} does not use {names}", "Use the same {{{{...}}}} in every language"),
        "es": ("el texto en {language} no usa {names}", "Use los mismos {{{{...}}}} en todos los idiomas"),
    },
    "notice_twice": {
        "en": (
            "there is already a notice {id}, in {other}",
            "Delete one of the two, or give it another name",
        ),
        "es": (
            "ya hay un aviso {id}, en {other}",
            "Borre uno de los dos o póngale otro nombre",
        ),
    },
    "notice_missing": {
        "en": ("the notice {id} does not exist", "Write bot/content/notices/{id}.yml"),
        "es": ("no existe el aviso {id}", "Escriba bot/content/notices/{id}.yml"),
    },
    "notice_value_missing": {
        "en": ("the notice {id} needs the value {name}", "Give it, or take {{{{{name}}}}} out of the text"),
        "es": ("el aviso {id} necesita el dato {name}", "Délo o quite {{{{{name}}}}} del texto"),
    },
    "bad_payload": {
        "en": (
            "{value} is not an order the bot knows",
            'Write "/intent", "/intent{{...}}" or "gateway:command", between quotes',
        ),
        "es": (
            "{value} no es una orden que el bot conozca",
            'Escriba "/intent", "/intent{{...}}" o "gateway:orden", entre comillas',
        ),
    },
    "glossary_conflict": {
        "en": ("the agreed word {text} is also a word to avoid", "Take it out of avoid"),
        "es": ("la palabra acordada {text} también está entre las que se evitan", "Quítela de avoid"),
    },
    "approval_void": {
        "en": (
            "the approval of {topic} by {by} no longer holds: a text or a value of the law has changed since",
            "Have the topic approved again: faro content approve {topic} --by NAME",
        ),
        "es": (
            "la aprobación de {topic} por {by} ya no vale: un texto o un dato legal cambió desde entonces",
            "Pida que se apruebe otra vez: faro content approve {topic} --by NOMBRE",
        ),
    },
    "approval_damaged": {
        "en": ("this approval cannot be read", "Delete the entry and approve the topic again"),
        "es": ("no se puede leer esta aprobación", "Borre la entrada y apruebe el tema otra vez"),
    },
}

CODES = frozenset(_TEXTS)

_LANGUAGE_NAMES = {"en": {"en": "English", "es": "Spanish"}, "es": {"en": "inglés", "es": "español"}}
_WORDS = {"en": {"error": "error", "warning": "warning"}, "es": {"error": "error", "warning": "aviso"}}

# Details that are words of the checker and not of the file, in each language.
_UNIT_REMEDIES = {
    "en": {
        "usd": "Write the dollars as a number without $ or comma, such as 1010",
        "number": "Write a whole number without quotes, such as 30",
        "percent": "Write a number from 0 to 100 without %",
        "date": "Write year-month-day, such as 2026-07-03",
        "phone": 'Write the number between double quotes, such as "1-800-898-7180"',
        "url": "Write a web address such as https://www.uscis.gov",
        "text": "Write {en: ..., es: ...} with both languages",
    },
    "es": {
        "usd": "Escriba los dólares como número, sin $ ni coma, por ejemplo 1010",
        "number": "Escriba un número entero sin comillas, por ejemplo 30",
        "percent": "Escriba un número de 0 a 100, sin %",
        "date": "Escriba año-mes-día, por ejemplo 2026-07-03",
        "phone": 'Escriba el número entre comillas dobles, por ejemplo "1-800-898-7180"',
        "url": "Escriba una dirección web, por ejemplo https://www.uscis.gov",
        "text": "Escriba {en: ..., es: ...} en los dos idiomas",
    },
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change in one file. ``line`` counts from 1; None means the file as a whole."""

    code: str
    path: str
    line: int | None = None
    severity: str = ERROR
    details: dict[str, str] = field(default_factory=dict)

    def texts(self, lang: str = "en") -> tuple[str, str]:
        """What is wrong and what to do, each without a final stop."""
        details = dict(self.details)
        if "language" in details:
            details["language"] = _LANGUAGE_NAMES[lang].get(details["language"], details["language"])
        near = details.get("near", "")
        details["near"] = (
            {"en": f"Did you mean {near}? ", "es": f"¿Quiso decir {near}? "}[lang] if near else ""
        )
        if "remedy" in details:
            details["remedy"] = _UNIT_REMEDIES[lang][details["remedy"]]
        problem, fix = _TEXTS[self.code][lang]
        return problem.format(**details), fix.format(**details)

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return self.texts()[0]

    @property
    def fix(self) -> str:
        """What to do, in English."""
        return self.texts()[1]

    def render(self, lang: str = "en") -> str:
        """Two lines for a person: the place with what is wrong, and what to do."""
        problem, fix = self.texts(lang)
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {_WORDS[lang][self.severity]}: {problem}.\n    {fix}."

    def error(self, kind: type[DataFileError] = ContentFileError) -> DataFileError:
        """The exception that stops a loader."""
        problem, fix = self.texts()
        return kind(self.path, self.line, problem, f"{fix}.")

    def as_error(self) -> Problem:
        """The same problem, no longer only a warning."""
        return replace(self, severity=ERROR)


class Report:
    """The problems found so far, in the order of files and lines."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, code: str, path: str, line: int | None = None, **details: object) -> None:
        """Note an error. ``details`` fill the texts of the code."""
        self._add(code, path, line, ERROR, details)

    def warn(self, code: str, path: str, line: int | None = None, **details: object) -> None:
        """Note something that does not stop a loader."""
        self._add(code, path, line, WARNING, details)

    def _add(self, code: str, path: str, line: int | None, severity: str, details: dict[str, object]) -> None:
        told = {name: str(value) for name, value in details.items()}
        problem = Problem(code, path, line, severity, told)
        if problem not in self._problems:
            self._problems.append(problem)

    def extend(self, other: Report) -> None:
        """Take over the problems of another report."""
        self._problems.extend(problem for problem in other if problem not in self._problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._problems, key=lambda p: (p.path, p.line or 0)))

    def __len__(self) -> int:
        return len(self._problems)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a loader."""
        return [problem for problem in self if problem.severity == ERROR]

    def raise_first(self, kind: type[DataFileError]) -> None:
        """Raise the first error as ``kind``; pass silently when there is none."""
        for problem in self.errors:
            raise problem.error(kind)
