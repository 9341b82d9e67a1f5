import { dirname, join } from "node:path";
import { Command, Option } from "commander";
import { binding } from "../src/binding.js";
import { reportFailure } from "../src/cli/failure.js";
import { interruptible } from "../src/cli/interruption.js";
import { integerParser, numberParser } from "../src/cli/values.js";
import { ArgumentError } from "../src/errors.js";
import { writeFileAtomic } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { pictureFormat } from "../src/plot/index.js";
import {
  type BrowserPlan,
  type BrowserProgram,
  type BrowserRecord,
  type BrowserSettings,
  findBrowserPeers,
  formatBrowser,
  measureBrowser,
} from "./browser.js";
import { drawChart } from "./chart.js";
import { type CodeUncertaintyRecord, formatCodeUncertainty, measureCodeUncertainty } from "./code-uncertainty.js";
import { measureCompetitors } from "./competitors.js";
import { type CoverageRecord, formatCoverage, measureCoverage } from "./coverage.js";
import { DATASETS, hasPublicData, openDataset, readTestImages } from "./datasets.js";
import {
  type DisentanglementRecord,
  drawDisentanglements,
  formatDisentanglements,
  measureDisentanglements,
} from "./disentanglement.js";
import { BenchmarkError } from "./failure.js";
import {
  type FilledMapRecord,
  type FilterRecord,
  formatFilledMap,
  formatFilter,
  measureFilledMap,
  measureFilter,
} from "./filter.js";
import { FOLDERS } from "./folders.js";
import { compareForces, type Forces, type ForcesRecord, formatForces, MOST_FORCE_ERROR, tooLarge } from "./forces.js";
import {
  DEFAULT_PEER_PATHS,
  findPeers,
  type Implementation,
  OURS,
  OURS_WITH_SIGMA,
  PEER_NAMES,
  type PeerPaths,
} from "./implementations.js";
import {
  drawImportanceWeights,
  formatImportanceWeights,
  type ImportanceRecord,
  measureImportanceWeights,
} from "./importance-weights.js";
import { buildKernels, formatKernels, type KernelRecord, measureKernels, measureLimits } from "./kernels.js";
import { describeMachine, ownVersions } from "./machine.js";
import { formatNeighbors, measureNeighbors, NEIGHBOR_LIBRARIES, type NeighborRecord } from "./neighbors.js";
import {
  findTrainers,
  formatNetworks,
  generateImages,
  measureNetworks,
  type NetworkRecord,
  type NetworkSettings,
  TRAINERS,
  type Trainer,
} from "./network.js";
import {
  formatOptimizers,
  measureOptimizers,
  type OptimizersRecord,
  USUAL_WITH_FILES,
  USUAL_WITHOUT_FILES,
} from "./optimizers.js";
import { NETWORKS, type NetworkName } from "./peers/network-models.js";
import { formatPerplexities, measurePerplexities, type PerplexityRecord } from "./perplexity.js";
import { type Race, runRace, type Settings, startRace } from "./race.js";
import { formatRaces, mergeRaces } from "./race-table.js";
import { formatPublished, nameForInstructions, readRecord, writeReadmeSection, writeRecord } from "./record.js";
import { drawnPanels, formatScaling, measureScaling, type Scaling, sizesUpTo } from "./scaling.js";
import {
  formatSeparations,
  generateEmbedding,
  measureSeparations,
  readPublishedEmbedding,
  SEPARATORS,
  type SeparationRecord,
  type SeparationSettings,
} from "./separation.js";
import { installPeers, installScran } from "./setup.js";
import { formatSimultaneous, measureSimultaneous, type SimultaneousRecord } from "./simultaneous.js";
import { formatTimeToQuality, measureTimeToQuality, mergeQualityRaces, type QualityRace } from "./time-to-quality.js";
import { formatTrust, measureTrust, type TrustRecord } from "./trust.js";
import { formatTrustGroups, measureTrustGroups, type TrustGroupsRecord } from "./trust-groups.js";
import { measureUncertainty, type UncertaintyRecord } from "./uncertainty.js";
import { formatUncertainty } from "./uncertainty-table.js";

interface Flags extends Settings, PeerPaths {
  data?: string;
  writeReadme?: true;
}

const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** Markdown for a picture that is published together with its record. */
const showPicture = (recordName: string): string => `![Seconds over points and threads](results/${recordName}.svg)`;

const guide = `
Data sets:
${DATASETS.map(([name, about]) => `  ${name.padEnd(12)} ${about}`).join("\n")}

Peers: ${PEER_NAMES.join(", ")}.

Examples:
  $ npm run bench -- setup
  $ npm run bench -- quick
  $ npm run bench -- race stem mnist --data DIR --rounds 3 --write-readme
  $ npm run bench -- race generated-5000 --peers opentsne-bh,scran.js --ours theta=0.5
  $ npm run bench -- sigma latents --data DIR
  $ npm run bench -- time-to-quality stem --data DIR --write-readme
  $ npm run bench -- scaling --max 100000 --threads-list 1,2
  $ npm run bench -- neighbors mnist --data DIR --python FILE
  $ npm run bench -- simultaneous
  $ npm run bench -- optimizers swiss-roll-10000
  $ npm run bench -- kernels stem --data DIR
  $ npm run bench -- forces mnist --data DIR
  $ npm run bench -- separate --data DIR --python FILE
  $ npm run bench -- uncertainty --data DIR
  $ npm run bench -- code-uncertainty --data DIR
  $ npm run bench -- importance-weights --data DIR
  $ npm run bench -- disentanglement
  $ npm run bench -- trust-groups --data DIR
  $ npm run bench -- perplexity --data DIR
  $ npm run bench -- coverage
  $ npm run bench -- network --data DIR --node-modules DIR --python FILE
  $ npm run bench -- browser --data DIR --timeout 120

Every run is a separate process, and only one runs at a time. Do not use the machine for anything else meanwhile. Records are
written to bench/results/local. With --write-readme they are written to bench/results, and the table into bench/README.md.
`;

