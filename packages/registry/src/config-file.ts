import { readFile } from "node:fs/promises";
import { isRepository } from "@skerry/oci";
import { parseDocument } from "yaml";
import { z } from "zod";
import { RegistryError } from "./errors.ts";

/** What `serve --config FILE` may say; the same words as the flags. Sizes are bytes, durations milliseconds. */
export interface RegistryConfigFile {
  readonly root?: string | undefined;
  readonly listen?: string | undefined;
  readonly tls?: "auto" | "off" | "files" | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly auth?: "htpasswd" | "none" | undefined;
  readonly htpasswd?: string | undefined;
  readonly access?: string | undefined;
  readonly anonymousPull?: boolean | undefined;
  readonly readOnly?: boolean | undefined;
  readonly minFreeBytes?: number | undefined;
  readonly quotas?: Readonly<Record<string, number>> | undefined;
  /** Registries that are asked for what is missing below a prefix. */
  readonly upstreams?: readonly { readonly prefix: string; readonly host: string }[] | undefined;
  readonly leaseMs?: number | undefined;
  readonly uploadLifeMs?: number | undefined;
  readonly idleMs?: number | undefined;
  readonly drainMs?: number | undefined;
  readonly maxManifestBytes?: number | undefined;
  readonly maxUploadsPerUser?: number | undefined;
}

const bytes = z.number().int().min(0);
const text = z.string().min(1);

const upstreamSchema = z.strictObject({ prefix: z.string().refine(isRepository, "not a repository prefix"), host: text });

const configSchema = z.strictObject({
  root: text.optional(),
  listen: text.optional(),
  tls: z.enum(["auto", "off", "files"]).optional(),
  cert: text.optional(),
  key: text.optional(),
  hosts: z.array(text).optional(),
  auth: z.enum(["htpasswd", "none"]).optional(),
  htpasswd: text.optional(),
  access: text.optional(),
  anonymousPull: z.boolean().optional(),
  readOnly: z.boolean().optional(),
  minFreeBytes: bytes.optional(),
  quotas: z.record(z.string(), bytes).optional(),
  upstreams: z.array(upstreamSchema).optional(),
  leaseMs: bytes.optional(),
  uploadLifeMs: bytes.optional(),
  idleMs: bytes.optional(),
  drainMs: bytes.optional(),
  maxManifestBytes: bytes.optional(),
  maxUploadsPerUser: z.number().int().min(1).optional(),
});

/** JSON Schema of the file, for editors. */
export function registryConfigSchema(): object {
  return z.toJSONSchema(configSchema);
}

/** @throws RegistryError `CONFIG_INVALID`, naming the key */
export async function readRegistryConfig(path: string): Promise<RegistryConfigFile> {
  let source: string;
  try {
    source = await readFile(path, "utf8");
  } catch (cause) {
    throw invalid(path, "it cannot be read", { cause, hint: "Name a YAML file with --config." });
  }
  const document = parseDocument(source, { uniqueKeys: true });
  const fault = document.errors[0]?.message.split("\n")[0];
  if (fault !== undefined) throw invalid(path, fault);
  const parsed = configSchema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const keys = Object.keys(issue.path.length === 0 ? configSchema.shape : upstreamSchema.shape);
    throw invalid(path, `there is no key "${[...issue.path, issue.keys[0]].join(".")}"`, { hint: `Keys are ${keys.join(", ")}.` });
  }
  throw invalid(path, `${issue?.path.join(".") ?? ""}${issue?.path.length === 0 ? "" : ": "}${issue?.message ?? "invalid"}`);
}

function invalid(path: string, why: string, more: { readonly cause?: unknown; readonly hint?: string } = {}): RegistryError {
  return new RegistryError({
    code: "CONFIG_INVALID",
    message: `Cannot use ${path}: ${why}`,
    subject: path,
    hint: "The keys are those of docs/registry.md; sizes are bytes, durations milliseconds.",
    ...more,
  });
}
