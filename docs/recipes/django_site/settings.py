"""Django's settings; the two that the command goes by are ours."""

import os

SECRET_KEY = "only for the recipe"
INSTALLED_APPS = ["jobs"]
USE_TZ = True

ELECTION_ENDPOINTS = os.environ.get("ETCD", "127.0.0.1:2379")
ELECTION_TTL = 5
