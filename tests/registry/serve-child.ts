import { startRegistry } from "@skerry/registry";

/** A registry in a process of its own, to be killed: `serve-child.ts ROOT [OPTIONS as JSON]`. */
const [root = "", options = "{}"] = process.argv.slice(2);
const registry = await startRegistry({ root, ...(JSON.parse(options) as object) });
process.stdout.write(`${registry.url}\n`);
process.on("SIGTERM", () => void registry.close().then(() => process.exit(0)));