const program = new Command("bench")
  .description(
    "Compares this project with its peers, and measures it over numbers of points and threads and kernel by kernel.",
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addHelpText("after", guide);

program
  .command("setup")
  .description("install the peers into bench/.venv and bench/node_modules")
  .option("--python3 <file>", "the Python that creates bench/.venv", "python3")
  .option("--torch", "also install PyTorch, for the network benchmark (several hundred MB)")
  .action((flags: { python3: string; torch?: true }) =>
    interruptible(async (signal) => {
      if (!(await installPeers(flags.python3, flags.torch ?? false, signal))) {
        throw new BenchmarkError("not all peers could be installed; the benchmark runs with those that were");
      }
    }),
  );

measuring("race", "runs this project and its peers in turn and measures time, KL divergence, kept neighbors and memory")
  .addOption(roundsOption(3))
  .addOption(publishOption())
  .argument("[data sets...]", "default: mnist-test stem mnist latents where --data holds them, else generated-10000")
  .option("--peers <names>", "names, comma-separated, or none (default: all that are installed)")
  .action((names: string[], flags: Flags & { peers?: string; rounds: number }) =>
    interruptible(async (signal) => {
      const sets = hasPublicData(flags.data) ? ["mnist-test", "stem", "mnist", "latents"] : ["generated-10000"];
      const { peers, versions } = await choosePeers(flags);
      // If the data have standard deviations, a run with them is added.
      const add = (hasSigma: boolean) => (hasSigma ? [...peers, OURS_WITH_SIGMA] : peers);
      await race("race", names.length > 0 ? names : sets, flags, versions, add, signal);
    }),
  );

measuring(
  "quick",
  "compares with one peer on one small data set in less than three minutes; installs scran.js from npm if no peer is installed",
)
  .addOption(roundsOption(2))
  .argument("[data set]", "default: mnist-test where --data holds it, else generated-5000")
  .action((name: string | undefined, flags: Flags & { rounds: number }) =>
    interruptible(async (signal) => {
      let { peers, versions } = await findPeers(flags);
      if (peers.length === 0) {
        log("no peer is installed: fetching scran.js from npm into bench/node_modules");
        await installScran(signal);
        ({ peers, versions } = await findPeers(flags));
        if (peers.length === 0) {
          log("measuring without one; --node-modules DIR or --python FILE use peers that are installed elsewhere");
        }
      }
      const set = name ?? (hasPublicData(flags.data) ? "mnist-test" : "generated-5000");
      await race("quick", [set], flags, versions, () => peers.slice(0, 1), signal);
    }),
  );

measuring(
  "time-to-quality",
  "measures how long each program needs to come within 0.5 % of the best final KL divergence of the peers",
)
  .addOption(roundsOption(1))
  .addOption(publishOption())
  .argument("[data sets...]", "default: mnist-test stem mnist where --data holds them, else generated-10000")
  .option("--peers <names>", "names, comma-separated, or none (default: all that are installed)")
  .option(
    "--counts <list>",
    "numbers of iterations that each peer is run with, ascending",
    listParser("--counts"),
    [300, 400, 500, 750, 1000],
  )
  .option(
    "--own-counts <list>",
    "numbers of iterations that this project is run with; one more run ends when it has converged",
    listParser("--own-counts"),
    [100, 150, 200, 250],
  )
  .action((names: string[], flags: TimeToQualityFlags) =>
    interruptible((signal) => timeToQuality(names, flags, signal)),
  );

measuring("sigma", "compares the sigma-aware run with the standard run on the same data")
  .addOption(roundsOption(3))
  .addOption(publishOption())
  .argument(
    "[data sets...]",
    "default: latents where --data holds it, else generated-10000; missing standard deviations are generated",
  )
  .action((names: string[], flags: Flags & { rounds: number }) =>
    interruptible(async (signal) => {
      const sets = names.length > 0 ? names : hasPublicData(flags.data) ? ["latents"] : ["generated-10000"];
      await race("sigma", sets, flags, {}, () => [OURS_WITH_SIGMA], signal);
    }),
  );

measuring("scaling", "measures time and memory over the number of points and of threads, and draws a picture")
  .addOption(publishOption())
  .option("--max <n>", "largest number of points", integerParser("--max", 1000), 100000)
  .option("--threads-list <list>", "numbers of threads, comma-separated", listParser("--threads-list"), [1, 2])
  .option(
    "--thread-sizes <list>",
    "numbers of points that are run with each of these numbers of threads",
    listParser("--thread-sizes"),
    [3000, 30000],
  )
  .option("--peers <names>", "peers that are measured and drawn too, comma-separated (default: none)", "none")
  .option("--peer-max <n>", "largest number of points for peers", integerParser("--peer-max", 100), 30000)
  .option("--picture <file>", "file of the picture, .png or .svg (default: scaling.svg in the folder of the record)")
  .action((flags: ScalingFlags) => interruptible((signal) => scaling(flags, signal)));

measuring("kernels", "compares every C++ kernel with the limits of the machine (needs CMake and GoogleTest)")
  .addOption(publishOption())
  .argument(
    "[data sets...]",
    "default: mnist-test stem mnist where --data holds them, else generated-3000, -10000, -30000",
  )
  .option("--build <folder>", "where it is compiled", "build-release")
  .action((names: string[], flags: Flags & { build: string }) =>
    interruptible((signal) => kernels(names, flags, signal)),
  );

measuring(
  "forces",
  "compares the approximate repulsion with the sum over all pairs, on finished embeddings of 1,000 points and more",
)
  .addOption(publishOption())
  .argument("[data sets...]", "default: mnist stem where --data holds them, else generated-70000")
  .option("--build <folder>", "where it is compiled", "build-release")
  .action((names: string[], flags: Flags & { build: string }) =>
    interruptible((signal) => forces(names, flags, signal)),
  );
program
  .command("network")
  .description(
    "measures an epoch of four autoencoders with the backend of this project, with that of TensorFlow.js and with PyTorch",
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(3))
  .argument("[networks...]", `default: ${NETWORKS.join(" ")}`)
  .option(
    "--data <folder>",
    "folder with the test images of MNIST (default: SIGMA_TSNE_DATA, else images are generated)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--trainers <names>", `some of ${TRAINERS.join(", ")}, comma-separated (default: all that are installed)`)
  .option("--python <file>", "a Python with PyTorch", DEFAULT_PEER_PATHS.python)
  .option("--node-modules <folder>", "a node_modules with tfjs-node", join(FOLDERS.root, "node_modules"))
  .option("--threads <n>", "threads of every trainer", integerParser("--threads", 1), 2)
  .option("--images <n>", "number of images, at most 10000", integerParser("--images", 1), 10000)
  .option("--batch <n>", "images per batch", integerParser("--batch", 1), 128)
  .option("--epochs <n>", "epochs of each run", integerParser("--epochs", 1), 3)
  .option("--timeout <seconds>", "time limit of a run, after which it is stopped", numberParser("--timeout"), 3600)
  .action((names: string[], flags: NetworkFlags) => interruptible((signal) => networks(names, flags, signal)));

program
  .command("separate")
  .description("compares the methods of this project for uniform separation with an iterative method in numpy")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(5))
  .option(
    "--data <folder>",
    "folder with the published embedding (default: SIGMA_TSNE_DATA, else one is generated)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--python <file>", "a Python with numpy", DEFAULT_PEER_PATHS.python)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .option(
    "--large <n>",
    'points of a generated embedding that only the method "flow" separates',
    integerParser("--large", 100),
    1_000_000,
  )
  .option("--timeout <seconds>", "time limit of a run, after which it is stopped", numberParser("--timeout"), 3600)
  .action((flags: SeparateFlags) => interruptible((signal) => separations(flags, signal)));

