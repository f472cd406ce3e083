import { listChannels, listPackages, openFileCatalog, renderText, selectPackages, validateCatalog, writeCatalog } from "@skerry/catalog";

/** Every step of the benchmark: what it does with a catalog, and a number that tells it did. */
const STEPS: Readonly<Record<string, (path: string) => Promise<number>>> = {
  /** Packages with display names, channels with heads: what `catalog list` shows. */
  async list(path) {
    const catalog = await openFileCatalog(path);
    const rows = (await listPackages(catalog)).length + listChannels(catalog).length;
    await catalog.close();
    return rows;
  },
  /** Ten packages out of the middle, written as a catalog. */
  async select(path) {
    const catalog = await openFileCatalog(path);
    const middle = Math.floor(catalog.packages.length / 2);
    const packages = catalog.packages.slice(middle, middle + 10).map((info) => ({ name: info.name }));
    let bytes = 0;
    for await (const file of writeCatalog(catalog, selectPackages(catalog, { packages }))) {
      for await (const part of file.content) bytes += part.length;
    }
    await catalog.close();
    return bytes;
  },
  async validate(path) {
    const catalog = await openFileCatalog(path);
    const { valid, problems } = await validateCatalog(catalog);
    await catalog.close();
    return valid ? problems.length : -1;
  },
  /** The whole catalog as opm prints it. */
  async render(path) {
    const catalog = await openFileCatalog(path);
    let characters = 0;
    for await (const text of renderText(catalog, { format: "json" })) characters += text.length;
    await catalog.close();
    return characters;
  },
};

const [step = "", path = ""] = process.argv.slice(2);
const run = STEPS[step];
if (run === undefined) throw new Error(`no such step: ${step}`);
const result = await run(path);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(JSON.stringify({ result, maxRssMib: Math.round(maxRSS / 1024), cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
