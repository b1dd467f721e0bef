"""Samples of the letters around a quality meeting."""

from __future__ import annotations

from typing import Any

DRAFT = """\
Nous avons relu les réclamations reçues du vendredi 1er mai au dimanche 31 mai.

En chiffres
- 7 réclamations (5 stagiaires, 1 financeur, 1 autre)
- réponse en 6 jours ouvrés : 71 % (5 sur 7)

Ce que nous changeons
- une fiche de relève pour les formateurs (pour le samedi 20 juin 2026)"""
MEETING: dict[str, dict[str, Any]] = {
    "meeting-pack": {
        "first_name": "Ann",
        "first": "2026-05-01",
        "last": "2026-05-31",
        "received": "7",
        "in_time": "71 % (5 sur 7)",
        "as_promised": "86 % (6 sur 7)",
        "uncaused": 1,
        "uncaused_list": ["REC-2026-0003 : Administratif, attestations ; requise parce que P1"],
        "actions": 1,
        "action_list": ["A-2 Contrôle des convocations, Bo Martin, pour le 20/05/2026 : ouverte (en retard)"],
        "may_send": True,
    },
    "meeting-recorded": {
        "first_name": "Ann",
        "held_on": "2026-06-02",
        "first": "2026-05-01",
        "last": "2026-05-31",
        "text": "Relire les convocations avant l’envoi (Bo, 30 juin).",
        "draft": DRAFT,
        "may_send": True,
    },
    "bulletin": {"first": "2026-05-01", "last": "2026-05-31", "text": DRAFT},
    "bulletin-chase": {
        "first_name": "Ann",
        "held_on": "2026-06-02",
        "draft": DRAFT,
        "others": ["Line Direction"],
        "may_send": True,
    },
}
