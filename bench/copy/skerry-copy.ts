import { Registries, type Root, transfer } from "@skerry/oci";

/** Copies tags between two registries: `node bench/copy/skerry-copy.ts SOURCE TARGET REPOSITORY…`; prints what was moved. */
const [from = "", to = "", ...repositories] = process.argv.slice(2);

await using registries = new Registries({ insecureHosts: [from, to] });
const source = registries.reader(from);

async function root(repository: string): Promise<Root> {
  const at = { repository };
  const descriptor = await source.resolve(at, "v1");
  if (descriptor === undefined) throw new Error(`${repository}:v1 is not there`);
  return { id: repository, source, from: at, descriptor, to: at, tags: ["v1"], referrers: "none" };
}

/** In order, each as soon as it is found: the first are copied while others are still looked for. */
async function* roots(): AsyncGenerator<Root> {
  yield* repositories.map(root);
}

const report = await transfer(roots(), registries.writer(to), { gates: registries.gates });
const failed = report.outcomes.find(({ error }) => error !== undefined);
if (failed?.error !== undefined) throw failed.error;
console.log(JSON.stringify(report.moved));
