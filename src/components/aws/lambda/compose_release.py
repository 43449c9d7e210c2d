"""Runs inside the approved automation: what was approved, and by whom, as one JSON text (CP-11)."""

import json


def compose(event, _context):
    # A real encoder: nothing an approver or a file name contains can break out of the record.
    return {"message": json.dumps({**event, "decision": "Approved"}, sort_keys=True)}