program
  .command("filter")
  .description("compares place --arrow and encode --arrow with function calls for the same rows")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(5))
  .requiredOption(
    "--data <folder>",
    "folder with the public data (default: SIGMA_TSNE_DATA)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--threads <n>", "threads of each of them", integerParser("--threads", 1), 2)
  .option(
    "--iterations <n>",
    "iterations of the embedding that rows are placed into",
    integerParser("--iterations", 1),
    500,
  )
  .option("--batch <n>", "rows per batch", integerParser("--batch", 1), 1000)
  .action((flags: FilterFlags) => interruptible((signal) => filters(flags, signal)));

program
  .command("filled-map")
  .description(
    "compares a map fitted to all codes of MNIST with one fitted to landmarks, into which the other codes are placed",
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .requiredOption(
    "--data <folder>",
    "folder with the public data (default: SIGMA_TSNE_DATA)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--landmarks <n>", "points that are fitted", integerParser("--landmarks", 100), 10_000)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .option("--iterations <n>", "iterations", integerParser("--iterations", 1), 1000)
  .action((flags: FilledMapFlags) => interruptible((signal) => filledMaps(flags, signal)));

program
  .command("uncertainty")
  .description("compares embeddings of noisy measurements, without and with sigma, with the known true data")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option(
    "--data <folder>",
    "folder with the test images of MNIST (default: SIGMA_TSNE_DATA, else only synthetic data are used)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--points <n>", "points of MNIST", integerParser("--points", 100), 1200)
  .option("--synthetic-points <n>", "points of each synthetic data set", integerParser("--synthetic-points", 100), 600)
  .option(
    "--seeds <n>",
    "number of seeds for data, noise and embedding; 0 keeps the published table",
    integerParser("--seeds", 0),
    10,
  )
  .option(
    "--competitor-seeds <n>",
    "number of seeds where all methods are compared",
    integerParser("--competitor-seeds", 1),
    3,
  )
  .option("--python <file>", "a Python with the packages that contain real data", DEFAULT_PEER_PATHS.python)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: UncertaintyFlags) => interruptible((signal) => uncertainty(flags, signal)));

program
  .command("code-uncertainty")
  .description(
    "measures how well the standard deviations of codes predict the noise of images, and how they change embeddings",
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option(
    "--data <folder>",
    "folder with images of MNIST (default: SIGMA_TSNE_DATA, else only generated shapes are used)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--train <n>", "images that each model is trained on", integerParser("--train", 100), 2000)
  .option("--test <n>", "images that are encoded", integerParser("--test", 100), 500)
  .option("--epochs <n>", "epochs of each training", integerParser("--epochs", 1), 15)
  .option("--draws <n>", "number of draws of noise, weights and views", integerParser("--draws", 2), 32)
  .option("--seeds <n>", "number of seeds for images, noise, training and embedding", integerParser("--seeds", 1), 3)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 1)
  .action((flags: CodeUncertaintyFlags) => interruptible((signal) => codeUncertainty(flags, signal)));

program
  .command("importance-weights")
  .description(
    "computes bounds of importance-weighted autoencoders over the number of draws, as in table 1 of Burda et al. 2016",
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option("--data <folder>", "folder with images of MNIST (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--train <n>", "images that each model is trained on", integerParser("--train", 100), 10_000)
  .option("--test <n>", "images that are evaluated", integerParser("--test", 10), 500)
  .option("--epochs <n>", "epochs of each training", integerParser("--epochs", 1), 10)
  .option("--seeds <n>", "number of seeds for weights and training", integerParser("--seeds", 1), 1)
  .option(
    "--draws-list <list>",
    "numbers of draws in training, separated by commas",
    listParser("--draws-list"),
    [1, 5, 50],
  )
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: ImportanceFlags) => interruptible((signal) => importanceWeights(flags, signal)));

program
  .command("disentanglement")
  .description("computes total correlation and mutual information gap of beta-VAE and beta-TCVAE, as Chen et al. 2018")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option("--betas <list>", "values of beta, integers separated by commas", listParser("--betas"), [1, 4, 8, 16])
  .option("--epochs <n>", "epochs of each training", integerParser("--epochs", 1), 250)
  .option("--seeds <n>", "number of seeds for weights and training", integerParser("--seeds", 1), 3)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 1)
  .action((flags: DisentanglementFlags) => interruptible((signal) => disentanglement(flags, signal)));

program
  .command("coverage")
  .description("measures how many true positions lie inside the ellipses of fitted points, in 24 settings")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option("--points <n>", "points of each data set", integerParser("--points", 100), 400)
  .option("--draws <n>", "number of draws of each point", integerParser("--draws", 2), 50)
  .option("--seeds <n>", "number of seeds for data, noise and map", integerParser("--seeds", 1), 3)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: CoverageFlags) => interruptible((signal) => coverage(flags, signal)));

