"""What mail programs write around quoted mail, in eight languages, folded: headings, header names, rules, device lines, adverts.

French, English, then German, Spanish, Italian, Portuguese, Dutch, Polish.
"""

from __future__ import annotations

OUR_LINES = ("repondre au-dessus de cette ligne", "reply above this line")

# « Le … a écrit : »: how such a heading begins, besides a day, a date or a name with its address, …
OPENINGS = (
    *("le ", "on ", "am ", "el ", "il ", "op ", "em ", "no dia ", "a ", "ao ", "w dniu ", "dnia ", "den ", "at ", "as ", "in data "),
)  # fmt: skip
DAYS = frozenset(
    (
        *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "wed", "thu", "fri", "sat"),
        *("sun", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "mo", "di", "mi", "do", "fr"),
        *("sa", "so", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo", "mie", "jue", "vie", "dom", "sab"),
        *("lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica", "gio", "segunda", "terca", "quarta"),
        *("quinta", "sexta", "segunda-feira", "terca-feira", "quarta-feira", "quinta-feira", "sexta-feira", "seg", "ter", "qua"),
        *("qui", "sex", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "wo", "vr", "za"),
        *("zo", "poniedzialek", "wtorek", "sroda", "czwartek", "piatek", "sobota", "niedziela", "pon", "wt", "sr", "czw", "pt"),
        *("sob", "niedz", "nd", "pn", "cz", "wto", "sro", "pia"),
    )
)  # fmt: skip
# … and which words in it say that somebody wrote.
WROTE = (
    *("a ecrit", "ecrivait", "ecrit", "wrote", "writes", "quoting", "schrieb", "schreibt", "geschrieben", "zitat von"),
    *("escribio", "ha escrito", "ha scritto", "scrive", "escreveu", "schreef", "geschreven"),
    *("napisal(a)", "napisal", "napisala", "napisal/a", "napisana przez", "pisze"),
)  # fmt: skip
# Somebody wrote to somebody: prose, « le formateur m'a écrit : ».
WROTE_TO = (
    *("m'a ecrit", "nous a ecrit", "vous a ecrit", "lui a ecrit", "leur a ecrit", "t'a ecrit", "l'a ecrit", "qui a ecrit", "wrote to"),
    *("wrote me", "wrote us", "schrieb mir", "schrieb uns", "schrieb ihm", "schreibt mir", "me escribio", "nos escribio"),
    *("le escribio", "lo escribio", "la escribio", "mi ha scritto", "ci ha scritto", "lo ha scritto", "me escreveu"),
    *("nos escreveu", "escreveu-me", "schreef mij", "schreef me", "schreef ons", "napisal mi", "napisal do", "napisala mi"),
    *("lui-meme ecrit", "elle-meme ecrit", "avait ecrit", "avez ecrit", "a ecrit que", "who wrote", "also wrote"),
)  # fmt: skip

HEADERS = {
    "de": "from", "from": "from", "von": "from", "da": "from", "van": "from", "od": "from", "expediteur": "from",
    "remitente": "from", "mittente": "from", "remetente": "from", "afzender": "from", "nadawca": "from", "absender": "from",
    "envoye": "date", "sent": "date", "date": "date", "gesendet": "date", "datum": "date", "envoye le": "date",
    "date d'envoi": "date", "message du": "date", "enviado": "date", "enviado el": "date", "fecha": "date",
    "enviada": "date", "enviada em": "date", "enviado em": "date", "data": "date", "inviato": "date", "data invio": "date",
    "verzonden": "date", "wyslane": "date", "wyslano": "date", "data wyslania": "date", "sent on": "date",
    "a": "to", "to": "to", "an": "to", "para": "to", "aan": "to", "do": "to", "destinataire": "to", "destinataires": "to",
    "pour": "to", "destinatario": "to", "empfanger": "to", "adresat": "to",
    "cc": "cc", "copie a": "cc", "copie": "cc", "kopie": "cc", "dw": "cc", "kopia": "cc", "cci": "cc", "copia": "cc",
    "objet": "subject", "subject": "subject", "betreff": "subject", "sujet": "subject", "asunto": "subject",
    "oggetto": "subject", "assunto": "subject", "onderwerp": "subject", "temat": "subject",
    "repondre a": "reply", "reply-to": "reply", "antwort an": "reply", "responder a": "reply", "rispondi a": "reply",
    "importance": "importance", "priorite": "importance", "pieces jointes": "files", "attachments": "files", "anlagen": "files",
}  # fmt: skip

# Words of « -----Message d'origine----- », a rule that begins with dashes and holds nothing but a few words.
RULED = (
    *("message", "mail", "courriel", "nachricht", "mensaje", "correo", "messaggio", "mensagem", "bericht", "wiadomosc"),
)  # fmt: skip
RULED_FROM = (
    *("origin", "oryginal", "initial", "forwarded", "transfer", "reexpedi", "ursprung", "weitergeleitet", "reenviad"),
    *("inoltrat", "encaminhad", "oorspronkelijk", "doorgestuurd", "przekaz"),
)  # fmt: skip
FORWARD_STARTS = (
    *("debut du message reexpedie", "debut du message transfere", "begin forwarded message", "begin doorgestuurd bericht"),
    *("anfang der weitergeleiteten", "beginn der weitergeleiteten", "inicio del mensaje reenviado", "inizio messaggio inoltrato"),
    *("inicio da mensagem reencaminhada", "inicio da mensagem encaminhada", "poczatek przekazywanej wiadomosci"),
    *("poczatek przekazanej wiadomosci", "inicia el mensaje reenviado"),
)  # fmt: skip

