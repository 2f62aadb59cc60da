"""Look at the random document of one seed: `python -m tests.money.one SEED`."""

from __future__ import annotations

import json
import sys

from tests.money import chance, surfaces
from tests.money.test_random_documents import every_document, on_paper

if __name__ == "__main__":
    seed = int(sys.argv[1])
    if (found := chance.priced(seed)) is not None:
        print(json.dumps(surfaces.stored(found), indent=1), chance.locale(seed))
    print(every_document(seed, 1), on_paper(seed, 1))