program
  .command("trust")
  .description("compares the scores of trust with refits, planted points and zadu, and measures their time")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option("--python <file>", "a Python with zadu", DEFAULT_PEER_PATHS.python)
  .option("--points <n>", "points of the data sets", integerParser("--points", 200), 1000)
  .option("--refits <n>", "points that are moved and refitted", integerParser("--refits", 10), 40)
  .addOption(roundsOption(3))
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: TrustFlags) => interruptible((signal) => examineTrust(flags, signal)));

program
  .command("neighbors")
  .description(`compares the neighbor search with ${NEIGHBOR_LIBRARIES.join(", ")} at equal recall`)
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(3))
  .argument("[data sets...]", "default: mnist and generated-200000 where --data holds the files, else generated-30000")
  .option("--data <folder>", "folder with the public data (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--python <file>", "a Python with numpy and the libraries", DEFAULT_PEER_PATHS.python)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .option(
    "--perplexity <p>",
    "perplexity; three times as many neighbors are searched",
    numberParser("--perplexity"),
    30,
  )
  .option("--recall <share>", "recall that the libraries have to reach, from 0 to 1", numberParser("--recall"), 0.99)
  .option("--seed <n>", "seed of the random numbers", integerParser("--seed"), 42)
  .action((names: string[], flags: NeighborsFlags) => interruptible((signal) => neighbors(names, flags, signal)));

program
  .command("simultaneous")
  .description("measures eight runs one after the other, and 2, 4 and 8 at a time, in one process and in several")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(3))
  .argument("[data set]", "default: mnist-test where --data holds it, else generated-10000")
  .option("--data <folder>", "folder with the public data (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--threads <n>", "threads of each run", integerParser("--threads", 1), 2)
  .option("--perplexity <p>", "perplexity", numberParser("--perplexity"), 30)
  .action((name: string | undefined, flags: SimultaneousFlags) =>
    interruptible((signal) => simultaneous(name, flags, signal)),
  );

program
  .command("trust-groups")
  .description("tests the groups that trust finds, in maps of a single Gaussian and of data that have groups")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option(
    "--data <folder>",
    "folder with the test images of MNIST (default: SIGMA_TSNE_DATA, else only generated data are used)",
    process.env.SIGMA_TSNE_DATA,
  )
  .option("--runs <n>", "number of maps of a single Gaussian", integerParser("--runs", 1), 100)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: TrustGroupsFlags) => interruptible((signal) => examineTrustGroups(flags, signal)));

program
  .command("perplexity")
  .description("compares the perplexity that shows the true data best with the one that trust --perplexities suggests")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .option("--data <folder>", "folder with the public data (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--points <n>", "points of each data set", integerParser("--points", 100), 500)
  .option("--seeds <n>", "number of seeds for data, noise and embedding", integerParser("--seeds", 1), 3)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .action((flags: PerplexityFlags) => interruptible((signal) => examinePerplexities(flags, signal)));

program
  .command("optimizers")
  .description("measures the KL divergence and the quality that each optimizer reaches with its defaults")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .argument(
    "[data sets...]",
    `default: ${USUAL_WITHOUT_FILES.join(" ")}, and where --data holds them ${USUAL_WITH_FILES.join(" ")}`,
  )
  .option("--data <folder>", "folder with the public data (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--threads <n>", "threads", integerParser("--threads", 1), 2)
  .option("--perplexity <p>", "perplexity", numberParser("--perplexity"), 30)
  .option("--seed <n>", "seed of the random numbers", integerParser("--seed"), 42)
  .action((names: string[], flags: OptimizersFlags) => interruptible((signal) => optimizers(names, flags, signal)));

program
  .command("browser")
  .description("the browser entry in Chromium, with threads and without, compared with Node.js, umap-js and tsne-js")
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addOption(publishOption())
  .addOption(roundsOption(3))
  .argument(
    "[data sets...]",
    "default: mnist-test and mnist-2000 where --data holds them, else generated-10000 and generated-2000",
  )
  .option("--data <folder>", "the public data (default: SIGMA_TSNE_DATA)", process.env.SIGMA_TSNE_DATA)
  .option("--node-modules <folder>", "a node_modules with umap-js and tsne-js", DEFAULT_PEER_PATHS.nodeModules)
  .option(
    "--large <n>",
    "points of a generated data set for one run with threads; 0 for none",
    integerParser("--large", 0),
    70_000,
  )
  .option("--threads <n>", "threads of runs with threads", integerParser("--threads", 1), 2)
  .option("--perplexity <p>", "perplexity", numberParser("--perplexity"), 30)
  .option("--seed <n>", "seed of the random numbers", integerParser("--seed"), 42)
  .option("--timeout <seconds>", "after which a run is given up", numberParser("--timeout"), 300)
  .action((names: string[], flags: BrowserFlags) => interruptible((signal) => measureInBrowser(names, flags, signal)));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof BenchmarkError) {
    log(`bench: ${error.message}`);
    process.exitCode = 1;
  } else {
    process.exitCode = reportFailure("bench", error);
  }
}

function roundsOption(usual: number): Option {
  return new Option("--rounds <n>", "number of rounds; each round runs every combination once")
    .argParser(integerParser("--rounds", 1))
    .default(usual);
}

function publishOption(): Option {
  return new Option("--write-readme", "publish the record and write the table into bench/README.md");
}

/** Creates a subcommand with the options that all measurements share. */
function measuring(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .option(
      "--data <folder>",
      "folder with the public data (default: SIGMA_TSNE_DATA of the environment)",
      process.env.SIGMA_TSNE_DATA,
    )
    .option("--python <file>", "a Python with the peers", DEFAULT_PEER_PATHS.python)
    .option("--node-modules <folder>", "a node_modules with scran.js", DEFAULT_PEER_PATHS.nodeModules)
    .option("--threads <n>", "threads of every implementation", integerParser("--threads", 1), 2)
    .option("--perplexity <p>", "perplexity", numberParser("--perplexity"), 30)
    .option(
      "--iterations <n>",
      "iterations of the peers, including early exaggeration; scikit-learn requires at least 250. Runs of this project end when they have converged, or after N iterations with --ours iterations=N",
      integerParser("--iterations", 1),
      1000,
    )
    .option("--seed <n>", "seed of the random numbers", integerParser("--seed"), 42)
    .option("--timeout <seconds>", "time limit of a run, after which it is stopped", numberParser("--timeout"), 3600)
    .option(
      "--ours <key=value>",
      "an option for the runs of this project, for example theta=0.3; can be repeated",
      addOption,
      {},
    );
}

