import { mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { startRegistry } from "@skerry/registry";
import { serveUpstream } from "@skerry-tools/upstream";
import { choosePorts } from "./ports.ts";
import { runCommand, type SkerryCommand, shownCommand } from "./skerry-command.ts";

/**
 * Mirrors a sample catalog between two registries on loopback with the commands that a user would type. State is kept in
 * `.quickstart/` (or the folder in SKERRY_QUICKSTART_STATE): a second run finds everything there and moves nothing.
 */
const root = resolve(import.meta.dirname, "..", "..");
const here = relative(root, import.meta.dirname);
const state = resolve(process.env["SKERRY_QUICKSTART_STATE"] ?? join(root, ".quickstart"));
const began = performance.now();

process.on("SIGINT", () => undefined); // The command under way ends by itself and says how to go on.
try {
  process.exitCode = await quickstart();
} catch (error) {
  console.error(`quickstart: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function quickstart(): Promise<number> {
  await mkdir(state, { recursive: true });
  const ports = await choosePorts(join(state, "ports.json"));
  await using upstream = await serveUpstream({
    root: join(state, "upstream"),
    listen: `127.0.0.1:${ports.upstream}`,
    seed: "quickstart",
    totalBytes: 48 * 1024 * 1024,
    catalogs: [{ dir: join(root, here, "catalog"), reference: "registry.isle.example/catalogs/operator-index:v1" }],
    images: ["quay.isle.example/shared/toolbox:1.4"],
    bundlesDir: join(root, here, "bundles"),
  });
  await using mirror = await startRegistry({ root: join(state, "mirror"), listen: `127.0.0.1:${ports.mirror}` });
  const { images, hosts } = upstream;
  say(`An upstream registry with a sample catalog and its ${images.length - 1} images listens on ${upstream.host}; it stands in for`);
  say(`${hosts.join(", ")}. An empty registry to mirror into listens on ${mirror.host}.`);

  const target = `docker://${mirror.host}/isle`;
  for (const command of commands(target, upstream.registriesConfPath)) {
    say(`\n$ ${shownCommand(command)}\n`);
    const code = await runCommand(root, command);
    // 3 = done, but a problem is left for a person to decide: the sample holds one on purpose.
    if (code !== 0 && code !== 3) {
      say(`\nskerry ${command.word} ended with exit code ${code}.`);
      return code;
    }
    if (code === 3) say("(exit code 3: done, and one problem above waits for a decision)");
  }
  sayNext(mirror.host);
  return 0;
}

function commands(target: string, registriesConf: string): SkerryCommand[] {
  const set = [
    ["-c", `${here}/imageset.yaml`],
    ["--workspace", shown(join(state, "workspace"))],
  ];
  const reach = [["--registries-conf", shown(registriesConf)], ["--insecure"]];
  return [
    { word: "plan", args: [...set, ...reach, [target]] },
    { word: "mirror", args: [...set, ...reach, [target]] },
    { word: "verify", args: [["--lock", shown(join(state, "workspace", "imageset.lock"))], ["--insecure"], [target]] },
  ];
}

function sayNext(mirrorHost: string): void {
  const workspace = shown(join(state, "workspace"));
  say(`
Done in ${((performance.now() - began) / 1000).toFixed(1)} s. What is where, and what to do next:

  ${workspace}/imageset.lock          what was resolved and mirrored, digest by digest
  ${workspace}/cluster-resources/     for a cluster: oc apply -f ${workspace}/cluster-resources
  ${workspace}/report.json            what moved, what was there already, what needs a decision

  Run it again: npm run quickstart moves nothing, since everything is there.
  Change ${here}/imageset.yaml and run it again: only what is new moves.
  Look around: npx skerry registry serve --root ${shown(join(state, "mirror"))} --listen ${mirrorHost}
        then:  npx skerry repos ${mirrorHost} --insecure
  With real registries:
               npx skerry plan   -c imageset.yaml docker://mirror.example.com:8443/ocp
               npx skerry mirror -c imageset.yaml docker://mirror.example.com:8443/ocp
               npx skerry verify docker://mirror.example.com:8443/ocp
  Start afresh: rm -r ${shown(state)}`);
}

function shown(path: string): string {
  const short = relative(root, path);
  return short.startsWith("..") ? path : short;
}

function say(text: string): void {
  console.log(text);
}
