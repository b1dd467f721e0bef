"""The cast of the samples: one file, its code, a row of a table, a mediator, an answer."""

NUMBER = "REC-2026-0042"
CODE = "K7QX3M"
FILE = {
    "received_at": "2026-05-11T08:42:10+00:00",
    "acknowledged_at": "2026-05-11T08:42:31+00:00",
    "topic": "Session annulée",
}
ROW = {
    "number": "REC-2026-0031",
    "priority": "P2",
    "type": "financeur",
    "due_on": "2026-05-19",
    "stage": "AR envoyé",
    "assignee": "Bo Martin",
    "name": "Opale Conseil",
    "subject": "Factures refusées",
    "sensitive": False,
}
WAITING = {
    "inbound_id": 38,
    "what": "message transféré",
    "from": "bo@ief.example",
    "subject": "TR: facture",
    "since": "2026-05-11T08:00:00+00:00",
    "until": "2026-05-12T16:00:00+00:00",
}
MEDIATOR = {"name": "Médiation Exemple", "address": "1 place du Droit\n75000 Paris", "site": "mediation.example"}
ANSWER = "Nous avons relu la convention.\n\nLa session du 3 juin vous est ouverte :\n- sans frais,\n- avec la même formatrice."
