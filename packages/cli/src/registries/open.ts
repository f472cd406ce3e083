import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Credential,
  type CredentialSource,
  certDirs,
  loadCredentials,
  loadRegistriesConf,
  type NetEvent,
  proxiesFromEnvironment,
  RealmFile,
  Registries,
  type RegistriesOptions,
} from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import { VERSION } from "../version.ts";
import type { World } from "../world/types.ts";

/** Which hosts a command reads from and writes to, as far as it knows. A host may be both. */
export interface Ends {
  /** Hosts that are read; `any` when only the run will tell (the images of a catalog). */
  readonly sources: "any" | readonly string[];
  /** Hosts that are written, checked or deleted from. For a command with one host: that host. */
  readonly destinations: readonly string[];
}

/** What a login does differently. */
export interface Login {
  readonly credentials?: CredentialSource;
  readonly realms?: RealmFile;
}

/** Where accepted token services are noted. */
export function realmPath(world: Pick<World, "env" | "home">): string {
  const base = world.env["XDG_CONFIG_HOME"];
  return join(base === undefined || base === "" ? join(world.home, ".config") : base, "skerry", "realms.json");
}

/**
 * The registries of one run, as the registry flags want them. Close them at the end (`await using`). A login brings its
 * own credential, and takes the token service that the registry names.
 * @throws UsageError for a CA file that cannot be read, OciError `CONFIG_INVALID` for registries.conf
 */
export async function openRegistries(job: Job<RegistryFlags>, ends: Ends, login: Login = {}): Promise<Registries> {
  const { flags, world } = job;
  const conf = flags["registries-conf"];
  return new Registries({
    credentials: login.credentials ?? credentialsOf(job, ends),
    realms: login.realms ?? (await RealmFile.open(realmPath(job.world))),
    registriesConf: await loadRegistriesConf({
      ...(conf === undefined ? {} : { path: pathOf(job, conf) }),
      env: world.env,
      home: world.home,
    }),
    certDirs: certDirs({ env: world.env, home: world.home, ...optionalPath(job, "flag", flags["cert-dir"]) }),
    extraCa: await authorities(job),
    insecureHosts: insecureHosts(flags, ends),
    maxPerHost: flags["max-per-host"],
    limitRate: flags["limit-rate"],
    retries: flags.retries,
    stallTimeoutMs: flags["stall-timeout"],
    allowPrivateRedirects: flags["allow-private-redirects"],
    proxies: proxiesFromEnvironment(world.env),
    userAgent: `skerry/${VERSION}`,
    onEvent: (event) => tell(job, event),
  });
}

/**
 * The registries as this machine is set up to reach them, for commands without registry flags: its credentials, registries.conf,
 * certs.d, CAs and proxies. `insecureHosts` may speak HTTP.
 * @throws UsageError for a CA file that cannot be read, OciError `CONFIG_INVALID` for registries.conf
 */
export async function openMachineRegistries(
  world: Pick<World, "env" | "home">,
  insecureHosts: readonly string[] = [],
): Promise<Registries> {
  const { env, home } = world;
  return new Registries({
    credentials: loadCredentials({ env, home }),
    registriesConf: await loadRegistriesConf({ env, home }),
    certDirs: certDirs({ env, home }),
    extraCa: await authoritiesIn(systemAuthorities(world)),
    proxies: proxiesFromEnvironment(env),
    insecureHosts,
    userAgent: `skerry/${VERSION}`,
  });
}

/**
 * The hosts for which HTTP and unverified certificates are allowed. `--insecure` loosens the destination and nothing
 * else, wherever that host occurs; a switch of one end loosens that end.
 */
export function insecureHosts(
  flags: Pick<RegistryFlags, "tls-verify" | "src-tls-verify" | "dest-tls-verify" | "insecure">,
  given: Ends,
): NonNullable<RegistriesOptions["insecureHosts"]> {
  const sources = !(flags["src-tls-verify"] ?? flags["tls-verify"]);
  // A command with one host has no destination of its own: that host is meant.
  const ends = oneHost(given);
  const destinations = flags.insecure || !(flags["dest-tls-verify"] ?? flags["tls-verify"]);
  if (sources && ends.sources === "any") return destinations ? "all" : (host) => !ends.destinations.includes(host);
  return [...new Set([...(sources && ends.sources !== "any" ? ends.sources : []), ...(destinations ? ends.destinations : [])])];
}

function oneHost(ends: Ends): Ends {
  const { sources, destinations } = ends;
  return destinations.length === 0 && sources !== "any" && sources.length === 1 ? { sources, destinations: sources } : ends;
}

/** Credentials: a file of their own for each end where one was given, the usual look-up otherwise. */
export function credentialsOf(job: Job<RegistryFlags>, ends: Ends): CredentialSource {
  const { flags, world } = job;
  const load = (file: string | undefined): CredentialSource =>
    loadCredentials({ ...optionalPath(job, "authfile", file), env: world.env, home: world.home });
  const source = load(flags["src-authfile"] ?? flags.authfile);
  const destination = load(flags["dest-authfile"] ?? flags.authfile);
  return {
    find: (host, repository, signal): Promise<Credential | undefined> =>
      (ends.destinations.includes(host) ? destination : source).find(host, repository, signal),
  };
}

function authorities(job: Job<RegistryFlags>): Promise<readonly string[]> {
  return authoritiesIn([...systemAuthorities(job.world), ...job.flags.ca.map((file) => pathOf(job, file))]);
}

function systemAuthorities({ env }: Pick<World, "env">): readonly string[] {
  const system = env["SSL_CERT_FILE"];
  return system === undefined || system === "" ? [] : [system];
}

function authoritiesIn(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8").catch((cause: unknown) => {
        throw new UsageError(`cannot read CA file ${file}`, { subject: file, cause });
      });
      if (!text.includes("-----BEGIN")) {
        throw new UsageError(`cannot use CA file ${file}: it holds no PEM certificate`, { subject: file });
      }
      return text;
    }),
  );
}

function tell(job: Job<RegistryFlags>, event: NetEvent): void {
  job.progress.event(event);
  if (event.event === "retry")
    job.log.debug(`${event.method} at ${event.host} again (try ${event.attempt}): ${event.message}`, { ...event });
  else job.log.debug(`slower at ${event.host}: ${event.limit} requests at once`, { ...event });
}

function optionalPath<K extends string>(job: Job<unknown>, key: K, path: string | undefined): { readonly [P in K]?: string } {
  return path === undefined ? {} : ({ [key]: pathOf(job, path) } as { readonly [P in K]: string });
}
