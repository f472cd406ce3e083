import { openJournal, openLayout, Registries, type Root, transfer } from "@skerry/oci";

/** Copies `v1` of repositories into a layout and prints a line per blob, to be killed: HOST LAYOUT JOURNAL REPOSITORY… */
const [host = "", layout = "", journalPath = "", ...repositories] = process.argv.slice(2);
await using registries = new Registries({ insecureHosts: [host] });
await using target = await openLayout(layout, { create: true });
await using journal = await openJournal(journalPath);
const source = registries.reader(host);
const roots: Root[] = [];
for (const repository of repositories) {
  const descriptor = await source.resolve({ repository }, "v1");
  if (descriptor === undefined) throw new Error(`${repository} is not there`);
  const at = { repository };
  roots.push({ id: repository, source, from: at, descriptor, to: at, tags: ["v1"], referrers: "none" });
}
const onEvent = ({ event }: { readonly event: string }): void => {
  if (event === "blob.bytes" || event === "blob.end") process.stdout.write(`${event}\n`);
};
const report = await transfer(roots, target, { gates: registries.gates, journal, onEvent });
process.stdout.write(`done ${JSON.stringify(report.outcomes.map(({ outcome }) => outcome))}\n`);