function addOption(text: string, previous: Settings["ours"]): Settings["ours"] {
  const [, key, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--ours", received: text, accepted: "key=value" });
  }
  const isJson = /^(-?[\d.]+(e-?\d+)?|true|false)$/.test(value);
  return { ...previous, [key]: isJson ? JSON.parse(value) : value };
}

function listParser(flag: string) {
  return (text: string): number[] => text.split(",").map(integerParser(flag, 1));
}

function settingsOf({ perplexity, iterations, threads, seed, timeout, ours }: Flags): Settings {
  return { perplexity, iterations, threads, seed, timeout, ours };
}

async function choosePeers(
  flags: Flags & { peers?: string },
): Promise<{ peers: Implementation[]; versions: Record<string, string> }> {
  const { peers, versions } = await findPeers(flags);
  const wanted = flags.peers === "none" ? [] : (flags.peers?.split(",") ?? PEER_NAMES);
  for (const name of wanted) {
    if (!PEER_NAMES.includes(name)) {
      const accepted = `${PEER_NAMES.join(", ")} or none`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "--peers", received: name, accepted });
    }
    if (!peers.some((peer) => peer.name === name)) log(`${name} is not installed: npm run bench -- setup`);
  }
  return { peers: peers.filter(({ name }) => wanted.includes(name)), versions };
}

/** Runs a race on each data set. After an interruption, the finished races are still recorded and printed. */
async function race(
  kind: "race" | "quick" | "sigma",
  names: readonly string[],
  flags: Flags & { rounds: number },
  peerVersions: Record<string, string>,
  peersFor: (hasSigma: boolean) => Implementation[],
  signal: AbortSignal,
): Promise<void> {
  const versions = { ...(await ownVersions()), ...peerVersions };
  const races: Race[] = [];
  let complete = false;
  try {
    for (const name of names) {
      const dataset = await openDataset(name, flags.data, kind === "sigma", signal);
      const peers = peersFor(dataset.sigma !== undefined);
      const latest = startRace(dataset, peers, { ...settingsOf(flags), rounds: flags.rounds }, versions);
      races.push(latest);
      await runRace(latest, dataset, peers, flags, log, signal);
    }
    complete = true;
  } finally {
    const measured = races.filter(({ runs }) => runs.length > 0);
    if (measured.length > 0) {
      await publishForInstructions(kind, {
        record: (known) => mergeRaces(known ?? [], measured),
        format: formatRaces,
        printed: formatRaces(measured),
        section: kind === "race" ? "table" : kind,
        isWanted: complete && (flags.writeReadme ?? false),
      });
    }
  }
}

interface TimeToQualityFlags extends Flags {
  peers?: string;
  rounds: number;
  counts: number[];
  ownCounts: number[];
}

async function timeToQuality(names: readonly string[], flags: TimeToQualityFlags, signal: AbortSignal): Promise<void> {
  const usual = hasPublicData(flags.data) ? ["mnist-test", "stem", "mnist"] : ["generated-10000"];
  const { peers, versions } = await choosePeers(flags);
  const programs = [OURS, ...peers];
  const { rounds, counts, ownCounts } = flags;
  const measured: QualityRace[] = [];
  let complete = false;
  try {
    for (const name of names.length > 0 ? names : usual) {
      const dataset = await openDataset(name, flags.data, false, signal);
      const settings = { ...settingsOf(flags), rounds, counts, ownCounts };
      const start = startRace(dataset, peers, settings, { ...(await ownVersions()), ...versions });
      const race: QualityRace = { ...start, settings, runs: [] };
      measured.push(race);
      await measureTimeToQuality(race, dataset, programs, flags, log, signal);
    }
    complete = true;
  } finally {
    const finished = measured.filter(({ runs }) => runs.length > 0);
    if (finished.length > 0) {
      await publishForInstructions<QualityRace[]>("time-to-quality", {
        record: (known) => mergeQualityRaces(known ?? [], finished),
        format: formatTimeToQuality,
        printed: formatTimeToQuality(finished),
        isWanted: complete && (flags.writeReadme ?? false),
      });
    }
  }
}

interface ScalingFlags extends Flags {
  max: number;
  threadsList: number[];
  threadSizes: number[];
  peers: string;
  peerMax: number;
  picture?: string;
}

async function scaling(flags: ScalingFlags, signal: AbortSignal): Promise<void> {
  if (flags.picture !== undefined) pictureFormat(flags.picture);
  const { peers, versions } = await choosePeers(flags);
  const record: Scaling = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: { ...(await ownVersions()), ...(peers.length > 0 ? versions : {}) },
    settings: settingsOf(flags),
    points: [],
  };
  const plan = {
    sizes: sizesUpTo(flags.max),
    threads: flags.threadsList,
    threadSizes: flags.threadSizes.filter((size) => size <= flags.max),
    peers,
    peerMax: flags.peerMax,
  };
  let complete = false;
  try {
    await measureScaling(record, plan, flags, log, signal);
    complete = true;
  } finally {
    if (record.points.length > 0) {
      const isPublished = complete && (flags.writeReadme ?? false);
      const path = await publishForInstructions<Scaling>("scaling", {
        record: () => record,
        format: (published, recordName) => `${showPicture(recordName)}\n\n${formatScaling(published)}`,
        printed: formatScaling(record),
        isWanted: isPublished,
      });
      const ownName = isPublished ? `${nameForInstructions("scaling", binding.isa)}.svg` : "scaling.svg";
      const picture = flags.picture ?? join(dirname(path), ownName);
      const bytes = await drawChart(drawnPanels(record), "Time over points and threads", pictureFormat(picture));
      await writeFileAtomic(picture, bytes);
      log(`picture: ${picture}`);
    }
  }
}