# « Envoyé de mon iPhone »: how the line begins, and what else it must name.
SENT = (
    *("envoye de ", "envoye d'", "envoye depuis ", "envoye a partir ", "envoye avec ", "envoye via ", "envoye par "),
    *("envoyee de ", "ecrit de mon ", "ecrit depuis "),
    *("sent from ", "sent with ", "sent via ", "sent using ", "composed on ", "get outlook ", "download outlook "),
    *("telecharger outlook ", "telechargez outlook ", "obtenir outlook ", "obtenez outlook ", "provenance : "),
    *("von meinem ", "von meiner ", "von yahoo ", "gesendet von ", "gesendet mit ", "gesendet uber ", "diese nachricht wurde von mein"),
    *("diese mail wurde von mein", "outlook fur ", "holen sie sich outlook ", "hole dir outlook "),
    *("enviado desde ", "enviado con ", "enviado mediante ", "enviado por ", "obtener outlook ", "obten outlook "),
    *("descargar outlook ", "inviato da ", "inviato dal ", "inviato dalla ", "inviato con ", "inviato tramite "),
    *("ottieni outlook ", "scarica outlook ", "enviado do ", "enviado da ", "enviado a partir ", "enviado com ", "enviado pelo "),
    *("enviado atraves ", "enviado via ", "obter o outlook ", "obtenha o outlook ", "baixe o outlook ", "verstuurd vanaf "),
    *("verstuurd van ", "verstuurd met ", "verzonden vanaf ", "verzonden vanuit ", "verzonden van ", "verzonden met ", "verzonden via "),
    *("outlook voor ", "download outlook ", "outlook downloaden", "wyslane z ", "wyslano z ", "wyslane za pomoca "),
    *("wyslane przez ", "pobierz outlook", "pobierz aplikacje outlook", "pobierz program outlook", "wiadomosc wyslana z "),
)  # fmt: skip
DEVICES = (
    *("iphone", "ipad", "ipod", "mobile", "mobil", "movil", "telephone", "telefon", "telefoon", "smartphone", "android", "samsung"),
    *("galaxy", "huawei", "xiaomi", "redmi", "pixel", "oppo", "honor", "nokia", "blackberry", "tablet", "portable", "appareil"),
    *("outlook", "yahoo", "proton", "gmail", "orange", "sfr", "free", "bouygues", "laposte", "bluemail", "spark"),
    *("appli", "app ", "app.", "aplic", "apparaat", "urzadz", "messagerie", "webmail", "courrier", " mail", "e-mail", "windows"),
    *("thunderbird", "zimbra", "web.de", "gmx", "t-online", "libero", "ordinateur", "handy", "gerat", "telemovel", "celular"),
    *("cellulare", "ios", "mac", "wp.pl", "onet", "interia", "o2"),
)  # fmt: skip
# What may follow in a second sentence.
AFTER_SENT = (
    *("obtenez", "get ", "telecharge", "desole", "merci d'excuser", "veuillez excuser", "excusez", "please excuse", "sorry"),
    *("pardon", "jetzt", "hol ", "obten ", "scarica", "download", "pobierz"),
)  # fmt: skip
# An advert: of a virus scanner, of Yahoo.
ADVERTS = (
    *("yahoo mail :", "yahoo mail:"),
    *("sans virus", "garanti sans virus", "l'absence de virus", "virus-free", "virenfrei", "libre de virus", "sin virus"),
    *("senza virus", "privo di virus", "mail priva di virus", "sem virus", "livre de virus", "virusvrij", "bez wirusow"),
    *("wolne od wirusow", "wolny od wirusow", "this email has been checked for viruses", "this e-mail has been checked for viruses"),
    *("cet e-mail a ete verifie par", "ce courriel a ete verifie par", "diese e-mail wurde von avast", "diese e-mail wurde auf viren"),
    *("este correo electronico ha sido comprobado", "questa e-mail e stata controllata", "este email foi escaneado"),
    *("deze e-mail is gecontroleerd", "ta wiadomosc e-mail zostala sprawdzona", "ce courrier electronique ne contient aucun virus"),
)  # fmt: skip

# The author says that the answers stand inside the quotation: then only a human can tell them apart.
ANSWERS_BELOW = (
    *("ci-dessous", "ci-apres", "dans le texte", "dans votre message", "dans votre mail", "sous vos questions", "below", "inline"),
    *("weiter unten", "unten in", "em baixo", "mas abajo"),
)  # fmt: skip
# Whole phrases: « mercredi » holds a colour, and so does « la porte rouge ».
IN_COLOUR = (
    *("en rouge", "en bleu", "en vert", "en couleur", "en violet", "en orange", "en gras", "in red", "in blue", "in green"),
    *("in colour", "in color", "in bold", "in rot", "in blau", "in grun", "farbig", "fett", "in rosso", "in blu", "in verde"),
    *("en rojo", "en azul", "en verde", "en negrita", "a vermelho", "em vermelho", "em azul", "a azul", "a verde", "em verde"),
    *("a cores", "in het rood", "in het blauw", "in het groen", "in kleur", "na czerwono", "na niebiesko", "na zielono"),
    *("kolorem",),
)  # fmt: skip
POSTSCRIPTS = ("ps ", "ps:", "p.s", "p-s", "nb ", "nb:", "n.b")
