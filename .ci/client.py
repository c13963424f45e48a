"""A client that was generated from openapi.yaml asks a relay. Usage: client.py FOLDER URL TOKEN"""

import sys

sys.path.insert(0, sys.argv[1])

from relay_client import AuthenticatedClient
from relay_client.api.enrich import observe
from relay_client.api.relay import health
from relay_client.models import AskedObservable, HealthAnswer, ObserveAnswer

client = AuthenticatedClient(base_url=sys.argv[2], token=sys.argv[3], raise_on_unexpected_status=True)
answer = health.sync(client=client)
assert isinstance(answer, HealthAnswer) and answer.data.status == "ok", answer
known = [AskedObservable(type_="ip", value=value) for value in ("203.0.113.77", "203.0.113.80")]
found = observe.sync(client=client, body=known)
assert isinstance(found, ObserveAnswer), found
assert found.data.sightings.docs, found
print(f"{found.data.sightings.count} sightings")
