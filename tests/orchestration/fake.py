"""An app in the app's place: it says what it was asked, in which environment, and fails when ``FAIL`` names it."""

from __future__ import annotations

import json
import os
import sys

command = sys.argv[1]
print(f"this is {command}", file=sys.stderr)
if command == os.environ.get("FAIL"):
    sys.exit(f"{command} fails")
print(json.dumps({"command": command, "variables": sorted(os.environ)}))
