"""What opens the mailbox, a password or the provider's permission: what a person must do for it, and what comes back from there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Provider = Literal["", "microsoft", "google"]
Flow = Literal["person", "application"]
PERMISSION = re.compile(r"[A-Za-z0-9._-]{8,200}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A password, or an application that is known to `provider`; the names are those of [oauth]. `account`: Google's file."""

    password: str = ""
    provider: Provider = ""
    flow: Flow = "person"
    client_id: str = ""
    tenant: str = ""
    client_secret: str = ""
    account: str = ""

    @property
    def by_person(self) -> bool:
        """Whether somebody must still give the permission."""
        return bool(self.provider) and self.flow == "person"


# Names in « » are read on the provider's page, so that nobody needs to know what they mean.
STEPS: dict[str, tuple[str, ...]] = {
    "microsoft": (
        "Microsoft n’ouvre plus les boîtes par mot de passe : vous donnez à mailbot une permission, que vous pouvez retirer. "
        "Une fois, la personne qui gère vos comptes Microsoft (en détail : docs/fournisseurs.md) :",
        "  1. ouvre entra.microsoft.com, « Inscriptions d’applications », « Nouvelle inscription » : nom « mailbot », le reste tel quel ;",
        "  2. dans « Authentification », met « Autoriser les flux de clients publics » sur « Oui » ;",
        "  3. dans « API autorisées », « Microsoft Graph », ajoute les autorisations déléguées « IMAP.AccessAsUser.All » et "
        "« SMTP.Send », puis accorde le consentement ;",
        "  4. sur admin.microsoft.com, ouvre le compte de la boîte, « Courrier », « Gérer les applications de messagerie », et "
        "coche « IMAP » et « SMTP authentifié » ;",
        "  5. copie l’« ID d’application (client) » que montre la page de l’application.",
    ),
    "google": (
        "Google ouvre la boîte de deux façons. Avec un mot de passe d’application, fait sur myaccount.google.com/apppasswords : "
        "tapez Entrée, puis ce mot de passe. Ou par une permission, sans mot de passe (en détail : docs/fournisseurs.md) :",
        "  1. sur console.cloud.google.com, un projet « mailbot », son écran de consentement (« interne » si c’est proposé) ;",
        "  2. « Identifiants », « Créer des identifiants », « ID client OAuth », type « Application de bureau » ;",
        "  3. « Télécharger JSON » : c’est ce fichier que mailbot demande. Il accepte aussi la clé d’un compte de service.",
    ),
}  # fmt: skip


def identifier(said: str) -> str:
    """Raises ValueError, in French."""
    if not PERMISSION.fullmatch(said):
        raise ValueError("Ce n’est pas un identifiant : des lettres, des chiffres et des tirets, sans espace")
    return said


def a_flow(said: str) -> Flow:
    """Raises ValueError, in French."""
    flows: dict[str, Flow] = {"person": "person", "application": "application"}
    if said not in flows:
        raise ValueError("Écrivez person ou application")
    return flows[said]


def google_file(text: str) -> Key:
    """The file that Google lets one download: of a desktop application, or of a service account. Raises ValueError, in French."""
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ValueError("Ce fichier n’est pas celui que Google fait télécharger (du JSON)")
    if said.get("type") == "service_account" and said.get("private_key") and said.get("client_email"):
        return Key(provider="google", flow="application", account=text)
    desktop = said.get("installed")
    if not isinstance(desktop, dict) or not all(_word(desktop, name) for name in ("client_id", "client_secret")):
        raise ValueError("Ce fichier n’est ni celui d’une « Application de bureau », ni la clé d’un compte de service")
    return Key(provider="google", client_id=desktop["client_id"], client_secret=desktop["client_secret"])


def _word(said: dict[str, object], name: str) -> bool:
    return isinstance(said.get(name), str) and bool(said[name])