async function kernels(names: string[], flags: Flags & { build: string }, signal: AbortSignal): Promise<void> {
  const usual = hasPublicData(flags.data)
    ? ["mnist-test", "stem", "mnist"]
    : ["generated-3000", "generated-10000", "generated-30000"];
  const executable = await buildKernels(flags.build, signal);
  const { threads, perplexity, iterations, seed } = flags;
  const record: KernelRecord = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await ownVersions(),
    settings: { threads, perplexity, iterations, seed },
    limits: await measureLimits(executable, flags, signal),
    timings: [],
  };
  for (const name of names.length > 0 ? names : usual) {
    log(`${name} ...`);
    record.timings.push(...(await measureKernels(executable, name, flags.data, flags, flags, signal)));
  }
  await publishForInstructions<KernelRecord>("kernels", {
    record: () => record,
    format: formatKernels,
    printed: formatKernels(record),
    isWanted: flags.writeReadme ?? false,
  });
}

async function forces(names: string[], flags: Flags & { build: string }, signal: AbortSignal): Promise<void> {
  const usual = hasPublicData(flags.data) ? ["mnist", "stem"] : ["generated-70000"];
  const executable = await buildKernels(flags.build, signal);
  const { threads, perplexity, iterations, seed } = flags;
  const found: Forces[] = [];
  for (const name of names.length > 0 ? names : usual) {
    log(`${name} ...`);
    found.push(...(await compareForces(executable, name, flags.data, flags, flags, signal)));
  }
  const record: ForcesRecord = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await ownVersions(),
    settings: { threads, perplexity, iterations, seed },
    forces: found,
  };
  const path = await writeRecord("forces", record, flags.writeReadme ?? false);
  if (flags.writeReadme) await writeReadmeSection("forces", formatForces(record));
  process.stdout.write(`${formatForces(record)}\n`);
  log(`record: ${path}`);
  const bad = tooLarge(found).map(({ kernel, n, forceError }) => `${kernel}: ${forceError} on ${n} points`);
  if (bad.length > 0) throw new BenchmarkError(`force errors above ${MOST_FORCE_ERROR}: ${bad.join("; ")}`);
}

interface NetworkFlags extends NetworkSettings, PeerPaths {
  data?: string;
  trainers?: string;
  images: number;
  writeReadme?: true;
}

async function networks(names: string[], flags: NetworkFlags, signal: AbortSignal): Promise<void> {
  const chosen = choose<NetworkName>("networks", names.length > 0 ? names : NETWORKS, NETWORKS);
  const installed = await findTrainers(flags);
  const wanted: Trainer[] =
    flags.trainers === undefined ? installed : choose("--trainers", flags.trainers.split(","), TRAINERS);
  for (const name of TRAINERS) if (!installed.includes(name)) log(`${name} is not installed`);
  const isPublic = hasPublicData(flags.data);
  const all = isPublic ? await readTestImages(flags.data as string) : generateImages(Math.min(flags.images, 10000));
  const n = Math.min(flags.images, all.rows);
  const { threads, batch, epochs, rounds, timeout } = flags;
  const record: NetworkRecord = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await ownVersions(),
    images: { name: isPublic ? "MNIST, test set" : "made up", n },
    settings: { threads, batch, epochs, rounds, timeout },
    failures: [],
    runs: [],
  };
  const images = new Matrix(all.data.subarray(0, n * all.cols), n, all.cols);
  let complete = false;
  try {
    await measureNetworks(
      record,
      images,
      chosen,
      wanted.filter((name) => installed.includes(name)),
      flags,
      log,
      signal,
    );
    complete = true;
  } finally {
    if (record.runs.length > 0) {
      const publish = complete && (flags.writeReadme ?? false);
      const path = await writeRecord("network", record, publish);
      if (publish) await writeReadmeSection("network", formatNetworks(record));
      process.stdout.write(`${formatNetworks(record)}\n`);
      log(`record: ${path}`);
    }
  }
}

interface SeparateFlags extends SeparationSettings {
  data?: string;
  python: string;
  large: number;
  writeReadme?: true;
}

async function separations(flags: SeparateFlags, signal: AbortSignal): Promise<void> {
  const { threads, rounds, timeout, python } = flags;
  const { versions } = await findPeers({ python, nodeModules: DEFAULT_PEER_PATHS.nodeModules });
  const hasNumpy = versions.numpy !== undefined;
  if (!hasNumpy) log("numpy is not installed: npm run bench -- setup");
  const record: SeparationRecord = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: { ...(await ownVersions()), ...(hasNumpy && { numpy: versions.numpy }) },
    settings: { threads, rounds, timeout },
    before: {},
    runs: [],
  };
  const embeddings = [
    {
      embedding: await readPublishedEmbedding(flags.data, signal),
      separators: SEPARATORS.filter((name) => hasNumpy || name !== "numpy"),
    },
    { embedding: generateEmbedding(flags.large), separators: ["flow"] as const },
  ];
  let complete = false;
  try {
    await measureSeparations(record, embeddings, { python }, log, signal);
    complete = true;
  } finally {
    if (record.runs.length > 0) {
      const publish = complete && (flags.writeReadme ?? false);
      const path = await writeRecord("separate", record, publish);
      if (publish) await writeReadmeSection("separate", formatSeparations(record));
      process.stdout.write(`${formatSeparations(record)}\n`);
      log(`record: ${path}`);
    }
  }
}

interface FilterFlags {
  data: string;
  threads: number;
  rounds: number;
  iterations: number;
  batch: number;
  writeReadme?: true;
}

async function filters({ data, writeReadme, ...flags }: FilterFlags, signal: AbortSignal): Promise<void> {
  const { threads, rounds, iterations, batch } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: FilterRecord = { ...facts, settings: { threads, rounds, iterations, batch }, runs: [] };
  await measureFilter(record, data, log, signal);
  await publish("filter", record, formatFilter(record), writeReadme ?? false);
}

interface FilledMapFlags {
  data: string;
  landmarks: number;
  threads: number;
  iterations: number;
  writeReadme?: true;
}

