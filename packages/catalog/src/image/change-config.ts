import type { Digest, Platform } from "@skerry/oci";
import { asList, asObject, type JsonObject, member } from "../document/shape.ts";
import { LABELS } from "./kind.ts";
import type { ServeCommand } from "./serve-command.ts";

const EPOCH = "1970-01-01T00:00:00Z";
const STEPS = ["take the old catalog and its cache away", "write the selected catalog"];

/**
 * The configuration of the source image with the new layers, start command and label. Everything else stays, the time of
 * creation too: a new one would give a new digest on every run.
 */
export function changedConfig(
  config: JsonObject,
  change: { readonly command: ServeCommand; readonly isForced?: boolean; readonly diffIds: readonly Digest[]; readonly directory: string },
): JsonObject {
  const inner = asObject(member(config, "config")) ?? {};
  const rootfs = asObject(member(config, "rootfs")) ?? {};
  const history = asList(member(config, "history"));
  const created = member(config, "created");
  const time = typeof created === "string" && created !== "" ? { created } : {};
  return {
    ...config,
    config: {
      ...inner,
      ...(inner["Entrypoint"] === undefined && change.isForced !== true
        ? {}
        : { Entrypoint: nullable(inner["Entrypoint"], change.command.entrypoint) }),
      ...(inner["Cmd"] === undefined && change.isForced !== true ? {} : { Cmd: nullable(inner["Cmd"], change.command.command) }),
      Labels: { ...(asObject(inner["Labels"]) ?? {}), [LABELS.configs]: change.directory },
    },
    // A history that does not cover every layer is worse than none, so one is only continued.
    ...(history.length === 0 ? {} : { history: [...history, ...STEPS.map((step) => ({ ...time, created_by: `skerry: ${step}` }))] }),
    rootfs: { ...rootfs, type: "layers", diff_ids: [...asList(rootfs["diff_ids"]), ...change.diffIds] },
  };
}

/** The configuration of a base image with a database over it; a `--database` in its command points there. */
export function databaseConfig(config: JsonObject, database: { readonly path: string; readonly diffId: Digest }): JsonObject {
  const inner = asObject(member(config, "config")) ?? {};
  const rootfs = asObject(member(config, "rootfs")) ?? {};
  const history = asList(member(config, "history"));
  return {
    ...config,
    config: {
      ...inner,
      ...(inner["Entrypoint"] === undefined ? {} : { Entrypoint: pointedAt(inner["Entrypoint"], database.path) }),
      ...(inner["Cmd"] === undefined ? {} : { Cmd: pointedAt(inner["Cmd"], database.path) }),
      Labels: { ...(asObject(inner["Labels"]) ?? {}), [LABELS.database]: database.path },
    },
    ...(history.length === 0 ? {} : { history: [...history, { created_by: "skerry: write the catalog database" }] }),
    rootfs: { ...rootfs, type: "layers", diff_ids: [...asList(rootfs["diff_ids"]), database.diffId] },
  };
}

function pointedAt(words: unknown, path: string): unknown {
  if (!Array.isArray(words)) return words;
  return words.map((word: unknown, index) => {
    if (words[index - 1] === "--database" || words[index - 1] === "-d") return path;
    return typeof word === "string" && word.startsWith("--database=") ? `--database=${path}` : word;
  });
}

/** The configuration of an image that holds a catalog and nothing else. */
export function scratchConfig(platform: Platform, diffId: Digest): JsonObject {
  return {
    created: EPOCH,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: { Labels: { [LABELS.configs]: "/configs" } },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created: EPOCH, created_by: `skerry: ${STEPS[1]}` }],
  };
}

function nullable(old: unknown, words: readonly string[]): readonly string[] | null {
  return old === null && words.length === 0 ? null : words;
}
