"""Writes real data with measured errors as .npy files: `uncertain.py FOLDER`. The data are in packages of the Python registry.

galaxies: 2,000 simulated galaxies of LSST's second data challenge, six magnitudes with their errors and the true redshift
  (pz-rail-base). colors: five colors of the same galaxies; errors of neighboring colors are correlated, because they share a magnitude.
clusters: globular clusters and satellite galaxies of the Milky Way, distance, proper motion and velocity with their errors (galpy).
cancer: ten properties of cell nuclei with their standard errors (scikit-learn).
digits: images of digits as counts of photons with Poisson noise (scikit-learn).
Prints one JSON object that lists the data that could not be read, with the reasons.
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np

FOLDER = pathlib.Path(sys.argv[1])


def write(name, labels, truth=None, **arrays):
    for part, array in {**arrays, "labels": np.asarray(labels), **({} if truth is None else {"truth": truth})}.items():
        np.save(FOLDER / f"{name}-{part}.npy", np.ascontiguousarray(array, dtype=np.float64))


def package_folder(name):
    spec = importlib.util.find_spec(name)
    return pathlib.Path(spec.submodule_search_locations[0])


def galaxies():
    import h5py

    path = package_folder("rail") / "examples_data" / "testdata" / "test_dc2_training_9816.hdf5"
    bands = "ugrizy"
    with h5py.File(path) as file:
        photometry = file["photometry"]
        magnitudes = np.stack([photometry[f"mag_{band}_lsst"][:] for band in bands], 1)
        errors = np.stack([photometry[f"mag_err_{band}_lsst"][:] for band in bands], 1)
        redshift = photometry["redshift"][:]
    good = np.isfinite(magnitudes + errors).all(1) & (magnitudes < 90).all(1)
    rows = np.random.default_rng(0).permutation(np.flatnonzero(good))[:2000]
    magnitudes, errors = magnitudes[rows], errors[rows]
    write("galaxies", redshift[rows], means=magnitudes, sigma=errors)
    difference = np.eye(6)[:5] - np.eye(6)[1:]
    covariance = np.einsum("ak,nk,bk->nab", difference, errors**2, difference)
    write("colors", redshift[rows], means=magnitudes @ difference.T, covariance=covariance)
    np.save(FOLDER / "colors-sigma.npy", np.sqrt(np.einsum("naa->na", covariance)))


def clusters():
    path = package_folder("galpy") / "orbit" / "named_objects.json"
    objects = json.loads(path.read_text())
    columns = ["distance", "pmra", "pmdec", "vlos"]
    means, sigma, labels = [], [], []
    for label, collection in enumerate(["MWglobularclusters", "MWsatellitegalaxies"]):
        for name in objects["_collections"][collection]:
            known = objects.get(name, {})
            if not all(column in known and f"{column}_e" in known for column in columns):
                continue
            distance = known["distance"]
            means.append([np.log(distance), *(known[column] for column in columns[1:])])
            sigma.append([known["distance_e"] / distance, *(known[f"{column}_e"] for column in columns[1:])])
            labels.append(label)
    whole = np.isfinite(np.array(means) + np.array(sigma)).all(1)
    write("clusters", np.array(labels)[whole], means=np.array(means)[whole], sigma=np.array(sigma)[whole])


def cancer():
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    write("cancer", data.target, means=data.data[:, :10], sigma=data.data[:, 10:20])


def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    random = np.random.default_rng(0)
    # Each image has its own dose, from 0.1 to 1 photon per level of gray.
    dose = 10 ** random.uniform(-1, 0, (len(data.data), 1))
    counts = random.poisson(data.data * dose)
    write("digits", data.target, truth=data.data, means=counts / dose, sigma=np.sqrt(counts + 1) / dose)


missing = {}
FOLDER.mkdir(parents=True, exist_ok=True)
for make in (galaxies, clusters, cancer, digits):
    try:
        make()
    except (ImportError, AttributeError, FileNotFoundError, OSError, KeyError, TypeError) as error:
        missing[make.__name__] = f"{type(error).__name__}: {error}"
print(json.dumps(missing))