async function filledMaps({ data, writeReadme, ...flags }: FilledMapFlags, signal: AbortSignal): Promise<void> {
  const { landmarks, threads, iterations } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: FilledMapRecord = { ...facts, settings: { landmarks, threads, iterations }, scores: [] };
  await measureFilledMap(record, data, log, signal);
  await publish("filled-map", record, formatFilledMap(record), writeReadme ?? false);
}

interface TrustFlags {
  python: string;
  points: number;
  refits: number;
  rounds: number;
  threads: number;
  writeReadme?: true;
}

async function examineTrust(flags: TrustFlags, signal: AbortSignal): Promise<void> {
  const { python, writeReadme, points, refits, rounds, threads } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const settings = { points, refits, rounds, threads };
  const record: TrustRecord = { ...facts, settings, refits: [], found: [], speed: [] };
  await measureTrust(record, python, log, signal);
  await publish("trust", record, formatTrust(record), writeReadme ?? false);
}

interface TrustGroupsFlags {
  data?: string;
  runs: number;
  threads: number;
  writeReadme?: true;
}

async function examineTrustGroups(flags: TrustGroupsFlags, signal: AbortSignal): Promise<void> {
  const { data, writeReadme, runs, threads } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: TrustGroupsRecord = { ...facts, settings: { runs, threads }, gaussians: [], real: [] };
  await measureTrustGroups(record, data, log, signal);
  await publish("trust-groups", record, formatTrustGroups(record), writeReadme ?? false);
}

interface PerplexityFlags {
  data?: string;
  points: number;
  seeds: number;
  threads: number;
  writeReadme?: true;
}

async function examinePerplexities(flags: PerplexityFlags, signal: AbortSignal): Promise<void> {
  const { data, writeReadme, points, seeds, threads } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const perplexities = [5, 10, 15, 20, 30, 50, 80, 120].filter((value) => value <= (points - 1) / 3);
  const record: PerplexityRecord = { ...facts, settings: { points, seeds, threads, perplexities }, results: [] };
  await measurePerplexities(record, data, log, signal);
  await publish("perplexity", record, formatPerplexities(record), writeReadme ?? false);
}

interface CoverageFlags {
  points: number;
  draws: number;
  seeds: number;
  threads: number;
  writeReadme?: true;
}

async function coverage({ writeReadme, ...settings }: CoverageFlags, signal: AbortSignal): Promise<void> {
  const { points, draws, seeds, threads } = settings;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: CoverageRecord = { ...facts, settings: { points, draws, seeds, threads }, coverages: [] };
  await measureCoverage(record, log, signal);
  await publish("coverage", record, formatCoverage(record), writeReadme ?? false);
}

interface UncertaintyFlags {
  data?: string;
  points: number;
  syntheticPoints: number;
  seeds: number;
  competitorSeeds: number;
  python: string;
  threads: number;
  writeReadme?: true;
}

async function uncertainty({ data, writeReadme, ...flags }: UncertaintyFlags, signal: AbortSignal): Promise<void> {
  const { points, syntheticPoints, seeds, competitorSeeds, python, threads } = flags;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: UncertaintyRecord = {
    ...facts,
    settings: { points, syntheticPoints, seeds, competitorSeeds, threads },
    recoveries: [],
    competitions: [],
  };
  if (seeds > 0) {
    await measureUncertainty(record, data, log, signal);
  } else {
    const published = await readRecord("uncertainty", record);
    record.recoveries = published.recoveries;
    record.settings.seeds = published.settings.seeds;
  }
  const how = { points: syntheticPoints, seeds: competitorSeeds, threads, python, folder: data };
  await measureCompetitors(record.competitions, how, log, signal);
  await publish("uncertainty", record, formatUncertainty(record), writeReadme ?? false);
}

interface CodeUncertaintyFlags {
  data?: string;
  train: number;
  test: number;
  epochs: number;
  draws: number;
  seeds: number;
  threads: number;
  writeReadme?: true;
}

async function codeUncertainty(
  { data, writeReadme, ...settings }: CodeUncertaintyFlags,
  signal: AbortSignal,
): Promise<void> {
  const { train, test, epochs, draws, seeds, threads } = settings;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: CodeUncertaintyRecord = {
    ...facts,
    settings: { train, test, epochs, draws, seeds, threads },
    results: [],
  };
  await measureCodeUncertainty(record, data, log, signal);
  await publish("code-uncertainty", record, formatCodeUncertainty(record), writeReadme ?? false);
}

interface ImportanceFlags {
  data?: string;
  train: number;
  test: number;
  epochs: number;
  seeds: number;
  drawsList: number[];
  threads: number;
  writeReadme?: true;
}

async function importanceWeights(flags: ImportanceFlags, signal: AbortSignal): Promise<void> {
  const { data, writeReadme, drawsList: draws, train, test, epochs, seeds, threads } = flags;
  if (data === undefined) throw new BenchmarkError("MNIST is needed: --data names the folder of the public data");
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const settings = { draws, train, test, epochs, seeds, threads };
  const record: ImportanceRecord = { ...facts, settings, results: [] };
  await measureImportanceWeights(record, data, log, signal);
  await publish("importance-weights", record, formatImportanceWeights(record), writeReadme ?? false);
  await writePicture("importance-weights", await drawImportanceWeights(record), writeReadme ?? false);
}

interface DisentanglementFlags {
  betas: number[];
  epochs: number;
  seeds: number;
  threads: number;
  writeReadme?: true;
}

async function disentanglement({ writeReadme, ...settings }: DisentanglementFlags, signal: AbortSignal): Promise<void> {
  const { betas, epochs, seeds, threads } = settings;
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: DisentanglementRecord = { ...facts, settings: { betas, epochs, seeds, threads }, results: [] };
  await measureDisentanglements(record, log, signal);
  await publish("disentanglement", record, formatDisentanglements(record), writeReadme ?? false);
  await writePicture("disentanglement", await drawDisentanglements(record), writeReadme ?? false);
}

