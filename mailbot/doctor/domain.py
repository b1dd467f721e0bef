"""SPF, DKIM and DMARC of the organisation's own domain: whether its letters will be believed. DNS is asked through an argument."""

from __future__ import annotations

from mailbot.doctor.finding import Finding, green, orange, red, unverified
from mailbot.names import Asker, Unanswered

SELECTORS = ("selector1", "selector2", "google", "default", "dkim", "mail", "s1", "s2", "k1", "ovhmo1", "gm1", "s2048")
OFFLINE = "relancez « mailbot check » sur une machine reliée au réseau"


def look(domain: str, ask: Asker, *, public: bool = False, selector: str = "") -> list[Finding]:
    """The three lines. `public`: the domain is a provider's, for everybody; `selector`: the one our last letter was signed by."""
    if public:
        text = f"{domain} appartient à votre fournisseur, qui s’en charge"
        return [green(what, text) for what in ("SPF", "DKIM", "DMARC")]
    found: list[Finding] = []
    for question in (spf, dmarc):
        try:
            found.append(question(domain, ask))
        except Unanswered as why:
            return [unverified(w, f"le DNS ne répond pas ({why})", OFFLINE) for w in ("SPF", "DKIM", "DMARC")]
    try:
        found.insert(1, dkim(domain, ask, selector))
    except Unanswered as why:
        found.insert(1, unverified("DKIM", f"le DNS ne répond pas ({why})", OFFLINE))
    return found


def spf(domain: str, ask: Asker) -> Finding:
    """RFC 7208: exactly one record, and it must not let everybody send."""
    records = [t for t in ask(domain, "TXT") if t.lower().split(" ")[0] == "v=spf1"]
    if not records:
        mend = "publiez l’enregistrement TXT « v=spf1 … -all » que donne votre fournisseur d’envoi"
        return red("SPF", f"{domain} n’en a pas : vos lettres risquent le dossier des indésirables", mend)
    if len(records) > 1:
        return red("SPF", f"{domain} en a {len(records)} : aucun ne compte", "réunissez-les en un seul enregistrement")
    terms = records[0].lower().split()
    if "+all" in terms or "all" in terms:
        return red("SPF", f"celui de {domain} permet à tous d’écrire en votre nom", "remplacez « +all » par « -all »")
    if not any(t.endswith("all") or t.startswith("redirect=") for t in terms):
        return orange("SPF", f"celui de {domain} ne conclut pas", "terminez-le par « -all » ou « ~all »")
    return green("SPF", f"publié pour {domain}")


def dmarc(domain: str, ask: Asker) -> Finding:
    """RFC 7489: that of the domain, else of the one above."""
    above = domain.partition(".")[2]
    for name in (domain, above) if above.count(".") else (domain,):
        records = [t for t in ask(f"_dmarc.{name}", "TXT") if t.lower().replace(" ", "").startswith("v=dmarc1")]
        if len(records) > 1:
            return red("DMARC", f"{name} en a {len(records)} : aucun ne compte", "gardez-en un seul")
        if records:
            tags = dict(_pair(part) for part in records[0].split(";") if "=" in part)
            policy = tags.get("p", "")
            if policy not in ("quarantine", "reject"):
                mend = "quand les rapports sont bons, passez à « p=quarantine »"
                return orange("DMARC", f"celui de {name} ne fait que regarder (p={policy or 'none'})", mend)
            return green("DMARC", f"publié pour {name} (p={policy})")
    mend = f"publiez le TXT « _dmarc.{domain} » : « v=DMARC1; p=none; rua=mailto:… », puis durcissez-le"
    return red("DMARC", f"{domain} n’en a pas : Gmail, Yahoo et Outlook se méfient de vos lettres", mend)


def dkim(domain: str, ask: Asker, selector: str = "") -> Finding:
    """The selector of our last letter; without one, the usual names. A selector cannot be looked up, only guessed."""
    for name in (selector,) if selector else SELECTORS:
        for text in ask(f"{name}._domainkey.{domain}", "TXT"):
            tags = dict(_pair(part) for part in text.split(";") if "=" in part)
            if "p" not in tags:
                continue
            if not tags["p"]:
                return red(
                    "DKIM", f"la clé {name} de {domain} est révoquée", "activez DKIM chez votre fournisseur d’envoi"
                )
            return green("DKIM", f"clé {name} publiée pour {domain}")
    if selector:
        mend = "publiez la clé que donne votre fournisseur d’envoi"
        return red("DKIM", f"vos lettres sont signées {selector}, mais cette clé n’est pas publiée", mend)
    mend = "activez DKIM chez votre fournisseur d’envoi ; s’il l’est, l’aller-retour de « mailbot check » le confirmera"
    return unverified("DKIM", f"aucune clé sous un nom usuel pour {domain}", mend)


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key.strip().lower(), "".join(value.split()).lower()
