"""Samples of the letters that complainants read."""

from __future__ import annotations

from typing import Any

from mailbot.letters.samples.people import ANSWER, MEDIATOR, NUMBER

ACK: dict[str, dict[str, Any]] = {
    "ack": {
        "number": NUMBER,
        "received_at": "2026-05-11T08:42:10+00:00",
        "authenticated": True,
        "name": "Carl Dufour",
        "files": ["convocation.pdf", "photo de la salle.jpg"],
        "rejected": [{"name": "archive.zip", "problem": "fichier illisible"}],
        "wish": "Je voudrais une nouvelle date de session. Merci d’avance.",
        "wish_state": "exprimée",
        "due_on": "2026-05-19",
        "days": 6,
        "closures": [{"first": "2026-05-14", "last": "2026-05-15", "label": "pont de l’Ascension"}],
        "late": True,
        "oversize": True,
    },
    "ack-group": {
        "number": NUMBER,
        "items": [
            {"number": NUMBER, "received_at": "2026-05-11T08:42:10+00:00", "due_on": "2026-05-19", "what": "ack"},
            {"number": "REC-2026-0031", "received_at": "2026-05-11T08:44:00+00:00", "due_on": None, "what": "receipt"},
        ],
    },
    "receipt": {
        "number": NUMBER,
        "received_at": "2026-05-12T06:05:00+00:00",
        "due_on": "2026-05-19",
        "authenticated": True,
        "files": ["devis.pdf"],
    },
    "reopened": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "authenticated": True,
        "written_at": "2026-06-01T06:05:00+00:00",
        "due_on": "2026-06-09",
        "days": 6,
        "closures": [{"first": "2026-06-05", "last": "2026-06-05", "label": "pont"}],
    },
}
CLOCKED: dict[str, dict[str, Any]] = {
    "progress": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "authenticated": True,
        "stage_sentence": "treatment",
        "since": "2026-05-11T08:42:10+00:00",
        "question_at": None,
        "due_on": "2026-05-19",
        "committed_on": None,
    },
    "late": {"number": NUMBER, "name": "Carl Dufour", "authenticated": True, "due_on": "2026-05-19"},
    "waiting-reminder": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "authenticated": True,
        "question_at": "2026-05-12T09:00:00+00:00",
        "due_on": "2026-05-19",
    },
    "survey": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "authenticated": True,
        "closed_at": "2026-05-19T09:00:00+00:00",
    },
}
HUMAN: dict[str, dict[str, Any]] = {
    "question": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "text": "1. Quelle session ?\n2. Par qui l’avez-vous su ?",
        "due_on": "2026-05-19",
        "signer": "Bo Martin",
        "files": ["plan.pdf"],
    },
    "news": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "text": "La formatrice nous répond demain.",
        "due_on": "2026-05-19",
        "signer": "Bo Martin",
        "files": [],
    },
    "commitment": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "reason": "le certificateur nous répond le 26 mai",
        "committed_on": "2026-05-29",
        "signer": "Bo Martin",
        "files": [],
    },
    "reply": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "text": ANSWER,
        "outcome": "non fondée",
        "received_at": "2026-05-11T08:42:10+00:00",
        "signer": "Bo Martin",
        "consumer": "oui",
        "mediator": MEDIATOR,
        "mediation_until": "2027-05-11",
        "reopen_days": 30,
        "files": ["avenant.pdf"],
    },
    "thanks": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "authenticated": True,
        "received_at": "2026-05-11T08:42:10+00:00",
        "text": "La convocation part maintenant dix jours avant chaque session.",
        "signer": "Bo Martin",
        "files": [],
        "action": {"series": "real", "rank": 7},
    },
    "nature": {
        "number": NUMBER,
        "name": "Carl Dufour",
        "nature": "doublon",
        "text": "",
        "kept_number": "REC-2026-0031",
        "due_on": "2026-05-19",
        "signer": "Bo Martin",
        "files": [],
    },
}