/** Writes a picture next to the published or the local records. */
async function writePicture(name: string, bytes: Uint8Array, isPublished: boolean): Promise<void> {
  const path = join(isPublished ? FOLDERS.results : FOLDERS.local, `${name}.svg`);
  await writeFileAtomic(path, bytes);
  log(`picture: ${path}`);
}

interface BrowserFlags extends BrowserSettings {
  data?: string;
  nodeModules: string;
  large: number;
  writeReadme?: true;
}

async function measureInBrowser(names: readonly string[], flags: BrowserFlags, signal: AbortSignal): Promise<void> {
  const { data, nodeModules, large, writeReadme, perplexity, threads, seed, rounds, timeout } = flags;
  const peers = await findBrowserPeers(nodeModules);
  for (const name of ["umap-js", "tsne-js"])
    if (!(name in peers)) log(`${name} is not installed: npm run bench -- setup`);
  const installed = Object.keys(peers) as BrowserProgram[];
  // The second set is for programs that need too long for 10,000 points.
  const usual = hasPublicData(data) ? ["mnist-test", "mnist-2000"] : ["generated-10000", "generated-2000"];
  const own: readonly BrowserProgram[] = ["native", "with threads", "without threads"];
  const plans: BrowserPlan[] = [
    ...(names.length > 0 ? names : usual).map((name) => ({
      name,
      programs: [...own, "live page" as const, ...installed],
      rounds,
      isScored: true,
    })),
    ...(large > 0 ? [{ name: `generated-${large}`, programs: own.slice(0, 2), rounds: 1, isScored: false }] : []),
  ];
  const record: BrowserRecord = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: { ...(await ownVersions()), ...peers },
    settings: { perplexity, threads, seed, rounds, timeout },
    runs: [],
    failures: [],
  };
  let isComplete = false;
  try {
    await measureBrowser(record, plans, { data, nodeModules }, log, signal);
    isComplete = true;
  } finally {
    if (record.runs.length > 0) {
      await publish("browser", record, formatBrowser(record), isComplete && (writeReadme ?? false));
    }
  }
}

interface NeighborsFlags {
  data?: string;
  python: string;
  threads: number;
  perplexity: number;
  recall: number;
  rounds: number;
  seed: number;
  writeReadme?: true;
}

async function neighbors(names: readonly string[], flags: NeighborsFlags, signal: AbortSignal): Promise<void> {
  const { data, python, writeReadme, threads, perplexity, recall, rounds, seed } = flags;
  const usual = hasPublicData(data) ? ["mnist", "generated-200000"] : ["generated-30000"];
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: NeighborRecord = { ...facts, settings: { threads, perplexity, recall, rounds, seed }, runs: [] };
  try {
    await measureNeighbors(record, names.length > 0 ? names : usual, data, python, log, signal);
  } finally {
    if (record.runs.length > 0) {
      await publishForInstructions<NeighborRecord>("neighbors", {
        record: () => record,
        format: formatNeighbors,
        printed: formatNeighbors(record),
        isWanted: writeReadme ?? false,
      });
    }
  }
}

interface SimultaneousFlags {
  data?: string;
  threads: number;
  perplexity: number;
  rounds: number;
  writeReadme?: true;
}

async function simultaneous(name: string | undefined, flags: SimultaneousFlags, signal: AbortSignal): Promise<void> {
  const { data, writeReadme, threads, perplexity, rounds } = flags;
  const set = name ?? (hasPublicData(data) ? "mnist-test" : "generated-10000");
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: SimultaneousRecord = { ...facts, settings: { threads, perplexity, rounds }, measured: [] };
  await measureSimultaneous(record, set, data, log, signal);
  await publishForInstructions<SimultaneousRecord>("simultaneous", {
    record: () => record,
    format: formatSimultaneous,
    printed: formatSimultaneous(record),
    isWanted: writeReadme ?? false,
  });
}

interface OptimizersFlags {
  data?: string;
  threads: number;
  perplexity: number;
  seed: number;
  writeReadme?: true;
}

async function optimizers(
  names: readonly string[],
  { data, writeReadme, threads, perplexity, seed }: OptimizersFlags,
  signal: AbortSignal,
): Promise<void> {
  const usual = [...(hasPublicData(data) ? USUAL_WITH_FILES : []), ...USUAL_WITHOUT_FILES];
  const facts = { date: new Date().toISOString(), machine: describeMachine(), versions: await ownVersions() };
  const record: OptimizersRecord = { ...facts, settings: { threads, perplexity, seed }, runs: [] };
  try {
    await measureOptimizers(record, names.length > 0 ? names : usual, data, log, signal);
  } finally {
    if (record.runs.length > 0) await publish("optimizers", record, formatOptimizers(record), writeReadme ?? false);
  }
}

/** Writes a record, writes its table into the README if requested, and prints the table. */
async function publish(name: string, record: unknown, table: string, isWanted: boolean): Promise<void> {
  const path = await writeRecord(name, record, isWanted);
  if (isWanted) await writeReadmeSection(name, table);
  process.stdout.write(`${table}\n`);
  log(`record: ${path}`);
}

/**
 * Publishes records of speed. There is one record per instruction set, and the README shows all of them.
 *
 * @param record.record makes the record from the published record of this instruction set
 * @returns the path of the record
 */
async function publishForInstructions<T>(
  name: string,
  {
    record,
    format,
    printed,
    section = name,
    isWanted,
  }: {
    record: (published: T | undefined) => T;
    format: (record: T, recordName: string) => string;
    printed: string;
    section?: string;
    isWanted: boolean;
  },
): Promise<string> {
  const published = nameForInstructions(name, binding.isa);
  const path = isWanted
    ? await writeRecord(published, record(await readRecord<T | undefined>(published, undefined)), true)
    : await writeRecord(name, record(undefined), false);
  if (isWanted) await writeReadmeSection(section, await formatPublished(name, format));
  process.stdout.write(`${printed}\n`);
  log(`record: ${path}`);
  return path;
}

/** Returns `names` if all of them are known. */
function choose<T extends string>(argument: string, names: readonly string[], known: readonly T[]): T[] {
  return names.map((name) => {
    const found = known.find((candidate) => candidate === name);
    if (found !== undefined) return found;
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: name, accepted: `some of ${known.join(", ")}` });
  });
}
