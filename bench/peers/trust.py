"""Prints the local trustworthiness and continuity that zadu computes, as JSON: `trust.py DATA MAP K`"""

import json
import sys

import numpy as np
from zadu.measures import trustworthiness_continuity

data, embedding, k = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
_, local = trustworthiness_continuity.measure(data, embedding, k=k, return_local=True)
print(json.dumps({name: np.asarray(values).tolist() for name, values in local.items()}))
