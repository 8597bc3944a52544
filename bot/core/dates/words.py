"""The small words around a date that decide how it is read."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text that is written here as a list."""
    return frozenset(text.split())


#: Between a day and its month, and between a month and its year.
JOIN = words("of de del d the el la , - / . ' mes dia ero ro er st nd rd th")
YEAR_JOIN = words("of de del d the el en in , - / . ' l")
ARTICLES = words("the el la los on dia day este")
LAST = words("last past previous")
NEXT = words("next coming upcoming proximo proxima")
#: After the noun.
LAST_ES = words("pasado pasada pasadas anterior")
NEXT_ES = words("proximo proxima siguiente")
THIS = words("this este esta")
ABOUT = words("about around approximately approx aprox aproximadamente like como cerca alrededor roughly")
FEW = words("few several some unos unas varios varias algunos algunas")
#: Before a month that stands alone.
BEFORE_MONTH = words(
    """
    in en since desde de of for until hasta by till before after antes despues about around like como fue was or
    o y and from this este esta mes entre between to a during durante del on it's its is es early mid late last
    next past hacia para llegue vine
    """
)
BEFORE_SEASON = words("last this next the in el la past en del of since este esta desde de previous")
#: What a number counts when it is no year or day.
COUNTED = words(
    """
    dollars dollar dolares usd bucks pesos people persons personas kids hijos ninos years year anos ano days day
    dias dia months month meses weeks week semanas hours hour horas hrs minutes minutos am pm percent times veces
    pages paginas cases casos cfr usc u miles words palabras mil million lempiras quetzales soles euros blocks
    cuadras hombres men women mujeres children noches nights
    """
)
#: Before a number of four digits that is no year.
NAMES_NUMBER = words(
    """
    form forms forma formulario section seccion sec room sala box articulo article numero number num apt apto
    calle suite unit page pagina usd cfr usc matter case line linea option opcion piso floor i zip codigo street
    """
)
