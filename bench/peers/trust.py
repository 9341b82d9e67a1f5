"""Local trustworthiness and continuity of zadu: `trust.py DATA MAP K` prints them as JSON."""

import json
import sys

import numpy as np
from zadu.measures import trustworthiness_continuity

data, embedding, k = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
_, local = trustworthiness_continuity.measure(data, embedding, k=k, return_local=True)
print(json.dumps({name: np.asarray(values).tolist() for name, values in local.items()}))
