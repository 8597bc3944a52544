"""The small words around a date that decide how it is read."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text that is written here as a list."""
    return frozenset(text.split())


#: Between a day and its month, and between a month and its year.
JOIN = words("of de del dl d the el la , - / . ' mes dia ero ro er st nd rd th")
YEAR_JOIN = words("of de del dl d the el en in , - / . ' l year ano anio")
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
    next past hacia para llegue vine maybe probably quiza quizas talvez vez approx aprox
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
#: What has happened: beside these a weekday without "on" or "el" is a day that is over.
HAPPENED = words(
    """
    was were did came arrived entered crossed got had filed missed sent applied received recieved moved denied denyed
    turned ordered said told gave decided rejected mailed submitted signed handed dropped dismissed closed caught
    detained released happened approved referred failed lost granted landed went called fue fui era estuve tuve
    llegue llego llegamos llegaron entre entro entramos entraron cruce cruzo cruzamos cruzaron vine vino vinimos
    paso pase pasamos mande mando mandamos mandaron recibi recibio recibieron meti metimos aplique aplicamos
    presente presento entregue entregaron dio dieron negaron nego dijo dijeron decidio ordeno ordenaron rechazo
    rechazaron firmo agarro agarraron detuvieron soltaron perdi perdimos falte aprobo aprobaron
    """
)
#: Before a weekday that comes again and again, or at which something else ends.
NOT_THAT_WEEKDAY = words(
    """
    every each cada to a an un una one some algun de until hasta till los las the through for para by bowl tazon any
    all y and before after antes despues entre between this that ese
    """
)
#: Between what has happened and a weekday: they do not belong together.
CLAUSE_ENDS = words(
    ". ; ! ? and y but pero so because porque must will starts start empieza empiezo is are es when cuando"
)
HERE = words("here aqui aca aki aka")
#: Between a date and a length that says it again: "its been 2 years that im here, november 4 2024".
RESTATES = words(
    """
    that que i im i'm we am are here aqui aca aki in en us usa the eeuu el los since desde fue it was on came arrived
    llegue llegamos entre entramos vine vinimos cruce cruzamos estoy estamos ya llevo llevamos tengo tenemos been have
    i've ive so o sea digo y and or van son hace for como like about de , . - ( ) : already now
    """
)
